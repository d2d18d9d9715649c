#include "pgseed/seed/pipeline.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "pgseed/base/current_error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/closure_walk.hpp"
#include "pgseed/seed/direct_run.hpp"
#include "pgseed/seed/direct_verify.hpp"
#include "pgseed/seed/force.hpp"
#include "pgseed/seed/loader.hpp"
#include "pgseed/seed/mapping.hpp"
#include "pgseed/seed/preflight.hpp"
#include "pgseed/seed/rest_closure.hpp"
#include "pgseed/seed/run_inputs.hpp"
#include "pgseed/seed/run_ledger.hpp"
#include "pgseed/seed/run_plan.hpp"
#include "pgseed/seed/sender.hpp"
#include "pgseed/seed/sequences.hpp"
#include "pgseed/seed/stage.hpp"
#include "pgseed/seed/verify_run.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;

bool is_local(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return false;
  const std::string_view host = std::string_view(url).substr(scheme + 3);
  return host.rfind("127.", 0) == 0 || host.rfind("localhost", 0) == 0 ||
         host.rfind("[::1]", 0) == 0;
}

class Run {
 public:
  Run(const Options& options, const Services& services)
      : options_(options),
        services_(services),
        started_(services.clock()),
        timeline_(std::make_shared<Timeline>(started_)),
        tally_(options.max_rejects, options.rejects_file, !keeps_ledger()),
        inputs_({&options_, services.transport, services.catalogue,
                 [this](const std::string& line) { note(line); }}) {}

  Report report;

  void go() {
    begin("opening the files");
    inputs_.open();
    for (std::size_t part = 0; part < inputs_.size(); ++part) tally_.add_file(inputs_.name(part));
    if (keeps_ledger()) open_ledger();
    if (report.is_up_to_date) return;
    if (!options_.dry_run || services_.connect) connect();
    begin("reading the files");
    inputs_.survey();
    if (options_.dry_run) return count_dry_run();
    begin("checking the target");
    if (work_) begin_ledger();
    if (report.is_up_to_date) return;
    if (options_.atomic) make_stage();
    make_sender();
    plan_ = make_plan(inputs_, options_, *tables_, [this](const std::string& line) { note(line); });
    if (options_.closure) close();
    if (stage_) {
      open_stage();
      if (stage_->was_moved()) return;
    }
    prepare_column_sets();
    if (options_.verify) look_before();
    if (options_.mode == Mode::force && !stage_) empty();
    begin("loading");
    load();
    if (stage_) finish_stage();
    set_sequences();
  }

  // After an error in the middle: rows that wait are given up, those in flight are waited for.
  void stop() {
    if (!loader_) return;
    if (report.error) sender_->end();
    // One thing after the other may turn out not to be writable; what is in flight is waited for
    // all the same.
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

  // After a load that came to its end: does the target hold what the files say?
  void compare() {
    if (!options_.verify || !loader_ || options_.dry_run || report.error || sender_->error() ||
        interrupt::signal_number() != 0) {
      return;
    }
    before_.refused = tally_.rejected_numbers();
    const std::vector<TableReport> counts = tally_.final_tables();
    for (LoadedBefore::Table& table : before_.tables) {
      for (std::size_t index = 0; index < counts.size(); ++index) {
        if (counts[index].table != table.name) continue;
        table.ignored = counts[index].counts.ignored;
        table.unstored = tally_.unnamed(index);
      }
    }
    const auto started = services_.clock();
    Tally uncounted({}, "");
    RunTables tables(options_, uncounted, &inputs_.types());
    const RunPlan plan = make_plan(inputs_, options_, tables, [](const std::string&) {});
    for (const auto& table : tables_->all()) {
      tables.table(table->name).selection = table->selection;
    }
    DirectVerifySetup setup;
    setup.options = &options_;
    setup.catalogue = &catalogue();
    setup.database_url = services_.database_url;
    setup.before = before_;
    setup.note = [this](const std::string& line) { note(line); };
    if (options_.deadline) setup.deadline = started_ + *options_.deadline;
    const std::unique_ptr<Verifier> verifier = make_direct_verifier(std::move(setup));
    walk_for(*verifier, inputs_, plan, options_, tables, inputs_.order());
    VerifyReport& verification = report.verification.emplace();
    verifier->finish(verification);
    verification.seconds = std::chrono::duration<double>(services_.clock() - started).count();
    if (auto difference = verification.error()) report.error = std::move(difference);
  }

  // Whatever happened: the counts, and the state that the tables are in.
  void finish() {
    report.seconds = std::chrono::duration<double>(services_.clock() - started_).count();
    report.files = inputs_.files();
    report.tables = tally_.final_tables();
    report.rejects_file = tally_.rejects_path();
    report.rejects = tally_.first_rejects();
    report.timeline = timeline_;
    const std::string& doing = timeline_->phases().back().name;
    const bool connects = doing == "connecting" && !report.target.empty();
    report.take_stop_request(connects ? text(doing, " to ", report.target) : doing);
    if (sender_) {
      report.requests += sender_->requests();
      report.retries = sender_->retries();
      report.bytes_sent = sender_->bytes_sent();
      report.widths = sender_->widths();
      if (!report.error && sender_->error()) report.error = sender_->error();
    }
    if (!report.error && tally_.rejects() > 0) {
      report.error = tally_.first_reject(options_.mode == Mode::insert);
    }
    if (!report.error && tally_.rejects() > 0) {
      report.error =
          Error(ErrorKind::rows,
                text(with_separators(tally_.rejects()),
                     " rows were refused by the time of an earlier run"),
                "", "mend what refused them, then run the same command again: it tries them again");
    }
    note_doubt();
    note_superseded();
    if (!stage_) note_force_state();
    if (const auto sequences = inputs_.sequence_statements(); sequences > 0 && !options_.dry_run) {
      note(text(sequences,
                sequences == 1 ? " statement that sets a sequence was"
                               : " statements that set sequences were",
                services_.database_url.empty()
                    ? " passed over: PostgREST cannot set sequences; run them over the direct "
                      "connection if rows get their ids from them"
                    : " passed over: sequences are set to the largest value of their column"));
    }
    close_ledger();
    // Until here the staging tables were the proof.
    if (stage_ && (is_moved_ || stage_->was_moved())) stage_->clear_up();
  }

 private:
  void begin(const std::string& phase) { timeline_->phase(services_.clock(), phase); }

  void note(const std::string& line) {
    if (std::find(report.notes.begin(), report.notes.end(), line) == report.notes.end()) {
      report.notes.push_back(line);
    }
  }

  void connect() {
    begin("connecting");
    report.target = services_.target;  // known even if nobody answers there
    connection_ = services_.connect();
    report.target = connection_.endpoint.base_url;
    inputs_.connected(connection_);
    if (options_.atomic && !options_.dry_run) inputs_.connected_directly();
  }

  bool keeps_ledger() const { return !options_.ledger_folder.empty() && !options_.dry_run; }

  std::vector<LedgerSource> sources() const {
    std::vector<LedgerSource> sources;
    for (std::size_t part = 0; part < inputs_.size(); ++part) {
      sources.push_back(inputs_.source(part));
    }
    return sources;
  }

  void open_ledger() {
    std::vector<std::string> names;
    for (std::size_t part = 0; part < inputs_.size(); ++part) {
      names.push_back(inputs_.source_name(part));
    }
    work_ = std::make_shared<RunLedger>(options_, services_.target, names);
    if (options_.if_changed && work_->is_done(sources())) {
      report.target = services_.target;
      return is_done(
          "nothing has changed since the files were loaded completely; nothing was sent");
    }
    // A run that is gone on with makes the same values as before.
    const LedgerState* const past = work_->unfinished();
    if (past == nullptr || !options_.mapping || past->head.seed.empty()) return;
    auto mapping = std::make_shared<Mapping>(*options_.mapping);
    mapping->now = past->head.now;
    mapping->seed = past->head.seed;
    options_.mapping = std::move(mapping);
  }

  void is_done(const std::string& why) {
    report.is_up_to_date = true;
    note(why);
    tally_.keep_rejects(0);
  }

  void begin_ledger() {
    LedgerHead head;
    head.sources = sources();
    head.schema = options_.schema;
    head.mode = name(options_.mode);
    if (options_.mapping) {
      head.now = options_.mapping->now;
      head.seed = options_.mapping->seed;
    }
    if (const LedgerState* const past = work_->unfinished()) {
      if (past->complete) {
        if (work_->is_done(head.sources) && !was_emptied_since(*past)) {
          return is_done(
              "an earlier run loaded everything and was stopped before it could say so; nothing "
              "was left to do");
        }
        work_->forget();
      } else if (was_emptied_since(*past)) {
        note(
            "the tables were emptied since an earlier run that did not come to its end; this one "
            "begins anew");
        work_->forget();
      } else if (!may_go_on(*past, head.sources, options_)) {
        note("an earlier run with other contents did not come to its end; this one begins anew");
        work_->forget();
      } else {
        note("going on with an earlier run that did not come to its end");
      }
    }
    const LedgerState* const past = work_->unfinished();
    const bool same_file = past != nullptr && past->rejects_path == options_.rejects_file;
    if (!tally_.keep_rejects(same_file ? past->rejects_bytes : 0)) {
      note("the reject file of the earlier run is not there any more; it begins anew");
    }
    work_->begin(head, options_.rejects_file);
    if (work_->resume() == nullptr) return;
    for (const LedgerTable& table : work_->resume()->state().tables) {
      if (table.emptied) {
        emptied_.push_back({table.name, static_cast<long long>(*table.emptied)});
      }
    }
  }

  // A database that was made anew has nothing of what the ledger knows to be stored.
  bool was_emptied_since(const LedgerState& past) {
    bool stored = false;
    for (const LedgerTable& table : past.tables) {
      const bool has_rows =
          std::any_of(table.rows.begin(), table.rows.end(),
                      [](const auto& piece) { return piece.second.state == RowState::stored; });
      if (!has_rows) continue;
      stored = true;
      const Table* const model = inputs_.types().find(table.name);
      if (model == nullptr || model->columns.empty()) return false;
      const std::string& column =
          model->primary_key.empty() ? model->columns.front().name : model->primary_key.front();
      HttpRequest request = rest::any_row_request(connection_.endpoint, table.name, column);
      request.timeout = options_.timeout;
      const HttpResult result = exchange(*services_.transport, request);
      if (interrupt::signal_number() != 0) throw Interrupted{};
      const bool is_empty = result.delivery == Delivery::answered && result.status == 200 &&
                            rest::found_nothing(result.content_range);
      if (!is_empty) return false;
    }
    return stored && options_.unfinished != Continue::insist;
  }

  // Everything that is asked for is in the table: the work is done. Else the next run goes on.
  void close_ledger() {
    Ledger* const ledger = work_ ? work_->ledger() : nullptr;
    report.can_go_on = ledger != nullptr;
    if (report.exit_code() == 0 && work_) {
      if (ledger != nullptr) work_->complete(loader_->keys_came_once());
      report.settle = [work = work_] { work->settle(); };
    }
    if (ledger == nullptr) return;
    if (report.signal == 0 && report.error && report.error->kind == ErrorKind::rows &&
        tally_.rejects() > 0) {
      ledger->try_rejects_again();
    }
  }

  void count_dry_run() {
    for (const FileSurvey& file : inputs_.surveys()) {
      for (const TableSurvey& table : file.tables) {
        note(text("would load ", with_separators(table.rows - table.unsupported_rows),
                  " rows into ", to_sql(table.name)));
      }
    }
  }

  void make_sender() {
    SenderOptions options;
    // Rows go into a staging table as often as it takes; their mode counts when they are moved.
    options.mode = stage_ ? Mode::ignore : options_.mode;
    options.concurrency =
        options_.concurrency.value_or(is_local(connection_.endpoint.base_url) ? 4 : 8);
    options.retry.max_retries = options_.retries;
    options.timeout = options_.timeout;
    if (options_.deadline) options.deadline = started_ + *options_.deadline;
    // With --atomic the staging tables themselves tell what is there.
    options.ledger = work_ && !stage_ ? work_->ledger() : nullptr;
    options.timeline = timeline_.get();
    options.random_seed = static_cast<std::uint64_t>(started_.time_since_epoch().count());
    sender_ = std::make_unique<Sender>(*services_.transport, connection_.endpoint, tally_,
                                       *services_.observer, options, services_.clock);
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
      setup.ledger = stage_ ? nullptr : work_->ledger();
      setup.resume = work_->resume();
      setup.by_content = options_.if_changed && options_.mode == Mode::upsert && !stage_;
      if (setup.by_content) setup.finished = work_->finished();
    }
    loader_ = std::make_unique<Loader>(setup);
  }

  void make_stage() {
    Stage::Setup setup;
    setup.options = &options_;
    setup.database_url = services_.database_url;
    setup.transport = services_.transport;
    setup.endpoint = &connection_.endpoint;
    setup.tally = &tally_;
    setup.observer = services_.observer;
    setup.note = [this](const std::string& line) { note(line); };
    if (options_.deadline) setup.deadline = started_ + *options_.deadline;
    setup.work = inputs_.work();
    setup.repeatable = inputs_.all_repeatable();
    stage_ = std::make_unique<Stage>(setup);
  }

  // Staging tables know no references: the order of tables counts when rows are moved.
  void open_stage() {
    std::vector<RunTable*> targets;
    for (const OrderedTable& each : plan_.tables) {
      RunTable& table = tables_->table(each.name);
      table.pass = 0;
      table.parents.clear();
      require_key(table);
      targets.push_back(&table);
    }
    plan_.order.passes = 1;
    stage_->open(targets);
  }

  void require_key(const RunTable& table) {
    const bool resolves = options_.mode == Mode::upsert || options_.mode == Mode::ignore;
    if (!resolves || !table.key.empty() || table.model == nullptr) return;
    throw Error(ErrorKind::refused,
                text("the table ", to_sql(table.name), " has no primary key: ", name(options_.mode),
                     " would insert every row again"),
                "",
                "give it a primary key, or name the columns of a unique constraint with "
                "--on-conflict");
  }

  void finish_stage() {
    constexpr int kMostLosses = 10;
    for (int losses = 0;; ++losses) {
      try {
        return move_into_place();
      } catch (const StagedRowsLost&) {
        if (losses == kMostLosses) {
          throw Error(ErrorKind::unreachable, "the server lost the staged rows again and again", "",
                      "see why PostgreSQL restarts, then run again");
        }
      }
      services_.observer->note(0, "the server has lost staged rows; they are sent again");
      tally_.start_again();
      for (const auto& table : tables_->all()) table->seen = 0;
      stage_->start_again();
      load();
    }
  }

  void move_into_place() {
    if (sender_->ended() || interrupt::signal_number() != 0) return;
    const auto in_doubt = [](const TableReport& table) { return table.counts.in_doubt > 0; };
    if (std::any_of(tally_.tables().begin(), tally_.tables().end(), in_doubt)) {
      throw Error(ErrorKind::unreachable, "it is not known whether all rows are staged", "",
                  "run again: rows that are there are not sent again");
    }
    std::vector<TableName> parents_first = plan_.children_first();
    std::reverse(parents_first.begin(), parents_first.end());
    stage_->move(parents_first, report.sequences);
    is_moved_ = true;
  }

  // Rows that were not moved are in no table. What was staged is kept where another run can go on
  // with it.
  void give_stage_up() {
    if (is_moved_ || stage_->was_moved()) return;
    if (stage_->in_doubt()) return tally_.doubt_all();
    tally_.undo();
    const std::optional<Error>& error = report.error ? report.error : sender_->error();
    const bool goes_on =
        interrupt::signal_number() != 0 || (error && error->kind == ErrorKind::unreachable);
    if (!goes_on) stage_->discard();
    note(goes_on ? "no table was changed; what is staged waits for the same command to go on"
                 : "no table was changed: with --atomic all rows are stored, or none");
  }

  // Ids that came with the rows leave sequences behind.
  void set_sequences() {
    if (stage_ || sender_->ended()) return;
    std::vector<TableName> loaded;
    for (const TableReport& table : tally_.tables()) {
      if (table.counts.loaded > 0) loaded.push_back(table.table);
    }
    if (services_.database_url.empty()) return note_sequences(loaded);
    std::vector<std::string> not_allowed;
    try {
      report.sequences = set_sequences_over(services_.database_url, loaded, not_allowed);
    } catch (const Error& error) {
      note(text("the tables' sequences could not be looked at: ", error.message));
      return note_sequences(loaded);
    }
    for (const std::string& sql : not_allowed) note("this sequence could not be set: " + sql);
  }

  void note_sequences(const std::vector<TableName>& loaded) {
    std::string all;
    for (const TableName& name : loaded) {
      const Table* const table = inputs_.types().find(name);
      const std::string sql = table == nullptr ? std::string() : sequence_sql(*table);
      if (sql.empty() || !sends_key(*table)) continue;
      all += (all.empty() ? "" : " ") + sql;
    }
    if (!all.empty()) {
      note(
          "the rows brought their ids along, and PostgREST cannot set sequences; if ids come from "
          "one, run over the direct connection: " +
          all);
    }
  }

  bool sends_key(const Table& table) const {
    for (const FileSurvey& file : inputs_.surveys()) {
      for (const TableSurvey& surveyed : file.tables) {
        if (surveyed.name != table.name) continue;
        for (const ColumnSetUse& use : surveyed.column_sets) {
          if (use.unlisted || std::find(use.columns.begin(), use.columns.end(),
                                        table.primary_key.front()) != use.columns.end()) {
            return true;
          }
        }
      }
    }
    return false;
  }

  void prepare_column_sets() {
    for (std::size_t part = 0; part < inputs_.surveys().size(); ++part) {
      const FileSurvey& file = inputs_.surveys()[part];
      for (const TableSurvey& surveyed : file.tables) {
        RunTable& table = tables_->table(surveyed.name);
        if (!table.wanted) continue;
        // The time zone of rows may change within the file; such sets are prepared on the way.
        for (const ColumnSetUse& use : surveyed.column_sets) {
          require_known_table(surveyed.name, use, file, inputs_.name(part));
          loader_->prepare(
              table, {&use, &file.definitions, inputs_.name(part), "", inputs_.dialect(part)});
        }
      }
    }
  }

  // The tables as the direct connection knows them; empty without one.
  const Model& catalogue() {
    if (catalogue_ || !services_.catalogue) return catalogue_ ? *catalogue_ : catalogue_.emplace();
    std::vector<std::string> schemas = {options_.schema};
    for (const OrderedTable& table : plan_.tables) {
      if (std::find(schemas.begin(), schemas.end(), table.name.schema) == schemas.end()) {
        schemas.push_back(table.name.schema);
      }
    }
    return catalogue_.emplace(services_.catalogue(schemas));
  }

  void close() {
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

  // Of a table that is empty now, everything that is in it afterwards is ours.
  void look_before() {
    tally_.keep_numbers();
    for (const OrderedTable& table : plan_.tables) {
      LoadedBefore::Table& before = before_.tables.emplace_back();
      before.name = table.name;
      before.was_empty = options_.mode == Mode::force;
      if (before.was_empty) continue;
      const HttpResult result =
          exchange(*services_.transport, rest::count_request(connection_.endpoint, table.name));
      before.was_empty = result.delivery == Delivery::answered && result.status == 200 &&
                         rest::total_of(result.content_range) == 0;
    }
  }

  // Without a column list nothing can be asked of the API: an unknown table must not pass for one
  // whose columns are unknown.
  void require_known_table(const TableName& name, const ColumnSetUse& use, const FileSurvey& file,
                           const std::string& path) {
    if (!inputs_.has_openapi() || inputs_.types().find(name) != nullptr) return;
    if (columns_of_rows(name, use, file.definitions, inputs_.order(), path)) return;
    throw Error(ErrorKind::refused, text("the API has no table ", to_sql(name)),
                text(path, ':', use.line), kMissingTableHint);
  }

  void empty() {
    begin("emptying the tables");
    const std::vector<TableName> all = plan_.children_first();
    std::vector<TableName> children_first = all;
    // A table that an earlier run emptied may hold what it loaded by now.
    std::erase_if(children_first, [&](const TableName& name) {
      return std::any_of(emptied_.begin(), emptied_.end(),
                         [&](const Emptied& each) { return each.table == name; });
    });
    if (children_first.empty()) return;
    require_nothing_else_refers(*services_.transport, connection_.endpoint, all, inputs_.types(),
                                options_);
    empty_tables(*services_.transport, connection_.endpoint, children_first, inputs_.types(),
                 options_, *services_.observer, emptied_, work_ ? work_->ledger() : nullptr);
  }

  void load() {
    for (std::size_t pass = 0; pass < plan_.order.passes && !sender_->ended(); ++pass) {
      for (std::size_t part = 0; part < inputs_.size() && !sender_->ended(); ++part) {
        if (DumpInput* const stream = inputs_.stream(part)) {
          if (pass == 0) loader_->load(*stream, part, pass, false);
        } else {
          loader_->load(*inputs_.open_part(part), part, pass, inputs_.surveyed(part));
        }
      }
      loader_->finish_pass();
    }
    show_progress();
    if (!inputs_.all_surveyed() && !sender_->ended()) {
      inputs_.require_mapping_used(loader_->mapping_use());
    }
  }

  void show_progress() {
    Observer::Progress progress;
    progress.rows_read = loader_->rows_taken();
    progress.rows_done = tally_.done();
    progress.rows_total = options_.limit || !options_.tables.empty() ? 0 : inputs_.rows_total();
    progress.bytes_sent = sender_->bytes_sent();
    progress.seconds = std::chrono::duration<double>(services_.clock() - started_).count();
    services_.observer->progress(progress);
  }

  void note_doubt() {
    const Counts sum = report.totals();
    if (sum.in_doubt == 0 || report.error) return;
    report.error =
        Error(ErrorKind::rows,
              text(with_separators(sum.in_doubt),
                   " rows are in doubt: the connection broke while they were on their way"),
              "",
              "compare the table with the file; a table with a primary key can be "
              "seeded again with --upsert, one without is best loaded with --atomic");
  }

  void note_superseded() {
    if (options_.mode != Mode::upsert) return;
    for (const TableReport& table : report.tables) {
      if (table.superseded == 0) continue;
      note(text(with_separators(table.superseded), " rows of ", to_sql(table.table),
                " were superseded by a later row with the same key"));
    }
  }

  // FORCE that ended early leaves tables empty or half full: say which.
  void note_force_state() {
    if (options_.mode != Mode::force || (!report.error && report.signal == 0)) return;
    if (emptied_.empty()) {
      note("FORCE: no table was emptied; the target is as it was");
      return;
    }
    for (const Emptied& table : emptied_) {
      std::uint64_t loaded = 0;
      for (const TableReport& each : report.tables) {
        if (each.table == table.table) loaded = each.counts.loaded;
      }
      if (!table.certain) {
        note(text("FORCE: ", to_sql(table.table),
                  " may have been emptied: the answer to its deletion never came"));
        continue;
      }
      note(text("FORCE: ", to_sql(table.table), " was emptied (", table.rows,
                " rows deleted) and now holds ", loaded, " of the file's rows"));
    }
    for (const OrderedTable& table : plan_.tables) {
      const bool was_emptied =
          std::any_of(emptied_.begin(), emptied_.end(),
                      [&](const Emptied& each) { return each.table == table.name; });
      if (!was_emptied) note(text("FORCE: ", to_sql(table.name), " is as it was"));
    }
  }

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
  std::shared_ptr<RunLedger> work_;  // without one nothing is recorded
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<Loader> loader_;
  std::optional<Model> catalogue_;
  LoadedBefore before_;
};

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
  report.verification = std::move(compared.report);
  report.error = compared.outcome();
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
  std::unique_ptr<Run> run;
  Report failed;
  guarded(failed, [&] { run = std::make_unique<Run>(options, services); });
  if (!run) return failed;
  guarded(run->report, [&] { run->go(); });
  guarded(run->report, [&] { run->stop(); });
  guarded(run->report, [&] { run->compare(); });
  guarded(run->report, [&] { run->finish(); });
  return std::move(run->report);
}

}  // namespace pgseed::seed
