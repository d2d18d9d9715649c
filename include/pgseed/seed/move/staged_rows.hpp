#pragma once
// The rows of one table that were given numbers on their way into a staging table or a COPY: which
// of them send which columns, and where in the files each one stands. Rows that follow a pattern
// (one or two lines each) cost no memory, others a byte or few.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/seed/input/column_set.hpp"

namespace pgseed::seed {

struct RowPlace {
  std::size_t file = 0;
  std::uint64_t line = 0;
};

class StagedRows {
 public:
  // Consecutive rows of one column set.
  struct Run {
    std::uint64_t first = 0, last = 0;
    const ColumnSet* set = nullptr;
  };

  // Numbers rise. The set must outlive this.
  void add(std::uint64_t number, const ColumnSet& set, std::size_t file, std::uint64_t line);
  void clear();

  const std::vector<Run>& runs() const { return runs_; }
  std::uint64_t count() const { return count_; }
  std::uint64_t sum() const { return sum_; }  // of all numbers, modulo 2^64
  std::uint64_t last() const { return runs_.empty() ? 0 : runs_.back().last; }
  // The set of a row that was added.
  const ColumnSet& set_of(std::uint64_t number) const;
  // nullopt for a number that was not added.
  std::optional<RowPlace> place_of(std::uint64_t number) const;

 private:
  // So many rows, each this much further on.
  struct Step {
    std::uint64_t times = 0, number = 0, line = 0;
  };
  // A row whose place is told in full, and where the steps to the next ones are written.
  struct Mark {
    std::uint64_t number, line;
    std::size_t steps, file;
  };
  void write_step();

  std::vector<Run> runs_;
  std::vector<Mark> marks_;
  std::string steps_;  // LEB128
  Step step_;          // the one that may go on
  std::size_t steps_of_mark_ = 0;
  std::uint64_t last_number_ = 0, last_line_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace pgseed::seed
