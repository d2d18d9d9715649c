#pragma once
// Which columns the values of rows go into, and of what types those are: worked out once for all
// rows that are alike.
#include <cstddef>
#include <string>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/columns.hpp"
#include "pgseed/seed/input/key_spelling.hpp"
#include "pgseed/seed/input/survey.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/run_tables.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::seed {

// Columns that rows of a table send, in order; everything that is the same for all such rows.
struct ColumnSet {
  std::size_t number = 0;  // among the sets of their owner, who may use it
  std::size_t table = 0;   // index of the table in the run
  TableName table_name;
  std::vector<std::string> columns;
  std::vector<std::size_t> value_index;  // which value of the row goes into the column
  std::vector<ColumnClass> classes;
  std::vector<std::string> types;
  std::vector<Spelling> spellings;     // of their values
  std::vector<std::string> prefixes;   // {"a":   ,"b":   ...
  std::vector<std::size_t> key;        // positions of the key's columns; empty: no key in the body
  std::vector<std::string> held_back;  // of the columns: their values are not stored yet
  bool serial = false;                 // the order of the rows counts: one batch at a time
  bool numbered = false;               // a row goes with its number, into a staging table
  bool table_was_empty = false;        // before the run: what is found there is ours
  std::string time_zone;               // that the values without one are in; empty: the server's
  Meaning meaning;
  HttpRequest request;  // all but the body

  // The columns that a request names. PostgREST passes over the values of others in its body.
  std::vector<std::string> stored_columns() const;
  // Fills prefixes from columns, and spellings from types.
  void finish();
  // The column's values are not sent after all.
  void leave_out(std::size_t position);
};

// The column of a staging table that holds the number of a row in its table, from 1.
constexpr const char* kRowNumber = "_pgseed_row";

// Rows that are alike: of one list of columns, in one file.
struct RowKind {
  const ColumnSetUse* use = nullptr;
  const sql::TableDefinitions* definitions = nullptr;  // of the file, up to these rows
  std::string path;
  std::string time_zone;  // that the file set; empty: none
  sql::Dialect dialect = sql::Dialect::postgresql;
};

// Rows of this kind are those that a set was made for: from this use, zone and dialect. Whether
// they are of the same file is left to the caller.
bool is_same_kind(const RowKind& kind, const ColumnSetUse& use, const std::string& time_zone,
                  sql::Dialect dialect);

// The set of rows of this kind in the table, all but its request. order: the target's own columns,
// may be nullptr. Throws Error{input} where nobody tells the columns.
ColumnSet column_set_of(const RunTable& table, const RowKind& kind, const Options& options,
                        const Model* order);

// The server numbers rows of these columns, and others may refer to them by the numbers that their
// place in the file gives them.
bool is_numbered_by_server(const RunTable& table, const std::vector<std::string>& columns);

// Rows with none of the key's columns get a new key each time: UPSERT and IGNORE would insert every
// one of them again. where: the first statement with such rows. Throws Error{refused}.
void require_key_in_rows(const RunTable& table, const std::vector<std::string>& columns,
                         const Options& options, const std::string& where);

// Fits the set to what the catalogue tells of its table: generated columns, which no row can fill,
// are left out and returned, and identity columns that are GENERATED ALWAYS where the server is to
// number them. where: the first statement that uses the set. Throws Error{refused} for a table or a
// column that is not there.
std::vector<std::string> fit_to_catalogue(ColumnSet& set, const Table* table,
                                          const std::string& where, bool regenerate_identity);

}  // namespace pgseed::seed
