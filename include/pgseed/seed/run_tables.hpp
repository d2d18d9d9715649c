#pragma once
// The tables of a run: those of the files, whether wanted or not, with what the run knows of each.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/order/closure.hpp"

namespace pgseed::seed {

class Tally;

// Pieces are numbered through all files of a run.
constexpr std::uint64_t first_piece_of_file(std::size_t file) {
  return static_cast<std::uint64_t>(file) << 40;
}

struct RunTable {
  TableName name;
  bool wanted = true;     // by --table and --exclude
  std::size_t tally = 0;  // its number there
  std::size_t pass = 0;
  std::vector<std::size_t> parents;  // indexes of tables that must be complete before
  bool refers_to_itself = false;
  std::size_t circle = 0;        // number of the circle of tables that refer to each other; 0: none
  const Table* model = nullptr;  // types and keys, if the target tells
  // Columns that foreign keys of the run's tables refer to; before those are known, of the
  // target's.
  std::vector<std::string> referenced;
  // Rows came without one of them that the server numbers.
  bool is_numbered = false;
  // Columns that rows go without until all rows are there (seed/rest/second_pass).
  std::vector<std::string> held_back;
  std::vector<std::string> key;   // columns of the conflict target or primary key
  std::uint64_t seen = 0;         // rows met, for --offset and --limit
  std::optional<bool> was_empty;  // before the run; unset: not asked yet
  std::uint64_t last_piece = 0;   // from the survey, to stop reading early
  bool surveyed = false;
  std::optional<Selection> selection;  // which rows, where --limit and --offset alone do not tell
};

class RunTables {
 public:
  // All must outlive the tables. types: what is known of the target's.
  RunTables(const Options& options, Tally& tally, const Model* types)
      : options_(options), tally_(tally), types_(types) {}

  // The run's table of this name; made on first sight, and it stays where it is.
  RunTable& table(const TableName& name);
  const std::vector<std::unique_ptr<RunTable>>& all() const { return tables_; }

 private:
  const Options& options_;
  Tally& tally_;
  const Model* types_;
  std::vector<std::unique_ptr<RunTable>> tables_;
  std::unordered_map<TableName, RunTable*, TableNameHash> by_name_;
};

}  // namespace pgseed::seed
