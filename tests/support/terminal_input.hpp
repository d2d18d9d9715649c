#pragma once
// A terminal to type on: the standard input of a program that asks.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace pgseed::test {

class TerminalInput {
 public:
  // typed: lines with their line ends, there before anybody asks.
  explicit TerminalInput(const std::string& typed)
      : controller_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    std::array<char, 64> name{};
    if (controller_ < 0 || grantpt(controller_) != 0 || unlockpt(controller_) != 0 ||
        ptsname_r(controller_, name.data(), name.size()) != 0) {
      throw std::runtime_error("no terminal");
    }
    path_ = name.data();
    device_ = open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (write(controller_, typed.data(), typed.size()) != static_cast<ssize_t>(typed.size())) {
      throw std::runtime_error("cannot type");
    }
  }
  ~TerminalInput() {
    close(device_);
    close(controller_);
  }
  TerminalInput(const TerminalInput&) = delete;
  TerminalInput& operator=(const TerminalInput&) = delete;

  // For Command::stdin_file.
  const std::string& path() const { return path_; }

 private:
  int controller_;
  int device_ = -1;
  std::string path_;
};

}  // namespace pgseed::test
