#include "pgseed/seed/input/script_watch.hpp"

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/sql/mysql_setting.hpp"
#include "pgseed/sql/session_setting.hpp"

namespace pgseed::seed {
namespace {

// ROLLBACK TO goes back within the block.
bool ends_by_rollback(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  try {
    if (!accept_word(cursor, "ROLLBACK") && !accept_word(cursor, "ABORT")) return false;
    if (!accept_word(cursor, "WORK")) accept_word(cursor, "TRANSACTION");
    return !accept_word(cursor, "TO") && !accept_word(cursor, "PREPARED");
  } catch (const sql::SyntaxProblem&) {
    return false;
  }
}

// What commits in MySQL whatever was before, beside DDL and COMMIT itself.
bool commits_on_its_own(sql::MysqlCursor cursor) {
  for (const char* const word : {"ANALYZE", "OPTIMIZE", "CHECK", "REPAIR", "FLUSH", "CACHE"}) {
    if (cursor.accept_word(word)) return true;
  }
  return false;
}

bool is_tables(sql::MysqlCursor& cursor) {
  return cursor.accept_word("TABLES") || cursor.accept_word("TABLE");
}

}  // namespace

void ScriptWatch::rows(const sql::RowsHead& head, const std::string& default_schema) {
  if (!commits_itself_ && !open_) open_ = head.line;
  if (head.has_columns) return;
  Table table{head.table.schema.value_or(default_schema), head.table.name};
  if (table == last_) return;
  last_ = table;
  unlisted_.insert(std::move(table));
}

void ScriptWatch::pass_over(const sql::Statement& statement, const std::string& default_schema,
                            const sql::TableDefinitions& definitions) {
  if (dialect_ == sql::Dialect::mysql) {
    note_mysql_blocks(statement);
  } else {
    note_blocks(statement);
  }
  if (statement.kind != sql::StatementKind::ddl || unlisted_.empty()) return;
  const auto table = definitions.rearranged_by(statement.text, default_schema);
  if (!table || !unlisted_.contains(*table)) return;
  throw Error(ErrorKind::input,
              text("ALTER TABLE moves columns of ", to_sql(TableName{table->first, table->second}),
                   ", whose rows before it do not name theirs"),
              text(name_, ':', statement.line),
              "name the columns in those rows, or load what stands before this line and what "
              "stands behind it as files of their own");
}

void ScriptWatch::note_blocks(const sql::Statement& statement) {
  if (statement.kind == sql::StatementKind::rollback) {
    if (ends_by_rollback(statement.text)) open_.reset();
    return;
  }
  if (statement.kind != sql::StatementKind::session) return;
  const sql::BlockEdge edge = sql::block_edge(statement.text);
  if (edge == sql::BlockEdge::ends) open_.reset();
  if (edge == sql::BlockEdge::chains || (edge == sql::BlockEdge::begins && !open_)) {
    open_ = statement.line;
  }
}

void ScriptWatch::note_mysql_blocks(const sql::Statement& statement) {
  using Kind = sql::StatementKind;
  if (statement.kind == Kind::rollback && ends_by_rollback(statement.text)) open_.reset();
  if (statement.kind == Kind::ddl || statement.kind == Kind::truncate) return open_.reset();
  if (sql::is_unsupported(statement.kind) && !commits_itself_ && !open_) open_ = statement.line;
  if (statement.kind != Kind::session) return;
  for (const sql::MysqlSetting& setting : sql::read_mysql_settings(statement.text, {})) {
    if (setting.name != "autocommit") continue;
    const std::string value = to_lower(setting.value);
    commits_itself_ = value != "0" && value != "off" && value != "false";
    if (commits_itself_) open_.reset();
  }
  sql::MysqlCursor cursor(statement.text);
  try {
    if (cursor.accept_word("LOCK")) {
      if (!is_tables(cursor)) return;
      open_.reset();
      locked_ = statement.line;
    } else if (cursor.accept_word("UNLOCK")) {
      if (is_tables(cursor) && locked_) open_.reset();
      locked_.reset();
    } else if (cursor.accept_word("COMMIT")) {
      open_.reset();
      cursor.accept_word("WORK");
      if (cursor.accept_word("AND") && cursor.accept_word("CHAIN")) open_ = statement.line;
    } else if (cursor.accept_word("BEGIN")) {
      cursor.accept_word("WORK");
      cursor.skip_blanks();
      // BEGIN NOT ATOMIC is a block of statements.
      if (cursor.at_end()) open_ = statement.line;
    } else if (cursor.accept_word("START")) {
      if (!cursor.accept_word("TRANSACTION")) return;
      open_ = statement.line;
      locked_.reset();
    } else if (commits_on_its_own(cursor)) {
      open_.reset();
    }
  } catch (const sql::SyntaxProblem&) {
    // Nothing that the server would take.
  }
}

void ScriptWatch::end() const {
  if (open_) {
    const char* const program = dialect_ == sql::Dialect::mysql    ? "mysql"
                                : dialect_ == sql::Dialect::sqlite ? "sqlite3"
                                                                   : "psql";
    throw Error(ErrorKind::input,
                text("a transaction that the file begins and never commits: ", program,
                     " would undo it at the end of the file"),
                text(name_, ':', *open_),
                "if the file is cut short, dump it again; if it is whole, put COMMIT; at its end");
  }
  if (locked_) {
    throw Error(ErrorKind::input, "tables that the file locks and never unlocks",
                text(name_, ':', *locked_),
                "if the file is cut short, dump it again; if it is whole, put UNLOCK TABLES; at "
                "its end");
  }
}

}  // namespace pgseed::seed
