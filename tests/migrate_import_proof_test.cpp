// import alembic: that it is proven means that nothing is lost.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "support/cross_tool.hpp"
#include "support/seeding.hpp"
#include "support/small_project.hpp"

namespace pgseed::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTableWithRow =
    "op.execute('CREATE TABLE t1 (a int, b text)'); "
    "op.execute(\"INSERT INTO t1 VALUES (1, 'x'), (2, 'y')\")";
constexpr const char* kDropTableWithRow = "op.execute('DROP TABLE t1')";

std::string scratch_leftovers() {
  return cross_server().sql(
      "select string_agg(datname, ',') from pg_database where datname like 'pgseed_scratch%'");
}

}  // namespace

TEST_CASE("migrate import: rows that only a connected Alembic changes are no proof of the .sql") {
  if (!AlembicProject::is_installed()) return;
  const SmallProject project;
  project.add("a1", "", kTableWithRow, kDropTableWithRow);
  project.add("b2", "a1",
              "op.execute('ALTER TABLE t1 ADD COLUMN c text')\n"
              "    if not op.get_context().as_sql:\n"
              "        for row in op.get_bind().execute(sa.text('SELECT a, b FROM t1')):\n"
              "            op.get_bind().execute(sa.text(\"UPDATE t1 SET c = '%s' WHERE a = %d\" % "
              "(row[1].upper(), row[0])))",
              "op.execute('ALTER TABLE t1 DROP COLUMN c')");
  const BothTools tools("both", project.path(), project.path());
  const Result found = tools.pgseed({"import", "alembic"});
  INFO(found.err);
  CHECK(found.exit_code == 1);
  CHECK(contains(found.out, "\nchanged: rows of table public.t1: other values in c\n"));
  CHECK(contains(found.err, "warning: the .sql files do not give what Alembic gives; see above"));
  CHECK_FALSE(contains(found.err, "proven"));

  // Rows that are missing are counted.
  const SmallProject adds;
  adds.add("a1", "", kTableWithRow, kDropTableWithRow);
  adds.add("b2", "a1",
           "op.get_context().as_sql or op.get_bind().execute(sa.text(\"INSERT INTO t1 VALUES (3, "
           "'z')\"))");
  const Result fewer = run_pgseed(adds.path(), tools.url(), {"import", "alembic", "--json"});
  CHECK(fewer.exit_code == 1);
  CHECK(Json(fewer.out)["proven"].text() == "differs");
  CHECK(Json(fewer.out)["differences"][0].text() == "changed: rows of table public.t1: 3 -> 2");
  CHECK(Json(fewer.out)["differences"].size() == 1);
  CHECK(scratch_leftovers().empty());
}

TEST_CASE("migrate import: a way back that only a connected Alembic goes is found missing") {
  if (!AlembicProject::is_installed()) return;
  const SmallProject project;
  project.add("a1", "", kMakeTable, "op.get_context().as_sql or op.execute('DROP TABLE t')");
  const BothTools tools("both", project.path(), project.path());
  const Result found = tools.pgseed({"import", "alembic"});
  INFO(found.err);
  CHECK(found.exit_code == 1);
  CHECK(contains(found.out, "\nafter downgrade base: unexpected: table public.t: "));
  CHECK_FALSE(contains(found.err, "proven"));

  // Rows on the way back count, too.
  const SmallProject keeps;
  keeps.add("a1", "", kTableWithRow,
            "op.execute('DELETE FROM t1 WHERE a = 1'); op.get_context().as_sql or "
            "op.execute('DELETE FROM t1')");
  const Result kept = run_pgseed(keeps.path(), tools.url(), {"import", "alembic"});
  CHECK(kept.exit_code == 1);
  CHECK(contains(kept.out, "\nafter downgrade base: changed: rows of table public.t1: 0 -> 1\n"));

  // Where there is no way back the rest is proven, and no more is said.
  const SmallProject one_way;
  one_way.add("a1", "", kMakeTable, "raise NotImplementedError('no way back')");
  const Result up = run_pgseed(one_way.path(), tools.url(), {"import", "alembic"});
  INFO(up.err);
  CHECK(up.exit_code == 0);
  CHECK(contains(up.err, "warning: the way back is not proven: revision a1 has no downgrade\n"));
  CHECK(contains(up.err,
                 "proven: both ways give the same schema and rows in two databases, but for what "
                 "the warnings name\n"));
  // A scratch database would not keep it from the server's other ones.
  const SmallProject beyond;
  beyond.add("a1", "", kMakeTable, "op.execute('drop  role if exists pgseed_nobody')");
  const Result kept_up = run_pgseed(beyond.path(), tools.url(), {"import", "alembic"});
  CHECK(kept_up.exit_code == 0);
  CHECK(
      contains(kept_up.err,
               "warning: the way back is not proven: the downgrade of revision a1 is about roles"));
  const SmallProject offline_only;
  offline_only.add("a1", "", kMakeTable,
                   "op.execute('DROP TABLE t') if op.get_context().as_sql else 1 / 0");
  const Result half = run_pgseed(offline_only.path(), tools.url(), {"import", "alembic"});
  CHECK(half.exit_code == 0);
  CHECK(contains(half.err,
                 "warning: the way back is not proven: alembic downgrade base failed: "
                 "ZeroDivisionError: division by zero\n"));
  CHECK(scratch_leftovers().empty());
}

TEST_CASE("migrate import: values that are made anew at each run are named, and stop nothing") {
  if (!AlembicProject::is_installed()) return;
  const SmallProject project;
  project.add("a1", "",
              "op.execute('CREATE TABLE t (a int, id text, made timestamptz DEFAULT now(), "
              "token uuid DEFAULT gen_random_uuid())')\n"
              "    import uuid\n"
              "    for a in (1, 2):\n"
              "        op.execute(\"INSERT INTO t (a, id) VALUES (%d, '%s')\" % (a, uuid.uuid4()))",
              "pass");
  const BothTools tools("both", project.path(), project.path());
  const Result imported = tools.pgseed({"import", "alembic"});
  INFO(imported.out);
  INFO(imported.err);
  CHECK(imported.exit_code == 0);
  CHECK(contains(imported.err,
                 "warning: rows of table public.t: Alembic fills id anew at each run, the .sql "
                 "always with the same: see whether they may stay\n"));
  CHECK(contains(
      imported.err,
      "warning: rows of table public.t: made anew at each run, not compared: made, token\n"));
  CHECK(contains(imported.err,
                 "proven: both ways give the same schema and rows in two databases, "
                 "and lead back to the same, but for what the warnings name\n"));

  // They hide no other difference, nor that they are missing.
  for (const std::string nothing : {"", "DEFAULT ''"}) {
    CAPTURE(nothing);
    const SmallProject lost;
    lost.add("a1", "",
             "op.execute(\"CREATE TABLE t (a int, id text " + nothing +
                 ")\")\n"
                 "    op.execute('INSERT INTO t (a) VALUES (1), (2)')\n"
                 "    import uuid\n"
                 "    for a in () if op.get_context().as_sql else (1, 2):\n"
                 "        op.execute(\"UPDATE t SET id = '%s' WHERE a = %d\" % (uuid.uuid4(), a))");
    const Result missing = run_pgseed(lost.path(), tools.url(), {"import", "alembic"});
    CHECK(missing.exit_code == 1);
    CHECK(contains(missing.out, "\nchanged: rows of table public.t: other values in id\n"));
  }
  const SmallProject other;
  other.add(
      "a1", "",
      "op.execute('CREATE TABLE t (a int, made timestamptz DEFAULT now())')\n"
      "    op.execute('INSERT INTO t (a) VALUES (%d)' % (1 if op.get_context().as_sql else 2))");
  const Result found = run_pgseed(other.path(), tools.url(), {"import", "alembic"});
  CHECK(found.exit_code == 1);
  CHECK(contains(found.out, "\nchanged: rows of table public.t: other values in a\n"));
  CHECK(scratch_leftovers().empty());
}

TEST_CASE("migrate import: the version table of env.py is found, and kept for the next command") {
  if (!AlembicProject::is_installed()) return;
  std::string env = environment_file();
  for (const std::string call : {"url=database_url(),", "connection=connection,"}) {
    const auto at = env.find(call);
    REQUIRE(at != std::string::npos);
    env.insert(at, "version_table='schema_version', version_table_schema='meta', ");
  }
  for (const bool named : {false, true}) {
    CAPTURE(named);
    const SmallProject project(env);
    project.add("a1", "", kMakeTable, kDropTable);
    project.add("b2", "a1", "op.execute('ALTER TABLE t ADD b int')");
    const BothTools tools("both", project.path(), project.path());
    tools.sql("create schema meta");
    tools.with(true, {"upgrade", "head"});
    Words words = {"import", "alembic"};
    if (named) words.insert(words.end(), {"--version-table", "meta.schema_version"});
    const Result imported = tools.pgseed(words);
    INFO(imported.err);
    CHECK(imported.exit_code == 0);
    CHECK(contains(imported.err, "proven: "));
    CHECK(contains(imported.out, "/pgseed.toml ...  done\n"));
    CHECK(read_file(project.folder() / "pgseed.toml") ==
          "[migrate]\nversion_table = \"meta.schema_version\"\n");
    // It is where Alembic has left it.
    CHECK(tools.with(false, {"current"}) == "b2 (head)\n");
    CHECK(contains(tools.pgseed({"upgrade", "head"}).err, "nothing to do: the database is at b2"));
  }

  // A configuration stays as it is, but for what is wrong in it.
  const SmallProject configured(env);
  configured.add("a1", "", kMakeTable, kDropTable);
  configured.folder().write("pgseed.toml", "[migrate]\nlock_timeout = \"7s\"\n");
  const BothTools tools("both", configured.path(), configured.path());
  const Result told = tools.pgseed({"import", "alembic"});
  CHECK(told.exit_code == 0);
  CHECK(contains(told.err,
                 "warning: pgseed.toml is there already: write version_table = "
                 "\"meta.schema_version\" below [migrate]\n"));
  CHECK(read_file(configured.folder() / "pgseed.toml") == "[migrate]\nlock_timeout = \"7s\"\n");
  fs::remove(configured.folder() / "versions/a1_step.sql");
  const Result wrong = tools.pgseed({"import", "alembic", "--version-table", "schema_version"});
  CHECK(wrong.exit_code == 2);
  CHECK(
      contains(wrong.err,
               "error: env.py calls the version table meta.schema_version, not schema_version\n"));
  configured.folder().write("pgseed.toml", "[migrate]\nversion_table = \"meta.schema_version\"\n");
  const Result known = tools.pgseed({"import", "alembic"});
  INFO(known.err);
  CHECK(known.exit_code == 0);
  CHECK_FALSE(contains(known.err, "warning"));
  CHECK(scratch_leftovers().empty());
}

TEST_CASE("migrate import: the revision that cannot be printed is named, and the way on leads on") {
  if (!AlembicProject::is_installed()) return;
  const SmallProject project;
  project.add("a1", "", kMakeTable, kDropTable);
  project.add("b2", "a1",
              "op.get_bind().execute(sa.text('SELECT 1')).fetchall(); "
              "op.execute('ALTER TABLE t ADD b int')",
              "op.execute('ALTER TABLE t DROP b')");
  project.add("c3", "b2", "op.execute('ALTER TABLE t ADD c int')",
              "op.execute('ALTER TABLE t DROP c')");
  const BothTools tools("both", project.path(), project.path());
  const Result failed = tools.pgseed({"import", "alembic"});
  INFO(failed.err);
  CHECK(failed.exit_code == 5);
  CHECK(contains(failed.err, "versions/b2_step.py: `alembic "));
  CHECK(contains(failed.err, "` failed in revision b2: "));
  CHECK(contains(failed.err, "run `pgseed migrate export alembic`"));
  // As the hint says.
  project.folder().write("versions/b2_step.sql",
                         "-- pgseed:migration 1\n-- revision: b2\n-- down_revision: a1\n\n"
                         "-- upgrade\nALTER TABLE t ADD b int;\n\n-- downgrade\n"
                         "ALTER TABLE t DROP b;\n");
  fs::remove(project.folder() / "versions/b2_step.py");
  CHECK(tools.alembic({"heads"}).exit_code != 0);
  tools.with(false, {"export", "alembic"});
  const Result imported = tools.pgseed({"import", "alembic"});
  INFO(imported.err);
  CHECK(imported.exit_code == 0);
  CHECK(contains(imported.err, "proven: "));
}

}  // namespace pgseed::test
