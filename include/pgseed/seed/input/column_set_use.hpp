#pragma once
// Which columns of its table the values of a statement's rows go into, as far as the statement, the
// file's CREATE TABLE or the target tell.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/columns.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::seed {

struct ColumnSetUse {
  // As the statements list them; empty with unlisted: the table's own first `values` columns.
  std::vector<std::string> columns;
  bool unlisted = false;
  bool is_copy = false;
  std::size_t values = 0;      // per row, with unlisted
  std::vector<bool> defaults;  // which values are DEFAULT; empty: none
  std::uint64_t line = 0;      // of the first statement that uses it
  bool overriding_system = false;
  // The file's own types of the columns, where a mapping gave them other names; empty: look it up.
  std::vector<std::string> declared_types;
};

inline bool has_defaults(const sql::Row& row) {
  return std::any_of(row.values.begin(), row.values.end(),
                     [](const sql::Value& value) { return value.form == sql::Form::use_default; });
}

// What is told by the head of a statement with rows of so many values; of one row also which of
// them are DEFAULT.
ColumnSetUse use_of(const sql::RowsHead& head, std::size_t values);
ColumnSetUse use_of(const sql::RowsHead& head, const sql::Row& row);

// Do they put values into the same columns, and from the same statements?
bool are_alike(const ColumnSetUse& one, const ColumnSetUse& other);

// The columns that the values of a row go into, first to last: as listed, else the table's own
// order by the file's CREATE TABLE, else by the catalogue. COPY without a list leaves generated
// columns out. Empty optional when nobody knows the order; throws Error{input} for more values than
// columns.
std::optional<std::vector<std::string>> columns_of_rows(const TableName& table,
                                                        const ColumnSetUse& use,
                                                        const sql::TableDefinitions& definitions,
                                                        const Model* order,
                                                        const std::string& path);

// The type of a column: the target's. Where the API tells no length and it decides what a value is
// (bit), the catalogue's or else the file's own, `declared` if that is known already.
std::string type_of_column(const Table* table, const TableName& name, const std::string& column,
                           const sql::TableDefinitions& definitions, const Model* order,
                           const std::string& declared = {});
// What the type means for values of the file's own column, whose `declared` type decides where it
// is bits and the target's a number.
ColumnClass class_of_column(const std::string& type, const TableName& name,
                            const std::string& column, const sql::TableDefinitions& definitions,
                            const std::string& declared = {});
// The file's own type of a column, if it is one whose length decides; else empty.
std::string declared_type(const TableName& name, const std::string& column,
                          const sql::TableDefinitions& definitions);

}  // namespace pgseed::seed
