#include "pgseed/migrate/offline.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lines.hpp"
#include "pgseed/sql/literal.hpp"

namespace pgseed::migrate {
namespace {

class ScriptWriter {
 public:
  explicit ScriptWriter(const OfflineOptions& options)
      : options_(options), table_(to_sql(options.version_table)) {}

  void line(std::string_view words) { out_ += text(words, '\n'); }

  void statement(const std::string& sql) {
    // A line comment at the end would swallow the semicolon.
    const auto last = sql.rfind('\n');
    const bool comment = sql.find("--", last == std::string::npos ? 0 : last) != std::string::npos;
    out_ += text(sql, comment ? "\n;\n\n" : ";\n\n");
  }

  void begin() { statement("BEGIN"); }
  void commit() { statement("COMMIT"); }

  // step: how far the script has come, counted in its transactions; 0 without such a check.
  void guard(const std::vector<std::string>& rows, bool lock, std::size_t step) {
    std::string list, shown;
    for (const std::string& row : rows) {
      list += text(list.empty() ? "" : ", ", sql::quote_literal(row));
      shown += text(shown.empty() ? "" : ", ", row);
    }
    if (shown.empty()) shown = "base";
    line("DO $pgseed_guard$");
    line("BEGIN");
    if (step > 0) {
      line(text("    IF current_setting('", kProgress, "', true) IS DISTINCT FROM '", step - 1,
                "' THEN"));
      line("        RAISE EXCEPTION 'an earlier part of this script did not run in this session'");
      line("            USING HINT = 'it needs one direct connection, no transaction pooler';");
      line("    END IF;");
    }
    if (lock) line(text("    LOCK TABLE ", table_, " IN ACCESS EXCLUSIVE MODE;"));
    line(text(
        "    IF (SELECT coalesce(array_agg(version_num::text ORDER BY version_num::text COLLATE "
        "\"C\"), '{}') FROM ",
        table_, ")"));
    line(text("       IS DISTINCT FROM ARRAY[", list, "]::text[] THEN"));
    line(text("        RAISE EXCEPTION USING MESSAGE = ",
              sql::quote_literal("the database is not at " + shown +
                                 ": this script is made for another state"),
              ';'));
    line("    END IF;");
    // Comes back with a rollback, so that what follows a failed part fails, too.
    if (step > 0 && lock) {
      line(text("    PERFORM set_config('", kProgress, "', '", step, "', false);"));
    }
    line("END");
    statement("$pgseed_guard$");
  }

  void begin_progress() { statement(text("SET ", kProgress, " = '0'")); }

  // A section that moves the search_path would hide a version table without a schema.
  void keep_search_path(bool local) { copy_setting("search_path", kSearchPath, local); }
  void restore_search_path(bool local) { copy_setting(kSearchPath, "search_path", local); }

  void create_table() {
    statement(create_version_table_sql(table_, options_.version_table.table, true));
  }

  void changes(const std::vector<RowChange>& all) {
    for (const RowChange& change : all) statement(VersionTable::change_sql(table_, change));
  }

  void limits(const SectionOptions& section) {
    const auto set = [&](const char* name, const std::optional<std::string>& value) {
      if (value) statement(text("SET LOCAL ", name, " = ", sql::quote_literal(*value)));
    };
    set("lock_timeout", section.lock_timeout);
    set("statement_timeout", section.statement_timeout);
  }

  std::string take() { return std::move(out_); }

 private:
  static constexpr const char* kProgress = "pgseed.script_step";
  static constexpr const char* kSearchPath = "pgseed.search_path";

  void copy_setting(const char* from, const char* to, bool local) {
    statement(text("DO $pgseed$ BEGIN PERFORM set_config('", to, "', current_setting('", from,
                   "'), ", local ? "true" : "false", "); END $pgseed$"));
  }

  const OfflineOptions& options_;
  std::string table_;
  std::string out_;
};

bool mentions_search_path(const std::vector<ScriptStatement>& statements) {
  return std::any_of(statements.begin(), statements.end(), [](const ScriptStatement& statement) {
    return to_lower(statement.sql).find("search_path") != std::string::npos;
  });
}

const Section& section_of(const Graph& graph, const Step& step) {
  const Revision& revision = graph[step.node];
  if (revision.format == FileFormat::alembic && !revision.upgrade) {
    throw Error(ErrorKind::refused,
                text("revision ", revision.id, " is a Python file, which only Alembic can run"),
                revision.path, "pgseed migrate import alembic turns the project into SQL");
  }
  const auto& section = step.direction == Direction::up ? revision.upgrade : revision.downgrade;
  if (!section || section->options.irreversible) {
    throw Error(ErrorKind::input,
                section ? text("revision ", revision.id, " is irreversible")
                        : text("revision ", revision.id, " has no downgrade section"),
                revision.path, "there is no way back by migration");
  }
  return *section;
}

}  // namespace

std::string offline_script(const Graph& graph, const AppliedRows& start, const Plan& plan,
                           const OfflineOptions& options) {
  ScriptWriter script(options);
  if (plan.empty()) {
    script.begin();
    script.commit();
    return script.take();
  }
  for (const Step& step : plan) {
    if (section_of(graph, step).options.transaction) continue;
    if (options.single_transaction) {
      throw Error(ErrorKind::usage,
                  text("revision ", graph[step.node].id,
                       " has transaction:false and cannot be part of one transaction"),
                  graph[step.node].path, "leave --single-transaction out");
    }
    script.line("\\set ON_ERROR_STOP on");
    break;
  }
  // A client that goes on after an error would find the state of a later step in a database that
  // is half-way already.
  const bool counted = plan.size() > 1 && !options.single_transaction;
  if (counted) script.begin_progress();
  bool open = false;
  std::size_t number = 0;
  for (const Step& step : plan) {
    const Section& section = section_of(graph, step);
    const bool in_transaction = section.options.transaction;
    const auto statements = split_section(section, options.variables);
    const bool moves_path = !options.version_table.schema && mentions_search_path(statements);
    if (in_transaction && !open) {
      script.begin();
      open = true;
    }
    if (++number == 1 && start.rows.empty()) script.create_table();
    script.line(text("-- ", running_line(graph, step)));
    script.line("");
    script.guard(step.before, in_transaction, counted ? number : 0);
    if (moves_path) script.keep_search_path(in_transaction);
    if (in_transaction) script.limits(section.options);
    for (const ScriptStatement& statement : statements) script.statement(statement.sql);
    if (moves_path) script.restore_search_path(in_transaction);
    if (!in_transaction) {
      script.begin();
      script.guard(step.before, true, counted ? number : 0);
    }
    script.changes(step.changes);
    script.statement("NOTIFY pgrst, 'reload schema'");
    if (!options.single_transaction) {
      script.commit();
      open = false;
    }
  }
  if (open) script.commit();
  return script.take();
}

std::string offline_stamp(const AppliedRows& start, const std::vector<std::string>& rows,
                          const OfflineOptions& options) {
  ScriptWriter script(options);
  script.begin();
  if (start.rows.empty()) script.create_table();
  script.guard(start.values(), true, 0);
  script.changes(row_changes(start.values(), rows));
  script.commit();
  return script.take();
}

}  // namespace pgseed::migrate
