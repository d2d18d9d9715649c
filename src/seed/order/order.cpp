#include "pgseed/seed/order/order.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

using Parents = std::vector<std::vector<std::size_t>>;

void mark_ancestors(const Parents& parents, std::size_t table, std::vector<bool>& marked) {
  std::vector<std::size_t> waiting = {table};
  while (!waiting.empty()) {
    const std::size_t child = waiting.back();
    waiting.pop_back();
    for (const std::size_t parent : parents[child]) {
      if (marked[parent]) continue;
      marked[parent] = true;
      waiting.push_back(parent);
    }
  }
}

// For each table the first one of its circle: those that are each other's ancestors.
std::vector<std::size_t> circles(const Parents& parents) {
  std::vector<std::vector<bool>> ancestors(parents.size());
  for (std::size_t table = 0; table < parents.size(); ++table) {
    ancestors[table].assign(parents.size(), false);
    mark_ancestors(parents, table, ancestors[table]);
  }
  std::vector<std::size_t> first(parents.size());
  for (std::size_t table = 0; table < parents.size(); ++table) {
    first[table] = table;
    for (std::size_t other = 0; other < table; ++other) {
      if (!ancestors[table][other] || !ancestors[other][table]) continue;
      first[table] = other;
      break;
    }
  }
  return first;
}

Parents parents_of(const std::vector<OrderedTable>& tables, const Model& model) {
  Parents parents(tables.size());
  std::vector<std::vector<TableName>> held_in;
  for (const OrderedTable& table : tables) held_in.push_back(model.with_wholes(table.name));
  for (std::size_t child = 0; child < tables.size(); ++child) {
    const Table* const table = model.find(tables[child].name);
    if (table == nullptr) continue;
    for (const ForeignKey& key : table->foreign_keys) {
      for (std::size_t parent = 0; parent < tables.size(); ++parent) {
        if (!contains(held_in[parent], key.referenced_table)) continue;
        if (!contains(parents[child], parent)) parents[child].push_back(parent);
      }
    }
  }
  return parents;
}

}  // namespace

LoadOrder order_tables(const std::vector<OrderedTable>& tables, const Model& model) {
  const std::size_t count = tables.size();
  LoadOrder order;
  order.pass.assign(count, 0);
  order.parents = parents_of(tables, model);
  order.refers_to_itself.assign(count, false);
  for (std::size_t table = 0; table < count; ++table) {
    order.refers_to_itself[table] = std::erase(order.parents[table], table) > 0;
  }
  // Kahn's algorithm over circles (most tables are alone in theirs), taking the table that comes
  // first in the file whenever there is a choice, and a real circle only when nothing else is free.
  const std::vector<std::size_t> circle = circles(order.parents);
  std::vector<std::size_t> members_of(count, 0);
  for (const std::size_t first : circle) ++members_of[first];
  order.circle.assign(count, 0);
  for (std::size_t table = 0; table < count; ++table) {
    if (members_of[circle[table]] > 1) order.circle[table] = circle[table] + 1;
  }
  std::vector<bool> placed(count, false);
  const auto is_free = [&](std::size_t table) {
    for (std::size_t member = 0; member < count; ++member) {
      if (circle[member] != circle[table]) continue;
      const auto& parents = order.parents[member];
      const bool stored = std::all_of(parents.begin(), parents.end(), [&](std::size_t parent) {
        return placed[parent] || circle[parent] == circle[table];
      });
      if (!stored) return false;
    }
    return true;
  };
  while (order.parents_first.size() < count) {
    std::size_t next = count;
    for (const bool alone : {true, false}) {
      for (std::size_t table = 0; table < count && next == count; ++table) {
        const bool is_alone = members_of[circle[table]] == 1;
        if (!placed[table] && is_alone == alone && is_free(table)) next = table;
      }
    }
    // One pass for a whole circle: only the order of the file can satisfy its foreign keys.
    std::size_t pass = 0;
    std::vector<std::size_t> members;
    for (std::size_t member = 0; member < count; ++member) {
      if (circle[member] != circle[next]) continue;
      members.push_back(member);
      for (const std::size_t parent : order.parents[member]) {
        if (circle[parent] == circle[next]) continue;
        const bool file_order_works = tables[parent].last_piece < tables[member].first_piece;
        pass = std::max(pass, order.pass[parent] + (file_order_works ? 0 : 1));
      }
    }
    for (const std::size_t member : members) {
      placed[member] = true;
      order.pass[member] = pass;
      order.parents_first.push_back(member);
      if (members.size() > 1) order.in_cycle.push_back(member);
    }
    order.passes = std::max(order.passes, pass + 1);
  }
  return order;
}

void add_foreign_keys(Model& model, const Model& more, const std::vector<OrderedTable>& tables) {
  Parents parents = parents_of(tables, model);
  const Parents all = parents_of(tables, more);
  for (std::size_t child = 0; child < tables.size(); ++child) {
    Table* const table = model.find(tables[child].name);
    if (table == nullptr) continue;
    for (const std::size_t parent : all[child]) {
      if (contains(parents[child], parent)) continue;
      std::vector<bool> is_ancestor(tables.size(), false);
      is_ancestor[parent] = true;
      mark_ancestors(parents, parent, is_ancestor);
      if (is_ancestor[child]) continue;
      parents[child].push_back(parent);
      const std::vector<TableName> held_in = more.with_wholes(tables[parent].name);
      for (ForeignKey key : more.find(table->name)->foreign_keys) {
        if (!contains(held_in, key.referenced_table)) continue;
        key.referenced_table = tables[parent].name;
        table->foreign_keys.push_back(std::move(key));
      }
    }
  }
}

}  // namespace pgseed::seed
