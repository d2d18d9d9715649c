#pragma once
// Text as it may stand in HTML that is XML, too.
#include <string>
#include <string_view>

namespace pgseed::cli {

// For element content and attribute values in double quotes: mark-up, control characters and what
// is no UTF-8 become harmless. Secrets are masked.
std::string html(std::string_view words);

}  // namespace pgseed::cli
