// The page about a run: whatever stands in names and messages, it stays well-formed, quotes no row,
// loads nothing and runs nothing; a real browser has nothing to complain about.
#include "pgseed/cli/html_report.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "pgseed/base/text.hpp"
#include "pgseed/cli/html_text.hpp"
#include "pgseed/seed/timeline.hpp"
#include "support/process.hpp"
#include "support/random.hpp"
#include "support/random_text.hpp"
#include "support/temp_dir.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

namespace {

const seed::Timeline::TimePoint kBegin{std::chrono::hours(5)};

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A run with a bit of everything, named by `name` wherever a dump or a server can name something.
seed::Report report_with(const std::string& name, const std::string& message) {
  seed::Report report;
  report.files = {{name, 17'243'254, "postgresql"}, {"b.sql.gz", 100, "mysql"}};
  seed::TableReport table;
  table.table = {"public", name};
  table.counts = {1000, 900, 40, 30, 20, 10};
  report.tables = {table, table};
  report.tables[1].table.table = "orders";
  report.requests = 50;
  report.retries = 4;
  report.bytes_sent = 12'345'678;
  report.seconds = 4.2;
  report.target = "http://127.0.0.1:3000";
  report.rejects_file = name;
  report.notes = {message, name};
  report.error = Error(ErrorKind::rows, message, name + ":12", message);
  report.widths = {2, 8};
  for (std::uint64_t n = 0; n < 20; ++n) {
    report.rejects.push_back({name,
                              12 + n,
                              n,
                              {"public", name},
                              n % 2 ? "22P02" : "23505",
                              n % 2
                                  ? text("invalid input syntax for type integer: \"", message, '"')
                                  : "duplicate key value violates unique constraint \"t_pkey\""});
  }
  auto timeline = std::make_shared<seed::Timeline>(kBegin);
  timeline->phase(kBegin, name);
  timeline->phase(kBegin + 300ms, "loading");
  timeline->width(kBegin + 300ms, 4);
  for (int n = 0; n < 60; ++n) {
    const auto at = kBegin + 300ms + n * 60ms;
    timeline->stored(at, at + std::chrono::milliseconds(40 + n % 7 * 15), 500, 200'000);
    if (n % 9 == 0) timeline->trouble(at, seed::Trouble::busy, 503, "PGRST000", message);
    if (n % 13 == 0) timeline->trouble(at, seed::Trouble::lost, 0, "", "Empty reply");
    if (n == 30) timeline->width(at, 2);
    if (n == 40) timeline->trouble(at, seed::Trouble::too_much, 500, "57014", "timeout");
    if (n > 50) timeline->trouble(at, seed::Trouble::refused, 409, "23505", "duplicate key");
  }
  report.timeline = timeline;
  return report;
}

std::string page_of(const seed::Report& report, bool with_values = false) {
  cli::PageFacts facts;
  facts.ended = std::chrono::system_clock::from_time_t(1'800'000'000);
  facts.version = "1.2.3";
  facts.with_values = with_values;
  return cli::html_report({}, report, facts);
}

// What an XML parser says about the page: its complaint, or how many elements of some kinds it has.
std::string parsed(const std::string& page) {
  TempDir folder;
  const std::string file = folder.write("page.html", page);
  Command command;
  command.argv = {"python3", "-c", R"(
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
tags = [element.tag for element in root.iter()]
attributes = {name for element in root.iter() for name in element.attrib}
print('script' in tags, any(name.startswith('on') for name in attributes), 'src' in attributes,
      root.find('head/title') is not None, len(tags) == len(set(map(id, root.iter()))))
)",
                  file};
  const Result result = run(command);
  return result.out + result.err;
}

constexpr const char* kFine = "False False False True True\n";

constexpr const char* kHostile =
    "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&nbsp;]]><!--\r\n\x01\x7f"
    "\xff\xfe\xE2\x80\xAE\xEF\xBF\xBF\xED\xA0\x80{}*/</style>";

std::string chromium() {
  for (const char* const path :
       {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

}  // namespace

TEST_CASE("html report: text cannot become mark-up") {
  struct {
    const char *words, *wanted;
  } cases[] = {
      {"plain", "plain"},
      {"a<b>&\"'", "a&lt;b&gt;&amp;&#34;&#39;"},
      {"\n\x01\x7f", "\u240A\u2401\u2421"},
      {"\xff", "\uFFFD"},
      {"a\xE2\x80\xAE"
       "b\xE2\x81\xA6",
       "a\uFFFDb\uFFFD"},
      {"\xEF\xBF\xBE", "\uFFFD"},
      {"caf\u00e9 \u8868 \U0001F600", "caf\u00e9 \u8868 \U0001F600"},
      {"postgresql://me:hunter2@h/db", "postgresql://me:***@h/db"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.words);
    CHECK(cli::html(c.words) == c.wanted);
  }
}

TEST_CASE("html report: it is well-formed, whatever names and messages hold") {
  CHECK(parsed(page_of(report_with("problems", "no"))) == kFine);
  CHECK(parsed(page_of(report_with(kHostile, kHostile))) == kFine);
  CHECK(parsed(page_of(report_with(kHostile, kHostile), true)) == kFine);
  Random random(test_seed());
  for (int n = 0; n < 20; ++n) {
    std::string bytes;
    for (std::size_t left = random.below(60); left > 0; --left) {
      bytes += static_cast<char>(random.below(256));
    }
    CAPTURE(bytes);
    CHECK(parsed(page_of(report_with(bytes, bytes), n % 2 == 0)) == kFine);
  }
}

TEST_CASE("html report: it is well-formed for runs of every kind and length") {
  seed::Report nothing;
  CHECK(parsed(page_of(nothing)) == kFine);
  nothing.error = Error(ErrorKind::unreachable, "nobody answers", "", "start it");
  CHECK(parsed(page_of(nothing)) == kFine);
  nothing.timeline = std::make_shared<seed::Timeline>(kBegin);
  CHECK(parsed(page_of(nothing)) == kFine);
  for (const auto step : {0ms, 1ms, 900ms, 60'000ms, 3'600'000ms}) {
    for (const bool trouble_only : {false, true}) {
      CAPTURE(step.count());
      seed::Report report = report_with("t", "no");
      auto timeline = std::make_shared<seed::Timeline>(kBegin);
      for (int n = 0; n < 30; ++n) {
        const auto at = kBegin + step * n;
        if (!trouble_only) timeline->stored(at, at + step, 5, 50);
        if (trouble_only) timeline->trouble(at, seed::Trouble::busy, 503, "", "away");
      }
      report.timeline = timeline;
      report.seconds = std::chrono::duration<double>(step * 30).count();
      const std::string page = page_of(report);
      CHECK(parsed(page) == kFine);
      CHECK_FALSE(holds(page, "nan"));
      CHECK_FALSE(holds(page, "inf\""));
    }
  }
}

TEST_CASE("html report: no value of a row is in it, unless that was asked for") {
  seed::Report report = report_with("t", "Miller");
  report.notes = {"t:12: a function call: md5('Miller')"};
  report.error = Error(ErrorKind::rows, "Key (name)=(Miller) already exists", "t:12", "mend it");
  const auto timeline = std::make_shared<seed::Timeline>(kBegin);
  report.timeline = timeline;
  const std::string page = page_of(report);
  CHECK_FALSE(holds(page, "Miller"));
  CHECK(holds(page, "No values of rows in this page"));
  CHECK(holds(page, "a function call"));
  CHECK(holds(page, "invalid input syntax for type integer: &#34;\u2026&#34; [22P02]"));
  CHECK(holds(page_of(report, true), "Miller"));
  report.error = Error(ErrorKind::input, "'Miller' is no date", "t:12:3", "");
  report.error->excerpt = "INSERT INTO t VALUES ('Miller')\n    ^";
  CHECK_FALSE(holds(page_of(report), "Miller"));
}

TEST_CASE("html report: it says how the run ended, and every number of it") {
  seed::Report report = report_with("problems", "no");
  std::string page = page_of(report);
  CHECK(holds(page, "1,800 rows loaded"));
  CHECK(holds(page, "problems</bdi>:<wbr/>12"));
  CHECK(holds(page, "The first 20 of 60"));
  CHECK(holds(page, "2 to 8"));
  CHECK(holds(page, "12.3 MB"));
  CHECK(holds(page, "2027-01-15 08:00:00 UTC"));
  for (const char* const words :
       {"Throughput", "Answer time", "Requests at a time", "busy, tried again", "answer lost",
        "too much at once, halved", "Empty reply", "PGRST000"}) {
    CHECK_MESSAGE(holds(page, words), words);
  }
  report.error = Error(ErrorKind::unreachable, "nobody answers", "", "start it");
  page = page_of(report);
  CHECK(holds(page, "Stopped after 1,800 rows"));
  CHECK(holds(page, "nobody answers"));
  report.error.reset();
  report.signal = 15;
  CHECK(holds(page_of(report), "Interrupted"));
}

TEST_CASE("html report: a browser opens it without a complaint and asks for nothing") {
  const std::string browser = chromium();
  if (browser.empty()) {
    MESSAGE("skipped: there is no chromium here (apt-get install chromium)");
    return;
  }
  TempDir folder;
  const std::string name = std::string(kHostile) + "problems";
  const std::string page = folder.write("page.html", page_of(report_with(name, kHostile)));
  Command command;
  command.argv = {browser,
                  "--headless=new",
                  "--no-sandbox",
                  "--disable-gpu",
                  "--disable-dev-shm-usage",
                  "--no-first-run",
                  "--disable-background-networking",
                  "--user-data-dir=" + (folder / "profile"),
                  "--enable-logging=stderr",
                  "--log-level=0",
                  "--virtual-time-budget=2000",
                  "--dump-dom",
                  "file://" + page};
  const Result result = run(command);
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(holds(result.out, "1,800 rows loaded"));
  CHECK_FALSE(holds(result.out, "<script"));
  CHECK_FALSE(holds(result.err, "CONSOLE"));
  // The same browser does complain about a page that breaks its own rules.
  const std::string broken = folder.write(
      "broken.html", page_of(report_with("t", "no")) + "<img src=\"http://127.0.0.1:9/x\"/>");
  command.argv.back() = "file://" + broken;
  CHECK(holds(run(command).err, "CONSOLE"));
}
