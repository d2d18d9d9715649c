#include "pgseed/cli/alembic_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/config.hpp"

extern char** environ;

namespace pgseed::cli {
namespace {

class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw Error(ErrorKind::storage, text("cannot make a pipe: ", std::strerror(errno)));
    }
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_end(std::size_t index) {
    if (ends_[index] >= 0) close(ends_[index]);
    ends_[index] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

pid_t start(const std::vector<std::string>& arguments, posix_spawn_file_actions_t* actions,
            char** environment) {
  std::vector<char*> argv;
  std::string name = "alembic";
  argv.push_back(name.data());
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = -1;
  const int failure = posix_spawnp(&child, "alembic", actions, nullptr, argv.data(), environment);
  if (failure != 0) {
    throw Error(ErrorKind::usage, text("cannot run alembic: ", std::strerror(failure)), {},
                "install Alembic, or activate the environment that has it");
  }
  return child;
}

// Our environment with other values for some names, as posix_spawn wants it.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& values) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view pair(*entry);
      if (values.count(std::string(pair.substr(0, pair.find('=')))) == 0) {
        variables_.emplace_back(pair);
      }
    }
    for (const auto& [name, value] : values) variables_.push_back(text(name, '=', value));
    for (std::string& variable : variables_) pointers_.push_back(variable.data());
    pointers_.push_back(nullptr);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  char** pointers() { return pointers_.data(); }

 private:
  std::vector<std::string> variables_;
  std::vector<char*> pointers_;
};

enum class Input { none, ours };

// take: bytes of stdout (0) or stderr (1) as they come. Returns the exit code.
int run_to_end(const std::vector<std::string>& arguments,
               const std::map<std::string, std::string>& environment, Input input,
               const std::function<void(std::size_t stream, std::string_view bytes)>& take) {
  Environment variables(environment);
  Pipe out, err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input == Input::none) {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, out.write_end(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write_end(), 2);
  pid_t child = -1;
  try {
    child = start(arguments, &actions, variables.pointers());
  } catch (...) {
    posix_spawn_file_actions_destroy(&actions);
    throw;
  }
  posix_spawn_file_actions_destroy(&actions);
  out.close_end(1);
  err.close_end(1);
  std::array<pollfd, 2> waits{{{out.read_end(), POLLIN, 0}, {err.read_end(), POLLIN, 0}}};
  std::array<char, 65'536> block{};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    if (poll(waits.data(), waits.size(), -1) < 0) continue;
    for (std::size_t index = 0; index < waits.size(); ++index) {
      if (waits[index].fd < 0 || waits[index].revents == 0) continue;
      const ssize_t got = read(waits[index].fd, block.data(), block.size());
      if (got > 0) {
        take(index, {block.data(), static_cast<std::size_t>(got)});
      } else if (got == 0 || errno != EINTR) {
        waits[index].fd = -1;
      }
    }
  }
  return wait_for(child);
}

}  // namespace

bool has_alembic() {
  std::istringstream path(environment_value("PATH").value_or(""));
  for (std::string folder; std::getline(path, folder, ':');) {
    if (access((folder + "/alembic").c_str(), X_OK) == 0) return true;
  }
  return false;
}

AlembicOutput run_alembic(const std::vector<std::string>& arguments,
                          const std::map<std::string, std::string>& environment) {
  AlembicOutput output;
  std::array<std::string*, 2> texts{&output.out, &output.err};
  output.exit_code =
      run_to_end(arguments, environment, Input::none,
                 [&](std::size_t stream, std::string_view bytes) { texts[stream]->append(bytes); });
  output.err = redact(output.err);
  return output;
}

void run_alembic_live(const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment,
                      const std::function<void(const std::string& line)>& show) {
  AlembicOutput output;
  std::array<std::string*, 2> texts{&output.out, &output.err};
  std::array<std::size_t, 2> shown{};
  const auto show_lines = [&](std::size_t stream, bool also_the_last) {
    const std::string& text = *texts[stream];
    for (;;) {
      const std::size_t end = std::min(text.find('\n', shown[stream]), text.size());
      if (end == text.size() && (!also_the_last || shown[stream] == end)) return;
      show(redact(std::string_view(text).substr(shown[stream], end - shown[stream])));
      shown[stream] = std::min(end + 1, text.size());
    }
  };
  output.exit_code = run_to_end(arguments, environment, Input::ours,
                                [&](std::size_t stream, std::string_view bytes) {
                                  texts[stream]->append(bytes);
                                  show_lines(stream, false);
                                });
  show_lines(0, true);
  show_lines(1, true);
  if (output.exit_code == 0) return;
  std::string line = "alembic";
  for (const std::string& argument : arguments) line += " " + argument;
  throw Error(ErrorKind::refused, text("`", line, "` failed: ", failure_line(output)), {},
              "what it printed is above");
}

std::string failure_line(const AlembicOutput& output) {
  std::string_view found, last;
  bool in_traceback = false;
  const auto read = [&](std::string_view words, const auto& take) {
    for (std::size_t at = 0; at < words.size();) {
      const std::size_t end = std::min(words.find('\n', at), words.size());
      const std::string_view line = words.substr(at, end - at);
      if (!trim(line).empty()) take(line);
      at = end + 1;
    }
  };
  read(output.err, [&](std::string_view line) {
    last = line;
    if (line.starts_with("  File \"")) {
      in_traceback = true;
    } else if (in_traceback && line.front() != ' ') {
      found = line;
      in_traceback = false;
    }
  });
  if (found.empty()) found = last;
  // What a command refuses it says on stdout.
  read(output.out, [&](std::string_view line) {
    static constexpr std::string_view kFailed = "FAILED: ";
    if (found.empty() || line.starts_with(kFailed)) found = line;
    if (found.starts_with(kFailed)) found.remove_prefix(kFailed.size());
  });
  return redact(trim(found));
}

}  // namespace pgseed::cli
