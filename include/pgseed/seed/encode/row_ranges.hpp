#pragma once
// Numbers of rows as ranges: "1-1000,1003". Rows of a batch are nearly always neighbours.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgseed::seed {

struct RowRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // with it
  bool operator==(const RowRange&) const = default;
};
using RowRanges = std::vector<RowRange>;

// Adds a number above all others.
void append(RowRanges& ranges, std::uint64_t row);
std::uint64_t count(const RowRanges& ranges);
// "-" for none.
std::string to_text(const RowRanges& ranges);
// nullopt for what to_text() does not write: numbers from 1, ascending, no two ranges that touch.
std::optional<RowRanges> ranges_of_text(std::string_view text);

}  // namespace pgseed::seed
