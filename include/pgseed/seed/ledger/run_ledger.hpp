#pragma once
// A run and the ledgers in the user's folder: finds what an earlier run of the same work left,
// decides what becomes of it, and keeps other runs away.
//
//   NAME.ledger   unfinished work      NAME.done   the last that was finished
//   NAME.lock     held while a run is at the work; TABLE.lock while it fills the table
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/seed/ledger/ledger.hpp"
#include "pgseed/seed/ledger/resume.hpp"
#include "pgseed/seed/ledger/run_lock.hpp"
#include "pgseed/seed/options.hpp"

namespace pgseed::seed {

class RunLedger {
 public:
  // Locks the work and reads what is there. target: one_spelling() of the URL. sources: the names
  // of all texts. Throws Error{storage}: no place for a ledger, another run at the same work, a
  // ledger that cannot be trusted; Error{usage} where a run must be gone on with and none is.
  RunLedger(const Options& options, const std::string& target,
            const std::vector<std::string>& sources);

  // The work was finished with just these texts, and nothing was begun since. Not if parts of them
  // were left out by --skip-unsupported, and are wanted now.
  bool is_done(const std::vector<LedgerSource>& sources) const;
  // What an earlier run began and did not finish; nullptr: nothing that left a trace. A complete
  // one was killed when all was done, and before it could say so.
  const LedgerState* unfinished() const { return past_ ? &*past_ : nullptr; }
  // Its hashes are those of batches that are stored; nullptr: nothing was finished.
  const LedgerState* finished() const { return done_ ? &*done_ : nullptr; }

  // It is not gone on with. Then what was finished before it says nothing any more either.
  void forget();
  // The tables are about to get their contents another way: nothing of the record holds any more.
  void forget_everything();
  // Goes on with what is unfinished, or begins anew. Before the first row is sent.
  void begin(const LedgerHead& head, const std::string& rejects);
  // Instead, of complete work whose texts have no hash: resume() tells what they were, nothing is
  // to be sent, and settle() may follow.
  void compare();
  bool compares() const { return resume_ != nullptr && resume_->state().complete; }
  Ledger* ledger() { return ledger_.get(); }
  Resume* resume() { return resume_.get(); }

  // Throws Error{storage} if another run fills the table. A second time it does nothing.
  void lock(const TableName& table);
  // Everything is done; left_out: but for what --skip-unsupported leaves out.
  void complete(bool keys_came_once, bool left_out);
  // What is unfinished turned out to be done.
  void count_as_complete() { is_complete_ = true; }
  // And the user was told: the next run of this work is another one.
  void settle();

  const std::string& work() const { return work_; }
  const std::string& target() const { return target_; }

 private:
  std::string path(const char* ending) const;
  void forget_finished();

  std::string folder_, target_, work_;
  bool skips_unsupported_ = false;
  std::vector<RunLock> locks_;
  std::vector<TableName> locked_;
  std::optional<LedgerState> past_, done_;
  bool is_complete_ = false;
  bool is_abandoned_ = false;  // an unfinished run that may have stored rows is forgotten
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Resume> resume_;
};

// True if it may be gone on with these texts; false if they are others and it is to be forgotten.
// Throws Error{input} if they are others and sending them could store rows twice, or if the user
// insists.
bool may_go_on(const LedgerState& past, const std::vector<LedgerSource>& sources,
               const Options& options);

}  // namespace pgseed::seed
