#include "pgseed/seed/ledger/ledger_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "pgseed/base/descriptor.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

// Room that is taken from the disk ahead of the lines, so that the outcome of a batch finds its
// place once the batch was allowed to go.
constexpr std::uint64_t kAhead = 64 * 1024;

[[noreturn]] void fail_at(const std::string& path, const char* what, int number) {
  throw Error(ErrorKind::storage,
              text("cannot ", what, " the ledger: ",
                   number == ELOOP ? "it is a symbolic link" : std::strerror(number)),
              path, kLedgerHint);
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// No such call, or nothing to sync (a device).
bool cannot_sync(int number) {
  return number == EINVAL || number == EROFS;
}

// 0, or what went wrong. A folder that cannot be opened (one may be allowed to write in it and not
// to read it) is left to the system. Runs in a thread of its own: nothing is thrown.
int sync_folder(const char* folder) {
  const Descriptor opened(open(folder, O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0) return 0;
  while (fsync(opened.get()) != 0) {
    if (errno == EINTR) continue;
    return cannot_sync(errno) ? 0 : errno;
  }
  return 0;
}

}  // namespace

// O_NONBLOCK: what is no file must not keep us waiting for somebody at its other end.
LedgerFile::LedgerFile(std::string path, std::uint64_t keep)
    : path_(std::move(path)), folder_(folder_of(path_)), size_(keep) {
  descriptor_ =
      open(path_.c_str(),
           O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_APPEND | O_NONBLOCK | O_NOCTTY, 0600);
  if (descriptor_ < 0) fail("open");
  if (ftruncate(descriptor_, static_cast<off_t>(keep)) != 0) {
    const int number = errno;
    close(descriptor_);
    fail_at(path_, "cut", number);
  }
  reserved_ = synced_ = wanted_ = keep;
}

LedgerFile::~LedgerFile() {
  if (thread_.joinable()) {
    {
      const std::scoped_lock lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  if (descriptor_ < 0) return;
  // Gives back what was taken ahead.
  if (!broken_ && reserved_ > size_) {
    [[maybe_unused]] const int result = ftruncate(descriptor_, static_cast<off_t>(size_));
  }
  close(descriptor_);
}

void LedgerFile::fail(const char* what) {
  const int number = errno;
  broken_ = true;
  fail_at(path_, what, number);
}

void LedgerFile::reserve(std::uint64_t end) {
  if (end + kAhead / 4 <= reserved_) return;
  const std::uint64_t wanted = end + kAhead;
  while (fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(reserved_),
                   static_cast<off_t>(wanted - reserved_)) != 0) {
    if (errno == EINTR) continue;
    // A file system that cannot promise space takes the lines as they come.
    if (errno == EOPNOTSUPP || errno == ENOSYS) break;
    fail("write");
  }
  reserved_ = wanted;
}

void LedgerFile::append(std::string_view bytes) {
  if (broken_) return;
  reserve(size_ + bytes.size());
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t written = write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int number = written == 0 ? ENOSPC : errno;
      // Half a line would be taken for one that a kill tore; better none.
      [[maybe_unused]] const int result = ftruncate(descriptor_, static_cast<off_t>(size_));
      errno = number;
      fail("write");
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  size_ += bytes.size();
}

// The thread's work.
void LedgerFile::keep_syncing() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ends_ || (wanted_ > synced_ && failure_ == 0); });
    if (ends_) return;
    const std::uint64_t target = wanted_;
    const bool folder_too = !std::exchange(folder_is_synced_, true);
    lock.unlock();
    int failure = 0;
    while (fdatasync(descriptor_) != 0) {
      if (errno == EINTR) continue;
      if (!cannot_sync(errno)) failure = errno;
      break;
    }
    if (folder_too && failure == 0) failure = sync_folder(folder_.c_str());
    lock.lock();
    failure_ = failure;
    if (failure == 0) synced_ = target;
    changed_.notify_all();
  }
}

void LedgerFile::require_no_failure() {
  const std::scoped_lock lock(mutex_);
  if (failure_ == 0) return;
  errno = failure_;
  fail("sync");
}

void LedgerFile::sync_later() {
  if (broken_) return;
  require_no_failure();
  {
    const std::scoped_lock lock(mutex_);
    if (wanted_ == size_) return;
    wanted_ = size_;
  }
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { keep_syncing(); });
    } catch (const std::system_error& error) {
      errno = error.code().value();
      fail("sync");
    }
  }
  changed_.notify_all();
}

void LedgerFile::sync() {
  sync_later();
  if (broken_) return;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return synced_ >= size_ || failure_ != 0; });
  }
  require_no_failure();
}

std::uint64_t LedgerFile::synced() {
  const std::scoped_lock lock(mutex_);
  return synced_;
}

std::optional<std::string> read_ledger_file(const std::string& path) {
  const Descriptor file(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    if (errno == ENOENT) return {};
    fail_at(path, "read", errno);
  }
  std::string bytes;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + 256 * 1024);
    const ssize_t got = read(file.get(), bytes.data() + before, bytes.size() - before);
    if (got < 0 && errno != EINTR) fail_at(path, "read", errno);
    bytes.resize(before + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (got == 0) return bytes;
  }
}

void make_ledger_folder(const std::string& path) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error) {
    throw Error(ErrorKind::storage, text("cannot make the folder for ledgers: ", error.message()),
                path, kLedgerHint);
  }
  // What was loaded where is the owner's business.
  if (made) chmod(path.c_str(), 0700);
}

void sync_folder_of(const std::string& path) {
  static_cast<void>(sync_folder(folder_of(path).c_str()));
}

}  // namespace pgseed::seed
