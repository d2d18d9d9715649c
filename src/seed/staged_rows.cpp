#include "pgseed/seed/staged_rows.hpp"

#include <algorithm>

namespace pgseed::seed {

void StagedRows::add(std::uint64_t number, const ColumnSet& set, std::size_t file,
                     std::uint64_t line) {
  ++count_;
  sum_ += number;
  if (!runs_.empty() && runs_.back().set == &set) {
    runs_.back().last = number;
  } else {
    runs_.push_back({number, number, &set});
  }
  if (!patterns_.empty() && patterns_.back().file == file) {
    Pattern& pattern = patterns_.back();
    const std::uint64_t rows = number - pattern.number;
    if (!pattern.has_step && rows == 1) {
      pattern.has_step = true;
      pattern.step = line - pattern.line;
      return;
    }
    if (pattern.has_step && line == pattern.line + rows * pattern.step) return;
  }
  patterns_.push_back({number, line, 0, file, false});
}

void StagedRows::clear() {
  runs_.clear();
  patterns_.clear();
  count_ = 0;
  sum_ = 0;
}

std::optional<RowPlace> StagedRows::place_of(std::uint64_t number) const {
  const auto behind = std::upper_bound(
      patterns_.begin(), patterns_.end(), number,
      [](std::uint64_t wanted, const Pattern& pattern) { return wanted < pattern.number; });
  if (behind == patterns_.begin() || number > last()) return {};
  const Pattern& pattern = *(behind - 1);
  return RowPlace{pattern.file, pattern.line + (number - pattern.number) * pattern.step};
}

}  // namespace pgseed::seed
