#pragma once
// Rows that wait in a staging table -> their own table, in a transaction that the caller has open:
// in the order of their numbers, the mode's way, each refused row found by its number.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/pg/copy_in.hpp"
#include "pgseed/seed/move/staged_rows.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {

struct Move {
  TableName target;
  std::string stage;             // as SQL names it
  const Table* model = nullptr;  // of the target, by the catalogue
  Mode mode = Mode::insert;
  std::vector<std::string> conflict;  // columns of the conflict target; upsert and ignore only
  const StagedRows* rows = nullptr;
  std::uint64_t staged = 0;    // how many of them are there
  bool all_or_nothing = true;  // the first refused row ends it
  bool refers_to_itself = false;
  std::size_t circle = 0;  // of tables that refer to each other: they move together; 0: none
  // A row that the table refuses: false to give up the whole move.
  std::function<bool(std::uint64_t number, const pg::SqlError& why)> refused;
};

// Throws Error{rows} when refused() gave up, SqlError for what is no row's fault: the transaction
// must be rolled back then.
Moved move_rows(pg::CopyIn& database, const Move& move);

// The moves in their order, those of a circle (which stand side by side) together. One result a
// move. Throws as move_rows().
std::vector<Moved> move_all(pg::CopyIn& database, const std::vector<Move>& moves);
// Moves rows of tables that refer to each other (or of one that refers to itself) in one statement:
// PostgreSQL looks at no reference before all of its rows are in, deferrable or not. One result a
// move. Throws as move_rows().
std::vector<Moved> move_together(pg::CopyIn& database, const std::vector<Move>& moves);

// How rows are found in staging tables, in this transaction: by the index on their number, or
// however the server likes.
void take_rows_by_number(pg::CopyIn& database);
void take_rows_anyhow(pg::CopyIn& database);

// Checks what was deferred. The number of the first row of these moves that breaks a foreign key
// goes to its refused(); then throws as move_rows().
void check_deferred(pg::CopyIn& database, const std::vector<Move>& moves);

// " ON CONFLICT (...) DO ..." for rows that send these columns; empty for insert and force.
std::string conflict_clause(Mode mode, const std::vector<std::string>& conflict,
                            const std::vector<std::string>& columns, const Table& model);

// "(a, b)" of quoted names.
std::string column_list(const std::vector<std::string>& columns);

}  // namespace pgseed::seed
