#include "pgseed/io/source.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::io {
namespace {

[[noreturn]] void fail(const std::string& name, const char* what, int number) {
  if (number == EMFILE || number == ENFILE || number == ENOMEM) {
    throw Error(ErrorKind::storage, text(what, ": ", std::strerror(number)), name,
                "look at the limits of memory and open files: ulimit -a");
  }
  throw Error(ErrorKind::input, text(what, ": ", std::strerror(number)), name,
              number == ENOENT ? "check the path; it is relative to the current folder" : "");
}

// A pipe may stay silent for ever: a stop request must end the wait.
void wait_for_input(int descriptor) {
  std::array<pollfd, 2> waits = {
      {{descriptor, POLLIN, 0}, {interrupt::wake_descriptor(), POLLIN, 0}}};
  for (;;) {
    if (interrupt::signal_number() != 0) throw Interrupted{};
    const int ready = poll(waits.data(), interrupt::wake_descriptor() < 0 ? 1 : 2, -1);
    if (ready < 0 && errno != EINTR) return;  // read() will tell what is wrong
    if (ready > 0 && waits[0].revents != 0) return;
  }
}

}  // namespace

Source::Source(const std::string& path, std::string name)
    : name_(std::move(name)), descriptor_(STDIN_FILENO) {
  if (name_.empty()) name_ = path == "-" ? "<stdin>" : path;
  if (path != "-") {
    descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail(name_, "cannot open the file", errno);
  }
  struct stat info = {};
  if (fstat(descriptor_, &info) != 0) {
    const int number = errno;
    if (descriptor_ != STDIN_FILENO) close(descriptor_);
    fail(name_, "cannot look at the file", number);
  }
  if (S_ISDIR(info.st_mode)) {
    if (descriptor_ != STDIN_FILENO) close(descriptor_);
    throw Error(ErrorKind::input, "this is a folder, not a file", name_,
                "name the files, for example with a pattern: seeds/*.sql");
  }
  if (S_ISREG(info.st_mode) && path != "-") {
    size_ = static_cast<std::uint64_t>(info.st_size);
    posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
}

Source::~Source() {
  if (descriptor_ != STDIN_FILENO) close(descriptor_);
}

std::size_t Source::read(char* into, std::size_t space) {
  for (;;) {
    if (!size_) wait_for_input(descriptor_);
    const ssize_t got = ::read(descriptor_, into, space);
    if (got >= 0) {
      offset_ += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) fail(name_, "cannot read the file", errno);
  }
}

void Source::seek(std::uint64_t offset) {
  if (lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0) {
    fail(name_, "cannot read the file", errno);
  }
  offset_ = offset;
}

SpooledFile::SpooledFile(Source& source, std::string_view read_already) {
  const std::string where = std::filesystem::temp_directory_path().string();
  std::string pattern = where + "/pgseed-XXXXXX";
  descriptor_ = mkostemp(pattern.data(), O_CLOEXEC);
  if (descriptor_ < 0) {
    throw Error(ErrorKind::storage,
                text("cannot make a temporary file in ", where, ": ", std::strerror(errno)), "",
                "set TMPDIR to a folder with room");
  }
  unlink(pattern.c_str());
  path_ = text("/proc/self/fd/", descriptor_);
  try {
    write_all(read_already);
    std::vector<char> block(1 << 20);
    while (const std::size_t got = source.read(block.data(), block.size())) {
      write_all({block.data(), got});
    }
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

void SpooledFile::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw Error(ErrorKind::storage,
                  text("cannot write a temporary file in ",
                       std::filesystem::temp_directory_path().string(), ": ", std::strerror(errno)),
                  "", "set TMPDIR to a folder with room");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

SpooledFile::~SpooledFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace pgseed::io
