#include "pgseed/seed/move/staged_rows.hpp"

#include <doctest/doctest.h>

#include <map>

#include "support/random.hpp"

using namespace pgseed;
using namespace pgseed::test;
using seed::StagedRows;

namespace {

struct Added {
  std::size_t file;
  std::uint64_t line;
};

}  // namespace

TEST_CASE("staged rows: each row's place is found again, whatever the steps between them") {
  const std::uint64_t seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  const seed::ColumnSet one, other;
  for (int round = 0; round < 200; ++round) {
    StagedRows rows;
    std::map<std::uint64_t, Added> all;
    std::uint64_t number = random.below(3), line = 1, sum = 0, lines_of_a_row = 1;
    std::size_t file = 0;
    const std::size_t irregular = 1 + random.below(40);
    for (std::size_t count = random.below(2000); count > 0; --count) {
      if (random.one_in(700)) {
        ++file;
        line = random.below(5);
      }
      if (random.one_in(irregular)) lines_of_a_row = random.below(random.one_in(9) ? 100000 : 4);
      line += lines_of_a_row;
      number += random.one_in(50) ? 1 + random.below(300) : 1;
      rows.add(number, random.one_in(30) ? other : one, file, line);
      all[number] = {file, line};
      sum += number;
    }
    CHECK(rows.count() == all.size());
    CHECK(rows.sum() == sum);
    for (std::uint64_t asked = 0; asked < number + 3; ++asked) {
      const auto place = rows.place_of(asked);
      const auto known = all.find(asked);
      CAPTURE(asked);
      REQUIRE(place.has_value() == (known != all.end()));
      if (!place) continue;
      REQUIRE(place->file == known->second.file);
      REQUIRE(place->line == known->second.line);
    }
    rows.clear();
    CHECK(rows.count() == 0);
    CHECK_FALSE(rows.place_of(1));
  }
}
