#include <cstdint>
#include <utility>

#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/sqlite_cursor.hpp"
#include "pgseed/sql/sqlite_spelling.hpp"
#include "pgseed/sql/sqlite_statement.hpp"
#include "pgseed/sql/sqlite_value.hpp"
#include "pgseed/sql/window_reader.hpp"

namespace pgseed::sql {
namespace {

constexpr const char* kUndoubled = "look for a quote inside the text that is not doubled";

class SqliteReader final : public WindowReader {
 public:
  SqliteReader(Input& input, std::string name, const ReaderOptions& options)
      : WindowReader(input, std::move(name), options, Bytes::text) {}

  Piece next() override {
    return next_piece([this] { return step(); });
  }

 private:
  enum class State { between, rows, tail, statement, shell_command };

  SqliteCursor cursor() const {
    return {window_.begin(), window_.end(), window_.final(), window_.marks()};
  }

  Piece step() {
    for (;;) {
      switch (state_) {
        case State::between: {
          SqliteCursor at = cursor();
          skip_between(at, [&] { at.skip_blanks(); });
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

  // --- the beginning of a statement
  // ---------------------------------------------------------------

  void begin_statement(SqliteCursor at) {
    if (has_quit_) {
      throw SyntaxProblem{at.position, "text behind .quit, which sqlite3 never reads",
                          "if it is wanted, take the .quit out; else cut the file there"};
    }
    note_place(at.position);
    const char* const begin = at.position;
    if (options_.rows && repeat_head(at)) {
      begin_rows(at);
      state_ = State::rows;
      head_is_repeated_ = true;
      return;
    }
    head_text_.clear();
    if (options_.rows && begin_insert(at)) return;
    scanner_ = {};
    begin_whole_statement();
    state_ = *begin == '.' ? State::shell_command : State::statement;
  }

  // At a statement: true if it is an INSERT or REPLACE with rows of values.
  bool begin_insert(SqliteCursor& at) {
    const char* rule = nullptr;
    if (at.accept_word("INSERT")) {
      if (at.accept_word("OR")) {
        at.skip_blanks();
        const std::string_view otherwise = read_word(at);  // ABORT, FAIL and ROLLBACK are errors
        if (equals_ignoring_case(otherwise, "REPLACE")) rule = "INSERT OR REPLACE";
        if (equals_ignoring_case(otherwise, "IGNORE")) rule = "INSERT OR IGNORE";
      }
    } else if (at.accept_word("REPLACE")) {
      rule = "REPLACE";
    } else {
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
    take_head(std::move(fresh));
    if (rule != nullptr) note_conflict_rule(rule);
    remember_head(default_values_ ? at.position : window_.begin(), at.position);
    head_newlines_ = count_newlines(head_text_.data(), head_text_.data() + head_text_.size());
    begin_rows(at);
    state_ = State::rows;
    head_is_repeated_ = false;
    return true;
  }

  // --- rows
  // -----------------------------------------------------------------------------------------

  Piece read_row() {
    begin_row();
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
      finish(at.position);
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
    if (row.unsupported.empty()) check_count(begin, kUndoubled);
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
    head_is_repeated_ = false;
    end_row(begin, at, is_known ? statement_line_ + head_newlines_ : window_.line_of(begin));
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

  // ON CONFLICT ..., RETURNING ... and the semicolon.
  void read_tail() {
    SqliteCursor at = cursor();
    at.skip_blanks();
    const char* const begin = at.position;
    const bool has_rule = at.accept_word("ON") && at.accept_word("CONFLICT");
    if (!has_rule && at.peek() != ';' && !at.accept_word("RETURNING")) {
      throw SyntaxProblem{begin, "expected ',' or ';' after a row", kUndoubled};
    }
    SqliteStatementScanner tail;
    at.position = begin;
    tail.scan(at);
    finish(at.position);
    if (has_rule) note_conflict_rule("ON CONFLICT");
    state_ = State::between;
  }

  // --- other statements
  // -----------------------------------------------------------------------------

  Piece whole_statement() {
    SqliteCursor at = cursor();
    scan_whole(at, [&] { scanner_.scan(at); });
    take_statement(at.position - 1, at.position);
    state_ = State::between;
    statement.kind = classify_sqlite(statement.text);
    if (statement.kind == StatementKind::ddl && !statement.cut) spelling_.note(statement.text);
    return Piece::statement;
  }

  // A line of sqlite3's shell.
  Piece shell_command() {
    SqliteCursor at = cursor();
    at.position = find_byte(at.position, at.end, '\n');
    at.at_end();
    take_statement(at.position, at.position);
    state_ = State::between;
    statement.kind = classify_sqlite(statement.text);
    has_quit_ = statement.text == ".quit" || statement.text == ".exit";
    return Piece::statement;
  }

  State state_ = State::between;
  SqliteSpelling spelling_;

  std::uint64_t head_newlines_ = 0;
  bool head_is_repeated_ = false;
  bool default_values_ = false;

  SqliteStatementScanner scanner_;
  bool has_quit_ = false;
};

}  // namespace

std::unique_ptr<DialectReader> make_sqlite_reader(Input& input, std::string name,
                                                  const ReaderOptions& options) {
  return std::make_unique<SqliteReader>(input, std::move(name), options);
}

}  // namespace pgseed::sql
