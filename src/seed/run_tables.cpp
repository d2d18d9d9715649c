#include "pgseed/seed/run_tables.hpp"

#include "pgseed/base/text.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {
namespace {

std::vector<std::string> referenced_columns(const Model& types, const TableName& name) {
  std::vector<std::string> columns;
  for (const Table& table : types.tables) {
    for (const ForeignKey& key : table.foreign_keys) {
      if (key.referenced_table != name) continue;
      for (const std::string& column : key.referenced_columns) {
        if (!contains(columns, column)) columns.push_back(column);
      }
    }
  }
  return columns;
}

}  // namespace

RunTable& RunTables::table(const TableName& name) {
  RunTable*& known = by_name_[name];
  if (known != nullptr) return *known;
  auto& fresh = *tables_.emplace_back(std::make_unique<RunTable>());
  known = &fresh;
  fresh.name = name;
  fresh.wanted = wants(options_, name);
  fresh.model = types_ == nullptr ? nullptr : types_->find(name);
  fresh.key = options_.on_conflict;
  if (fresh.key.empty() && fresh.model != nullptr) fresh.key = fresh.model->primary_key;
  if (fresh.model != nullptr) {
    for (const ForeignKey& key : fresh.model->foreign_keys) {
      fresh.refers_to_itself |= key.referenced_table == name;
    }
  }
  if (fresh.model != nullptr) fresh.referenced = referenced_columns(*types_, name);
  if (fresh.wanted) fresh.tally = tally_.add_table(name);
  return fresh;
}

}  // namespace pgseed::seed
