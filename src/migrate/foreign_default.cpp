#include "foreign_default.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/foreign_expression.hpp"

namespace pgseed::migrate {
namespace {

using sql::DdlColumn;
using sql::DdlToken;
using sql::DdlTokens;
using sql::DdlType;
using TokenKind = DdlToken::Kind;

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

int number(std::string_view digits) {
  int value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return value;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  if (!is_digits(text.substr(0, 4)) || !is_digits(text.substr(5, 2)) ||
      !is_digits(text.substr(8, 2))) {
    return false;
  }
  using namespace std::chrono;
  const year_month_day day{year{number(text.substr(0, 4))},
                           month{static_cast<unsigned>(number(text.substr(5, 2)))},
                           std::chrono::day{static_cast<unsigned>(number(text.substr(8, 2)))}};
  return day.ok() && number(text.substr(0, 4)) > 0;
}

// 23:59:59, with a fraction perhaps.
bool is_time(std::string_view text) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return false;
  const std::string_view rest = text.substr(8);
  if (!rest.empty() && (rest[0] != '.' || rest.size() > 7 || !is_digits(rest.substr(1)))) {
    return false;
  }
  return is_digits(text.substr(0, 2)) && is_digits(text.substr(3, 2)) &&
         is_digits(text.substr(6, 2)) && number(text.substr(0, 2)) < 24 &&
         number(text.substr(3, 2)) < 60 && number(text.substr(6, 2)) < 60;
}

bool is_integer(std::string_view text, DdlType type) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t most = type == DdlType::smallint ? 4 : type == DdlType::integer ? 9 : 18;
  return is_digits(text) && text.size() <= most;
}

bool is_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::size_t digits = 0;
  std::size_t at = 0;
  for (bool dot = false; at < text.size(); ++at) {
    if (text[at] == '.' && !dot) {
      dot = true;
    } else if (sql::is_digit(text[at])) {
      ++digits;
    } else {
      break;
    }
  }
  if (digits == 0) return false;
  if (at == text.size()) return true;
  std::string_view exponent = text.substr(at);
  if ((exponent[0] | 0x20) != 'e') return false;
  exponent.remove_prefix(1);
  if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
  return is_digits(exponent) && exponent.size() <= 2;
}

// numeric(4,2) holds two digits before the point.
bool fits(std::string_view text, const DdlColumn& column) {
  if (column.numbers.size() < 2) return true;
  const std::size_t scale = static_cast<std::size_t>(number(column.numbers[1]));
  const std::size_t precision = static_cast<std::size_t>(number(column.numbers[0]));
  text.remove_prefix(std::min(text.find_first_not_of("+-0"), text.size()));
  if (text.find_first_of("eE") != std::string_view::npos) return false;
  return std::min(text.find('.'), text.size()) + scale <= precision;
}

std::string hex_of(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char byte : bytes) {
    out += kDigits[static_cast<unsigned char>(byte) >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::optional<std::string> bits(std::string digits, const DdlColumn& column) {
  const std::size_t length =
      static_cast<std::size_t>(column.numbers.empty() ? 1 : number(column.numbers[0]));
  digits.erase(0, std::min(digits.find('1'), digits.size()));
  if (digits.size() > length) return {};
  return text("B'", std::string(length - digits.size(), '0'), digits, '\'');
}

std::string binary_digits(const std::string& bytes) {
  std::string digits;
  for (const char byte : bytes) {
    for (int bit = 7; bit >= 0; --bit) digits += (byte >> bit & 1) != 0 ? '1' : '0';
  }
  return digits;
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

// What a literal is in the column.
std::optional<std::string> literal(const DdlToken& token, const std::string& sign,
                                   const DdlColumn& column) {
  const std::string value = sign + token.text;
  const bool written = token.kind == TokenKind::string || token.kind == TokenKind::number;
  const auto as_number = [&](bool fine) {
    if (!fine) return std::optional<std::string>();
    return std::optional(value.starts_with('+') ? value.substr(1) : value);
  };
  switch (column.type) {
    case DdlType::boolean: {
      const bool bits = token.kind == TokenKind::bits || token.kind == TokenKind::bytes;
      const std::string digit = token.kind == TokenKind::bytes ? binary_digits(token.text) : value;
      const std::size_t one = digit.find_first_not_of('0');
      if (value == "0" || (bits && one == std::string::npos)) return "false";
      if (value == "1" || (bits && one + 1 == digit.size() && digit[one] == '1')) return "true";
      const std::string word = to_lower(value);
      if (word == "true" || word == "false") return word;
      return {};
    }
    case DdlType::smallint:
    case DdlType::integer:
    case DdlType::bigint:
      return as_number(written && is_integer(value, column.type));
    case DdlType::numeric:
      return as_number(written && is_decimal(value) && fits(value, column));
    case DdlType::real:
    case DdlType::double_precision:
      return as_number(written && is_decimal(value));
    case DdlType::text:
    case DdlType::varchar: {
      if (!written && token.kind != TokenKind::bytes) return {};
      const bool too_long =
          !column.numbers.empty() &&
          characters(value) > static_cast<std::size_t>(std::stoul(column.numbers[0]));
      return too_long ? std::nullopt : quote_string(value);
    }
    case DdlType::bytea: {
      if (!written && token.kind != TokenKind::bytes) return {};
      std::string bytes = token.kind == TokenKind::bytes ? token.text : value;
      if (column.range == sql::DdlRange::exact_bytes && bytes.size() < column.range_bytes) {
        // As binary(n) fills it up; MySQL has none of more than 255 bytes.
        if (column.range_bytes <= 255) bytes.resize(column.range_bytes, '\0');
      }
      return text("'\\x", hex_of(bytes), '\'');
    }
    case DdlType::bit:
      if (token.kind == TokenKind::bits) return bits(token.text, column);
      if (token.kind == TokenKind::bytes) return bits(binary_digits(token.text), column);
      return value == "0" || value == "1" ? bits(value, column) : std::nullopt;
    case DdlType::date:
    case DdlType::time:
    case DdlType::timestamp:
    case DdlType::timestamptz:
      if (token.kind == TokenKind::string && is_moment(value, column.type))
        return quote_string(value);
      return {};
    case DdlType::json:
      if (token.kind == TokenKind::string && (value == "{}" || value == "[]"))
        return quote_string(value);
      return {};
    case DdlType::uuid:
    case DdlType::inet:
      return {};
  }
  return {};
}

// CURRENT_TIMESTAMP and its kin, uuid(), and what else makes a value without one.
std::optional<std::string> function(const DdlTokens& tokens, const DdlColumn& column,
                                    sql::Dialect dialect) {
  const std::string word = to_lower(tokens[0].text);
  const bool is_call = tokens.size() >= 3 && tokens[1].is_symbol("(") &&
                       tokens.back().is_symbol(")") && tokens.size() <= 4;
  if (tokens.size() > 1 && !is_call) return {};
  const bool stamp = word == "current_timestamp" || word == "now" || word == "localtimestamp" ||
                     word == "localtime" || word == "sysdate";
  const bool day = word == "current_date" || word == "curdate";
  const bool clock = word == "current_time" || word == "curtime";
  const bool text_column = column.type == DdlType::text || column.type == DdlType::varchar;
  if (stamp || day || clock) {
    const char* const value = stamp ? "CURRENT_TIMESTAMP" : day ? "CURRENT_DATE" : "CURRENT_TIME";
    switch (column.type) {
      case DdlType::timestamp:
        // SQLite's are UTC, wherever it runs.
        if (dialect == sql::Dialect::sqlite) return text('(', value, " AT TIME ZONE 'UTC')");
        [[fallthrough]];
      case DdlType::timestamptz:
        if (clock) return {};
        return value;
      case DdlType::date:
        return clock ? std::nullopt : std::optional<std::string>("CURRENT_DATE");
      case DdlType::time:
        return day ? std::nullopt : std::optional<std::string>("LOCALTIME");
      default:
        break;
    }
    if (!text_column || dialect != sql::Dialect::sqlite) return {};
    const char* const format = stamp ? "YYYY-MM-DD HH24:MI:SS" : day ? "YYYY-MM-DD" : "HH24:MI:SS";
    return text("to_char(now() AT TIME ZONE 'UTC', '", format, "')");
  }
  if (!is_call) return {};
  if (word == "uuid" || word == "uuid_v4") {
    if (column.type == DdlType::uuid) return "gen_random_uuid()";
    const bool long_enough =
        column.type == DdlType::text || (text_column && std::stoul(column.numbers.at(0)) >= 36);
    if (long_enough) return "(gen_random_uuid())::text";
  }
  if (column.type == DdlType::json && tokens.size() == 3) {
    if (word == "json_object") return "'{}'";
    if (word == "json_array") return "'[]'";
  }
  return {};
}

// Every dialect's way to say "now" in the default of a timestamp; strftime('%s', ...) is none.
bool is_sqlite_now(const DdlTokens& tokens, DdlType type) {
  const auto is = [&](std::size_t at, std::string_view value) {
    return at < tokens.size() && tokens[at].text == value;
  };
  const bool now = tokens.size() == 4 && is(2, "now");
  const bool named = !tokens.empty() && (tokens[0].is_word("datetime") ||
                                         (tokens[0].is_word("date") && type == DdlType::date));
  if (now && named) return true;
  return tokens.size() == 6 && tokens[0].is_word("strftime") && is(4, "now") &&
         (is(2, "%Y-%m-%dT%H:%M:%fZ") || is(2, "%Y-%m-%d %H:%M:%f") ||
          is(2, "%Y-%m-%dT%H:%M:%SZ") || is(2, "%Y-%m-%d %H:%M:%S") || is(2, "%Y-%m-%dT%H:%M:%f") ||
          is(2, "%Y-%m-%dT%H:%M:%S"));
}

}  // namespace

bool is_moment(const std::string& value, DdlType type) {
  const std::string_view view = value;
  if (type == DdlType::date) return is_date(view);
  if (type == DdlType::time) return is_time(view);
  if (view.size() == 10) return is_date(view);
  return view.size() > 11 && is_date(view.substr(0, 10)) && (view[10] == ' ' || view[10] == 'T') &&
         is_time(view.substr(11));
}

bool is_default_an_expression(const DdlTokens& tokens) {
  return tokens.size() > 2 || (tokens.size() == 2 && tokens[1].kind != TokenKind::number);
}

std::optional<std::string> plain_default(const DdlColumn& column, sql::Dialect dialect) {
  // (('x')) is 'x'.
  DdlTokens tokens = column.default_value;
  while (tokens.size() > 2 && tokens.front().is_symbol("(") && tokens.back().is_symbol(")") &&
         tokens.size() <= 5) {
    tokens.erase(tokens.begin());
    tokens.pop_back();
  }
  if (tokens.empty() || (tokens.size() == 1 && tokens[0].is_word("NULL"))) return "";
  if (tokens.size() == 2 && tokens[0].kind == TokenKind::symbol &&
      tokens[1].kind == TokenKind::number) {
    return literal(tokens[1], tokens[0].text, column);
  }
  if (tokens.size() == 1 && (tokens[0].is_word("TRUE") || tokens[0].is_word("FALSE"))) {
    const bool truth = tokens[0].is_word("TRUE");
    return literal({TokenKind::number, std::string(1, truth ? '1' : '0'), 0, 0}, "", column);
  }
  if (tokens.size() == 1 && tokens[0].kind != TokenKind::word)
    return literal(tokens[0], "", column);
  if (tokens[0].kind != TokenKind::word) return {};
  if (dialect == sql::Dialect::sqlite && is_sqlite_now(tokens, column.type)) {
    if (column.type == DdlType::timestamp) return "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')";
    if (column.type == DdlType::timestamptz) return "CURRENT_TIMESTAMP";
    if (column.type == DdlType::date) return "CURRENT_DATE";
  }
  return function(tokens, column, dialect);
}

}  // namespace pgseed::migrate
