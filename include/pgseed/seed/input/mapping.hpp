#pragma once
// What --map asks for: rules for tables and columns of the source, and what they make of one list
// of columns. Pure; row_mapper.hpp applies it to rows, mapping_file.hpp reads it.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/base/setting.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/template.hpp"

namespace pgseed::seed {

// "table", "schema.table" or, in lists, "schema.*" (an empty table).
struct TablePattern {
  std::optional<std::string> schema;  // unset: any
  std::string table;
  Place place;

  bool matches(const TableName& name) const;
};

struct ColumnRule {
  std::string column;  // of the source, or the one to make
  Place place;
  std::optional<std::string> rename;
  bool drop = false;
  std::optional<std::string> constant;
  std::optional<Template> made;
  std::optional<std::string> if_null, if_empty;

  bool makes() const { return constant || made; }
};

// A column of the source that a rule speaks of; no file with it makes the rule a mistake.
struct NamedColumn {
  std::string name;
  Place place;
  std::string why;  // "rename", "the value of problem_id"
};

struct TableRule {
  TablePattern source;
  std::optional<std::string> schema;  // of the target; unset: the source's
  std::optional<std::string> table;   // unset: the source's
  std::vector<ColumnRule> columns;
  std::vector<NamedColumn> named;  // by finish()

  const ColumnRule* find(const std::string& column) const;
  TableName target_of(const TableName& source) const;
  // The column that a column of the target takes its values from.
  const std::string& source_of(const std::string& target_column) const;
  void finish();
};

struct Mapping {
  std::string path;                 // for messages
  std::vector<TableRule> tables;    // in the file's order
  std::vector<TablePattern> keep;   // if any, no other table is loaded
  std::vector<TablePattern> leave;  // are not loaded
  std::string now;                  // the time of the run
  std::string seed;                 // what its {uuid}s are made of
  std::string fingerprint;          // of the file

  bool leaves_out(const TableName& source) const;
  // The rule with the schema goes before one without. nullptr: the table stays as it is.
  const TableRule* find(const TableName& source) const;
  // A key column of this target that is another in every run, so that a repeated upsert would
  // store rows again.
  bool is_unstable(const TableName& target, const std::string& column) const;
};

// Where the value of one column of the target comes from.
struct ColumnStep {
  struct Piece {
    const TemplatePiece* piece = nullptr;
    std::vector<std::size_t> sources;  // positions of its columns
  };
  const ColumnRule* rule = nullptr;  // nullptr: the source's value as it is
  std::size_t source = 0;            // if the rule does not make it
  std::vector<Piece> pieces;         // of a made value
  std::string missing;               // a column that the value needs and these rows do not have
};

// What becomes of rows with one list of columns.
struct MappingPlan {
  std::vector<std::string> columns;  // of the target
  std::vector<ColumnStep> steps;     // one for each
  std::size_t sources = 0;           // values in a row
  bool is_identity = false;          // the values stay as they are
};

// Throws Error{usage} at the rule if two values would go into one column.
MappingPlan plan_columns(const Mapping& mapping, const TableRule& rule, const TableName& source,
                         const std::vector<std::string>& columns);

// What of a mapping was met while files were read.
struct MappingUse {
  struct TableUse {
    bool met = false;
    bool unlisted = false;             // also with rows whose columns nobody knows
    std::vector<bool> named;           // as TableRule::named: seen in some row's list
    std::vector<std::string> columns;  // of the first rows, for a hint
  };
  struct LeftOut {
    TableName name;
    std::uint64_t rows = 0;
  };
  std::vector<TableUse> tables;  // as Mapping::tables
  std::vector<bool> keep, leave;
  std::vector<LeftOut> left_out;
  bool any_rows = false;  // that are not left out

  void note_table(const Mapping& mapping, const TableRule* rule, const TableName& source);
  void note_columns(const Mapping& mapping, const TableRule& rule,
                    const std::vector<std::string>& columns);
  // The place in left_out of a table that the mapping leaves out.
  std::size_t note_left_out(const Mapping& mapping, const TableName& source);
  void add(const MappingUse& other);
};

// After all files were read. Throws Error{usage} at the rule for a column that no row has, and for
// a mapping that leaves no row; returns notes about tables that never came and about those left
// out.
std::vector<std::string> require_used(const Mapping& mapping, const MappingUse& use);

}  // namespace pgseed::seed
