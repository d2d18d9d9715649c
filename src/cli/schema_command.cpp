#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>

#include "pgseed/base/text.hpp"
#include "pgseed/cli/api_schema.hpp"
#include "pgseed/cli/commands.hpp"
#include "pgseed/cli/connections.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/cli/json_output.hpp"
#include "pgseed/cli/value_checks.hpp"
#include "pgseed/migrate/ddl_script.hpp"
#include "pgseed/migrate/foreign_ddl.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/seed/input/reading.hpp"
#include "pgseed/seed/input/survey.hpp"

namespace pgseed::cli {
namespace {

using std::chrono::milliseconds;

constexpr const char* kSchemaFooter =
    R"(All of it is one transaction: it is applied completely or not at all. Rows in the
files are passed over; `pgseed seed` loads them.

The tables of MySQL and SQLite dumps are translated: columns with their types, defaults
and comments, auto-increment as an identity, keys, indexes, checks, foreign keys. What has
no counterpart is named with its line. Look at it first with --dry-run.

Examples:
  pgseed schema schema.sql
  pgseed schema --if-not-exists dump.sql
  pgseed schema --dry-run dump.sql
  pgseed schema mysqldump.sql.gz)";

struct SchemaFlags {
  std::vector<std::string> files;
  std::string dialect = "auto", tinyint1 = "auto";
  bool if_not_exists = false, allow_drop = false, do_blocks = false, dry_run = false;
  bool no_wait = false;
  double lock_timeout = 5;
};

struct Scripts {
  std::vector<migrate::DdlScript> list;
  std::vector<std::string> notes;
  bool loses_table = false;
};

// kind: "DDL ", with its blank.
std::string counted_statements(std::size_t count, const char* kind = "") {
  return text(count, ' ', kind, count == 1 ? "statement" : "statements");
}

std::string schema_json(const migrate::DdlResult& result, const std::vector<std::string>& notes,
                        bool dry_run, const Error* error) {
  JsonOutput out;
  out.begin_object()
      .number("version", 1)
      .text("command", "schema")
      .boolean("ok", error == nullptr)
      .number("exit_code", error == nullptr ? 0 : static_cast<unsigned>(exit_code(error->kind)))
      .boolean("dry_run", dry_run)
      .number("statements_applied", result.applied)
      .number("statements_existing", result.existing)
      .begin_array("notes");
  for (const std::string& note : notes) out.element(note);
  out.end_array();
  write_error(out, error);
  return out.end_object().finish();
}

// Takes the translation of the foreign files before, which belong together.
void finish(std::unique_ptr<migrate::ForeignDdl>& foreign, Scripts& scripts) {
  if (!foreign) return;
  migrate::PostgresqlDdl written = foreign->write();
  std::move(written.scripts.begin(), written.scripts.end(), std::back_inserter(scripts.list));
  scripts.loses_table |= written.loses_table;
  foreign.reset();
}

void refuse_bare_rows(const seed::DumpInput& input) {
  const std::string& format = input.row_format();
  if (format != "csv" && format != "json") return;
  throw Error(ErrorKind::usage,
              text("this is ", format == "csv" ? "CSV" : "JSON", " and has no DDL"), input.name(),
              "load it with pgseed seed --table NAME");
}

Scripts read_scripts(const SchemaFlags& flags, const migrate::DdlOptions& options) {
  Scripts scripts;
  std::unique_ptr<migrate::ForeignDdl> foreign;
  seed::InputOptions input_options;
  input_options.rows.table = "none";  // or what is no SQL would be refused for want of one
  for (const seed::InputPart& part : seed::list_inputs(flags.files)) {
    seed::DumpInput input(part, input_options);
    refuse_bare_rows(input);
    const sql::Dialect dialect = seed::dialect_of(input, flags.dialect);
    if (foreign && foreign->dialect() != dialect) finish(foreign, scripts);
    if (dialect == sql::Dialect::postgresql) {
      scripts.list.push_back(migrate::read_ddl(input, input.name(), options));
      continue;
    }
    if (flags.dialect == "auto") {
      scripts.notes.push_back(text(input.name(), ": read as ",
                                   dialect == sql::Dialect::mysql ? "MySQL" : "SQLite",
                                   ", because of ", seed::one_line(input.guess().mark)));
    }
    if (!foreign) foreign = std::make_unique<migrate::ForeignDdl>(dialect, options);
    foreign->read(input, input.name());
  }
  finish(foreign, scripts);
  return scripts;
}

// What is to be warned of: tables that the API does not know in the end. The DDL is committed, so
// an API that cannot be asked is no reason to fail: run again, it would find its tables there.
std::vector<std::string> await_api(const std::vector<TableName>& created, std::size_t applied,
                                   const Config& config, Console& console) {
  std::vector<std::string> warnings;
  try {
    const auto transport = make_curl_transport({});
    const rest::Connection connection =
        connect_rest(*transport, config, console, milliseconds(10'000));
    for (const TableName& table : wait_for_tables(*transport, connection.endpoint, created)) {
      warnings.push_back(text("PostgREST does not serve ", to_sql(table), " yet; ", kUnservedHint));
    }
  } catch (const Error& error) {
    warnings.push_back(text("the DDL is applied (", counted_statements(applied),
                            "); the API could not be asked whether it knows it: ", error.message));
  }
  return warnings;
}

int run_schema(const SchemaFlags& flags, const GlobalFlags& global) {
  Console console(global);
  const Config config = resolve(global);
  for (const std::string& warning : config.warnings) console.warning(warning);
  migrate::DdlOptions options;
  options.default_schema = config.schema.value;
  options.if_not_exists = flags.if_not_exists;
  options.allow_drop = flags.allow_drop;
  options.do_blocks = flags.do_blocks;
  if (!(flags.lock_timeout > 0) || flags.lock_timeout > 86400) {
    throw Error(ErrorKind::usage, "--lock-timeout wants a number of seconds above 0", "",
                "for example --lock-timeout 5");
  }
  options.lock_timeout = milliseconds(static_cast<long long>(flags.lock_timeout * 1000));
  using Tinyint1 = migrate::DdlOptions::Tinyint1;
  options.tinyint1 = flags.tinyint1 == "auto"      ? Tinyint1::by_rows
                     : flags.tinyint1 == "boolean" ? Tinyint1::boolean
                                                   : Tinyint1::smallint;
  const Scripts read = read_scripts(flags, options);
  const std::vector<migrate::DdlScript>& scripts = read.list;
  std::vector<std::string> notes = read.notes, warnings;
  std::vector<TableName> created;
  std::size_t statements = 0;
  for (const migrate::DdlScript& script : scripts) {
    notes.insert(notes.end(), script.left_out.begin(), script.left_out.end());
    created.insert(created.end(), script.created_tables.begin(), script.created_tables.end());
    for (const migrate::DdlStatement& statement : script.statements) {
      statements += statement.is_setting ? 0 : 1;
      if (flags.dry_run && !console.json()) console.result(statement.sql + ";\n");
    }
  }
  migrate::DdlResult result;
  if (!flags.dry_run) {
    pg::Session session(require_database_url(config, "pgseed schema").value);
    result = migrate::apply_ddl(session, scripts, options);
    notes.insert(notes.end(), result.notes.begin(), result.notes.end());
    if (config.rest_url && !created.empty() && !flags.no_wait) {
      warnings = await_api(created, result.applied, config, console);
    }
  }
  for (const std::string& note : notes) console.info("note: " + note);
  for (const std::string& warning : warnings) console.warning(warning);
  notes.insert(notes.end(), warnings.begin(), warnings.end());
  const Error lost(ErrorKind::rows, "a table of the files is not made; the notes name it", "",
                   "make it by hand; the rest is complete");
  if (read.loses_table) console.error(lost);
  if (console.json()) {
    console.result(schema_json(result, notes, flags.dry_run, read.loses_table ? &lost : nullptr));
  } else if (!flags.dry_run && !console.quiet()) {
    console.result(text(counted_statements(result.applied, "DDL "), " applied",
                        result.existing > 0 ? text(", ", result.existing, " existed already") : "",
                        "\n"));
  }
  if (statements == 0) console.warning("there is no DDL in the files");
  return read.loses_table ? exit_code(lost.kind) : 0;
}

}  // namespace

void add_schema_command(CLI::App& app, const GlobalFlags& global, Action& action) {
  CLI::App* const command = app.add_subcommand(
      "schema", "apply the DDL of SQL files over DATABASE_URL, then reload PostgREST");
  auto flags = std::make_shared<SchemaFlags>();
  command->add_option("FILE", flags->files, "SQL files, in this order; - is standard input")
      ->required()
      ->type_name("");
  command->add_flag("--if-not-exists", flags->if_not_exists, "pass over what exists already");
  command->add_flag("--allow-drop", flags->allow_drop,
                    "apply DROP TABLE, DROP COLUMN, CASCADE and the like");
  command->add_flag("--do-blocks", flags->do_blocks, "apply DO blocks, too");
  command->add_option("--dialect", flags->dialect, "auto, postgresql, mysql or sqlite")
      ->check(CLI::IsMember({"auto", "postgresql", "mysql", "sqlite"}))
      ->type_name("NAME");
  command
      ->add_option("--tinyint1", flags->tinyint1,
                   "MySQL's tinyint(1): auto (boolean if rows fit), boolean or smallint")
      ->check(CLI::IsMember({"auto", "boolean", "smallint"}))
      ->type_name("TYPE");
  command->add_flag("--dry-run", flags->dry_run, "print what would be applied");
  command->add_option("--lock-timeout", flags->lock_timeout, "wait for locks at most (5)")
      ->check(number_of_seconds())
      ->type_name("SECONDS");
  command->add_flag("--no-wait", flags->no_wait, "do not wait until the API knows the new tables");
  command->footer(kSchemaFooter);
  command->callback([flags, &global, &action] {
    action = {"schema", [flags, &global] { return run_schema(*flags, global); }};
  });
}

}  // namespace pgseed::cli
