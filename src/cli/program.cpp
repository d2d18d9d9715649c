#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>
#include <sstream>

#include "pgseed/base/current_error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/simd.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/commands.hpp"
#include "pgseed/cli/config.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/cli/json_output.hpp"

namespace pgseed::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  pgseed inspect dump.sql
  pgseed schema schema.sql
  pgseed seed dump.sql --limit 100
  pgseed seed dump.sql --upsert
  pgseed verify dump.sql
  pgseed migrate upgrade head
  pgseed test

The target comes from SUPABASE_URL, SUPABASE_SECRET_KEY and DATABASE_URL in the environment or in
.env files, or from the options above. `pgseed <command> --help` tells more.
Exit codes: 0 done, 1 rows rejected or in doubt, 2 usage, 3 input, 4 unreachable, 5 refused,
6 tables differ, 7 ledger, disk or memory, 130/143 interrupted.)";

void add_global_options(CLI::App& app, GlobalFlags& flags) {
  app.add_option("--rest-url", flags.rest_url, "URL of PostgREST or Supabase (SUPABASE_URL)")
      ->type_name("URL");
  app.add_option("--key-file", flags.key_file, "file that holds the API key (SUPABASE_SECRET_KEY)")
      ->type_name("FILE");
  app.add_option("--database-url", flags.database_url, "direct connection (DATABASE_URL)")
      ->type_name("URL");
  app.add_option("--schema", flags.schema, "schema of names without one (default public)")
      ->type_name("NAME");
  app.add_option("--env-file", flags.env_files, "read settings from this file; repeatable")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option("--config", flags.config_file, "configuration file (default pgseed.toml)")
      ->type_name("FILE");
  app.add_flag("--json", flags.json, "one JSON object on stdout instead of text");
  app.add_flag("-q,--quiet", flags.quiet, "only errors and warnings");
  app.add_flag("-v,--verbose", flags.verbose, "tell more; -vv still more");
  app.add_option("--color", flags.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
}

int report(const GlobalFlags& flags, const std::string& command, const Error& error, int code) {
  Console console(flags);
  console.error(error);
  if (flags.json) {
    try {
      console.result(failure_json(command, code, error));
    } catch (const Error& unwritten) {  // what went wrong first decides the exit code
      console.error(unwritten);
    }
  }
  return code;
}

int report_signal(const GlobalFlags& flags, const std::string& command, int signal) {
  Console console(flags);
  const Error error = interrupt::signal_error(signal);
  console.warning(error.message);
  if (!flags.json) return 128 + signal;
  try {
    console.result(failure_json(command, 128 + signal, error));
  } catch (const Error&) {
    // Nobody reads it.
  }
  return 128 + signal;
}

// CLI11 stops at the first wrong word, before it may have seen --json.
bool asks_for_json(int argc, char** argv) {
  for (int index = 1; index < argc; ++index) {
    if (std::string_view(argv[index]) == "--json") return true;
    if (std::string_view(argv[index]) == "--") return false;
  }
  return false;
}

// For tests and measurements: every level reads and writes the same bytes.
void choose_instructions() {
  const auto wanted = environment_value("PGSEED_SIMD");
  if (!wanted || simd::use(*wanted)) return;
  std::string known;
  for (const simd::Level level : simd::levels()) {
    known += text(known.empty() ? "" : ", ", simd::name(level));
  }
  throw Error(ErrorKind::usage, text("PGSEED_SIMD names no level of this processor: ", *wanted), "",
              text("one of ", known));
}

int dispatch(int argc, char** argv, GlobalFlags& flags, Action& action) {
  CLI::App app{"Loads dumps into PostgREST and Supabase, compares them, and migrates schemas.",
               "pgseed"};
  app.set_version_flag("--version", std::string("pgseed " PGSEED_VERSION));
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_global_options(app, flags);
  add_seed_command(app, flags, action);
  add_verify_command(app, flags, action);
  add_inspect_command(app, flags, action);
  add_schema_command(app, flags, action);
  add_migrate_command(app, flags, action);
  add_test_command(app, flags, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    std::ostringstream out;
    const int code = app.exit(success, out, out);
    Console(flags).result(out.str());
    return code;
  } catch (const CLI::ParseError& error) {
    flags.json = asks_for_json(argc, argv);
    const CLI::App* chosen = &app;
    std::string command;
    while (!chosen->get_subcommands().empty()) {
      chosen = chosen->get_subcommands().front();
      command += text(command.empty() ? "" : " ", chosen->get_name());
    }
    const std::string prefix = text(command, command.empty() ? "" : " ");
    const auto words = app.remaining(true);
    const bool wants_command = chosen == &app || chosen->get_require_subcommand_min() > 0;
    const bool no_command = wants_command && !words.empty() && words.front()[0] != '-';
    const Error usage(ErrorKind::usage,
                      no_command ? text("there is no command ", prefix, redact(words.front()))
                                 : redact(error.what()),
                      "", text("see pgseed ", prefix, "--help"));
    return report(flags, command, usage, exit_code(ErrorKind::usage));
  }
  if (!action.run) {
    const Error usage(ErrorKind::usage, "no command given", "",
                      "pgseed seed FILE loads a dump; pgseed --help lists all commands");
    return report(flags, "", usage, exit_code(ErrorKind::usage));
  }
  choose_instructions();
  return action.run();
}

// What still can be said without any memory.
int last_words() noexcept {
  constexpr std::string_view kWords = "error: out of memory\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kWords.data(), kWords.size());
  return exit_code(ErrorKind::storage);
}

}  // namespace

int run_program(int argc, char** argv) {
  // A reader that goes away is seen as a write error, not as a signal that kills.
  std::signal(SIGPIPE, SIG_IGN);
  // Given back when there is no memory left, so that this can be told.
  constexpr std::size_t kReserve = 256 * 1024;
  std::unique_ptr<char[]> reserve;
  try {
    GlobalFlags flags;
    Action action;
    try {
      reserve.reset(new char[kReserve]);
      return dispatch(argc, argv, flags, action);
    } catch (const Interrupted&) {
      if (!interrupt::time_is_up()) {
        const int signal = interrupt::signal_number();
        return report_signal(flags, action.command, signal);
      }
      return report(flags, action.command, interrupt::time_is_up_error("working"),
                    exit_code(ErrorKind::unreachable));
    } catch (...) {
      reserve.reset();
      flags.json |= asks_for_json(argc, argv);
      const Error error = current_error();
      return report(flags, action.command, error, exit_code(error.kind));
    }
  } catch (...) {
    return last_words();
  }
}

}  // namespace pgseed::cli
