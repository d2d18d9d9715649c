#pragma once
// SQLite's CREATE, ALTER and DROP TABLE, read for the order and declared types of the columns.
// Nothing is folded: SQLite keeps the case of names and compares them without it.
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/sql/table_definition.hpp"

namespace pgseed::sql {

// The table that CREATE TABLE or CREATE VIRTUAL TABLE makes (a virtual one is not complete);
// nothing for any other statement, or one that is not SQLite's. A column's type is what was
// declared, unquoted, in lower case with single blanks and without its numbers ("nvarchar",
// "unsigned big int"), empty where none is. Rows without a column list leave the generated columns
// out, INSERT as well.
std::optional<TableDefinition> read_sqlite_create(std::string_view statement);

// The table that ALTER TABLE changes, or nothing.
std::optional<QualifiedName> altered_sqlite_table(std::string_view statement);
// What that statement makes of the table: columns added, dropped, renamed, or another name.
void alter_sqlite_table(std::string_view statement, TableDefinition& table);

// The table that DROP TABLE drops, or nothing.
std::optional<QualifiedName> dropped_sqlite_table(std::string_view statement);

}  // namespace pgseed::sql
