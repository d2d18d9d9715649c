#pragma once
// A part of a file as the input of a reader that shall count lines as the file has them.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "pgseed/sql/window.hpp"

namespace pgseed::migrate {

// The text behind as many line ends as stand before it in the file.
class SectionInput : public sql::Input {
 public:
  SectionInput(std::string text, std::uint64_t first_line)
      : text_(std::move(text)), lines_before_(first_line > 0 ? first_line - 1 : 0) {}

  std::size_t read(char* into, std::size_t space) override {
    if (lines_before_ > 0) {
      const std::size_t count = std::min<std::uint64_t>(space, lines_before_);
      std::memset(into, '\n', count);
      lines_before_ -= count;
      return count;
    }
    const std::size_t count = std::min(space, text_.size() - at_);
    std::memcpy(into, text_.data() + at_, count);
    at_ += count;
    return count;
  }

  // Migrations are UTF-8 whatever they set.
  std::string switch_encoding(std::string_view, std::string_view unread) override {
    return std::string(unread);
  }

 private:
  std::string text_;
  std::uint64_t lines_before_;
  std::size_t at_ = 0;
};

}  // namespace pgseed::migrate
