#include "pgseed/base/scan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

using namespace pgseed;

namespace {

// Every alignment and length around the widths that the fast loops step in: how often `holds` is
// false.
template <class Holds>
std::size_t failures(const std::string& bytes, Holds holds) {
  std::size_t failed = 0;
  for (std::size_t begin = 0; begin < 17; ++begin) {
    for (std::size_t size = 0; begin + size <= bytes.size(); size += size < 70 ? 1 : 37) {
      if (!holds(bytes.data() + begin, bytes.data() + begin + size)) ++failed;
    }
  }
  return failed;
}

std::string sample(std::size_t size, const std::string& alphabet) {
  std::string bytes;
  unsigned state = 12345;
  while (bytes.size() < size) {
    state = state * 1103515245 + 12345;
    bytes += alphabet[(state >> 16) % alphabet.size()];
  }
  return bytes;
}

}  // namespace

TEST_CASE("scan: newlines are counted as a plain loop counts them") {
  for (const std::string alphabet : {"\n", "ab\n", "\n\r\x8A\x0B", "abcdefghijklmnop\n"}) {
    CHECK(failures(sample(300, alphabet), [](const char* begin, const char* end) {
            return count_newlines(begin, end) ==
                   static_cast<std::uint64_t>(std::count(begin, end, '\n'));
          }) == 0);
  }
}

TEST_CASE("scan: the byte counters do not overflow on a long run of newlines") {
  for (const std::size_t size : {16U * 255, 16U * 256, 16U * 255 + 15, 16U * 1000 + 7}) {
    const std::string bytes(size, '\n');
    CHECK(count_newlines(bytes.data(), bytes.data() + size) == size);
  }
}

TEST_CASE("scan: a byte is found where a plain search finds it, whatever its sign") {
  for (const char wanted : {'\'', '\0', '\xFF', '\x80', 'a'}) {
    for (std::size_t at = 0; at < 90; ++at) {
      std::string bytes(90, wanted == 'a' ? 'b' : 'a');
      bytes[at] = wanted;
      CHECK(failures(bytes, [&](const char* begin, const char* end) {
              return find_byte(begin, end, wanted) == std::find(begin, end, wanted);
            }) == 0);
    }
  }
}

TEST_CASE("scan: the first of two bytes is found, also when both are the same") {
  const std::string bytes = sample(200, "aaaaaaaaaaaaaaaaaaaaab'\\\x80");
  for (const auto& [one, two] : {std::pair('\'', '\\'), std::pair('\x80', 'b'),
                                 std::pair('\\', '\\'), std::pair('z', '!')}) {
    CHECK(failures(bytes, [first = one, second = two](const char* begin, const char* end) {
            const char* const expected = std::find_if(
                begin, end, [&](char byte) { return byte == first || byte == second; });
            return find_either(begin, end, first, second) == expected;
          }) == 0);
  }
}

TEST_CASE("scan: nothing is read behind the end") {
  // The wanted byte stands right behind; the sanitizers watch the rest.
  const std::string bytes = std::string(40, 'a') + "'";
  for (std::size_t begin = 0; begin <= 40; ++begin) {
    const char* const end = bytes.data() + 40;
    CHECK(find_byte(bytes.data() + begin, end, '\'') == end);
    CHECK(find_either(bytes.data() + begin, end, '\'', '"') == end);
    CHECK(count_newlines(bytes.data() + begin, end) == 0);
  }
}
