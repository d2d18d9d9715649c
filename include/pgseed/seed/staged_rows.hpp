#pragma once
// The rows of one table that were given numbers on their way into a staging table or a COPY: which
// of them send which columns, and where in the files each one stands. Rows that follow a pattern
// (one or two lines each) cost no memory.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "pgseed/seed/column_set.hpp"

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
  // nullopt for a number that was not added.
  std::optional<RowPlace> place_of(std::uint64_t number) const;

 private:
  struct Pattern {
    std::uint64_t number, line, step;
    std::size_t file;
    bool has_step;
  };

  std::vector<Run> runs_;
  std::vector<Pattern> patterns_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace pgseed::seed
