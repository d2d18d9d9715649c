#include "pgseed/migrate/graph.hpp"

#include <doctest/doctest.h>
#include <time.h>

#include "support/sample_graph.hpp"

using namespace pgseed;
using namespace pgseed::migrate;
using test::ids;
using test::Written;

namespace {

Nodes named(const Graph& graph, const std::string& list) {
  Nodes nodes;
  for (const std::string& id : test::words(list)) nodes.push_back(graph.find(id).value());
  return nodes;
}

NodeSet set_of(const Graph& graph, const std::string& list) {
  NodeSet set(graph.size());
  for (const Node node : named(graph, list)) set.add(node);
  return set;
}

std::string sorted_ids(const Graph& graph, const NodeSet& set) {
  return ids(graph, set.members());
}

Error failure_of(const std::vector<Written>& all) {
  try {
    test::graph_of(all);
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  return Error(ErrorKind::usage, "");
}

}  // namespace

TEST_CASE("graph: parents, children, dependencies and their ends") {
  const Graph graph = test::sample_graph();
  const auto node = [&](const char* id) { return graph.find(id).value(); };
  CHECK(ids(graph, graph.heads()) == "e5, f7");
  CHECK(ids(graph, graph.real_heads()) == "e5, f7");
  CHECK(ids(graph, graph.bases()) == "a1, f6");
  CHECK(ids(graph, graph.parents(node("e5"))) == "c3, d4");
  CHECK(ids(graph, graph.children(node("b2"))) == "c3, d4");
  CHECK(ids(graph, graph.dependents(node("b2"))) == "c3, d4, f6");
  CHECK(ids(graph, graph.needs(node("f6"))) == "b2");
  CHECK(graph.parents(node("f6")).empty());
  CHECK(graph.is_branch_point(node("b2")));
  CHECK_FALSE(graph.is_branch_point(node("a1")));
  CHECK(graph.is_merge_point(node("e5")));
  CHECK_FALSE(graph.is_merge_point(node("f6")));
  CHECK_FALSE(graph.find("zz"));
  CHECK(graph.find_label("plug") == node("f6"));
  CHECK(ids(graph, graph.find_prefix("f")) == "f6, f7");
}

TEST_CASE("graph: a head that something depends on is a head, but no real one") {
  const Graph graph = test::graph_of({{"a1"}, {"b2", "", "", "a1"}});
  CHECK(ids(graph, graph.heads()) == "a1, b2");
  CHECK(ids(graph, graph.real_heads()) == "b2");
}

TEST_CASE("graph: ancestors go through dependencies or not") {
  const Graph graph = test::sample_graph();
  CHECK(sorted_ids(graph, graph.ancestors(named(graph, "f7"))) == "a1, b2, f6, f7");
  CHECK(sorted_ids(graph, graph.ancestors(named(graph, "f7"), Lines::down_revisions)) == "f6, f7");
  CHECK(sorted_ids(graph, graph.descendants(named(graph, "b2"))) == "b2, c3, d4, e5, f6, f7");
  CHECK(sorted_ids(graph, graph.descendants(named(graph, "b2"), Lines::down_revisions)) ==
        "b2, c3, d4, e5");
  CHECK(ids(graph, graph.tips(set_of(graph, "a1,b2,c3,f6"))) == "c3, f6");
  CHECK(ids(graph, graph.tips(set_of(graph, "a1,b2,f6"))) == "f6");
  CHECK(ids(graph, graph.tips(set_of(graph, "a1,b2,f6"), Lines::down_revisions)) == "b2, f6");
  const auto share = [&](const char* left, const char* right, Lines lines) {
    return graph.share_lineage(*graph.find(left), *graph.find(right), lines);
  };
  CHECK(share("f7", "b2", Lines::all));
  CHECK(share("b2", "f7", Lines::all));
  CHECK_FALSE(share("f7", "b2", Lines::down_revisions));
  CHECK_FALSE(share("c3", "d4", Lines::all));
  CHECK(share("c3", "c3", Lines::all));
}

TEST_CASE("graph: a dependency that a parent brings along is not needed once more") {
  const Graph graph = test::graph_of(
      {{"a1"}, {"b2", "a1"}, {"c3", "b2", "", "a1"}, {"d4"}, {"e5", "c3", "", "d4,b2"}});
  CHECK(ids(graph, graph.needs(*graph.find("c3"))) == "b2");
  CHECK(ids(graph, graph.needs(*graph.find("e5"))) == "c3, d4");
  CHECK(ids(graph, graph.dependencies(*graph.find("e5"))) == "d4, b2");
}

TEST_CASE("graph: a dependency may be a label or the beginning of an id") {
  const Graph graph = test::graph_of(
      {{"abcd12"}, {"b2", "", "plug"}, {"c3", "", "", "abcd"}, {"d4", "", "", "plug"}});
  CHECK(ids(graph, graph.needs(*graph.find("c3"))) == "abcd12");
  CHECK(ids(graph, graph.needs(*graph.find("d4"))) == "b2");
}

TEST_CASE("graph: a label belongs to what follows, and to the line below where nothing forks") {
  const auto labels = [](const std::vector<Written>& all) {
    const Graph graph = test::graph_of(all);
    std::string out;
    for (Node node = 0; node < graph.size(); ++node) {
      out += text(node > 0 ? "; " : "", graph[node].id, ' ', test::comma_list(graph.labels(node)));
    }
    return out;
  };
  CHECK(labels({{"a1"}, {"b2", "a1", "x"}, {"c3", "b2"}}) == "a1 x; b2 x; c3 x");
  CHECK(labels({{"a1"}, {"b2", "a1", "x"}, {"c3", "a1"}}) == "a1 ; b2 x; c3 ");
  CHECK(labels({{"a1"}, {"b2", "a1", "x"}, {"c3", "b2"}, {"d4", "b2"}}) == "a1 ; b2 x; c3 x; d4 x");
  CHECK(labels({{"a1"}, {"b2", "a1", "x"}, {"c3", "", "", "a1"}}) == "a1 ; b2 x; c3 ");
  CHECK(labels({{"a1"}, {"b2"}, {"c3", "a1,b2", "x"}, {"d4", "c3"}}) == "a1 ; b2 ; c3 x; d4 x");
  CHECK(labels({{"a1", "", "x,y"}, {"b2", "a1", "z"}}) == "a1 x, y, z; b2 x, y, z");
}

TEST_CASE("graph: the order of files does not matter, a newer one comes later") {
  const Graph graph = test::graph_of({{"d", "b,c"}, {"b", "a"}, {"a"}, {"c", "a"}});
  CHECK(ids(graph, graph.newest_first()) == "d, b, c, a");
  CHECK(ids(graph, graph.in_order(set_of(graph, "d,b"))) == "b, d");
  CHECK(ids(graph, graph.in_order(set_of(graph, "d,a"))) == "a, d");
  CHECK(graph.in_order(NodeSet(graph.size())).empty());
}

TEST_CASE("graph: what is broken is refused with the names of the files") {
  const struct {
    std::vector<Written> revisions;
    const char* message;
    const char* where;
    const char* hint;
  } cases[] = {
      {{{"x2"}, {"x2"}},
       "revision x2 is in two files: x2.sql and x2.sql",
       "",
       "give one of them another id, and the files that follow it as down_revision"},
      {{{"x1"}, {"x2", "x9"}},
       "revision x2 names 'x9' as down_revision, which no file has",
       "x2.sql",
       "did you mean x1 (x1.sql)?"},
      {{{"x1"}, {"x2", "gone99"}},
       "revision x2 names 'gone99' as down_revision, which no file has",
       "x2.sql",
       "add the file of that revision, or correct the line"},
      {{{"x1"}, {"x2", "x1", "", "lost"}},
       "revision x2 names 'lost' as depends_on, which no file has",
       "x2.sql",
       "add the file of that revision, or correct the line"},
      {{{"x1", "x1"}},
       "revision x1 names itself as down_revision",
       "x1.sql",
       "a revision cannot come after itself"},
      {{{"x1", "", "", "x1"}},
       "revision x1 names itself as depends_on",
       "x1.sql",
       "a revision cannot come after itself"},
      {{{"x1"}, {"x2", "x1,x3"}, {"x3", "x2"}, {"x4", "x3"}},
       "the revisions go round in a circle: x2 -> x3 -> x2",
       "x2.sql, x3.sql",
       "correct down_revision or depends_on in one of these files"},
      {{{"x1", "", "", "x2"}, {"x2", "x1"}},
       "the revisions go round in a circle: x1 -> x2 -> x1",
       "x1.sql, x2.sql",
       "correct down_revision or depends_on in one of these files"},
      {{{"x2", "", "lab"}, {"x3", "x2", "lab"}},
       "branch label 'lab' of revision x3 is already used by revision x2",
       "x3.sql",
       "the other file is x2.sql"},
      {{{"x2", "", "x3"}, {"x3", "x2"}},
       "branch label 'x3' of revision x2 is also the id of x3.sql",
       "x2.sql",
       "give the branch another label"},
  };
  for (const auto& broken : cases) {
    CAPTURE(broken.message);
    const Error error = failure_of(broken.revisions);
    CHECK(error.kind == ErrorKind::input);
    CHECK(error.message == broken.message);
    CHECK(error.where == broken.where);
    CHECK(error.hint == broken.hint);
  }
  for (const char* id : {"heads", "head", "base", "current", "a@b", "a-b", "a+b", "a:b", "",
                         "a23456789012345678901234567890123"}) {
    CAPTURE(id);
    CHECK(failure_of({{id}}).kind == ErrorKind::input);
  }
  CHECK(test::graph_of({{"a2345678901234567890123456789012"}}).size() == 1);
}

TEST_CASE("graph: no revisions are no heads") {
  const Graph graph = test::graph_of({});
  CHECK(graph.heads().empty());
  CHECK(graph.bases().empty());
  CHECK(graph.newest_first().empty());
}

TEST_CASE("graph: a thousand revisions take a moment") {
  const auto cpu_ms = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
  };
  const std::string shapes[] = {"a chain", "branches and merges", "a hundred lines"};
  for (const std::string& shape : shapes) {
    std::vector<Revision> revisions;
    for (int index = 0; index < 1000; ++index) {
      Written made{text("r", index)};
      if (shape == shapes[0]) {
        if (index > 0) made.parents = text("r", index - 1);
      } else if (shape == shapes[2]) {
        if (index >= 100) made.parents = text("r", index - 100);
      } else if (index % 4 == 1 || index % 4 == 2) {
        made.parents = text("r", index - index % 4);
        if (index > 8) made.needs = text("r", index - 7);
      } else if (index % 4 == 3) {
        made.parents = text("r", index - 1, ",r", index - 2);
      } else if (index > 0) {
        made.parents = text("r", index - 1);
        if (index % 100 == 0) made.labels = text("label", index);
      }
      revisions.push_back(test::revision(made));
    }
    const double start = cpu_ms();
    const Graph graph(std::move(revisions));
    const double made = cpu_ms();
    const Plan plan = plan_upgrade(graph, {}, {graph.real_heads()});
    const double planned = cpu_ms();
    const Nodes listed = history_range(graph, {}, ":");
    const double end = cpu_ms();
    const Plan back = plan_downgrade(graph, read_rows(graph, plan.back().after), {});
    const double down = cpu_ms();
    CHECK(plan.size() == 1000);
    CHECK(listed.size() == 1000);
    CHECK(back.size() == 1000);
    MESSAGE(shape, ": graph ", made - start, " ms, plan ", planned - made, " ms, history ",
            end - planned, " ms, downgrade ", down - end, " ms");
    CHECK(end - start < 400);  // sanitizers and slow machines included
  }
}
