// A sender keeps to what the server can take: fewer requests at a time when it is crowded, none
// before the time that it names.
#include <doctest/doctest.h>

#include <ctime>

#include "support/sender_bench.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

std::size_t writes_in_any_second(const ScriptedTarget& target) {
  std::size_t most = 0;
  for (const auto& first : target.seen) {
    const auto in_second = [&](const auto& each) {
      return each.at >= first.at && each.at < first.at + 1s;
    };
    most = std::max(most, static_cast<std::size_t>(
                              std::count_if(target.seen.begin(), target.seen.end(), in_second)));
  }
  return most;
}

std::string http_date_in(int seconds) {
  const std::time_t then = std::time(nullptr) + seconds;
  std::tm parts = {};
  gmtime_r(&then, &parts);
  char date[40];
  std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return date;
}

}  // namespace

TEST_CASE("sender: while the server names a time to come back, nothing is written at all") {
  for (const int status : {429, 503}) {
    CAPTURE(status);
    Bench bench(options_for(Mode::insert, 4));
    bench.target.writes.push_back(refusal(status, "", "slow down", "5"));
    for (int n = 0; n < 12; ++n) bench.submit(range(n * 10, 10));
    CHECK(bench.run() == "120 0 0 0 0");
    const auto begin = bench.target.seen.front().at;
    std::size_t before = 0;
    for (const auto& seen : bench.target.seen) {
      if (seen.at == begin) {
        ++before;  // they were on their way
      } else {
        CHECK(seen.at >= begin + 5s);
      }
    }
    CHECK(before == 4);
  }
}

TEST_CASE("sender: a storm of 503 for a minute is weathered without a flood, whatever it names") {
  for (const std::string& named :
       {std::string("0"), std::string("1"), std::string("5"), http_date_in(20),
        std::string("garbage"), std::string("1000000000"), std::string()}) {
    CAPTURE(named);
    SenderOptions options = options_for(Mode::upsert, 16);
    options.retry.max_retries = 30;
    Bench bench(options);
    for (int n = 0; n < 100; ++n) bench.submit(range(n * 10, 10));
    for (int n = 0; n < 3; ++n) bench.sender.turn(5ms);
    const auto begin = bench.target.now();
    const std::size_t before = bench.target.seen.size();
    bench.target.fate_of_write = [&](const HttpRequest&) -> std::optional<Fate> {
      if (bench.target.now() > begin + 60s) return {};
      return refusal(503, "PGRST000", "no connection", named);
    };
    CHECK(bench.run() == "1000 0 0 0 0");
    bench.target.seen.erase(bench.target.seen.begin(),
                            bench.target.seen.begin() + static_cast<std::ptrdiff_t>(before));
    std::erase_if(bench.target.seen, [&](const auto& each) { return each.at > begin + 60s; });
    CHECK(writes_in_any_second(bench.target) <= 32);  // two rounds of the widest
    CHECK(bench.target.seen.size() <= 400);
    CHECK(bench.target.seen.size() >= 1);
    CHECK(bench.sender.widths().least <= 4);
  }
}

TEST_CASE("sender: a named time beyond the deadline ends the run at once, not when time is up") {
  SenderOptions options = options_for(Mode::insert, 2);
  ScriptedTarget clock;  // whose time begins where the bench's does
  options.deadline = clock.now() + 10s;
  Bench bench(options);
  bench.target.writes.push_back(refusal(503, "PGRST000", "no connection", "30"));
  bench.submit(range(0, 10));
  CHECK(bench.run() == "0 0 0 10 0");
  CHECK(kind_of(bench.sender) == ErrorKind::unreachable);
  CHECK(bench.target.now() < clock.now() + 1s);
}

TEST_CASE("sender: forty at a time on a pool of ten: all rows land, and few are turned away") {
  Bench bench(options_for(Mode::insert, 40));
  std::size_t turned_away = 0;
  bench.target.fate_of_write = [&](const HttpRequest&) -> std::optional<Fate> {
    if (bench.target.in_flight() < 10) return {};
    ++turned_away;
    return refusal(504, "PGRST003", "Timed out acquiring connection");
  };
  for (int n = 0; n < 600; ++n) bench.submit(range(n * 10, 10));
  CHECK(bench.run() == "6000 0 0 0 0");
  CHECK(turned_away < 100);
  CHECK(bench.notes.mention("at a time instead of"));
  CHECK(bench.sender.widths().least < 10);
  CHECK(bench.sender.widths().most <= 40);
}

TEST_CASE("sender: what happened when is told to the timeline, without values of rows") {
  ScriptedTarget clock;
  Timeline timeline(clock.now());
  SenderOptions options = options_for(Mode::insert, 2);
  options.timeline = &timeline;
  Bench bench(options, 5);
  bench.target.writes.push_back(fate(Kind::lost_before));
  bench.target.writes.push_back(refusal(503, "PGRST000", "no connection"));
  bench.target.writes.push_back(refusal(500, "57014", "statement timeout"));
  bench.target.writes.push_back(refusal(400, "22P02", "invalid input: \"secret\""));
  for (int n = 0; n < 6; ++n) bench.submit(range(n * 10, 10));
  CHECK(bench.run() == "60 0 0 0 0");
  CHECK(timeline.troubles(Trouble::lost) == 1);
  CHECK(timeline.troubles(Trouble::busy) == 1);
  CHECK(timeline.troubles(Trouble::too_much) == 1);
  CHECK(timeline.troubles(Trouble::refused) == 1);
  double rows = 0;
  for (const TimeSlice& slice : timeline.slices()) rows += slice.rows;
  CHECK(rows > 59.9);
  CHECK(rows < 60.1);
  for (const Incident& incident : timeline.incidents()) {
    CHECK(incident.message.find("secret") == std::string::npos);
  }
}
