#include "pgseed/base/digest.hpp"

#include <openssl/evp.h>

#include <new>

#include "pgseed/base/error.hpp"

namespace pgseed {

struct Digest::Impl {
  EVP_MD* algorithm = nullptr;
  EVP_MD_CTX* context = nullptr;

  ~Impl() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
};

Digest::Digest(const char* algorithm) : impl_(std::make_unique<Impl>()) {
  impl_->algorithm = EVP_MD_fetch(nullptr, algorithm, nullptr);
  if (impl_->algorithm == nullptr) {  // where the system allows only some (FIPS)
    throw Error(ErrorKind::usage,
                std::string("OpenSSL on this machine does not offer ") + algorithm);
  }
  impl_->context = EVP_MD_CTX_new();
  if (impl_->context == nullptr) throw std::bad_alloc();
}

Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;

std::string_view Digest::of(std::string_view bytes) {
  unsigned int length = 0;
  if (EVP_DigestInit_ex2(impl_->context, impl_->algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(impl_->context, bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(impl_->context, digest_.data(), &length) != 1) {
    throw std::bad_alloc();  // nothing else can go wrong with a built-in algorithm
  }
  return {reinterpret_cast<const char*>(digest_.data()), length};
}

std::string_view Digest::hex_of(std::string_view bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::size_t length = 0;
  for (const char byte : of(bytes)) {
    hex_[length++] = kDigits[static_cast<unsigned char>(byte) >> 4];
    hex_[length++] = kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return {hex_.data(), length};
}

std::string sha256_hex(std::string_view bytes) {
  return std::string(Digest("SHA256").hex_of(bytes));
}

}  // namespace pgseed
