#pragma once
// Expressions of MySQL and SQLite in PostgreSQL's words. Only what means the same to both is
// translated, and the result is one that PostgreSQL accepts in a CHECK, an index and a generated
// column: its types fit, and it depends on nothing but its columns.
#include <optional>
#include <string>

#include "pgseed/sql/ddl_model.hpp"

namespace pgseed::migrate {

// 'it''s'; nothing where PostgreSQL's text cannot hold it (NUL, bytes that are no UTF-8).
std::optional<std::string> quote_string(const std::string& value);

// An expression, or why there is none.
struct Translation {
  std::string sql;  // empty: why counts
  std::string why;
};

// A condition.
Translation translate_condition(const sql::DdlTokens& tokens, const sql::DdlTable& table,
                                sql::Dialect dialect);
// A value that is stored in the column, computed of other columns of the table.
Translation translate_generated(const sql::DdlColumn& column, const sql::DdlTable& table,
                                sql::Dialect dialect);
// An index goes by it.
Translation translate_key(const sql::DdlTokens& tokens, const sql::DdlTable& table,
                          sql::Dialect dialect);
// The default value of a column. Both empty: NULL, which needs no word.
Translation translate_default(const sql::DdlColumn& column, const sql::DdlTable& table,
                              sql::Dialect dialect);

}  // namespace pgseed::migrate
