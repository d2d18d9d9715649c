#include "pgseed/base/utf8.hpp"

#include <simdjson.h>

#include <algorithm>

namespace pgseed {
namespace {

// The length that a first byte announces; 0 for a byte that cannot begin a character.
std::size_t announced_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  if (first < 0xF5) return 4;
  return 0;
}

// simdjson looks at the processor when it is first called, and would end the process if there were
// no memory for that.
[[maybe_unused]] const bool is_chosen = simdjson::validate_utf8("", 0);

}  // namespace

bool is_utf8(std::string_view bytes) {
  return bytes.empty() || simdjson::validate_utf8(bytes.data(), bytes.size());
}

std::size_t find_invalid_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string_view::npos;
  // Narrow it down in blocks, then character by character.
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t length = announced_length(static_cast<unsigned char>(bytes[at]));
    if (length == 0 || !is_utf8(bytes.substr(at, length))) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::size_t incomplete_utf8_tail(std::string_view bytes) {
  const std::size_t most = std::min<std::size_t>(3, bytes.size());
  for (std::size_t back = 1; back <= most; ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    if (announced_length(byte) <= back) return 0;
    // The second byte rules out overlong forms, surrogates and what is past U+10FFFF.
    const auto second = back > 1 ? static_cast<unsigned char>(bytes[bytes.size() - back + 1]) : 0;
    const bool impossible =
        back > 1 && ((byte == 0xE0 && second < 0xA0) || (byte == 0xED && second > 0x9F) ||
                     (byte == 0xF0 && second < 0x90) || (byte == 0xF4 && second > 0x8F));
    return impossible ? 0 : back;
  }
  return 0;
}

std::size_t count_characters(std::string_view bytes) {
  // Every byte but those that continue a character, which are the smallest of the signed ones.
  const auto begins = [](char byte) { return static_cast<signed char>(byte) > -65; };
  // In runs whose count fits into one byte, so that the compiler counts 16 bytes at a time.
  std::size_t count = 0;
  constexpr std::size_t kRun = 240;
  while (bytes.size() >= kRun) {
    unsigned char in_run = 0;
    for (std::size_t index = 0; index < kRun; ++index) {
      in_run = static_cast<unsigned char>(in_run + (begins(bytes[index]) ? 1 : 0));
    }
    count += in_run;
    bytes.remove_prefix(kRun);
  }
  return count + static_cast<std::size_t>(std::count_if(bytes.begin(), bytes.end(), begins));
}

bool is_ascii(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

}  // namespace pgseed
