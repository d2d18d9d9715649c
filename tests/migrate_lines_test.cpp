#include "pgseed/migrate/lines.hpp"

#include <doctest/doctest.h>

#include "support/sample_graph.hpp"

using namespace pgseed;
using namespace pgseed::migrate;

namespace {

std::string lines(const Graph& graph, const Nodes& nodes, const LineParts& parts) {
  std::string out;
  for (const Node node : nodes) out += revision_line(graph, node, parts) + "\n";
  return out;
}

std::string line(const Graph& graph, const char* id, const LineParts& parts) {
  return revision_line(graph, graph.find(id).value(), parts);
}

NodeSet set_of(const Graph& graph, const std::string& ids) {
  NodeSet set(graph.size());
  for (const std::string& id : test::words(ids)) set.add(graph.find(id).value());
  return set;
}

}  // namespace

TEST_CASE("lines: history, as Alembic prints it") {
  const Graph graph = test::sample_graph();
  const LineParts history{.parents = true, .labels = true, .message = true};
  CHECK(lines(graph, graph.newest_first(), history) ==
        "c3, d4 -> e5 (head) (mergepoint), merge both\n"
        "b2 -> c3, third\n"
        "f6 -> f7 (plug) (head), plug more\n"
        "<base> (b2) -> f6 (plug), plug in\n"
        "b2 -> d4, fourth\n"
        "a1 -> b2 (branchpoint), second\n"
        "<base> -> a1, initial\n");
}

TEST_CASE("lines: history -i marks what is current") {
  const Graph graph = test::sample_graph();
  const NodeSet current = set_of(graph, "b2,f7");
  const LineParts parts{.parents = true, .labels = true, .message = true, .current = &current};
  CHECK(line(graph, "b2", parts) == "a1 -> b2 (current) (branchpoint), second");
  CHECK(line(graph, "f7", parts) == "f6 -> f7 (plug) (head) (current), plug more");
  CHECK(line(graph, "a1", parts) == "<base> -> a1, initial");
}

TEST_CASE("lines: heads, current and branches") {
  const Graph graph = test::sample_graph();
  CHECK(lines(graph, graph.heads(), {.labels = true, .tree = false}) ==
        "e5 (head)\nf7 (plug) (head)\n");
  CHECK(lines(graph, current_revisions(graph, test::rows(graph, "f7")), {}) ==
        "b2 (branchpoint)\nf7 (head)\n");
  CHECK(line(graph, "e5", {}) == "e5 (head) (mergepoint)");
  CHECK(line(graph, "b2", {.labels = true}) == "b2 (branchpoint)");
  const Graph leaning = test::graph_of({{"a1", "", "core"}, {"b2", "", "", "core"}});
  CHECK(line(leaning, "a1", {.labels = true, .tree = false}) == "a1 (core) (effective head)");
  CHECK(line(leaning, "b2", {.parents = true}) == "<base> (core) -> b2 (head)");
}

TEST_CASE("lines: an empty message leaves the comma, as in Alembic") {
  const Graph graph = test::graph_of({{"a1"}});
  CHECK(line(graph, "a1", {.parents = true, .message = true}) == "<base> -> a1 (head), ");
}

TEST_CASE("lines: the blocks of show") {
  const Graph graph = test::sample_graph();
  const auto block = [&](const char* id, const NodeSet* current = nullptr) {
    return revision_block(graph, graph.find(id).value(), current);
  };
  CHECK(block("e5") ==
        "Rev: e5 (head) (mergepoint)\nMerges: c3, d4\nPath: e5.sql\n\n    merge both\n");
  CHECK(block("f6") ==
        "Rev: f6\nParent: <base>\nAlso depends on: b2\nBranch names: plug\nPath: f6.sql\n\n"
        "    plug in\n");
  CHECK(block("b2") ==
        "Rev: b2 (branchpoint)\nParent: a1\nBranches into: c3, d4\nPath: b2.sql\n\n    second\n");
  const NodeSet current = set_of(graph, "f7");
  CHECK(block("f7", &current) ==
        "Rev: f7 (head) (current)\nParent: f6\nBranch names: plug\nPath: f7.sql\n\n"
        "    plug more\n");
}

TEST_CASE("lines: each line of a description is indented, also an empty one") {
  Revision made = test::revision({"a1"});
  made.description = "first\n\nRevision ID: a1";
  CHECK(revision_block(Graph({made}), 0) ==
        "Rev: a1 (head)\nParent: <base>\nPath: a1.sql\n\n    first\n    \n    Revision ID: a1\n");
  made.description.clear();
  CHECK(revision_block(Graph({made}), 0) == "Rev: a1 (head)\nParent: <base>\nPath: a1.sql\n\n\n");
}

TEST_CASE("lines: what runs") {
  const Graph graph = test::sample_graph();
  const auto running = [&](const char* id, Direction direction) {
    return running_line(graph, graph.find(id).value(), direction);
  };
  CHECK(running("a1", Direction::up) == "Running upgrade  -> a1, initial");
  CHECK(running("b2", Direction::up) == "Running upgrade a1 -> b2, second");
  CHECK(running("e5", Direction::up) == "Running upgrade c3, d4 -> e5, merge both");
  CHECK(running("f6", Direction::up) == "Running upgrade  -> f6, plug in");
  CHECK(running("b2", Direction::down) == "Running downgrade b2 -> a1, second");
  CHECK(running("a1", Direction::down) == "Running downgrade a1 -> , initial");
  CHECK(running("e5", Direction::down) == "Running downgrade e5 -> c3, d4, merge both");
  const Graph silent = test::graph_of({{"a1"}});
  CHECK(running_line(silent, 0, Direction::up) == "Running upgrade  -> a1");
}

TEST_CASE("lines: branches are drawn beside the revisions") {
  const Graph graph = test::sample_graph();
  CHECK(draw_graph(graph, graph.newest_first(), nullptr) ==
        "*  e5 (head) (mergepoint), merge both\n"
        "| \\\n"
        "* |  c3, third\n"
        "| | *  f7 (plug) (head), plug more\n"
        "| | *  f6 (plug), plug in\n"
        "| *  d4, fourth\n"
        "| /\n"
        "*  b2 (branchpoint), second\n"
        "*  a1, initial\n");
  const Graph chain = test::chain();
  const NodeSet current = set_of(chain, "003");
  CHECK(draw_graph(chain, chain.newest_first(), &current) ==
        "*  0021 (head)\n*  003 (current)\n*  002\n*  001\n");
  const Graph octopus = test::graph_of(
      {{"a"}, {"b", "a"}, {"c", "a"}, {"d", "a"}, {"e", "b,c,d"}, {"f"}, {"g", "e,f"}});
  CHECK(draw_graph(octopus, octopus.newest_first(), nullptr) ==
        "*  g (head) (mergepoint)\n"
        "| \\\n"
        "* |  e (mergepoint)\n"
        "| | \\ \\\n"
        "* | | |  b\n"
        "| | * |  c\n"
        "| * | |  f\n"
        "|   | *  d\n"
        "|   / /\n"
        "*  a (branchpoint)\n");
}
