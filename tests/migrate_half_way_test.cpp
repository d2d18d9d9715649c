// transaction:false sections that stopped half-way, and what else is done to the database before
// they are gone on with.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "pgseed/pg/session.hpp"
#include "support/half_way_lab.hpp"

using namespace pgseed;
using namespace pgseed::test;

TEST_CASE("migrate half-way: what it stands on is not taken down under it") {
  const HalfLab lab("half_down");
  lab.stop_half_way();
  for (const std::vector<std::string>& down : {std::vector<std::string>{"downgrade", "base"},
                                               {"downgrade", "-1"},
                                               {"redo"},
                                               {"downgrade", "base", "--single-transaction"},
                                               {"downgrade", "base", "--dry-run"}}) {
    CAPTURE(down.front());
    const Result refused = lab.run(down);
    lab.check_refused(refused, "stands on r1, which therefore is not taken down");
    CHECK(has(refused.err, "pgseed migrate upgrade r2"));
    CHECK(lab.rows() == "r1");
  }
  // With nothing to take down it is told all the same.
  const Result nothing = lab.run({"downgrade", "r1"});
  CHECK(nothing.exit_code == 0);
  CHECK(has(nothing.err, "revision r2 stopped half-way up, after 2 statements"));
  lab.repair_data();
  const Result on = lab.upgrade();
  CHECK(on.exit_code == 0);
  CHECK(has(on.err, "going on after statement 2 of 3"));
  lab.check_whole();
}

TEST_CASE("migrate half-way: undone by hand and forgotten, it begins anew") {
  const HalfLab lab("half_repair");
  lab.stop_half_way();
  lab.repair_data();
  lab.sql("DELETE FROM t1 WHERE a = 2; ALTER TABLE t1 DROP COLUMN b; DROP INDEX t1_u");
  lab.project.must({"repair"});
  lab.project.must({"downgrade", "base"});
  CHECK(lab.upgrade().exit_code == 0);
  lab.check_whole();
}

TEST_CASE("migrate half-way: an emptied database is not gone on with") {
  const HalfLab lab("half_gone");
  lab.stop_half_way();
  std::string why;
  SUBCASE("schema public made anew") {
    lab.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    why = "r1, on which it stands, is not applied any more";
  }
  SUBCASE("its table and the version table dropped") {
    lab.sql("DROP TABLE t1, alembic_version");
    why = "r1, on which it stands, is not applied any more";
  }
  SUBCASE("the version table emptied") {
    lab.sql("DROP TABLE t1; DELETE FROM alembic_version");
    why = "r1, on which it stands, is not applied any more";
  }
  SUBCASE("everything as it was before, by hand") {
    lab.sql(
        "DROP TABLE t1, alembic_version; CREATE TABLE t1 (a int);"
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
        "INSERT INTO alembic_version VALUES ('r1')");
    why = "the version table was dropped since";
  }
  SUBCASE("r1 taken down and applied again without the log") {
    lab.project.must({"downgrade", "base", "--no-log"});
    lab.project.must({"upgrade", "r1", "--no-log"});
    why = "row r1 of the version table was not written by pgseed";
  }
  SUBCASE("r1 taken down and applied again by a pgseed that did not refuse") {
    lab.sql(
        "BEGIN; DROP TABLE t1; CREATE TABLE t1 (a int); UPDATE alembic_version SET version_num = "
        "'r1'; INSERT INTO pgseed.migration_log (version_table, rev, direction, finished, ok, "
        "tool) SELECT version_table, 'r1', way, now(), true, 'pgseed' FROM pgseed.migration_log, "
        "unnest('{down,up}'::text[]) AS way WHERE rev = 'r1'; COMMIT");
    why = "r1, on which it stands, was run again since";
  }
  const std::string before = lab.sql("SELECT to_regclass('t1') IS NULL");
  lab.check_refused(lab.upgrade(), why);
  lab.check_refused(lab.upgrade(), "");
  CHECK(lab.sql("SELECT to_regclass('t1') IS NULL") == before);
  const Result verify = lab.run({"verify"});
  CHECK(verify.exit_code == 1);
  CHECK(has(verify.out, why));
  // The advice.
  lab.project.must({"repair"});
  CHECK(lab.upgrade().exit_code == 0);
  lab.check_whole();
}

TEST_CASE("migrate half-way: the first revision of all does not go on in an emptied database") {
  const HalfLab lab("half_first");
  lab.project.revision("r1", "",
                       {.upgrade = "CREATE TABLE t1 (a int);\nINSERT INTO nothere VALUES (1);",
                        .options = "transaction:false"});
  CHECK(lab.run({"upgrade", "r1"}).exit_code == 5);
  lab.project.revision("r1", "",
                       {.upgrade = "CREATE TABLE t1 (a int);\nINSERT INTO t1 VALUES (1);",
                        .options = "transaction:false"});
  SUBCASE("it goes on in the same one") {
    const Result on = lab.run({"upgrade", "r1"});
    CHECK(on.exit_code == 0);
    CHECK(has(on.err, "going on after statement 1 of 2"));
  }
  SUBCASE("schema public made anew") {
    lab.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    for (int attempt = 0; attempt < 2; ++attempt) {
      const Result refused = lab.run({"upgrade", "r1"});
      CHECK(refused.exit_code == 1);
      CHECK(has(refused.err, "the version table was dropped since"));
    }
    lab.project.must({"repair"});
    CHECK(lab.run({"upgrade", "r1"}).exit_code == 0);
  }
  CHECK(lab.sql("SELECT count(*) FROM t1") == "1");
}

TEST_CASE("migrate half-way: a stamp below it declares it undone") {
  const HalfLab lab("half_stamp");
  lab.stop_half_way();
  lab.sql("DROP TABLE t1");
  SUBCASE("base") {
    lab.project.must({"stamp", "base"});
  }
  SUBCASE("purged") {
    lab.project.must({"stamp", "--purge", "base"});
  }
  SUBCASE("although the version table had lost it before") {
    lab.sql("DROP TABLE alembic_version");
    lab.project.must({"stamp", "base"});
  }
  CHECK(lab.upgrade().exit_code == 0);
  lab.check_whole();
}

TEST_CASE(
    "migrate half-way: a stamp of what it stands on forgot it, and its statements ran again") {
  const HalfLab lab("half_stamp_ground");
  lab.stop_half_way();
  const std::string before = lab.sql("SELECT count(*) FROM t1");
  lab.sql("DROP TABLE alembic_version");
  lab.project.must({"stamp", "r1"});
  const Result refused = lab.upgrade();
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.err, "the version table was dropped since"));
  CHECK(lab.sql("SELECT count(*) FROM t1") == before);
}

TEST_CASE("migrate half-way: a stamp where it is leaves it, and says so") {
  const HalfLab lab("half_stamp_same");
  lab.stop_half_way();
  const Result same = lab.run({"stamp", "r1"});
  CHECK(same.exit_code == 0);
  CHECK(has(same.err, "revision r2 stopped half-way up, after 2 statements"));
  lab.repair_data();
  CHECK(lab.upgrade().exit_code == 0);
  lab.check_whole();
}

TEST_CASE("migrate half-way: reset takes everything down and forgets it") {
  const HalfLab lab("half_reset");
  lab.stop_half_way();
  SUBCASE("down") {
    lab.project.must({"reset", "--yes"});
  }
  SUBCASE("with all objects") {
    lab.project.must({"reset", "--yes", "--all-objects"});
  }
  CHECK(lab.upgrade().exit_code == 0);
  lab.check_whole();
}

TEST_CASE("migrate half-way: a branch beside it comes and goes, and it is gone on with") {
  const HalfLab lab("half_beside");
  lab.stop_half_way();
  lab.project.revision("s2", "r1",
                       {.upgrade = "CREATE TABLE s (a int);", .downgrade = "DROP TABLE s;"});
  lab.project.must({"upgrade", "s2"});  // its row takes the place of r1's
  CHECK(lab.rows() == "s2");
  lab.repair_data();
  const Result on = lab.run({"upgrade", "r2"});
  INFO(on.err);
  CHECK(on.exit_code == 0);
  CHECK(has(on.err, "going on after statement 2 of 3"));
  CHECK(lab.made() == "1|1|t1_u");
}

TEST_CASE("migrate half-way: verify and status say what to do in the state at hand") {
  const HalfLab lab("half_advice");
  SUBCASE("up") {
    lab.stop_half_way();
    const Result verify = lab.run({"verify"});
    CHECK(verify.exit_code == 1);
    CHECK(verify.out ==
          "revision r2 stopped half-way up, after 2 statements; finish it with pgseed migrate "
          "upgrade r2, or undo by hand what it did and pgseed migrate repair, which forgets it\n");
    CHECK(verify.err == "");
    CHECK(has(lab.run({"status"}).out, verify.out));
  }
  SUBCASE("down") {
    lab.stop_half_way_down();
    CHECK(has(lab.run({"verify"}).out,
              "half-way down, after 1 statement; finish it with pgseed "
              "migrate downgrade r1, or"));
  }
  SUBCASE("nothing of it stands") {
    lab.project.must({"upgrade", "r1"});
    lab.project.revision("r2", "r1", {.upgrade = "SELECT 1/0;", .options = "transaction:false"});
    CHECK(lab.upgrade().exit_code == 5);
    CHECK(lab.run({"verify"}).exit_code == 0);
    CHECK(lab.run({"downgrade", "base"}).exit_code == 0);
  }
}

TEST_CASE("migrate half-way: a revision taken down half-way does not count as applied") {
  const HalfLab lab("half_taken_down");
  lab.stop_half_way_down();
  lab.project.revision("r3", "r2", {"CREATE TABLE t3 (a int);"});
  SUBCASE("with more to come") {}
  SUBCASE("with nothing more") {
    std::filesystem::remove(lab.project.folder() / MigrateProject::path("r3"));
    const Result check = lab.run({"check"});
    CHECK(check.exit_code == 1);
    CHECK(has(check.err, "revision r2 stopped half-way down, after 1 statement"));
    const Result current = lab.run({"current", "--check-heads"});
    CHECK(current.exit_code == 1);
    CHECK(has(current.err, "pgseed migrate downgrade r1"));
    CHECK(lab.run({"pending", "--exit-code"}).exit_code == 1);
    CHECK(lab.run({"status", "--exit-code"}).exit_code == 1);
  }
  for (const char* const target : {"head", "r2"}) {
    CAPTURE(target);
    const Result refused = lab.run({"upgrade", target});
    INFO(refused.err);
    CHECK(refused.exit_code == 1);
    CHECK(has(refused.err,
              "revision r2 stopped half-way down, after 1 statement: it is not "
              "applied as a whole any more"));
    CHECK(has(refused.err, "pgseed migrate downgrade r1"));
  }
  CHECK(lab.run({"downgrade", "r2"}).exit_code == 1);
  CHECK(lab.run({"upgrade", "r1"}).exit_code == 0);  // that much is applied
  CHECK(lab.rows() == "r2");
  SUBCASE("finished") {
    lab.sql("CREATE TABLE nothere (a int)");
    const Result on = lab.run({"downgrade", "r1"});
    CHECK(on.exit_code == 0);
    CHECK(has(on.err, "going on after statement 1 of 2"));
    CHECK(lab.run({"upgrade", "r2"}).exit_code == 0);
    CHECK(lab.sql("SELECT to_regclass('t2')") == "t2");
  }
  SUBCASE("undone by hand") {
    lab.sql("CREATE TABLE t2 (a int)");
    lab.project.must({"repair"});
    CHECK(lab.run({"upgrade", "head"}).exit_code == 0);
  }
  SUBCASE("finished by another tool") {
    lab.sql("UPDATE alembic_version SET version_num = 'r1'");
    const Result on = lab.run({"upgrade", "r2"});
    CHECK(on.exit_code == 0);
    CHECK(has(on.err, "another tool has taken it down since"));
    CHECK(lab.sql("SELECT to_regclass('t2')") == "t2");
    CHECK(lab.mark("r2") == "up|0|t");
  }
}

TEST_CASE("migrate half-way: a section that is under way is not half-way") {
  const HalfLab lab("half_under_way");
  const auto write = [&](const std::string& end) {
    lab.project.revision("r2", "r1",
                         {.upgrade = "INSERT INTO t1 VALUES (2);\n"
                                     "SELECT pg_advisory_xact_lock(7);\n" +
                                     end,
                          .downgrade = "DELETE FROM t1 WHERE a = 2;",
                          .options = "transaction:false lock_timeout:0"});
  };
  std::string end = "SELECT 1;";
  SUBCASE("and comes to its end") {}
  SUBCASE("and stops") {
    end = "SELECT 1/0;";
  }
  const bool stops = end != "SELECT 1;";
  write(end);
  lab.project.must({"upgrade", "r1"});
  pg::Session gate(lab.project.url());
  gate.execute("BEGIN; SELECT pg_advisory_xact_lock(7)");
  const auto runs = lab.project.start({"upgrade", "head"});
  lab.wait_at_gate(*runs);
  CHECK(lab.run({"verify"}).exit_code == 0);
  CHECK(lab.run({"upgrade", "r1"}).exit_code == 0);  // nothing to do, and no wait
  const auto waits = lab.project.start({"downgrade", "base"});
  while (!has(waits->err(), "waiting for another migration")) {
    REQUIRE(waits->running());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  gate.execute("COMMIT");
  CHECK(end_of(*runs).exit_code == (stops ? 5 : 0));
  const Result down = end_of(*waits);
  INFO(down.err);
  if (stops) {
    lab.check_refused(down, "stands on r1, which therefore is not taken down");
    CHECK(lab.rows() == "r1");
  } else {
    CHECK(down.exit_code == 0);
    CHECK(lab.rows() == "");
  }
}

TEST_CASE("migrate half-way: what others depend on is not taken down either") {
  const HalfLab lab("half_depends");
  lab.project.must({"upgrade", "r1"});
  lab.project.folder().write(MigrateProject::path("p1"),
                             "-- pgseed:migration 1\n-- revision: p1\n-- down_revision:\n"
                             "-- depends_on: r1\n-- message: p1\n\n-- upgrade "
                             "transaction:false\nINSERT INTO t1 VALUES (2);\nSELECT 1/0;\n\n"
                             "-- downgrade\nSELECT 1;\n");
  CHECK(lab.run({"upgrade", "p1"}).exit_code == 5);
  const Result refused = lab.run({"downgrade", "base"});
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.err, "revision p1 stopped half-way up, after 1 statement, and stands on r1"));
  // What has nothing to do with it runs.
  lab.project.revision("q1", "", {.upgrade = "SELECT 1;", .downgrade = "SELECT 1;"});
  lab.project.must({"upgrade", "q1"});
}
