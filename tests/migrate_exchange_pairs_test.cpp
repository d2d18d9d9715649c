// A .sql and the .py of the same revision: both tools stay on one graph.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>

#include "support/cross_tool.hpp"
#include "support/seeding.hpp"
#include "support/small_project.hpp"

namespace pgseed::test {
namespace {

namespace fs = std::filesystem;

}  // namespace

TEST_CASE("migrate import: a .py that changes afterwards is not passed over in silence") {
  if (!AlembicProject::is_installed()) return;
  const SmallProject project;
  project.add("a1", "", kMakeTable, kDropTable);
  project.add("b2", "a1", "op.execute('ALTER TABLE t ADD b int')");
  project.add("c3", "b2", "op.execute('ALTER TABLE t ADD c int')");
  const BothTools tools("both", project.path(), project.path());
  tools.with(false, {"import", "alembic"});
  tools.with(false, {"upgrade", "head"});
  CHECK(tools.pgseed({"verify"}).exit_code == 0);

  // Its body.
  project.add("b2", "a1", "op.execute('ALTER TABLE t ADD b bigint')");
  const std::string line =
      "versions/b2_step.py: changed since " + project.path() + "/versions/b2_step.sql was imported";
  const Result verified = tools.pgseed({"verify"});
  CHECK(verified.exit_code == 1);
  CHECK(contains(verified.out, line));
  CHECK(contains(tools.with(false, {"status"}), "problem:  "));
  CHECK(contains(tools.with(false, {"status"}), line));
  const Result again = tools.pgseed({"import", "alembic"});
  CHECK(again.exit_code == 0);
  CHECK(contains(again.err, "warning: "));
  CHECK(contains(again.err, line));

  // Imported anew, or run by Alembic through a twin of the .sql: nothing to say.
  fs::remove(project.folder() / "versions/b2_step.sql");
  tools.with(false, {"import", "alembic"});
  CHECK_FALSE(contains(tools.pgseed({"verify"}).out, ".py"));
  fs::remove(project.folder() / "versions/c3_step.py");
  tools.with(false, {"export", "alembic"});
  CHECK(fs::exists(project.folder() / "versions/c3_step.py"));
  CHECK_FALSE(contains(tools.pgseed({"verify"}).out, ".py"));

  // Its place in the graph.
  project.add("b2", "", "op.execute('ALTER TABLE t ADD b bigint')");
  const Result moved = tools.pgseed({"status"});
  CHECK(moved.exit_code == 3);
  CHECK(contains(moved.err, "versions/b2_step.sql: revision b2 has another down_revision in "));
  CHECK(contains(moved.err, "versions/b2_step.py: none there, a1 here\n"));
  project.add("b2", "a1", "op.execute('ALTER TABLE t ADD b bigint')");

  // A twin that a moved .sql has left behind follows by `export`.
  const std::string c3 = read_file(project.folder() / "versions/c3_step.sql");
  const auto at = c3.find("down_revision: b2");
  REQUIRE(at != std::string::npos);
  project.folder().write("versions/c3_step.sql", std::string(c3).replace(at + 15, 2, "a1"));
  const Result stale = tools.pgseed({"heads"});
  CHECK(stale.exit_code == 3);
  CHECK(contains(stale.err, "hint: `pgseed migrate export alembic` writes that twin anew"));
  CHECK(contains(tools.with(false, {"export", "alembic"}), "c3_step.py ...  done"));
  for (const bool alembic : {false, true}) {
    const std::string heads = tools.with(alembic, {"heads"});  // Alembic in any order
    CHECK(contains(heads, "b2 (head)\n"));
    CHECK(contains(heads, "c3 (head)\n"));
  }
}

TEST_CASE("migrate revision: a twin behind revisions without one brings theirs") {
  if (!AlembicProject::is_installed()) return;
  const SmallProject project;
  project.add("a1", "", kMakeTable, kDropTable);
  const BothTools tools("both", project.path(), project.path());
  tools.with(false, {"revision", "-m", "b", "--rev-id", "b2"});
  tools.with(false, {"revision", "-m", "c", "--rev-id", "c3"});
  tools.with(false, {"revision", "-m", "aside", "--rev-id", "d4", "--head", "a1", "--splice"});
  const Result made =
      tools.pgseed({"revision", "-m", "e", "--rev-id", "e5", "--head", "c3", "--alembic-stub"});
  CHECK(made.exit_code == 0);
  CHECK(contains(made.err, "note: revisions before it had no twin"));
  CHECK(names_in(project.path() + "/versions") ==
        std::set<std::string>{"a1_step.py", "b2_b.py", "b2_b.sql", "c3_c.py", "c3_c.sql",
                              "d4_aside.sql", "e5_e.py", "e5_e.sql"});
  CHECK(tools.with(true, {"heads"}) == "e5 (head)\n");
  const Result more = tools.pgseed({"revision", "-m", "f", "--head", "e5", "--alembic-stub"});
  CHECK(more.exit_code == 0);
  CHECK_FALSE(contains(more.err, "note"));
}

}  // namespace pgseed::test
