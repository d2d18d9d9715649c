#pragma once
// alembic_version: where a database stands. Alembic's own table, so that both tools can take turns.
#include <optional>
#include <string>
#include <vector>

#include "pgseed/migrate/plan.hpp"
#include "pgseed/pg/session.hpp"

namespace pgseed::migrate {

struct VersionTableName {
  std::optional<std::string> schema;  // unset: wherever the search_path finds it, else its first
  std::string table = "alembic_version";
};
// "name" or "schema.name", each quoted or not. Throws Error{usage}.
VersionTableName parse_version_table(const std::string& text);
// As SQL, with the schema where it is known.
std::string to_sql(const VersionTableName& name);

// The table in one database.
class VersionTable {
 public:
  // Looks it up: one round trip. Throws Error{refused} when it has no schema to be in, and when
  // what has its name is no table with a column version_num.
  VersionTable(pg::Session& session, const VersionTableName& name);

  bool exists() const { return exists_; }
  void set_exists(bool exists) { exists_ = exists; }
  // Qualified, so that a migration that changes the search_path cannot hide it.
  const std::string& sql_name() const { return sql_name_; }
  // The log's table (migration_log.hpp) is there: found out in the same round trip.
  bool has_log() const { return has_log_; }

  // CREATE TABLE exactly as Alembic has it.
  std::string create_sql() const;
  // All rows, sorted; none where the table does not exist. SqlError 55P03 rather than a wait where
  // a migration has the table locked: the caller polls.
  std::vector<std::string> read(pg::Session& session) const;
  // One change; throws Error{refused} unless it meets exactly one row.
  void write(pg::Session& session, const RowChange& change) const;
  // The change as text, for offline scripts.
  static std::string change_sql(const std::string& sql_name, const RowChange& change);

 private:
  std::string sql_name_, plain_name_;
  bool exists_ = false;
  bool has_log_ = false;
};

// CREATE TABLE [IF NOT EXISTS] for a table name that is SQL already.
std::string create_version_table_sql(const std::string& sql_name, const std::string& table,
                                     bool if_not_exists);

}  // namespace pgseed::migrate
