#include "pgseed/sql/sqlite_expression.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/sql/sqlite_literal.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {
namespace {

// SQLite's own parser gives up at a depth of 100.
constexpr int kDeepest = 100;

// `code` as SQLite writes it, surrogates and NUL included.
void append_character(std::string& out, std::uint32_t code) {
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
    out += static_cast<char>(0xF0 | (code >> 18 & 7));
    out += static_cast<char>(0x80 | (code >> 12 & 63));
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
}

// NUL and surrogates are nothing that PostgreSQL's text can hold.
bool is_character(std::uint32_t code) {
  return code != 0 && (code < 0xD800 || code > 0xDFFF);
}

// What stands from `from` on becomes what unistr() makes of it, which is never longer. False if
// some escape is no character.
bool unescape_unicode(std::string& out, std::size_t from, const char* at) {
  std::size_t read = out.find('\\', from);
  if (read == std::string::npos) return true;
  bool all_characters = true;
  std::string character;
  std::size_t write = read;
  while (read < out.size()) {
    if (out[read] != '\\') {
      const std::size_t next = std::min(out.find('\\', read), out.size());
      std::memmove(out.data() + write, out.data() + read, next - read);
      write += next - read;
      read = next;
      continue;
    }
    const char kind = read + 1 < out.size() ? out[read + 1] : '\0';
    if (kind == '\\') {
      out[write++] = '\\';
      read += 2;
      continue;
    }
    const std::size_t lead = kind == 'u' || kind == 'U' || kind == '+' ? 2 : 1;
    const std::size_t count = kind == 'U' ? 8 : kind == '+' ? 6 : 4;
    std::uint32_t code = 0;
    for (std::size_t index = read + lead; index < read + lead + count; ++index) {
      const int digit = index < out.size() ? sqlite_hex_value(out[index]) : -1;
      if (digit < 0) throw SyntaxProblem{at, "an invalid Unicode escape", ""};
      code = code << 4 | static_cast<std::uint32_t>(digit);
    }
    if (code > 0x10FFFF) throw Unsupported{at, "a Unicode escape that is no character"};
    all_characters &= is_character(code);
    character.clear();
    append_character(character, code);
    std::memcpy(out.data() + write, character.data(), character.size());
    write += character.size();
    read += lead + count;
  }
  out.resize(write);
  return all_characters;
}

// Where the pattern stands first, or npos; linear in the text whatever the pattern is.
std::size_t find_pattern(std::string_view text, std::string_view pattern) {
  constexpr std::size_t kShort = 16;
  const char* const end = text.data() + text.size();
  if (pattern.size() > kShort) {
    const void* const found = memmem(text.data(), text.size(), pattern.data(), pattern.size());
    if (found == nullptr) return std::string_view::npos;
    return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  }
  for (const char* at = text.data();; ++at) {
    at = find_byte(at, end, pattern[0]);
    if (static_cast<std::size_t>(end - at) < pattern.size()) return std::string_view::npos;
    if (std::memcmp(at, pattern.data(), pattern.size()) == 0) {
      return static_cast<std::size_t>(at - text.data());
    }
  }
}

class Evaluator {
 public:
  Evaluator(SqliteCursor& cursor, std::size_t& growth) : at_(cursor), growth_(growth) {}

  // Appends the text or the bytes of an expression of literals.
  SqliteKind expression(std::string& out) {
    const char* const begin = at_.position;
    const std::size_t from = out.size();
    SqliteKind kind = operand(out);
    for (;;) {
      at_.skip_blanks();
      if (at_.peek() != '|' || at_.peek(1) != '|') return kind;
      require_text(kind, begin);
      at_.position += 2;
      const SqliteKind right = operand(out);
      require_text(right, begin);
      if (kind == SqliteKind::null || right == SqliteKind::null) {
        out.resize(from);
        kind = SqliteKind::null;
      } else {
        kind = SqliteKind::text;
      }
    }
  }

  // Whether the text may hold what PostgreSQL's cannot: it was made of codes or bytes.
  bool is_suspect() const { return is_suspect_; }

 private:
  [[noreturn]] static void refuse(const char* at, std::string what = "an expression") {
    throw Unsupported{at, std::move(what)};
  }

  // As an operand of text functions: doubles have another spelling there.
  void require_text(SqliteKind kind, const char* at) {
    if (kind == SqliteKind::real) refuse(at);
    if (kind == SqliteKind::bytes) is_suspect_ = true;
  }

  SqliteKind operand(std::string& out) {
    at_.skip_blanks();
    const char* const begin = at_.position;
    const char byte = at_.peek();
    if (byte == '\'' || byte == '"') {
      bool doubled = false;
      const std::string_view between = at_.read_delimited(doubled);
      if (doubled) {
        append_undoubled(out, between, byte);
      } else {
        out += between;
      }
      return SqliteKind::text;
    }
    if (is_digit(byte) || byte == '-' || byte == '+' || byte == '.') {
      return read_sqlite_number(at_, out) ? SqliteKind::real : SqliteKind::integer;
    }
    if (byte == '(') return parenthesised(out, begin);
    if ((byte == 'x' || byte == 'X') && at_.peek(1) == '\'') {
      read_sqlite_blob(at_, out);
      return SqliteKind::bytes;
    }
    if (is_identifier_start(byte)) return named(out, begin);
    if (byte == '`' || byte == '[') refuse(begin, "a column's name as a value");
    if (byte == '?' || byte == '@' || byte == ':' || byte == '$') refuse(begin, "a parameter");
    if (byte == ',' || byte == ')' || byte == ';' || byte == 0) {
      throw SyntaxProblem{begin, "expected a value", ""};
    }
    refuse(begin);
  }

  SqliteKind parenthesised(std::string& out, const char* begin) {
    enter(begin);
    ++at_.position;
    if (at_.accept_word("SELECT") || at_.accept_word("WITH") || at_.accept_word("VALUES")) {
      refuse(begin, "a subquery");
    }
    const SqliteKind kind = expression(out);
    if (!at_.accept(')')) refuse(begin);
    --depth_;
    return kind;
  }

  SqliteKind named(std::string& out, const char* begin) {
    const std::string_view word = read_word(at_);
    if (equals_ignoring_case(word, "NULL")) return SqliteKind::null;
    if (equals_ignoring_case(word, "TRUE") || equals_ignoring_case(word, "FALSE")) {
      out += (word[0] | 0x20) == 't' ? '1' : '0';
      return SqliteKind::integer;
    }
    at_.skip_blanks();
    if (at_.peek() != '(') {
      if (is_sqlite_infinity(word)) {
        out += "Infinity";
        return SqliteKind::real;
      }
      if (equals_ignoring_case(word, "NAN")) {
        out += "NaN";
        return SqliteKind::real;
      }
      refuse(begin, text("an expression (", word.substr(0, 63), ")"));
    }
    enter(begin);
    ++at_.position;
    SqliteKind kind = SqliteKind::text;
    if (equals_ignoring_case(word, "replace")) {
      kind = call_replace(out, begin);
    } else if (equals_ignoring_case(word, "unistr")) {
      kind = call_unistr(out, begin);
    } else if (equals_ignoring_case(word, "char")) {
      call_char(out, begin);
    } else {
      refuse(begin, text("a function call ", word.substr(0, 63), "()"));
    }
    --depth_;
    return kind;
  }

  void enter(const char* begin) {
    if (++depth_ > kDeepest) refuse(begin, "an expression nested too deeply");
  }

  SqliteKind argument(std::string& out, char closing, const char* begin) {
    const SqliteKind kind = expression(out);
    require_text(kind, begin);
    at_.skip_blanks();
    const char next = at_.peek();
    // Of another number of arguments SQLite knows no such function.
    if (next != closing && next != 0 && next != ';') refuse(begin);
    if (next != closing) throw SyntaxProblem{begin, "a function call is never closed", ""};
    ++at_.position;
    return kind;
  }

  SqliteKind call_replace(std::string& out, const char* begin) {
    const std::size_t from = out.size();
    std::string pattern, replacement;
    const SqliteKind first = argument(out, ',', begin);
    const SqliteKind second = argument(pattern, ',', begin);
    const SqliteKind third = argument(replacement, ')', begin);
    if (first == SqliteKind::null || second == SqliteKind::null) {
      out.resize(from);
      return SqliteKind::null;
    }
    if (pattern.empty()) return SqliteKind::text;
    if (third == SqliteKind::null) {
      out.resize(from);
      return SqliteKind::null;
    }
    replace_tail(out, from, pattern, replacement, begin);
    return SqliteKind::text;
  }

  void replace_tail(std::string& out, std::size_t from, const std::string& pattern,
                    const std::string& replacement, const char* begin) {
    const auto find = [&](const std::string& in, std::size_t at) {
      const std::string_view rest = std::string_view(in).substr(at);
      const std::size_t found = find_pattern(rest, pattern);
      return found == std::string_view::npos ? in.size() : at + found;
    };
    std::size_t next = find(out, from);
    if (next == out.size()) return;
    if (replacement.size() <= pattern.size()) {
      // Nothing grows: what is kept moves to the front.
      std::size_t write = next;
      while (next < out.size()) {
        std::memcpy(out.data() + write, replacement.data(), replacement.size());
        write += replacement.size();
        const std::size_t kept = next + pattern.size();
        next = find(out, kept);
        std::memmove(out.data() + write, out.data() + kept, next - kept);
        write += next - kept;
      }
      out.resize(write);
      return;
    }
    std::string longer;
    std::size_t kept = from;
    for (; next < out.size(); next = find(out, kept)) {
      const std::size_t grows = replacement.size() - pattern.size();
      if (grows > growth_) {
        throw SyntaxProblem{begin, "a row whose values are longer than the limit of a row",
                            "raise the limit with --max-row-bytes"};
      }
      growth_ -= grows;
      longer.append(out, kept, next - kept);
      longer += replacement;
      kept = next + pattern.size();
    }
    longer.append(out, kept, std::string::npos);
    out.replace(from, std::string::npos, longer);
  }

  SqliteKind call_unistr(std::string& out, const char* begin) {
    const std::size_t from = out.size();
    const SqliteKind kind = argument(out, ')', begin);
    if (kind == SqliteKind::null) return SqliteKind::null;
    is_suspect_ |= !unescape_unicode(out, from, begin);
    return SqliteKind::text;
  }

  void call_char(std::string& out, const char* begin) {
    if (at_.accept(')')) return;
    std::string number;
    do {
      number.clear();
      if (expression(number) != SqliteKind::integer) refuse(begin, "a function call char()");
      std::int64_t code = -1;
      std::from_chars(number.data(), number.data() + number.size(), code);
      if (code < 0 || code > 0x10FFFF) code = 0xFFFD;
      is_suspect_ |= !is_character(static_cast<std::uint32_t>(code));
      append_character(out, static_cast<std::uint32_t>(code));
    } while (at_.accept(','));
    if (!at_.accept(')')) throw SyntaxProblem{begin, "a function call is never closed", ""};
  }

  SqliteCursor& at_;
  std::size_t& growth_;
  int depth_ = 0;
  bool is_suspect_ = false;
};

}  // namespace

SqliteResult evaluate_sqlite(SqliteCursor& cursor, std::string& out, std::size_t& growth) {
  Evaluator evaluator(cursor, growth);
  const SqliteKind kind = evaluator.expression(out);
  return {kind, evaluator.is_suspect()};
}

}  // namespace pgseed::sql
