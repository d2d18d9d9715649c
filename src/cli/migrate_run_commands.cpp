// Subcommands that change the database.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/migrate_commands.hpp"
#include "pgseed/cli/value_checks.hpp"
#include "pgseed/migrate/offline.hpp"
#include "pgseed/migrate/schema_objects.hpp"
#include "pgseed/pg/database_url.hpp"

namespace pgseed::cli {
namespace {

using migrate::AppliedRows;
using migrate::Direction;
using migrate::Graph;
using migrate::Plan;
using migrate::Step;

const char* word(Direction direction) {
  return direction == Direction::up ? "upgrade" : "downgrade";
}

std::string ids_or_base(const std::vector<std::string>& ids) {
  return ids.empty() ? "base" : join(ids);
}

void report_steps(MigrateProject& project, const std::string& command, const Plan& steps) {
  const Graph& graph = project.graph();
  // Where this run has left the database: another one may be at work on it by now.
  const auto rows =
      steps.empty() || project.flags().dry_run ? project.rows().values() : steps.back().after;
  Console& console = project.console();
  if (console.json()) {
    JsonOutput out = begin_migrate_json(command, 0);
    out.boolean("dry_run", project.flags().dry_run).begin_array("steps");
    for (const Step& step : steps) {
      out.begin_object()
          .text("revision", graph[step.node].id)
          .text("direction", word(step.direction))
          .text("message", graph[step.node].message)
          .end_object();
    }
    out.end_array();
    write_strings(out, "rows", rows);
    console.result(end_migrate_json(out));
  } else if (steps.empty()) {
    console.info(text("nothing to do: the database is at ", ids_or_base(rows)));
  } else if (project.flags().dry_run) {
    console.info(text(steps.size(), " revisions would run; rolled back, the database is at ",
                      ids_or_base(rows)));
  } else {
    console.info(text("the database is at ", ids_or_base(rows)));
  }
}

// --- upgrade, downgrade

migrate::OfflineOptions offline_options(const MigrateProject& project) {
  migrate::OfflineOptions options;
  options.version_table = project.version_table();
  options.single_transaction = project.flags().single_transaction;
  options.variables = project.variables();
  project.set_timeouts(options.lock_timeout, options.statement_timeout);
  return options;
}

void print_script(MigrateProject& project, const std::string& command, const std::string& script) {
  if (!project.console().json()) {
    project.console().result(script);
    return;
  }
  JsonOutput out = begin_migrate_json(command, 0);
  out.text("sql", script);
  project.console().result(end_migrate_json(out));
}

int run_upgrade(MigrateProject& project, const std::string& target) {
  const Graph& graph = project.graph();
  const migrate::Range range = migrate::split_range(target);
  if (project.flags().sql) {
    const AppliedRows start = migrate::rows_at(graph, range.from.value_or(""));
    const std::string end = range.to.empty() ? "heads" : range.to;
    const Plan plan = migrate::plan_upgrade(graph, start, migrate::upgrade_goal(graph, start, end));
    print_script(project, "upgrade",
                 migrate::offline_script(graph, start, plan, offline_options(project)));
    return 0;
  }
  if (range.from) {
    throw Error(ErrorKind::usage, "Range revision not allowed", {},
                "a range is for --sql; name the end alone");
  }
  const Plan steps = project.executor().upgrade(target);
  project.wait_for_api(steps);
  report_steps(project, "upgrade", steps);
  return 0;
}

int run_downgrade(MigrateProject& project, const std::string& target) {
  const Graph& graph = project.graph();
  const migrate::Range range = migrate::split_range(target);
  if (project.flags().sql) {
    // Where from decides what is undone: without a range the database is asked.
    if (!range.from) migrate::require_sound_rows(graph, project.rows());
    const AppliedRows start =
        range.from
            ? migrate::rows_at(graph, range.from->empty() ? std::string("heads") : *range.from)
            : project.rows();
    const std::string end = range.to.empty() ? "base" : range.to;
    const Plan plan =
        migrate::plan_downgrade(graph, start, migrate::downgrade_goal(graph, start, end));
    print_script(project, "downgrade",
                 migrate::offline_script(graph, start, plan, offline_options(project)));
    return 0;
  }
  if (range.from) {
    throw Error(ErrorKind::usage, "Range revision not allowed", {},
                "a range is for --sql; name the end alone");
  }
  const Plan steps = project.executor().downgrade(target);
  project.wait_for_api(steps);
  report_steps(project, "downgrade", steps);
  return 0;
}

int run_redo(MigrateProject& project, const std::string& target) {
  const auto before = project.rows().values();
  Plan steps = project.executor().downgrade(target);
  // What the API knew before looks like what it is to know in the end: it must see the way down.
  project.wait_for_api(steps);
  for (const std::string& id : before) {
    const Plan again = project.executor().upgrade(id);
    steps.insert(steps.end(), again.begin(), again.end());
  }
  project.wait_for_api(steps);
  report_steps(project, "redo", steps);
  return 0;
}

// --- stamp, ensure_version, repair

struct StampOptions {
  std::vector<std::string> targets;
  bool purge = false;
};

std::vector<std::string> split_targets(const std::vector<std::string>& words) {
  std::vector<std::string> targets;
  for (const std::string& given : words) {
    for (std::size_t at = 0; at <= given.size();) {
      const std::size_t comma = std::min(given.find(',', at), given.size());
      const auto name = trim(std::string_view(given).substr(at, comma - at));
      if (!name.empty()) targets.emplace_back(name);
      at = comma + 1;
    }
  }
  return targets;
}

int run_stamp(MigrateProject& project, const StampOptions& options) {
  const Graph& graph = project.graph();
  if (project.flags().sql) {
    if (options.targets.size() != 1) {
      throw Error(ErrorKind::usage, "stamp --sql takes one target or one range A:B");
    }
    const migrate::Range range = migrate::split_range(options.targets.front());
    const AppliedRows start = migrate::rows_at(graph, range.from.value_or(""));
    const auto rows = migrate::stamped_rows(graph, start, split_targets({range.to}), options.purge);
    print_script(project, "stamp", migrate::offline_stamp(start, rows, offline_options(project)));
    return 0;
  }
  for (const std::string& target : options.targets) {
    if (migrate::split_range(target).from) {
      throw Error(ErrorKind::usage, "Range revision not allowed", {}, "a range is for --sql");
    }
  }
  const AppliedRows before = project.rows();
  const auto changes = project.executor().stamp(split_targets(options.targets), options.purge);
  const AppliedRows after = project.rows();
  Console& console = project.console();
  const auto unknown = before.unknown();
  if (!unknown.empty()) {
    console.warning(text("took out ", ids_or_base(unknown), ", which no file has"));
  }
  if (console.json()) {
    JsonOutput out = begin_migrate_json("stamp", 0);
    write_strings(out, "rows_before", before.values());
    write_strings(out, "rows", after.values());
    console.result(end_migrate_json(out));
  } else if (changes.empty()) {
    console.info(text("nothing to do: the version table says ", ids_or_base(after.values())));
  } else {
    console.info(text("Running stamp_revision ",
                      before.rows.empty() ? std::string() : ids_or_base(before.values()), " -> ",
                      after.rows.empty() ? std::string() : ids_or_base(after.values())));
  }
  return 0;
}

int run_ensure_version(MigrateProject& project) {
  if (project.flags().sql) {
    const migrate::VersionTableName table = project.version_table();
    print_script(
        project, "ensure_version",
        migrate::create_version_table_sql(migrate::to_sql(table), table.table, true) + ";\n");
    return 0;
  }
  project.executor().ensure_version_table();
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json("ensure_version", 0);
    project.console().result(end_migrate_json(out));
  }
  return 0;
}

int run_repair(MigrateProject& project) {
  const auto unknown = project.rows().unknown();
  const std::vector<std::string> report = project.executor().repair();
  Console& console = project.console();
  const int code = unknown.empty() ? 0 : project.findings_code();
  if (console.json()) {
    JsonOutput out = begin_migrate_json("repair", code);
    write_strings(out, "repaired", report);
    write_strings(out, "unknown", unknown);
    console.result(end_migrate_json(out));
    return code;
  }
  for (const std::string& line : report) project.print(line);
  if (report.empty() && unknown.empty()) console.info("nothing to repair");
  if (!unknown.empty()) {
    // What they stood for cannot be known here.
    console.warning(text("the version table holds ", ids_or_base(unknown),
                         ", which no file has: add the file, or say what the database really "
                         "holds with pgseed migrate stamp --purge REVISION"));
  }
  return code;
}

// --- reset

struct ResetOptions {
  std::string database;  // of --yes-really
  bool yes = false, all_objects = false, allow_cascade = false;
  std::string to;
};

std::string what_goes(const MigrateProject& project, const ResetOptions& options) {
  if (!options.all_objects) return "Delete everything that the migrations made";
  return text("Delete all objects of schema ", project.config().schema.value,
              ", also what no migration made",
              options.allow_cascade ? ", and what needs them in other schemas," : ",");
}

void require_consent(MigrateProject& project, const ResetOptions& options) {
  const std::string& url = project.database_url();
  const std::string shown = pg::display_database_url(url);
  if (!pg::is_local_database(url) && options.database.empty()) {
    throw Error(ErrorKind::usage, text(shown, " is not local: a reset deletes its data"), {},
                "if that is what you want, name the database: --yes-really DATABASE");
  }
  const auto rows = project.executor().session().query("SELECT pg_catalog.current_database()");
  const std::string database = *rows.front()[0];
  if (!options.database.empty() && options.database != database) {
    throw Error(ErrorKind::usage,
                text("--yes-really names ", options.database, ", but the database is ", database),
                {}, text("nothing was changed; is ", shown, " the right one?"));
  }
  if (options.yes || !options.database.empty()) return;
  if (!Console::can_ask()) {
    throw Error(ErrorKind::usage, "reset deletes data and there is no terminal to ask on", {},
                "pass --yes");
  }
  if (!project.console().confirm(text(what_goes(project, options), " in ", shown, ", with ",
                                      options.all_objects ? "their" : "its", " data?"))) {
    throw Error(ErrorKind::usage, "nothing was changed");
  }
}

int run_reset(MigrateProject& project, const ResetOptions& options) {
  if (options.allow_cascade && !options.all_objects) {
    throw Error(ErrorKind::usage, "--allow-cascade is for --all-objects", {},
                "migrating down drops what the files' downgrade sections say");
  }
  // A wrong target shall not be found out when everything is gone.
  if (!options.to.empty()) migrate::upgrade_goal(project.graph(), {}, options.to);
  project.graph();
  require_consent(project, options);
  Plan steps;
  migrate::Emptied emptied;
  std::vector<std::string>& dropped = emptied.dropped;
  if (options.all_objects) {
    emptied = migrate::drop_all_objects(project.executor().session(), project.config().schema.value,
                                        options.allow_cascade);
  } else {
    try {
      steps = project.executor().downgrade("base", true);
    } catch (Error& error) {
      if (error.kind == ErrorKind::input) {
        error.hint = text("--all-objects drops every object of schema ",
                          project.config().schema.value, " instead of migrating down");
      }
      throw;
    }
  }
  project.executor().drop_version_table();
  project.wait_for_api(steps, dropped);
  Plan again;
  if (!options.to.empty()) {
    again = project.executor().upgrade(options.to);
    project.wait_for_api(again);
  }
  dropped.insert(dropped.end(), emptied.elsewhere.begin(), emptied.elsewhere.end());
  Console& console = project.console();
  if (console.json()) {
    JsonOutput out = begin_migrate_json("reset", 0);
    out.number("downgraded", steps.size());
    write_strings(out, "dropped", dropped);
    write_strings(out, "rows", project.rows().values());
    console.result(end_migrate_json(out));
    return 0;
  }
  for (const std::string& object : dropped) console.info("dropped " + object);
  console.info(text("the database is at ", ids_or_base(project.rows().values())));
  return 0;
}

// --- wait

int run_wait(MigrateProject& project, double seconds) {
  using clock = std::chrono::steady_clock;
  if (!(seconds >= 0) || seconds > 86'400) {
    throw Error(ErrorKind::usage, "--timeout wants a number of seconds", {}, "--timeout 60");
  }
  const auto start = clock::now();
  const auto end = start + std::chrono::milliseconds(static_cast<long long>(seconds * 1000));
  Console& console = project.console();
  for (;;) {
    try {
      pg::Session session(project.database_url());
      session.query("SELECT 1");
      break;
    } catch (const Error& error) {
      // 57P03: the server is there and still starting; the driver tells it as a refusal.
      const bool starting = error.kind == ErrorKind::unreachable ||
                            error.message.find("starting up") != std::string::npos;
      if (!starting || clock::now() >= end) throw;
      console.progress("waiting for " + pg::display_database_url(project.database_url()));
    }
    interrupt::pause(std::chrono::milliseconds(200));
  }
  console.end_progress();
  const std::chrono::duration<double> waited = clock::now() - start;
  if (console.json()) {
    JsonOutput out = begin_migrate_json("wait", 0);
    out.seconds("seconds", waited.count());
    console.result(end_migrate_json(out));
  } else {
    console.info("the database answers");
  }
  return 0;
}

void add_sql_option(CLI::App& command, MigrateFlags& flags) {
  command.add_flag("--sql", flags.sql, "print the SQL instead of running it");
}

void add_lock_option(CLI::App& command, MigrateFlags& flags) {
  command.add_option("--lock-wait", flags.lock_wait, "wait for another migration at most (60)")
      ->check(number_of_seconds())
      ->type_name("SECONDS");
  command.add_flag("--no-log", flags.no_log, "keep no log in schema pgseed");
}

void add_step_options(CLI::App& command, MigrateFlags& flags) {
  add_lock_option(command, flags);
  command.add_flag("--single-transaction", flags.single_transaction,
                   "all revisions in one transaction, as Alembic does by default");
  command.add_flag("--dry-run", flags.dry_run, "run everything, then roll back");
  command
      .add_option("--lock-timeout", flags.lock_timeout,
                  "of each statement, where the file says nothing (5s; 0 waits for ever)")
      ->type_name("TIME");
  command
      .add_option("--statement-timeout", flags.statement_timeout,
                  "of each statement, where the file says nothing")
      ->type_name("TIME");
  command.add_option("--var", flags.variables, "value for :'NAME' and :\"NAME\"; repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  command.add_flag("--no-wait", flags.no_wait, "do not wait until the API knows the new schema");
  command.add_flag("--delegate-alembic", flags.delegate_alembic,
                   "let Alembic run the revisions that are Python files");
}

}  // namespace

void add_migrate_run_commands(const MigrateCommands& commands) {
  MigrateFlags& flags = *commands.flags;
  {
    auto target = std::make_shared<std::string>();
    CLI::App& command =
        commands.add("upgrade", "apply revisions up to a target",
                     [target](MigrateProject& project) { return run_upgrade(project, *target); });
    command.add_option("REVISION", *target, "target, or with --sql a range")
        ->required()
        ->type_name("");
    add_sql_option(command, flags);
    add_step_options(command, flags);
  }
  {
    auto target = std::make_shared<std::string>();
    CLI::App& command =
        commands.add("downgrade", "take revisions back down to a target",
                     [target](MigrateProject& project) { return run_downgrade(project, *target); });
    command.add_option("REVISION", *target, "target, or with --sql a range")
        ->required()
        ->type_name("");
    add_sql_option(command, flags);
    add_step_options(command, flags);
  }
  {
    auto target = std::make_shared<std::string>("-1");
    CLI::App& command =
        commands.add("redo", "downgrade (by one, if nothing is said) and upgrade again",
                     [target](MigrateProject& project) { return run_redo(project, *target); });
    command.add_option("REVISION", *target, "how far down, -1 by default")->type_name("");
    add_step_options(command, flags);
  }
  {
    auto options = std::make_shared<StampOptions>();
    CLI::App& command =
        commands.add("stamp", "set the version table without running anything",
                     [options](MigrateProject& project) { return run_stamp(project, *options); });
    command.add_option("REVISION", options->targets, "one or more targets")
        ->required()
        ->type_name("");
    command.add_flag("--purge", options->purge, "empty the version table first");
    add_sql_option(command, flags);
    add_lock_option(command, flags);
  }
  {
    CLI::App& command = commands.add("ensure_version", "make the version table if it is missing",
                                     run_ensure_version);
    add_sql_option(command, flags);
  }
  {
    CLI::App& command = commands.add(
        "repair", "take out redundant rows, forget half-way sections, take changed files",
        run_repair);
    add_lock_option(command, flags);
  }
  {
    auto options = std::make_shared<ResetOptions>();
    CLI::App& command =
        commands.add("reset", "take everything down and drop the version table",
                     [options](MigrateProject& project) { return run_reset(project, *options); });
    command.add_flag("--yes", options->yes, "do not ask");
    command
        .add_option("--yes-really", options->database,
                    "permit it on a host that is not local; names the database")
        ->type_name("DATABASE");
    command.add_flag("--all-objects", options->all_objects,
                     "drop every object of --schema instead of migrating down");
    command.add_flag("--allow-cascade", options->allow_cascade,
                     "with it: drop what needs them in other schemas, too");
    command.add_option("--to", options->to, "then upgrade to this target")->type_name("REVISION");
    add_lock_option(command, flags);
  }
  {
    auto seconds = std::make_shared<double>(60);
    CLI::App& command =
        commands.add("wait", "wait until the database answers",
                     [seconds](MigrateProject& project) { return run_wait(project, *seconds); });
    command.add_option("--timeout", *seconds, "at most (60)")
        ->check(number_of_seconds())
        ->type_name("SECONDS");
  }
}

}  // namespace pgseed::cli
