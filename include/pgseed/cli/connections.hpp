#pragma once
// Resolved settings -> connections, with the errors a user can act on.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pgseed/cli/config.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::cli {

// Throws Error{usage} when no REST URL is configured.
const Setting& require_rest_url(const Config& config);
// Throws Error{usage} when no DATABASE_URL is configured. purpose: "schema needs", ...
const Setting& require_database_url(const Config& config, const std::string& purpose);

// Connects to the API and warns about a missing key or one of a role that sees too little.
rest::Connection connect_rest(Transport& transport, const Config& config, Console& console,
                              std::chrono::milliseconds timeout);
// The catalogue over the direct connection; without schemas all but the system's.
Model read_catalogue(const std::string& database_url,
                     const std::optional<std::vector<std::string>>& schemas);

}  // namespace pgseed::cli
