#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pgseed/base/content_hash.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/ledger/ledger_text.hpp"

using namespace pgseed;
using namespace pgseed::seed;

namespace {

using Lines = std::vector<std::vector<std::string>>;

std::string sample() {
  LedgerText text;
  std::string bytes;
  for (const char* words : {"pgseed-ledger 1 work", "source a%20b.sql 12 stream", "sent 7", "x"}) {
    bytes += text.line(words);
  }
  return bytes;
}

Lines lines_of(const std::string& bytes) {
  Lines lines;
  read_ledger_lines(bytes, "l", [&](std::uint64_t, const auto& words) { lines.push_back(words); });
  return lines;
}

// The number of lines read, or -1 if it is refused.
int read(const std::string& bytes) {
  try {
    return static_cast<int>(lines_of(bytes).size());
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::storage);
    CHECK_FALSE(error.where.empty());
    return -1;
  }
}

}  // namespace

TEST_CASE("ledger text: lines come back as words, and the tail tells where the next line goes") {
  const std::string bytes = sample();
  const Lines lines = lines_of(bytes);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == std::vector<std::string>{"pgseed-ledger", "1", "work"});
  CHECK(lines[1] == std::vector<std::string>{"source", "a b.sql", "12", "stream"});
  const LedgerTail tail = read_ledger_lines(bytes, "l", [](std::uint64_t, const auto&) {});
  CHECK(tail.bytes == bytes.size());
  CHECK(tail.lines == 4);
  LedgerText more(tail.chain);
  CHECK(read(bytes + more.line("another")) == 5);
}

TEST_CASE("ledger text: a word carries any bytes") {
  for (const std::string& word :
       {std::string(), std::string("a b"), std::string("%"), std::string("a%20"),
        std::string("\n\t\0\x7F", 4), std::string("caf\xC3\xA9"), std::string("\xFF\xFE")}) {
    LedgerText text;
    const Lines lines = lines_of(text.line(pgseed::text("w ", ledger_word(word), " end")));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == std::vector<std::string>{"w", word, "end"});
  }
}

TEST_CASE("ledger text: cut anywhere, whole lines are read and the torn one is passed over") {
  const std::string bytes = sample();
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const std::string cut = bytes.substr(0, length);
    const auto whole = std::count(cut.begin(), cut.end(), '\n');
    CAPTURE(length);
    CHECK(read(cut) == whole);
    const LedgerTail tail = read_ledger_lines(cut, "l", [](std::uint64_t, const auto&) {});
    CHECK(tail.bytes == (whole == 0 ? 0 : cut.rfind('\n') + 1));
  }
  CHECK(read(bytes + std::string(300, '\0')) == 4);  // what a power cut leaves
}

TEST_CASE("ledger text: every flipped bit is seen") {
  const std::string bytes = sample();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      CAPTURE(at);
      CAPTURE(bit);
      CHECK(read(flipped) == -1);
    }
  }
}

TEST_CASE("ledger text: a line that is missing, twice or in another place is seen") {
  std::vector<std::string> lines;
  LedgerText text;
  for (const char* words : {"a", "b", "c", "d"}) lines.push_back(text.line(words));
  CHECK(read(lines[0] + lines[2] + lines[3]) == -1);
  CHECK(read(lines[1] + lines[2] + lines[3]) == -1);
  CHECK(read(lines[0] + lines[1] + lines[1] + lines[2]) == -1);
  CHECK(read(lines[0] + lines[2] + lines[1] + lines[3]) == -1);
  CHECK(read(lines[0] + "\n" + lines[1]) == -1);
  CHECK(read(lines[0] + lines[1] + lines[2] + lines[3]) == 4);
}

TEST_CASE("content hash: pieces have the fingerprint of the whole, and hex goes both ways") {
  const std::string bytes(100'000, 'x');
  ContentHash pieces;
  for (std::size_t at = 0; at < bytes.size(); at += 777) {
    pieces.add(std::string_view(bytes).substr(at, 777));
  }
  CHECK(pieces.value() == hash128(bytes));
  CHECK(pieces.bytes() == bytes.size());
  CHECK(hash128_of_hex(hash128(bytes).hex()) == hash128(bytes));
  CHECK_FALSE(hash128_of_hex("00").has_value());
  CHECK_FALSE(hash128_of_hex(std::string(32, 'G')).has_value());
  CHECK(number_of_hex64(hex64(0xFEDCBA9876543210)) == 0xFEDCBA9876543210);
}
