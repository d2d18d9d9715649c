#include "pgseed/seed/rest_verify.hpp"

#include "pgseed/base/error.hpp"

namespace pgseed::seed {

std::unique_ptr<Verifier> make_rest_verifier(RestVerifySetup /*setup*/) {
  throw Error(
      ErrorKind::usage, "comparing needs the direct connection", "",
      "set DATABASE_URL=postgresql://user:password@host:5432/database in the environment or "
      "in .env");
}

}  // namespace pgseed::seed
