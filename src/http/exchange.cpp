#include <limits>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/http/client.hpp"

namespace pgseed {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint64_t kOnlyId = std::numeric_limits<std::uint64_t>::max();
// The transport's own timeout comes first; this is for one that has none.
constexpr milliseconds kGrace{1'000};

HttpResult gave_up(Transport& transport, std::string why) {
  transport.abort_all();
  HttpResult result;
  result.delivery = Delivery::unknown;
  result.transport_error = std::move(why);
  return result;
}

int signals_so_far() {
  if (interrupt::stop_now()) return 2;
  return interrupt::signal_number() != 0 ? 1 : 0;
}

}  // namespace

HttpResult exchange(Transport& transport, const HttpRequest& request) {
  const bool limited = request.timeout > milliseconds(0);
  const auto deadline = Clock::now() + request.timeout + kGrace;
  const int signals_before = signals_so_far();
  transport.start(kOnlyId, request);
  for (;;) {
    for (auto& completion :
         transport.wait(limited ? request.timeout + kGrace : milliseconds(60'000))) {
      if (completion.id == kOnlyId) return std::move(completion.result);
    }
    if (signals_so_far() > signals_before) return gave_up(transport, "Interrupted");
    if (limited && Clock::now() >= deadline) {
      return gave_up(transport, "No answer within the time limit");
    }
  }
}

}  // namespace pgseed
