#pragma once
// In which order a run takes the tables of its files, and in how many passes over them.
#include <functional>
#include <string>
#include <vector>

#include "pgseed/seed/options.hpp"
#include "pgseed/seed/order/order.hpp"
#include "pgseed/seed/run_inputs.hpp"
#include "pgseed/seed/run_tables.hpp"

namespace pgseed::seed {

struct RunPlan {
  std::vector<OrderedTable> tables;  // the wanted ones that have rows
  LoadOrder order;                   // of them

  std::vector<TableName> children_first() const;
  // Tells the run's tables what the order says of them.
  void tell(RunTables& all) const;
  // "public.a, public.b"
  std::string names(const std::vector<std::size_t>& some) const;
};

// Plans what was surveyed, and tells the run's tables their pass and their parents. Throws
// Error{usage} for a --table that no file has, and where FORCE would only empty a table.
RunPlan make_plan(const RunInputs& inputs, const Options& options, RunTables& tables,
                  const std::function<void(const std::string&)>& note);

}  // namespace pgseed::seed
