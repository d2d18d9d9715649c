#pragma once
// A file as one psql session: the settings that it makes, in a transaction that the caller has
// open. Each lasts as long as it would there, to the end of the file, of its block or of its
// connection; nothing outlives the transaction.
//
// Passed by are settings of the transport, which are this program's (encoding, timeouts), and those
// that change no result (messages, where tables lie). One that the server does not know is passed
// by with a note. One that it refuses is noted as well, while the file brings rows only; before SQL
// of the file runs it is an error.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "pgseed/base/error.hpp"
#include "pgseed/pg/copy_in.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/session_setting.hpp"

namespace pgseed::seed {

class FileSession {
 public:
  struct Setup {
    pg::CopyIn* database = nullptr;
    std::string schema;  // where names without one are looked up first
    // Called before a setting changes: rows that were read must be with the server; with true also
    // those that wait in temporary tables in their place.
    std::function<void(bool in_place)> before_change;
    std::function<void(const std::string&)> note;
  };
  explicit FileSession(Setup setup);

  // Another file begins. path: for messages.
  void begin(const std::string& path);
  // Any statement of the file that sets something, begins or ends a block, or connects anew; others
  // change nothing. Throws Error{refused} with its line where rows cannot go on without it.
  void take(const sql::Statement& statement);
  // Throws for a setting that the server refused: what builds on it would mean something else.
  void require_all() const;
  // SQL of the file runs next: its search_path is in force.
  void before_sql();
  // SQL of this program runs next, which looks up operators and types.
  void before_own_sql();
  // The file ends: as if it had set nothing.
  void end();

  // Who the file is; empty: the connection's own role.
  const std::string& role() const { return role_; }

 private:
  // Set by the file, in force once its SQL runs.
  struct Wanted {
    std::string sql;
    std::uint64_t line = 0;
  };

  void apply(const sql::SessionSetting& setting, std::uint64_t line);
  void want(const sql::SessionSetting& setting, std::uint64_t line);
  void want_computed_path(const sql::SessionSetting& setting, std::uint64_t line);
  bool run(const sql::SessionSetting& setting, std::uint64_t line);
  void put_in_force(const std::string& name);
  void changed(const std::string& name);
  void end_block();
  void reset_all();
  void learn_role();
  std::string own_path() const;
  std::string where(std::uint64_t line) const;

  Setup setup_;
  std::string path_;
  bool in_block_ = false;
  std::string login_, role_;
  std::map<std::string, std::string> changed_;  // name -> what undoes it
  std::map<std::string, std::string> behind_;   // name -> the value that COMMIT brings back
  std::map<std::string, Wanted> wanted_, wanted_behind_;
  std::map<std::string, std::string> in_force_;  // of those: the statement that ran last
  std::optional<Error> refused_;
};

}  // namespace pgseed::seed
