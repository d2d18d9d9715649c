#pragma once
// pg_catalog -> the schema model, complete: generated and identity columns, unique keys.
#include <string>
#include <vector>

#include "pgseed/pg/session.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::pg {

// Tables, partitioned and foreign tables, partitions, views and materialized views of the named
// schemas, by schema and name; three queries, whatever their number. Schemas that do not exist add
// nothing.
// - Column::type names the base type for a domain over json or jsonb, so that is_json_type() is
// right
//   for it, as in PostgREST's OpenAPI document; other domains keep their name.
// - Column::has_default is also true for identity columns and for a domain's default.
// - unique_keys are those that ON CONFLICT may name by columns alone: no partial, expression,
//   deferrable or invalid index.
// - A key's columns stand in the key's order. Foreign keys may lead out of the named schemas.
Model read_catalog(Session& session, const std::vector<std::string>& schemas);

// All schemas but those of the system and of sessions' temporary tables.
std::vector<std::string> schemas_of_users(Session& session);

}  // namespace pgseed::pg
