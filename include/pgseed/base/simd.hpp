#pragma once
// Which vector instructions the byte loops run with. All levels give the same bytes; the fastest
// one that the processor has is taken at the start.
#include <string_view>
#include <vector>

namespace pgseed::simd {

enum class Level { scalar, sse2, avx2, avx512, neon };
constexpr int kLevels = 5;

namespace detail {
extern Level level;
}

// The one in force.
inline Level level() {
  return detail::level;
}
// Those that this build and this processor have, slowest first.
std::vector<Level> levels();
const char* name(Level level);
// For tests and measurements. False, and nothing changed, for what is not among levels().
bool use(Level level);
bool use(std::string_view name);

}  // namespace pgseed::simd
