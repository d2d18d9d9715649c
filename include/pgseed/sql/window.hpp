#pragma once
// A sliding window over the text of a dump: bytes come in blocks, the parser consumes them from the
// front. What the parser has not finished stays contiguous; memory is bounded by the longest piece
// that must be seen whole (a row or a statement head).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace pgseed::sql {

enum class Marked : std::uint8_t;
class TextMarks;

// Where the text comes from. Implemented above this layer (a file, standard input, a test).
class Input {
 public:
  virtual ~Input() = default;
  // The next bytes of the text, at most `space`; 0 at the end. Throws Error{input}, once all text
  // before what is wrong was given; one whose place is nothing but the name gets its line here.
  virtual std::size_t read(char* into, std::size_t space) = 0;
  // The text announced another encoding (PostgreSQL's name for it). `unread` was given by read()
  // and is not consumed: it comes back as UTF-8, and later read()s convert. Throws Error{usage} for
  // an unknown encoding, Error{input} for another one than what was read before is in; neither has
  // a place.
  virtual std::string switch_encoding(std::string_view encoding, std::string_view unread) = 0;
  // The number of the first line, for messages: 0 where a line stands before the file's own first.
  virtual std::uint64_t first_line() const { return 1; }
};

// Lines and columns count from 1; columns count characters, not bytes.
struct Place {
  std::uint64_t line = 1;
  std::uint64_t column = 1;
};

class Window {
 public:
  // name: for messages; longest_piece: bytes that may be unconsumed at once.
  Window(Input& input, std::string name, std::size_t longest_piece);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  // The unconsumed text. The pointers are valid until more() or switch_encoding().
  const char* begin() const { return buffer_.get() + first_; }
  const char* end() const { return buffer_.get() + last_; }
  // True when no byte follows end().
  bool final() const { return final_; }

  // Of the unconsumed text, until more() or switch_encoding(); null once a piece came that is too
  // long for it.
  TextMarks* marks() const { return marks_.get(); }
  // What they mark of it.
  void look_for(Marked marked);

  // Reads more text behind end(). Throws Error{input} when the unconsumed piece is too long.
  void more();
  // Reads on until the character at `position` is whole (or the text ends), for an error there.
  // Returns where the position is now.
  const char* settle(const char* position);
  // Everything before `position` is done with.
  void consume(const char* position);

  // Throws Error{input} when a byte before `position` is not UTF-8 or is NUL, with its place.
  void require_clean(const char* position);

  // For a dialect whose strings may hold any bytes, which never calls require_clean(): true if all
  // of [from, to) is UTF-8 without NUL. It is unconsumed text whose last byte is ASCII.
  bool is_clean(const char* from, const char* to) const;
  static bool is_clean(std::string_view text);

  // Throws Error{input} when the piece before `position` is too long, however the blocks fell.
  void require_short(const char* position) {
    if (static_cast<std::size_t>(position - begin()) >= longest_piece_) report_long();
  }

  // The line of a position inside the unconsumed text (or of its end). Positions must not go back
  // behind earlier consumed ones.
  std::uint64_t line_of(const char* position);
  Place place_of(const char* position);
  // "name:line:column".
  std::string where(const char* position);
  // The source line with a caret under the position, cut to 76 columns; two lines, or empty.
  std::string excerpt(const char* position) const;

  void switch_encoding(std::string_view encoding);

  // Bytes of UTF-8 text consumed so far.
  std::uint64_t consumed() const { return consumed_; }
  const std::string& name() const { return name_; }

 private:
  std::size_t read_input(char* into, std::size_t space);
  void examine(std::size_t from);
  [[noreturn]] void report_dirty();
  [[noreturn]] void report_long();
  // Moves what is unconsumed to the front of the buffer, which grows when it is nearly full.
  void make_room();
  // Reads until `wanted` bytes are in the buffer or the text ends, and looks for bad ones.
  void fill(std::size_t wanted);
  void reserve(std::size_t capacity);

  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };

  static constexpr std::size_t kBlock = std::size_t{128} * 1024;
  // Longer pieces are searched as they come: their marks would take half of their room again.
  static constexpr std::size_t kMostMarked = std::size_t{1} << 20;
  // How far a parser may look ahead of the piece that it reads.
  static constexpr std::size_t kLookAhead = 8;
  static constexpr std::size_t kClean = static_cast<std::size_t>(-1);

  Input& input_;
  std::string name_;
  std::size_t longest_piece_;
  std::unique_ptr<char, Free> buffer_;
  std::unique_ptr<TextMarks> marks_;  // of what is behind counted_, which stays there
  std::size_t capacity_ = 0;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  std::size_t examined_ = 0;  // bytes before this are checked as UTF-8
  // Offset of the first bad byte in the buffer; where there are marks, a NUL may be known to them
  // alone.
  std::size_t dirty_ = kClean;
  std::size_t counted_ = 0;        // newlines before this offset are in line_
  std::uint64_t column_base_ = 0;  // characters of the first line that have left the buffer
  std::uint64_t line_ = 1;
  std::uint64_t consumed_ = 0;
  bool final_ = false;
  bool at_start_ = true;
};

}  // namespace pgseed::sql
