#pragma once
// The DDL of a dump or script, and nothing else of it, applied in one transaction.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "pgseed/pg/session.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/sql/window.hpp"

namespace pgseed::migrate {

struct DdlStatement {
  std::string sql;         // without the semicolon
  std::uint64_t line = 0;  // in the file
  std::uint64_t column = 1;
  bool is_setting = false;  // SET LOCAL ..., for the statements behind it
  // Written here for a statement of another dialect: line is where that stands in the file.
  bool is_translated = false;
  // The server may find that it cannot have it (an index, a foreign key): that becomes a note.
  bool is_optional = false;
};

struct DdlScript {
  std::string path;
  std::vector<DdlStatement> statements;
  std::vector<TableName> created_tables;
  std::vector<std::string> left_out;  // notes: what of the file is not applied, and why
};

struct DdlOptions {
  std::string default_schema = "public";
  bool if_not_exists = false;  // what exists already is passed over
  bool allow_drop = false;     // DROP TABLE, SCHEMA and the like are applied
  bool do_blocks = false;      // DO blocks are taken for DDL
  // MySQL's tinyint(1): boolean unless its rows hold other values; or always, or never.
  enum class Tinyint1 { by_rows, boolean, smallint } tinyint1 = Tinyint1::by_rows;
  std::chrono::milliseconds lock_timeout{5'000};
};

// Reads a file and picks its DDL. Rows, queries, session settings that only matter to rows and
// psql's commands that change no DDL are passed over. Throws Error{input} for broken text, and
// where psql would apply other DDL (ddl_checks.hpp).
DdlScript read_ddl(sql::Input& input, const std::string& path, const DdlOptions& options);

struct DdlResult {
  std::uint64_t applied = 0;
  std::uint64_t existing = 0;      // passed over because of if_not_exists
  std::vector<std::string> notes;  // statements left out because the target lacks their role
};

// Applies the statements in one transaction with SET LOCAL lock_timeout, and tells PostgREST to
// reload its schema cache in the same transaction. Works through a transaction pooler. Throws
// pg::SqlError with `where` set to the file's line and column; nothing is changed then.
DdlResult apply_ddl(pg::Session& session, const std::vector<DdlScript>& scripts,
                    const DdlOptions& options);

}  // namespace pgseed::migrate
