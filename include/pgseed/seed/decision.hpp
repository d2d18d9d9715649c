#pragma once
// Outcome of a write x mode -> what to do with the batch. Pure; tested as a table.
#include "pgseed/rest/outcome.hpp"
#include "pgseed/seed/options.hpp"

namespace pgseed::seed {

enum class Action {
  count,         // stored: count the rows
  retry,         // nothing was stored: the same again, later
  halve,         // too much at once: two parts
  halve_serial,  // the same key twice in one statement: two parts, one after the other
  bisect,        // a row is at fault: two parts until it is found; with one row: reject it
  reload,        // the server's schema cache may be stale: again soon, a few times
  ask,           // it may be stored: ask for the batch's keys
  doubt,         // it may be stored and nobody can tell
  stop,          // no batch of this run will fare better
};

struct Situation {
  Mode mode = Mode::insert;
  bool has_key = false;  // the rows carry their table's key
  bool doubted = false;  // an earlier try of this batch may have been stored
};

Action decide(const rest::Outcome& outcome, const Situation& situation);

}  // namespace pgseed::seed
