#include <algorithm>
#include <array>
#include <charconv>

#include "pgseed/sql/value.hpp"

namespace pgseed::sql {
namespace {

// Where 1e400 becomes 401 digits is fine; beyond this the exponent stays as written.
constexpr int kLongestExpansion = 2000;

}  // namespace

bool normalize_number(std::string_view number, std::string& out) {
  out.clear();
  std::size_t at = 0;
  bool negative = false;
  if (at < number.size() && (number[at] == '-' || number[at] == '+'))
    negative = number[at++] == '-';
  const std::size_t whole_begin = at;
  while (at < number.size() && is_digit(number[at])) ++at;
  std::string digits(number.substr(whole_begin, at - whole_begin));
  std::size_t whole_count = digits.size();
  if (at < number.size() && number[at] == '.') {
    const std::size_t fraction_begin = ++at;
    while (at < number.size() && is_digit(number[at])) ++at;
    digits += number.substr(fraction_begin, at - fraction_begin);
  }
  if (digits.empty()) return false;
  int exponent = 0;
  if (at < number.size() && (number[at] == 'e' || number[at] == 'E')) {
    ++at;
    if (at < number.size() && number[at] == '+') {
      ++at;
      if (at < number.size() && number[at] == '-') return false;
    }
    const auto [end, error] =
        std::from_chars(number.data() + at, number.data() + number.size(), exponent);
    if (error != std::errc{}) {
      if (error == std::errc::invalid_argument) return false;
      exponent = kLongestExpansion + 1;
    }
    at = static_cast<std::size_t>(end - number.data());
  }
  if (at != number.size()) return false;
  const bool zero = digits.find_first_not_of('0') == std::string::npos;
  if (exponent > kLongestExpansion || exponent < -kLongestExpansion) {
    out = number;
    return true;
  }
  if (exponent < 0) {
    const auto places = static_cast<std::size_t>(-exponent);
    if (places >= whole_count) digits.insert(0, places - whole_count + 1, '0');
    whole_count = std::max(whole_count, places + 1) - places;
  } else if (exponent > 0) {
    const auto places = static_cast<std::size_t>(exponent);
    if (whole_count + places > digits.size())
      digits.append(whole_count + places - digits.size(), '0');
    whole_count += places;
  }
  std::size_t first = 0;
  while (first + 1 < whole_count && digits[first] == '0') ++first;
  if (negative && !zero) out += '-';
  if (whole_count == 0) out += '0';
  out.append(digits, first, whole_count - first);
  if (whole_count < digits.size()) {
    out += '.';
    out.append(digits, whole_count, std::string::npos);
  }
  return true;
}

bool round_to_scale(std::string& number, std::size_t places) {
  if (number.find_first_not_of("-.0123456789") != std::string::npos) return false;
  std::size_t point = number.find('.');
  if (point == std::string::npos) {
    if (places == 0) return true;
    point = number.size();
    number += '.';
  }
  const std::size_t end = point + 1 + places;
  if (number.size() <= end) {
    number.append(end - number.size(), '0');
  } else {
    const bool up = number[end] >= '5';
    number.resize(end);
    const std::size_t first = number[0] == '-' ? 1 : 0;
    std::size_t at = number.size();
    while (up && at > first && (number[at - 1] == '9' || number[at - 1] == '.')) {
      --at;
      if (number[at] == '9') number[at] = '0';
    }
    if (up && at == first) {
      number.insert(first, 1, '1');
    } else if (up) {
      ++number[at - 1];
    }
  }
  if (number.back() == '.') number.pop_back();
  // numeric knows no negative zero.
  if (number[0] == '-' && number.find_first_of("123456789") == std::string::npos)
    number.erase(0, 1);
  return true;
}

std::string rounded_to_integer(std::string_view number) {
  std::string rounded(number);
  round_to_scale(rounded, 0);
  return rounded;
}

bool float_text(std::string_view number, bool single, std::string& out) {
  if (!number.empty() && number[0] == '+') number.remove_prefix(1);
  std::array<char, 64> buffer;
  // The shortest digits that read back as the same number; an exponent from a type's own size on.
  const auto print = [&](auto parsed, int longest) {
    const char* const end = number.data() + number.size();
    const auto [stop, error] = std::from_chars(number.data(), end, parsed);
    if (error != std::errc{} || stop != end) return false;
    char* const last = buffer.data() + buffer.size();
    const char* written =
        std::to_chars(buffer.data(), last, parsed, std::chars_format::scientific).ptr;
    int exponent = 0;
    const char* digits = std::find(static_cast<const char*>(buffer.data()), written, 'e') + 1;
    if (*digits == '+') ++digits;
    std::from_chars(digits, written, exponent);
    if (exponent >= -4 && exponent < longest) {
      written = std::to_chars(buffer.data(), last, parsed, std::chars_format::fixed).ptr;
    }
    out.assign(static_cast<const char*>(buffer.data()), written);
    return true;
  };
  return single ? print(0.0F, 6) : print(0.0, 15);
}

}  // namespace pgseed::sql
