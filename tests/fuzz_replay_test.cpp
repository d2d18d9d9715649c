// The fuzz targets over their corpora, so that an ordinary test run sees what fuzzing has found.
#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/fuzz_targets.hpp"

namespace {

// Runs a target over its corpus, and over every beginning of each file; the number of files.
std::size_t replay(const std::string& name, int (*target)(const std::uint8_t*, std::size_t)) {
  std::size_t files = 0;
  const std::filesystem::path folder =
      std::filesystem::path(PGSEED_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / name;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    INFO(entry.path().string());
    const auto* const data = reinterpret_cast<const std::uint8_t*>(text.data());
    for (std::size_t size = text.size() > 300 ? text.size() : 0; size <= text.size(); ++size) {
      CHECK(target(data, size) == 0);
    }
    ++files;
  }
  return files;
}

}  // namespace

TEST_CASE("fuzz replay: the reader keeps its promises over its corpus") {
  CHECK(replay("fuzz_rows", fuzz_rows) >= 20);
}

TEST_CASE("fuzz replay: statements keep their promises over their corpus") {
  CHECK(replay("fuzz_statements", fuzz_statements) >= 15);
}

TEST_CASE("fuzz replay: dialects keep their promises over their corpus") {
  CHECK(replay("fuzz_dialect", fuzz_dialect) >= 10);
}

TEST_CASE("fuzz replay: .env files keep their promises over their corpus") {
  CHECK(replay("fuzz_env", fuzz_env) >= 7);
}

TEST_CASE("fuzz replay: mapping files keep their promises over their corpus") {
  CHECK(replay("fuzz_mapping", fuzz_mapping) >= 7);
}
