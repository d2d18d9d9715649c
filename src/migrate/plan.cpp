#include "pgseed/migrate/plan.hpp"

#include <algorithm>
#include <set>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::migrate {
namespace {

// Walks through a plan with the rows as they would be.
class RowKeeper {
 public:
  RowKeeper(const Graph& graph, const AppliedRows& rows)
      : graph_(graph), rows_(rows.rows), applied_(applied(graph, rows)) {}

  // What R stands for in the table is replaced by R: rows are maximal, so those of its line are its
  // direct needs (measured: Alembic goes through dependencies, too).
  Step up(Node node) {
    const auto before = values();
    for (const Node needed : graph_.needs(node)) erase(needed);
    applied_.add(node);
    insert(node);
    return step(node, Direction::up, before);
  }

  // What R needed comes back, unless something else that is applied needs it.
  Step down(Node node) {
    const auto before = values();
    erase(node);
    applied_.remove(node);
    for (const Node needed : graph_.needs(node)) {
      const Nodes& above = graph_.dependents(needed);
      if (std::none_of(above.begin(), above.end(),
                       [&](Node other) { return applied_.has(other); })) {
        insert(needed);
      }
    }
    return step(node, Direction::down, before);
  }

 private:
  std::vector<std::string> values() const {
    std::vector<std::string> all;
    for (const AppliedRow& row : rows_) all.push_back(row.value);
    return all;
  }
  void erase(Node node) {
    rows_.erase(std::remove_if(rows_.begin(), rows_.end(),
                               [&](const AppliedRow& row) { return row.node == node; }),
                rows_.end());
  }
  void insert(Node node) {
    AppliedRow row{graph_[node].id, node};
    const auto by_value = [](const AppliedRow& left, const AppliedRow& right) {
      return left.value < right.value;
    };
    const auto place = std::upper_bound(rows_.begin(), rows_.end(), row, by_value);
    rows_.insert(place, std::move(row));
  }
  Step step(Node node, Direction direction, std::vector<std::string> before) const {
    Step made{node, direction, std::move(before), values(), {}};
    made.changes = row_changes(made.before, made.after);
    return made;
  }

  const Graph& graph_;
  std::vector<AppliedRow> rows_;
  NodeSet applied_;
};

}  // namespace

Nodes AppliedRows::nodes() const {
  Nodes known;
  for (const AppliedRow& row : rows) {
    if (row.node) known.push_back(*row.node);
  }
  return known;
}

std::vector<std::string> AppliedRows::unknown() const {
  std::vector<std::string> names;
  for (const AppliedRow& row : rows) {
    if (!row.node) names.push_back(row.value);
  }
  return names;
}

std::vector<std::string> AppliedRows::values() const {
  std::vector<std::string> all;
  for (const AppliedRow& row : rows) all.push_back(row.value);
  return all;
}

AppliedRows read_rows(const Graph& graph, const std::vector<std::string>& values) {
  constexpr std::size_t kShortestPrefix = 4;  // Alembic's own rule
  AppliedRows rows;
  std::vector<std::string> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& value : sorted) {
    auto node = graph.find(value);
    if (!node && value.size() >= kShortestPrefix) {
      const Nodes candidates = graph.find_prefix(value);
      if (candidates.size() == 1) node = candidates.front();
    }
    rows.rows.push_back({value, node});
  }
  return rows;
}

NodeSet applied(const Graph& graph, const AppliedRows& rows) {
  return graph.ancestors(rows.nodes());
}

std::vector<std::string> redundant_rows(const Graph& graph, const AppliedRows& rows) {
  std::vector<std::string> redundant;
  const Nodes tips = graph.tips(applied(graph, rows));
  for (const AppliedRow& row : rows.rows) {
    if (row.node && !contains(tips, *row.node)) redundant.push_back(row.value);
  }
  return redundant;
}

Nodes current_revisions(const Graph& graph, const AppliedRows& rows) {
  return graph.tips(applied(graph, rows), Lines::down_revisions);
}

Nodes pending(const Graph& graph, const AppliedRows& rows) {
  const NodeSet done = applied(graph, rows);
  NodeSet open(graph.size());
  for (Node node = 0; node < graph.size(); ++node) {
    if (!done.has(node)) open.add(node);
  }
  return graph.in_order(open);
}

void require_sound_rows(const Graph& graph, const AppliedRows& rows) {
  if (const auto unknown = rows.unknown(); !unknown.empty()) {
    refuse_input(
        text("Can't locate revision identified by '", unknown.front(),
             "', which stands in the version table"),
        "add the file of that revision, or set the table to what the database really holds: "
        "pgseed migrate stamp --purge REVISION");
  }
  if (const auto redundant = redundant_rows(graph, rows); !redundant.empty()) {
    refuse_input(text("the version table holds ", join(redundant),
                      ", which another of its rows already implies"),
                 "pgseed migrate repair takes such rows out");
  }
}

std::vector<RowChange> row_changes(const std::vector<std::string>& before,
                                   const std::vector<std::string>& after) {
  std::vector<std::string> gone, fresh;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(gone));
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(fresh));
  // Of each side the last one is the update's, as in Alembic's own order of writes.
  std::vector<RowChange> changes;
  const bool update = !gone.empty() && !fresh.empty();
  const std::size_t kept = update ? 1 : 0;
  for (std::size_t index = 0; index + kept < gone.size(); ++index) {
    changes.push_back({RowChange::Kind::remove, gone[index], ""});
  }
  for (std::size_t index = 0; index + kept < fresh.size(); ++index) {
    changes.push_back({RowChange::Kind::insert, "", fresh[index]});
  }
  if (update) changes.push_back({RowChange::Kind::update, gone.back(), fresh.back()});
  return changes;
}

UpgradeGoal upgrade_goal(const Graph& graph, const AppliedRows& rows, const std::string& target) {
  const auto relative = parse_relative(target);
  if (!relative) return {find_revisions(graph, target)};
  std::optional<Node> branch;
  if (!relative->label.empty()) branch = find_branch(graph, relative->label);
  std::optional<Node> start;
  if (!relative->symbol.empty()) {
    start = find_start(graph, *relative);
  } else if (relative->steps < 0) {
    refuse_input(relative_failure(relative->steps),
                 "an upgrade goes up: +1; pgseed migrate downgrade -1");
  } else {
    Nodes starts = rows.nodes();
    if (branch) {
      const auto off = [&](Node node) {
        return !graph.share_lineage(node, *branch, Lines::down_revisions);
      };
      starts.erase(std::remove_if(starts.begin(), starts.end(), off), starts.end());
      if (starts.empty()) {
        // No row of its own: from where the branch is applied through what others need.
        NodeSet on_branch = applied(graph, rows);
        for (const Node node : on_branch.members()) {
          if (off(node)) on_branch.remove(node);
        }
        starts = graph.tips(on_branch);
      }
    }
    if (starts.size() > 1) {
      refuse_input("Ambiguous upgrade from multiple current revisions",
                   "name the branch: BRANCH@+1, or a revision");
    }
    if (!starts.empty()) start = starts.front();
  }
  const auto end =
      walk(graph, start, relative->steps, branch, false, relative_failure(relative->steps));
  return {end ? Nodes{*end} : Nodes{}};
}

Plan plan_upgrade(const Graph& graph, const AppliedRows& rows, const UpgradeGoal& goal) {
  require_sound_rows(graph, rows);
  NodeSet wanted = graph.ancestors(goal.targets);
  const NodeSet done = applied(graph, rows);
  for (const Node node : done.members()) wanted.remove(node);
  RowKeeper keeper(graph, rows);
  Plan plan;
  for (const Node node : graph.in_order(wanted)) plan.push_back(keeper.up(node));
  return plan;
}

DowngradeGoal downgrade_goal(const Graph& graph, const AppliedRows& rows,
                             const std::string& target) {
  DowngradeGoal goal;
  goal.text = target;
  const auto relative = parse_relative(target);
  if (!relative) {
    const BranchName parts = split_branch(target);
    if (!parts.label.empty()) goal.branch = find_branch(graph, parts.label);
    if (parts.rest != "base") goal.target = find_revision(graph, target);
    return goal;
  }
  std::optional<Node> branch;
  if (!relative->label.empty()) branch = find_branch(graph, relative->label);
  if (!relative->symbol.empty()) {
    goal.target =
        walk(graph, find_start(graph, *relative), relative->steps, branch, false, "Walked too far");
    goal.branch = branch;
    return goal;
  }
  if (relative->steps > 0) {
    refuse_input(relative_failure(relative->steps),
                 "a downgrade goes down: -1; pgseed migrate upgrade +1");
  }
  Nodes starts = rows.nodes();
  if (branch) {
    const auto off = [&](Node node) {
      return !graph.share_lineage(node, *branch, Lines::down_revisions);
    };
    starts.erase(std::remove_if(starts.begin(), starts.end(), off), starts.end());
    if (starts.empty()) {
      starts = current_revisions(graph, rows);
      starts.erase(std::remove_if(starts.begin(), starts.end(), off), starts.end());
    }
  }
  if (starts.empty()) refuse_input(relative_failure(relative->steps), "nothing is applied");
  if (starts.size() > 1) {
    std::vector<std::string> ways;
    for (const Node node : starts) ways.push_back(text(graph[node].id, '@', target));
    if (branch) ways = {"the id of the revision to go down to"};
    refuse_input(text("downgrade ", target, " is ambiguous: the database is on several revisions"),
                 text("say which: ", join(ways)));
  }
  goal.branch = starts.front();
  goal.target = walk(graph, starts.front(), relative->steps, std::nullopt, false,
                     relative_failure(relative->steps));
  return goal;
}

Plan plan_downgrade(const Graph& graph, const AppliedRows& rows, const DowngradeGoal& goal) {
  require_sound_rows(graph, rows);
  Nodes roots = goal.target ? graph.children(*goal.target) : graph.bases();
  if (goal.branch && roots.size() > 1) {
    roots.erase(std::remove_if(roots.begin(), roots.end(),
                               [&](Node root) {
                                 return !graph.share_lineage(root, *goal.branch,
                                                             Lines::down_revisions);
                               }),
                roots.end());
  }
  const NodeSet above = graph.descendants(roots);
  NodeSet undone = applied(graph, rows);
  for (const Node node : undone.members()) {
    if (!above.has(node)) undone.remove(node);
  }
  Nodes order = graph.in_order(undone);
  if (order.empty() && goal.target && !contains(rows.nodes(), *goal.target)) {
    refuse_input(
        text("Destination ", goal.text, " is not a valid downgrade target from current head(s)"),
        rows.rows.empty() ? std::string("nothing is applied")
                          : text("the database is at ", join(rows.values())));
  }
  std::reverse(order.begin(), order.end());
  RowKeeper keeper(graph, rows);
  Plan plan;
  for (const Node node : order) plan.push_back(keeper.down(node));
  return plan;
}

std::vector<std::string> stamped_rows(const Graph& graph, const AppliedRows& rows,
                                      const std::vector<std::string>& targets, bool purge) {
  Nodes kept = purge ? Nodes{} : rows.nodes();
  Nodes wanted;
  for (const std::string& target : targets) {
    const Nodes named = find_revisions(graph, target);
    const BranchName parts = split_branch(target);
    const auto is_replaced = [&](Node row) {
      if (!named.empty()) {
        return std::any_of(named.begin(), named.end(),
                           [&](Node node) { return graph.share_lineage(row, node, Lines::all); });
      }
      return parts.label.empty() ||
             graph.share_lineage(row, find_branch(graph, parts.label), Lines::all);
    };
    kept.erase(std::remove_if(kept.begin(), kept.end(), is_replaced), kept.end());
    wanted.insert(wanted.end(), named.begin(), named.end());
  }
  kept.insert(kept.end(), wanted.begin(), wanted.end());
  std::set<std::string> values;
  for (const Node node : graph.tips(graph.ancestors(kept))) {
    std::string value = graph[node].id;
    for (const AppliedRow& row : rows.rows) {
      if (row.node == node && !purge) value = row.value;  // as it stands, be it a prefix
    }
    values.insert(value);
  }
  return {values.begin(), values.end()};
}

Range split_range(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return {std::nullopt, text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

AppliedRows rows_at(const Graph& graph, const std::string& revisions) {
  Nodes nodes;
  for (std::size_t at = 0; at <= revisions.size();) {
    const std::size_t comma = std::min(revisions.find(',', at), revisions.size());
    const std::string name(trim(std::string_view(revisions).substr(at, comma - at)));
    at = comma + 1;
    if (name.empty() && revisions.empty()) break;
    if (const auto relative = parse_relative(name); relative && !relative->symbol.empty()) {
      std::optional<Node> branch;
      if (!relative->label.empty()) branch = find_branch(graph, relative->label);
      const auto node = walk(graph, find_start(graph, *relative), relative->steps, branch, false,
                             relative_failure(relative->steps));
      if (node) nodes.push_back(*node);
      continue;
    }
    for (const Node node : find_revisions(graph, name)) nodes.push_back(node);
  }
  std::vector<std::string> values;
  for (const Node node : graph.tips(graph.ancestors(nodes))) values.push_back(graph[node].id);
  return read_rows(graph, values);
}

Nodes history_range(const Graph& graph, const AppliedRows& rows, const std::string& range) {
  const Range ends = split_range(range);
  if (!ends.from) {
    throw Error(ErrorKind::usage, "History range requires [start]:[end], [start]:, or :[end]", {},
                "for example -r base:head");
  }
  // A relative end counts from the other one, without that from the heads or from base; past the
  // end of a line it stops. (Alembic's own description; its -N counts from the heads always.)
  const auto settle = [&](const std::string& name, const std::string& other, bool upper) {
    const auto named = [&](const std::string& end) {
      return end == "current" ? rows.nodes() : find_revisions(graph, end);
    };
    const auto relative = parse_relative(name);
    if (!relative) return named(name.empty() ? (upper ? "heads" : "base") : name);
    std::optional<Node> branch;
    if (!relative->label.empty()) branch = find_branch(graph, relative->label);
    Nodes starts;
    if (!relative->symbol.empty()) {
      starts = named(relative->symbol);
    } else if (!other.empty() && !parse_relative(other)) {
      starts = named(other);
    } else if (relative->steps < 0) {
      starts = named("heads");
    }
    NodeSet ends_of_walks(graph.size());
    const auto add = [&](std::optional<Node> start) {
      const auto end = walk(graph, start, relative->steps, branch, true, "");
      if (end) ends_of_walks.add(*end);
    };
    if (starts.empty()) add(std::nullopt);
    for (const Node start : starts) add(start);
    return ends_of_walks.members();
  };
  const Nodes lower = settle(*ends.from, ends.to, false);
  Nodes upper = settle(ends.to, *ends.from, true);
  if (const BranchName parts = split_branch(*ends.from);
      parts.rest == "base" && !parts.label.empty()) {
    const Node branch = find_branch(graph, parts.label);
    upper.erase(std::remove_if(upper.begin(), upper.end(),
                               [&](Node node) {
                                 return !graph.share_lineage(node, branch, Lines::down_revisions);
                               }),
                upper.end());
  }
  NodeSet listed = graph.ancestors(upper);
  for (const Node node : lower) {
    if (listed.has(node)) continue;
    refuse_input(text("Requested range ", range,
                      " does not refer to ancestor/descendant revisions along the same branch"),
                 text(graph[node].id, " is not below the other end; the older end stands first"));
  }
  if (!lower.empty()) {
    const NodeSet below = graph.ancestors(lower);
    const NodeSet above = graph.descendants(lower, Lines::down_revisions);
    for (const Node node : listed.members()) {
      const bool is_end = contains(lower, node);
      if (!is_end && (below.has(node) || !above.has(node))) listed.remove(node);
    }
  }
  Nodes order = graph.in_order(listed);
  std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace pgseed::migrate
