#pragma once
// Applies a mapping to the rows of one file as they are read: another table, other columns, made
// values. Columns are resolved once for each list of columns; a row costs no allocation.
//
//   if (const auto table = mapper.begin(reader.head())) {
//     const sql::Row& row = mapper.map(reader.row(), number);
//     use(*table, mapper.head(), row);
//   }
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/base/digest.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::seed {

class RowMapper {
 public:
  struct Setup {
    const Mapping* mapping = nullptr;
    std::string path;            // of the file, for messages
    std::string default_schema;  // of names without one
    // What tells the columns of rows without a list; order (the target's catalogue) may be nullptr.
    const sql::TableDefinitions* definitions = nullptr;
    const Model* order = nullptr;
    // A first pass, for which only the shape of made values counts: digits of checksums are zeros.
    bool sketch = false;
  };
  explicit RowMapper(Setup setup);
  ~RowMapper();

  // A statement's head, which must live as long as its rows are mapped: the table that they go
  // into, or nothing if they are left out.
  std::optional<TableName> begin(const sql::RowsHead& head);
  // The table that they come from.
  const TableName& source() const;
  // number: of the row in its target table, from 1. The row that comes back lives as long as the
  // one that was given. Its `unsupported` says so where a value cannot be made. Throws Error{usage}
  // for rules that these columns contradict.
  const sql::Row& map(const sql::Row& row, std::uint64_t number);
  // Of the row that map() gave: with the target's columns.
  const sql::RowsHead& head() const { return *head_; }
  // What the file's own CREATE TABLE says of those columns, where that is another than the
  // target's; else empty.
  const std::vector<std::string>& declared_types() const;
  // A row of a table that is left out passed by.
  void left_out();
  // The file's DDL went on: columns of rows without a list may be others.
  void definitions_changed();

  const MappingUse& use() const { return use_; }

 private:
  struct Known;
  struct List;

  void choose_list(std::size_t values);
  void resolve(List& list, std::size_t values);
  void make_value(List& list, std::size_t position, const sql::Row& row, std::uint64_t number);
  // False if the value is NULL, or unsupported.
  bool make_text(List& list, const ColumnStep& step, const sql::Row& row, std::uint64_t number,
                 std::string& out);
  void random_uuid(const ColumnStep& step, std::uint64_t number, std::string& out);
  bool gather(List& list, const ColumnStep& step, const ColumnStep::Piece& piece,
              const sql::Row& row);

  const Setup setup_;
  MappingUse use_;
  std::vector<std::unique_ptr<Known>> tables_;
  Known* table_ = nullptr;
  List* list_ = nullptr;
  const sql::RowsHead* source_head_ = nullptr;
  const sql::RowsHead* head_ = nullptr;
  Digest md5_, sha1_;
  std::string gathered_;
};

}  // namespace pgseed::seed
