#include "pgseed/seed/direct/direct_load.hpp"

#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/encode/copy_text.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/input/reading.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"
#include "pgseed/seed/move/stage_table.hpp"

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

DirectLoad::DirectLoad(const Setup& setup)
    : setup_(setup),
      session_({setup.database, setup.options->schema,
                [this](bool in_place) {
                  flush_all();
                  end_copy();
                  if (in_place && !waiting().empty()) settle();
                },
                setup.note}) {}

DirectLoad::~DirectLoad() = default;

bool DirectLoad::ended() const {
  return interrupt::signal_number() != 0;
}

void DirectLoad::load(DumpInput& input, std::size_t file, std::size_t pass, bool surveyed) {
  const Options& options = *setup_.options;
  file_ = file;
  path_ = input.name();
  mapped_ = mapping_of(input, options) != nullptr;
  surveyed_ = surveyed;
  from_postgresql_ = meaning_of(input, options).dialect == sql::Dialect::postgresql;
  session_.begin(path_);
  gap_ = {};
  time_zone_.clear();
  const WalkResult result = walk_rows(
      input,
      {setup_.options, setup_.tables, setup_.model, file, pass, surveyed, setup_.has_statements},
      *this);
  if (!surveyed) mapping_use_.add(result.mapping_use);
  if (result.zero_dates > 0) {
    setup_.note(text(path_, ": ", result.zero_dates, result.zero_dates == 1 ? " date" : " dates",
                     " with a zero year, month or day became NULL (--zero-dates null)"));
  }
  flush_all();
  end_copy();  // lines are those of one file
  if (interrupt::signal_number() != 0) throw Interrupted{};
  end_file();
}

DirectLoad::Target& DirectLoad::target_of(RunTable& table) {
  for (const auto& known : targets_) {
    if (known->table == &table && known->role == session_.role()) return *known;
  }
  Target& target = *targets_.emplace_back(std::make_unique<Target>());
  target.table = &table;
  target.role = session_.role();
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
  session_.before_own_sql();
  setup_.database->execute(text("CREATE TEMPORARY TABLE ", name,
                                " ON COMMIT DROP AS SELECT NULL::bigint AS _pgseed_row",
                                staging_columns(*setup_.database, *target.table->model), " FROM ",
                                to_sql(target.table->name), " WITH NO DATA"));
}

const ColumnSet& DirectLoad::columns(RunTable& table, const RowKind& kind) {
  const ColumnSetUse& use = *kind.use;
  for (const auto& known : sinks_) {
    if (known->target->table == &table && known->target->role == session_.role() &&
        is_same_kind(kind, known->use, known->time_zone, known->set.meaning.dialect)) {
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
  for (const std::string& column :
       fit_to_catalogue(set, table.model, where, setup_.options->regenerate_identity)) {
    setup_.note(text("the column ", quote_identifier(column), " of ", to_sql(table.name),
                     " is computed by the server; the file's values for it are left out"));
  }
  require_key_in_rows(table, set.columns, *setup_.options, where);
  flush_all();
  end_copy();
  sink->target = &target_of(table);
  make_stage(*sink->target);
  const bool staged = sink->target->staged;
  if (staged) set.serial = table.refers_to_itself;  // its rows go in by their numbers
  std::vector<std::string> names = set.columns;
  if (staged) names.insert(names.begin(), kRowNumber);
  sink->copy = text("COPY ", staged ? sink->target->stage : to_sql(table.name), ' ',
                    column_list(names), " FROM STDIN");
  sinks_.push_back(std::move(sink));
  return set;
}

void DirectLoad::take_left_out(RunTable& table) {
  setup_.tally->read(table.tally);
  setup_.tally->skipped(table.tally, 1);
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
    throw *setup_.tally->first_reject(Mode::upsert);
  }
  if (target.staged) target.rows.add(number, set, file_, row.line);
  sink.lines.push_back(row.line);
  // Rows that refer to earlier ones, or to their numbers, keep the order of the file.
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
  const bool too_long = copied_bytes_ > kLongestCopy && !sink.target->table->refers_to_itself;
  if (copying_ != &sink || too_long) end_copy();
  try {
    if (copying_ == nullptr) {
      if (!from_postgresql_) set_time_zone(sink.time_zone);
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
  Error refusal = *setup_.tally->first_reject(setup_.options->mode);
  if (refusal.hint.find("--max-rejects") != std::string::npos) refusal.hint = kWholeOnly;
  throw Error(refusal);
}

void DirectLoad::insert_defaults(const ColumnSet& set, std::uint64_t line) {
  flush_all();
  end_copy();
  run_sql(text("INSERT INTO ", to_sql(set.table_name), " DEFAULT VALUES"), line, nullptr);
  setup_.tally->loaded(set.table, 1);
}

}  // namespace pgseed::seed
