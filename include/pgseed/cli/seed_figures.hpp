#pragma once
// What is shown of a seeding run wherever it is shown: on the terminal, in the HTML report, in the
// summary of GitHub Actions.
#include <cstdint>
#include <string>
#include <vector>

#include "pgseed/seed/report.hpp"

namespace pgseed::cli {

// What becomes of rows, in the order of the columns. shown_always: also where all tables have 0.
struct CountColumn {
  const char* title;
  std::uint64_t seed::Counts::*count;
  bool shown_always;
};
const std::vector<CountColumn>& count_columns();
// Those that have something to show.
std::vector<CountColumn> shown_columns(const seed::Report& report);

// snprintf of one number.
std::string fixed(double number, const char* format);
// "0.52 s", "41 s", "3 min 5 s", "2 h 10 min".
std::string short_time(double seconds);
// Rows per second over the whole run, "15,204".
std::string rows_per_second(const seed::Report& report);
// "4", "2 to 8"; empty when nothing was sent.
std::string width_range(const seed::Report& report);

// The reason of a rejected row, with values of rows only if they are wanted; a code in brackets.
std::string reason_of(const seed::Reject& reject, bool with_values);
// An error's message for a place that others may read. Of rejected rows and of input it may quote a
// value.
std::string public_message(const Error& error, bool with_values);
// The hint of the run's error, for the same place; may be empty.
std::string public_hint(const seed::Report& report, bool with_values);

}  // namespace pgseed::cli
