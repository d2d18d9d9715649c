// The escaping writer at every level of vector instructions: the plain level's bytes, for every
// form of text, alignment, length, and at the end of memory.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "pgseed/json/writer.hpp"
#include "support/random.hpp"
#include "support/simd_levels.hpp"

using namespace pgseed;

namespace {

// Everything that is written for a text, one form behind the other.
std::string written(std::string_view text) {
  json::Buffer out;
  json::append_string(out, text);
  json::append_sql_string(out, text);
  json::append_copy_string(out, text);
  const bool no_nul = json::append_mysql_string(out, text);
  return std::string(out.view()) + (no_nul ? "" : " NUL");
}

std::vector<simd::Level> other_levels() {
  std::vector<simd::Level> levels = simd::levels();
  levels.erase(levels.begin());
  return levels;
}

}  // namespace

TEST_CASE("json levels: random texts of up to 200 bytes, wherever they stand in memory") {
  const std::uint64_t seed = test::test_seed();
  MESSAGE("PGSEED_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  test::EndOfMemory memory;
  constexpr std::string_view kSpecial = "''\\\\\"\n\t\r\bnrtbf0Zx%_.\x01\x1f\x7f\xC3\xA9";
  for (std::size_t length = 0; length <= 200; ++length) {
    for (int round = 0; round < 40; ++round) {
      // From plain text to nothing but what is special.
      const auto density = random() % 17;
      std::string text(length, 'a');
      for (char& byte : text) {
        if (random() % 16 < density) byte = kSpecial[random() % kSpecial.size()];
        if (random() % 256 == 0) byte = '\0';
      }
      const std::string_view stored = memory.put(text, random() % 200);
      const std::string_view at_end = memory.put(text);
      const std::string expected = [&] {
        const test::AtLevel plain(simd::Level::scalar);
        return written(text);
      }();
      for (const simd::Level level : other_levels()) {
        CAPTURE(std::string(simd::name(level)));
        CAPTURE(text);
        const test::AtLevel at(level);
        REQUIRE(written(at_end) == expected);
        REQUIRE(written(text) == expected);
        if (stored == text) REQUIRE(written(stored) == expected);
      }
    }
  }
}

TEST_CASE("json levels: every byte and every escape at every place of a text of three blocks") {
  for (std::size_t place = 0; place < 192; ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      for (const char* const before : {"", "\\", "'"}) {
        std::string text(192, 'x');
        const std::string piece = before + std::string(1, static_cast<char>(byte));
        text.replace(place, piece.size(), piece);
        const std::string expected = [&] {
          const test::AtLevel plain(simd::Level::scalar);
          return written(text);
        }();
        for (const simd::Level level : other_levels()) {
          CAPTURE(std::string(simd::name(level)));
          CAPTURE(place);
          CAPTURE(piece);
          const test::AtLevel at(level);
          REQUIRE(written(text) == expected);
        }
      }
    }
  }
}
