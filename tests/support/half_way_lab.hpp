#pragma once
// A revision without transaction that stopped half-way, up or down.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/migrate_project.hpp"

namespace pgseed::test {

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// r2 stops at its third statement, because of a row that is there twice.
class HalfLab {
 public:
  explicit HalfLab(const std::string& database)
      : database_(database), project(migrate_server().url(database)) {
    migrate_server().create_database(database);
    project.revision("r1", "",
                     {.upgrade = "CREATE TABLE t1 (a int);\nINSERT INTO t1 VALUES (1);",
                      .downgrade = "DROP TABLE t1;"});
    project.revision("r2", "r1",
                     {.upgrade = "ALTER TABLE t1 ADD COLUMN b int;\n"
                                 "INSERT INTO t1 (a) VALUES (2);\n"
                                 "CREATE UNIQUE INDEX CONCURRENTLY t1_u ON t1 (a);",
                      .downgrade = "DROP INDEX t1_u;\nDELETE FROM t1 WHERE a = 2;\n"
                                   "ALTER TABLE t1 DROP COLUMN b;",
                      .options = "transaction:false"});
  }
  std::string sql(const std::string& text) const { return migrate_server().sql(text, database_); }
  std::string rows() const {
    return sql("SELECT string_agg(version_num, ',') FROM alembic_version");
  }
  // Column b, row 2 and the index of r2.
  std::string made() const {
    return sql(
        "SELECT (SELECT count(*) FROM pg_attribute WHERE attrelid = 't1'::regclass AND "
        "attname = 'b'), (SELECT count(*) FROM t1 WHERE a = 2), to_regclass('t1_u')");
  }
  std::string mark(const std::string& id) const {
    return sql("SELECT direction, step, ok FROM pgseed.migration_log WHERE rev = '" + id +
               "' ORDER BY id DESC LIMIT 1");
  }
  Result run(std::vector<std::string> args) const { return project.run(std::move(args)); }
  Result upgrade() const { return run({"upgrade", "head"}); }

  void stop_half_way() const {
    project.must({"upgrade", "r1"});
    sql("INSERT INTO t1 VALUES (1)");
    const Result failed = upgrade();
    REQUIRE(failed.exit_code == 5);
    REQUIRE(mark("r2") == "up|2|");
  }
  void repair_data() const {
    sql("DELETE FROM t1 WHERE ctid = (SELECT max(ctid) FROM t1 WHERE a = 1)");
  }
  // All of r2 is there, as if it had run once.
  void check_whole() const {
    CHECK(rows() == "r2");
    CHECK(made() == "1|1|t1_u");
  }
  void check_refused(const Result& refused, const std::string& why) const {
    INFO(refused.err);
    CHECK(refused.exit_code == 1);
    CHECK(has(refused.err, "revision r2 stopped half-way"));
    CHECK(has(refused.err, why));
    CHECK(has(refused.err, "r2.sql:6"));
    CHECK(has(refused.err, "pgseed migrate repair"));
  }
  // r2 taken down half-way: its table is gone, its row is not.
  void stop_half_way_down() const {
    project.revision("r2", "r1",
                     {.upgrade = "CREATE TABLE t2 (a int);",
                      .downgrade = "DROP TABLE t2;\nALTER TABLE nothere ADD b int;",
                      .down_options = "transaction:false"});
    project.must({"upgrade", "head"});
    REQUIRE(run({"downgrade", "r1"}).exit_code == 5);
    REQUIRE(rows() == "r2");
    REQUIRE(sql("SELECT to_regclass('t2') IS NULL") == "t");
  }

  // Until it waits for an advisory lock.
  void wait_at_gate(Process& process) const {
    while (sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") ==
           "0") {
      REQUIRE(process.running());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

 private:
  std::string database_;

 public:
  MigrateProject project;
};

}  // namespace pgseed::test
