#pragma once
// A seeding run over PostgREST, with staging tables (--atomic) or without:
//
//   RestRun run(options, services);
//   run.go(); run.stop(); run.compare(); run.finish();   each guarded: any of them may throw Error
//                                                        or Interrupted, the others still follow
//
// go() stops where it has to, stop() settles what is under way then, compare() looks at the tables
// (--verify), and finish() tells it all in the report. One file per job: rest_run.cpp loads,
// rest_run_ledger.cpp finds and keeps the record of the work, rest_run_stage.cpp leads rows through
// staging tables, rest_run_circles.cpp sees to rows that refer to later ones, rest_run_verify.cpp
// compares, rest_run_report.cpp counts and tells.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/carrier.hpp"
#include "pgseed/seed/ledger/run_ledger.hpp"
#include "pgseed/seed/move/stage.hpp"
#include "pgseed/seed/order/run_plan.hpp"
#include "pgseed/seed/pipeline.hpp"
#include "pgseed/seed/rest/second_pass.hpp"
#include "pgseed/seed/run_inputs.hpp"
#include "pgseed/seed/send/force.hpp"
#include "pgseed/seed/send/loader.hpp"
#include "pgseed/seed/send/sender.hpp"
#include "pgseed/seed/tally.hpp"
#include "pgseed/seed/timeline.hpp"
#include "pgseed/seed/verify/verifier.hpp"
#include "pgseed/seed/verify/verify.hpp"

namespace pgseed::seed {

class RestRun {
 public:
  // services must outlive it.
  RestRun(const Options& options, const Services& services);

  Report report;

  void go();
  // After OnlyDirect of go(): whether the run may go that way, as nothing was sent yet.
  CarrierFacts carrier_facts() const;
  // Asks both of them. Empty: DATABASE_URL leads to the database behind the API.
  std::string why_not_one_database();
  // It does: the run holds on to the work's lock, and what its record says of the tables is void.
  void give_way();
  // After an error in the middle: rows that wait are given up, those in flight are waited for.
  void stop();
  // After a load that came to its end: does the target hold what the files say?
  void compare();
  // Whatever happened: the counts, and the state that the tables are in.
  void finish();

 private:
  void begin(const std::string& phase) { timeline_->phase(services_.clock(), phase); }
  void note(const std::string& line);

  // rest_run.cpp
  void connect();
  SenderOptions sender_options() const;
  void make_sender();
  void close();
  void prepare_column_sets();
  void require_known_table(const TableName& name, const ColumnSetUse& use, const FileSurvey& file,
                           const std::string& path);
  const Model& catalogue();
  void ask_for_order();
  void ask_who_refers(const std::vector<TableName>& tables);
  void empty();
  void load();
  void show_progress();

  // rest_run_circles.cpp
  void break_circles();
  bool are_empty(const std::vector<std::size_t>& tables);
  bool is_empty(const TableName& table);  // false where that cannot be told
  void set_references();

  // rest_run_verify.cpp
  void look_before();
  std::unique_ptr<Verifier> make_verifier();

  // rest_run_ledger.cpp
  bool keeps_ledger() const { return !options_.ledger_folder.empty() && !options_.dry_run; }
  void open_ledger();
  void is_done(const std::string& why);
  void begin_ledger();
  void begin_comparing(const LedgerState& past);
  void take_emptied();
  bool was_emptied_since(const LedgerState& past);
  void require_no_other_work(const ColumnSet& keyless);
  bool has_other_work() const;
  bool is_as_left(const LedgerState& past);
  bool all_rows_bring_key(const Table& table) const;
  void close_ledger();

  // rest_run_stage.cpp
  void make_stage();
  void open_stage();
  void require_key(const RunTable& table);
  void finish_stage();
  void move_into_place();
  void give_stage_up();

  // rest_run_report.cpp
  void look_for_identity();
  void set_sequences();
  void note_sequences(const std::vector<TableName>& loaded);
  bool sends_key(const Table& table) const;
  Error unnamed_rejects() const;
  void settle_doubt();
  void note_doubt();
  void note_numbers();
  void note_force_state();

  Options options_;
  const Services& services_;
  std::chrono::steady_clock::time_point started_;
  std::shared_ptr<Timeline> timeline_;
  Tally tally_;
  RunInputs inputs_;
  rest::Connection connection_;
  std::unique_ptr<RunTables> tables_;
  RunPlan plan_;
  std::vector<Emptied> emptied_;
  std::unique_ptr<Stage> stage_;
  bool is_moved_ = false;
  bool keeps_proof_ = false;         // of --atomic, although the rows are in place
  std::shared_ptr<RunLedger> work_;  // without one nothing is recorded
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<Loader> loader_;
  std::unique_ptr<SecondPass> second_;  // where rows refer to later ones
  bool loads_ = false;                  // the first row may have been sent
  std::optional<Model> catalogue_;
  LoadedBefore before_;
};

}  // namespace pgseed::seed
