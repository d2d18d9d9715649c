#pragma once
// Fingerprints of bytes, from xxHash (XXH3): fast enough for every byte of a load. They show damage
// and change; against somebody who forges bytes they are no protection.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pgseed {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const Hash128&) const = default;
  // 32 lower-case hex digits.
  std::string hex() const;
};
std::optional<Hash128> hash128_of_hex(std::string_view digits);

Hash128 hash128(std::string_view bytes);
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// 16 lower-case hex digits.
std::string hex64(std::uint64_t number);
std::optional<std::uint64_t> number_of_hex64(std::string_view digits);

// The fingerprint of bytes that come in pieces.
class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(ContentHash&&) noexcept;
  ContentHash& operator=(ContentHash&&) noexcept;

  void add(std::string_view bytes);
  Hash128 value() const;
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::uint64_t bytes_ = 0;
};

}  // namespace pgseed
