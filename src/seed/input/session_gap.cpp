#include "pgseed/seed/input/session_gap.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/input/survey.hpp"
#include "pgseed/sql/session_setting.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kApplyFirst =
    "apply the definitions first (pgseed schema FILE) and take them out of the file, put what "
    "needs them into a file of its own, or run the whole file with psql -f";

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
  for (const TableSwitch& each : switches_of_alter_table(statement)) {
    if (each.on || !is_one_of(each.object, {"TRIGGER", "RULE", "ROW"})) continue;
    return {text("ALTER TABLE ... DISABLE ",
                 each.object == "ROW" ? "ROW LEVEL SECURITY" : each.object)};
  }
  const std::string verb = word(cursor);
  std::string object = word(cursor);
  if (verb == "REFRESH") return {"REFRESH MATERIALIZED VIEW"};
  if (verb == "DROP" && is_one_of(object, {"TRIGGER", "RULE"})) return {"DROP " + object};
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
    if (sql::is_connect(statement.text)) connect(statement);
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

void SessionGap::connect(const sql::Statement& statement) {
  if (!passed_) {
    passed_ = Found{statement.line,
                    "\\connect: SQL that follows is meant for a session of its own, and a load "
                    "stays in one",
                    "load each database's part of the file by itself, or run the whole file with "
                    "psql -f"};
  }
  std::optional<std::string> database = sql::connected_database(statement.text);
  if (!database) return;
  database_ = *std::move(database);
  connected_ =
      Found{statement.line,
            one_line(statement.text) + ": rows before it are of another database than those behind",
            "take the file apart there, and load each part by itself"};
}

void SessionGap::rows() {
  if (!database_of_rows_) database_of_rows_ = database_;
  if (*database_of_rows_ != database_ && !mixed_) mixed_ = connected_;
}

void SessionGap::run() {
  runs_ = true;
  if (found_) return;
  found_ = passed_;
  if (made_ && (!found_ || made_->line < found_->line)) found_ = made_;
}

void SessionGap::end() {
  if (!found_) found_ = mixed_;
}

std::vector<TableSwitch> switches_of_alter_table(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  std::vector<TableSwitch> switches;
  if (!accept_word(cursor, "ALTER") || !accept_word(cursor, "TABLE")) return switches;
  for (skip_blanks(cursor); !cursor.at_end(); skip_blanks(cursor)) {
    const bool on = accept_word(cursor, "ENABLE");
    if (on || accept_word(cursor, "DISABLE")) switches.push_back({on, word(cursor)});
    if (!cursor.at_end()) skip_token(cursor);
  }
  return switches;
}

}  // namespace pgseed::seed
