#include "pgseed/seed/columns.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

std::string_view without_length(std::string_view type) {
  const std::size_t open = type.find('(');
  std::string_view name = type.substr(0, open);
  while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
  return name;
}

std::string_view without_schema(std::string_view type) {
  const std::size_t dot = type.rfind('.');
  return dot == std::string_view::npos ? type : type.substr(dot + 1);
}

bool is_text_type(std::string_view type) {
  static constexpr std::array<std::string_view, 8> kTypes = {
      "text", "character varying", "varchar", "character", "bpchar", "char", "citext", "name"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

bool is_plain_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-';
}

// Only types whose input function accepts anything and changes it matter: the rest either agree on
// the text or refuse it loudly.
std::optional<std::string> cast_trouble(const sql::Value& value, ColumnClass column,
                                        const std::string& column_type) {
  const std::string_view cast = value.cast;
  const std::string_view target = without_schema(without_length(column_type));
  if (cast == target || column == ColumnClass::unknown) return {};
  const auto trouble = [&] {
    return std::optional<std::string>(
        text("a cast to ", cast, " in a column of type ", column_type));
  };
  const bool cast_is_json = cast == "json" || cast == "jsonb";
  const bool column_is_json = column == ColumnClass::json || column == ColumnClass::jsonb;
  if (cast == "jsonb" && column == ColumnClass::json) return trouble();
  if (column_is_json && !cast_is_json) return trouble();
  if (column == ColumnClass::text) {
    if (is_text_type(cast) || cast == "unknown" || cast == "json") return {};
    if (value.form == sql::Form::number || value.form == sql::Form::boolean) return {};
    // An enum's label or another type whose output is its input; of the built-in ones that
    // normalise, only a uuid in its usual spelling stays as it is.
    static constexpr std::array<std::string_view, 14> kNormalising = {"jsonb",
                                                                      "timestamp with time zone",
                                                                      "timestamp without time zone",
                                                                      "date",
                                                                      "time without time zone",
                                                                      "time with time zone",
                                                                      "interval",
                                                                      "numeric",
                                                                      "integer",
                                                                      "bigint",
                                                                      "boolean",
                                                                      "bytea",
                                                                      "real",
                                                                      "double precision"};
    if (std::find(kNormalising.begin(), kNormalising.end(), cast) != kNormalising.end()) {
      return trouble();
    }
    if (cast == "uuid") {
      const std::string uuid = sql::decoded(value);
      const bool plain = uuid.size() == 36 && uuid == to_lower(uuid);
      if (!plain) return trouble();
    }
    return {};
  }
  if (cast == "date" && !is_plain_date(sql::decoded(value)) && column == ColumnClass::time &&
      value.form != sql::Form::moment) {
    return trouble();
  }
  if (cast == "timestamp without time zone" && column == ColumnClass::time &&
      sql::decoded(value).find_first_of("+Zz") != std::string::npos) {
    return trouble();
  }
  return {};
}

}  // namespace

ColumnClass class_of(const std::string& type) {
  if (type.empty()) return ColumnClass::unknown;
  const std::string_view name = without_length(type);
  if (name == "json") return ColumnClass::json;
  if (name == "jsonb") return ColumnClass::jsonb;
  if (name == "integer" || name == "bigint" || name == "smallint" || name == "int32" ||
      name == "int64") {
    return ColumnClass::integer;
  }
  if (is_text_type(without_schema(name))) return ColumnClass::text;
  if (name == "date" || name.rfind("time", 0) == 0) return ColumnClass::time;
  return ColumnClass::other;
}

std::optional<std::string> cannot_carry(const sql::Value& value, ColumnClass column,
                                        const std::string& column_type) {
  if (value.form == sql::Form::null || value.form == sql::Form::use_default) return {};
  if (value.form == sql::Form::moment && column != ColumnClass::unknown &&
      column != ColumnClass::time) {
    return text("the current time in a column of type ", column_type);
  }
  if (column == ColumnClass::json || column == ColumnClass::jsonb) {
    const std::string json = sql::decoded(value);
    const std::string_view inner = trim(json);
    // PostgREST turns a raw null into SQL NULL, whatever was meant.
    if (inner == "null") return "the JSON value null (not SQL's NULL)";
    // Blanks around a raw value are not part of it, but json keeps its text as it came.
    if (column == ColumnClass::json && inner.size() != json.size()) {
      return "a json value with blanks around it";
    }
  }
  if (!value.cast.empty()) return cast_trouble(value, column, column_type);
  return {};
}

}  // namespace pgseed::seed
