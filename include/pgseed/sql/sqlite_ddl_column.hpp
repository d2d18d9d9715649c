#pragma once
// Columns and constraints of SQLite's CREATE and ALTER TABLE.
#include "pgseed/sql/ddl_model.hpp"

namespace pgseed::sql {

// At a column's name. Reads up to the comma or parenthesis behind it; its keys and checks go to the
// table, notes to the schema.
DdlColumn read_sqlite_column(DdlWalk& walk, DdlSchema& schema, DdlTable& table,
                             const DdlPlace& place);
// At a constraint of a table; false if there is none here.
bool read_sqlite_constraint(DdlWalk& walk, DdlSchema& schema, DdlTable& table,
                            const DdlPlace& place);
// At the parenthesis of a key's columns.
std::vector<DdlKeyPart> read_sqlite_key_parts(DdlWalk& walk, DdlSchema& schema,
                                              const DdlTable& table, const DdlPlace& place);
// Once a table is whole: INTEGER PRIMARY KEY is another name of the row's number.
void settle_sqlite_rowid(DdlTable& table, bool without_rowid);

}  // namespace pgseed::sql
