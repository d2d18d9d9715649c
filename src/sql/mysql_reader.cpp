#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/mysql_setting.hpp"
#include "pgseed/sql/mysql_statement.hpp"
#include "pgseed/sql/mysql_value.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/text_marks.hpp"
#include "pgseed/sql/usual.hpp"
#include "pgseed/sql/window_reader.hpp"

namespace pgseed::sql {
namespace {

constexpr std::size_t kLongestDelimiter = 15;
constexpr const char* kOnDuplicate = "ON DUPLICATE KEY UPDATE";

class MysqlReader final : public WindowReader {
 public:
  MysqlReader(Input& input, std::string name, const ReaderOptions& options)
      : WindowReader(input, std::move(name), options, Bytes::any),
        converted_(options.encoding == TextEncoding::converted) {
    window_.look_for(Marked::unescaped_quotes);
  }

  Piece next() override {
    return next_piece([this] { return step(); });
  }

 private:
  enum class State { between, insert_rows, assigned_row, insert_tail, statement };

  MysqlCursor cursor() const {
    return {window_.begin(), window_.end(), window_.final(), modes_.now(), window_.marks()};
  }

  Piece step() {
    for (;;) {
      switch (state_) {
        case State::between: {
          MysqlCursor at = cursor();
          skip_between(at, [&] { at.skip_blanks(); });
          if (at.at_end()) return Piece::end;
          if (begin_statement(at)) return Piece::statement;
          break;
        }
        case State::insert_rows:
          return insert_row();
        case State::assigned_row:
          return assigned_row();
        case State::insert_tail:
          end_of_insert();
          break;
        case State::statement:
          return whole_statement();
      }
    }
  }

  // --- the beginning of a statement
  // -----------------------------------------------------------------

  // True if the statement is a line of the client's own, which is whole already.
  bool begin_statement(MysqlCursor at) {
    note_place(at.position);
    const char* const begin = at.position;
    if (options_.rows && repeat_head(at)) {
      begin_rows(at);
      state_ = State::insert_rows;
      return false;
    }
    head_text_.clear();
    if (options_.rows) {
      const bool replaces = at.accept_word("REPLACE");
      if ((replaces || at.accept_word("INSERT")) && begin_insert(at, replaces)) return false;
    }
    at.position = begin;
    if (at.accept_word("DELIMITER")) {
      take_delimiter(at, begin);
      return true;
    }
    if (at.accept_word("USE")) {
      take_database(at);
      return true;
    }
    begin_whole_statement();
    state_ = State::statement;
    return false;
  }

  // Behind INSERT or REPLACE: true if rows of literals follow.
  bool begin_insert(MysqlCursor& at, bool replaces) {
    while (at.accept_word("LOW_PRIORITY") || at.accept_word("DELAYED") ||
           at.accept_word("HIGH_PRIORITY")) {
    }
    const bool ignores = at.accept_word("IGNORE");
    at.accept_word("INTO");
    RowsHead fresh;
    fresh.table = at.read_qualified_name();
    if (at.accept_word("PARTITION")) skip_parentheses(at);
    if (at.accept('(')) {
      if (at.accept_word("SELECT") || at.accept_word("WITH") || at.accept('(')) return false;
      read_columns(at, fresh);
    }
    const char* const names_end = at.position;
    const bool assigns = !fresh.has_columns && at.accept_word("SET");
    if (!assigns) {
      if (!at.accept_word("VALUES") && !at.accept_word("VALUE")) return false;
      skip_row_word(at);
      at.skip_blanks();
      if (at.peek() != '(') throw SyntaxProblem{at.position, "expected '(' after VALUES", ""};
    }
    if (!window_.is_clean(window_.begin(), names_end)) {
      throw SyntaxProblem{window_.begin(), "a name in this statement is not valid UTF-8",
                          "if the file is in another encoding, name it: --encoding latin1"};
    }
    take_head(std::move(fresh));
    if (replaces || ignores) note_conflict_rule(replaces ? "REPLACE" : "INSERT IGNORE");
    // The database that the file names first is the one that it dumps: its tables have no schema.
    if (head.table.schema == database_) head.table.schema.reset();
    if (!assigns) remember_head(window_.begin(), at.position);
    begin_rows(at);
    state_ = assigns ? State::assigned_row : State::insert_rows;
    return true;
  }

  static void read_columns(MysqlCursor& at, RowsHead& head) {
    head.has_columns = true;
    if (at.accept(')')) return;
    do {
      head.columns.push_back(at.read_qualified_name().name);
    } while (at.accept(','));
    at.require(')', "after the columns of INSERT");
  }

  static void skip_parentheses(MysqlCursor& at) {
    at.require('(', "after PARTITION");
    while (!at.accept(')')) {
      if (at.at_end()) throw SyntaxProblem{at.position, "a list is never closed", ""};
      at.skip_token();
    }
  }

  // VALUES ROW(1, 2), ROW(3, 4)
  static void skip_row_word(MysqlCursor& at) { at.accept_word("ROW"); }

  // --- rows
  // -------------------------------------------------------------------------------------------

  Piece insert_row() {
    begin_row();
    MysqlCursor at = cursor();
    to_row(at);
    const char* const begin = at.position++;
    try {
      read_values(at);
    } catch (const Unsupported& problem) {
      note_unsupported(problem, begin, at);
    }
    if (row.unsupported.empty()) check_values(begin);
    find_bytes(begin, at.position);
    // Behind the row: another one, the end, or a clause that follows the rows.
    if (!at_byte(at, ',')) at.skip_blanks();
    if (at.peek() != ',') {
      if (at.at_end()) {
        throw SyntaxProblem{at.position,
                            text("the last statement has no '", delimiter_, "' at its end"),
                            "the file may be cut short; if it is whole, add it"};
      }
      state_ = State::insert_tail;
    }
    end_row(begin, at, window_.line_of(begin));
    return Piece::row;
  }

  // To the '(' of the next row. Comments on the way do not stay in the window.
  void to_row(MysqlCursor& at) {
    if (skip_to_usual_row(at, comma_done_)) return;
    if (!comma_done_) {
      if (!at.accept(',')) throw SyntaxProblem{at.position, "expected ',' or ';'", ""};
      at.skip_blanks();
      finish(at.position);
      comma_done_ = true;
    }
    skip_row_word(at);
    at.skip_blanks();
    if (at.peek() != '(' || at.at_end()) {
      throw SyntaxProblem{at.position, "expected '(' at the beginning of a row", ""};
    }
  }

  // Behind '(': values up to and including ')'.
  void read_values(MysqlCursor& at) {
    skip_usual_blanks(at);
    if (at_byte(at, '/') || at_byte(at, '#') || at_byte(at, '-')) at.skip_blanks();
    if (at.peek() == ')') {
      ++at.position;
      return;
    }
    for (;;) {
      Value& value = row.values.emplace_back();
      skip_usual_blanks(at);
      if (!read_usual_value(at, value)) {
        read_mysql_value(at, arena_, value, converted_);
        if (!ends_value(at.peek())) refuse_glued(at);
      }
      if (*at.position++ == ')') return;
    }
  }

  // Most values are strings, plain numbers and NULL with a comma behind them; they need none of the
  // general reader. False, and not moved, for all others.
  bool read_usual_value(MysqlCursor& at, Value& value) const {
    const char* const begin = at.position;
    const char first = at.peek();
    if (first == '\'') {
      const MysqlString string = at.read_string();
      if (ends_value(at.peek()) && !(converted_ && !is_ascii(string.between))) {
        value.text = string.between;
        value.form = string.has_backslashes ? Form::mysql_escapes
                     : string.has_doubled   ? Form::doubled_quotes
                                            : Form::verbatim;
        return true;
      }
      at.position = begin;
      return false;
    }
    return read_usual_literal(at, value);
  }

  // Behind a value something other than , or ) stands.
  [[noreturn]] static void refuse_glued(const MysqlCursor& at) {
    const char next = at.peek();
    const bool glued = is_identifier_part(next) && at.position[-1] == '\'';
    if (at.at_end() || next == ';' || next == '\'' || next == '\\' || next == '(' || glued) {
      throw SyntaxProblem{at.position, "expected ',' or ')' after a value",
                          "look for a quote inside the text that is not escaped"};
    }
    throw Unsupported{at.position, "an expression"};
  }

  void note_unsupported(const Unsupported& problem, const char* begin, MysqlCursor& at) {
    const std::string what = as_text(problem.what);  // skipping may throw NeedMore
    const char* const where = problem.at;
    at.position = begin;
    skip_row(at);
    row.values.clear();
    row.unsupported = what;
    row.unsupported_line = window_.line_of(where);
  }

  void skip_row(MysqlCursor& at) const {
    int depth = 0;
    do {
      at.skip_blanks();
      if (at.at_end()) throw SyntaxProblem{at.position, "a row is never closed", ""};
      if (at_delimiter(at, delimiter_)) {
        throw SyntaxProblem{at.position, text("a '", delimiter_, "' inside a row"),
                            "look for a quote or a parenthesis that is never closed"};
      }
      if (at.peek() == '(') ++depth;
      if (at.peek() == ')') --depth;
      at.skip_token();
    } while (depth > 0);
  }

  void check_values(const char* begin) {
    // () and VALUES (): a row of defaults, with or without a list of columns.
    if (row.values.empty() && values_in_row_ == 0 && head.columns.empty()) {
      head.has_columns = true;
      return;
    }
    check_count(begin, "look for a quote inside the text that is not escaped");
  }

  // Strings may hold bytes that are no text: those values are bytes, whatever they are written as.
  void find_bytes(const char* begin, const char* end) {
    if (window_.is_clean(begin, end)) return;
    for (Value& value : row.values) {
      const bool string = value.form == Form::verbatim || value.form == Form::doubled_quotes ||
                          value.form == Form::mysql_escapes;
      if (!string || window_.is_clean(value.text)) continue;
      if (value.form != Form::verbatim) {
        std::string& bytes = arena_.fresh();
        append_decoded(bytes, value);
        value.text = bytes;
      }
      value.form = Form::bytes;
    }
  }

  // Behind SET: a = 1, b = 'x'. The columns are known with the row. The statement's end is looked
  // for first: the client finds it in 5$$, too.
  Piece assigned_row() {
    begin_row();
    MysqlCursor behind = cursor();
    behind.skip_blanks();
    const char* const begin = behind.position;
    const char* const end = scan_mysql_statement(behind, delimiter_);
    MysqlCursor at(begin, end, true, modes_.now());
    head.has_columns = true;
    head.columns.clear();
    try {
      read_assignments(at);
      if (at_conflict_rule(at)) note_conflict_rule(kOnDuplicate);
    } catch (const Unsupported& problem) {
      row.values.clear();
      row.unsupported = as_text(problem.what);
      row.unsupported_line = window_.line_of(problem.at);
    }
    if (!window_.is_clean(begin, behind.position)) {
      for (std::string& column : head.columns) column = as_text(column);
    }
    find_bytes(begin, behind.position);
    state_ = State::between;
    end_row(begin, behind, window_.line_of(begin));
    return Piece::row;
  }

  void read_assignments(MysqlCursor& at) {
    do {
      head.columns.push_back(at.read_qualified_name().name);
      if (!at.accept('=') && !(at.accept(':') && at.accept('='))) {
        throw SyntaxProblem{at.position, "expected '=' after a column", ""};
      }
      read_mysql_value(at, arena_, row.values.emplace_back(), converted_);
      const bool ends = at.at_end() || at.peek() == ',' || MysqlCursor(at).accept_word("ON") ||
                        MysqlCursor(at).accept_word("AS") ||
                        MysqlCursor(at).accept_word("RETURNING");
      if (!ends) throw Unsupported{at.position, "an expression"};
    } while (at.accept(','));
  }

  bool at_insert_end(MysqlCursor at) const {
    at.skip_blanks();
    return (!at.at_end() && at_delimiter(at, delimiter_)) || at.accept_word("ON") ||
           at.accept_word("AS") || at.accept_word("RETURNING");
  }

  // AS new ON DUPLICATE KEY UPDATE ...: the alias is for nothing else.
  static bool at_conflict_rule(MysqlCursor at) {
    return at.accept_word("ON") || at.accept_word("AS");
  }

  // ON DUPLICATE KEY UPDATE ..., AS new, RETURNING ... and the delimiter.
  void end_of_insert() {
    MysqlCursor at = cursor();
    at.skip_blanks();
    if (!at_insert_end(at)) {
      throw SyntaxProblem{at.position, "expected ',' or ';' after a row",
                          "look for a quote inside the text that is not escaped"};
    }
    const bool has_rule = at_conflict_rule(at);
    scan_mysql_statement(at, delimiter_);
    finish(at.position);
    if (has_rule) note_conflict_rule(kOnDuplicate);
    state_ = State::between;
  }

  // --- other statements
  // -------------------------------------------------------------------------------

  void give_line(const char* end, const MysqlCursor& behind) {
    begin_whole_statement();
    take_statement(end, behind.position);
    statement.end_line = statement_line_;
    keep_text();
    statement.kind = StatementKind::session;
  }

  // DELIMITER $$: a line of the client's own; what stands on it opens no string.
  void take_delimiter(MysqlCursor& at, const char* begin) {
    const char* const newline = find_byte(at.position, at.end, '\n');
    if (newline == at.end && !at.final) throw NeedMore{};
    std::string_view rest(at.position, static_cast<std::size_t>(newline - at.position));
    rest = trim(rest);
    rest = rest.substr(0, rest.find_first_of(" \t"));
    if (rest.empty()) throw SyntaxProblem{begin, "DELIMITER without a delimiter", ""};
    if (rest.size() > kLongestDelimiter) {
      throw SyntaxProblem{rest.data(),
                          "DELIMITER with more than 15 bytes, of which the client takes 15", ""};
    }
    delimiter_ = rest;
    at.position = newline;
    give_line(rest.data() + rest.size(), at);
  }

  // USE db with or without a delimiter at the end of its line, as the client takes both.
  void take_database(MysqlCursor& at) {
    at.skip_blanks();
    std::string name;
    if (at.peek() == '`' || at.peek() == '"') {
      at.read_name(name);
    } else {
      const char* const from = at.position;
      while (!at.at_end() && !is_space(*at.position) && !at_delimiter(at, delimiter_)) {
        ++at.position;
      }
      name.assign(from, at.position);
    }
    const char* const end = at.position;
    MysqlCursor behind = at;
    behind.skip_blanks();
    if (!behind.at_end() && at_delimiter(behind, delimiter_)) {
      at.position = behind.position + delimiter_.size();
    } else if (find_byte(end, behind.position, '\n') == behind.position && !behind.at_end()) {
      throw SyntaxProblem{behind.position, "USE wants the name of a database and nothing else", ""};
    }
    name = as_text(name);
    if (database_.empty()) database_ = name;
    search_path = name == database_ ? std::string() : name;
    give_line(end, at);
  }

  // Names and comments may hold bytes that are no text.
  void keep_text() {
    if (window_.is_clean(statement.text)) return;
    shown_ = as_text(statement.text);
    statement.text = shown_;
  }

  Piece whole_statement() {
    MysqlCursor at = cursor();
    const char* end = nullptr;
    scan_whole(at, [&] { end = scan_mysql_statement(at, delimiter_); });
    take_statement(end, at.position);
    if (!statement.cut) trim_end(statement.text);
    keep_text();
    statement.kind = classify_mysql(statement.text, modes_.now());
    state_ = State::between;
    if (!statement.cut && statement.kind == StatementKind::session) apply_settings();
    return Piece::statement;
  }

  // The end of a conditional comment that the statement stands in.
  static void trim_end(std::string_view& whole) {
    if (!whole.ends_with("*/") || whole.find("/*") != std::string_view::npos) return;
    whole.remove_suffix(2);
    while (!whole.empty() && is_space(whole.back())) whole.remove_suffix(1);
  }

  void apply_settings() {
    for (const MysqlSetting& setting : read_mysql_settings(statement.text, modes_.now())) {
      if (setting.name == "names" && setting.is_literal) {
        set_names(setting.value);
      } else if (setting.name == "time_zone") {
        auto zone = mysql_time_zone(setting.value);
        if (!zone) refuse_zone(setting.value);
        time_zone = *std::move(zone);
      } else if (!modes_.apply(setting)) {
        statement.kind = StatementKind::unknown;
      }
    }
  }

  // Without it every time behind it would be another one.
  [[noreturn]] void refuse_zone(const std::string& zone) const {
    throw Error(ErrorKind::input, text("the time zone ", zone, " is not known"),
                text(window_.name(), ':', statement_line_),
                "write it as hours and minutes from UTC ('+05:30'), or as a zone's name");
  }

  // character_set_client is not looked at: mysqldump sets it around DDL, which changes no row.
  void set_names(const std::string& charset) {
    const std::string wanted = mysql_encoding(charset);
    if (options_.encoding != TextEncoding::announced) return;
    encoding = wanted.empty() && to_lower(charset) != "binary" ? "UTF8" : charset;
    if (wanted == converted_from_) return;
    if (converted_) {
      throw Error(ErrorKind::input,
                  text("the encoding changes from ", converted_from_, " to ", charset,
                       " in the middle of the file"),
                  text(window_.name(), ':', statement_line_),
                  "split the file there, or name the encoding of all of it: --encoding utf8");
    }
    converted_ = true;
    converted_from_ = wanted;
    switch_encoding(wanted);
  }

  State state_ = State::between;
  MysqlModes modes_;
  std::string delimiter_ = ";";
  std::string database_;  // that the first USE names
  bool converted_;
  std::string converted_from_;

  std::string shown_;  // a statement whose bytes were no text
};

}  // namespace

std::unique_ptr<DialectReader> make_mysql_reader(Input& input, std::string name,
                                                 const ReaderOptions& options) {
  return std::make_unique<MysqlReader>(input, std::move(name), options);
}

}  // namespace pgseed::sql
