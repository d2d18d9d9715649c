#include <cstdlib>
#include <string>
#include <string_view>

#include "fuzz/fuzz_targets.hpp"
#include "pgseed/sql/dialect.hpp"

int fuzz_dialect(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto foreign = pgseed::sql::recognize_foreign(text);
  if (foreign && foreign->what.empty()) std::abort();
  if (std::string_view(pgseed::sql::name(pgseed::sql::detect_dialect(text))).empty()) std::abort();
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_dialect(data, size);
}
#endif
