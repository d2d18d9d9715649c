// transaction:false sections with statements that COMMIT by themselves: they never run twice, and
// what is not known of them is said.
#include <doctest/doctest.h>

#include <signal.h>

#include <chrono>
#include <string>
#include <thread>

#include "pgseed/pg/session.hpp"
#include "support/migrate_project.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

namespace {

class Lab {
 public:
  explicit Lab(const std::string& database)
      : database_(database), project(migrate_server().url(database)) {
    migrate_server().create_database(database);
    project.revision("a1", "", {"CREATE TABLE t (id int);\nCREATE TABLE l (id int);"});
    project.must({"upgrade", "a1"});
  }
  std::string sql(const std::string& text) const { return migrate_server().sql(text, database_); }
  std::string rows() const {
    return sql("SELECT string_agg(version_num, ',') FROM alembic_version");
  }
  std::string log() const {
    return sql("SELECT step, running, ok FROM pgseed.migration_log WHERE rev = 'b2'");
  }
  void section(const std::string& upgrade, const std::string& options = "transaction:false") const {
    project.revision("b2", "a1", {.upgrade = upgrade, .options = options});
  }
  Result upgrade() const { return project.run({"upgrade", "head", "--lock-wait", "5"}); }

 private:
  std::string database_;

 public:
  MigrateProject project;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// What stands of the block after a failure in it is said once, and the block is not run again.
void check_stopped(const Lab& lab, const std::string& rows_of_t) {
  const Result again = lab.upgrade();
  CHECK(again.exit_code == 1);
  CHECK(has(again.err, "stopped within statement 2, which can COMMIT by itself"));
  CHECK(has(again.err, "b2.sql:8"));
  CHECK(has(again.err, "pgseed migrate repair"));
  CHECK(lab.rows() == "a1");
  CHECK(lab.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM t") == rows_of_t);
}

}  // namespace

TEST_CASE("migrate blocks: a DO block that ran into a lock timeout behind its COMMIT ran once") {
  const Lab lab("blocks_lock");
  lab.section(
      "INSERT INTO t VALUES (1);\n"
      "DO $$ BEGIN INSERT INTO t VALUES (2); COMMIT; LOCK TABLE l; END $$;\n"
      "INSERT INTO t VALUES (3);",
      "transaction:false lock_timeout:200ms");
  pg::Session holder(lab.project.url());
  holder.execute("BEGIN; LOCK TABLE l");
  const Result failed = lab.upgrade();
  CHECK(failed.exit_code == 1);
  CHECK(has(failed.err, "part of its work may stand"));
  CHECK(has(failed.err, "b2.sql:8"));
  CHECK(lab.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM t") == "1 2");
  CHECK(lab.log() == "1|t|");
  holder.execute("COMMIT");
  check_stopped(lab, "1 2");
  // An edit does not make it known either.
  lab.section("INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (3);");
  check_stopped(lab, "1 2");
  // Undone by hand and forgotten, the section begins anew.
  lab.sql("TRUNCATE t");
  lab.project.must({"repair"});
  CHECK(lab.upgrade().exit_code == 0);
  CHECK(lab.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM t") == "1 3");
}

TEST_CASE("migrate blocks: a block that meets the lock before its COMMIT is tried again") {
  const Lab lab("blocks_before");
  lab.section("DO $$ BEGIN LOCK TABLE l; INSERT INTO t VALUES (2); COMMIT; END $$;",
              "transaction:false lock_timeout:200ms");
  pg::Session holder(lab.project.url());
  holder.execute("BEGIN; LOCK TABLE l");
  auto process = lab.project.start({"upgrade", "head", "--lock-wait", "60"});
  while (process->err().find("trying again") == std::string::npos) {
    std::this_thread::sleep_for(20ms);
  }
  holder.execute("COMMIT");
  CHECK(end_of(*process).exit_code == 0);
  CHECK(lab.sql("SELECT count(*) FROM t") == "1");
  CHECK(lab.rows() == "b2");
}

TEST_CASE("migrate blocks: a procedure that was killed behind its COMMIT is not called again") {
  const Lab lab("blocks_kill");
  lab.sql(
      "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (2); COMMIT; "
      "LOCK TABLE l; END $$");
  lab.section("INSERT INTO t VALUES (1);\nCALL p();\nINSERT INTO t VALUES (3);",
              "transaction:false lock_timeout:0");
  pg::Session holder(lab.project.url());
  SUBCASE("the process") {
    holder.execute("BEGIN; LOCK TABLE l");
    auto process = lab.project.start({"upgrade", "head"});
    while (lab.sql("SELECT count(*) FROM t") != "2") std::this_thread::sleep_for(20ms);
    process->send(SIGKILL);
    end_of(*process);
    holder.execute("COMMIT");
  }
  SUBCASE("its server process") {
    holder.execute("BEGIN; LOCK TABLE l");
    auto process = lab.project.start({"upgrade", "head"});
    while (lab.sql("SELECT count(*) FROM t") != "2") std::this_thread::sleep_for(20ms);
    lab.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL p()%'");
    const Result lost = end_of(*process);
    CHECK(lost.exit_code == 1);
    CHECK(has(lost.err, "pgseed migrate repair"));
    holder.execute("COMMIT");
  }
  check_stopped(lab, "1 2");
  // Finished by hand, it is stamped.
  lab.project.must({"stamp", "b2"});
  CHECK(lab.upgrade().exit_code == 0);
  CHECK(lab.sql("SELECT count(*) FROM t") == "2");
}

TEST_CASE("migrate blocks: a section sent as it stands is not sent again behind its COMMIT") {
  const Lab lab("blocks_noparse");
  lab.section("-- pgseed:noparse\nBEGIN; INSERT INTO t VALUES (1); COMMIT; SELECT 1/0;",
              "transaction:false");
  const Result failed = lab.upgrade();
  CHECK(failed.exit_code == 1);
  CHECK(has(failed.err, "part of its work may stand"));
  const Result again = lab.upgrade();
  CHECK(again.exit_code == 1);
  CHECK(has(again.err, "stopped within statement 1"));
  CHECK(lab.sql("SELECT count(*) FROM t") == "1");
}

TEST_CASE("migrate blocks: a half-done section that became a transaction is refused") {
  const Lab lab("blocks_became");
  lab.section("INSERT INTO t VALUES (1);\nSELECT 1/0;");
  CHECK(lab.upgrade().exit_code == 5);
  for (const char* const single : {"", "--single-transaction", "--dry-run"}) {
    CAPTURE(single);
    lab.section("INSERT INTO t VALUES (1);\nSELECT 1;", "");
    std::vector<std::string> args = {"upgrade", "head"};
    if (*single != '\0') args.push_back(single);
    const Result refused = lab.project.run(args);
    CHECK(refused.exit_code == 3);
    CHECK(has(refused.err,
              "revision b2 stopped after 1 statement, and its section had "
              "transaction:false then, which was changed in the file since"));
    CHECK(has(refused.err, "b2.sql:6"));
    CHECK(lab.sql("SELECT count(*) FROM t") == "1");
  }
  lab.section("INSERT INTO t VALUES (1);\nSELECT 1;");
  CHECK(lab.upgrade().exit_code == 0);
  CHECK(lab.sql("SELECT count(*) FROM t") == "1");
}

TEST_CASE("migrate blocks: the option timeout ends a section without transaction, too") {
  const Lab lab("blocks_timeout");
  const auto check = [&](const Result& failed) {
    CHECK(failed.exit_code == 5);
    CHECK(has(failed.err, "ran into its timeout:300ms"));
    CHECK(!has(failed.err, "statement_timeout"));
    CHECK(lab.rows() == "a1");
  };
  SUBCASE("in a statement's transaction") {
    lab.section("SELECT pg_sleep(0.2);\nSELECT pg_sleep(60);", "transaction:false timeout:300ms");
    check(lab.upgrade());
  }
  SUBCASE("of a statement that runs alone") {
    lab.sql("INSERT INTO t SELECT generate_series(1, 3)");
    lab.sql(
        "CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(60); RETURN $1; END $$");
    lab.section("CREATE INDEX CONCURRENTLY i ON t (slow(id));", "transaction:false timeout:300ms");
    check(lab.upgrade());
  }
  SUBCASE("in a transaction") {
    lab.section("SELECT pg_sleep(60);", "timeout:300ms statement_timeout:50s");
    check(lab.upgrade());
  }
  SUBCASE("and statement_timeout stays the one of a statement") {
    lab.section("SELECT pg_sleep(60);", "transaction:false timeout:50s statement_timeout:300ms");
    const Result failed = lab.upgrade();
    CHECK(failed.exit_code == 5);
    CHECK(has(failed.err, "it ran into statement_timeout"));
  }
}
