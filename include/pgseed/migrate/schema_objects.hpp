#pragma once
// Emptying a schema, for `reset --all-objects`.
#include <string>
#include <vector>

#include "pgseed/pg/session.hpp"

namespace pgseed::migrate {

struct Emptied {
  std::vector<std::string> dropped;  // of the schema: "table public.problems"
  // What is no part of the schema and went because it needed something of it:
  // "column mood of table billing.invoices", "event trigger on_ddl".
  std::vector<std::string> elsewhere;
};

// Drops every object of the schema, in one transaction; the schema itself, its grants and default
// rights, and what belongs to extensions stay. What depends on it elsewhere goes with it if
// allow_cascade; else Error{refused} names that, and nothing is changed. Throws pg::SqlError.
Emptied drop_all_objects(pg::Session& session, const std::string& schema, bool allow_cascade);

}  // namespace pgseed::migrate
