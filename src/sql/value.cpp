#include "pgseed/sql/value.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/cast.hpp"

namespace pgseed::sql {
namespace {

constexpr int kDeepest = 32;

void read_nested(Cursor& cursor, Arena& arena, Value& value, int depth);

void set(Value& value, Form form, std::string_view text) {
  value.form = form;
  value.text = text;
}

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
    set(value, Form::verbatim, out);
  } else if (kind.escapes && has_escapes) {
    std::string& out = arena.fresh();
    append_unescaped(out, between, opening);
    set(value, Form::verbatim, out);
  } else {
    set(value, has_escapes ? Form::doubled_quotes : Form::verbatim, between);
  }
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
  set(value, Form::verbatim, bits);
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
    set(value, Form::number, written);
    return;
  }
  std::string signed_number = negative ? "-" : "";
  signed_number.append(digits, cursor.position);
  std::string& out = arena.fresh();
  if (!normalize_number(signed_number, out)) {
    throw SyntaxProblem{begin, "not a number", ""};
  }
  set(value, Form::number, out);
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

void read_array_items(Cursor& cursor, Arena& arena, std::string& out, int depth) {
  if (depth > kDeepest) throw Unsupported{cursor.position, "an array nested too deeply"};
  out += '{';
  for (bool first = true; !accept(cursor, ']'); first = false) {
    if (!first) {
      require(cursor, ',', "between the elements of an array");
      out += ',';
    }
    skip_blanks(cursor);
    if (cursor.peek() == '[') {
      ++cursor.position;
      read_array_items(cursor, arena, out, depth + 1);
      continue;
    }
    if (accept_word(cursor, "ARRAY")) {
      require(cursor, '[', "after ARRAY");
      read_array_items(cursor, arena, out, depth + 1);
      continue;
    }
    Value element;
    const char* const at = cursor.position;
    read_nested(cursor, arena, element, depth + 1);
    if (element.form == Form::null) {
      out += "NULL";
    } else if (element.form == Form::use_default || element.form == Form::moment) {
      throw Unsupported{at, "an array of expressions"};
    } else {
      append_array_element(out, decoded(element));
    }
  }
  out += '}';
}

void read_array(Cursor& cursor, Arena& arena, Value& value, const char* at, int depth) {
  skip_blanks(cursor);
  if (cursor.peek() == '(') throw Unsupported{at, "a subquery"};
  require(cursor, '[', "after ARRAY");
  std::string& out = arena.fresh();
  read_array_items(cursor, arena, out, depth);
  set(value, Form::verbatim, out);
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
    throw Unsupported{at, "a subquery"};
  }
  if (is_row && accept(cursor, ')')) {
    set(value, Form::verbatim, "()");
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
    if (field.form != Form::null) append_row_field(out, decoded(field));
    if (accept(cursor, ')')) break;
    skip_blanks(cursor);
    if (cursor.peek() != ',') throw Unsupported{at, "an expression"};
    ++cursor.position;
    out += ',';
    read_nested(cursor, arena, field, depth + 1);
  }
  out += ')';
  set(value, Form::verbatim, out);
}

// --- key words and functions ---------------------------------------------------------------------

std::string random_uuid() {
  std::array<unsigned char, 16> bytes;
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (got < 0 && errno != EINTR) {
      throw Error(ErrorKind::storage, "the system's random generator does not answer");
    }
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);  // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);  // RFC 4122 variant
  std::string uuid;
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    if (index == 4 || index == 6 || index == 8 || index == 10) uuid += '-';
    uuid += "0123456789abcdef"[bytes[index] >> 4];
    uuid += "0123456789abcdef"[bytes[index] & 15];
  }
  return uuid;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  for (const std::string_view candidate : words) {
    if (equals_ignoring_case(word, candidate)) return true;
  }
  return false;
}

// Behind name( : functions without arguments whose value can be told as text.
void read_call(Cursor& cursor, Arena& arena, Value& value, const std::string& name,
               const char* at) {
  if (accept(cursor, ')')) {
    if (one_of(name, {"now", "transaction_timestamp"})) {
      set(value, Form::moment, "now");
      return;
    }
    if (one_of(name, {"gen_random_uuid", "uuid_generate_v4"})) {
      std::string& uuid = arena.fresh();
      uuid = random_uuid();
      set(value, Form::verbatim, uuid);
      return;
    }
  }
  throw Unsupported{at, text("a function call ", name, "()")};
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
    if (one_of(word, {"NULL"})) return set(value, Form::null, {});
    if (one_of(word, {"TRUE"})) return set(value, Form::boolean, "true");
    if (one_of(word, {"FALSE"})) return set(value, Form::boolean, "false");
    if (one_of(word, {"DEFAULT"})) return set(value, Form::use_default, {});
    if (one_of(word, {"ARRAY"})) return read_array(cursor, arena, value, at, depth);
    if (one_of(word, {"CURRENT_DATE"})) return set(value, Form::moment, "today");
    if (one_of(word, {"CAST"})) return read_cast_call(cursor, arena, value, depth);
    if (one_of(word, {"CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_TIME", "LOCALTIME"})) {
      if (accept(cursor, '(')) throw Unsupported{at, "the current time with a precision"};
      return set(value, Form::moment, "now");
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
  std::string name;
  read_identifier(cursor, name);
  while (accept(cursor, '.')) {
    if (!read_identifier(cursor, name)) throw SyntaxProblem{at, "expected a name after '.'", ""};
  }
  if (accept(cursor, '(')) {
    const Cursor inside = cursor;
    // varchar(10) 'abc' has the same beginning as a call.
    try {
      cursor.position = at;
      const TypeName type = read_type_name(cursor);
      skip_blanks(cursor);
      if (type.length && cursor.peek() == '\'') {
        read_string(cursor, arena, value, {!cursor.backslash_is_data, false});
        return apply_cast(value, arena, type, at);
      }
    } catch (const SyntaxProblem&) {
      // then it is a call
    }
    cursor = inside;
    return read_call(cursor, arena, value, name, at);
  }
  cursor.position = at;
  const TypeName type = read_type_name(cursor);
  skip_blanks(cursor);
  if (cursor.peek() == '\'') {
    read_string(cursor, arena, value, {!cursor.backslash_is_data, false});
    return apply_cast(value, arena, type, at);
  }
  throw Unsupported{at, text("an expression (", name.substr(0, 40), ")")};
}

void read_primary(Cursor& cursor, Arena& arena, Value& value, int depth) {
  skip_blanks(cursor);
  const char* const at = cursor.position;
  switch (cursor.peek()) {
    case '\'':
      return read_string(cursor, arena, value, {!cursor.backslash_is_data, false});
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
    case '-':
    case '+':
    case '.':
      return read_number(cursor, arena, value);
    case '$': {
      std::string_view contents;
      if (!read_dollar_quoted(cursor, contents)) throw Unsupported{at, "a parameter"};
      return set(value, Form::verbatim, contents);
    }
    case '(':
      if (depth > kDeepest) throw Unsupported{at, "an expression nested too deeply"};
      ++cursor.position;
      return read_row_fields(cursor, arena, value, false, depth);
    case ':':
      throw Unsupported{at, "a psql variable"};
    case '`':
      throw SyntaxProblem{at, "a backtick is not PostgreSQL",
                          "this looks like a MySQL dump; pgseed reads PostgreSQL dumps"};
    case ',':
    case ')':
    case ';':
    case 0:
      throw SyntaxProblem{at, "expected a value", ""};
    case 'E':
    case 'e':
      if (cursor.peek(1) == '\'') {
        ++cursor.position;
        return read_string(cursor, arena, value, {true, false});
      }
      break;
    case 'N':
    case 'n':
      if (cursor.peek(1) == '\'') {
        ++cursor.position;
        return read_string(cursor, arena, value, {!cursor.backslash_is_data, false});
      }
      break;
    case 'U':
    case 'u':
      if (cursor.peek(1) == '&' && cursor.peek(2) == '\'') {
        cursor.position += 2;
        return read_string(cursor, arena, value, {false, true});
      }
      break;
    case 'B':
    case 'b':
    case 'X':
    case 'x':
      if (cursor.peek(1) == '\'') {
        ++cursor.position;
        return read_bits(cursor, arena, value, (*at | 0x20) == 'x');
      }
      break;
    default:
      break;
  }
  if (cursor.peek() == '"' || is_identifier_start(cursor.peek())) {
    return read_named(cursor, arena, value, depth);
  }
  throw Unsupported{at, "an expression"};
}

void read_nested(Cursor& cursor, Arena& arena, Value& value, int depth) {
  if (depth > kDeepest) throw Unsupported{cursor.position, "an expression nested too deeply"};
  value.cast = {};
  read_primary(cursor, arena, value, depth);
  for (;;) {
    skip_blanks(cursor);
    if (cursor.peek() != ':' || cursor.peek(1) != ':') return;
    const char* const at = cursor.position;
    cursor.position += 2;
    const TypeName type = read_type_name(cursor);
    apply_cast(value, arena, type, at);
  }
}

}  // namespace

void read_value(Cursor& cursor, Arena& arena, Value& value) {
  read_nested(cursor, arena, value, 0);
  // Behind a value only , or ) may stand; anything else makes it an expression.
  const char next = cursor.peek();
  if (next == ',' || next == ')') return;
  if (cursor.at_end() || next == ';' || next == '\'' || is_digit(next) || next == '(') {
    throw SyntaxProblem{cursor.position, "expected ',' or ')' after a value",
                        "look for a quote inside the text that is not doubled"};
  }
  if (is_operator(next) || is_identifier_start(next) || next == '[' || next == '.') {
    throw Unsupported{cursor.position, "an expression"};
  }
  throw SyntaxProblem{cursor.position, "expected ',' or ')' after a value", ""};
}

}  // namespace pgseed::sql
