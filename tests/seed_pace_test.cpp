// How many requests at a time, and how many rows in each: tables of answers and what follows.
#include "pgseed/seed/send/pace.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <vector>

using namespace pgseed::seed;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

// A server that answers in the order of asking, as many at a time as the pace allows.
struct Server {
  Pace pace;
  std::deque<std::uint64_t> under_way;
  std::size_t table = 0, rows = 1000, bytes = 100'000;

  explicit Server(std::size_t ceiling) : pace(ceiling) {}

  std::optional<Pace::Change> answer(Reception reception, milliseconds took) {
    while (under_way.size() < pace.width()) under_way.push_back(pace.start());
    const std::uint64_t ticket = under_way.front();
    under_way.pop_front();
    return pace.answered({ticket, reception, table, rows, bytes, took});
  }
  // The width after each of n answers.
  std::vector<std::size_t> widths(int n, Reception reception, milliseconds took) {
    std::vector<std::size_t> seen;
    for (int each = 0; each < n; ++each) {
      answer(reception, took);
      seen.push_back(pace.width());
    }
    return seen;
  }
  void accept(int n, milliseconds took) { widths(n, Reception::accepted, took); }
  // Answers to all that is under way now.
  void crowd(Reception reception = Reception::crowded) {
    for (std::size_t left = under_way.size(); left > 0; --left) {
      const std::uint64_t ticket = under_way.front();
      under_way.pop_front();
      pace.answered({ticket, reception, table, rows, bytes, 10ms});
    }
  }
};

}  // namespace

TEST_CASE("pace: what an answer says about the room there is") {
  struct {
    int status;
    const char* code;
    bool accepted, timed_out;
    Reception wanted;
  } cases[] = {
      {201, "", true, false, Reception::accepted},
      {200, "", true, false, Reception::accepted},
      {429, "", false, false, Reception::crowded},
      {429, "PT429", false, false, Reception::crowded},
      {503, "", false, false, Reception::crowded},
      {503, "PGRST000", false, false, Reception::crowded},
      {503, "PGRST001", false, false, Reception::crowded},
      {503, "53300", false, false, Reception::crowded},
      {500, "53200", false, false, Reception::crowded},
      {504, "", false, false, Reception::crowded},
      {504, "PGRST003", false, false, Reception::crowded},
      {0, "", false, true, Reception::crowded},
      {0, "", false, false, Reception::other},
      {409, "23505", false, false, Reception::other},
      {500, "40P01", false, false, Reception::other},
      {500, "57014", false, false, Reception::other},
      {413, "", false, false, Reception::other},
      {502, "", false, false, Reception::other},
      {401, "PGRST301", false, false, Reception::other},
  };
  for (const auto& c : cases) {
    CAPTURE(c.status);
    CAPTURE(c.code);
    CHECK(reception_of(c.status, c.code, c.accepted, c.timed_out) == c.wanted);
  }
}

TEST_CASE("pace: it starts low, doubles each round, and never passes the ceiling") {
  struct {
    std::size_t ceiling;
    std::vector<std::size_t> after_rounds;
  } cases[] = {{0, {1, 1, 1}}, {1, {1, 1, 1}},    {2, {2, 2, 2}},    {4, {4, 4, 4}},
               {5, {4, 5, 5}}, {8, {4, 8, 8, 8}}, {9, {4, 8, 9, 9}}, {64, {4, 8, 16, 32, 64, 64}}};
  for (const auto& c : cases) {
    CAPTURE(c.ceiling);
    Server server(c.ceiling);
    for (const std::size_t width : c.after_rounds) {
      CHECK(server.pace.width() == width);
      server.accept(static_cast<int>(server.pace.width()), 30ms);
    }
  }
}

TEST_CASE(
    "pace: a refusal for want of room halves the width; from then on it grows by one a round") {
  Server server(16);
  server.accept(12, 30ms);
  REQUIRE(server.pace.width() == 16);
  const auto change = server.answer(Reception::crowded, 30ms);
  REQUIRE(change.has_value());
  CHECK(change->from == 16);
  CHECK(change->to == 8);
  CHECK_FALSE(change->slower);
  server.under_way.clear();  // of the wider time
  for (std::size_t width = 8; width < 16; ++width) {
    CHECK(server.pace.width() == width);
    server.accept(static_cast<int>(width), 30ms);
  }
  CHECK(server.pace.width() == 16);
}

TEST_CASE("pace: all that was under way when the width fell counts once") {
  Server server(32);
  server.accept(28, 30ms);
  REQUIRE(server.pace.width() == 32);
  server.answer(Reception::crowded, 30ms);
  CHECK(server.pace.width() == 16);
  server.crowd();
  CHECK(server.pace.width() == 16);
  server.answer(Reception::crowded, 30ms);
  CHECK(server.pace.width() == 8);
  for (int more = 0; more < 10; ++more) {
    server.crowd();
    server.answer(Reception::crowded, 30ms);
  }
  CHECK(server.pace.width() == 1);
}

TEST_CASE("pace: answers to what was sent before the fall do not make it grow") {
  Server server(16);
  server.accept(12, 30ms);
  server.answer(Reception::crowded, 30ms);
  REQUIRE(server.under_way.size() == 15);
  server.crowd(Reception::accepted);
  CHECK(server.pace.width() == 8);
}

TEST_CASE("pace: other refusals say nothing") {
  Server server(16);
  server.accept(12, 30ms);
  for (const std::size_t width : server.widths(100, Reception::other, 30ms)) CHECK(width == 16);
}

TEST_CASE("pace: when every answer of a round takes twice the best, the width halves once") {
  Server server(16);
  server.accept(40, 300ms);
  REQUIRE(server.pace.width() == 16);
  std::size_t falls = 0;
  for (int n = 0; n < 16 * 4; ++n) {
    const auto change = server.answer(Reception::accepted, 700ms);
    if (!change || change->to > change->from) continue;
    ++falls;
    CHECK(change->slower);
  }
  // The server is slower now, whoever is to blame: that is the new best.
  CHECK(falls == 1);
  CHECK(server.pace.width() >= 8);
}

TEST_CASE("pace: one slow answer in a round says nothing") {
  Server server(8);
  server.accept(20, 300ms);
  REQUIRE(server.pace.width() == 8);
  for (int round = 0; round < 20; ++round) {
    server.answer(Reception::accepted, 30s);
    server.accept(7, 310ms);
    CHECK(server.pace.width() == 8);
  }
}

TEST_CASE(
    "pace: it does not grow while answers are slower than the best, and does when they recover") {
  Server server(16);
  server.accept(12, 300ms);
  REQUIRE(server.pace.width() == 16);
  server.answer(Reception::crowded, 300ms);
  server.under_way.clear();
  for (const std::size_t width : server.widths(60, Reception::accepted, 500ms)) CHECK(width == 8);
  server.accept(8 + 9, 320ms);
  CHECK(server.pace.width() > 8);
}

TEST_CASE("pace: short answers may vary as they like") {
  Server server(8);
  server.accept(20, 2ms);
  for (const std::size_t width : server.widths(80, Reception::accepted, 190ms)) CHECK(width == 8);
}

TEST_CASE("pace: rows of another table, and batches of another size, are not compared") {
  Server server(8);
  server.accept(40, 300ms);
  server.table = 1;
  for (const std::size_t width : server.widths(40, Reception::accepted, 3000ms)) CHECK(width == 8);
  server.table = 0;
  server.bytes = 10'000'000;  // a hundred times as many
  for (const std::size_t width : server.widths(40, Reception::accepted, 3900ms)) CHECK(width == 8);
  server.bytes = 100;  // the last rows of a table
  for (const std::size_t width : server.widths(40, Reception::accepted, 300ms)) CHECK(width == 8);
}

TEST_CASE("pace: a server whose time grows with the crowd is kept busy, not flooded") {
  // It works on two at a time; what comes on top waits.
  Server server(64);
  std::size_t most = 0;
  for (int n = 0; n < 5'000; ++n) {
    const std::size_t queue = std::max<std::size_t>(2, server.pace.width()) / 2;
    server.accept(1, 150ms * static_cast<int>(queue));
    if (n > 500) most = std::max(most, server.pace.width());
    CHECK(server.pace.width() >= 2);
  }
  CHECK(most <= 16);
}

TEST_CASE("pace: rows per batch halve when they are too much, and grow slowly to what they were") {
  Server server(4);
  Pace& pace = server.pace;
  CHECK_FALSE(pace.bearable_rows(0).has_value());
  pace.was_too_much(0, 1000);
  CHECK(pace.bearable_rows(0) == 500);
  CHECK_FALSE(pace.bearable_rows(1).has_value());
  pace.was_too_much(0, 1000);  // one that was sent before
  CHECK(pace.bearable_rows(0) == 500);
  pace.was_too_much(0, 500);
  CHECK(pace.bearable_rows(0) == 250);
  server.rows = 100;  // a smaller one proves nothing
  server.accept(10, 30ms);
  CHECK(pace.bearable_rows(0) == 250);
  server.rows = 250;
  server.accept(1, 30ms);
  CHECK(pace.bearable_rows(0) == 266);
  int batches = 0;
  for (; pace.bearable_rows(0) && batches < 1000; ++batches) {
    server.rows = *pace.bearable_rows(0);
    server.accept(1, 30ms);
  }
  CHECK(batches > 15);
  CHECK(batches < 40);
}

TEST_CASE("pace: rows per batch never fall below one") {
  Pace pace(4);
  for (const std::size_t rows : {3u, 2u, 1u, 1u}) pace.was_too_much(7, rows);
  CHECK(pace.bearable_rows(7) == 1);
}

TEST_CASE("pace: batches that take long get fewer rows before a time limit stops them") {
  Server server(4);
  server.accept(1, 5s);
  CHECK(server.pace.bearable_rows(0) == 500);
  server.rows = 500;
  server.accept(4, 3s);  // long enough as they are
  CHECK(server.pace.bearable_rows(0) == 500);
  server.accept(1, 1s);
  CHECK(server.pace.bearable_rows(0) == 532);
  Server single(4);
  single.rows = 1;
  single.accept(1, 50s);
  CHECK_FALSE(single.pace.bearable_rows(0).has_value());
}
