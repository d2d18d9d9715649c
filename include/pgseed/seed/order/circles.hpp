#pragma once
// Tables that refer to each other in a circle, and rows that refer to later rows of their own
// table: which references stay out of a row until all rows are there. Pure.
#include <cstddef>
#include <string>
#include <vector>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/order/order.hpp"

namespace pgseed::seed {

constexpr const char* kOneTransactionHint =
    "load it in one transaction, over DATABASE_URL: --atomic or --via direct";

struct HeldBack {
  // For each table: the columns that its rows go without at first; empty: none.
  std::vector<std::vector<std::string>> columns;
  // Tables in a circle that nothing opens: none of its references can be left out.
  std::vector<std::size_t> stuck;
  // The model without the references that are held back: it orders the tables.
  Model model;

  bool any() const;
};

// As few references as it takes are held back. One can be if a column of it may be NULL, is no part
// of the key and is not made by the server; its table needs a primary key. looks_ahead: for each
// table, whether rows of it refer to later ones, of the same table or of its circle. Circles in
// which none does are left as they are: the order of the files does.
HeldBack hold_back(const std::vector<OrderedTable>& tables, const Model& model,
                   const std::vector<bool>& looks_ahead);

// The columns of the reference that can be left out; empty: none can.
std::vector<std::string> columns_to_hold(const Table& table, const ForeignKey& reference);

}  // namespace pgseed::seed
