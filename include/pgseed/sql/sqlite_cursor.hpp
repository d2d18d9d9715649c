#pragma once
// SQLite's lexical rules as small steps over a piece of text that may be cut anywhere, as Cursor
// has them for PostgreSQL: the same exceptions, the same promise that a step may begin again.
// Borrowed from: SQLite's tokenize.c (rules, not code).
#include <string>
#include <string_view>

#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::sql {

struct SqliteCursor : Cursor {
  SqliteCursor(const char* from, const char* to, bool is_final, TextMarks* text_marks = nullptr)
      : Cursor{from, to, is_final, true, text_marks} {}
  explicit SqliteCursor(std::string_view whole)
      : SqliteCursor(whole.data(), whole.data() + whole.size(), true) {}

  // White space, -- comments to the line feed, /* */ comments, which do not nest.
  void skip_blanks() {
    const bool at_token = position<end&& * position> ' ' && *position != '-' && *position != '/';
    if (!at_token) skip_some_blanks();
  }
  // True, and moved past it, if the next word is this key word (upper case given).
  bool accept_word(std::string_view upper_case_word);
  // The same for one byte, after blanks.
  bool accept(char byte);
  void require(char byte, const char* context);

  // At an opening ' " ` or [: moves past the closing one and returns what stands between, as
  // written. doubled is set if the closing one occurs twice in a row.
  std::string_view read_delimited(bool& doubled);

  // At a name in any of SQLite's spellings: unquoted, "x", [x], `x`, 'x'. Nothing is folded. False
  // if there is none here.
  bool read_name(std::string& name);
  // name or schema.name. main is where every database has its tables, so it counts as none. Throws
  // SyntaxProblem if there is no name.
  QualifiedName read_qualified_name();

  // Moves past one token of any kind; stays at the end of the text.
  void skip_token();

 private:
  void skip_some_blanks();
};

}  // namespace pgseed::sql
