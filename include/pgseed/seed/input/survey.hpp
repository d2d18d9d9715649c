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
#include "pgseed/seed/input/column_set_use.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/input/session_gap.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::seed {

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
