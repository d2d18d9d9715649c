#pragma once
// Which keys are on their way, so that two rows of one key never race each other.
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "pgseed/seed/encode/batch.hpp"

namespace pgseed::seed {

// The row's key as one comparable string; empty if a part is NULL, DEFAULT or not in the set.
// Spellings that mean one value become one: 007 and 7 in an integer column, upper case in a uuid.
// is_only becomes false where the value may have others that do not (citext, a time with its zone):
// then another string may be the same key.
std::string key_of(const ColumnSet& set, const sql::Row& row, bool& is_only);
std::string key_of(const ColumnSet& set, const sql::Row& row);
// The same of the columns at these positions of the set.
std::string key_of(const ColumnSet& set, const std::vector<std::size_t>& positions,
                   const sql::Row& row);

class KeysOnTheWay {
 public:
  struct Place {
    std::uint64_t group = 0;
    std::size_t row = 0;
  };
  // Where a row of this key is on its way, or nullptr.
  const Place* find(const std::string& key) const;
  void put(const std::string& key, std::uint64_t group, std::size_t row);
  // Forgets keys that still belong to the group.
  void release(const std::vector<std::string>& keys, std::uint64_t group);

 private:
  std::unordered_map<std::string, Place> places_;
};

// Has this key been seen in the run? Remembers 64-bit hashes, up to a number that keeps memory
// flat; past it the answer is "no" and exact() tells so.
class SeenKeys {
 public:
  bool insert(const std::string& key);
  bool is_empty() const { return count_ == 0; }
  // True if it was inserted, and for any key where not all are remembered.
  bool may_hold(const std::string& key) const;
  bool exact() const { return exact_; }
  // A key came that may be one of those inserted, or to come, in another spelling.
  void give_up() { exact_ = false; }
  // Before the first insert(): how many keys memory is spent on.
  void remember(std::size_t most) { most_ = most; }
  // No key is to come any more: gives the memory back. One that comes all the same is not known.
  void release();
  std::size_t bytes() const { return slots_.capacity() * sizeof(std::uint64_t); }

 private:
  void grow();
  std::size_t most_ = std::size_t{1} << 19;
  std::vector<std::uint64_t> slots_;
  std::size_t count_ = 0;
  bool exact_ = true;
  bool released_ = false;
};

}  // namespace pgseed::seed
