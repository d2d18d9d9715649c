#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "pgseed/sql/sqlite_literal.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {
namespace {

// So many significant digits survive the way through a double.
constexpr std::size_t kKeptDigits = 15;
// Exponents that normalize_number() writes out; the doubles' own end before.
constexpr std::int64_t kLargestExponent = 400;

struct Parts {
  bool negative = false;
  std::string_view mantissa;  // digits, perhaps with a point
  bool is_integer = true;
  std::int64_t exponent = 0;
};

Parts split(std::string_view number) {
  Parts parts;
  if (number[0] == '-' || number[0] == '+') {
    parts.negative = number[0] == '-';
    number.remove_prefix(1);
  }
  const std::size_t e = number.find_first_of("eE");
  parts.mantissa = number.substr(0, e);
  parts.is_integer = e == std::string_view::npos && parts.mantissa.find('.') == std::string::npos;
  if (e == std::string_view::npos) return parts;
  std::string_view exponent = number.substr(e + 1);
  if (exponent[0] == '+') exponent.remove_prefix(1);
  const char* const end = exponent.data() + exponent.size();
  if (std::from_chars(exponent.data(), end, parts.exponent).ec != std::errc{}) {
    parts.exponent = exponent[0] == '-' ? -(INT64_C(1) << 60) : INT64_C(1) << 60;
  }
  return parts;
}

bool is_small_integer(const Parts& parts, std::string& digits) {
  const std::size_t first =
      std::min(parts.mantissa.find_first_not_of('0'), parts.mantissa.size() - 1);
  const std::string_view rest = parts.mantissa.substr(first);
  std::uint64_t value = 0;
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (read.ec != std::errc{}) return false;
  const std::uint64_t limit = UINT64_C(1) << 63;
  if (parts.negative ? value > limit : value >= limit) return false;
  if (parts.negative && value != 0) digits += '-';
  digits += rest;
  return true;
}

// Digits from the first to the last that is not zero, and the power of ten of the first.
struct Significance {
  std::size_t digits = 0;
  std::int64_t magnitude = 0;
};

Significance significance(const Parts& parts) {
  Significance result;
  const std::size_t first = parts.mantissa.find_first_not_of("0.");
  if (first == std::string_view::npos) return result;
  const std::size_t last = parts.mantissa.find_last_not_of("0.");
  const std::size_t point = std::min(parts.mantissa.find('.'), parts.mantissa.size());
  result.digits = last - first + 1 - (first < point && point < last ? 1 : 0);
  const auto distance = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  result.magnitude = parts.exponent + (distance > 0 ? distance - 1 : distance);
  return result;
}

// 1.500 -> 1.5, 2.00 -> 2.0, 3 -> 3.0
void end_as_fraction(std::string& out, std::size_t from) {
  if (out.find('.', from) == std::string::npos) {
    out += ".0";
    return;
  }
  while (out.back() == '0' && out[out.size() - 2] != '.') out.pop_back();
}

// Digits that a double keeps, written out.
void append_kept(std::string& out, std::string_view number, const Parts& parts) {
  if (parts.exponent != 0) {
    std::string plain;
    normalize_number(number, plain);
    out += plain;
    return;
  }
  if (parts.negative) out += '-';
  std::string_view digits = parts.mantissa;
  while (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') digits.remove_prefix(1);
  if (digits[0] == '.') out += '0';
  if (digits.back() == '.') digits.remove_suffix(1);
  out += digits;
}

}  // namespace

void append_sqlite_number(std::string& out, std::string_view number) {
  const Parts parts = split(number);
  const std::size_t from = out.size();
  if (parts.is_integer && is_small_integer(parts, out)) return;
  const Significance found = significance(parts);
  if (found.digits == 0) {
    out += "0.0";
    return;
  }
  if (number[0] == '+') number.remove_prefix(1);
  double value = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), value).ec != std::errc{}) {
    if (found.magnitude > 0) {
      out += parts.negative ? "-Infinity" : "Infinity";
    } else {
      out += "0.0";
    }
    return;
  }
  if (found.digits <= kKeptDigits && parts.exponent <= kLargestExponent &&
      parts.exponent >= -kLargestExponent) {
    append_kept(out, number, parts);
  } else {
    std::array<char, 1200> buffer;  // the longest double has 767 digits behind 307 zeros
    const char* const end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed)
            .ptr;
    out.append(static_cast<const char*>(buffer.data()), end);
  }
  end_as_fraction(out, from);
}

}  // namespace pgseed::sql
