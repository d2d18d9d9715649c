#pragma once
// Whether the direct connection and the API are of one database.
#include <string>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/options.hpp"

namespace pgseed::seed {

// Makes an empty table over the connection, _pgseed_probe_<uuid> in the schema of the options,
// looks for it over the API, and drops it. Empty: there it was. Else why that could not be shown:
// "..., as DATABASE_URL may lead to another database than the API (...)". Throws Error{unreachable}
// where the database does not answer, Interrupted. No other exchange may be in flight.
std::string why_not_one_database(const std::string& database_url, Transport& transport,
                                 const rest::Endpoint& endpoint, const Options& options);

}  // namespace pgseed::seed
