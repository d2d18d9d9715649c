#include "pgseed/base/interrupt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::interrupt {
namespace {

volatile std::sig_atomic_t first_signal = 0;
volatile std::sig_atomic_t signal_count = 0;
int wake_pipe[2] = {-1, -1};
std::optional<std::chrono::steady_clock::time_point> end_of_time;

extern "C" void on_signal(int number) {
  const int saved_errno = errno;
  if (first_signal == 0) first_signal = number;
  if (number == SIGALRM) {
    signal_count = 2;
  } else if (signal_count < 2) {
    signal_count = signal_count + 1;
  }
  if (wake_pipe[1] >= 0) {
    // Never drained: once readable, the pipe stays so, which is what a stop request means.
    [[maybe_unused]] const auto written = write(wake_pipe[1], "x", 1);
  }
  errno = saved_errno;
}

}  // namespace

void install() {
  if (wake_pipe[0] < 0 && pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    wake_pipe[0] = wake_pipe[1] = -1;
  }
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A file that reached its limit shall fail to be written, as on a full disk.
  action.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &action, nullptr);
}

void pause(std::chrono::milliseconds duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  for (;;) {
    if (first_signal != 0) throw Interrupted{};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    pollfd wait = {wake_pipe[0], POLLIN, 0};
    poll(&wait, wake_pipe[0] < 0 ? 0 : 1, static_cast<int>(left.count()) + 1);
  }
}

void stop_after(std::optional<std::chrono::milliseconds> duration) {
  itimerval timer = {};
  if (!duration) {
    setitimer(ITIMER_REAL, &timer, nullptr);
    return end_of_time.reset();
  }
  const auto length = std::max(*duration, std::chrono::milliseconds(1));
  end_of_time = std::chrono::steady_clock::now() + length;
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, nullptr);
  timer.it_value.tv_sec = static_cast<time_t>(length.count() / 1000);
  timer.it_value.tv_usec = static_cast<suseconds_t>(length.count() % 1000 * 1000);
  setitimer(ITIMER_REAL, &timer, nullptr);
}

bool time_is_up() {
  return first_signal == SIGALRM;
}

Error signal_error(int signal, std::string hint) {
  return Error(ErrorKind::interrupted,
               text("interrupted by ", signal == SIGTERM ? "SIGTERM" : "SIGINT"), "",
               std::move(hint));
}

Error time_is_up_error(std::string_view doing) {
  return Error(ErrorKind::unreachable, text("the deadline passed while ", doing), "",
               "give it more time with --deadline");
}

std::optional<std::chrono::milliseconds> time_left() {
  if (!end_of_time) return {};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      *end_of_time - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(1));
}

int signal_number() {
  return first_signal;
}
bool stop_now() {
  return signal_count >= 2;
}
int wake_descriptor() {
  return wake_pipe[0];
}

}  // namespace pgseed::interrupt
