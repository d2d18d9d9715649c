// import alembic: a project of Python files becomes one of SQL.
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

// Databases that experiments left behind.
std::string scratch_databases() {
  return cross_server().sql(
      "select string_agg(datname, ',') from pg_database where datname like 'pgseed_scratch%'");
}

// Read from DATABASE_URL or alembic.ini: never. Its own address stands in the file.
std::string stubborn_environment(const std::string& url) {
  std::string env = environment_file();
  const std::string wanted =
      "os.environ.get(\"DATABASE_URL\") or config.get_main_option(\"sqlalchemy.url\")";
  const auto at = env.find(wanted);
  REQUIRE(at != std::string::npos);
  return env.replace(at, wanted.size(), "\"" + url + "\"");
}

// Only from alembic.ini, as Alembic's own template does it.
std::string template_environment() {
  std::string env = environment_file();
  const std::string unwanted = "os.environ.get(\"DATABASE_URL\") or ";
  const auto at = env.find(unwanted);
  REQUIRE(at != std::string::npos);
  return env.erase(at, unwanted.size());
}

}  // namespace

TEST_CASE("migrate import: the projects become SQL beside their Python, proven to do the same") {
  if (!AlembicProject::is_installed()) return;
  const AlembicCopy copy;
  for (const std::string name : {"moe", "study-abroad", "mathvidya", "principles-gym"}) {
    CAPTURE(name);
    const std::string folder = copy / name;
    const auto before = files_in(folder);
    const BothTools mine("mine", folder, folder);
    const std::string history = mine.with(false, {"history"});

    const Result imported = mine.pgseed({"import", "alembic"});
    INFO(imported.out);
    INFO(imported.err);
    REQUIRE(imported.exit_code == 0);
    CHECK(contains(imported.err, "proven: both ways give the same schema"));
    CHECK_FALSE(contains(imported.err, "warning"));
    CHECK(count(imported.out, ".sql ...  done\n") == before.size() - 1);  // one is alembic.ini
    const auto after = files_in(folder);
    CHECK(after.size() == 2 * before.size() - 1);
    for (const auto& [file, content] : before) {
      CHECK(after.at(file) == content);
      if (file == "alembic.ini") continue;
      const std::string sql = after.at(fs::path(file).replace_extension(".sql").string());
      CHECK(contains(sql, "\n-- upgrade"));
      CHECK_FALSE(contains(sql, "irreversible"));
      CHECK_FALSE(contains(sql, "alembic_version"));
    }
    // The database that was named has served as the address of the server, no more.
    CHECK(cross_server().sql("select count(*) from pg_class where relnamespace = "
                             "'public'::regnamespace",
                             "mine") == "0");
    CHECK(scratch_databases().empty());

    const Result again = mine.pgseed({"import", "alembic"});
    CHECK(again.exit_code == 0);
    CHECK(again.out.empty());
    CHECK(contains(again.err, "every revision is SQL already"));
    CHECK(files_in(folder) == after);

    CHECK(mine.with(false, {"history"}) == history);
    CHECK(mine.with(true, {"history"}) == history);
    const BothTools theirs("theirs", folder, folder);
    mine.with(false, {"upgrade", "heads"});
    theirs.with(true, {"upgrade", "heads"});
    CHECK(mine.dump() == theirs.dump());
    mine.with(true, {"downgrade", "base"});
    theirs.with(false, {"downgrade", "base"});
    CHECK(mine.dump() == theirs.dump());
    CHECK(mine.rows().empty());
  }
}

TEST_CASE("migrate import: without Alembic or its project it says what is missing") {
  const SmallProject project;
  project.add("a1", "", kMakeTable, kDropTable);
  const auto before = names_in(project.path());
  const std::string url = cross_server().url();
  const Result without =
      run_pgseed(project.path(), url, {"import", "alembic"}, {{"PATH", "/nowhere"}});
  CHECK(without.exit_code == 2);
  CHECK(contains(without.err, "error: importing needs Alembic once"));
  CHECK(contains(without.err, "hint: install it"));
  const Result delegated = run_pgseed(
      project.path(), url, {"upgrade", "head", "--delegate-alembic"}, {{"PATH", "/nowhere"}});
  CHECK(delegated.exit_code == 2);
  CHECK(contains(delegated.err, "error: cannot run alembic: "));
  CHECK(cross_server().sql("select to_regclass('alembic_version')").empty());

  const Result elsewhere =
      run_pgseed(project.path() + "/versions", url, {"--dir", project.path(), "import", "alembic"});
  CHECK(elsewhere.exit_code == 2);
  CHECK(contains(elsewhere.err, "error: there is no alembic.ini here"));
  CHECK(contains(elsewhere.err, "-c FILE"));
  const Result other = run_pgseed(project.path(), url, {"import", "flyway"});
  CHECK(other.exit_code == 2);
  CHECK(contains(other.err, "error: cannot import from 'flyway'"));
  CHECK(run_pgseed(project.path(), url, {"export", "flyway"}).exit_code == 2);
  CHECK(names_in(project.path()) == before);
}

TEST_CASE(
    "migrate import: an env.py with an address of its own is told, its database not touched") {
  if (!AlembicProject::is_installed()) return;
  cross_server().create_database("precious");
  cross_server().sql("create table keep (a int); insert into keep values (1)", "precious");
  const SmallProject project(stubborn_environment(cross_server().url("precious")));
  project.add("a1", "", kMakeTable, kDropTable);
  const BothTools precious("mine", project.path(), project.path());
  const Result imported = precious.pgseed({"import", "alembic"});
  CHECK(imported.exit_code == 0);
  CHECK(contains(imported.out, "versions/a1_step.sql ...  done"));
  CHECK(contains(imported.err, "warning: not proven: Alembic cannot be pointed at a scratch"));
  CHECK_FALSE(contains(imported.err, "proven: both"));
  CHECK(cross_server().sql("select string_agg(relname, ',') from pg_class where relnamespace = "
                           "'public'::regnamespace",
                           "precious") == "keep");
  CHECK(scratch_databases().empty());
  CHECK(names_in(project.path() + "/versions") ==
        std::set<std::string>{"a1_step.py", "a1_step.sql"});

  // Without any database the files are written all the same.
  const SmallProject offline;
  offline.add("a1", "", kMakeTable, kDropTable);
  const Result unproven =
      run_pgseed(offline.path(), "", {"import", "alembic"}, {{"DATABASE_URL", std::nullopt}});
  CHECK(unproven.exit_code == 0);
  CHECK(contains(unproven.err, "warning: not proven: set DATABASE_URL"));
  CHECK(fs::exists(offline.folder() / "versions/a1_step.sql"));
  // Nor does a server that is closed, or closed to such experiments, lose them.
  const LocalPostgres& server = cross_server();
  server.sql(
      "do $$ begin if to_regrole('modest') is null then create role modest login; end if; "
      "end $$");
  for (const std::string& url :
       {std::string("postgresql://modest@127.0.0.1:1/x"), server.url("precious", "modest")}) {
    fs::remove(offline.folder() / "versions/a1_step.sql");
    const Result closed = run_pgseed(offline.path(), url, {"import", "alembic"});
    INFO(closed.err);
    CHECK(closed.exit_code == 0);
    CHECK(contains(closed.out, "a1_step.sql ...  done"));
    CHECK(contains(closed.err, "warning: not proven: "));
    CHECK(fs::exists(offline.folder() / "versions/a1_step.sql"));
  }
}

TEST_CASE("migrate import: what reads data while it migrates is refused, nothing is written") {
  if (!AlembicProject::is_installed()) return;
  const std::string reads =
      "[op.execute('SELECT %d' % row[0]) for row in op.get_bind().execute('SELECT 1').fetchall()]";
  const SmallProject project;
  project.add("a1", "", kMakeTable, kDropTable);
  project.add("b2", "a1", reads);
  const auto before = files_in(project.path());
  const Result failed = run_pgseed(project.path(), cross_server().url(), {"import", "alembic"});
  CHECK(failed.exit_code == 5);
  CHECK(failed.out.empty());
  CHECK(contains(failed.err,
                 "versions/b2_step.py: `alembic -c alembic.ini upgrade heads --sql` failed in "
                 "revision b2: AttributeError: 'NoneType' object has no attribute 'fetchall'"));
  CHECK(contains(failed.err, "write that one by hand as .sql, move its .py away, run `pgseed "));
  CHECK(files_in(project.path()) == before);

  // On the way down only: that revision has none, the others keep theirs.
  project.add("b2", "a1", "pass", reads);
  const BothTools tools("both", project.path(), project.path());
  const Result imported = tools.pgseed({"import", "alembic"});
  INFO(imported.err);
  CHECK(imported.exit_code == 0);
  CHECK(contains(imported.err, "warning: revision b2 has no downgrade now: "));
  CHECK(contains(imported.err, "'NoneType' object has no attribute 'fetchall'"));
  CHECK_FALSE(contains(read_file(project.folder() / "versions/a1_step.sql"), "irreversible"));
  CHECK(contains(imported.err, "proven: "));
  CHECK(
      contains(read_file(project.folder() / "versions/b2_step.sql"), "-- downgrade irreversible"));
  tools.with(false, {"upgrade", "head"});
  const Result stuck = tools.pgseed({"downgrade", "base"});
  CHECK(stuck.exit_code == 3);
  CHECK(contains(stuck.err, "revision b2 is irreversible"));
}

TEST_CASE("migrate import: what the proof finds is said, and leaves nothing behind") {
  if (!AlembicProject::is_installed()) return;
  // One that does more when it is connected.
  const SmallProject differs;
  differs.add("a1", "",
              "op.execute('CREATE TABLE t (a int)') if op.get_context().as_sql else "
              "op.execute('CREATE TABLE t (a int, b int)')");
  const BothTools tools("both", differs.path(), differs.path());
  const Result found = tools.pgseed({"import", "alembic"});
  CHECK(found.exit_code == 1);
  CHECK(contains(found.err, "warning: the .sql files do not give what Alembic gives"));
  CHECK(contains(found.out, "b"));
  CHECK(count(found.out, "\n") > 1);  // the file, and the difference
  CHECK(names_in(differs.path()).size() == 5);

  // One that fails when it is connected; what the database said is repeated, no secret with it.
  const SmallProject fails;
  fails.add("a1", "", "op.execute('SELECT 1/0')");
  const Result failed = run_pgseed(fails.path(), cross_server().url("both"), {"import", "alembic"});
  INFO(failed.err);
  CHECK(failed.exit_code == 0);
  CHECK(contains(failed.err, "warning: not proven: alembic upgrade heads failed: "));
  CHECK(contains(failed.err, "division by zero"));
  CHECK(names_in(fails.path()).size() == 5);

  // One that goes on in SQL, which Alembic does not see: compared is what both have.
  const SmallProject goes_on;
  goes_on.add("a1", "", kMakeTable, kDropTable);
  goes_on.folder().write("versions/b2.sql",
                         "-- pgseed:migration 1\n-- revision: b2\n-- down_revision: a1\n\n"
                         "-- upgrade\nALTER TABLE t ADD b int;\n\n-- downgrade irreversible\n");
  const Result proven =
      run_pgseed(goes_on.path(), cross_server().url("both"), {"import", "alembic", "--json"});
  INFO(proven.err);
  CHECK(proven.exit_code == 0);
  CHECK(Json(proven.out)["proven"].text() == "yes");
  CHECK(Json(proven.out)["written"].size() == 1);
  CHECK(Json(proven.out)["differences"].size() == 0);
  CHECK(scratch_databases().empty());
}

TEST_CASE("migrate import: a password reaches Alembic and nobody else") {
  if (!AlembicProject::is_installed()) return;
  const std::string password = "pg-s3cr3t%/x";
  const LocalPostgres& server = cross_server();
  server.sql(
      "do $$ begin if to_regrole('importer') is null then create role importer login "
      "createdb password '" +
      password + "' in role needs_password; end if; end $$");
  server.create_database("mine");
  server.sql("alter database mine owner to importer");
  std::string url = server.url("mine", "importer");
  url.insert(url.find('@'), ":pg-s3cr3t%25%2Fx");

  // The address through a copy of alembic.ini, which must not hold it.
  const SmallProject project(template_environment());
  project.add("a1", "", kMakeTable, kDropTable);
  const Result imported =
      run_pgseed(project.path(), url, {"import", "alembic"}, {installed_alembic()});
  INFO(imported.err);
  CHECK(imported.exit_code == 0);
  CHECK(contains(imported.err, "proven: "));
  CHECK_FALSE(contains(imported.out + imported.err, "s3cr3t"));
  CHECK(names_in(project.path()) == std::set<std::string>{"alembic.ini", "env.py", "script.py.mako",
                                                          "versions/a1_step.py",
                                                          "versions/a1_step.sql"});
  for (const auto& [name, content] : files_in(project.path())) {
    CHECK_FALSE(contains(content, "s3cr3t"));
  }

  // Through DATABASE_URL, to a revision that shouts.
  const SmallProject loud;
  loud.add("a1", "", "if not op.get_context().as_sql: raise Exception(os.environ['DATABASE_URL'])");
  const Result shouted = run_pgseed(loud.path(), url, {"import", "alembic"});
  INFO(shouted.err);
  CHECK(shouted.exit_code == 0);
  CHECK(contains(shouted.err,
                 "warning: not proven: alembic upgrade heads failed: Exception: postgresql://"));
  CHECK_FALSE(contains(shouted.out + shouted.err, "s3cr3t"));
  CHECK(names_in(loud.path()).size() == 5);

  // A form that libpq takes and SQLAlchemy repeats in its complaint; also of an Alembic whose words
  // are shown as they come.
  const SmallProject keyword;
  keyword.add("a1", "", "print('working'); " + std::string(kMakeTable), kDropTable);
  const std::string keywords = "host=127.0.0.1 port=" + std::to_string(server.port()) +
                               " dbname=mine user=importer password='" + password + "'";
  for (const Words& command :
       {Words{"import", "alembic"}, {"upgrade", "head", "--delegate-alembic"}}) {
    const Result refused = run_pgseed(keyword.path(), keywords, command);
    INFO(refused.err);
    CHECK(refused.exit_code == 5);
    CHECK(contains(refused.err, "SQLAlchemy URL from string"));
    CHECK_FALSE(contains(refused.out + refused.err, "s3cr3t"));
    CHECK(names_in(keyword.path()).size() == 4);
  }
  // Results are ours alone: what Alembic prints is no part of the JSON object.
  const Result live =
      run_pgseed(keyword.path(), url, {"upgrade", "head", "--delegate-alembic", "--json"});
  INFO(live.err);
  CHECK(live.exit_code == 0);
  CHECK(contains(live.err, "working\n"));
  CHECK(Json(live.out)["rows"][0].text() == "a1");
  CHECK(scratch_databases().empty());
}

}  // namespace pgseed::test
