#pragma once
// A run without PostgREST (--via direct): everything over the direct connection, in one
// transaction. All rows of the files are stored, or none.
#include "pgseed/seed/pipeline.hpp"

namespace pgseed::seed {

// As run() in pipeline.hpp. services.database_url must be set; no request goes over its transport.
Report run_direct(const Options& options, const Services& services);

}  // namespace pgseed::seed
