#pragma once
// MySQL's statements that are no rows: where they end, and what they are.
#include <string_view>

#include "pgseed/sql/mysql_cursor.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::sql {

// Moves the cursor to behind the next delimiter outside of strings, quoted names and comments, as
// the command line client looks for it; returns where the delimiter stands. Throws NeedMore with
// the position at the last finished token: scan again from there. Throws SyntaxProblem when the
// text ends before the statement.
const char* scan_mysql_statement(MysqlCursor& cursor, std::string_view delimiter);

// True if the delimiter stands at the cursor.
bool at_delimiter(const MysqlCursor& cursor, std::string_view delimiter);

// text: the statement without its delimiter, beginning at its first word.
StatementKind classify_mysql(std::string_view text, const MysqlMode& mode);

}  // namespace pgseed::sql
