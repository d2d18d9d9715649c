#include "pgseed/seed/encode/row_ranges.hpp"

#include <charconv>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

// Takes a number without leading zeros from the front; 0 is none.
std::uint64_t take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || text.front() == '0') return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

void append(RowRanges& ranges, std::uint64_t row) {
  if (!ranges.empty() && ranges.back().last + 1 == row) {
    ranges.back().last = row;
  } else {
    ranges.push_back({row, row});
  }
}

std::uint64_t count(const RowRanges& ranges) {
  std::uint64_t rows = 0;
  for (const RowRange& range : ranges) rows += range.last - range.first + 1;
  return rows;
}

std::string to_text(const RowRanges& ranges) {
  if (ranges.empty()) return "-";
  std::string out;
  for (const RowRange& range : ranges) {
    if (!out.empty()) out += ',';
    out += std::to_string(range.first);
    if (range.last > range.first) out += text('-', range.last);
  }
  return out;
}

std::optional<RowRanges> ranges_of_text(std::string_view text) {
  RowRanges ranges;
  if (text == "-") return ranges;
  for (;;) {
    RowRange range;
    range.first = range.last = take_number(text);
    if (range.first == 0 || (!ranges.empty() && range.first <= ranges.back().last + 1)) return {};
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      range.last = take_number(text);
      if (range.last <= range.first) return {};
    }
    ranges.push_back(range);
    if (text.empty()) return ranges;
    if (text.front() != ',') return {};
    text.remove_prefix(1);
    if (text.empty()) return {};
  }
}

}  // namespace pgseed::seed
