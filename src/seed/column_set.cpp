#include "pgseed/seed/column_set.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/json/writer.hpp"

namespace pgseed::seed {
namespace {

bool declared_json(const Options& options, const TableName& table, const std::string& column) {
  if (!options.json_columns) return false;
  return std::any_of(options.json_columns->begin(), options.json_columns->end(),
                     [&](const std::string& named) {
                       return named == column || named == table.table + "." + column;
                     });
}

}  // namespace

void ColumnSet::finish() {
  prefixes.clear();
  for (std::size_t index = 0; index < columns.size(); ++index) {
    json::Buffer prefix;
    prefix.append(index == 0 ? '{' : ',');
    json::append_string(prefix, columns[index]);
    prefix.append(':');
    prefixes.emplace_back(prefix.view());
  }
}

ColumnSet column_set_of(const RunTable& table, const RowKind& kind, const Options& options,
                        const Model* order) {
  const ColumnSetUse& use = *kind.use;
  const auto columns = columns_of_rows(table.name, use, *kind.definitions, order, kind.path);
  if (!columns) {
    throw Error(ErrorKind::input,
                text("the rows of ", to_sql(table.name),
                     " come without a column list, and the file has no CREATE TABLE for it"),
                text(kind.path, ':', use.line),
                "set DATABASE_URL so that the target's own column order can be read");
  }
  ColumnSet set;
  set.table = table.tally;
  set.table_name = table.name;
  set.serial = table.refers_to_itself;
  set.time_zone = kind.time_zone;
  set.meaning = {kind.dialect, options.zero_dates_are_null};
  for (std::size_t index = 0; index < columns->size(); ++index) {
    if (index < use.defaults.size() && use.defaults[index]) continue;
    const std::string& name = (*columns)[index];
    set.columns.push_back(name);
    set.value_index.push_back(index);
    set.types.push_back(
        type_of_column(table.model, table.name, name, *kind.definitions, order,
                       use.declared_types.empty() ? std::string() : use.declared_types[index]));
    set.classes.push_back(declared_json(options, table.name, name) ? ColumnClass::jsonb
                                                                   : class_of(set.types.back()));
  }
  for (const std::string& column : table.key) {
    const auto found = std::find(set.columns.begin(), set.columns.end(), column);
    if (found == set.columns.end()) {
      set.key.clear();
      break;
    }
    set.key.push_back(static_cast<std::size_t>(found - set.columns.begin()));
  }
  set.finish();
  return set;
}

}  // namespace pgseed::seed
