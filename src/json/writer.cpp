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

enum class Text { plain, sql, copy, mysql };

// Bytes that cannot be copied as they are. JSON: control characters, " and \. An SQL string has '
// doubled as well; a COPY field and MySQL's strings have their backslashes.
template <Text kind>
constexpr std::array<bool, 256> special_bytes() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) table[byte] = true;
  table['"'] = true;
  table['\\'] = true;
  if (kind == Text::sql || kind == Text::mysql) table['\''] = true;
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

// What each byte behind a backslash of MySQL's becomes in JSON: up to 4 bytes, their number in
// `size`; 0 for the two that take six bytes.
struct Replacement {
  char bytes[4];
  unsigned char size;
};

constexpr std::array<Replacement, 256> mysql_replacements() {
  std::array<Replacement, 256> table{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    table[byte] = {{static_cast<char>(byte), 0, 0, 0}, 1};
    if (byte < 0x20) table[byte].size = 0;
  }
  table['"'] = {{'\\', '"', 0, 0}, 2};
  table['\\'] = {{'\\', '\\', 0, 0}, 2};
  table['b'] = {{'\\', 'b', 0, 0}, 2};
  table['n'] = {{'\\', 'n', 0, 0}, 2};
  table['r'] = {{'\\', 'r', 0, 0}, 2};
  table['t'] = {{'\\', 't', 0, 0}, 2};
  table['%'] = {{'\\', '\\', '%', 0}, 3};
  table['_'] = {{'\\', '\\', '_', 0}, 3};
  table['0'].size = 0;
  table['Z'].size = 0;
  return table;
}

// At a backslash between MySQL's quotes: writes what it and the next byte stand for; returns where
// the text goes on. has_nul is set for \0.
const char* put_mysql_escape(const char* from, const char* end, char*& to, bool& has_nul) {
  static constexpr auto replacements = mysql_replacements();
  if (end - from < 2) {  // no reader leaves this; a backslash then is one
    to = put_escape(to, '\\');
    return end;
  }
  const auto escaped = static_cast<unsigned char>(from[1]);
  const Replacement& replacement = replacements[escaped];
  if (replacement.size != 0) {
    std::memcpy(to, replacement.bytes, 4);
    to += replacement.size;
    return from + 2;
  }
  has_nul |= escaped == '0' || escaped == 0;
  to = put_escape(to, escaped == '0' ? 0 : escaped == 'Z' ? 0x1A : escaped);
  return from + 2;
}

#if defined(__SSE2__)
// A bit for each of the 16 bytes that is a backslash before a byte with which it means the same to
// MySQL and to JSON. 17 bytes are read.
unsigned escapes_of_both(const char* from, unsigned backslashes) {
  const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 1));
  const auto is = [&](char byte) { return _mm_cmpeq_epi8(next, _mm_set1_epi8(byte)); };
  const __m128i marks = _mm_or_si128(is('\\'), is('"'));
  const __m128i letters =
      _mm_or_si128(_mm_or_si128(is('n'), is('r')), _mm_or_si128(is('t'), is('b')));
  const __m128i same = _mm_or_si128(marks, letters);
  return backslashes & static_cast<unsigned>(_mm_movemask_epi8(same));
}
#endif

// As copy_plain() for what stands between MySQL's quotes. Most of its escapes are JSON's as well:
// they are copied as they are.
const char* copy_mysql_plain(const char* from, const char* end, char*& to) {
  static constexpr auto special = special_bytes<Text::mysql>();
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i apostrophe = _mm_set1_epi8('\'');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  while (end - from >= 17) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    const __m128i escapes = _mm_cmpeq_epi8(bytes, backslash);
    __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, apostrophe));
    hits = _mm_or_si128(hits, _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
    const auto backslashes = static_cast<unsigned>(_mm_movemask_epi8(escapes));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits)) | backslashes;
    const unsigned same = backslashes == 0 ? 0 : escapes_of_both(from, backslashes);
    std::ptrdiff_t step = 16;
    while (mask != 0) {
      const auto at = static_cast<unsigned>(__builtin_ctz(mask));
      if ((same >> at & 1) == 0) {
        to += at;
        return from + at;
      }
      mask &= ~(3U << at);  // the escaped byte as well
      if (at == 15) {
        to[16] = from[16];
        step = 17;
      }
    }
    from += step;
    to += step;
  }
#endif
  while (from < end && !special[static_cast<unsigned char>(*from)]) *to++ = *from++;
  return from;
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

// False if the text holds a NUL (looked for in MySQL's escapes only).
template <Text kind>
bool append_escaped(Buffer& out, std::string_view text) {
  const char* from = text.data();
  const char* const end = from + text.size();
  bool has_nul = false;
  // Most text needs few escapes: reserve for the plain copy and ask again when escapes eat the
  // room.
  std::size_t room = text.size() + text.size() / 8 + 64;
  char* to = out.reserve(room + 2 + kSlack);
  char* limit = to + room;
  *to++ = '"';
  for (;;) {
    if constexpr (kind == Text::mysql) {
      from = copy_mysql_plain(from, end, to);
    } else {
      from = copy_plain<kind>(from, end, to);
    }
    if (from == end) break;
    const auto left = static_cast<std::size_t>(end - from);
    if (static_cast<std::size_t>(limit - to) < left + kLongestEscape) {
      out.advance_to(to);
      room = left + left / 4 + 64 + kLongestEscape;
      to = out.reserve(room + 2 + kSlack);
      limit = to + room;
    }
    const char byte = *from;
    if ((kind == Text::sql || kind == Text::mysql) && byte == '\'') {
      *to++ = '\'';
      from += 2;
      if (from > end) from = end;
    } else if (kind == Text::copy && byte == '\\') {
      to = put(to, copy_escape(from, end));
    } else if (kind == Text::mysql && byte == '\\') {
      from = put_mysql_escape(from, end, to, has_nul);
    } else {
      to = put_escape(to, static_cast<unsigned char>(byte));
      ++from;
    }
  }
  *to++ = '"';
  out.advance_to(to);
  return !has_nul;
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
bool append_mysql_string(Buffer& out, std::string_view between_quotes) {
  return append_escaped<Text::mysql>(out, between_quotes);
}

}  // namespace pgseed::json
