#include "pgseed/cli/alembic_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

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

}  // namespace

bool has_alembic() {
  std::istringstream path(environment_value("PATH").value_or(""));
  for (std::string folder; std::getline(path, folder, ':');) {
    if (access((folder + "/alembic").c_str(), X_OK) == 0) return true;
  }
  return false;
}

void run_alembic_live(const std::vector<std::string>& arguments) {
  const int code = wait_for(start(arguments, nullptr, environ));
  if (code == 0) return;
  std::string line = "alembic";
  for (const std::string& argument : arguments) line += " " + argument;
  throw Error(ErrorKind::refused, text("`", line, "` failed with exit code ", code), {},
              "its own message is above");
}

AlembicOutput run_alembic(const std::vector<std::string>& arguments, const std::string& directory,
                          const std::map<std::string, std::string>& environment) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    if (environment.count(std::string(pair.substr(0, pair.find('=')))) == 0) {
      variables.emplace_back(pair);
    }
  }
  for (const auto& [name, value] : environment) variables.push_back(text(name, '=', value));
  std::vector<char*> pointers;
  for (std::string& variable : variables) pointers.push_back(variable.data());
  pointers.push_back(nullptr);

  Pipe out, err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write_end(), 2);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  pid_t child = -1;
  try {
    child = start(arguments, &actions, pointers.data());
  } catch (...) {
    posix_spawn_file_actions_destroy(&actions);
    throw;
  }
  posix_spawn_file_actions_destroy(&actions);
  out.close_end(1);
  err.close_end(1);

  AlembicOutput output;
  std::array<pollfd, 2> waits{{{out.read_end(), POLLIN, 0}, {err.read_end(), POLLIN, 0}}};
  std::array<std::string*, 2> texts{&output.out, &output.err};
  std::array<char, 65'536> block{};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    if (poll(waits.data(), waits.size(), -1) < 0) continue;
    for (std::size_t index = 0; index < waits.size(); ++index) {
      if (waits[index].fd < 0 || waits[index].revents == 0) continue;
      const ssize_t got = read(waits[index].fd, block.data(), block.size());
      if (got > 0) {
        texts[index]->append(block.data(), static_cast<std::size_t>(got));
      } else if (got == 0 || errno != EINTR) {
        waits[index].fd = -1;
      }
    }
  }
  output.exit_code = wait_for(child);
  output.err = redact(output.err);
  return output;
}

}  // namespace pgseed::cli
