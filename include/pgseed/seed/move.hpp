#pragma once
// Rows that wait in a staging table -> their own table, in a transaction that the caller has open:
// in the order of their numbers, the mode's way, each refused row found by its number.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/pg/copy_in.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/staged_rows.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {

// Begins the transaction in which rows get into place: no time limit but the run's own, constraints
// deferred where they can be, foreign values read as the file means them. wait_for_locks: then the
// run gives up.
void begin_moving(pg::CopyIn& database, std::chrono::milliseconds wait_for_locks);

// Holds the tables for this run until the transaction ends. Throws Error{storage} while another run
// of pgseed holds one, wherever it runs.
void claim_tables(pg::CopyIn& database, std::vector<TableName> tables);

// Readers go on, writers of these tables wait until the transaction ends. FORCE only: it takes the
// right to delete.
void lock_for_force(pg::CopyIn& database, std::vector<TableName> tables);
// Throws Error{refused} where emptying the tables would change rows of others (ON DELETE CASCADE,
// SET NULL, SET DEFAULT).
void require_no_cascade(pg::CopyIn& database, const std::vector<TableName>& tables);
// Returns how many rows it deleted.
std::uint64_t delete_all(pg::CopyIn& database, const TableName& table);

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
  // A row that the table refuses: false to give up the whole move.
  std::function<bool(std::uint64_t number, const pg::SqlError& why)> refused;
};

// Throws Error{rows} when refused() gave up, SqlError for what is no row's fault: the transaction
// must be rolled back then.
Moved move_rows(pg::CopyIn& database, const Move& move);

// Checks what was deferred. The number of the first row of these moves that breaks a foreign key
// goes to its refused(); then throws as move_rows().
void check_deferred(pg::CopyIn& database, const std::vector<Move>& moves);

// After a COMMIT whose answer was lost: asks the server, over a connection of its own, what became
// of the transaction (txid_current()), until it is settled. Throws Error{unreachable} where nobody
// answers in `tries` tries.
bool was_committed(const std::string& database_url, const std::string& transaction, int tries);

// True for what one row can be the cause of.
bool is_fault_of_a_row(const pg::SqlError& error);
// The server's words in the form that refusals of PostgREST have.
rest::Outcome outcome_of(const pg::SqlError& error);
// What is no row's fault, as the run's error.
Error error_of(const pg::SqlError& error, const std::string& what, const std::string& where = {});

// " ON CONFLICT (...) DO ..." for rows that send these columns; empty for insert and force.
std::string conflict_clause(Mode mode, const std::vector<std::string>& conflict,
                            const std::vector<std::string>& columns, const Table& model);

// "(a, b)" of quoted names.
std::string column_list(const std::vector<std::string>& columns);

}  // namespace pgseed::seed
