#pragma once
// JSON -> settings.
#include <string_view>

#include "pgseed/base/setting.hpp"

namespace pgseed::json {

// One object. Throws SettingProblem for a name that comes twice, and without a place for what is
// no JSON object.
Setting parse_settings(std::string_view object);

}  // namespace pgseed::json
