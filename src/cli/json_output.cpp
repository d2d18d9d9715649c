#include "pgseed/cli/json_output.hpp"

#include <array>
#include <cstdio>

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/cli/verify_output.hpp"

namespace pgseed::cli {

void JsonOutput::separate() {
  if (!first_) out_.append(',');
  first_ = false;
}

// JSON is UTF-8, a path need not be.
void JsonOutput::append_value(std::string_view value) {
  std::string mended;
  for (auto bad = find_invalid_utf8(value); bad != std::string_view::npos;
       bad = find_invalid_utf8(value)) {
    mended += pgseed::text(value.substr(0, bad), "\uFFFD");
    value.remove_prefix(bad + 1);
  }
  mended += value;
  json::append_string(out_, mended);
}

void JsonOutput::label(std::string_view name) {
  separate();
  if (name.empty()) return;
  json::append_string(out_, name);
  out_.append(':');
}

JsonOutput& JsonOutput::begin_object(std::string_view name) {
  label(name);
  out_.append('{');
  first_ = true;
  return *this;
}

JsonOutput& JsonOutput::end_object() {
  out_.append('}');
  first_ = false;
  return *this;
}

JsonOutput& JsonOutput::begin_array(std::string_view name) {
  label(name);
  out_.append('[');
  first_ = true;
  return *this;
}

JsonOutput& JsonOutput::end_array() {
  out_.append(']');
  first_ = false;
  return *this;
}

JsonOutput& JsonOutput::text(std::string_view name, std::string_view value) {
  label(name);
  append_value(value);
  return *this;
}

JsonOutput& JsonOutput::number(std::string_view name, std::uint64_t value) {
  label(name);
  out_.append(std::to_string(value));
  return *this;
}

JsonOutput& JsonOutput::seconds(std::string_view name, double value) {
  label(name);
  std::array<char, 32> digits;
  const int length = std::snprintf(digits.data(), digits.size(), "%.3f", value);
  out_.append(std::string_view(digits.data(), static_cast<std::size_t>(length)));
  return *this;
}

JsonOutput& JsonOutput::boolean(std::string_view name, bool value) {
  label(name);
  out_.append(value ? "true" : "false");
  return *this;
}

JsonOutput& JsonOutput::null(std::string_view name) {
  label(name);
  out_.append("null");
  return *this;
}

JsonOutput& JsonOutput::element(std::string_view value) {
  separate();
  append_value(value);
  return *this;
}

std::string JsonOutput::finish() {
  return std::string(out_.view()) + "\n";
}

namespace {

void write_counts(JsonOutput& out, const seed::Counts& counts) {
  out.number("rows_read", counts.read)
      .number("rows_loaded", counts.loaded)
      .number("rows_ignored", counts.ignored)
      .number("rows_rejected", counts.rejected)
      .number("rows_skipped", counts.skipped)
      .number("rows_in_doubt", counts.in_doubt)
      .number("rows_resumed", counts.resumed)
      .number("rows_unchanged", counts.unchanged);
}

void text_or_null(JsonOutput& out, std::string_view name, const std::string& value) {
  value.empty() ? out.null(name) : out.text(name, value);
}

}  // namespace

void write_error(JsonOutput& out, const Error* error) {
  if (error == nullptr) {
    out.null("error");
    return;
  }
  out.begin_object("error").text("kind", name(error->kind)).text("message", error->message);
  text_or_null(out, "where", error->where);
  text_or_null(out, "hint", error->hint);
  out.end_object();
}

std::string failure_json(const std::string& command, int exit_code, const Error& error) {
  if (command == "seed") {  // the same object as ever, with nothing done
    seed::Report report;
    report.error = error;
    return seed_json({}, report);
  }
  JsonOutput out;
  out.begin_object().number("version", 1).text("command", command).boolean("ok", false);
  out.number("exit_code", static_cast<std::uint64_t>(exit_code));
  if (command == "inspect") out.begin_array("files").end_array();
  write_error(out, &error);
  return out.end_object().finish();
}

std::string seed_json(const seed::Options& options, const seed::Report& report) {
  JsonOutput out;
  const int exit_code = report.exit_code();
  out.begin_object()
      .number("version", 1)
      .text("command", "seed")
      .text("mode", name(options.mode))
      .boolean("ok", exit_code == 0)
      .number("exit_code", static_cast<std::uint64_t>(exit_code))
      .boolean("dry_run", options.dry_run);
  text_or_null(out, "target", report.target);
  if (report.carrier == seed::Carrier::unknown) {
    out.null("carrier");
  } else {
    out.begin_object("carrier").text("via", name(report.carrier));
    text_or_null(out, "because", report.carried_because);
    out.end_object();
  }
  out.begin_array("files");
  for (const seed::FileReport& file : report.files) {
    out.begin_object()
        .text("path", file.path)
        .number("bytes", file.bytes)
        .text("dialect", file.dialect)
        .end_object();
  }
  out.end_array().begin_array("tables");
  for (const seed::TableReport& table : report.tables) {
    out.begin_object().text("schema", table.table.schema).text("table", table.table.table);
    write_counts(out, table.counts);
    out.number("rows_superseded", table.superseded).end_object();
  }
  out.end_array().begin_object("totals");
  write_counts(out, report.totals());
  out.end_object()
      .number("requests", report.requests)
      .number("retries", report.retries)
      .number("bytes_sent", report.bytes_sent)
      .begin_object("requests_at_a_time")
      .number("least", report.widths.least)
      .number("most", report.widths.most)
      .end_object()
      .seconds("seconds", report.seconds);
  out.boolean("up_to_date", report.is_up_to_date);
  text_or_null(out, "rejects_file", report.rejects_file);
  out.begin_array("sequences");
  for (const seed::SequenceReport& each : report.sequences) {
    out.begin_object()
        .text("sequence", each.sequence)
        .text("column", each.column)
        .text("before", std::to_string(each.before))
        .text("after", std::to_string(each.after))
        .end_object();
  }
  out.end_array().begin_array("notes");
  for (const std::string& note : report.notes) out.element(note);
  out.end_array();
  if (report.verification) write_verification(out, *report.verification);
  const std::optional<Error> ended = report.end();
  write_error(out, ended ? &*ended : nullptr);
  return out.end_object().finish();
}

std::string inspect_json(const std::vector<seed::FileSurvey>& files) {
  JsonOutput out;
  out.begin_object().number("version", 1).text("command", "inspect").boolean("ok", true);
  out.number("exit_code", 0).begin_array("files");
  for (const seed::FileSurvey& file : files) {
    out.begin_object()
        .text("path", file.path)
        .number("bytes", file.bytes)
        .text("dialect", file.dialect)
        .text("encoding", file.encoding)
        .begin_array("tables");
    for (const seed::TableSurvey& table : file.tables) {
      out.begin_object().text("schema", table.name.schema).text("table", table.name.table);
      const auto columns = table.column_sets.empty()
                               ? std::nullopt
                               : seed::columns_of_rows(table.name, table.column_sets.front(),
                                                       file.definitions, nullptr, file.path);
      if (columns) {
        out.begin_array("columns");
        for (const std::string& column : *columns) out.element(column);
        out.end_array();
      } else {
        out.null("columns");
      }
      out.number("rows", table.rows).number("statements", table.statements).end_object();
    }
    out.end_array().number("ddl_statements", file.ddl_statements).begin_array("unsupported");
    for (const seed::UnsupportedUse& use : file.unsupported) {
      out.begin_object()
          .number("line", use.line)
          .text("kind", use.kind)
          .text("text", use.text)
          .end_object();
    }
    out.end_array().number("unsupported_count", file.unsupported_count);
    if (file.gap) {
      out.begin_object("gap")
          .number("line", file.gap->line)
          .text("what", file.gap->what)
          .text("hint", file.gap->hint)
          .end_object();
    } else {
      out.null("gap");
    }
    out.begin_array("notes");
    for (const std::string& note : file.notes) out.element(note);
    out.end_array().end_object();
  }
  return out.end_array().null("error").end_object().finish();
}

}  // namespace pgseed::cli
