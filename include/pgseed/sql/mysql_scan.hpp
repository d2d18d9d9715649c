#pragma once
// Where a string ends in which backslashes escape. Text of formulas has one every few bytes, so
// that nothing here branches on each of them.
#include <cstddef>
#include <cstdint>

#include "pgseed/base/bits.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pgseed::sql {

#if defined(__SSE2__)
namespace detail {

// A bit for each of 16 bytes that is `wanted`.
inline unsigned bits_of(const char* at, __m128i wanted) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
}
inline std::uint64_t bits_of_64(const char* at, __m128i wanted) {
  return bits_of(at, wanted) | static_cast<std::uint64_t>(bits_of(at + 16, wanted)) << 16 |
         static_cast<std::uint64_t>(bits_of(at + 32, wanted)) << 32 |
         static_cast<std::uint64_t>(bits_of(at + 48, wanted)) << 48;
}

}  // namespace detail
#endif

// The first `quote` in [begin, end) that no backslash escapes, or end. has_backslashes is set if
// one stands before it, and otherwise left alone.
inline const char* find_unescaped(const char* begin, const char* end, char quote,
                                  bool& has_backslashes) {
#if defined(__SSE2__)
  const __m128i quotes = _mm_set1_epi8(quote);
  const __m128i backslashes = _mm_set1_epi8('\\');
  // Most strings are short and plain.
  for (int round = 0; round < 3 && end - begin >= 16; ++round, begin += 16) {
    const unsigned hits = detail::bits_of(begin, quotes);
    const unsigned escapes = detail::bits_of(begin, backslashes);
    const unsigned first = hits & (~hits + 1);  // 0 if there is none
    if ((escapes & (first - 1)) != 0) break;
    if (hits != 0) return begin + __builtin_ctz(hits);
  }
  std::uint64_t carry = 0;
  for (; end - begin >= 64; begin += 64) {
    const std::uint64_t escapes = detail::bits_of_64(begin, backslashes);
    const std::uint64_t hits = detail::bits_of_64(begin, quotes) & ~bits::escaped(escapes, carry);
    if (hits != 0) {
      has_backslashes |= (escapes & ((hits & (~hits + 1)) - 1)) != 0;
      return begin + __builtin_ctzll(hits);
    }
    has_backslashes |= escapes != 0;
  }
  if (carry != 0 && begin < end) ++begin;
#endif
  for (; begin < end; ++begin) {
    if (*begin == quote) return begin;
    if (*begin != '\\') continue;
    has_backslashes = true;
    if (++begin == end) break;
  }
  return end;
}

}  // namespace pgseed::sql
