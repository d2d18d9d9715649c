#include "pgseed/cli/html_report.hpp"

#include <algorithm>
#include <ctime>

#include "pgseed/base/text.hpp"
#include "pgseed/cli/html_charts.hpp"
#include "pgseed/cli/html_text.hpp"
#include "pgseed/cli/seed_figures.hpp"
#include "pgseed/seed/timeline.hpp"

namespace pgseed::cli {
namespace {

// A page that takes long to open helps nobody; the rest is in the JSON summary.
constexpr std::size_t kMostTables = 500;
constexpr std::size_t kMostNotes = 200;
constexpr std::size_t kMostFiles = 200;

// How the run ended, as a class of the style sheet, a word and a headline.
struct Ending {
  const char* style;
  const char* word;
  std::string headline;
};

std::string rows(std::uint64_t number) {
  return text(with_separators(number), number == 1 ? " row" : " rows");
}

Ending ending_of(const seed::Options& options, const seed::Report& report) {
  const seed::Counts sum = report.totals();
  const std::string loaded = rows(sum.loaded) + " loaded";
  if (report.signal != 0)
    return {"stopped", "Interrupted", text("Stopped after ", rows(sum.loaded))};
  if (report.error && report.error->kind == ErrorKind::rows && sum.in_doubt > 0) {
    return {"rows", "In doubt", text(loaded, ", ", with_separators(sum.in_doubt), " in doubt")};
  }
  if (report.error && report.error->kind == ErrorKind::rows) {
    return {"rows", "Rows rejected",
            text(loaded, ", ", with_separators(sum.rejected), " rejected")};
  }
  if (report.exit_code() != 0) {
    return {"failed", "Failed",
            sum.loaded > 0 ? text("Stopped after ", rows(sum.loaded)) : "Nothing was loaded"};
  }
  if (options.dry_run) return {"dry", "Dry run", "Everything was checked, nothing was written"};
  return {"good", "Complete", loaded};
}

std::string utc(std::chrono::system_clock::time_point at) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  char date[40];
  return std::string(date, std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &parts));
}

std::string section(const std::string& title, const std::string& content) {
  if (content.empty()) return {};
  return text("<section>\n<h2>", html(title), "</h2>\n", content, "</section>\n");
}

// A path may be broken behind its slashes.
std::string breakable(const std::string& path) {
  std::string out;
  for (const char byte : path) {
    out += byte;
    if (byte == '/') out += "<wbr/>";
  }
  return out;
}

std::string header(const seed::Options& options, const seed::Report& report,
                   const PageFacts& facts) {
  const Ending ending = ending_of(options, report);
  std::string from;
  if (report.files.size() == 1) {
    from = html(report.files.front().path);
  } else if (!report.files.empty()) {
    from = text(report.files.size(), " files");
  }
  std::string line;
  if (!from.empty()) line += text("<span>from <b><bdi>", from, "</bdi></b></span> ");
  if (!report.target.empty()) {
    line += text("<span>into <b><bdi>", html(report.target), "</bdi></b></span> ");
  }
  line += text("<span>", html(utc(facts.ended)), "</span>");
  return text("<header class=\"", ending.style, "\">\n<p class=\"brand\">pgseed <span>seed report",
              "</span></p>\n<p class=\"pills\"><span class=\"pill ", ending.style, "\">",
              ending.word, "</span> <span class=\"pill\">", html(name(options.mode)),
              "</span></p>\n<h1>", html(ending.headline), "</h1>\n<p class=\"line\">", line,
              "</p>\n</header>\n");
}

std::string failure(const seed::Report& report, const PageFacts& facts) {
  if (!report.error) return {};
  const Error& error = *report.error;
  std::string message = public_message(error, facts.with_values);
  if (error.kind == ErrorKind::rows && !report.rejects.empty()) {
    const seed::Reject& first = report.rejects.front();
    message = text("The first refused row is one of ", to_sql(first.table), ": ",
                   reason_of(first, facts.with_values));
  }
  std::string out = text("<div class=\"alert ", ending_of({}, report).style,
                         "\" role=\"alert\">\n<p class=\"what\">", html(message), "</p>\n");
  if (!error.where.empty()) out += text("<p><code>", html(error.where), "</code></p>\n");
  const std::string hint = public_hint(report, facts.with_values);
  if (!hint.empty()) out += text("<p class=\"hint\">", html(hint), "</p>\n");
  return out + "</div>\n";
}

std::string tile(const std::string& title, const std::string& number, const std::string& below) {
  return text("<div><dt>", html(title), "</dt><dd>", html(number),
              below.empty() ? "" : text("<small>", html(below), "</small>"), "</dd></div>\n");
}

std::string figures(const seed::Report& report) {
  const seed::Counts sum = report.totals();
  if (report.requests == 0 && sum.loaded == 0) return {};
  std::string out = "<dl class=\"tiles\">\n";
  out += tile("Rows loaded", with_separators(sum.loaded), text("of ", rows(sum.read), " read"));
  out += tile("Time", short_time(report.seconds), "");
  out += tile("Throughput", rows_per_second(report), "rows per second");
  if (report.requests > 0) {
    out += tile(
        "Sent", human_bytes(report.bytes_sent),
        text(with_separators(report.requests), report.requests == 1 ? " request" : " requests"));
    const std::string width = width_range(report);
    if (!width.empty()) out += tile("At a time", width, "requests");
    out += tile("Retries", with_separators(report.retries), "");
  }
  return out + "</dl>\n";
}

// What became of the rows, as one bar and its legend. Counts add up, so the bar is full.
std::string outcome(const seed::Report& report) {
  const seed::Counts sum = report.totals();
  if (sum.read == 0) return {};
  std::string bar, legend;
  int number = 0;
  for (const CountColumn& column : count_columns()) {
    // Those two say more of rows that are counted already.
    if (column.count == &seed::Counts::read || column.count == &seed::Counts::resumed ||
        column.count == &seed::Counts::unchanged) {
      continue;
    }
    const int style = number++;
    const std::uint64_t count = sum.*column.count;
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(sum.read) * 100;
    bar += text("<span class=\"outcome", style, "\" style=\"flex-grow:", fixed(share, "%.4f"),
                "\"></span>");
    std::string percent = fixed(share, share >= 99.95 || share < 0.05 ? "%.0f" : "%.1f");
    if (count < sum.read && percent == "100") percent = "99.9";
    if (percent == "0") percent = "<0.1";
    legend += text("<li><span class=\"dot outcome", style, "\"></span>", html(column.title), " <b>",
                   with_separators(count), "</b> <small>", html(percent), " %</small></li>");
  }
  return text("<div class=\"outcome\"><div class=\"strip\" aria-hidden=\"true\">", bar,
              "</div><ul class=\"legend\">", legend, "</ul></div>\n");
}

std::string tables(const seed::Report& report) {
  if (report.tables.empty()) return {};
  const std::vector<CountColumn> columns = shown_columns(report);
  std::string out = "<table class=\"counts\">\n<thead><tr><th scope=\"col\">table</th>";
  for (const CountColumn& column : columns) {
    out += text("<th scope=\"col\">", html(column.title), "</th>");
  }
  out += "</tr></thead>\n<tbody>\n";
  const auto cells = [&](const seed::Counts& counts) {
    std::string line;
    for (const CountColumn& column : columns) {
      const std::uint64_t count = counts.*column.count;
      line += text("<td data-label=\"", html(column.title), "\"",
                   count == 0 ? " class=\"zero\"" : "", ">", with_separators(count), "</td>");
    }
    return line;
  };
  std::size_t shown = 0;
  for (const seed::TableReport& table : report.tables) {
    if (++shown > kMostTables) break;
    out += text("<tr><th scope=\"row\"><bdi>", html(to_sql(table.table)), "</bdi></th>",
                cells(table.counts), "</tr>\n");
  }
  out += "</tbody>\n";
  if (report.tables.size() > 1) {
    out +=
        text("<tfoot><tr><th scope=\"row\">total</th>", cells(report.totals()), "</tr></tfoot>\n");
  }
  out += "</table>\n";
  if (report.tables.size() > kMostTables) {
    out += text("<p class=\"more\">and ", report.tables.size() - kMostTables, " more tables</p>\n");
  }
  return out;
}

std::string incidents(const seed::Timeline& timeline) {
  if (timeline.incidents().empty()) return {};
  std::vector<seed::Incident> all = timeline.incidents();
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  std::string out = "<ul class=\"incidents\">\n";
  for (const seed::Incident& each : all) {
    const std::string code = !each.code.empty() ? each.code
                             : each.status != 0 ? text("HTTP ", each.status)
                                                : "no answer";
    const std::string first = short_time(each.first), last = short_time(each.last);
    out += text("<li class=\"", trouble_style(each.kind), "\"><span class=\"dot\"></span><div>",
                "<p>", html(each.message), "</p><p class=\"fine\">", html(code), " \u00b7 ",
                trouble_words(each.kind), " \u00b7 ",
                first == last ? "at " + first : text("from ", first, " to ", last), "</p></div><b>",
                with_separators(each.count), "\u00d7</b></li>\n");
  }
  return out + "</ul>\n";
}

std::string rejects(const seed::Report& report, const PageFacts& facts) {
  if (report.rejects.empty()) return {};
  std::string out =
      "<table class=\"rejects\">\n<thead><tr><th scope=\"col\">where</th><th scope=\"col\">table"
      "</th><th scope=\"col\">reason</th></tr></thead>\n<tbody>\n";
  for (const seed::Reject& reject : report.rejects) {
    out += text("<tr><td data-label=\"where\"><code><bdi>", breakable(html(reject.file)),
                "</bdi>:<wbr/>", reject.line, "</code></td><td data-label=\"table\"><bdi>",
                html(to_sql(reject.table)), "</bdi></td><td data-label=\"reason\">",
                html(reason_of(reject, facts.with_values)), "</td></tr>\n");
  }
  out += "</tbody>\n</table>\n";
  const std::uint64_t all = report.totals().rejected;
  std::string more;
  if (all > report.rejects.size()) {
    more += text("The first ", report.rejects.size(), " of ", with_separators(all), ". ");
  }
  if (!report.rejects_file.empty()) {
    more += text("All of them, with their values: <code>", html(report.rejects_file), "</code>");
  } else {
    more += "With <code>--rejects FILE</code> they are kept with their values.";
  }
  return text(out, "<p class=\"more\">", more, "</p>\n");
}

// "a.sql:12: a function call: md5('...')" quotes the file behind its second colon.
std::string without_quotation(const seed::Report& report, const std::string& note) {
  for (const seed::FileReport& file : report.files) {
    if (!note.starts_with(file.path + ":")) continue;
    std::size_t at = file.path.size() + 1;
    const std::size_t digits = at;
    while (at < note.size() && note[at] >= '0' && note[at] <= '9') ++at;
    if (at == digits || note.compare(at, 2, ": ") != 0) continue;
    return note.substr(0, note.find(": ", at + 2));
  }
  return note;
}

std::string notes(const seed::Report& report, const PageFacts& facts) {
  if (report.notes.empty()) return {};
  std::string out = "<ul class=\"notes\">\n";
  for (std::size_t index = 0; index < std::min(report.notes.size(), kMostNotes); ++index) {
    const std::string& note = report.notes[index];
    out +=
        text("<li>", html(facts.with_values ? note : without_quotation(report, note)), "</li>\n");
  }
  return out + "</ul>\n";
}

// Which way the rows went, and why.
std::string carried(const seed::Report& report) {
  std::string way;
  if (report.carrier == seed::Carrier::rest) way = "over PostgREST";
  if (report.carrier == seed::Carrier::staging) {
    way = "over PostgREST into staging tables, into place in one transaction";
  }
  if (report.carrier == seed::Carrier::direct) {
    way = "over the direct connection, in one transaction";
  }
  if (report.carried_because.empty()) return way;
  return text(way, ", because PostgREST cannot carry ", report.carried_because);
}

std::string details(const seed::Options& options, const seed::Report& report,
                    const PageFacts& facts) {
  std::string out = "<dl class=\"details\">\n";
  const auto add = [&](const char* title, const std::string& value) {
    if (!value.empty()) out += text("<dt>", title, "</dt><dd>", value, "</dd>\n");
  };
  std::string files;
  for (std::size_t index = 0; index < std::min(report.files.size(), kMostFiles); ++index) {
    const seed::FileReport& file = report.files[index];
    files +=
        text("<div><code><bdi>", html(file.path), "</bdi></code> ",
             file.bytes > 0 ? human_bytes(file.bytes) + " " : "", html(file.dialect), "</div>");
  }
  if (report.files.size() > kMostFiles) {
    files += text("<div>and ", report.files.size() - kMostFiles, " more</div>");
  }
  add("files", files);
  add("target", report.target.empty() ? "" : text("<code>", html(report.target), "</code>"));
  add("mode", html(name(options.mode)));
  add("carried", html(carried(report)));
  add("batches", text("at most ", with_separators(options.batch_rows), " rows, about ",
                      human_bytes(options.batch_bytes)));
  if (const seed::Timeline* const timeline = report.timeline.get();
      timeline != nullptr && timeline->answers() > 0) {
    add("answers", text("half within ", short_time(timeline->took(0.5)), ", 95 of 100 within ",
                        short_time(timeline->took(0.95))));
  }
  add("exit code", text(report.exit_code()));
  add("pgseed", html(facts.version));
  return out + "</dl>\n";
}

}  // namespace

std::string html_report(const seed::Options& options, const seed::Report& report,
                        const PageFacts& facts) {
  const Ending ending = ending_of(options, report);
  const seed::Timeline* const timeline = report.timeline.get();
  std::string out =
      text("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>",
           html(ending.word), ": ", html(ending.headline),
           " \u2013 pgseed</title>\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
           // Nothing is loaded and nothing runs, whatever a name in the dump says.
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
           "'unsafe-inline'; img-src data:\"/>\n"
           "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
           "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
           "<meta name=\"robots\" content=\"noindex\"/>\n"
           "<link rel=\"icon\" href=\"data:,\"/>\n<style>\n",
           html_style(), "</style>\n</head>\n<body>\n<main>\n");
  out += header(options, report, facts);
  out += failure(report, facts);
  out += figures(report) + outcome(report);
  if (timeline != nullptr) {
    out += section("Over time", time_charts(*timeline, report.seconds));
  }
  out += section("Tables", tables(report));
  out += section("Rejected rows", rejects(report, facts));
  if (timeline != nullptr) out += section("What the server said", incidents(*timeline));
  out += section("Notes", notes(report, facts));
  out += section("Run", details(options, report, facts));
  return out + text("</main>\n<footer>",
                    facts.with_values ? "" : "No values of rows in this page. ", "Made by pgseed ",
                    html(facts.version), ".</footer>\n</body>\n</html>\n");
}

}  // namespace pgseed::cli
