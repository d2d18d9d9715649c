#pragma once
// One value of a row, as the text says it. Views point into the window or into the reader's arena
// and live until the reader's next().
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "pgseed/sql/cursor.hpp"

namespace pgseed::sql {

enum class Form : std::uint8_t {
  null,
  use_default,     // DEFAULT: the column is left out
  verbatim,        // the text is the value
  doubled_quotes,  // '' stands for '
  copy_escapes,    // COPY text format: backslash escapes
  mysql_escapes,   // between MySQL's single quotes: backslash escapes, and '' for '
  number,          // unquoted in SQL, normalised as PostgreSQL reads it ("007" -> "7")
  boolean,         // unquoted TRUE/FALSE: "true" or "false"
  moment,          // "now" or "today", for date and time columns only
  // Bytes that need not be text (MySQL's 0xAB, _binary '...', b'101'; SQLite's X'AB'). What they
  // are in PostgreSQL the column's type decides: bytea, bit, number, boolean, text.
  bytes,
  made,    // the text is the value in PostgreSQL's own spelling, whatever dialect the file is in
  random,  // the same, made up while reading: another one each time
};

struct Value {
  Form form = Form::null;
  std::string_view text;
  // The type of an explicit cast, canonical ("integer", "timestamp with time zone", "jsonb",
  // "mood", "text[]"); empty without one. Other dialects say here what a literal is beside its
  // form: kApproximate, kConverted.
  std::string_view cast;

  void set(Form new_form, std::string_view new_text) {
    form = new_form;
    text = new_text;
  }
};

// A number that its dialect reads as a double: MySQL's 1e3.
constexpr std::string_view kApproximate = "double precision";
// A string whose bytes were others in the file, in its encoding: as text it is right, as bytes not.
constexpr std::string_view kConverted = "converted text";

// The value's own text; must not be null or use_default.
std::string decoded(const Value& value);
void append_decoded(std::string& out, const Value& value);
// COPY text format: \b \f \n \r \t \v, octal, \x, anything else stands for itself.
void append_copy_unescaped(std::string& out, std::string_view field);
// What a backslash and this byte stand for between MySQL's quotes: \0 \b \n \r \t \Z, anything else
// for itself, \% and \_ for both bytes.
void append_mysql_escape(std::string& out, char escaped);

// Strings that live until reset(); their memory is used again.
class Arena {
 public:
  std::string& fresh() {
    if (used_ == strings_.size()) strings_.emplace_back();
    std::string& next = strings_[used_++];
    next.clear();
    return next;
  }
  void reset() { used_ = 0; }

 private:
  std::deque<std::string> strings_;  // a deque never moves its elements
  std::size_t used_ = 0;
};

inline constexpr const char* kSubquery = "a subquery";

// An expression that is no value of its own: only a server can compute it.
struct Unsupported {
  const char* at;
  std::string what;  // "a function call crypt()", kSubquery, ...
};

// At a value inside VALUES (...): reads a literal in any of PostgreSQL's spellings, with casts,
// ARRAY[...] and ROW(...) of literals, and the few functions whose value can travel as text.
// Throws NeedMore, SyntaxProblem or Unsupported.
void read_value(Cursor& cursor, Arena& arena, Value& value);

// "007" -> "7", "1e2" -> "100", ".5" -> "0.5", "-0" -> "0": what PostgreSQL's numeric makes of an
// unquoted number. False if the text is no number.
bool normalize_number(std::string_view number, std::string& out);
// A normalised number with exactly `places` decimals, rounded half away from zero as numeric does.
// False (and unchanged) for a number whose exponent was too large to be written out.
bool round_to_scale(std::string& number, std::size_t places);
// The same without decimals; the number itself where that is not possible.
std::string rounded_to_integer(std::string_view number);
// What real (single) or double precision prints for a number. False beyond their range.
bool float_text(std::string_view number, bool single, std::string& out);

}  // namespace pgseed::sql
