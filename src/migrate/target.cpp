#include "pgseed/migrate/target.hpp"

#include <algorithm>
#include <cstdlib>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::migrate {
namespace {

[[noreturn]] void fail_unknown(const std::string& name) {
  refuse_input(text("Can't locate revision identified by '", name, "'"),
               "pgseed migrate history lists all revisions");
}

Nodes on_branch(const Graph& graph, Nodes nodes, std::optional<Node> branch) {
  if (!branch) return nodes;
  nodes.erase(std::remove_if(nodes.begin(), nodes.end(),
                             [&](Node node) {
                               return !graph.share_lineage(node, *branch, Lines::down_revisions);
                             }),
              nodes.end());
  return nodes;
}

// An id, a label or the unique beginning of an id. The whole id comes first, and a beginning that
// several ids share is refused, whatever their lengths: Alembic would look only at ids of four
// characters and more, and take 0021 for 00.
Node find_name(const Graph& graph, const std::string& name, std::optional<Node> branch) {
  if (name.empty()) refuse_input("no revision given", "name an id, a label, head or base");
  if (const auto node = graph.find(name)) return *node;
  if (const auto node = graph.find_label(name)) return *node;
  const Nodes candidates = on_branch(graph, graph.find_prefix(name), branch);
  if (candidates.empty()) fail_unknown(name);
  if (candidates.size() > 1) {
    refuse_input(
        text("revision identifier '", name, "' is ambiguous: ", list_ids(graph, candidates)),
        "write more of the id");
  }
  return candidates.front();
}

}  // namespace

std::string list_ids(const Graph& graph, const Nodes& nodes) {
  std::string ids;
  for (const Node node : nodes) ids += text(ids.empty() ? "" : ", ", graph[node].id);
  return ids;
}

BranchName split_branch(const std::string& name) {
  const auto at = name.find('@');
  if (at == std::string::npos) return {"", name};
  return {name.substr(0, at), name.substr(at + 1)};
}

std::optional<RelativeTarget> parse_relative(const std::string& name) {
  const auto sign = name.find_last_of("+-");
  if (sign == std::string::npos || sign + 1 == name.size()) return std::nullopt;
  if (name.find_first_not_of("0123456789", sign + 1) != std::string::npos) return std::nullopt;
  if (name.size() - sign > 6)
    refuse_input(text("'", name, "' counts too far"), "count fewer steps");
  RelativeTarget target;
  const BranchName parts = split_branch(name.substr(0, sign));
  target.label = parts.label;
  target.symbol = parts.rest;
  target.steps = std::atoi(name.c_str() + sign);
  if (target.steps == 0) {
    refuse_input(text("'", name, "' is no step"), "count from 1 on: +1, -1");
  }
  return target;
}

Node find_branch(const Graph& graph, const std::string& label) {
  return find_name(graph, label, std::nullopt);
}

Nodes find_revisions(const Graph& graph, const std::string& name) {
  const BranchName parts = split_branch(name);
  std::optional<Node> branch;
  if (name.find('@') != std::string::npos) branch = find_branch(graph, parts.label);
  if (parts.rest == "base") return {};
  if (parts.rest == "heads") {
    return branch ? on_branch(graph, graph.heads(), branch) : graph.real_heads();
  }
  if (parts.rest == "head") {
    const Nodes heads = on_branch(graph, graph.heads(), branch);
    if (heads.size() > 1) {
      refuse_input(
          text("Multiple head revisions are present for given argument '", name,
               "'; please specify a specific target revision, '<branchname>@head' to narrow to a "
               "specific head, or 'heads' for all heads"),
          text("the heads are ", list_ids(graph, heads)));
    }
    return heads;
  }
  const Node node = find_name(graph, parts.rest, branch);
  if (branch && !graph.share_lineage(node, *branch, Lines::down_revisions)) {
    refuse_input(
        text("Revision ", graph[node].id, " is not a member of branch '", parts.label, "'"), "");
  }
  return {node};
}

Node find_revision(const Graph& graph, const std::string& name) {
  const Nodes nodes = find_revisions(graph, name);
  if (nodes.size() == 1) return nodes.front();
  if (nodes.empty()) fail_unknown(name);
  refuse_input(text("'", name, "' stands for several revisions: ", list_ids(graph, nodes)),
               "name one of them");
}

std::optional<Node> find_start(const Graph& graph, const RelativeTarget& target) {
  const bool narrow = target.steps < 0 && !target.label.empty();
  const std::string name = narrow ? text(target.label, '@', target.symbol) : target.symbol;
  if (find_revisions(graph, name).empty()) return std::nullopt;
  return find_revision(graph, name);
}

std::string relative_failure(int steps) {
  return text("Relative revision ", steps > 0 ? "+" : "", steps, " didn't produce ",
              std::abs(steps), " migrations");
}

std::optional<Node> walk(const Graph& graph, std::optional<Node> start, int steps,
                         std::optional<Node> branch, bool stop_at_end, const std::string& too_far) {
  std::optional<Node> at = start;
  for (int step = 0; step < std::abs(steps); ++step) {
    if (steps < 0 && !at) {
      if (stop_at_end) return at;
      refuse_input(too_far, "there is nothing below base");
    }
    Nodes next = steps < 0 ? graph.parents(*at) : at ? graph.children(*at) : graph.bases();
    if (steps > 0) next = on_branch(graph, next, branch);
    if (next.size() > 1) {
      refuse_input(
          text("Ambiguous walk: ", at ? text("from ", graph[*at].id) : std::string("from base"),
               steps > 0 ? " up" : " down", " there are ", list_ids(graph, next)),
          "name the revision, or BRANCH@+1");
    }
    if (next.empty() && steps > 0) {
      if (stop_at_end) return at;
      refuse_input(too_far, text(at ? graph[*at].id : std::string("base"), " is the last one"));
    }
    at = next.empty() ? std::nullopt : std::optional(next.front());
  }
  return at;
}

}  // namespace pgseed::migrate
