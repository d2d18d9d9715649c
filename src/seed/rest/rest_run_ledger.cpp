#include "pgseed/seed/rest/rest_run.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/rest/url.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/ledger/other_work.hpp"
#include "pgseed/seed/send/emptiness.hpp"
#include "pgseed/seed/send/stored_rows.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kAllWasLoaded =
    "an earlier run loaded everything and was stopped before it could say so; nothing was left to "
    "do";

}  // namespace

void RestRun::open_ledger() {
  std::vector<std::string> names;
  for (std::size_t part = 0; part < inputs_.size(); ++part) {
    names.push_back(inputs_.source_name(part));
  }
  const std::string& url = services_.target;
  work_ = std::make_shared<RunLedger>(options_, url.empty() ? url : rest::one_spelling(url), names);
  if (options_.if_changed && work_->is_done(inputs_.sources())) {
    report.target = services_.target;
    return is_done("nothing has changed since the files were loaded completely; nothing was sent");
  }
  // A run that is gone on with makes the same values as before.
  const LedgerState* const past = work_->unfinished();
  if (past == nullptr || !options_.mapping || past->head.seed.empty()) return;
  auto mapping = std::make_shared<Mapping>(*options_.mapping);
  mapping->now = past->head.now;
  mapping->seed = past->head.seed;
  options_.mapping = std::move(mapping);
}

void RestRun::is_done(const std::string& why) {
  report.is_up_to_date = true;
  note(why);
  tally_.keep_rejects(0);
}

void RestRun::begin_ledger() {
  LedgerHead head;
  head.sources = inputs_.sources();
  head.schema = options_.schema;
  head.mode = name(options_.mode);
  if (options_.mapping) {
    head.now = options_.mapping->now;
    head.seed = options_.mapping->seed;
  }
  if (const LedgerState* const past = work_->unfinished()) {
    const bool is_same = past->complete && work_->is_done(head.sources);
    const auto begin_anew = [&](const char* why) {
      if (!past->complete) note(text(why, "; this one begins anew"));
      work_->forget();
    };
    if (was_emptied_since(*past)) {
      begin_anew("the tables were emptied since an earlier run that did not come to its end");
    } else if (!is_same && !may_go_on(*past, head.sources, options_)) {
      begin_anew("an earlier run with other contents did not come to its end");
    } else if (!is_as_left(*past)) {
      work_->forget();
    } else if (is_same) {
      return is_done(kAllWasLoaded);
    } else if (past->complete) {
      return begin_comparing(*past);
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
  take_emptied();
}

void RestRun::take_emptied() {
  if (work_->resume() == nullptr) return;
  for (const LedgerTable& table : work_->resume()->state().tables) {
    if (table.emptied) {
      emptied_.push_back({table.name, static_cast<long long>(*table.emptied)});
    }
  }
}

// All was loaded, of what nobody can know before it is read whether it is the same.
void RestRun::begin_comparing(const LedgerState& past) {
  if (options_.atomic) {
    throw Error(ErrorKind::input,
                "an earlier run loaded all it read and was stopped before it could say so; whether "
                "this is the same text cannot be told",
                "<stdin>", "if it is, nothing is left to do; if not, --fresh loads it");
  }
  tally_.keep_rejects(past.rejects_path == options_.rejects_file ? past.rejects_bytes : 0);
  work_->compare();
  take_emptied();
}

// A database that was made anew has nothing of what the ledger knows to be stored. To see nothing
// is no proof of that: a key that may not read sees as much, and what was on its way may still
// arrive. So where rows would be stored a second time, the user decides.
bool RestRun::was_emptied_since(const LedgerState& past) {
  bool stored = false;
  const Table* stored_twice = nullptr;
  for (const LedgerTable& table : past.tables) {
    const auto has = [&](RowState state) {
      return std::any_of(table.rows.begin(), table.rows.end(),
                         [&](const auto& piece) { return piece.second.state == state; });
    };
    stored |= has(RowState::stored);
    if (!has(RowState::stored) && !has(RowState::maybe)) continue;
    const Table* const model = inputs_.types().find(table.name);
    if (model == nullptr || model->columns.empty()) return false;
    const std::string& column =
        model->primary_key.empty() ? model->columns.front().name : model->primary_key.front();
    if (!looks_empty(*services_.transport, connection_.endpoint, table.name, column, options_)) {
      return false;
    }
    if (options_.mode == Mode::insert && !all_rows_bring_key(*model)) stored_twice = model;
  }
  if (!stored || options_.unfinished == Continue::insist) return false;
  if (stored_twice == nullptr) return true;
  throw Error(
      ErrorKind::verification,
      text("an earlier run stored rows, and the tables look empty now; sent again, rows of ",
           to_sql(stored_twice->name),
           " would be there twice if they are only hidden from this key or still on their "
           "way: they bring no primary key"),
      "",
      "if they were deleted on purpose, load the file anew with --fresh; if row-level "
      "security hides them, run again with a key that may read them");
}

// False, and told, if its rows have other values by now. Of a pipe the loader looks as it passes.
bool RestRun::is_as_left(const LedgerState& past) {
  if (stage_ || !inputs_.all_repeatable()) return true;
  StoredRows rows({&options_, &past, &inputs_.types(), inputs_.order(), services_.transport,
                   &connection_.endpoint});
  for (std::size_t part = 0; part < inputs_.size(); ++part) {
    rows.read(*inputs_.open_part(part), part, inputs_.surveyed(part));
  }
  if (rows.are_as_left()) return true;
  constexpr const char* kChanged = "rows that an earlier run stored have other values now";
  if (options_.unfinished == Continue::insist) {
    throw Error(ErrorKind::verification, kChanged, "",
                "without --resume all rows are sent again, and have those of the file then");
  }
  note(text(kChanged, "; this one begins anew"));
  return false;
}

// A row that is stored is then refused when it comes again.
bool RestRun::all_rows_bring_key(const Table& table) const {
  if (table.primary_key.empty() || !inputs_.all_surveyed()) return false;
  for (std::size_t part = 0; part < inputs_.surveys().size(); ++part) {
    const FileSurvey& file = inputs_.surveys()[part];
    for (const TableSurvey& surveyed : file.tables) {
      if (surveyed.name != table.name) continue;
      for (const ColumnSetUse& use : surveyed.column_sets) {
        const auto columns =
            columns_of_rows(table.name, use, file.definitions, inputs_.order(), inputs_.name(part));
        if (!columns) return false;
        for (const std::string& key : table.primary_key) {
          const auto found = std::find(columns->begin(), columns->end(), key);
          const auto at = static_cast<std::size_t>(found - columns->begin());
          if (at == columns->size() || (at < use.defaults.size() && use.defaults[at])) return false;
        }
      }
    }
  }
  return true;
}

// The same file under other options is other work: what an unfinished run of that stored would come
// a second time. Not if the table was emptied since, or if this run was allowed in before.
void RestRun::require_no_other_work(const ColumnSet& keyless) {
  const TableName& name = keyless.table_name;
  if (options_.unfinished == Continue::fresh) return;
  if (work_->resume() != nullptr && work_->resume()->find(name) != nullptr) return;
  const std::vector<OtherWork> others = stored_by_other_work(
      options_.ledger_folder, work_->work(), work_->target(), {name}, inputs_.sources());
  if (others.empty() || keyless.columns.empty()) return;
  if (looks_empty(*services_.transport, connection_.endpoint, name, keyless.columns.front(),
                  options_)) {
    return;
  }
  throw Error(ErrorKind::storage,
              text("a run with other options stored rows of this file in ", to_sql(name),
                   " and did not come to its end; the table has no key that would refuse them a "
                   "second time"),
              others.front().source,
              "run that command again to its end, or load all rows of this one in any case: "
              "--fresh");
}

// An unfinished run of other work stored rows of these files, in whatever table.
bool RestRun::has_other_work() const {
  if (!work_ || options_.unfinished == Continue::fresh) return false;
  std::vector<TableName> wanted;
  for (const FileSurvey& file : inputs_.surveys()) {
    for (const TableSurvey& table : file.tables) {
      if (wants(options_, table.name)) wanted.push_back(table.name);
    }
  }
  if (wanted.empty()) return false;
  return !stored_by_other_work(options_.ledger_folder, work_->work(), work_->target(), wanted,
                               inputs_.sources())
              .empty();
}

// Everything that is asked for is in the table: the work is done. Else the next run goes on.
void RestRun::close_ledger() {
  Ledger* const ledger = work_ ? work_->ledger() : nullptr;
  report.can_go_on = ledger != nullptr;
  if (report.exit_code() == 0 && work_) {
    const std::vector<FileSurvey>& files = inputs_.surveys();
    const bool left_out = options_.skip_unsupported &&
                          std::any_of(files.begin(), files.end(),
                                      [](const auto& file) { return file.unsupported_count > 0; });
    if (ledger != nullptr) loader_->mark_tables_in_order();
    if (ledger != nullptr) work_->complete(loader_->keys_came_once(), left_out);
    if (work_->compares()) note(kAllWasLoaded);
    report.settle = [work = work_] { work->settle(); };
  }
  if (ledger == nullptr) return;
  if (report.signal == 0 && report.error && report.error->kind == ErrorKind::rows &&
      tally_.rejects() > 0) {
    ledger->try_rejects_again();
  }
}

}  // namespace pgseed::seed
