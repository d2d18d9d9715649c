#pragma once
// What dumps compute of literals: ||, replace(), unistr(), char(), parentheses.
#include <cstddef>
#include <string>

#include "pgseed/sql/sqlite_cursor.hpp"

namespace pgseed::sql {

enum class SqliteKind { null, text, integer, real, bytes };

struct SqliteResult {
  SqliteKind kind = SqliteKind::null;
  // The text may hold what PostgreSQL's cannot, NUL or no UTF-8: it was made of codes or bytes.
  bool is_suspect = false;
};

// At an expression: appends its text, its bytes or its number as PostgreSQL reads it. The cursor
// stops at what does not belong to it. growth: see read_sqlite_value(). Throws NeedMore,
// SyntaxProblem or Unsupported.
SqliteResult evaluate_sqlite(SqliteCursor& cursor, std::string& out, std::size_t& growth);

}  // namespace pgseed::sql
