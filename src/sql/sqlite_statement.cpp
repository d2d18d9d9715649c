#include "pgseed/sql/sqlite_statement.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::sql {
namespace {

using Kind = StatementKind;

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

// What a change of SQLite's own table means.
Kind kind_of_own_table(const std::string& name) {
  if (equals_ignoring_case(name, "sqlite_sequence")) return Kind::sequence;
  return starts_with_ignoring_case(name, "sqlite_stat") ? Kind::session : Kind::ddl;
}

void skip_conflict_clause(SqliteCursor& cursor) {
  if (cursor.accept_word("OR")) read_word((cursor.skip_blanks(), cursor));
}

// INSERT, REPLACE, UPDATE and DELETE, behind their first word.
Kind classify_change(SqliteCursor& cursor, Kind kind) {
  skip_conflict_clause(cursor);
  if (kind == Kind::insert_select) cursor.accept_word("INTO");
  if (kind == Kind::delete_rows) cursor.accept_word("FROM");
  const QualifiedName table = cursor.read_qualified_name();
  if (!is_sqlite_table(table)) return kind;
  // sqlite3 empties sqlite_sequence before it fills it: that sets nothing.
  const Kind own = kind_of_own_table(table.name);
  return own == Kind::sequence && kind == Kind::delete_rows ? Kind::session : own;
}

// The first data-modifying word behind WITH or EXPLAIN's options tells what it is.
Kind classify_with(SqliteCursor& cursor) {
  for (cursor.skip_blanks(); !cursor.at_end(); cursor.skip_blanks()) {
    if (cursor.accept_word("INSERT") || cursor.accept_word("REPLACE")) {
      // replace() is a function as well.
      if (!cursor.accept('(')) return classify_change(cursor, Kind::insert_select);
    } else if (cursor.accept_word("UPDATE")) {
      return classify_change(cursor, Kind::update);
    } else if (cursor.accept_word("DELETE")) {
      return classify_change(cursor, Kind::delete_rows);
    } else {
      cursor.skip_token();
    }
  }
  return Kind::query;
}

// Functions that only compute, and words that stand before a parenthesis without being one.
// Extensions bring others, and those change tables (AddGeometryColumn, load_extension).
bool is_harmless_call(std::string_view name) {
  static constexpr std::string_view kNames =
      " abs all and as avg between by case cast ceil ceiling changes char coalesce concat concat_ws"
      " count cume_dist current date datetime dense_rank distinct else except exists exp filter"
      " first_value floor format from glob group_concat having hex ifnull iif in instr intersect is"
      " json json_array json_each json_extract json_group_array json_group_object json_object join"
      " julianday lag last_insert_rowid last_value lead length like limit ln log lower ltrim max"
      " materialized min mod not ntile nth_value nullif offset on or over partition"
      " percent_rank pow power"
      " pragma_foreign_key_check pragma_table_info printf quote random randomblob rank replace "
      "round"
      " row_number rtrim select sign sqlite_source_id sqlite_version sqrt strftime string_agg "
      "substr"
      " substring sum then time total total_changes trim trunc typeof unhex unicode union unistr"
      " unixepoch upper using values when where window zeroblob ";
  return kNames.find(text(' ', to_lower(name), ' ')) != std::string_view::npos;
}

Kind classify_select(SqliteCursor& cursor) {
  std::string name;
  for (cursor.skip_blanks(); !cursor.at_end(); cursor.skip_blanks()) {
    const char byte = cursor.peek();
    const bool blob = (byte == 'x' || byte == 'X') && cursor.peek(1) == '\'';
    if (blob || !is_identifier_start(byte)) {
      cursor.skip_token();
      continue;
    }
    name = read_word(cursor);
    cursor.skip_blanks();
    if (cursor.peek() == '(' && !is_harmless_call(name)) return Kind::call;
  }
  return Kind::query;
}

// A line of the shell: what only shows, or changes how things are shown, is passed over.
Kind classify_shell_command(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && !is_space(text[length])) ++length;
  static constexpr std::array<std::string_view, 27> kHarmless = {
      "bail",      "binary",     "changes", "databases", "dbinfo",  "echo",    "eqp",
      "exit",      "fullschema", "headers", "header",    "help",    "indexes", "mode",
      "nullvalue", "once",       "output",  "print",     "prompt",  "quit",    "schema",
      "show",      "separator",  "stats",   "tables",    "timeout", "timer"};
  const std::string_view command = text.substr(1, length - 1);
  const bool harmless = std::find(kHarmless.begin(), kHarmless.end(), command) != kHarmless.end();
  return harmless || command == "width" ? Kind::session : Kind::meta_command;
}

}  // namespace

void SqliteStatementScanner::note_word(std::string_view word) {
  if (leading_) {
    if (creates_ && equals_ignoring_case(word, "TRIGGER")) {
      is_trigger_ = true;
      leading_ = false;
    } else if (equals_ignoring_case(word, "CREATE")) {
      creates_ = true;
    } else if (!equals_ignoring_case(word, "TEMP") && !equals_ignoring_case(word, "TEMPORARY") &&
               !equals_ignoring_case(word, "EXPLAIN") && !equals_ignoring_case(word, "QUERY") &&
               !equals_ignoring_case(word, "PLAN")) {
      leading_ = false;
    }
  }
  last_ = last_ == Last::semicolon && equals_ignoring_case(word, "END") ? Last::end_behind_semicolon
                                                                        : Last::other;
}

void SqliteStatementScanner::scan(SqliteCursor& cursor) {
  const char* finished = cursor.position;
  try {
    for (;;) {
      cursor.skip_blanks();
      finished = cursor.position;
      if (cursor.at_end()) {
        throw SyntaxProblem{cursor.position, "the last statement has no ';' at its end",
                            "the file may be cut short; if it is whole, add the semicolon"};
      }
      const char byte = *cursor.position;
      const bool blob = (byte == 'x' || byte == 'X') && cursor.peek(1) == '\'';
      if (byte == ';') {
        ++cursor.position;
        if (!is_trigger_ || last_ == Last::end_behind_semicolon) return;
        last_ = Last::semicolon;
      } else if (is_identifier_start(byte) && !blob) {
        const std::string_view word = read_word(cursor);
        note_word(word);
      } else {
        cursor.skip_token();
        leading_ = false;
        last_ = Last::other;
      }
      finished = cursor.position;
    }
  } catch (const NeedMore&) {
    cursor.position = finished;
    throw;
  }
}

bool is_sqlite_table(const QualifiedName& name) {
  return starts_with_ignoring_case(name.name, "sqlite_");
}

StatementKind classify_sqlite(std::string_view text) {
  if (text.empty() || text[0] == ';') return Kind::empty;
  if (text[0] == '.') return classify_shell_command(text);
  static constexpr std::array<std::pair<std::string_view, Kind>, 20> kByFirstWord = {{
      {"create", Kind::ddl},
      {"alter", Kind::ddl},
      {"drop", Kind::ddl},
      {"reindex", Kind::ddl},
      {"pragma", Kind::session},
      {"begin", Kind::session},
      {"commit", Kind::session},
      {"end", Kind::session},
      {"savepoint", Kind::session},
      {"release", Kind::session},
      {"analyze", Kind::session},
      {"vacuum", Kind::session},
      {"attach", Kind::session},
      {"detach", Kind::session},
      {"values", Kind::query},
      {"explain", Kind::query},
      {"insert", Kind::insert_select},
      {"replace", Kind::insert_select},
      {"update", Kind::update},
      {"delete", Kind::delete_rows},
  }};
  SqliteCursor cursor(text);
  try {
    cursor.skip_blanks();
    const std::string word = to_lower(read_word(cursor));
    if (word == "with") return classify_with(cursor);
    if (word == "select") return classify_select(cursor);
    if (word == "rollback") return Kind::rollback;
    for (const auto& [first, kind] : kByFirstWord) {
      if (word != first) continue;
      return is_unsupported(kind) ? classify_change(cursor, kind) : kind;
    }
  } catch (const SyntaxProblem&) {
    return Kind::unknown;
  }
  return Kind::unknown;
}

}  // namespace pgseed::sql
