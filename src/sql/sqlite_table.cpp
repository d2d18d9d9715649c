#include "pgseed/sql/sqlite_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/sqlite_cursor.hpp"

namespace pgseed::sql {
namespace {

template <std::size_t size>
bool at_word_of(SqliteCursor cursor, const std::array<std::string_view, size>& words) {
  cursor.skip_blanks();
  const std::string word = to_lower(read_word(cursor));
  return std::find(words.begin(), words.end(), word) != words.end();
}

// SQLite reserves these words: no column has them as a bare name.
bool at_table_constraint(const SqliteCursor& cursor) {
  static constexpr std::array<std::string_view, 5> kWords = {"constraint", "primary", "unique",
                                                             "check", "foreign"};
  return at_word_of(cursor, kWords);
}

// What ends a column's type, which is any sequence of names.
bool at_column_constraint(const SqliteCursor& cursor) {
  static constexpr std::array<std::string_view, 11> kWords = {
      "constraint", "primary", "not",        "null", "unique",   "check",
      "default",    "collate", "references", "as",   "generated"};
  return at_word_of(cursor, kWords);
}

// Moves to the comma or closing parenthesis that ends this item. True if the word AS stands outside
// of parentheses, as it does only before a generated column's expression.
bool skip_item(SqliteCursor& cursor) {
  bool has_as = false;
  int depth = 0;
  for (cursor.skip_blanks(); !cursor.at_end(); cursor.skip_blanks()) {
    const char byte = cursor.peek();
    if (depth == 0 && (byte == ',' || byte == ')')) return has_as;
    if (byte == '(') ++depth;
    if (byte == ')') --depth;
    if (depth == 0 && cursor.accept_word("AS")) {
      has_as = true;
    } else {
      cursor.skip_token();
    }
  }
  return has_as;
}

void skip_parentheses(SqliteCursor& cursor) {
  if (!cursor.accept('(')) return;
  for (int depth = 1; depth > 0;) {
    cursor.skip_blanks();
    if (cursor.at_end()) throw SyntaxProblem{cursor.position, "a type's ( is never closed", ""};
    if (cursor.peek() == '(') ++depth;
    if (cursor.peek() == ')') --depth;
    cursor.skip_token();
  }
}

ColumnDefinition read_column(SqliteCursor& cursor) {
  ColumnDefinition column;
  if (!cursor.read_name(column.name)) {
    throw SyntaxProblem{cursor.position, "expected a column name", ""};
  }
  std::string word;
  while (!at_column_constraint(cursor) && cursor.read_name(word)) {
    if (!column.type.empty()) column.type += ' ';
    column.type += to_lower(word);
  }
  skip_parentheses(cursor);
  column.generated = skip_item(cursor);
  return column;
}

void skip_if_exists(SqliteCursor& cursor) {
  if (!cursor.accept_word("IF")) return;
  cursor.accept_word("NOT");
  cursor.accept_word("EXISTS");
}

std::optional<TableDefinition> read_create(SqliteCursor& cursor) {
  if (!cursor.accept_word("CREATE")) return {};
  if (!cursor.accept_word("TEMP")) cursor.accept_word("TEMPORARY");
  const bool is_virtual = cursor.accept_word("VIRTUAL");
  if (!cursor.accept_word("TABLE")) return {};
  skip_if_exists(cursor);
  TableDefinition table;
  table.name = cursor.read_qualified_name();
  if (is_virtual || !cursor.accept('(')) {
    table.complete = false;
    return table;
  }
  while (!cursor.accept(')')) {
    cursor.skip_blanks();
    if (cursor.at_end()) throw SyntaxProblem{cursor.position, "CREATE TABLE is never closed", ""};
    if (at_table_constraint(cursor)) {
      skip_item(cursor);
    } else {
      table.columns.push_back(read_column(cursor));
    }
    cursor.accept(',');
  }
  return table;
}

std::optional<QualifiedName> read_altered(SqliteCursor& cursor) {
  if (!cursor.accept_word("ALTER") || !cursor.accept_word("TABLE")) return {};
  return cursor.read_qualified_name();
}

void alter(SqliteCursor& cursor, TableDefinition& table) {
  std::vector<ColumnDefinition>& columns = table.columns;
  const auto named = [&](const std::string& name) {
    return std::find_if(columns.begin(), columns.end(), [&](const ColumnDefinition& column) {
      return equals_ignoring_case(column.name, name);
    });
  };
  if (cursor.accept_word("ADD")) {
    cursor.accept_word("COLUMN");
    columns.push_back(read_column(cursor));
    return;
  }
  std::string name, to;
  if (cursor.accept_word("DROP")) {
    cursor.accept_word("COLUMN");
    if (!cursor.read_name(name)) return;
    table.rearranged = true;
    if (const auto at = named(name); at != columns.end()) columns.erase(at);
  } else if (cursor.accept_word("RENAME")) {
    if (cursor.accept_word("TO")) {
      if (cursor.read_name(to)) table.name.name = to;
      return;
    }
    cursor.accept_word("COLUMN");
    if (!cursor.read_name(name) || !cursor.accept_word("TO") || !cursor.read_name(to)) return;
    if (const auto at = named(name); at != columns.end()) at->name = to;
  }
}

}  // namespace

std::optional<TableDefinition> read_sqlite_create(std::string_view statement) {
  SqliteCursor cursor(statement);
  try {
    return read_create(cursor);
  } catch (const SyntaxProblem&) {
    return {};
  }
}

std::optional<QualifiedName> altered_sqlite_table(std::string_view statement) {
  SqliteCursor cursor(statement);
  try {
    return read_altered(cursor);
  } catch (const SyntaxProblem&) {
    return {};
  }
}

void alter_sqlite_table(std::string_view statement, TableDefinition& table) {
  SqliteCursor cursor(statement);
  try {
    if (read_altered(cursor)) alter(cursor, table);
  } catch (const SyntaxProblem&) {
    table.complete = false;  // not DDL as we know it: the catalogue will have to tell
  }
}

std::optional<QualifiedName> dropped_sqlite_table(std::string_view statement) {
  SqliteCursor cursor(statement);
  try {
    if (!cursor.accept_word("DROP") || !cursor.accept_word("TABLE")) return {};
    skip_if_exists(cursor);
    return cursor.read_qualified_name();
  } catch (const SyntaxProblem&) {
    return {};
  }
}

}  // namespace pgseed::sql
