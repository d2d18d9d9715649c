#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgseed/pg/copy_in.hpp"
#include "pgseed/seed/move/move.hpp"

namespace pgseed::seed {

constexpr const char* kSavepoint = "SAVEPOINT pgseed_move";
constexpr const char* kRelease = "RELEASE SAVEPOINT pgseed_move";
constexpr const char* kBackTo = "ROLLBACK TO SAVEPOINT pgseed_move";

// GENERATED ALWAYS AS IDENTITY.
bool is_always(const Table& table, const std::string& column);

// The table that a server's error names is the target or one of its partitions.
bool is_of(pg::CopyIn& database, const TableName& table, const TableName& target);

// The lowest number of a staged row whose parent is in neither the parent's table nor among the
// staged rows of one of `together`. 0: none, or the constraint is not known.
std::uint64_t first_orphan(pg::CopyIn& database, const Move& move,
                           const std::vector<Move>& together, const pg::SqlError& error);

// Rows of one staging table on their way, run by run.
class Mover {
 public:
  Mover(pg::CopyIn& database, const Move& move) : database_(database), move_(move) {}

  // All of them, one statement for each run of one column set.
  Moved run();

  // For who runs the statements of several tables as one:
  const Move& move() const { return move_; }
  // Drops rows that a later one of their key takes the place of.
  void prepare();
  void insert_all();
  std::string statement(const StagedRows::Run& run);
  void stored(std::uint64_t rows) { stored_ += rows; }
  // The first row that is refused for another reason than its references.
  std::optional<std::pair<std::uint64_t, pg::SqlError>> find_refused(const StagedRows::Run& run);
  // Tells of the row and takes it out. Throws Error{rows} when that was one too many.
  void take_out(std::uint64_t number, const pg::SqlError& error);
  Moved result() const;

 private:
  bool has_key_in_set() const;
  std::string keys_not_null() const;
  std::uint64_t distinct_keys();
  std::uint64_t count_null_keys();
  std::uint64_t drop_superseded(std::uint64_t first, std::uint64_t last);
  std::string statement(std::uint64_t first, std::uint64_t last) const;
  void insert(std::uint64_t first, std::uint64_t last);
  std::optional<std::pair<std::uint64_t, pg::SqlError>> find_refused(std::uint64_t first,
                                                                     std::uint64_t last);
  void refuse(std::uint64_t number, const pg::SqlError& error);

  pg::CopyIn& database_;
  const Move& move_;
  const ColumnSet* set_ = nullptr;
  std::optional<std::uint64_t> keys_;  // how many differ, where they may come again
  std::uint64_t stored_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t superseded_ = 0;
  std::uint64_t null_keys_ = 0;
};

}  // namespace pgseed::seed
