#include "pgseed/sql/mysql_table.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/mysql_cursor.hpp"

namespace pgseed::sql {
namespace {

using Columns = std::vector<ColumnDefinition>;

void skip_if_exists(MysqlCursor& cursor) {
  if (!cursor.accept_word("IF")) return;
  cursor.accept_word("NOT");
  cursor.accept_word("EXISTS");
}

// At an item of a table's parentheses, or behind ADD: true if it is an index or a constraint.
bool at_no_column(MysqlCursor cursor) {
  cursor.skip_blanks();
  const std::string word = to_lower(cursor.read_word());
  static constexpr std::array<std::string_view, 10> kWords = {
      "constraint", "primary", "unique",  "key",   "index",
      "fulltext",   "spatial", "foreign", "check", "partition"};
  if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return true;
  // MariaDB's PERIOD FOR SYSTEM_TIME; a column may be called period.
  return word == "period" && cursor.accept_word("FOR");
}

// Moves to the comma or closing parenthesis that ends this item, or to the end.
void skip_item(MysqlCursor& cursor) {
  int depth = 0;
  for (cursor.skip_blanks(); !cursor.at_end(); cursor.skip_blanks()) {
    const char byte = cursor.peek();
    if (depth == 0 && (byte == ',' || byte == ')')) return;
    depth += byte == '(' ? 1 : byte == ')' ? -1 : 0;
    cursor.skip_token();
  }
}

// (n) of bit(n), which decides what a value is; bit alone is one.
std::string read_bits(MysqlCursor& cursor) {
  const MysqlCursor before = cursor;
  std::string_view length = "1";
  if (cursor.accept('(')) {
    cursor.skip_blanks();
    length = cursor.read_word();
  }
  cursor = before;
  return text("bit(", length, ')');
}

void skip_parentheses(MysqlCursor& cursor) {
  if (!cursor.accept('(')) return;
  for (int depth = 1; depth > 0 && !cursor.at_end(); cursor.skip_blanks()) {
    depth += cursor.peek() == '(' ? 1 : cursor.peek() == ')' ? -1 : 0;
    cursor.skip_token();
  }
}

struct ReadColumn {
  ColumnDefinition column;
  bool visible = true;
  bool first = false;
  std::string after;
};

// At a column definition: name type [attributes] [FIRST | AFTER other].
ReadColumn read_column(MysqlCursor& cursor) {
  ReadColumn read;
  if (!cursor.read_name(read.column.name)) {
    throw SyntaxProblem{cursor.position, "expected a column name", ""};
  }
  cursor.skip_blanks();
  read.column.type = to_lower(cursor.read_word());
  if (cursor.accept_word("PRECISION")) read.column.type += " precision";
  if (read.column.type == "bit") read.column.type = read_bits(cursor);
  skip_parentheses(cursor);
  if (cursor.accept_word("UNSIGNED")) read.column.type += " unsigned";
  for (cursor.skip_blanks(); !cursor.at_end(); cursor.skip_blanks()) {
    const char byte = cursor.peek();
    if (byte == ',' || byte == ')') break;
    if (cursor.accept_word("AS")) {
      cursor.skip_blanks();
      read.column.generated |= cursor.peek() == '(';
    } else if (cursor.accept_word("INVISIBLE")) {
      read.visible = false;
    } else if (cursor.accept_word("FIRST")) {
      read.first = true;
    } else if (cursor.accept_word("AFTER")) {
      cursor.read_name(read.after);
    } else if (byte == '(') {
      skip_parentheses(cursor);
    } else {
      cursor.skip_token();
    }
  }
  return read;
}

Columns::iterator named(Columns& columns, const std::string& name) {
  return std::find_if(columns.begin(), columns.end(), [&](const ColumnDefinition& column) {
    return equals_ignoring_case(column.name, name);
  });
}

// Where nobody knows the table's columns, any place that is named may be another one.
bool may_move(const TableDefinition& table, const ReadColumn& read) {
  return !table.complete && (read.first || !read.after.empty());
}

void place(TableDefinition& table, ReadColumn read, Columns::iterator otherwise) {
  Columns& columns = table.columns;
  Columns::iterator at = otherwise;
  if (read.first) at = columns.begin();
  if (!read.after.empty()) {
    at = named(columns, read.after);
    if (at != columns.end()) ++at;
  }
  table.rearranged |= at != otherwise || may_move(table, read);
  columns.insert(at, std::move(read.column));
}

// A column gives way to a new definition, in its place unless that one says another.
void replace(TableDefinition& table, const std::string& name, ReadColumn read) {
  auto at = named(table.columns, name);
  if (at == table.columns.end()) {
    table.rearranged |= may_move(table, read);
    return;
  }
  at = table.columns.erase(at);
  table.rearranged |= !read.visible;
  if (read.visible) place(table, std::move(read), at);
}

void add_columns(MysqlCursor& cursor, TableDefinition& table) {
  Columns& columns = table.columns;
  const bool says_column = cursor.accept_word("COLUMN");
  skip_if_exists(cursor);
  if (!says_column && at_no_column(cursor)) return;
  const bool several = cursor.accept('(');
  do {
    ReadColumn read = read_column(cursor);
    const bool known = named(columns, read.column.name) != columns.end();
    if (!known && read.visible) place(table, std::move(read), columns.end());
  } while (several && cursor.accept(','));
}

void rename_part(MysqlCursor& cursor, TableDefinition& table) {
  std::string name;
  if (cursor.accept_word("COLUMN")) {
    std::string to;
    if (!cursor.read_name(name) || !cursor.accept_word("TO") || !cursor.read_name(to)) return;
    const auto at = named(table.columns, name);
    if (at != table.columns.end()) at->name = to;
    return;
  }
  if (cursor.accept_word("INDEX") || cursor.accept_word("KEY")) return;
  if (!cursor.accept_word("TO")) cursor.accept_word("AS");
  table.name = cursor.read_qualified_name();
}

// At one action of ALTER TABLE; the cursor may stay inside it.
void alter_part(MysqlCursor& cursor, TableDefinition& table) {
  Columns& columns = table.columns;
  std::string name;
  if (cursor.accept_word("ADD")) {
    add_columns(cursor, table);
  } else if (cursor.accept_word("DROP")) {
    const bool says_column = cursor.accept_word("COLUMN");
    skip_if_exists(cursor);
    if ((!says_column && at_no_column(cursor)) || !cursor.read_name(name)) return;
    table.rearranged = true;
    if (const auto at = named(columns, name); at != columns.end()) columns.erase(at);
  } else if (cursor.accept_word("MODIFY")) {
    cursor.accept_word("COLUMN");
    skip_if_exists(cursor);
    ReadColumn read = read_column(cursor);
    name = read.column.name;
    replace(table, name, std::move(read));
  } else if (cursor.accept_word("CHANGE")) {
    cursor.accept_word("COLUMN");
    skip_if_exists(cursor);
    if (cursor.read_name(name)) replace(table, name, read_column(cursor));
  } else if (cursor.accept_word("RENAME")) {
    rename_part(cursor, table);
  }
}

// Moves behind ALTER TABLE and returns its table.
std::optional<QualifiedName> read_altered(MysqlCursor& cursor) {
  if (!cursor.accept_word("ALTER")) return {};
  while (cursor.accept_word("ONLINE") || cursor.accept_word("IGNORE")) {
  }
  if (!cursor.accept_word("TABLE")) return {};
  skip_if_exists(cursor);
  return cursor.read_qualified_name();
}

bool accept_create(MysqlCursor& cursor, bool& replaces) {
  if (!cursor.accept_word("CREATE")) return false;
  replaces = cursor.accept_word("OR") && cursor.accept_word("REPLACE");
  cursor.accept_word("TEMPORARY");
  return cursor.accept_word("TABLE");
}

}  // namespace

std::optional<TableDefinition> read_mysql_create(std::string_view statement) {
  MysqlCursor cursor(statement);
  bool replaces = false;
  if (!accept_create(cursor, replaces)) return {};
  skip_if_exists(cursor);
  TableDefinition table;
  table.name = cursor.read_qualified_name();
  if (!cursor.accept('(') || cursor.accept_word("LIKE") || cursor.accept_word("SELECT")) {
    table.complete = false;
    return table;
  }
  while (!cursor.accept(')')) {
    if (cursor.at_end()) throw SyntaxProblem{cursor.position, "CREATE TABLE is never closed", ""};
    if (at_no_column(cursor)) {
      skip_item(cursor);
    } else {
      ReadColumn read = read_column(cursor);
      if (read.visible) table.columns.push_back(std::move(read.column));
    }
    cursor.accept(',');
  }
  for (cursor.skip_blanks(); !cursor.at_end(); cursor.skip_blanks()) {
    if (cursor.accept_word("SELECT")) table.complete = false;  // adds its own columns
    if (!cursor.at_end()) cursor.skip_token();
  }
  return table;
}

bool replaces_mysql_table(std::string_view statement) {
  MysqlCursor cursor(statement);
  bool replaces = false;
  return accept_create(cursor, replaces) && replaces;
}

std::optional<QualifiedName> altered_mysql_table(std::string_view statement) {
  MysqlCursor cursor(statement);
  return read_altered(cursor);
}

void alter_mysql_table(std::string_view statement, TableDefinition& table) {
  MysqlCursor cursor(statement);
  read_altered(cursor);
  do {
    alter_part(cursor, table);
    skip_item(cursor);
  } while (cursor.accept(','));
}

std::vector<RenamedTable> renamed_mysql_tables(std::string_view statement) {
  MysqlCursor cursor(statement);
  std::vector<RenamedTable> tables;
  if (!cursor.accept_word("RENAME") || !cursor.accept_word("TABLE")) return {};
  skip_if_exists(cursor);
  do {
    RenamedTable& table = tables.emplace_back();
    table.from = cursor.read_qualified_name();
    if (!cursor.accept_word("TO")) throw SyntaxProblem{cursor.position, "expected TO", ""};
    table.to = cursor.read_qualified_name();
  } while (cursor.accept(','));
  return tables;
}

std::vector<QualifiedName> dropped_mysql_tables(std::string_view statement) {
  MysqlCursor cursor(statement);
  std::vector<QualifiedName> names;
  if (!cursor.accept_word("DROP")) return {};
  if (cursor.accept_word("TEMPORARY")) return {};
  if (!cursor.accept_word("TABLE")) return {};
  skip_if_exists(cursor);
  do {
    names.push_back(cursor.read_qualified_name());
  } while (cursor.accept(','));
  return names;
}

std::optional<std::string> used_mysql_database(std::string_view statement) {
  MysqlCursor cursor(statement);
  std::string name;
  if (!cursor.accept_word("USE") || !cursor.read_name(name)) return {};
  return name;
}

}  // namespace pgseed::sql
