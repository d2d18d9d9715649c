#include "pgseed/sql/mysql_value.hpp"

#include <algorithm>
#include <initializer_list>

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"

namespace pgseed::sql {
namespace {

void set(Value& value, Form form, std::string_view text, std::string_view cast = {}) {
  value.form = form;
  value.text = text;
  value.cast = cast;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view candidate) {
    return equals_ignoring_case(word, candidate);
  });
}

// Text in which nothing is left to decode. If PostgreSQL's text cannot hold it, it is bytes:
// escapes and hexadecimal digits may spell what the row's own check of its text does not see.
void set_decoded(Value& value, std::string_view text) {
  const bool is_text = is_utf8(text) && text.find('\0') == std::string_view::npos;
  set(value, is_text ? Form::verbatim : Form::bytes, text);
}

bool at_string(const MysqlCursor& cursor) {
  const char byte = cursor.peek();
  return byte == '\'' || (byte == '"' && !cursor.ansi_quotes);
}

// At a string. Strings with only blanks between them are one.
void read_strings(MysqlCursor& cursor, Arena& arena, Value& value) {
  const MysqlString first = cursor.read_string();
  const bool plain = !first.has_backslashes && !first.has_doubled;
  if (cursor.peek() == ',' || cursor.peek() == ')') {
    if (plain) return set(value, Form::verbatim, first.between);
    if (first.quote == '\'') {
      const Form form = first.has_backslashes ? Form::mysql_escapes : Form::doubled_quotes;
      return set(value, form, first.between);
    }
  }
  std::string& whole = arena.fresh();
  append_mysql_string(whole, first);
  for (cursor.skip_blanks(); at_string(cursor); cursor.skip_blanks()) {
    append_mysql_string(whole, cursor.read_string());
  }
  set_decoded(value, whole);
}

// What a collation says is for comparisons.
void skip_collation(MysqlCursor& cursor) {
  std::string name;
  while (cursor.accept_word("COLLATE")) {
    if (!cursor.read_name(name)) throw SyntaxProblem{cursor.position, "expected a collation", ""};
  }
}

int hex_digit(char byte) {
  if (is_digit(byte)) return byte - '0';
  const char lower = static_cast<char>(byte | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Bytes of digits with `bits` bits each; where they fill no whole byte, zeros stand before them.
// False if one is no such digit.
bool pack_digits(std::string_view digits, unsigned bits, std::string& out) {
  const std::size_t per_byte = 8 / bits;
  std::size_t in_byte = (per_byte - digits.size() % per_byte) % per_byte;
  unsigned byte = 0;
  for (const char digit : digits) {
    const int number = hex_digit(digit);
    if (number < 0 || number >= 1 << bits) return false;
    byte = byte << bits | static_cast<unsigned>(number);
    if (++in_byte == per_byte) {
      out += static_cast<char>(byte);
      byte = 0;
      in_byte = 0;
    }
  }
  return true;
}

// At x'..', b'..', 0x.. or 0b..; false if it is none of them.
bool read_packed(MysqlCursor& cursor, Arena& arena, Value& value) {
  const char* const at = cursor.position;
  const char first = cursor.peek();
  const char second = cursor.peek(1);
  const bool quoted = second == '\'' && is_one_of({&first, 1}, {"x", "b"});
  const bool prefixed = first == '0' && (second == 'x' || second == 'b');
  if (!quoted && !prefixed) return false;
  const bool hex = (static_cast<char>((quoted ? first : second) | 0x20)) == 'x';
  std::string_view digits;
  if (quoted) {
    ++cursor.position;
    digits = cursor.read_string().between;
  } else {
    digits = cursor.read_word().substr(2);
    // 0x alone, or 0xyz: a name, as MySQL sees it.
    if (digits.empty()) throw Unsupported{at, "an expression (0x without digits)"};
  }
  std::string& bytes = arena.fresh();
  const bool whole = !quoted || !hex || digits.size() % 2 == 0;
  if (!whole || !pack_digits(digits, hex ? 4 : 1, bytes)) {
    if (!quoted) throw Unsupported{at, "an expression"};
    throw SyntaxProblem{at, hex ? "x'...' wants pairs of hex digits" : "b'...' wants bits", ""};
  }
  set(value, Form::bytes, bytes);
  return true;
}

void read_number(MysqlCursor& cursor, Arena& arena, Value& value) {
  const char* const at = cursor.position;
  std::string& number = arena.fresh();
  const char sign = cursor.peek();
  if (sign == '-' || sign == '+') {
    ++cursor.position;
    cursor.skip_blanks();
    if (sign == '-') number += '-';
  }
  const char* const digits = cursor.position;
  const auto skip_digits = [&] {
    while (is_digit(cursor.peek())) ++cursor.position;
  };
  skip_digits();
  if (cursor.peek() == '.') {
    ++cursor.position;
    skip_digits();
  }
  const bool approximate = (cursor.peek() | 0x20) == 'e';
  if (approximate) {
    ++cursor.position;
    if (cursor.peek() == '-' || cursor.peek() == '+') ++cursor.position;
    skip_digits();
  }
  number.append(digits, cursor.position);
  if (is_identifier_part(cursor.peek())) throw Unsupported{at, "an expression"};
  std::string& plain = arena.fresh();
  if (!normalize_number(number, plain)) throw Unsupported{at, "an expression"};
  set(value, Form::number, plain, approximate ? kApproximate : std::string_view());
}

// Behind _charset: a string or bytes in that character set.
void read_introduced(MysqlCursor& cursor, Arena& arena, Value& value, std::string_view word,
                     const char* at, bool converted) {
  const std::string charset = to_lower(word.substr(1));
  const bool packed = !at_string(cursor);
  if (!packed) {
    read_strings(cursor, arena, value);
  } else if (!read_packed(cursor, arena, value)) {
    throw Unsupported{at, text("an expression (", word, ")")};
  }
  skip_collation(cursor);
  std::string& decoded_text = arena.fresh();
  append_decoded(decoded_text, value);
  const bool ascii = is_ascii(decoded_text);
  if (charset == "binary") {
    if (!ascii && !packed && converted) {
      throw Unsupported{at, "binary bytes in a text that is not in UTF-8"};
    }
    return set(value, Form::bytes, decoded_text);
  }
  const bool utf8 = charset.rfind("utf8", 0) == 0;
  const bool wide = charset == "ucs2" || charset.rfind("utf16", 0) == 0 || charset == "utf32";
  if (wide || (!ascii && (!utf8 || (converted && !packed)))) {
    throw Unsupported{at, text("a string in the character set ", charset)};
  }
  set_decoded(value, decoded_text);
}

void read_word_value(MysqlCursor& cursor, Arena& arena, Value& value, bool converted) {
  const char* const at = cursor.position;
  const std::string_view word = cursor.read_word();
  if (word.empty()) throw Unsupported{at, "an expression"};
  if (is_one_of(word, {"NULL"})) return set(value, Form::null, {});
  if (is_one_of(word, {"TRUE"})) return set(value, Form::number, "1");
  if (is_one_of(word, {"FALSE"})) return set(value, Form::number, "0");
  if (is_one_of(word, {"DEFAULT"})) {
    if (cursor.accept('(')) throw Unsupported{at, "an expression (DEFAULT of another column)"};
    return set(value, Form::use_default, {});
  }
  if (word[0] == '_') {
    const MysqlCursor behind = cursor;
    cursor.skip_blanks();
    const char next = cursor.peek();
    if (at_string(cursor) || next == '0' || next == 'x' || next == 'X' || next == 'b' ||
        next == 'B') {
      return read_introduced(cursor, arena, value, word, at, converted);
    }
    cursor = behind;
  }
  const bool date_only = is_one_of(word, {"CURRENT_DATE", "CURDATE"});
  if (date_only || is_one_of(word, {"CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "LOCALTIME", "NOW",
                                    "CURRENT_TIME", "CURTIME"})) {
    const bool calls = cursor.accept('(');
    const bool needs_call = is_one_of(word, {"NOW", "CURDATE", "CURTIME"});
    if (calls && !cursor.accept(')')) {
      throw Unsupported{at, "the current time with a precision"};
    }
    if (calls || !needs_call) return set(value, Form::moment, date_only ? "today" : "now");
  }
  if (is_one_of(word, {"DATE", "TIME", "TIMESTAMP"})) {
    cursor.skip_blanks();
    if (at_string(cursor)) return read_strings(cursor, arena, value);
  }
  cursor.skip_blanks();
  if (cursor.peek() == '(') {
    throw Unsupported{at, text("a function call ", word.substr(0, 63), "()")};
  }
  throw Unsupported{at, text("an expression (", word.substr(0, 63), ")")};
}

void read_primary(MysqlCursor& cursor, Arena& arena, Value& value, bool converted) {
  const char* const at = cursor.position;
  const char byte = cursor.peek();
  const char next = cursor.peek(1);
  const bool national = (byte | 0x20) == 'n' && next == '\'';
  if (national) ++cursor.position;
  if (national || at_string(cursor)) {
    read_strings(cursor, arena, value);
    skip_collation(cursor);
    if (converted && !is_ascii(value.text)) value.cast = kConverted;
    return;
  }
  if (byte == '\\' && next == 'N') {
    cursor.position += 2;
    return set(value, Form::null, {});
  }
  if (read_packed(cursor, arena, value)) return;
  const bool number = is_digit(byte) || byte == '-' || byte == '+' || byte == '.';
  if (number) return read_number(cursor, arena, value);
  if (cursor.at_end() || byte == ',' || byte == ')' || byte == ';') {
    throw SyntaxProblem{at, "expected a value", ""};
  }
  if (byte == '@') throw Unsupported{at, "a variable"};
  read_word_value(cursor, arena, value, converted);
}

}  // namespace

void read_mysql_value(MysqlCursor& cursor, Arena& arena, Value& value, bool converted) {
  cursor.skip_blanks();
  value.cast = {};
  read_primary(cursor, arena, value, converted);
  cursor.skip_blanks();
}

}  // namespace pgseed::sql
