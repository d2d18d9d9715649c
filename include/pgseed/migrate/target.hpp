#pragma once
// Alembic's notation for revisions: names, prefixes, labels, and steps counted from them. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/migrate/graph.hpp"

namespace pgseed::migrate {

// "label@rest" taken apart; label empty without an @.
struct BranchName {
  std::string label, rest;
};
BranchName split_branch(const std::string& name);

// "label@symbol+N", "+N", "symbol-N": nullopt for a name that is not relative.
struct RelativeTarget {
  std::string label, symbol;  // either may be empty
  int steps = 0;              // never 0
};
std::optional<RelativeTarget> parse_relative(const std::string& name);
// Where a relative target with a symbol starts; unset: base. The label narrows it on the way down,
// on the way up it only chooses between children. Throws Error{input}.
std::optional<Node> find_start(const Graph& graph, const RelativeTarget& target);

// The revision that a label, id or prefix names, for the part before an @. Throws Error{input}.
Node find_branch(const Graph& graph, const std::string& label);

// One revision by id, label, prefix, head or label@head. Throws Error{input}: unknown, ambiguous,
// several heads, base.
Node find_revision(const Graph& graph, const std::string& name);
// The same, also heads and label@heads; empty for base and label@base.
Nodes find_revisions(const Graph& graph, const std::string& name);

// N steps from a revision (unset: base), up through children (of the branch only, if one is given)
// or down through parents; unset is base again. Throws Error{input} with Alembic's texts for an
// ambiguous step. too_far: called when the line ends before.
std::optional<Node> walk(const Graph& graph, std::optional<Node> start, int steps,
                         std::optional<Node> branch, bool stop_at_end, const std::string& too_far);

// How Alembic says that a walk ended early.
std::string relative_failure(int steps);

// "a1b2, c3d4"
std::string list_ids(const Graph& graph, const Nodes& nodes);

}  // namespace pgseed::migrate
