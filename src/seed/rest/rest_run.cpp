#include "pgseed/seed/rest/rest_run.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/current_error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/rest/url.hpp"
#include "pgseed/seed/dry_run.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/move/only_these.hpp"
#include "pgseed/seed/move/same_database.hpp"
#include "pgseed/seed/order/closure_walk.hpp"
#include "pgseed/seed/rest/rest_closure.hpp"
#include "pgseed/seed/send/preflight.hpp"

namespace pgseed::seed {

RestRun::RestRun(const Options& options, const Services& services)
    : options_(options),
      services_(services),
      started_(services.clock()),
      timeline_(std::make_shared<Timeline>(started_)),
      tally_(options.max_rejects, options.rejects_file, !keeps_ledger()),
      inputs_({&options_, services.transport, services.catalogue,
               [this](const std::string& line) { note(line); }}) {
  report.carrier = options.atomic ? Carrier::staging : Carrier::rest;
}

void RestRun::go() {
  begin("opening the files");
  inputs_.open();
  for (std::size_t part = 0; part < inputs_.size(); ++part) tally_.add_file(inputs_.name(part));
  if (keeps_ledger()) open_ledger();
  if (report.is_up_to_date) return;
  if (!options_.dry_run || services_.connect) connect();
  begin("reading the files");
  inputs_.survey();
  if (options_.dry_run) {
    look_for_identity();
    note(options_.atomic ? "the rows would go over PostgREST into staging tables, and from there "
                           "into place in one transaction"
                         : "the rows would go over PostgREST");
    return tell_dry_run(inputs_, options_, [this](const std::string& line) { note(line); });
  }
  begin("checking the target");
  if (work_) begin_ledger();
  if (report.is_up_to_date) return;
  if (options_.atomic) make_stage();
  make_sender();
  plan_ = make_plan(inputs_, options_, *tables_, [this](const std::string& line) { note(line); });
  ask_for_order();
  if (options_.closure) close();
  if (stage_) {
    open_stage();
    if (stage_->was_moved()) return;
  }
  if (!stage_) break_circles();
  prepare_column_sets();
  if (options_.verify) look_before();
  if (options_.mode == Mode::force && !stage_) empty();
  begin("loading");
  loads_ = true;
  load();
  if (stage_) finish_stage();
  if (second_ && !sender_->ended()) set_references();
  set_sequences();
}

CarrierFacts RestRun::carrier_facts() const {
  CarrierFacts facts;
  facts.has_database = !services_.database_url.empty();
  facts.stays_because = services_.stays_with_rest;
  const auto stays = [&](bool is_so, const std::string& why) {
    if (is_so && facts.stays_because.empty()) facts.stays_because = why;
  };
  stays(!services_.database_elsewhere.empty(), services_.database_elsewhere);
  stays(loads_ || !inputs_.all_files(), "input that is read only once");
  // What it stored is not to be stored again.
  const LedgerState* const past = work_ ? work_->unfinished() : nullptr;
  const bool is_unfinished =
      (past != nullptr && !past->complete) || (work_ && work_->resume() != nullptr);
  facts.is_unfinished = facts.stays_because.empty() && (is_unfinished || has_other_work());
  stays(facts.is_unfinished, "an earlier run of these files that did not come to its end");
  const std::string against = option_against(options_, inputs_.surveys());
  stays(!against.empty(), against);
  return facts;
}

std::string RestRun::why_not_one_database() {
  if (options_.dry_run) return {};
  begin("looking whether both ways lead to one database");
  return seed::why_not_one_database(services_.database_url, *services_.transport,
                                    connection_.endpoint, options_);
}

void RestRun::give_way() {
  if (work_ && !options_.dry_run) work_->forget_everything();
}

void RestRun::stop() {
  if (!loader_) return;
  if (report.error) sender_->end();
  // One thing after the other may turn out not to be writable; what is in flight is waited for all
  // the same.
  constexpr int kMostFailures = 100;
  for (int failures = 0; failures < kMostFailures; ++failures) {
    try {
      loader_->finish_pass();
      break;
    } catch (const Interrupted&) {
      throw;
    } catch (...) {
      const Error error = current_error();
      if (!report.error) report.error = error;
      sender_->end();
    }
  }
  if (stage_) give_stage_up();
}

void RestRun::note(const std::string& line) {
  if (std::find(report.notes.begin(), report.notes.end(), line) == report.notes.end()) {
    report.notes.push_back(line);
  }
}

void RestRun::connect() {
  begin("connecting");
  report.target = services_.target;  // known even if nobody answers there
  connection_ = services_.connect();
  report.target = connection_.endpoint.base_url;
  inputs_.connected(connection_);
  if (options_.atomic && !options_.dry_run) inputs_.connected_directly();
}

SenderOptions RestRun::sender_options() const {
  SenderOptions options;
  // Rows go into a staging table as often as it takes; their mode counts when they are moved.
  options.mode = stage_ ? Mode::ignore : options_.mode;
  options.concurrency =
      options_.concurrency.value_or(rest::is_local(connection_.endpoint.base_url) ? 4 : 8);
  options.retry.max_retries = options_.retries;
  options.timeout = options_.timeout;
  if (options_.deadline) options.deadline = started_ + *options_.deadline;
  // With --atomic the staging tables themselves tell what is there.
  options.ledger = work_ && !stage_ ? work_->ledger() : nullptr;
  options.timeline = timeline_.get();
  options.random_seed = static_cast<std::uint64_t>(started_.time_since_epoch().count());
  return options;
}

void RestRun::make_sender() {
  sender_ = std::make_unique<Sender>(*services_.transport, connection_.endpoint, tally_,
                                     *services_.observer, sender_options(), services_.clock);
  tables_ = std::make_unique<RunTables>(options_, tally_, &inputs_.types());
  Loader::Setup setup;
  setup.options = &options_;
  setup.transport = services_.transport;
  setup.endpoint = &connection_.endpoint;
  setup.order = inputs_.order();
  setup.tables = tables_.get();
  setup.tally = &tally_;
  setup.sender = sender_.get();
  setup.stage = stage_.get();
  setup.observer = services_.observer;
  setup.progress = [this] { show_progress(); };
  setup.note = [this](const std::string& line) { note(line); };
  setup.model_is_complete = inputs_.types_are_complete();
  if (work_) {
    setup.lock = [this](const TableName& name) { work_->lock(name); };
    setup.keyless = [this](const ColumnSet& set) { require_no_other_work(set); };
    setup.ledger = stage_ ? nullptr : work_->ledger();
    setup.resume = work_->resume();
    setup.by_content = options_.if_changed && options_.mode == Mode::upsert && !stage_;
    if (setup.by_content) setup.finished = work_->finished();
  }
  loader_ = std::make_unique<Loader>(setup);
}

// The tables as the direct connection knows them; empty without one.
const Model& RestRun::catalogue() {
  if (catalogue_ || !services_.catalogue) return catalogue_ ? *catalogue_ : catalogue_.emplace();
  std::vector<std::string> schemas = {options_.schema};
  for (const FileSurvey& file : inputs_.surveys()) {
    for (const TableName& name : tables_of(file, options_)) {
      if (!contains(schemas, name.schema)) schemas.push_back(name.schema);
    }
  }
  return catalogue_.emplace(services_.catalogue(schemas));
}

void RestRun::ask_for_order() {
  if (plan_.tables.size() < 2 || stage_ || !services_.database_elsewhere.empty()) return;
  try {
    plan_.learn(catalogue());
    plan_.tell(*tables_);
  } catch (const Error& error) {
    note(text("foreign keys of several columns, or to other schemas, were not looked for: ",
              error.message));
  }
}

void RestRun::close() {
  if (!services_.catalogue && !inputs_.types_are_complete()) {
    throw Error(ErrorKind::usage,
                "--closure needs to know the foreign keys, and the API does not tell", "",
                "set DATABASE_URL");
  }
  const Model& known = services_.catalogue ? catalogue() : inputs_.types();
  select_closure(inputs_, options_, *tables_, known,
                 ask_over_rest(*services_.transport, connection_.endpoint),
                 [this](const std::string& line) { note(line); });
}

void RestRun::prepare_column_sets() {
  for (std::size_t part = 0; part < inputs_.surveys().size(); ++part) {
    const FileSurvey& file = inputs_.surveys()[part];
    for (const TableSurvey& surveyed : file.tables) {
      RunTable& table = tables_->table(surveyed.name);
      if (!table.wanted) continue;
      // Which of them goes with which zone is told by the rows: what is missing is prepared then.
      const std::vector<std::string>& zones = surveyed.time_zones;
      for (const ColumnSetUse& use : surveyed.column_sets) {
        require_known_table(surveyed.name, use, file, inputs_.name(part));
        for (const std::string& zone : zones) {
          loader_->prepare(
              table, {&use, &file.definitions, inputs_.name(part), zone, inputs_.dialect(part)});
        }
      }
    }
  }
}

// Without a column list nothing can be asked of the API: an unknown table must not pass for one
// whose columns are unknown.
void RestRun::require_known_table(const TableName& name, const ColumnSetUse& use,
                                  const FileSurvey& file, const std::string& path) {
  if (!inputs_.has_openapi() || inputs_.types().find(name) != nullptr) return;
  if (columns_of_rows(name, use, file.definitions, inputs_.order(), path)) return;
  throw Error(ErrorKind::refused, text("the API has no table ", to_sql(name)),
              text(path, ':', use.line), kMissingTableHint);
}

// The API describes neither all foreign keys nor all tables; the catalogue does.
void RestRun::ask_who_refers(const std::vector<TableName>& tables) {
  if (options_.allow_cascade || services_.database_url.empty()) return;
  if (services_.database_elsewhere.empty()) {
    return require_only_these_over(services_.database_url, tables, Referring::any);
  }
  note(text("FORCE: only the API was asked which rows refer to the tables: ",
            services_.database_elsewhere));
}

void RestRun::empty() {
  begin("emptying the tables");
  const std::vector<TableName> all = plan_.children_first();
  std::vector<TableName> children_first = all;
  // A table that an earlier run emptied may hold what it loaded by now.
  std::erase_if(children_first, [&](const TableName& name) {
    return std::any_of(emptied_.begin(), emptied_.end(),
                       [&](const Emptied& each) { return each.table == name; });
  });
  if (children_first.empty()) return;
  inputs_.require_untouched();
  require_nothing_else_refers(*services_.transport, connection_.endpoint, all, inputs_.types(),
                              options_);
  ask_who_refers(all);
  empty_tables(*services_.transport, connection_.endpoint, children_first, inputs_.types(),
               options_, *services_.observer, emptied_, work_ ? work_->ledger() : nullptr);
}

void RestRun::load() {
  for (std::size_t pass = 0; pass < plan_.order.passes && !sender_->ended(); ++pass) {
    for (std::size_t part = 0; part < inputs_.size() && !sender_->ended(); ++part) {
      if (DumpInput* const stream = inputs_.stream(part)) {
        if (pass == 0) loader_->load(*stream, part, pass, false);
      } else {
        const auto input = inputs_.open_part(part);
        loader_->load(*input, part, pass, inputs_.surveyed(part));
        if (!sender_->ended()) inputs_.require_same(part, *input);
      }
    }
    loader_->finish_pass();
  }
  show_progress();
  if (!inputs_.all_surveyed() && !sender_->ended()) {
    inputs_.require_mapping_used(loader_->mapping_use());
  }
}

void RestRun::show_progress() {
  Observer::Progress progress;
  progress.rows_read = loader_->rows_taken();
  progress.rows_done = tally_.done();
  progress.rows_total = options_.limit || !options_.tables.empty() ? 0 : inputs_.rows_total();
  progress.bytes_sent = sender_->bytes_sent();
  progress.seconds = std::chrono::duration<double>(services_.clock() - started_).count();
  services_.observer->progress(progress);
}

}  // namespace pgseed::seed
