// The grammar of JSON, walked without reading the values: simdjson would refuse what PostgreSQL
// keeps (40-digit numbers, 1e999, lone surrogate escapes, nesting beyond its limit).
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pgseed/json/reader.hpp"

namespace pgseed::json {
namespace {

// Which bracket is open at each level: a bit each, the first levels in place.
class Nesting {
 public:
  void open(bool object) {
    const std::size_t word = depth_ / 64;
    if (word >= kInPlace && word - kInPlace >= more_.size()) more_.push_back(0);
    const std::uint64_t bit = std::uint64_t{1} << (depth_ % 64);
    auto& bits = at(word);
    bits = object ? bits | bit : bits & ~bit;
    ++depth_;
  }
  void close() { --depth_; }
  bool empty() const { return depth_ == 0; }
  bool in_object() { return (at((depth_ - 1) / 64) >> ((depth_ - 1) % 64) & 1) != 0; }

 private:
  static constexpr std::size_t kInPlace = 8;
  std::uint64_t& at(std::size_t word) {
    return word < kInPlace ? first_[word] : more_[word - kInPlace];
  }
  std::array<std::uint64_t, kInPlace> first_ = {};
  std::vector<std::uint64_t> more_;
  std::size_t depth_ = 0;
};

// Where a string stops being plain: quote, backslash, control character.
constexpr std::array<bool, 256> kEndsPlainText = [] {
  std::array<bool, 256> table = {};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

class Walker {
 public:
  explicit Walker(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool one_value_and_no_more() {
    if (!value()) return false;
    while (!nesting_.empty()) {
      if (!after_value()) return false;
    }
    skip_blanks();
    return at_ == end_;
  }

 private:
  bool at_end() const { return at_ == end_; }

  void skip_blanks() {
    while (!at_end() && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }

  bool take(char c) {
    skip_blanks();
    if (at_end() || *at_ != c) return false;
    ++at_;
    return true;
  }

  // A scalar, or the opening of a container with its first value; an empty container is complete.
  bool value() {
    for (;;) {
      skip_blanks();
      if (at_end()) return false;
      switch (*at_) {
        case '{':
          ++at_;
          if (take('}')) return true;
          nesting_.open(true);
          if (!name()) return false;
          break;
        case '[':
          ++at_;
          if (take(']')) return true;
          nesting_.open(false);
          break;
        case '"':
          return string();
        case 't':
          return word("true");
        case 'f':
          return word("false");
        case 'n':
          return word("null");
        default:
          return number();
      }
    }
  }

  // Inside a container, behind one of its values: the next value or the end of the container.
  bool after_value() {
    const bool object = nesting_.in_object();
    if (take(',')) return (!object || name()) && value();
    if (!take(object ? '}' : ']')) return false;
    nesting_.close();
    return true;
  }

  bool name() {
    skip_blanks();
    return !at_end() && *at_ == '"' && string() && take(':');
  }

  bool string() {
    ++at_;
    for (;;) {
      while (!at_end() && !kEndsPlainText[static_cast<unsigned char>(*at_)]) ++at_;
      if (at_end()) return false;
      if (*at_ == '"') {
        ++at_;
        return true;
      }
      if (*at_ != '\\' || !escape()) return false;
    }
  }

  bool escape() {
    ++at_;
    if (at_end()) return false;
    const char c = *at_++;
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (int digits = 0; digits < 4; ++digits, ++at_) {
      if (at_end()) return false;
      const char d = *at_;
      if (!((d >= '0' && d <= '9') || (d >= 'a' && d <= 'f') || (d >= 'A' && d <= 'F')))
        return false;
    }
    return true;
  }

  bool word(std::string_view expected) {
    if (static_cast<std::size_t>(end_ - at_) < expected.size()) return false;
    if (std::string_view(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool digits() {
    const char* first = at_;
    while (!at_end() && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != first;
  }

  bool number() {
    if (*at_ == '-') ++at_;
    if (!at_end() && *at_ == '0') {
      ++at_;
    } else if (!digits()) {
      return false;
    }
    if (!at_end() && *at_ == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (!at_end() && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (!at_end() && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return false;
    }
    return true;
  }

  const char* at_;
  const char* end_;
  Nesting nesting_;
};

}  // namespace

bool is_embeddable(std::string_view text) {
  return is_utf8(text) && Walker(text).one_value_and_no_more();
}

}  // namespace pgseed::json
