#pragma once
// SQLite compares names without case; what follows in a run does not. So rows come under the names
// as the file's CREATE TABLE spells them.
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::sql {

class SqliteSpelling {
 public:
  // Takes notice of CREATE, ALTER and DROP TABLE; ignores other text.
  void note(std::string_view statement);
  // Spells the names of a table that the file has made; others stay as they are.
  void spell(RowsHead& head) const;

 private:
  using Key = std::pair<std::string, std::string>;  // schema and table in lower case
  static Key key_of(const QualifiedName& name);
  std::map<Key, TableDefinition> tables_;
};

}  // namespace pgseed::sql
