#include "pgseed/seed/send/likeness.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/seed/input/foreign_value.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::seed {
namespace {

constexpr Judgement kSame = {Likeness::same, ""};
constexpr Judgement kDiffers = {Likeness::differs, ""};
constexpr Judgement kAsk = {Likeness::ask, ""};
constexpr Judgement kRounded = {Likeness::unknown, "values that the column may have rounded"};
constexpr Judgement kOtherSpelling = {
    Likeness::unknown, "values whose spelling differs; the type has no comparison that tells more"};

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view without_trailing_blanks(std::string_view text) {
  const std::size_t last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

// Bytes of the first `count` characters.
std::size_t size_of_characters(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (begins && count-- == 0) break;
  }
  return at;
}

// --- numbers

// The number without what does not change its value; unset for what is none ("NaN").
std::optional<std::string> plain_number(std::string_view text) {
  std::string number;
  if (!sql::normalize_number(trim(text), number)) return {};
  if (number.find('e') == std::string::npos && number.find('.') != std::string::npos) {
    number.erase(number.find_last_not_of('0') + 1);
    if (number.back() == '.') number.pop_back();
  }
  if (number == "-0") number = "0";
  return number;
}

std::size_t places_of(std::string_view number) {
  const std::size_t point = number.find('.');
  return point == std::string_view::npos ? 0 : number.size() - point - 1;
}

bool is_rounded_number(std::string_view said, std::string_view stored) {
  std::string number;
  if (!sql::normalize_number(trim(said), number)) return false;
  if (places_of(number) <= places_of(stored)) return false;
  return sql::round_to_scale(number, places_of(stored)) &&
         plain_number(number) == plain_number(stored);
}

// --- boolean, uuid, bytea

// As PostgreSQL reads it; unset for what it refuses.
std::optional<bool> boolean_of(std::string_view text) {
  const std::string word = to_lower(trim(text));
  const auto begins = [&](std::string_view whole, std::size_t least) {
    return word.size() >= least && whole.starts_with(word);
  };
  if (word == "1" || begins("true", 1) || begins("yes", 1) || word == "on") return true;
  if (word == "0" || begins("false", 1) || begins("no", 1) || begins("off", 2)) return false;
  return {};
}

std::string uuid_of(std::string_view text) {
  std::string digits;
  for (const char byte : to_lower(text)) {
    if (byte == '-' || byte == '{' || byte == '}') continue;
    if (std::string_view("0123456789abcdef").find(byte) == std::string_view::npos) return {};
    digits += byte;
  }
  return digits.size() == 32 ? digits : std::string();
}

// "\xdeadbeef", of either form in which PostgreSQL reads bytes.
std::optional<std::string> hex_of(std::string_view text) {
  if (text.starts_with("\\x")) return to_lower(text);
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      bytes += text[at];
    } else if (at + 1 < text.size() && text[at + 1] == '\\') {
      bytes += '\\';
      ++at;
    } else if (at + 3 < text.size() && is_digits(text.substr(at + 1, 3))) {
      bytes += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 +
                                 (text[at + 3] - '0'));
      at += 3;
    } else {
      return {};
    }
  }
  std::string hex(bytes.size() * 2, '0');
  put_hex(hex.data(), bytes);
  return "\\x" + hex;
}

// --- times

struct Moment {
  std::int64_t microseconds = 0;
  std::size_t places = 0;  // of the second's fraction, as written
  std::string rest;        // zone and era
};

std::int64_t number_at(std::string_view text, std::size_t at, std::size_t digits) {
  std::int64_t number = 0;
  std::from_chars(text.data() + at, text.data() + at + digits, number);
  return number;
}

// Days since some day, of the Gregorian calendar.
std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (month <= 2) --year;
  const std::int64_t months = month + (month > 2 ? -3 : 9);
  return year * 365 + year / 4 - year / 100 + year / 400 + (153 * months + 2) / 5 + day;
}

// 2024-01-02 03:04:05.6+02 or 03:04:05.6; unset for any other spelling.
std::optional<Moment> moment_of(std::string_view text) {
  const auto looks_like = [](std::string_view part, std::string_view pattern) {
    if (part.size() < pattern.size()) return false;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
      const bool digit = part[at] >= '0' && part[at] <= '9';
      if (pattern[at] == '0' ? !digit : part[at] != pattern[at]) return false;
    }
    return true;
  };
  Moment moment;
  std::int64_t days = 0;
  if (looks_like(text, "0000-00-00") && text.size() > 11 && (text[10] == ' ' || text[10] == 'T')) {
    days = days_of(number_at(text, 0, 4), number_at(text, 5, 2), number_at(text, 8, 2));
    text.remove_prefix(11);
  }
  if (!looks_like(text, "00:00:00")) return {};
  const std::int64_t seconds =
      number_at(text, 0, 2) * 3600 + number_at(text, 3, 2) * 60 + number_at(text, 6, 2);
  text.remove_prefix(8);
  std::int64_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
    moment.places = end - 1;
    if (moment.places > 6) return {};
    std::string digits(text.substr(1, moment.places));
    digits.resize(6, '0');
    fraction = number_at(digits, 0, 6);
    text.remove_prefix(end);
  }
  moment.microseconds = (days * 86400 + seconds) * 1'000'000 + fraction;
  moment.rest = text;
  return moment;
}

bool is_rounded_time(std::string_view said, std::string_view stored) {
  const auto from = moment_of(said);
  const auto to = moment_of(stored);
  if (!from || !to || from->rest != to->rest || from->places <= to->places) return false;
  std::int64_t unit = 1'000'000;
  for (std::size_t place = 0; place < to->places; ++place) unit /= 10;
  return std::abs(from->microseconds - to->microseconds) * 2 <= unit;
}

// --- text

Judgement judge_text(const std::string& type, std::string_view said, std::string_view stored) {
  // Shorter than what they are given.
  if (type == "name" || type == "\"char\"" || type == "char") return kAsk;
  if (type.starts_with("character varying(")) {
    std::size_t length = 0;
    const std::string_view digits = std::string_view(type).substr(18);
    std::from_chars(digits.data(), digits.data() + digits.size(), length);
    const std::size_t end = size_of_characters(said, length);
    const bool only_blanks = said.find_first_not_of(' ', end) == std::string_view::npos;
    return only_blanks && said.substr(0, end) == stored ? kSame : kDiffers;
  }
  if (type.starts_with("character") && !type.starts_with("character varying")) {
    return without_trailing_blanks(said) == without_trailing_blanks(stored) ? kSame : kDiffers;
  }
  if (type == "bpchar") {
    return without_trailing_blanks(said) == without_trailing_blanks(stored) ? kSame : kDiffers;
  }
  return kDiffers;
}

// --- jsonb

constexpr int kDeepest = 128;

bool append_canonical(std::string& out, std::string_view json, int depth);

// A string's text, or the JSON of anything else.
bool append_canonical(std::string& out, const json::Member& member, int depth) {
  if (!member.value) {
    out += 'n';
  } else if (member.was_string) {
    out += text('s', member.value->size(), ':', *member.value);
  } else {
    return append_canonical(out, *member.value, depth);
  }
  return true;
}

bool append_canonical(std::string& out, std::string_view json, int depth) {
  const std::string_view value = trim(json);
  if (value.empty() || depth > kDeepest) return false;
  if (value.front() == '[') {
    const auto elements = json::try_read_array(value);
    if (!elements) return false;
    out += '[';
    for (const json::Member& element : *elements) {
      if (!append_canonical(out, element, depth + 1)) return false;
    }
    out += ']';
    return true;
  }
  if (value.front() == '{') {
    const auto members = json::try_read_object(value);
    if (!members) return false;
    std::map<std::string_view, const json::Member*> last;  // of a name that comes again
    for (const json::Member& member : *members) last[member.name] = &member;
    out += '{';
    for (const auto& [name, member] : last) {
      out += text(name.size(), ':', name);
      if (!append_canonical(out, *member, depth + 1)) return false;
    }
    out += '}';
    return true;
  }
  if (value == "true" || value == "false") {
    out += value.front();
    return true;
  }
  const auto number = plain_number(to_lower(value));
  if (!number) return false;
  out += text('#', *number, ';');
  return true;
}

// --- other types

// "public.mood[]" -> "mood"
std::string_view bare_type(std::string_view type, bool& is_array) {
  is_array = type.ends_with("[]");
  type = type.substr(0, type.find_first_of("[("));
  while (type.ends_with(' ')) type.remove_suffix(1);
  const std::size_t dot = type.rfind('.');
  return dot == std::string_view::npos ? type : type.substr(dot + 1);
}

}  // namespace

bool has_equality(ColumnClass column, const std::string& type) {
  if (column == ColumnClass::json) return false;
  bool is_array = false;
  const std::string_view name = bare_type(type, is_array);
  // No = at all, or one that compares areas and lengths.
  constexpr std::array<std::string_view, 11> kNone = {"json", "xml",     "jsonpath",     "point",
                                                      "line", "lseg",    "box",          "circle",
                                                      "path", "polygon", "txid_snapshot"};
  return std::find(kNone.begin(), kNone.end(), name) == kNone.end();
}

std::string canonical_json(std::string_view json) {
  // A value alone is read as the element of an array.
  std::string out;
  return append_canonical(out, text('[', json, ']'), 0) ? out : std::string();
}

Judgement judge(ColumnClass column, const std::string& type, std::string_view said,
                std::string_view stored) {
  if (said == stored) return kSame;
  switch (column) {
    case ColumnClass::text:
      return judge_text(type, said, stored);
    case ColumnClass::json:
      // Blanks around it do not get into the column.
      return trim(said) == stored ? kSame : kDiffers;
    case ColumnClass::jsonb: {
      const std::string one = canonical_json(said);
      if (one.empty()) return kOtherSpelling;
      return one == canonical_json(stored) ? kSame : kDiffers;
    }
    case ColumnClass::boolean: {
      const auto value = boolean_of(said);
      if (!value) return kAsk;
      return value == boolean_of(stored) ? kSame : kDiffers;
    }
    case ColumnClass::uuid: {
      const std::string digits = uuid_of(said);
      if (digits.empty()) return kAsk;
      return digits == uuid_of(stored) ? kSame : kDiffers;
    }
    case ColumnClass::bytes: {
      const auto hex = hex_of(said);
      if (!hex || !stored.starts_with("\\x")) return kAsk;
      return *hex == stored ? kSame : kDiffers;
    }
    case ColumnClass::integer: {
      const auto number = plain_number(said);
      if (!number || number->find_first_of(".e") != std::string::npos) return kAsk;
      return number == plain_number(stored) ? kSame : kDiffers;
    }
    case ColumnClass::number: {
      const auto number = plain_number(said);
      const auto held = plain_number(stored);
      if (number && number == held) return kSame;
      if (!number || !held || !type.starts_with("numeric")) return kAsk;
      return judge_unequal(column, type, said, stored);
    }
    default:
      return has_equality(column, type) ? kAsk : kOtherSpelling;
  }
}

Judgement judge_unequal(ColumnClass column, const std::string& type, std::string_view said,
                        std::string_view stored) {
  if (column == ColumnClass::number && type.starts_with("numeric")) {
    return is_rounded_number(said, stored) ? kRounded : kDiffers;
  }
  if (column == ColumnClass::time) return is_rounded_time(said, stored) ? kRounded : kDiffers;
  return kDiffers;
}

}  // namespace pgseed::seed
