#include "pgseed/sql/rows.hpp"

#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/sql/copy.hpp"

namespace pgseed::sql {
namespace {

enum class State {
  between,
  insert_rows,
  insert_tail,
  copy_header,
  copy_rows,
  skip_copy,
  statement
};

}  // namespace

// One step reads one piece from the front of the window. A step that runs out of text throws
// NeedMore; the window grows and the step begins again, from where consume() last put it.
struct DumpReader::Impl {
  Impl(Input& input, std::string name, const ReaderOptions& options_)
      : window(input, std::move(name), options_.max_row_bytes), options(options_) {}

  Piece next() {
    for (;;) {
      try {
        arena.reset();
        return step();
      } catch (const NeedMore&) {
        window.more();
      } catch (const SyntaxProblem& problem) {
        fail(problem);
      }
    }
  }

  [[noreturn]] void fail(const SyntaxProblem& problem) {
    window.require_clean(problem.at + 1 <= window.end() ? problem.at + 1 : window.end());
    Error error(ErrorKind::input, problem.message, window.where(problem.at), problem.hint);
    error.excerpt = window.excerpt(problem.at);
    throw error;
  }

  Cursor cursor() const {
    return {window.begin(), window.end(), window.final(), backslash_is_data};
  }

  void finish(const Cursor& at) {
    window.require_clean(at.position);
    window.consume(at.position);
  }

  Piece step() {
    for (;;) {
      switch (state) {
        case State::between: {
          Cursor at = cursor();
          skip_some_blanks(at);
          if (at.at_end()) return Piece::end;
          begin_statement(at);
          break;
        }
        case State::insert_rows:
          return insert_row();
        case State::insert_tail:
          return end_of_insert();
        case State::copy_header:
        case State::copy_rows:
          if (copy_row()) return Piece::row;
          break;
        case State::skip_copy:
          skip_copy_data();
          break;
        case State::statement:
          return whole_statement();
      }
    }
  }

  // Between statements nothing needs to stay in the window: what is skipped is consumed.
  void skip_some_blanks(Cursor& at) {
    try {
      skip_blanks(at);
    } catch (const NeedMore&) {
      finish(at);
      throw;
    }
    finish(at);
  }

  // --- the beginning of a statement
  // -----------------------------------------------------------------

  void begin_statement(Cursor at) {
    statement_line = window.line_of(at.position);
    const char* const begin = at.position;
    if (options.rows && accept_word(at, "INSERT") && begin_insert(at)) return;
    at.position = begin;
    if (accept_word(at, "COPY") && begin_copy(at)) return;
    scanner = {};
    scanned = 0;
    kept.clear();
    cut = false;
    state = State::statement;
  }

  // Behind INSERT: true if rows of literals follow VALUES.
  bool begin_insert(Cursor& at) {
    if (!accept_word(at, "INTO")) return false;
    RowsHead fresh;
    fresh.table = read_qualified_name(at);
    if (accept_word(at, "AS")) {
      std::string alias;
      read_identifier(at, alias);
    }
    if (accept(at, '(')) {
      if (accept_word(at, "SELECT") || accept_word(at, "WITH") || accept_word(at, "VALUES") ||
          accept_word(at, "TABLE")) {
        return false;
      }
      do {
        std::string column;
        if (!read_identifier(at, column)) {
          throw SyntaxProblem{at.position, "expected a column name", ""};
        }
        skip_blanks(at);
        if (at.peek() == '[' || at.peek() == '.') return false;  // assigns to a part of a column
        fresh.columns.push_back(std::move(column));
      } while (accept(at, ','));
      require(at, ')', "after the columns of INSERT");
      fresh.has_columns = true;
    }
    if (accept_word(at, "OVERRIDING")) {
      fresh.overriding_system = accept_word(at, "SYSTEM");
      if (!fresh.overriding_system) accept_word(at, "USER");
      if (!accept_word(at, "VALUE")) {
        throw SyntaxProblem{at.position, "expected VALUE after OVERRIDING", ""};
      }
    }
    if (accept_word(at, "DEFAULT")) {
      if (!accept_word(at, "VALUES")) return false;
      fresh.has_columns = true;  // one row without any column
      default_values = true;
    } else if (!accept_word(at, "VALUES")) {
      return false;
    } else {
      skip_blanks(at);
      if (at.peek() != '(') throw SyntaxProblem{at.position, "expected '(' after VALUES", ""};
      default_values = false;
    }
    take_head(std::move(fresh));
    finish(at);
    state = State::insert_rows;
    values_in_row = 0;
    first_row = true;
    return true;
  }

  bool begin_copy(Cursor& at) {
    CopyHead copy;
    if (!read_copy_head(at, copy)) return false;
    // psql takes the data from the line after the semicolon.
    while (at.peek() == ' ' || at.peek() == '\t' || at.peek() == '\r') ++at.position;
    if (at.at_end()) {
      throw SyntaxProblem{window.begin(), "the data of COPY is missing",
                          "the file may be cut short"};
    }
    if (at.peek() != '\n') {
      throw SyntaxProblem{at.position, "text after COPY ... FROM stdin; on the same line", ""};
    }
    ++at.position;
    RowsHead fresh;
    fresh.table = std::move(copy.table);
    fresh.columns = std::move(copy.columns);
    fresh.has_columns = copy.has_columns;
    fresh.is_copy = true;
    format = std::move(copy.format);
    line_end = LineEnd::undecided;
    take_head(std::move(fresh));
    finish(at);
    values_in_row = 0;
    state = !options.rows   ? State::skip_copy
            : format.header ? State::copy_header
                            : State::copy_rows;
    return true;
  }

  void take_head(RowsHead fresh) {
    fresh.number = head.number + 1;
    fresh.line = statement_line;
    if (!fresh.table.schema && !search_path.empty()) fresh.table.schema = search_path;
    head = std::move(fresh);
  }

  // --- rows
  // -------------------------------------------------------------------------------------------

  Piece insert_row() {
    row.values.clear();
    row.unsupported.clear();
    if (default_values) {
      row.line = head.line;
      row_begin = window.begin();
      state = State::insert_tail;
      return Piece::row;
    }
    Cursor at = cursor();
    if (!first_row) {
      if (!accept(at, ',')) throw SyntaxProblem{at.position, "expected ',' or ';'", ""};
    }
    skip_blanks(at);
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
      row.unsupported_line = window.line_of(where);
    }
    if (row.unsupported.empty()) check_count(begin);
    // Behind the row: another one, the end, or a clause that follows the rows.
    skip_blanks(at);
    const char next = at.peek();
    if (next != ',') {
      if (at.at_end()) {
        throw SyntaxProblem{at.position, "the last statement has no ';' at its end",
                            "the file may be cut short; if it is whole, add the semicolon"};
      }
      state = State::insert_tail;
    }
    row.line = window.line_of(begin);
    row_begin = begin;
    first_row = false;
    window.require_clean(at.position);
    window.consume(at.position);
    return Piece::row;
  }

  // Behind '(': values up to and including ')'.
  void read_values(Cursor& at) {
    for (;;) {
      Value& value = row.values.emplace_back();
      while (at.peek() == ' ') ++at.position;
      // Most values are plain strings; they need none of the general reader.
      if (at.peek() == '\'' && at.backslash_is_data) {
        const char* const opening = at.position;
        bool has_quotes = false;
        value.text = read_quoted(at, false, has_quotes);
        value.form = has_quotes ? Form::doubled_quotes : Form::verbatim;
        const char next = at.peek();
        if (next != ',' && next != ')') {
          at.position = opening;
          read_value(at, arena, value);
        }
      } else {
        read_value(at, arena, value);
      }
      if (*at.position++ == ')') return;
    }
  }

  void skip_row(Cursor& at) {
    int depth = 0;
    do {
      skip_blanks(at);
      if (at.at_end()) throw SyntaxProblem{at.position, "a row is never closed", ""};
      if (at.peek() == '(') ++depth;
      if (at.peek() == ')') --depth;
      skip_token(at);
    } while (depth > 0);
  }

  void check_count(const char* begin) {
    const std::size_t count = row.values.size();
    if (head.has_columns && count != head.columns.size()) {
      throw SyntaxProblem{
          begin,
          text(count < head.columns.size() ? "too few" : "too many", " values: ", count, " for ",
               head.columns.size(), " columns"),
          head.is_copy ? "" : "look for a quote inside the text that is not doubled"};
    }
    if (values_in_row == 0) values_in_row = count;
    if (count != values_in_row) {
      throw SyntaxProblem{begin,
                          text("the rows of one statement must be of one length: ", count,
                               " values where the first row has ", values_in_row),
                          ""};
    }
  }

  // ON CONFLICT ..., RETURNING ... and the semicolon.
  Piece end_of_insert() {
    Cursor at = cursor();
    skip_blanks(at);
    const char* const begin = at.position;
    if (at.peek() != ';' && !accept_word(at, "ON") && !accept_word(at, "RETURNING")) {
      // VALUES (...) UNION ..., ORDER BY ...: no plain rows after all.
      throw SyntaxProblem{begin, "expected ',' or ';' after a row",
                          "look for a quote inside the text that is not doubled"};
    }
    StatementScanner tail;
    at.position = begin;
    tail.scan(at);
    finish(at);
    state = State::between;
    return step();
  }

  bool copy_row() {
    Cursor at = cursor();
    const char* const begin = at.position;
    row.values.clear();
    row.unsupported.clear();
    if (read_copy_line(at, format, line_end, arena, row.values) == CopyLine::end) {
      finish(at);
      state = State::between;
      return false;
    }
    if (state == State::copy_header) {
      finish(at);
      state = State::copy_rows;
      return false;
    }
    // A table without columns: every line is a row of none.
    if (head.has_columns && head.columns.empty()) row.values.clear();
    check_count(begin);
    row.line = window.line_of(begin);
    row_begin = begin;
    window.require_clean(at.position);
    window.consume(at.position);
    return true;
  }

  void skip_copy_data() {
    Cursor at = cursor();
    while (read_copy_line(at, format, line_end, arena, row.values) == CopyLine::row) {
      finish(at);
      arena.reset();
    }
    finish(at);
    state = State::between;
  }

  // --- other statements
  // -------------------------------------------------------------------------------

  Piece whole_statement() {
    Cursor at = cursor();
    at.position += scanned;
    try {
      scanner.scan(at);
    } catch (const NeedMore&) {
      scanned = static_cast<std::size_t>(at.position - window.begin());
      if (scanned > kKeptStatement) {  // long: keep its beginning only
        if (kept.empty()) kept.assign(window.begin(), kKeptStatement);
        cut = true;
        window.require_clean(at.position);
        window.consume(at.position);
        scanned = 0;
      }
      throw;
    }
    std::string_view whole(window.begin(), static_cast<std::size_t>(at.position - window.begin()));
    if (!cut) {
      if (!whole.empty() && whole.back() == ';') whole.remove_suffix(1);
      while (!whole.empty() && is_space(whole.back())) whole.remove_suffix(1);
    }
    statement.text = cut ? std::string_view(kept) : whole;
    statement.cut = cut;
    statement.line = statement_line;
    statement.end_line = window.line_of(at.position);
    statement.kind = classify(statement.text, backslash_is_data);
    if (scanner.saw_meta_command() && statement.text.substr(0, 1) != "\\") {
      statement.kind = StatementKind::meta_command;
    }
    apply_setting();
    window.require_clean(at.position);
    window.consume(at.position);
    if (!new_encoding.empty()) {
      // The statement's text lies before the consumed end, which stays as it is.
      kept.assign(statement.text);
      statement.text = kept;
      window.switch_encoding(std::exchange(new_encoding, {}));
    }
    state = State::between;
    return Piece::statement;
  }

  void apply_setting() {
    if (cut || (statement.kind != StatementKind::session)) return;
    const std::optional<Setting> setting = read_setting(statement.text);
    if (!setting) return;
    const std::string value = to_lower(setting->value);
    if (setting->name == "standard_conforming_strings") {
      backslash_is_data = !(value == "off" || value == "false" || value == "0" || value == "no");
    } else if (setting->name == "client_encoding") {
      new_encoding = setting->value;
      encoding = setting->value;
    } else if (setting->name == "search_path") {
      search_path = value == "pg_catalog" || value == "$user" ? "" : setting->value;
    } else if (setting->name == "timezone") {
      time_zone = value == "default" || value == "local" ? "" : setting->value;
    } else if (setting->name == "datestyle") {
      if (value.find("dmy") != std::string::npos || value.find("ymd") != std::string::npos ||
          value.find("euro") != std::string::npos) {
        statement.kind = StatementKind::unknown;
      }
    }
  }

  Window window;
  ReaderOptions options;
  Arena arena;
  State state = State::between;
  bool backslash_is_data = true;
  std::string search_path, time_zone, encoding, new_encoding;

  RowsHead head;
  Row row;
  Statement statement;
  std::uint64_t statement_line = 0;
  const char* row_begin = nullptr;

  bool first_row = false;
  bool default_values = false;
  std::size_t values_in_row = 0;
  CopyFormat format;
  LineEnd line_end = LineEnd::undecided;

  StatementScanner scanner;
  std::size_t scanned = 0;
  std::string kept;
  bool cut = false;
};

DumpReader::DumpReader(Input& input, std::string name, const ReaderOptions& options)
    : impl_(std::make_unique<Impl>(input, std::move(name), options)) {}
DumpReader::~DumpReader() = default;

Piece DumpReader::next() {
  return impl_->next();
}
const RowsHead& DumpReader::head() const {
  return impl_->head;
}
const Row& DumpReader::row() const {
  return impl_->row;
}
const Statement& DumpReader::statement() const {
  return impl_->statement;
}
const std::string& DumpReader::time_zone() const {
  return impl_->time_zone;
}
const std::string& DumpReader::encoding() const {
  return impl_->encoding;
}
std::uint64_t DumpReader::consumed() const {
  return impl_->window.consumed();
}

std::string DumpReader::where_value(std::size_t index) const {
  const char* at = impl_->row_begin;
  if (index < impl_->row.values.size()) {
    const char* const text = impl_->row.values[index].text.data();
    if (text != nullptr && text >= at && text < impl_->window.end()) at = text;
  }
  return impl_->window.where(at);
}

}  // namespace pgseed::sql
