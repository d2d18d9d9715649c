#include "pgseed/base/simd.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "pgseed/base/bits.hpp"
#include "support/random.hpp"
#include "support/simd_levels.hpp"

using namespace pgseed;

TEST_CASE("simd: there is always the plain level, and the fastest one is in force") {
  const std::vector<simd::Level> levels = simd::levels();
  REQUIRE(!levels.empty());
  CHECK(levels.front() == simd::Level::scalar);
  CHECK(simd::level() == levels.back());
}

TEST_CASE("simd: a level is chosen by its name, and an unknown one changes nothing") {
  const simd::Level before = simd::level();
  for (const simd::Level level : simd::levels()) {
    CHECK(simd::use(simd::name(level)));
    CHECK(simd::level() == level);
  }
  CHECK(simd::use(before));
  CHECK(!simd::use("mmx"));
  CHECK(!simd::use(""));
  CHECK(simd::level() == before);
}

TEST_CASE("simd bits: escaped bytes are told apart as one by one, over any number of blocks") {
  std::mt19937_64 random(test::test_seed());
  for (int round = 0; round < 20000; ++round) {
    std::uint64_t carry = random() % 2;
    bool escapes = carry != 0;
    for (int block = 0; block < 3; ++block) {
      std::uint64_t backslashes = random() | random() | random();
      if (random() % 4 == 0) backslashes &= random() & random();
      std::uint64_t wanted = 0;
      for (int place = 0; place < 64; ++place) {
        const bool backslash = (backslashes >> place & 1) != 0;
        if (escapes) wanted |= std::uint64_t{1} << place;
        escapes = backslash && !escapes;
      }
      CAPTURE(backslashes);
      REQUIRE(bits::escaped(backslashes, carry) == wanted);
      REQUIRE(carry == (escapes ? 1U : 0U));
    }
  }
}

TEST_CASE("simd bits: bits are counted") {
  std::mt19937_64 random(test::test_seed());
  for (int round = 0; round < 1000; ++round) {
    const std::uint64_t mask = random() & random();
    REQUIRE(bits::count(mask) == __builtin_popcountll(mask));
  }
  CHECK(bits::count(0) == 0);
  CHECK(bits::count(~std::uint64_t{0}) == 64);
  CHECK(bits::low(0) == 0);
  CHECK(bits::low(63) == ~std::uint64_t{0} >> 1);
  CHECK(bits::low(64) == ~std::uint64_t{0});
}
