#include <CLI/CLI.hpp>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/commands.hpp"
#include "pgseed/cli/connections.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/cli/input_flags.hpp"
#include "pgseed/cli/value_checks.hpp"
#include "pgseed/cli/verify_output.hpp"
#include "pgseed/pg/database_url.hpp"
#include "pgseed/seed/verify/verify_run.hpp"

namespace pgseed::cli {
namespace {

constexpr const char* kVerifyFooter =
    R"(Every row of the files must be in its table with the same values;
rows of the table that the files do not have are counted (an error with --exact). Where a key comes
more than once, the last row counts, as after seed --upsert. The tables are read over DATABASE_URL,
or over PostgREST where none is set, which tells less exactly (README, "Verify").

Exit codes: 0 equal, 6 a difference, others as for seed.

Examples:
  pgseed verify dump.sql
  pgseed verify dump.sql --limit 100          after seed dump.sql --limit 100
  pgseed verify dump.sql --exact              the tables hold nothing else
  pgseed verify old.sql --map old.map.toml
  pgseed --json verify dump.sql --list 1000   every differing key, up to 1,000 a table)";

struct VerifyFlags {
  InputFlags input;
  std::vector<std::string> on_conflict, tables, exclude, json_columns;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
  bool first = false, exact = false, skip_unsupported = false, regenerate_identity = false;
  std::string zero_dates = "refuse";
  std::size_t listed = 10;
};

seed::Options options_of(const VerifyFlags& flags, const Config& config) {
  seed::Options options;
  set_input(options, flags.input, flags.tables);
  options.mode = flags.first ? seed::Mode::ignore : seed::Mode::upsert;
  options.on_conflict = flags.on_conflict;
  options.limit = flags.limit;
  options.offset = flags.offset;
  options.tables = table_names(flags.tables);
  options.exclude = table_names(flags.exclude);
  options.skip_unsupported = flags.skip_unsupported;
  options.regenerate_identity = flags.regenerate_identity;
  options.zero_dates_are_null = flags.zero_dates == "null";
  if (!flags.json_columns.empty()) {
    options.json_columns = flags.json_columns;
    if (flags.json_columns.front() == "none") options.json_columns->clear();
  }
  options.schema = config.schema.value;
  return options;
}

class QuietObserver final : public seed::Observer {
  void progress(const Progress& /*progress*/) override {}
  void note(int /*level*/, const std::string& /*line*/) override {}
};

int run_verify(const VerifyFlags& flags, const GlobalFlags& global) {
  Console console(global);
  const Config config = resolve(global);
  for (const std::string& warning : config.warnings) console.warning(warning);
  const seed::Options options = options_of(flags, config);
  const std::unique_ptr<Transport> transport = make_curl_transport({});
  QuietObserver observer;
  seed::Services services;
  services.transport = transport.get();
  services.observer = &observer;
  services.clock = [] { return std::chrono::steady_clock::now(); };
  if (config.database_url) {
    services.database_url = config.database_url->value;
    services.target = pg::display_database_url(config.database_url->value);
    services.catalogue = [&](const std::optional<std::vector<std::string>>& schemas) {
      return read_catalogue(config.database_url->value, schemas);
    };
  } else {
    require_rest_url(config);
    services.connect = [&] { return connect_rest(*transport, config, console, options.timeout); };
  }
  const seed::VerifyRun run = seed::verify(options, {flags.exact, flags.listed}, services);
  for (const std::string& note : run.report.notes) console.info("note: " + note);
  if (console.json()) {
    console.result(verify_json(run));
  } else if (!console.quiet() && !run.report.tables.empty()) {
    console.result(verify_text(run.report));
  }
  if (const auto error = run.outcome()) {
    console.error(*error);
  } else if (run.signal != 0) {
    console.error(interrupt::signal_error(run.signal));
  }
  return run.exit_code();
}

}  // namespace

void add_verify_command(CLI::App& app, const GlobalFlags& global, Action& action) {
  CLI::App* const command =
      app.add_subcommand("verify", "compare the rows of files with what the tables hold");
  auto flags = std::make_shared<VerifyFlags>();
  add_input_flags(*command, flags->input, "as for seed, in the same order; - is standard input");
  command->add_flag("--exact", flags->exact, "rows that the files do not have are a difference");
  command->add_option("--list", flags->listed, "differences of each kind and table to list (10)")
      ->check(whole_number("differences"))
      ->type_name("N");
  command->add_option("--on-conflict", flags->on_conflict, "the key (default: the primary key)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COL,...");
  command->add_flag("--ignore", flags->first,
                    "of rows with one key the first counts, as after seed --ignore");
  command->add_option("--limit", flags->limit, "the first rows of each table, as for seed")
      ->check(whole_number("rows"))
      ->type_name("N");
  command->add_option("--offset", flags->offset, "pass over the first rows of each table")
      ->check(whole_number("rows"))
      ->type_name("N");
  command
      ->add_option("--table", flags->tables,
                   "only this table; repeatable. Rows of CSV and JSON belong there")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_option("--exclude", flags->exclude, "not this table (or schema.*); repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command
      ->add_option("--zero-dates", flags->zero_dates,
                   "MySQL's 0000-00-00: refuse it (default), or take it for null")
      ->check(CLI::IsMember({"refuse", "null"}))
      ->type_name("WHAT");
  command
      ->add_option("--json-columns", flags->json_columns,
                   "columns of type json, when no server tells (or none)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COL,...");
  command->add_flag("--skip-unsupported", flags->skip_unsupported,
                    "leave out what only a server can work out, not refuse the file");
  command->add_flag("--regenerate-identity", flags->regenerate_identity,
                    "GENERATED ALWAYS identity columns were numbered anew");
  command->footer(kVerifyFooter);
  command->callback([flags, &global, &action] {
    action = {"verify", [flags, &global] { return run_verify(*flags, global); }};
  });
}

}  // namespace pgseed::cli
