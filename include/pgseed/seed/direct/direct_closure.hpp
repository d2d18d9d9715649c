#pragma once
// Whether rows that a subset refers to are in the target, asked over the direct connection.
#include <string>

#include "pgseed/seed/order/closure_walk.hpp"

namespace pgseed::seed {

// Connects with the first question; throws Error as pg::CopyIn does. What the server cannot compare
// (a text that is none of the column's type) counts as found: the row says so when it is loaded.
AskTarget ask_over_connection(const std::string& database_url);

}  // namespace pgseed::seed
