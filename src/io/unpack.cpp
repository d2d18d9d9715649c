#include "pgseed/io/unpack.hpp"

#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::io {
namespace {

// Nobody packs more often; a file that unpacks to itself would never end.
constexpr int kMostLayers = 4;

// Frames of foreign data in front of the first one of zstd or lz4 are not for libarchive.
void skip_frames(PeekedStream& bytes, const UnpackMeter& meter) {
  std::uint64_t skipped = 0;
  while (const auto frame = skippable_frame(bytes.head(kPackingHead))) {
    if (!bytes.skip(*frame)) meter.fail(Packing::zstd, "it is cut short", skipped);
    skipped += *frame;
  }
  if (skipped == 0) return;
  const Packing packing = packing_of(bytes.head(kPackingHead), meter.name());
  if (packing != Packing::zstd && packing != Packing::lz4) {
    meter.fail(Packing::zstd, "nothing but a frame to skip", skipped);
  }
}

void require_small_dictionary(std::string_view head, const UnpackMeter& meter) {
  const auto wanted = xz_dictionary(head);
  if (!wanted || *wanted <= kLargestDictionary) return;
  throw Error(ErrorKind::input,
              text("unpacking this xz data takes a dictionary of ", human_bytes(*wanted),
                   ", more than ", human_bytes(kLargestDictionary)),
              meter.name(), "unpack it on the way in: xz -dc FILE | pgseed seed -");
}

}  // namespace

Unpacked unpack(std::unique_ptr<ByteStream> bytes, const std::shared_ptr<UnpackMeter>& meter) {
  Unpacked result;
  for (int layer = 0;; ++layer) {
    result.bytes = std::make_unique<PeekedStream>(std::move(bytes));
    skip_frames(*result.bytes, *meter);
    const Packing packing = packing_of(result.bytes->head(kPackingHead), meter->name());
    if (packing == Packing::none || is_archive(packing)) {
      result.inside = packing;
      return result;
    }
    if (layer == kMostLayers) {
      throw Error(ErrorKind::input, "the file is compressed more than four times over",
                  meter->name(), "unpack it on the way in");
    }
    if (packing == Packing::xz) require_small_dictionary(result.bytes->head(kPackingHead), *meter);
    result.was_compressed = true;
    bytes = packing == Packing::gzip ? make_gzip_stream(std::move(result.bytes), meter)
                                     : make_filter_stream(packing, std::move(result.bytes), meter);
  }
}

}  // namespace pgseed::io
