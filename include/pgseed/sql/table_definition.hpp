#pragma once
// CREATE TABLE and its kin in a dump, read for one purpose: the order of a table's columns, which
// rows without a column list depend on.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::sql {

struct ColumnDefinition {
  std::string name;
  std::string type;        // canonical, without length; in the dialect's own words
  bool generated = false;  // GENERATED ALWAYS AS (...) STORED
};

struct TableDefinition {
  QualifiedName name;
  std::vector<ColumnDefinition> columns;
  // False when the text alone does not tell (LIKE, INHERITS, OF, AS SELECT, PARTITION OF).
  bool complete = true;
  // INSERT without a column list has no values for generated columns, as COPY has none (SQLite).
  bool insert_skips_generated = false;
  // By ALTER TABLE: a column was dropped, moved or added other than at the end.
  bool rearranged = false;
};

// What the DDL of one file says about its tables, in the file's order.
class TableDefinitions {
 public:
  explicit TableDefinitions(Dialect dialect = Dialect::postgresql) : dialect_(dialect) {}

  Dialect dialect() const { return dialect_; }

  // Takes notice of CREATE TABLE, ALTER TABLE ADD/DROP/ALTER/RENAME/SET SCHEMA, DROP TABLE and DROP
  // SCHEMA, and of MySQL's USE; ignores other text.
  // default_schema: of names without one. In MySQL the first USE names the database whose tables
  // are those without one.
  void note(std::string_view statement, const std::string& default_schema);

  // The table (schema, name) some of whose columns an ALTER TABLE drops, moves, or adds other than
  // at the end; nothing for any other statement. To be asked before note().
  std::optional<std::pair<std::string, std::string>> rearranged_by(
      std::string_view statement, const std::string& default_schema) const;

  // nullptr if the file did not define the table, or not completely.
  const TableDefinition* find(const std::string& schema, const std::string& table) const;

  // All tables that the file has defined and not dropped, completely or not: (schema, table).
  std::vector<std::pair<std::string, std::string>> names() const;

  // The table that a CREATE TABLE makes, nothing for any other statement.
  static std::optional<QualifiedName> created_by(std::string_view statement);
  // The tables that a statement drops, empty for any other statement.
  static std::vector<QualifiedName> dropped_by(std::string_view statement,
                                               Dialect dialect = Dialect::postgresql);

 private:
  using Key = std::pair<std::string, std::string>;  // schema, table
  Key key_of(const QualifiedName& name, const std::string& default_schema) const;
  void add(const TableDefinition& table, const Key& key, bool replaces);
  void move(const Key& from, const Key& to);
  void note_postgresql(std::string_view statement, const std::string& default_schema);
  void note_mysql(std::string_view statement, const std::string& default_schema);
  void note_sqlite(std::string_view statement, const std::string& default_schema);
  void drop_schemas(Cursor& cursor);

  Dialect dialect_;
  std::string database_, database_schema_;  // MySQL's first USE, and the schema it stands for
  std::map<Key, TableDefinition> tables_;
};

}  // namespace pgseed::sql
