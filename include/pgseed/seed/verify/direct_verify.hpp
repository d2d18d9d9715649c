#pragma once
// Compares over the direct connection: the rows of the files go by COPY into temporary tables like
// the targets (so the server itself makes their values of them), and SQL compares those with the
// tables. One transaction, rolled back at the end; it sees the tables as of its beginning.
#include <memory>

#include "pgseed/seed/verify/verifier.hpp"

namespace pgseed::seed {

// Connects at once. Throws as pg::CopyIn, and Error{refused} for tables and columns that the target
// does not have.
std::unique_ptr<Verifier> make_direct_verifier(VerifierSetup setup);

}  // namespace pgseed::seed
