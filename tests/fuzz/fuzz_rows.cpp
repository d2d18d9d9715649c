#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz/fuzz_targets.hpp"
#include "pgseed/base/utf8.hpp"
#include "support/text_input.hpp"

using pgseed::test::TextInput;
using pgseed::test::transcript;

namespace {

bool ends_too_long(const std::vector<std::string>& pieces) {
  return !pieces.empty() &&
         pieces.back().find(" a row or statement is longer than ") != std::string::npos;
}

}  // namespace

int fuzz_rows(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  // The first byte chooses the block, the second the limits.
  const std::size_t block = data[0] % 67 + 1U;
  pgseed::sql::ReaderOptions options;
  if (data[1] % 4 == 0) {
    options.max_row_bytes = 64;
  } else if (data[1] % 3 == 0) {
    options.kept_statement = 32;
  }
  const std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);
  TextInput whole(text);
  TextInput cut(text, block);
  std::vector<std::string> pieces = transcript(whole, options);
  std::vector<std::string> again = transcript(cut, options);
  // A piece or comment over the limit may be found torn, broken or too long: then what came before
  // it is the same.
  if (ends_too_long(pieces) || ends_too_long(again)) {
    const std::size_t shorter = std::min(pieces.size(), again.size());
    const std::size_t before = shorter == 0 ? 0 : shorter - 1;
    pieces.resize(before);
    again.resize(before);
  }
  if (pieces != again) std::abort();
  // What leaves the reader is text without broken characters.
  for (const std::string& piece : pieces) {
    if (!pgseed::is_utf8(piece) && piece.rfind("error", 0) != 0) std::abort();
  }
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_rows(data, size);
}
#endif
