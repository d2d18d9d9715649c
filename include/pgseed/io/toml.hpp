#pragma once
// TOML -> settings. The home of toml++.
#include <string_view>

#include "pgseed/base/setting.hpp"

namespace pgseed::io {

// The table at the top. Throws SettingProblem; its message may quote the text.
Setting parse_toml(std::string_view text);

}  // namespace pgseed::io
