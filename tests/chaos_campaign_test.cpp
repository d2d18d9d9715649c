// The campaign: random dumps into random tables in every mode and by every way, with the network
// failing, the servers killed and pgseed killed, again and again until a run says that it is done.
// Then every table holds what it should, row by row.
//
// PGSEED_CHAOS_SECONDS: how long (`make chaos`); without it, until some hundred faults.
// PGSEED_CHAOS_PLAYERS: so many rounds at a time. A failure prints the seed of its round:
// PGSEED_TEST_SEED=that PGSEED_CHAOS_ROUNDS=1 repeats it, as far as clocks allow.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/chaos_player.hpp"
#include "support/random.hpp"

using namespace pgseed::test;

namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const set = std::getenv(variable);
  return set == nullptr ? otherwise : std::strtoull(set, nullptr, 10);
}

}  // namespace

TEST_CASE("chaos: whatever fails, the run that says it is done has every row in its table, once") {
  const std::uint64_t seconds = number_from("PGSEED_CHAOS_SECONDS", 0);
  const std::uint64_t seed = test_seed();
  const std::uint64_t rounds = number_from("PGSEED_CHAOS_ROUNDS", 0);
  const std::uint64_t players =
      rounds == 1 ? 1 : std::max<std::uint64_t>(1, number_from("PGSEED_CHAOS_PLAYERS", 4));
  constexpr std::uint64_t kFaultsOfAnOrdinaryRun = 500;
  constexpr std::size_t kMostFailures = 10;
  MESSAGE("PGSEED_TEST_SEED=" << seed);

  ChaosServers servers(players * ChaosPlayer::kSchemas);
  ChaosSums sums;
  std::atomic<std::uint64_t> next = 0, playing = players;
  std::mutex mutex;
  std::vector<std::string> failures;
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::steady_clock::now() - begin; };
  const auto goes_on = [&](std::uint64_t number) {
    const std::lock_guard lock(mutex);
    if (failures.size() >= kMostFailures) return false;
    if (rounds > 0) return number < rounds;
    if (seconds == 0) return sums.faults() < kFaultsOfAnOrdinaryRun;
    return passed() < std::chrono::seconds(seconds);
  };
  const auto play = [&](std::size_t number) {
    try {
      ChaosPlayer player(servers, number, sums);
      for (std::uint64_t round = next++; goes_on(round); round = next++) {
        const std::string wrong = player.play(seed + round);
        if (wrong.empty()) continue;
        const std::lock_guard lock(mutex);
        failures.push_back(wrong);
        MESSAGE("round failed: " << wrong);
      }
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex);
      failures.emplace_back(error.what());
      MESSAGE("player failed: " << failures.back());
    }
    --playing;
  };
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < players; ++number) threads.emplace_back(play, number);
  servers.serve([&] { return playing == 0; });
  for (std::thread& thread : threads) thread.join();

  const double minutes = std::chrono::duration<double>(passed()).count() / 60;
  MESSAGE(sums.text() << " in " << minutes << " minutes");
  CHECK(failures.empty());
  if (rounds == 0 && seconds == 0) CHECK(sums.faults() >= kFaultsOfAnOrdinaryRun);
}
