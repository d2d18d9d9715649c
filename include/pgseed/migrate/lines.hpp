#pragma once
// The result lines, as Alembic prints them. Pure.
#include <string>
#include <vector>

#include "pgseed/migrate/plan.hpp"

namespace pgseed::migrate {

struct LineParts {
  bool parents = false;              // "a -> " in front
  bool labels = false;               // (label)
  bool tree = true;                  // (branchpoint) (mergepoint)
  bool message = false;              // ", message" behind
  const NodeSet* current = nullptr;  // (current) for its members
};
// "a1 -> b2 (label) (head) (branchpoint), message".
std::string revision_line(const Graph& graph, Node node, const LineParts& parts);

// The block of -v and `show`: Rev, Parent or Merges, Also depends on, Branches into, Branch names,
// Path, an empty line, the description indented by four blanks. Ends with a newline.
std::string revision_block(const Graph& graph, Node node, const NodeSet* current = nullptr);

// "Running upgrade a -> b, message"; base is empty: "Running upgrade  -> a".
std::string running_line(const Graph& graph, const Step& step);
std::string running_line(const Graph& graph, Node node, Direction direction);

// What tells Alembic to do this step alone, when it is its turn: {"upgrade", ID}, {"downgrade",
// PARENT}, or {"downgrade", ID@PARENT} where PARENT alone would take down a sibling as well.
std::vector<std::string> alembic_words(const Graph& graph, const Step& step);

// All revisions, newest first, with the branches drawn in characters beside them.
std::string draw_graph(const Graph& graph, const Nodes& newest_first, const NodeSet* current);

}  // namespace pgseed::migrate
