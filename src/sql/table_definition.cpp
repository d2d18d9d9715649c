#include "pgseed/sql/table_definition.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/mysql_table.hpp"
#include "pgseed/sql/sqlite_table.hpp"
#include "pgseed/sql/type_name.hpp"

namespace pgseed::sql {
namespace {

// At an item of a table's parentheses: true if it is a constraint (or LIKE), no column.
bool at_table_constraint(Cursor cursor) {
  skip_blanks(cursor);
  const std::string word = to_lower(read_word(cursor));
  static constexpr std::array<std::string_view, 6> kWords = {"constraint", "primary", "unique",
                                                             "check",      "foreign", "like"};
  if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return true;
  // A column may be called exclude, the other words are reserved.
  return word == "exclude" && (accept_word(cursor, "USING") || accept(cursor, '('));
}

// Moves to the comma or closing parenthesis that ends this item, or to the end.
void skip_item(Cursor& cursor) {
  int depth = 0;
  for (skip_blanks(cursor); !cursor.at_end(); skip_blanks(cursor)) {
    const char byte = cursor.peek();
    if (depth == 0 && (byte == ',' || byte == ')')) return;
    if (byte == '(' || byte == '[') ++depth;
    if (byte == ')' || byte == ']') --depth;
    skip_token(cursor);
  }
}

// At a column definition: name type [constraints].
ColumnDefinition read_column(Cursor& cursor) {
  ColumnDefinition column;
  if (!read_identifier(cursor, column.name)) {
    throw SyntaxProblem{cursor.position, "expected a column name", ""};
  }
  column.type = read_type_name(cursor).spelled();
  const char* const rest = cursor.position;
  skip_item(cursor);
  Cursor constraints{rest, cursor.position, true, cursor.backslash_is_data};
  for (skip_blanks(constraints); !constraints.at_end(); skip_blanks(constraints)) {
    if (accept_word(constraints, "GENERATED") && accept_word(constraints, "ALWAYS") &&
        accept_word(constraints, "AS")) {
      skip_blanks(constraints);
      column.generated = constraints.peek() == '(';
      break;
    }
    if (!constraints.at_end()) skip_token(constraints);
  }
  return column;
}

void skip_if_exists(Cursor& cursor) {
  if (!accept_word(cursor, "IF")) return;
  accept_word(cursor, "NOT");
  accept_word(cursor, "EXISTS");
}

std::optional<TableDefinition> read_create(Cursor& cursor) {
  if (!accept_word(cursor, "CREATE")) return {};
  while (accept_word(cursor, "GLOBAL") || accept_word(cursor, "LOCAL") ||
         accept_word(cursor, "UNLOGGED") || accept_word(cursor, "TEMPORARY") ||
         accept_word(cursor, "TEMP") || accept_word(cursor, "FOREIGN")) {
  }
  if (!accept_word(cursor, "TABLE")) return {};
  skip_if_exists(cursor);
  TableDefinition table;
  table.name = read_qualified_name(cursor);
  if (!accept(cursor, '(')) {
    table.complete = false;
    return table;
  }
  while (!accept(cursor, ')')) {
    skip_blanks(cursor);
    if (cursor.at_end()) throw SyntaxProblem{cursor.position, "CREATE TABLE is never closed", ""};
    if (at_table_constraint(cursor)) {
      if (accept_word(cursor, "LIKE")) table.complete = false;
      skip_item(cursor);
    } else {
      table.columns.push_back(read_column(cursor));
    }
    accept(cursor, ',');
  }
  if (accept_word(cursor, "INHERITS")) table.complete = false;
  return table;
}

// At one action of ALTER TABLE: what it changes of the columns. `cursor` may stay inside the
// action.
void alter_columns(Cursor& cursor, TableDefinition& table) {
  std::vector<ColumnDefinition>& columns = table.columns;
  const auto named = [&](const std::string& name) {
    return std::find_if(columns.begin(), columns.end(),
                        [&](const ColumnDefinition& column) { return column.name == name; });
  };
  std::string name;
  if (accept_word(cursor, "ADD")) {
    const bool says_column = accept_word(cursor, "COLUMN");
    skip_if_exists(cursor);
    if (!says_column && at_table_constraint(cursor)) return;
    const ColumnDefinition column = read_column(cursor);
    if (named(column.name) == columns.end()) columns.push_back(column);
  } else if (accept_word(cursor, "DROP")) {
    const bool says_column = accept_word(cursor, "COLUMN");
    if (!says_column && accept_word(cursor, "CONSTRAINT")) return;
    skip_if_exists(cursor);
    read_identifier(cursor, name);
    table.rearranged = true;
    if (const auto at = named(name); at != columns.end()) columns.erase(at);
  } else if (accept_word(cursor, "ALTER")) {
    accept_word(cursor, "COLUMN");
    read_identifier(cursor, name);
    const auto at = named(name);
    if (at == columns.end()) return;
    if (accept_word(cursor, "DROP")) {
      if (accept_word(cursor, "EXPRESSION")) at->generated = false;
      return;
    }
    if (accept_word(cursor, "SET") && !accept_word(cursor, "DATA")) return;
    if (accept_word(cursor, "TYPE")) at->type = read_type_name(cursor).spelled();
  } else if (accept_word(cursor, "RENAME")) {
    std::string to;
    const bool says_column = accept_word(cursor, "COLUMN");
    if (!says_column && accept_word(cursor, "CONSTRAINT")) return;
    if (!read_identifier(cursor, name) || !accept_word(cursor, "TO")) return;
    if (!read_identifier(cursor, to)) return;
    if (const auto at = named(name); at != columns.end()) at->name = to;
  }
}

// Moves behind ALTER TABLE and its table, or returns nothing.
std::optional<QualifiedName> read_altered(Cursor& cursor) {
  if (!accept_word(cursor, "ALTER") || !accept_word(cursor, "TABLE")) return {};
  skip_if_exists(cursor);
  accept_word(cursor, "ONLY");
  QualifiedName name = read_qualified_name(cursor);
  accept(cursor, '*');
  return name;
}

}  // namespace

TableDefinitions::Key TableDefinitions::key_of(const QualifiedName& name,
                                               const std::string& default_schema) const {
  if (!name.schema) return {default_schema, name.name};
  if (!database_.empty() && *name.schema == database_) return {database_schema_, name.name};
  return {*name.schema, name.name};
}

// IF NOT EXISTS of a table that this file made before changes nothing.
void TableDefinitions::add(const TableDefinition& table, const Key& key, bool replaces) {
  if (replaces) tables_.erase(key);
  tables_.emplace(key, table);
}

void TableDefinitions::move(const Key& from, const Key& to) {
  if (from == to) return;
  auto moved = tables_.extract(from);
  if (moved.empty()) return;
  moved.key() = to;
  tables_.erase(to);
  tables_.insert(std::move(moved));
}

void TableDefinitions::note(std::string_view statement, const std::string& default_schema) {
  try {
    switch (dialect_) {
      case Dialect::mysql:
        return note_mysql(statement, default_schema);
      case Dialect::sqlite:
        return note_sqlite(statement, default_schema);
      case Dialect::postgresql:
      case Dialect::sql_server:
        return note_postgresql(statement, default_schema);
    }
  } catch (const SyntaxProblem&) {
    // Not DDL as we know it: the catalogue will have to tell.
  }
}

void TableDefinitions::note_postgresql(std::string_view statement,
                                       const std::string& default_schema) {
  Cursor cursor = cursor_over(statement);
  if (const auto table = read_create(cursor)) {
    return add(*table, key_of(table->name, default_schema), false);
  }
  for (const QualifiedName& name : dropped_by(statement)) {
    tables_.erase(key_of(name, default_schema));
  }
  cursor.position = statement.data();
  if (accept_word(cursor, "DROP") && accept_word(cursor, "SCHEMA")) return drop_schemas(cursor);
  cursor.position = statement.data();
  const auto altered = read_altered(cursor);
  if (!altered) return;
  const auto found = tables_.find(key_of(*altered, default_schema));
  if (found == tables_.end()) return;
  Key new_name = found->first;
  do {
    const Cursor action = cursor;
    if (accept_word(cursor, "SET") && accept_word(cursor, "SCHEMA")) {
      read_identifier(cursor, new_name.first);
    } else if (cursor = action; accept_word(cursor, "RENAME") && accept_word(cursor, "TO")) {
      read_identifier(cursor, new_name.second);
    } else {
      cursor = action;
      alter_columns(cursor, found->second);
    }
    skip_item(cursor);
  } while (accept(cursor, ','));
  move(found->first, new_name);
}

void TableDefinitions::note_mysql(std::string_view statement, const std::string& default_schema) {
  if (const auto database = used_mysql_database(statement)) {
    if (!database_.empty()) return;
    database_ = *database;
    database_schema_ = default_schema;
  } else if (const auto table = read_mysql_create(statement)) {
    add(*table, key_of(table->name, default_schema), replaces_mysql_table(statement));
  } else if (const auto altered = altered_mysql_table(statement)) {
    const Key key = key_of(*altered, default_schema);
    const auto found = tables_.find(key);
    if (found == tables_.end()) return;
    found->second.name = *altered;
    alter_mysql_table(statement, found->second);
    move(key, key_of(found->second.name, default_schema));
  } else {
    for (const RenamedTable& renamed : renamed_mysql_tables(statement)) {
      move(key_of(renamed.from, default_schema), key_of(renamed.to, default_schema));
    }
    for (const QualifiedName& name : dropped_mysql_tables(statement)) {
      tables_.erase(key_of(name, default_schema));
    }
  }
}

void TableDefinitions::note_sqlite(std::string_view statement, const std::string& default_schema) {
  if (auto table = read_sqlite_create(statement)) {
    table->insert_skips_generated = true;
    add(*table, key_of(table->name, default_schema), false);
  } else if (const auto altered = altered_sqlite_table(statement)) {
    const Key key = key_of(*altered, default_schema);
    const auto found = tables_.find(key);
    if (found == tables_.end()) return;
    found->second.name = *altered;
    alter_sqlite_table(statement, found->second);
    move(key, key_of(found->second.name, default_schema));
  } else if (const auto dropped = dropped_sqlite_table(statement)) {
    tables_.erase(key_of(*dropped, default_schema));
  }
}

std::optional<std::pair<std::string, std::string>> TableDefinitions::rearranged_by(
    std::string_view statement, const std::string& default_schema) const {
  try {
    Cursor cursor = cursor_over(statement);
    const std::optional<QualifiedName> altered =
        dialect_ == Dialect::mysql    ? altered_mysql_table(statement)
        : dialect_ == Dialect::sqlite ? altered_sqlite_table(statement)
                                      : read_altered(cursor);
    if (!altered) return {};
    Key key = key_of(*altered, default_schema);
    const auto found = tables_.find(key);
    TableDefinition table;
    table.complete = false;
    if (found != tables_.end()) table = found->second;
    table.rearranged = false;
    if (dialect_ == Dialect::mysql) {
      alter_mysql_table(statement, table);
    } else if (dialect_ == Dialect::sqlite) {
      alter_sqlite_table(statement, table);
    } else {
      do {
        alter_columns(cursor, table);
        skip_item(cursor);
      } while (accept(cursor, ','));
    }
    if (table.rearranged) return key;
  } catch (const SyntaxProblem&) {
    // Not DDL as we know it.
  }
  return {};
}

void TableDefinitions::drop_schemas(Cursor& cursor) {
  skip_if_exists(cursor);
  std::string schema;
  do {
    if (!read_identifier(cursor, schema)) return;
    std::erase_if(tables_, [&](const auto& entry) { return entry.first.first == schema; });
  } while (accept(cursor, ','));
}

std::vector<std::pair<std::string, std::string>> TableDefinitions::names() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [key, table] : tables_) all.push_back(key);
  return all;
}

const TableDefinition* TableDefinitions::find(const std::string& schema,
                                              const std::string& table) const {
  const auto found = tables_.find({schema, table});
  return found == tables_.end() || !found->second.complete ? nullptr : &found->second;
}

std::optional<QualifiedName> TableDefinitions::created_by(std::string_view statement) {
  Cursor cursor = cursor_over(statement);
  try {
    if (const auto table = read_create(cursor)) return table->name;
  } catch (const SyntaxProblem&) {
    // the server will say what is wrong with it
  }
  return {};
}

std::vector<QualifiedName> TableDefinitions::dropped_by(std::string_view statement,
                                                        Dialect dialect) {
  Cursor cursor = cursor_over(statement);
  std::vector<QualifiedName> names;
  try {
    if (dialect == Dialect::mysql) return dropped_mysql_tables(statement);
    if (dialect == Dialect::sqlite) {
      if (auto dropped = dropped_sqlite_table(statement)) names.push_back(std::move(*dropped));
      return names;
    }
    if (!accept_word(cursor, "DROP")) return {};
    accept_word(cursor, "FOREIGN");
    if (!accept_word(cursor, "TABLE")) return {};
    skip_if_exists(cursor);
    do {
      names.push_back(read_qualified_name(cursor));
    } while (accept(cursor, ','));
  } catch (const SyntaxProblem&) {
    return {};
  }
  return names;
}

}  // namespace pgseed::sql
