#pragma once
// 64 bytes at once, for the loops of simd_levels.hpp: a Block is loaded from anywhere, compared
// with bytes, and stored anywhere. Bit n of a mask tells about byte n.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pgseed/base/bits.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// What stands between these two is compiled for a processor that has more than the build asks for.
#if defined(__clang__)
#define PGSEED_PRAGMA(text) _Pragma(#text)
#define PGSEED_TARGET(features) \
  PGSEED_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define PGSEED_TARGET_END _Pragma("clang attribute pop")
#else
#define PGSEED_PRAGMA(text) _Pragma(#text)
#define PGSEED_TARGET(features) _Pragma("GCC push_options") PGSEED_PRAGMA(GCC target(features))
#define PGSEED_TARGET_END _Pragma("GCC pop_options")
#endif
#define PGSEED_TARGET_AVX2 PGSEED_TARGET("avx2,bmi,popcnt")
#define PGSEED_TARGET_AVX512 PGSEED_TARGET("avx512f,avx512bw,avx2,bmi,popcnt")

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PGSEED_ADDRESS_SANITIZER 1
#endif
#endif

namespace pgseed::simd {

constexpr std::size_t kBlock = 64;

// Eight bytes at a time in plain integers. In Hits the highest bit of each byte counts.
class ScalarBlock {
 public:
  struct Hits {
    std::uint64_t words[8];
    Hits operator|(const Hits& other) const {
      Hits both;
      for (int n = 0; n < 8; ++n) both.words[n] = words[n] | other.words[n];
      return both;
    }
    std::uint64_t mask() const {
      // Bit n of each byte is from word n: eight rows of eight bits, which are transposed by
      // exchanging ever larger squares (Hacker's Delight, 7-3).
      std::uint64_t bits = 0;
      for (int n = 0; n < 8; ++n) bits |= (words[n] & kHigh) >> (7 - n);
      std::uint64_t changed = (bits ^ (bits >> 7)) & UINT64_C(0x00AA00AA00AA00AA);
      bits ^= changed ^ (changed << 7);
      changed = (bits ^ (bits >> 14)) & UINT64_C(0x0000CCCC0000CCCC);
      bits ^= changed ^ (changed << 14);
      changed = (bits ^ (bits >> 28)) & UINT64_C(0x00000000F0F0F0F0);
      return bits ^ changed ^ (changed << 28);
    }
  };

  explicit ScalarBlock(const char* at) {
    std::memcpy(words_, at, sizeof words_);
    if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) {
      for (std::uint64_t& word : words_) word = __builtin_bswap64(word);
    }
  }
  Hits equal(char byte) const {
    const std::uint64_t pattern = kOnes * static_cast<unsigned char>(byte);
    Hits hits;
    for (int n = 0; n < 8; ++n) {
      const std::uint64_t differs = words_[n] ^ pattern;
      hits.words[n] = ~(((differs & ~kHigh) + ~kHigh) | differs);
    }
    return hits;
  }
  // Control characters: below 0x20.
  Hits controls() const {
    Hits hits;
    for (int n = 0; n < 8; ++n) {
      hits.words[n] = ~(((words_[n] & ~kHigh) + kOnes * 0x60) | words_[n]);
    }
    return hits;
  }
  // '0' to '7', which differ in their lowest three bits.
  Hits octal_digits() const {
    Hits hits;
    for (int n = 0; n < 8; ++n) {
      const std::uint64_t differs = (words_[n] & kOnes * 0xF8) ^ kOnes * 0x30;
      hits.words[n] = ~(((differs & ~kHigh) + ~kHigh) | differs);
    }
    return hits;
  }
  static void copy(const char* from, char* to) { std::memcpy(to, from, kBlock); }
  static int count(std::uint64_t mask) { return bits::count(mask); }

 private:
  static constexpr std::uint64_t kOnes = UINT64_C(0x0101010101010101);
  static constexpr std::uint64_t kHigh = kOnes << 7;
  std::uint64_t words_[8];
};

#if defined(__x86_64__)
class Sse2Block {
 public:
  struct Hits {
    __m128i parts[4];
    Hits operator|(const Hits& other) const {
      return {{_mm_or_si128(parts[0], other.parts[0]), _mm_or_si128(parts[1], other.parts[1]),
               _mm_or_si128(parts[2], other.parts[2]), _mm_or_si128(parts[3], other.parts[3])}};
    }
    std::uint64_t mask() const { return bits(0) | bits(1) << 16 | bits(2) << 32 | bits(3) << 48; }
    std::uint64_t bits(int n) const {
      return static_cast<std::uint32_t>(_mm_movemask_epi8(parts[n]));
    }
  };

  explicit Sse2Block(const char* at) {
    for (int n = 0; n < 4; ++n) {
      parts_[n] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at) + n);
    }
  }
  Hits equal(char byte) const {
    const __m128i pattern = _mm_set1_epi8(byte);
    return {{_mm_cmpeq_epi8(parts_[0], pattern), _mm_cmpeq_epi8(parts_[1], pattern),
             _mm_cmpeq_epi8(parts_[2], pattern), _mm_cmpeq_epi8(parts_[3], pattern)}};
  }
  // Control characters: those that their minimum with 0x1F leaves as they are.
  Hits controls() const {
    const __m128i last = _mm_set1_epi8(0x1F);
    return {{_mm_cmpeq_epi8(_mm_min_epu8(parts_[0], last), parts_[0]),
             _mm_cmpeq_epi8(_mm_min_epu8(parts_[1], last), parts_[1]),
             _mm_cmpeq_epi8(_mm_min_epu8(parts_[2], last), parts_[2]),
             _mm_cmpeq_epi8(_mm_min_epu8(parts_[3], last), parts_[3])}};
  }
  Hits octal_digits() const {
    const __m128i same = _mm_set1_epi8(static_cast<char>(0xF8));
    const __m128i pattern = _mm_set1_epi8(0x30);
    return {{_mm_cmpeq_epi8(_mm_and_si128(parts_[0], same), pattern),
             _mm_cmpeq_epi8(_mm_and_si128(parts_[1], same), pattern),
             _mm_cmpeq_epi8(_mm_and_si128(parts_[2], same), pattern),
             _mm_cmpeq_epi8(_mm_and_si128(parts_[3], same), pattern)}};
  }
  static void copy(const char* from, char* to) {
    for (int n = 0; n < 4; ++n) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to) + n,
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(from) + n));
    }
  }
  static int count(std::uint64_t mask) { return bits::count(mask); }

 private:
  __m128i parts_[4];
};

PGSEED_TARGET_AVX2
class Avx2Block {
 public:
  struct Hits {
    __m256i low, high;
    Hits operator|(const Hits& other) const {
      return {_mm256_or_si256(low, other.low), _mm256_or_si256(high, other.high)};
    }
    std::uint64_t mask() const {
      return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
             static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high)))
                 << 32;
    }
  };

  explicit Avx2Block(const char* at)
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at))),
        high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at) + 1)) {}
  Hits equal(char byte) const {
    const __m256i pattern = _mm256_set1_epi8(byte);
    return {_mm256_cmpeq_epi8(low_, pattern), _mm256_cmpeq_epi8(high_, pattern)};
  }
  Hits controls() const {
    const __m256i last = _mm256_set1_epi8(0x1F);
    return {_mm256_cmpeq_epi8(_mm256_min_epu8(low_, last), low_),
            _mm256_cmpeq_epi8(_mm256_min_epu8(high_, last), high_)};
  }
  Hits octal_digits() const {
    const __m256i same = _mm256_set1_epi8(static_cast<char>(0xF8));
    const __m256i pattern = _mm256_set1_epi8(0x30);
    return {_mm256_cmpeq_epi8(_mm256_and_si256(low_, same), pattern),
            _mm256_cmpeq_epi8(_mm256_and_si256(high_, same), pattern)};
  }
  static void copy(const char* from, char* to) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from) + 1);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to) + 1, high);
  }
  static int count(std::uint64_t mask) { return static_cast<int>(_mm_popcnt_u64(mask)); }

 private:
  __m256i low_, high_;
};
PGSEED_TARGET_END

PGSEED_TARGET_AVX512
class Avx512Block {
 public:
  struct Hits {
    __mmask64 bits;
    Hits operator|(const Hits& other) const { return {bits | other.bits}; }
    std::uint64_t mask() const { return bits; }
  };

  explicit Avx512Block(const char* at) : bytes_(_mm512_loadu_si512(at)) {}
  Hits equal(char byte) const { return {_mm512_cmpeq_epi8_mask(bytes_, _mm512_set1_epi8(byte))}; }
  Hits controls() const { return {_mm512_cmplt_epu8_mask(bytes_, _mm512_set1_epi8(0x20))}; }
  Hits octal_digits() const {
    const __m512i same = _mm512_set1_epi8(static_cast<char>(0xF8));
    return {_mm512_cmpeq_epi8_mask(_mm512_and_si512(bytes_, same), _mm512_set1_epi8(0x30))};
  }
  static void copy(const char* from, char* to) {
    _mm512_storeu_si512(to, _mm512_loadu_si512(from));
  }
  static int count(std::uint64_t mask) { return static_cast<int>(_mm_popcnt_u64(mask)); }

 private:
  __m512i bytes_;
};
PGSEED_TARGET_END
#endif

#if defined(__aarch64__)
class NeonBlock {
 public:
  struct Hits {
    uint8x16_t parts[4];
    Hits operator|(const Hits& other) const {
      return {{vorrq_u8(parts[0], other.parts[0]), vorrq_u8(parts[1], other.parts[1]),
               vorrq_u8(parts[2], other.parts[2]), vorrq_u8(parts[3], other.parts[3])}};
    }
    // Each byte keeps the bit of its place in eight; adding neighbours three times packs them.
    std::uint64_t mask() const {
      const uint8x16_t places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
      const uint8x16_t low = vpaddq_u8(vandq_u8(parts[0], places), vandq_u8(parts[1], places));
      const uint8x16_t high = vpaddq_u8(vandq_u8(parts[2], places), vandq_u8(parts[3], places));
      const uint8x16_t pairs = vpaddq_u8(low, high);
      return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
    }
  };

  explicit NeonBlock(const char* at) {
    for (int n = 0; n < 4; ++n) {
      parts_[n] = vld1q_u8(reinterpret_cast<const std::uint8_t*>(at) + 16 * n);
    }
  }
  Hits equal(char byte) const {
    const uint8x16_t pattern = vdupq_n_u8(static_cast<std::uint8_t>(byte));
    return {{vceqq_u8(parts_[0], pattern), vceqq_u8(parts_[1], pattern),
             vceqq_u8(parts_[2], pattern), vceqq_u8(parts_[3], pattern)}};
  }
  Hits controls() const {
    const uint8x16_t first_other = vdupq_n_u8(0x20);
    return {{vcltq_u8(parts_[0], first_other), vcltq_u8(parts_[1], first_other),
             vcltq_u8(parts_[2], first_other), vcltq_u8(parts_[3], first_other)}};
  }
  Hits octal_digits() const {
    const uint8x16_t same = vdupq_n_u8(0xF8);
    const uint8x16_t pattern = vdupq_n_u8(0x30);
    return {{vceqq_u8(vandq_u8(parts_[0], same), pattern),
             vceqq_u8(vandq_u8(parts_[1], same), pattern),
             vceqq_u8(vandq_u8(parts_[2], same), pattern),
             vceqq_u8(vandq_u8(parts_[3], same), pattern)}};
  }
  static void copy(const char* from, char* to) { std::memcpy(to, from, kBlock); }
  static int count(std::uint64_t mask) { return __builtin_popcountll(mask); }

 private:
  uint8x16_t parts_[4];
};
#endif

}  // namespace pgseed::simd
