#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/rest/api.hpp"

namespace pgseed::rest {
namespace {

std::optional<std::string> decode_base64url(std::string_view encoded) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  while (encoded.ends_with('=')) encoded.remove_suffix(1);
  for (const char c : encoded) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<unsigned>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<unsigned>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<unsigned>(c - '0') + 52;
    } else if (c == '-' || c == '_') {
      value = c == '-' ? 62 : 63;
    } else {
      return std::nullopt;
    }
    bits = (bits << 6 | value) & 0xFFFF;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count & 0xFF));
    }
  }
  return out;
}

}  // namespace

std::string role_of_key(std::string_view key) {
  key = trim(key);
  const auto first = key.find('.');
  if (first == std::string_view::npos) return {};
  const auto second = key.find('.', first + 1);
  if (second == std::string_view::npos) return {};
  const auto claims = decode_base64url(key.substr(first + 1, second - first - 1));
  if (!claims) return {};
  const auto members = json::try_read_object(*claims);
  const auto* role = members ? json::find(*members, "role") : nullptr;
  return role == nullptr ? std::string() : *role;
}

}  // namespace pgseed::rest
