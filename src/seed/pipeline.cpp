#include "pgseed/seed/pipeline.hpp"

#include <memory>
#include <utility>

#include "pgseed/base/current_error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/carrier.hpp"
#include "pgseed/seed/direct/direct_run.hpp"
#include "pgseed/seed/rest/rest_run.hpp"
#include "pgseed/seed/verify/verify_run.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kComparing = "comparing the tables with the files";

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

// --verify of what the direct load has stored.
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
  if (compared.signal != 0) report.take_stop_request(kComparing);
}

// An earlier run stored all rows of these files, but was that its last word? They are there, or the
// run says that they are not.
void require_still_there(Report& report, const Options& options, const Services& services) {
  VerifyRun compared = verify(options, {}, services, {});
  if (compared.signal != 0) report.take_stop_request(kComparing);
  if (compared.error) report.error = compared.error;
  for (const VerifiedTable& table : compared.report.tables) {
    if (table.missing == 0 || report.error) continue;
    report.error =
        Error(ErrorKind::verification,
              text("an earlier run of the same command stored all rows, but ", to_sql(table.table),
                   " does not hold ", with_separators(table.missing), " of them now"),
              "", "if they were deleted or changed on purpose, load the file anew with --fresh");
  }
}

Report run_over_connection(const Options& options, const Services& services) {
  Report report = run_direct(options, services);
  if (report.is_up_to_date && !options.verify && !report.has_expressions && !report.error) {
    require_still_there(report, options, services);
  }
  if (options.verify && !options.dry_run && !report.error && report.signal == 0) {
    compare_after(report, options, services);
  }
  return report;
}

// The run takes the direct connection of its own accord, and says so before it does.
Report carry_directly(const std::string& cargo, const Options& options, const Services& services) {
  Options direct = options;
  direct.via = Via::direct;
  direct.atomic = false;  // it is one transaction by itself
  if (!options.dry_run) {
    services.observer->note(0, text("PostgREST cannot carry ", cargo,
                                    ": everything goes over the direct connection, in one "
                                    "transaction"));
  }
  Report report = run_over_connection(direct, services);
  report.carried_because = cargo;
  const std::string said =
      text(options.dry_run ? "everything would go over the direct connection, in one transaction: "
                           : "carried over the direct connection, in one transaction: ",
           "PostgREST cannot carry ", cargo);
  report.notes.insert(report.notes.begin(), said);
  return report;
}

}  // namespace

Report run(const Options& options, const Services& services) {
  if (options.via == Via::direct) return run_over_connection(options, services);
  const auto started = services.clock();
  std::unique_ptr<RestRun> run;
  Report failed;
  guarded(failed, [&] { run = std::make_unique<RestRun>(options, services); });
  if (!run) return failed;
  std::optional<OnlyDirect> need;
  guarded(run->report, [&] {
    try {
      run->go();
    } catch (const OnlyDirect& refusal) {
      CarrierFacts facts = run->carrier_facts();
      if (goes_direct(options, facts)) facts.stays_because = run->why_not_one_database();
      if (!goes_direct(options, facts)) throw Error(refusal_of(refusal, options, facts));
      if (services.before_direct) services.before_direct();
      run->give_way();
      need = refusal;
    }
  });
  if (need) {
    Report report = carry_directly(need->cargo, options, services);
    report.seconds = std::chrono::duration<double>(services.clock() - started).count();
    return report;
  }
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
