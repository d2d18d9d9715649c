#include "pgseed/seed/loader.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/backslashes.hpp"
#include "pgseed/seed/foreign_value.hpp"
#include "pgseed/seed/preflight.hpp"
#include "pgseed/seed/row_mapper.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;

// More open batches than this (many column sets at once) would not stay flat in memory.
constexpr std::size_t kMostOpen = 8;

bool has_defaults(const sql::Row& row) {
  return std::any_of(row.values.begin(), row.values.end(),
                     [](const sql::Value& value) { return value.form == sql::Form::use_default; });
}

ColumnSetUse use_of(const sql::RowsHead& head, const sql::Row& row) {
  ColumnSetUse use;
  use.columns = head.columns;
  use.unlisted = !head.has_columns;
  use.is_copy = head.is_copy;
  use.values = row.values.size();
  use.line = head.line;
  use.overriding_system = head.overriding_system;
  if (has_defaults(row)) {
    for (const sql::Value& value : row.values) {
      use.defaults.push_back(value.form == sql::Form::use_default);
    }
  }
  return use;
}

bool declared_json(const Options& options, const TableName& table, const std::string& column) {
  if (!options.json_columns) return false;
  return std::any_of(options.json_columns->begin(), options.json_columns->end(),
                     [&](const std::string& named) {
                       return named == column || named == table.table + "." + column;
                     });
}

}  // namespace

// A column set in use, and the batch that collects its rows.
struct Loader::Prepared {
  RunTable* table = nullptr;
  ColumnSetUse use;
  std::string time_zone;
  ColumnSet set;
  std::unique_ptr<Batch> open;
};

Loader::Loader(const Setup& setup) : setup_(setup) {
  setup_.sender->on_group_done = [this](std::uint64_t group) {
    const auto found = keys_of_groups_.find(group);
    if (found == keys_of_groups_.end()) return;
    keys_[found->second.first]->release(found->second.second, group);
    keys_of_groups_.erase(found);
  };
}

Loader::~Loader() {
  setup_.sender->on_group_done = nullptr;
}

RunTable& Loader::table(const TableName& name) {
  for (const auto& known : tables_) {
    if (known->name == name) return *known;
  }
  auto& fresh = *tables_.emplace_back(std::make_unique<RunTable>());
  fresh.name = name;
  fresh.wanted = wants(*setup_.options, name);
  fresh.model = setup_.types == nullptr ? nullptr : setup_.types->find(name);
  fresh.key = setup_.options->on_conflict;
  if (fresh.key.empty() && fresh.model != nullptr) fresh.key = fresh.model->primary_key;
  if (fresh.model != nullptr) {
    for (const ForeignKey& key : fresh.model->foreign_keys) {
      fresh.refers_to_itself |= key.referenced_table == name;
    }
  }
  if (fresh.wanted) {
    fresh.tally = setup_.tally->add_table(name);
    keys_.resize(std::max(keys_.size(), fresh.tally + 1));
    seen_.resize(std::max(seen_.size(), fresh.tally + 1));
    keys_[fresh.tally] = std::make_unique<KeysOnTheWay>();
    seen_[fresh.tally] = std::make_unique<SeenKeys>();
  }
  return fresh;
}

Loader::Prepared* Loader::find_prepared(const RunTable& table, const ColumnSetUse& use,
                                        const std::string& time_zone, sql::Dialect dialect) {
  for (const auto& known : prepared_) {
    if (known->table == &table && known->use.columns == use.columns &&
        known->use.unlisted == use.unlisted && known->use.values == use.values &&
        known->use.defaults == use.defaults && known->use.is_copy == use.is_copy &&
        known->use.declared_types == use.declared_types && known->time_zone == time_zone &&
        known->set.meaning.dialect == dialect) {
      return known.get();
    }
  }
  return nullptr;
}

void Loader::prepare(RunTable& table, const ColumnSetUse& use,
                     const sql::TableDefinitions& definitions, const std::string& path,
                     const std::string& time_zone, sql::Dialect dialect) {
  const Options& options = *setup_.options;
  const std::string where = text(path, ':', use.line);
  const auto columns = columns_of_rows(table.name, use, definitions, setup_.order, path);
  if (!columns) {
    throw Error(ErrorKind::input,
                text("the rows of ", to_sql(table.name),
                     " come without a column list, and the file has no CREATE TABLE for it"),
                where, "set DATABASE_URL so that the target's own column order can be read");
  }
  auto prepared = std::make_unique<Prepared>();
  prepared->table = &table;
  prepared->use = use;
  prepared->time_zone = time_zone;
  ColumnSet& set = prepared->set;
  set.table = table.tally;
  set.table_name = table.name;
  set.serial = table.refers_to_itself;
  set.time_zone = time_zone;
  set.meaning = {dialect, options.zero_dates_are_null};
  for (std::size_t index = 0; index < columns->size(); ++index) {
    if (index < use.defaults.size() && use.defaults[index]) continue;
    const std::string& name = (*columns)[index];
    set.columns.push_back(name);
    set.value_index.push_back(index);
    set.types.push_back(
        type_of_column(table.model, table.name, name, definitions, setup_.order,
                       use.declared_types.empty() ? std::string() : use.declared_types[index]));
    set.classes.push_back(declared_json(options, table.name, name) ? ColumnClass::jsonb
                                                                   : class_of(set.types.back()));
  }
  note_unstable_keys(table);
  for (const std::string& column : table.key) {
    const auto found = std::find(set.columns.begin(), set.columns.end(), column);
    if (found == set.columns.end()) {
      set.key.clear();
      break;
    }
    set.key.push_back(static_cast<std::size_t>(found - set.columns.begin()));
  }
  set.finish();
  // First the server's own answer: it says best why a table is not known.
  const PreflightResult result = preflight(*setup_.transport, *setup_.endpoint, set, options,
                                           time_zone, !table.key.empty(), where);
  if (table.model == nullptr && !options.json_columns) {
    throw Error(ErrorKind::refused,
                text("the column types of ", to_sql(table.name), " are not known: ",
                     setup_.model_is_complete ? "the API's OpenAPI document does not list the table"
                                              : "the API gives no OpenAPI document"),
                where,
                "set DATABASE_URL, or name the columns of type json and jsonb: "
                "--json-columns a,b (or --json-columns none)");
  }
  set.table_was_empty = was_empty(table, set);
  for (const std::string& column : result.left_out) {
    setup_.note(text("the column ", quote_identifier(column), " of ", to_sql(table.name),
                     " is computed by the server; the file's values for it are left out"));
  }
  prepared_.push_back(std::move(prepared));
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
  if (!table.was_empty) {
    HttpRequest request =
        rest::any_row_request(*setup_.endpoint, table.name, set.columns[set.key.front()]);
    request.timeout = setup_.options->timeout;
    const HttpResult result = exchange(*setup_.transport, request);
    if (interrupt::signal_number() != 0) throw Interrupted{};
    table.was_empty = result.delivery == Delivery::answered && result.status == 200 &&
                      rest::found_nothing(result.content_range);
  }
  return *table.was_empty;
}

Loader::Prepared& Loader::prepared_for(RunTable& table, const ColumnSetUse& use,
                                       const sql::TableDefinitions& definitions,
                                       const std::string& path, const std::string& time_zone,
                                       sql::Dialect dialect) {
  if (Prepared* const known = find_prepared(table, use, time_zone, dialect)) return *known;
  // Only input that was not read through before comes here: its preflight needs a quiet line.
  flush_all();
  setup_.sender->drain();
  prepare(table, use, definitions, path, time_zone, dialect);
  return *prepared_.back();
}

// --- one file
// -------------------------------------------------------------------------------------

class Loader::FileLoad {
 public:
  FileLoad(Loader& loader, DumpInput& input, std::size_t file, std::size_t pass, bool surveyed)
      : loader_(loader),
        options_(*loader.setup_.options),
        input_(input),
        file_(file),
        pass_(pass),
        surveyed_(surveyed),
        meaning_(meaning_of(input, options_)),
        reader_(input, input.name(), reader_options(input, options_)),
        backslashes_(input, surveyed ? "decided" : options_.dialect),
        piece_(first_piece_of_file(file)),
        definitions_(meaning_.dialect) {
    const Mapping* const mapping = mapping_of(input, options_);
    if (mapping == nullptr) return;
    RowMapper::Setup setup;
    setup.mapping = mapping;
    setup.path = input.name();
    setup.default_schema = options_.schema;
    setup.definitions = &definitions_;
    setup.order = loader.setup_.order;
    mapper_.emplace(std::move(setup));
  }

  void run() {
    for (;;) {
      if (loader_.setup_.sender->ended()) break;
      const sql::Piece piece = backslashes_.next(reader_);
      if (piece == sql::Piece::end) break;
      backslashes_.require_decided();
      ++piece_;
      if (piece == sql::Piece::row) {
        row();
      } else {
        statement();
      }
      if (finished_) break;
    }
    if (mapper_ && !surveyed_) loader_.mapping_use_.add(mapper_->use());
    if (zero_dates_ > 0) {
      loader_.setup_.note(text(input_.name(), ": ", zero_dates_,
                               zero_dates_ == 1 ? " date" : " dates",
                               " with a zero year, month or day became NULL (--zero-dates null)"));
    }
  }

 private:
  void statement() {
    const sql::Statement& statement = reader_.statement();
    if (statement.kind == sql::StatementKind::ddl ||
        statement.kind == sql::StatementKind::session) {
      const std::string& schema = reader_.search_path();
      definitions_.note(statement.text, schema.empty() ? options_.schema : schema);
      if (mapper_) mapper_->definitions_changed();
    }
    if (surveyed_ || !sql::is_unsupported(statement.kind) || options_.skip_unsupported) return;
    throw Error(ErrorKind::input, text(sql::describe(statement.kind), " cannot go over PostgREST"),
                text(input_.name(), ':', statement.line),
                "rows before it are loaded; leave such statements out with --skip-unsupported");
  }

  void begin_statement(const sql::RowsHead& head) {
    head_number_ = head.number;
    prepared_ = nullptr;
    TableName name{head.table.schema.value_or(options_.schema), head.table.name};
    if (mapper_) {
      auto target = mapper_->begin(head);
      left_out_ = !target;
      if (left_out_) return;
      name = *std::move(target);
    }
    table_ = &loader_.table(name);
    if (table_->wanted && table_->pass == pass_) wait_for_parents();
  }

  // Parents in the same pass have all their rows before this one; they must be stored.
  void wait_for_parents() {
    if (table_ == waited_) return;
    waited_ = table_;
    if (table_->parents.empty()) return;
    loader_.flush_all();
    loader_.setup_.sender->drain();
  }

  void row() {
    if (reader_.head().number != head_number_) begin_statement(reader_.head());
    if (left_out_) return mapper_->left_out();
    RunTable& table = *table_;
    if (!table.wanted || table.pass != pass_) return;
    ++table.seen;
    if (table.seen <= options_.offset) return;
    if (options_.limit && table.seen - options_.offset > *options_.limit) {
      return look_for_the_end();
    }
    Tally& tally = *loader_.setup_.tally;
    const sql::Row& row = mapper_ ? mapper_->map(reader_.row(), table.seen) : reader_.row();
    if (!row.unsupported.empty()) return unsupported(row.unsupported, row.unsupported_line);
    if (prepared_ == nullptr || has_defaults(row)) {
      ColumnSetUse use = use_of(mapper_ ? mapper_->head() : reader_.head(), row);
      if (mapper_) use.declared_types = mapper_->declared_types();
      Prepared& prepared = loader_.prepared_for(table, use, definitions_, input_.name(),
                                                reader_.time_zone(), meaning_.dialect);
      if (loader_.setup_.sender->ended()) return;
      prepared_ = &prepared;
      if (has_defaults(row)) head_number_ = 0;  // the next row may have another set
    }
    const ColumnSet& set = prepared_->set;
    for (std::size_t index = 0; index < set.columns.size(); ++index) {
      const sql::Value& value = row.values[set.value_index[index]];
      if (!may_not_carry(value, set.classes[index], meaning_)) continue;
      if (const auto why = cannot_carry(value, set.classes[index], set.types[index], meaning_)) {
        return unsupported(*why, row.line);
      }
      if (set.classes[index] == ColumnClass::time && meaning_.zero_dates_are_null &&
          meaning_.dialect == sql::Dialect::mysql && is_zero_date(value)) {
        ++zero_dates_;
      }
    }
    tally.read(table.tally);
    loader_.take_row(*prepared_, row, file_);
  }

  void unsupported(const std::string& what, std::uint64_t line) {
    if (!options_.skip_unsupported) {
      throw Error(ErrorKind::input, text(what, " cannot go over PostgREST"),
                  text(input_.name(), ':', line),
                  "rows before it are loaded; leave such rows out with --skip-unsupported");
    }
    loader_.setup_.tally->read(table_->tally);
    loader_.setup_.tally->skipped(table_->tally, 1);
  }

  // A table has its LIMIT: stop reading when all others have theirs too. Only a survey knows
  // whether more tables follow.
  void look_for_the_end() {
    if (!surveyed_ || ++over_limit_ % 64 != 1) return;
    finished_ = std::all_of(loader_.tables_.begin(), loader_.tables_.end(), [&](const auto& table) {
      return !table->wanted || table->pass != pass_ ||
             (table->seen > options_.offset && table->seen - options_.offset > *options_.limit) ||
             !table->surveyed || table->last_piece < piece_;
    });
  }

  Loader& loader_;
  const Options& options_;
  DumpInput& input_;
  std::size_t file_;
  std::size_t pass_;
  bool surveyed_;
  Meaning meaning_;
  sql::DumpReader reader_;
  Backslashes backslashes_;
  std::uint64_t piece_;
  sql::TableDefinitions definitions_;
  std::uint64_t head_number_ = 0;
  std::uint64_t over_limit_ = 0;
  std::uint64_t zero_dates_ = 0;
  RunTable* table_ = nullptr;
  RunTable* waited_ = nullptr;
  Prepared* prepared_ = nullptr;
  bool finished_ = false;
  std::optional<RowMapper> mapper_;
  bool left_out_ = false;  // by the mapping
};

void Loader::load(DumpInput& input, std::size_t file, std::size_t pass, bool surveyed) {
  FileLoad(*this, input, file, pass, surveyed).run();
  flush_all();  // a batch holds rows of one file, so that its lines mean something
}

void Loader::finish_pass() {
  flush_all();
  setup_.sender->drain();
}

// --- rows into batches
// ------------------------------------------------------------------------------

Batch& Loader::open_batch(Prepared& prepared, std::size_t file) {
  if (prepared.open) return *prepared.open;
  const auto open = static_cast<std::size_t>(std::count_if(
      prepared_.begin(), prepared_.end(), [](const auto& each) { return each->open != nullptr; }));
  if (open >= kMostOpen) flush_all();
  prepared.open = std::make_unique<Batch>();
  prepared.open->group = next_group_++;
  prepared.open->sequence = sequence_;
  prepared.open->set = &prepared.set;
  prepared.open->serial = prepared.set.serial;
  prepared.open->file = file;
  prepared.open->body = setup_.sender->take_body();
  prepared.open->body.reserve(std::min<std::size_t>(setup_.options->batch_bytes, 1u << 20) + 4096);
  return *prepared.open;
}

void Loader::take_row(Prepared& prepared, const sql::Row& row, std::size_t file) {
  const Options& options = *setup_.options;
  if (prepared.set.serial) flush_others_of_table(prepared);
  Batch* batch = &open_batch(prepared, file);
  const std::size_t begin = batch->body.size() + 1;
  const std::string trouble = append_row(prepared.set, row, batch->body);
  if (!trouble.empty()) {
    setup_.tally->rejected_locally(prepared.set, row, file, sequence_++, trouble);
    if (setup_.tally->over_limit()) {
      throw *setup_.tally->first_reject(options.mode == Mode::insert);
    }
    return;
  }
  // Only now, so that no row gives way to one that is never sent.
  const bool resolves = options.mode == Mode::upsert || options.mode == Mode::ignore;
  if (resolves && !prepared.set.key.empty()) {
    std::string key = key_of(prepared.set, row);
    if (key.empty()) {
      batch->null_keys = true;
    } else {
      take_key(prepared, key);
      keys_[prepared.set.table]->put(key, batch->group, batch->rows.size());
      batch->keys.push_back(std::move(key));
    }
  }
  batch->rows.push_back({begin, row.line, sequence_++});
  const auto bearable = setup_.sender->bearable_rows(prepared.set.table);
  const std::size_t most_rows = std::min(options.batch_rows, bearable.value_or(options.batch_rows));
  if (batch->rows.size() >= most_rows || batch->body.size() >= options.batch_bytes) {
    flush(prepared);
    pump();
  }
}

// Sees to it that rows of one key arrive in file order, and no key twice in one statement. The
// batch of the row is open.
void Loader::take_key(Prepared& prepared, const std::string& key) {
  const std::size_t table = prepared.set.table;
  const bool first_time = seen_[table]->insert(key);
  const KeysOnTheWay::Place* const place = keys_[table]->find(key);
  const bool upsert = setup_.options->mode == Mode::upsert;
  if (place == nullptr) {
    if (!first_time && upsert) setup_.tally->superseded(table, true);
    return;
  }
  if (place->group == prepared.open->group) {
    // In one statement a key may come once only: the last one wins.
    if (upsert) {
      prepared.open->rows[place->row].dropped = true;
      setup_.tally->superseded(table, false);
    }
    return;
  }
  if (upsert) setup_.tally->superseded(table, true);
  const std::uint64_t group = place->group;
  for (const auto& other : prepared_) {
    if (other->open && other->open->group == group) {
      flush(*other);
      break;
    }
  }
  std::vector<std::uint64_t>& after = prepared.open->after;
  if (std::find(after.begin(), after.end(), group) == after.end()) after.push_back(group);
}

// Rows that refer to earlier ones need those of other column sets to be on their way before them.
void Loader::flush_others_of_table(const Prepared& prepared) {
  for (const auto& other : prepared_) {
    if (other.get() != &prepared && other->open && other->set.table == prepared.set.table) {
      flush(*other);
    }
  }
}

void Loader::flush(Prepared& prepared) {
  if (!prepared.open) return;
  std::unique_ptr<Batch> batch = std::move(prepared.open);
  if (batch->count() == 0) return;
  batch->close();
  if (!batch->keys.empty()) {
    keys_of_groups_[batch->group] = {prepared.set.table, std::move(batch->keys)};
  }
  setup_.sender->submit(std::move(batch));
}

void Loader::flush_all() {
  // In the order of their rows, so that the sender sees them as the file has them.
  std::vector<Prepared*> open;
  for (const auto& prepared : prepared_) {
    if (prepared->open) open.push_back(prepared.get());
  }
  std::sort(open.begin(), open.end(), [](const Prepared* left, const Prepared* right) {
    return left->open->sequence < right->open->sequence;
  });
  for (Prepared* const prepared : open) flush(*prepared);
}

// Lets the network move, and waits while there is no place for another batch.
void Loader::pump() {
  do {
    setup_.sender->turn(setup_.sender->wants_batch() ? milliseconds(0) : milliseconds(200));
    setup_.progress();
  } while (!setup_.sender->wants_batch() && !setup_.sender->ended());
}

}  // namespace pgseed::seed
