#include "pgseed/sql/rows.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/copy.hpp"
#include "pgseed/sql/text_marks.hpp"
#include "pgseed/sql/usual.hpp"

namespace pgseed::sql {
namespace {

enum class State {
  between,
  insert_rows,
  insert_tail,
  copy_header,
  copy_rows,
  skip_copy,
  skip_lines,
  statement
};

}  // namespace

bool means_off(std::string_view value) {
  static constexpr std::array<std::string_view, 7> kWords = {"off", "of", "false", "f",
                                                             "no",  "n",  "0"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return equals_ignoring_case(value, word); });
}

namespace {

// One step reads one piece from the front of the window. A step that runs out of text throws
// NeedMore; the window grows and the step begins again, from where consume() last put it.
class PostgresqlReader final : public DialectReader {
 public:
  PostgresqlReader(Input& input, std::string name, const ReaderOptions& options_)
      : window(input, std::move(name), options_.max_row_bytes), options(options_) {}

  Piece next() override {
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

  std::string where_value(std::size_t index) const override {
    const char* at = row_begin;
    if (index < row.values.size()) {
      const char* const text = row.values[index].text.data();
      if (text != nullptr && text >= at && text < window.end()) at = text;
    }
    // Counting lines moves the window's own counter, nothing that a caller could see.
    return window.where(at);
  }

  std::uint64_t consumed() const override { return window.consumed(); }

 private:
  [[noreturn]] void fail(const SyntaxProblem& problem) {
    const char* const at = window.settle(problem.at);
    window.require_clean(at < window.end() ? at + 1 : at);
    Error error(ErrorKind::input, problem.message, window.where(at), problem.hint);
    error.excerpt = window.excerpt(at);
    throw error;
  }

  Cursor cursor() const {
    return {window.begin(), window.end(), window.final(), backslash_is_data, window.marks()};
  }

  // The text before the cursor is read. Rows and statement heads come through here whole.
  void finish(const Cursor& at) {
    window.require_clean(at.position);
    window.require_short(at.position);
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
        case State::skip_lines:
          skip_lines();
          break;
        case State::statement:
          return whole_statement();
      }
    }
  }

  // Between statements nothing needs to stay in the window: what is skipped is consumed.
  void skip_some_blanks(Cursor& at) {
    const auto done = [&] {
      window.require_clean(at.position);
      window.consume(at.position);
    };
    try {
      skip_blanks(at);
    } catch (const NeedMore&) {
      done();
      throw;
    }
    done();
  }

  // --- the beginning of a statement
  // -----------------------------------------------------------------

  void begin_statement(Cursor at) {
    statement_line = window.line_of(at.position);
    if (!options.rows) statement.column = window.place_of(at.position).column;
    const char* const begin = at.position;
    if (options.rows && repeat_head(at)) return;
    head_text.clear();
    if (options.rows && accept_word(at, "INSERT") && begin_insert(at)) return;
    at.position = begin;
    lines_follow = false;
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
      skip_blanks(at);
      if (at.peek() == '(' || accept_word(at, "SELECT") || accept_word(at, "WITH") ||
          accept_word(at, "TABLE")) {
        return false;
      }
      // A column may be called values.
      const Cursor before = at;
      if (accept_word(at, "VALUES") && accept(at, '(')) return false;
      at = before;
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
      fresh.overriding_user = !fresh.overriding_system && accept_word(at, "USER");
      if (!accept_word(at, "VALUE")) {
        throw SyntaxProblem{at.position, "expected VALUE after OVERRIDING", ""};
      }
    }
    if (accept_word(at, "DEFAULT")) {
      if (fresh.has_columns || !accept_word(at, "VALUES")) {
        throw SyntaxProblem{at.position, "expected VALUES or a query", ""};
      }
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
    head_text.assign(default_values ? at.position : window.begin(), at.position);
    begin_rows(at);
    return true;
  }

  void begin_rows(const Cursor& at) {
    finish(at);
    state = State::insert_rows;
    values_in_row = 0;
    comma_done = true;
  }

  // Dumps with one row per statement say the same thing again and again: the very text of the last
  // head, up to its first row, is that head.
  bool repeat_head(Cursor& at) {
    const auto available = static_cast<std::size_t>(at.end - at.position);
    if (head_text.empty() || available <= head_text.size() ||
        at.position[head_text.size()] != '(' ||
        std::string_view(at.position, head_text.size()) != head_text) {
      return false;
    }
    at.position += head_text.size();
    ++head.number;
    head.line = statement_line;
    begin_rows(at);
    return true;
  }

  bool begin_copy(Cursor& at) {
    CopyHead copy;
    if (!read_copy_head(at, copy)) {
      lines_follow = copy.lines_follow;
      return false;
    }
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
    if (!format.csv && format.delimiter == '\t') window.look_for(Marked::copy_fields);
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
    row.unsupported_line = 0;
    row.source = {};
    if (default_values) {
      row.line = head.line;
      row_begin = window.begin();
      state = State::insert_tail;
      return Piece::row;
    }
    Cursor at = cursor();
    if (skip_to_usual_row(at, comma_done)) {
      finish(at);
      comma_done = true;
    } else {
      to_row(at);
    }
    const char* const begin = at.position++;
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
    if (row.unsupported.empty()) {
      check_count(begin);
      // Which of the values are for identity columns, and thus unused, only the server knows.
      if (head.overriding_user) {
        row.unsupported = "OVERRIDING USER VALUE";
        row.unsupported_line = head.line;
      }
    }
    row.source = {begin, static_cast<std::size_t>(at.position - begin)};
    // Behind the row: another one, the end, or a clause that follows the rows.
    if (!at_byte(at, ',')) skip_blanks(at);
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
    comma_done = false;
    finish(at);
    return Piece::row;
  }

  // To the '(' of the next row. Comments on the way do not stay in the window.
  void to_row(Cursor& at) {
    if (!comma_done) {
      if (!accept(at, ',')) throw SyntaxProblem{at.position, "expected ',' or ';'", ""};
      skip_blanks(at);
      finish(at);
      comma_done = true;
    }
    skip_blanks(at);
    if (at.peek() != '(') {
      throw SyntaxProblem{at.position, "expected '(' at the beginning of a row", ""};
    }
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
        if (!ends_value(at.peek())) {
          at.position = opening;
          read_value(at, arena, value);
        }
      } else if (!read_usual_literal(at, value)) {
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
      if (at.peek() == ';') {
        throw SyntaxProblem{at.position, "a ';' inside a row",
                            "look for a quote or a parenthesis that is never closed"};
      }
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
    const bool goes_on = at.peek() == ';' ||
                         (accept_word(at, "ON") && accept_word(at, "CONFLICT")) ||
                         accept_word(at, "RETURNING");
    if (!goes_on) {
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
    row.source = {};
    if (read_copy_line(at, format, line_end, arena, row.values) == CopyLine::end) {
      end_copy(at);
      return false;
    }
    if (state == State::copy_header) {
      if (format.header_match) check_header(begin);
      finish(at);
      state = State::copy_rows;
      return false;
    }
    check_count(begin);
    row.line = window.line_of(begin);
    row_begin = begin;
    finish(at);
    return true;
  }

  void skip_copy_data() {
    Cursor at = cursor();
    while (read_copy_line(at, format, line_end, arena, row.values) == CopyLine::row) {
      finish(at);
      arena.reset();
    }
    end_copy(at);
  }

  void end_copy(const Cursor& at) {
    finish(at);
    window.look_for(Marked::quotes);
    state = State::between;
  }

  void check_header(const char* begin) {
    std::vector<std::string> names;
    for (const Value& value : row.values) {
      names.push_back(value.form == Form::null ? "" : decoded(value));
    }
    if (head.has_columns && names != head.columns) {
      throw SyntaxProblem{begin, "the header line does not name the columns of the COPY", ""};
    }
  }

  // The lines of a COPY that cannot be read, down to its end marker: no SQL.
  void skip_lines() {
    Cursor at = cursor();
    for (;;) {
      const char* const newline = find_byte(at.position, at.end, '\n');
      if (newline == at.end) {
        if (at.final) {
          throw SyntaxProblem{at.position, "the data of COPY ends without '\\.'",
                              "the file is cut short; dump it again"};
        }
        finish(at);
        throw NeedMore{};
      }
      std::string_view line(at.position, static_cast<std::size_t>(newline - at.position));
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      at.position = newline + 1;
      if (line == "\\.") break;
      finish(at);
    }
    finish(at);
    state = State::between;
  }

  // --- other statements
  // -------------------------------------------------------------------------------

  // A long statement: its beginning is kept, the rest passes by.
  void keep_beginning(const Cursor& at) {
    if (!cut) {
      statement_where = window.where(window.begin());
      kept.assign(window.begin(), options.kept_statement);
      kept.resize(kept.size() - incomplete_utf8_tail(kept));
      cut = true;
    }
    window.require_clean(at.position);
    window.consume(at.position);
    scanned = 0;
  }

  Piece whole_statement() {
    Cursor at = cursor();
    at.position += scanned;
    try {
      scanner.scan(at);
    } catch (const NeedMore&) {
      scanned = static_cast<std::size_t>(at.position - window.begin());
      if (scanned > options.kept_statement) keep_beginning(at);
      throw;
    } catch (SyntaxProblem& problem) {
      // What never ends is best looked for where it began.
      if (problem.at != at.end) throw;
      window.require_clean(at.end);
      if (cut) throw Error(ErrorKind::input, problem.message, statement_where, problem.hint);
      problem.at = window.begin();
      throw;
    }
    statement.end_line = window.line_of(at.position);
    std::string_view whole(window.begin(), static_cast<std::size_t>(at.position - window.begin()));
    if (cut || whole.size() > options.kept_statement) {
      keep_beginning(at);
      whole = kept;
    } else {
      if (!whole.empty() && whole.back() == ';') whole.remove_suffix(1);
      while (!whole.empty() && is_space(whole.back())) whole.remove_suffix(1);
      finish(at);
    }
    statement.text = whole;
    statement.cut = cut;
    statement.line = statement_line;
    statement.kind = classify(statement.text, backslash_is_data);
    if (scanner.saw_meta_command() && statement.text.substr(0, 1) != "\\") {
      statement.kind = StatementKind::meta_command;
    }
    apply_setting();
    if (!new_encoding.empty()) {
      // The statement's text lies before the consumed end, which stays as it is.
      kept.assign(statement.text);
      statement.text = kept;
      window.switch_encoding(std::exchange(new_encoding, {}));
    }
    state = lines_follow || copies_from_script() ? State::skip_lines : State::between;
    return Piece::statement;
  }

  // psql's \\copy ... from stdin takes the lines that follow it as data.
  bool copies_from_script() const {
    if (statement.text.substr(0, 5) != "\\copy") return false;
    return to_lower(statement.text).find(" from stdin") != std::string::npos;
  }

  void apply_setting() {
    if (cut || (statement.kind != StatementKind::session)) return;
    const std::optional<Setting> setting = read_setting(statement.text);
    if (!setting) return;
    const std::string value = to_lower(setting->value);
    const bool is_default = value == "default";
    if (setting->name == "standard_conforming_strings") {
      backslash_is_data = !means_off(value);
    } else if (setting->name == "client_encoding") {
      encoding = is_default ? "UTF8" : setting->value;
      new_encoding = encoding;
    } else if (setting->name == "search_path") {
      const bool no_schema = is_default || value == "pg_catalog" || value == "$user";
      search_path = no_schema ? "" : setting->value;
    } else if (setting->name == "timezone") {
      time_zone = is_default || value == "local" ? "" : setting->value;
    } else if (setting->name == "datestyle") {
      for (const std::string_view order : {"dmy", "ymd", "euro", "german"}) {
        const bool non_european = order == "euro" && value.find("noneuro") != std::string::npos;
        if (value.find(order) != std::string::npos && !non_european) {
          statement.kind = StatementKind::unknown;
        }
      }
    }
  }

  mutable Window window;
  ReaderOptions options;
  Arena arena;
  State state = State::between;
  bool backslash_is_data = true;
  std::string new_encoding;

  std::uint64_t statement_line = 0;
  const char* row_begin = nullptr;

  std::string head_text;    // of the last INSERT; empty once another statement came between
  bool comma_done = false;  // nothing but a row may come next
  bool default_values = false;
  bool lines_follow = false;  // behind a COPY that cannot be read
  std::size_t values_in_row = 0;
  CopyFormat format;
  LineEnd line_end = LineEnd::undecided;

  StatementScanner scanner;
  std::size_t scanned = 0;
  std::string kept, statement_where;
  bool cut = false;
};

}  // namespace

std::unique_ptr<DialectReader> make_postgresql_reader(Input& input, std::string name,
                                                      const ReaderOptions& options) {
  return std::make_unique<PostgresqlReader>(input, std::move(name), options);
}

}  // namespace pgseed::sql
