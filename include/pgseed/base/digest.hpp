#pragma once
// Checksums, from OpenSSL.
#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace pgseed {

// One algorithm, set up once: its answers cost no allocation and live until the next question.
class Digest {
 public:
  // "MD5", "SHA1", "SHA256". Throws Error{usage} where the machine does not offer it.
  explicit Digest(const char* algorithm);
  ~Digest();
  Digest(Digest&&) noexcept;

  std::string_view of(std::string_view bytes);
  // In lower-case hex digits.
  std::string_view hex_of(std::string_view bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::array<unsigned char, 64> digest_{};
  std::array<char, 128> hex_{};
};

// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace pgseed
