// The marks against a walk byte by byte, at every level of vector instructions.
#include "pgseed/sql/text_marks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "support/random.hpp"
#include "support/simd_levels.hpp"

using namespace pgseed;
using sql::Marked;
using sql::TextMarks;

namespace {

std::vector<std::size_t> places(std::string_view text, Marked marked) {
  std::vector<std::size_t> found;
  bool escaped = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    bool wanted = false;
    switch (marked) {
      case Marked::quotes:
        wanted = byte == '\'';
        break;
      case Marked::unescaped_quotes:
        wanted = byte == '\'' && !escaped;
        break;
      case Marked::copy_fields:
        wanted = escaped ? (byte >= '0' && byte <= '7') || byte == 'x' || byte == '.'
                         : byte == '\t' || byte == '\n';
    }
    if (wanted) found.push_back(at);
    escaped = byte == '\\' && !escaped;
  }
  return found;
}

// What next() gives one behind the other.
std::vector<std::size_t> walked(TextMarks& marks, std::string_view text) {
  std::vector<std::size_t> found;
  const char* const end = text.data() + text.size();
  for (const char* at = marks.next(text.data(), end); at != end; at = marks.next(at + 1, end)) {
    found.push_back(static_cast<std::size_t>(at - text.data()));
  }
  return found;
}

std::string random_text(std::mt19937_64& random, std::size_t length) {
  constexpr std::string_view kSpecial("''\\\\\t\n\r07x.8/\0", 14);
  const auto density = random() % 9;
  std::string text(length, 'a');
  for (char& byte : text) {
    if (random() % 8 < density) byte = kSpecial[random() % kSpecial.size()];
  }
  return text;
}

// A block more can be read behind a text.
struct Room {
  explicit Room(const std::string& text)
      : bytes(text + std::string(TextMarks::kBlock, '\'')), view(bytes.data(), text.size()) {}
  std::string bytes;
  std::string_view view;
};

constexpr Marked kAll[] = {Marked::quotes, Marked::unescaped_quotes, Marked::copy_fields};

}  // namespace

TEST_CASE("text marks: all places, lines and backslashes, for every length, at every level") {
  const std::uint64_t seed = test::test_seed();
  MESSAGE("PGSEED_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (const simd::Level level : simd::levels()) {
    CAPTURE(std::string(simd::name(level)));
    const test::AtLevel at(level);
    for (std::size_t length = 0; length <= 200; ++length) {
      const Room room(random_text(random, length));
      const std::string_view text = room.view;
      for (const Marked marked : kAll) {
        TextMarks marks(length);
        marks.restart(text.data(), text.size(), marked);
        REQUIRE(walked(marks, text) == places(text, marked));
        for (std::size_t offset = 0; offset <= length; ++offset) {
          const auto newlines = std::count(text.begin(), text.begin() + offset, '\n');
          REQUIRE(marks.newlines_before(offset) == static_cast<std::uint64_t>(newlines));
          const std::size_t nul = text.find('\0');
          REQUIRE((marks.nul_before(offset) < offset) == (nul < offset));
          if (nul < offset) REQUIRE(marks.nul_before(offset) == nul);
        }
        if (marked == Marked::quotes) continue;
        for (int round = 0; round < 50; ++round) {
          const std::size_t to = random() % (length + 1);
          const std::size_t from = random() % (to + 1);
          const bool wanted = text.substr(from, to - from).find('\\') != std::string_view::npos;
          REQUIRE(marks.has_backslash(text.data() + from, text.data() + to) == wanted);
        }
        const bool returns = text.find('\r') != std::string_view::npos;
        if (marked == Marked::copy_fields) REQUIRE(marks.has_returns() == returns);
      }
    }
  }
}

TEST_CASE("text marks: a text that grows in blocks of any size has the same marks") {
  std::mt19937_64 random(test::test_seed());
  for (const simd::Level level : simd::levels()) {
    CAPTURE(std::string(simd::name(level)));
    const test::AtLevel at(level);
    for (int round = 0; round < 300; ++round) {
      const Room room(random_text(random, 1 + random() % 40000));
      const std::string_view text = room.view;
      const Marked marked = kAll[random() % 3];
      TextMarks marks(text.size());
      std::size_t size = random() % 3 == 0 ? 0 : random() % text.size();
      marks.restart(text.data(), size, marked);
      while (size < text.size()) {
        const std::string_view part = text.substr(0, size);
        if (random() % 2 == 0) REQUIRE(walked(marks, part) == places(part, marked));
        if (random() % 2 == 0) {
          const std::size_t offset = random() % (size + 1);
          const auto newlines = std::count(part.begin(), part.begin() + offset, '\n');
          REQUIRE(marks.newlines_before(offset) == static_cast<std::uint64_t>(newlines));
          const std::size_t nul = part.find('\0');
          REQUIRE((marks.nul_before(offset) < offset) == (nul < offset));
        }
        size = std::min(text.size(), size + 1 + random() % (random() % 2 == 0 ? 70 : 9000));
        marks.grow(size);
      }
      REQUIRE(walked(marks, text) == places(text, marked));
    }
  }
}

TEST_CASE("text marks: places are found in any order, forwards and back") {
  std::mt19937_64 random(test::test_seed());
  const Room room(random_text(random, 30000));
  const std::string_view text = room.view;
  const char* const end = text.data() + text.size();
  for (const Marked marked : kAll) {
    const std::vector<std::size_t> all = places(text, marked);
    TextMarks marks(text.size());
    marks.restart(text.data(), text.size(), marked);
    for (int round = 0; round < 3000; ++round) {
      const std::size_t from = random() % (text.size() + 1);
      const auto wanted = std::lower_bound(all.begin(), all.end(), from);
      const std::size_t place = wanted == all.end() ? text.size() : *wanted;
      REQUIRE(marks.next(text.data() + from, end) == text.data() + place);
    }
  }
}
