#pragma once
// The DDL of MySQL and SQLite dumps, read and translated. Files of one dialect in a row belong
// together: keys and indexes of one may be those of a table of another.
#include <memory>
#include <string>
#include <vector>

#include "pgseed/migrate/postgresql_ddl.hpp"
#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/window.hpp"

namespace pgseed::migrate {

class ForeignDdl {
 public:
  // dialect: mysql or sqlite.
  ForeignDdl(sql::Dialect dialect, const DdlOptions& options);
  ~ForeignDdl();

  sql::Dialect dialect() const;
  // Reads a file to its end: its DDL, and of its rows what they tell of the columns. Throws
  // Error{input} for broken text.
  void read(sql::Input& input, const std::string& path);
  PostgresqlDdl write() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgseed::migrate
