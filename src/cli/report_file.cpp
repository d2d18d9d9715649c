#include "pgseed/cli/report_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::cli {
namespace {

// More than a page with hundreds of tables takes.
constexpr off_t kReserved = 512 * 1024;

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

void ReportFile::fail(const char* what) {
  const int number = errno;
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) unlink(temporary_.c_str());
  throw Error(ErrorKind::storage, text("cannot ", what, " the report: ", std::strerror(number)),
              path_, "name a file in a folder that can be written, with --report FILE");
}

ReportFile::ReportFile(const std::string& path) : path_(path), target_(path) {
  std::error_code missing;
  const auto resolved = std::filesystem::canonical(path, missing);
  if (!missing) target_ = resolved.string();
  // /dev/stdout leads to whatever file that is just now: it would be replaced under its reader.
  if (path.starts_with("/dev/") || path.starts_with("/proc/")) {
    errno = EINVAL;
    fail("write");
  }
  struct stat info = {};
  if (stat(target_.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    fail("replace what is there with");
  }
  // Nothing is left behind by a run that is killed, where the file system can do that.
  const std::string folder = folder_of(target_);
  descriptor_ = open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    temporary_ = text(target_, ".pgseed-", getpid());
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
      temporary_.clear();
      fail("write");
    }
  }
  // Without the call, or on a file system that cannot reserve, the end of the run will tell.
  const int full = posix_fallocate(descriptor_, 0, kReserved);
  if (full == ENOSPC || full == EDQUOT || full == EFBIG) {
    errno = full;
    fail("write");
  }
}

ReportFile::~ReportFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void ReportFile::write(std::string_view content) {
  for (std::string_view rest = content; !rest.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = ENOSPC;
    if (written <= 0) fail("write");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (ftruncate(descriptor_, static_cast<off_t>(content.size())) != 0) fail("write");
  while (fsync(descriptor_) != 0) {
    if (errno != EINTR) fail("write");
  }
  if (temporary_.empty()) {
    const std::string name = text(target_, ".pgseed-", getpid());
    const std::string handle = text("/proc/self/fd/", descriptor_);
    if (linkat(AT_FDCWD, handle.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      fail("write");
    }
    temporary_ = name;
  }
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail("put in place");
  temporary_.clear();
  close(descriptor_);
  descriptor_ = -1;
}

}  // namespace pgseed::cli
