#include "pgseed/cli/verify_output.hpp"

#include <algorithm>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::cli {
namespace {

using seed::Difference;
using seed::VerifiedTable;

// Keys may be long; one line each.
std::string shown(const std::string& value) {
  constexpr std::size_t kLongest = 60;
  std::string line;
  for (const char byte : value) line += static_cast<unsigned char>(byte) < ' ' ? ' ' : byte;
  if (line.size() <= kLongest) return line;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "...";
}

std::string describe(const VerifiedTable& table, const Difference& difference) {
  std::string line = text(name(difference.kind), ": ", to_sql(table.table));
  for (std::size_t index = 0; index < difference.key.size(); ++index) {
    line += text(index == 0 ? " " : ", ", quote_identifier(table.key[index]), '=',
                 shown(difference.key[index]));
  }
  for (std::size_t index = 0; index < difference.columns.size(); ++index) {
    line += text(index == 0 ? ": " : ", ", quote_identifier(difference.columns[index]));
  }
  if (difference.in_files + difference.in_table > 0) {
    line +=
        text(": ", difference.in_files, " in the files, ", difference.in_table, " in the table");
  }
  if (!difference.reason.empty()) line += text(": ", difference.reason);
  if (!difference.where.empty()) line += text(" (", difference.where, ")");
  return line + "\n";
}

void texts(JsonOutput& out, const char* label, const std::vector<std::string>& values) {
  out.begin_array(label);
  for (const std::string& value : values) out.element(value);
  out.end_array();
}

void text_or_null(JsonOutput& out, const char* label, const std::string& value) {
  value.empty() ? out.null(label) : out.text(label, value);
}

}  // namespace

std::string verify_text(const seed::VerifyReport& report) {
  using Count = std::uint64_t VerifiedTable::*;
  struct Heading {
    const char* title;
    Count count;
    bool always;
  };
  const std::vector<Heading> all = {
      {"files", &VerifiedTable::files, true},      {"table", &VerifiedTable::rows, true},
      {"same", &VerifiedTable::same, true},        {"differing", &VerifiedTable::differing, false},
      {"missing", &VerifiedTable::missing, false}, {"unchecked", &VerifiedTable::unchecked, false},
      {"extra", &VerifiedTable::extra, false}};
  std::vector<Heading> headings;
  std::vector<std::vector<std::string>> lines(1, {"compared"});
  for (const Heading& heading : all) {
    const bool any =
        std::any_of(report.tables.begin(), report.tables.end(),
                    [&](const VerifiedTable& table) { return table.*heading.count > 0; });
    if (!heading.always && !any) continue;
    headings.push_back(heading);
    lines[0].emplace_back(heading.title);
  }
  for (const VerifiedTable& table : report.tables) {
    lines.push_back({to_sql(table.table)});
    for (const Heading& heading : headings) {
      lines.back().push_back(with_separators(table.*heading.count));
    }
  }
  std::string out;
  for (const auto& line : lines) {
    for (std::size_t index = 0; index < line.size(); ++index) {
      std::size_t width = 0;
      for (const auto& other : lines) width = std::max(width, other[index].size());
      const std::string padding(width - line[index].size(), ' ');
      if (index > 0) out += "  ";
      out += index == 0 ? line[index] + padding : padding + line[index];
    }
    out += "\n";
  }
  for (const VerifiedTable& table : report.tables) {
    for (const Difference& difference : table.differences) out += describe(table, difference);
    for (const std::string& column : table.not_compared) {
      out += text("not compared: ", to_sql(table.table), ": ", column, "\n");
    }
  }
  return out;
}

void write_verification(JsonOutput& out, const seed::VerifyReport& report) {
  out.begin_object("verification").boolean("equal", report.equal()).begin_array("tables");
  for (const VerifiedTable& table : report.tables) {
    out.begin_object().text("schema", table.table.schema).text("table", table.table.table);
    out.boolean("equal", table.equal());
    texts(out, "key", table.key);
    out.number("rows_in_files", table.files)
        .number("rows_in_table", table.rows)
        .number("rows_same", table.same)
        .number("rows_differing", table.differing)
        .number("rows_missing", table.missing)
        .number("rows_unchecked", table.unchecked)
        .number("rows_extra", table.extra)
        .number("rows_repeated", table.repeated)
        .boolean("exact", table.exact);
    text_or_null(out, "files_checksum", table.files_checksum);
    text_or_null(out, "table_checksum", table.table_checksum);
    out.begin_array("differences");
    for (const Difference& difference : table.differences) {
      out.begin_object().text("kind", name(difference.kind));
      texts(out, "key", difference.key);
      texts(out, "columns", difference.columns);
      text_or_null(out, "where", difference.where);
      out.number("in_files", difference.in_files).number("in_table", difference.in_table);
      text_or_null(out, "reason", difference.reason);
      out.end_object();
    }
    out.end_array();
    texts(out, "not_compared", table.not_compared);
    out.end_object();
  }
  out.end_array().seconds("seconds", report.seconds).end_object();
}

std::string verify_json(const seed::VerifyRun& run) {
  JsonOutput out;
  const int exit_code = run.exit_code();
  out.begin_object()
      .number("version", 1)
      .text("command", "verify")
      .boolean("ok", exit_code == 0)
      .number("exit_code", static_cast<std::uint64_t>(exit_code));
  text_or_null(out, "target", run.report.target);
  out.begin_array("files");
  for (const seed::FileReport& file : run.files) {
    out.begin_object()
        .text("path", file.path)
        .number("bytes", file.bytes)
        .text("dialect", file.dialect)
        .end_object();
  }
  out.end_array();
  // Until all was compared nothing is known to be equal.
  if (run.error || run.signal != 0) {
    out.null("verification");
  } else {
    write_verification(out, run.report);
  }
  texts(out, "notes", run.report.notes);
  std::optional<Error> error = run.outcome();
  if (!error && run.signal != 0) error = interrupt::signal_error(run.signal);
  write_error(out, error ? &*error : nullptr);
  return out.end_object().finish();
}

}  // namespace pgseed::cli
