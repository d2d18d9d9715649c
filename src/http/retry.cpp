#include "pgseed/http/retry.hpp"

#include <algorithm>
#include <ctime>
#include <string>

#include "pgseed/base/text.hpp"

namespace pgseed {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Far beyond any cap, and far from overflowing when turned into milliseconds.
constexpr std::int64_t kManySeconds = 1'000'000'000'000;

// "Sun, 06 Nov 1994 08:49:37 GMT" -> seconds since 1970.
std::optional<std::int64_t> parse_http_date(const std::string& date) {
  std::tm parts = {};
  const char* end = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<std::int64_t>(timegm(&parts));
}

}  // namespace

std::optional<milliseconds> parse_retry_after(std::string_view header,
                                              std::chrono::system_clock::time_point now) {
  const auto value = trim(header);
  if (value.empty()) return std::nullopt;
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t wait = 0;
    for (const char digit : value) wait = std::min(wait * 10 + (digit - '0'), kManySeconds);
    return seconds(wait);
  }
  const auto date = parse_http_date(std::string(value));
  if (!date) return std::nullopt;
  // In whole seconds: a far date does not fit a time_point of nanoseconds.
  const auto today = std::chrono::floor<seconds>(now.time_since_epoch()).count();
  return seconds(std::clamp<std::int64_t>(*date - today, 0, kManySeconds));
}

std::optional<milliseconds> retry_delay(const RetryPolicy& policy, int attempt,
                                        std::optional<milliseconds> retry_after,
                                        std::optional<milliseconds> time_left,
                                        std::uint64_t random) {
  if (attempt > policy.max_retries) return std::nullopt;
  milliseconds delay = policy.first_delay;
  for (int doubled = 1; doubled < attempt && delay < policy.longest_delay; ++doubled) delay *= 2;
  delay = std::min(delay, policy.longest_delay);
  // A 32-bit fraction of the upper half; delays are far below 2^32 ms.
  const auto half = static_cast<std::uint64_t>(delay.count()) / 2;
  auto wait = milliseconds(static_cast<std::int64_t>(half + ((half * (random >> 32)) >> 32)));
  if (retry_after) wait = std::max(wait, std::min(*retry_after, policy.longest_retry_after));
  if (time_left && wait >= *time_left) return std::nullopt;
  return wait;
}

}  // namespace pgseed
