#include "pgseed/seed/order/circles.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

struct Reference {
  std::size_t table = 0;  // index of the child
  ForeignKey key;
};

}  // namespace

bool HeldBack::any() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const auto& each) { return !each.empty(); });
}

std::vector<std::string> columns_to_hold(const Table& table, const ForeignKey& reference) {
  std::vector<std::string> columns;
  if (table.primary_key.empty()) return columns;
  for (const std::string& name : reference.columns) {
    const Column* const column = table.find_column(name);
    const bool is_free = column != nullptr && !column->not_null && !column->has_default &&
                         !column->generated && !contains(table.primary_key, name);
    if (is_free) columns.push_back(name);
  }
  return columns;
}

HeldBack hold_back(const std::vector<OrderedTable>& tables, const Model& model,
                   const std::vector<bool>& looks_ahead) {
  HeldBack held;
  held.columns.resize(tables.size());
  held.model = model;
  const LoadOrder order = order_tables(tables, model);
  const auto hold = [&](std::size_t table, const ForeignKey& key) {
    for (const std::string& column : columns_to_hold(*model.find(tables[table].name), key)) {
      if (!contains(held.columns[table], column)) held.columns[table].push_back(column);
    }
  };
  std::vector<bool> is_looking(tables.size() + 1, false);  // by circle
  for (std::size_t table = 0; table < tables.size(); ++table) {
    if (looks_ahead[table] && order.circle[table] != 0) is_looking[order.circle[table]] = true;
  }
  const auto in_looking_circles = [&] {
    std::vector<std::size_t> found = order_tables(tables, held.model).in_cycle;
    std::erase_if(found, [&](std::size_t table) { return !is_looking[order.circle[table]]; });
    return found;
  };
  std::vector<Reference> opened;  // of circles
  for (std::size_t child = 0; child < tables.size(); ++child) {
    Table* const table = held.model.find(tables[child].name);
    if (table == nullptr) continue;
    std::erase_if(table->foreign_keys, [&](const ForeignKey& key) {
      if (columns_to_hold(*table, key).empty()) return false;
      if (key.referenced_table == table->name) {
        if (looks_ahead[child]) hold(child, key);
        return static_cast<bool>(looks_ahead[child]);
      }
      for (std::size_t parent = 0; parent < tables.size(); ++parent) {
        if (tables[parent].name != key.referenced_table || !is_looking[order.circle[child]] ||
            order.circle[child] != order.circle[parent]) {
          continue;
        }
        opened.push_back({child, key});
        return true;
      }
      return false;
    });
  }
  held.stuck = in_looking_circles();
  if (!held.stuck.empty()) return held;
  // Those that close no circle are in place at once.
  for (const Reference& reference : opened) {
    Table* const table = held.model.find(tables[reference.table].name);
    table->foreign_keys.push_back(reference.key);
    if (in_looking_circles().empty()) continue;
    table->foreign_keys.pop_back();
    hold(reference.table, reference.key);
  }
  return held;
}

}  // namespace pgseed::seed
