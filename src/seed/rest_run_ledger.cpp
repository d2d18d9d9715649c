#include "pgseed/seed/rest_run.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/rest/url.hpp"
#include "pgseed/seed/mapping.hpp"
#include "pgseed/seed/other_work.hpp"

namespace pgseed::seed {

std::vector<LedgerSource> RestRun::sources() const {
  std::vector<LedgerSource> sources;
  for (std::size_t part = 0; part < inputs_.size(); ++part) {
    sources.push_back(inputs_.source(part));
  }
  return sources;
}

void RestRun::open_ledger() {
  std::vector<std::string> names;
  for (std::size_t part = 0; part < inputs_.size(); ++part) {
    names.push_back(inputs_.source_name(part));
  }
  const std::string& url = services_.target;
  work_ = std::make_shared<RunLedger>(options_, url.empty() ? url : rest::one_spelling(url), names);
  if (options_.if_changed && work_->is_done(sources())) {
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
bool RestRun::was_emptied_since(const LedgerState& past) {
  bool stored = false;
  for (const LedgerTable& table : past.tables) {
    const bool has_rows = std::any_of(table.rows.begin(), table.rows.end(), [](const auto& piece) {
      return piece.second.state == RowState::stored;
    });
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

// The same file under other options is other work: what an unfinished run of that stored would come
// a second time. Not if the table was emptied since, or if this run was allowed in before.
void RestRun::require_no_other_work(const ColumnSet& keyless) {
  const TableName& name = keyless.table_name;
  if (options_.unfinished == Continue::fresh) return;
  if (work_->resume() != nullptr && work_->resume()->find(name) != nullptr) return;
  const auto source =
      stored_by_other_work(options_.ledger_folder, work_->work(), work_->target(), name, sources());
  if (!source || keyless.columns.empty()) return;
  HttpRequest request = rest::any_row_request(connection_.endpoint, name, keyless.columns.front());
  request.timeout = options_.timeout;
  const HttpResult result = exchange(*services_.transport, request);
  if (interrupt::signal_number() != 0) throw Interrupted{};
  if (result.delivery == Delivery::answered && result.status == 200 &&
      rest::found_nothing(result.content_range)) {
    return;
  }
  throw Error(ErrorKind::storage,
              text("a run with other options stored rows of this file in ", to_sql(name),
                   " and did not come to its end; the table has no key that would refuse them a "
                   "second time"),
              *source,
              "run that command again to its end, or load all rows of this one in any case: "
              "--fresh");
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
    if (ledger != nullptr) work_->complete(loader_->keys_came_once(), left_out);
    report.settle = [work = work_] { work->settle(); };
  }
  if (ledger == nullptr) return;
  if (report.signal == 0 && report.error && report.error->kind == ErrorKind::rows &&
      tally_.rejects() > 0) {
    ledger->try_rejects_again();
  }
}

}  // namespace pgseed::seed
