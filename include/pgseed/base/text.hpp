#pragma once
// Small text helpers that every layer may use. <format> is missing in the supported toolchain.
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pgseed {

namespace detail {
inline void append_piece(std::string& out, std::string_view piece) {
  out.append(piece);
}
inline void append_piece(std::string& out, const char* piece) {
  out.append(piece);
}
inline void append_piece(std::string& out, char piece) {
  out.push_back(piece);
}
template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
void append_piece(std::string& out, Number piece) {
  out.append(std::to_string(piece));
}
}  // namespace detail

// Concatenates its arguments: strings, characters, numbers.
template <class... Pieces>
std::string text(const Pieces&... pieces) {
  std::string out;
  (detail::append_piece(out, pieces), ...);
  return out;
}

// ASCII only: SQL key words and HTTP header names.
bool equals_ignoring_case(std::string_view left, std::string_view right);
std::string to_lower(std::string_view word);
std::string to_upper(std::string_view word);
// Without leading and trailing blanks, tabs, CR and LF.
std::string_view trim(std::string_view words);
bool contains(std::string_view words, std::string_view part);
template <typename Value>
bool contains(const std::vector<Value>& values, const std::type_identity_t<Value>& value) {
  for (const Value& each : values) {
    if (each == value) return true;
  }
  return false;
}
// "a, b"
std::string join(const std::vector<std::string>& words, std::string_view between = ", ");
// The first line, without its end, which is taken off `rest`.
std::string_view take_line(std::string_view& rest);

// "17.6 MB", decimal units as disks and networks use them.
std::string human_bytes(std::uint64_t bytes);
// "18,985".
std::string with_separators(std::uint64_t number);

// Masks what looks like a secret in text that pgseed did not write itself (server messages,
// library errors): JWTs (eyJ...), sb_secret_..., user:password@ in URLs, password=... pairs.
std::string redact(std::string_view message);

}  // namespace pgseed
