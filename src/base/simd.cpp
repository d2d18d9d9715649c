#include "pgseed/base/simd.hpp"

#include <algorithm>

namespace pgseed::simd {
namespace {

bool has(Level level) {
  switch (level) {
    case Level::scalar:
      return true;
#if defined(__x86_64__)
    case Level::sse2:
      return true;
    case Level::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
    case Level::avx512:
      return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi");
#elif defined(__aarch64__)
    case Level::neon:
      return true;
#endif
    default:
      return false;
  }
}

}  // namespace

namespace detail {
Level level = levels().back();
}

std::vector<Level> levels() {
#if defined(__x86_64__)
  __builtin_cpu_init();  // this may run before the other constructors
#endif
  std::vector<Level> known;
  for (int number = 0; number < kLevels; ++number) {
    if (has(static_cast<Level>(number))) known.push_back(static_cast<Level>(number));
  }
  return known;
}

const char* name(Level level) {
  static constexpr const char* kNames[] = {"scalar", "sse2", "avx2", "avx512", "neon"};
  return kNames[static_cast<int>(level)];
}

bool use(Level level) {
  if (!has(level)) return false;
  detail::level = level;
  return true;
}

bool use(std::string_view wanted) {
  const std::vector<Level> known = levels();
  const auto found =
      std::find_if(known.begin(), known.end(), [&](Level each) { return name(each) == wanted; });
  return found != known.end() && use(*found);
}

}  // namespace pgseed::simd
