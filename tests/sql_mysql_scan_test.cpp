#include "pgseed/sql/mysql_scan.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "support/random.hpp"

using namespace pgseed::sql;

namespace {

const char* plainly(const char* begin, const char* end, char quote, bool& has_backslashes) {
  for (; begin < end && *begin != quote; ++begin) {
    if (*begin != '\\') continue;
    has_backslashes = true;
    if (++begin == end) break;
  }
  return begin;
}

}  // namespace

TEST_CASE("sql mysql scan: finds the end of a string as byte by byte, at every alignment") {
  std::mt19937_64 random(pgseed::test::test_seed());
  for (int round = 0; round < 20000; ++round) {
    // Some texts are mostly backslashes, some have none.
    const unsigned density = static_cast<unsigned>(random() % 5);
    std::string text(random() % 300, 'x');
    for (char& byte : text) {
      const auto dice = random() % 64;
      if (dice < density * density * 3) {
        byte = '\\';
      } else if (dice == 63 && random() % 4 == 0) {
        byte = '\'';
      }
    }
    const std::size_t from = text.empty() ? 0 : random() % (text.size() + 1);
    const char* const end = text.data() + text.size();
    bool found_escapes = false;
    bool wanted_escapes = false;
    const char* const found = find_unescaped(text.data() + from, end, '\'', found_escapes);
    const char* const wanted = plainly(text.data() + from, end, '\'', wanted_escapes);
    CAPTURE(text);
    REQUIRE(found - text.data() == wanted - text.data());
    REQUIRE(found_escapes == wanted_escapes);
  }
}
