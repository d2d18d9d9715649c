#include "pgseed/migrate/section_finder.hpp"

#include <array>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/copy.hpp"

namespace pgseed::migrate {
namespace {

// What a byte outside quotes may begin. Most bytes of a big migration are passed over by this
// table alone.
enum class Class : unsigned char {
  other,
  blank,
  word,
  quote,  // ' and "
  dollar,
  dash,
  slash,
  backslash,
  semicolon
};

constexpr std::array<Class, 256> kClasses = [] {
  std::array<Class, 256> classes{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const std::size_t lower = byte | 0x20;
    if (byte == ' ' || (byte >= '\t' && byte <= '\r')) classes[byte] = Class::blank;
    if (byte >= 0x80 || byte == '_' || (lower >= 'a' && lower <= 'z')) classes[byte] = Class::word;
  }
  classes['\''] = classes['"'] = Class::quote;
  classes['$'] = Class::dollar;
  classes['-'] = Class::dash;
  classes['/'] = Class::slash;
  classes['\\'] = Class::backslash;
  classes[';'] = Class::semicolon;
  return classes;
}();

constexpr std::array<bool, 256> kContinuesWord = [] {
  std::array<bool, 256> continues{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    continues[byte] = kClasses[byte] == Class::word || byte == '$' || (byte >= '0' && byte <= '9');
  }
  return continues;
}();

Class class_of(char byte) {
  return kClasses[static_cast<unsigned char>(byte)];
}

}  // namespace

std::string_view checked_text(std::string_view content, const std::string& path) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  std::size_t bad = find_invalid_utf8(content);
  const bool is_nul = bad == std::string_view::npos;
  if (is_nul) bad = content.find('\0');
  if (bad == std::string_view::npos) return content;
  const std::uint64_t line = 1 + count_newlines(content.data(), content.data() + bad);
  throw Error(ErrorKind::input, is_nul ? "a NUL byte in the file" : "the file is not UTF-8",
              text(path, ':', line),
              is_nul ? "PostgreSQL's text cannot hold one" : "convert it, for example with iconv");
}

void fail_at(std::string_view whole, const std::string& path, std::uint64_t first_line,
             const char* at, std::string message, std::string hint) {
  const std::string_view before(whole.data(), static_cast<std::size_t>(at - whole.data()));
  const std::size_t newline = before.rfind('\n');
  const std::size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
  const std::uint64_t line = first_line + count_newlines(whole.data(), at);
  throw Error(ErrorKind::input, std::move(message),
              text(path, ':', line, ':', count_characters(before.substr(line_begin)) + 1),
              std::move(hint));
}

CommentFinder::CommentFinder(std::string_view text, const std::string& path,
                             std::uint64_t first_line)
    : text_(text),
      path_(path),
      first_line_(first_line),
      cursor_{text.data(), text.data() + text.size(), true},
      counted_(text.data()),
      line_(first_line) {}

void CommentFinder::begin_section() {
  at_statement_start_ = true;
  copy_ = nullptr;
}

std::optional<LineComment> CommentFinder::next() {
  try {
    return find();
  } catch (sql::SyntaxProblem& problem) {
    fail_at(text_, path_, first_line_, problem.at, std::move(problem.message),
            std::move(problem.hint));
  }
}

std::optional<LineComment> CommentFinder::find() {
  const char*& at = cursor_.position;
  const char* const end = cursor_.end;
  while (at < end) {
    switch (class_of(*at)) {
      case Class::blank:
        ++at;
        continue;
      case Class::dash:
        if (cursor_.peek(1) == '-') {
          const char* const begin = at;
          skip_line();
          if (stands_alone(begin)) return comment_at(begin);
          continue;
        }
        ++at;
        break;
      case Class::slash:
        if (cursor_.peek(1) == '*') {
          skip_block_comment();
          continue;
        }
        ++at;
        break;
      case Class::backslash:  // a command of psql takes its line
        skip_line();
        at_statement_start_ = true;
        continue;
      case Class::semicolon:
        ++at;
        at_statement_start_ = true;
        if (copy_ != nullptr) skip_copy_data();
        continue;
      case Class::word:
        skip_word();
        break;
      case Class::quote:
      case Class::dollar:
        sql::skip_token(cursor_);
        break;
      case Class::other:
        ++at;
        break;
    }
    at_statement_start_ = false;
  }
  return std::nullopt;
}

// To the line end. A carriage return ends a comment, too (scan.l).
void CommentFinder::skip_line() {
  cursor_.position = find_either(cursor_.position, cursor_.end, '\n', '\r');
}

void CommentFinder::skip_word() {
  const char* const begin = cursor_.position;
  const char*& at = cursor_.position;
  while (at < cursor_.end && kContinuesWord[static_cast<unsigned char>(*at)]) ++at;
  const std::string_view word(begin, static_cast<std::size_t>(at - begin));
  if (word.size() == 1 && (*begin == 'E' || *begin == 'e') && cursor_.peek() == '\'') {
    cursor_.position = begin;  // the one prefix that changes where a string ends
    sql::skip_token(cursor_);
  } else if (at_statement_start_ && equals_ignoring_case(word, "COPY")) {
    sql::Cursor ahead = cursor_;
    sql::CopyHead head;
    try {
      sql::read_copy_head(ahead, head);
    } catch (const sql::SyntaxProblem&) {
      return;  // told when the statement itself is read
    }
    if (head.lines_follow) copy_ = begin;
  }
}

// By hand: sql::skip_blanks() would also pass over the line comments behind it.
void CommentFinder::skip_block_comment() {
  const char* const opening = cursor_.position;
  const char* at = opening;
  int depth = 0;
  do {
    at = find_either(at, cursor_.end, '/', '*');
    if (cursor_.end - at < 2) {
      throw sql::SyntaxProblem{opening, "a comment /* is never closed", ""};
    }
    if (at[0] == '/' && at[1] == '*') {
      ++depth;
      at += 2;
    } else if (at[0] == '*' && at[1] == '/') {
      --depth;
      at += 2;
    } else {
      ++at;
    }
  } while (depth > 0);
  cursor_.position = at;
}

// From behind the semicolon to behind the line `\.`.
void CommentFinder::skip_copy_data() {
  const char* line = find_byte(cursor_.position, cursor_.end, '\n');
  while (line < cursor_.end) {
    const char* const begin = line + 1;
    line = find_byte(begin, cursor_.end, '\n');
    const std::string_view row(begin, static_cast<std::size_t>(line - begin));
    if (row == "\\." || row == "\\.\r") {
      cursor_.position = line;
      copy_ = nullptr;
      return;
    }
  }
  throw sql::SyntaxProblem{copy_, "the data of COPY ends without '\\.'",
                           "the rows end with a line that holds nothing but \\."};
}

bool CommentFinder::stands_alone(const char* comment) const {
  const char* before = comment;
  if (finds_indented_) {
    while (before > text_.data() && (before[-1] == ' ' || before[-1] == '\t')) --before;
  }
  return before == text_.data() || before[-1] == '\n';
}

LineComment CommentFinder::comment_at(const char* begin) {
  line_ += count_newlines(counted_, begin);
  counted_ = begin;
  const char* behind = cursor_.position;
  if (behind < cursor_.end && *behind == '\r') ++behind;
  if (behind < cursor_.end && *behind == '\n') ++behind;
  const auto offset = [&](const char* at) { return static_cast<std::size_t>(at - text_.data()); };
  return {text_.substr(offset(begin), offset(cursor_.position) - offset(begin)), offset(begin),
          offset(behind), line_, begin > text_.data() && begin[-1] != '\n'};
}

}  // namespace pgseed::migrate
