#pragma once
// Compares over PostgREST, where there is no direct connection: rows are asked for by their key.
#include <memory>

#include "pgseed/seed/verify/verifier.hpp"

namespace pgseed::seed {

// Throws Error{usage} for options that PostgREST tells too little for.
std::unique_ptr<Verifier> make_rest_verifier(VerifierSetup setup);

}  // namespace pgseed::seed
