#pragma once
// Where a file carried out statement by statement would not mean what it means in psql: the load
// passes over its definitions, stays in one database and commits at the end. Rows do not mind; SQL
// of the file that builds on such a statement would do something else in silence.
#include <cstdint>
#include <optional>
#include <string>

#include "pgseed/sql/rows.hpp"

namespace pgseed::seed {

class SessionGap {
 public:
  struct Found {
    std::uint64_t line = 0;
    std::string what;  // for the message
    std::string hint;  // what to do
  };

  // Each statement that the load does not carry out itself, in the file's order.
  void pass_over(const sql::Statement& statement);
  // SQL of the file runs here: a statement, or a row with expressions.
  void run();
  // The file's end.
  void end();

  // The first one, once it is known to matter.
  const std::optional<Found>& found() const { return found_; }

 private:
  bool runs_ = false;
  std::optional<Found> found_;
  std::optional<Found> passed_;  // matters if SQL follows
  std::optional<Found> made_;    // matters if SQL stands anywhere
  bool in_block_ = false;
  std::uint64_t block_line_ = 0;
};

}  // namespace pgseed::seed
