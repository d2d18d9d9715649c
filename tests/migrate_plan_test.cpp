#include "pgseed/migrate/plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/sample_graph.hpp"

using namespace pgseed;
using namespace pgseed::migrate;
using test::comma_list;
using test::ids;
using test::result_of;
using test::rows;
using test::words;

namespace {

std::string rows_after(const AppliedRows& before, const Plan& plan) {
  return comma_list(plan.empty() ? before.values() : plan.back().after);
}

std::string upgraded(const Graph& graph, const std::string& from, const std::string& target) {
  return result_of([&] {
    const AppliedRows before = rows(graph, from);
    return rows_after(before, plan_upgrade(graph, before, upgrade_goal(graph, before, target)));
  });
}

std::string downgraded(const Graph& graph, const std::string& from, const std::string& target) {
  return result_of([&] {
    const AppliedRows before = rows(graph, from);
    return rows_after(before, plan_downgrade(graph, before, downgrade_goal(graph, before, target)));
  });
}

std::string steps_of(const Graph& graph, const Plan& plan) {
  std::vector<std::string> all;
  for (const Step& step : plan) all.push_back(graph[step.node].id);
  return comma_list(all);
}

std::string written(const std::vector<RowChange>& changes) {
  std::vector<std::string> all;
  for (const RowChange& change : changes) {
    all.push_back(change.kind == RowChange::Kind::insert   ? "+" + change.to
                  : change.kind == RowChange::Kind::remove ? "-" + change.from
                                                           : change.from + ">" + change.to);
  }
  return comma_list(all);
}

std::string stamped(const Graph& graph, const std::string& from, const std::string& targets,
                    bool purge = false) {
  return result_of(
      [&] { return comma_list(stamped_rows(graph, rows(graph, from), words(targets), purge)); });
}

const std::string kSeveralHeads = "error: Multiple head revisions are present for given argument";
const std::string kNotBelow = " is not a valid downgrade target from current head(s)";

struct Move {
  const char *from, *target;
  std::string after;
};

// Where the message goes on with what is at hand, its beginning is enough.
void check_moves(const Graph& graph, const std::vector<Move>& moves,
                 std::string (*move)(const Graph&, const std::string&, const std::string&)) {
  for (const Move& given : moves) {
    CAPTURE(given.from);
    CAPTURE(given.target);
    const std::string after = move(graph, given.from, given.target);
    if (given.after.starts_with("error: ")) {
      CHECK(after.substr(0, given.after.size()) == given.after);
    } else {
      CHECK(after == given.after);
    }
  }
}

}  // namespace

TEST_CASE("plan: the rows after an upgrade") {
  check_moves(test::sample_graph(),
              {
                  {"", "c3", "c3"},
                  {"", "heads", "e5, f7"},
                  {"c3, d4", "e5", "e5"},
                  {"", "plug@head", "f7"},  // b2 and a1 are implied
                  {"f7", "e5", "e5, f7"},
                  {"a1", "plug@+1", "f6"},  // b2 first
                  {"", "plug", "f6"},
                  {"", "base", ""},
                  {"e5", "b2", "e5"},  // older than what is there
                  {"e5, f7", "heads", "e5, f7"},
                  {"c3", "d4", "c3, d4"},
                  {"c3", "f7", "c3, f7"},
                  {"", "c", "c3"},
              },
              upgraded);
  const Graph forked = test::forked_graph();
  CHECK(upgraded(forked, "", "heads") == "c3, d4");
  CHECK(upgraded(forked, "c3", "heads") == "c3, d4");
}

TEST_CASE("plan: relative and wrong upgrade targets") {
  check_moves(test::sample_graph(),
              {
                  {"", "head", kSeveralHeads},
                  {"", "b2+1", "error: Ambiguous walk"},
                  {"b2", "+1", "error: Ambiguous walk"},
                  {"a1", "+1", "b2"},
                  {"c3", "+1", "e5"},
                  {"c3", "c3+1", "e5"},
                  {"", "c3+1", "e5"},
                  {"", "c3-1", "b2"},
                  {"", "plug@base+1", "f6"},
                  {"", "plug@head-1", "f6"},
                  {"c3", "+2", "error: Relative revision +2 didn't produce 2 migrations"},
                  {"c3", "-1", "error: Relative revision -1 didn't produce 1 migrations"},
                  {"c3, d4", "+1", "error: Ambiguous upgrade from multiple current revisions"},
                  {"e5, f6", "plug@+1", "e5, f7"},
                  {"", "plug@+2", "f7"},
                  {"e5", "labX@head", "error: Can't locate revision identified by 'labX'"},
                  {"", "zz", "error: Can't locate revision identified by 'zz'"},
              },
              upgraded);
  const Graph chain = test::chain();
  CHECK(upgraded(chain, "001", "+2") == "003");
  CHECK(upgraded(chain, "", "001+2") == "003");
  CHECK(upgraded(chain, "", "head") == "0021");
}

TEST_CASE("plan: the rows after a downgrade") {
  check_moves(test::sample_graph(),
              {
                  {"e5, f7", "plug@-1", "e5, f6"},
                  {"e5, f7", "plug@base", "e5"},
                  {"e5, f7", "a1", "a1"},  // what depends on b2 goes, too
                  {"e5", "b2", "b2"},
                  {"e5, f7", "b2", "f7"},
                  {"e5, f7", "base", ""},
                  {"", "base", ""},
                  {"e5", "c3", "c3, d4"},
                  {"c3", "-1", "b2"},
                  {"c3", "-3", ""},
                  {"f7", "-1", "f6"},
                  {"f6", "-1", "b2"},
                  {"e5", "c3-1", "b2"},
                  {"e5, f7", "plug@head-1", "e5, f6"},
                  {"c3", "base+1", "error: Ambiguous walk"},
                  {"c3", "c3", "c3"},
              },
              downgraded);
  const Graph chain = test::chain();
  CHECK(downgraded(chain, "0021", "002+1") == "003");
  CHECK(downgraded(chain, "0021", "head-3") == "001");
  CHECK(downgraded(chain, "003", "base+1") == "001");
}

TEST_CASE("plan: wrong downgrade targets") {
  check_moves(test::sample_graph(),
              {
                  {"", "-1", "error: Relative revision -1 didn't produce 1 migrations"},
                  {"a1", "-2", "error: Relative revision -2 didn't produce 2 migrations"},
                  {"a1", "+1", "error: Relative revision +1 didn't produce 1 migrations"},
                  {"e5", "-1", "error: Ambiguous walk"},  // at a merge
                  {"c3", "e5", "error: Destination e5" + kNotBelow},
                  {"", "c3", "error: Destination c3" + kNotBelow},
                  {"c3", "d4", "error: Destination d4" + kNotBelow},
                  {"c3", "head", kSeveralHeads},
                  {"c3", "heads", "error: 'heads' stands for several revisions: e5, f7"},
                  {"c3", "zz", "error: Can't locate revision identified by 'zz'"},
                  {"c3", "plug@-1", "error: Relative revision -1 didn't produce 1 migrations"},
                  {"e5, f7", "plug@b2", "error: Revision b2 is not a member of branch 'plug'"},
                  {"c3", "c3-4", "error: Walked too far"},
              },
              downgraded);
}

TEST_CASE("plan: better than Alembic, downgrade -1 from several rows names the ways") {
  const Graph graph = test::sample_graph();
  const AppliedRows two = rows(graph, "e5,f7");
  try {
    downgrade_goal(graph, two, "-1");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    CHECK(error.message == "downgrade -1 is ambiguous: the database is on several revisions");
    CHECK(error.hint == "say which: e5@-1, f7@-1");
  }
  CHECK(downgraded(graph, "e5,f7", "f7@-1") == "e5, f6");
  CHECK(downgraded(graph, "c3,d4", "d4@-1") == "c3");
}

TEST_CASE("plan: better than Alembic, a downgrade on a branch leaves the line beside it alone") {
  // Both lines of the label stand above base.
  const Graph graph =
      test::graph_of({{"p1", "", "plug"}, {"p2", "p1"}, {"p3", "p1"}, {"x1", "", "", "p3"}});
  CHECK(downgraded(graph, "p2,x1", "p2@-1") == "x1");
  CHECK(downgraded(graph, "p2,x1", "plug@-1") == "x1");
  CHECK(downgraded(graph, "p2,x1", "plug@p1") == "p1");
}

TEST_CASE("plan: better than Alembic, a row that another one implies does not come back") {
  const Graph graph = test::graph_of({{"a1"}, {"b2", "a1"}, {"c3", "b2", "", "a1"}});
  CHECK(downgraded(graph, "c3", "b2") == "b2");
}

TEST_CASE("plan: steps and their writes are in order") {
  const Graph graph = test::sample_graph();
  const auto describe = [&](const Plan& plan) {
    std::string out;
    for (const Step& step : plan) {
      out += text(out.empty() ? "" : "; ", step.direction == Direction::up ? "up " : "down ",
                  graph[step.node].id, ": ", comma_list(step.before), " [", written(step.changes),
                  "] ", comma_list(step.after));
    }
    return out;
  };
  CHECK(describe(plan_upgrade(graph, {}, {{*graph.find("e5")}})) ==
        "up a1:  [+a1] a1; up b2: a1 [a1>b2] b2; up d4: b2 [b2>d4] d4; up c3: d4 [+c3] c3, d4; "
        "up e5: c3, d4 [-c3, d4>e5] e5");
  CHECK(describe(plan_upgrade(graph, rows(graph, "f7"), {{*graph.find("c3")}})) ==
        "up c3: f7 [+c3] c3, f7");
  CHECK(describe(plan_upgrade(graph, rows(graph, "b2"), {{*graph.find("f6")}})) ==
        "up f6: b2 [b2>f6] f6");
  const AppliedRows both = rows(graph, "e5,f7");
  CHECK(describe(plan_downgrade(graph, both, downgrade_goal(graph, both, "b2"))) ==
        "down e5: e5, f7 [+c3, e5>d4] c3, d4, f7; down c3: c3, d4, f7 [-c3] d4, f7; "
        "down d4: d4, f7 [-d4] f7");
}

TEST_CASE("plan: one update where a row goes and one comes") {
  const struct {
    const char *before, *after, *writes;
  } cases[] = {
      {"", "", ""},
      {"a", "a", ""},
      {"", "a", "+a"},
      {"a", "", "-a"},
      {"a", "b", "a>b"},
      {"a,b", "c", "-a, b>c"},
      {"c", "a,b", "+a, c>b"},
      {"a,b", "b,c", "a>c"},
      {"a,b", "c,d", "-a, +c, b>d"},
  };
  for (const auto& given : cases) {
    CAPTURE(given.before);
    CAPTURE(given.after);
    CHECK(written(row_changes(words(given.before), words(given.after))) == given.writes);
  }
}

TEST_CASE("plan: rows are ids, or the beginning of one id") {
  const Graph graph = test::graph_of({{"b2bbbbbb"}, {"b2bbcccc", "b2bbbbbb"}, {"c3c", "b2bbcccc"}});
  const auto read = [&](const char* value) {
    const AppliedRows found = read_rows(graph, {value});
    return found.rows[0].node ? graph[*found.rows[0].node].id : std::string("unknown");
  };
  CHECK(read("b2bbbbbb") == "b2bbbbbb");
  CHECK(read("b2bbb") == "b2bbbbbb");
  CHECK(read("b2bb") == "unknown");  // two begin so
  CHECK(read("c3") == "unknown");    // too short for Alembic, too
  CHECK(read("deadbeef") == "unknown");
  // It is written as it stands.
  const AppliedRows prefix = read_rows(graph, {"b2bbb"});
  const Plan plan = plan_upgrade(graph, prefix, upgrade_goal(graph, prefix, "b2bbcccc"));
  CHECK(written(plan.at(0).changes) == "b2bbb>b2bbcccc");
}

TEST_CASE("plan: what is applied, current and pending") {
  const Graph graph = test::sample_graph();
  const struct {
    const char *rows, *applied, *current, *pending;
  } cases[] = {
      {"", "", "", "a1, b2, d4, f6, f7, c3, e5"},
      {"c3", "a1, b2, c3", "c3", "f6, f7, d4, e5"},
      {"f7", "a1, b2, f6, f7", "b2, f7", "d4, c3, e5"},
      {"e5, f7", "a1, b2, c3, d4, e5, f6, f7", "e5, f7", ""},
      {"c3, deadbeef", "a1, b2, c3", "c3", "f6, f7, d4, e5"},
  };
  for (const auto& given : cases) {
    CAPTURE(given.rows);
    const AppliedRows at = rows(graph, given.rows);
    CHECK(ids(graph, applied(graph, at).members()) == given.applied);
    CHECK(ids(graph, current_revisions(graph, at)) == given.current);
    CHECK(ids(graph, pending(graph, at)) == given.pending);
  }
}

TEST_CASE("plan: an unknown row stops an upgrade and a downgrade, not the questions") {
  const Graph graph = test::sample_graph();
  const AppliedRows at = rows(graph, "c3,deadbeef");
  CHECK(comma_list(at.unknown()) == "deadbeef");
  CHECK(comma_list(at.values()) == "c3, deadbeef");
  const std::string refused =
      "error: Can't locate revision identified by 'deadbeef', which stands in the version table";
  CHECK(upgraded(graph, "c3,deadbeef", "heads") == refused);
  CHECK(downgraded(graph, "c3,deadbeef", "base") == refused);
}

TEST_CASE("plan: better than Alembic, overlapping rows are named") {
  const Graph graph = test::sample_graph();
  CHECK(comma_list(redundant_rows(graph, rows(graph, "e5,c3"))) == "c3");
  CHECK(comma_list(redundant_rows(graph, rows(graph, "f7,b2,a1"))) == "a1, b2");
  CHECK(redundant_rows(graph, rows(graph, "c3,d4")).empty());
  CHECK(upgraded(graph, "e5,c3", "heads") ==
        "error: the version table holds c3, which another of its rows already implies");
  CHECK(downgraded(graph, "e5,c3", "base") ==
        "error: the version table holds c3, which another of its rows already implies");
}

TEST_CASE("plan: the rows after a stamp") {
  const Graph graph = test::sample_graph();
  const struct {
    const char *from, *targets;
    std::string after;
  } cases[] = {
      {"", "c3", "c3"},           {"", "heads", "e5, f7"},
      {"c3", "d4", "c3, d4"},     {"c3, d4", "e5", "e5"},
      {"e5", "a1", "a1"},         {"e5, f7", "f6", "e5, f6"},  // the other branch's row stays
      {"e5, f7", "e5", "e5, f7"}, {"e5, f7", "b2", "b2"},
      {"e5, f7", "base", ""},     {"e5, f7", "plug@base", "e5"},
      {"f7", "c3", "c3, f7"},     {"c3", "zz", "error: Can't locate revision identified by 'zz'"},
  };
  for (const auto& given : cases) {
    CAPTURE(given.from);
    CAPTURE(given.targets);
    CHECK(stamped(graph, given.from, given.targets) == given.after);
  }
  CHECK(stamped(graph, "e5", "head").starts_with(kSeveralHeads));
  CHECK(stamped(graph, "e5,f7", "c3", true) == "c3");
  CHECK(stamped(graph, "e5,f7", "base", true) == "");
}

TEST_CASE("plan: better than Alembic, several revisions are stamped from any state") {
  const Graph graph = test::sample_graph();
  CHECK(stamped(graph, "e5,f7", "c3,d4") == "c3, d4, f7");  // KeyError
  CHECK(stamped(graph, "c3", "b2,c3") == "c3");             // b2
  CHECK(stamped(graph, "", "c3,d4,f7") == "c3, d4, f7");
  const Graph forked = test::graph_of({{"a1"}, {"b2", "a1"}, {"x1"}, {"x2", "x1"}});
  CHECK(stamped(forked, "a1,x1", "heads") == "b2, x2");
}

TEST_CASE("plan: better than Alembic, a stamp replaces unknown rows") {
  const Graph graph = test::sample_graph();
  CHECK(stamped(graph, "deadbeef", "e5") == "e5");
  CHECK(stamped(graph, "c3,deadbeef", "heads", true) == "e5, f7");
}

TEST_CASE("plan: better than Alembic, a stamp takes overlapping rows out") {
  CHECK(stamped(test::sample_graph(), "a1,c3,f7", "f6") == "c3, f6");
}

TEST_CASE("plan: ranges of --sql, better than Alembic with an open end and several starts") {
  const Graph graph = test::sample_graph();
  const struct {
    const char *range, *steps;
  } cases[] = {
      {"a1:c3", "b2, c3"},
      {":b2", "a1, b2"},
      {"base:b2", "a1, b2"},
      {"c3,d4:e5", "e5"},
      {"c3, d4:e5", "e5"},
      {"c3:e5", "d4, e5"},  // c3 alone is applied
      {"a1:+1", "b2"},
      {"plug@head-1:plug@head", "f7"},
      {"b2:a1", ""},
      {"c3+1:heads", "f6, f7"},
      {"zz:e5", "error: Can't locate revision identified by 'zz'"},
      {"c3,:e5", "error: no revision given"},
  };
  for (const auto& given : cases) {
    CAPTURE(given.range);
    const Range range = split_range(given.range);
    REQUIRE(range.from);
    CHECK(result_of([&] {
            const AppliedRows start = rows_at(graph, *range.from);
            return steps_of(graph,
                            plan_upgrade(graph, start, upgrade_goal(graph, start, range.to)));
          }) == given.steps);
  }
  CHECK_FALSE(split_range("c3").from);
  CHECK(split_range("c3").to == "c3");
  CHECK(split_range("c3:").to == "");
  const AppliedRows start = rows_at(graph, "e5,c3");
  CHECK(comma_list(start.values()) == "e5");
  const AppliedRows heads = rows_at(graph, "heads");
  CHECK(steps_of(graph, plan_downgrade(graph, heads, downgrade_goal(graph, heads, "a1"))) ==
        "e5, c3, f7, f6, d4, b2");
  const Graph chain = test::chain();
  const AppliedRows third = rows_at(chain, "003");
  CHECK(steps_of(chain, plan_downgrade(chain, third, downgrade_goal(chain, third, "-1"))) == "003");
}

TEST_CASE("plan: history's ranges hold both ends") {
  const Graph graph = test::sample_graph();
  const struct {
    const char *rows, *range, *listed;
  } cases[] = {
      {"", ":", "e5, c3, f7, f6, d4, b2, a1"},
      {"", "base:heads", "e5, c3, f7, f6, d4, b2, a1"},
      {"", "a1:c3", "c3, b2, a1"},
      {"", "b2:", "e5, c3, d4, b2"},
      {"", ":b2", "b2, a1"},
      {"", "base:b2", "b2, a1"},
      {"", "f6:", "f7, f6"},
      {"", "plug@base:", "f7, f6, b2, a1"},
      {"", "plug@base:plug@head", "f7, f6, b2, a1"},
      {"", "a1:+1", "b2, a1"},
      {"", "c3:+5", "e5, c3"},
      {"", "-1:c3", "c3, b2"},
      {"", "-9:c3", "c3, b2, a1"},
      {"c3", "current:", "e5, c3"},
      {"c3", ":current", "c3, b2, a1"},
      {"c3", "-2:current", "c3, b2, a1"},
      {"c3", "current:current", "c3"},
      {"c3", "current-1:current", "c3, b2"},
      {"", ":current", ""},
      {"c3, f7", ":current", "c3, f7, f6, b2, a1"},
      {"", "b2:+1", "error: Ambiguous walk: from b2 up there are c3, d4"},
      {"", "c3:a1",
       "error: Requested range c3:a1 does not refer to ancestor/descendant revisions along the "
       "same branch"},
      {"", "b2", "usage error: History range requires [start]:[end], [start]:, or :[end]"},
      {"", "zz:", "error: Can't locate revision identified by 'zz'"},
  };
  for (const auto& given : cases) {
    CAPTURE(given.rows);
    CAPTURE(given.range);
    CHECK(result_of([&] {
            return ids(graph, history_range(graph, rows(graph, given.rows), given.range));
          }) == given.listed);
  }
}
