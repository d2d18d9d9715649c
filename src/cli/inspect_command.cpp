#include <CLI/CLI.hpp>

#include "pgseed/base/text.hpp"
#include "pgseed/cli/commands.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/cli/json_output.hpp"
#include "pgseed/seed/survey.hpp"

namespace pgseed::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  pgseed inspect dump.sql
  pgseed inspect --json dump.sql
  gunzip -c dump.sql.gz | pgseed inspect -)";

struct InspectFlags {
  std::vector<std::string> files;
  std::string dialect = "auto";
  std::string encoding;
  std::size_t max_row_bytes = 256u << 20;
};

std::string columns_of(const seed::FileSurvey& file, const seed::TableSurvey& table) {
  if (table.column_sets.empty()) return "";
  const auto columns = seed::columns_of_rows(table.name, table.column_sets.front(),
                                             file.definitions, nullptr, file.path);
  if (!columns) {
    return text("no column list: ", table.column_sets.front().values,
                " values per row, in the table's own order");
  }
  std::string out;
  for (const std::string& column : *columns) {
    out += (out.empty() ? "" : ", ") + quote_identifier(column);
  }
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
    out += text("  ", file.ddl_statements, " DDL statements (apply them",
                file.dialect == "postgresql" ? "" : ", translated,", " with pgseed schema)\n");
  }
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
  options.max_row_bytes = flags.max_row_bytes;
  options.dialect = flags.dialect;
  options.encoding = flags.encoding;
  std::vector<seed::FileSurvey> files;
  for (const std::string& path : flags.files) {
    seed::DumpInput input(path, flags.encoding);
    files.push_back(seed::survey(input, options, {}));
    if (path == "-") files.back().path = "-";
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
  command->add_option("FILE", flags->files, "dumps to look at; - is standard input")
      ->required()
      ->type_name("");
  command->add_option("--dialect", flags->dialect, "auto, postgresql, mysql or sqlite")
      ->check(CLI::IsMember({"auto", "postgresql", "mysql", "sqlite"}))
      ->type_name("NAME");
  command->add_option("--encoding", flags->encoding, "of the files, whatever they say")
      ->type_name("NAME");
  command->add_option("--max-row-bytes", flags->max_row_bytes, "longest row accepted (256 MiB)")
      ->check(CLI::Range(std::size_t{1024}, std::size_t{1} << 34))
      ->type_name("N");
  command->footer(kFooter);
  command->callback([flags, &global, &action] {
    action = {"inspect", [flags, &global] { return run_inspect(*flags, global); }};
  });
}

}  // namespace pgseed::cli
