#pragma once
// Which rows a subset of a dump needs besides, so that no row in it refers to one that is not
// there: parents are pulled in, and rows whose parents are nowhere are left out. Pure: rows come in
// passes, keys as hashes, and only those of rows in the subset are kept.
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace pgseed::seed {

// Rows by their number in their table, from 1, in ascending order.
struct Selection {
  std::vector<std::uint64_t> pulled;    // wanted though --limit and --offset leave them out
  std::vector<std::uint64_t> left_out;  // not wanted though they do not
};

class Closure {
 public:
  using Key = std::uint64_t;  // a table, some of its columns, and values of them

  // The rows of all tables come in every pass, in the same order. chosen: by --limit and --offset.
  // keys: under which other rows may refer to it; references: the keys that it refers to.
  void begin_pass() { ++pass_; }
  void row(std::size_t table, std::uint64_t number, bool chosen, const std::vector<Key>& keys,
           const std::vector<Key>& references);
  // Another pass may find more parents.
  bool wants_pass() const;

  // Then, until drop() says no: the keys that are in no row of the subset are looked for elsewhere.
  bool is_missing(Key key) const;
  bool any_missing() const;
  void found_elsewhere(Key key);
  // Leaves out the rows that refer to what is missing still. True if that made more keys missing.
  bool drop();

  // By table.
  std::unordered_map<std::size_t, Selection> selections() const;

 private:
  struct Node {
    std::size_t table;
    std::uint64_t number;
    bool chosen;
    bool dropped = false;
    std::size_t keys, references, end;  // in values_: keys, then references
  };
  struct State {
    std::uint32_t providers = 0;  // rows of the subset that have this key
    std::uint32_t wanted_in = 0;  // the pass in which a row first referred to it; 0: none did
    enum { unknown, absent, elsewhere } found = unknown;
  };

  static std::uint64_t name_of(std::size_t table, std::uint64_t number) {
    return (static_cast<std::uint64_t>(table) << 48) ^ number;
  }
  bool is_unmet(const State& state) const {
    return state.wanted_in > 0 && state.providers == 0 && state.found == State::unknown;
  }

  std::uint32_t pass_ = 0;
  std::vector<Node> nodes_;
  std::vector<Key> values_;
  std::unordered_map<Key, State> states_;
  std::unordered_set<std::uint64_t> pulled_;
};

}  // namespace pgseed::seed
