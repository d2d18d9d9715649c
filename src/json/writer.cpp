#include "pgseed/json/writer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "pgseed/base/simd.hpp"
#include "pgseed/base/simd_block.hpp"

namespace pgseed::json {
namespace {

// What stands in a string that is copied, and which of its bytes are not copied as they are. JSON
// escapes control characters, " and \. In an SQL string ' is doubled as well; a COPY field and
// MySQL's strings have backslash escapes of their own.
enum class Text { plain, sql, copy, mysql };

// How far escape() may read from where it stands: a block, the byte that its last one escapes, and
// another block.
constexpr std::size_t kReach = 2 * simd::kBlock + 8;
// No byte of a block grows to more than six: \u001f.
constexpr std::size_t kEscapeSlack = 6 * simd::kBlock + simd::kBlock + 16;

// Memory is mapped in pages: what is in the page of a byte that may be read can be read.
inline bool page_ends_in_reach([[maybe_unused]] const char* text) {
#if defined(__SANITIZE_ADDRESS__) || defined(PGSEED_ADDRESS_SANITIZER)
  return true;
#else
  constexpr std::uintptr_t kPage = 4096;
  return (reinterpret_cast<std::uintptr_t>(text) & (kPage - 1)) > kPage - kReach;
#endif
}

// What takes the place of a byte or of an escape: up to six bytes, their number, and a flag.
class Entry {
 public:
  constexpr Entry() = default;
  explicit constexpr Entry(std::string_view text, bool flag = false) {
    for (std::size_t at = 0; at < text.size(); ++at) bytes_[at] = text[at];
    size_ = static_cast<unsigned char>(text.size());
    flag_ = flag ? 1 : 0;
  }
  std::size_t size() const { return size_; }
  unsigned flag() const { return flag_; }

 private:
  char bytes_[6] = {};
  unsigned char size_ = 0;
  unsigned char flag_ = 0;
};
static_assert(sizeof(Entry) == 8);

constexpr Entry json_entry(std::size_t byte, bool flag = false) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (byte) {
    case '"':
      return Entry("\\\"");
    case '\\':
      return Entry("\\\\");
    case '\b':
      return Entry("\\b");
    case '\f':
      return Entry("\\f");
    case '\n':
      return Entry("\\n");
    case '\r':
      return Entry("\\r");
    case '\t':
      return Entry("\\t");
    default:
      break;
  }
  if (byte < 0x20) {
    const char escape[] = {'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
    return Entry(std::string_view(escape, sizeof escape), flag);
  }
  const char same = static_cast<char>(byte);
  return Entry(std::string_view(&same, 1));
}

// The byte that a backslash and this one stand for.
constexpr std::size_t copy_escape(std::size_t byte) {
  switch (byte) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return byte;
  }
}
constexpr std::size_t mysql_escape(std::size_t byte) {
  switch (byte) {
    case '0':
      return 0;
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return 0x1A;
    default:
      return byte;
  }
}

// First what each byte becomes, then what a backslash and each byte become. An escaped NUL is
// flagged.
using Entries = std::array<Entry, 512>;
constexpr Entries make_entries(Text kind) {
  Entries entries;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    entries[byte] = json_entry(byte);
    const std::size_t escaped = kind == Text::mysql ? mysql_escape(byte) : copy_escape(byte);
    entries[256 + byte] = json_entry(escaped, escaped == 0);
  }
  if (kind == Text::mysql) {
    entries[256 + '%'] = Entry("\\\\%");
    entries[256 + '_'] = Entry("\\\\_");
  }
  return entries;
}
constexpr Entries kCopyEntries = make_entries(Text::copy);
constexpr Entries kMysqlEntries = make_entries(Text::mysql);

#define PGSEED_SIMD_LOOPS "pgseed/json/escape_loops.hpp"
#include "pgseed/base/simd_levels.hpp"

using Escape = const char* (*)(const char* from, const char* end, char*& to, const char* limit,
                               unsigned& flags);

// False if the text holds an escaped NUL.
template <Text kind>
bool append_escaped(Buffer& out, std::string_view text, std::string_view before = {}) {
  static constexpr Escape kEscapes[simd::kLevels] = PGSEED_SIMD_TABLE(escape<kind>);
  const Escape escape = kEscapes[static_cast<int>(simd::level())];
  const char* from = text.data();
  const char* const end = from + text.size();
  unsigned flags = 0;
  // Most text needs few escapes: reserve for the plain copy and ask again when escapes eat the
  // room.
  std::size_t room = text.size() + text.size() / 8 + 64;
  char* to = out.reserve(before.size() + room + kEscapeSlack);
  copy_short(before, to);
  to += before.size();
  *to++ = '"';
  for (;;) {
    from = escape(from, end, to, to + room, flags);
    if (from == end) break;
    const auto left = static_cast<std::size_t>(end - from);
    out.advance_to(to);
    room = left + left / 4 + 64;
    to = out.reserve(room + kEscapeSlack);
  }
  *to++ = '"';
  out.advance_to(to);
  return flags == 0;
}

}  // namespace

void Buffer::grow(std::size_t count) {
  const std::size_t wanted =
      std::max({size_ + count, capacity_ + capacity_ / 2, std::size_t{4096}});
  char* const larger = static_cast<char*>(std::realloc(bytes_.get(), wanted));
  if (larger == nullptr) throw std::bad_alloc();
  static_cast<void>(bytes_.release());
  bytes_.reset(larger);
  capacity_ = wanted;
}

void append_string(Buffer& out, std::string_view text, std::string_view before) {
  append_escaped<Text::plain>(out, text, before);
}
void append_sql_string(Buffer& out, std::string_view between_quotes, std::string_view before) {
  append_escaped<Text::sql>(out, between_quotes, before);
}
void append_copy_string(Buffer& out, std::string_view field, std::string_view before) {
  append_escaped<Text::copy>(out, field, before);
}
bool append_mysql_string(Buffer& out, std::string_view between_quotes) {
  return append_escaped<Text::mysql>(out, between_quotes);
}

}  // namespace pgseed::json
