#pragma once
// The tables of a MySQL or SQLite dump as PostgreSQL's DDL. Pure.
#include <string>
#include <vector>

#include "pgseed/migrate/ddl_script.hpp"
#include "pgseed/sql/ddl_model.hpp"

namespace pgseed::migrate {

struct PostgresqlDdl {
  // In the order in which they are to be applied; a file's statements may stand in several.
  std::vector<DdlScript> scripts;
  bool loses_table = false;
};

// paths: of the files that the places of the model mean. Tables come first, with their primary and
// unique keys and checks; then indexes and comments; then foreign keys, when every table is there.
// Names keep their case. Indexes are renamed where their names collide, since PostgreSQL's are
// names of the schema and not of the table. The notes (what is not translated, and why) are those
// of the last script.
PostgresqlDdl write_postgresql(const sql::DdlSchema& schema, const std::vector<std::string>& paths,
                               const DdlOptions& options);

}  // namespace pgseed::migrate
