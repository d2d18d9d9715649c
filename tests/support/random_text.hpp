#pragma once
// The parts that random dumps of every dialect are made of: strings and names that a reader may
// stumble over.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/random.hpp"

namespace pgseed::test {

std::string hex(std::string_view bytes);                         // lower case
std::string doubled(std::string_view text, char quote);          // each quote twice
std::string in_quotes(std::string_view text, char quote = '"');  // ... and one around it
std::vector<std::uint32_t> code_points(std::string_view text);   // of valid UTF-8

// Valid UTF-8 of quotes, backslashes, line ends, comment marks, statements, emoji; now and then
// long.
std::string random_string(Random& random);
// Any bytes, NUL among them, in and between the same pieces.
std::string random_bytes(Random& random);

struct NameRules {
  std::size_t longest = 63;  // bytes
  bool any_plane = true;     // characters above U+FFFF
  bool control = true;       // line ends and tabs
};
// stem, and behind it what makes names hostile: quotes, blanks, dots, other alphabets. One in five
// is as long as may be; the last byte is no blank.
std::string random_name(Random& random, const std::string& stem, const NameRules& rules);

// -123 ... 456, of up to `digits` digits.
std::string random_digits(Random& random, std::size_t digits);

}  // namespace pgseed::test
