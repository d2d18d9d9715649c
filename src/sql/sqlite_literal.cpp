#include "pgseed/sql/sqlite_literal.hpp"

#include <array>
#include <cstdint>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {
namespace {

constexpr std::size_t kHexDigits = 16;  // of a 64 bit integer

constexpr std::array<std::int8_t, 256> hex_values() {
  std::array<std::int8_t, 256> table{};
  for (std::int8_t& entry : table) entry = -1;
  for (int digit = 0; digit < 16; ++digit) {
    table[static_cast<unsigned char>("0123456789abcdef"[digit])] = static_cast<std::int8_t>(digit);
    table[static_cast<unsigned char>("0123456789ABCDEF"[digit])] = static_cast<std::int8_t>(digit);
  }
  return table;
}
constexpr auto kHexValues = hex_values();

// 0x1F: 64 bits, the highest of which is the sign.
void read_hex_integer(SqliteCursor& cursor, bool negative, std::string& out, const char* at) {
  cursor.position += 2;
  const char* const first = cursor.position;
  while (sqlite_hex_value(cursor.peek()) >= 0) ++cursor.position;
  std::string_view digits(first, static_cast<std::size_t>(cursor.position - first));
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  if (digits.empty() || is_identifier_part(cursor.peek())) {
    throw SyntaxProblem{at, "not a hexadecimal number", ""};
  }
  std::uint64_t bits = 0;
  for (const char digit : digits.substr(0, kHexDigits)) {
    bits = bits << 4 | static_cast<std::uint64_t>(sqlite_hex_value(digit));
  }
  if (digits.size() > kHexDigits || (negative && bits == UINT64_C(1) << 63)) {
    throw SyntaxProblem{at, "a hexadecimal number of more than 64 bits", ""};
  }
  const auto value = static_cast<std::int64_t>(negative ? ~bits + 1 : bits);
  out += std::to_string(value);
}

// Digits; from 3.46 on with single underscores between them.
void skip_digits(SqliteCursor& cursor, bool& grouped) {
  while (is_digit(cursor.peek())) {
    ++cursor.position;
    if (cursor.peek() == '_' && is_digit(cursor.peek(1))) {
      grouped = true;
      ++cursor.position;
    }
  }
}

}  // namespace

int sqlite_hex_value(char byte) {
  return kHexValues[static_cast<unsigned char>(byte)];
}

bool is_sqlite_infinity(std::string_view word) {
  return equals_ignoring_case(word, "INF") || equals_ignoring_case(word, "INFINITY");
}

void read_sqlite_blob(SqliteCursor& cursor, std::string& out) {
  const char* const at = cursor.position++;
  bool doubled = false;
  const std::string_view digits = cursor.read_delimited(doubled);
  if (digits.size() % 2 != 0) {
    throw SyntaxProblem{at, "a blob has an odd number of hexadecimal digits", ""};
  }
  const std::size_t from = out.size();
  out.resize(from + digits.size() / 2);
  char* to = out.data() + from;
  int bad = 0;
  for (std::size_t index = 0; index < digits.size(); index += 2) {
    const int value = sqlite_hex_value(digits[index]) * 16 | sqlite_hex_value(digits[index + 1]);
    bad |= value;
    *to++ = static_cast<char>(value);
  }
  if (bad < 0) throw SyntaxProblem{at, "a blob holds something else than hexadecimal digits", ""};
}

bool read_sqlite_number(SqliteCursor& cursor, std::string& out) {
  const char* const at = cursor.position;
  bool negative = false;
  while (cursor.peek() == '-' || cursor.peek() == '+') {
    negative ^= *cursor.position == '-';
    ++cursor.position;
    cursor.skip_blanks();
  }
  const char* const first = cursor.position;
  if (cursor.peek() == '0' && (cursor.peek(1) | 0x20) == 'x') {
    read_hex_integer(cursor, negative, out, at);
    return false;
  }
  if (is_identifier_start(cursor.peek())) {
    // Old versions print infinity as Inf, which only they ever meant so.
    if (!is_sqlite_infinity(read_word(cursor))) throw Unsupported{at, "an expression"};
    out += negative ? "-Infinity" : "Infinity";
    return true;
  }
  bool grouped = false;
  bool is_real = false;
  skip_digits(cursor, grouped);
  std::size_t digits = static_cast<std::size_t>(cursor.position - first);
  if (cursor.peek() == '.') {
    is_real = true;
    const char* const fraction = ++cursor.position;
    skip_digits(cursor, grouped);
    digits += static_cast<std::size_t>(cursor.position - fraction);
  }
  if (digits == 0) throw Unsupported{at, "an expression"};
  if ((cursor.peek() | 0x20) == 'e') {
    is_real = true;
    ++cursor.position;
    if (cursor.peek() == '+' || cursor.peek() == '-') ++cursor.position;
    if (!is_digit(cursor.peek())) throw SyntaxProblem{at, "trailing junk after a number", ""};
    skip_digits(cursor, grouped);
  }
  if (is_identifier_part(cursor.peek())) {
    throw SyntaxProblem{at, "trailing junk after a number", ""};
  }
  const std::size_t from = out.size();
  const std::string_view written(first, static_cast<std::size_t>(cursor.position - first));
  if (!grouped && first == at) {
    append_sqlite_number(out, written);
  } else {
    std::string number = negative ? "-" : "";
    number += written;
    if (grouped) std::erase(number, '_');
    append_sqlite_number(out, number);
  }
  // An integer that 64 bits do not hold is a double.
  return is_real || out.find_first_of(".I", from) != std::string::npos;
}

}  // namespace pgseed::sql
