#pragma once
// Compares over PostgREST, where there is no direct connection: rows are asked for by their key.
#include <functional>
#include <memory>
#include <string>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/verify/verifier.hpp"

namespace pgseed::seed {

struct RestVerifySetup {
  const Options* options = nullptr;
  Transport* transport = nullptr;
  const rest::Endpoint* endpoint = nullptr;
  const Model* order = nullptr;  // of columns; may be nullptr
  VerifyOptions verify;
  LoadedBefore before;
  std::function<void(const std::string&)> note;
};

// All that the setup points to must outlive the verifier.
std::unique_ptr<Verifier> make_rest_verifier(RestVerifySetup setup);

}  // namespace pgseed::seed
