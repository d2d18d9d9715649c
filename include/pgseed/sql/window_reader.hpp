#pragma once
// What the readers of all dialects share: a step reads one piece from the front of the window. One
// that runs out of text throws NeedMore; the window grows and the step begins again, from where the
// window was last consumed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/value.hpp"
#include "pgseed/sql/window.hpp"

namespace pgseed::sql {

class WindowReader : public DialectReader {
 public:
  std::string where_value(std::size_t index) const final;
  std::uint64_t consumed() const final { return window_.consumed(); }

 protected:
  // Of the file: text and nothing else, or strings and comments with any bytes in them.
  enum class Bytes { text, any };
  WindowReader(Input& input, std::string name, const ReaderOptions& options, Bytes bytes);

  // Throws what the step found wrong as Error{input} with its place.
  template <class Step>
  Piece next_piece(const Step& step) {
    for (;;) {
      try {
        arena_.reset();
        return step();
      } catch (const NeedMore&) {
        window_.more();
      } catch (const SyntaxProblem& problem) {
        fail(problem);
      }
    }
  }

  // The text before the position is read. Rows and statement heads come through here whole.
  void finish(const char* position) {
    if (bytes_ == Bytes::text) window_.require_clean(position);
    window_.require_short(position);
    window_.consume(position);
  }
  // Between statements nothing needs to stay in the window: what is skipped is consumed.
  template <class AnyCursor, class Skip>
  void skip_between(AnyCursor& at, const Skip& skip) {
    try {
      skip();
    } catch (const NeedMore&) {
      pass_over(at.position);
      throw;
    }
    pass_over(at.position);
  }

  // A statement begins here.
  void note_place(const char* position);
  // Its beginning may have to be kept; see scan_whole().
  void begin_whole_statement();
  // The head of rows that follow the statement's beginning, up to the position.
  void take_head(RowsHead fresh);
  void remember_head(const char* from, const char* to) { head_text_.assign(from, to); }
  // Dumps with one row per statement say the same thing again and again: the very text of the last
  // head, up to its first row, is that head. If it stands here: true, and moved past it.
  bool repeat_head(Cursor& at);
  void begin_rows(const Cursor& at);

  void begin_row();
  // The row begins there and has as many values as the others. hint: what else may be wrong.
  void check_count(const char* begin, const char* hint);
  void end_row(const char* begin, const Cursor& behind, std::uint64_t line);

  // Runs a scan to the statement's end, from where the last one ran out of text. A long statement's
  // beginning is kept, the rest passes by; one that never ends is reported where it began.
  template <class AnyCursor, class Scan>
  void scan_whole(AnyCursor& at, const Scan& scan) {
    at.position += scanned_;
    try {
      scan();
    } catch (const NeedMore&) {
      scanned_ = static_cast<std::size_t>(at.position - window_.begin());
      if (scanned_ > options_.kept_statement) keep_beginning(at.position);
      throw;
    } catch (SyntaxProblem& problem) {
      if (problem.at == at.end) never_ends(problem);
      throw;
    }
  }
  // Behind scan_whole(), text_end: fills all of `statement` but its kind. Its text may still be in
  // the window, before what is consumed, and stays there until more text is read.
  void take_statement(const char* text_end, const char* behind);
  // Moves the statement's text out of the window.
  void keep_statement();
  // As the statement announces it. Throws Error with its line.
  void switch_encoding(const std::string& wanted);

  void pass_over(const char* position);

  mutable Window window_;
  const ReaderOptions options_;
  Arena arena_;

  std::uint64_t statement_line_ = 0;
  const char* row_begin_ = nullptr;
  std::string head_text_;    // of the last INSERT; empty once another statement came between
  bool comma_done_ = false;  // nothing but a row may come next
  std::size_t values_in_row_ = 0;

 private:
  [[noreturn]] void fail(const SyntaxProblem& problem);
  void never_ends(SyntaxProblem& problem);
  void keep_beginning(const char* position);

  const Bytes bytes_;
  std::size_t scanned_ = 0;
  std::string kept_, statement_where_;
  bool cut_ = false;
};

// For messages and statements, which are text: what is none becomes a question mark.
std::string as_text(std::string_view bytes);

}  // namespace pgseed::sql
