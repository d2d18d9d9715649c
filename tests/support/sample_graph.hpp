#pragma once
// Revisions in memory, and the graph on which Alembic's behaviour was measured:
// a1 -> b2 -> {c3, d4} -> e5, and a second base f6 (label plug, needs b2) -> f7.
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/plan.hpp"

namespace pgseed::test {

inline std::vector<std::string> words(const std::string& list) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    all.emplace_back(trim(std::string_view(list).substr(at, comma - at)));
    at = comma + 1;
  }
  return all;
}

inline std::string comma_list(const std::vector<std::string>& list) {
  std::string all;
  for (const std::string& word : list) all += text(all.empty() ? "" : ", ", word);
  return all;
}

// Lists are written with commas.
struct Written {
  std::string id, parents = {}, labels = {}, needs = {}, message = {};
};

inline migrate::Revision revision(const Written& written) {
  migrate::Revision made;
  made.id = written.id;
  made.down_revisions = words(written.parents);
  made.branch_labels = words(written.labels);
  made.depends_on = words(written.needs);
  made.message = written.message;
  made.description = written.message;
  made.path = written.id + ".sql";
  return made;
}

inline migrate::Graph graph_of(const std::vector<Written>& all) {
  std::vector<migrate::Revision> revisions;
  for (const Written& written : all) revisions.push_back(revision(written));
  return migrate::Graph(std::move(revisions));
}

inline migrate::Graph sample_graph() {
  return graph_of({{"a1", "", "", "", "initial"},
                   {"b2", "a1", "", "", "second"},
                   {"c3", "b2", "", "", "third"},
                   {"d4", "b2", "", "", "fourth"},
                   {"e5", "c3,d4", "", "", "merge both"},
                   {"f6", "", "plug", "b2", "plug in"},
                   {"f7", "f6", "", "", "plug more"}});
}
// Without the merge: two heads of one base beside the plug.
inline migrate::Graph forked_graph() {
  return graph_of({{"a1"}, {"b2", "a1"}, {"c3", "b2"}, {"d4", "b2"}});
}
inline migrate::Graph chain() {
  return graph_of({{"001"}, {"002", "001"}, {"003", "002"}, {"0021", "003"}});
}

inline std::string ids(const migrate::Graph& graph, const migrate::Nodes& nodes) {
  std::vector<std::string> all;
  for (const migrate::Node node : nodes) all.push_back(graph[node].id);
  return comma_list(all);
}

inline migrate::AppliedRows rows(const migrate::Graph& graph, const std::string& list) {
  return migrate::read_rows(graph, words(list));
}

// What the function returns, or "error: " and the message of its Error{input}.
template <class Function>
std::string result_of(const Function& function) {
  try {
    return function();
  } catch (const Error& error) {
    if (error.kind == ErrorKind::input) return "error: " + error.message;
    return text(name(error.kind), " error: ", error.message);
  }
}

}  // namespace pgseed::test
