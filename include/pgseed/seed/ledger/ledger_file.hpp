#pragma once
// The file under a ledger: appended to, on disk when asked for, and never written past a failure.
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace pgseed::seed {

class LedgerFile {
 public:
  // Keeps the first `keep` bytes of the file at `path`, or makes it. Only the owner may read it; a
  // symbolic link is refused. Throws Error{storage}, as all that follow do.
  LedgerFile(std::string path, std::uint64_t keep);
  ~LedgerFile();
  LedgerFile(const LedgerFile&) = delete;
  LedgerFile& operator=(const LedgerFile&) = delete;

  // With the system, which keeps it even if this process is killed now. After the first failure
  // nothing is written any more: what does not fit must not be followed by what does.
  void append(std::string_view bytes);
  // Begins to bring on disk what was appended so far, in a thread of its own: the disk takes as
  // long as the server does for a small batch, and nobody needs to watch it.
  void sync_later();
  // Waits until it is there.
  void sync();
  // How much of the file is.
  std::uint64_t synced();
  std::uint64_t size() const { return size_; }
  bool is_broken() const { return broken_; }
  // From now on it is as after a failure.
  void give_up() { broken_ = true; }
  const std::string& path() const { return path_; }

 private:
  [[noreturn]] void fail(const char* what);
  void reserve(std::uint64_t end);
  void require_no_failure();
  void keep_syncing();

  std::string path_;
  std::string folder_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t reserved_ = 0;
  bool broken_ = false;

  // Shared with the thread.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t wanted_ = 0;       // that much shall be on disk,
  std::uint64_t synced_ = 0;       // that much is
  bool folder_is_synced_ = false;  // that the file is in it will outlive a power cut
  int failure_ = 0;                // of the thread's last try
  bool ends_ = false;
  std::thread thread_;
};

// Its bytes, nullopt if there is none. Throws Error{storage}; a symbolic link is refused.
std::optional<std::string> read_ledger_file(const std::string& path);
// Makes the folder and those above it. Throws Error{storage}.
void make_ledger_folder(const std::string& path);
// Makes what was made, renamed or removed in the folder of the file outlive a power cut, where the
// file system can do that.
void sync_folder_of(const std::string& path);

// What to say when the place for ledgers is no good.
inline constexpr const char* kLedgerHint =
    "name a folder on a disk with space, with --ledger-dir DIR (or PGSEED_STATE_DIR), or load "
    "without a ledger: --no-ledger";

}  // namespace pgseed::seed
