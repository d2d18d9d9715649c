#pragma once
// When to try again: pure decisions, tested as a table.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pgseed {

struct RetryPolicy {
  int max_retries = 8;                         // tries after the first
  std::chrono::milliseconds first_delay{250};  // doubled each time
  std::chrono::milliseconds longest_delay{8'000};
  std::chrono::milliseconds longest_retry_after{60'000};
};

// Retry-After: seconds or an HTTP date, relative to now; nullopt when absent or garbage.
// A negative wait becomes zero; the value is capped only by retry_delay().
std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view header, std::chrono::system_clock::time_point now);

// The wait before retry number `attempt` (1 = first retry), or nullopt to give up: retries used up,
// or the wait would pass the time left. Doubling delay with jitter in [0.5, 1.0) of it, taken from
// `random` (any 64 random bits); a Retry-After longer than that wait wins, up to its cap. PostgREST
// sends Retry-After: 0 while its database is down, so the value alone never makes the wait shorter.
std::optional<std::chrono::milliseconds> retry_delay(
    const RetryPolicy& policy, int attempt, std::optional<std::chrono::milliseconds> retry_after,
    std::optional<std::chrono::milliseconds> time_left, std::uint64_t random);

}  // namespace pgseed
