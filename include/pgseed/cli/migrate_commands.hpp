#pragma once
// The subcommands of `pgseed migrate`, by what they need. Each adds its subcommands to the app;
// when one is parsed, `action` runs it.
#include <functional>
#include <memory>
#include <string>

#include "pgseed/cli/commands.hpp"
#include "pgseed/cli/migrate_project.hpp"

namespace pgseed::cli {

// How a subcommand is run: project made, errors told, Alembic's exit codes where they are asked
// for.
struct MigrateCommands {
  CLI::App& app;  // `pgseed migrate`
  std::shared_ptr<MigrateFlags> flags;
  const GlobalFlags& global;
  Action& action;

  // A subcommand whose options the caller adds; `run` gets the project and returns the exit code.
  CLI::App& add(const std::string& name, const std::string& help,
                std::function<int(MigrateProject&)> run) const;
};

// Files only: init list_templates revision merge edit lint import export.
void add_migrate_file_commands(const MigrateCommands& commands);
// What is there: history heads branches show, and with the database current pending status verify
// check.
void add_migrate_question_commands(const MigrateCommands& commands);
// What changes the database: upgrade downgrade redo stamp ensure_version repair reset wait.
void add_migrate_run_commands(const MigrateCommands& commands);
// test.
void add_migrate_test_command(const MigrateCommands& commands);
// import alembic, export alembic.
void add_migrate_exchange_commands(const MigrateCommands& commands);

}  // namespace pgseed::cli
