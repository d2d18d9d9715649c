#include "pgseed/sql/ddl_tokens.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/sqlite_cursor.hpp"

namespace pgseed::sql {
namespace {

using TokenKind = DdlToken::Kind;

std::string bytes_of_hex(std::string_view digits) {
  std::string bytes;
  std::string padded(digits.size() % 2, '0');
  padded += digits;
  const auto value = [](char digit) {
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
  };
  for (std::size_t at = 0; at + 1 < padded.size(); at += 2) {
    bytes += static_cast<char>(value(padded[at]) * 16 + value(padded[at + 1]));
  }
  return bytes;
}

bool is_all_of(std::string_view text, std::string_view bytes) {
  return text.find_first_not_of(bytes) == std::string_view::npos;
}

// At a digit, or a dot before one.
std::string_view read_number(Cursor& cursor) {
  const char* const begin = cursor.position;
  const auto digits = [&] {
    while (is_digit(cursor.peek())) ++cursor.position;
  };
  digits();
  if (cursor.peek() == '.') ++cursor.position;
  digits();
  if ((cursor.peek() | 0x20) == 'e') {
    const std::size_t sign = cursor.peek(1) == '+' || cursor.peek(1) == '-' ? 1 : 0;
    if (is_digit(cursor.peek(1 + sign))) {
      cursor.position += 1 + sign;
      digits();
    }
  }
  return {begin, static_cast<std::size_t>(cursor.position - begin)};
}

// The digits of 0x...: 64 bits with a sign, as SQLite takes them.
std::int64_t read_hex_number(Cursor& cursor) {
  std::uint64_t number = 0;
  for (; std::isxdigit(static_cast<unsigned char>(cursor.peek())) != 0; ++cursor.position) {
    number = number << 4 | static_cast<unsigned char>(bytes_of_hex({cursor.position, 1})[0]);
  }
  return static_cast<std::int64_t>(number);
}

std::string read_symbol(Cursor& cursor) {
  static constexpr std::array<std::string_view, 13> kSymbols = {
      "<=>", "->>", "<=", ">=", "<>", "!=", "==", "||", "&&", "<<", ">>", ":=", "->"};
  const std::string_view rest(cursor.position,
                              static_cast<std::size_t>(cursor.end - cursor.position));
  for (const std::string_view symbol : kSymbols) {
    if (rest.substr(0, symbol.size()) == symbol) {
      cursor.position += symbol.size();
      return std::string(symbol);
    }
  }
  return std::string(1, *cursor.position++);
}

// Splits the text with the steps of one dialect's cursor; `read` makes the token at the cursor.
template <class DialectCursor, class Read>
DdlTokens split(DialectCursor cursor, std::string_view statement, std::uint64_t line, Read read) {
  DdlTokens tokens;
  const char* counted = statement.data();
  try {
    for (cursor.skip_blanks(); !cursor.at_end(); cursor.skip_blanks()) {
      line += static_cast<std::uint64_t>(std::count(counted, cursor.position, '\n'));
      counted = cursor.position;
      DdlToken token;
      token.line = line;
      read(cursor, token);
      tokens.push_back(std::move(token));
    }
  } catch (const SyntaxProblem& problem) {
    throw DdlProblem{line, problem.message};
  }
  return tokens;
}

bool is_quote(char byte) {
  return byte == '\'' || byte == '"';
}

void read_mysql_token(MysqlCursor& cursor, DdlToken& token) {
  const char byte = cursor.peek();
  if (byte == '`' || (byte == '"' && cursor.ansi_quotes)) {
    token.kind = TokenKind::quoted;
    token.quote = byte;
    cursor.read_name(token.text);
  } else if (is_quote(byte)) {
    token.kind = TokenKind::string;
    append_mysql_string(token.text, cursor.read_string());
  } else if (is_digit(byte) || (byte == '.' && is_digit(cursor.peek(1)))) {
    const char kind = static_cast<char>(cursor.peek(1) | 0x20);
    const MysqlCursor start = cursor;
    const std::string_view word = cursor.read_word();
    const std::string_view digits = word.size() > 2 ? word.substr(2) : std::string_view();
    if (byte == '0' && kind == 'x' && !digits.empty() &&
        is_all_of(digits, "0123456789abcdefABCDEF")) {
      token.kind = TokenKind::bytes;
      token.text = bytes_of_hex(digits);
    } else if (byte == '0' && kind == 'b' && !digits.empty() && is_all_of(digits, "01")) {
      token.kind = TokenKind::bits;
      token.text = digits;
    } else {
      cursor = start;
      token.kind = TokenKind::number;
      token.text = read_number(cursor);
      // A name may begin with a digit: 2fa_token. With a dot it does not: .5abc is two tokens.
      if (byte != '.' && is_identifier_part(cursor.peek())) {
        cursor = start;
        token.kind = TokenKind::word;
        token.text = cursor.read_word();
      }
    }
  } else if (is_identifier_part(byte) || byte == '@') {
    if (byte == '@') ++cursor.position;
    const std::string_view word = cursor.read_word();
    const bool quoted = is_quote(cursor.peek());
    if (quoted && word.size() == 1 && (word[0] | 0x20) != 'n' && byte != '@') {
      const MysqlString string = cursor.read_string();
      token.kind = (word[0] | 0x20) == 'b' ? TokenKind::bits : TokenKind::bytes;
      token.text = token.kind == TokenKind::bits ? std::string(string.between)
                                                 : bytes_of_hex(string.between);
      if ((token.kind == TokenKind::bits && !is_all_of(string.between, "01")) ||
          !is_all_of(string.between, "0123456789abcdefABCDEF")) {
        throw SyntaxProblem{cursor.position, "a literal of bytes or bits has other digits", ""};
      }
    } else if (quoted && (word == "n" || word == "N" || (word.size() > 1 && word[0] == '_'))) {
      // N'...', _utf8mb4'...'; the text is UTF-8 by now, whatever it says.
      token.kind = equals_ignoring_case(word, "_binary") ? TokenKind::bytes : TokenKind::string;
      append_mysql_string(token.text, cursor.read_string());
    } else {
      token.kind = TokenKind::word;
      token.text = word;
    }
  } else {
    token.kind = TokenKind::symbol;
    token.text = read_symbol(cursor);
  }
}

void read_sqlite_token(SqliteCursor& cursor, DdlToken& token) {
  const char byte = cursor.peek();
  bool doubled = false;
  if (byte == '\'') {
    token.kind = TokenKind::string;
    append_undoubled(token.text, cursor.read_delimited(doubled));
  } else if (byte == '"' || byte == '`' || byte == '[') {
    token.kind = TokenKind::quoted;
    token.quote = byte;
    const std::string_view between = cursor.read_delimited(doubled);
    if (byte == '[') {
      token.text = between;
    } else {
      append_undoubled(token.text, between, byte);
    }
  } else if ((byte | 0x20) == 'x' && cursor.peek(1) == '\'') {
    ++cursor.position;
    token.kind = TokenKind::bytes;
    token.text = bytes_of_hex(cursor.read_delimited(doubled));
  } else if (is_digit(byte) || (byte == '.' && is_digit(cursor.peek(1)))) {
    token.kind = TokenKind::number;
    if (byte == '0' && (cursor.peek(1) | 0x20) == 'x') {
      cursor.position += 2;
      token.text = std::to_string(read_hex_number(cursor));
    } else {
      token.text = read_number(cursor);
    }
  } else if (is_identifier_start(byte)) {
    token.kind = TokenKind::word;
    token.text = read_word(cursor);
  } else {
    token.kind = TokenKind::symbol;
    token.text = read_symbol(cursor);
  }
}

}  // namespace

bool DdlToken::is_word(std::string_view upper_case_word) const {
  return kind == TokenKind::word && equals_ignoring_case(text, upper_case_word);
}

DdlTokens mysql_tokens(std::string_view statement, const MysqlMode& mode, std::uint64_t line) {
  DdlTokens tokens = split(MysqlCursor(statement, mode), statement, line, read_mysql_token);
  // Strings in a row are one.
  for (std::size_t at = 1; at < tokens.size();) {
    if (tokens[at].kind == TokenKind::string && tokens[at - 1].kind == TokenKind::string) {
      tokens[at - 1].text += tokens[at].text;
      tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      ++at;
    }
  }
  return tokens;
}

DdlTokens sqlite_tokens(std::string_view statement, std::uint64_t line) {
  return split(SqliteCursor(statement), statement, line, read_sqlite_token);
}

const DdlToken& DdlWalk::peek(std::size_t ahead) const {
  static const DdlToken kEnd;
  return position_ + ahead < tokens_.size() ? tokens_[position_ + ahead] : kEnd;
}

bool DdlWalk::accept_word(std::string_view upper_case_word) {
  if (!at_word(upper_case_word)) return false;
  ++position_;
  return true;
}

bool DdlWalk::accept_symbol(std::string_view symbol) {
  if (!peek().is_symbol(symbol)) return false;
  ++position_;
  return true;
}

void DdlWalk::require_symbol(std::string_view symbol, const char* context) {
  if (accept_symbol(symbol)) return;
  throw DdlProblem{line(), text("expected '", symbol, "' ", context)};
}

std::string DdlWalk::read_name(const char* what) {
  const DdlToken& token = peek();
  if (!token.is_name() && token.kind != TokenKind::string) {
    throw DdlProblem{at_end() && position_ > 0 ? tokens_[position_ - 1].line : line(),
                     text("expected ", what)};
  }
  ++position_;
  return token.text;
}

std::string DdlWalk::read_text() {
  std::string text = peek().kind == TokenKind::bytes ? std::string() : peek().text;
  skip();
  return text;
}

std::string DdlWalk::shown() const {
  return to_text({peek()});
}

QualifiedName DdlWalk::read_qualified_name() {
  QualifiedName result;
  result.name = read_name("a name");
  if (accept_symbol(".")) {
    result.schema = std::move(result.name);
    result.name = read_name("a name after '.'");
  }
  return result;
}

DdlTokens DdlWalk::read_parentheses() {
  const std::uint64_t opened = line();
  require_symbol("(", "");
  DdlTokens between;
  for (int depth = 1;; skip()) {
    if (at_end()) throw DdlProblem{opened, "a parenthesis is never closed"};
    depth += peek().is_symbol("(") ? 1 : peek().is_symbol(")") ? -1 : 0;
    if (depth == 0) break;
    between.push_back(peek());
  }
  skip();
  return between;
}

void DdlWalk::skip_item() {
  for (int depth = 0; !at_end(); skip()) {
    if (depth == 0 && (peek().is_symbol(",") || peek().is_symbol(")"))) return;
    depth += peek().is_symbol("(") ? 1 : peek().is_symbol(")") ? -1 : 0;
  }
}

void DdlWalk::skip_if_exists() {
  if (!at_word("IF") || !(peek(1).is_word("NOT") || peek(1).is_word("EXISTS"))) return;
  skip();
  accept_word("NOT");
  accept_word("EXISTS");
}

std::string to_text(const DdlTokens& tokens) {
  std::string out;
  for (const DdlToken& token : tokens) {
    const bool tight = out.empty() || token.is_symbol(")") || token.is_symbol(",") ||
                       token.is_symbol(".") || token.is_symbol("(") || out.back() == '(' ||
                       out.back() == '.';
    if (!tight) out += ' ';
    switch (token.kind) {
      case TokenKind::string:
        out += text('\'', token.text, '\'');
        break;
      case TokenKind::bytes:
        out += "x'...'";
        break;
      case TokenKind::bits:
        out += text("b'", token.text, '\'');
        break;
      default:
        out += token.text;
    }
    if (out.size() > 80 && (static_cast<unsigned char>(out.back()) & 0x80) == 0) {
      return out + "...";
    }
  }
  return out;
}

}  // namespace pgseed::sql
