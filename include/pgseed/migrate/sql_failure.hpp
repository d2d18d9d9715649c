#pragma once
// A refused statement of a file -> the error a user can act on.
#include <cstdint>
#include <string>

#include "pgseed/pg/session.hpp"

namespace pgseed::migrate {

// Where a statement begins.
struct StatementPlace {
  std::string path;
  std::uint64_t line = 0;
  std::uint64_t column = 1;  // 0: the server's columns are not those of the file
};

// The same error with `where` as path:line[:column] of the offending word, the server's detail and
// SQLSTATE in the message, and a hint for what is common: a lock not obtained (which is then of
// kind unreachable, as nothing is wrong with the statement), CONCURRENTLY in a transaction, a new
// enum value used at once, a read-only server, missing rights.
pg::SqlError placed(pg::SqlError error, const StatementPlace& place);

// The same without a place, for what pgseed sends of its own: to the version table, the locks. A
// hint that is there already stays.
pg::SqlError advised(pg::SqlError error);

}  // namespace pgseed::migrate
