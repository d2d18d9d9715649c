#include "pgseed/sql/statement.hpp"

#include <utility>

#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::sql {

void StatementScanner::note_word(std::string_view word) {
  if (++words_ <= 4) {
    leading_ += to_lower(word);
    leading_ += ' ';
    creates_ = leading_ == "create function " || leading_ == "create procedure " ||
               leading_ == "create or replace function " ||
               leading_ == "create or replace procedure " || creates_;
  }
  if (!creates_ || parentheses_ > 0) return;
  // A routine's SQL body: BEGIN ATOMIC ... END, in which CASE ... END may nest.
  if (equals_ignoring_case(word, "BEGIN")) ++begins_;
  if (begins_ > 0 && equals_ignoring_case(word, "CASE")) ++begins_;
  if (begins_ > 0 && equals_ignoring_case(word, "END")) --begins_;
}

void StatementScanner::scan(Cursor& cursor) {
  const char* finished = cursor.position;
  try {
    for (;;) {
      skip_blanks(cursor);
      finished = cursor.position;
      if (cursor.at_end()) {
        throw SyntaxProblem{cursor.position, "the last statement has no ';' at its end",
                            "the file may be cut short; if it is whole, add the semicolon"};
      }
      const char byte = *cursor.position;
      if (byte == ';' && parentheses_ <= 0 && begins_ == 0) {
        ++cursor.position;
        return;
      }
      if (byte == '\\') {
        saw_meta_command_ = true;
        cursor.position = find_byte(cursor.position, cursor.end, '\n');
        cursor.at_end();
        return;
      }
      if (byte == '(') ++parentheses_;
      if (byte == ')' && parentheses_ > 0) --parentheses_;
      const bool prefixed_string =
          is_identifier_start(byte) && (cursor.peek(1) == '\'' || cursor.peek(1) == '&');
      if (is_identifier_start(byte) && !prefixed_string) {
        const std::string_view word = read_word(cursor);
        note_word(word);
      } else {
        skip_token(cursor);
      }
      finished = cursor.position;
    }
  } catch (const NeedMore&) {
    cursor.position = finished;
    throw;
  }
}

QualifiedName read_qualified_name(Cursor& cursor) {
  QualifiedName result;
  skip_blanks(cursor);
  const char* const at = cursor.position;
  if (!read_identifier(cursor, result.name)) throw SyntaxProblem{at, "expected a name", ""};
  while (accept(cursor, '.')) {
    result.schema = std::move(result.name);
    if (!read_identifier(cursor, result.name)) {
      throw SyntaxProblem{cursor.position, "expected a name after '.'", ""};
    }
  }
  return result;
}

}  // namespace pgseed::sql
