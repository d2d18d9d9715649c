#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/direct/direct_load.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"

namespace pgseed::seed {
namespace {

// SET DateStyle, which the reader marks where rows over REST would mind.
bool is_setting(const sql::Statement& statement) {
  return statement.kind == sql::StatementKind::unknown && sql::read_setting(statement.text);
}

}  // namespace

// That texts without a zone are in, as the file has it.
void DirectLoad::set_time_zone(const std::string& zone) {
  if (time_zone_ == zone) return;
  setup_.database->execute(zone.empty() ? std::string("SET LOCAL TimeZone TO DEFAULT")
                                        : text("SELECT pg_catalog.set_config('TimeZone', ",
                                               pg::to_literal(zone), ", true)"));
  time_zone_ = zone;
}

// Before SQL of the file. A file that was surveyed is refused before anything is written.
void DirectLoad::require_no_gap() const {
  session_.require_all();
  if (surveyed_ || mapped_ || !gap_.found()) return;
  throw Error(ErrorKind::input, gap_.found()->what, text(path_, ':', gap_.found()->line),
              "nothing was changed; " + gap_.found()->hint);
}

void DirectLoad::end_file() {
  gap_.end();
  if (gap_.found()) require_no_gap();
  session_.end();
}

std::uint64_t DirectLoad::run_sql(const std::string& sql, std::uint64_t line,
                                  const RunTable* table) {
  session_.before_sql();
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
    throw Error(*setup_.tally->first_reject(setup_.options->mode));
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
  // As rows go that COPY takes.
  const bool has_identity = std::ranges::any_of(table.model->columns, [&](const Column& column) {
    return column.identity_always &&
           (!head.has_columns ||
            std::ranges::find(head.columns, column.name) != head.columns.end());
  });
  if (head.overriding_user || (has_identity && setup_.options->regenerate_identity)) {
    sql += " OVERRIDING USER VALUE";
  } else if (head.overriding_system || has_identity) {
    sql += " OVERRIDING SYSTEM VALUE";
  }
  sql += " VALUES ";
  sql += row.source;
  sql += conflict_clause(mode, table.key, head.columns, *table.model);
  if (what != "OVERRIDING USER VALUE") {
    gap_.run();
    require_no_gap();
  }
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
  gap_.pass_over(statement);
  if (from_postgresql_ && !statement.cut && is_setting(statement)) return session_.take(statement);
  const bool can = runs_directly(statement.kind) && from_postgresql_ && !mapped_ && !statement.cut;
  if (!can) {
    if (surveyed_ || setup_.options->skip_unsupported) return;
    throw Error(ErrorKind::input, text(sql::describe(statement.kind), " cannot be carried out"),
                text(path_, ':', statement.line),
                "leave such statements out with --skip-unsupported");
  }
  gap_.run();
  require_no_gap();
  // Rows that stand before it are stored before it.
  settle();
  run_sql(std::string(statement.text), statement.line, nullptr);
  ++statements_;
}

void DirectLoad::pass_by(const sql::Statement& statement) {
  gap_.pass_over(statement);
  if (!from_postgresql_ || statement.cut) return;
  if (statement.kind == sql::StatementKind::session) session_.take(statement);
}

}  // namespace pgseed::seed
