#pragma once
// Streams that unpack: gzip through zlib, since libarchive 3.6 does not look at gzip's checksum;
// the others through libarchive. Several members or frames in a row are one stream, as for the
// command line tools. What is torn or does not match its checksum throws Error{input} with the
// offset reached; so does anything but zero padding behind the end.
#include <memory>

#include "pgseed/io/byte_stream.hpp"
#include "pgseed/io/packing.hpp"

namespace pgseed::io {

std::unique_ptr<ByteStream> make_gzip_stream(std::unique_ptr<ByteStream> packed,
                                             std::shared_ptr<UnpackMeter> meter);
// bzip2, xz, zstd, lz4.
std::unique_ptr<ByteStream> make_filter_stream(Packing packing, std::unique_ptr<ByteStream> packed,
                                               std::shared_ptr<UnpackMeter> meter);

struct Unpacked {
  std::unique_ptr<PeekedStream> bytes;
  Packing inside = Packing::none;  // or an archive, not opened
  bool was_compressed = false;
};
// Takes off all compression, however often it was applied.
Unpacked unpack(std::unique_ptr<ByteStream> bytes, const std::shared_ptr<UnpackMeter>& meter);

}  // namespace pgseed::io
