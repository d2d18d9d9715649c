#pragma once
// What a direct load leaves for the next one: its transaction is in the ledger before it is
// committed. A run that was killed behind its COMMIT has stored all rows and told nobody; the same
// command again must not store them twice.
//
//   DirectRecord record(...);
//   if (record.was_stored(...)) -> settle();
//   else load -> committing() -> COMMIT -> committed() -> settle()
#include <string>
#include <vector>

#include "pgseed/pg/copy_in.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/ledger/ledger_state.hpp"
#include "pgseed/seed/ledger/run_ledger.hpp"
#include "pgseed/seed/options.hpp"

namespace pgseed::seed {

class DirectRecord {
 public:
  // Keeps other runs of the work away. target: the database without secrets; sources: the names of
  // all texts. Throws as RunLedger does.
  DirectRecord(const Options& options, const std::string& database_url, const std::string& target,
               const std::vector<std::string>& sources);

  // True: the last run of this work stored these very texts, which are still there, and could not
  // say so. False: this run is on record from now on. Asks the server for as long as it takes, and
  // throws Error{unreachable} where it does not tell.
  // Work that leaves the same however often it is done (again) is done again instead.
  bool was_stored(const LedgerHead& head, bool again);
  // In the transaction that is about to be committed. loaded: tables that got rows.
  void committing(pg::CopyIn& database, const std::string& transaction,
                  const std::vector<TableName>& loaded);
  void committed();
  // The user was told.
  void settle();

 private:
  bool stands(const std::string& mark, const LedgerState& past) const;

  std::string database_url_;
  int tries_;
  RunLedger work_;
};

}  // namespace pgseed::seed
