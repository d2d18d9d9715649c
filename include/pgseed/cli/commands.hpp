#pragma once
// One file per command: its options, its help, its run.
#include <functional>
#include <string>

#include "pgseed/cli/config.hpp"

namespace CLI {
class App;
}

namespace pgseed::cli {

// What the command line asked for; the command's name is for JSON failures.
struct Action {
  std::string command;
  std::function<int()> run;
};

// Each adds a subcommand to the app; when it is parsed, `action` runs it. flags and action must
// outlive the app.
void add_seed_command(CLI::App& app, const GlobalFlags& flags, Action& action);
void add_verify_command(CLI::App& app, const GlobalFlags& flags, Action& action);
void add_inspect_command(CLI::App& app, const GlobalFlags& flags, Action& action);
void add_schema_command(CLI::App& app, const GlobalFlags& flags, Action& action);
void add_migrate_command(CLI::App& app, const GlobalFlags& flags, Action& action);
void add_test_command(CLI::App& app, const GlobalFlags& flags, Action& action);

// The whole program but for main(): parses, runs, reports errors; returns the exit code.
int run_program(int argc, char** argv);

}  // namespace pgseed::cli
