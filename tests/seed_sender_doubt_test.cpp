// A batch without an answer: asked about, sent again, or reported; never lost, never stored twice.
#include <doctest/doctest.h>

#include "support/sender_bench.hpp"

using namespace pgseed;
using namespace pgseed::test;

TEST_CASE("sender: a lost answer to an INSERT with a key is asked about and counted") {
  Bench bench;
  bench.target.writes.push_back(fate(Kind::lost_after));
  bench.submit(range(0, 100));
  CHECK(bench.run() == "100 0 0 0 0");
  CHECK(bench.target.rows.size() == 100);
  CHECK(bench.target.writes_seen() == 1);
  const auto& question = bench.target.seen.at(1).request;
  CHECK(question.method == "GET");
  // From the first row to the last.
  CHECK(question.url.find("%220%22") != std::string::npos);
  CHECK(question.url.find("%2299%22") != std::string::npos);
  CHECK(question.url.size() < 4000);
}

TEST_CASE("sender: a lost request is sent again after the question") {
  Bench bench;
  bench.target.writes.push_back(fate(Kind::lost_before));
  bench.submit(range(0, 100));
  CHECK(bench.run() == "100 0 0 0 0");
  CHECK(bench.target.rows.size() == 100);
  CHECK(bench.target.writes_seen() == 2);
}

TEST_CASE("sender: a request that is carried out after the question meets its own keys") {
  for (const int later : {6, 20, 100, 500, 2000}) {
    CAPTURE(later);
    Bench bench;
    Fate late = fate(Kind::late);
    late.later = std::chrono::milliseconds(later);
    bench.target.writes.push_back(late);
    bench.submit(range(0, 100));
    CHECK(bench.run() == "100 0 0 0 0");
    bench.target.settle();
    CHECK(bench.target.rows.size() == 100);
    for (const auto& row : bench.target.rows) CHECK(bench.target.count_of(row.id) == 1);
  }
}

TEST_CASE("sender: a try that was stored although the server said otherwise is found, too") {
  // The server lost its connection to PostgreSQL while that committed.
  Bench bench;
  bench.target.writes.push_back(refusal(503, "PGRST001"));
  bench.target.rows = {};
  bench.submit(range(0, 10));
  bench.sender.turn(1ms);
  for (int id = 0; id < 10; ++id) bench.target.rows.push_back({text(id), text('v', id)});
  CHECK(bench.run() == "10 0 0 0 0");
  CHECK(bench.target.rows.size() == 10);
}

TEST_CASE("sender: rows of others in the way refuse the batch, not the doubt") {
  // Key 5 was there before: nothing of the lost batch can be stored, all but row 5 is sent anew.
  for (const Kind lost : {Kind::lost_before, Kind::lost_after}) {
    for (const int existing : {0, 5, 99}) {
      Bench bench(options_for(Mode::insert), std::nullopt);
      bench.set->table_was_empty = false;
      bench.target.rows = {{text(existing), "old"}};
      bench.target.writes.push_back(fate(lost));
      bench.submit(range(0, 100));
      CHECK(bench.run() == "99 0 1 0 0");
      CHECK(bench.target.rows.size() == 100);
      CHECK(bench.target.find(text(existing))->v == "old");
    }
  }
}

TEST_CASE("sender: the first rows of a batch being there does not prove the rest") {
  // An earlier run with a limit left the first 20 of 39 rows.
  for (int rows = 21; rows < 60; ++rows) {
    CAPTURE(rows);
    Bench bench(options_for(Mode::insert), std::nullopt);
    bench.set->table_was_empty = false;
    for (int id = 0; id < 20; ++id) bench.target.rows.push_back({text(id), text('v', id)});
    bench.target.writes.push_back(fate(Kind::lost_before));
    bench.submit(range(0, rows));
    CHECK(bench.run() == text(rows - 20, " 0 20 0 0"));
    CHECK(bench.target.rows.size() == static_cast<std::size_t>(rows));
  }
}

TEST_CASE("sender: in a table that held rows, those that are found must equal the batch's own") {
  SUBCASE("they do: stored") {
    Bench bench;
    bench.set->table_was_empty = false;
    bench.target.rows = {{"1000", "x"}};
    bench.target.writes.push_back(fate(Kind::lost_after));
    bench.submit(range(0, 50));
    CHECK(bench.run() == "50 0 0 0 0");
  }
  SUBCASE("they do not: older rows, nobody says they were loaded") {
    Bench bench;
    bench.set->table_was_empty = false;
    for (int id = 0; id < 50; ++id) bench.target.rows.push_back({text(id), "old"});
    bench.target.writes.push_back(fate(Kind::lost_before));
    bench.submit(range(0, 50));
    CHECK(bench.run() == "0 0 0 0 50");
    CHECK(bench.notes.mention("other values"));
  }
  SUBCASE("the server cannot compare them") {
    Bench bench;
    bench.set->table_was_empty = false;
    for (int id = 0; id < 50; ++id) bench.target.rows.push_back({text(id), text('v', id)});
    bench.target.writes.push_back(fate(Kind::lost_before));
    bench.target.questions = {Fate{}, Fate{}, refusal(404, "42883", "operator does not exist")};
    bench.submit(range(0, 50));
    CHECK(bench.run() == "0 0 0 0 50");
  }
}

TEST_CASE("sender: a question that fails for a while is made up for by sending again") {
  for (const Kind lost : {Kind::lost_before, Kind::lost_after}) {
    Bench bench;
    bench.target.writes.push_back(fate(lost));
    bench.target.questions = {fate(Kind::not_sent), refusal(503, "PGRST000"),
                              fate(Kind::lost_before)};
    bench.submit(range(0, 30));
    CHECK(bench.run() == "30 0 0 0 0");
    CHECK(bench.target.rows.size() == 30);
  }
}

TEST_CASE("sender: where nobody may look, a lost answer stays in doubt and the run goes on") {
  for (const Kind lost : {Kind::lost_before, Kind::lost_after}) {
    Bench bench(options_for(Mode::insert, 1));
    bench.target.writes.push_back(fate(lost));
    bench.target.fate_of_question = [](const HttpRequest& request) {
      return request.method == "GET" ? std::optional(refusal(403, "42501", "permission denied"))
                                     : std::nullopt;
    };
    bench.submit(range(0, 30));
    bench.submit(range(30, 30));
    // Sent again: either it is stored now, or it meets keys that nobody can look at.
    CHECK(bench.run() == (lost == Kind::lost_before ? "60 0 0 0 0" : "30 0 0 0 30"));
    CHECK(bench.target.rows.size() == 60);
    CHECK_FALSE(bench.sender.error().has_value());
  }
}

TEST_CASE("sender: an INSERT without a key whose answer is lost is in doubt and never sent again") {
  for (const Kind lost : {Kind::lost_before, Kind::lost_after}) {
    for (const Mode mode : {Mode::insert, Mode::force, Mode::upsert, Mode::ignore}) {
      // UPSERT and IGNORE too: the server numbers such rows, each copy anew.
      Bench bench(options_for(mode), 0, true);
      bench.target.writes.push_back(fate(lost));
      bench.submit(range(0, 30));
      bench.submit(range(30, 30));
      CHECK(bench.run() == "30 0 0 0 30");
      CHECK(bench.target.rows.size() == (lost == Kind::lost_after ? 60 : 30));
      CHECK(bench.target.writes_seen() == 2);
      CHECK_FALSE(bench.sender.error().has_value());
    }
  }
}

TEST_CASE("sender: an UPSERT or IGNORE whose answer is lost is sent again") {
  for (const Kind lost : {Kind::lost_before, Kind::lost_after}) {
    Bench upsert(options_for(Mode::upsert));
    upsert.target.writes.push_back(fate(lost));
    upsert.submit(range(0, 30));
    CHECK(upsert.run() == "30 0 0 0 0");
    CHECK(upsert.target.rows.size() == 30);
    CHECK(upsert.target.writes_seen() == 2);

    Bench ignore(options_for(Mode::ignore));
    ignore.target.writes.push_back(fate(lost));
    ignore.submit(range(0, 30));
    CHECK(ignore.run() == (lost == Kind::lost_before ? "30 0 0 0 0" : "0 30 0 0 0"));
    CHECK(ignore.target.rows.size() == 30);
  }
}

TEST_CASE("sender: rows whose key is NULL are not sent twice, in whatever mode") {
  Bench bench(options_for(Mode::upsert));
  auto batch = bench.batch(range(0, 10));
  batch->null_keys = true;
  bench.target.writes.push_back(fate(Kind::lost_after));
  bench.submit(std::move(batch));
  CHECK(bench.run() == "0 0 0 0 10");
  CHECK(bench.target.writes_seen() == 1);
}

TEST_CASE("sender: a batch that gets no answer again and again is sent in smaller parts") {
  for (const Mode mode : {Mode::insert, Mode::upsert}) {
    Bench bench(options_for(mode, 2));
    bench.target.fate_of_write = [](const HttpRequest& request) -> std::optional<Fate> {
      const auto rows = std::count(request.body.begin(), request.body.end(), '{');
      return rows > 300 ? std::optional(fate(Kind::lost_before)) : std::nullopt;
    };
    bench.submit(range(0, 1000));
    CHECK(bench.run() == "1000 0 0 0 0");
    CHECK(bench.target.rows.size() == 1000);
    CHECK(bench.target.writes_seen() < 30);
  }
}

TEST_CASE("sender: a target that never answers ends the run, however often batches are parted") {
  for (const Mode mode : {Mode::insert, Mode::upsert}) {
    Bench bench(options_for(mode, 4));
    bench.target.fate_of_write = [](const HttpRequest&) { return fate(Kind::lost_before); };
    bench.target.fate_of_question = [](const HttpRequest&) { return fate(Kind::lost_before); };
    for (int n = 0; n < 4; ++n) bench.submit(range(n * 1000, 1000));
    bench.run();
    CHECK(bench.counts().loaded == 0);
    CHECK(bench.counts().in_doubt > 0);
    CHECK(kind_of(bench.sender) == ErrorKind::unreachable);
    CHECK(bench.target.seen.size() < 250);
  }
}

TEST_CASE("sender: a doubted row that then takes too long is in doubt, not rejected") {
  for (const Mode mode : {Mode::insert, Mode::upsert, Mode::ignore}) {
    Bench bench(options_for(mode), std::nullopt);
    bench.target.writes = {fate(Kind::lost_after), refusal(500, "57014")};
    bench.target.questions = {refusal(403, "42501")};
    bench.submit(range(0, 1));
    CHECK(bench.run() == "0 0 0 0 1");
  }
}

// --- what keys tell

namespace {

std::size_t trials_of(const ScriptedTarget& target) {
  std::size_t trials = 0;
  for (const auto& each : target.seen) trials += each.request.method == "POST";
  return trials - target.writes_seen();
}

}  // namespace

TEST_CASE("sender: keys that a trigger changes were not found, and the rows went twice") {
  for (const Mode mode : {Mode::insert, Mode::upsert, Mode::ignore, Mode::force}) {
    for (const Kind lost : {Kind::lost_after, Kind::lost_before}) {
      for (const int rows : {1, 2, 100}) {
        CAPTURE(name(mode));
        CAPTURE(rows);
        Bench bench(options_for(mode, 1));
        bench.target.changes_keys = true;
        bench.target.writes = {fate(lost), fate(lost)};
        for (int n = 0; n < 3; ++n) bench.submit(range(n * rows, rows));
        const auto expected = text(rows, " 0 0 0 ", 2 * rows);
        // One row alone cannot be tried without a twin that the trigger tells from it.
        CHECK(bench.run() == expected);
        CHECK(bench.target.rows.size() ==
              static_cast<std::size_t>(rows) * (lost == Kind::lost_after ? 3 : 1));
        CHECK(bench.target.writes_seen() == 3);
        CHECK(trials_of(bench.target) == 1);
        CHECK(bench.notes.mention("does not keep the keys"));
      }
    }
  }
}

TEST_CASE("sender: keys of others that happen to be a lost batch's were taken for its own") {
  // The trigger numbers what is stored 1,000,000, ...: as the file numbers the rows of the lost
  // batch.
  Bench bench(options_for(Mode::insert, 1));
  bench.target.changes_keys = true;
  bench.submit(range(0, 50));
  bench.target.writes = {Fate{}, fate(Kind::lost_before)};
  bench.submit(range(1'000'000, 50));
  CHECK(bench.run() == "50 0 0 0 50");
  CHECK(bench.target.rows.size() == 50);
}

TEST_CASE("sender: whether a table keeps keys is tried once, and asked again where that is lost") {
  for (const Mode mode : {Mode::insert, Mode::upsert}) {
    for (const std::size_t failures : {0, 1, 3}) {
      for (const Kind kind : {Kind::lost_before, Kind::not_sent}) {
        for (const bool changes : {false, true}) {
          CAPTURE(failures);
          Bench bench(options_for(mode, 1));
          bench.target.changes_keys = changes;
          std::size_t trials = 0;
          bench.target.fate_of_question = [&](const HttpRequest& request) -> std::optional<Fate> {
            if (request.method != "POST" || ++trials > failures) return {};
            return fate(kind);
          };
          for (int n = 0; n < 4; ++n) bench.target.writes.push_back(fate(Kind::lost_after));
          for (int n = 0; n < 4; ++n) bench.submit(range(n * 10, 10));
          CHECK(bench.run() == (changes ? "0 0 0 0 40" : "40 0 0 0 0"));
          CHECK(bench.target.rows.size() == 40);
          CHECK(trials >= 1 + failures);
          if (failures == 0) CHECK(trials == 1);
        }
      }
    }
  }
}

TEST_CASE("sender: without a lost answer nobody asks how a table takes keys") {
  Bench bench;
  bench.target.changes_keys = true;
  for (int n = 0; n < 20; ++n) bench.submit(range(n * 10, 10));
  CHECK(bench.run() == "200 0 0 0 0");
  CHECK(bench.target.seen.size() == 20);
}

TEST_CASE("sender: rows that a policy hides ended as rejected ones after a lost answer") {
  Bench bench(options_for(Mode::insert, 1), std::nullopt);
  bench.target.hides = true;
  bench.target.writes = {Fate{}, fate(Kind::lost_after)};
  for (int n = 0; n < 3; ++n) bench.submit(range(n * 10, 10));
  CHECK(bench.run() == "20 0 0 0 10");
  CHECK(bench.target.rows.size() == 30);
}
