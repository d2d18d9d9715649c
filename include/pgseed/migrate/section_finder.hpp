#pragma once
// The comments of an SQL file that may begin a section, and how such a file is read at all. Pure.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/sql/cursor.hpp"

namespace pgseed::migrate {

// The text without a byte order mark. Throws Error{input} for what is not UTF-8 or holds a NUL.
std::string_view checked_text(std::string_view content, const std::string& path);

// Throws Error{input} at a position inside `text`, whose first line has the number `first_line`.
[[noreturn]] void fail_at(std::string_view text, const std::string& path, std::uint64_t first_line,
                          const char* at, std::string message, std::string hint);

// A "--" comment at column 0, outside quotes, dollar quotes, /* */ and the data of COPY.
struct LineComment {
  std::string_view text;     // with its dashes, without the line end
  std::size_t begin = 0;     // offset of the dashes
  std::size_t behind = 0;    // offset of the next line
  std::uint64_t line = 0;    // its number
  bool is_indented = false;  // only when asked for
};

// Walks through the tokens of a text from comment to comment; statements are not looked at, so one
// without its semicolon may stand before a marker. `text` and `path` outlive the finder.
class CommentFinder {
 public:
  CommentFinder(std::string_view text, const std::string& path, std::uint64_t first_line = 1);

  // The next one, nullopt at the end. Throws Error{input} for a quote, dollar quote or comment that
  // is not closed, and for COPY data without its end.
  std::optional<LineComment> next();

  // From here on also comments with nothing but blanks before them on their line.
  void find_indented() { finds_indented_ = true; }

  // The comment found last ends whatever statement was open.
  void begin_section();

 private:
  std::optional<LineComment> find();
  void skip_line();
  void skip_word();
  void skip_block_comment();
  void skip_copy_data();
  bool stands_alone(const char* comment) const;
  LineComment comment_at(const char* begin);

  std::string_view text_;
  const std::string& path_;
  std::uint64_t first_line_;
  sql::Cursor cursor_;
  const char* counted_;  // the newlines before this are in line_
  std::uint64_t line_;
  bool finds_indented_ = false;
  bool at_statement_start_ = true;
  const char* copy_ = nullptr;  // the COPY whose data follows its semicolon
};

}  // namespace pgseed::migrate
