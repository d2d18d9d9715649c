#include "pgseed/cli/seed_figures.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/encode/reason.hpp"

namespace pgseed::cli {

const std::vector<CountColumn>& count_columns() {
  static const std::vector<CountColumn> columns = {
      {"read", &seed::Counts::read, true},        {"loaded", &seed::Counts::loaded, true},
      {"ignored", &seed::Counts::ignored, false}, {"rejected", &seed::Counts::rejected, false},
      {"skipped", &seed::Counts::skipped, false}, {"in doubt", &seed::Counts::in_doubt, false},
      {"resumed", &seed::Counts::resumed, false}, {"unchanged", &seed::Counts::unchanged, false}};
  return columns;
}

std::vector<CountColumn> shown_columns(const seed::Report& report) {
  const seed::Counts totals = report.totals();
  std::vector<CountColumn> shown;
  for (const CountColumn& column : count_columns()) {
    if (column.shown_always || totals.*column.count > 0) shown.push_back(column);
  }
  return shown;
}

std::string fixed(double number, const char* format) {
  std::array<char, 32> digits;
  const int length = std::snprintf(digits.data(), digits.size(), format, number);
  return std::string(digits.data(), static_cast<std::size_t>(std::max(0, length)));
}

std::string short_time(double seconds) {
  if (seconds < 60) return fixed(seconds, seconds < 10 ? "%.2f s" : "%.0f s");
  const auto whole = static_cast<long long>(seconds);
  if (whole >= 3600) return text(whole / 3600, " h ", whole / 60 % 60, " min");
  return text(whole / 60, " min ", whole % 60, " s");
}

std::string rows_per_second(const seed::Report& report) {
  const double seconds = std::max(report.seconds, 0.001);
  const seed::Counts sum = report.totals();
  // What an earlier run loaded took none of this one's time.
  const std::uint64_t loaded = sum.loaded - std::min(sum.loaded, sum.resumed);
  return with_separators(static_cast<std::uint64_t>(static_cast<double>(loaded) / seconds));
}

std::string width_range(const seed::Report& report) {
  const auto [least, most] = report.widths;
  if (most == 0) return {};
  return least == most ? text(most) : text(least, " to ", most);
}

std::string reason_of(const seed::Reject& reject, bool with_values) {
  const std::string reason =
      with_values ? reject.message : seed::reason_without_values(reject.code, reject.message);
  return reject.code.empty() ? reason : text(reason, " [", reject.code, "]");
}

std::string public_hint(const seed::Report& report, bool with_values) {
  if (!report.error) return {};
  const bool about_row = report.error->kind == ErrorKind::rows && !report.rejects.empty();
  if (about_row && !with_values) {
    const seed::Reject& first = report.rejects.front();
    if (seed::is_made_up(first.code, first.message)) return {};
  }
  return report.error->hint;
}

std::string public_message(const Error& error, bool with_values) {
  if (with_values) return error.message;
  if (error.kind == ErrorKind::rows) return "rows were rejected or are in doubt";
  // What stands in quotes may be a piece of the file.
  if (error.kind == ErrorKind::input) return seed::reason_without_values("22", error.message);
  return error.message;
}

}  // namespace pgseed::cli
