#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/direct/direct_load.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"

namespace pgseed::seed {

// That texts without a zone are in, as the file has it.
void DirectLoad::set_time_zone(const std::string& zone) {
  if (time_zone_ == zone) return;
  setup_.database->execute(zone.empty() ? std::string("SET LOCAL TimeZone TO DEFAULT")
                                        : text("SELECT pg_catalog.set_config('TimeZone', ",
                                               pg::to_literal(zone), ", true)"));
  time_zone_ = zone;
}

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

}  // namespace pgseed::seed
