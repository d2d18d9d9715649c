#include "pgseed/migrate/graph.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/revision_file.hpp"

namespace pgseed::migrate {
namespace {

void add_once(Nodes& nodes, Node node) {
  if (!contains(nodes, node)) nodes.push_back(node);
}

// How many letters must change: for "did you mean".
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t column = 0; column < row.size(); ++column) row[column] = column;
  for (std::size_t line = 1; line <= left.size(); ++line) {
    std::size_t diagonal = std::exchange(row[0], line);
    for (std::size_t column = 1; column < row.size(); ++column) {
      const std::size_t above = row[column];
      row[column] = std::min({above + 1, row[column - 1] + 1,
                              diagonal + (left[line - 1] == right[column - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

// Everything reachable from `from` through `next`, with `from`.
NodeSet reach(const std::vector<Nodes>& next, const Nodes& from) {
  NodeSet seen(next.size());
  Nodes pending = from;
  while (!pending.empty()) {
    const Node node = pending.back();
    pending.pop_back();
    if (seen.has(node)) continue;
    seen.add(node);
    pending.insert(pending.end(), next[node].begin(), next[node].end());
  }
  return seen;
}

}  // namespace

Nodes NodeSet::members() const {
  Nodes nodes;
  for (Node node = 0; node < flags_.size(); ++node) {
    if (flags_[node]) nodes.push_back(node);
  }
  return nodes;
}

Graph::Graph(std::vector<Revision> revisions) : revisions_(std::move(revisions)) {
  const std::size_t size = revisions_.size();
  for (auto* lists : {&parents_, &children_, &needs_, &dependencies_, &dependents_}) {
    lists->resize(size);
  }
  labels_.resize(size);
  index_ids();
  connect();
  refuse_cycles();
  normalize_dependencies();
  spread_labels();
}

void Graph::index_ids() {
  for (Node node = 0; node < size(); ++node) {
    const Revision& revision = revisions_[node];
    check_revision_id(revision.id, revision.path);
    const auto [known, fresh] = ids_.emplace(revision.id, node);
    if (!fresh) {
      throw Error(ErrorKind::input,
                  text("revision ", revision.id, " is in two files: ",
                       revisions_[known->second].path, " and ", revision.path),
                  {}, "give one of them another id, and the files that follow it as down_revision");
    }
  }
  for (Node node = 0; node < size(); ++node) {
    for (const std::string& label : revisions_[node].branch_labels) {
      const auto [known, fresh] = label_homes_.emplace(label, node);
      if (!fresh && known->second != node) {
        const Revision& first = revisions_[known->second];
        throw Error(ErrorKind::input,
                    text("branch label '", label, "' of revision ", revisions_[node].id,
                         " is already used by revision ", first.id),
                    text(revisions_[node].path), text("the other file is ", first.path));
      }
      if (const auto same = ids_.find(label); same != ids_.end()) {
        throw Error(ErrorKind::input,
                    text("branch label '", label, "' of revision ", revisions_[node].id,
                         " is also the id of ", revisions_[same->second].path),
                    revisions_[node].path, "give the branch another label");
      }
    }
  }
}

void Graph::connect() {
  const auto missing = [&](const Revision& revision, const char* key, const std::string& id) {
    std::string hint = "add the file of that revision, or correct the line";
    std::size_t nearest = 3;  // further away it is no slip of the finger
    for (const auto& [known, node] : ids_) {
      const std::size_t apart = distance(id, known);
      if (apart >= nearest) continue;
      nearest = apart;
      hint = text("did you mean ", known, " (", revisions_[node].path, ")?");
    }
    throw Error(ErrorKind::input,
                text("revision ", revision.id, " names '", id, "' as ", key, ", which no file has"),
                revision.path, hint);
  };
  for (Node node = 0; node < size(); ++node) {
    const Revision& revision = revisions_[node];
    const auto refuse_itself = [&](Node other, const char* key) {
      if (other != node) return;
      throw Error(ErrorKind::input, text("revision ", revision.id, " names itself as ", key),
                  revision.path, "a revision cannot come after itself");
    };
    for (const std::string& id : revision.down_revisions) {
      const auto parent = find(id);
      if (!parent) missing(revision, "down_revision", id);
      refuse_itself(*parent, "down_revision");
      add_once(parents_[node], *parent);
    }
    for (const std::string& name : revision.depends_on) {
      auto needed = find(name);
      if (!needed) needed = find_label(name);
      if (!needed) {
        const Nodes candidates = find_prefix(name);  // Alembic takes these, too
        if (candidates.size() == 1) needed = candidates.front();
      }
      if (!needed) missing(revision, "depends_on", name);
      refuse_itself(*needed, "depends_on");
      add_once(dependencies_[node], *needed);
    }
  }
  for (Node node = 0; node < size(); ++node) {
    for (const Node parent : parents_[node]) children_[parent].push_back(node);
  }
  dependents_ = children_;
  needs_ = parents_;
  for (Node node = 0; node < size(); ++node) {
    for (const Node needed : dependencies_[node]) {
      add_once(dependents_[needed], node);
      add_once(needs_[node], needed);
    }
  }
}

// Takes away, again and again, what waits for nothing; what is left goes round in circles.
void Graph::refuse_cycles() const {
  std::vector<std::size_t> waiting(size());
  Nodes ready;
  for (Node node = 0; node < size(); ++node) {
    waiting[node] = needs_[node].size();
    if (waiting[node] == 0) ready.push_back(node);
  }
  std::size_t done = 0;
  while (!ready.empty()) {
    const Node node = ready.back();
    ready.pop_back();
    ++done;
    for (const Node dependent : dependents_[node]) {
      if (--waiting[dependent] == 0) ready.push_back(dependent);
    }
  }
  if (done == size()) return;
  Node at = 0;
  while (waiting[at] == 0) ++at;
  // From here every step down stays among those that wait, so it must come round.
  Nodes path;
  while (!contains(path, at)) {
    path.push_back(at);
    for (const Node needed : needs_[at]) {
      if (waiting[needed] == 0) continue;
      at = needed;
      break;
    }
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), at));
  std::string ids, files;
  for (const Node node : path) {
    ids += text(revisions_[node].id, " -> ");
    files += text(files.empty() ? "" : ", ", revisions_[node].path);
  }
  throw Error(ErrorKind::input,
              text("the revisions go round in a circle: ", ids, revisions_[path.front()].id), files,
              "correct down_revision or depends_on in one of these files");
}

void Graph::normalize_dependencies() {
  for (Node node = 0; node < size(); ++node) {
    if (dependencies_[node].empty()) continue;
    Nodes kept = parents_[node];
    for (const Node needed : dependencies_[node]) {
      if (contains(kept, needed)) continue;
      Nodes others = needs_[node];
      others.erase(std::find(others.begin(), others.end(), needed));
      if (!ancestors(others).has(needed)) kept.push_back(needed);
    }
    needs_[node] = std::move(kept);
  }
}

void Graph::spread_labels() {
  std::vector<std::set<std::string>> labels(size());
  for (const auto& [label, home] : label_homes_) {
    for (const Node node : descendants({home}, Lines::down_revisions).members()) {
      labels[node].insert(label);
    }
    // A line that nothing leaves or joins is the branch's own, also below the label.
    const auto is_plain = [&](Node node) {
      return dependents_[node].size() <= 1 && !is_merge_point(node);
    };
    const Nodes above = descendants({home}, Lines::down_revisions).members();
    if (!std::all_of(above.begin(), above.end(), is_plain)) continue;
    for (Node node = home; is_plain(node); node = parents_[node].front()) {
      labels[node].insert(label);
      if (parents_[node].empty()) break;
    }
  }
  for (Node node = 0; node < size(); ++node)
    labels_[node].assign(labels[node].begin(), labels[node].end());
}

std::optional<Node> Graph::find(std::string_view id) const {
  const auto found = ids_.find(id);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Node> Graph::find_label(std::string_view label) const {
  const auto found = label_homes_.find(label);
  return found == label_homes_.end() ? std::nullopt : std::optional(found->second);
}

Nodes Graph::find_prefix(std::string_view prefix) const {
  Nodes nodes;
  for (Node node = 0; node < size(); ++node) {
    if (revisions_[node].id.starts_with(prefix)) nodes.push_back(node);
  }
  return nodes;
}

Nodes Graph::heads() const {
  Nodes nodes;
  for (Node node = 0; node < size(); ++node) {
    if (is_head(node)) nodes.push_back(node);
  }
  return nodes;
}

Nodes Graph::real_heads() const {
  Nodes nodes;
  for (Node node = 0; node < size(); ++node) {
    if (is_real_head(node)) nodes.push_back(node);
  }
  return nodes;
}

Nodes Graph::bases() const {
  Nodes nodes;
  for (Node node = 0; node < size(); ++node) {
    if (parents_[node].empty()) nodes.push_back(node);
  }
  return nodes;
}

NodeSet Graph::ancestors(const Nodes& of, Lines lines) const {
  return reach(lines == Lines::all ? needs_ : parents_, of);
}

NodeSet Graph::descendants(const Nodes& of, Lines lines) const {
  return reach(lines == Lines::all ? dependents_ : children_, of);
}

bool Graph::share_lineage(Node left, Node right, Lines lines) const {
  return ancestors({left}, lines).has(right) || descendants({left}, lines).has(right);
}

Nodes Graph::tips(const NodeSet& set, Lines lines) const {
  const std::vector<Nodes>& below = lines == Lines::all ? needs_ : parents_;
  const Nodes members = set.members();
  Nodes next;
  for (const Node node : members) next.insert(next.end(), below[node].begin(), below[node].end());
  const NodeSet covered = reach(below, next);
  Nodes nodes;
  for (const Node node : members) {
    if (!covered.has(node)) nodes.push_back(node);
  }
  return nodes;
}

Nodes Graph::in_order(const NodeSet& set) const {
  const Nodes members = set.members();
  Nodes order = walk_down(set, set);
  if (order.size() < members.size()) {  // a set with gaps: through what lies between, too
    NodeSet open = ancestors(members);
    const NodeSet above = descendants(members);
    for (const Node node : open.members()) {
      if (!above.has(node)) open.remove(node);
    }
    order = walk_down(set, open);
  }
  std::reverse(order.begin(), order.end());
  return order;
}

// Alembic's way, so that lists and steps come in its order: from the tips down, along one line as
// long as nothing above is left out.
Nodes Graph::walk_down(const NodeSet& set, NodeSet open) const {
  struct Line {
    Node at;
    NodeSet below;  // with `at`
  };
  std::vector<Line> lines;
  for (const Node tip : tips(set)) lines.push_back({tip, ancestors({tip})});
  Nodes order;
  std::size_t current = 0;
  while (!lines.empty()) {
    const Node node = lines[current].at;
    std::size_t above = 0;
    while (above < lines.size() && (above == current || !lines[above].below.has(node))) ++above;
    if (above < lines.size()) {
      current = above;
      continue;
    }
    if (set.has(node)) order.push_back(node);
    open.remove(node);
    Nodes next;
    for (const Node needed : needs_[node]) {
      const auto is_here = [&](const Line& line) { return line.at == needed; };
      if (open.has(needed) && std::none_of(lines.begin(), lines.end(), is_here))
        next.push_back(needed);
    }
    if (next.empty()) {
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(current));
      current -= current > 0 ? 1 : 0;
      continue;
    }
    lines[current].at = next.front();
    if (needs_[node].size() == 1) {
      lines[current].below.remove(node);
    } else {
      lines[current].below = ancestors({next.front()});
    }
    for (std::size_t index = 1; index < next.size(); ++index) {
      lines.push_back({next[index], ancestors({next[index]})});
    }
  }
  return order;
}

Nodes Graph::newest_first() const {
  NodeSet all(size());
  for (Node node = 0; node < size(); ++node) all.add(node);
  Nodes order = in_order(all);
  std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace pgseed::migrate
