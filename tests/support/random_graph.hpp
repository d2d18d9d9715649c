#pragma once
// Random revision graphs and targets in Alembic's notation, right and wrong ones.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/graph.hpp"
#include "support/random.hpp"

namespace pgseed::test {

using migrate::Graph;
using migrate::Lines;
using migrate::Revision;

// 2 to 14 revisions with branches, merges, labels and dependencies, in the order of their files.
inline std::vector<Revision> random_revisions(Random& random) {
  std::vector<Revision> revisions;
  const std::size_t count = 2 + random.below(13);
  const bool long_ids = random.one_in(2);
  for (std::size_t index = 0; index < count; ++index) {
    Revision made;
    made.id = text(static_cast<char>('a' + index), index);
    if (long_ids) made.id += "0ff1ce";
    made.message = text("message ", index);
    made.description = made.message;
    made.path = made.id + ".py";
    const auto earlier = [&] { return revisions[random.below(revisions.size())].id; };
    const auto later = [&] {  // the newer half: longer lines
      return revisions[revisions.size() / 2 + random.below((revisions.size() + 1) / 2)].id;
    };
    if (index > 0 && !random.one_in(7)) {
      made.down_revisions.push_back(later());
      if (index > 2 && random.one_in(4)) {
        const Graph graph(revisions);
        const std::string other = earlier();
        if (!graph.share_lineage(*graph.find(other), *graph.find(made.down_revisions[0]),
                                 Lines::down_revisions)) {
          made.down_revisions.push_back(other);
        }
      }
    }
    if (index > 0 && random.one_in(4)) {
      const auto add = [&](const std::string& name) {
        if (std::find(made.depends_on.begin(), made.depends_on.end(), name) ==
            made.depends_on.end()) {
          made.depends_on.push_back(name);
        }
      };
      const std::size_t needed = random.one_in(4) ? 2 : 1;
      while (made.depends_on.size() < std::min(needed, index)) {
        const Revision& other = revisions[random.below(revisions.size())];
        const bool by_label = !other.branch_labels.empty() && random.one_in(2) && needed == 1;
        add(by_label ? other.branch_labels.front() : other.id);
      }
    }
    if (random.one_in(5)) made.branch_labels.push_back(text("label", index));
    revisions.push_back(std::move(made));
  }
  for (std::size_t index = count - 1; index > 0; --index) {
    std::swap(revisions[index], revisions[random.below(index + 1)]);
  }
  return revisions;
}

inline std::string random_steps(Random& random, char sign) {
  return text(sign, 1 + (random.one_in(3) ? random.below(4) : 0));
}

inline std::string some_id(const Graph& graph, Random& random) {
  const std::string& id = graph[random.below(graph.size())].id;
  return id.size() > 4 && random.one_in(5) ? id.substr(0, 4) : id;
}

// A label, or an id that stands for its branch.
inline std::string some_branch(const Graph& graph, Random& random) {
  std::vector<std::string> labels;
  for (const Revision& revision : graph.revisions()) {
    labels.insert(labels.end(), revision.branch_labels.begin(), revision.branch_labels.end());
  }
  return labels.empty() || random.one_in(4) ? some_id(graph, random) : random.pick(labels);
}

inline std::string random_upgrade(const Graph& graph, Random& random) {
  switch (random.below(10)) {
    case 0:
      return "head";
    case 1:
      return "heads";
    case 2:
      return random_steps(random, '+');
    case 3:
      return some_branch(graph, random) + "@head";
    case 4:
      return some_branch(graph, random) + "@" + random_steps(random, '+');
    case 5:
      return some_id(graph, random) + random_steps(random, random.one_in(2) ? '+' : '-');
    case 6:
      if (random.one_in(3)) return some_branch(graph, random) + "@head" + random_steps(random, '-');
      if (random.one_in(3)) return some_branch(graph, random) + "@base" + random_steps(random, '+');
      return random.one_in(2) ? some_branch(graph, random)
                              : some_branch(graph, random) + "@" + some_id(graph, random);
    case 7:
      return some_branch(graph, random) + "@heads";
    default:
      return some_id(graph, random);
  }
}

inline std::string random_downgrade(const Graph& graph, Random& random) {
  switch (random.below(9)) {
    case 0:
      return random.one_in(3) ? "base" : "-1";
    case 1:
      return random_steps(random, '-');
    case 2:
      return some_branch(graph, random) + "@base";
    case 3:
      return some_branch(graph, random) + "@" + random_steps(random, '-');
    case 4:
      return some_id(graph, random) + random_steps(random, random.one_in(3) ? '+' : '-');
    case 5:
      return some_branch(graph, random) + "@" + some_id(graph, random);
    case 6:
      return random.one_in(2)   ? "head" + random_steps(random, '-')
             : random.one_in(3) ? "base" + random_steps(random, '+')
                                : some_branch(graph, random) + "@head" + random_steps(random, '-');
    default:
      return some_id(graph, random);
  }
}

inline std::string random_stamp(const Graph& graph, Random& random) {
  switch (random.below(6)) {
    case 0:
      return random.one_in(2) ? "heads" : "head";
    case 1:
      return random.one_in(3) ? "base" : some_branch(graph, random) + "@base";
    case 2:
      return some_branch(graph, random) + "@head";
    default:
      return some_id(graph, random);
  }
}

}  // namespace pgseed::test
