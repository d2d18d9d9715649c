#include "pgseed/sql/sqlite_spelling.hpp"

#include "pgseed/base/text.hpp"
#include "pgseed/sql/sqlite_table.hpp"

namespace pgseed::sql {

SqliteSpelling::Key SqliteSpelling::key_of(const QualifiedName& name) {
  return {to_lower(name.schema.value_or("")), to_lower(name.name)};
}

void SqliteSpelling::note(std::string_view statement) {
  if (auto created = read_sqlite_create(statement)) {
    // IF NOT EXISTS of a table that this file made before changes nothing.
    const Key key = key_of(created->name);
    tables_.emplace(key, std::move(*created));
  } else if (const auto dropped = dropped_sqlite_table(statement)) {
    tables_.erase(key_of(*dropped));
  } else if (const auto altered = altered_sqlite_table(statement)) {
    auto found = tables_.extract(key_of(*altered));
    if (found.empty()) return;
    alter_sqlite_table(statement, found.mapped());
    found.key() = key_of(found.mapped().name);
    tables_.erase(found.key());
    tables_.insert(std::move(found));
  }
}

void SqliteSpelling::spell(RowsHead& head) const {
  const auto found = tables_.find(key_of(head.table));
  if (found == tables_.end()) return;
  head.table = found->second.name;
  for (std::string& written : head.columns) {
    for (const ColumnDefinition& column : found->second.columns) {
      if (!equals_ignoring_case(column.name, written)) continue;
      written = column.name;
      break;
    }
  }
}

}  // namespace pgseed::sql
