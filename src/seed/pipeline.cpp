#include "pgseed/seed/pipeline.hpp"

#include <memory>
#include <utility>

#include "pgseed/base/current_error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/seed/direct_run.hpp"
#include "pgseed/seed/rest_run.hpp"
#include "pgseed/seed/verify_run.hpp"

namespace pgseed::seed {
namespace {

// Ends the run in an orderly way after an error in the middle: what is in flight is waited for.
template <class Work>
void guarded(Report& report, const Work& work) {
  try {
    work();
  } catch (const Interrupted&) {
    // report.signal tells
  } catch (...) {
    const Error error = current_error();
    if (!report.error) report.error = error;
  }
}

void compare_after(Report& report, const Options& options, const Services& services) {
  LoadedBefore before;
  for (const TableReport& table : report.tables) {
    before.tables.push_back({table.table, options.mode == Mode::force, table.counts.ignored, 0});
  }
  VerifyRun compared = verify(options, {}, services, std::move(before));
  // An earlier run knew which rows it found and left as they were.
  if (report.is_up_to_date && options.mode == Mode::ignore) {
    for (VerifiedTable& table : compared.report.tables) table.left_alone = table.differing;
  }
  report.error = compared.outcome();
  report.verification = std::move(compared.report);
  report.signal = compared.signal;
}

}  // namespace

Report run(const Options& options, const Services& services) {
  if (options.via == Via::direct) {
    Report report = run_direct(options, services);
    if (options.verify && !options.dry_run && !report.error && report.signal == 0) {
      compare_after(report, options, services);
    }
    return report;
  }
  std::unique_ptr<RestRun> run;
  Report failed;
  guarded(failed, [&] { run = std::make_unique<RestRun>(options, services); });
  if (!run) return failed;
  guarded(run->report, [&] { run->go(); });
  guarded(run->report, [&] { run->stop(); });
  if (run->report.is_up_to_date) {
    if (options.verify) compare_after(run->report, options, services);
  } else {
    guarded(run->report, [&] { run->compare(); });
  }
  guarded(run->report, [&] { run->finish(); });
  return std::move(run->report);
}

}  // namespace pgseed::seed
