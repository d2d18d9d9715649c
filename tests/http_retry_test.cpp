#include "pgseed/http/retry.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace pgseed;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kLowest = 0;
constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();

// Sun, 06 Nov 1994 08:49:37 GMT
const std::chrono::system_clock::time_point kNow{seconds(784'111'777)};

}  // namespace

TEST_CASE("retry: Retry-After is read as seconds or as an HTTP date") {
  struct {
    const char* header;
    std::optional<milliseconds> wait;
  } cases[] = {
      {"0", milliseconds(0)},
      {"1", seconds(1)},
      {" 120 ", seconds(120)},
      {"Sun, 06 Nov 1994 08:49:47 GMT", seconds(10)},
      {"Sun, 06 Nov 1994 08:49:37 GMT", milliseconds(0)},
      {"Sun, 06 Nov 1994 08:00:00 GMT", milliseconds(0)},
  };
  for (const auto& c : cases) {
    CAPTURE(c.header);
    CHECK(parse_retry_after(c.header, kNow) == c.wait);
  }
}

TEST_CASE("retry: a garbage Retry-After is ignored") {
  for (const auto* header :
       {"", " ", "soon", "-5", "1.5", "1e3", "5 s", "0x10", "1,2", "Sun, 06 Nov 1994",
        "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49:37 GMT and more"}) {
    CAPTURE(header);
    CHECK_FALSE(parse_retry_after(header, kNow).has_value());
  }
}

TEST_CASE("retry: an endless Retry-After neither overflows nor counts beyond the cap") {
  const RetryPolicy policy;
  for (const auto* header :
       {"1000000000", "99999999999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
    CAPTURE(header);
    const auto wait = parse_retry_after(header, kNow);
    REQUIRE(wait.has_value());
    CHECK(*wait >= seconds(1'000'000'000));
    CHECK(retry_delay(policy, 1, wait, std::nullopt, kLowest) == policy.longest_retry_after);
  }
}

TEST_CASE("retry: the delay doubles up to its cap, with jitter in the upper half") {
  const RetryPolicy policy;
  const long expected[] = {250, 500, 1000, 2000, 4000, 8000, 8000, 8000};
  for (int attempt = 1; attempt <= 8; ++attempt) {
    CAPTURE(attempt);
    const auto shortest = retry_delay(policy, attempt, std::nullopt, std::nullopt, kLowest);
    const auto longest = retry_delay(policy, attempt, std::nullopt, std::nullopt, kHighest);
    REQUIRE((shortest && longest));
    CHECK(shortest->count() == expected[attempt - 1] / 2);
    CHECK(longest->count() == expected[attempt - 1] - 1);
  }
}

TEST_CASE("retry: retries are used up one day") {
  RetryPolicy policy;
  CHECK_FALSE(retry_delay(policy, 9, std::nullopt, std::nullopt, kLowest).has_value());
  policy.max_retries = 0;
  CHECK_FALSE(retry_delay(policy, 1, std::nullopt, std::nullopt, kLowest).has_value());
  policy.max_retries = std::numeric_limits<int>::max();
  CHECK(retry_delay(policy, 1'000'000, std::nullopt, std::nullopt, kLowest) == milliseconds(4000));
}

TEST_CASE("retry: a Retry-After lengthens the wait and never shortens it") {
  const RetryPolicy policy;
  CHECK(retry_delay(policy, 1, milliseconds(0), std::nullopt, kLowest) == milliseconds(125));
  CHECK(retry_delay(policy, 1, seconds(5), std::nullopt, kLowest) == seconds(5));
  CHECK(retry_delay(policy, 1, seconds(90), std::nullopt, kLowest) == seconds(60));
}

TEST_CASE("retry: a wait that would use up the time left is not begun") {
  const RetryPolicy policy;
  CHECK(retry_delay(policy, 1, std::nullopt, milliseconds(126), kLowest) == milliseconds(125));
  CHECK_FALSE(retry_delay(policy, 1, std::nullopt, milliseconds(125), kLowest).has_value());
  CHECK_FALSE(retry_delay(policy, 1, std::nullopt, milliseconds(0), kLowest).has_value());
  CHECK_FALSE(retry_delay(policy, 1, seconds(30), seconds(20), kLowest).has_value());
}
