// What becomes of a batch after every kind of answer, against a scripted target whose time passes
// only in wait().
#include "pgseed/seed/send/sender.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "pgseed/json/reader.hpp"
#include "support/sender_bench.hpp"
#include "support/temp_dir.hpp"

using namespace pgseed;
using namespace pgseed::test;

TEST_CASE("sender: what is accepted is counted") {
  Bench bench;
  for (int n = 0; n < 20; ++n) bench.submit(range(n * 10, 10));
  CHECK(bench.run() == "200 0 0 0 0");
  CHECK(bench.target.rows.size() == 200);
  CHECK(bench.sender.requests() == 20);
  CHECK(bench.sender.retries() == 0);
  CHECK_FALSE(bench.sender.ended());
  CHECK(bench.sender.idle());
}

TEST_CASE(
    "sender: never more requests at a time than allowed, and no more batches than have a place") {
  Bench bench(options_for(Mode::insert, 3));
  int id = 0;
  while (id < 100) {
    while (bench.sender.wants_batch()) bench.submit(range(id++, 1));
    bench.sender.turn(0ms);
    bench.sender.turn(200ms);
  }
  CHECK(bench.run() == text(id, " 0 0 0 0"));
  std::size_t most = 0;
  for (const auto& seen : bench.target.seen) most = std::max(most, seen.others_in_flight + 1);
  CHECK(most == 3);
}

TEST_CASE("sender: passing trouble is tried again with growing pauses") {
  Bench bench;
  for (int n = 0; n < 5; ++n) bench.target.writes.push_back(refusal(503, "PGRST000"));
  bench.submit(range(0, 10));
  CHECK(bench.run() == "10 0 0 0 0");
  REQUIRE(bench.target.seen.size() == 6);
  for (std::size_t n = 1; n < 6; ++n) {
    const auto pause = bench.target.seen[n].at - bench.target.seen[n - 1].at;
    CAPTURE(n);
    CHECK(pause >= 125ms * (1 << (n - 1)));
    CHECK(pause <= 270ms * (1 << (n - 1)));
  }
  CHECK(bench.sender.retries() == 5);
}

TEST_CASE("sender: Retry-After is honoured up to its cap, and never makes the pause shorter") {
  struct {
    const char* header;
    std::chrono::milliseconds least, most;
  } cases[] = {{"0", 125ms, 300ms},       {"5", 5s, 5100ms},    {"1000000000", 60s, 60100ms},
               {"garbage", 125ms, 300ms}, {"-1", 125ms, 300ms}, {"", 125ms, 300ms}};
  for (const auto& c : cases) {
    CAPTURE(c.header);
    for (const int status : {503, 429}) {
      Bench bench;
      bench.target.writes.push_back(refusal(status, "PGRST000", "no", c.header));
      bench.submit(range(0, 1));
      CHECK(bench.run() == "1 0 0 0 0");
      const auto pause = bench.target.seen.at(1).at - bench.target.seen.at(0).at;
      CHECK(pause >= c.least);
      CHECK(pause <= c.most);
    }
  }
}

TEST_CASE("sender: when the tries are used up the run ends, and nothing is in doubt") {
  for (const Fate& trouble : {refusal(503, "PGRST000"), refusal(500, "40P01"), fate(Kind::not_sent),
                              refusal(429, "PT429"), refusal(503, "53100")}) {
    Bench bench(options_for(Mode::insert, 1));
    bench.target.fate_of_write = [&](const HttpRequest&) { return trouble; };
    for (int n = 0; n < 3; ++n) bench.submit(range(n * 10, 10));
    CHECK(bench.run() == "0 0 0 30 0");
    CHECK(kind_of(bench.sender) == ErrorKind::unreachable);
    CHECK(bench.target.rows.empty());
    CHECK(bench.sender.ended());
    CHECK(bench.target.seen.size() <= 3 * 9);
  }
}

TEST_CASE("sender: what is hopeless ends the run at once") {
  HttpResult certificate;
  certificate.delivery = Delivery::not_sent;
  certificate.permanent = true;
  certificate.transport_error = "SSL certificate problem";
  Fate bad_certificate = fate(Kind::answer);
  bad_certificate.result = certificate;
  Fate proxy = fate(Kind::answer);
  proxy.result = certificate;
  proxy.result.proxy_status = 407;
  Fate redirect = refusal(307, "");
  redirect.result.location = "http://elsewhere/";
  struct {
    Fate fate;
    ErrorKind kind;
  } cases[] = {
      {bad_certificate, ErrorKind::unreachable},
      {proxy, ErrorKind::refused},
      {redirect, ErrorKind::refused},
      {refusal(401, "PGRST301", "JWT expired"), ErrorKind::refused},
      {refusal(403, "42501", "permission denied"), ErrorKind::refused},
      {refusal(414, ""), ErrorKind::refused},
  };
  for (const auto& c : cases) {
    CAPTURE(c.fate.result.status);
    Bench bench(options_for(Mode::insert, 1));
    bench.submit(range(0, 10));
    bench.sender.turn(200ms);
    bench.sender.turn(200ms);
    bench.target.writes.push_back(c.fate);
    bench.submit(range(10, 10));
    bench.submit(range(20, 10));
    CHECK(bench.run() == "10 0 0 20 0");
    CHECK(kind_of(bench.sender) == c.kind);
    CHECK_FALSE(bench.sender.error()->message.empty());
    CHECK(bench.target.writes_seen() == 2);
    CHECK(bench.target.rows.size() == 10);
  }
}

TEST_CASE("sender: a key that expires in mid-run ends it; batches on their way are counted") {
  Bench bench(options_for(Mode::insert, 4));
  int writes = 0;
  bench.target.fate_of_write = [&](const HttpRequest&) -> std::optional<Fate> {
    return ++writes > 6 ? std::optional(refusal(401, "PGRST301", "JWT expired")) : std::nullopt;
  };
  for (int n = 0; n < 20; ++n) bench.submit(range(n * 10, 10));
  CHECK(bench.run() == "60 0 0 140 0");
  CHECK(kind_of(bench.sender) == ErrorKind::refused);
  CHECK(bench.sender.error()->hint.find("key") != std::string::npos);
  CHECK(bench.target.writes_seen() <= 12);
}

TEST_CASE("sender: too much at once is halved, down to what fits") {
  for (const char* code : {"57014", "54000"}) {
    for (const std::size_t fits : {499u, 100u, 7u, 1u}) {
      CAPTURE(code);
      CAPTURE(fits);
      Bench bench(options_for(Mode::insert, 2));
      bench.target.fate_of_write = [&](const HttpRequest& request) -> std::optional<Fate> {
        const auto rows = std::count(request.body.begin(), request.body.end(), '{');
        return static_cast<std::size_t>(rows) > fits ? std::optional(refusal(500, code, "too much"))
                                                     : std::nullopt;
      };
      bench.submit(range(0, 500));
      CHECK(bench.run() == "500 0 0 0 0");
      CHECK(bench.target.rows.size() == 500);
    }
  }
}

TEST_CASE("sender: one row alone that is too slow is rejected with the reason") {
  Bench bench(options_for(Mode::insert), std::nullopt);
  bench.target.is_slow = is_one_of({63});
  bench.submit(range(0, 100));
  CHECK(bench.run() == "99 0 1 0 0");
  CHECK(bench.tally.first_reject(Mode::insert)->message.find("statement timeout") !=
        std::string::npos);
  CHECK(bench.tally.first_reject(Mode::insert)->where == "a.sql:630");
}

TEST_CASE("sender: batches grow again after one slow row") {
  Bench bench(options_for(Mode::insert, 1), std::nullopt);
  bench.target.is_slow = is_one_of({500});
  bench.submit(range(0, 1000));
  CHECK(bench.run() == "999 0 1 0 0");
  CHECK(bench.sender.bearable_rows(0).value_or(1000) >= 250);
  CHECK_FALSE(bench.sender.bearable_rows(1).has_value());
  int id = 1000;
  int batches = 0;
  while (const auto rows = bench.sender.bearable_rows(0)) {
    bench.submit(range(id, static_cast<int>(*rows)));
    id += static_cast<int>(*rows);
    bench.sender.drain();
    REQUIRE(++batches < 30);
  }
  CHECK(bench.run() == text(id - 1, " 0 1 0 0"));
}

TEST_CASE("sender: the size that a server bears is kept, with few tries beyond it") {
  Bench bench(options_for(Mode::insert, 1));
  bench.target.most_rows = 100;
  int id = 0;
  int batches = 0;
  while (id < 20'000) {
    const int rows = static_cast<int>(bench.sender.bearable_rows(0).value_or(1000));
    bench.submit(range(id, rows));
    id += rows;
    ++batches;
    bench.sender.drain();
  }
  CHECK(bench.run() == text(id, " 0 0 0 0"));
  CHECK(bench.sender.retries() < static_cast<std::uint64_t>(batches) / 5);
}

TEST_CASE("sender: an answer of 413 halves by way of the status alone") {
  Bench bench(options_for(Mode::insert, 1));
  bench.target.fate_of_write = [](const HttpRequest& request) -> std::optional<Fate> {
    Fate page = fate(Kind::answer);
    page.result.delivery = Delivery::answered;
    page.result.status = 413;
    page.result.content_type = "text/html";
    page.result.body = "<html><title>413 Request Entity Too Large</title></html>";
    return request.body.size() > 300 ? std::optional(page) : std::nullopt;
  };
  bench.submit(range(0, 100));
  CHECK(bench.run() == "100 0 0 0 0");
}

TEST_CASE("sender: one key twice in a statement is sent in turn, and the last one wins") {
  Bench bench(options_for(Mode::upsert, 4));
  auto batch = bench.batch({1, 2, 3, 2, 4, 2});
  std::string body(batch->body.view());
  for (const char version : {'a', 'b', 'c'}) {  // three versions of the row 2
    body.replace(body.find("\"v2\""), 4, text('"', version, "2\""));
  }
  batch->body.clear();
  batch->body.append(body);
  bench.submit(std::move(batch));
  CHECK(bench.run() == "6 0 0 0 0");
  CHECK(bench.target.rows.size() == 4);
  CHECK(bench.target.find("2")->v == "c2");
}

TEST_CASE("sender: bisecting finds exactly the bad rows") {
  const std::set<int> kinds[] = {{0}, {50}, {99}, {0, 99}, {3, 4, 5, 60, 61, 98}};
  for (const auto& bad : kinds) {
    TempDir folder;
    const std::string rejects = folder / "r.ndjson";
    Bench bench(options_for(Mode::insert), std::nullopt, false, rejects);
    bench.target.is_bad = is_one_of(bad);
    bench.submit(range(0, 100));
    bench.submit(range(100, 100));
    CHECK(bench.run() == text(200 - bad.size(), " 0 ", bad.size(), " 0 0"));
    CHECK(bench.target.rows.size() == 200 - bad.size());
    std::set<int> found;
    const std::string lines = read_file(rejects);
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = lines.find('\n', at);
      const auto members = json::read_object(lines.substr(at, end - at));
      const auto values = json::read_object(*json::find(members, "values"));
      found.insert(std::stoi(*json::find(values, "id")));
      CHECK(std::stoi(*json::find(members, "line")) == std::stoi(*json::find(values, "id")) * 10);
      CHECK(std::stoi(*json::find(members, "row")) == std::stoi(*json::find(values, "id")) + 1);
      CHECK(*json::find(members, "code") == "23514");
      at = end + 1;
    }
    CHECK(found == bad);
    CHECK_FALSE(bench.sender.ended());
  }
}

TEST_CASE("sender: when all rows are bad, all are rejected") {
  Bench bench(options_for(Mode::insert), std::nullopt);
  bench.target.is_bad = [](const auto&) { return true; };
  bench.submit(range(0, 64));
  CHECK(bench.run() == "0 0 64 0 0");
  CHECK(bench.target.rows.empty());
}

TEST_CASE("sender: with no reject allowed the run ends at the first bad row of the file") {
  for (const std::size_t concurrency : {1u, 4u, 16u}) {
    CAPTURE(concurrency);
    Bench bench(options_for(Mode::insert, concurrency), 0);
    bench.target.is_bad = is_one_of({37, 38, 71, 150, 199, 201});
    for (int n = 0; n < 4; ++n) bench.submit(range(n * 100, 100));
    bench.run();
    CHECK(bench.counts().rejected == 1);
    REQUIRE(bench.sender.error().has_value());
    CHECK(bench.sender.error()->kind == ErrorKind::rows);
    CHECK(bench.sender.error()->where == "a.sql:370");
    CHECK(bench.counts().loaded == bench.target.rows.size());
  }
}

TEST_CASE("sender: the run goes on up to the allowed rejects, and ends past them") {
  for (const std::uint64_t limit : {1u, 2u, 3u, 5u, 6u}) {
    CAPTURE(limit);
    Bench bench(options_for(Mode::insert, 4), limit);
    bench.target.is_bad = is_one_of({5, 37, 102, 150, 199});
    for (int n = 0; n < 4; ++n) bench.submit(range(n * 100, 100));
    bench.run();
    if (limit < 5) {
      CHECK(bench.counts().rejected == limit + 1);
      CHECK(kind_of(bench.sender) == ErrorKind::rows);
    } else {
      CHECK(bench.totals() == "395 0 5 0 0");
      CHECK_FALSE(bench.sender.error().has_value());
    }
    CHECK(bench.counts().loaded == bench.target.rows.size());
  }
}

TEST_CASE("sender: a duplicate key is a bad row like others") {
  Bench bench(options_for(Mode::insert), std::nullopt);
  bench.target.rows = {{"5", "old"}, {"77", "old"}};
  bench.set->table_was_empty = false;
  bench.submit(range(0, 100));
  CHECK(bench.run() == "98 0 2 0 0");
  CHECK(bench.target.find("5")->v == "old");
  CHECK(bench.target.questions.empty());
}

// --- counts that do not fit

TEST_CASE("sender: fewer rows stored than sent are counted as the mode says") {
  struct {
    Mode mode;
    const char* count;
    std::optional<std::uint64_t> max_rejects;
    const char* totals;
    bool ends;
  } cases[] = {
      {Mode::insert, "7", std::nullopt, "7 0 3 0 0", false},
      {Mode::insert, "7", 3, "7 0 3 0 0", false},
      {Mode::insert, "7", 0, "7 0 3 0 0", true},
      {Mode::upsert, "9", std::nullopt, "9 0 1 0 0", false},
      {Mode::force, "0", 0, "0 0 10 0 0", true},
      {Mode::ignore, "7", 0, "7 3 0 0 0", false},
      {Mode::ignore, "0", 0, "0 10 0 0 0", false},
      {Mode::insert, "11", 0, "0 0 0 0 10", false},
      {Mode::insert, "*", 0, "0 0 0 0 10", false},
      {Mode::upsert, "x", 0, "0 0 0 0 10", false},
  };
  for (const auto& c : cases) {
    CAPTURE(name(c.mode));
    CAPTURE(c.count);
    Bench bench(options_for(c.mode), c.max_rejects);
    Fate miscount = fate(Kind::miscount);
    miscount.count = c.count;
    bench.target.writes.push_back(miscount);
    bench.submit(range(0, 10));
    CHECK(bench.run() == c.totals);
    CHECK(bench.sender.ended() == c.ends);
    if (c.ends) CHECK(kind_of(bench.sender) == ErrorKind::rows);
  }
}

// --- stale cache

TEST_CASE("sender: a stale schema cache is given time to reload") {
  Bench bench;
  Fate unknown_table = fate(Kind::answer);
  unknown_table.result.delivery = Delivery::answered;
  unknown_table.result.status = 404;
  unknown_table.result.content_type = "application/json";
  unknown_table.result.body = "{}";
  bench.target.writes = {unknown_table, refusal(400, "PGRST204"), refusal(400, "42703")};
  bench.submit(range(0, 10));
  CHECK(bench.run() == "10 0 0 0 0");

  Bench stale;
  stale.target.fate_of_write = [&](const HttpRequest&) { return unknown_table; };
  stale.submit(range(0, 10));
  CHECK(stale.run() == "0 0 0 10 0");
  CHECK(kind_of(stale.sender) == ErrorKind::refused);
  CHECK(stale.target.writes_seen() == 4);
}

TEST_CASE("sender: a relation that one row's value names is that row's fault") {
  Bench bench(options_for(Mode::insert), std::nullopt);
  bench.target.fate_of_write = [](const HttpRequest& request) -> std::optional<Fate> {
    if (request.body.find(R"("id":"42")") == std::string_view::npos) return std::nullopt;
    return refusal(404, "42P01", "relation \\\"nosuch\\\" does not exist");
  };
  bench.submit(range(0, 100));
  CHECK(bench.run() == "99 0 1 0 0");
  CHECK_FALSE(bench.sender.error().has_value());
}

// --- the end

TEST_CASE("sender: the deadline ends the run in time; what has no answer is in doubt") {
  SenderOptions options = options_for(Mode::insert, 2);
  Bench bench(options);
  options.deadline = bench.target.now() + 3s;
  Sender sender(bench.target, bench.endpoint, bench.tally, bench.notes, options,
                [&] { return bench.target.now(); });
  bench.target.writes = {fate(Kind::silence), Fate{}, fate(Kind::silence)};
  for (int n = 0; n < 4; ++n) {
    for (int row = 0; row < 10; ++row) bench.tally.read(0);
    sender.submit(bench.batch(range(n * 10, 10)));
  }
  sender.drain();
  CHECK(bench.totals() == "10 0 0 10 20");
  CHECK(kind_of(sender) == ErrorKind::unreachable);
  CHECK(bench.target.now() - bench.target.seen[0].at <= 3100ms);
  CHECK(bench.target.in_flight() == 0);
}

TEST_CASE("sender: no pause passes the deadline") {
  SenderOptions options = options_for(Mode::insert, 2);
  Bench bench(options);
  options.deadline = bench.target.now() + 3s;
  Sender sender(bench.target, bench.endpoint, bench.tally, bench.notes, options,
                [&] { return bench.target.now(); });
  bench.target.fate_of_write = [](const HttpRequest&) {
    return refusal(503, "PGRST000", "no", "30");
  };
  for (int row = 0; row < 10; ++row) bench.tally.read(0);
  sender.submit(bench.batch(range(0, 10)));
  sender.drain();
  CHECK(bench.totals() == "0 0 0 10 0");
  CHECK(kind_of(sender) == ErrorKind::unreachable);
  CHECK(bench.target.now() - bench.target.seen[0].at <= 3100ms);
}

TEST_CASE("sender: after end() nothing starts; what is on its way is finished, the rest skipped") {
  Bench bench(options_for(Mode::insert, 2));
  for (int n = 0; n < 6; ++n) bench.submit(range(n * 10, 10));
  bench.sender.turn(0ms);
  bench.sender.end();
  CHECK_FALSE(bench.sender.wants_batch());
  bench.submit(range(60, 10));
  CHECK(bench.run() == "20 0 0 50 0");
  CHECK(bench.target.rows.size() == 20);
}

TEST_CASE("sender: a lost answer is asked about even while the run ends") {
  for (const Kind lost : {Kind::lost_before, Kind::lost_after}) {
    Bench bench(options_for(Mode::insert, 2));
    bench.target.writes.push_back(fate(lost));
    for (int n = 0; n < 3; ++n) bench.submit(range(n * 10, 10));
    bench.sender.turn(0ms);
    bench.sender.end();
    // Not found means little: it may still be carried out.
    CHECK(bench.run() == (lost == Kind::lost_after ? "20 0 0 10 0" : "10 0 0 10 10"));
  }
}

TEST_CASE("sender: a doubted UPSERT that waits when the run ends is in doubt, not skipped") {
  Bench bench(options_for(Mode::upsert, 1));
  bench.target.writes.push_back(fate(Kind::lost_before));
  bench.submit(range(0, 10));
  bench.submit(range(10, 10));
  bench.sender.turn(0ms);
  bench.sender.turn(10ms);
  bench.sender.end();
  CHECK(bench.run().substr(bench.totals().size() - 2) == "10");
  CHECK(bench.counts().in_doubt == 10);
}

TEST_CASE("sender: when the transport fails nothing hangs, and the counts add up") {
  Bench bench(options_for(Mode::insert, 2));
  bench.target.writes = {Fate{}, Fate{}, fate(Kind::throws)};
  for (int n = 0; n < 6; ++n) bench.submit(range(n * 10, 10));
  CHECK_THROWS_AS(bench.run(), std::runtime_error);
  bench.sender.end();
  CHECK(bench.run() == "20 0 0 40 0");
  CHECK(bench.sender.idle());
}

TEST_CASE("sender: a reject file that cannot be written loses no other answer") {
  // Four answers arrive at once; writing the first reject fails.
  Bench bench(options_for(Mode::insert, 4), std::nullopt, false, "/dev/full");
  bench.target.is_bad = is_one_of({0});
  bench.submit(range(0, 1));
  for (int n = 1; n < 8; ++n) bench.submit(range(n * 10, 10));
  try {
    bench.sender.drain();
    FAIL("the disk is not full");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::storage);
  }
  bench.sender.end();
  CHECK(bench.run() == "30 0 1 40 0");
  CHECK(bench.target.rows.size() == 30);
}

// --- order

TEST_CASE("sender: a serial table gets one batch at a time, in order") {
  Bench bench(options_for(Mode::insert, 4));
  bench.set->serial = true;
  bench.target.writes = {refusal(503, "PGRST000"), Fate{}, Fate{}, refusal(500, "57014")};
  for (int n = 0; n < 6; ++n) bench.submit(range(n * 10, 10));
  CHECK(bench.run() == "60 0 0 0 0");
  for (std::size_t row = 0; row < 60; ++row) CHECK(bench.target.rows[row].id == text(row));
  for (const auto& seen : bench.target.seen) CHECK(seen.others_in_flight == 0);
}

TEST_CASE("sender: a serial table does not hold other tables up, bad rows or not") {
  Bench bench(options_for(Mode::insert, 4), 0);
  auto other = two_columns(false, 1);
  bench.tally.add_table(other->table_name);
  bench.set->serial = true;
  bench.target.fate_of_write = [](const HttpRequest& request) -> std::optional<Fate> {
    if (request.url != "http://h/t") return std::nullopt;
    return request.body.find(R"("id":"3")") != std::string_view::npos
               ? std::optional(refusal(400, "23514"))
               : std::nullopt;
  };
  bench.submit(range(0, 64));
  // Other tables' rows keep coming while the bad row is looked for; the search is not starved.
  std::uint64_t sequence = 1000;
  std::uint64_t group = 1000;
  std::uint64_t submitted = 0;
  for (int id = 1000; id < 3000 && !bench.sender.ended(); ++id) {
    while (bench.sender.wants_batch()) {
      bench.tally.read(1);
      ++submitted;
      bench.sender.submit(batch_of(*other, {++id}, ++group, ++sequence));
    }
    bench.sender.turn(20ms);
  }
  CHECK(bench.sender.ended());
  CHECK(submitted < 100);
  bench.sender.drain();
  CHECK(bench.counts().rejected == 1);
  CHECK(bench.tally.tables()[1].counts.add_up());
}

TEST_CASE("sender: a batch waits for the groups that it must come after") {
  Bench bench(options_for(Mode::upsert, 4));
  bench.target.writes = {refusal(503, "PGRST000"), Fate{}, Fate{}, refusal(500, "57014")};
  const auto first = bench.submit(range(0, 10));
  auto second = bench.batch(range(0, 10));
  second->after = {first};
  const auto second_group = bench.submit(std::move(second));
  auto third = bench.batch(range(5, 10));
  third->after = {first, second_group};
  bench.submit(std::move(third));
  bench.submit(range(20, 10));
  std::vector<std::uint64_t> done;
  bench.sender.on_group_done = [&](std::uint64_t group) { done.push_back(group); };
  CHECK(bench.run() == "40 0 0 0 0");
  REQUIRE(done.size() == 4);
  const auto place = [&](std::uint64_t group) {
    return std::find(done.begin(), done.end(), group) - done.begin();
  };
  CHECK(place(first) < place(second_group));
  CHECK(place(second_group) < place(second_group + 1));
}

TEST_CASE("sender: batches that wait for each other's groups never block each other") {
  // The batch with the earlier rows was submitted later and must come after the other: in a serial
  // table both order rules hold at once.
  for (const bool serial : {true, false}) {
    Bench bench(options_for(Mode::upsert, 4));
    bench.set->serial = serial;
    auto early = batch_of(*bench.set, {1, 2}, 1, 0);
    auto late = batch_of(*bench.set, {2, 3, 2}, 2, 5);  // 21000: sent in turn
    early->after = {2};
    bench.submit(std::move(late));
    bench.submit(std::move(early));
    CHECK(bench.run() == "5 0 0 0 0");
  }
}

TEST_CASE("sender: a group is done once, when its last part is, whatever became of the parts") {
  Bench bench(options_for(Mode::insert, 4), std::nullopt);
  bench.target.is_bad = is_one_of({3, 17});
  std::vector<std::uint64_t> done;
  bench.sender.on_group_done = [&](std::uint64_t group) {
    CHECK_FALSE(bench.sender.is_outstanding(group));
    done.push_back(group);
  };
  const auto first = bench.submit(range(0, 32));
  const auto second = bench.submit(range(32, 32));
  CHECK(bench.sender.is_outstanding(first));
  CHECK(bench.run() == "62 0 2 0 0");
  std::sort(done.begin(), done.end());
  CHECK(done == std::vector{first, second});
}

// --- fewer at a time

TEST_CASE("sender: an exhausted pool gets fewer requests at a time, and more when it recovers") {
  Bench bench(options_for(Mode::insert, 16));
  const std::size_t pool = 2;
  bench.target.fate_of_write = [&](const HttpRequest&) -> std::optional<Fate> {
    return bench.target.in_flight() >= pool ? std::optional(refusal(504, "PGRST003"))
                                            : std::nullopt;
  };
  for (int n = 0; n < 64; ++n) bench.submit(range(n * 10, 10));
  CHECK(bench.run() == "640 0 0 0 0");
  std::size_t most_later = 0;
  for (std::size_t n = 64; n < bench.target.seen.size(); ++n) {
    most_later = std::max(most_later, bench.target.seen[n].others_in_flight + 1);
  }
  CHECK(most_later < 16);

  bench.target.fate_of_write = nullptr;
  for (int n = 0; n < 1000; ++n) bench.submit(range(10'000 + n, 1));
  CHECK(bench.run() == "1640 0 0 0 0");
  std::size_t most_at_last = 0;
  for (std::size_t n = bench.target.seen.size() - 100; n < bench.target.seen.size(); ++n) {
    most_at_last = std::max(most_at_last, bench.target.seen[n].others_in_flight + 1);
  }
  CHECK(most_at_last == 16);
}
