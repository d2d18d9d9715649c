#include "pgseed/seed/ledger/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/ledger/ledger_file.hpp"

namespace pgseed::seed {
namespace {

std::string holder_of(int descriptor) {
  std::array<char, 32> digits;
  const ssize_t got = pread(descriptor, digits.data(), digits.size(), 0);
  const auto number =
      trim(std::string_view(digits.data(), got > 0 ? static_cast<std::size_t>(got) : 0));
  return number.empty() ? std::string("another process") : text("process ", number);
}

}  // namespace

RunLock::RunLock(const std::string& path, const std::string& what) {
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor_ < 0) {
    throw Error(ErrorKind::storage, text("cannot open the lock file: ", std::strerror(errno)), path,
                kLedgerHint);
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int number = errno;
    const std::string holder = holder_of(descriptor_);
    close(descriptor_);
    if (number == EWOULDBLOCK) {
      throw Error(ErrorKind::storage, text("another pgseed (", holder, ") is at ", what), path,
                  "wait until it is done; nothing was sent");
    }
    throw Error(ErrorKind::storage, text("cannot lock: ", std::strerror(number)), path,
                kLedgerHint);
  }
  // Who holds it, for the one who is turned away. Not worth failing for.
  const std::string pid = text(getpid(), '\n');
  if (ftruncate(descriptor_, 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(descriptor_, pid.data(), pid.size(), 0);
  }
}

RunLock::RunLock(RunLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

RunLock::~RunLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace pgseed::seed
