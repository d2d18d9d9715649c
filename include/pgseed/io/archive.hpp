#pragma once
// The members of a tar or zip archive, one after the other, in the archive's own order. Nothing is
// ever written: the names serve messages only.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/io/byte_stream.hpp"
#include "pgseed/io/packing.hpp"

namespace pgseed::io {

class Archive {
 public:
  // A tar, its compression taken off.
  Archive(std::unique_ptr<ByteStream> tar, std::shared_ptr<UnpackMeter> meter);
  // A zip, read by its directory, which stands at the end: a torn one is seen at once.
  Archive(std::unique_ptr<Source> zip, std::shared_ptr<UnpackMeter> meter);
  ~Archive();

  // Moves to the next regular file; folders, links, hidden files and __MACOSX are passed over.
  // False at the end. Throws Error{input} for a torn or encrypted archive and one of pg_dump -Ft.
  bool next_member();
  // UTF-8 without control characters; as the archive has it otherwise.
  const std::string& member() const;
  std::optional<std::uint64_t> member_size() const;
  // The next bytes of the member, empty at its end.
  std::string_view next_block();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgseed::io
