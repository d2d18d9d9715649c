// pgseed killed at random moments, started again until it is done, and the table compared.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "pgseed/base/text.hpp"
#include "support/random.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

namespace {

constexpr int kRows = 1000;
constexpr int kBatch = 25;
constexpr int kConcurrency = 4;

// Rows wait a little, so that a kill finds some on their way.
constexpr const char* kTables = R"(
    create table keyed (id int primary key, v text, n int);
    create table keyless (id int, v text, n int);
    create table numbered (row_id bigint generated always as identity primary key,
                           id int, v text, n int);
    create function slowly() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.004); return null; end $$;
    create trigger slowly after insert on keyed for each statement execute function slowly();
    create trigger slowly after insert on keyless for each statement execute function slowly();
    create trigger slowly after insert on numbered for each statement execute function slowly();)";

std::string value_of(int id) {
  return text("row ", id, ' ', std::string(static_cast<std::size_t>(id % 40), 'x'));
}

struct Case {
  const char* table;
  const char* mode;
};

std::string name_of(const Case& one) {
  return text(one.mode, " into ", one.table);
}

// Some keys come twice where a later row is to win.
std::string dump_for(const Case& one) {
  std::string sql = text("COPY ", one.table, " (id, v, n) FROM stdin;\n");
  for (int id = 0; id < kRows; ++id) {
    const bool twice = std::string(one.mode) == "upsert" && id % 10 == 3;
    if (twice && id > 40) sql += text(id - 37, "\tearly\t0\n", id, "\tearlier\t0\n");
    if (twice) sql += text(id, "\talso early\t0\n");
    sql += text(id, '\t', value_of(id), '\t', id * 3, '\n');
  }
  return sql + "\\.\n";
}

// The value that the file leaves in the row: of the upsert, rows that come again before it ends.
std::string wanted(const Case& one) {
  const bool upsert = std::string(one.mode) == "upsert";
  return text("select id, case when ", upsert ? "true" : "false",
              " and (id + 37) % 10 = 3 and id + 37 > 40 and id + 37 < ", kRows,
              " then 'early' else 'row ' || id || ' ' || repeat('x', id % 40) end v, "
              "case when ",
              upsert ? "true" : "false", " and (id + 37) % 10 = 3 and id + 37 > 40 and id + 37 < ",
              kRows, " then 0 else id * 3 end n from generate_series(0, ", kRows - 1, ") id");
}

std::int64_t number(const std::string& query) {
  return std::stoll(shared_stack().sql(query));
}

int wanted_kills() {
  const char* const all = std::getenv("PGSEED_LONG");
  return all != nullptr && *all == '1' ? 1000 : 36;
}

// Rows that were sent and of which the ledger does not know what became of them.
struct Open {
  std::size_t rows = 0, batches = 0;
};

std::vector<int> numbers_of(const std::string& ranges) {  // "1-1000,1003"
  std::vector<int> all;
  std::istringstream parts(ranges);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t dash = part.find('-');
    const int first = std::stoi(part);
    const int last = dash == std::string::npos ? first : std::stoi(part.substr(dash + 1));
    for (int row = first; row <= last; ++row) all.push_back(row);
  }
  return all;
}

Open open_rows(const std::string& folder) {
  std::map<int, std::vector<int>> announced;
  std::map<int, int> sent_in;  // row, batch
  if (!std::filesystem::exists(folder)) return {};
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".ledger") continue;
    std::istringstream lines(read_file(entry.path().string()));
    for (std::string line; std::getline(lines, line) && !lines.eof();) {  // but a torn one
      std::istringstream words(line);
      std::string kind, table, ranges;
      int batch = 0;
      words >> kind >> batch >> table >> ranges;
      if (kind == "intent") announced[batch] = numbers_of(ranges);
      for (const int row : announced[batch]) {
        if (kind == "sent") sent_in[row] = batch;
        if (kind == "loaded") sent_in.erase(row);
        if (kind == "free" && sent_in.count(row) > 0 && sent_in[row] == batch) sent_in.erase(row);
      }
    }
  }
  std::set<int> batches;
  for (const auto& [row, batch] : sent_in) batches.insert(batch);
  return {sent_in.size(), batches.size()};
}

class Work {
 public:
  Work(const Case& one, Random& random) : one_(one), random_(random) {
    file_ = folder_.write("dump.sql", dump_for(one));
  }

  Open open() const { return open_rows(folder_ / "state"); }

  // Other batches in every run: the plan of the first must not matter.
  std::unique_ptr<Process> start() {
    Call call;
    const int batch = random_.one_in(3) ? kBatch : 5 + static_cast<int>(random_.below(kBatch - 4));
    call.args = {"--json",
                 "seed",
                 file_,
                 "--mode",
                 one_.mode,
                 "--batch-rows",
                 std::to_string(batch),
                 "--concurrency",
                 std::to_string(kConcurrency)};
    call.environment["PGSEED_STATE_DIR"] = folder_ / "state";
    return std::make_unique<Process>(command(call));
  }

 private:
  Case one_;
  Random& random_;
  TempDir folder_;
  std::string file_;
};

std::int64_t settled_rows(const char* table) {
  // Requests of a killed client run to their end.
  wait_until(
      [] {
        return shared_stack().sql(
                   "select count(*) from pg_stat_activity where state = 'active' "
                   "and usename = 'authenticator'") == "0";
      },
      10s);
  return number(text("select count(*) from ", table));
}

struct Sums {
  std::int64_t killed = 0, doubted = 0;
  std::size_t open_rows = 0, most_open_rows = 0, most_open_batches = 0;
};

void kill_and_compare(const Case& one, Random& random, int kills, Sums& sums) {
  CAPTURE(name_of(one));
  Stack& stack = shared_stack();
  stack.sql(text("truncate ", one.table));
  Work work(one, random);
  Json summary(std::string("{}"));
  int exit_code = -1;
  std::int64_t stored = 0;  // when the last kill had come
  Open open;
  for (int round = 0;; ++round) {
    const auto process = work.start();
    std::optional<Result> result;
    if (round < kills) result = process->wait(std::chrono::milliseconds(30 + random.below(450)));
    if (!result && round < kills) {
      process->send(SIGKILL);
      result = process->wait(10s);
      REQUIRE(result.has_value());
      ++sums.killed;
      if (contains(result->out, "\"ok\":true")) {  // it had said that all is done
        result->exit_code = 0;
        summary = Json(result->out);
        exit_code = 0;
        break;
      }
      stored = settled_rows(one.table);
      open = work.open();
      sums.open_rows += open.rows;
      sums.most_open_rows = std::max(sums.most_open_rows, open.rows);
      sums.most_open_batches = std::max(sums.most_open_batches, open.batches);
      // One more than are on their way at once: where the server was asked for a batch and did not
      // have it yet, that waits to be sent again while another one takes its place.
      // Without a key, what earlier kills left stays open.
      const bool has_key = std::string(one.table) == "keyed";
      const auto kills_told = static_cast<std::size_t>(has_key ? 1 : round + 1);
      CHECK(open.batches <= kills_told * kConcurrency + 1);
      continue;
    }
    if (!result) result = process->wait(60s);
    REQUIRE_MESSAGE(result.has_value(), "pgseed hangs");
    CAPTURE(result->err);
    REQUIRE_FALSE(result->out.empty());
    CAPTURE(result->out);
    summary = Json(result->out);
    exit_code = result->exit_code;
    break;
  }
  const Json totals = summary["totals"];
  const std::int64_t doubt = totals["rows_in_doubt"].number();
  const std::string keyed = one.table;
  CAPTURE(summary.text());
  const std::int64_t there = number(text("select count(*) from ", one.table));
  const std::int64_t distinct = number(text("select count(distinct id) from ", one.table));
  CHECK(there == distinct);  // none is doubled
  // Only that had to be asked for or sent again.
  if (summary["up_to_date"].text() == "false") {
    CHECK(totals["rows_resumed"].number() >= stored - static_cast<std::int64_t>(open.rows));
  }
  CHECK(number(text("select count(*) from (select id, v, n from ", one.table, " except ",
                    wanted(one), ") wrong")) == 0);
  if (keyed == "keyed") {
    CHECK(exit_code == 0);
    CHECK(there == kRows);
    CHECK(doubt == 0);
  } else {
    // Without a key nobody can ask: what was on its way is told to be in doubt, all else is there.
    CHECK(exit_code == (doubt > 0 ? 1 : 0));
    CHECK(there >= kRows - doubt);
    CHECK(doubt <= static_cast<std::int64_t>(kills) * kConcurrency * kBatch);
    sums.doubted += doubt;
  }
}

}  // namespace

TEST_CASE("ledger: pgseed killed at random moments and started again: 0 lost, 0 doubled") {
  const std::uint64_t seed = test_seed();
  INFO("PGSEED_TEST_SEED=", seed);
  Random random(seed);
  shared_stack().reset(kTables);
  const std::vector<Case> cases = {
      {"keyed", "insert"},   {"keyed", "upsert"},    {"keyed", "ignore"},  {"keyed", "force"},
      {"keyless", "insert"}, {"numbered", "insert"}, {"keyless", "force"}, {"numbered", "force"},
  };
  Sums sums;
  int rounds = 0;
  while (sums.killed < wanted_kills() && rounds < 4000) {
    const Case& one = cases[static_cast<std::size_t>(rounds++) % cases.size()];
    kill_and_compare(one, random, 1 + static_cast<int>(random.below(6)), sums);
  }
  MESSAGE(sums.killed << " kills in " << rounds << " loads; at a kill at most "
                      << sums.most_open_batches << " batches and " << sums.most_open_rows
                      << " rows were open, in all " << sums.open_rows
                      << " rows; told to be in doubt, without a key: " << sums.doubted);
  CHECK(sums.killed >= wanted_kills());
}
