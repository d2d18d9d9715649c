#include "pgseed/sql/table_definition.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/type_name.hpp"

namespace pgseed::sql {
namespace {

bool starts_table_constraint(std::string_view word) {
  static constexpr std::array<std::string_view, 7> kWords = {
      "constraint", "primary", "unique", "check", "foreign", "exclude", "like"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

// Moves to the comma or closing parenthesis that ends this item, or to the end.
void skip_item(Cursor& cursor) {
  int depth = 0;
  for (skip_blanks(cursor); !cursor.at_end(); skip_blanks(cursor)) {
    const char byte = cursor.peek();
    if (depth == 0 && (byte == ',' || byte == ')')) return;
    if (byte == '(') ++depth;
    if (byte == ')') --depth;
    skip_token(cursor);
  }
}

// At a column definition: name type [constraints].
ColumnDefinition read_column(Cursor& cursor) {
  ColumnDefinition column;
  read_identifier(cursor, column.name);
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
    const char* const begin = cursor.position;
    if (cursor.at_end()) throw SyntaxProblem{begin, "CREATE TABLE is never closed", ""};
    const std::string word = to_lower(read_word(cursor));
    cursor.position = begin;
    if (word == "like") table.complete = false;
    if (starts_table_constraint(word)) {
      skip_item(cursor);
    } else {
      table.columns.push_back(read_column(cursor));
    }
    accept(cursor, ',');
  }
  if (accept_word(cursor, "INHERITS")) table.complete = false;
  return table;
}

}  // namespace

void TableDefinitions::note(std::string_view statement, const std::string& default_schema) {
  Cursor cursor{statement.data(), statement.data() + statement.size(), true, true};
  const auto key = [&](const QualifiedName& name) {
    return std::pair(name.schema.value_or(default_schema), name.name);
  };
  try {
    if (const auto table = read_create(cursor)) {
      // IF NOT EXISTS of a table that this file made before changes nothing.
      tables_.emplace(key(table->name), *table);
      return;
    }
    for (const QualifiedName& name : dropped_by(statement)) tables_.erase(key(name));
    cursor.position = statement.data();
    if (!accept_word(cursor, "ALTER") || !accept_word(cursor, "TABLE")) return;
    skip_if_exists(cursor);
    accept_word(cursor, "ONLY");
    const auto found = tables_.find(key(read_qualified_name(cursor)));
    if (found == tables_.end()) return;
    std::vector<ColumnDefinition>& columns = found->second.columns;
    const auto named = [&](const std::string& name) {
      return std::find_if(columns.begin(), columns.end(),
                          [&](const ColumnDefinition& column) { return column.name == name; });
    };
    do {
      if (accept_word(cursor, "ADD")) {
        const bool says_column = accept_word(cursor, "COLUMN");
        skip_if_exists(cursor);
        skip_blanks(cursor);
        const char* const begin = cursor.position;
        const std::string word = to_lower(read_word(cursor));
        cursor.position = begin;
        if (says_column || !starts_table_constraint(word)) {
          const ColumnDefinition column = read_column(cursor);
          if (named(column.name) == columns.end()) columns.push_back(column);
          continue;
        }
      } else if (accept_word(cursor, "DROP")) {
        const bool says_column = accept_word(cursor, "COLUMN");
        if (says_column || !accept_word(cursor, "CONSTRAINT")) {
          skip_if_exists(cursor);
          std::string name;
          read_identifier(cursor, name);
          if (const auto at = named(name); at != columns.end()) columns.erase(at);
        }
      } else if (accept_word(cursor, "RENAME")) {
        std::string from, to;
        const bool says_column = accept_word(cursor, "COLUMN");
        if (!says_column && (accept_word(cursor, "TO") || accept_word(cursor, "CONSTRAINT"))) {
          found->second.complete = false;
        } else if (read_identifier(cursor, from) && accept_word(cursor, "TO") &&
                   read_identifier(cursor, to)) {
          if (const auto at = named(from); at != columns.end()) at->name = to;
        }
      } else if (accept_word(cursor, "INHERIT") || accept_word(cursor, "OF")) {
        found->second.complete = false;
      }
      skip_item(cursor);
    } while (accept(cursor, ','));
  } catch (const SyntaxProblem&) {
    // Not DDL as we know it: the catalogue will have to tell.
  }
}

const TableDefinition* TableDefinitions::find(const std::string& schema,
                                              const std::string& table) const {
  const auto found = tables_.find({schema, table});
  return found == tables_.end() || !found->second.complete ? nullptr : &found->second;
}

std::optional<QualifiedName> TableDefinitions::created_by(std::string_view statement) {
  Cursor cursor{statement.data(), statement.data() + statement.size(), true, true};
  try {
    if (const auto table = read_create(cursor)) return table->name;
  } catch (const SyntaxProblem&) {
    // the server will say what is wrong with it
  }
  return {};
}

std::vector<QualifiedName> TableDefinitions::dropped_by(std::string_view statement) {
  Cursor cursor{statement.data(), statement.data() + statement.size(), true, true};
  std::vector<QualifiedName> names;
  try {
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
