#include "pgseed/seed/order.hpp"

#include <algorithm>

namespace pgseed::seed {

LoadOrder order_tables(const std::vector<OrderedTable>& tables, const Model& model) {
  const std::size_t count = tables.size();
  LoadOrder order;
  order.pass.assign(count, 0);
  order.parents.resize(count);
  order.refers_to_itself.assign(count, false);
  for (std::size_t child = 0; child < count; ++child) {
    const Table* const table = model.find(tables[child].name);
    if (table == nullptr) continue;
    for (const ForeignKey& key : table->foreign_keys) {
      for (std::size_t parent = 0; parent < count; ++parent) {
        if (tables[parent].name != key.referenced_table) continue;
        std::vector<std::size_t>& parents = order.parents[child];
        if (parent == child) {
          order.refers_to_itself[child] = true;
        } else if (std::find(parents.begin(), parents.end(), parent) == parents.end()) {
          parents.push_back(parent);
        }
      }
    }
  }
  // Kahn's algorithm, taking the table that comes first in the file whenever there is a choice.
  // What is left when no table is free stands in a circle (or behind one): the first of it is set
  // free.
  std::vector<bool> placed(count, false);
  while (order.parents_first.size() < count) {
    std::size_t next = count;
    for (std::size_t table = 0; table < count && next == count; ++table) {
      if (placed[table]) continue;
      const auto& parents = order.parents[table];
      const bool free = std::all_of(parents.begin(), parents.end(),
                                    [&](std::size_t parent) { return placed[parent]; });
      if (free) next = table;
    }
    if (next == count) {
      next =
          static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
      order.in_cycle.push_back(next);
    }
    placed[next] = true;
    order.parents_first.push_back(next);
    for (const std::size_t parent : order.parents[next]) {
      if (!placed[parent] || parent == next) continue;
      const bool file_order_works = tables[parent].last_piece < tables[next].first_piece;
      order.pass[next] =
          std::max(order.pass[next], order.pass[parent] + (file_order_works ? 0 : 1));
    }
    order.passes = std::max(order.passes, order.pass[next] + 1);
  }
  return order;
}

}  // namespace pgseed::seed
