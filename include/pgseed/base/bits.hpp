#pragma once
// Sets of places among 64 bytes: bit n is about byte n.
#include <cstddef>
#include <cstdint>

namespace pgseed::bits {

inline int first(std::uint64_t mask) {
  return __builtin_ctzll(mask);
}
// How many bits are set; the plain processor has no instruction for it.
inline int count(std::uint64_t mask) {
  mask -= mask >> 1 & 0x5555555555555555U;
  mask = (mask & 0x3333333333333333U) + (mask >> 2 & 0x3333333333333333U);
  mask = (mask + (mask >> 4)) & 0x0F0F0F0F0F0F0F0FU;
  return static_cast<int>(mask * 0x0101010101010101U >> 56);
}
// The lowest `count` bits, of 0 to 64.
inline std::uint64_t low(std::size_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

// The bytes that a backslash escapes: those behind a run of an odd number of them. carry: whether
// the first byte is one, then whether the byte behind the last is.
// Borrowed from simdjson: runs are told apart by adding to the bits that begin them.
inline std::uint64_t escaped(std::uint64_t backslashes, std::uint64_t& carry) {
  constexpr std::uint64_t kEven = 0x5555555555555555U;
  backslashes &= ~carry;
  const std::uint64_t follows = backslashes << 1 | carry;
  const std::uint64_t odd_starts = backslashes & ~kEven & ~follows;
  const std::uint64_t sum = odd_starts + backslashes;
  carry = sum < backslashes ? 1 : 0;
  return (kEven ^ (sum << 1)) & follows;
}

}  // namespace pgseed::bits
