#pragma once
// Bytes in blocks from a file or standard input.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pgseed::io {

class Source {
 public:
  // path: a file, or "-" for standard input. Throws Error{input} for what cannot be read: missing,
  // a folder, no permission. name: for messages, where the path would tell nobody anything.
  explicit Source(const std::string& path, std::string name = {});
  ~Source();
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // At most `space` bytes; 0 at the end. Throws Error{input} for a read error and Interrupted when
  // a stop request arrives while it waits.
  std::size_t read(char* into, std::size_t space);

  // Goes on reading there. For a regular file only.
  void seek(std::uint64_t offset);

  // "a.sql", or "<stdin>": for messages.
  const std::string& name() const { return name_; }
  // Of a regular file; a pipe has none.
  std::optional<std::uint64_t> size() const { return size_; }
  // True if the file can be opened and read again from its beginning.
  bool repeatable() const { return size_.has_value(); }
  // Bytes read so far, or where seek() went and on.
  std::uint64_t offset() const { return offset_; }

 private:
  std::string name_;
  int descriptor_;
  std::optional<std::uint64_t> size_;
  std::uint64_t offset_ = 0;
};

// Copies `read_already` and the rest of a source to an unnamed temporary file and returns a path
// that opens it as often as wanted while this process lives. Throws Error{storage} when the disk is
// full.
class SpooledFile {
 public:
  explicit SpooledFile(Source& source, std::string_view read_already = {});
  ~SpooledFile();
  SpooledFile(const SpooledFile&) = delete;
  SpooledFile& operator=(const SpooledFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  void write_all(std::string_view bytes);

  int descriptor_ = -1;
  std::string path_;
};

}  // namespace pgseed::io
