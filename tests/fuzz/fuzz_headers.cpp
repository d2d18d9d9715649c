#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/rest/outcome.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

// Two bytes for the status, one for how it was delivered; then lines: Retry-After, Content-Range,
// Content-Type, Location, and the body.
int fuzz_headers(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  HttpResult result;
  result.status = static_cast<int>(100 + (choices.byte() * 256 + choices.byte()) % 500);
  const std::size_t how = choices.byte() % 5;
  result.delivery = how == 0   ? Delivery::not_sent
                    : how == 1 ? Delivery::unknown
                               : Delivery::answered;
  std::string_view rest = choices.rest();
  for (std::string* const header :
       {&result.retry_after, &result.content_range, &result.content_type, &result.location}) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    *header = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  result.body = rest;
  const auto now = std::chrono::system_clock::time_point(std::chrono::hours(24 * 365 * 56));
  const auto after = parse_retry_after(result.retry_after, now);
  promise(!after || *after >= 0ms, "nobody waits for the past");
  const auto delay = retry_delay({}, 1, after, {}, ~0ULL);
  promise(delay && *delay >= 0ms && *delay <= 60s, "a wait has a cap");
  const auto total = rest::total_of(result.content_range);
  promise(!total || *total >= 0, "a count is no debt");
  const rest::Outcome outcome = rest::classify(result, now);
  promise(outcome.verdict == rest::Verdict::accepted || !outcome.message.empty(),
          "what is not accepted has a reason");
  promise(outcome.message.size() <= 4200, "a reason is short");
  promise(outcome.verdict != rest::Verdict::accepted || result.delivery == Delivery::answered,
          "only an answer accepts");
  promise(outcome.verdict != rest::Verdict::retry || result.delivery != Delivery::unknown,
          "what may have arrived is not sent again as if it had not");
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_headers(data, size);
}
#endif
