#pragma once
// The first pass: a file is read through once before anything is sent. It proves the syntax and
// tells the tables, their order, their column sets and row counts, and what rows over REST cannot
// carry.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/base/content_hash.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/columns.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/input/session_gap.hpp"
#include "pgseed/seed/options.hpp"
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

struct TableSurvey {
  TableName name;
  std::uint64_t rows = 0;  // with those that cannot be carried
  std::uint64_t unsupported_rows = 0;
  std::uint64_t statements = 0;
  std::uint64_t first_piece = 0;  // position among the pieces of the file, for the order of tables
  std::uint64_t last_piece = 0;
  std::vector<ColumnSetUse> column_sets;
  std::vector<TableName> sources;       // that a mapping brings into it; empty: it is its own
  std::vector<std::string> time_zones;  // that its rows are in; an empty one is the server's
};

struct UnsupportedUse {
  std::uint64_t line = 0;
  std::string kind;  // "UPDATE", "a function call crypt()", ...
  std::string text;  // the beginning of the statement, one line
  // The direct connection would carry it.
  bool directly = false;
};

struct FileSurvey {
  std::string path;
  std::uint64_t bytes = 0;
  std::uint64_t text_bytes = 0;  // unpacked
  Hash128 content;               // of them
  std::string dialect = "postgresql";
  std::string encoding = "UTF8";
  std::vector<TableSurvey> tables;  // by first appearance
  // Whose COPY statements all are without a row: a dump says so of tables that are empty.
  std::vector<TableName> empty_tables;
  std::uint64_t pieces = 0;  // 0: nothing but blanks and comments
  std::uint64_t ddl_statements = 0;
  std::uint64_t sequence_statements = 0;
  std::vector<UnsupportedUse> unsupported;  // the first kListed
  std::uint64_t unsupported_count = 0;
  std::uint64_t unsupported_directly = 0;  // of those, what the direct connection refuses as well
  // What the database itself carries out on that connection: with --via direct rows with
  // expressions, and either way statements.
  std::uint64_t direct_rows = 0;
  std::uint64_t direct_statements = 0;
  std::uint64_t subquery_rows = 0;             // whose values are looked up among other rows
  std::optional<UnsupportedUse> first_direct;  // of both
  // Why the database must not carry them out here. Counts as one of unsupported_directly.
  std::optional<SessionGap::Found> gap;
  sql::TableDefinitions definitions;
  std::vector<std::string> notes;  // what was taken for granted while reading
  MappingUse mapping_use;
  bool wants_lengths = false;  // of bits, which only a catalogue or a CREATE TABLE tells

  static constexpr std::size_t kListed = 200;
  TableSurvey* find(const TableName& name);
};

// The dialect that the input is read in: the user's word, or by evidence for "auto". Throws
// Error{input} for SQL Server's files, which nothing here reads.
sql::Dialect dialect_of(const DumpInput& input, const std::string& dialect);
// Refuses what is not to be sent to PostgreSQL as it stands: files of any other dialect.
void require_readable(const DumpInput& input, const std::string& dialect);
// How a reader takes the input, and what its values mean.
sql::ReaderOptions reader_options(const DumpInput& input, const Options& options);
Meaning meaning_of(const DumpInput& input, const Options& options);
// The mapping of its rows; nullptr without one, and for a reject file: its rows went through it.
const Mapping* mapping_of(const DumpInput& input, const Options& options);

// What is known of the target's tables; nullptr: nothing.
struct TargetKnowledge {
  // Their types: values that would change their meaning on the way count as unsupported.
  const Model* types = nullptr;
  // Their columns in order (the direct connection's catalogue), for rows without a column list.
  const Model* order = nullptr;
};

// The tables that a load of the file is about: those with rows and, where they count, the wanted
// ones that are empty in it.
std::vector<TableName> tables_of(const FileSurvey& file, const Options& options);

// Reads the input to its end. Of the options those count that say how files read. Throws
// Error{input} with the place for broken text.
FileSurvey survey(DumpInput& input, const Options& options, const TargetKnowledge& target);

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
// The file's own type of a column, if it is one whose length decides; else empty.
std::string declared_type(const TableName& name, const std::string& column,
                          const sql::TableDefinitions& definitions);

// What the direct connection carries out as it stands, in the file's order: changes of rows, DO
// blocks, calls. Not what reads files of the server or belongs to psql.
bool runs_directly(sql::StatementKind kind);

// Adds a statement's effect on the later rows of a file; returns true if it is unsupported because
// rows that were read before it would change (DROP TABLE of a table that has rows).
bool undoes_rows(const sql::Statement& statement, const FileSurvey& survey,
                 const std::string& default_schema, sql::Dialect dialect);

// One line of at most 70 characters, for messages.
std::string one_line(std::string_view text);

}  // namespace pgseed::seed
