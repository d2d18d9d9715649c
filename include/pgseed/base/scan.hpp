#pragma once
// Fast searches over bytes. SSE2 is part of every x86-64 processor; elsewhere the plain loops
// serve.
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pgseed {

// How many times '\n' stands in [begin, end).
inline std::uint64_t count_newlines(const char* begin, const char* end) {
  std::uint64_t count = 0;
#if defined(__SSE2__)
  const __m128i newline = _mm_set1_epi8('\n');
  const __m128i zero = _mm_setzero_si128();
  while (end - begin >= 16) {
    // Up to 255 rounds fit into the byte counters.
    const std::ptrdiff_t rounds_left = (end - begin) / 16;
    const std::ptrdiff_t rounds = rounds_left < 255 ? rounds_left : 255;
    __m128i sums = zero;
    for (std::ptrdiff_t round = 0; round < rounds; ++round, begin += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
      sums = _mm_sub_epi8(sums, _mm_cmpeq_epi8(bytes, newline));
    }
    const __m128i wide = _mm_sad_epu8(sums, zero);
    count += static_cast<std::uint64_t>(_mm_cvtsi128_si64(wide)) +
             static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(wide, wide)));
  }
#endif
  for (; begin < end; ++begin) count += *begin == '\n';
  return count;
}

// The first `wanted` in [begin, end), or end. Short distances cost no function call.
inline const char* find_byte(const char* begin, const char* end, char wanted) {
#if defined(__SSE2__)
  const __m128i pattern = _mm_set1_epi8(wanted);
  for (int round = 0; round < 4 && end - begin >= 16; ++round, begin += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, pattern));
    if (mask != 0) return begin + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  const void* found = std::memchr(begin, wanted, static_cast<std::size_t>(end - begin));
  return found == nullptr ? end : static_cast<const char*>(found);
}

// The first of two bytes in [begin, end), or end.
inline const char* find_either(const char* begin, const char* end, char first, char second) {
#if defined(__SSE2__)
  const __m128i pattern_first = _mm_set1_epi8(first);
  const __m128i pattern_second = _mm_set1_epi8(second);
  for (; end - begin >= 16; begin += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const int mask = _mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, pattern_first), _mm_cmpeq_epi8(bytes, pattern_second)));
    if (mask != 0) return begin + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  while (begin < end && *begin != first && *begin != second) ++begin;
  return begin;
}

}  // namespace pgseed
