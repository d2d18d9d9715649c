#pragma once
// --closure: passes over the files that find which rows of a limited run need which others.
#include <functional>
#include <string>
#include <vector>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/run_inputs.hpp"
#include "pgseed/seed/run_tables.hpp"

namespace pgseed::seed {

// For each key, whether the target has a row with these values in those columns.
using AskTarget =
    std::function<std::vector<bool>(const TableName& table, const std::vector<std::string>& columns,
                                    const std::vector<std::vector<std::string>>& keys)>;

// Tells the run's tables their selection. model: of the target, with its foreign keys; ask: about
// rows that are in no file; note: for the report. Throws as walk_rows() does, and Error{usage}
// where nothing is known of foreign keys.
void select_closure(RunInputs& inputs, const Options& options, RunTables& tables,
                    const Model& model, const AskTarget& ask,
                    const std::function<void(const std::string&)>& note);

}  // namespace pgseed::seed
