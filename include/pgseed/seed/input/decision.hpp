#pragma once
// Outcome of a write x mode -> what to do with the batch. Pure; tested as a table.
#include "pgseed/rest/outcome.hpp"
#include "pgseed/seed/options.hpp"

namespace pgseed::seed {

enum class Action {
  count,          // stored: count the rows
  retry,          // nothing was stored, or storing it twice does no harm: the same again, later
  halve,          // too much at once: two parts
  halve_in_turn,  // the same key twice in one statement: two parts, one after the other
  bisect,         // a row is at fault: two parts until it is found; with one row: reject it
  reload,         // the server's schema cache may be stale: again soon, a few times
  ask,            // it may be stored: ask for the batch's keys
  doubt,          // it may be stored and nobody can tell
  stop,           // no batch of this run will fare better
};

struct Situation {
  Mode mode = Mode::insert;
  // Every row carries its table's key: a second copy of the batch cannot be stored beside the
  // first.
  bool has_key = false;
  bool retried = false;    // an earlier try of this batch failed; it may have been stored even so
  int reloads = 0;         // tries after a stale schema cache
  bool own_table = false;  // 42P01 names the batch's table, not one that a value or a trigger names
};

Action decide(const rest::Outcome& outcome, const Situation& situation);

}  // namespace pgseed::seed
