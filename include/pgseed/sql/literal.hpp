#pragma once
// Text -> an SQL string constant, without asking a server. Pure.
#include <string>
#include <string_view>

namespace pgseed::sql {

// 'it''s'; with backslashes or line ends in it E'...', which means the same whatever
// standard_conforming_strings says, and stays on one line.
std::string quote_literal(std::string_view value);

}  // namespace pgseed::sql
