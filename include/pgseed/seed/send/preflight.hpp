#pragma once
// The cheapest and best check before the first row: an empty array posted with the very headers of
// the run makes PostgREST plan and run the real statement on no rows.
#include <string>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/options.hpp"

namespace pgseed::seed {

// What to do about a table that the API does not know.
constexpr const char* kMissingTableHint =
    "create it first (pgseed schema FILE); if it is new, reload the schema cache: NOTIFY pgrst, "
    "'reload schema'; check the URL's path; partitions, which PostgREST does not serve, take "
    "--atomic or --via direct; or leave the table out: --exclude";

struct PreflightResult {
  // Columns that were taken out of the set because the server computes them.
  std::vector<std::string> left_out;
};

// where: the statement that uses the columns first ("a.sql:12"). Fills set.request and may take
// generated columns out of the set. No other exchange may be in flight. Throws Error{refused} with
// what is wrong and how to mend it (OnlyDirect for an identity column and an unknown time zone),
// Error{unreachable} when nobody answers.
PreflightResult preflight(Transport& transport, const rest::Endpoint& endpoint, ColumnSet& set,
                          const Options& options, const std::string& time_zone, bool has_key,
                          const std::string& where);

}  // namespace pgseed::seed
