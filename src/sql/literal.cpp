#include "pgseed/sql/literal.hpp"

namespace pgseed::sql {

std::string quote_literal(std::string_view value) {
  const bool escapes = value.find_first_of("\\\n\r") != std::string_view::npos;
  std::string out = escapes ? "E'" : "'";
  for (const char byte : value) {
    switch (byte) {
      case '\'':
        out += "''";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += byte;
    }
  }
  out += '\'';
  return out;
}

}  // namespace pgseed::sql
