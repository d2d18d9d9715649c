#include "pgseed/seed/report.hpp"

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::seed {

Counts& Counts::operator+=(const Counts& other) {
  read += other.read;
  loaded += other.loaded;
  ignored += other.ignored;
  rejected += other.rejected;
  skipped += other.skipped;
  in_doubt += other.in_doubt;
  resumed += other.resumed;
  unchanged += other.unchanged;
  return *this;
}

std::vector<std::string> notes_on_keys(const std::vector<TableReport>& tables) {
  std::vector<std::string> notes;
  for (const TableReport& table : tables) {
    const std::string of = " rows of " + to_sql(table.table);
    if (table.superseded > 0) {
      notes.push_back(text(with_separators(table.superseded), of,
                           " were superseded by a later row with the same key"));
    }
    if (table.null_keys > 0) {
      notes.push_back(text(with_separators(table.null_keys), of,
                           " have NULL in a column of --on-conflict, which conflicts with nothing: "
                           "unless that constraint is NULLS NOT DISTINCT, each run stores them "
                           "once more"));
    }
  }
  return notes;
}

const char* name(Carrier carrier) {
  switch (carrier) {
    case Carrier::rest:
      return "rest";
    case Carrier::staging:
      return "staging";
    case Carrier::direct:
      return "direct";
    case Carrier::unknown:
      break;
  }
  return "unknown";
}

Counts Report::totals() const {
  Counts sum;
  for (const TableReport& table : tables) sum += table.counts;
  return sum;
}

void Report::take_stop_request(std::string_view doing) {
  if (!interrupt::time_is_up()) {
    signal = interrupt::signal_number();
  } else if (!error) {
    error = interrupt::time_is_up_error(doing);
  }
}

std::optional<Error> Report::end() const {
  if (error || signal == 0) return error;
  return interrupt::signal_error(signal, next_step());
}

std::string Report::next_step() const {
  if (is_unchanged) return "nothing was changed; run the same command again";
  if (can_go_on) return "run the same command again to go on";
  if (carrier == Carrier::direct && totals().in_doubt == 0) return "everything is stored";
  return "run again with --upsert or --ignore to load the rest";
}

std::string sequences_passed_over(std::uint64_t statements, bool are_set) {
  return text(statements,
              statements == 1 ? " statement that sets a sequence was"
                              : " statements that set sequences were",
              " passed over: ",
              are_set ? "sequences are set to the largest value of their column"
                      : "PostgREST cannot set sequences; run them over the direct connection if "
                        "rows get their ids from them");
}

int Report::exit_code() const {
  if (signal != 0) return 128 + signal;
  if (error) return pgseed::exit_code(error->kind);
  const Counts sum = totals();
  if (sum.rejected > 0 || sum.in_doubt > 0 || !sum.add_up()) {
    return pgseed::exit_code(ErrorKind::rows);
  }
  return 0;
}

}  // namespace pgseed::seed
