#pragma once
// Rows on their way: one JSON array of one table and one set of columns, ready to post.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/base/content_hash.hpp"
#include "pgseed/json/writer.hpp"
#include "pgseed/seed/encode/row_ranges.hpp"
#include "pgseed/seed/input/column_set.hpp"

namespace pgseed::seed {

struct RowMark {
  std::size_t begin;          // offset of its '{' in the body
  std::uint64_t line;         // in the source file
  std::uint64_t number;       // of the row in the run, from 0
  bool dropped = false;       // a later row of the same key took its place
  std::uint64_t ordinal = 0;  // of the row among those of its table, from 1
};

struct Batch {
  std::uint64_t group = 0;     // of the batch as it was read; parts of a split batch share it
  std::uint64_t sequence = 0;  // number of its first row in the run
  std::uint64_t order = 0;     // when the group came to the sender: the order of sending
  const ColumnSet* set = nullptr;
  std::size_t file = 0;
  json::Buffer body;  // "[{...},{...}" until close()
  std::vector<RowMark> rows;
  std::vector<std::string> keys;     // tracked keys, for their release
  std::vector<std::uint64_t> after;  // groups that must be done before
  bool serial = false;               // waits for every earlier batch of its table
  bool in_turn = false;              // waits for the earlier parts of its group
  bool null_keys = false;            // some row's key is NULL: sent twice, it is stored twice
  bool suspect = false;              // part of a rejected batch: holds a bad row
  bool doubted = false;              // an earlier try may have been committed
  bool retried = false;              // there was an earlier try
  int tries = 0;                     // failed ones in a row
  int reloads = 0;                   // tries after a stale schema cache
  std::uint64_t intent = 0;          // its number in the ledger; 0: not announced
  Hash128 body_hash;                 // then
  RowRanges superseded;              // the dropped rows, by ordinal, once closed
  bool repeats = false;              // holds a key that came before, or perhaps did
  bool resumed = false;              // an earlier run sent it and did not learn what came of it
  bool asks_first = false;           // a question about it had no answer: it is asked again
  std::chrono::steady_clock::time_point not_before{};

  std::size_t count() const;  // rows not dropped
  // The JSON text of one row, without the comma.
  std::string_view row_text(std::size_t index) const;
  // Takes dropped rows out and ends the array. Once.
  void close();
  // Rows [from, to) as a closed batch of their own, with the same group and flags.
  std::unique_ptr<Batch> part(std::size_t from, std::size_t to) const;
};

// "1,000 rows of t from line 12", for messages. The batch must not be empty.
std::string describe(const Batch& batch);

// The values of a row in a closed or open batch, decoded, in the set's order; NULL is nullopt. A
// value of a json column is its JSON text.
std::vector<std::optional<std::string>> values_of_row(const Batch& batch, std::size_t index);
// Those of the key; empty if one is NULL.
std::vector<std::string> key_of_row(const Batch& batch, std::size_t index);

}  // namespace pgseed::seed
