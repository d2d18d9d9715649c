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
#include "pgseed/sql/session_setting.hpp"
#include "pgseed/sql/text_marks.hpp"
#include "pgseed/sql/usual.hpp"
#include "pgseed/sql/window_reader.hpp"

namespace pgseed::sql {
namespace {

constexpr const char* kUndoubled = "look for a quote inside the text that is not doubled";

// Whether a statement can begin here.
bool begins_like_sql(Cursor at) {
  const char byte = at.peek();
  if (byte == '\\' || byte == '(' || byte == ';') return true;
  if (!is_identifier_start(byte)) return false;
  static constexpr std::string_view kWords[] = {
      "abort",   "alter",    "analyze",   "attach",    "begin",    "call",   "checkpoint",
      "close",   "cluster",  "comment",   "commit",    "copy",     "create", "deallocate",
      "declare", "delete",   "delimiter", "detach",    "discard",  "do",     "drop",
      "end",     "execute",  "explain",   "fetch",     "grant",    "import", "insert",
      "listen",  "load",     "lock",      "merge",     "move",     "notify", "pragma",
      "prepare", "reassign", "refresh",   "reindex",   "release",  "rename", "replace",
      "reset",   "revoke",   "rollback",  "savepoint", "security", "select", "set",
      "show",    "start",    "table",     "truncate",  "unlisten", "unlock", "update",
      "use",     "vacuum",   "values",    "with"};
  const std::string_view word = read_word(at);
  return std::ranges::any_of(
      kWords, [&](std::string_view known) { return equals_ignoring_case(word, known); });
}

// Like those of pg_timezone_names ("Europe/Berlin", "Etc/GMT-5", "EST5EDT"), which other clients
// than the database itself know, too; and not an offset of POSIX ("UTC+3").
bool is_zone_name(std::string_view zone) {
  static constexpr std::string_view kWithDigits[] = {"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT",
                                                     "GMT0",    "GMT+0",   "GMT-0"};
  if (zone.empty() || zone.front() < 'A' || zone.front() > 'Z') return false;
  return zone.starts_with("Etc/") ||
         zone.find_first_of("0123456789<> ") == std::string_view::npos ||
         std::ranges::find(kWithDigits, zone) != std::end(kWithDigits);
}

}  // namespace

bool means_off(std::string_view value) {
  static constexpr std::array<std::string_view, 7> kWords = {"off", "of", "false", "f",
                                                             "no",  "n",  "0"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return equals_ignoring_case(value, word); });
}

namespace {

class PostgresqlReader final : public WindowReader {
 public:
  PostgresqlReader(Input& input, std::string name, const ReaderOptions& options)
      : WindowReader(input, std::move(name), options, Bytes::text) {}

  Piece next() override {
    return next_piece([this] { return step(); });
  }

 private:
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

  Cursor cursor() const {
    return {window_.begin(), window_.end(), window_.final(), backslash_is_data_, window_.marks()};
  }

  Piece step() {
    for (;;) {
      switch (state_) {
        case State::between: {
          Cursor at = cursor();
          skip_between(at, [&] { skip_blanks(at); });
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

  // --- the beginning of a statement
  // -----------------------------------------------------------------

  void begin_statement(Cursor at) {
    note_place(at.position);
    const char* const begin = at.position;
    if (options_.rows && repeat_head(at)) {
      begin_rows(at);
      state_ = State::insert_rows;
      return;
    }
    head_text_.clear();
    if (options_.rows && accept_word(at, "INSERT") && begin_insert(at)) return;
    at.position = begin;
    lines_follow_ = false;
    if (accept_word(at, "COPY") && begin_copy(at)) return;
    scanner_ = {};
    if (!began_ && head.number == 0) {
      is_no_sql_ = !begins_like_sql({begin, at.end, window_.final(), backslash_is_data_});
    }
    began_ = true;
    begin_whole_statement();
    state_ = State::statement;
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
      default_values_ = true;
    } else if (!accept_word(at, "VALUES")) {
      return false;
    } else {
      skip_blanks(at);
      if (at.peek() != '(') throw SyntaxProblem{at.position, "expected '(' after VALUES", ""};
      default_values_ = false;
    }
    take_head(std::move(fresh));
    remember_head(default_values_ ? at.position : window_.begin(), at.position);
    begin_rows(at);
    state_ = State::insert_rows;
    return true;
  }

  bool begin_copy(Cursor& at) {
    CopyHead copy;
    if (!read_copy_head(at, copy)) {
      lines_follow_ = copy.lines_follow;
      return false;
    }
    // psql takes the data from the line after the semicolon.
    while (at.peek() == ' ' || at.peek() == '\t' || at.peek() == '\r') ++at.position;
    if (at.at_end()) {
      throw SyntaxProblem{window_.begin(), "the data of COPY is missing",
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
    format_ = std::move(copy.format);
    line_end_ = LineEnd::undecided;
    copy_has_rows_ = false;
    take_head(std::move(fresh));
    finish(at.position);
    if (!format_.csv && format_.delimiter == '\t') window_.look_for(Marked::copy_fields);
    values_in_row_ = 0;
    state_ = !options_.rows   ? State::skip_copy
             : format_.header ? State::copy_header
                              : State::copy_rows;
    return true;
  }

  // --- rows
  // -------------------------------------------------------------------------------------------

  Piece insert_row() {
    begin_row();
    if (default_values_) {
      row.line = head.line;
      row_begin_ = window_.begin();
      state_ = State::insert_tail;
      return Piece::row;
    }
    Cursor at = cursor();
    if (skip_to_usual_row(at, comma_done_)) {
      finish(at.position);
      comma_done_ = true;
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
      row.unsupported_line = window_.line_of(where);
    }
    if (row.unsupported.empty()) {
      check_count(begin, kUndoubled);
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
      state_ = State::insert_tail;
    }
    end_row(begin, at, window_.line_of(begin));
    return Piece::row;
  }

  // To the '(' of the next row. Comments on the way do not stay in the window.
  void to_row(Cursor& at) {
    if (!comma_done_) {
      if (!accept(at, ',')) throw SyntaxProblem{at.position, "expected ',' or ';'", ""};
      skip_blanks(at);
      finish(at.position);
      comma_done_ = true;
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
      // Most values need none of the general reader.
      const bool is_string = at.peek() == '\'' && at.backslash_is_data;
      const bool is_usual =
          is_string ? read_usual_string(at, value) : read_usual_literal(at, value);
      if (!is_usual) read_value(at, arena_, value);
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

  // ON CONFLICT ..., RETURNING ... and the semicolon.
  Piece end_of_insert() {
    Cursor at = cursor();
    skip_blanks(at);
    const char* const begin = at.position;
    const bool has_rule = accept_word(at, "ON") && accept_word(at, "CONFLICT");
    if (!has_rule && at.peek() != ';' && !accept_word(at, "RETURNING")) {
      // VALUES (...) UNION ..., ORDER BY ...: no plain rows after all.
      throw SyntaxProblem{begin, "expected ',' or ';' after a row", kUndoubled};
    }
    StatementScanner tail;
    at.position = begin;
    tail.scan(at);
    finish(at.position);
    if (has_rule) note_conflict_rule("ON CONFLICT");
    state_ = State::between;
    return step();
  }

  bool copy_row() {
    Cursor at = cursor();
    const char* const begin = at.position;
    begin_row();
    if (read_copy_line(at, format_, line_end_, arena_, row.values) == CopyLine::end) {
      end_copy(at);
      if (!copy_has_rows_) empty_copies.push_back(head);
      return false;
    }
    if (state_ == State::copy_header) {
      if (format_.header_match) check_header(begin);
      finish(at.position);
      state_ = State::copy_rows;
      return false;
    }
    check_count(begin, "");
    end_row(begin, at, window_.line_of(begin));
    copy_has_rows_ = true;
    return true;
  }

  void skip_copy_data() {
    Cursor at = cursor();
    while (read_copy_line(at, format_, line_end_, arena_, row.values) == CopyLine::row) {
      finish(at.position);
      arena_.reset();
    }
    end_copy(at);
  }

  void end_copy(const Cursor& at) {
    finish(at.position);
    window_.look_for(Marked::quotes);
    state_ = State::between;
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
        finish(at.position);
        throw NeedMore{};
      }
      std::string_view line(at.position, static_cast<std::size_t>(newline - at.position));
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      at.position = newline + 1;
      if (line == "\\.") break;
      finish(at.position);
    }
    finish(at.position);
    state_ = State::between;
  }

  // --- other statements
  // -------------------------------------------------------------------------------

  Piece whole_statement() {
    Cursor at = cursor();
    scan_whole(at, [&] {
      try {
        scanner_.scan(at);
      } catch (SyntaxProblem& problem) {
        if (is_no_sql_) {
          problem.message = "this does not look like SQL";
          problem.hint = "say what it is: --format csv or --format json";
        }
        throw;
      }
    });
    const bool has_end = at.position > window_.begin() && at.position[-1] == ';';
    take_statement(at.position - (has_end ? 1 : 0), at.position);
    statement.kind = classify(statement.text, backslash_is_data_);
    if (scanner_.saw_meta_command() && statement.text.substr(0, 1) != "\\") {
      statement.kind = StatementKind::meta_command;
    }
    apply_setting();
    if (!new_encoding_.empty()) switch_encoding(std::exchange(new_encoding_, {}));
    state_ = lines_follow_ || copies_from_script() ? State::skip_lines : State::between;
    return Piece::statement;
  }

  // psql's \\copy ... from stdin takes the lines that follow it as data.
  bool copies_from_script() const {
    if (statement.text.substr(0, 5) != "\\copy") return false;
    return to_lower(statement.text).find(" from stdin") != std::string::npos;
  }

  void apply_setting() {
    if (statement.cut || statement.kind != StatementKind::session) return;
    note_block();
    const std::optional<Setting> setting = read_setting(statement.text);
    if (!setting || (setting->is_local && options_.rows && !in_block_)) return;
    keep_for_commit(*setting);
    const std::string value = to_lower(setting->value);
    const bool is_default = value == "default";
    if (setting->name == "standard_conforming_strings") {
      backslash_is_data_ = !means_off(value);
    } else if (setting->name == "client_encoding" ||
               (setting->name == "all" && is_default && !encoding.empty())) {
      encoding = is_default ? "UTF8" : setting->value;
      new_encoding_ = encoding;
    } else if (setting->name == "search_path") {
      const bool no_schema = is_default || value == "pg_catalog" || value == "$user";
      search_path = no_schema ? "" : setting->value;
    } else if (setting->name == "timezone") {
      time_zone = is_default || value == "local" ? "" : setting->value;
      if (!time_zone.empty() && !is_zone_name(time_zone)) statement.kind = StatementKind::unknown;
    } else if (setting->name == "intervalstyle") {
      // There a leading sign counts for all that follows; the other styles read alike.
      if (value == "sql_standard") statement.kind = StatementKind::unknown;
    } else if (setting->name == "datestyle") {
      for (const std::string_view order : {"dmy", "ymd", "euro", "german"}) {
        const bool non_european = order == "euro" && value.find("noneuro") != std::string::npos;
        if (value.find(order) != std::string::npos && !non_european) {
          statement.kind = StatementKind::unknown;
        }
      }
    }
  }

  // SET LOCAL ends with the block. Whoever reads statements only runs them in a transaction of his.
  void note_block() {
    const BlockEdge edge = options_.rows ? block_edge(statement.text) : BlockEdge::none;
    if (edge == BlockEdge::none) return;
    in_block_ = edge != BlockEdge::ends;
    if (edge == BlockEdge::begins) return;
    if (path_behind_) search_path = *std::exchange(path_behind_, std::nullopt);
    if (zone_behind_) time_zone = *std::exchange(zone_behind_, std::nullopt);
    if (data_behind_) backslash_is_data_ = *std::exchange(data_behind_, std::nullopt);
    if (encoding_behind_) {
      encoding = *std::exchange(encoding_behind_, std::nullopt);
      new_encoding_ = encoding.empty() ? "UTF8" : encoding;
    }
  }

  void keep_for_commit(const Setting& setting) {
    const auto keep = [&](auto& behind, const auto& now) {
      if (!setting.is_local) {
        behind.reset();
      } else if (in_block_ && !behind) {
        behind = now;
      }
    };
    if (setting.name == "search_path") keep(path_behind_, search_path);
    if (setting.name == "timezone") keep(zone_behind_, time_zone);
    if (setting.name == "standard_conforming_strings") keep(data_behind_, backslash_is_data_);
    if (setting.name == "client_encoding") keep(encoding_behind_, encoding);
  }

  State state_ = State::between;
  bool backslash_is_data_ = true;
  bool in_block_ = false;
  std::optional<std::string> path_behind_, zone_behind_, encoding_behind_;  // what COMMIT brings
  std::optional<bool> data_behind_;
  std::string new_encoding_;

  bool default_values_ = false;
  bool lines_follow_ = false;  // behind a COPY that cannot be read
  CopyFormat format_;
  bool copy_has_rows_ = false;
  LineEnd line_end_ = LineEnd::undecided;

  StatementScanner scanner_;
  bool began_ = false;      // a statement was met
  bool is_no_sql_ = false;  // the text begins with what is none
};

}  // namespace

std::unique_ptr<DialectReader> make_postgresql_reader(Input& input, std::string name,
                                                      const ReaderOptions& options) {
  return std::make_unique<PostgresqlReader>(input, std::move(name), options);
}

}  // namespace pgseed::sql
