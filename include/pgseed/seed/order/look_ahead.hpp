#pragma once
// Do rows of a table refer to rows that come later in the files: of the same table, or of another
// in its circle? A pass over the files tells; kept in memory are hashes of the keys of such tables.
#include <vector>

#include "pgseed/seed/options.hpp"
#include "pgseed/seed/order/run_plan.hpp"
#include "pgseed/seed/run_inputs.hpp"
#include "pgseed/seed/run_tables.hpp"

namespace pgseed::seed {

// For each table of the plan; false where the files cannot be read again. tables: of the run, for
// what is selected of them. Throws Error{input}, Interrupted.
std::vector<bool> find_looking_ahead(const RunInputs& inputs, const Options& options,
                                     const RunPlan& plan, RunTables& tables);

}  // namespace pgseed::seed
