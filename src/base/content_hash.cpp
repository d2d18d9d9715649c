#include "pgseed/base/content_hash.hpp"

#ifdef PGSEED_XXHASH_DISPATCH
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#include <new>

namespace pgseed {

#ifdef PGSEED_XXHASH_DISPATCH
namespace {
// The first hash of more than 240 bytes chooses the instructions, and nothing keeps another thread
// from seeing half of the choice: it is made before there are threads.
[[maybe_unused]] const std::uint64_t chosen = [] {
  constexpr char kLong[256] = {};
  return XXH3_128bits(kLong, sizeof kLong).low64;
}();
}  // namespace
#endif

std::string hex64(std::uint64_t number) {
  std::string digits(16, '0');
  for (std::size_t at = digits.size(); at-- > 0; number >>= 4) {
    digits[at] = "0123456789abcdef"[number & 15];
  }
  return digits;
}

std::optional<std::uint64_t> number_of_hex64(std::string_view digits) {
  std::uint64_t number = 0;
  if (digits.size() != 16) return {};
  for (const char digit : digits) {
    number <<= 4;
    if (digit >= '0' && digit <= '9') {
      number |= static_cast<std::uint64_t>(digit - '0');
    } else if (digit >= 'a' && digit <= 'f') {
      number |= static_cast<std::uint64_t>(digit - 'a' + 10);
    } else {
      return {};
    }
  }
  return number;
}

std::string Hash128::hex() const {
  return hex64(high) + hex64(low);
}

std::optional<Hash128> hash128_of_hex(std::string_view digits) {
  if (digits.size() != 32) return {};
  const auto high = number_of_hex64(digits.substr(0, 16));
  const auto low = number_of_hex64(digits.substr(16));
  if (!high || !low) return {};
  return Hash128{*high, *low};
}

Hash128 hash128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

struct ContentHash::State {
  State() : xxh3(XXH3_createState()) {
    if (xxh3 == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(xxh3);
  }
  ~State() { XXH3_freeState(xxh3); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  XXH3_state_t* xxh3;
};

ContentHash::ContentHash() : state_(std::make_unique<State>()) {}
ContentHash::~ContentHash() = default;
ContentHash::ContentHash(ContentHash&&) noexcept = default;
ContentHash& ContentHash::operator=(ContentHash&&) noexcept = default;

void ContentHash::add(std::string_view bytes) {
  XXH3_128bits_update(state_->xxh3, bytes.data(), bytes.size());
  bytes_ += bytes.size();
}

Hash128 ContentHash::value() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->xxh3);
  return {hash.high64, hash.low64};
}

}  // namespace pgseed
