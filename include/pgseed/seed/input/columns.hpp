#pragma once
// What a column's type means for a value's way into a JSON body, and which values cannot go.
#include <cstdint>
#include <optional>
#include <string>

#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::seed {

enum class ColumnClass : std::uint8_t {
  unknown,  // the target's types are not known
  other,
  text,  // text, varchar, char, citext, name
  integer,
  number,          // numeric, real, double precision
  number_of_bits,  // either of them, where the file's own column is MySQL's bit(n)
  boolean,
  json,   // values travel raw
  jsonb,  // values travel raw
  time,   // date, time, timestamp: "now" and "today" mean something
  bytes,  // bytea
  bits,   // bit, bit varying
  uuid,
};

ColumnClass class_of(const std::string& type);

inline bool travels_raw(ColumnClass column) {
  return column == ColumnClass::json || column == ColumnClass::jsonb;
}

// How the values of a file are meant.
struct Meaning {
  sql::Dialect dialect = sql::Dialect::postgresql;
  bool zero_dates_are_null = false;  // MySQL's 0000-00-00
  bool direct = false;               // over COPY, where JSON keeps its text to the byte
};

// Behind the date that cannot_carry() names.
inline constexpr const char* kNoSuchDate = ", which PostgreSQL does not have";

// False for the many values that cannot_carry() always lets pass.
inline bool may_not_carry(const sql::Value& value, ColumnClass column, const Meaning& meaning) {
  if (!value.cast.empty() || value.form == sql::Form::moment || value.form == sql::Form::bytes ||
      travels_raw(column)) {
    return true;
  }
  if (meaning.dialect == sql::Dialect::postgresql) return false;
  return column == ColumnClass::time ||
         (meaning.dialect == sql::Dialect::mysql &&
          (column == ColumnClass::bits || column == ColumnClass::number_of_bits)) ||
         (meaning.dialect == sql::Dialect::sqlite && column == ColumnClass::integer &&
          value.form == sql::Form::number);
}

// Why this value would arrive as something else than its own database made of it, or nullopt.
// PostgreSQL's values without a cast, outside json columns, always pass.
std::optional<std::string> cannot_carry(const sql::Value& value, ColumnClass column,
                                        const std::string& column_type,
                                        const Meaning& meaning = {});

}  // namespace pgseed::seed
