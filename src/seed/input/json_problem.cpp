#include "json_problem.hpp"

#include <array>

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/json/reader.hpp"

namespace pgseed::seed {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Walks over tokens and says at which the grammar of RFC 8259 is left.
class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  JsonProblem find() {
    enum class Next { value, value_or_close, name, name_or_close, colon, comma_or_close };
    Next next = Next::value;
    std::string open;  // the brackets
    do {
      at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
      if (at_ == text_.size()) {
        return {at_, "the object is never closed", "the file may be cut short"};
      }
      const char byte = text_[at_];
      const bool may_close = next == Next::comma_or_close ||
                             (next == Next::value_or_close && open.back() == ']') ||
                             (next == Next::name_or_close && open.back() == '}');
      if (may_close && byte == open.back()) {
        ++at_;
        open.pop_back();
        next = Next::comma_or_close;
      } else if (next == Next::comma_or_close) {
        if (byte != ',') return {at_, text("expected ',' or '", open.back(), '\'')};
        ++at_;
        next = open.back() == '}' ? Next::name : Next::value;
      } else if (next == Next::colon) {
        if (byte != ':') return {at_, "expected ':' behind the name of a member"};
        ++at_;
        next = Next::value;
      } else if (next == Next::name || next == Next::name_or_close) {
        if (byte != '"') return {at_, "expected the name of a member in double quotes"};
        if (!string()) return problem_;
        next = Next::colon;
      } else if (byte == '{' || byte == '[') {
        ++at_;
        open += byte == '{' ? '}' : ']';
        next = byte == '{' ? Next::name_or_close : Next::value_or_close;
      } else {
        if (!scalar()) return problem_;
        next = Next::comma_or_close;
      }
    } while (!open.empty());
    return {0, "this is no JSON object"};
  }

 private:
  bool fail(std::size_t offset, std::string message, const char* hint = "") {
    problem_ = {offset, std::move(message), hint};
    return false;
  }

  bool string() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) {
        return fail(at_, "a control character inside of a string", "write it as an escape: \\n");
      }
      if (text_[at_] == '\\' && !escape()) return false;
      ++at_;
    }
    if (at_ >= text_.size()) {
      return fail(begin, "a string is never closed", "the file may be cut short");
    }
    ++at_;
    return true;
  }

  // At a backslash; moves to the last byte of the escape.
  bool escape() {
    const std::size_t begin = at_;
    const std::string escaped =
        text('"', text_.substr(begin, text_.substr(begin, 2) == "\\u" ? 6 : 2), '"');
    const bool high = escaped.size() == 8 && is_surrogate(escaped, "89abAB");
    if (escaped.size() == 8 && is_surrogate(escaped, "cdefCDEF")) {
      return fail(begin, "half of a surrogate pair");
    }
    if (high) {
      const std::string second = text('"', text_.substr(begin + 6, 6), '"');
      if (second.size() != 8 || second[1] != '\\' || second[2] != 'u' ||
          !is_surrogate(second, "cdefCDEF")) {
        return fail(begin, "half of a surrogate pair");
      }
      at_ = begin + 11;
      return true;
    }
    if (!json::is_embeddable(escaped)) return fail(begin, "an unknown escape");
    at_ = begin + escaped.size() - 3;
    return true;
  }

  static bool is_surrogate(std::string_view quoted, std::string_view third_digits) {
    return (quoted[3] == 'd' || quoted[3] == 'D') &&
           third_digits.find(quoted[4]) != std::string_view::npos;
  }

  bool scalar() {
    if (text_[at_] == '"') return string();
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,:]}[{\"", at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    if (!json::is_embeddable(word)) {
      return fail(at_, "expected a value: a string, a number, true, false, null, { or [");
    }
    at_ = end;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  JsonProblem problem_;
};

}  // namespace

JsonProblem find_json_problem(std::string_view object) {
  const std::size_t bad = find_invalid_utf8(object);
  if (bad != std::string_view::npos) {
    return {bad, "a byte that is not valid UTF-8",
            "if the file is in another encoding, name it: --encoding latin1 (or win1252, ...)"};
  }
  return Finder(object).find();
}

}  // namespace pgseed::seed
