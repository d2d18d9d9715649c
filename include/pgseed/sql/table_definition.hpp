#pragma once
// CREATE TABLE and its kin in a dump, read for one purpose: the order of a table's columns, which
// rows without a column list depend on.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/sql/statement.hpp"

namespace pgseed::sql {

struct ColumnDefinition {
  std::string name;
  std::string type;        // canonical, without length
  bool generated = false;  // GENERATED ALWAYS AS (...) STORED
};

struct TableDefinition {
  QualifiedName name;
  std::vector<ColumnDefinition> columns;
  // False when the text alone does not tell (LIKE, INHERITS, OF, AS SELECT, PARTITION OF).
  bool complete = true;
};

// What the DDL of one file says about its tables, in the file's order.
class TableDefinitions {
 public:
  // Takes notice of CREATE TABLE, ALTER TABLE ADD/DROP/ALTER/RENAME/SET SCHEMA, DROP TABLE and DROP
  // SCHEMA; ignores other text.
  // default_schema: of names without one.
  void note(std::string_view statement, const std::string& default_schema);

  // nullptr if the file did not define the table, or not completely.
  const TableDefinition* find(const std::string& schema, const std::string& table) const;

  // The table that a CREATE TABLE makes, nothing for any other statement.
  static std::optional<QualifiedName> created_by(std::string_view statement);
  // The tables that a statement drops, empty for any other statement.
  static std::vector<QualifiedName> dropped_by(std::string_view statement);

 private:
  void drop_schemas(Cursor& cursor);

  std::map<std::pair<std::string, std::string>, TableDefinition> tables_;
};

}  // namespace pgseed::sql
