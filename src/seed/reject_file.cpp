#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/json/writer.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw Error(ErrorKind::storage, text("cannot ", what, " the reject file: ", std::strerror(errno)),
              path, "name a file in a folder that can be written, with --rejects FILE");
}

void append_member(json::Buffer& out, std::string_view name, std::string_view value) {
  out.append(out.view().back() == '{' ? "" : ",");
  json::append_string(out, name);
  out.append(':');
  json::append_string(out, value);
}

void append_member(json::Buffer& out, std::string_view name, std::uint64_t value) {
  out.append(out.view().back() == '{' ? "" : ",");
  json::append_string(out, name);
  out.append(text(':', value));
}

}  // namespace

RejectFile::RejectFile(const std::string& path) : path_(path) {
  // Values of rows can be private: nobody else may read them.
  descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor_ < 0) fail(path_, "open");
}

RejectFile::~RejectFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool RejectFile::keep(std::uint64_t bytes) {
  struct stat status = {};
  if (fstat(descriptor_, &status) != 0) fail(path_, "read");
  if (!S_ISREG(status.st_mode)) return true;  // a pipe, /dev/null: there is nothing to cut
  const bool there = static_cast<std::uint64_t>(status.st_size) >= bytes;
  bytes_ = there ? bytes : 0;
  if (ftruncate(descriptor_, static_cast<off_t>(bytes_)) != 0) fail(path_, "empty");
  return there;
}

void RejectFile::sync() {
  if (synced_) return;
  synced_ = true;
  while (fdatasync(descriptor_) != 0) {
    if (errno == EINTR) continue;
    if (errno == EINVAL || errno == EROFS) return;
    fail(path_, "write");
  }
}

void RejectFile::add(const Entry& entry) {
  json::Buffer line;
  line.append('{');
  append_member(line, "file", entry.file);
  append_member(line, "line", entry.line);
  append_member(line, "schema", entry.table.schema);
  append_member(line, "table", entry.table.table);
  append_member(line, "row", entry.row);
  append_member(line, "code", entry.code);
  append_member(line, "message", entry.message);
  line.append(",\"values\":{");
  for (std::size_t index = 0; index < entry.columns.size() && index < entry.values.size();
       ++index) {
    if (entry.values[index]) {
      append_member(line, entry.columns[index], *entry.values[index]);
    } else {
      if (index > 0) line.append(',');
      json::append_string(line, entry.columns[index]);
      line.append(":null");
    }
  }
  line.append("}}\n");
  synced_ = false;
  for (std::string_view rest = line.view(); !rest.empty();) {
    const ssize_t written = write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int number = written == 0 ? ENOSPC : errno;
      take_back(line.view().size() - rest.size());
      errno = number;
      fail(path_, "write");
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  bytes_ += line.view().size();
}

// Half a line would make the file unreadable for those that mend its rows.
void RejectFile::take_back(std::size_t bytes) {
  struct stat status = {};
  if (bytes == 0 || fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return;
  [[maybe_unused]] const int result =
      ftruncate(descriptor_, status.st_size - static_cast<off_t>(bytes));
}

}  // namespace pgseed::seed
