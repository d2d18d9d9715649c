#include "pgseed/migrate/offline.hpp"

#include <algorithm>
#include <array>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/concurrent_index.hpp"
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

// --- Time limits

struct TimeLimit {
  const char* name;
  std::string value;  // empty: the session's own
};
using TimeLimits = std::array<TimeLimit, 2>;

TimeLimits only_own_limits(const SectionOptions& section) {
  std::string statement = section.statement_timeout.value_or("");
  if (section.timeout && (statement.empty() || statement == "0")) statement = *section.timeout;
  return {TimeLimit{"lock_timeout", section.lock_timeout.value_or("")},
          TimeLimit{"statement_timeout", statement}};
}

TimeLimits limits_of(const SectionOptions& section, const OfflineOptions& options) {
  TimeLimits limits = only_own_limits(section);
  if (limits[0].value.empty()) limits[0].value = options.lock_timeout;
  if (limits[1].value.empty()) limits[1].value = options.statement_timeout;
  return limits;
}

bool sets(const ScriptStatement& statement, const char* name) {
  return statement.kind == sql::StatementKind::session &&
         to_lower(statement.sql).find(name) != std::string::npos;
}

void write_local_limits(ScriptWriter& script, const TimeLimits& limits) {
  for (const auto& [name, value] : limits) {
    if (!value.empty()) {
      script.statement(text("SET LOCAL ", name, " = ", sql::quote_literal(value)));
    }
  }
}

// The next revision in the same transaction begins like any other.
void take_back_local_limits(ScriptWriter& script, const TimeLimits& limits,
                            const std::vector<ScriptStatement>& statements) {
  for (const auto& [name, value] : limits) {
    const bool own = std::any_of(
        statements.begin(), statements.end(),
        [word = name](const ScriptStatement& statement) { return sets(statement, word); });
    if (own || !value.empty()) script.statement(text("SET LOCAL ", name, " TO DEFAULT"));
  }
}

// What a section without a transaction has SET for its session.
class SessionLimits {
 public:
  explicit SessionLimits(ScriptWriter& script) : script_(script) {}

  void change_to(const TimeLimits& wanted) {
    for (std::size_t index = 0; index < now_.size(); ++index) {
      State& now = now_[index];
      if (now.is_sections || now.value == wanted[index].value) continue;
      now.value = wanted[index].value;
      script_.statement(now.value.empty() ? text("RESET ", wanted[index].name)
                                          : text("SET ", wanted[index].name, " = ",
                                                 sql::quote_literal(now.value)));
    }
  }

  // What the section sets itself is its own affair from there on.
  void note(const ScriptStatement& statement, const TimeLimits& limits) {
    for (std::size_t index = 0; index < now_.size(); ++index) {
      if (sets(statement, limits[index].name)) now_[index] = {"its own", true};
    }
  }

  void end(const TimeLimits& limits) {
    for (std::size_t index = 0; index < now_.size(); ++index) {
      if (!now_[index].value.empty()) script_.statement(text("RESET ", limits[index].name));
    }
  }

 private:
  struct State {
    std::string value;
    bool is_sections = false;
  };

  ScriptWriter& script_;
  std::array<State, 2> now_;
};

// Statement by statement, with the blocks of the section's own.
void write_stepwise(ScriptWriter& script, const std::vector<ScriptStatement>& statements,
                    const SectionOptions& section, const OfflineOptions& options) {
  const TimeLimits usual = limits_of(section, options);
  // CREATE INDEX CONCURRENTLY waits for every older transaction: not limited unless asked for.
  const TimeLimits alone = only_own_limits(section);
  SessionLimits limits(script);
  int block = 0;
  for (const ScriptStatement& statement : statements) {
    if (block != 0 && statement.block != block) script.commit();
    const bool begins = statement.block != 0 && statement.block != block;
    if (statement.block == 0 || begins) {
      const bool is_alone = statement.block == 0 && must_run_alone(statement.sql);
      limits.change_to(is_alone ? alone : usual);
    }
    if (begins) script.begin();
    block = statement.block;
    script.statement(statement.sql);
    limits.note(statement, usual);
  }
  if (block != 0) script.commit();
  limits.end(usual);
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
    const TimeLimits limits = limits_of(section.options, options);
    if (in_transaction) {
      write_local_limits(script, limits);
      for (const ScriptStatement& statement : statements) script.statement(statement.sql);
    } else {
      write_stepwise(script, statements, section.options, options);
    }
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
    } else if (number < plan.size()) {
      take_back_local_limits(script, limits, statements);
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
