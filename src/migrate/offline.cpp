#include "pgseed/migrate/offline.hpp"

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lines.hpp"
#include "pgseed/migrate/literal.hpp"

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

  void guard(const std::vector<std::string>& rows, bool lock) {
    std::string list, shown;
    for (const std::string& row : rows) {
      list += text(list.empty() ? "" : ", ", quote_literal(row));
      shown += text(shown.empty() ? "" : ", ", row);
    }
    if (shown.empty()) shown = "base";
    line("DO $pgseed_guard$");
    line("BEGIN");
    if (lock) line(text("    LOCK TABLE ", table_, " IN ACCESS EXCLUSIVE MODE;"));
    line(text(
        "    IF (SELECT coalesce(array_agg(version_num::text ORDER BY version_num::text COLLATE "
        "\"C\"), '{}') FROM ",
        table_, ")"));
    line(text("       IS DISTINCT FROM ARRAY[", list, "]::text[] THEN"));
    line(text("        RAISE EXCEPTION ",
              quote_literal("the database is not at " + shown +
                            ": this script is made for another state"),
              ';'));
    line("    END IF;");
    line("END");
    statement("$pgseed_guard$");
  }

  void create_table() {
    statement(create_version_table_sql(table_, options_.version_table.table, true));
  }

  void changes(const std::vector<RowChange>& all) {
    for (const RowChange& change : all) statement(VersionTable::change_sql(table_, change));
  }

  void limits(const SectionOptions& section) {
    const auto set = [&](const char* name, const std::optional<std::string>& value) {
      if (value) statement(text("SET LOCAL ", name, " = ", quote_literal(*value)));
    };
    set("lock_timeout", section.lock_timeout);
    set("statement_timeout", section.statement_timeout);
  }

  std::string take() { return std::move(out_); }

 private:
  const OfflineOptions& options_;
  std::string table_;
  std::string out_;
};

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
  bool open = false;
  bool first = true;
  for (const Step& step : plan) {
    const Section& section = section_of(graph, step);
    const bool in_transaction = section.options.transaction;
    if (in_transaction && !open) {
      script.begin();
      open = true;
    }
    if (first && start.rows.empty()) script.create_table();
    script.line(text("-- ", running_line(graph, step)));
    script.line("");
    script.guard(step.before, in_transaction);
    first = false;
    if (in_transaction) script.limits(section.options);
    for (const ScriptStatement& statement : split_section(section, options.variables)) {
      script.statement(statement.sql);
    }
    if (!in_transaction) {
      script.begin();
      script.guard(step.before, true);
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
  script.guard(start.values(), true);
  script.changes(row_changes(start.values(), rows));
  script.commit();
  return script.take();
}

}  // namespace pgseed::migrate
