#include "pgseed/migrate/new_revision.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/revision_file.hpp"
#include "pgseed/migrate/target.hpp"

namespace pgseed::migrate {
namespace {

Revision with_parents(const Graph& graph, const NewRevision& wanted, const Nodes& parents) {
  check_revision_id(wanted.id, "--rev-id");
  if (const auto taken = graph.find(wanted.id)) {
    refuse_input(text("revision ", wanted.id, " exists already: ", graph[*taken].path),
                 "choose another --rev-id");
  }
  Revision revision;
  revision.id = wanted.id;
  revision.message = wanted.message;
  revision.created = wanted.created;
  for (const Node parent : parents) revision.down_revisions.push_back(graph[parent].id);
  for (const std::string& label : wanted.branch_labels) {
    check_branch_label(label, "--branch-label");
    if (const auto home = graph.find_label(label)) {
      refuse_input(text("branch label '", label, "' is already used by revision ", graph[*home].id),
                   "choose another --branch-label");
    }
    if (graph.find(label)) {
      refuse_input(text("branch label '", label, "' is the id of a revision"),
                   "choose another --branch-label");
    }
    revision.branch_labels.push_back(label);
  }
  for (const std::string& name : wanted.depends_on) {
    // A label stays one, the beginning of an id becomes the id.
    revision.depends_on.push_back(graph.find_label(name) ? name
                                                         : graph[find_revision(graph, name)].id);
  }
  revision.upgrade.emplace();
  revision.downgrade.emplace();
  return revision;
}

}  // namespace

Revision new_revision(const Graph& graph, const NewRevision& wanted) {
  if (wanted.head == "head" && graph.heads().size() > 1) {
    refuse_input(
        "Multiple heads are present; please specify the head revision on which the new revision "
        "should be based, or perform a merge.",
        text("--head one of ", list_ids(graph, graph.heads()), "; or pgseed migrate merge"));
  }
  Nodes parents;
  for (std::size_t at = 0; at <= wanted.head.size();) {
    const std::size_t comma = std::min(wanted.head.find(',', at), wanted.head.size());
    const std::string name(trim(std::string_view(wanted.head).substr(at, comma - at)));
    at = comma + 1;
    for (const Node node : find_revisions(graph, name)) {
      if (std::find(parents.begin(), parents.end(), node) != parents.end()) {
        refuse_input("Duplicate head revisions specified", text(graph[node].id, " is named twice"));
      }
      parents.push_back(node);
    }
  }
  for (const Node parent : parents) {
    if (wanted.splice || graph.is_head(parent)) continue;
    refuse_input(
        text("Revision ", graph[parent].id,
             " is not a head revision; please specify --splice to create a new branch from this "
             "revision"),
        text("the heads are ", list_ids(graph, graph.heads())));
  }
  return with_parents(graph, wanted, parents);
}

Revision merge_revision(const Graph& graph, const NewRevision& wanted,
                        const std::vector<std::string>& revisions) {
  Nodes parents;
  for (const std::string& name : revisions) {
    for (const Node node : find_revisions(graph, name)) {
      if (std::find(parents.begin(), parents.end(), node) == parents.end()) parents.push_back(node);
    }
  }
  if (revisions.empty()) parents = graph.heads();
  if (parents.size() < 2) {
    refuse_input(text("there is nothing to merge: ",
                      parents.empty() ? std::string("no revision")
                                      : text("only ", graph[parents.front()].id)),
                 "name two revisions or more, or none when there are several heads");
  }
  const Nodes tips = graph.tips(
      [&] {
        NodeSet set(graph.size());
        for (const Node parent : parents) set.add(parent);
        return set;
      }(),
      Lines::down_revisions);
  if (tips.size() != parents.size()) {
    refuse_input(text("of ", list_ids(graph, parents),
                      " one comes after another: there is nothing to merge"),
                 "merge the newest revision of each branch");
  }
  NewRevision named = wanted;
  if (named.message.empty()) {
    std::string ids;
    for (const Node parent : parents) ids += text(ids.empty() ? "" : " and ", graph[parent].id);
    named.message = "merge " + ids;
  }
  return with_parents(graph, named, parents);
}

}  // namespace pgseed::migrate
