#include "pgseed/migrate/python_text.hpp"

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::migrate::python {
namespace {

bool is_name_start(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
         (static_cast<unsigned char>(byte) & 0x80) != 0;
}

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

int hex_value(char byte) {
  if (is_digit(byte)) return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

bool is_character(std::uint32_t code) {
  return code <= 0x10FFFF && (code < 0xD800 || code >= 0xE000);
}

void append_character(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

// How many letters in front of a quote make it a prefixed string; 0 also for none.
std::size_t prefix_length(std::string_view rest) {
  std::size_t length = 0;
  while (length < 2 && length < rest.size() &&
         std::string_view("rRbBuUfFtT").find(rest[length]) != std::string_view::npos) {
    ++length;
  }
  return length;
}

}  // namespace

Scanner::Scanner(std::string_view text, const std::string& path) : path_(path) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text_.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\r') {
      text_ += text[at];
    } else if (at + 1 >= text.size() || text[at + 1] != '\n') {
      text_ += '\n';
    }
  }
}

void Scanner::fail(const std::string& message, std::uint64_t line, const std::string& hint) const {
  throw Error(ErrorKind::input, message, pgseed::text(path_, ':', line), hint);
}

bool Scanner::next_line() {
  for (;;) {
    // Behind a finished line, or at the very beginning.
    if (at_ > 0) {
      skip_to("");
      advance();
    }
    for (;;) {
      const std::size_t begin = at_;
      while (peek() == ' ' || peek() == '\t' || peek() == '\f') advance();
      if (at_end()) return false;
      if (peek() != '\n' && peek() != '#') {
        // A form feed in front of a line does not indent it.
        if (at_ == begin || text_[at_ - 1] == '\f') return true;
        skip_to("");
      }
      while (!at_end() && peek() != '\n') advance();
      advance();
    }
  }
}

void Scanner::skip_blanks(bool newlines) {
  for (;;) {
    const char byte = peek();
    if (byte == ' ' || byte == '\t' || byte == '\f' || (newlines && byte == '\n')) {
      advance();
    } else if (byte == '\\' && peek(1) == '\n') {
      advance();
      advance();
    } else if (byte == '#') {
      while (!at_end() && peek() != '\n') advance();
    } else {
      return;
    }
  }
}

std::string_view Scanner::read_name() {
  const std::size_t begin = at_;
  if (!is_name_start(peek())) return {};
  while (is_name_start(peek()) || is_digit(peek())) ++at_;
  return std::string_view(text_).substr(begin, at_ - begin);
}

bool Scanner::at_string() const {
  const char quote = peek(prefix_length(std::string_view(text_).substr(at_)));
  return quote == '\'' || quote == '"';
}

Literal Scanner::read_strings(bool in_brackets) {
  Literal literal;
  do {
    read_string(literal);
    skip_blanks(in_brackets);
  } while (at_string());
  return literal;
}

void Scanner::read_string(Literal& into) {
  const std::uint64_t opening_line = line_;
  bool raw = false;
  for (; peek() != '\'' && peek() != '"'; ++at_) {
    raw = raw || peek() == 'r' || peek() == 'R';
    into.is_text =
        into.is_text && std::string_view("bBfFtT").find(peek()) == std::string_view::npos;
  }
  const char quote = peek();
  const bool triple = peek(1) == quote && peek(2) == quote;
  at_ += triple ? 3 : 1;
  for (;;) {
    const char byte = peek();
    if (at_end() || (byte == '\n' && !triple)) fail("a string is never closed", opening_line);
    if (byte == quote && (!triple || (peek(1) == quote && peek(2) == quote))) {
      at_ += triple ? 3 : 1;
      return;
    }
    if (byte != '\\') {
      into.value += byte;
      advance();
    } else if (raw) {  // the backslash stays, and so does a quote behind it
      into.value += byte;
      advance();
      if (at_end()) continue;
      into.value += peek();
      advance();
    } else {
      append_escape(into.value);
    }
  }
}

void Scanner::append_escape(std::string& out) {
  advance();
  const char kind = peek();
  if (at_end()) return;
  advance();
  static constexpr std::string_view kLetters = "abfnrtv\\'\"";
  static constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\'\"";
  if (kind == '\n') return;
  if (const std::size_t at = kLetters.find(kind); at != std::string_view::npos) {
    out += kValues[at];
    return;
  }
  std::uint32_t code = 0;
  if (kind >= '0' && kind <= '7') {
    code = static_cast<std::uint32_t>(kind - '0');
    for (int digits = 1; digits < 3 && peek() >= '0' && peek() <= '7'; ++digits, ++at_) {
      code = code * 8 + static_cast<std::uint32_t>(peek() - '0');
    }
    append_character(out, code);
    return;
  }
  const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  std::size_t found = 0;
  while (found < digits && hex_value(peek(found)) >= 0) {
    code = code * 16 + static_cast<std::uint32_t>(hex_value(peek(found++)));
  }
  if (digits > 0 && found == digits && is_character(code)) {
    append_character(out, code);
    at_ += digits;
    return;
  }
  // No escape that Python knows (or \N{...}, whose names are not kept here): as written.
  out += '\\';
  out += kind;
}

char Scanner::skip_to(std::string_view stops) {
  int depth = 0;
  std::uint64_t opening_line = line_;
  for (;;) {
    skip_blanks(depth > 0);
    if (at_end()) {
      if (depth > 0) fail("a bracket is never closed", opening_line);
      return '\0';
    }
    const char byte = peek();
    if (depth == 0 && (byte == '\n' || stops.find(byte) != std::string_view::npos)) return byte;
    if (at_string()) {
      Literal ignored;
      read_string(ignored);
    } else if (is_name_start(byte)) {
      read_name();
    } else {
      if (byte == '(' || byte == '[' || byte == '{') {
        if (depth++ == 0) opening_line = line_;
      } else if ((byte == ')' || byte == ']' || byte == '}') && depth > 0) {
        --depth;
      }
      advance();
    }
  }
}

}  // namespace pgseed::migrate::python
