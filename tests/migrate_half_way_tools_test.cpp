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
  SUBCASE("emptied") {
    lab.sql("DELETE FROM alembic_version");
    const Result verify = lab.run({"verify"});
    CHECK(verify.exit_code == 1);
    CHECK(has(verify.out, "the version table is empty, but the log has as applied: r1, r2"));
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
