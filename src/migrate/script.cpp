#include "pgseed/migrate/script.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/migrate/copy_to_insert.hpp"
#include "pgseed/migrate/local_setting.hpp"
#include "pgseed/migrate/script_transaction.hpp"
#include "pgseed/migrate/script_variables.hpp"
#include "pgseed/migrate/section_input.hpp"
#include "pgseed/sql/copy.hpp"
#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/window.hpp"

namespace pgseed::migrate {
namespace {

using sql::StatementKind;

constexpr std::string_view kDirective = "-- pgseed:";

bool has_words(std::string_view statement, std::string_view first, std::string_view second) {
  sql::Cursor cursor = sql::cursor_over(statement);
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    if (sql::accept_word(cursor, first) && sql::accept_word(cursor, second)) return true;
    if (!cursor.at_end()) sql::skip_token(cursor);
  }
  return false;
}

// Walks through a section once. All of its text is in the window, so that every position has its
// place in the file and its excerpt.
class Splitter {
 public:
  Splitter(const Section& section, const VariableLookup& variables)
      : section_(section),
        variables_(variables),
        // The last statement may lack its semicolon. On a line of its own it ends a comment, too.
        input_(section.text + "\n;", section.line),
        window_(input_, section.path, std::numeric_limits<std::size_t>::max() / 2) {
    const std::string& text = section.text;
    if (!is_utf8(text) || text.find('\0') != std::string::npos) {
      throw Error(ErrorKind::input, "the section is not UTF-8 text",
                  pgseed::text(section.path, ':', section.line), "save the file as UTF-8");
    }
    while (!window_.final()) window_.more();
    find_directives();
  }

  std::vector<ScriptStatement> run() {
    sql::Cursor cursor = sql::cursor_over(std::string_view(window_.begin(), window_.end()));
    const char* at = cursor.position;
    try {
      while (next(cursor, at)) {
        if (whole_section_) return {whole()};
      }
    } catch (const sql::SyntaxProblem& problem) {
      // A position outside the window stands in text with replaced variables.
      fail(problem.at >= window_.begin() && problem.at <= window_.end() ? problem.at : at,
           problem.message, problem.hint);
    }
    return arrange_transaction(std::move(parts_), section_);
  }

 private:
  [[noreturn]] void fail(const char* at, const std::string& message, const std::string& hint) {
    at = std::min(at, end_of_text());
    Error error(ErrorKind::input, message, window_.where(at), hint);
    error.excerpt = window_.excerpt(at);
    throw error;
  }

  // Where what was added to the text begins.
  const char* end_of_text() const { return window_.end() - 2; }

  // Reads up to behind the next statement; `at` is where it begins. False at the end.
  bool next(sql::Cursor& cursor, const char*& at) {
    const char* const gap = cursor.position;
    sql::skip_blanks(cursor);
    at = cursor.position;
    for (; directive_ < directives_.size() && directives_[directive_] < at; ++directive_) {
      if (stands_free(gap, directives_[directive_])) obey(directives_[directive_]);
    }
    if (at > end_of_text()) return false;
    if (whole_section_) return true;
    sql::StatementScanner scanner;
    try {
      scanner.scan(cursor);
    } catch (const sql::SyntaxProblem& problem) {
      if (problem.at != cursor.end) throw;
      fail(at, "the statement never ends", "look for a parenthesis or a BEGIN ATOMIC left open");
    }
    const std::string_view written = statement_text(cursor, at);
    for (; directive_ < directives_.size() && directives_[directive_] < cursor.position;
         ++directive_) {
      if (stands_free(at, directives_[directive_])) {
        fail(directives_[directive_], "a directive inside a statement",
             "write it on a line before the statement");
      }
    }
    if (!written.empty()) add(cursor, at, written, scanner.saw_meta_command());
    return true;
  }

  // What was scanned, without its semicolon. A last statement without one ends with its last token,
  // and the comments behind it are read again as what stands between statements.
  std::string_view statement_text(sql::Cursor& cursor, const char* at) const {
    const char* end = cursor.position;
    if (end == cursor.end) {
      sql::Cursor tokens = over(std::string_view(at, end - 1));
      for (end = at; !tokens.at_end(); sql::skip_blanks(tokens)) {
        sql::skip_token(tokens);
        end = tokens.position;
      }
      if (end > at) cursor.position = end;
    } else if (end[-1] == ';') {
      --end;
    }
    while (end > at && sql::is_space(end[-1])) --end;
    return std::string_view(at, end);
  }

  void add(sql::Cursor& cursor, const char* at, std::string_view written, bool meta) {
    ScriptStatement statement;
    statement.kind = sql::classify(written, backslash_is_data_);
    if (statement.kind == StatementKind::restricted) return;
    if (meta) {
      fail(at, "a psql command in a migration", "only psql knows commands with a backslash");
    }
    statement.sql = replacing_ ? replace_variables(written, variables_) : std::string(written);
    const sql::Place place = window_.place_of(at);
    statement.line = place.line;
    statement.column = place.column;
    statement.allowed_rules = std::exchange(allowed_, {});
    sql::Cursor first = sql::cursor_over(statement.sql);
    if (sql::accept_word(first, "COPY") && add_copy(cursor, at, statement)) return;
    if (statement.kind == StatementKind::session) note_setting(cursor, at, statement.sql);
    const TransactionStep step = transaction_step(statement.sql);
    if (section_.options.transaction) statement.sql = as_local(statement.sql);
    parts_.push_back({std::move(statement), step, window_.where(at)});
  }

  // Settings that change how the text behind them reads.
  void note_setting(sql::Cursor& cursor, const char* at, const std::string& statement) {
    const auto setting = sql::read_setting(statement);
    if (!setting) return;
    if (setting->name == "standard_conforming_strings") {
      cursor.backslash_is_data = backslash_is_data_ = !sql::means_off(setting->value);
    }
    if (setting->name == "client_encoding") {
      static constexpr std::array<std::string_view, 4> kUtf8 = {"utf8", "utf-8", "unicode",
                                                                "default"};
      const std::string value = to_lower(setting->value);
      if (std::find(kUtf8.begin(), kUtf8.end(), value) != kUtf8.end()) return;
      fail(at, "a migration is UTF-8 and cannot set another client_encoding",
           "take the setting out and save the file as UTF-8");
    }
  }

  // True, and moved behind the data, for COPY ... FROM stdin.
  bool add_copy(sql::Cursor& cursor, const char* at, const ScriptStatement& statement) {
    const std::string head = statement.sql + ";";
    sql::Cursor reading = sql::cursor_over(head);
    sql::accept_word(reading, "COPY");
    sql::CopyHead copy;
    if (!sql::read_copy_head(reading, copy)) {
      if (copy.lines_follow || has_words(statement.sql, "FROM", "STDIN")) {
        fail(at, "COPY from stdin in a form that cannot be read",
             "write the data in the text or CSV format, in UTF-8");
      }
      if (has_words(statement.sql, "TO", "STDOUT")) {
        fail(at, "COPY to stdout in a migration", "nothing reads what it would print");
      }
      return false;
    }
    // Data begins on the line behind the semicolon.
    while (cursor.peek() == ' ' || cursor.peek() == '\t' || cursor.peek() == '\r') {
      ++cursor.position;
    }
    if (cursor.peek() != '\n') fail(cursor.position, "the data of COPY is missing", "");
    const char* const data = ++cursor.position;
    sql::Arena arena;
    std::vector<sql::Value> values;
    sql::LineEnd line_end = sql::LineEnd::undecided;
    while (sql::read_copy_line(cursor, copy.format, line_end, arena, values) ==
           sql::CopyLine::row) {
      arena.reset();
    }
    while (directive_ < directives_.size() && directives_[directive_] < cursor.position) {
      ++directive_;  // a line of data that looks like one
    }
    for (ScriptStatement& insert :
         copy_to_insert({statement.sql, std::string_view(data, cursor.position), statement.line,
                         section_.path})) {
      insert.allowed_rules = statement.allowed_rules;
      parts_.push_back({std::move(insert), TransactionStep::none, {}});
    }
    return true;
  }

  // --- directives

  void find_directives() {
    const std::string_view all(window_.begin(), window_.end());
    for (std::size_t at = all.find(kDirective); at != std::string_view::npos;
         at = all.find(kDirective, at + 1)) {
      if (at == 0 || all[at - 1] == '\n') directives_.push_back(all.data() + at);
    }
  }

  // Whether a line stands outside the quotes and comments of the text before it.
  bool stands_free(const char* from, const char* line) const {
    sql::Cursor cursor = over(std::string_view(from, line));
    try {
      for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
        sql::skip_token(cursor);
      }
      return true;
    } catch (const sql::SyntaxProblem&) {
      return false;  // something is open there
    }
  }

  void obey(const char* at) {
    const char* const end = std::find(at, window_.end(), '\n');
    std::vector<std::string> words;
    std::string* word = nullptr;
    for (const char byte : std::string_view(at + kDirective.size(), end)) {
      if (byte == ' ' || byte == '\t' || byte == '\r' || byte == ',') {
        word = nullptr;
        continue;
      }
      if (word == nullptr) word = &words.emplace_back();
      *word += byte;
    }
    const std::string name = words.empty() ? "" : words[0];
    if (name == "allow" && words.size() > 1) {
      allowed_.insert(allowed_.end(), std::next(words.begin()), words.end());
    } else if (name == "vars" && words.size() == 2 && (words[1] == "on" || words[1] == "off")) {
      replacing_ = words[1] == "on";
    } else if (name == "noparse" && words.size() == 1) {
      if (started()) {
        fail(at, "-- pgseed:noparse behind the first statement",
             "it concerns the section as a whole: write it on the section's first line");
      }
      whole_section_ = true;
    } else {
      const bool known = name == "allow" || name == "vars" || name == "noparse";
      fail(at,
           text(known ? "malformed directive -- pgseed:" : "unknown directive -- pgseed:", name),
           "there are -- pgseed:allow RULE, -- pgseed:vars on|off and -- pgseed:noparse");
    }
    if (whole_section_ && replacing_) {
      fail(at, "-- pgseed:vars in a section with -- pgseed:noparse",
           "variables are replaced only in text that is split");
    }
  }

  // Text of this section, read as the settings so far have it.
  sql::Cursor over(std::string_view text) const {
    return {text.data(), text.data() + text.size(), true, backslash_is_data_};
  }

  bool started() const { return !parts_.empty(); }

  // The section as it stands.
  ScriptStatement whole() {
    ScriptStatement statement;
    statement.sql = section_.text;
    statement.line = section_.line;
    statement.allowed_rules = std::move(allowed_);
    return statement;
  }

  const Section& section_;
  const VariableLookup& variables_;
  SectionInput input_;
  sql::Window window_;
  std::vector<const char*> directives_;  // lines that look like one
  std::size_t directive_ = 0;            // the next of them
  std::vector<std::string> allowed_;     // for the next statement
  bool replacing_ = false;
  bool whole_section_ = false;
  bool backslash_is_data_ = true;
  std::vector<ScriptPart> parts_;
};

}  // namespace

std::vector<ScriptStatement> split_section(const Section& section,
                                           const VariableLookup& variables) {
  return Splitter(section, variables).run();
}

}  // namespace pgseed::migrate
