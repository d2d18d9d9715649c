#include "pgseed/sql/value.hpp"

#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/base/uuid.hpp"
#include "pgseed/sql/cast.hpp"

namespace pgseed::sql {
namespace {

constexpr int kDeepest = 32;

void read_nested(Cursor& cursor, Arena& arena, Value& value, int depth);

// --- strings ------------------------------------------------------------------------------------

struct StringKind {
  bool escapes = false;  // backslash escapes
  bool unicode = false;  // U&'...'
};

// Adjacent strings with a newline between them are one: 'foo'<newline>'bar' is 'foobar'.
void read_string(Cursor& cursor, Arena& arena, Value& value, StringKind kind) {
  const char* const opening = cursor.position;
  bool has_escapes = false;
  const std::string_view first = read_quoted(cursor, kind.escapes, has_escapes);
  std::string* joined = nullptr;
  for (;;) {
    if (!continue_quoted(cursor)) break;
    if (joined == nullptr) {
      joined = &arena.fresh();
      joined->append(first);
    }
    bool more_escapes = false;
    joined->append(read_quoted(cursor, kind.escapes, more_escapes));
    has_escapes |= more_escapes;
  }
  const std::string_view between = joined == nullptr ? first : std::string_view(*joined);
  if (kind.unicode) {
    std::string& out = arena.fresh();
    append_unicode_escaped(out, between, read_unicode_escape(cursor), '\'', opening);
    value.set(Form::verbatim, out);
  } else if (kind.escapes && has_escapes) {
    std::string& out = arena.fresh();
    append_unescaped(out, between, opening);
    value.set(Form::verbatim, out);
  } else {
    value.set(has_escapes ? Form::doubled_quotes : Form::verbatim, between);
  }
}

// At a string constant without a type of its own, in any of its spellings; false if there is none.
bool read_any_string(Cursor& cursor, Arena& arena, Value& value) {
  const char byte = cursor.peek();
  if (byte == '\'') {
    read_string(cursor, arena, value, {!cursor.backslash_is_data, false});
  } else if (byte == '$') {
    std::string_view contents;
    if (!read_dollar_quoted(cursor, contents)) return false;
    value.set(Form::verbatim, contents);
  } else if ((byte == 'E' || byte == 'e') && cursor.peek(1) == '\'') {
    ++cursor.position;
    read_string(cursor, arena, value, {true, false});
  } else if ((byte == 'U' || byte == 'u') && cursor.peek(1) == '&' && cursor.peek(2) == '\'') {
    cursor.position += 2;
    read_string(cursor, arena, value, {false, true});
  } else {
    return false;
  }
  return true;
}

// B'101' is the text 101; X'1F' its bits, which every bit type and text column takes.
void read_bits(Cursor& cursor, Arena& arena, Value& value, bool hexadecimal) {
  const char* const opening = cursor.position;
  read_string(cursor, arena, value, {});
  std::string& bits = arena.fresh();
  for (const char byte : value.text) {
    const std::size_t digit = std::string_view("0123456789abcdef")
                                  .find(static_cast<char>(byte >= 'A' ? byte | 0x20 : byte));
    if (digit == std::string_view::npos || (!hexadecimal && digit > 1)) {
      throw SyntaxProblem{opening, text("'", byte, "' is not a digit of a bit string"), ""};
    }
    if (!hexadecimal) {
      bits += byte;
    } else {
      for (const unsigned mask : {8u, 4u, 2u, 1u}) bits += (digit & mask) != 0 ? '1' : '0';
    }
  }
  value.set(Form::verbatim, bits);
  value.cast = kBits;
}

// --- numbers ------------------------------------------------------------------------------------

// As written already what numeric would print: no sign trouble, no leading zero, no exponent.
bool is_plain_number(std::string_view number) {
  std::size_t at = number[0] == '-' ? 1 : 0;
  if (at == number.size() || !is_digit(number[at])) return false;
  if (number[at] == '0' && (at + 1 < number.size() ? number[at + 1] != '.' : at == 1)) return false;
  if (number[at] == '0' && at == 1) return false;  // -0, -0.0: numeric knows no negative zero
  while (at < number.size() && is_digit(number[at])) ++at;
  if (at == number.size()) return true;
  if (number[at++] != '.' || at == number.size()) return false;
  while (at < number.size() && is_digit(number[at])) ++at;
  return at == number.size();
}

void read_number(Cursor& cursor, Arena& arena, Value& value) {
  const char* const begin = cursor.position;
  bool negative = false;
  bool spaced = false;
  while (cursor.peek() == '-' || cursor.peek() == '+') {
    negative ^= *cursor.position == '-';
    ++cursor.position;
    const char* const sign_end = cursor.position;
    skip_blanks(cursor);
    spaced |= cursor.position != sign_end || *begin != '-' || cursor.peek() == '-' ||
              cursor.peek() == '+';
  }
  const char* const digits = cursor.position;
  while (is_digit(cursor.peek())) ++cursor.position;
  if (cursor.peek() == '.') {
    ++cursor.position;
    while (is_digit(cursor.peek())) ++cursor.position;
  }
  if (cursor.position == digits || (cursor.position == digits + 1 && *digits == '.')) {
    throw Unsupported{begin, "an expression"};
  }
  if ((cursor.peek() | 0x20) == 'e') {
    const char* const before = cursor.position++;
    if (cursor.peek() == '+' || cursor.peek() == '-') ++cursor.position;
    if (!is_digit(cursor.peek())) cursor.position = before;
    while (is_digit(cursor.peek())) ++cursor.position;
  }
  if (is_identifier_part(cursor.peek())) {
    throw SyntaxProblem{begin, "trailing junk after a number", ""};
  }
  std::string_view written(begin, static_cast<std::size_t>(cursor.position - begin));
  if (!spaced && is_plain_number(written)) {
    value.set(Form::number, written);
    return;
  }
  std::string signed_number = negative ? "-" : "";
  signed_number.append(digits, cursor.position);
  std::string& out = arena.fresh();
  if (!normalize_number(signed_number, out)) {
    throw SyntaxProblem{begin, "not a number", ""};
  }
  value.set(Form::number, out);
}

// --- arrays and rows ----------------------------------------------------------------------------

bool is_null_word(std::string_view word) {
  return equals_ignoring_case(word, "NULL");
}

void append_array_element(std::string& out, std::string_view element) {
  const bool plain = !element.empty() && !is_null_word(element) &&
                     element.find_first_of("{},\"\\ \t\n\r\v\f") == std::string_view::npos;
  if (plain) {
    out += element;
    return;
  }
  out += '"';
  for (const char byte : element) {
    if (byte == '"' || byte == '\\') out += '\\';
    out += byte;
  }
  out += '"';
}

// `cast`: set where the elements tell what the array is.
void append_array_value(Cursor& cursor, Arena& arena, std::string& out, std::string_view& cast,
                        int depth) {
  Value element;
  const char* const at = cursor.position;
  read_nested(cursor, arena, element, depth);
  // An element that is an array itself is a dimension, whose bounds only its type's input knows.
  const bool is_array = !element.cast.empty() && element.cast.back() == ']';
  if (is_array || element.form == Form::use_default || element.form == Form::moment) {
    throw Unsupported{at, "an array of expressions"};
  }
  if (element.form == Form::null) {
    out += "NULL";
  } else {
    append_array_element(out, decoded(element));
    if (element.form == Form::boolean && element.cast.empty()) {
      cast = kBooleans;
    } else if (!element.cast.empty()) {
      // The elements' type is the array's: what it means for the column is judged by it.
      std::string& name = arena.fresh();
      name = text(element.cast, "[]");
      cast = name;
    }
  }
}

void read_array_items(Cursor& cursor, Arena& arena, std::string& out, std::string_view& cast,
                      int depth) {
  if (depth > kDeepest) throw Unsupported{cursor.position, "an array nested too deeply"};
  out += '{';
  if (accept(cursor, ']')) {
    out += '}';
    return;
  }
  for (;;) {
    skip_blanks(cursor);
    const char* const at = cursor.position;
    if (accept(cursor, '[')) {
      read_array_items(cursor, arena, out, cast, depth + 1);
    } else if (accept_word(cursor, "ARRAY")) {
      if (!accept(cursor, '[')) throw Unsupported{at, kSubquery};
      read_array_items(cursor, arena, out, cast, depth + 1);
    } else {
      append_array_value(cursor, arena, out, cast, depth + 1);
    }
    if (accept(cursor, ']')) break;
    if (!accept(cursor, ',')) throw Unsupported{at, "an array of expressions"};
    out += ',';
  }
  out += '}';
}

void read_array(Cursor& cursor, Arena& arena, Value& value, const char* at, int depth) {
  skip_blanks(cursor);
  if (cursor.peek() == '(') throw Unsupported{at, kSubquery};
  require(cursor, '[', "after ARRAY");
  std::string& out = arena.fresh();
  std::string_view cast;
  read_array_items(cursor, arena, out, cast, depth);
  value.set(Form::verbatim, out);
  value.cast = cast;
}

void append_row_field(std::string& out, std::string_view field) {
  const bool plain =
      !field.empty() && field.find_first_of("(),\"\\ \t\n\r\v\f") == std::string_view::npos;
  if (plain) {
    out += field;
    return;
  }
  out += '"';
  for (const char byte : field) {
    if (byte == '"' || byte == '\\') out += byte;
    out += byte;
  }
  out += '"';
}

// Behind the opening parenthesis of ROW(...) or of (a, b): a composite's text form. One value in
// plain parentheses is that value.
void read_row_fields(Cursor& cursor, Arena& arena, Value& value, bool is_row, int depth) {
  skip_blanks(cursor);
  const char* const at = cursor.position;
  if (accept_word(cursor, "SELECT") || accept_word(cursor, "WITH") ||
      accept_word(cursor, "VALUES")) {
    throw Unsupported{at, kSubquery};
  }
  if (is_row && accept(cursor, ')')) {
    value.set(Form::verbatim, "()");
    return;
  }
  Value first;
  read_nested(cursor, arena, first, depth + 1);
  if (!is_row && accept(cursor, ')')) {
    value = first;
    return;
  }
  std::string& out = arena.fresh();
  out += '(';
  Value field = first;
  for (;;) {
    if (field.form == Form::use_default || field.form == Form::moment) {
      throw Unsupported{at, "a row of expressions"};
    }
    // The fields' own types are not known here.
    if (field.form != Form::null && !is_settled(field)) {
      throw Unsupported{at, text("a cast to ", field.cast, " in a row")};
    }
    if (field.form != Form::null) append_row_field(out, decoded(field));
    if (accept(cursor, ')')) break;
    skip_blanks(cursor);
    if (cursor.peek() != ',') throw Unsupported{at, "an expression"};
    ++cursor.position;
    out += ',';
    read_nested(cursor, arena, field, depth + 1);
  }
  out += ')';
  value.set(Form::verbatim, out);
}

// --- key words and functions ---------------------------------------------------------------------

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  for (const std::string_view candidate : words) {
    if (equals_ignoring_case(word, candidate)) return true;
  }
  return false;
}

// Behind name( : functions without arguments whose value can be told as text. A schema other than
// the usual ones may hold a function of its own under such a name.
void read_call(Cursor& cursor, Arena& arena, Value& value, const std::string& schema,
               const std::string& name, const char* at) {
  if (accept(cursor, ')')) {
    const bool built_in = schema.empty() || schema == "pg_catalog";
    if (built_in && (name == "now" || name == "transaction_timestamp")) {
      value.set(Form::moment, "now");
      return;
    }
    const bool extension = schema == "public" || schema == "extensions";
    if ((built_in || extension) && (name == "gen_random_uuid" || name == "uuid_generate_v4")) {
      std::string& uuid = arena.fresh();
      append_random_uuid(uuid);
      value.set(Form::random, uuid);
      return;
    }
  }
  throw Unsupported{at, text("a function call ", name.substr(0, 63), "()")};
}

bool is_number_type(const TypeName& type) {
  return type.dimensions == 0 && one_of(type.name, {"integer", "bigint", "smallint", "numeric",
                                                    "real", "double precision"});
}

void read_cast_call(Cursor& cursor, Arena& arena, Value& value, int depth) {
  require(cursor, '(', "after CAST");
  read_nested(cursor, arena, value, depth + 1);
  const char* const at = cursor.position;
  if (!accept_word(cursor, "AS")) throw Unsupported{at, "an expression"};
  const TypeName type = read_type_name(cursor);
  require(cursor, ')', "after CAST");
  apply_cast(value, arena, type, at);
}

// At a word that is no literal's prefix: key word, function call, typed literal (date
// '2024-01-01').
void read_named(Cursor& cursor, Arena& arena, Value& value, int depth) {
  const char* const at = cursor.position;
  const bool quoted = cursor.peek() == '"';
  if (!quoted) {
    const std::string_view word = read_word(cursor);
    if (one_of(word, {"NULL"})) return value.set(Form::null, {});
    if (one_of(word, {"TRUE"})) return value.set(Form::boolean, "true");
    if (one_of(word, {"FALSE"})) return value.set(Form::boolean, "false");
    if (one_of(word, {"DEFAULT"})) return value.set(Form::use_default, {});
    if (one_of(word, {"ARRAY"})) return read_array(cursor, arena, value, at, depth);
    if (one_of(word, {"CURRENT_DATE"})) return value.set(Form::moment, "today");
    if (one_of(word, {"CAST"})) return read_cast_call(cursor, arena, value, depth);
    if (one_of(word, {"CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_TIME", "LOCALTIME"})) {
      if (accept(cursor, '(')) throw Unsupported{at, "the current time with a precision"};
      return value.set(Form::moment, "now");
    }
    if (one_of(word, {"ROW"}) && accept(cursor, '(')) {
      return read_row_fields(cursor, arena, value, true, depth);
    }
    if (one_of(word, {"CASE", "NOT", "EXISTS", "SELECT", "CURRENT_USER", "SESSION_USER", "USER",
                      "CURRENT_SCHEMA", "CURRENT_ROLE"})) {
      throw Unsupported{at, text("an expression (", word, ")")};
    }
    cursor.position = at;
  }
  // A function or a type: name, schema.name, several words.
  std::string schema, name;
  read_identifier(cursor, name);
  while (accept(cursor, '.')) {
    schema = std::move(name);
    if (!read_identifier(cursor, name)) throw SyntaxProblem{at, "expected a name after '.'", ""};
  }
  const Cursor behind_name = cursor;
  try {
    cursor.position = at;
    TypeName type = read_type_name(cursor);
    skip_blanks(cursor);
    if (read_any_string(cursor, arena, value)) {
      // As casts, character and bit mean a length of 1; as the type of a constant, any length.
      if (type.name == "character" && !type.length) type.name = "bpchar";
      if (type.name == "bit" && !type.length) type.name = "bit varying";
      return apply_cast(value, arena, type, at);
    }
  } catch (const SyntaxProblem&) {
    cursor = behind_name;
    if (!accept(cursor, '(')) throw;
  }
  cursor = behind_name;
  if (accept(cursor, '(')) return read_call(cursor, arena, value, schema, name, at);
  throw Unsupported{at, text("an expression (", name, ")")};
}

void read_primary(Cursor& cursor, Arena& arena, Value& value, int depth) {
  skip_blanks(cursor);
  const char* const at = cursor.position;
  const char byte = cursor.peek();
  if (read_any_string(cursor, arena, value)) return;
  if (is_digit(byte) || byte == '-' || byte == '+' || byte == '.') {
    return read_number(cursor, arena, value);
  }
  switch (byte) {
    case '$':
      throw Unsupported{at, "a parameter"};
    case '(':
      ++cursor.position;
      return read_row_fields(cursor, arena, value, false, depth);
    case ':':
      throw Unsupported{at, "a psql variable"};
    case '`':
      throw SyntaxProblem{at, "a backtick is not PostgreSQL",
                          "this looks like a MySQL dump; pgseed reads PostgreSQL dumps"};
    case ',':
    case ')':
    case ']':
    case ';':
    case 0:
      throw SyntaxProblem{at, "expected a value", ""};
    default:
      break;
  }
  if (is_identifier_start(byte) && cursor.peek(1) == '\'') {
    const char kind = static_cast<char>(byte | 0x20);
    if (kind == 'b' || kind == 'x') {
      ++cursor.position;
      return read_bits(cursor, arena, value, kind == 'x');
    }
    if (kind == 'n') {
      ++cursor.position;
      read_string(cursor, arena, value, {!cursor.backslash_is_data, false});
      // N'...' is a constant of type character, whose trailing blanks do not count.
      while (!value.text.empty() && value.text.back() == ' ') value.text.remove_suffix(1);
      return;
    }
  }
  if (byte == '"' || is_identifier_start(byte)) return read_named(cursor, arena, value, depth);
  throw Unsupported{at, "an expression"};
}

void read_nested(Cursor& cursor, Arena& arena, Value& value, int depth) {
  if (depth > kDeepest) throw Unsupported{cursor.position, "an expression nested too deeply"};
  value.cast = {};
  skip_blanks(cursor);
  const char first = cursor.peek();
  const char* const begin = cursor.position;
  read_primary(cursor, arena, value, depth);
  for (;;) {
    skip_blanks(cursor);
    if (cursor.peek() != ':' || cursor.peek(1) != ':') return;
    const char* const at = cursor.position;
    cursor.position += 2;
    const TypeName type = read_type_name(cursor);
    // A cast binds tighter than a sign: -1::text is the negative of a text.
    if ((first == '-' || first == '+') && !is_number_type(type)) {
      throw Unsupported{begin, "an expression"};
    }
    apply_cast(value, arena, type, at);
  }
}

}  // namespace

void read_value(Cursor& cursor, Arena& arena, Value& value) {
  read_nested(cursor, arena, value, 0);
  // Behind a value only , or ) may stand; anything else makes it an expression.
  const char next = cursor.peek();
  if (next == ',' || next == ')') return;
  // 'it's': nobody writes a word right behind a string.
  const bool glued = is_identifier_start(next) && cursor.position[-1] == '\'';
  if (cursor.at_end() || next == ';' || next == '\'' || is_digit(next) || next == '(' || glued) {
    throw SyntaxProblem{cursor.position, "expected ',' or ')' after a value",
                        "look for a quote inside the text that is not doubled"};
  }
  if (is_operator(next) || is_identifier_start(next) || next == '[' || next == '.') {
    throw Unsupported{cursor.position, "an expression"};
  }
  throw SyntaxProblem{cursor.position, "expected ',' or ')' after a value", ""};
}

}  // namespace pgseed::sql
