#pragma once
// What an earlier run proved of each row, asked row by row while the files are read again. Pure.
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "pgseed/seed/ledger/ledger_state.hpp"

namespace pgseed::seed {

enum class Proof {
  none,   // it goes out as if for the first time
  maybe,  // it may be stored: with the others of its batch, and with no others, it is asked for
  loaded,
  ignored,
  left_out,  // the server stored fewer rows of its batch than it was sent, without an error
  superseded,
  rejected,
  unchanged,
};

struct Proven {
  Proof proof = Proof::none;
  std::uint64_t batch = 0;  // of maybe, loaded, ignored, left_out, unchanged
  bool last = false;        // of maybe: no row of the batch follows
};

class Resume {
 public:
  class Table {
   public:
    // Rows must come in ascending order.
    Proven look_up(std::uint64_t row);
    const LedgerTable& known() const { return table_; }

   private:
    friend class Resume;
    Table(Resume& owner, const LedgerTable& table)
        : owner_(owner), table_(table), next_(table.rows.begin()) {}

    Resume& owner_;
    const LedgerTable& table_;
    std::map<std::uint64_t, LedgerTable::Piece>::const_iterator next_;
  };

  explicit Resume(LedgerState state);

  // nullptr: nothing is known of it. Stays where it is.
  Table* find(const TableName& name);
  const LedgerState& state() const { return state_; }
  const LedgerBatch& batch(std::uint64_t number) const { return state_.batches.at(number); }
  // No part of it is proven: sent again it has the body that was announced.
  bool is_whole(std::uint64_t batch) const;
  // All of it is proven by itself: no row of it was sent again later.
  bool is_untouched(std::uint64_t batch) const;

 private:
  struct Left {
    std::uint64_t maybe = 0, stored = 0, ignored = 0;
    std::uint64_t all_maybe = 0, all_proven = 0;
  };

  LedgerState state_;
  std::vector<std::unique_ptr<Table>> tables_;
  std::unordered_map<std::uint64_t, Left> left_;  // by batch: rows that were not looked up yet
};

}  // namespace pgseed::seed
