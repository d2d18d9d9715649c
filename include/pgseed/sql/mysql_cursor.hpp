#pragma once
// The lexical rules of MySQL and MariaDB as small steps over a piece of text that may be cut
// anywhere, as Cursor has them for PostgreSQL: the same exceptions, the same promise that a step
// may begin again. What stands in conditional comments (/*!50705 ... */) counts as text. Borrowed
// from: MySQL's sql_lex.cc and the command line client (rules, not code).
#include <string>
#include <string_view>

#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::sql {

// What SET sql_mode changes of how text reads.
struct MysqlMode {
  bool backslash_is_data = false;  // NO_BACKSLASH_ESCAPES
  bool ansi_quotes = false;        // ANSI_QUOTES: "x" is a name, not a string
  bool operator==(const MysqlMode&) const = default;
};

// What read_string() found between the quotes.
struct MysqlString {
  std::string_view between;
  char quote = '\'';
  bool has_backslashes = false;  // that escape
  bool has_doubled = false;      // the quote, twice
};

struct MysqlCursor : Cursor {
  bool ansi_quotes = false;

  MysqlCursor(const char* from, const char* to, bool is_final, const MysqlMode& mode,
              TextMarks* text_marks = nullptr)
      : Cursor{from, to, is_final, mode.backslash_is_data, text_marks},
        ansi_quotes(mode.ansi_quotes) {}
  explicit MysqlCursor(std::string_view whole, const MysqlMode& mode = {})
      : MysqlCursor(whole.data(), whole.data() + whole.size(), true, mode) {}

  // White space, comments (#, --, /* */), and where a conditional comment opens or closes. A
  // comment for a version that no server has is one like any other.
  void skip_blanks();
  // True, and moved past it, if the next word is this key word (upper case given).
  bool accept_word(std::string_view upper_case_word);
  // The same for one byte, after blanks.
  bool accept(char byte);
  void require(char byte, const char* context);

  // At an unquoted word (it may begin with a digit): as written; empty if there is none.
  std::string_view read_word();
  // At a name, `x`, "x" or unquoted. Nothing is folded. False if there is none here.
  bool read_name(std::string& name);
  // name or database.name; throws SyntaxProblem if there is none.
  QualifiedName read_qualified_name();

  // At an opening ' or ": moves past the closing one.
  MysqlString read_string();
  // Moves past one token of any kind; stays at the end of the text.
  void skip_token();
};

// The value of a string: escapes undone, doubled quotes single. A \0 becomes a NUL byte.
void append_mysql_string(std::string& out, const MysqlString& string);

}  // namespace pgseed::sql
