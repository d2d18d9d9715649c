#include "pgseed/seed/direct/direct_run.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "pgseed/base/current_error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/copy_in.hpp"
#include "pgseed/pg/database_url.hpp"
#include "pgseed/rest/url.hpp"
#include "pgseed/seed/direct/direct_closure.hpp"
#include "pgseed/seed/direct/direct_load.hpp"
#include "pgseed/seed/direct/direct_record.hpp"
#include "pgseed/seed/dry_run.hpp"
#include "pgseed/seed/ledger/other_work.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"
#include "pgseed/seed/move/direct_transaction.hpp"
#include "pgseed/seed/move/only_these.hpp"
#include "pgseed/seed/move/sequences.hpp"
#include "pgseed/seed/order/run_plan.hpp"
#include "pgseed/seed/run_inputs.hpp"

namespace pgseed::seed {
namespace {

class DirectRun {
 public:
  DirectRun(const Options& options, const Services& services)
      : options_(options),
        services_(services),
        started_(services.clock()),
        tally_(options.max_rejects, options.rejects_file),
        inputs_({&options_, nullptr, services.catalogue,
                 [this](const std::string& line) { note(line); }}) {
    report.carrier = Carrier::direct;
  }

  Report report;

  void go() {
    inputs_.open();
    for (std::size_t part = 0; part < inputs_.size(); ++part) tally_.add_file(inputs_.name(part));
    report.target = pg::display_database_url(services_.database_url);
    open_record();
    inputs_.connected_directly();
    inputs_.survey();
    report.has_expressions = std::ranges::any_of(
        inputs_.surveys(), [](const FileSurvey& file) { return file.first_direct.has_value(); });
    require_comparable();
    if (options_.dry_run) {
      return tell_dry_run(inputs_, options_, [this](const std::string& line) { note(line); });
    }
    if (was_stored_before()) return;
    tables_ = std::make_unique<RunTables>(options_, tally_, &inputs_.types());
    plan_ = make_plan(inputs_, options_, *tables_, [this](const std::string& line) { note(line); });
    keep_file_order();
    require_keys();
    if (options_.closure) {
      select_closure(inputs_, options_, *tables_, inputs_.types(),
                     ask_over_connection(services_.database_url),
                     [this](const std::string& line) { note(line); });
    }
    try {
      fill(false);
    } catch (const RowNotNamed&) {
      // The way that takes longer and names the row; its end is the same.
      database_->rollback();
      tally_.start_again();
      for (const auto& table : tables_->all()) table->seen = 0;
      fill(true);
    }
    set_sequences_and_commit();
  }

  // What was not committed is rolled back, and counted so.
  void stop() {
    if (committed_ || report.is_up_to_date) return;
    if (database_) database_->rollback();
    if (in_doubt_) {
      tally_.doubt_all();
    } else {
      tally_.undo();
    }
  }

  void finish() {
    report.seconds = std::chrono::duration<double>(services_.clock() - started_).count();
    report.files = inputs_.files();
    report.tables = tally_.final_tables();
    report.take_stop_request("loading");
    report.rejects = tally_.first_rejects();
    if (load_) {
      report.bytes_sent = load_->bytes_sent();
      note_sql();
    }
    if (options_.mode == Mode::upsert || options_.mode == Mode::ignore) {
      for (const std::string& line : notes_on_keys(report.tables)) note(line);
    }
    if (!committed_ && !in_doubt_ && !options_.dry_run && (report.error || report.signal != 0)) {
      note("nothing was changed: all rows are stored, or none");
      report.is_unchanged = true;
    }
    if (record_ && report.exit_code() == 0) {
      report.settle = [record = record_] { record->settle(); };
    }
  }

 private:
  // Keeps other runs of this work away, and finds what the last one left.
  void open_record() {
    if (options_.ledger_folder.empty() || options_.dry_run) return;
    std::vector<std::string> names;
    for (std::size_t part = 0; part < inputs_.size(); ++part) {
      names.push_back(inputs_.source_name(part));
    }
    record_ =
        std::make_shared<DirectRecord>(options_, services_.database_url, report.target, names);
  }

  bool was_stored_before() {
    if (!record_) return false;
    LedgerHead head;
    head.sources = sources();
    head.schema = options_.schema;
    head.mode = name(options_.mode);
    // An upsert and a refill end where they end; what statements add would be added again.
    const bool ends_the_same = options_.mode != Mode::insert &&
                               std::ranges::all_of(inputs_.surveys(), [](const FileSurvey& file) {
                                 return file.direct_statements == 0;
                               });
    report.is_up_to_date = record_->was_stored(head, ends_the_same);
    if (!report.is_up_to_date) return false;
    note(
        "an earlier run of the same command was stopped after it had stored all rows; nothing was "
        "left to do");
    return true;
  }

  void note(const std::string& line) {
    if (std::find(report.notes.begin(), report.notes.end(), line) == report.notes.end()) {
      report.notes.push_back(line);
    }
  }

  // What the database makes of an expression, no file tells.
  void require_comparable() const {
    if (!options_.verify || options_.skip_unsupported) return;
    for (const FileSurvey& file : inputs_.surveys()) {
      if (!file.first_direct) continue;
      throw Error(ErrorKind::input,
                  text(file.first_direct->kind, " cannot be compared with the tables (--verify)"),
                  text(file.path, ':', file.first_direct->line),
                  "nothing was written; load without --verify, or leave such rows and statements "
                  "out with --skip-unsupported");
    }
  }

  // Statements and expressions mean what they mean only where the file has them: they may look at
  // the rows before them.
  void keep_file_order() {
    const auto any = [&](std::uint64_t FileSurvey::*count) {
      return std::ranges::any_of(inputs_.surveys(),
                                 [&](const FileSurvey& file) { return file.*count > 0; });
    };
    has_statements_ = any(&FileSurvey::direct_statements);
    if (!has_statements_ && !any(&FileSurvey::direct_rows)) return;
    plan_.order.passes = 1;
    for (const OrderedTable& table : plan_.tables) tables_->table(table.name).pass = 0;
  }

  void require_keys() {
    if (options_.mode != Mode::upsert && options_.mode != Mode::ignore) return;
    for (const OrderedTable& each : plan_.tables) {
      const RunTable& table = tables_->table(each.name);
      if (!table.key.empty() || table.model == nullptr) continue;
      throw Error(ErrorKind::refused,
                  text("the table ", to_sql(table.name), " has no primary key: ",
                       name(options_.mode), " would insert every row again"),
                  "",
                  "give it a primary key, or name the columns of a unique constraint with "
                  "--on-conflict");
    }
  }

  void fill(bool all_staged) {
    connect(all_staged);
    require_no_other_work();
    if (options_.mode == Mode::force) empty();
    load();
  }

  void connect(bool all_staged) {
    database_ = std::make_unique<pg::CopyIn>(services_.database_url);
    if (options_.deadline) database_->set_deadline(started_ + *options_.deadline);
    begin_moving(*database_, options_.timeout);
    std::vector<TableName> targets;
    for (const OrderedTable& table : plan_.tables) targets.push_back(table.name);
    claim_tables(*database_, targets);
    DirectLoad::Setup setup;
    setup.options = &options_;
    setup.model = &inputs_.types();
    setup.tables = tables_.get();
    setup.tally = &tally_;
    setup.database = database_.get();
    setup.all_staged = all_staged;
    setup.parents_first = plan_.children_first();
    std::reverse(setup.parents_first.begin(), setup.parents_first.end());
    setup.repeatable = inputs_.all_repeatable();
    setup.has_statements = has_statements_;
    setup.progress = [this] { show_progress(); };
    setup.note = [this](const std::string& line) { note(line); };
    load_ = std::make_unique<DirectLoad>(setup);
  }

  // What an unfinished run over PostgREST stored of these files would come a second time.
  void require_no_other_work() {
    const bool looks = options_.mode == Mode::insert && options_.unfinished != Continue::fresh &&
                       !services_.target.empty() && !options_.ledger_folder.empty();
    if (!looks) return;
    const std::string target = rest::one_spelling(services_.target);
    std::vector<TableName> tables;
    for (const OrderedTable& each : plan_.tables) tables.push_back(each.name);
    if (tables.empty()) return;
    for (const OtherWork& other :
         stored_by_other_work(options_.ledger_folder, "", target, tables, sources())) {
      if (database_->value(text("SELECT EXISTS (SELECT FROM ", to_sql(other.table), ")")) != "t") {
        continue;
      }
      throw Error(ErrorKind::storage,
                  text("a run over PostgREST stored rows of this file in ", to_sql(other.table),
                       " and did not come to its end"),
                  other.source,
                  "run that command again to its end, or load all rows of this one in any case: "
                  "--fresh");
    }
  }

  // A text that was not surveyed is read through for it, once.
  const std::vector<LedgerSource>& sources() {
    if (sources_.empty()) sources_ = inputs_.sources();
    return sources_;
  }

  void empty() {
    const std::vector<TableName> tables = plan_.children_first();
    try {
      lock_for_force(*database_, tables);
      if (!options_.allow_cascade) require_only_these(*database_, tables, Referring::changed);
      for (auto table = tables.begin(); table != tables.end();) {
        std::vector<TableName> together = {*table};
        const std::size_t circle = tables_->table(*table).circle;
        while (++table != tables.end() && circle != 0 && tables_->table(*table).circle == circle) {
          together.push_back(*table);
        }
        const std::vector<std::uint64_t> rows = delete_all(*database_, together);
        for (std::size_t index = 0; index < together.size(); ++index) {
          services_.observer->note(
              1, text("emptied ", to_sql(together[index]), ": ", rows[index], " rows"));
        }
      }
    } catch (const pg::SqlError& error) {
      throw error_of(error, "the tables cannot be emptied");
    }
  }

  void load() {
    const std::size_t passes = plan_.order.passes;
    for (std::size_t pass = 0; pass < passes; ++pass) {
      for (std::size_t part = 0; part < inputs_.size(); ++part) {
        if (DumpInput* const stream = inputs_.stream(part)) {
          if (pass == 0) load_->load(*stream, part, pass, false);
        } else {
          const auto input = inputs_.open_part(part);
          load_->load(*input, part, pass, inputs_.surveyed(part));
          inputs_.require_same(part, *input);
        }
      }
    }
    load_->finish();
    show_progress();
    if (!inputs_.all_surveyed()) inputs_.require_mapping_used(load_->mapping_use());
  }

  void set_sequences_and_commit() {
    std::vector<TableName> loaded;
    for (const TableReport& table : tally_.tables()) {
      // Rows that were there already may be what an earlier run left before it got here.
      if (table.counts.loaded + table.counts.ignored > 0) loaded.push_back(table.table);
    }
    std::vector<std::string> not_allowed;
    report.sequences =
        set_sequences(*database_, may_have_sequences(loaded, inputs_.types()), not_allowed);
    for (const std::string& sql : not_allowed) note("this sequence could not be set: " + sql);
    const std::string transaction = database_->value("SELECT pg_catalog.txid_current()");
    if (record_) record_->committing(*database_, transaction, loaded);
    try {
      database_->commit();
    } catch (const pg::ConnectionLost& lost) {
      if (!lost.in_doubt) throw;
      in_doubt_ = true;
      if (!was_committed(services_.database_url, transaction, options_.retries)) {
        in_doubt_ = false;
        throw;
      }
      in_doubt_ = false;
    }
    committed_ = true;
    if (record_) record_->committed();
  }

  void note_sql() {
    if (!committed_) return;
    const std::uint64_t rows = load_->rows_as_sql();
    const std::uint64_t statements = load_->statements();
    if (rows > 0) {
      note(text(with_separators(rows), rows == 1 ? " row" : " rows",
                " with expressions went in as the file has them"));
    }
    if (statements > 0) {
      note(text(with_separators(statements), statements == 1 ? " statement" : " statements",
                " of the file ran in place"));
    }
    // It survives a rollback, and may be of a table that is not loaded.
    if (const auto sequences = inputs_.sequence_statements(); sequences > 0) {
      note(sequences_passed_over(sequences, true));
    }
  }

  void show_progress() {
    Observer::Progress progress;
    progress.rows_read = load_->rows_taken();
    progress.rows_done = load_->rows_taken();
    progress.rows_total = options_.limit || !options_.tables.empty() ? 0 : inputs_.rows_total();
    progress.bytes_sent = load_->bytes_sent();
    progress.seconds = std::chrono::duration<double>(services_.clock() - started_).count();
    services_.observer->progress(progress);
  }

  Options options_;
  const Services& services_;
  std::chrono::steady_clock::time_point started_;
  Tally tally_;
  RunInputs inputs_;
  std::unique_ptr<RunTables> tables_;
  RunPlan plan_;
  std::vector<LedgerSource> sources_;
  std::shared_ptr<DirectRecord> record_;  // without one nothing is recorded
  std::unique_ptr<pg::CopyIn> database_;
  std::unique_ptr<DirectLoad> load_;
  bool has_statements_ = false;  // among the rows
  bool committed_ = false;
  bool in_doubt_ = false;
};

template <class Work>
void guarded(Report& report, const Work& work) {
  try {
    work();
  } catch (const pg::SqlError& error) {
    if (!report.error) report.error = error_of(error, "the database refused the load");
  } catch (const Interrupted&) {
    // report.signal tells
  } catch (...) {
    const Error error = current_error();
    if (!report.error) report.error = error;
  }
}

}  // namespace

Report run_direct(const Options& options, const Services& services) {
  std::unique_ptr<DirectRun> run;
  Report failed;
  guarded(failed, [&] { run = std::make_unique<DirectRun>(options, services); });
  if (!run) return failed;
  guarded(run->report, [&] { run->go(); });
  guarded(run->report, [&] { run->stop(); });
  guarded(run->report, [&] { run->finish(); });
  return std::move(run->report);
}

}  // namespace pgseed::seed
