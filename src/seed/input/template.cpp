#include "pgseed/seed/input/template.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"

namespace pgseed::seed {
namespace {

constexpr std::size_t kWidest = 20;  // the digits of the greatest row number
constexpr std::size_t kMd5Digits = 32;
constexpr const char* kKnown =
    "known are {row}, {row:05}, {COLUMN}, {column:COLUMN}, {md5:COLUMN,...}, {md5:COLUMN,...:16}, "
    "{uuid}, {uuid:COLUMN,...} and {now}; a brace itself is {{ or }}";

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Template parse() {
    Template made;
    std::string literal;
    const auto end_literal = [&] {
      if (literal.empty()) return;
      made.pieces.push_back({TemplateKind::literal, std::exchange(literal, {}), 0, {}});
    };
    while (at_ < text_.size()) {
      const char byte = text_[at_];
      if ((byte == '{' || byte == '}') && text_.substr(at_ + 1, 1) == std::string_view(&byte, 1)) {
        literal += byte;
        at_ += 2;
      } else if (byte == '}') {
        fail(at_, "a } without its {", "a brace itself is }}");
      } else if (byte == '{') {
        end_literal();
        made.pieces.push_back(piece());
      } else {
        literal += byte;
        ++at_;
      }
    }
    end_literal();
    return made;
  }

 private:
  [[noreturn]] void fail(std::size_t where, std::string message, std::string hint = kKnown) const {
    throw TemplateProblem{1 + count_characters(text_.substr(0, where)), std::move(message),
                          std::move(hint)};
  }

  // At the brace.
  TemplatePiece piece() {
    const std::size_t begin = at_++;
    const bool quoted = peek() == '"';
    TemplatePiece piece;
    std::string word = name(begin);
    const bool has_argument = peek() == ':';
    if (quoted && has_argument) fail(at_, text("nothing may follow the column ", word));
    if (quoted || (!has_argument && word != "row" && word != "md5" && word != "now" &&
                   word != "uuid" && word != "column")) {
      piece.kind = TemplateKind::column;
      piece.columns.push_back(std::move(word));
    } else if (word == "row") {
      piece.kind = TemplateKind::row;
      if (has_argument) piece.width = width(begin);
    } else if (word == "now") {
      piece.kind = TemplateKind::now;
    } else if (word == "uuid") {
      piece.kind = has_argument ? TemplateKind::uuid_of : TemplateKind::uuid;
      if (has_argument) piece.columns = columns(begin);
    } else if (word == "md5" || word == "column") {
      if (!has_argument) fail(begin, text('{', word, "} names no column"));
      piece.kind = word == "md5" ? TemplateKind::md5 : TemplateKind::column;
      piece.columns = columns(begin);
      if (piece.kind == TemplateKind::md5) {
        piece.width = peek() == ':' ? digits(begin) : kMd5Digits;
      } else if (piece.columns.size() > 1) {
        fail(begin, "{column:...} takes one column", "write one for each: {column:a}{column:b}");
      }
    } else {
      fail(begin, text("nothing is called {", word, ":...}"));
    }
    if (peek() != '}') fail(at_, at_ < text_.size() ? "expected a }" : "a { without its }");
    ++at_;
    return piece;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string name(std::size_t begin) {
    std::string found;
    if (peek() == '"') {
      for (++at_;; ++at_) {
        if (at_ >= text_.size()) fail(begin, "a name in quotes that never ends");
        if (text_[at_] == '"' && text_.substr(at_ + 1, 1) != "\"") break;
        if (text_[at_] == '"') ++at_;
        found += text_[at_];
      }
      ++at_;
    } else {
      const std::size_t end = std::min(text_.find_first_of("{}:,\"", at_), text_.size());
      found = trim(text_.substr(at_, end - at_));
      at_ = end;
    }
    if (found.empty()) {
      if (at_ >= text_.size()) fail(begin, "a { without its }");
      fail(at_, "a name is missing");
    }
    return found;
  }

  // At the colon; ends at a second one or at the brace.
  std::vector<std::string> columns(std::size_t begin) {
    std::vector<std::string> names;
    do {
      ++at_;
      while (peek() == ' ') ++at_;
      names.push_back(name(begin));
      while (peek() == ' ') ++at_;
    } while (peek() == ',');
    return names;
  }

  // At a colon.
  std::string_view number() {
    const std::size_t begin = ++at_;
    at_ = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
    return text_.substr(begin, at_ - begin);
  }

  std::size_t width(std::size_t begin) {
    const std::string_view found = number();
    const auto value = value_of(found);
    if (found.size() < 2 || found[0] != '0' || value < 1 || value > kWidest) {
      fail(begin, "the width of {row} is 0 and a number from 1 to 20", "for example {row:05}");
    }
    return value;
  }

  std::size_t digits(std::size_t begin) {
    const auto value = value_of(number());
    if (value < 1 || value > kMd5Digits) {
      fail(begin, "MD5 has 1 to 32 digits to take", "for example {md5:a,b:16}");
    }
    return value;
  }

  static std::size_t value_of(std::string_view digits) {
    std::size_t value = 0;
    if (digits.size() > 6) return value;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool Template::is_stable() const {
  return std::ranges::none_of(pieces, [](const TemplatePiece& piece) {
    return piece.kind == TemplateKind::uuid || piece.kind == TemplateKind::now;
  });
}

Template parse_template(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace pgseed::seed
