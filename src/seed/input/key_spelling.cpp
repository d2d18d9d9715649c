#include "pgseed/seed/input/key_spelling.hpp"

#include <string_view>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::seed {
namespace {

bool holds_only(std::string_view text, std::string_view bytes) {
  return text.find_first_not_of(bytes) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";

// What an integer column refuses (1.5) or reads in its own way (0x10) stays as it is.
bool respell_number(std::string& text, bool may_have_point) {
  // As nearly all are written.
  if (!text.empty() && text[0] >= '1' && holds_only(text, kDigits)) return true;
  std::string plain;
  if (!sql::normalize_number(trim(text), plain)) return false;
  const std::size_t point = plain.find('.');
  if (may_have_point && point != std::string::npos &&
      holds_only(std::string_view(plain).substr(point + 1), "0")) {
    plain.resize(point);
  }
  std::string_view digits = plain;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  if (digits.empty() || !holds_only(digits, kDigits)) return false;
  text = std::move(plain);
  return true;
}

// As boolin() reads it: any beginning that tells them apart.
bool respell_boolean(std::string& text) {
  const std::string word = to_lower(trim(text));
  const auto begins = [&](std::string_view whole, std::size_t least) {
    return word.size() >= least && whole.starts_with(word);
  };
  if (begins("true", 1) || begins("yes", 1) || begins("1", 1) || word == "on") {
    text = "t";
    return true;
  }
  if (begins("false", 1) || begins("no", 1) || begins("0", 1) || begins("off", 2)) {
    text = "f";
    return true;
  }
  return false;
}

bool respell_uuid(std::string& text) {
  std::string plain;
  for (const char byte : to_lower(text)) {
    if (byte != '-' && byte != '{' && byte != '}') plain += byte;
  }
  text = std::move(plain);
  return true;  // what is none of 32 digits, no server takes
}

bool is_iso_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' &&
         holds_only(text.substr(0, 4), kDigits) && holds_only(text.substr(5, 2), kDigits) &&
         holds_only(text.substr(8), kDigits);
}

bool respell_bytes(std::string& text) {
  if (!text.starts_with("\\x")) return false;
  text = to_lower(text);
  return holds_only(std::string_view(text).substr(2), "0123456789abcdef");
}

}  // namespace

Spelling spelling_of(const std::string& type) {
  const std::string_view name = std::string_view(type).substr(0, type.find('('));
  if (type.ends_with(']')) return Spelling::many;
  if (name == "text") return Spelling::one;
  if (name == "character varying" || name == "varchar") return Spelling::varying;
  if (name == "character" || name == "char" || name == "bpchar") return Spelling::padded;
  if (name == "integer" || name == "bigint" || name == "smallint" || name == "int32" ||
      name == "int64") {
    return Spelling::integer;
  }
  // numeric(5,-2) rounds whole numbers.
  if (name == "numeric" && type.find('-') == std::string::npos) return Spelling::numeric;
  if (name == "boolean") return Spelling::boolean;
  if (name == "date") return Spelling::date;
  if (name == "uuid") return Spelling::uuid;
  if (name == "bytea") return Spelling::bytes;
  return Spelling::many;
}

bool respell(Spelling spelling, std::string& text) {
  switch (spelling) {
    case Spelling::one:
      return true;
    case Spelling::varying:
      return !text.ends_with(' ');
    case Spelling::padded:
      while (text.ends_with(' ')) text.pop_back();
      return true;
    case Spelling::integer:
      return respell_number(text, false);
    case Spelling::numeric:
      return respell_number(text, true);
    case Spelling::boolean:
      return respell_boolean(text);
    case Spelling::date:
      return is_iso_date(text);
    case Spelling::uuid:
      return respell_uuid(text);
    case Spelling::bytes:
      return respell_bytes(text);
    case Spelling::many:
      return false;
  }
  return false;
}

}  // namespace pgseed::seed
