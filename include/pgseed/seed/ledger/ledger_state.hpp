#pragma once
// What the lines of a ledger amount to: for every row of every table whether it is proven to be
// stored, refused, unchanged or given way, or may be stored; all others were never sent, or proven
// not to be stored. Pure.
//
// Rows are numbered in their table, from 1, in the order of the files: whatever batches, passes or
// limits of requests a later run has, the numbers stay.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pgseed/base/content_hash.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/encode/row_ranges.hpp"

namespace pgseed::seed {

// A text that was read; without a hash where it can be read once only (standard input).
struct LedgerSource {
  std::string name;
  std::uint64_t bytes = 0;
  std::optional<Hash128> hash;
  bool operator==(const LedgerSource&) const = default;
};

// What a run finds when it begins; the first lines of its ledger.
struct LedgerHead {
  std::string work;  // the name of what is done, a hash
  std::string target, schema, mode;
  std::vector<LedgerSource> sources;
  std::string now, seed;  // what {now} and {uuid} of a mapping are made of
};

enum class RowState {
  maybe,       // sent in a batch whose fate is not known
  stored,      // in a batch that was answered
  superseded,  // never sent: a later row of its key took its place
  rejected,
  unchanged,  // not sent: it was stored like this before
};

struct LedgerBatch {
  std::size_t table = 0;
  RowRanges rows;
  Hash128 body;
  bool sent = false;
  bool answered = false;
  std::uint64_t answered_at = 0;                        // the line that says so
  std::uint64_t stored = 0, ignored = 0, left_out = 0;  // what the answer said of the rows
};

struct LedgerTable {
  struct Piece {
    std::uint64_t last = 0;
    RowState state = RowState::maybe;
    std::uint64_t batch = 0;  // of maybe, stored and unchanged
  };
  TableName name;
  std::optional<bool> was_empty;  // before the first run; unset: it could not be told
  std::optional<std::uint64_t> rows_before;
  bool emptying = false;  // by FORCE; with `emptied` it is done
  std::optional<std::uint64_t> emptied;
  std::map<std::uint64_t, Piece> rows;  // by first row
};

struct LedgerState {
  LedgerHead head;
  std::vector<LedgerTable> tables;
  std::unordered_map<std::uint64_t, LedgerBatch> batches;
  std::uint64_t last_batch = 0;
  std::uint64_t runs = 0;
  std::string rejects_path;  // of the last run; its reject file holds so many bytes of what counts:
  std::uint64_t rejects_bytes = 0;
  std::map<std::string, std::string> marks;
  bool complete = false;
  bool keys_came_once = false;  // of complete work: no batch overwrote what another stored
  // Where the next line goes.
  std::size_t bytes = 0;
  std::uint64_t chain = 0;

  // False while nothing is stored or may be, no table was emptied and nothing marked: nothing to go
  // on with.
  bool has_effects() const;
  LedgerTable* find(const TableName& name);
};

// boot: boot_of() the ledger, now. The system keeps what was written through the death of a
// process, not through a restart: a batch that was announced but not marked as sent may have been
// sent in an earlier boot. Throws Error{storage} as read_ledger_lines() does, and for lines of
// another version or that contradict each other. Empty, torn in the first line: no state.
std::optional<LedgerState> read_ledger(std::string_view bytes, const std::string& path,
                                       const std::string& boot);

}  // namespace pgseed::seed
