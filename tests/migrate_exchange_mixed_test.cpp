// Projects that are half SQL and half Python, and what alembic.ini says.
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

TEST_CASE("migrate mixed project: it stops before what only Alembic can run, or lets it run that") {
  if (!AlembicProject::is_installed()) return;
  const AlembicCopy copy;
  const std::string folder = copy / "mathvidya";
  const BothTools tools("both", folder, folder);
  // All but the middle one are SQL, too.
  for (const char* const name : {"001_initial_schema.sql", "003_search_indexes.sql"}) {
    fs::copy_file(std::string(PGSEED_SOURCE_DIR "/seeds/mathvidya/migrations/versions/") + name,
                  folder + "/versions/" + name);
  }
  CHECK(contains(tools.with(false, {"heads"}), "003 (head)"));
  CHECK(tools.with(false, {"history"}) == tools.with(true, {"history"}));

  const Result stopped = tools.pgseed({"upgrade", "head"});
  CHECK(stopped.exit_code == 5);
  CHECK(contains(stopped.err, "Running upgrade  -> 001, initial schema"));
  CHECK(contains(stopped.err,
                 "versions/002_exams.py: revision 002 is a Python file, which only "
                 "Alembic can run"));
  CHECK(contains(stopped.err, "hint: run `alembic upgrade 002` and then this command again, or "));
  CHECK_FALSE(contains(stopped.err, "Running upgrade 001"));
  CHECK(tools.rows() == "001");
  for (const char* const option : {"--single-transaction", "--dry-run"}) {
    CHECK(tools.pgseed({"upgrade", "head", option}).exit_code != 0);
    CHECK(tools.rows() == "001");
  }
  const Result script = tools.pgseed({"upgrade", "head", "--sql"});
  CHECK(script.exit_code == 5);
  CHECK(contains(script.err, "002"));
  CHECK(script.out.empty());
  tools.with(true, {"upgrade", "002"});
  tools.with(false, {"upgrade", "head"});
  CHECK(tools.rows() == "003");
  const std::string at_head = tools.dump();

  const Result down = tools.pgseed({"downgrade", "base"});
  CHECK(down.exit_code == 5);
  CHECK(contains(down.err, "`alembic downgrade 001`"));
  CHECK(tools.rows() == "002");
  const Result all_down = tools.pgseed({"downgrade", "base", "--delegate-alembic"});
  INFO(all_down.err);
  CHECK(all_down.exit_code == 0);
  CHECK(tools.rows().empty());
  const Result all_up = tools.pgseed({"upgrade", "head", "--delegate-alembic"});
  INFO(all_up.err);
  CHECK(all_up.exit_code == 0);
  CHECK(contains(all_up.err, "Running upgrade 001 -> 002, exams\n"));
  CHECK(tools.dump() == at_head);
}

TEST_CASE("migrate mixed project: Alembic takes down the one revision, not its sibling") {
  if (!AlembicProject::is_installed()) return;
  const AlembicCopy copy;
  const std::string folder = copy / "principles-gym";
  const BothTools tools("both", folder, folder);
  tools.with(true, {"upgrade", "0cb117f2b22f"});
  const auto hint = [&](const Words& command) {
    const Result result = tools.pgseed(command);
    CHECK(result.exit_code == 5);
    const auto at = result.err.find("run `alembic ") + 13;
    return result.err.substr(at, result.err.find('`', at) - at);
  };
  const std::vector<Words> ways = {{"downgrade", "69528e9ab172"},
                                   {"downgrade", "69528e9ab172@30c7ed16aacf"}};
  for (const Words& way : ways) {
    CAPTURE(way.back());
    while (tools.pgseed(way).exit_code == 5) {
      const std::string line = hint(way);
      CAPTURE(line);
      const std::size_t blank = line.find(' ');
      const std::string before = tools.rows();
      const Result done = tools.alembic({line.substr(0, blank), line.substr(blank + 1)});
      CHECK(done.exit_code == 0);
      CHECK(count(done.err, "Running downgrade") == 1);
      REQUIRE(tools.rows() != before);
    }
  }
  CHECK(tools.rows() == "7500bb0b2fef");
  // The same by one command, a call of Alembic for each step.
  tools.with(true, {"upgrade", "0cb117f2b22f"});
  tools.with(false, {"downgrade", "69528e9ab172@30c7ed16aacf", "--delegate-alembic"});
  CHECK(tools.rows() == "7500bb0b2fef");
  tools.with(false, {"upgrade", "69528e9ab172", "--delegate-alembic"});
  CHECK(tools.rows() == "69528e9ab172,7500bb0b2fef");
}

TEST_CASE("migrate mixed project: Alembic is given the database that pgseed works on") {
  if (!AlembicProject::is_installed()) return;
  cross_server().create_database("wrong");
  for (const std::string from : {"flag", ".env", "alembic.ini"}) {
    CAPTURE(from);
    SmallProject project;
    project.add("a1", "", kMakeTable, kDropTable);
    const BothTools right("right", project.path(), project.path());
    std::map<std::string, std::optional<std::string>> environment = {{"DATABASE_URL", std::nullopt},
                                                                     installed_alembic()};
    Words words = {"upgrade", "head", "--delegate-alembic"};
    if (from == "flag") {
      environment["DATABASE_URL"] = cross_server().url("wrong");
      words.insert(words.begin(), {"--database-url", right.url()});
    } else if (from == ".env") {
      project.folder().write(".env", "DATABASE_URL=" + right.url() + "\n");
    } else {
      project.folder().write("alembic.ini",
                             "[alembic]\nscript_location = .\nsqlalchemy.url = " + right.url());
    }
    const Result done = run_pgseed(project.path(), "", words, environment);
    INFO(done.err);
    CHECK(done.exit_code == 0);
    CHECK(right.rows() == "a1");
    CHECK(cross_server().sql("select to_regclass('alembic_version')", "wrong").empty());
  }
}

TEST_CASE("migrate alembic.ini: found, or named with -c, it is read as Alembic reads it") {
  if (!AlembicProject::is_installed()) return;
  const TempDir folder;
  // Two folders of revisions, a template for file names, paths from the working directory.
  folder.write(
      "conf/alembic.ini",
      "[alembic]\nscript_location = db\nsqlalchemy.url = postgresql://nobody@127.0.0.1:1/x\n"
      "version_locations = db/core db/plugin\n"
      "version_path_separator = space\ntruncate_slug_length = 12\nfile_template = "
      "%%(year)d_%%(month).2d-%%(rev)s-%%(slug)s\n");
  folder.write("db/env.py", environment_file());
  fs::copy_file(PGSEED_SOURCE_DIR "/tests/alembic/env/script.py.mako",
                folder / "db/script.py.mako");
  fs::create_directories(folder / "db/core");
  fs::create_directories(folder / "db/plugin");
  const BothTools tools("both", folder.path().string(), folder.path().string());
  const auto both = [&](const Words& command) {
    Words named = {"-c", "conf/alembic.ini"};
    named.insert(named.end(), command.begin(), command.end());
    const std::string ours = tools.with(false, named);
    CHECK(ours == tools.with(true, named));
    return ours;
  };
  const Words here = {"-c", "conf/alembic.ini", "revision", "-m", "The first one, of many"};
  // Several folders: neither guesses.
  CHECK(tools.alembic(here).exit_code == 255);
  const Result unsaid = tools.pgseed(here);
  CHECK(unsaid.exit_code == 2);
  CHECK(contains(unsaid.err, "Multiple version locations present, please specify --version-path"));
  Words with_path = here;
  with_path.insert(with_path.end(), {"--rev-id", "a1", "--version-path", "db/core"});
  tools.with(true, with_path);
  const auto theirs = names_in(folder / "db/core");
  REQUIRE(theirs.size() == 1);
  fs::remove(folder / ("db/core/" + *theirs.begin()));
  tools.with(false, with_path);
  // The same name; only the language is another.
  CHECK(names_in(folder / "db/core") ==
        std::set<std::string>{fs::path(*theirs.begin()).replace_extension(".sql").string()});
  CHECK(contains(*theirs.begin(), "-a1-the_first_"));
  tools.with(false, {"-c", "conf/alembic.ini", "revision", "-m", "plug", "--rev-id", "b2", "--head",
                     "base", "--branch-label", "plug", "--version-path", "db/plugin"});
  tools.with(false, {"-c", "conf/alembic.ini", "export", "alembic"});
  CHECK(both({"heads"}) == "a1 (head)\nb2 (plug) (head)\n");
  // A child goes where its parent is.
  tools.with(false, {"-c", "conf/alembic.ini", "revision", "-m", "more", "--rev-id", "b3", "--head",
                     "plug@head", "--alembic-stub"});
  CHECK(names_in(folder / "db/plugin").size() == 4);
  tools.with(false, {"-c", "conf/alembic.ini", "upgrade", "plug@head"});
  both({"current"});
  tools.with(true, {"-c", "conf/alembic.ini", "upgrade", "heads"});
  CHECK(tools.rows() == "a1,b3");
  // What runs Alembic runs it with that file, from here.
  folder.write("db/core/c4.py",
               "\"\"\"by hand\"\"\"\nrevision = 'c4'\ndown_revision = 'a1'\ndef upgrade():\n    "
               "pass\ndef downgrade():\n    pass\n");
  const Result stopped = tools.pgseed({"-c", "conf/alembic.ini", "upgrade", "heads"});
  CHECK(stopped.exit_code == 5);
  CHECK(contains(stopped.err, "`alembic -c conf/alembic.ini upgrade c4`"));
  CHECK(contains(
      must(run_pgseed(folder.path().string(), "", {"-c", "conf/alembic.ini", "import", "alembic"},
                      {{"DATABASE_URL", std::nullopt}})),
      "c4.sql"));
  tools.with(false, {"-c", "conf/alembic.ini", "upgrade", "heads"});
  CHECK(tools.rows() == "b3,c4");
  // The file in the working directory needs no -c.
  fs::copy_file(folder / "conf/alembic.ini", folder / "alembic.ini");
  CHECK(tools.with(false, {"heads"}) == tools.with(true, {"heads"}));
  for (const bool alembic : {false, true}) {
    const std::string current = tools.with(alembic, {"current"});  // Alembic in any order
    CHECK(contains(current, "b3 (head)\n"));
    CHECK(contains(current, "c4 (head)\n"));
    CHECK(current.size() == 20);
  }
  // An unreadable one is a mistake, not no file.
  const Result missing = tools.pgseed({"-c", "nowhere.ini", "heads"});
  CHECK(missing.exit_code == 2);
  CHECK(contains(missing.err, "cannot read nowhere.ini"));
}

TEST_CASE("migrate alembic.ini: sqlalchemy.url is the last resort") {
  const LocalPostgres& server = cross_server();
  server.create_database("from_ini");
  server.create_database("from_env");
  const TempDir folder;
  folder.write("versions/a1_first.sql",
               "-- pgseed:migration 1\n-- revision: a1\n-- down_revision:\n\n-- upgrade\n"
               "CREATE TABLE t (a int);\n\n-- downgrade\nDROP TABLE t;\n");
  const auto table = [&](const char* database) {
    return server.sql("select to_regclass('t')", database);
  };
  folder.write("alembic.ini",
               "[alembic]\nscript_location = .\nsqlalchemy.url = " + server.url("from_ini") + "\n");
  must(run_pgseed(folder.path().string(), server.url("from_env"), {"upgrade", "head"}));
  CHECK(table("from_env") == "t");
  CHECK(table("from_ini").empty());
  must(run_pgseed(folder.path().string(), "", {"upgrade", "head"},
                  {{"DATABASE_URL", std::nullopt}}));
  CHECK(table("from_ini") == "t");
  // Alembic's own example leads nowhere, so it is none.
  folder.write("alembic.ini",
               "[alembic]\nscript_location = .\nsqlalchemy.url = "
               "driver://user:pass@localhost/dbname\n");
  const Result none =
      run_pgseed(folder.path().string(), "", {"current"}, {{"DATABASE_URL", std::nullopt}});
  CHECK(none.exit_code == 2);
  CHECK(contains(none.err, "DATABASE_URL"));
  // A password in it stays there.
  folder.write("alembic.ini",
               "[alembic]\nscript_location = .\nsqlalchemy.url = "
               "postgresql://app:pg-s3cr3t@127.0.0.1:1/x\n");
  const Result closed =
      run_pgseed(folder.path().string(), "", {"current"}, {{"DATABASE_URL", std::nullopt}});
  CHECK(closed.exit_code == 4);
  CHECK_FALSE(contains(closed.err, "s3cr3t"));
}

}  // namespace pgseed::test
