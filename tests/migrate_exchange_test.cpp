// export alembic: Alembic runs our SQL, and does not know it without a twin.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/cross_tool.hpp"
#include "support/seeding.hpp"
#include "support/small_project.hpp"

namespace pgseed::test {
namespace {

namespace fs = std::filesystem;

}  // namespace

TEST_CASE("migrate export: Alembic runs the twins of the projects, and nothing changes but that") {
  if (!AlembicProject::is_installed()) return;
  for (const std::string name : {"moe", "study-abroad", "mathvidya", "principles-gym"}) {
    CAPTURE(name);
    const TempDir folder;
    fs::copy(PGSEED_SOURCE_DIR "/seeds/" + name, folder / "project", fs::copy_options::recursive);
    const std::string project = folder / "project";
    const std::string versions = project + "/migrations/versions";
    const auto before = files_in(versions);
    const BothTools tools("both", project, folder.path().string());
    const std::string history = tools.with(false, {"history"});

    const std::string exported = tools.with(false, {"export", "alembic"});
    CHECK(count(exported, "Generating " + versions + "/") == before.size());
    CHECK(count(exported, ".py ...  done\n") == before.size());
    const auto after = files_in(versions);
    CHECK(after.size() == 2 * before.size());
    for (const auto& [file, content] : before) {
      CHECK(after.at(file) == content);
      CHECK(after.count(fs::path(file).replace_extension(".py").string()) == 1);
    }
    // Again: all is there.
    const Result again = tools.pgseed({"export", "alembic"});
    CHECK(again.exit_code == 0);
    CHECK(again.out.empty());
    CHECK(files_in(versions) == after);
    CHECK(tools.with(false, {"history"}) == history);

    // Alembic finds the twins by its own means; the folder of env.py is another.
    folder.write("alembic.ini", "[alembic]\nscript_location = " PGSEED_SOURCE_DIR
                                "/tests/alembic/env\nversion_locations = " +
                                    versions + "\nversion_path_separator = os\n");
    CHECK(tools.with(true, {"history"}) == history);
    tools.with(true, {"upgrade", "head"});
    const BothTools ours("ours", project, folder.path().string());
    ours.with(false, {"upgrade", "head"});
    const std::string at_head = ours.dump();
    CHECK(tools.dump() == at_head);
    CHECK(tools.with(false, {"current"}) == ours.with(true, {"current"}));
    // Each takes the other's work down.
    tools.with(false, {"downgrade", "base"});
    ours.with(true, {"downgrade", "base"});
    CHECK(tools.dump() == ours.dump());
    CHECK(tools.rows().empty());
    CHECK(ours.rows().empty());
    // And offline.
    tools.sql(tools.with(true, {"upgrade", "head", "--sql"})
                  .replace(0, 0, "drop table alembic_version;\n"));
    CHECK(tools.dump() == at_head);
  }
}

TEST_CASE("migrate export: a twin follows its .sql, and somebody's own .py is left alone") {
  if (!AlembicProject::is_installed()) return;
  const SmallProject project;
  const BothTools tools("both", project.path(), project.path());
  tools.with(false, {"revision", "-m", "first", "--rev-id", "a1", "--alembic-stub"});
  CHECK(names_in(project.path() + "/versions") ==
        std::set<std::string>{"a1_first.py", "a1_first.sql"});
  const std::string twin = read_file(project.folder() / "versions/a1_first.py");
  // Edited afterwards: what is run is what stands in the .sql now.
  std::string sql = read_file(project.folder() / "versions/a1_first.sql");
  const auto at = sql.find("-- upgrade");
  REQUIRE(at != std::string::npos);
  sql.resize(at);
  project.folder().write("versions/a1_first.sql",
                         sql +
                             "-- upgrade\nCREATE TABLE \"50%\" (\":a\" text DEFAULT '%s');\n\n"
                             "-- downgrade\nDROP TABLE \"50%\";\n");
  CHECK(tools.with(false, {"export", "alembic"}).empty());
  CHECK(read_file(project.folder() / "versions/a1_first.py") == twin);
  tools.with(true, {"upgrade", "head"});
  CHECK(contains(tools.dump(), "CREATE TABLE public.\"50%\""));
  tools.with(false, {"downgrade", "base"});
  CHECK_FALSE(contains(tools.dump(), "50%"));

  // The same revision as somebody's Python file of that name.
  project.add("b2", "a1", "pass");
  project.folder().write("versions/b2_step.sql",
                         "-- pgseed:migration 1\n-- revision: b2\n-- down_revision: a1\n\n"
                         "-- upgrade\nSELECT 1;\n\n-- downgrade\nSELECT 1;\n");
  const std::string own = read_file(project.folder() / "versions/b2_step.py");
  const Result exported = tools.pgseed({"export", "alembic"});
  CHECK(exported.exit_code == 0);
  CHECK(contains(exported.err, "left out "));
  CHECK(contains(exported.err, "versions/b2_step.py: exists and is no twin of ours"));
  CHECK(read_file(project.folder() / "versions/b2_step.py") == own);
  // What the message changes, the twin changes too.
  project.folder().write("versions/a1_first.sql",
                         "-- pgseed:migration 1\n-- revision: a1\n-- down_revision:\n"
                         "-- message: now second\n\n-- upgrade\n\n-- downgrade\n");
  CHECK(contains(tools.with(false, {"export", "alembic"}), "a1_first.py ...  done"));
  CHECK(contains(tools.with(true, {"history"}), "<base> -> a1, now second\n"));
}

TEST_CASE("migrate exchange: without a twin Alembic does not know our revision, with one it does") {
  if (!AlembicProject::is_installed()) return;
  const SmallProject project;
  project.add("a1", "", kMakeTable, kDropTable);
  project.folder().write("versions/b2_more.sql",
                         "-- pgseed:migration 1\n-- revision: b2\n-- down_revision: a1\n"
                         "-- message: more\n\n-- upgrade\nALTER TABLE t ADD b int;\n\n"
                         "-- downgrade\nALTER TABLE t DROP b;\n");
  const BothTools tools("both", project.path(), project.path());
  tools.with(true, {"upgrade", "head"});
  CHECK(tools.with(true, {"current"}) == "a1 (head)\n");
  tools.with(false, {"upgrade", "head"});
  CHECK(tools.with(false, {"current"}) == "b2 (head)\n");
  // Every command of Alembic that looks at the table fails now, also a plain stamp.
  for (const Words& command : {Words{"current"},
                               {"upgrade", "head"},
                               {"downgrade", "-1"},
                               {"downgrade", "base"},
                               {"stamp", "a1"},
                               {"stamp", "b2"},
                               {"show", "current"}}) {
    CAPTURE(command.front());
    const Result failed = tools.alembic(command);
    CHECK(failed.exit_code == 255);
    CHECK(contains(failed.out, "FAILED: Can't locate revision identified by 'b2'"));
  }
  CHECK(tools.with(true, {"heads"}) == "a1 (head)\n");  // asks no database
  // One way out: say what Alembic knows; the column is there, so the way back is by stamp, too.
  tools.with(true, {"stamp", "--purge", "a1"});
  CHECK(tools.with(true, {"current"}) == "a1 (head)\n");
  CHECK(tools.with(false, {"current"}) == "a1\n");
  CHECK(contains(tools.with(false, {"pending"}), "a1 -> b2 (head), more"));
  tools.with(false, {"stamp", "b2"});
  CHECK(tools.alembic({"current"}).exit_code == 255);
  // The other, and the better: the twin.
  CHECK(contains(tools.with(false, {"export", "alembic"}), "versions/b2_more.py ...  done"));
  CHECK(tools.with(true, {"current"}) == "b2 (head)\n");
  CHECK(tools.with(true, {"history"}) == "a1 -> b2 (head), more\n<base> -> a1, step a1\n");
  tools.with(true, {"downgrade", "-1"});
  CHECK(tools.rows() == "a1");
  CHECK_FALSE(contains(tools.dump(), "b integer"));
  tools.with(true, {"upgrade", "head"});
  CHECK(contains(tools.dump(), "b integer"));
}

}  // namespace pgseed::test
