// First byte: the cut. Second: limits. Then text.
#include <string>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"

using namespace pgseed::test;

int fuzz_rows(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const std::size_t cut = choices.byte();
  const std::size_t limits = choices.byte();
  pgseed::sql::ReaderOptions options;
  if (limits % 4 == 0) {
    options.max_row_bytes = 64;
  } else if (limits % 3 == 0) {
    options.kept_statement = 32;
  }
  // What leaves the reader is text without broken characters.
  for (const std::string& piece : promise_however_cut(std::string(choices.rest()), cut, options)) {
    promise(pgseed::is_utf8(piece) || piece.starts_with("error"), "a piece is text");
  }
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_rows(data, size);
}
#endif
