#pragma once
// In which order tables are emptied and filled, by their foreign keys. Pure.
#include <cstdint>
#include <string>
#include <vector>

#include "pgseed/schema/model.hpp"

namespace pgseed::seed {

struct OrderedTable {
  TableName name;
  std::uint64_t first_piece = 0;  // where its rows begin and end in the files
  std::uint64_t last_piece = 0;
  bool is_empty = false;  // the files say that it has no rows
};

struct LoadOrder {
  // Indexes into the given tables: every parent before its children, else in file order.
  std::vector<std::size_t> parents_first;
  // For each table, the pass over the files that loads it (0 is the first). Tables share a pass
  // when the file has them in an order that works.
  std::vector<std::size_t> pass;
  std::size_t passes = 1;
  // For each table: its parents among the tables (never itself).
  std::vector<std::vector<std::size_t>> parents;
  // For each table: it has a foreign key to itself.
  std::vector<bool> refers_to_itself;
  // Tables that refer to each other in a circle; they share a pass and stay in file order.
  std::vector<std::size_t> in_cycle;
  // For each table: the number of its circle, from 1; 0: it is in none.
  std::vector<std::size_t> circle;
};

LoadOrder order_tables(const std::vector<OrderedTable>& tables, const Model& model);

// Adds the foreign keys from one of the tables to another one that it is not known to refer to and
// `more` says so, unless that closes a circle: then the tables stay as the model has them.
void add_foreign_keys(Model& model, const Model& more, const std::vector<OrderedTable>& tables);

}  // namespace pgseed::seed
