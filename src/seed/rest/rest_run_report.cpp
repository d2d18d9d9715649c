#include "pgseed/seed/rest/rest_run.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/move/sequences.hpp"

namespace pgseed::seed {

// PostgREST says so only where rows are tried, which a dry run does not do.
void RestRun::look_for_identity() {
  if (!services_.catalogue || !services_.database_elsewhere.empty() ||
      options_.regenerate_identity || options_.atomic) {
    return;
  }
  try {
    catalogue();
  } catch (const Error& error) {
    return note(text("identity columns were not looked for: ", error.message));
  }
  for (const FileSurvey& file : inputs_.surveys()) {
    for (const TableSurvey& surveyed : file.tables) {
      const Table* const table = catalogue().find(surveyed.name);
      if (table == nullptr || !wants(options_, surveyed.name)) continue;
      for (const ColumnSetUse& use : surveyed.column_sets) {
        const auto columns =
            columns_of_rows(surveyed.name, use, file.definitions, &catalogue(), file.path);
        for (std::size_t index = 0; columns && index < columns->size(); ++index) {
          if (index < use.defaults.size() && use.defaults[index]) continue;
          const Column* const column = table->find_column((*columns)[index]);
          if (column == nullptr || !column->identity_always) continue;
          throw OnlyDirect(
              identity_refusal(surveyed.name, column->name, text(file.path, ':', use.line)));
        }
      }
    }
  }
}

// Ids that came with the rows leave sequences behind.
void RestRun::set_sequences() {
  if (stage_ || sender_->ended()) return;
  std::vector<TableName> loaded;
  for (const TableReport& table : tally_.tables()) {
    // Rows that were there already may be what an earlier run left before it got here.
    if (table.counts.loaded + table.counts.ignored > 0) loaded.push_back(table.table);
  }
  if (services_.database_url.empty()) return note_sequences(loaded);
  if (!services_.database_elsewhere.empty()) {
    note(text("sequences were not set: ", services_.database_elsewhere));
    return note_sequences(loaded);
  }
  std::vector<std::string> not_allowed;
  try {
    report.sequences = set_sequences_over(services_.database_url,
                                          may_have_sequences(loaded, inputs_.types()), not_allowed);
  } catch (const Error& error) {
    note(text("the tables' sequences could not be looked at: ", error.message));
    return note_sequences(loaded);
  }
  for (const std::string& sql : not_allowed) note("this sequence could not be set: " + sql);
}

// What a request took from a sequence does not come back when it is refused or broken off.
void RestRun::note_numbers() {
  if (!tables_ || stage_ || (report.retries == 0 && tally_.rejects() == 0)) return;
  for (const auto& table : tables_->all()) {
    if (!table->is_numbered) continue;
    note(text("the server numbered the rows of ", to_sql(table->name),
              ", and requests were refused or repeated, which leaves gaps: if rows of the files "
              "refer to them by number, see whether they fit, or load with --atomic or --via "
              "direct"));
  }
}

void RestRun::note_sequences(const std::vector<TableName>& loaded) {
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

bool RestRun::sends_key(const Table& table) const {
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

void RestRun::finish() {
  report.seconds = std::chrono::duration<double>(services_.clock() - started_).count();
  report.files = inputs_.files();
  report.tables = tally_.final_tables();
  report.rejects_file = tally_.rejects_path();
  report.rejects = tally_.first_rejects();
  report.timeline = timeline_;
  const auto& phases = timeline_->phases();
  const std::string doing = phases.empty() ? "beginning" : phases.back().name;
  const bool connects = doing == "connecting" && !report.target.empty();
  report.take_stop_request(connects ? text(doing, " to ", report.target) : doing);
  if (sender_) {
    report.requests += sender_->requests();
    report.retries = sender_->retries();
    report.bytes_sent = sender_->bytes_sent();
    report.widths = sender_->widths();
    if (second_) {
      report.requests += second_->requests();
      report.retries += second_->retries();
      report.bytes_sent += second_->bytes_sent();
    }
    if (!report.error && sender_->error()) report.error = sender_->error();
  }
  if (!report.error && tally_.rejects() > 0) {
    report.error = tally_.first_reject(options_.mode);
  }
  const bool goes_on = work_ && work_->resume() != nullptr;
  if (goes_on && options_.mode == Mode::force && report.error && tally_.rejects() > 0) {
    report.error->hint =
        "an earlier run emptied the tables and was interrupted; if somebody has filled them since, "
        "--fresh empties and loads them anew";
  }
  if (!report.error && tally_.rejects() > 0) report.error = unnamed_rejects();
  if (options_.dry_run || (!loader_ && emptied_.empty())) report.is_unchanged = true;
  note_doubt();
  if (options_.mode == Mode::upsert || options_.mode == Mode::ignore) {
    for (const std::string& line : notes_on_keys(report.tables)) note(line);
  }
  note_numbers();
  if (!stage_) note_force_state();
  if (const auto sequences = inputs_.sequence_statements(); sequences > 0 && !options_.dry_run) {
    note(sequences_passed_over(sequences, !services_.database_url.empty()));
  }
  close_ledger();
  // Until here the staging tables were the proof; of rows that could not be compared they still
  // are, or the next run would store them once more.
  if (stage_ && (is_moved_ || stage_->was_moved()) && !keeps_proof_) stage_->clear_up();
}

// Rows were refused, and none of them in this run by its name.
Error RestRun::unnamed_rejects() const {
  std::uint64_t left_out = 0;
  for (std::size_t table = 0; table < tally_.tables().size(); ++table) {
    left_out += tally_.unnamed(table);
  }
  if (left_out == 0) {
    return Error(
        ErrorKind::rows,
        text(with_separators(tally_.rejects()), " rows were refused by the time of an earlier run"),
        "", "mend what refused them, then run the same command again: it tries them again");
  }
  std::string hint = "a BEFORE INSERT trigger or a rule may do that; mend it, then ";
  switch (options_.mode) {
    case Mode::upsert:
      hint += "run the same command again: it tries them again";
      break;
    case Mode::force:
      hint += "empty and load the tables anew with --fresh";
      break;
    default:
      hint +=
          "complete a table with a primary key by --upsert, or delete what is there and load the "
          "file with --fresh: which rows are missing the server did not say, so the same command "
          "cannot try them again";
  }
  return Error(ErrorKind::rows,
               text("the server left out ", with_separators(left_out), " of ",
                    with_separators(report.totals().read), " rows without an error"),
               "", std::move(hint));
}

// What the comparison has settled is in doubt no more: a table that holds the rows of the files and
// no others holds those as well.
void RestRun::settle_doubt() {
  if (!report.verification || !report.verification->equal()) return;
  for (TableReport& table : report.tables) {
    const auto& compared = report.verification->tables;
    const bool is_settled =
        std::any_of(compared.begin(), compared.end(), [&](const VerifiedTable& each) {
          return each.table == table.table && each.extra == 0 && each.unchecked == 0;
        });
    if (!is_settled || table.counts.in_doubt == 0) continue;
    note(text(with_separators(table.counts.in_doubt), " rows of ", to_sql(table.table),
              " that were in doubt are there: the comparison found them"));
    table.counts.loaded += std::exchange(table.counts.in_doubt, 0);
  }
}

void RestRun::note_doubt() {
  settle_doubt();
  const Counts sum = report.totals();
  if (sum.in_doubt == 0 || report.error) return;
  // Of tables with a key the next run finds out by itself, and to go on is what is said anyway.
  const bool asks_itself = std::ranges::all_of(report.tables, [&](const TableReport& each) {
    const Table* const table = inputs_.types().find(each.table);
    return each.counts.in_doubt == 0 ||
           (table != nullptr && !table->primary_key.empty() && sends_key(*table));
  });
  if (report.signal != 0 && work_ && work_->ledger() != nullptr && asks_itself) return;
  report.error = Error(
      ErrorKind::rows,
      text(with_separators(sum.in_doubt),
           " rows are in doubt: they were on their way when the connection broke or the run was "
           "stopped"),
      "",
      "the same command with --verify tells whether they are there; if not, a table with a primary "
      "key is completed by --upsert, one without is loaded anew by --force --atomic");
}

// FORCE that ended early leaves tables empty or half full: say which.
void RestRun::note_force_state() {
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

}  // namespace pgseed::seed
