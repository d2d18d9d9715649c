#pragma once
// Random choices for round trips, repeatable by a seed that a failing test prints.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace pgseed::test {

// PGSEED_TEST_SEED where it is set, else a new one for every run.
inline std::uint64_t test_seed() {
  if (const char* const set = std::getenv("PGSEED_TEST_SEED"))
    return std::strtoull(set, nullptr, 0);
  static const std::uint64_t seed = std::random_device{}();
  return seed;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  // 0 .. count-1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <class Choices>
  auto pick(const Choices& choices) {
    return *(std::begin(choices) + static_cast<std::ptrdiff_t>(below(std::size(choices))));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace pgseed::test
