#pragma once
// Files compared with a target, without a load: the command `pgseed verify`.
#include <functional>
#include <string>
#include <vector>

#include "pgseed/seed/order/run_plan.hpp"
#include "pgseed/seed/pipeline.hpp"
#include "pgseed/seed/run_inputs.hpp"
#include "pgseed/seed/verify/verifier.hpp"

namespace pgseed::seed {

struct VerifyRun {
  std::vector<FileReport> files;
  VerifyReport report;
  std::optional<Error> error;  // what ended it early
  int signal = 0;

  // What the run ends with, the difference among it.
  std::optional<Error> outcome() const;
  int exit_code() const;
};

// Over the direct connection where the services have one, else over REST. before: what a load of
// these files has told.
VerifyRun verify(const Options& options, const VerifyOptions& verify_options,
                 const Services& services, LoadedBefore before = {});

// Gives the rows of the planned tables to the verifier, pass by pass as they are loaded. tables:
// planned, and not used for a walk yet.
void walk_for(Verifier& verifier, RunInputs& inputs, const RunPlan& plan, const Options& options,
              RunTables& tables, const Model* order);

}  // namespace pgseed::seed
