#include "pgseed/pg/cancel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "pgseed/base/interrupt.hpp"

namespace pgseed::pg {
namespace {

// A request that arrives between two statements is lost, so it is repeated.
constexpr int kRepeatMilliseconds = 200;

}  // namespace

CancelOnInterrupt::CancelOnInterrupt(Session& session) {
  const int wake = interrupt::wake_descriptor();
  if (wake < 0 || pipe2(end_, O_CLOEXEC) != 0) return;
  thread_ = std::thread([&session, wake, end = end_[0]] {
    pollfd waits[2] = {{end, POLLIN, 0}, {wake, POLLIN, 0}};
    for (;;) {
      if (poll(waits, 2, -1) < 0) continue;
      if (waits[0].revents != 0) return;
      // Also before breaking off: a server process whose client is gone works on to the end of its
      // statement.
      session.cancel();
      if (interrupt::stop_now()) {
        session.break_off();
        return;
      }
      if (poll(waits, 1, kRepeatMilliseconds) > 0) return;
    }
  });
}

CancelOnInterrupt::~CancelOnInterrupt() {
  if (end_[1] >= 0) close(end_[1]);
  if (thread_.joinable()) thread_.join();
  if (end_[0] >= 0) close(end_[0]);
}

}  // namespace pgseed::pg
