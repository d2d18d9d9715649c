#include "pgseed/seed/direct_load.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/copy_text.hpp"
#include "pgseed/seed/row_json.hpp"

namespace pgseed::seed {
namespace {

// Rows of one column set that wait until the COPY is theirs.
constexpr std::size_t kBuffer = 256u << 10;
// A COPY ends now and then: only its end tells of a bad row, and until then the server keeps what
// its foreign keys have to check.
constexpr std::uint64_t kLongestCopy = 32u << 20;

constexpr const char* kWholeOnly =
    "the direct load stores all rows or none: nothing was changed; mend the row and run again";

}  // namespace

// A table that rows go into.
struct DirectLoad::Target {
  RunTable* table = nullptr;
  bool staged = false;
  std::string stage;  // as SQL names it
  StagedRows rows;    // that wait there
  std::uint64_t number = 0;
  Moved moved;  // all rounds together
};

struct DirectLoad::Sink {
  Target* target = nullptr;
  ColumnSetUse use;
  std::string time_zone;
  ColumnSet set;
  std::string copy;  // the statement
  json::Buffer text;
  std::vector<std::uint64_t> lines;
};

DirectLoad::DirectLoad(const Setup& setup) : setup_(setup) {}

DirectLoad::~DirectLoad() = default;

bool DirectLoad::ended() const {
  return interrupt::signal_number() != 0;
}

void DirectLoad::load(DumpInput& input, std::size_t file, std::size_t pass, bool surveyed,
                      bool last_pass) {
  const Options& options = *setup_.options;
  file_ = file;
  path_ = input.name();
  mapped_ = mapping_of(input, options) != nullptr;
  surveyed_ = surveyed;
  last_pass_ = last_pass;
  from_postgresql_ = meaning_of(input, options).dialect == sql::Dialect::postgresql;
  // What the file before this one set is its own affair.
  setup_.database->execute(
      "SET LOCAL TimeZone TO DEFAULT; SET LOCAL DateStyle TO DEFAULT; SET LOCAL IntervalStyle TO "
      "DEFAULT; SET LOCAL standard_conforming_strings TO on; SET LOCAL search_path TO DEFAULT");
  search_path_.clear();
  file_search_path_.clear();
  time_zone_.clear();
  const WalkResult result =
      walk_rows(input, {setup_.options, setup_.tables, setup_.model, file, pass, surveyed}, *this);
  if (!surveyed) mapping_use_.add(result.mapping_use);
  if (result.zero_dates > 0) {
    setup_.note(text(path_, ": ", result.zero_dates, result.zero_dates == 1 ? " date" : " dates",
                     " with a zero year, month or day became NULL (--zero-dates null)"));
  }
  flush_all();
  end_copy();  // lines are those of one file
  if (interrupt::signal_number() != 0) throw Interrupted{};
}

DirectLoad::Target& DirectLoad::target_of(RunTable& table) {
  for (const auto& known : targets_) {
    if (known->table == &table) return *known;
  }
  Target& target = *targets_.emplace_back(std::make_unique<Target>());
  target.table = &table;
  const Mode mode = setup_.options->mode;
  target.staged = setup_.all_staged || mode == Mode::upsert || mode == Mode::ignore;
  if (target.staged || table.model == nullptr) return target;
  // COPY passes rules by, cannot write through a view, and refuses row-level security.
  const std::string odd = setup_.database->value(
      text("SELECT c.relkind = 'v' OR c.relhasrules OR pg_catalog.row_security_active(c.oid)"
           " FROM pg_catalog.pg_class c WHERE c.oid = ",
           pg::to_literal(to_sql(table.name)), "::pg_catalog.regclass"));
  target.staged = odd == "t";
  return target;
}

void DirectLoad::make_stage(Target& target) {
  if (!target.staged || !target.stage.empty()) return;
  const std::string name = text("_pgseed_stage_", targets_.size());
  target.stage = "pg_temp." + name;
  std::string columns;
  for (const Column& column : target.table->model->columns) {
    if (!column.generated) columns += ", " + quote_identifier(column.name);
  }
  setup_.database->execute(text("CREATE TEMPORARY TABLE ", name,
                                " ON COMMIT DROP AS SELECT NULL::bigint AS _pgseed_row", columns,
                                " FROM ", to_sql(target.table->name), " WITH NO DATA"));
}

const ColumnSet& DirectLoad::columns(RunTable& table, const RowKind& kind) {
  const ColumnSetUse& use = *kind.use;
  for (const auto& known : sinks_) {
    if (known->target->table == &table && known->use.columns == use.columns &&
        known->use.unlisted == use.unlisted && known->use.values == use.values &&
        known->use.defaults == use.defaults && known->use.is_copy == use.is_copy &&
        known->use.declared_types == use.declared_types && known->time_zone == kind.time_zone &&
        known->set.meaning.dialect == kind.dialect) {
      return known->set;
    }
  }
  const std::string where = text(kind.path, ':', use.line);
  auto sink = std::make_unique<Sink>();
  sink->use = use;
  sink->time_zone = kind.time_zone;
  sink->set = column_set_of(table, kind, *setup_.options, setup_.model);
  ColumnSet& set = sink->set;
  set.number = sinks_.size();
  for (const std::string& column : fit_to_catalogue(set, table.model, where)) {
    setup_.note(text("the column ", quote_identifier(column), " of ", to_sql(table.name),
                     " is computed by the server; the file's values for it are left out"));
  }
  flush_all();
  end_copy();
  sink->target = &target_of(table);
  make_stage(*sink->target);
  const bool staged = sink->target->staged;
  std::vector<std::string> names = set.columns;
  if (staged) names.insert(names.begin(), kRowNumber);
  sink->copy = text("COPY ", staged ? sink->target->stage : to_sql(table.name), ' ',
                    column_list(names), " FROM STDIN");
  sinks_.push_back(std::move(sink));
  return set;
}

// Parents in the same pass have all their rows before this table; they must be stored.
void DirectLoad::enter(RunTable& table) {
  if (!table.parents.empty()) flush_all();
}

void DirectLoad::take(const ColumnSet& set, const sql::Row& row) {
  Sink& sink = *sinks_[set.number];
  Target& target = *sink.target;
  setup_.tally->read(set.table);
  ++rows_;
  if (set.columns.empty() && !target.staged) return insert_defaults(set, row.line);
  const std::uint64_t number = ++target.number;
  const std::string trouble = append_copy_line(
      set, row, target.staged ? std::optional<std::uint64_t>(number) : std::nullopt, sink.text);
  if (!trouble.empty()) {
    setup_.tally->rejected_locally(set, row, file_, rows_, trouble);
    throw *setup_.tally->first_reject(false);
  }
  if (target.staged) target.rows.add(number, set, file_, row.line);
  sink.lines.push_back(row.line);
  // Rows that refer to earlier ones keep the order of the file.
  if (set.serial) {
    for (const auto& other : sinks_) {
      if (other.get() != &sink && other->target == &target) flush(*other);
    }
  }
  if (sink.text.size() < kBuffer) return;
  flush(sink);
  setup_.progress();
}

void DirectLoad::flush(Sink& sink) {
  if (sink.text.empty()) return;
  pg::CopyIn& database = *setup_.database;
  const TableName copied =
      sink.target->staged
          ? TableName{"", sink.target->stage.substr(sink.target->stage.find('.') + 1)}
          : sink.set.table_name;
  const bool too_long = copied_bytes_ > kLongestCopy && !sink.set.serial;
  if (copying_ != &sink || too_long) end_copy();
  try {
    if (copying_ == nullptr) {
      set_time_zone(sink.time_zone);
      database.start_copy(copied, sink.copy);
      copying_ = &sink;
    }
    lines_.insert(lines_.end(), sink.lines.begin(), sink.lines.end());
    database.put(sink.text.view());
  } catch (const pg::SqlError& error) {
    refused(error, sink);
  }
  bytes_ += sink.text.size();
  copied_bytes_ += sink.text.size();
  copied_rows_ += sink.lines.size();
  sink.text.clear();
  sink.lines.clear();
}

// That texts without a zone are in, as the file has it.
void DirectLoad::set_time_zone(const std::string& zone) {
  if (time_zone_ == zone) return;
  setup_.database->execute(zone.empty() ? std::string("SET LOCAL TimeZone TO DEFAULT")
                                        : text("SELECT pg_catalog.set_config('TimeZone', ",
                                               pg::to_literal(zone), ", true)"));
  time_zone_ = zone;
}

void DirectLoad::flush_all() {
  // The open COPY first: it goes on where it is.
  if (copying_ != nullptr) flush(*copying_);
  for (const auto& sink : sinks_) flush(*sink);
}

void DirectLoad::end_copy() {
  if (copying_ == nullptr) return;
  Sink& sink = *copying_;
  std::uint64_t stored = 0;
  try {
    stored = setup_.database->finish_copy();
  } catch (const pg::SqlError& error) {
    refused(error, sink);
  }
  setup_.tally->loaded(sink.set.table, stored);  // or staged
  if (!sink.target->staged) {
    if (stored < copied_rows_) {
      setup_.tally->rejected_unnamed(sink.set.table, copied_rows_ - stored);
      throw Error(
          ErrorKind::rows,
          text("the server left out ", copied_rows_ - stored, " of ", with_separators(copied_rows_),
               " rows of ", to_sql(sink.set.table_name), " without an error"),
          path_, "look for a BEFORE INSERT trigger on the table");
    }
  }
  copying_ = nullptr;
  copied_rows_ = copied_bytes_ = 0;
  lines_.clear();
}

void DirectLoad::refused(const pg::SqlError& error, const Sink& sink) {
  if (!is_fault_of_a_row(error) || error.sqlstate == "42501") {
    throw error_of(error, text("cannot load rows into ", to_sql(sink.set.table_name)), path_);
  }
  if (error.copy_line == 0 && setup_.repeatable && !setup_.all_staged) throw RowNotNamed{};
  const bool known = error.copy_line > 0 && error.copy_line <= lines_.size();
  const std::uint64_t line = known ? lines_[error.copy_line - 1] : 0;
  setup_.tally->rejected_at(sink.set.table_name, sink.set.table, file_, line, rows_,
                            outcome_of(error));
  Error refusal = *setup_.tally->first_reject(setup_.options->mode == Mode::insert);
  if (refusal.hint.find("--max-rejects") != std::string::npos) refusal.hint = kWholeOnly;
  throw Error(refusal);
}

void DirectLoad::insert_defaults(const ColumnSet& set, std::uint64_t line) {
  flush_all();
  end_copy();
  run_sql(text("INSERT INTO ", to_sql(set.table_name), " DEFAULT VALUES"), line, nullptr);
  setup_.tally->loaded(set.table, 1);
}

// --- what no row carries

// Names without a schema are looked up as the file has it, then where the database would look.
void DirectLoad::apply_search_path(const std::string& schema) {
  const std::string wanted = schema.empty() ? setup_.options->schema : schema;
  if (search_path_ == wanted) return;
  setup_.database->execute("SET LOCAL search_path TO DEFAULT");
  setup_.database->execute(text(
      "SELECT pg_catalog.set_config('search_path', ", pg::to_literal(quote_identifier(wanted)),
      " || coalesce(', ' || nullif(pg_catalog.current_setting('search_path'), ''), ''), true)"));
  search_path_ = wanted;
}

std::uint64_t DirectLoad::run_sql(const std::string& sql, std::uint64_t line,
                                  const RunTable* table) {
  apply_search_path(file_search_path_);
  std::uint64_t affected = 0;
  try {
    affected = setup_.database->execute(sql);
  } catch (const pg::SqlError& error) {
    const std::uint64_t at =
        line + (error.line > 1 ? static_cast<std::uint64_t>(error.line) - 1 : 0);
    if (table == nullptr || !is_fault_of_a_row(error)) {
      throw error_of(error, "the database refused a statement", text(path_, ':', at));
    }
    setup_.tally->rejected_at(table->name, table->tally, file_, line, rows_, outcome_of(error));
    throw Error(*setup_.tally->first_reject(setup_.options->mode == Mode::insert));
  }
  if (!setup_.database->in_transaction()) {
    throw Error(ErrorKind::refused, "a statement of the file ended the transaction",
                text(path_, ':', line), "what came before it may be stored");
  }
  return affected;
}

void DirectLoad::take_unsupported(RunTable& table, const std::string& what, std::uint64_t line,
                                  const sql::DumpReader& reader) {
  setup_.tally->read(table.tally);
  ++rows_;
  const sql::Row& row = reader.row();
  if (row.source.empty() || mapped_ || !from_postgresql_) {
    if (setup_.options->skip_unsupported) return setup_.tally->skipped(table.tally, 1);
    throw Error(ErrorKind::input, text(what, " cannot be loaded"), text(path_, ':', line),
                mapped_ ? "a row with an expression cannot be mapped; leave such rows out with "
                          "--skip-unsupported"
                        : "leave such rows out with --skip-unsupported");
  }
  const Mode mode = setup_.options->mode;
  const sql::RowsHead& head = reader.head();
  if (mode == Mode::upsert && !head.has_columns) {
    throw Error(ErrorKind::input, text(what, " in a row without a column list cannot be upserted"),
                text(path_, ':', line), "name the columns in the statement");
  }
  if (table.model == nullptr) {
    throw Error(ErrorKind::refused, text("the database has no table ", to_sql(table.name)),
                text(path_, ':', line), "create it first");
  }
  settle();  // it may look at the rows before it
  std::string sql = text("INSERT INTO ", to_sql(table.name));
  if (head.has_columns) sql += text(" ", column_list(head.columns));
  if (head.overriding_system) sql += " OVERRIDING SYSTEM VALUE";
  if (head.overriding_user) sql += " OVERRIDING USER VALUE";
  sql += " VALUES ";
  sql += row.source;
  sql += conflict_clause(mode, table.key, head.columns, *table.model);
  file_search_path_ = reader.search_path();
  set_time_zone(reader.time_zone());
  ++rows_as_sql_;
  if (run_sql(sql, row.line, &table) > 0) return setup_.tally->loaded(table.tally, 1);
  if (mode == Mode::ignore) return setup_.tally->ignored(table.tally, 1);
  setup_.tally->rejected_unnamed(table.tally, 1);
  throw Error(ErrorKind::rows,
              text("the server left out a row of ", to_sql(table.name), " without an error"),
              text(path_, ':', row.line),
              "look for a BEFORE INSERT trigger or a rule on the table");
}

void DirectLoad::take_unsupported(const sql::Statement& statement) {
  if (from_postgresql_ && !statement.cut && apply_setting(statement)) return;
  const bool can = runs_directly(statement.kind) && from_postgresql_ && !mapped_ && !statement.cut;
  if (!can) {
    if (surveyed_ || setup_.options->skip_unsupported) return;
    throw Error(ErrorKind::input, text(sql::describe(statement.kind), " cannot be carried out"),
                text(path_, ':', statement.line),
                "leave such statements out with --skip-unsupported");
  }
  // Rows that stand before it are stored before it.
  settle();
  run_sql(std::string(statement.text), statement.line, nullptr);
  ++statements_;
}

void DirectLoad::pass_by(const sql::Statement& statement) {
  if (!from_postgresql_ || statement.cut) return;
  if (statement.kind == sql::StatementKind::sequence) {
    if (!last_pass_) return;
    settle();
    run_sql(std::string(statement.text), statement.line, nullptr);
    ++statements_;
    return;
  }
  if (statement.kind == sql::StatementKind::session) apply_setting(statement);
}

// False for what is none of the settings that say how values and names read.
bool DirectLoad::apply_setting(const sql::Statement& statement) {
  const auto setting = sql::read_setting(statement.text);
  if (!setting) return false;
  const std::string name = to_lower(setting->name);
  if (name == "search_path") {
    file_search_path_ = setting->value == "default" ? std::string() : setting->value;
    return true;
  }
  if (name == "timezone") {
    flush_all();
    end_copy();
    set_time_zone(setting->value == "default" ? std::string() : setting->value);
    return true;
  }
  for (const char* known :
       {"datestyle", "intervalstyle", "standard_conforming_strings", "xmloption"}) {
    if (name != known) continue;
    flush_all();
    end_copy();
    // DateStyle comes with all of its words, as they are written.
    std::string value = setting->value;
    std::erase_if(value, [](char byte) { return byte == '\'' || byte == '"'; });
    try {
      setup_.database->execute(value == "default" ? text("SET LOCAL ", name, " TO DEFAULT")
                                                  : text("SELECT pg_catalog.set_config('", name,
                                                         "', ", pg::to_literal(value), ", true)"));
    } catch (const pg::SqlError& error) {
      throw error_of(error, "the database refused a setting", text(path_, ':', statement.line));
    }
    return true;
  }
  return false;
}

// --- the end

void DirectLoad::settle() {
  flush_all();
  end_copy();
  for (const auto& target : targets_) {
    if (!target->staged || target->rows.count() == 0) continue;
    move(*target);
    // More rows may come.
    setup_.database->execute(text("TRUNCATE ", target->stage, "; ALTER TABLE ", target->stage,
                                  " DROP CONSTRAINT \"", target->stage.substr(8), "_pkey\""));
    target->rows.clear();
    target->number = 0;
  }
}

Move DirectLoad::move_of(Target& target) {
  const RunTable& table = *target.table;
  Move move;
  move.target = table.name;
  move.stage = target.stage;
  move.model = table.model;
  move.mode = setup_.options->mode;
  move.conflict = table.key;
  move.rows = &target.rows;
  move.staged = target.rows.count();
  move.refers_to_itself = table.refers_to_itself;
  move.refused = [this, &target](std::uint64_t number, const pg::SqlError& error) {
    const RunTable& of = *target.table;
    const auto place = target.rows.place_of(number);
    setup_.tally->rejected_at(of.name, of.tally, place ? place->file : file_,
                              place ? place->line : 0, number, outcome_of(error));
    return false;
  };
  return move;
}

void DirectLoad::move(Target& target) {
  try {
    setup_.database->execute(text("ALTER TABLE ", target.stage, " ADD PRIMARY KEY (_pgseed_row)"));
    const Moved moved = move_rows(*setup_.database, move_of(target));
    target.moved.staged += moved.staged;
    target.moved.loaded += moved.loaded;
    target.moved.ignored += moved.ignored;
    target.moved.superseded += moved.superseded;
    target.moved.left_out += moved.left_out;
  } catch (const pg::SqlError& error) {
    throw error_of(error, text("cannot load rows into ", to_sql(target.table->name)), path_);
  } catch (const Error& error) {
    if (error.kind != ErrorKind::rows) throw;
    throw Error(*setup_.tally->first_reject(setup_.options->mode == Mode::insert));
  }
}

void DirectLoad::check_deferred() {
  std::vector<Move> moves;
  for (const auto& target : targets_) {
    if (target->staged && target->rows.count() > 0) moves.push_back(move_of(*target));
  }
  try {
    seed::check_deferred(*setup_.database, moves);
  } catch (const pg::SqlError& error) {
    if (setup_.repeatable && !setup_.all_staged) throw RowNotNamed{};
    Error refused = error_of(error, text("rows of ", to_sql(error.table), " were refused"), path_);
    refused.kind = ErrorKind::rows;
    throw Error(refused);
  } catch (const Error& error) {
    if (error.kind != ErrorKind::rows || !setup_.tally->first_reject(false)) throw;
    throw Error(*setup_.tally->first_reject(setup_.options->mode == Mode::insert));
  }
}

void DirectLoad::finish() {
  flush_all();
  end_copy();
  for (const auto& target : targets_) {
    if (target->staged && target->rows.count() > 0) move(*target);
  }
  check_deferred();
  for (const auto& target : targets_) {
    if (!target->staged) continue;
    const RunTable& table = *target->table;
    setup_.tally->moved(table.tally, target->moved);
    if (target->moved.left_out == 0) continue;
    throw Error(ErrorKind::rows,
                text("the server left out ", target->moved.left_out, " rows of ",
                     to_sql(table.name), " without an error"),
                path_, "look for a BEFORE INSERT trigger or a rule on the table");
  }
}

}  // namespace pgseed::seed
