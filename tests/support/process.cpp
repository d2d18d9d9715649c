#include "support/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <utility>

extern char** environ;

namespace pgseed::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;
};

Pipe make_pipe() {
  std::array<int, 2> ends = {-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe2");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// One of the child's output streams.
struct Stream {
  Output kind = Output::capture;
  Descriptor child;   // closed after the fork
  Descriptor memory;  // capture: an anonymous file, so the child never waits for a reader
  Descriptor terminal;
  std::string text;  // read from the terminal so far

  void open(Output kind_) {
    kind = kind_;
    if (kind == Output::capture) {
      memory = Descriptor(memfd_create("output", MFD_CLOEXEC));
      if (memory.get() < 0) fail("memfd_create");
      child = Descriptor(fcntl(memory.get(), F_DUPFD_CLOEXEC, 3));
    } else if (kind == Output::closed) {
      child = std::move(make_pipe().write);
    } else {
      int controller = -1;
      int device = -1;
      struct winsize size = {};
      size.ws_row = 24;
      size.ws_col = 80;
      if (openpty(&controller, &device, nullptr, nullptr, &size) != 0) fail("openpty");
      terminal = Descriptor(controller);
      child = Descriptor(device);
      for (const int fd : {controller, device}) fcntl(fd, F_SETFD, FD_CLOEXEC);
      fcntl(controller, F_SETFL, O_NONBLOCK);
    }
  }

  // Takes what the terminal holds.
  void drain() {
    std::array<char, 4096> buffer;
    while (terminal.get() >= 0) {
      const auto count = read(terminal.get(), buffer.data(), buffer.size());
      if (count <= 0) break;  // EIO: the last holder of the device is gone
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  std::string content() {
    if (kind == Output::terminal) drain();
    if (kind != Output::capture) return text;
    struct stat status = {};
    if (fstat(memory.get(), &status) != 0) fail("fstat");
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    // pread: the child shares the file's position.
    const auto count = pread(memory.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return bytes;
  }
};

std::vector<std::string> make_environment(const Command& command) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    const auto equals = std::min(pair.find('='), pair.size() - 1);
    const std::string name(pair.substr(0, equals));
    if (command.clean_environment && name != "PATH" && name != "HOME" && name != "LANG") continue;
    variables[name] = pair.substr(equals + 1);
  }
  for (const auto& [name, value] : command.environment) {
    variables.erase(name);
    if (value) variables[name] = *value;
  }
  std::vector<std::string> pairs;
  pairs.reserve(variables.size());
  for (const auto& [name, value] : variables) pairs.emplace_back(name).append(1, '=').append(value);
  return pairs;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (auto& string : strings) list.push_back(string.data());
  list.push_back(nullptr);
  return list;
}

// Looked up before the fork: between fork and exec only async-signal-safe calls are allowed.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view folders = path == nullptr ? "/usr/bin:/bin" : path;
  while (true) {
    const auto colon = folders.find(':');
    std::string candidate = std::string(folders.substr(0, colon)) + '/' + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    if (colon == std::string_view::npos) throw std::runtime_error("no program " + name);
    folders.remove_prefix(colon + 1);
  }
}

struct User {
  bool change = false;
  uid_t uid = 0;
  gid_t gid = 0;
};

User find_user(const std::string& name) {
  if (name.empty() || geteuid() != 0) return {};
  const auto* entry = getpwnam(name.c_str());
  if (entry == nullptr) throw std::runtime_error("no user " + name);
  return {true, entry->pw_uid, entry->pw_gid};
}

}  // namespace

struct Process::Impl {
  pid_t pid = -1;
  Descriptor pid_handle;
  Stream out, err;
  Descriptor stdin_pipe;
  std::string stdin_rest;
  std::optional<int> status;

  void reap(bool block) {
    int value = 0;
    if (!status && waitpid(pid, &value, block ? 0 : WNOHANG) == pid) status = value;
  }

  void feed() {
    while (stdin_pipe.get() >= 0 && !stdin_rest.empty()) {
      const auto count = write(stdin_pipe.get(), stdin_rest.data(), stdin_rest.size());
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0) stdin_rest.clear();  // the child wants no more
      if (count > 0) stdin_rest.erase(0, static_cast<std::size_t>(count));
    }
    stdin_pipe.reset();
  }
};

Process::Process(const Command& command) : impl_(std::make_unique<Impl>()) {
  // A child that reads only a part of its stdin must not end the tests.
  std::signal(SIGPIPE, SIG_IGN);
  const std::string program = find_program(command.argv.at(0));
  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> variables = make_environment(command);
  const auto argument_pointers = pointers(arguments);
  const auto variable_pointers = pointers(variables);
  const User user = find_user(command.user);

  impl_->out.open(command.out);
  impl_->err.open(command.err);
  Descriptor child_stdin;
  if (!command.stdin_text.empty()) {
    Pipe pipe = make_pipe();
    child_stdin = std::move(pipe.read);
    impl_->stdin_pipe = std::move(pipe.write);
    impl_->stdin_rest = command.stdin_text;
    fcntl(impl_->stdin_pipe.get(), F_SETFL, O_NONBLOCK);
  } else {
    const char* file = command.stdin_file.empty() ? "/dev/null" : command.stdin_file.c_str();
    child_stdin = Descriptor(open(file, O_RDONLY | O_CLOEXEC));
    if (child_stdin.get() < 0) fail(file);
  }
  Pipe exec_failure = make_pipe();

  const pid_t parent = getpid();
  impl_->pid = fork();
  if (impl_->pid < 0) fail("fork");
  if (impl_->pid == 0) {
    const auto give_up = [&] {
      const int number = errno;
      [[maybe_unused]] const auto count = write(exec_failure.write.get(), &number, sizeof number);
      _exit(127);
    };
    std::signal(SIGPIPE, SIG_DFL);
    if (user.change &&
        (setgroups(0, nullptr) != 0 || setgid(user.gid) != 0 || setuid(user.uid) != 0)) {
      give_up();
    }
    // After the change of user, which clears it.
    prctl(PR_SET_PDEATHSIG, command.death_signal);
    if (getppid() != parent) _exit(127);
    if (!command.directory.empty() && chdir(command.directory.c_str()) != 0) give_up();
    dup2(child_stdin.get(), STDIN_FILENO);
    dup2(impl_->out.child.get(), STDOUT_FILENO);
    dup2(impl_->err.child.get(), STDERR_FILENO);
    execve(program.c_str(), argument_pointers.data(), variable_pointers.data());
    give_up();
  }

  exec_failure.write.reset();
  impl_->out.child.reset();
  impl_->err.child.reset();
  int number = 0;
  if (read(exec_failure.read.get(), &number, sizeof number) == sizeof number) {
    impl_->reap(true);
    errno = number;
    fail(program);
  }
  impl_->pid_handle = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, impl_->pid, 0)));
  if (impl_->pid_handle.get() < 0) fail("pidfd_open");
  impl_->feed();
}

Process::~Process() {
  if (impl_->pid <= 0 || !running()) return;
  send(SIGKILL);
  impl_->reap(true);
}

pid_t Process::pid() const {
  return impl_->pid;
}

bool Process::running() {
  impl_->reap(false);
  return !impl_->status;
}

void Process::send(int signal) {
  if (running()) kill(impl_->pid, signal);
}

std::optional<Result> Process::wait(std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (running()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    // Negative descriptors are passed over by poll.
    std::array<pollfd, 4> waiting = {{{impl_->pid_handle.get(), POLLIN, 0},
                                      {impl_->stdin_pipe.get(), POLLOUT, 0},
                                      {impl_->out.terminal.get(), POLLIN, 0},
                                      {impl_->err.terminal.get(), POLLIN, 0}}};
    poll(waiting.data(), waiting.size(), static_cast<int>(left.count()) + 1);
    impl_->feed();
    impl_->out.drain();
    impl_->err.drain();
  }
  Result result;
  if (WIFEXITED(*impl_->status)) result.exit_code = WEXITSTATUS(*impl_->status);
  if (WIFSIGNALED(*impl_->status)) result.signal = WTERMSIG(*impl_->status);
  result.out = out();
  result.err = err();
  return result;
}

std::string Process::out() const {
  return impl_->out.content();
}
std::string Process::err() const {
  return impl_->err.content();
}

Result run(const Command& command) {
  Process process(command);
  if (auto result = process.wait(command.timeout)) return *std::move(result);
  process.send(SIGKILL);
  Result result = process.wait(std::chrono::seconds(10)).value_or(Result{});
  result.timed_out = true;
  return result;
}

}  // namespace pgseed::test
