// The fuzz targets over their corpora and over mutations of them, so that an ordinary test run sees
// what fuzzing has found, and fuzzes a little itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "support/random.hpp"

using namespace pgseed::test;

namespace {

using Target = int (*)(const std::uint8_t*, std::size_t);

// In the order of their names, so that a seed means the same everywhere.
std::vector<std::string> corpus_of(const std::string& name) {
  const std::filesystem::path folder =
      std::filesystem::path(PGSEED_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / name;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

// True if the target kept its promises. A crash leaves no chance to say so: the caller does before.
bool keeps(Target target, const std::string& bytes) {
  try {
    return target(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) == 0;
  } catch (const BrokenPromise& broken) {
    MESSAGE(std::string(broken.what()));
    return false;
  }
}

// Over its corpus and every beginning of each file.
std::size_t replay(const std::string& name, Target target) {
  const std::vector<std::string> corpus = corpus_of(name);
  for (const std::string& bytes : corpus) {
    CAPTURE(bytes);
    for (std::size_t size = bytes.size() > 300 ? bytes.size() : 0; size <= bytes.size(); ++size) {
      const bool kept = keeps(target, bytes.substr(0, size));
      if (kept) continue;
      CAPTURE(size);
      CHECK(kept);
      break;
    }
  }
  return corpus.size();
}

std::string mutated(const std::vector<std::string>& corpus, Random& random) {
  std::string bytes = random.pick(corpus);
  for (std::size_t change = 1 + random.below(6); change > 0; --change) {
    const std::size_t at = random.below(bytes.size() + 1);
    const std::string& other = corpus[random.below(corpus.size())];
    const std::size_t from = random.below(other.size() + 1);
    switch (random.below(5)) {
      case 0:
        bytes.erase(at, 1 + random.below(8));
        break;
      case 1:
        bytes.insert(at, other, from, 1 + random.below(24));
        break;
      case 2:
        bytes.insert(at, 1, static_cast<char>(random.below(256)));
        break;
      case 3:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.below(8));
        break;
      default:
        bytes.replace(at, std::string::npos, other, from, std::string::npos);
    }
  }
  return bytes;
}

void mutate(const std::string& name, Target target, std::size_t times) {
  const std::vector<std::string> corpus = corpus_of(name);
  const std::uint64_t seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  for (std::size_t time = 0; time < times; ++time) {
    const std::string bytes = mutated(corpus, random);
    const bool kept = keeps(target, bytes);
    if (kept) continue;
    CAPTURE(time);
    CAPTURE(bytes);
    CHECK(kept);
    break;
  }
}

}  // namespace

TEST_CASE("fuzz replay: the readers keep their promises over their corpora") {
  CHECK(replay("fuzz_rows", fuzz_rows) >= 20);
  CHECK(replay("fuzz_mysql", fuzz_mysql) >= 15);
  CHECK(replay("fuzz_sqlite", fuzz_sqlite) >= 10);
  CHECK(replay("fuzz_copy", fuzz_copy) >= 15);
  CHECK(replay("fuzz_csv", fuzz_csv) >= 10);
  CHECK(replay("fuzz_json", fuzz_json) >= 15);
}

TEST_CASE("fuzz replay: statements keep their promises over their corpus") {
  CHECK(replay("fuzz_statements", fuzz_statements) >= 15);
}

TEST_CASE("fuzz replay: translated DDL keeps its promises over its corpus") {
  CHECK(replay("fuzz_ddl", fuzz_ddl) >= 15);
}

TEST_CASE("fuzz replay: dialects keep their promises over their corpus") {
  CHECK(replay("fuzz_dialect", fuzz_dialect) >= 10);
}

TEST_CASE("fuzz replay: packed files keep their promises over their corpus") {
  CHECK(replay("fuzz_archive", fuzz_archive) >= 20);
}

TEST_CASE("fuzz replay: bodies keep their promises over their corpus") {
  CHECK(replay("fuzz_encode", fuzz_encode) >= 10);
}

TEST_CASE("fuzz replay: .env files keep their promises over their corpus") {
  CHECK(replay("fuzz_env", fuzz_env) >= 7);
}

TEST_CASE("fuzz replay: mapping files keep their promises over their corpus") {
  CHECK(replay("fuzz_mapping", fuzz_mapping) >= 7);
}

TEST_CASE("fuzz replay: ledgers and headers keep their promises over their corpora") {
  CHECK(replay("fuzz_ledger", fuzz_ledger) >= 5);
  CHECK(replay("fuzz_headers", fuzz_headers) >= 8);
}

// PGSEED_TEST_SEED repeats a run.
TEST_CASE("fuzz replay: mutations of the corpora keep the promises") {
  mutate("fuzz_rows", fuzz_rows, 1000);
  mutate("fuzz_mysql", fuzz_mysql, 1000);
  mutate("fuzz_sqlite", fuzz_sqlite, 1000);
  mutate("fuzz_copy", fuzz_copy, 1000);
  mutate("fuzz_csv", fuzz_csv, 1000);
  mutate("fuzz_json", fuzz_json, 1000);
  mutate("fuzz_statements", fuzz_statements, 500);
  mutate("fuzz_dialect", fuzz_dialect, 500);
  mutate("fuzz_ddl", fuzz_ddl, 500);
  mutate("fuzz_archive", fuzz_archive, 300);
  mutate("fuzz_encode", fuzz_encode, 1000);
  mutate("fuzz_env", fuzz_env, 500);
  mutate("fuzz_mapping", fuzz_mapping, 1000);
  mutate("fuzz_ledger", fuzz_ledger, 1000);
  mutate("fuzz_headers", fuzz_headers, 1000);
}
