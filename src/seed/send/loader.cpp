#include "pgseed/seed/send/loader.hpp"

#include "loader_prepared.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/order/circles.hpp"
#include "pgseed/seed/send/emptiness.hpp"
#include "pgseed/seed/send/preflight.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;

// What open batches (many column sets at once) may take together, to stay flat in memory; and what
// one takes besides its rows.
constexpr std::size_t kMostOpenBytes = std::size_t{16} << 20;
constexpr std::size_t kBytesOfBatch = 4096;
// So many get the memory of a whole batch at once.
constexpr std::size_t kMostReserved = 8;

}  // namespace

Loader::Loader(const Setup& setup) : setup_(setup) {
  if (setup_.finished != nullptr) know_finished(*setup_.finished);
  if (setup_.resume != nullptr) {
    const auto& sources = setup_.resume->state().head.sources;
    compares_ = std::any_of(sources.begin(), sources.end(),
                            [](const LedgerSource& source) { return !source.hash; });
  }
  setup_.sender->on_group_done = [this](std::uint64_t group) {
    const auto found = keys_of_groups_.find(group);
    if (found == keys_of_groups_.end()) return;
    keys_of(found->second.first).on_the_way.release(found->second.second, group);
    keys_of_groups_.erase(found);
  };
}

Loader::~Loader() {
  setup_.sender->on_group_done = nullptr;
}

Loader::Keys& Loader::keys_of(std::size_t table) {
  constexpr std::size_t kMany = std::size_t{1} << 22;
  while (keys_.size() <= table) {
    keys_.push_back(std::make_unique<Keys>());
    if (setup_.by_content) keys_.back()->seen.remember(kMany);
  }
  return *keys_[table];
}

// --- column sets
// ---------------------------------------------------------------------------------

Loader::Prepared* Loader::find_prepared(const RunTable& table, const RowKind& kind) {
  if (table.tally >= prepared_of_.size()) return nullptr;
  for (Prepared* const known : prepared_of_[table.tally]) {
    if (known->table == &table &&
        is_same_kind(kind, known->use, known->time_zone, known->set.meaning.dialect)) {
      return known;
    }
  }
  return nullptr;
}

void Loader::keep(std::unique_ptr<Prepared> prepared) {
  const std::size_t table = prepared->table->tally;
  if (prepared_of_.size() <= table) prepared_of_.resize(table + 1);
  prepared_of_[table].push_back(prepared.get());
  if (table < keys_.size() && keys_[table]->in_order) prepared->set.serial = true;
  prepared_.push_back(std::move(prepared));
}

void Loader::prepare(RunTable& table, const RowKind& kind) {
  const Options& options = *setup_.options;
  const std::string where = text(kind.path, ':', kind.use->line);
  if (setup_.lock) setup_.lock(table.name);
  auto prepared = std::make_unique<Prepared>();
  prepared->table = &table;
  prepared->use = *kind.use;
  prepared->time_zone = kind.time_zone;
  prepared->set = column_set_of(table, kind, options, setup_.order);
  ColumnSet& set = prepared->set;
  set.number = prepared_.size();
  note_unstable_keys(table);
  if (setup_.stage != nullptr) {
    const std::vector<std::string> left_out = setup_.stage->prepare(table, set, where);
    require_key_in_rows(table, set.columns, options, where);
    for (const std::string& column : left_out) {
      setup_.note(text("the column ", quote_identifier(column), " of ", to_sql(table.name),
                       " is computed by the server; the file's values for it are left out"));
    }
    keep(std::move(prepared));
    return;
  }
  if (!hold_back(*prepared, where)) return keep(std::move(prepared));
  // First the server's own answer: it says best why a table is not known.
  const PreflightResult result = preflight(*setup_.transport, *setup_.endpoint, set, options,
                                           kind.time_zone, !table.key.empty(), where);
  if (table.model == nullptr && !options.json_columns) {
    throw Error(ErrorKind::refused,
                text("the column types of ", to_sql(table.name), " are not known: ",
                     setup_.model_is_complete ? "the API's OpenAPI document does not list the table"
                                              : "the API gives no OpenAPI document"),
                where,
                text(setup_.model_is_complete ? "if the table is new, run again; else " : "",
                     "set DATABASE_URL, or name the columns of type json and jsonb: --json-columns "
                     "a,b (or --json-columns none)"));
  }
  require_key_in_rows(table, set.columns, options, where);
  set.table_was_empty = was_empty(table, set);
  table.is_numbered |= is_numbered_by_server(table, set.columns);
  if (setup_.keyless && options.mode == Mode::insert && set.key.empty()) setup_.keyless(set);
  if (setup_.ledger != nullptr) remember_table(table, set);
  for (const std::string& column : result.left_out) {
    setup_.note(text("the column ", quote_identifier(column), " of ", to_sql(table.name),
                     " is computed by the server; the file's values for it are left out"));
  }
  keep(std::move(prepared));
}

// False for rows that the second pass has no business with. Where it sends rows anew, those behind
// them that change other columns of the same keys have to go again as well.
bool Loader::hold_back(Prepared& prepared, const std::string& where) const {
  ColumnSet& set = prepared.set;
  for (std::size_t position = 0; position < set.columns.size(); ++position) {
    const std::vector<std::string>& held = prepared.table->held_back;
    if (std::find(held.begin(), held.end(), set.columns[position]) == held.end()) continue;
    if (setup_.sets_references) {
      prepared.references.push_back(position);
    } else {
      set.held_back.push_back(set.columns[position]);
    }
  }
  if (!set.held_back.empty() && set.key.empty()) {
    throw Error(ErrorKind::refused,
                text("rows of ", to_sql(set.table_name),
                     " refer to rows that come later, and "
                     "without their key that cannot be set afterwards"),
                where, kOneTransactionHint);
  }
  if (!setup_.sets_references || !prepared.references.empty()) return true;
  return !setup_.only_references && !set.key.empty();
}

// The second pass reads the row again, and has to find it.
void Loader::require_lasting_key(const ColumnSet& set, const sql::Row& row) const {
  for (const std::size_t position : set.key) {
    const sql::Form form = row.values[set.value_index[position]].form;
    if (form != sql::Form::random && form != sql::Form::moment) continue;
    throw Error(ErrorKind::refused,
                text("rows of ", to_sql(set.table_name),
                     " refer to rows that come later, and get their key while they are read"),
                text(path_, ':', row.line), kOneTransactionHint);
  }
}

bool Loader::is_passed_over(const Prepared& prepared, const sql::Row& row) {
  if (!setup_.sets_references) return false;
  if (setup_.was_refused(*prepared.table)) return true;
  const ColumnSet& set = prepared.set;
  if (prepared.references.empty()) {
    return setup_.only_references || set.key.empty() || !may_have_been_sent(prepared, row);
  }
  return setup_.only_references &&
         std::all_of(prepared.references.begin(), prepared.references.end(),
                     [&](std::size_t position) {
                       return is_null(set, position, row.values[set.value_index[position]]);
                     });
}

void Loader::note_unstable_keys(const RunTable& table) {
  const Options& options = *setup_.options;
  const bool resolves = options.mode == Mode::upsert || options.mode == Mode::ignore;
  if (!resolves || !options.mapping) return;
  for (const std::string& column : table.key) {
    if (!options.mapping->is_unstable(table.name, column)) continue;
    setup_.note(text("the key column ", quote_identifier(column), " of ", to_sql(table.name),
                     " is made anew in each run ({uuid} or {now}): the same file seeded again "
                     "stores its rows again"));
  }
}

// Whether rows that are found in the table after a lost answer can only be the run's own. False
// when that cannot be told.
bool Loader::was_empty(RunTable& table, const ColumnSet& set) {
  const Mode mode = setup_.options->mode;
  if (mode == Mode::force) return true;  // it is emptied before the first row
  if (mode != Mode::insert || set.key.empty()) return false;
  if (!table.was_empty && setup_.resume != nullptr) {
    // What is there now may be what the earlier run stored.
    if (const auto* const known = setup_.resume->find(table.name)) {
      table.was_empty = known->known().was_empty.value_or(false);
    }
  }
  if (!table.was_empty) {
    table.was_empty = looks_empty(*setup_.transport, *setup_.endpoint, table.name,
                                  set.columns[set.key.front()], *setup_.options);
  }
  return *table.was_empty;
}

const ColumnSet& Loader::columns(RunTable& table, const RowKind& kind) {
  if (Prepared* const known = find_prepared(table, kind)) return known->set;
  // Only input that was not read through before comes here: its preflight needs a quiet line.
  flush_all();
  setup_.sender->drain();
  prepare(table, kind);
  return prepared_.back()->set;
}

// --- one file
// -------------------------------------------------------------------------------------

void Loader::load(DumpInput& input, std::size_t file, std::size_t pass, bool surveyed) {
  file_ = file;
  path_ = input.name();
  surveyed_ = surveyed;
  pass_ = pass;
  const WalkResult result =
      walk_rows(input, {setup_.options, setup_.tables, setup_.order, file, pass, surveyed}, *this);
  if (!surveyed) mapping_use_.add(result.mapping_use);
  if (result.zero_dates > 0) {
    setup_.note(text(path_, ": ", result.zero_dates, result.zero_dates == 1 ? " date" : " dates",
                     " with a zero year, month or day became NULL (--zero-dates null)"));
  }
  if (compares_ && !ended()) require_whole_batches();
  flush_all();  // a batch holds rows of one file, so that its lines mean something
}

void Loader::finish_pass() {
  flush_all();
  setup_.sender->drain();
  if (setup_.sender->ended()) return;
  for (std::size_t table = 0; table < probes_.size(); ++table) require_still_there(table);
  if (compares_) require_all_came();
}

bool Loader::ended() const {
  return setup_.sender->ended();
}

// Parents in the same pass have all their rows before this table; they must be stored. But those of
// one circle come in any order.
void Loader::enter(RunTable& table) {
  if (table.parents.empty() || setup_.stage != nullptr) return;
  if (table.circle == 0 && !entered_.insert(&table).second) return;
  flush_all();
  setup_.sender->drain();
}

void Loader::take_unsupported(RunTable& table, const std::string& what, std::uint64_t line,
                              const sql::DumpReader& /*reader*/) {
  if (!setup_.options->skip_unsupported) {
    throw Error(ErrorKind::input, text(what, " cannot go over PostgREST"), text(path_, ':', line),
                "rows before it are loaded; leave such rows out with --skip-unsupported, or let "
                "the database carry them out: --via direct");
  }
  setup_.tally->read(table.tally);
  setup_.tally->skipped(table.tally, 1);
}

void Loader::take_left_out(RunTable& table) {
  setup_.tally->read(table.tally);
  setup_.tally->skipped(table.tally, 1);
}

// What the keys were kept for has been decided; with many large tables they would add up.
void Loader::leave(RunTable& table) {
  if (table.tally < keys_.size()) keys_[table.tally]->seen.release();
}

void Loader::take_unsupported(const sql::Statement& statement) {
  if (surveyed_ || setup_.options->skip_unsupported) return;
  throw Error(ErrorKind::input, text(sql::describe(statement.kind), " cannot go over PostgREST"),
              text(path_, ':', statement.line),
              "rows before it are loaded; leave such statements out with --skip-unsupported, or "
              "let the database carry them out: --via direct");
}

// --- rows into batches
// ------------------------------------------------------------------------------

Batch& Loader::open_batch(Prepared& prepared) {
  if (prepared.open) return *prepared.open;
  prepared.open = std::make_unique<Batch>();
  open_bytes_ += kBytesOfBatch;
  prepared.open->group = next_group_++;
  prepared.open->sequence = sequence_;
  prepared.open->set = &prepared.set;
  prepared.open->serial = prepared.set.serial;
  prepared.open->file = file_;
  if (open_.size() < kMostReserved) {
    prepared.open->body = setup_.sender->take_body();
    prepared.open->body.reserve(std::min<std::size_t>(setup_.options->batch_bytes, 1u << 20) +
                                4096);
  }
  open_.push_back(&prepared);
  return *prepared.open;
}

void Loader::take(const ColumnSet& set, const sql::Row& row) {
  const Options& options = *setup_.options;
  Prepared& prepared = *prepared_[set.number];
  if (is_passed_over(prepared, row)) return;
  if (!set.held_back.empty()) require_lasting_key(set, row);
  Proven proven;
  if (setup_.resume != nullptr) {
    proven = look_up(*prepared.table);
    if (setup_.resume->state().complete) require_loaded(row, proven);
    if (is_overtaken(prepared, row, proven)) proven = {};
    if (proven.proof != Proof::none && proven.proof != Proof::maybe) {
      setup_.tally->read(set.table);
      return take_proven(prepared, row, proven);
    }
    // Early, and once more at the end.
    if (set.table < probes_.size() && !probes_[set.table].was_asked) require_still_there(set.table);
    // One request was one transaction: its rows are all there or none is, but only those.
    if (prepared.unit != proven.batch) flush(prepared);
  }
  setup_.tally->read(set.table);
  if (prepared.set.serial) flush_others_of_table(prepared);
  const std::uint64_t number = set.numbered ? setup_.stage->next_number(set) : 0;
  if (set.numbered && setup_.stage->holds(set, number)) {
    setup_.stage->add(set, number, file_, row.line);
    ++sequence_;
    return setup_.tally->loaded(set.table, 1);
  }
  Batch* batch = &open_batch(prepared);
  prepared.unit = proven.batch;
  const std::size_t begin = batch->body.size() + 1;
  const std::string trouble = append_row(prepared.set, row, batch->body, number);
  if (set.numbered) setup_.stage->add(set, number, file_, row.line);
  if (!trouble.empty()) {
    setup_.tally->rejected_locally(prepared.set, row, file_, sequence_++, trouble);
    setup_.tally->refused(prepared.table->name, prepared.table->seen);
    if (setup_.ledger != nullptr) {
      setup_.tally->sync_rejects();
      setup_.ledger->rejected(prepared.table->name, prepared.table->seen,
                              setup_.tally->rejects_bytes());
    }
    if (setup_.tally->over_limit()) {
      throw *setup_.tally->first_reject(options.mode);
    }
    return;
  }
  // Only now, so that no row gives way to one that is never sent.
  const bool resolves = options.mode == Mode::upsert || options.mode == Mode::ignore;
  if (resolves && !prepared.set.key.empty()) {
    bool is_only = true;
    std::string key = key_of(prepared.set, row, is_only);
    if (key.empty()) {
      batch->null_keys = true;
      if (!options.on_conflict.empty()) setup_.tally->null_key(prepared.set.table);
    } else {
      if (!is_only) go_in_order(prepared);
      take_key(prepared, key);
      keys_of(prepared.set.table).on_the_way.put(key, batch->group, batch->rows.size());
      batch->keys.push_back(std::move(key));
    }
  }
  batch->rows.push_back({begin, row.line, sequence_++, false, prepared.table->seen});
  open_bytes_ += batch->body.size() + 1 - begin;
  if (prepared.unit != 0) {
    if (!proven.last) return;
    flush(prepared);
    return pump();
  }
  const auto bearable = setup_.sender->bearable_rows(prepared.set.table);
  const std::size_t most_rows = std::min(options.batch_rows, bearable.value_or(options.batch_rows));
  if (batch->rows.size() >= most_rows || batch->body.size() >= options.batch_bytes ||
      (setup_.by_content && ends_batch(*batch))) {
    flush(prepared);
    return pump();
  }
  if (open_bytes_ <= kMostOpenBytes || open_.size() < 2) return;
  flush(*open_.front());
  pump();
}

void Loader::flush(Prepared& prepared) {
  if (!prepared.open) return;
  std::unique_ptr<Batch> batch = std::move(prepared.open);
  open_.erase(std::find(open_.begin(), open_.end(), &prepared));
  open_bytes_ = open_.empty() ? 0 : open_bytes_ - kBytesOfBatch - batch->body.size();
  if (batch->count() == 0) return;
  batch->close();
  if (prepared.unit != 0) mark_resumed(prepared, *batch);
  if (setup_.by_content && is_unchanged(prepared, *batch)) return;
  if (!batch->keys.empty()) {
    keys_of_groups_[batch->group] = {prepared.set.table, std::move(batch->keys)};
  }
  setup_.sender->submit(std::move(batch));
}

void Loader::flush_all() {
  // In the order of their rows, so that the sender sees them as the file has them.
  while (!open_.empty()) flush(*open_.front());
}

// Lets the network move, and waits while there is no place for another batch.
void Loader::pump() {
  do {
    setup_.sender->turn(setup_.sender->wants_batch() ? milliseconds(0) : milliseconds(200));
    setup_.progress();
  } while (!setup_.sender->wants_batch() && !setup_.sender->ended());
}

}  // namespace pgseed::seed
