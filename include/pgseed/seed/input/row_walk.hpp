#pragma once
// One pass over an input for the rows that a run wants of it: mapped, of wanted tables, behind
// --offset and up to --limit. Where they go is the taker's: to PostgREST, into a COPY, to a
// comparison.
#include <cstddef>
#include <cstdint>
#include <string>

#include "pgseed/seed/input/column_set.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/run_tables.hpp"
#include "pgseed/sql/rows.hpp"

namespace pgseed::seed {

class RowTaker {
 public:
  virtual ~RowTaker() = default;
  // Nothing is wanted any more: the walk ends.
  virtual bool ended() const = 0;
  // Rows of another table follow, or of the same after those of another. In this pass all rows of
  // its parents stand before it, where the order of tables could have it so.
  virtual void enter(RunTable& table) = 0;
  // Where rows of this kind go. The set stays valid while the taker lives.
  virtual const ColumnSet& columns(RunTable& table, const RowKind& kind) = 0;
  // A row whose values can all be carried; valid during the call.
  virtual void take(const ColumnSet& set, const sql::Row& row) = 0;
  // A row with something that no value can carry: what it is, and its line. It stands in
  // reader.row().
  virtual void take_unsupported(RunTable& table, const std::string& what, std::uint64_t line,
                                const sql::DumpReader& reader) = 0;
  // A row that --limit would take, but what it refers to is nowhere.
  virtual void take_left_out(RunTable& /*table*/) {}
  // A statement that would change rows (sql::is_unsupported()).
  virtual void take_unsupported(const sql::Statement& statement) = 0;
  // Any other statement, in file order: settings, definitions, setval().
  virtual void pass_by(const sql::Statement& /*statement*/) {}
  // That was the last row of the table in all files that were surveyed.
  virtual void leave(RunTable& /*table*/) {}
};

struct Walk {
  const Options* options = nullptr;
  RunTables* tables = nullptr;
  const Model* order = nullptr;  // the target's columns; may be nullptr
  std::size_t file = 0;          // its number in the run
  std::size_t pass = 0;          // rows of tables of other passes are left alone
  bool surveyed = false;         // the file was read through before, its dialect is decided
  bool whole = false;            // to the end of the file, for the statements there
};

struct WalkResult {
  MappingUse mapping_use;
  std::uint64_t zero_dates = 0;  // that became NULL
};

// Reads the input to its end, or until nothing of it is wanted any more. Throws Error{input} with
// the place for broken text, and what the taker throws.
WalkResult walk_rows(DumpInput& input, const Walk& walk, RowTaker& taker);

}  // namespace pgseed::seed
