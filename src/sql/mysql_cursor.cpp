#include "pgseed/sql/mysql_cursor.hpp"

#include <utility>

#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/sql/mysql_scan.hpp"
#include "pgseed/sql/text_marks.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {
namespace {

// At "/*!": the length of the opening with its version number, 0 when no server will ever read it.
std::size_t conditional_opening(const MysqlCursor& cursor, std::size_t mark) {
  std::size_t digits = 0;
  int version = 0;
  while (digits < 6 && is_digit(cursor.peek(mark + digits))) {
    version = version * 10 + (cursor.peek(mark + digits) - '0');
    ++digits;
  }
  // MariaDB's dumps begin with /*M!999999\- ... */, which only their client looks at.
  if (version == 99999 || version == 999999) return 0;
  return digits >= 5 ? mark + digits : mark;  // fewer digits are no version
}

// A comment that is cut leaves the cursor at its beginning, so that what came before it is done.
void skip_line(MysqlCursor& cursor) {
  const char* const newline = find_byte(cursor.position, cursor.end, '\n');
  if (newline == cursor.end && !cursor.final) throw NeedMore{};
  cursor.position = newline;
}

void skip_block(MysqlCursor& cursor) {
  const char* at = cursor.position + 2;
  for (;;) {
    at = find_byte(at, cursor.end, '*');
    if (cursor.end - at < 2) {
      if (!cursor.final) throw NeedMore{};
      throw SyntaxProblem{cursor.position, "a comment /* is never closed", ""};
    }
    if (*++at == '/') break;
  }
  cursor.position = at + 1;
}

// -- begins a comment only where a blank, a control byte or nothing follows.
bool is_line_comment(const MysqlCursor& cursor) {
  return cursor.peek(1) == '-' && static_cast<unsigned char>(cursor.peek(2)) <= ' ';
}

}  // namespace

void MysqlCursor::skip_blanks() {
  for (;;) {
    if (at_end()) return;
    const char byte = *position;
    if (is_space(byte)) {
      ++position;
    } else if (byte == '#' || (byte == '-' && is_line_comment(*this))) {
      skip_line(*this);
    } else if (byte == '/' && peek(1) == '*') {
      const char third = peek(2);
      const std::size_t mark = third == '!' ? 3 : third == 'M' && peek(3) == '!' ? 4 : 0;
      const std::size_t opening = mark == 0 ? 0 : conditional_opening(*this, mark);
      if (opening == 0) {
        skip_block(*this);
      } else {
        position += opening;
      }
    } else if (byte == '*' && peek(1) == '/') {
      position += 2;
    } else {
      return;
    }
  }
}

bool MysqlCursor::accept_word(std::string_view upper_case_word) {
  skip_blanks();
  const char* const before = position;
  if (equals_ignoring_case(read_word(), upper_case_word)) return true;
  position = before;
  return false;
}

bool MysqlCursor::accept(char byte) {
  skip_blanks();
  if (peek() != byte || at_end()) return false;
  ++position;
  return true;
}

void MysqlCursor::require(char byte, const char* context) {
  if (accept(byte)) return;
  throw SyntaxProblem{position, text("expected '", byte, "' ", context), ""};
}

std::string_view MysqlCursor::read_word() {
  const char* const begin = position;
  while (!at_end() && is_identifier_part(*position)) ++position;
  return {begin, static_cast<std::size_t>(position - begin)};
}

bool MysqlCursor::read_name(std::string& name) {
  skip_blanks();
  name.clear();
  const char quote = peek();
  if (quote != '`' && quote != '"') {
    const char* const before = position;
    const std::string_view word = read_word();
    // Digits alone are a number.
    if (word.find_first_not_of("0123456789") == std::string_view::npos) {
      position = before;
      return false;
    }
    name = word;
    return true;
  }
  const char* const opening = position++;
  for (;;) {
    const char* const closing = find_byte(position, end, quote);
    name.append(position, closing);
    position = closing;
    if (at_end()) throw SyntaxProblem{opening, "a quoted name is never closed", ""};
    ++position;
    if (peek() != quote || at_end()) break;
    name += quote;
    ++position;
  }
  if (name.empty()) throw SyntaxProblem{opening, "a quoted name is empty", ""};
  return true;
}

QualifiedName MysqlCursor::read_qualified_name() {
  QualifiedName result;
  skip_blanks();
  const char* const at = position;
  if (!read_name(result.name)) throw SyntaxProblem{at, "expected a name", ""};
  if (accept('.')) {
    result.schema = std::move(result.name);
    if (!read_name(result.name)) {
      throw SyntaxProblem{position, "expected a name after '.'", ""};
    }
  }
  return result;
}

MysqlString MysqlCursor::read_string() {
  const char* const opening = position++;
  MysqlString string;
  string.quote = *opening;
  const auto never_closed = [&] {
    return SyntaxProblem{opening, "a string is never closed",
                         "the file may be cut short, or a quote inside the text is not escaped"};
  };
  // A backslash before the string would seem to escape what is in it.
  const bool marked = marks != nullptr && string.quote == '\'' && !backslash_is_data &&
                      marks->marked() == Marked::unescaped_quotes &&
                      (opening == marks->text() || opening[-1] != '\\');
  if (marked) {
    if (const char* const closing = marks->closing_quote(opening, string.has_doubled)) {
      string.has_backslashes = marks->has_backslash(position, closing);
      string.between = {position, static_cast<std::size_t>(closing - position)};
      position = closing + 1;
      return string;
    }
  }
  for (;;) {
    if (marked) {
      const char* const from = position;
      position = marks->next(from, end);
      string.has_backslashes = string.has_backslashes || marks->has_backslash(from, position);
    } else if (backslash_is_data) {
      position = find_byte(position, end, string.quote);
    } else {
      position = find_unescaped(position, end, string.quote, string.has_backslashes);
    }
    if (at_end()) throw never_closed();
    if (peek(1) != string.quote || end - position < 2) break;
    string.has_doubled = true;
    position += 2;
  }
  string.between = {opening + 1, static_cast<std::size_t>(position - opening - 1)};
  ++position;
  return string;
}

void MysqlCursor::skip_token() {
  if (at_end()) return;
  const char byte = *position;
  if (byte == '\'' || (byte == '"' && !ansi_quotes)) {
    read_string();
  } else if (byte == '`' || byte == '"') {
    const char* const opening = position++;
    position = find_byte(position, end, byte);  // a doubled one opens the next piece
    if (at_end()) throw SyntaxProblem{opening, "a quoted name is never closed", ""};
    ++position;
  } else if (is_identifier_part(byte)) {
    read_word();
  } else {
    ++position;
  }
}

void append_mysql_string(std::string& out, const MysqlString& string) {
  const std::string_view between = string.between;
  const char marks[2] = {string.quote, '\\'};
  const std::string_view special(marks, string.has_backslashes ? 2 : 1);
  for (std::size_t at = 0;;) {
    const std::size_t next = between.find_first_of(special, at);
    out.append(between.substr(at, next - at));
    if (next == std::string_view::npos || next + 1 >= between.size()) return;
    const char escaped = between[next + 1];
    at = next + 2;
    if (between[next] == '\\') {
      append_mysql_escape(out, escaped);
    } else {
      out += string.quote;
    }
  }
}

}  // namespace pgseed::sql
