#pragma once
// What a new revision is, before it is a file. Pure.
#include <string>
#include <vector>

#include "pgseed/migrate/graph.hpp"
#include "pgseed/migrate/revision.hpp"

namespace pgseed::migrate {

struct NewRevision {
  std::string id;
  std::string message;
  std::string created;
  std::string head = "head";  // what it comes after: a target, several with commas, or base
  bool splice = false;        // it may come after what is no head
  std::vector<std::string> branch_labels, depends_on;
};

// Checks it against the graph and returns it with empty sections. Throws Error{input}: several
// heads and none named, a parent that is no head, an id that is taken or malformed, a label that is
// taken, an unknown dependency.
Revision new_revision(const Graph& graph, const NewRevision& wanted);

// One that merges these revisions, or all heads where none are named. Throws Error{input} when
// there is nothing to merge.
Revision merge_revision(const Graph& graph, const NewRevision& wanted,
                        const std::vector<std::string>& revisions);

}  // namespace pgseed::migrate
