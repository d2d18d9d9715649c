#pragma once
// Compares over the direct connection: the rows of the files go by COPY into temporary tables like
// the targets (so the server itself makes their values of them), and SQL compares those with the
// tables. One transaction, rolled back at the end; it sees the tables as of its beginning.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/verify/verifier.hpp"

namespace pgseed::seed {

struct DirectVerifySetup {
  const Options* options = nullptr;
  const Model* catalogue = nullptr;  // of all schemas of the files
  std::string database_url;          // a secret
  VerifyOptions verify;
  LoadedBefore before;
  std::function<void(const std::string&)> note;
  std::optional<std::chrono::steady_clock::time_point> deadline;
};

// Connects at once. The options and the catalogue must outlive the verifier. Throws as pg::CopyIn,
// and Error{refused} for tables and columns that the target does not have.
std::unique_ptr<Verifier> make_direct_verifier(DirectVerifySetup setup);

}  // namespace pgseed::seed
