#pragma once
#include <string>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/options.hpp"

namespace pgseed::seed {

// Whether PostgREST shows no row of the table; asked once. False too where it gives no answer.
// column: one that the key may read. Throws Interrupted.
bool looks_empty(Transport& transport, const rest::Endpoint& endpoint, const TableName& table,
                 const std::string& column, const Options& options);

}  // namespace pgseed::seed
