#include <algorithm>
#include <utility>

#include "loader_prepared.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/send/loader.hpp"
#include "pgseed/seed/send/question.hpp"
#include "pgseed/seed/send/stored_rows.hpp"

// What a loader does with the rows that an earlier run dealt with.
namespace pgseed::seed {
namespace {

std::string a_column_of(const ColumnSet& set) {
  return set.columns.empty() ? std::string() : set.columns.front();
}

}  // namespace

Proven Loader::look_up(const RunTable& table) {
  while (proofs_.size() <= table.tally) proofs_.push_back(nullptr);
  Resume::Table*& proof = proofs_[table.tally];
  if (proof == nullptr) proof = setup_.resume->find(table.name);
  return proof == nullptr ? Proven{} : proof->look_up(table.seen);
}

// A row that was refused and is tried again comes behind the later row of its key, which is stored:
// that one has to go out once more, behind it.
bool Loader::is_overtaken(Prepared& prepared, const sql::Row& row, const Proven& proven) {
  if (setup_.options->mode != Mode::upsert || prepared.set.key.empty()) return false;
  const bool is_stored = proven.proof == Proof::loaded || proven.proof == Proof::left_out ||
                         proven.proof == Proof::unchanged;
  if (!is_stored) return false;
  if (!may_have_been_sent(prepared, row)) return false;
  if (compares_) compare_again(prepared, row, proven);
  return true;
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
      tally.refused(prepared.table->name, prepared.table->seen);
      break;
    default:
      tally.unchanged(table, 1);
  }
  if (setup_.options->mode == Mode::upsert && !prepared.set.key.empty()) {
    bool is_only = true;
    const std::string key = key_of(prepared.set, row, is_only);
    if (!is_only) go_in_order(prepared);
    if (!key.empty() && !keys_of(table).seen.insert(key)) tally.superseded(table, true);
  }
  if (compares_ && proven.proof == Proof::loaded) take_along(prepared, row);
  if (compares_ && proven.batch != 0) compare_again(prepared, row, proven);
}

// Where a text can be read once only, the rows to ask for are taken as they pass (StoredRows does
// it before, for files).
void Loader::take_along(Prepared& prepared, const sql::Row& row) {
  while (probes_.size() <= prepared.set.table) probes_.emplace_back();
  Probe& probe = probes_[prepared.set.table];
  probe.is_due = true;
  if (++probe.stored == 1) {
    probe.wanted =
        rows_to_ask_for(setup_.resume->state(), setup_.resume->find(prepared.table->name)->known());
    probe.rows = std::make_unique<Batch>();
    probe.rows->set = &prepared.set;
  }
  if (probe.rows->set != &prepared.set) return;
  if (!std::binary_search(probe.wanted.begin(), probe.wanted.end(), prepared.table->seen)) return;
  // A row is counted once, however many of the file's it took up.
  bool is_only = true;
  std::string key = key_of(prepared.set, row, is_only);
  // Of keys that may be one and the same in spite of their texts, one is asked for.
  if (!is_only && setup_.options->mode == Mode::upsert && !probe.keys.empty()) return;
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
          "", kGoneHint);
    }
    // In the other modes several rows of the file may have become one.
    const Mode mode = setup_.options->mode;
    if (!there || (mode != Mode::insert && mode != Mode::force)) return;
  }
  const auto rows =
      ask(*setup_.transport, count_rows(*setup_.endpoint, name, a_column_of(*probe.rows->set)),
          *setup_.options);
  const std::uint64_t wanted =
      probe.stored + setup_.resume->find(name)->known().rows_before.value_or(0);
  if (!rows || static_cast<std::uint64_t>(*rows) >= wanted) return;
  throw Error(
      ErrorKind::verification,
      text("an earlier run stored rows of ", to_sql(name), " that are no longer there: it holds ",
           *rows, " rows, at least ", wanted, " are expected"),
      "", kGoneHint);
}

namespace {

[[noreturn]] void refuse_stream(const std::string& path, std::uint64_t line) {
  throw Error(ErrorKind::input, "this is not what the run read that did not come to its end",
              text(path, ':', line),
              "give it the same text again; --fresh loads it from its beginning, --upsert may "
              "follow any run");
}

}  // namespace

// What can be read once only has no hash before it is read: each batch is compared as it passes,
// those of the files behind it as well, whose rows it may move.
void Loader::compare_again(Prepared& prepared, const sql::Row& row, const Proven& proven) {
  if (!setup_.resume->is_untouched(proven.batch)) return;
  Batch& batch = prepared.replays[proven.batch];
  const std::size_t begin = batch.body.size() + 1;
  if (!append_row(prepared.set, row, batch.body).empty()) refuse_stream(path_, row.line);
  batch.rows.push_back({begin, row.line, sequence_ - 1, false, prepared.table->seen});
  const LedgerBatch& was = setup_.resume->batch(proven.batch);
  if (batch.rows.size() < count(was.rows)) return;
  batch.close();
  if (hash128(batch.body.view()) != was.body) refuse_stream(path_, batch.rows.front().line);
  prepared.replays.erase(proven.batch);
}

// At the end of a text: a batch holds rows of one only.
void Loader::require_whole_batches() const {
  for (const auto& prepared : prepared_) {
    const Batch* part = nullptr;
    if (prepared->unit != 0) part = prepared->open.get();
    if (!prepared->replays.empty()) part = &prepared->replays.begin()->second;
    if (part != nullptr && !part->rows.empty()) refuse_stream(path_, part->rows.front().line);
  }
}

// Of complete work there is no row that was not dealt with. What was in doubt, a comparison found.
void Loader::require_loaded(const sql::Row& row, Proven& proven) const {
  if (proven.proof == Proof::none) refuse_stream(path_, row.line);
  if (proven.proof == Proof::maybe) proven.proof = Proof::loaded;
}

void Loader::require_all_came() const {
  for (const auto& table : setup_.tables->all()) {
    if (table->pass > pass_) continue;
    const Resume::Table* const proof = table->wanted ? setup_.resume->find(table->name) : nullptr;
    if (proof == nullptr || proof->known().rows.empty()) continue;
    if (proof->known().rows.rbegin()->second.last > table->seen) refuse_stream(path_, 0);
  }
}

namespace {

std::string name_of(const TableName& table, const Hash128& body) {
  return text(table.schema, '\0', table.table, '\0', body.hex());
}

// In the ledger: keys of this table may have come twice, in different spellings.
std::string mark_of_order(const TableName& table) {
  return text("in-order:", table.schema, '\0', table.table);
}

}  // namespace

void Loader::know_finished(const LedgerState& finished) {
  // Where keys came twice, what a batch left may have been overwritten by another.
  if (!finished.keys_came_once) return;
  for (const auto& [number, batch] : finished.batches) {
    if (!batch.answered || batch.ignored + batch.left_out > 0) continue;
    const TableName& table = finished.tables[batch.table].name;
    if (finished.marks.count(mark_of_order(table)) > 0) continue;
    stored_.insert(name_of(table, batch.body));
  }
}

bool Loader::keys_came_once() const {
  return std::all_of(keys_.begin(), keys_.end(),
                     [](const auto& keys) { return keys->in_order || keys->seen.exact(); }) &&
         !setup_.tally->has_superseded_sent();
}

void Loader::mark_tables_in_order() const {
  if (setup_.ledger == nullptr) return;
  for (const auto& table : setup_.tables->all()) {
    if (table->tally >= keys_.size() || !keys_[table->tally]->in_order) continue;
    setup_.ledger->mark(mark_of_order(table->name), "keys");
  }
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
  if (compares_) {
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
    const auto found =
        ask(*setup_.transport, count_rows(*setup_.endpoint, table.name, a_column_of(set)),
            *setup_.options);
    if (found) rows = static_cast<std::uint64_t>(*found);
  }
  setup_.ledger->table(table.name, was_empty, rows);
}

}  // namespace pgseed::seed
