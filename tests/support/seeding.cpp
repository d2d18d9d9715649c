#include "support/seeding.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <utility>

#include "pgseed/json/reader.hpp"

namespace pgseed::test {

Json::Json(std::string text) : value_(std::move(text)) {}

Json Json::operator[](const std::string& name) const {
  const auto members = json::try_read_object(value_.value_or(""));
  if (!members) throw std::runtime_error("no object with " + name + ": " + value_.value_or("null"));
  for (const json::Member& member : *members) {
    if (member.name == name) return Json(member.value);
  }
  throw std::runtime_error("no member " + name + " in " + *value_);
}

bool Json::has(const std::string& name) const {
  const auto members = json::try_read_object(value_.value_or(""));
  if (!members) return false;
  for (const json::Member& member : *members) {
    if (member.name == name) return true;
  }
  return false;
}

Json Json::operator[](std::size_t index) const {
  const auto elements = json::try_read_array(value_.value_or(""));
  if (!elements || index >= elements->size()) {
    throw std::runtime_error("no element " + std::to_string(index) + " in " +
                             value_.value_or("null"));
  }
  return Json((*elements)[index].value);
}

std::size_t Json::size() const {
  const auto elements = json::try_read_array(value_.value_or(""));
  if (!elements) throw std::runtime_error("no array: " + value_.value_or("null"));
  return elements->size();
}

const std::string& Json::text() const {
  if (!value_) throw std::runtime_error("null");
  return *value_;
}

std::int64_t Json::number() const {
  return std::stoll(text());
}

Command command(const Call& call) {
  static const TempDir empty;
  Command command;
  command.argv = {PGSEED_BINARY};
  command.argv.insert(command.argv.end(), call.args.begin(), call.args.end());
  command.clean_environment = true;
  command.environment = shared_stack().environment();
  // No run finds the ledger of another unless the test says so.
  static const TempDir ledgers;
  static std::atomic<int> calls = 0;
  command.environment["PGSEED_STATE_DIR"] = ledgers / std::to_string(++calls);
  for (const auto& [name, value] : call.environment) command.environment[name] = value;
  command.stdin_text = call.stdin_text;
  command.directory = call.directory.empty() ? empty.path().string() : call.directory;
  command.out = call.out;
  command.err = call.err;
  return command;
}

Result pgseed(const Call& call) {
  return run(command(call));
}

Result pgseed(std::vector<std::string> args) {
  return pgseed(Call{.args = std::move(args)});
}

namespace {

constexpr std::array<const char*, 6> kCounts = {"rows_read",     "rows_loaded",  "rows_ignored",
                                                "rows_rejected", "rows_skipped", "rows_in_doubt"};

void check_summary(const Seeded& seeded) {
  const Json& summary = seeded.summary;
  CHECK(summary["version"].text() == "1");
  CHECK(summary["command"].text() == "seed");
  CHECK(summary["exit_code"].number() == seeded.result.exit_code);
  CHECK(summary["ok"].text() == (seeded.result.exit_code == 0 ? "true" : "false"));
  if (seeded.result.exit_code == 0) CHECK(summary["error"].is_null());
  if (!summary.has("tables")) return;  // it failed before there was anything to report
  std::array<std::int64_t, 6> sums = {};
  const Json tables = summary["tables"];
  for (std::size_t index = 0; index < tables.size(); ++index) {
    const Json table = tables[index];
    std::int64_t accounted = 0;
    for (std::size_t count = 0; count < kCounts.size(); ++count) {
      const std::int64_t rows = table[kCounts[count]].number();
      sums[count] += rows;
      if (count > 0) accounted += rows;
    }
    CHECK_MESSAGE(table["rows_read"].number() == accounted, table.text());
  }
  for (std::size_t count = 0; count < kCounts.size(); ++count) {
    CHECK(summary["totals"][kCounts[count]].number() == sums[count]);
  }
}

}  // namespace

std::string Seeded::counts(const std::string& table) const {
  std::string line;
  const auto add = [&line](const Json& counts) {
    for (const char* name : kCounts) {
      line += (line.empty() ? "" : " ") + counts[name].text();
    }
  };
  if (table.empty()) {
    add(summary["totals"]);
    return line;
  }
  const Json tables = summary["tables"];
  for (std::size_t index = 0; index < tables.size(); ++index) {
    if (tables[index]["table"].text() == table) add(tables[index]);
  }
  return line;
}

std::string Seeded::error() const {
  return summary["error"].is_null() ? "" : summary["error"]["message"].text();
}

std::string Seeded::where() const {
  if (summary["error"].is_null() || summary["error"]["where"].is_null()) return {};
  return summary["error"]["where"].text();
}

std::string Seeded::hint() const {
  if (summary["error"].is_null() || summary["error"]["hint"].is_null()) return {};
  return summary["error"]["hint"].text();
}

std::string Seeded::notes() const {
  std::string lines;
  if (!summary.has("notes")) return lines;
  const Json notes = summary["notes"];
  for (std::size_t index = 0; index < notes.size(); ++index) lines += notes[index].text() + "\n";
  return lines;
}

Seeded seed(std::vector<std::string> args, Call call) {
  call.args = {"--json", "seed"};
  call.args.insert(call.args.end(), args.begin(), args.end());
  Result result = pgseed(call);
  INFO("stderr: ", result.err);
  REQUIRE_MESSAGE(!result.out.empty(), result.err);
  Seeded seeded{result, Json(result.out)};
  check_summary(seeded);
  return seeded;
}

Seeded seed_text(const std::string& dump, std::vector<std::string> args, Call call) {
  const TempDir folder;
  args.insert(args.begin(), folder.write("dump.sql", dump));
  return seed(std::move(args), std::move(call));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace pgseed::test
