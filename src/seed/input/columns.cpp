#include "pgseed/seed/input/columns.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/input/foreign_value.hpp"

namespace pgseed::seed {
namespace {

// "timestamp(2) without time zone" -> "timestamp without time zone"
std::string without_length(std::string_view type) {
  const std::size_t open = type.find('(');
  std::string name(type.substr(0, open));
  while (!name.empty() && name.back() == ' ') name.pop_back();
  const std::size_t close = type.find(')');
  if (close != std::string_view::npos) name += type.substr(close + 1);
  return name;
}

std::string_view without_schema(std::string_view type) {
  const std::size_t dot = type.rfind('.');
  return dot == std::string_view::npos ? type : type.substr(dot + 1);
}

template <std::size_t size>
bool is_one_of(std::string_view type, const std::array<std::string_view, size>& types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool is_text_type(std::string_view type) {
  static constexpr std::array<std::string_view, 8> kTypes = {
      "text", "character varying", "varchar", "character", "bpchar", "char", "citext", "name"};
  return is_one_of(type, kTypes);
}

bool is_integer_type(std::string_view type) {
  static constexpr std::array<std::string_view, 5> kTypes = {"integer", "bigint", "smallint",
                                                             "int32", "int64"};
  return is_one_of(type, kTypes);
}

bool is_bit_type(std::string_view type) {
  return type == "bit" || type == "bit varying";
}

bool is_float_type(std::string_view type) {
  return type == "real" || type == "double precision";
}

// Those that a cast may convert from; any other name is a type of the user's own.
bool is_built_in(std::string_view type) {
  static constexpr std::array<std::string_view, 40> kTypes = {
      "boolean",
      "bytea",
      "date",
      "time without time zone",
      "time with time zone",
      "timestamp without time zone",
      "timestamp with time zone",
      "interval",
      "uuid",
      "json",
      "jsonb",
      "jsonpath",
      "xml",
      "inet",
      "cidr",
      "macaddr",
      "macaddr8",
      "tsvector",
      "tsquery",
      "money",
      "point",
      "line",
      "lseg",
      "box",
      "path",
      "polygon",
      "circle",
      "oid",
      "regclass",
      "regtype",
      "regproc",
      "pg_lsn",
      "int4range",
      "int8range",
      "numrange",
      "tsrange",
      "tstzrange",
      "daterange",
      "hstore",
      "numeric",
  };
  return is_text_type(type) || is_integer_type(type) || is_bit_type(type) || is_float_type(type) ||
         is_one_of(type, kTypes);
}

bool is_plain_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-';
}

// 2024-01-02 03:04:05.678901, without a zone: read alike by every type of date and time.
bool is_plain_timestamp(std::string_view text) {
  return text.size() <= 26 && is_plain_date(text.substr(0, 10)) &&
         text.find_first_not_of("0123456789-:. T") == std::string_view::npos &&
         text.find("24:") == std::string_view::npos && text.find(":60") == std::string_view::npos;
}

std::size_t significant_digits(std::string_view number) {
  const std::string_view mantissa = number.substr(0, number.find('e'));
  return static_cast<std::size_t>(
      std::count_if(mantissa.begin(), mantissa.end(), [](char byte) { return byte >= '0'; }));
}

// What a float becomes when it is assigned to another type of number.
bool float_keeps_its_value(std::string_view number, std::string_view cast,
                           std::string_view target) {
  const bool whole = number.find_first_of(".e") == std::string_view::npos;
  if (target == "double precision") return whole;  // 0.1::real is not 0.1
  if (target == "real") return significant_digits(number) <= 9;
  // Floats round a half to even, numeric away from zero.
  if (is_integer_type(target)) {
    const std::size_t half = number.find(".5");
    return half == std::string_view::npos || half + 2 != number.size();
  }
  if (target == "numeric") return significant_digits(number) <= (cast == "real" ? 6U : 15U);
  return false;
}

// Does the target's input function read the text of a `cast` literal as the value that psql would
// convert? Casts to numbers, booleans and character types were applied when the text was read.
bool is_neutral(const sql::Value& value, std::string_view cast, std::string_view target,
                const std::string& text) {
  if (is_text_type(cast) || cast == "unknown") return true;
  if (is_text_type(target)) {
    if (cast == "uuid") return text.size() == 36 && text == to_lower(text);
    if (is_integer_type(cast) || is_float_type(cast) || cast == "numeric" || cast == "boolean") {
      return value.form == sql::Form::number || value.form == sql::Form::boolean;
    }
    return cast == "json" || cast == "xml" || is_bit_type(cast);
  }
  // A domain of the user's own is shown as its base type; only lengths in it change values.
  if (!is_built_in(cast)) return target != "numeric";
  if (is_bit_type(cast)) return is_bit_type(target);
  if (is_float_type(cast)) return float_keeps_its_value(text, cast, target);
  if (is_integer_type(cast) || cast == "numeric") {
    return is_integer_type(target) || is_float_type(target) || target == "numeric" ||
           target == "money" || (target == "oid" && cast != "numeric");
  }
  if (cast == "date") return target.substr(0, 9) == "timestamp" && is_plain_date(text);
  if (cast == "timestamp without time zone") {
    return (target == "date" || target == "timestamp with time zone") && is_plain_timestamp(text);
  }
  return false;
}

bool is_neutral_array(std::string_view cast, std::string_view target) {
  if (cast.empty() || target.empty() || cast.back() != ']' || target.back() != ']') return false;
  const std::string_view from = cast.substr(0, cast.find('['));
  const std::string_view to = target.substr(0, target.find('['));
  if (is_integer_type(from)) {
    return is_integer_type(to) || is_float_type(to) || to == "numeric";
  }
  return from == to || (is_text_type(from) && is_text_type(to)) ||
         (is_bit_type(from) && is_bit_type(to)) || !is_built_in(from);
}

// Only what surely stays the same passes: most input functions refuse a foreign text loudly, but
// those of text, numbers, dates and geometry take many texts and mean something else.
std::optional<std::string> cast_trouble(const sql::Value& value, ColumnClass column,
                                        const std::string& column_type) {
  const std::string_view cast = value.cast;
  const std::string type = without_length(column_type);
  const std::string_view target = without_schema(type);
  if (cast == target || column == ColumnClass::unknown) return {};
  if (value.form == sql::Form::moment) return {};
  const bool is_array = cast.back() == ']' || target.back() == ']';
  bool fits = false;
  if (column == ColumnClass::json || column == ColumnClass::jsonb) {
    fits = column == ColumnClass::jsonb && cast == "json";
  } else if (is_array) {
    fits = is_neutral_array(cast, target);
  } else {
    fits = is_neutral(value, cast, target, sql::decoded(value));
  }
  if (fits) return {};
  return text("a cast to ", cast, " in a column of type ", column_type);
}

std::size_t digits_between_zeros(std::string_view number) {
  const std::size_t first = number.find_first_of("123456789");
  if (first == std::string_view::npos) return 0;
  const std::size_t last = number.find_last_of("123456789");
  return significant_digits(number.substr(first, last - first + 1));
}

// What MySQL makes of 1e3 in a column: a double first. Digits that a double holds stay what they
// are; how it would print one as text is its own affair.
std::optional<std::string> approximate_trouble(std::string_view number, ColumnClass column,
                                               const std::string& column_type) {
  const bool whole = number.find_first_of(".e") == std::string_view::npos;
  const std::size_t half = number.find(".5");
  bool fits = true;
  switch (column) {
    case ColumnClass::integer:  // rounds a half to even, where PostgreSQL rounds it up
      fits = half == std::string_view::npos || half + 2 != number.size();
      break;
    case ColumnClass::number:  // as many digits as tell doubles apart
      fits = !column_type.starts_with("numeric") || digits_between_zeros(number) <= 17;
      break;
    case ColumnClass::text:
    case ColumnClass::bytes:
    case ColumnClass::json:
    case ColumnClass::jsonb:
      fits = whole && number.size() <= 15;
      break;
    default:
      break;
  }
  if (fits) return {};
  return text("a number with an exponent in a column of type ", column_type);
}

// PostgreSQL takes a string of JSON apart and writes it anew on its way into a json column, whose
// text then has these escapes and no others.
bool has_usual_escapes(std::string_view json_string) {
  for (std::size_t at = json_string.find('\\'); at != std::string_view::npos;
       at = json_string.find('\\', at + 2)) {
    const std::string_view escape = json_string.substr(at + 1);
    if (escape.empty() || std::string_view("bfnrt\"\\").find(escape[0]) != std::string_view::npos) {
      continue;
    }
    // A control character without a letter of its own, in lower case.
    const bool is_control =
        escape.starts_with("u000") || (escape.starts_with("u001") && escape.size() > 4);
    if (!is_control || escape.size() < 5) return false;
    const std::string_view letters = escape[3] == '0' ? "1234567bef" : "0123456789abcdef";
    if (letters.find(escape[4]) == std::string_view::npos) return false;
  }
  return true;
}

std::optional<std::string> mysql_trouble(const sql::Value& value, ColumnClass column,
                                         const std::string& column_type, const Meaning& meaning) {
  if (value.cast == sql::kApproximate) {
    return approximate_trouble(value.text, column, column_type);
  }
  const bool own_bytes = column == ColumnClass::bytes || column == ColumnClass::bits ||
                         column == ColumnClass::number_of_bits;
  if (value.cast == sql::kConverted && own_bytes) {
    return text("text of another encoding than UTF-8 in a column of type ", column_type);
  }
  if (column == ColumnClass::time && is_zero_date(value) && !meaning.zero_dates_are_null) {
    return text("the date '", sql::decoded(value), '\'', kNoSuchDate,
                " (NULL with --zero-dates null)");
  }
  const bool has_date = column_type == "date" || column_type.starts_with("timestamp");
  if (column == ColumnClass::time && has_date && !is_zero_date(value) && has_short_year(value)) {
    return text("the date '", sql::decoded(value), "', whose year is not of four digits,");
  }
  return {};
}

// SQLite holds any number in any column.
std::optional<std::string> sqlite_trouble(const sql::Value& value, ColumnClass column,
                                          const std::string& column_type) {
  if (value.form == sql::Form::number) {
    const std::size_t point = value.text.find('.');
    const bool has_fraction =
        point != std::string_view::npos &&
        value.text.find_first_of("123456789", point) != std::string_view::npos;
    // A Julian day, seconds since 1970: what SQLite's functions make of it nobody says here.
    const bool is_trouble =
        column == ColumnClass::time || (column == ColumnClass::integer && has_fraction);
    if (!is_trouble) return {};
    return text("the number ", value.text, " in a column of type ", column_type);
  }
  if (column != ColumnClass::time) return {};
  const std::string moment = sql::decoded(value);
  const std::string dropped = dropped_of_time(moment, column_type);
  if (dropped.empty()) return {};
  return text("the date '", moment, "', whose ", dropped, " a column of type ", column_type,
              " would drop,");
}

}  // namespace

ColumnClass class_of(const std::string& type) {
  if (type.empty()) return ColumnClass::unknown;
  const std::string name = without_length(type);
  if (name == "json") return ColumnClass::json;
  if (name == "jsonb") return ColumnClass::jsonb;
  if (is_integer_type(name)) return ColumnClass::integer;
  if (is_text_type(without_schema(name))) return ColumnClass::text;
  if (name == "date" || name.rfind("time", 0) == 0) return ColumnClass::time;
  if (is_float_type(name) || name == "numeric") return ColumnClass::number;
  if (name == "boolean") return ColumnClass::boolean;
  if (name == "bytea") return ColumnClass::bytes;
  if (is_bit_type(name)) return ColumnClass::bits;
  if (name == "uuid") return ColumnClass::uuid;
  return ColumnClass::other;
}

std::optional<std::string> cannot_carry(const sql::Value& value, ColumnClass column,
                                        const std::string& column_type, const Meaning& meaning) {
  if (value.form == sql::Form::null || value.form == sql::Form::use_default) return {};
  if (value.form == sql::Form::moment && column != ColumnClass::unknown &&
      column != ColumnClass::time) {
    return text("the current time in a column of type ", column_type);
  }
  if (meaning.dialect == sql::Dialect::mysql) {
    if (auto trouble = mysql_trouble(value, column, column_type, meaning)) return trouble;
  }
  if (meaning.dialect == sql::Dialect::sqlite) {
    if (auto trouble = sqlite_trouble(value, column, column_type)) return trouble;
  }
  // Any bytes are a bytea.
  if (column != ColumnClass::bytes && is_foreign(value, column, meaning.dialect)) {
    std::string unused;
    if (auto trouble = append_foreign(unused, value, column, column_type, meaning.dialect))
      return trouble;
  }
  if (!meaning.direct && (column == ColumnClass::json || column == ColumnClass::jsonb)) {
    const std::string json = sql::decoded(value);
    const std::string_view inner = trim(json);
    // PostgREST turns a raw null into SQL NULL, whatever was meant.
    if (inner == "null") return "the JSON value null (not SQL's NULL)";
    // Blanks around a raw value are not part of it, but json keeps its text as it came.
    if (column == ColumnClass::json && inner.size() != json.size()) {
      return "a json value with blanks around it";
    }
    if (column == ColumnClass::json && inner.starts_with('"') && !has_usual_escapes(inner)) {
      return "a string as json value with escapes that PostgREST spells otherwise";
    }
  }
  const bool casts = !value.cast.empty() && meaning.dialect == sql::Dialect::postgresql;
  return casts ? cast_trouble(value, column, column_type) : std::nullopt;
}

}  // namespace pgseed::seed
