#include "pgseed/seed/input/session_gap.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/session_setting.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kApplyFirst =
    "apply the definitions first (pgseed schema FILE) and take them out of the file, put what "
    "needs "
    "them into a file of its own, or run the whole file with psql -f";

// Upper case.
std::string word(sql::Cursor& cursor) {
  skip_blanks(cursor);
  return to_upper(sql::read_word(cursor));
}

// CREATE TABLE ... AS: behind the name, the columns and the options, but outside parentheses.
bool is_filled(sql::Cursor& cursor) {
  int depth = 0;
  for (skip_blanks(cursor); !cursor.at_end(); skip_blanks(cursor)) {
    if (cursor.peek() == '(') ++depth;
    if (cursor.peek() == ')') --depth;
    if (depth == 0 && accept_word(cursor, "AS")) return true;
    skip_token(cursor);
  }
  return false;
}

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Definition {
  std::string what;      // empty: nothing that SQL could find otherwise than psql would
  bool is_data = false;  // it makes rows
};

// Tables and views that are not there fail loudly. What is there already, and would have been
// replaced, turned off or filled, does not.
Definition definition_of(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  const std::string verb = word(cursor);
  std::string object = word(cursor);
  if (verb == "REFRESH") return {"REFRESH MATERIALIZED VIEW"};
  if (verb == "DROP" && is_one_of(object, {"TRIGGER", "RULE"})) return {"DROP " + object};
  if (verb == "ALTER" && object == "TABLE") {
    for (skip_blanks(cursor); !cursor.at_end(); skip_blanks(cursor)) {
      if (accept_word(cursor, "DISABLE")) {
        const std::string off = word(cursor);
        if (is_one_of(off, {"TRIGGER", "RULE", "ROW"})) {
          return {text("ALTER TABLE ... DISABLE ", off == "ROW" ? "ROW LEVEL SECURITY" : off)};
        }
      }
      if (!cursor.at_end()) skip_token(cursor);
    }
    return {};
  }
  if (verb != "CREATE") return {};
  bool replaces = false;
  if (object == "OR") {
    word(cursor);  // REPLACE
    replaces = true;
    object = word(cursor);
  }
  while (is_one_of(object, {"GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "CONSTRAINT",
                            "RECURSIVE", "TRUSTED", "PROCEDURAL"})) {
    object = word(cursor);
  }
  if (is_one_of(object, {"FUNCTION", "PROCEDURE", "AGGREGATE", "TRIGGER", "RULE"})) {
    return {text("CREATE ", replaces ? "OR REPLACE " : "", object)};
  }
  if (object == "VIEW" && replaces) return {"CREATE OR REPLACE VIEW"};
  if (object == "TABLE" && is_filled(cursor)) return {"CREATE TABLE ... AS", true};
  return {};
}

}  // namespace

void SessionGap::pass_over(const sql::Statement& statement) {
  if (found_) return;
  if (statement.kind == sql::StatementKind::session) {
    const sql::BlockEdge edge = sql::block_edge(statement.text);
    if (edge == sql::BlockEdge::ends) in_block_ = false;
    if (edge == sql::BlockEdge::chains || (edge == sql::BlockEdge::begins && !in_block_)) {
      in_block_ = true;
      block_line_ = statement.line;
    }
    if (!passed_ && sql::is_connect(statement.text)) {
      passed_ = Found{statement.line,
                      "\\connect: SQL that follows is meant for a session of its own, and a load "
                      "stays in one",
                      "load each database's part of the file by itself, or run the whole file with "
                      "psql -f"};
    }
    return;
  }
  if (statement.kind != sql::StatementKind::ddl) return;
  try {
    const Definition definition = definition_of(statement.text);
    if (definition.what.empty()) return;
    Found gap{
        statement.line,
        definition.is_data
            ? definition.what + " is passed over, as all definitions are, and its rows with it"
            : definition.what + " is passed over, as all definitions are, and SQL that " +
                  "follows in the file may need it",
        kApplyFirst};
    if (definition.is_data) {
      if (!made_) made_ = gap;
      if (runs_) found_ = std::move(gap);
    } else if (!passed_) {
      passed_ = std::move(gap);
    }
  } catch (const sql::SyntaxProblem&) {
    // No definition that any server would take.
  }
}

void SessionGap::run() {
  runs_ = true;
  if (found_) return;
  found_ = passed_;
  if (made_ && (!found_ || made_->line < found_->line)) found_ = made_;
}

void SessionGap::end() {
  if (found_ || !in_block_ || !runs_) return;
  found_ = Found{block_line_,
                 "a transaction that the file begins and never commits: psql would undo it at the "
                 "end of the file",
                 "if the file is cut short, dump it again; if it is whole, put COMMIT; at its end"};
}

}  // namespace pgseed::seed
