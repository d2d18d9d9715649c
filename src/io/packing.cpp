#include "pgseed/io/packing.hpp"

#include <algorithm>
#include <array>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::io {
namespace {

using namespace std::string_view_literals;

struct Mark {
  std::string_view bytes;
  Packing packing;
  const char* refused = nullptr;  // what it is, when nothing here reads it
};

constexpr std::array<Mark, 13> kMarks = {{
    {"\x1F\x8B"sv, Packing::gzip},
    {"BZh"sv, Packing::bzip2},
    {"\xFD\x37\x7A\x58\x5A\0"sv, Packing::xz},
    {"\x28\xB5\x2F\xFD"sv, Packing::zstd},
    {"\x04\x22\x4D\x18"sv, Packing::lz4},
    {"PK\x03\x04"sv, Packing::zip},
    {"PK\x05\x06"sv, Packing::zip},  // without members
    {"PK\x07\x08"sv, Packing::zip},  // once split over several files
    // Has no end mark of its own: a torn file would look whole.
    {"\x02\x21\x4C\x18"sv, Packing::none, "lz4 data of the legacy format"},
    {"7z\xBC\xAF\x27\x1C"sv, Packing::none, "a 7z archive"},
    {"Rar!\x1A\x07"sv, Packing::none, "a rar archive"},
    {"LZIP\x01"sv, Packing::none, "lzip data"},
    {"\x1F\x9D"sv, Packing::none, "data of compress (.Z)"},
}};

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t index = 4; index-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(bytes[index]);
  }
  return number;
}

// The header of a tar member carries the sum of its bytes in octal.
bool is_tar_header(std::string_view head) {
  constexpr std::size_t kSumAt = 148;
  constexpr std::size_t kSumLength = 8;
  if (head.size() >= 262 && head.substr(257, 5) == "ustar") return true;
  if (head.size() < 512 || head[0] == '\0') return false;
  std::uint32_t sum = 0;
  for (std::size_t index = 0; index < 512; ++index) {
    const bool in_sum = index >= kSumAt && index < kSumAt + kSumLength;
    sum += in_sum ? ' ' : static_cast<unsigned char>(head[index]);
  }
  std::uint32_t written = 0;
  bool any = false;
  for (const char byte : head.substr(kSumAt, kSumLength)) {
    if (byte >= '0' && byte <= '7') {
      written = written * 8 + static_cast<std::uint32_t>(byte - '0');
      any = true;
    } else if (any || byte != ' ') {
      break;
    }
  }
  return any && written == sum;
}

}  // namespace

const char* name(Packing packing) {
  switch (packing) {
    case Packing::none:
      return "plain";
    case Packing::gzip:
      return "gzip";
    case Packing::bzip2:
      return "bzip2";
    case Packing::xz:
      return "xz";
    case Packing::zstd:
      return "zstd";
    case Packing::lz4:
      return "lz4";
    case Packing::tar:
      return "tar";
    case Packing::zip:
      return "zip";
  }
  return "plain";
}

bool is_archive(Packing packing) {
  return packing == Packing::tar || packing == Packing::zip;
}

std::optional<std::uint64_t> skippable_frame(std::string_view head) {
  if (head.size() < 8 || (static_cast<unsigned char>(head[0]) & 0xF0) != 0x50 ||
      head.substr(1, 3) != "\x2A\x4D\x18"sv) {
    return {};
  }
  return std::uint64_t{8} + little_endian(head.substr(4, 4));
}

// The .xz file format, 3.1 and 5.3.1: a block header with one or more filters, the last of them
// LZMA2, whose one property byte is the dictionary's size.
std::optional<std::uint64_t> xz_dictionary(std::string_view head) {
  constexpr std::size_t kBlockHeader = 12;
  constexpr std::uint64_t kLzma2 = 0x21;
  std::size_t at = kBlockHeader + 1;
  const auto byte = [&]() -> unsigned {
    return at < head.size() ? static_cast<unsigned char>(head[at++]) : 0U;
  };
  const auto number = [&] {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      const unsigned part = byte();
      value |= std::uint64_t{part & 0x7FU} << shift;
      if (part < 0x80) break;
    }
    return value;
  };
  const unsigned flags = byte();
  if ((flags & 0x40U) != 0) number();  // sizes
  if ((flags & 0x80U) != 0) number();
  for (unsigned filter = 0; filter <= (flags & 3U); ++filter) {
    const std::uint64_t id = number();
    const std::uint64_t size = number();
    if (id != kLzma2) {
      at += std::min<std::uint64_t>(size, head.size());
      continue;
    }
    if (size != 1 || at >= head.size()) return {};
    const unsigned bits = byte();
    if (bits > 40) return {};
    if (bits == 40) return 0xFFFFFFFFU;
    return std::uint64_t{2U | (bits & 1U)} << (bits / 2 + 11);
  }
  return {};
}

Packing packing_of(std::string_view head, const std::string& file) {
  for (const Mark& mark : kMarks) {
    if (head.starts_with(mark.bytes)) {
      if (mark.refused == nullptr) {
        // "BZh" alone might begin a text; the block size is a digit.
        if (mark.packing == Packing::bzip2 && head.size() > 3 && (head[3] < '1' || head[3] > '9')) {
          continue;
        }
        return mark.packing;
      }
      throw Error(ErrorKind::input, text("this is ", mark.refused), file,
                  "unpack it on the way in, or pack it with gzip, zstd or xz");
    }
    if (!head.empty() && mark.bytes.starts_with(head)) {
      throw Error(ErrorKind::input,
                  text("the file has only ", head.size(), " bytes, the beginning of packed data"),
                  file, "it is cut short; fetch or pack it again");
    }
  }
  return is_tar_header(head) ? Packing::tar : Packing::none;
}

void UnpackMeter::check() const {
  if (limits_.bytes && unpacked_ > *limits_.bytes) {
    throw Error(ErrorKind::input,
                text("more than ", human_bytes(*limits_.bytes), " come out of the file"), name_,
                "raise the limit with --max-unpacked-bytes");
  }
  const std::uint64_t packed =
      std::max<std::uint64_t>(1, std::min(packed_, size_.value_or(packed_)));
  if (limits_.ratio == 0 || unpacked_ <= limits_.ratio_from || unpacked_ / packed < limits_.ratio) {
    return;
  }
  throw Error(ErrorKind::input,
              text(human_bytes(unpacked_), " came out of ", human_bytes(packed), ", more than ",
                   limits_.ratio, " to one: this may be a bomb"),
              name_, "if the file is what you expect, raise the limit with --max-unpack-ratio");
}

void UnpackMeter::fail(Packing packing, const std::string& what, std::uint64_t offset) const {
  throw Error(ErrorKind::input,
              text(io::name(packing), is_archive(packing) ? " archive: " : " data: ", what,
                   " (at byte ", offset, ')'),
              name_, "the file is cut short or damaged; fetch or pack it again");
}

}  // namespace pgseed::io
