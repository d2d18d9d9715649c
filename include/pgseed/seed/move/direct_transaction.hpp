#pragma once
// The transaction in which rows get into place: how it begins, what it locks, what FORCE does in it
// before the first row, and what became of it when the answer to COMMIT is lost.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "pgseed/pg/copy_in.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::seed {

// Begins it: no time limit but the run's own, constraints deferred where they can be.
// wait_for_locks: then the run gives up.
void begin_moving(pg::CopyIn& database, std::chrono::milliseconds wait_for_locks);

// Holds the tables for this run until the transaction ends. Throws Error{storage} while another run
// of pgseed holds one, wherever it runs.
void claim_tables(pg::CopyIn& database, std::vector<TableName> tables);

// Readers go on, writers of these tables wait until the transaction ends. FORCE only: it takes the
// right to delete.
void lock_for_force(pg::CopyIn& database, std::vector<TableName> tables);
// In one statement, so that tables may refer to each other. Returns how many rows of each it
// deleted.
std::vector<std::uint64_t> delete_all(pg::CopyIn& database, const std::vector<TableName>& tables);

// After a COMMIT whose answer was lost: asks the server, over a connection of its own, what became
// of the transaction (txid_current()), until it is settled. Throws Error{unreachable} where nobody
// answers in `tries` tries.
bool was_committed(const std::string& database_url, const std::string& transaction, int tries);

}  // namespace pgseed::seed
