#include "pgseed/seed/input/foreign_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"

namespace pgseed::seed {
namespace {

using sql::Form;

std::string_view without_leading_zeros(std::string_view bytes) {
  const std::size_t first = std::min(bytes.find_first_not_of('\0'), bytes.size());
  return bytes.substr(first);
}

// The number that up to 8 bytes are, the first one weighing most.
std::optional<std::uint64_t> number_of(std::string_view bytes) {
  bytes = without_leading_zeros(bytes);
  if (bytes.size() > 8) return {};
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string binary_digits(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    for (int bit = 7; bit >= 0; --bit) digits += (byte >> bit & 1) != 0 ? '1' : '0';
  }
  return digits;
}

// (n) of the type; unset where it has none.
std::optional<std::size_t> length_of(std::string_view type) {
  const std::size_t open = type.find('(');
  if (open == std::string_view::npos) return {};
  std::size_t length = 0;
  const char* const begin = type.data() + open + 1;
  const auto [end, error] = std::from_chars(begin, type.data() + type.size(), length);
  return error == std::errc{} && end != begin ? std::optional(length) : std::nullopt;
}

// Bits are right-aligned, as MySQL stores them. A type whose length nobody tells gets as many as
// the value needs: the server refuses it where that is wrong.
std::optional<std::string> append_bits(std::string& out, const sql::Value& value,
                                       std::string_view bytes, const std::string& type) {
  std::string digits;
  if (value.form == Form::number) {
    std::uint64_t number = 0;
    const char* const end = value.text.data() + value.text.size();
    const auto [stop, error] = std::from_chars(value.text.data(), end, number);
    if (error != std::errc{} || stop != end) {
      return text("the number ", value.text, " in a column of type ", type);
    }
    for (; number > 0; number >>= 1) digits.insert(digits.begin(), "01"[number & 1]);
  } else {
    digits = binary_digits(bytes);
  }
  if (type.starts_with("bit varying")) {
    out += digits;
    return {};
  }
  digits.erase(0, std::min(digits.find('1'), digits.size()));
  const std::size_t length = length_of(type).value_or(std::max<std::size_t>(1, digits.size()));
  if (digits.size() > length) {
    return text(digits.size(), " bits in a column of type ", type);
  }
  out.append(length - digits.size(), '0');
  out += digits;
  return {};
}

std::optional<std::string> append_boolean(std::string& out, const sql::Value& value,
                                          std::string_view bytes, const std::string& type) {
  const auto number = number_of(bytes);
  if (number && *number <= 1 && (value.form == Form::bytes || bytes.size() == 1)) {
    out += *number == 1 ? "true" : "false";
    return {};
  }
  if (value.form == Form::bytes) return text("these bytes in a column of type ", type);
  out += bytes;  // '1', 'true': the server knows
  return {};
}

std::optional<std::string> append_text(std::string& out, std::string_view bytes,
                                       const std::string& type) {
  if (!is_utf8(bytes)) {
    return text(
        "text that is not UTF-8 (name the file's encoding with --encoding, if it has one) "
        "in a column of type ",
        type);
  }
  out += bytes;
  return {};
}

}  // namespace

char* put_hex(char* to, std::string_view bytes) {
  static constexpr auto kPairs = [] {
    std::array<char, 512> pairs{};
    constexpr char kDigits[] = "0123456789abcdef";
    for (std::size_t byte = 0; byte < 256; ++byte) {
      pairs[byte * 2] = kDigits[byte >> 4];
      pairs[byte * 2 + 1] = kDigits[byte & 15];
    }
    return pairs;
  }();
  for (const char byte : bytes) {
    const char* const pair = kPairs.data() + std::size_t{static_cast<unsigned char>(byte)} * 2;
    *to++ = pair[0];
    *to++ = pair[1];
  }
  return to;
}

std::string sqlite_text_of_real(std::string_view number) {
  double value = 0;
  const char* const end = number.data() + number.size();
  if (std::from_chars(number.data(), end, value).ptr != end) return std::string(number);
  if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
  std::array<char, 48> buffer;
  const auto print = [&](int places) {
    return std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                         std::chars_format::scientific, places)
        .ptr;
  };
  // Digits 16 to 19 near a half are rounded by one version like this, by another like that.
  print(18);
  const std::string_view rest(buffer.data() + (value < 0 ? 17 : 16), 4);
  if (rest >= "4950" && rest <= "5050") return {};
  const char* const written = print(14);
  // d.ddd e +dd
  std::string_view digits(buffer.data(), static_cast<std::size_t>(written - buffer.data()));
  const std::size_t e = digits.find('e');
  const std::string_view power = digits.substr(e + 1);
  int exponent = 0;
  std::from_chars(power.data() + (power[0] == '+' ? 1 : 0), written, exponent);
  std::string out;
  if (digits[0] == '-') {
    out = "-";
    digits.remove_prefix(1);
  }
  std::string significant(1, digits[0]);
  significant += digits.substr(2, digits.find('e') - 2);
  significant.resize(std::max<std::size_t>(1, significant.find_last_not_of('0') + 1));
  if (exponent < -4 || exponent > 14) {
    out += significant[0];
    out += text('.', significant.size() > 1 ? significant.substr(1) : "0", 'e', power);
    return out;
  }
  if (exponent < 0) {
    significant.insert(0, static_cast<std::size_t>(-exponent), '0');
    exponent = 0;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (significant.size() < whole + 1) significant.resize(whole + 1, '0');
  return out + significant.insert(whole, 1, '.');
}

bool is_zero_date(const sql::Value& value) {
  const std::string_view date = value.text;
  if (!is_string(value.form) || date.size() < 8) return false;
  // 0000-00-00, 00000000, 2024-00-10: years of four digits, as MySQL writes them.
  const bool dashes = date.size() >= 10 && date[4] == '-' && date[7] == '-';
  const std::string_view month = date.substr(dashes ? 5 : 4, 2);
  const std::string_view day = date.substr(dashes ? 8 : 6, 2);
  const bool digits = std::all_of(date.begin(), date.begin() + 4,
                                  [](char byte) { return byte >= '0' && byte <= '9'; });
  if (!digits || (!dashes && date.find_first_not_of("0123456789") != std::string_view::npos)) {
    return false;
  }
  return month == "00" || day == "00";
}

bool has_short_year(const sql::Value& value) {
  const std::string_view date = value.text;
  if (!is_string(value.form) && value.form != Form::number) return false;
  const std::size_t digits = std::min(date.find_first_not_of("0123456789"), date.size());
  const char behind = digits < date.size() ? date[digits] : '.';
  if (digits == 0 || behind == ':') return false;  // no date, as the server will say
  if (behind == '.' || behind == 'T') return digits != 8 && digits != 14 && digits != 4;
  return digits != 4;
}

std::string dropped_of_time(std::string_view moment, const std::string& column_type) {
  const bool is_date = column_type == "date";
  if (!is_date && !column_type.ends_with("without time zone")) return {};
  const std::size_t colon = moment.find(':');
  if (colon == std::string_view::npos || colon < 2) return {};
  const std::string_view time = moment.substr(colon - 2);
  const std::size_t sign = time.find_first_of("+-");
  const std::string_view clock = time.substr(0, sign);
  const std::string_view offset = sign == std::string_view::npos ? "" : time.substr(sign);
  const auto is_something = [](std::string_view digits) {
    return digits.find_first_of("123456789") != std::string_view::npos;
  };
  if (is_date) return is_something(clock) ? std::string(clock) : std::string();
  return is_something(offset) ? std::string(offset) : std::string();
}

std::optional<std::string> append_foreign(std::string& out, const sql::Value& value,
                                          ColumnClass column, const std::string& column_type,
                                          sql::Dialect dialect) {
  std::string decoded_text;
  std::string_view bytes = value.text;
  if (value.form != Form::bytes && value.form != Form::verbatim) {
    const bool real = dialect == sql::Dialect::sqlite && value.form == Form::number &&
                      bytes.find_first_of(".I") != std::string_view::npos;
    const bool as_text = column == ColumnClass::text || column == ColumnClass::bytes;
    if (real && as_text) {
      decoded_text = sqlite_text_of_real(bytes);
      if (decoded_text.empty())
        return text("the double ", bytes, " in a column of type ", column_type);
    } else {
      sql::append_decoded(decoded_text, value);
    }
    bytes = decoded_text;
  }
  switch (column) {
    case ColumnClass::unknown:
      return "bytes in a column whose type nobody tells";
    case ColumnClass::bytes: {
      const std::size_t before = out.size();
      out += "\\x";
      out.resize(before + 2 + bytes.size() * 2);
      put_hex(out.data() + before + 2, bytes);
      return {};
    }
    case ColumnClass::bits:
      return append_bits(out, value, bytes, column_type);
    case ColumnClass::boolean:
      return append_boolean(out, value, bytes, column_type);
    case ColumnClass::integer:
    case ColumnClass::number:
    case ColumnClass::number_of_bits: {
      const auto number = number_of(bytes);
      if (!number) return text(bytes.size(), " bytes in a column of type ", column_type);
      out += std::to_string(*number);
      return {};
    }
    case ColumnClass::uuid:
      if (bytes.size() == 16) {  // binary(16); as text it has more
        const std::size_t before = out.size();
        out.resize(before + 32);
        put_hex(out.data() + before, bytes);
        return {};
      }
      [[fallthrough]];
    default:
      return append_text(out, bytes, column_type);
  }
}

}  // namespace pgseed::seed
