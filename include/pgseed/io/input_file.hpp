#pragma once
// What a path on the command line stands for: one text, compressed or not, or the texts in a tar or
// zip archive. Told by content; what the file is called does not matter.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/io/byte_stream.hpp"
#include "pgseed/io/packing.hpp"
#include "pgseed/io/read_ahead.hpp"
#include "pgseed/io/source.hpp"

namespace pgseed::io {

// One text, unpacked.
class TextSource {
 public:
  // At most `space` bytes; 0 at the end. Throws Error{input} and Interrupted as Source does, and
  // Error{input} for torn or damaged packed data.
  std::size_t read(char* into, std::size_t space);

  // "a.sql.gz", "<stdin>", "all.zip:a.sql": for messages.
  const std::string& name() const { return name_; }
  // Of the file as it lies there, packed or not; of a member, if the archive says; a pipe has none.
  std::optional<std::uint64_t> size() const { return size_; }
  // How much of size() was read.
  std::uint64_t offset() const;
  // True if it can be opened again.
  bool repeatable() const { return repeatable_; }

 private:
  friend class InputFile;
  TextSource() = default;

  std::string name_;
  std::optional<std::uint64_t> size_;
  bool repeatable_ = true;
  std::unique_ptr<Source> source_;              // of a file, not of a member
  std::unique_ptr<ByteStream> stream_;          // what unpacks; none: the source itself is the text
  const std::uint64_t* member_read_ = nullptr;  // in stream_
  const ReadAhead* read_ahead_ = nullptr;       // stream_, if it is one
  std::string_view pending_;
};

class InputFile {
 public:
  // path: a file or "-". Reads the beginning; an archive is read through for its members. Standard
  // input that holds an archive is copied, packed as it is, to a temporary file, since its members
  // will be read more than once; so is any other text from a pipe with `repeatable`. Throws as
  // Source and TextSource do, and Error{input} for an archive without any file in it.
  explicit InputFile(const std::string& path, const PackedLimits& limits = {},
                     bool repeatable = false);
  ~InputFile();

  // Of an archive, in its order; empty for one text.
  const std::vector<std::string>& members() const;
  // The path, or "<stdin>"; with a member: "all.zip:a.sql".
  std::string name() const;
  std::string name(std::size_t member) const;

  // A text from its beginning; it may outlive this object. Standard input can be opened once. The
  // members of an archive cost one run through it when they are opened in their order, each after
  // the one before is gone; otherwise the archive is read again from the beginning.
  std::unique_ptr<TextSource> open(std::size_t member = 0) const;

 private:
  struct State;
  class MemberStream;
  std::shared_ptr<State> state_;
};

}  // namespace pgseed::io
