#include "pgseed/base/text.hpp"

#include <algorithm>
#include <array>

namespace pgseed {
namespace {

constexpr std::string_view kMask = "***";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

bool starts_with_ignoring_case(std::string_view words, std::string_view lower_prefix) {
  if (words.size() < lower_prefix.size()) return false;
  return equals_ignoring_case(words.substr(0, lower_prefix.size()), lower_prefix);
}

// Where a piece of `message` has to be replaced: [begin, end) becomes the mask.
struct Secret {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::size_t end_of_token(std::string_view message, std::size_t at, bool dots) {
  while (at < message.size() && (is_token_character(message[at]) || (dots && message[at] == '.'))) {
    ++at;
  }
  return at;
}

// The value after "name=" or "name": ", at `at`: quoted to the closing quote, bare to a blank or &.
Secret value_at(std::string_view message, std::size_t at) {
  if (at < message.size() && (message[at] == '\'' || message[at] == '"')) {
    const char quote = message[at];
    std::size_t end = at + 1;
    while (end < message.size() && message[end] != quote) end += message[end] == '\\' ? 2 : 1;
    return {at + 1, std::min(end, message.size())};
  }
  std::size_t end = at;
  while (end < message.size() && !is_blank(message[end]) && message[end] != '&' &&
         message[end] != '"' && message[end] != '\'') {
    ++end;
  }
  return {at, end};
}

// "password=x", "password = 'x y'", "\"password\":\"x\"", "apikey: x"; an empty span if none.
Secret named_value(std::string_view message, std::size_t at) {
  constexpr std::array<std::string_view, 4> kNames = {"password", "passwd", "apikey", "api_key"};
  for (const auto name : kNames) {
    if (!starts_with_ignoring_case(message.substr(at), name)) continue;
    std::size_t next = at + name.size();
    const bool json = next < message.size() && message[next] == '"';
    if (json) ++next;
    while (next < message.size() && is_blank(message[next])) ++next;
    if (next >= message.size()) return {};
    const bool colon = message[next] == ':' && (json || name.substr(0, 3) == "api");
    if (message[next] != '=' && !colon) return {};
    ++next;
    while (next < message.size() && is_blank(message[next])) ++next;
    return value_at(message, next);
  }
  return {};
}

// The password of scheme://user:password@host, with `at` at "://". It may hold / and @ where
// people forget to encode it, so the last @ of the word counts.
Secret password_in_url(std::string_view message, std::size_t at) {
  const std::size_t begin = at + 3;
  const std::size_t end = std::min(message.find_first_of(" \t\r\n\"'`<>", begin), message.size());
  const auto word = message.substr(begin, end - begin);
  const auto colon = word.find(':');
  const auto host = word.rfind('@');
  if (colon == std::string_view::npos || host == std::string_view::npos || colon >= host) return {};
  return {begin + colon + 1, begin + host};
}

Secret secret_at(std::string_view message, std::size_t at) {
  const auto rest = message.substr(at);
  switch (message[at]) {
    case 'e':
      // A JWT's header is a JSON object, so its base64 begins with eyJ.
      if (rest.starts_with("eyJ")) {
        const auto end = end_of_token(message, at, true);
        if (end - at >= 16) return {at, end};
      }
      return {};
    case 's':
      if (rest.starts_with("sb_secret_")) return {at + 10, end_of_token(message, at + 10, false)};
      return {};
    case ':':
      if (rest.starts_with("://")) return password_in_url(message, at);
      return {};
    case 'b':
    case 'B':
      if (starts_with_ignoring_case(rest, "bearer ")) {
        const auto end = end_of_token(message, at + 7, true);
        if (end - at >= 7 + 16) return {at + 7, end};
      }
      // user:password as it goes to a proxy. A word in one case is prose ("Basic Authentication").
      if (starts_with_ignoring_case(rest, "basic ")) {
        const std::size_t end =
            std::min(message.find_first_of(" \t\r\n\"'`<>,;\\", at + 6), message.size());
        const auto word = message.substr(at + 6, end - at - 6);
        const auto behind = word.substr(std::min<std::size_t>(1, word.size()));
        const bool is_prose = word.find_first_of("0123456789+/=") == std::string_view::npos &&
                              to_lower(behind) == behind;
        if (word.size() >= 4 && !is_prose) return {at + 6, end};
      }
      return {};
    case 'p':
    case 'P':
    case 'a':
    case 'A':
      return named_value(message, at);
    default:
      return {};
  }
}

}  // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

std::string to_lower(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = lower(c);
  return out;
}

std::string to_upper(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string_view trim(std::string_view words) {
  while (!words.empty() && is_blank(words.front())) words.remove_prefix(1);
  while (!words.empty() && is_blank(words.back())) words.remove_suffix(1);
  return words;
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return text(bytes, " B");
  std::uint64_t unit = 1000;
  std::size_t index = 0;
  // The step comes where rounding would show 1000.0, not at the exact power.
  while (index + 1 < kUnits.size() && bytes / unit >= 999 && bytes >= unit * 1000 - unit / 20) {
    unit *= 1000;
    ++index;
  }
  std::uint64_t whole = bytes / unit;
  std::uint64_t tenths = (bytes % unit + unit / 20) / (unit / 10);
  if (tenths == 10) {
    ++whole;
    tenths = 0;
  }
  return text(whole, '.', tenths, ' ', kUnits[index]);
}

std::string with_separators(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) {
    at -= 3;
    out.insert(at, 1, ',');
  }
  return out;
}

std::string redact(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  std::size_t copied = 0;
  for (std::size_t at = 0; at < message.size();) {
    const Secret secret = secret_at(message, at);
    if (secret.end <= secret.begin) {
      ++at;
      continue;
    }
    out.append(message.substr(copied, secret.begin - copied)).append(kMask);
    copied = at = secret.end;
  }
  return out.append(message.substr(copied));
}

bool contains(std::string_view words, std::string_view part) {
  return words.find(part) != std::string_view::npos;
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

}  // namespace pgseed
