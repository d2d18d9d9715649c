// No include guard: this is included once for each file of loops. It compiles the file that
// PGSEED_SIMD_LOOPS names once for every level, in a namespace of the level's name where Block is
// the level's. The file includes nothing itself, and defines no lambdas, which would be compiled
// for the plain processor.
namespace scalar {
using Block = simd::ScalarBlock;
#include PGSEED_SIMD_LOOPS
}  // namespace scalar

#if defined(__x86_64__)
namespace sse2 {
using Block = simd::Sse2Block;
#include PGSEED_SIMD_LOOPS
}  // namespace sse2

PGSEED_TARGET_AVX2
namespace avx2 {
using Block = simd::Avx2Block;
#include PGSEED_SIMD_LOOPS
}  // namespace avx2
PGSEED_TARGET_END

PGSEED_TARGET_AVX512
namespace avx512 {
using Block = simd::Avx512Block;
#include PGSEED_SIMD_LOOPS
}  // namespace avx512
PGSEED_TARGET_END
#endif

#if defined(__aarch64__)
namespace neon {
using Block = simd::NeonBlock;
#include PGSEED_SIMD_LOOPS
}  // namespace neon
#endif

#undef PGSEED_SIMD_LOOPS

// A function of the loops, for every Level in its order; those that this build does not have are
// never called.
#undef PGSEED_SIMD_TABLE
#if defined(__x86_64__)
#define PGSEED_SIMD_TABLE(...) \
  { scalar::__VA_ARGS__, sse2::__VA_ARGS__, avx2::__VA_ARGS__, avx512::__VA_ARGS__, nullptr }
#elif defined(__aarch64__)
#define PGSEED_SIMD_TABLE(...) \
  { scalar::__VA_ARGS__, nullptr, nullptr, nullptr, neon::__VA_ARGS__ }
#else
#define PGSEED_SIMD_TABLE(...) \
  { scalar::__VA_ARGS__, nullptr, nullptr, nullptr, nullptr }
#endif
