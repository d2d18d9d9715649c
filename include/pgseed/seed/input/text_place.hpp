#pragma once
// Where in a text that passes by in blocks something stands.
#include <cstdint>
#include <string_view>

#include "pgseed/base/scan.hpp"
#include "pgseed/base/utf8.hpp"

namespace pgseed::seed {

struct TextPlace {
  std::uint64_t line = 1;
  std::uint64_t column = 1;  // in characters

  void pass(std::string_view text) {
    const std::uint64_t newlines = count_newlines(text.data(), text.data() + text.size());
    if (newlines > 0) {
      line += newlines;
      column = 1;
      text.remove_prefix(text.rfind('\n') + 1);
    }
    column += count_characters(text);
  }
};

}  // namespace pgseed::seed
