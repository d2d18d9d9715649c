#include "pgseed/sql/ddl_model.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"

namespace pgseed::sql {

const char* name(DdlType type) {
  switch (type) {
    case DdlType::boolean:
      return "boolean";
    case DdlType::smallint:
      return "smallint";
    case DdlType::integer:
      return "integer";
    case DdlType::bigint:
      return "bigint";
    case DdlType::numeric:
      return "numeric";
    case DdlType::real:
      return "real";
    case DdlType::double_precision:
      return "double precision";
    case DdlType::text:
      return "text";
    case DdlType::varchar:
      return "varchar";
    case DdlType::bytea:
      return "bytea";
    case DdlType::bit:
      return "bit";
    case DdlType::date:
      return "date";
    case DdlType::time:
      return "time";
    case DdlType::timestamp:
      return "timestamp";
    case DdlType::timestamptz:
      return "timestamptz";
    case DdlType::json:
      return "json";
    case DdlType::uuid:
      return "uuid";
    case DdlType::inet:
      return "inet";
  }
  return "text";
}

const DdlColumn* DdlTable::find(std::string_view column) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const DdlColumn& each) {
    return equals_ignoring_case(each.name, column);
  });
  return found == columns.end() ? nullptr : &*found;
}

DdlColumn* DdlTable::find(std::string_view column) {
  return const_cast<DdlColumn*>(static_cast<const DdlTable*>(this)->find(column));
}

const DdlKey* DdlTable::primary_key() const {
  const auto found = std::find_if(keys.begin(), keys.end(), [](const DdlKey& key) {
    return key.kind == DdlKey::Kind::primary;
  });
  return found == keys.end() ? nullptr : &*found;
}

const DdlTable* DdlSchema::find(const QualifiedName& name) const {
  const DdlTable* similar = nullptr;
  for (const DdlTable& table : tables) {
    if (table.name.schema != name.schema) continue;
    if (table.name.name == name.name) return &table;
    if (equals_ignoring_case(table.name.name, name.name)) similar = &table;
  }
  return similar;
}

DdlTable* DdlSchema::find(const QualifiedName& name) {
  return const_cast<DdlTable*>(static_cast<const DdlSchema*>(this)->find(name));
}

}  // namespace pgseed::sql
