#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fuzz/fuzz_targets.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/cli/env_file.hpp"

int fuzz_env(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    int line = 0;
    for (const pgseed::cli::EnvEntry& entry : pgseed::cli::parse_env_file(text, "fuzz.env")) {
      // Entries come in the order of their lines, and each has a name.
      if (entry.key.empty() || entry.line < line) std::abort();
      line = entry.line;
    }
  } catch (const pgseed::Error& error) {
    if (error.kind != pgseed::ErrorKind::usage || error.where.empty()) std::abort();
  }
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_env(data, size);
}
#endif
