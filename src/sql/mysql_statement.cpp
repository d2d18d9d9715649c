#include "pgseed/sql/mysql_statement.hpp"

#include <algorithm>
#include <array>

#include "pgseed/base/text.hpp"

namespace pgseed::sql {
namespace {

using Kind = StatementKind;

std::string next_word(MysqlCursor& cursor) {
  cursor.skip_blanks();
  return to_lower(cursor.read_word());
}

// True if the word stands anywhere in the rest, outside of strings and names.
bool has_word(MysqlCursor cursor, std::string_view upper_case_word) {
  for (cursor.skip_blanks(); !cursor.at_end(); cursor.skip_blanks()) {
    if (cursor.accept_word(upper_case_word)) return true;
    if (!cursor.at_end()) cursor.skip_token();
  }
  return false;
}

// DO SETVAL(...), as mariadb-dump writes it for a SEQUENCE.
bool sets_sequence(MysqlCursor cursor) {
  return cursor.accept_word("SETVAL") && cursor.accept('(');
}

// CREATE TABLE ... [AS] SELECT makes rows; the SELECT of a view, trigger or event makes none now.
Kind classify_create(MysqlCursor cursor) {
  if (cursor.accept_word("OR")) cursor.accept_word("REPLACE");
  cursor.accept_word("TEMPORARY");
  if (!cursor.accept_word("TABLE")) return Kind::ddl;
  for (int depth = 0; !cursor.at_end(); cursor.skip_blanks()) {
    if (cursor.accept('(')) ++depth;
    if (cursor.accept(')')) --depth;
    const bool selects = cursor.accept_word("SELECT") || cursor.accept_word("WITH");
    const bool is_option =
        selects && (cursor.accept_word("PARSER") || cursor.accept_word("SYSTEM"));
    if (depth == 0 && selects && !is_option) return Kind::insert_select;
    if (!cursor.at_end() && cursor.peek() != '(' && cursor.peek() != ')') cursor.skip_token();
  }
  return Kind::ddl;
}

// DISABLE KEYS and the like, which mysqldump writes around the rows, change no table.
Kind classify_alter(MysqlCursor cursor) {
  const bool keys = has_word(cursor, "KEYS");
  return keys && (has_word(cursor, "DISABLE") || has_word(cursor, "ENABLE")) ? Kind::session
                                                                             : Kind::ddl;
}

Kind classify_select(MysqlCursor cursor) {
  if (has_word(cursor, "INTO")) return Kind::call;
  for (cursor.skip_blanks(); !cursor.at_end(); cursor.skip_blanks()) {
    std::string name;
    const bool quoted = cursor.peek() == '`';
    if (!quoted && !is_identifier_start(cursor.peek())) {
      cursor.skip_token();
      continue;
    }
    if (!cursor.read_name(name)) cursor.skip_token();
    // A function of the user's own may do anything; those of a script's greetings are built in.
    static constexpr std::array<std::string_view, 9> kHarmless = {
        "concat", "now", "version", "database", "count", "max", "char", "left", "row_count"};
    cursor.skip_blanks();
    if (cursor.peek() == '(' &&
        std::find(kHarmless.begin(), kHarmless.end(), to_lower(name)) == kHarmless.end()) {
      return Kind::call;
    }
  }
  return Kind::query;
}

}  // namespace

bool at_delimiter(const MysqlCursor& cursor, std::string_view delimiter) {
  for (std::size_t index = 0; index < delimiter.size(); ++index) {
    if (cursor.peek(index) != delimiter[index]) return false;
  }
  return true;
}

const char* scan_mysql_statement(MysqlCursor& cursor, std::string_view delimiter) {
  const char* finished = cursor.position;
  try {
    for (;;) {
      // A delimiter such as // or -- stands before what it would otherwise begin.
      if (!cursor.at_end() && at_delimiter(cursor, delimiter)) {
        const char* const at = cursor.position;
        cursor.position += delimiter.size();
        return at;
      }
      const char* const before = cursor.position;
      cursor.skip_blanks();
      if (cursor.position != before) {
        finished = cursor.position;
        continue;
      }
      if (cursor.at_end()) {
        throw SyntaxProblem{cursor.position,
                            text("the last statement has no '", delimiter, "' at its end"),
                            "the file may be cut short; if it is whole, add it"};
      }
      // Not word by word: the client finds END$$ to end at its $$.
      if (is_identifier_part(*cursor.position)) {
        ++cursor.position;
      } else {
        cursor.skip_token();
      }
      finished = cursor.position;
    }
  } catch (const NeedMore&) {
    cursor.position = finished;
    throw;
  }
}

StatementKind classify_mysql(std::string_view text, const MysqlMode& mode) {
  static constexpr std::array<std::pair<std::string_view, Kind>, 48> kByFirstWord = {{
      {"drop", Kind::ddl},
      {"rename", Kind::ddl},
      {"grant", Kind::ddl},
      {"revoke", Kind::ddl},
      {"set", Kind::session},
      {"use", Kind::session},
      {"lock", Kind::session},
      {"unlock", Kind::session},
      {"begin", Kind::session},
      {"start", Kind::session},
      {"commit", Kind::session},
      {"savepoint", Kind::session},
      {"release", Kind::session},
      {"flush", Kind::session},
      {"analyze", Kind::session},
      {"optimize", Kind::session},
      {"check", Kind::session},
      {"repair", Kind::session},
      {"change", Kind::session},
      {"reset", Kind::session},
      {"purge", Kind::session},
      {"delimiter", Kind::session},
      {"deallocate", Kind::session},
      {"install", Kind::session},
      {"stop", Kind::session},
      {"kill", Kind::session},
      {"cache", Kind::session},
      {"show", Kind::query},
      {"explain", Kind::query},
      {"describe", Kind::query},
      {"desc", Kind::query},
      {"help", Kind::query},
      {"values", Kind::query},
      {"table", Kind::query},
      {"prepare", Kind::query},
      {"insert", Kind::insert_select},
      {"replace", Kind::insert_select},
      {"update", Kind::update},
      {"delete", Kind::delete_rows},
      {"truncate", Kind::truncate},
      {"call", Kind::call},
      {"execute", Kind::call},
      {"handler", Kind::call},
      {"xa", Kind::call},
      {"load", Kind::copy_program},
      {"rollback", Kind::rollback},
      {"source", Kind::meta_command},
      {"system", Kind::meta_command},
  }};
  if (text.empty()) return Kind::empty;
  if (text[0] == '\\') return Kind::meta_command;
  MysqlCursor cursor(text, mode);
  try {
    if (cursor.accept('(')) return classify_select(cursor);
    const std::string word = next_word(cursor);
    if (word == "create") return classify_create(cursor);
    if (word == "alter") return classify_alter(cursor);
    if (word == "select") {
      return sets_sequence(cursor) ? Kind::sequence : classify_select(cursor);
    }
    if (word == "do") return sets_sequence(cursor) ? Kind::sequence : Kind::call;
    if (word == "with") {
      if (has_word(cursor, "UPDATE")) return Kind::update;
      return has_word(cursor, "DELETE") ? Kind::delete_rows : Kind::query;
    }
    for (const auto& [first, kind] : kByFirstWord) {
      if (word == first) return kind;
    }
  } catch (const SyntaxProblem&) {
    return Kind::unknown;
  }
  return cursor.at_end() && text.find_first_not_of(" \t\r\n*/") == std::string_view::npos
             ? Kind::empty
             : Kind::unknown;
}

}  // namespace pgseed::sql
