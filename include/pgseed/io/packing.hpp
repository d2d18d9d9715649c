#pragma once
// How the bytes of a file are packed, by what stands at their beginning, and how much may come out
// of them.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgseed::io {

enum class Packing { none, gzip, bzip2, xz, zstd, lz4, tar, zip };
// "gzip", "zstd", ...
const char* name(Packing packing);
// True for what holds members, false for one stream of bytes.
bool is_archive(Packing packing);

// Enough of the beginning for packing_of().
constexpr std::size_t kPackingHead = 512;

// By content alone. file: for messages. Throws Error{input} for packed data that is not read here
// (7z, rar, ...) and for a file so short that only the beginning of such a mark is left.
Packing packing_of(std::string_view head, const std::string& file);

// zstd and lz4 allow frames of foreign data in front: how long the one at the beginning is, header
// and all; nullopt where there is none.
std::optional<std::uint64_t> skippable_frame(std::string_view head);

// What the data wants to look back into while it is unpacked must be in memory.
constexpr std::uint64_t kLargestDictionary = std::uint64_t{256} << 20;
// As much as the first block of .xz data wants: up to 4 GB, which its few packed bytes tell nothing
// about; nullopt where the head does not say. libarchive and liblzma would allocate it.
std::optional<std::uint64_t> xz_dictionary(std::string_view head);

struct PackedLimits {
  // Bytes that may come out of one packed byte, counted once ratio_from bytes came out; 0: any.
  std::uint64_t ratio = 1000;
  std::uint64_t ratio_from = std::uint64_t{64} << 20;
  // Bytes that may come out of one file, all its members together.
  std::optional<std::uint64_t> bytes;
  // Bytes asked of the file at once.
  std::size_t block = std::size_t{256} << 10;
};

// Counts what goes into and comes out of the unpacking of one file, through all its layers.
class UnpackMeter {
 public:
  // name: for messages. size: of the packed file, if known: reading parts of it again is no excuse
  // for more output.
  UnpackMeter(std::string name, const PackedLimits& limits, std::optional<std::uint64_t> size)
      : name_(std::move(name)), limits_(limits), size_(size) {}

  void add_packed(std::size_t bytes) { packed_ += bytes; }
  // Throws Error{input} beyond the limits.
  void add_unpacked(std::size_t bytes) {
    unpacked_ += bytes;
    if (unpacked_ > limits_.ratio_from || limits_.bytes) check();
  }
  const std::string& name() const { return name_; }
  const PackedLimits& limits() const { return limits_; }

  // Throws Error{input}: "the gzip data is torn: ... (at byte 123)".
  [[noreturn]] void fail(Packing packing, const std::string& what, std::uint64_t offset) const;

 private:
  void check() const;

  std::string name_;
  PackedLimits limits_;
  std::optional<std::uint64_t> size_;
  std::uint64_t packed_ = 0;
  std::uint64_t unpacked_ = 0;
};

}  // namespace pgseed::io
