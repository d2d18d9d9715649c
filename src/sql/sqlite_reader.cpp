#include <cstdint>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/sqlite_cursor.hpp"
#include "pgseed/sql/sqlite_spelling.hpp"
#include "pgseed/sql/sqlite_statement.hpp"
#include "pgseed/sql/sqlite_value.hpp"

namespace pgseed::sql {
namespace {

constexpr const char* kUndoubled = "look for a quote inside the text that is not doubled";

// One step reads one piece from the front of the window. A step that runs out of text throws
// NeedMore; the window grows and the step begins again, from where consume() last put it.
class SqliteReader final : public DialectReader {
 public:
  SqliteReader(Input& input, std::string name, const ReaderOptions& options)
      : window_(input, std::move(name), options.max_row_bytes), options_(options) {}

  Piece next() override {
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

  std::string where_value(std::size_t index) const override {
    const char* at = row_begin_;
    if (index < row.values.size()) {
      const char* const text = row.values[index].text.data();
      if (text != nullptr && text >= at && text < window_.end()) at = text;
    }
    // Counting lines moves the window's own counter, nothing that a caller could see.
    return window_.where(at);
  }

  std::uint64_t consumed() const override { return window_.consumed(); }

 private:
  enum class State { between, rows, tail, statement, shell_command };

  [[noreturn]] void fail(const SyntaxProblem& problem) {
    const char* const at = window_.settle(problem.at);
    window_.require_clean(at < window_.end() ? at + 1 : at);
    Error error(ErrorKind::input, problem.message, window_.where(at), problem.hint);
    error.excerpt = window_.excerpt(at);
    throw error;
  }

  SqliteCursor cursor() const {
    return {window_.begin(), window_.end(), window_.final(), window_.marks()};
  }

  // The text before the cursor is read. Rows and statement heads come through here whole.
  void finish(const Cursor& at) {
    window_.require_clean(at.position);
    window_.require_short(at.position);
    window_.consume(at.position);
  }

  Piece step() {
    for (;;) {
      switch (state_) {
        case State::between: {
          SqliteCursor at = cursor();
          skip_some_blanks(at);
          if (at.at_end()) return Piece::end;
          begin_statement(at);
          break;
        }
        case State::rows:
          return read_row();
        case State::tail:
          read_tail();
          break;
        case State::statement:
          return whole_statement();
        case State::shell_command:
          return shell_command();
      }
    }
  }

  // Between statements nothing needs to stay in the window: what is skipped is consumed.
  void skip_some_blanks(SqliteCursor& at) {
    const auto done = [&] {
      window_.require_clean(at.position);
      window_.consume(at.position);
    };
    try {
      at.skip_blanks();
    } catch (const NeedMore&) {
      done();
      throw;
    }
    done();
  }

  // --- the beginning of a statement
  // ---------------------------------------------------------------

  void begin_statement(SqliteCursor at) {
    if (has_quit_) {
      throw SyntaxProblem{at.position, "text behind .quit, which sqlite3 never reads",
                          "if it is wanted, take the .quit out; else cut the file there"};
    }
    statement_line_ = window_.line_of(at.position);
    if (!options_.rows) statement.column = window_.place_of(at.position).column;
    const char* const begin = at.position;
    if (options_.rows && repeat_head(at)) return;
    head_text_.clear();
    if (options_.rows && begin_insert(at)) return;
    scanner_ = {};
    scanned_ = 0;
    kept_.clear();
    cut_ = false;
    state_ = *begin == '.' ? State::shell_command : State::statement;
  }

  // At a statement: true if it is an INSERT or REPLACE with rows of values.
  bool begin_insert(SqliteCursor& at) {
    if (at.accept_word("INSERT")) {
      if (at.accept_word("OR")) {
        at.skip_blanks();
        read_word(at);  // REPLACE, IGNORE, ABORT, FAIL or ROLLBACK
      }
    } else if (!at.accept_word("REPLACE")) {
      return false;
    }
    if (!at.accept_word("INTO")) return false;
    RowsHead fresh;
    fresh.table = at.read_qualified_name();
    if (is_sqlite_table(fresh.table)) return false;
    if (at.accept_word("AS")) {
      std::string alias;
      at.read_name(alias);
    }
    if (at.accept('(')) {
      do {
        std::string column;
        if (!at.read_name(column)) {
          throw SyntaxProblem{at.position, "expected a column name", ""};
        }
        fresh.columns.push_back(std::move(column));
      } while (at.accept(','));
      at.require(')', "after the columns of INSERT");
      fresh.has_columns = true;
    }
    default_values_ = !fresh.has_columns && at.accept_word("DEFAULT");
    if (!at.accept_word("VALUES")) {
      if (default_values_) throw SyntaxProblem{at.position, "expected VALUES or a query", ""};
      return false;
    }
    if (default_values_) {
      fresh.has_columns = true;  // one row without any column
    } else {
      at.skip_blanks();
      if (at.peek() != '(') throw SyntaxProblem{at.position, "expected '(' after VALUES", ""};
    }
    spelling_.spell(fresh);
    fresh.number = head.number + 1;
    fresh.line = statement_line_;
    head = std::move(fresh);
    head_text_.assign(default_values_ ? at.position : window_.begin(), at.position);
    head_newlines_ = count_newlines(head_text_.data(), head_text_.data() + head_text_.size());
    begin_rows(at);
    head_is_repeated_ = false;
    return true;
  }

  void begin_rows(const Cursor& at) {
    finish(at);
    state_ = State::rows;
    values_in_row_ = 0;
    comma_done_ = true;
  }

  // Dumps have one row per statement and say the same thing again and again: the very text of the
  // last head, up to its first row, is that head.
  bool repeat_head(SqliteCursor& at) {
    const auto available = static_cast<std::size_t>(at.end - at.position);
    if (head_text_.empty() || available <= head_text_.size() ||
        at.position[head_text_.size()] != '(' ||
        std::string_view(at.position, head_text_.size()) != head_text_) {
      return false;
    }
    at.position += head_text_.size();
    ++head.number;
    head.line = statement_line_;
    begin_rows(at);
    head_is_repeated_ = true;
    return true;
  }

  // --- rows
  // -----------------------------------------------------------------------------------------

  Piece read_row() {
    row.values.clear();
    row.unsupported.clear();
    row.unsupported_line = 0;
    if (default_values_) {
      row.line = head.line;
      row_begin_ = window_.begin();
      state_ = State::tail;
      return Piece::row;
    }
    SqliteCursor at = cursor();
    if (!comma_done_) {
      if (!at.accept(',')) throw SyntaxProblem{at.position, "expected ',' or ';'", ""};
      at.skip_blanks();
      finish(at);
      comma_done_ = true;
    }
    at.skip_blanks();
    const char* const begin = at.position;
    if (at.peek() != '(') throw SyntaxProblem{begin, "expected '(' at the beginning of a row", ""};
    ++at.position;
    try {
      read_values(at);
    } catch (const Unsupported& problem) {
      const std::string what = problem.what;  // skipping may throw NeedMore: nothing is kept yet
      const char* const where = problem.at;
      at.position = begin;
      skip_row(at);
      row.unsupported = what;
      row.unsupported_line = window_.line_of(where);
    }
    if (row.unsupported.empty()) check_count(begin);
    // Behind the row: another one, the end, or a clause that follows the rows.
    at.skip_blanks();
    const char next = at.peek();
    State after = State::rows;
    if (next == ';') {
      ++at.position;
      after = State::between;
    } else if (next != ',') {
      if (at.at_end()) {
        throw SyntaxProblem{at.position, "the last statement has no ';' at its end",
                            "the file may be cut short; if it is whole, add the semicolon"};
      }
      after = State::tail;
    }
    // Right behind a head seen before nothing needs to be counted.
    const bool is_known = head_is_repeated_ && begin == window_.begin();
    row.line = is_known ? statement_line_ + head_newlines_ : window_.line_of(begin);
    head_is_repeated_ = false;
    row_begin_ = begin;
    finish(at);
    comma_done_ = false;
    state_ = after;
    return Piece::row;
  }

  // Behind '(': values up to and including ')'.
  void read_values(SqliteCursor& at) {
    std::size_t growth = options_.max_row_bytes;
    for (;;) {
      Value& value = row.values.emplace_back();
      while (at.peek() == ' ') ++at.position;
      // Most values are plain strings; they need none of the general reader.
      bool is_read = false;
      if (at.peek() == '\'') {
        const char* const opening = at.position;
        bool doubled = false;
        value.text = at.read_delimited(doubled);
        value.form = doubled ? Form::doubled_quotes : Form::verbatim;
        const char next = at.peek();
        is_read = next == ',' || next == ')';
        if (!is_read) at.position = opening;
      }
      if (!is_read) read_sqlite_value(at, arena_, value, growth);
      if (*at.position++ == ')') return;
    }
  }

  static void skip_row(SqliteCursor& at) {
    int depth = 0;
    do {
      at.skip_blanks();
      if (at.at_end()) throw SyntaxProblem{at.position, "a row is never closed", ""};
      if (at.peek() == ';') {
        throw SyntaxProblem{at.position, "a ';' inside a row",
                            "look for a quote or a parenthesis that is never closed"};
      }
      if (at.peek() == '(') ++depth;
      if (at.peek() == ')') --depth;
      at.skip_token();
    } while (depth > 0);
  }

  void check_count(const char* begin) {
    const std::size_t count = row.values.size();
    if (head.has_columns && count != head.columns.size()) {
      throw SyntaxProblem{begin,
                          text(count < head.columns.size() ? "too few" : "too many",
                               " values: ", count, " for ", head.columns.size(), " columns"),
                          kUndoubled};
    }
    if (values_in_row_ == 0) values_in_row_ = count;
    if (count != values_in_row_) {
      throw SyntaxProblem{begin,
                          text("the rows of one statement must be of one length: ", count,
                               " values where the first row has ", values_in_row_),
                          ""};
    }
  }

  // ON CONFLICT ..., RETURNING ... and the semicolon.
  void read_tail() {
    SqliteCursor at = cursor();
    at.skip_blanks();
    const char* const begin = at.position;
    const bool goes_on = at.peek() == ';' || (at.accept_word("ON") && at.accept_word("CONFLICT")) ||
                         at.accept_word("RETURNING");
    if (!goes_on) throw SyntaxProblem{begin, "expected ',' or ';' after a row", kUndoubled};
    SqliteStatementScanner tail;
    at.position = begin;
    tail.scan(at);
    finish(at);
    state_ = State::between;
  }

  // --- other statements
  // -----------------------------------------------------------------------------

  // A long statement: its beginning is kept, the rest passes by.
  void keep_beginning(const Cursor& at) {
    if (!cut_) {
      statement_where_ = window_.where(window_.begin());
      kept_.assign(window_.begin(), options_.kept_statement);
      kept_.resize(kept_.size() - incomplete_utf8_tail(kept_));
      cut_ = true;
    }
    window_.require_clean(at.position);
    window_.consume(at.position);
    scanned_ = 0;
  }

  Piece whole_statement() {
    SqliteCursor at = cursor();
    at.position += scanned_;
    try {
      scanner_.scan(at);
    } catch (const NeedMore&) {
      scanned_ = static_cast<std::size_t>(at.position - window_.begin());
      if (scanned_ > options_.kept_statement) keep_beginning(at);
      throw;
    } catch (SyntaxProblem& problem) {
      // What never ends is best looked for where it began.
      if (problem.at != at.end) throw;
      window_.require_clean(at.end);
      if (cut_) throw Error(ErrorKind::input, problem.message, statement_where_, problem.hint);
      problem.at = window_.begin();
      throw;
    }
    const auto length = static_cast<std::size_t>(at.position - window_.begin());
    if (cut_ || length > options_.kept_statement) keep_beginning(at);
    take_statement(at, at.position - 1);
    statement.kind = classify_sqlite(statement.text);
    if (statement.kind == StatementKind::ddl && !cut_) spelling_.note(statement.text);
    return Piece::statement;
  }

  // text_end: only for a statement that is not cut.
  void take_statement(const Cursor& at, const char* text_end) {
    statement.line = statement_line_;
    statement.cut = cut_;
    if (cut_) {
      statement.end_line = window_.line_of(at.position);
      statement.text = kept_;
    } else {
      const std::string_view written(window_.begin(),
                                     static_cast<std::size_t>(text_end - window_.begin()));
      statement.text = trim(written);
      statement.end_line = window_.line_of(at.position);
      finish(at);
    }
    state_ = State::between;
  }

  // A line of sqlite3's shell.
  Piece shell_command() {
    SqliteCursor at = cursor();
    at.position = find_byte(at.position, at.end, '\n');
    at.at_end();
    take_statement(at, at.position);
    statement.kind = classify_sqlite(statement.text);
    has_quit_ = statement.text == ".quit" || statement.text == ".exit";
    return Piece::statement;
  }

  mutable Window window_;
  ReaderOptions options_;
  Arena arena_;
  State state_ = State::between;
  SqliteSpelling spelling_;

  std::uint64_t statement_line_ = 0;
  const char* row_begin_ = nullptr;

  std::string head_text_;  // of the last INSERT; empty once another statement came between
  std::uint64_t head_newlines_ = 0;
  bool head_is_repeated_ = false;
  bool comma_done_ = false;  // nothing but a row may come next
  bool default_values_ = false;
  std::size_t values_in_row_ = 0;

  SqliteStatementScanner scanner_;
  std::size_t scanned_ = 0;
  std::string kept_, statement_where_;
  bool cut_ = false;
  bool has_quit_ = false;
};

}  // namespace

std::unique_ptr<DialectReader> make_sqlite_reader(Input& input, std::string name,
                                                  const ReaderOptions& options) {
  return std::make_unique<SqliteReader>(input, std::move(name), options);
}

}  // namespace pgseed::sql
