#include "pgseed/seed/input/column_set_use.hpp"

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::seed {

ColumnSetUse use_of(const sql::RowsHead& head, std::size_t values) {
  ColumnSetUse use;
  use.columns = head.columns;
  use.unlisted = !head.has_columns;
  use.is_copy = head.is_copy;
  use.values = values;
  use.line = head.line;
  use.overriding_system = head.overriding_system;
  return use;
}

ColumnSetUse use_of(const sql::RowsHead& head, const sql::Row& row) {
  ColumnSetUse use = use_of(head, row.values.size());
  if (has_defaults(row)) {
    for (const sql::Value& value : row.values) {
      use.defaults.push_back(value.form == sql::Form::use_default);
    }
  }
  return use;
}

bool are_alike(const ColumnSetUse& one, const ColumnSetUse& other) {
  return one.columns == other.columns && one.unlisted == other.unlisted &&
         one.values == other.values && one.defaults == other.defaults &&
         one.is_copy == other.is_copy && one.declared_types == other.declared_types;
}

std::optional<std::vector<std::string>> columns_of_rows(const TableName& table,
                                                        const ColumnSetUse& use,
                                                        const sql::TableDefinitions& definitions,
                                                        const Model* order,
                                                        const std::string& path) {
  if (!use.unlisted) return use.columns;
  std::vector<std::string> columns;
  if (const sql::TableDefinition* const defined = definitions.find(table.schema, table.table)) {
    const bool all = !use.is_copy && !defined->insert_skips_generated;
    for (const sql::ColumnDefinition& column : defined->columns) {
      if (all || !column.generated) columns.push_back(column.name);
    }
  } else if (const Table* const known = order == nullptr ? nullptr : order->find(table)) {
    const auto computed = static_cast<std::size_t>(
        std::count_if(known->columns.begin(), known->columns.end(),
                      [](const Column& column) { return column.generated; }));
    // SQLite's rows leave the generated columns out, where the file's table has them as well.
    const bool left_out = definitions.dialect() == sql::Dialect::sqlite &&
                          use.values + computed == known->columns.size();
    for (const Column& column : known->columns) {
      if (!column.generated || !(use.is_copy || left_out)) columns.push_back(column.name);
    }
  } else {
    return {};
  }
  if (use.values > columns.size() || (use.is_copy && use.values != columns.size())) {
    throw Error(
        ErrorKind::input,
        text("a row has ", use.values, " values, but ", to_sql(table), " has ", columns.size(),
             " columns"),
        text(path, ':', use.line),
        "the file may belong to another version of the table; name the columns in it (of CSV: "
        "--columns id,name)");
  }
  columns.resize(use.values);
  return columns;
}

std::string type_of_column(const Table* table, const TableName& name, const std::string& column,
                           const sql::TableDefinitions& definitions, const Model* order,
                           const std::string& declared) {
  const Column* const found = table == nullptr ? nullptr : table->find_column(column);
  if (found == nullptr) return {};
  if (found->type != "bit") return found->type;
  const Table* const known = order == nullptr ? nullptr : order->find(name);
  const Column* const whole = known == nullptr ? nullptr : known->find_column(column);
  if (whole != nullptr && whole->type.starts_with("bit(")) return whole->type;
  const std::string own = declared.empty() ? declared_type(name, column, definitions) : declared;
  return own.empty() ? found->type : own;
}

ColumnClass class_of_column(const std::string& type, const TableName& name,
                            const std::string& column, const sql::TableDefinitions& definitions,
                            const std::string& declared) {
  const ColumnClass column_class = class_of(type);
  const bool is_number =
      column_class == ColumnClass::integer || column_class == ColumnClass::number;
  if (!is_number || definitions.dialect() != sql::Dialect::mysql) return column_class;
  const std::string own = declared.empty() ? declared_type(name, column, definitions) : declared;
  return own.starts_with("bit(") ? ColumnClass::number_of_bits : column_class;
}

std::string declared_type(const TableName& name, const std::string& column,
                          const sql::TableDefinitions& definitions) {
  if (const sql::TableDefinition* const defined = definitions.find(name.schema, name.table)) {
    for (const sql::ColumnDefinition& own : defined->columns) {
      if (own.name == column && own.type.starts_with("bit(")) return own.type;
    }
  }
  return {};
}

}  // namespace pgseed::seed
