#include "pgseed/sql/type_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::sql {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kAliases = {{
    {"int", "integer"},
    {"int4", "integer"},
    {"serial", "integer"},
    {"serial4", "integer"},
    {"int8", "bigint"},
    {"bigserial", "bigint"},
    {"serial8", "bigint"},
    {"int2", "smallint"},
    {"smallserial", "smallint"},
    {"bool", "boolean"},
    {"varchar", "character varying"},
    {"char", "character"},
    {"nchar", "character"},
    {"decimal", "numeric"},
    {"dec", "numeric"},
    {"float8", "double precision"},
    {"float", "double precision"},
    {"float4", "real"},
    {"timestamptz", "timestamp with time zone"},
    {"timetz", "time with time zone"},
    {"varbit", "bit varying"},
}};

std::string canonical(std::string_view written) {
  for (const auto& [alias, name] : kAliases) {
    if (written == alias) return std::string(name);
  }
  return std::string(written);
}

void read_modifiers(Cursor& cursor, TypeName& type) {
  if (!accept(cursor, '(')) return;
  for (int index = 0; !accept(cursor, ')'); ++index) {
    skip_blanks(cursor);
    const char* const begin = cursor.position;
    if (cursor.at_end()) throw SyntaxProblem{begin, "a type's ( is never closed", ""};
    while (is_digit(cursor.peek()) || cursor.peek() == '-') ++cursor.position;
    int number = 0;
    const bool is_number = std::from_chars(begin, cursor.position, number).ec == std::errc{} &&
                           cursor.position > begin;
    if (is_number && index == 0) type.length = number;
    if (is_number && index == 1) type.scale = number;
    if (!is_number) {
      cursor.position = begin;
      skip_token(cursor);
    }
    accept(cursor, ',');
  }
}

}  // namespace

TypeName read_type_name(Cursor& cursor) {
  TypeName type;
  skip_blanks(cursor);
  const char* const begin = cursor.position;
  accept_word(cursor, "SETOF");
  skip_blanks(cursor);
  const bool quoted = cursor.peek() == '"';
  if (!read_identifier(cursor, type.name)) throw SyntaxProblem{begin, "expected a type name", ""};
  bool qualified = false;
  bool sized_float = false;
  while (accept(cursor, '.')) {
    qualified = true;
    if (!read_identifier(cursor, type.name)) throw SyntaxProblem{begin, "expected a type name", ""};
  }
  if (quoted) {
    // Only the catalogue's own names mean the built-in types; "char" is a type of its own.
    static constexpr std::array<std::string_view, 10> kInternal = {
        "int2",   "int4",    "int8",   "bool",   "float4",
        "float8", "varchar", "varbit", "timetz", "timestamptz"};
    if (std::find(kInternal.begin(), kInternal.end(), type.name) != kInternal.end()) {
      type.name = canonical(type.name);
    }
  } else {
    if (!qualified && type.name == "national") {
      if (!accept_word(cursor, "CHARACTER")) accept_word(cursor, "CHAR");
      type.name = "character";
    }
    if (!qualified && type.name == "double" && accept_word(cursor, "PRECISION")) {
      type.name = "double precision";
    }
    sized_float = !qualified && type.name == "float";
    type.name = canonical(type.name);
    if ((type.name == "character" || type.name == "bit") && accept_word(cursor, "VARYING")) {
      type.name += " varying";
    }
  }
  read_modifiers(cursor, type);
  if (sized_float && type.length) {
    // float(24) names a type by its size in bits.
    if (*type.length <= 24) type.name = "real";
    type.length.reset();
  }
  if (type.name == "time" || type.name == "timestamp") {
    const Cursor before = cursor;
    const bool with = accept_word(cursor, "WITH");
    if (!quoted && (with || accept_word(cursor, "WITHOUT")) && accept_word(cursor, "TIME") &&
        accept_word(cursor, "ZONE")) {
      type.name += with ? " with time zone" : " without time zone";
    } else {
      cursor = before;
      type.name += " without time zone";
    }
  } else if (type.name == "interval" && !quoted) {
    while (accept_word(cursor, "YEAR") || accept_word(cursor, "MONTH") ||
           accept_word(cursor, "DAY") || accept_word(cursor, "HOUR") ||
           accept_word(cursor, "MINUTE") || accept_word(cursor, "SECOND") ||
           accept_word(cursor, "TO")) {
      // Fields restrict a value as a precision does.
      if (!type.length) type.length = 6;
      read_modifiers(cursor, type);
    }
  }
  for (;;) {
    if (accept(cursor, '[')) {
      skip_blanks(cursor);
      while (is_digit(cursor.peek())) ++cursor.position;
      require(cursor, ']', "in an array type");
      ++type.dimensions;
    } else if (accept_word(cursor, "ARRAY")) {
      ++type.dimensions;
    } else {
      return type;
    }
  }
}

}  // namespace pgseed::sql
