#pragma once
// Writes down what a run is about to do and what came of it, so that the next one can go on: the
// lines that ledger_state.hpp reads.
//
//   intend() -> is_on_disk() -> sent() -> the request -> loaded() | set_free() | nothing: nobody
//   knows
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/ledger/ledger_file.hpp"
#include "pgseed/seed/ledger/ledger_state.hpp"
#include "pgseed/seed/ledger/ledger_text.hpp"

namespace pgseed::seed {

class Ledger {
 public:
  // A new one in the place of what stands at `path`; or the one that was read, `state`, from where
  // it ends. rejects: the path of the reject file or empty. All of the class throws Error{storage}
  // when a line cannot be written, once; then it takes lines without writing them.
  Ledger(const std::string& path, const LedgerHead& head, const std::string& rejects);
  Ledger(const std::string& path, const LedgerState& state, const std::string& rejects);

  // Must come before the first batch of the table. A second time it does nothing.
  void table(const TableName& name, std::optional<bool> was_empty,
             std::optional<std::uint64_t> rows_before = {});
  void emptying(const TableName& name);
  void emptied(const TableName& name, std::uint64_t rows);

  // Announces a closed batch; numbers it.
  void intend(Batch& batch);
  // The batch goes out now; waits until its announcement is on disk.
  void sent(const Batch& batch);
  // Begins to bring on disk what was announced.
  void sync_later() { file_.sync_later(); }
  bool is_on_disk(const Batch& batch);

  void loaded(const Batch& batch, std::uint64_t stored, std::uint64_t ignored,
              std::uint64_t left_out);
  // Nothing of it is stored, nor will be: its rows may go out again. Its number is taken away.
  void set_free(Batch& batch);
  // rejects_bytes: of the reject file, with the row.
  void rejected(const TableName& table, std::uint64_t row, std::uint64_t rejects_bytes);
  // Not sent: its rows are stored as they are.
  void unchanged(Batch& batch);
  // The next run sends the rejected rows again.
  void try_rejects_again();
  // Something else to remember: a word, and what it says; on disk when it returns.
  void mark(const std::string& word, const std::string& what);
  // Everything is done.
  void complete(bool keys_came_once);

  bool is_broken() const { return file_.is_broken(); }

 private:
  void begin_run(std::uint64_t number, const std::string& rejects);
  void write(std::string_view words);
  std::uint64_t number_of(const TableName& table) const;
  void announce(const char* kind, Batch& batch);

  LedgerFile file_;
  LedgerText text_;
  std::vector<TableName> tables_;
  std::uint64_t last_batch_ = 0;
  std::uint64_t synced_batch_ = 0;  // up to here announcements are on disk
  std::deque<std::pair<std::uint64_t, std::uint64_t>>
      announced_;  // behind it: number, end in the file
};

// Of what keeps written bytes until they are on disk: the running system and the file system at
// `path`. Another after every restart, and after most other ways to lose such bytes. Empty where
// nobody vouches for them: not told, or a file system of another machine.
std::string boot_of(const std::string& path);

}  // namespace pgseed::seed
