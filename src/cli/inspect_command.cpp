#include <CLI/CLI.hpp>

#include "pgseed/base/text.hpp"
#include "pgseed/cli/commands.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/cli/input_flags.hpp"
#include "pgseed/cli/json_output.hpp"
#include "pgseed/seed/input/survey.hpp"

namespace pgseed::cli {
namespace {

constexpr const char* kInspectFooter = R"(Examples:
  pgseed inspect dump.sql
  pgseed inspect --json dump.sql
  pgseed inspect dump.sql.gz all-tables.zip
  pgseed inspect --table people people.csv
  pgseed inspect old.sql --map old.map.toml   the tables and columns that it is loaded into)";

struct InspectFlags {
  InputFlags input;
  std::vector<std::string> tables;
};

std::string columns_of(const seed::FileSurvey& file, const seed::TableSurvey& table) {
  if (table.column_sets.empty()) return "";
  const auto columns = seed::columns_of_rows(table.name, table.column_sets.front(),
                                             file.definitions, nullptr, file.path);
  if (!columns) {
    return text("no column list: ", table.column_sets.front().values,
                " values per row, in the table's own order");
  }
  std::string out = quoted_list(*columns);
  if (table.column_sets.size() > 1) {
    out += text(" (and ", table.column_sets.size() - 1, " other sets of columns)");
  }
  return out;
}

std::string describe(const seed::FileSurvey& file) {
  std::string out =
      text(file.path, ": ", file.dialect, ", ", file.encoding, ", ", human_bytes(file.bytes), "\n");
  for (const seed::TableSurvey& table : file.tables) {
    out += text("  ", to_sql(table.name), ": ", with_separators(table.rows), " rows in ",
                with_separators(table.statements),
                table.statements == 1 ? " statement" : " statements", "\n");
    const std::string columns = columns_of(file, table);
    if (!columns.empty()) out += text("    ", columns, "\n");
  }
  if (file.tables.empty()) out += "  no rows\n";
  for (const std::string& note : file.notes) out += text("  note: ", note, "\n");
  if (file.ddl_statements > 0) {
    out +=
        text("  ", file.ddl_statements,
             file.ddl_statements == 1 ? " DDL statement (apply it" : " DDL statements (apply them",
             file.dialect == "postgresql" ? "" : ", translated,", " with pgseed schema)\n");
  }
  if (file.gap) out += text("  ", file.path, ":", file.gap->line, ": ", file.gap->what, "\n");
  if (file.unsupported_count > 0) {
    out += text("  ", file.unsupported_count, " rows or statements cannot go over PostgREST:\n");
    for (const seed::UnsupportedUse& use : file.unsupported) {
      out += text("    ", file.path, ":", use.line, ": ", use.kind, ": ", use.text, "\n");
    }
    if (file.unsupported.size() < file.unsupported_count) out += "    ...\n";
  }
  return out;
}

int run_inspect(const InspectFlags& flags, const GlobalFlags& global) {
  Console console(global);
  seed::Options options;
  options.schema = global.schema.value_or("public");
  set_input(options, flags.input, flags.tables);
  std::vector<seed::FileSurvey> files;
  seed::MappingUse use;
  for (const seed::InputPart& part : seed::list_inputs(options.files, options.input.packed)) {
    seed::DumpInput input(part, options.input);
    files.push_back(seed::survey(input, options, {}));
    files.back().path = part.shown();
    use.add(files.back().mapping_use);
  }
  if (options.mapping) {
    for (const std::string& note : seed::require_used(*options.mapping, use)) {
      console.info("note: " + note);
    }
  }
  if (console.json()) {
    console.result(inspect_json(files));
  } else {
    for (const seed::FileSurvey& file : files) console.result(describe(file));
  }
  return 0;
}

}  // namespace

void add_inspect_command(CLI::App& app, const GlobalFlags& global, Action& action) {
  CLI::App* const command = app.add_subcommand(
      "inspect", "tell what a dump holds: tables, rows, DDL, what REST cannot carry");
  auto flags = std::make_shared<InspectFlags>();
  command->add_option("--table", flags->tables, "where rows of CSV and JSON would go")
      ->expected(1)
      ->type_name("NAME");
  add_input_flags(*command, flags->input, "dumps to look at; - is standard input");
  command->footer(kInspectFooter);
  command->callback([flags, &global, &action] {
    action = {"inspect", [flags, &global] { return run_inspect(*flags, global); }};
  });
}

}  // namespace pgseed::cli
