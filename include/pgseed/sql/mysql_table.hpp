#pragma once
// MySQL's CREATE, ALTER, RENAME and DROP TABLE, read for the order and types of the columns.
#include <optional>
#include <string_view>
#include <vector>

#include "pgseed/sql/table_definition.hpp"

namespace pgseed::sql {

// The table that a CREATE TABLE makes (one made LIKE another, or of a query, is not complete);
// nothing for any other statement. A column's type is its name in lower case without numbers
// ("int", "varchar", "double precision", "int unsigned"), but for bit(8). INVISIBLE columns are
// left out, as rows without a column list leave them out.
std::optional<TableDefinition> read_mysql_create(std::string_view statement);
// True if the statement may take the place of a table of the same name: CREATE OR REPLACE TABLE.
bool replaces_mysql_table(std::string_view statement);

// The table that ALTER TABLE changes, or nothing.
std::optional<QualifiedName> altered_mysql_table(std::string_view statement);
// What that statement makes of the table: columns added, dropped, moved or renamed, or another
// name.
void alter_mysql_table(std::string_view statement, TableDefinition& table);

struct RenamedTable {
  QualifiedName from, to;
};
// RENAME TABLE a TO b, c TO d; empty for any other statement.
std::vector<RenamedTable> renamed_mysql_tables(std::string_view statement);

// The tables that a DROP TABLE drops, or nothing.
std::vector<QualifiedName> dropped_mysql_tables(std::string_view statement);

// The database that USE names, or nothing.
std::optional<std::string> used_mysql_database(std::string_view statement);

}  // namespace pgseed::sql
