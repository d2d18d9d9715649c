#pragma once
// What of a script's DDL is not applied, and which scripts psql would run otherwise. Pure.
#include <cstdint>
#include <string>
#include <string_view>

#include "pgseed/sql/rows.hpp"

namespace pgseed::migrate {

// Why a statement takes data away, or nullptr: DROP of what holds data or with CASCADE, of a column
// or an attribute; a column's type with USING.
const char* reason_it_loses_data(std::string_view statement);

// Follows a script statement by statement, for psql's commands and transactions decide which of its
// DDL takes effect.
class PsqlScript {
 public:
  explicit PsqlScript(std::string path) : path_(std::move(path)) {}

  // Throws Error{input} with path:line:column where psql would apply other DDL than stands there:
  // \g, \if, \i, a second \connect, ROLLBACK, SELECT ... INTO and the like.
  void check(const sql::Statement& statement);
  // A DDL statement is applied.
  void note_ddl() { has_ddl_ = block_has_ddl_ = true; }
  // At the end; throws the same for DDL in a BEGIN without COMMIT.
  void finish() const;

 private:
  void check_command(const sql::Statement& statement);
  void check_connect(const sql::Statement& statement, std::string_view target);
  [[noreturn]] void refuse(const sql::Statement& statement, std::string message,
                           std::string hint) const;
  std::string place(std::uint64_t line, std::uint64_t column) const;

  std::string path_;
  std::string connected_to_;  // as written
  bool has_ddl_ = false;
  bool in_block_ = false, block_has_ddl_ = false;
  std::string block_at_;
};

}  // namespace pgseed::migrate
