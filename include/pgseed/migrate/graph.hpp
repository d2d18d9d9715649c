#pragma once
// The revisions of a project as a graph: who comes after whom. Knows neither files nor databases.
// Terms and rules are Alembic's: down_revision makes the branches, depends_on only says what must
// be applied before.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/migrate/revision.hpp"

namespace pgseed::migrate {

// A revision, as its index in Graph::revisions().
using Node = std::size_t;
using Nodes = std::vector<Node>;

// Which revisions belong to a set; one flag for each.
class NodeSet {
 public:
  explicit NodeSet(std::size_t size) : flags_(size, false) {}
  bool has(Node node) const { return flags_[node]; }
  void add(Node node) { flags_[node] = true; }
  void remove(Node node) { flags_[node] = false; }
  std::size_t size() const { return flags_.size(); }
  Nodes members() const;

 private:
  std::vector<bool> flags_;
};

// Whether depends_on counts beside down_revision.
enum class Lines { all, down_revisions };

class Graph {
 public:
  // Throws Error{input} that names the files: an id twice, a parent or dependency that is missing
  // (with the nearest id), a revision that is its own parent, a cycle, a label twice or equal to an
  // id, a reserved or overlong id.
  explicit Graph(std::vector<Revision> revisions);

  const std::vector<Revision>& revisions() const { return revisions_; }
  const Revision& operator[](Node node) const { return revisions_[node]; }
  std::size_t size() const { return revisions_.size(); }

  std::optional<Node> find(std::string_view id) const;           // the whole id
  std::optional<Node> find_label(std::string_view label) const;  // where it is declared
  // Ids that begin so, in the order of the files.
  Nodes find_prefix(std::string_view prefix) const;

  const Nodes& parents(Node node) const { return parents_[node]; }
  const Nodes& children(Node node) const { return children_[node]; }
  // Parents, and those dependencies that no other of them brings along.
  const Nodes& needs(Node node) const { return needs_[node]; }
  // The dependencies of the file, resolved.
  const Nodes& dependencies(Node node) const { return dependencies_[node]; }
  // Children and those that depend on it.
  const Nodes& dependents(Node node) const { return dependents_[node]; }
  // The labels it carries: its own, and those of its branch up to the next branch or merge point
  // below, and all the way above.
  const std::vector<std::string>& labels(Node node) const { return labels_[node]; }

  Nodes heads() const;       // no children
  Nodes real_heads() const;  // nothing depends on them either
  Nodes bases() const;       // no parents
  bool is_head(Node node) const { return children_[node].empty(); }
  bool is_real_head(Node node) const { return dependents_[node].empty(); }
  bool is_branch_point(Node node) const { return children_[node].size() > 1; }
  bool is_merge_point(Node node) const { return parents_[node].size() > 1; }

  // With the nodes themselves.
  NodeSet ancestors(const Nodes& of, Lines lines = Lines::all) const;
  NodeSet descendants(const Nodes& of, Lines lines = Lines::all) const;
  // One is the other, its ancestor or its descendant.
  bool share_lineage(Node left, Node right, Lines lines) const;
  // Members of which no other member is a descendant.
  Nodes tips(const NodeSet& set, Lines lines = Lines::all) const;
  // Parents and dependencies first, in the order in which Alembic goes through them.
  Nodes in_order(const NodeSet& set) const;
  // All revisions, newest first, as `history` lists them.
  Nodes newest_first() const;

 private:
  void index_ids();
  void connect();
  void refuse_cycles() const;
  void normalize_dependencies();
  void spread_labels();
  // The members, newest first, as far as `open` leads to them.
  Nodes walk_down(const NodeSet& set, NodeSet open) const;

  std::vector<Revision> revisions_;
  std::map<std::string, Node, std::less<>> ids_, label_homes_;
  std::vector<Nodes> parents_, children_, needs_, dependencies_, dependents_;
  std::vector<std::vector<std::string>> labels_;
};

}  // namespace pgseed::migrate
