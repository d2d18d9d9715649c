#include "pgseed/json/writer.hpp"

#include <algorithm>
#include <array>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pgseed::json {
namespace {

// No byte grows to more than this: \u001f.
constexpr std::size_t kLongestEscape = 6;
// Vector stores may write this far past the end of what counts.
constexpr std::size_t kSlack = 16;

enum class Text { plain, sql, copy };

// Bytes that cannot be copied as they are. JSON: control characters, " and \. An SQL string has '
// doubled as well; a COPY field has its backslashes.
template <Text kind>
constexpr std::array<bool, 256> special_bytes() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) table[byte] = true;
  table['"'] = true;
  table['\\'] = true;
  if (kind == Text::sql) table['\''] = true;
  return table;
}

char* put_escape(char* to, unsigned char byte) {
  constexpr char digits[] = "0123456789abcdef";
  *to++ = '\\';
  switch (byte) {
    case '"':
      *to++ = '"';
      break;
    case '\\':
      *to++ = '\\';
      break;
    case '\b':
      *to++ = 'b';
      break;
    case '\f':
      *to++ = 'f';
      break;
    case '\n':
      *to++ = 'n';
      break;
    case '\r':
      *to++ = 'r';
      break;
    case '\t':
      *to++ = 't';
      break;
    default:
      *to++ = 'u';
      *to++ = '0';
      *to++ = '0';
      *to++ = digits[byte >> 4];
      *to++ = digits[byte & 15];
  }
  return to;
}

char* put(char* to, unsigned char byte) {
  if (byte < 0x20 || byte == '"' || byte == '\\') return put_escape(to, byte);
  *to++ = static_cast<char>(byte);
  return to;
}

// At a backslash of a COPY field: the byte it stands for; moves `from` behind the escape.
unsigned char copy_escape(const char*& from, const char* end) {
  ++from;
  if (from == end) return '\\';
  const char escaped = *from++;
  switch (escaped) {
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
      return static_cast<unsigned char>(escaped);
  }
}

// Copies until the first special byte; returns where it stands. May write kSlack bytes too many.
template <Text kind>
const char* copy_plain(const char* from, const char* end, char*& to) {
  static constexpr auto special = special_bytes<kind>();
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i apostrophe = _mm_set1_epi8('\'');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  while (end - from >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
    if constexpr (kind == Text::sql) hits = _mm_or_si128(hits, _mm_cmpeq_epi8(bytes, apostrophe));
    // Unsigned bytes <= 0x1F: those that their minimum with 0x1F leaves as they are.
    hits = _mm_or_si128(hits, _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) {
      const int distance = __builtin_ctz(mask);
      to += distance;
      return from + distance;
    }
    from += 16;
    to += 16;
  }
#endif
  while (from < end && !special[static_cast<unsigned char>(*from)]) *to++ = *from++;
  return from;
}

template <Text kind>
void append_escaped(Buffer& out, std::string_view text) {
  const char* from = text.data();
  const char* const end = from + text.size();
  // Most text needs few escapes: reserve for the plain copy and ask again when escapes eat the
  // room.
  std::size_t room = text.size() + text.size() / 8 + 64;
  char* to = out.reserve(room + 2 + kSlack);
  char* limit = to + room;
  *to++ = '"';
  for (;;) {
    from = copy_plain<kind>(from, end, to);
    if (from == end) break;
    const auto left = static_cast<std::size_t>(end - from);
    if (static_cast<std::size_t>(limit - to) < left + kLongestEscape) {
      out.advance_to(to);
      room = left + left / 4 + 64 + kLongestEscape;
      to = out.reserve(room + 2 + kSlack);
      limit = to + room;
    }
    const char byte = *from;
    if (kind == Text::sql && byte == '\'') {
      *to++ = '\'';
      from += 2;
      if (from > end) from = end;
    } else if (kind == Text::copy && byte == '\\') {
      to = put(to, copy_escape(from, end));
    } else {
      to = put_escape(to, static_cast<unsigned char>(byte));
      ++from;
    }
  }
  *to++ = '"';
  out.advance_to(to);
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

void append_string(Buffer& out, std::string_view text) {
  append_escaped<Text::plain>(out, text);
}
void append_sql_string(Buffer& out, std::string_view between_quotes) {
  append_escaped<Text::sql>(out, between_quotes);
}
void append_copy_string(Buffer& out, std::string_view field) {
  append_escaped<Text::copy>(out, field);
}

}  // namespace pgseed::json
