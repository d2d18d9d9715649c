#pragma once
// SQLite's statements that are no rows: where they end, and what they are.
#include <string_view>

#include "pgseed/sql/sqlite_cursor.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::sql {

// Finds the end of a statement step by step, so that a long one need not stay in memory. Every
// semicolon outside of quotes and comments ends one, but for those in a trigger's body, which only
// "; END ;" ends.
// Borrowed from: SQLite's complete.c, by which its shell decides the same.
class SqliteStatementScanner {
 public:
  // Moves the cursor to behind the terminating semicolon. Throws NeedMore with the position at the
  // last finished token: scan again from there with the same scanner. Throws SyntaxProblem when the
  // text ends before the statement.
  void scan(SqliteCursor& cursor);

 private:
  enum class Last { other, semicolon, end_behind_semicolon };
  void note_word(std::string_view word);

  Last last_ = Last::other;
  bool leading_ = true;  // only EXPLAIN, CREATE, TEMP so far
  bool creates_ = false;
  bool is_trigger_ = false;
};

// text: the statement without its semicolon, beginning at its first word; or a line of sqlite3's
// shell, beginning at its dot. Changes of SQLite's own tables are no data: rows of sqlite_sequence
// are of the kind sequence, emptying it and all statistics session, sqlite_schema is ddl.
StatementKind classify_sqlite(std::string_view text);

// sqlite_sequence, sqlite_stat1, sqlite_schema, ...: their rows are no rows of the user's.
bool is_sqlite_table(const QualifiedName& name);

}  // namespace pgseed::sql
