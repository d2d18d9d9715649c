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
  // The wanted ones that have rows; with FORCE (Options::takes_empty) also those that are empty in
  // the files.
  std::vector<OrderedTable> tables;
  Model model;      // whose foreign keys the order goes by
  LoadOrder order;  // of the tables

  // Goes by the foreign keys of a catalogue, too: the API tells neither those of several columns
  // nor those to other schemas.
  void learn(const Model& catalogue);
  std::vector<TableName> children_first() const;
  // Tells the run's tables what the order says of them.
  void tell(RunTables& all) const;
  // "public.a, public.b"
  std::string names(const std::vector<std::size_t>& some) const;

 private:
  std::vector<std::string> referenced_columns(std::size_t parent) const;
};

// Throws Error{usage} for a --table that no file has rows of, and for an --exclude that neither the
// files nor the target know; Error{input} for a --table where there are no rows at all. tables: all
// that were surveyed; all files were.
void require_named_tables(const RunInputs& inputs, const Options& options, const RunTables& tables);

// Plans what was surveyed, and tells the run's tables their pass and their parents. Throws
// what require_named_tables() throws, and Error{usage} where FORCE would only empty a table.
RunPlan make_plan(const RunInputs& inputs, const Options& options, RunTables& tables,
                  const std::function<void(const std::string&)>& note);

}  // namespace pgseed::seed
