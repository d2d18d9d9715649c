#pragma once
// transaction:false sections that stopped half-way: whether they can be gone on with, and what is
// refused because of them. Pure: the log's marks, the graph, the rows and a plan in, judgements and
// texts out.
#include <optional>
#include <string>

#include "pgseed/base/error.hpp"
#include "pgseed/migrate/graph.hpp"
#include "pgseed/migrate/migration_log.hpp"
#include "pgseed/migrate/plan.hpp"

namespace pgseed::migrate {

struct HalfWay {
  enum class State {
    live,      // to be gone on with
    over,      // somebody else came to its end: the version table has it (up), or not any more
    doubtful,  // what it stands on was taken away, applied again or written by others since
  };

  HalfWayMark mark;
  std::optional<Node> node;  // unset: no file has this id
  State state = State::live;
  std::string doubt;  // what makes it doubtful
};

// What a run is for, beside its steps.
struct Intent {
  Nodes applied;                 // shall be applied when it is done
  bool abandons_halves = false;  // everything goes, also what sections have left half-way
};

// since: needed unless the rows say already that it is over.
HalfWay judge(const Graph& graph, const AppliedRows& rows, const HalfWayMark& mark,
              const WrittenSince& since);

// "revision b2 stopped half-way up, after 2 statements", with the doubt if there is one.
std::string told(const HalfWay& half);
// What to do about it.
std::string advice(const Graph& graph, const HalfWay& half);
// Why the plan must not run, or why there is something to do although it is empty; nullopt: it may.
// For what is not over.
std::optional<Error> objection(const Graph& graph, const HalfWay& half, const Plan& plan,
                               const Intent& intent);
// For an answer that all is up to date: a section stopped on its way down, and its revision still
// has its row.
bool belies_rows(const HalfWay& half);

}  // namespace pgseed::migrate
