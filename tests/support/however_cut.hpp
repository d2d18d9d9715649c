#pragma once
// A dump must read the same however its text is cut into blocks.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/text_input.hpp"

namespace pgseed::test {

struct Dump {
  std::string text;
  std::vector<std::string> pieces;  // as transcript() tells them
};

// The same pieces and errors for the whole text, for blocks of 1, 7 and 64 bytes, and for two
// blocks that meet at any byte.
inline void check_however_cut(const Dump& expected, const sql::ReaderOptions& options = {}) {
  const std::string wanted = joined(expected.pieces);
  CAPTURE(expected.text);
  CHECK(joined(transcript(expected.text, options)) == wanted);
  for (const std::size_t block : {1U, 7U, 64U}) {
    CAPTURE(block);
    TextInput input(expected.text, block);
    CHECK(joined(transcript(input, options)) == wanted);
  }
  for (std::size_t cut = 1; cut < expected.text.size(); ++cut) {
    TextInput input(expected.text, std::vector<std::size_t>{cut});
    const std::string found = joined(transcript(input, options));
    if (found == wanted) continue;
    CAPTURE(cut);
    CHECK(found == wanted);
    break;
  }
}

}  // namespace pgseed::test
