#pragma once
// One value of VALUES (...) in an SQLite dump.
#include <cstddef>

#include "pgseed/sql/sqlite_cursor.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {

// At a value inside VALUES (...): a literal (text, X'AB' as the bytes themselves, a number, NULL,
// TRUE as 1), or what dumps compute of literals: ||, replace(), unistr(), char(), parentheses; the
// current time. Leaves the cursor at the ',' or ')' behind it.
// growth: how many bytes the values of a row may get longer than their text, which replace() can do
// without bound; what is used is taken off.
// Throws NeedMore, SyntaxProblem or Unsupported.
void read_sqlite_value(SqliteCursor& cursor, Arena& arena, Value& value, std::size_t& growth);

}  // namespace pgseed::sql
