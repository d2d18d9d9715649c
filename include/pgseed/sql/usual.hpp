#pragma once
// What stands in most rows, read without the general readers. A step moves the cursor only where it
// is sure of the rest without looking behind the window.
#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/text_marks.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {

inline bool at_byte(const Cursor& at, char byte) {
  return at.position < at.end && *at.position == byte;
}

// Past blanks; comments and the end of the window are for skip_blanks().
inline void skip_usual_blanks(Cursor& at) {
  while (at.position < at.end && (*at.position == ' ' || *at.position == '\n' ||
                                  *at.position == '\r' || *at.position == '\t')) {
    ++at.position;
  }
}

// Behind a row, or before the first one: to the '(' of the next. False, and not moved, where it is
// not that simple.
inline bool skip_to_usual_row(Cursor& at, bool comma_done) {
  Cursor ahead = at;
  skip_usual_blanks(ahead);
  if (!comma_done) {
    if (!at_byte(ahead, ',')) return false;
    ++ahead.position;
    skip_usual_blanks(ahead);
  }
  if (!at_byte(ahead, '(')) return false;
  at.position = ahead.position;
  return true;
}

inline bool ends_value(char byte) {
  return byte == ',' || byte == ')';
}

// A '...' without escapes and with a comma or parenthesis behind it. False, and not moved, for
// anything else.
inline bool read_usual_string(Cursor& at, Value& value) {
  if (at.marks == nullptr || at.marks->marked() != Marked::quotes) return false;
  bool doubled = false;
  const char* const closing = at.marks->closing_quote(at.position, doubled);
  // Behind the closing quote another byte is known: no quote.
  if (closing == nullptr || !ends_value(closing[1])) return false;
  value.form = doubled ? Form::doubled_quotes : Form::verbatim;
  value.text = {at.position + 1, static_cast<std::size_t>(closing - at.position - 1)};
  at.position = closing + 1;
  return true;
}

// A number as numeric prints it, or NULL, with a comma or parenthesis behind it. False, and not
// moved, for anything else.
inline bool read_usual_literal(Cursor& at, Value& value) {
  const auto is_decimal = [](char byte) { return static_cast<unsigned char>(byte - '0') < 10; };
  const char* const begin = at.position;
  const char* scan = begin;
  if (scan == at.end) return false;
  const bool negative = *scan == '-';
  if (negative || is_decimal(*scan)) {
    scan += negative ? 1 : 0;
    const char* const digits = scan;
    while (scan < at.end && is_decimal(*scan)) ++scan;
    const auto whole = scan - digits;
    if (scan < at.end && *scan == '.') {
      const char* const point = scan++;
      while (scan < at.end && is_decimal(*scan)) ++scan;
      if (scan == point + 1) return false;
    }
    // Numeric knows no negative zero.
    const bool normal = whole > 0 && (*digits != '0' || (whole == 1 && !negative));
    if (!normal || scan == at.end || !ends_value(*scan)) return false;
    value.form = Form::number;
    value.text = {begin, static_cast<std::size_t>(scan - begin)};
    at.position = scan;
    return true;
  }
  if (at.end - begin < 5 || std::string_view(begin, 4) != "NULL" || !ends_value(begin[4])) {
    return false;
  }
  value.form = Form::null;
  at.position += 4;
  return true;
}

}  // namespace pgseed::sql
