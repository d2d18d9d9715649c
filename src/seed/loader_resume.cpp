#include <algorithm>
#include <utility>

#include "loader_prepared.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/seed/loader.hpp"
#include "pgseed/seed/question.hpp"
#include "pgseed/seed/row_json.hpp"

// What a loader does with the rows that an earlier run dealt with.
namespace pgseed::seed {
namespace {

constexpr const char* kFresh = "if they were deleted on purpose, load the file anew with --fresh";

// The answer to a question, asked until there is one.
std::optional<long long> ask(Transport& transport, HttpRequest request, const Options& options) {
  RetryPolicy policy;
  policy.max_retries = options.retries;
  request.timeout = options.timeout;
  for (int tries = 1;; ++tries) {
    const HttpResult result = exchange(transport, request);
    if (interrupt::signal_number() != 0) throw Interrupted{};
    const rest::Outcome outcome = rest::classify(result, std::chrono::system_clock::now());
    if (result.delivery == Delivery::answered && result.status < 300) {
      return rest::total_of(result.content_range);
    }
    if (outcome.verdict == rest::Verdict::rejected) return {};  // a right that is missing
    const auto delay = retry_delay(policy, tries, outcome.retry_after, {}, 0);
    if (!delay) {
      throw Error(ErrorKind::unreachable,
                  text("the target gave no usable answer in ", tries, " tries: ", outcome.message),
                  "", "see whether PostgREST and PostgreSQL are up, then run again");
    }
    interrupt::pause(*delay);
  }
}

// How many rows the table holds; asked with GET, so that the question looks like any other on its
// way.
HttpRequest count_rows(const rest::Endpoint& endpoint, const ColumnSet& set) {
  if (set.columns.empty()) return rest::count_request(endpoint, set.table_name);
  HttpRequest request = rest::any_row_request(endpoint, set.table_name, set.columns.front());
  request.headers.emplace_back("Prefer: count=exact");
  return request;
}

}  // namespace

Proven Loader::look_up(const RunTable& table) {
  while (proofs_.size() <= table.tally) proofs_.push_back(nullptr);
  Resume::Table*& proof = proofs_[table.tally];
  if (proof == nullptr) proof = setup_.resume->find(table.name);
  return proof == nullptr ? Proven{} : proof->look_up(table.seen);
}

void Loader::take_proven(Prepared& prepared, const sql::Row& row, const Proven& proven) {
  Tally& tally = *setup_.tally;
  const std::size_t table = prepared.set.table;
  ++sequence_;
  tally.resumed(table);
  switch (proven.proof) {
    case Proof::loaded:
      tally.loaded(table, 1);
      break;
    case Proof::ignored:
      tally.ignored(table, 1);
      break;
    case Proof::left_out:
      tally.rejected_unnamed(table, 1);
      break;
    case Proof::superseded:
      return tally.superseded(table, false);
    case Proof::rejected:
      tally.rejected_before(table);
      break;
    default:
      tally.unchanged(table, 1);
  }
  if (setup_.options->mode == Mode::upsert && !prepared.set.key.empty()) {
    const std::string key = key_of(prepared.set, row);
    if (!key.empty() && !keys_of(table).seen.insert(key)) tally.superseded(table, true);
  }
  if (proven.proof == Proof::loaded) take_along(prepared, row);
  if (is_stream_ && proven.batch != 0) compare_again(prepared, row, proven);
}

// The 1st, 2nd, 4th, 8th, ... stored row of a table are asked for by key, and all of them counted:
// enough to see whether somebody emptied it or deleted of what was stored.
void Loader::take_along(Prepared& prepared, const sql::Row& row) {
  while (probes_.size() <= prepared.set.table) probes_.emplace_back();
  Probe& probe = probes_[prepared.set.table];
  probe.is_due = true;
  if (++probe.stored != probe.next) return;
  probe.next *= 2;
  if (!probe.rows) {
    probe.rows = std::make_unique<Batch>();
    probe.rows->set = &prepared.set;
  }
  if (probe.rows->set != &prepared.set) return;
  // A row is counted once, however many of the file's it took up.
  std::string key = key_of(prepared.set, row);
  if (std::find(probe.keys.begin(), probe.keys.end(), key) != probe.keys.end()) return;
  probe.keys.push_back(std::move(key));
  const std::size_t begin = probe.rows->body.size() + 1;
  if (!append_row(prepared.set, row, probe.rows->body).empty()) return;
  probe.rows->rows.push_back({begin, row.line, sequence_ - 1, false, prepared.table->seen});
}

// Rows that were proven and are gone were deleted by somebody since, with the whole table perhaps:
// to load only the others would end green with rows missing.
void Loader::require_still_there(std::size_t table) {
  if (table >= probes_.size() || !probes_[table].is_due) return;
  Probe& probe = probes_[table];
  probe.is_due = false;
  probe.was_asked = true;
  flush_all();
  setup_.sender->drain();
  if (setup_.sender->ended()) return;
  const TableName& name = probe.rows->set->table_name;
  if (const auto question = question_for_keys(*setup_.endpoint, *probe.rows)) {
    const auto there = ask(*setup_.transport, question->request, *setup_.options);
    if (there && static_cast<std::uint64_t>(*there) < question->asked) {
      throw Error(
          ErrorKind::verification,
          text("an earlier run stored rows of ", to_sql(name), " that are no longer there (",
               *there, " of ", question->asked, " asked for)"),
          "", kFresh);
    }
    // In the other modes several rows of the file may have become one.
    const Mode mode = setup_.options->mode;
    if (!there || (mode != Mode::insert && mode != Mode::force)) return;
  }
  const auto rows =
      ask(*setup_.transport, count_rows(*setup_.endpoint, *probe.rows->set), *setup_.options);
  const std::uint64_t wanted =
      probe.stored + setup_.resume->find(name)->known().rows_before.value_or(0);
  if (!rows || static_cast<std::uint64_t>(*rows) >= wanted) return;
  throw Error(
      ErrorKind::verification,
      text("an earlier run stored rows of ", to_sql(name), " that are no longer there: it holds ",
           *rows, " rows, at least ", wanted, " are expected"),
      "", kFresh);
}

namespace {

[[noreturn]] void refuse_stream(const std::string& path, std::uint64_t line) {
  throw Error(ErrorKind::input, "this is not what the run read that did not come to its end",
              text(path, ':', line),
              "give it the same text again; --fresh loads it from its beginning, --upsert may "
              "follow any run");
}

}  // namespace

// What can be read once only has no hash before it is read: each batch is compared as it passes.
void Loader::compare_again(Prepared& prepared, const sql::Row& row, const Proven& proven) {
  if (prepared.replayed != proven.batch) {
    prepared.replayed = proven.batch;
    prepared.replay = std::make_unique<Batch>();
  }
  Batch& batch = *prepared.replay;
  const std::size_t begin = batch.body.size() + 1;
  if (!append_row(prepared.set, row, batch.body).empty()) refuse_stream(path_, row.line);
  batch.rows.push_back({begin, row.line, sequence_ - 1, false, prepared.table->seen});
  const LedgerBatch& was = setup_.resume->batch(proven.batch);
  if (batch.rows.size() < count(was.rows)) return;
  batch.close();
  if (hash128(batch.body.view()) != was.body) refuse_stream(path_, batch.rows.front().line);
  prepared.replay.reset();
}

void Loader::require_all_came() {
  for (const auto& table : setup_.tables->all()) {
    const Resume::Table* const proof = table->wanted ? setup_.resume->find(table->name) : nullptr;
    if (proof == nullptr || proof->known().rows.empty()) continue;
    if (proof->known().rows.rbegin()->second.last > table->seen) refuse_stream(path_, 0);
  }
}

namespace {

std::string name_of(const TableName& table, const Hash128& body) {
  return text(table.schema, '\0', table.table, '\0', body.hex());
}

}  // namespace

void Loader::know_finished(const LedgerState& finished) {
  // Where keys came twice, what a batch left may have been overwritten by another.
  if (!finished.keys_came_once) return;
  for (const auto& [number, batch] : finished.batches) {
    if (!batch.answered || batch.ignored + batch.left_out > 0) continue;
    stored_.insert(name_of(finished.tables[batch.table].name, batch.body));
  }
}

bool Loader::keys_came_once() const {
  return std::all_of(keys_.begin(), keys_.end(),
                     [](const auto& keys) { return keys->seen.exact(); }) &&
         !setup_.tally->has_superseded_sent();
}

// Batches of the same rows begin and end at the same rows wherever in the file they stand: a row
// that came or went changes its own batch, not those behind it.
bool Loader::ends_batch(const Batch& batch) const {
  std::size_t one_in = 1;
  while (one_in * 4 <= setup_.options->batch_rows) one_in *= 2;
  return (hash64(batch.row_text(batch.rows.size() - 1)) & (one_in - 1)) == 0;
}

bool Loader::is_unchanged(Prepared& prepared, Batch& batch) {
  if (stored_.empty() || batch.repeats || batch.null_keys || batch.resumed) return false;
  if (prepared.set.key.empty()) return false;
  const std::string name = name_of(prepared.table->name, hash128(batch.body.view()));
  if (stored_.count(name) == 0) return false;
  keys_of(prepared.set.table).on_the_way.release(batch.keys, batch.group);
  setup_.tally->unchanged(prepared.set.table, batch.rows.size());
  setup_.ledger->unchanged(batch);
  return true;
}

// The batch holds rows that an earlier run sent together and learnt nothing of.
void Loader::mark_resumed(Prepared& prepared, Batch& batch) {
  const std::uint64_t unit = std::exchange(prepared.unit, 0);
  const LedgerBatch& was = setup_.resume->batch(unit);
  batch.resumed = true;
  batch.doubted = true;
  if (!setup_.resume->is_whole(unit) || batch.rows.size() != count(was.rows)) return;
  if (hash128(batch.body.view()) == was.body) {
    batch.intent = unit;
    return;
  }
  if (is_stream_) {
    setup_.tally->in_doubt(prepared.set.table, batch.rows.size());
    refuse_stream(path_, batch.rows.front().line);
  }
  // Other bytes than were sent: its keys, too, may be others.
  const Mode mode = setup_.options->mode;
  if (mode == Mode::insert || mode == Mode::force) batch.null_keys = true;
}

// What the table held before the run, for the questions of a later one.
void Loader::remember_table(const RunTable& table, const ColumnSet& set) {
  std::optional<std::uint64_t> rows;
  std::optional<bool> was_empty = table.was_empty;
  const Mode mode = setup_.options->mode;
  const bool is_known = setup_.resume != nullptr && setup_.resume->find(table.name) != nullptr;
  if (mode == Mode::force) was_empty = true;
  if (mode == Mode::insert && set.key.empty() && !is_known) {
    const auto found = ask(*setup_.transport, count_rows(*setup_.endpoint, set), *setup_.options);
    if (found) rows = static_cast<std::uint64_t>(*found);
  }
  setup_.ledger->table(table.name, was_empty, rows);
}

}  // namespace pgseed::seed
