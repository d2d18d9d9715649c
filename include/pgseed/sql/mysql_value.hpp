#pragma once
// One value of VALUES (...) in a MySQL or MariaDB dump.
#include "pgseed/sql/mysql_cursor.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {

// At a value inside VALUES (...) or behind the = of SET: reads a literal in any of MySQL's
// spellings, or the current time. Text may hold bytes that are no UTF-8: that is for the caller to
// see. converted: the text was in another encoding, so strings that are not ASCII have lost their
// own bytes. Throws NeedMore, SyntaxProblem or Unsupported.
void read_mysql_value(MysqlCursor& cursor, Arena& arena, Value& value, bool converted);

}  // namespace pgseed::sql
