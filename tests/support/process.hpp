#pragma once
// Other programs: run to their end or started in the background, their output captured. A child
// dies with the test program, however that ends.
#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgseed::test {

enum class Output {
  capture,   // read it from the result
  closed,    // a pipe whose reader is gone: writing fails with EPIPE
  terminal,  // a pseudo terminal of 80 columns, captured
};

struct Command {
  std::vector<std::string> argv = {};  // argv[0] is looked up in PATH
  std::map<std::string, std::optional<std::string>> environment = {};  // nullopt: unset
  bool clean_environment = false;  // start from PATH, HOME and LANG only
  std::string stdin_text = {};     // through a pipe; nothing: an empty stdin
  std::string stdin_file = {};     // instead of stdin_text
  std::string directory = {};      // working directory
  Output out = Output::capture;
  Output err = Output::capture;
  std::string user = {};                      // when run by root: the user to become
  int death_signal = 9;                       // what the child gets when the test program dies
  std::chrono::milliseconds timeout{60'000};  // for run(); then it is killed
};

struct Result {
  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;
  bool timed_out = false;
  std::string out, err;
};

Result run(const Command& command);

class Process {
 public:
  // Throws std::runtime_error when the program cannot be started. Call it from the main thread
  // only: the kernel sends the death signal when the calling thread ends.
  explicit Process(const Command& command);
  ~Process();  // kill -9 if it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const;
  bool running();
  void send(int signal);
  // Waits for the end; nullopt after the timeout. Also feeds what is left of stdin_text.
  std::optional<Result> wait(std::chrono::milliseconds timeout);
  // Captured so far.
  std::string out() const;
  std::string err() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Waits until `condition` holds, asking every few milliseconds; false after the timeout.
template <class Condition>
bool wait_until(const Condition& condition, std::chrono::milliseconds timeout);

}  // namespace pgseed::test

#include <thread>

template <class Condition>
bool pgseed::test::wait_until(const Condition& condition, std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}
