#pragma once
// A dump may switch triggers and foreign keys off for the rows that follow (pg_dump
// --disable-triggers). No load over PostgREST does that, and nobody should believe it did.
#include <optional>
#include <string>

#include "pgseed/sql/rows.hpp"

namespace pgseed::seed {

class TriggerWatch {
 public:
  // settings: whether those count, too (SET session_replication_role).
  explicit TriggerWatch(bool settings) : settings_(settings) {}

  // Each statement, in the file's order.
  void pass_over(const sql::Statement& statement);
  // "line 3 switches triggers off (ALTER TABLE ...)": for rows that come now; nullopt while they
  // are on.
  const std::optional<std::string>& off() const { return off_; }

 private:
  bool settings_;
  std::optional<std::string> off_;
};

}  // namespace pgseed::seed
