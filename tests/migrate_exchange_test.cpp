// Projects that change hands: export and import, projects that are half SQL and half Python, what
// alembic.ini says.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/cross_tool.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

namespace fs = std::filesystem;

// Every file below a folder, by its name from there, with its content.
std::map<std::string, std::string> files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), folder).string()] = read_file(entry.path().string());
    }
  }
  return files;
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& [name, content] : files_in(folder)) names.insert(name);
  return names;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// Databases that experiments left behind.
std::string scratch_databases() {
  return cross_server().sql(
      "select string_agg(datname, ',') from pg_database where datname like 'pgseed_scratch%'");
}

std::string environment_file() {
  return read_file(PGSEED_SOURCE_DIR "/tests/alembic/shared/env.py");
}

// A project in a folder of its own: alembic.ini, env.py, versions/.
class SmallProject {
 public:
  explicit SmallProject(const std::string& env = environment_file(),
                        const std::string& settings = {}) {
    folder_.write("alembic.ini",
                  "[alembic]\nscript_location = %(here)s\nsqlalchemy.url = "
                  "postgresql://nobody@127.0.0.1:1/nowhere\n" +
                      settings);
    folder_.write("env.py", env);
    fs::copy_file(PGSEED_SOURCE_DIR "/tests/alembic/shared/script.py.mako",
                  folder_ / "script.py.mako");
    fs::create_directory(folder_ / "versions");
  }

  // upgrade, downgrade: Python, one line.
  void add(const std::string& id, const std::string& parent, const std::string& upgrade,
           const std::string& downgrade = "pass") const {
    folder_.write("versions/" + id + "_step.py",
                  "\"\"\"step " + id + "\n\nRevision ID: " + id +
                      "\n\n\"\"\"\nimport os\nfrom alembic import op\nimport sqlalchemy as sa\n\n"
                      "revision = '" +
                      id + "'\ndown_revision = " + (parent.empty() ? "None" : "'" + parent + "'") +
                      "\n\n\ndef upgrade():\n    " + upgrade + "\n\n\ndef downgrade():\n    " +
                      downgrade + "\n");
  }

  std::string path() const { return folder_.path().string(); }
  const TempDir& folder() const { return folder_; }

 private:
  TempDir folder_;
};

const char* const kMakeTable = "op.execute('CREATE TABLE t (a int)')";
const char* const kDropTable = "op.execute('DROP TABLE t')";

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
                                "/tests/alembic/shared\nversion_locations = " +
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
                 "error: `alembic -c alembic.ini upgrade heads --sql` failed: "
                 "AttributeError: 'NoneType' object has no attribute 'fetchall'"));
  CHECK(contains(failed.err, "hint: Alembic must be able to print"));
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
  CHECK(contains(found.err, "warning: the .sql files do not give the schema that Alembic gives"));
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
  fs::copy_file(PGSEED_SOURCE_DIR "/tests/alembic/shared/script.py.mako",
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
