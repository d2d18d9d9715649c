#include "pgseed/cli/github_actions.hpp"

#include <algorithm>
#include <charconv>

#include "pgseed/base/text.hpp"
#include "pgseed/cli/seed_figures.hpp"
#include "pgseed/pg/database_url.hpp"

namespace pgseed::cli {
namespace {

// GitHub shows no more annotations of a step.
constexpr std::size_t kMostAnnotations = 10;
constexpr std::size_t kMostRows = 200;

// The data of a command: one line. In a property the separators are escaped as well.
std::string escaped(std::string_view words, bool in_property) {
  std::string out;
  for (const char byte : words) {
    if (byte == '%') {
      out += "%25";
    } else if (byte == '\r') {
      out += "%0D";
    } else if (byte == '\n') {
      out += "%0A";
    } else if (in_property && byte == ':') {
      out += "%3A";
    } else if (in_property && byte == ',') {
      out += "%2C";
    } else {
      out += byte;
    }
  }
  return out;
}

// Annotations are shown at files of the repository, named from its root.
std::string in_workspace(const std::string& file, const std::string& workspace) {
  if (!workspace.empty() && file.starts_with(workspace + "/")) {
    return file.substr(workspace.size() + 1);
  }
  return file.starts_with("./") ? file.substr(2) : file;
}

std::string annotation(const std::string& file, std::uint64_t line, const std::string& title,
                       const std::string& message) {
  std::string out = "::error ";
  if (!file.empty() && file != "<stdin>") {
    out += text("file=", escaped(file, true), ',');
    if (line > 0) out += text("line=", line, ',');
  }
  return text(out, "title=", escaped(title, true), "::", escaped(redact(message), false), '\n');
}

// "a.sql:12:7" -> a.sql, 12.
std::pair<std::string, std::uint64_t> place_of(std::string where) {
  std::uint64_t line = 0;
  for (int numbers = 0; numbers < 2; ++numbers) {
    const std::size_t colon = where.rfind(':');
    if (colon == std::string::npos) break;
    std::uint64_t number = 0;
    const char* const end = where.data() + where.size();
    const auto [stop, error] = std::from_chars(where.data() + colon + 1, end, number);
    if (error != std::errc{} || stop != end) break;
    line = number;
    where.resize(colon);
  }
  return {where, line};
}

// Everything but letters, digits and a few harmless signs as an entity: no Markdown, no HTML.
std::string markdown(std::string_view words) {
  std::string out;
  for (const char byte : redact(words)) {
    const auto code = static_cast<unsigned char>(byte);
    const bool plain = code >= 0x80 || std::isalnum(code) != 0 || byte == ' ' || byte == ',' ||
                       byte == '.' || byte == '/' || byte == ';' || byte == '%';
    if (plain) {
      out += byte;
    } else if (code < 0x20 || code == 0x7F) {
      out += ' ';
    } else {
      out += text("&#", static_cast<int>(code), ';');
    }
  }
  return out;
}

std::string headline(const seed::Options& options, const seed::Report& report) {
  const seed::Counts sum = report.totals();
  if (options.dry_run && report.exit_code() == 0) return "dry run, nothing was written";
  std::string out =
      text(with_separators(sum.loaded), sum.loaded == 1 ? " row" : " rows", " loaded");
  if (sum.rejected > 0) out += text(", ", with_separators(sum.rejected), " rejected");
  if (sum.in_doubt > 0) out += text(", ", with_separators(sum.in_doubt), " in doubt");
  if (report.signal != 0) out += ", interrupted";
  return out;
}

}  // namespace

GithubActions github_actions() {
  GithubActions actions;
  actions.active = environment_value("GITHUB_ACTIONS") == "true";
  if (!actions.active) return actions;
  actions.summary_file = environment_value("GITHUB_STEP_SUMMARY").value_or("");
  actions.workspace = environment_value("GITHUB_WORKSPACE").value_or("");
  return actions;
}

std::string mask_commands(const Config& config) {
  std::vector<std::string> secrets;
  const auto add = [&](const std::string& secret) {
    // The runner would mask every place where a very short one stands.
    if (secret.size() >= 4) secrets.push_back(secret);
  };
  if (config.key) add(config.key->value);
  if (config.database_url) {
    add(pg::password_of_database_url(config.database_url->value));
    add(config.database_url->value);
  }
  std::string out;
  for (const std::string& secret : secrets) {
    out += text("::add-mask::", escaped(secret, false), '\n');
  }
  return out;
}

std::string annotations(const seed::Report& report, const std::string& workspace,
                        bool with_values) {
  std::string out;
  for (const seed::Reject& reject : report.rejects) {
    if (&reject == report.rejects.data() + kMostAnnotations) break;
    out += annotation(in_workspace(reject.file, workspace), reject.line,
                      text("row of ", to_sql(reject.table), " rejected"),
                      reason_of(reject, with_values));
  }
  if (!out.empty() || !report.error) return out;
  const auto [file, line] = place_of(report.error->where);
  std::string message = public_message(*report.error, with_values);
  const std::string hint = public_hint(report, with_values);
  if (!hint.empty()) message += text("\nhint: ", hint);
  return annotation(in_workspace(file, workspace), line, "pgseed seed", message);
}

std::string job_summary(const seed::Options& options, const seed::Report& report,
                        bool with_values) {
  const bool good = report.exit_code() == 0;
  std::string out = text("### ", good ? "\u2705" : "\u274C",
                         " pgseed seed: ", markdown(headline(options, report)), "\n\n");
  if (report.error) {
    out += text("**", markdown(public_message(*report.error, with_values)), "**");
    if (!report.error->where.empty()) out += text(" (", markdown(report.error->where), ")");
    const std::string hint = public_hint(report, with_values);
    if (!hint.empty()) out += text("<br>", markdown(hint));
    out += "\n\n";
  }
  if (!report.tables.empty()) {
    const std::vector<CountColumn> columns = shown_columns(report);
    std::string heads = "| table |", rule = "|---|";
    for (const CountColumn& column : columns) {
      heads += text(' ', column.title, " |");
      rule += "---:|";
    }
    out += text(heads, '\n', rule, '\n');
    const auto line = [&](const std::string& title, const seed::Counts& counts) {
      out += text("| ", title, " |");
      for (const CountColumn& column : columns) {
        out += text(' ', with_separators(counts.*column.count), " |");
      }
      out += '\n';
    };
    for (std::size_t index = 0; index < std::min(report.tables.size(), kMostRows); ++index) {
      line(markdown(to_sql(report.tables[index].table)), report.tables[index].counts);
    }
    if (report.tables.size() > 1) line("**total**", report.totals());
    out += '\n';
  }
  if (report.requests > 0) {
    const std::string width = width_range(report);
    out += text(short_time(report.seconds), ", ", rows_per_second(report), " rows/s, ",
                human_bytes(report.bytes_sent), " in ", with_separators(report.requests),
                report.requests == 1 ? " request" : " requests",
                width.empty() ? "" : text(", ", width, " at a time"),
                report.retries > 0 ? text(", ", report.retries, " retries") : "", "\n\n");
  }
  if (!report.rejects.empty()) {
    out += "| rejected | table | reason |\n|---|---|---|\n";
    for (std::size_t index = 0; index < std::min(report.rejects.size(), kMostAnnotations);
         ++index) {
      const seed::Reject& reject = report.rejects[index];
      out += text("| ", markdown(text(reject.file, ':', reject.line)), " | ",
                  markdown(to_sql(reject.table)), " | ", markdown(reason_of(reject, with_values)),
                  " |\n");
    }
    out += '\n';
  }
  return out;
}

std::string without_commands(std::string_view words) {
  std::string out;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find('\n'), words.size() - 1);
    const std::string_view line = words.substr(0, end + 1);
    words.remove_prefix(end + 1);
    // The runner looks for :: behind blanks at the start of a line, and for ##[ anywhere.
    if (trim(line).starts_with("::")) out += "| ";
    for (std::size_t at = 0; at < line.size(); ++at) {
      out += line[at];
      if (line.substr(at, 3) == "##[") out += ' ';
    }
  }
  return out;
}

}  // namespace pgseed::cli
