#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/ledger/ledger_state.hpp"
#include "pgseed/seed/ledger/ledger_text.hpp"
#include "pgseed/seed/ledger/resume.hpp"

using namespace pgseed;
using namespace pgseed::seed;

namespace {

constexpr const char* kHash = " 00112233445566778899aabbccddeeff";

std::string ledger(const std::vector<std::string>& more, const char* boot = "boot") {
  LedgerText text;
  std::string bytes = text.line("pgseed-ledger 1 work");
  bytes += text.line("target http://h public insert");
  bytes += text.line(pgseed::text("source a.sql 12", kHash));
  bytes += text.line(pgseed::text("run 1 42 ", boot, " now 0 %"));
  bytes += text.line("table 1 public t empty");
  for (const std::string& line : more) bytes += text.line(line);
  return bytes;
}

std::string intent(int number, const char* rows, const char* superseded = "-") {
  return text("intent ", number, " 1 ", rows, ' ', superseded, kHash, " 0 1 99");
}

LedgerState state_of(const std::vector<std::string>& more, const char* boot = "boot") {
  auto state = read_ledger(ledger(more, boot), "l", "boot");
  REQUIRE(state.has_value());
  return *std::move(state);
}

// One letter a row: . free, m may be stored, L loaded, I ignored, O left out, s superseded,
// r rejected, u unchanged; a ! behind the last of a batch that may be stored.
std::string proofs(const std::vector<std::string>& more, int rows = 10, const char* boot = "boot") {
  Resume resume(state_of(more, boot));
  Resume::Table* const table = resume.find({"public", "t"});
  REQUIRE(table != nullptr);
  std::string out;
  for (int row = 1; row <= rows; ++row) {
    const Proven proven = table->look_up(static_cast<std::uint64_t>(row));
    out += ".mLIOsru"[static_cast<int>(proven.proof)];
    if (proven.last) out += '!';
  }
  return out;
}

bool is_refused(const std::vector<std::string>& more) {
  try {
    read_ledger(ledger(more), "l", "boot");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::storage);
    CHECK(error.where.starts_with("l:"));
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("ledger state: what the lines prove of each row") {
  struct Row {
    const char* what;
    std::vector<std::string> lines;
    const char* proofs;
  };
  const std::vector<Row> table = {
      {"nothing", {}, ".........."},
      {"announced only", {intent(1, "1-4")}, ".........."},
      {"sent", {intent(1, "1-4"), "sent 1"}, "mmmm!......"},
      {"answered", {intent(1, "1-4"), "sent 1", "loaded 1 4 0 0"}, "LLLL......"},
      {"some ignored", {intent(1, "1-4"), "sent 1", "loaded 1 1 2 1"}, "LIIO......"},
      {"refused", {intent(1, "1-4"), "sent 1", "free 1"}, ".........."},
      {"free before it was sent", {intent(1, "1-4"), "free 1"}, ".........."},
      {"two, the second open",
       {intent(1, "1-4"), "sent 1", intent(2, "5-8"), "sent 2", "loaded 1 4 0 0"},
       "LLLLmmmm!.."},
      {"two, answered out of turn",
       {intent(1, "1-4"), "sent 1", intent(2, "5-8"), "sent 2", "loaded 2 4 0 0"},
       "mmmm!LLLL.."},
      {"halved, one half in",
       {intent(1, "1-4"), "sent 1", "free 1", intent(2, "1-2"), "sent 2", "loaded 2 2 0 0"},
       "LL........"},
      {"in doubt, halved, the second half in: the first keeps the doubt",
       {intent(1, "1-4"), "sent 1", intent(2, "3-4"), "sent 2", "loaded 2 2 0 0"},
       "mm!LL......"},
      {"in doubt, halved, both in",
       {intent(1, "1-4"), "sent 1", intent(2, "1-2"), "sent 2", intent(3, "3-4"), "sent 3",
        "loaded 3 2 0 0", "loaded 2 2 0 0"},
       "LLLL......"},
      {"in doubt, halved, one half refused: only its own rows are free",
       {intent(1, "1-4"), "sent 1", intent(2, "1-2"), "sent 2", "free 2"},
       "..mm!......"},
      {"rows refused", {"reject 1 2 90", "reject 1 5 180"}, ".r..r....."},
      {"rows refused that are tried again", {"reject 1 2 90", "again"}, ".........."},
      {"superseded as soon as it is announced", {intent(1, "1-2,4", "3")}, "..s......."},
      {"superseded stays so when the batch is refused",
       {intent(1, "1-2,4", "3"), "sent 1", "free 1"},
       "..s......."},
      {"rows of two sets between each other",
       {intent(1, "1,3,5"), "sent 1", intent(2, "2,4"), "sent 2", "loaded 2 2 0 0"},
       "mLmLm!....."},
      {"unchanged", {text("unchanged 1 1 1-3 -", kHash)}, "uuu......."},
      {"unchanged with a superseded row", {text("unchanged 1 1 1,3 2", kHash)}, "usu......."},
      {"a later run goes on",
       {intent(1, "1-4"), "sent 1", "run 2 43 boot now 0 %", "loaded 1 4 0 0"},
       "LLLL......"},
      {"a later run of the same boot: what was only announced was never sent",
       {intent(1, "1-4"), "run 2 43 boot now 0 %", intent(2, "1-2"), "sent 2"},
       "mm!........"},
      {"a later run of another boot: it may have been sent",
       {intent(1, "1-4"), "run 2 43 other now 0 %", "run 3 44 boot now 0 %"},
       "mmmm!......"},
  };
  for (const Row& row : table) {
    CAPTURE(row.what);
    CHECK(proofs(row.lines) == row.proofs);
  }
}

TEST_CASE("ledger state: after a restart of the machine what was announced may have been sent") {
  CHECK(proofs({intent(1, "1-4")}, 10, "earlier") == "mmmm!......");
  CHECK(proofs({intent(1, "1-4")}, 10, "%") == "mmmm!......");
  CHECK(proofs({intent(1, "1-4"), "free 1"}, 10, "earlier") == "..........");
}

TEST_CASE("ledger state: the head, the reject file and the marks") {
  const LedgerState state = state_of({"reject 1 3 90", "mark moved yes%20it%20is", "emptying 1",
                                      "emptied 1 77", "reject 1 4 200"});
  CHECK(state.head.work == "work");
  CHECK(state.head.target == "http://h");
  REQUIRE(state.head.sources.size() == 1);
  CHECK(state.head.sources[0].name == "a.sql");
  CHECK(state.head.sources[0].bytes == 12);
  CHECK(state.head.sources[0].hash->hex() == kHash + 1);
  CHECK(state.rejects_bytes == 200);
  CHECK(state.marks.at("moved") == "yes it is");
  CHECK(state.tables[0].was_empty == true);
  CHECK(state.tables[0].emptied == 77);
  CHECK(state.runs == 1);
  CHECK_FALSE(state.complete);
  CHECK(state_of({"complete once"}).complete);
  CHECK(state_of({"complete once"}).keys_came_once);
  CHECK_FALSE(state_of({"complete again"}).keys_came_once);
}

TEST_CASE("ledger state: a run that stored nothing has left nothing to go on with") {
  CHECK_FALSE(state_of({}).has_effects());
  CHECK_FALSE(state_of({intent(1, "1-4")}).has_effects());
  CHECK_FALSE(state_of({intent(1, "1-4"), "sent 1", "free 1", "reject 1 1 0"}).has_effects());
  CHECK(state_of({intent(1, "1-4"), "sent 1"}).has_effects());
  CHECK(state_of({"emptying 1"}).has_effects());
  CHECK(state_of({"mark commit 745@5/77"}).has_effects());
}

TEST_CASE("ledger state: a run behind the end opens the work again") {
  const std::vector<std::string> lines = {"complete once", "run 2 42 boot now 0 %"};
  CHECK_FALSE(state_of(lines).complete);
  CHECK(state_of(lines).runs == 2);
}

TEST_CASE("ledger state: lines that contradict each other are refused") {
  CHECK(is_refused({"sent 1"}));
  CHECK(is_refused({"loaded 1 1 0 0"}));
  CHECK(is_refused({intent(1, "1-4"), "loaded 1 3 0 0"}));
  CHECK(is_refused({intent(2, "1-4"), intent(1, "5-6")}));
  CHECK(is_refused({intent(1, "4-1")}));
  CHECK(is_refused({intent(1, "0-4")}));
  CHECK(is_refused({"intent 1 2 1-4 - x"}));
  CHECK(is_refused({"emptied 2 1"}));
  CHECK(is_refused({"complete once", "sent 1"}));
  CHECK(is_refused({"something 1"}));
  CHECK(is_refused({"reject 1 x 0"}));
  CHECK(is_refused({"table 3 public u empty"}));
}

TEST_CASE("ledger state: another version, another format and an empty file") {
  CHECK_FALSE(read_ledger("", "l", "boot").has_value());
  CHECK_FALSE(read_ledger("pgseed-led", "l", "boot").has_value());
  for (const char* first : {"pgseed-ledger 2 work", "pgseed-ledger", "other 1 work"}) {
    LedgerText text;
    CHECK_THROWS_AS(read_ledger(text.line(first), "l", "boot"), Error);
  }
  CHECK_THROWS_AS(read_ledger("INSERT INTO t VALUES (1);\n", "l", "boot"), Error);
}

// The invariant behind every cut: what a prefix calls free was not sent in it.
TEST_CASE(
    "ledger state: cut behind any line, a row that was sent is never free unless it was freed") {
  const std::vector<std::string> lines = {
      intent(1, "1-4"), intent(2, "5-8"), "sent 1",         "sent 2", "loaded 2 4 0 0",
      intent(3, "1-2"), "sent 3",         intent(4, "3-4"), "sent 4", "loaded 4 2 0 0",
  };
  for (std::size_t length = 0; length <= lines.size(); ++length) {
    const std::vector<std::string> prefix(lines.begin(),
                                          lines.begin() + static_cast<std::ptrdiff_t>(length));
    const std::string found = proofs(prefix);
    CAPTURE(length);
    CHECK((found[0] != '.') == (length >= 3));
    CHECK((found.find('L') != std::string::npos) == (length >= 5));
  }
}

TEST_CASE("row ranges: text goes both ways, and nothing else is taken") {
  RowRanges ranges;
  for (const std::uint64_t row : {1, 2, 3, 5, 8, 9}) append(ranges, row);
  CHECK(to_text(ranges) == "1-3,5,8-9");
  CHECK(count(ranges) == 6);
  CHECK(ranges_of_text("1-3,5,8-9") == ranges);
  CHECK(ranges_of_text("-")->empty());
  CHECK(ranges_of_text("18446744073709551615").has_value());
  for (const char* bad : {"", "0", "a", "1-", "1-1", "3-1", "1,1", "1,2", "2,1", "1-3,3", "1,",
                          ",1", "01", "1 ", "+1", "1--2", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_FALSE(ranges_of_text(bad).has_value());
  }
}
