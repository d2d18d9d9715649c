#include <CLI/CLI.hpp>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/migrate_commands.hpp"
#include "pgseed/migrate/sql_failure.hpp"

namespace pgseed::cli {
namespace {

constexpr const char* kMigrateFooter =
    R"(Targets: head, heads, base, a revision id or the beginning of one, a branch label,
LABEL@head, +1, -1, LABEL@+1, REVISION+1. Ranges for --sql and history: A:B, A:, :B.

The options above, and --json, -v, -q, --database-url and the others of pgseed --help, may stand
behind the subcommand, too.

Examples:
  pgseed migrate upgrade head
  pgseed migrate downgrade -1
  pgseed migrate current
  pgseed migrate history --graph
  pgseed migrate revision -m "add difficulty column"
  pgseed migrate upgrade head --sql > upgrade.sql
  pgseed migrate stamp head

Revisions are read from --dir, else from where alembic.ini says, else [migrate] dir in pgseed.toml,
else migrations/; the files lie in its folder versions/ where there is one. The database is
DATABASE_URL.

Exit codes: 1 not up to date, findings, a failed test; 3 broken files, unknown revision, or
irreversible; 4 unreachable, lock not obtained; 5 SQL error, or a revision only Alembic can run.)";

constexpr const char* kSubcommandFooter =
    "Further options: pgseed migrate --help, and pgseed --help for --json, -v, -q, --database-url.";

// Alembic's way: "FAILED: message" on stdout, 255 for what a command refuses, 1 for the rest.
int alembic_failure(Console& console, const std::string& command, const Error& error) {
  console.error(error);
  const bool refused = error.kind == ErrorKind::input || error.kind == ErrorKind::rows ||
                       error.kind == ErrorKind::usage;
  const int code = refused ? kAlembicFailure : 1;
  if (console.json()) {
    console.result(failure_json(command, code, error));
  } else if (refused) {
    console.result(text("FAILED: ", error.message, "\n"));
  }
  return code;
}

int run_body(const std::function<int(MigrateProject&)>& body, const MigrateFlags& flags,
             const GlobalFlags& global) {
  try {
    MigrateProject project(flags, global);
    return body(project);
  } catch (pg::SqlError& error) {
    // A statement of a file has been placed already; the rest is pgseed's own.
    if (error.where.empty()) error = migrate::advised(std::move(error));
    throw;
  }
}

int run_subcommand(const std::string& name, const std::function<int(MigrateProject&)>& body,
                   const MigrateFlags& flags, const GlobalFlags& global) {
  if (!flags.alembic_exit_codes) return run_body(body, flags, global);
  try {
    return run_body(body, flags, global);
  } catch (const Error& error) {
    Console console(global);
    return alembic_failure(console, "migrate " + name, error);
  }
}

}  // namespace

CLI::App& MigrateCommands::add(const std::string& name, const std::string& help,
                               std::function<int(MigrateProject&)> run) const {
  CLI::App* const command = app.add_subcommand(name, help);
  command->fallthrough();
  command->footer(kSubcommandFooter);
  command->callback(
      [name, body = std::move(run), project_flags = flags, settings = &global, chosen = &action] {
        *chosen = {"migrate " + name, [name, body, project_flags, settings] {
                     return run_subcommand(name, body, *project_flags, *settings);
                   }};
      });
  return *command;
}

void add_migrate_command(CLI::App& app, const GlobalFlags& global, Action& action) {
  CLI::App* const command =
      app.add_subcommand("migrate", "schema migrations with Alembic's commands and version table");
  command->require_subcommand(1);
  command->fallthrough();
  command->footer(kMigrateFooter);
  auto flags = std::make_shared<MigrateFlags>();
  command->add_option("--dir", flags->dirs, "folder with the revisions; repeatable")
      ->allow_extra_args(false)
      ->type_name("DIR");
  command->add_option("-c,--ini", flags->ini_file, "the project's alembic.ini")->type_name("FILE");
  command
      ->add_option("--version-table", flags->version_table,
                   "name, or schema.name (alembic_version)")
      ->type_name("NAME");
  command->add_flag("--alembic-exit-codes", flags->alembic_exit_codes,
                    "255 and FAILED: on stdout, as Alembic does");
  const MigrateCommands commands{*command, flags, global, action};
  add_migrate_run_commands(commands);
  add_migrate_question_commands(commands);
  add_migrate_file_commands(commands);
  add_migrate_exchange_commands(commands);
  add_migrate_test_command(commands);
}

}  // namespace pgseed::cli
