#pragma once
// What statements of a file do to its rows that no row shows: a transaction that never ends, as in
// a file that is cut off between two statements, and columns that change their order between rows
// that do not name them. Neither can be passed over: rows would be loaded that the file's own
// program would not keep, or into other columns.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::seed {

class ScriptWatch {
 public:
  // name: of the file, for messages.
  ScriptWatch(std::string name, sql::Dialect dialect) : name_(std::move(name)), dialect_(dialect) {}

  // A statement with rows begins. default_schema: of names without one.
  void rows(const sql::RowsHead& head, const std::string& default_schema);
  // Any other statement, before the definitions take notice of it. Throws Error{input} where it
  // moves the columns of rows that came before.
  void pass_over(const sql::Statement& statement, const std::string& default_schema,
                 const sql::TableDefinitions& definitions);
  // The file's end. Throws Error{input} if a transaction is open, or tables are locked.
  void end() const;

 private:
  using Table = std::pair<std::string, std::string>;
  void note_blocks(const sql::Statement& statement);
  void note_mysql_blocks(const sql::Statement& statement);

  std::string name_;
  sql::Dialect dialect_;
  std::optional<std::uint64_t> open_;    // the line of the BEGIN that no COMMIT has ended
  std::optional<std::uint64_t> locked_;  // of LOCK TABLES
  bool commits_itself_ = true;           // MySQL's autocommit
  std::set<Table> unlisted_;             // tables with rows that name no columns
  Table last_;
};

}  // namespace pgseed::seed
