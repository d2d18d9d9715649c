#pragma once
// Checksums, from OpenSSL.
#include <string>
#include <string_view>

namespace pgseed {

// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace pgseed
