#include "pgseed/sql/sqlite_cursor.hpp"

#include <utility>

#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/sql/text_marks.hpp"

namespace pgseed::sql {
namespace {

// A comment that is cut leaves the cursor at its beginning, so that what came before it is done.
void skip_line_comment(Cursor& cursor) {
  const char* const newline = find_byte(cursor.position, cursor.end, '\n');
  if (newline == cursor.end && !cursor.final) throw NeedMore{};
  cursor.position = newline;
}

void skip_block_comment(Cursor& cursor) {
  const char* star = cursor.position + 2;
  for (;; ++star) {
    star = find_byte(star, cursor.end, '*');
    if (cursor.end - star < 2) {
      if (!cursor.final) throw NeedMore{};
      throw SyntaxProblem{cursor.position, "a comment /* is never closed", ""};
    }
    if (star[1] == '/') break;
  }
  cursor.position = star + 2;
}

bool opens_delimited(char byte) {
  return byte == '\'' || byte == '"' || byte == '`' || byte == '[';
}

}  // namespace

void SqliteCursor::skip_some_blanks() {
  for (;;) {
    if (at_end()) return;
    const char byte = *position;
    if (is_space(byte)) {
      ++position;
    } else if (byte == '-' && peek(1) == '-') {
      skip_line_comment(*this);
    } else if (byte == '/' && peek(1) == '*') {
      skip_block_comment(*this);
    } else {
      return;
    }
  }
}

bool SqliteCursor::accept_word(std::string_view upper_case_word) {
  skip_blanks();
  const char* const before = position;
  if (equals_ignoring_case(read_word(*this), upper_case_word)) return true;
  position = before;
  return false;
}

bool SqliteCursor::accept(char byte) {
  skip_blanks();
  if (peek() != byte) return false;
  ++position;
  return true;
}

void SqliteCursor::require(char byte, const char* context) {
  if (accept(byte)) return;
  throw SyntaxProblem{position, text("expected '", byte, "' ", context), ""};
}

std::string_view SqliteCursor::read_delimited(bool& doubled) {
  const char* const opening = position;
  const char closing = *opening == '[' ? ']' : *opening;
  const bool marked = closing == '\'' && marks != nullptr && marks->marked() == Marked::quotes;
  if (marked) {
    if (const char* const quote = marks->closing_quote(opening, doubled)) {
      position = quote + 1;
      return {opening + 1, static_cast<std::size_t>(quote - opening - 1)};
    }
  }
  ++position;
  doubled = false;
  for (;;) {
    position = marked ? marks->next(position, end) : find_byte(position, end, closing);
    if (at_end()) {
      if (closing == '\'') {
        throw SyntaxProblem{opening, "a string is never closed",
                            "the file may be cut short, or a quote inside the text is not doubled"};
      }
      throw SyntaxProblem{opening, "a quoted name is never closed", ""};
    }
    // A bracket inside brackets cannot be written.
    if (closing == ']' || peek(1) != closing) break;
    doubled = true;
    position += 2;
  }
  const std::string_view between(opening + 1, static_cast<std::size_t>(position - opening - 1));
  ++position;
  return between;
}

bool SqliteCursor::read_name(std::string& name) {
  skip_blanks();
  name.clear();
  const char byte = peek();
  if (!opens_delimited(byte)) {
    name = read_word(*this);
    return !name.empty();
  }
  const char* const opening = position;
  bool doubled = false;
  const std::string_view between = read_delimited(doubled);
  if (between.empty()) throw SyntaxProblem{opening, "a quoted name is empty", ""};
  if (doubled) {
    append_undoubled(name, between, byte);
  } else {
    name = between;
  }
  return true;
}

QualifiedName SqliteCursor::read_qualified_name() {
  QualifiedName result;
  skip_blanks();
  const char* const at = position;
  if (!read_name(result.name)) throw SyntaxProblem{at, "expected a name", ""};
  if (accept('.')) {
    if (!equals_ignoring_case(result.name, "main")) result.schema = std::move(result.name);
    if (!read_name(result.name)) {
      throw SyntaxProblem{position, "expected a name after '.'", ""};
    }
  }
  return result;
}

void SqliteCursor::skip_token() {
  if (at_end()) return;
  const char byte = *position;
  bool doubled = false;
  if (opens_delimited(byte)) {
    read_delimited(doubled);
  } else if ((byte == 'x' || byte == 'X') && peek(1) == '\'') {
    ++position;
    read_delimited(doubled);
  } else if (is_identifier_start(byte) || is_digit(byte)) {
    while (!at_end() && is_identifier_part(*position)) ++position;
  } else {
    ++position;
  }
}

}  // namespace pgseed::sql
