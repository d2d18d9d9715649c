#pragma once
// --dry-run: what a run would load, and whether the target has tables and columns for it.
#include <functional>
#include <string>

#include "pgseed/seed/options.hpp"
#include "pgseed/seed/run_inputs.hpp"

namespace pgseed::seed {

// One note for each wanted table of the surveyed inputs. Where a target is known, throws
// Error{refused} for a table or column that it does not have.
void tell_dry_run(const RunInputs& inputs, const Options& options,
                  const std::function<void(const std::string&)>& note);

}  // namespace pgseed::seed
