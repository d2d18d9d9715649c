#pragma once
// Python source as text: enough of its lexical rules to find the statements at column 0 and to read
// string literals. Python is not run. Private to the readers of Alembic's files.
#include <cstdint>
#include <string>
#include <string_view>

namespace pgseed::migrate::python {

struct Literal {
  std::string value;
  bool is_text = true;  // false: bytes or an f-string, whose value is not known here
};

class Scanner {
 public:
  // Keeps the text with LF line ends and without a byte order mark. `path` is for errors and must
  // outlive the scanner.
  Scanner(std::string_view text, const std::string& path);

  // Moves to the next logical line that begins at column 0; false at the end. Lines inside strings
  // and brackets, blank ones, comments and indented ones are passed over.
  bool next_line();

  bool at_end() const { return at_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void advance() {
    if (at_ < text_.size() && text_[at_++] == '\n') ++line_;
  }
  std::uint64_t line() const { return line_; }

  // Blanks, comments, lines joined by a backslash; newlines, too, inside brackets.
  void skip_blanks(bool newlines);
  // The identifier here; empty if there is none.
  std::string_view read_name();
  bool at_string() const;
  // String literals beside each other, which Python joins, and the blanks behind them.
  Literal read_strings(bool in_brackets);
  // Moves over strings and whole brackets to the first of `stops` or the end of the logical line;
  // returns what stands there, 0 at the end of the text.
  char skip_to(std::string_view stops);

  // Throws Error{input} with path:line.
  [[noreturn]] void fail(const std::string& message, std::uint64_t line,
                         const std::string& hint = "") const;

 private:
  void read_string(Literal& into);
  void append_escape(std::string& out);

  std::string text_;
  const std::string& path_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;
};

}  // namespace pgseed::migrate::python
