#pragma once
// Emptying a schema, for `reset --all-objects`.
#include <string>
#include <vector>

#include "pgseed/pg/session.hpp"

namespace pgseed::migrate {

// Drops every object of the schema with what depends on it, in one transaction; the schema itself,
// its grants and default rights, and what belongs to extensions stay. Returns the objects dropped,
// "table public.problems". Throws pg::SqlError.
std::vector<std::string> drop_all_objects(pg::Session& session, const std::string& schema);

}  // namespace pgseed::migrate
