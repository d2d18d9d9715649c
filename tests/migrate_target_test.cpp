#include "pgseed/migrate/target.hpp"

#include <doctest/doctest.h>

#include "support/sample_graph.hpp"

using namespace pgseed;
using namespace pgseed::migrate;
using test::ids;
using test::result_of;

namespace {

const char* const kSeveralHeads =
    "error: Multiple head revisions are present for given argument 'head'; please specify a "
    "specific target revision, '<branchname>@head' to narrow to a specific head, or 'heads' for "
    "all heads";

std::string find_all(const Graph& graph, const std::string& name) {
  return result_of([&] { return ids(graph, find_revisions(graph, name)); });
}

std::string find_one(const Graph& graph, const std::string& name) {
  return result_of([&] { return graph[find_revision(graph, name)].id; });
}

std::string taken_apart(const std::string& name) {
  return result_of([&]() -> std::string {
    const auto target = parse_relative(name);
    if (!target) return "absolute";
    return text(target->label, '|', target->symbol, '|', target->steps);
  });
}

}  // namespace

TEST_CASE("target: relative forms are taken apart") {
  const struct {
    const char *name, *parts;
  } cases[] = {
      {"+1", "||1"},
      {"-2", "||-2"},
      {"+12", "||12"},
      {"c3+1", "|c3|1"},
      {"001+2", "|001|2"},
      {"head-3", "|head|-3"},
      {"plug@+1", "plug||1"},
      {"plug@-1", "plug||-1"},
      {"plug@head-1", "plug|head|-1"},
      {"my-plug@+1", "my-plug||1"},
      {"c3", "absolute"},
      {"plug@head", "absolute"},
      {"", "absolute"},
      {"+", "absolute"},
      {"my-plug", "absolute"},
      {"a+1b", "absolute"},
      {"+0", "error: '+0' is no step"},
      {"-0", "error: '-0' is no step"},
      {"+1234567", "error: '+1234567' counts too far"},
  };
  for (const auto& given : cases) {
    CAPTURE(given.name);
    CHECK(taken_apart(given.name) == given.parts);
  }
}

TEST_CASE("target: ids, labels, prefixes, heads and base") {
  const Graph graph = test::sample_graph();
  const struct {
    const char *name, *found;
  } cases[] = {
      {"c3", "c3"},
      {"c", "c3"},
      {"plug", "f6"},
      {"plug@head", "f7"},
      {"plug@heads", "f7"},
      {"plug@f7", "f7"},
      {"plug@base", ""},
      {"f6@head", "f7"},
      {"c3@head", "e5"},
      {"base", ""},
      {"heads", "e5, f7"},
      {"head", kSeveralHeads},
      {"deadbeef", "error: Can't locate revision identified by 'deadbeef'"},
      {"labX@head", "error: Can't locate revision identified by 'labX'"},
      {"plug@zz", "error: Can't locate revision identified by 'zz'"},
      {"plug@c3", "error: Revision c3 is not a member of branch 'plug'"},
      {"", "error: no revision given"},
      {"plug@", "error: no revision given"},
      {"@head", "error: no revision given"},
  };
  for (const auto& given : cases) {
    CAPTURE(given.name);
    CHECK(find_all(graph, given.name) == given.found);
  }
  CHECK(find_all(test::chain(), "head") == "0021");
  CHECK(find_all(test::graph_of({}), "head") == "");
}

TEST_CASE("target: one revision is asked for") {
  const Graph graph = test::sample_graph();
  CHECK(find_one(graph, "plug@head") == "f7");
  CHECK(find_one(graph, "heads") == "error: 'heads' stands for several revisions: e5, f7");
  CHECK(find_one(graph, "base") == "error: Can't locate revision identified by 'base'");
}

TEST_CASE(
    "target: better than Alembic, an exact id wins over longer ones, a shared prefix names them") {
  const Graph graph = test::chain();
  CHECK(find_one(graph, "002") == "002");  // 0021 begins so, too
  CHECK(find_one(graph, "00") ==
        "error: revision identifier '00' is ambiguous: 001, 002, 003, 0021");  // not 0021
  CHECK(find_one(graph, "2") == "error: Can't locate revision identified by '2'");
  const Graph plug = test::graph_of({{"abc1"}, {"abc2", "abc1", "x"}, {"abc3", "abc1"}});
  CHECK(find_one(plug, "abc") == "error: revision identifier 'abc' is ambiguous: abc1, abc2, abc3");
  CHECK(find_one(plug, "x@abc3") == "error: Revision abc3 is not a member of branch 'x'");
}

TEST_CASE("target: better than Alembic, the beginning of a short id is enough") {
  CHECK(find_one(test::sample_graph(), "e") == "e5");
}

TEST_CASE("target: an ambiguous prefix is settled by its branch") {
  const Graph graph = test::graph_of({{"beef01", "", "x"}, {"beef02", "", "y"}});
  CHECK(find_one(graph, "y@beef") == "beef02");
  CHECK(find_one(graph, "beef") ==
        "error: revision identifier 'beef' is ambiguous: beef01, beef02");
}

TEST_CASE("target: several heads are named in the hint") {
  try {
    find_revisions(test::sample_graph(), "head");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.hint == "the heads are e5, f7");
  }
}

TEST_CASE("target: walking up and down") {
  const Graph graph = test::sample_graph();
  const auto walked = [&](const char* from, int steps, const char* branch, bool stop) {
    return result_of([&]() -> std::string {
      const auto start = *from == 0 ? std::nullopt : graph.find(from);
      const auto line = *branch == 0 ? std::nullopt : std::optional(find_branch(graph, branch));
      const auto end = walk(graph, start, steps, line, stop, relative_failure(steps));
      return end ? graph[*end].id : "base";
    });
  };
  const struct {
    const char* from;
    int steps;
    const char* branch;
    bool stop;
    const char* end;
  } cases[] = {
      {"a1", 1, "", false, "b2"},
      {"", 1, "plug", false, "f6"},
      {"", 2, "plug", false, "f7"},
      {"", 1, "", false, "error: Ambiguous walk: from base up there are a1, f6"},
      {"b2", 1, "", false, "error: Ambiguous walk: from b2 up there are c3, d4"},
      {"b2", 1, "c3", false, "c3"},
      {"b2", 2, "d4", false, "e5"},
      {"c3", 2, "", false, "error: Relative revision +2 didn't produce 2 migrations"},
      {"c3", 2, "", true, "e5"},
      {"e5", -1, "", false, "error: Ambiguous walk: from e5 down there are c3, d4"},
      {"c3", -2, "", false, "a1"},
      {"c3", -3, "", false, "base"},
      {"c3", -4, "", false, "error: Relative revision -4 didn't produce 4 migrations"},
      {"c3", -4, "", true, "base"},
      {"f6", -1, "", false, "base"},  // down_revision only, not what it depends on
  };
  for (const auto& given : cases) {
    CAPTURE(given.from);
    CAPTURE(given.steps);
    CHECK(walked(given.from, given.steps, given.branch, given.stop) == given.end);
  }
}
