#pragma once
// What a value of a MySQL or SQLite dump is in a column of PostgreSQL, where that is not simply its
// text: bytes, bits, MySQL's one-byte booleans, dates that do not exist.
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/seed/input/columns.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::seed {

inline bool is_string(sql::Form form) {
  return form == sql::Form::verbatim || form == sql::Form::doubled_quotes ||
         form == sql::Form::mysql_escapes;
}

// True if append_foreign() must say what the value is.
inline bool is_foreign(const sql::Value& value, ColumnClass column, sql::Dialect dialect) {
  if (value.form == sql::Form::bytes) return true;
  if (dialect == sql::Dialect::postgresql) return false;
  const bool number = value.form == sql::Form::number;
  if (column == ColumnClass::bytes) return number || is_string(value.form);
  if (column == ColumnClass::text && dialect == sql::Dialect::sqlite) {
    return number && value.text.find_first_of(".I") != std::string_view::npos;  // a double
  }
  if (dialect != sql::Dialect::mysql) return false;
  return (column == ColumnClass::bits && (number || is_string(value.form))) ||
         (column == ColumnClass::number_of_bits && is_string(value.form)) ||
         ((column == ColumnClass::boolean || column == ColumnClass::uuid) && is_string(value.form));
}

// Appends what the column's input function shall read. Returns why there is no such text, if so,
// and leaves `out` as it was. The value is a foreign one.
std::optional<std::string> append_foreign(std::string& out, const sql::Value& value,
                                          ColumnClass column, const std::string& column_type,
                                          sql::Dialect dialect);

// The text that SQLite makes of a double: 15 digits at most, always with a point. `number` is one
// as the reader gives it ("0.5", "Infinity"). Empty where SQLite's versions differ in the last
// digit.
std::string sqlite_text_of_real(std::string_view number);

// Two digits for each byte, lower case, written to `to`; returns the end.
char* put_hex(char* to, std::string_view bytes);

// '0000-00-00' and dates with a zero month or day, with or without a time: MySQL's, in no calendar.
bool is_zero_date(const sql::Value& value);

// MySQL reads '10-01-05' as 2010-01-05, and PostgreSQL as another day: a date whose year is not of
// four digits.
bool has_short_year(const sql::Value& value);

// SQLite keeps any text in any column. What PostgreSQL would drop of a date and time without a
// word: the time of day in a date, the offset from UTC in a timestamp or time without time zone.
// Empty where it drops nothing.
std::string dropped_of_time(std::string_view moment, const std::string& column_type);

}  // namespace pgseed::seed
