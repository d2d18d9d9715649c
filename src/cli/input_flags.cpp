#include "pgseed/cli/input_flags.hpp"

#include <glob.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/value_checks.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/mapping_file.hpp"
#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::cli {
namespace {

std::optional<char> byte_of(const char* option, const std::string& value) {
  if (value.empty()) return {};
  if (value == "\\t" || value == "tab") return '\t';
  if (value.size() == 1) return value[0];
  throw Error(ErrorKind::usage, text(option, " wants one character, not ", redact(value)), "",
              text("for example ", option, " ';' (a tab is tab)"));
}

// Of a name with quotes; nullopt for any other, and for what is no name.
std::optional<sql::QualifiedName> quoted_name(const std::string& typed) {
  if (!contains(typed, "\"")) return {};
  try {
    sql::Cursor cursor = sql::cursor_over(typed);
    sql::QualifiedName name = sql::read_qualified_name(cursor);
    sql::skip_blanks(cursor);
    if (cursor.at_end()) return name;
  } catch (const sql::SyntaxProblem&) {
    // Then it is what a table is called.
  }
  return {};
}

sql::QualifiedName name_of(const std::string& typed) {
  if (auto quoted = quoted_name(typed)) return *std::move(quoted);
  const std::size_t dot = typed.find('.');
  if (dot == std::string::npos) return {std::nullopt, typed};
  return {typed.substr(0, dot), typed.substr(dot + 1)};
}

bool exists(const std::string& path) {
  struct stat status = {};
  return lstat(path.c_str(), &status) == 0;
}

seed::RowFormat format_of(const InputFlags& flags) {
  if (flags.format == "sql") return seed::RowFormat::sql;
  if (flags.format == "csv") return seed::RowFormat::csv;
  if (flags.format == "json") return seed::RowFormat::json;
  return seed::RowFormat::automatic;
}

seed::RowOptions rows_of(const InputFlags& flags, const std::vector<std::string>& tables) {
  seed::RowOptions rows;
  rows.format = format_of(flags);
  if (tables.size() == 1 && !tables.front().ends_with(".*")) {
    const sql::QualifiedName name = name_of(tables.front());
    rows.schema = name.schema.value_or("");
    rows.table = name.name;
  }
  rows.header = !flags.no_header;
  rows.columns = flags.columns;
  rows.delimiter = byte_of("--delimiter", flags.delimiter);
  if (const auto quote = byte_of("--quote", flags.quote)) rows.quote = *quote;
  rows.escape = byte_of("--escape", flags.escape);
  rows.null_text = flags.null_text;
  rows.max_row_bytes = flags.max_row_bytes;
  return rows;
}

}  // namespace

std::vector<std::string> table_names(const std::vector<std::string>& typed) {
  std::vector<std::string> names;
  for (const std::string& each : typed) {
    const auto quoted = quoted_name(each);
    if (!quoted) {
      names.push_back(each);
    } else {
      names.push_back(quoted->schema ? to_sql(TableName{*quoted->schema, quoted->name})
                                     : quoted->name);
    }
  }
  return names;
}

void add_input_flags(CLI::App& command, InputFlags& flags, const char* description) {
  command.add_option("FILE", flags.files, description)->required()->type_name("");
  const std::string files = "How files are read";
  command.add_option("--dialect", flags.dialect, "auto, postgresql, mysql or sqlite")
      ->check(CLI::IsMember({"auto", "postgresql", "mysql", "sqlite"}))
      ->type_name("NAME")
      ->group(files);
  command.add_option("--encoding", flags.encoding, "of the files, whatever they say")
      ->type_name("NAME")
      ->group(files);
  command
      .add_option("--map", flags.map,
                  "other tables, columns and values: TOML or JSON (README, Mapping)")
      ->type_name("FILE")
      ->group(files);
  command
      .add_option("--format", flags.format,
                  "auto (by name and content), sql, csv or json (NDJSON or an array)")
      ->check(CLI::IsMember({"auto", "sql", "csv", "json"}))
      ->type_name("NAME")
      ->group(files);
  command.add_option("--delimiter", flags.delimiter, "CSV: between values (, or tab for .tsv)")
      ->type_name("CHAR")
      ->group(files);
  command.add_option("--quote", flags.quote, "CSV: around values (\")")
      ->type_name("CHAR")
      ->group(files);
  command.add_option("--escape", flags.escape, "CSV: before a quote in quotes (the quote itself)")
      ->type_name("CHAR")
      ->group(files);
  command
      .add_option("--null", flags.null_text, "CSV: what stands for NULL, unquoted (nothing at all)")
      ->type_name("TEXT")
      ->group(files);
  command.add_flag("--no-header", flags.no_header, "CSV: the first line is a row")->group(files);
  command
      .add_option("--columns", flags.columns,
                  "CSV: the columns, instead of those that the header names")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COL,...")
      ->group(files);
  command.add_option("--max-row-bytes", flags.max_row_bytes, "longest row accepted (256 MiB)")
      ->check(whole_number("bytes"))
      ->check(CLI::Range(std::size_t{1024}, std::size_t{1} << 34).description(""))
      ->type_name("N")
      ->group(files);
  command
      .add_option("--max-unpack-ratio", flags.max_unpack_ratio,
                  "bytes that a packed byte may become (1000); 0: any")
      ->check(whole_number("bytes"))
      ->type_name("N")
      ->group(files);
  command
      .add_option("--max-unpacked-bytes", flags.max_unpacked_bytes,
                  "bytes that a packed file may become (any)")
      ->check(whole_number("bytes"))
      ->type_name("N")
      ->group(files);
}

void set_input(seed::Options& options, const InputFlags& flags,
               const std::vector<std::string>& tables) {
  options.files = expand_patterns(flags.files);
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) {
    throw Error(ErrorKind::usage, "standard input (-) can be read only once", "",
                "name - once, or join the dumps: cat a.sql b.sql | pgseed seed -");
  }
  options.dialect = flags.dialect;
  options.input.encoding = flags.encoding;
  options.input.packed.ratio = flags.max_unpack_ratio;
  if (flags.max_unpacked_bytes > 0) options.input.packed.bytes = flags.max_unpacked_bytes;
  options.input.rows = rows_of(flags, tables);
  if (!flags.map.empty()) {
    options.mapping = std::make_shared<const seed::Mapping>(
        seed::read_mapping_file(flags.map, std::chrono::system_clock::now()));
  }
}

std::vector<std::string> expand_patterns(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (path.find_first_of("*?[") == std::string::npos || exists(path)) {
      files.push_back(path);
      continue;
    }
    glob_t found = {};
    // The library sorts by the locale; the program runs in "C".
    const int code = glob(path.c_str(), 0, nullptr, &found);
    const std::unique_ptr<glob_t, decltype(&globfree)> owner(&found, &globfree);
    if (code != 0) {
      throw Error(ErrorKind::input, "no file matches this pattern", path,
                  "a pattern with * matches no hidden files and no folders below");
    }
    files.insert(files.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  return files;
}

}  // namespace pgseed::cli
