#include "pgseed/sql/sqlite_value.hpp"

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/sqlite_expression.hpp"
#include "pgseed/sql/sqlite_literal.hpp"

namespace pgseed::sql {
namespace {

// At a value: true, and moved behind it, for a number that is already what PostgreSQL and SQLite
// print: 18 digits at most, no leading zero, a fraction without trailing zeros, and then ',' or
// ')'.
bool read_plain_number(SqliteCursor& cursor, Value& value) {
  const auto is_digit_byte = [](char byte) { return byte >= '0' && byte <= '9'; };
  const char* at = cursor.position;
  const char* const end = cursor.end;
  if (at < end && *at == '-') ++at;
  const char* const first = at;
  while (at < end && is_digit_byte(*at)) ++at;
  if (at == first || at == end) return false;
  const std::size_t whole = static_cast<std::size_t>(at - first);
  if (*at != '.') {
    if (whole > 18 || (*first == '0' && (whole > 1 || first != cursor.position))) return false;
  } else {
    const char* const fraction = ++at;
    while (at < end && is_digit_byte(*at)) ++at;
    const std::size_t places = static_cast<std::size_t>(at - fraction);
    if (at == end || places == 0 || whole + places > 15) return false;
    if (*first == '0' && whole > 1) return false;
    // Neither 1.50 nor -0.0.
    if (at[-1] == '0' && (places > 1 || (*first == '0' && first != cursor.position))) return false;
  }
  if (*at != ',' && *at != ')') return false;
  value.set(Form::number, {cursor.position, static_cast<std::size_t>(at - cursor.position)});
  cursor.position = at;
  return true;
}

// The current time in its spellings, which all say UTC.
bool read_moment(SqliteCursor& cursor, Value& value) {
  const Cursor before = cursor;
  const std::string_view word = read_word(cursor);
  if (equals_ignoring_case(word, "CURRENT_TIMESTAMP") ||
      equals_ignoring_case(word, "CURRENT_TIME")) {
    value.set(Form::moment, "now");
    return true;
  }
  if (equals_ignoring_case(word, "CURRENT_DATE")) {
    value.set(Form::moment, "today");
    return true;
  }
  const bool is_date = equals_ignoring_case(word, "date");
  if ((is_date || equals_ignoring_case(word, "datetime")) && cursor.accept('(')) {
    cursor.skip_blanks();
    bool doubled = false;
    if (cursor.peek() == ')' ||
        (cursor.peek() == '\'' && equals_ignoring_case(cursor.read_delimited(doubled), "now"))) {
      if (cursor.accept(')')) {
        value.set(Form::moment, is_date ? "today" : "now");
        return true;
      }
    }
  }
  cursor.position = before.position;
  return false;
}

// Values that need no evaluation. False for any other, wherever the cursor then is.
bool read_simple(SqliteCursor& cursor, Arena& arena, Value& value) {
  const char byte = cursor.peek();
  if (byte == '\'') {
    bool doubled = false;
    const std::string_view between = cursor.read_delimited(doubled);
    value.set(doubled ? Form::doubled_quotes : Form::verbatim, between);
    return true;
  }
  if ((byte == 'x' || byte == 'X') && cursor.peek(1) == '\'') {
    std::string& bytes = arena.fresh();
    read_sqlite_blob(cursor, bytes);
    value.set(Form::bytes, bytes);
    return true;
  }
  if (byte == 'N' || byte == 'n') {
    value.set(Form::null, {});
    return equals_ignoring_case(read_word(cursor), "NULL");
  }
  return is_identifier_start(byte) && read_moment(cursor, value);
}

void evaluate(SqliteCursor& cursor, Arena& arena, Value& value, std::size_t& growth) {
  const char* const begin = cursor.position;
  std::string& out = arena.fresh();
  const SqliteResult result = evaluate_sqlite(cursor, out, growth);
  switch (result.kind) {
    case SqliteKind::null:
      return value.set(Form::null, {});
    case SqliteKind::integer:
    case SqliteKind::real:
      return value.set(Form::number, out);
    case SqliteKind::bytes:
      return value.set(Form::bytes, out);
    case SqliteKind::text:
      break;
  }
  if (result.is_suspect) {
    if (out.find('\0') != std::string::npos) {
      throw Unsupported{begin, "text with a NUL, which PostgreSQL's cannot hold"};
    }
    if (!is_utf8(out)) throw Unsupported{begin, "text that is not valid UTF-8"};
  }
  value.set(Form::verbatim, out);
}

}  // namespace

void read_sqlite_value(SqliteCursor& cursor, Arena& arena, Value& value, std::size_t& growth) {
  value.cast = {};
  cursor.skip_blanks();
  const char* const begin = cursor.position;
  if (read_plain_number(cursor, value)) return;
  if (read_simple(cursor, arena, value)) {
    cursor.skip_blanks();
    if (cursor.peek() == ',' || cursor.peek() == ')') return;
  }
  cursor.position = begin;
  evaluate(cursor, arena, value, growth);
  // Behind a value only , or ) may stand; anything else makes it an expression.
  cursor.skip_blanks();
  const char next = cursor.peek();
  if (next == ',' || next == ')') return;
  // 'it's': nobody writes a word right behind a string.
  const bool glued = is_identifier_start(next) && cursor.position[-1] == '\'';
  if (cursor.at_end() || next == ';' || next == '\'' || is_digit(next) || next == '(' || glued) {
    throw SyntaxProblem{cursor.position, "expected ',' or ')' after a value",
                        "look for a quote inside the text that is not doubled"};
  }
  throw Unsupported{cursor.position, "an expression"};
}

}  // namespace pgseed::sql
