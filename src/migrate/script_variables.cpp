#include "pgseed/migrate/script_variables.hpp"

#include "pgseed/base/text.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/literal.hpp"

namespace pgseed::migrate {
namespace {

bool is_name_part(char byte) {
  return sql::is_identifier_start(byte) || sql::is_digit(byte);
}

// Behind the colon and at a quote: the name between the quotes, or nothing.
std::string read_name(sql::Cursor& cursor) {
  const char quote = cursor.peek();
  sql::Cursor ahead = cursor;
  ++ahead.position;
  std::string name;
  while (is_name_part(ahead.peek())) name += *ahead.position++;
  if (name.empty() || ahead.peek() != quote) return {};
  ++ahead.position;
  cursor = ahead;
  return name;
}

}  // namespace

std::string replace_variables(std::string_view statement, const VariableLookup& variables) {
  std::string out;
  sql::Cursor cursor = sql::cursor_over(statement);
  const char* copied = cursor.position;
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    if (cursor.peek() != ':') {
      sql::skip_token(cursor);
      continue;
    }
    const char* const colon = cursor.position++;
    const char next = cursor.peek();
    if (next == ':' || next == '=') {
      ++cursor.position;  // a cast, or PL/pgSQL's assignment
      continue;
    }
    if (next != '\'' && next != '"') continue;
    const std::string name = read_name(cursor);
    if (name.empty()) continue;
    const std::optional<std::string> value = variables ? variables(name) : std::nullopt;
    if (!value) {
      throw sql::SyntaxProblem{colon, text("the variable ", name, " has no value"),
                               "give it one, or end the replacing with -- pgseed:vars off"};
    }
    out.append(copied, colon);
    out += next == '"' ? quote_identifier(*value) : sql::quote_literal(*value);
    copied = cursor.position;
  }
  out.append(copied, cursor.end);
  return out;
}

}  // namespace pgseed::migrate
