// transaction:false sections and hands that keep no log: Alembic, a script of --sql, psql.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "pgseed/pg/session.hpp"
#include "support/alembic_project.hpp"
#include "support/half_way_lab.hpp"

using namespace pgseed;
using namespace pgseed::test;

TEST_CASE("migrate half-way: finished by another tool it is forgotten, not gone on with later") {
  const HalfLab lab("half_other_tool");
  lab.project.revision("r3", "r2",
                       {.upgrade = "CREATE TABLE t3 (a int);", .downgrade = "DROP TABLE t3;"});
  lab.project.must({"upgrade", "r1"});
  lab.sql("INSERT INTO t1 VALUES (1)");
  CHECK(lab.run({"upgrade", "r2"}).exit_code == 5);
  lab.repair_data();
  lab.sql("DROP INDEX t1_u; ALTER TABLE t1 DROP COLUMN b; DELETE FROM t1 WHERE a = 2");
  // A script of --sql, or Alembic.
  lab.sql(
      "ALTER TABLE t1 ADD COLUMN b int; INSERT INTO t1 (a) VALUES (2); "
      "CREATE UNIQUE INDEX t1_u ON t1 (a); UPDATE alembic_version SET version_num = 'r2'");
  SUBCASE("pgseed saw it meanwhile") {
    CHECK(lab.run({"verify"}).exit_code == 0);
    const Result next = lab.upgrade();
    CHECK(next.exit_code == 0);
    CHECK(has(next.err, "another tool has applied it since"));
    CHECK(lab.mark("r2") == "up|2|f");
    CHECK(lab.run({"verify"}).exit_code == 0);
    lab.project.must({"downgrade", "r2"});
  }
  SUBCASE("and with nothing to do") {
    CHECK(has(lab.run({"upgrade", "r2"}).err, "another tool has applied it since"));
    CHECK(lab.mark("r2") == "up|2|f");
  }
  SUBCASE("pgseed did not see it") {
    lab.sql(
        "DROP INDEX t1_u; DELETE FROM t1 WHERE a = 2; ALTER TABLE t1 DROP COLUMN b; "
        "UPDATE alembic_version SET version_num = 'r1'");
    lab.check_refused(lab.upgrade(), "row r1 of the version table was not written by pgseed");
    lab.project.must({"repair"});
    CHECK(lab.run({"upgrade", "r2"}).exit_code == 0);
    lab.check_whole();
    return;
  }
  lab.sql(
      "DROP INDEX t1_u; DELETE FROM t1 WHERE a = 2; ALTER TABLE t1 DROP COLUMN b; "
      "UPDATE alembic_version SET version_num = 'r1'");
  CHECK(lab.run({"upgrade", "r2"}).exit_code == 0);
  lab.check_whole();
}

TEST_CASE("migrate verify: what the log has as applied and no version table has is told") {
  const HalfLab lab("verify_lost");
  lab.project.must({"upgrade", "r2"});
  CHECK(lab.run({"verify"}).exit_code == 0);
  SUBCASE("dropped") {
    lab.sql("DROP TABLE alembic_version");
    const Result verify = lab.run({"verify"});
    CHECK(verify.exit_code == 1);
    CHECK(has(verify.out, "there is no version table, but the log has as applied: r1, r2"));
  }
  SUBCASE("emptied, as Alembic does on the way down") {
    lab.sql("DELETE FROM alembic_version");
    CHECK(lab.run({"verify"}).exit_code == 0);
    return;
  }
  SUBCASE("and it is so") {
    lab.sql("DROP TABLE t1, alembic_version");
    CHECK(has(lab.project.must({"repair"}), "not applied: r1, r2"));
    CHECK(lab.run({"verify"}).exit_code == 0);
    CHECK(lab.upgrade().exit_code == 0);
    CHECK(lab.run({"verify"}).exit_code == 0);
    return;
  }
  SUBCASE("taken down by Alembic, it is no finding") {
    lab.sql("DROP INDEX t1_u; UPDATE alembic_version SET version_num = 'r1'");
    CHECK(lab.run({"verify"}).exit_code == 0);
    return;
  }
  lab.project.must({"stamp", "r2"});
  CHECK(lab.run({"verify"}).exit_code == 0);
}

TEST_CASE(
    "migrate half-way: beside another tool in the same section pgseed does not say it is well") {
  const HalfLab lab("half_beside_tool");
  lab.project.revision(
      "r2", "r1",
      {.upgrade = "INSERT INTO t1 VALUES (2);\nINSERT INTO t1 VALUES (3);\n"
                  "SELECT pg_advisory_xact_lock(7);",
       .downgrade = "DELETE FROM t1 WHERE a > 1;\nSELECT pg_advisory_xact_lock(7);",
       .options = "transaction:false lock_timeout:0",
       .down_options = "transaction:false lock_timeout:0"});
  lab.project.must({"upgrade", "r1"});
  std::vector<std::string> args = {"upgrade", "head"};
  std::string row = "r2";
  std::string says =
      "another tool has applied revision r2 at the same time: statements 1 to 3 of 3";
  SUBCASE("up") {}
  SUBCASE("down") {
    lab.project.must({"upgrade", "r2"});
    args = {"downgrade", "r1"};
    row = "r1";
    says = "another tool has taken down revision r2 at the same time: statements 1 to 2 of 2";
  }
  pg::Session gate(lab.project.url());
  gate.execute("BEGIN; SELECT pg_advisory_xact_lock(7)");
  const auto process = lab.project.start(args);
  lab.wait_at_gate(*process);
  lab.sql("UPDATE alembic_version SET version_num = '" + row + "'");  // as an Alembic at its end
  gate.execute("COMMIT");
  const Result ours = end_of(*process);
  INFO(ours.err);
  CHECK(ours.exit_code == 1);
  CHECK(has(ours.err, says + " may have run twice"));
  CHECK(has(ours.err, "r2.sql:"));
  CHECK(lab.sql("SELECT ok FROM pgseed.migration_log WHERE rev = 'r2' ORDER BY id DESC LIMIT 1") ==
        "f");
  CHECK(lab.rows() == row);
  CHECK(lab.run({"verify"}).exit_code == 0);
}

TEST_CASE("migrate half-way: Alembic and pgseed in the same section at once, Alembic first") {
  if (!AlembicProject::is_installed()) return;
  const HalfLab lab("half_real_alembic");
  // pgseed alone, which gives its name, waits at the gate.
  lab.project.revision("r2", "r1",
                       {.upgrade = "INSERT INTO t1 VALUES (2);\n"
                                   "SELECT pg_advisory_xact_lock(7) WHERE "
                                   "current_setting('application_name') = 'pgseed';\n"
                                   "INSERT INTO t1 VALUES (3);",
                        .options = "transaction:false lock_timeout:0"});
  lab.project.revision("r3", "r2", {"CREATE TABLE t3 (a int);"});
  lab.project.must({"export", "alembic"});
  lab.project.folder().write("alembic.ini", "[alembic]\nscript_location = migrations\n");
  std::filesystem::copy_file(PGSEED_SOURCE_DIR "/tests/alembic/env/env.py",
                             lab.project.folder() / "migrations/env.py");
  lab.project.must({"upgrade", "r1"});
  pg::Session gate(lab.project.url());
  gate.execute("BEGIN; SELECT pg_advisory_xact_lock(7)");
  const auto process = lab.project.start({"upgrade", "head"});
  lab.wait_at_gate(*process);
  Command alembic = lab.project.command({});
  alembic.argv = {"alembic", "upgrade", "r2"};
  const Result theirs = test::run(alembic);
  INFO(theirs.err);
  REQUIRE(theirs.exit_code == 0);
  gate.execute("COMMIT");
  const Result ours = end_of(*process);
  INFO(ours.err);
  CHECK(ours.exit_code == 1);
  CHECK(has(ours.err,
            "another tool has applied revision r2 at the same time: statements 1 to 3 of 3 may "
            "have run twice"));
  CHECK(lab.sql("SELECT string_agg(a::text, ' ' ORDER BY a) FROM t1") == "1 2 2 3 3");
  CHECK(lab.rows() == "r2");
  // Looked after, the rest goes on; nothing of r2 is gone on with.
  const Result next = lab.upgrade();
  CHECK(next.exit_code == 0);
  CHECK(lab.rows() == "r3");
  CHECK_FALSE(has(next.err, "going on"));
  CHECK(lab.run({"verify"}).exit_code == 0);
}
