#include "pgseed/sql/cursor.hpp"

#include <cstdint>

#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/text_marks.hpp"

namespace pgseed::sql {
namespace {

// PostgreSQL cuts longer identifiers (NAMEDATALEN - 1).
constexpr std::size_t kLongestName = 63;

char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
}

void cut_name(std::string& name) {
  if (name.size() <= kLongestName) return;
  std::size_t length = kLongestName;
  while (length > 0 && (static_cast<unsigned char>(name[length]) & 0xC0) == 0x80) --length;
  name.resize(length);
}

// A comment that is cut leaves the cursor at its beginning, so that what came before it is done.
void skip_line_comment(Cursor& cursor) {
  const char* const newline = find_either(cursor.position, cursor.end, '\n', '\r');
  if (newline == cursor.end && !cursor.final) throw NeedMore{};
  cursor.position = newline;
}

void skip_block_comment(Cursor& cursor) {
  Cursor inside = cursor;
  int depth = 0;
  for (;;) {
    if (inside.at_end()) {
      throw SyntaxProblem{cursor.position, "a comment /* is never closed", ""};
    }
    const char byte = *inside.position;
    if (byte == '/' && inside.peek(1) == '*') {
      ++depth;
      inside.position += 2;
    } else if (byte == '*' && inside.peek(1) == '/') {
      inside.position += 2;
      if (--depth == 0) break;
    } else {
      inside.position = find_either(inside.position + 1, inside.end, '/', '*');
    }
  }
  cursor.position = inside.position;
}

void append_utf8(std::string& out, std::uint32_t code, const char* at) {
  if (code == 0) {
    throw SyntaxProblem{at, "an escape for NUL; PostgreSQL text cannot hold one", ""};
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    throw SyntaxProblem{at, "a Unicode escape that is no character", ""};
  }
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 63));
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
}

int hex_value(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (lower(byte) >= 'a' && lower(byte) <= 'f') return lower(byte) - 'a' + 10;
  return -1;
}

// `count` hex digits at text[at...]; throws when there are fewer.
std::uint32_t read_hex(std::string_view digits, std::size_t from, std::size_t count,
                       const char* at) {
  std::uint32_t code = 0;
  for (std::size_t index = from; index < from + count; ++index) {
    const int value = index < digits.size() ? hex_value(digits[index]) : -1;
    if (value < 0) throw SyntaxProblem{at, "an invalid Unicode escape", ""};
    code = code << 4 | static_cast<std::uint32_t>(value);
  }
  return code;
}

// Collects escapes into characters: a high surrogate waits for its low half.
class EscapedCharacters {
 public:
  EscapedCharacters(std::string& out, const char* at) : out_(out), at_(at) {}
  void add(std::uint32_t code) {
    if (high_ != 0) {
      if (code < 0xDC00 || code > 0xDFFF) fail();
      append_utf8(out_, 0x10000 + ((high_ - 0xD800) << 10) + (code - 0xDC00), at_);
      high_ = 0;
    } else if (code >= 0xD800 && code < 0xDC00) {
      high_ = code;
    } else {
      append_utf8(out_, code, at_);
    }
  }
  void between() const {
    if (high_ != 0) fail();
  }

 private:
  [[noreturn]] void fail() const { throw SyntaxProblem{at_, "half of a surrogate pair", ""}; }
  std::string& out_;
  const char* at_;
  std::uint32_t high_ = 0;
};

}  // namespace

bool is_space(char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}
bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}
bool is_identifier_start(char byte) {
  return (lower(byte) >= 'a' && lower(byte) <= 'z') || byte == '_' || (byte & 0x80) != 0;
}
bool is_identifier_part(char byte) {
  return is_identifier_start(byte) || is_digit(byte) || byte == '$';
}
bool is_operator(char byte) {
  return byte != 0 && std::string_view("+-*/<>=~!@#%^&|`?").find(byte) != std::string_view::npos;
}

void skip_blanks(Cursor& cursor) {
  for (;;) {
    if (cursor.at_end()) return;
    const char byte = *cursor.position;
    if (is_space(byte)) {
      ++cursor.position;
    } else if (byte == '-' && cursor.peek(1) == '-') {
      skip_line_comment(cursor);
    } else if (byte == '/' && cursor.peek(1) == '*') {
      skip_block_comment(cursor);
    } else {
      return;
    }
  }
}

std::string_view read_word(Cursor& cursor) {
  const char* const begin = cursor.position;
  if (cursor.at_end() || !is_identifier_start(*begin)) return {};
  while (!cursor.at_end() && is_identifier_part(*cursor.position)) ++cursor.position;
  return {begin, static_cast<std::size_t>(cursor.position - begin)};
}

bool accept_word(Cursor& cursor, std::string_view upper_case_word) {
  skip_blanks(cursor);
  const char* const before = cursor.position;
  if (equals_ignoring_case(read_word(cursor), upper_case_word)) return true;
  cursor.position = before;
  return false;
}

bool accept(Cursor& cursor, char byte) {
  skip_blanks(cursor);
  if (cursor.peek() != byte) return false;
  ++cursor.position;
  return true;
}

void require(Cursor& cursor, char byte, const char* context) {
  if (accept(cursor, byte)) return;
  throw SyntaxProblem{cursor.position, text("expected '", byte, "' ", context), ""};
}

bool read_identifier(Cursor& cursor, std::string& name) {
  skip_blanks(cursor);
  name.clear();
  const char byte = cursor.peek();
  if (byte == '"') {
    const char* const opening = cursor.position++;
    for (;;) {
      const char* const quote = find_byte(cursor.position, cursor.end, '"');
      name.append(cursor.position, quote);
      cursor.position = quote;
      if (cursor.at_end()) throw SyntaxProblem{opening, "a quoted name is never closed", ""};
      ++cursor.position;
      if (cursor.peek() != '"') break;
      name += '"';
      ++cursor.position;
    }
    if (name.empty()) throw SyntaxProblem{opening, "a quoted name is empty", ""};
    cut_name(name);
    return true;
  }
  if ((byte == 'U' || byte == 'u') && cursor.peek(1) == '&' && cursor.peek(2) == '"') {
    const char* const opening = cursor.position;
    cursor.position += 3;
    const char* const first = cursor.position;
    for (;;) {
      cursor.position = find_byte(cursor.position, cursor.end, '"');
      if (cursor.at_end()) throw SyntaxProblem{opening, "a quoted name is never closed", ""};
      if (cursor.peek(1) != '"') break;
      cursor.position += 2;
    }
    const std::string_view between(first, static_cast<std::size_t>(cursor.position - first));
    ++cursor.position;
    append_unicode_escaped(name, between, read_unicode_escape(cursor), '"', opening);
    if (name.empty()) throw SyntaxProblem{opening, "a quoted name is empty", ""};
    cut_name(name);
    return true;
  }
  const std::string_view word = read_word(cursor);
  if (word.empty()) return false;
  name.reserve(word.size());
  for (const char part : word) name += lower(part);
  cut_name(name);
  return true;
}

std::string_view read_quoted(Cursor& cursor, bool escapes, bool& has_escapes) {
  const char* const opening = cursor.position;
  const bool marked =
      !escapes && cursor.marks != nullptr && cursor.marks->marked() == Marked::quotes;
  if (marked) {
    if (const char* const closing = cursor.marks->closing_quote(opening, has_escapes)) {
      cursor.position = closing + 1;
      return {opening + 1, static_cast<std::size_t>(closing - opening - 1)};
    }
  }
  ++cursor.position;
  has_escapes = false;
  for (;;) {
    if (escapes) {
      cursor.position = find_either(cursor.position, cursor.end, '\'', '\\');
    } else if (marked) {
      cursor.position = cursor.marks->next(cursor.position, cursor.end);
    } else {
      cursor.position = find_byte(cursor.position, cursor.end, '\'');
    }
    if (cursor.at_end()) {
      throw SyntaxProblem{opening, "a string is never closed",
                          "the file may be cut short, or a quote inside the text is not doubled"};
    }
    if (*cursor.position == '\\') {
      has_escapes = true;
      ++cursor.position;
      if (cursor.at_end()) throw SyntaxProblem{opening, "a string is never closed", ""};
      ++cursor.position;
    } else if (cursor.peek(1) == '\'') {
      has_escapes = true;
      cursor.position += 2;
    } else {
      break;
    }
  }
  const std::string_view between(opening + 1,
                                 static_cast<std::size_t>(cursor.position - opening - 1));
  ++cursor.position;
  return between;
}

bool continue_quoted(Cursor& cursor) {
  Cursor ahead = cursor;
  bool newline = false;
  for (;;) {
    const char byte = ahead.peek();
    if (is_space(byte)) {
      newline |= byte == '\n' || byte == '\r';
      ++ahead.position;
    } else if (byte == '-' && ahead.peek(1) == '-') {
      skip_line_comment(ahead);
    } else {
      // A block comment in between ends the string, as in scan.l.
      if (!newline || byte != '\'') return false;
      cursor.position = ahead.position;
      return true;
    }
  }
}

char read_unicode_escape(Cursor& cursor) {
  const Cursor before = cursor;
  if (!accept_word(cursor, "UESCAPE")) {
    cursor = before;
    return '\\';
  }
  skip_blanks(cursor);
  const char escape = cursor.peek() == '\'' ? cursor.peek(1) : '\0';
  if (escape == '\0' || cursor.peek(2) != '\'' || hex_value(escape) >= 0 || is_space(escape) ||
      escape == '+' || escape == '\'' || escape == '"') {
    throw SyntaxProblem{cursor.position, "UESCAPE wants one character in quotes", ""};
  }
  cursor.position += 3;
  return escape;
}

bool read_dollar_quoted(Cursor& cursor, std::string_view& contents) {
  const char* const opening = cursor.position;
  const char* scan = opening + 1;
  const auto byte_at = [&](const char* where) {
    return cursor.peek(static_cast<std::size_t>(where - cursor.position));
  };
  if (byte_at(scan) != '$') {
    if (!is_identifier_start(byte_at(scan))) return false;
    while (is_identifier_start(byte_at(scan)) || is_digit(byte_at(scan))) ++scan;
    if (byte_at(scan) != '$') return false;
  }
  const std::string_view tag(opening, static_cast<std::size_t>(scan + 1 - opening));
  const char* const first = scan + 1;
  const char* search = first;
  for (;;) {
    search = find_byte(search, cursor.end, '$');
    const auto left = static_cast<std::size_t>(cursor.end - search);
    if (left < tag.size()) {
      if (!cursor.final) throw NeedMore{};
      throw SyntaxProblem{opening, text("a dollar-quoted string ", tag, " is never closed"), ""};
    }
    if (std::string_view(search, tag.size()) == tag) break;
    ++search;
  }
  contents = {first, static_cast<std::size_t>(search - first)};
  cursor.position = search + tag.size();
  return true;
}

void skip_token(Cursor& cursor) {
  if (cursor.at_end()) return;
  const char byte = *cursor.position;
  bool has_escapes = false;
  if (byte == '\'') {
    read_quoted(cursor, !cursor.backslash_is_data, has_escapes);
  } else if (byte == '"') {
    const char* const opening = cursor.position++;
    for (;;) {
      cursor.position = find_byte(cursor.position, cursor.end, '"');
      if (cursor.at_end()) throw SyntaxProblem{opening, "a quoted name is never closed", ""};
      ++cursor.position;
      if (cursor.peek() != '"') break;
      ++cursor.position;
    }
  } else if (byte == '$') {
    std::string_view contents;
    if (!read_dollar_quoted(cursor, contents)) ++cursor.position;
  } else if ((byte == 'E' || byte == 'e') && cursor.peek(1) == '\'') {
    ++cursor.position;
    do {
      read_quoted(cursor, true, has_escapes);
    } while (continue_quoted(cursor));
  } else if ((byte == 'U' || byte == 'u') && cursor.peek(1) == '&' && cursor.peek(2) == '\'') {
    cursor.position += 2;
    read_quoted(cursor, false, has_escapes);
  } else if ((std::string_view("BbXxNn").find(byte) != std::string_view::npos) &&
             cursor.peek(1) == '\'') {
    ++cursor.position;
    const bool national = byte == 'N' || byte == 'n';
    read_quoted(cursor, national && !cursor.backslash_is_data, has_escapes);
  } else if (is_identifier_start(byte)) {
    read_word(cursor);
  } else if (is_digit(byte)) {
    while (!cursor.at_end() && is_identifier_part(*cursor.position) && *cursor.position != '$') {
      ++cursor.position;
    }
  } else {
    ++cursor.position;
  }
}

void append_undoubled(std::string& out, std::string_view between, char quote) {
  for (;;) {
    const std::size_t at = between.find(quote);
    if (at == std::string_view::npos) break;
    out.append(between.substr(0, at + 1));
    between.remove_prefix(at + 2 <= between.size() ? at + 2 : between.size());
  }
  out.append(between);
}

void append_unescaped(std::string& out, std::string_view between, const char* at) {
  EscapedCharacters characters(out, at);
  const std::size_t began = out.size();
  for (std::size_t index = 0; index < between.size();) {
    const char byte = between[index];
    if (byte == '\'') {
      characters.between();
      out += '\'';
      index += 2;
      continue;
    }
    if (byte != '\\') {
      characters.between();
      out += byte;
      ++index;
      continue;
    }
    const char escaped = between[index + 1];  // read_quoted saw to it that there is one
    index += 2;
    if (escaped == 'u' || escaped == 'U') {
      const std::size_t count = escaped == 'u' ? 4 : 8;
      characters.add(read_hex(between, index, count, at));
      index += count;
      continue;
    }
    characters.between();
    switch (escaped) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'x': {
        int value = -1;
        for (int digits = 0; digits < 2 && index < between.size(); ++digits, ++index) {
          const int digit = hex_value(between[index]);
          if (digit < 0) break;
          value = (value < 0 ? 0 : value * 16) + digit;
        }
        if (value == 0) throw SyntaxProblem{at, "an escape for NUL in a string", ""};
        out += value < 0 ? 'x' : static_cast<char>(value);
        break;
      }
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7': {
        int value = escaped - '0';
        for (int digits = 1; digits < 3 && index < between.size(); ++digits, ++index) {
          if (between[index] < '0' || between[index] > '7') break;
          value = value * 8 + (between[index] - '0');
        }
        if ((value & 0xFF) == 0) throw SyntaxProblem{at, "an escape for NUL in a string", ""};
        out += static_cast<char>(value & 0xFF);
        break;
      }
      default:
        out += escaped;
    }
  }
  characters.between();
  // Octal and hexadecimal escapes can spell anything: PostgreSQL checks the result, and so do we.
  if (!is_utf8(std::string_view(out).substr(began))) {
    throw SyntaxProblem{at, "the escapes of a string do not make valid UTF-8", ""};
  }
}

void append_unicode_escaped(std::string& out, std::string_view between, char escape, char quote,
                            const char* at) {
  EscapedCharacters characters(out, at);
  for (std::size_t index = 0; index < between.size();) {
    const char byte = between[index];
    if (byte == quote) {
      characters.between();
      out += quote;
      index += 2;
    } else if (byte != escape) {
      characters.between();
      out += byte;
      ++index;
    } else if (index + 1 < between.size() && between[index + 1] == escape) {
      characters.between();
      out += escape;
      index += 2;
    } else if (index + 1 < between.size() && between[index + 1] == '+') {
      characters.add(read_hex(between, index + 2, 6, at));
      index += 8;
    } else {
      characters.add(read_hex(between, index + 1, 4, at));
      index += 5;
    }
  }
  characters.between();
}

}  // namespace pgseed::sql
