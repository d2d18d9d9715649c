#pragma once
// What must run to bring a database from where it is to where it should be. Pure: a graph, the rows
// of the version table and a target in Alembic's notation in, steps out.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/migrate/graph.hpp"
#include "pgseed/migrate/target.hpp"

namespace pgseed::migrate {

// The version table as the graph sees it.
struct AppliedRow {
  std::string value;         // as it stands in the table
  std::optional<Node> node;  // unset: no file has this id
};
struct AppliedRows {
  std::vector<AppliedRow> rows;  // by value

  Nodes nodes() const;  // of the rows that are known
  std::vector<std::string> unknown() const;
  std::vector<std::string> values() const;
};
// A row that is the beginning (4 characters or more) of exactly one id stands for it, as in
// Alembic.
AppliedRows read_rows(const Graph& graph, const std::vector<std::string>& values);
// All ancestors of every row, through down_revision and depends_on.
NodeSet applied(const Graph& graph, const AppliedRows& rows);
// Rows that other rows imply: Alembic fails on them, so must be taken out first.
std::vector<std::string> redundant_rows(const Graph& graph, const AppliedRows& rows);
// What `current` shows: the applied revisions without an applied child (also those that have no row
// because another branch depends on them).
Nodes current_revisions(const Graph& graph, const AppliedRows& rows);
// Not yet applied, in the order of an upgrade to all heads.
Nodes pending(const Graph& graph, const AppliedRows& rows);

// Throws Error{input} for a row that no file has, and for redundant ones.
void require_sound_rows(const Graph& graph, const AppliedRows& rows);

// One write to the version table. insert: to; remove: from; update: from -> to.
struct RowChange {
  enum class Kind { insert, remove, update } kind;
  std::string from, to;
  bool operator==(const RowChange&) const = default;
};
// What turns one set of rows into another, in Alembic's way: one update where there is an old and a
// new row, deletes and inserts for the rest. Both sorted.
std::vector<RowChange> row_changes(const std::vector<std::string>& before,
                                   const std::vector<std::string>& after);

enum class Direction { up, down };

struct Step {
  Node node;
  Direction direction;
  std::vector<std::string> before, after;  // the rows
  std::vector<RowChange> changes;
};
using Plan = std::vector<Step>;

// --- targets. The relative forms (+1, -1, label@+1) are settled once, against the rows at hand;
// the result stays the same when another process moves the database meanwhile.

struct UpgradeGoal {
  Nodes targets;
};
// head, heads, label, label@head, id, prefix, id+N, id-N, +N, label@+N, base. Throws Error{input}:
// several heads, unknown or ambiguous, a walk that is ambiguous or too long.
UpgradeGoal upgrade_goal(const Graph& graph, const AppliedRows& rows, const std::string& target);
// Steps in order; empty when all is applied already.
Plan plan_upgrade(const Graph& graph, const AppliedRows& rows, const UpgradeGoal& goal);

struct DowngradeGoal {
  std::string text;            // as the user wrote it
  std::optional<Node> target;  // unset: base
  std::optional<Node> branch;  // only what lies on this one's line
};
// base, label@base, id, prefix, -N, label@-N, id-N, id+N, head-N. Throws as above, and for -N with
// more than one row, where Alembic picks one of them.
DowngradeGoal downgrade_goal(const Graph& graph, const AppliedRows& rows,
                             const std::string& target);
// Throws Error{input} when the target is not below what is applied.
Plan plan_downgrade(const Graph& graph, const AppliedRows& rows, const DowngradeGoal& goal);

// The rows after `stamp`: each target replaces what shares its line; `purge` empties first. Unknown
// rows go.
std::vector<std::string> stamped_rows(const Graph& graph, const AppliedRows& rows,
                                      const std::vector<std::string>& targets, bool purge);

// "a:b" of --sql; also "a:", ":b", several starts "a,b:c", and a relative end. Without a colon the
// start is unset.
struct Range {
  std::optional<std::string> from;
  std::string to;
};
Range split_range(const std::string& text);
// The rows of a database that has exactly these revisions ("base", "a", "a,b") and what they need.
AppliedRows rows_at(const Graph& graph, const std::string& revisions);

// The revisions of `history -r a:b`, newest first; both ends belong to it. Knows base, head(s),
// current, relative forms of either end, and empty ends. Throws Error{usage} without a colon.
Nodes history_range(const Graph& graph, const AppliedRows& rows, const std::string& range);

}  // namespace pgseed::migrate
