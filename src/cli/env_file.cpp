#include "pgseed/cli/env_file.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::cli {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name_character(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

constexpr std::size_t kMostReferenced = std::size_t{1} << 20;

class Parser {
 public:
  Parser(std::string_view content, const std::string& path, const EnvironmentLookup& environment)
      : content_(content), path_(path), environment_(environment) {}

  std::vector<EnvEntry> parse() {
    if (content_.starts_with("\xFF\xFE") || content_.starts_with("\xFE\xFF")) {
      fail("the file is UTF-16", "save it as UTF-8");
    }
    if (content_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    if (content_.find('\0') != std::string_view::npos) fail("the file holds a NUL byte", {});
    while (!at_end()) parse_line();
    return std::move(entries_);
  }

 private:
  bool at_end() const { return at_ >= content_.size(); }
  char peek() const { return at_end() ? '\n' : content_[at_]; }

  char take() {
    const char c = content_[at_++];
    if (c == '\n') ++line_;
    return c;
  }

  void skip_blanks() {
    while (is_blank(peek())) ++at_;
  }

  // The rest of the line must be blank or a comment.
  void finish_line(const char* after) {
    skip_blanks();
    if (peek() == '#') {
      while (peek() != '\n') ++at_;
    }
    if (peek() == '\r' && (at_ + 1 >= content_.size() || content_[at_ + 1] == '\n')) ++at_;
    if (peek() != '\n') fail(text("unexpected text after ", after), {});
    if (!at_end()) take();
  }

  [[noreturn]] void fail(const std::string& message, const std::string& hint) const {
    fail_at(line_, message, hint);
  }

  [[noreturn]] void fail_at(int line, const std::string& message, const std::string& hint) const {
    throw Error(ErrorKind::usage, message, text(path_, ':', line),
                hint.empty() ? "lines are KEY=VALUE, values with blanks or # in quotes" : hint);
  }

  void parse_line() {
    skip_blanks();
    if (peek() == '\n' || peek() == '\r' || peek() == '#') return finish_line("a blank");
    EnvEntry entry;
    entry.line = line_;
    entry.key = take_name();
    if (entry.key == "export" && is_blank(peek())) {
      skip_blanks();
      entry.key = take_name();
    }
    skip_blanks();
    if (entry.key.empty() || peek() != '=') fail("not a line of the form KEY=VALUE", {});
    ++at_;
    skip_blanks();
    const char quote = peek();
    if (quote == '\'' || quote == '`') {
      entry.value = take_verbatim(quote);
      finish_line("the closing quote");
    } else if (quote == '"') {
      entry.value = take_double_quoted();
      finish_line("the closing quote");
    } else {
      entry.value = take_bare();
      finish_line("the value");
    }
    entries_.push_back(std::move(entry));
  }

  std::string take_name() {
    const auto begin = at_;
    if (!is_name_start(peek())) return {};
    while (is_name_character(peek())) ++at_;
    return std::string(content_.substr(begin, at_ - begin));
  }

  std::string take_verbatim(char quote) {
    const int first_line = line_;
    std::string value;
    ++at_;
    while (!at_end()) {
      const char c = take();
      if (c == quote) return value;
      value += c;
    }
    fail_at(first_line, "the quote is never closed", {});
  }

  std::string take_double_quoted() {
    const int first_line = line_;
    std::string value;
    ++at_;
    while (!at_end()) {
      if (starts_reference()) {
        value += take_reference();
        continue;
      }
      const char c = take();
      if (c == '"') return value;
      if (c == '\\' && !at_end() && append_escape(value)) continue;
      value += c;
    }
    fail_at(first_line, "the quote is never closed", {});
  }

  // With the backslash taken: appends what a known escape means. Others are data, backslash and
  // all.
  bool append_escape(std::string& value) {
    constexpr std::string_view kEscapes = "nrt\"\\$";
    constexpr std::string_view kMeanings = "\n\r\t\"\\$";
    const auto known = kEscapes.find(peek());
    if (known == std::string_view::npos) return false;
    value += kMeanings[known];
    ++at_;
    return true;
  }

  std::string take_bare() {
    std::string value;
    while (peek() != '\n') {
      const bool comment = peek() == '#' && (value.empty() || is_blank(content_[at_ - 1]));
      if (comment) break;
      if (starts_reference()) {
        value += take_reference();
      } else {
        value += take();
      }
    }
    return std::string(trim(value));
  }

  bool starts_reference() const { return content_.substr(at_, 2) == "${"; }

  // ${NAME} or ${NAME:-default}, on one line.
  std::string take_reference() {
    at_ += 2;
    const std::string name = take_name();
    std::string fallback;
    if (content_.substr(at_, 2) == ":-") {
      at_ += 2;
      while (peek() != '}' && peek() != '\n') fallback += take();
    }
    if (name.empty() || peek() != '}') {
      fail("${ is not followed by a name and }", "write ${NAME}, or put the value into '...'");
    }
    ++at_;
    std::string value = value_of(name).value_or(fallback);
    // Lines that double one another would fill any memory.
    referenced_ += value.size();
    if (referenced_ > kMostReferenced) {
      fail("the values that references stand for are longer than 1 MiB together",
           "write the value out, or put what begins with ${ into '...'");
    }
    return value;
  }

  // Blank counts as absent, as everywhere in the settings.
  std::optional<std::string> value_of(const std::string& name) const {
    if (environment_) {
      if (auto value = environment_(name); value && !trim(*value).empty()) return value;
    }
    const auto found = std::find_if(entries_.rbegin(), entries_.rend(),
                                    [&](const EnvEntry& entry) { return entry.key == name; });
    if (found == entries_.rend() || found->value.empty()) return std::nullopt;
    return found->value;
  }

  std::string_view content_;
  const std::string& path_;
  const EnvironmentLookup& environment_;
  std::size_t at_ = 0;
  std::size_t referenced_ = 0;  // bytes that references were replaced by
  int line_ = 1;
  std::vector<EnvEntry> entries_;
};

}  // namespace

std::vector<EnvEntry> parse_env_file(std::string_view content, const std::string& path,
                                     const EnvironmentLookup& environment) {
  return Parser(content, path, environment).parse();
}

}  // namespace pgseed::cli
