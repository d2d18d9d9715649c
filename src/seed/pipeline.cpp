#include "pgseed/seed/pipeline.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/force.hpp"
#include "pgseed/seed/loader.hpp"
#include "pgseed/seed/order.hpp"
#include "pgseed/seed/preflight.hpp"
#include "pgseed/seed/sender.hpp"

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
        tally_(options.max_rejects, options.rejects_file) {}

  Report report;

  void go() {
    open_files();
    if (options_.dry_run && !services_.connect) {
      survey_files();
      return;
    }
    connect();
    survey_files();
    if (options_.dry_run) return;
    make_sender();
    plan();
    prepare_column_sets();
    if (options_.mode == Mode::force) empty();
    load();
  }

  // After an error in the middle: rows that wait are given up, those in flight are waited for.
  void stop() {
    if (!loader_) return;
    if (report.error) sender_->end();
    loader_->finish_pass();
  }

  // Whatever happened: the counts, and the state that the tables are in.
  void finish() {
    report.seconds = std::chrono::duration<double>(services_.clock() - started_).count();
    report.tables = tally_.final_tables();
    report.rejects_file = tally_.rejects_path();
    report.signal = interrupt::signal_number();
    if (sender_) {
      report.requests += sender_->requests();
      report.retries = sender_->retries();
      report.bytes_sent = sender_->bytes_sent();
      if (!report.error && sender_->error()) report.error = sender_->error();
    }
    if (!report.error && tally_.rejects() > 0) {
      report.error = tally_.first_reject(options_.mode == Mode::insert);
    }
    note_doubt();
    note_superseded();
    note_force_state();
    if (sequences_ > 0 && !options_.dry_run) {
      note(text(sequences_,
                sequences_ == 1 ? " statement that sets a sequence was"
                                : " statements that set sequences were",
                " passed over: PostgREST cannot set sequences; run them over the direct connection "
                "if rows get their ids from them"));
    }
  }

 private:
  void note(const std::string& line) {
    if (std::find(report.notes.begin(), report.notes.end(), line) == report.notes.end()) {
      report.notes.push_back(line);
    }
  }

  std::unique_ptr<DumpInput> open_part(std::size_t index) {
    auto input = std::make_unique<DumpInput>(parts_[index], options_.input);
    tell_json_columns(*input);
    return input;
  }

  // Every file can be opened and is what we read, before anybody is asked anything.
  void open_files() {
    // FORCE deletes only after the whole input was read through, so it is read twice.
    parts_ = list_inputs(options_.files, options_.input.packed, options_.mode == Mode::force);
    for (const InputPart& part : parts_) {
      auto input = std::make_unique<DumpInput>(part, options_.input);
      const sql::Dialect dialect = dialect_of(*input, options_.dialect);
      if (input->empty()) throw Error(ErrorKind::input, "the file is empty", input->name());
      FileReport file;
      file.path = part.shown();
      file.bytes = input->size().value_or(0);
      file.dialect = input->is_sql() ? sql::name(dialect) : input->row_format();
      report.files.push_back(file);
      dialects_.push_back(dialect);
      tally_.add_file(input->name());
      if (input->row_format() == "csv" || input->row_format() == "json") take_named_table();
      streams_.push_back(input->repeatable() ? nullptr : std::move(input));
    }
  }

  TableName named_table() const {
    const RowOptions& rows = options_.input.rows;
    return {rows.schema.empty() ? options_.schema : rows.schema, rows.table};
  }

  // --table says what the rows of CSV and JSON are called before they are mapped; what is loaded
  // goes by the name after it.
  void take_named_table() {
    const TableRule* const rule =
        options_.mapping ? options_.mapping->find(named_table()) : nullptr;
    if (rule == nullptr || !rule->table) return;
    const TableName target = rule->target_of(named_table());
    options_.tables = {target.schema + "." + target.table};
  }

  // Which strings of JSON rows are JSON in the table, only the target knows.
  void tell_json_columns(DumpInput& input) {
    if (input.row_format() != "json") return;
    std::vector<std::string> columns = options_.json_columns.value_or(std::vector<std::string>());
    const TableRule* const rule =
        options_.mapping ? options_.mapping->find(named_table()) : nullptr;
    const TableName name = rule == nullptr ? named_table() : rule->target_of(named_table());
    if (const Table* const table = types_.find(name)) {
      for (const Column& column : table->columns) {
        const ColumnClass kind = class_of(column.type);
        if (kind != ColumnClass::json && kind != ColumnClass::jsonb) continue;
        columns.push_back(rule == nullptr ? column.name : rule->source_of(column.name));
      }
    }
    input.set_json_columns(std::move(columns));
  }

  void connect() {
    report.target = services_.target;  // known even if nobody answers there
    connection_ = services_.connect();
    report.target = connection_.endpoint.base_url;
    types_ = connection_.model;
  }

  bool all_surveyed() const {
    for (std::size_t index = 0; index < parts_.size(); ++index) {
      if (!surveyed(index)) return false;
    }
    return true;
  }

  bool surveyed(std::size_t index) const {
    const bool wanted = options_.check || options_.mode == Mode::force;
    return wanted && streams_[index] == nullptr;
  }

  void survey_files() {
    std::uint64_t rows = 0;
    surveys_.resize(parts_.size());
    for (std::size_t index = 0; index < parts_.size(); ++index) {
      if (!surveyed(index)) continue;
      surveys_[index] = survey_file(index);
      FileSurvey& file = surveys_[index];
      report.files[index].bytes = file.bytes;
      sequences_ += file.sequence_statements;
      for (const TableSurvey& table : file.tables) rows += table.rows;
      for (const std::string& line : file.notes) note(text(file.path, ": ", line));
      if (file.pieces == 0) {
        throw Error(ErrorKind::input, "the file holds no rows, only blanks and comments",
                    file.path);
      }
    }
    rows_total_ = rows;
    if (all_surveyed()) require_mapping_used();
    for (const FileSurvey& file : surveys_) require_supported(file);
    if (all_surveyed()) require_rows(rows);
    if (options_.dry_run) count_dry_run();
  }

  // What the mapping speaks of must have come; of a stream that is known only at its end.
  void require_mapping_used() {
    if (!options_.mapping) return;
    MappingUse use;
    for (const FileSurvey& file : surveys_) use.add(file.mapping_use);
    if (loader_) use.add(loader_->mapping_use());
    for (const std::string& line : require_used(*options_.mapping, use)) note(line);
  }

  FileSurvey survey_file(std::size_t index) {
    TargetKnowledge known;
    known.types = connection_.has_openapi ? &types_ : nullptr;
    known.order = catalogue_read_ ? &order_ : nullptr;
    FileSurvey file = survey(*open_part(index), options_, known);
    // A file that is refused anyway is refused for what stands in it first.
    if (file.unsupported_count > 0 && !options_.skip_unsupported) return file;
    // Values are judged by the types of their columns: look again once those are known.
    if (learn_schemas(file)) return survey_file(index);
    // Rows without a column list and without CREATE TABLE: ask the direct connection, look again.
    const bool needs_catalogue =
        std::any_of(file.tables.begin(), file.tables.end(), [&](const TableSurvey& table) {
          return std::any_of(
              table.column_sets.begin(), table.column_sets.end(), [&](const ColumnSetUse& use) {
                return !columns_of_rows(table.name, use, file.definitions,
                                        catalogue_read_ ? &order_ : nullptr, file.path);
              });
        });
    const bool needs_types = !connection_.has_openapi && services_.connect != nullptr;
    const bool needed = needs_catalogue || needs_types || file.wants_lengths;
    if (!services_.catalogue || !needed) return file;
    return read_catalogue(file) ? survey_file(index) : file;
  }

  // False if all schemas of the file were read before.
  bool read_catalogue(const FileSurvey& file) {
    const std::size_t before = catalogue_schemas_.size();
    if (before == 0) catalogue_schemas_.push_back(options_.schema);
    for (const TableSurvey& table : file.tables) {
      if (std::find(catalogue_schemas_.begin(), catalogue_schemas_.end(), table.name.schema) ==
          catalogue_schemas_.end()) {
        catalogue_schemas_.push_back(table.name.schema);
      }
    }
    if (catalogue_schemas_.size() == before) return false;
    order_ = services_.catalogue(catalogue_schemas_);
    catalogue_read_ = true;
    if (!connection_.has_openapi) types_ = order_;
    return true;
  }

  void require_supported(const FileSurvey& file) {
    if (file.unsupported_count == 0) return;
    const UnsupportedUse& first = file.unsupported.front();
    if (options_.skip_unsupported) {
      note(text(file.path, ": ", file.unsupported_count,
                " rows or statements cannot go over PostgREST and are skipped, the first in line ",
                first.line, " (", first.kind, ")"));
      return;
    }
    constexpr std::size_t kShown = 10;
    for (std::size_t index = 0; index < file.unsupported.size() && index < kShown; ++index) {
      const UnsupportedUse& use = file.unsupported[index];
      note(text(file.path, ':', use.line, ": ", use.kind, ": ", use.text));
    }
    throw Error(ErrorKind::input,
                text(first.kind, " cannot go over PostgREST",
                     file.unsupported_count > 1
                         ? text(" (and ", file.unsupported_count - 1, " more in this file)")
                         : std::string()),
                text(file.path, ':', first.line),
                "nothing was written; leave such rows and statements out with --skip-unsupported, "
                "or load the file with psql");
  }

  void require_rows(std::uint64_t rows) {
    if (rows > 0) return;
    if (options_.mode == Mode::force) {
      throw Error(ErrorKind::input, "there are no rows to load; FORCE would only empty tables",
                  parts_.front().name);
    }
    note("the file holds no rows");
  }

  void count_dry_run() {
    for (const FileSurvey& file : surveys_) {
      for (const TableSurvey& table : file.tables) {
        note(text("would load ", with_separators(table.rows - table.unsupported_rows),
                  " rows into ", to_sql(table.name)));
      }
    }
  }

  // The OpenAPI document speaks of one schema; the files may speak of more. True if it told more.
  bool learn_schemas(const FileSurvey& file) {
    if (!connection_.has_openapi) return false;
    bool more = false;
    for (const TableSurvey& table : file.tables) {
      const std::string& schema = table.name.schema;
      const bool is_known =
          schema == options_.schema ||
          std::find(other_schemas_.begin(), other_schemas_.end(), schema) != other_schemas_.end();
      if (is_known || !wants(options_, table.name)) continue;
      other_schemas_.push_back(schema);
      const auto model = rest::read_model(*services_.transport, connection_.endpoint, schema);
      if (!model) continue;
      types_.tables.insert(types_.tables.end(), model->tables.begin(), model->tables.end());
      more = true;
    }
    return more;
  }

  void make_sender() {
    SenderOptions options;
    options.mode = options_.mode;
    options.concurrency =
        options_.concurrency.value_or(is_local(connection_.endpoint.base_url) ? 4 : 8);
    options.retry.max_retries = options_.retries;
    options.timeout = options_.timeout;
    if (options_.deadline) options.deadline = started_ + *options_.deadline;
    options.random_seed = static_cast<std::uint64_t>(started_.time_since_epoch().count());
    sender_ = std::make_unique<Sender>(*services_.transport, connection_.endpoint, tally_,
                                       *services_.observer, options, services_.clock);
    Loader::Setup setup;
    setup.options = &options_;
    setup.transport = services_.transport;
    setup.endpoint = &connection_.endpoint;
    setup.types = &types_;
    setup.order = catalogue_read_ ? &order_ : nullptr;
    setup.tally = &tally_;
    setup.sender = sender_.get();
    setup.observer = services_.observer;
    setup.progress = [this] { show_progress(); };
    setup.note = [this](const std::string& line) { note(line); };
    setup.model_is_complete = connection_.has_openapi || catalogue_read_;
    loader_ = std::make_unique<Loader>(setup);
  }

  void plan() {
    std::vector<OrderedTable> tables;
    for (std::size_t file = 0; file < surveys_.size(); ++file) {
      for (const TableSurvey& surveyed : surveys_[file].tables) {
        if (surveyed.rows == 0) continue;
        RunTable& table = loader_->table(surveyed.name);
        table.surveyed = true;
        table.last_piece = first_piece_of_file(file) + surveyed.last_piece;
        if (!table.wanted) continue;
        const auto known =
            std::find_if(tables.begin(), tables.end(),
                         [&](const OrderedTable& each) { return each.name == surveyed.name; });
        if (known != tables.end()) {
          known->last_piece = table.last_piece;
        } else {
          tables.push_back(
              {surveyed.name, first_piece_of_file(file) + surveyed.first_piece, table.last_piece});
        }
      }
    }
    require_named_tables();
    require_something_to_load(tables);
    order_of_tables_ = tables;
    load_order_ = order_tables(tables, types_);
    for (std::size_t index = 0; index < tables.size(); ++index) {
      RunTable& table = loader_->table(tables[index].name);
      table.pass = load_order_.pass[index];
      table.parents = load_order_.parents[index];
    }
    std::string circle;
    for (const std::size_t index : load_order_.in_cycle) {
      circle += text(circle.empty() ? "" : ", ", to_sql(tables[index].name));
    }
    if (!circle.empty()) {
      note(text("the tables ", circle,
                " refer to each other in a circle; they are loaded in file order"));
    }
  }

  // FORCE never empties a table that --limit and --offset then leave empty.
  void require_something_to_load(const std::vector<OrderedTable>& tables) {
    if (tables.empty() && rows_total_ > 0) note("--table and --exclude leave out every table");
    if (options_.mode != Mode::force) return;
    for (const OrderedTable& table : tables) {
      std::uint64_t rows = 0;
      for (const FileSurvey& file : surveys_) {
        for (const TableSurvey& surveyed : file.tables) {
          if (surveyed.name == table.name) rows += surveyed.rows;
        }
      }
      if (rows > options_.offset && options_.limit.value_or(1) > 0) continue;
      throw Error(ErrorKind::usage,
                  text("--limit and --offset leave no row for ", to_sql(table.name),
                       ": FORCE would only empty it"),
                  "", text("the files hold ", rows, " rows of it"));
    }
  }

  // A misspelt --table must not end as a green run that loaded nothing.
  void require_named_tables() {
    if (!all_surveyed()) return;
    for (const std::string& wanted : options_.tables) {
      const auto& tables = loader_->tables();
      const bool found = std::any_of(tables.begin(), tables.end(), [&](const auto& table) {
        return table->name.table == wanted || to_sql(table->name) == wanted ||
               table->name.schema + "." + table->name.table == wanted ||
               table->name.schema + ".*" == wanted;
      });
      if (found) continue;
      std::string names;
      for (const auto& table : tables) {
        names += (names.empty() ? "" : ", ") + to_sql(table->name);
      }
      throw Error(ErrorKind::usage, text("--table ", wanted, ": the files have no such table"), "",
                  names.empty() ? "the files hold no rows" : text("they have ", names));
    }
  }

  void prepare_column_sets() {
    for (std::size_t file = 0; file < surveys_.size(); ++file) {
      for (const TableSurvey& surveyed : surveys_[file].tables) {
        RunTable& table = loader_->table(surveyed.name);
        if (!table.wanted) continue;
        // The time zone of rows may change within the file; such sets are prepared on the way.
        for (const ColumnSetUse& use : surveyed.column_sets) {
          require_known_table(surveyed.name, use, surveys_[file], parts_[file].name);
          loader_->prepare(table, use, surveys_[file].definitions, parts_[file].name, "",
                           dialects_[file]);
        }
      }
    }
  }

  // Without a column list nothing can be asked of the API: an unknown table must not pass for one
  // whose columns are unknown.
  void require_known_table(const TableName& name, const ColumnSetUse& use, const FileSurvey& file,
                           const std::string& path) {
    if (!connection_.has_openapi || types_.find(name) != nullptr) return;
    const Model* const order = catalogue_read_ ? &order_ : nullptr;
    if (columns_of_rows(name, use, file.definitions, order, path)) return;
    throw Error(ErrorKind::refused, text("the API has no table ", to_sql(name)),
                text(path, ':', use.line), kMissingTableHint);
  }

  void empty() {
    std::vector<TableName> children_first;
    for (auto index = load_order_.parents_first.rbegin(); index != load_order_.parents_first.rend();
         ++index) {
      children_first.push_back(order_of_tables_[*index].name);
    }
    require_nothing_else_refers(*services_.transport, connection_.endpoint, children_first, types_,
                                options_);
    empty_tables(*services_.transport, connection_.endpoint, children_first, types_, options_,
                 *services_.observer, emptied_);
  }

  void load() {
    for (std::size_t pass = 0; pass < load_order_.passes && !sender_->ended(); ++pass) {
      for (std::size_t part = 0; part < parts_.size() && !sender_->ended(); ++part) {
        if (DumpInput* const stream = streams_[part].get()) {
          if (pass > 0) continue;
          tell_json_columns(*stream);
          loader_->load(*stream, part, pass, false);
        } else {
          loader_->load(*open_part(part), part, pass, surveyed(part));
        }
      }
      loader_->finish_pass();
    }
    show_progress();
    if (!all_surveyed() && !sender_->ended()) require_mapping_used();
  }

  void show_progress() {
    Observer::Progress progress;
    progress.rows_read = loader_->rows_taken();
    progress.rows_done = tally_.done();
    progress.rows_total = options_.limit || !options_.tables.empty() ? 0 : rows_total_;
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
              "seeded again with --upsert");
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
      note(text("FORCE: ", to_sql(table.table), " was emptied (", table.rows,
                " rows deleted) and now holds ", loaded, " of the file's rows"));
    }
    for (const OrderedTable& table : order_of_tables_) {
      const bool was_emptied =
          std::any_of(emptied_.begin(), emptied_.end(),
                      [&](const Emptied& each) { return each.table == table.name; });
      if (!was_emptied) note(text("FORCE: ", to_sql(table.name), " is as it was"));
    }
  }

  Options options_;
  const Services& services_;
  std::chrono::steady_clock::time_point started_;
  Tally tally_;
  std::vector<InputPart> parts_;
  std::vector<std::unique_ptr<DumpInput>> streams_;  // by part: pipes, which can be read once
  rest::Connection connection_;
  Model types_;
  Model order_;
  bool catalogue_read_ = false;
  std::vector<std::string> catalogue_schemas_, other_schemas_;  // that were asked for
  std::vector<sql::Dialect> dialects_;                          // by part
  std::vector<FileSurvey> surveys_;  // by part; empty for one that is not surveyed
  std::uint64_t rows_total_ = 0;
  std::uint64_t sequences_ = 0;
  std::vector<OrderedTable> order_of_tables_;
  LoadOrder load_order_;
  std::vector<Emptied> emptied_;
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<Loader> loader_;
};

// Ends the run in an orderly way after an error in the middle: what is in flight is waited for.
template <class Work>
void guarded(Report& report, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (!report.error) report.error = error;
  } catch (const Interrupted&) {
    // report.signal tells
  }
}

}  // namespace

Report run(const Options& options, const Services& services) {
  std::unique_ptr<Run> run;
  Report failed;
  guarded(failed, [&] { run = std::make_unique<Run>(options, services); });
  if (!run) return failed;
  guarded(run->report, [&] { run->go(); });
  guarded(run->report, [&] { run->stop(); });
  guarded(run->report, [&] { run->finish(); });
  return std::move(run->report);
}

}  // namespace pgseed::seed
