// The executor on PostgreSQL: transactions, half-way sections, rights, settings, checksums. What
// Alembic does in the same place is facts/alembic.md 1.6.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/directory.hpp"
#include "pgseed/migrate/executor.hpp"
#include "pgseed/migrate/local_setting.hpp"
#include "support/local_pgbouncer.hpp"
#include "support/migrate_project.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;
using migrate::Executor;
using migrate::ExecutorOptions;

namespace {

const LocalPostgres& server() {
  return migrate_server();
}

class Notes final : public migrate::ExecutorObserver {
 public:
  void step_begins(const migrate::Step&) override { ++steps; }
  void note(const std::string& line) override { lines += line + '\n'; }
  int steps = 0;
  std::string lines;
};

// A database of its own, revisions, and executors on both.
class Lab {
 public:
  explicit Lab(std::string database)
      : database_(std::move(database)), project(server().url(database_)) {
    server().create_database(database_);
  }

  std::string sql(const std::string& text) const { return server().sql(text, database_); }
  const std::string& database() const { return database_; }

  // "a1,b2"; "none" where there is no version table.
  std::string rows() const {
    if (sql("SELECT to_regclass('public.alembic_version')").empty()) return "none";
    return sql("SELECT string_agg(version_num, ',' ORDER BY 1) FROM public.alembic_version");
  }
  // Every schema and relation that is not the server's own.
  std::string objects() const {
    return sql(
        "SELECT string_agg(n, ',' ORDER BY n) FROM (SELECT nspname::text FROM pg_namespace WHERE "
        "nspname NOT LIKE 'pg\\_%' UNION ALL SELECT c.oid::regclass::text FROM pg_class c JOIN "
        "pg_namespace s ON s.oid = relnamespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> "
        "'information_schema') AS all_objects(n)");
  }

  struct Outcome {
    std::string steps;  // "+a1 -b2"
    std::string message, where, hint;
    int exit_code = 0;
    std::string notes;
    int announced = 0;
  };
  using Options = std::function<void(ExecutorOptions&)>;
  Outcome upgrade(const std::string& target = "head", const Options& options = {}) const {
    return perform(target, options, true);
  }
  Outcome downgrade(const std::string& target, const Options& options = {}) const {
    return perform(target, options, false);
  }

 private:
  Outcome perform(const std::string& target, const Options& set_options, bool up) const {
    Outcome outcome;
    Notes notes;
    try {
      const migrate::Graph graph(
          migrate::read_revisions({{project.folder() / "migrations/versions"}}));
      ExecutorOptions options;
      options.lock_wait = 10s;
      if (set_options) set_options(options);
      Executor executor(project.url(), graph, options, notes);
      for (const auto& step : up ? executor.upgrade(target) : executor.downgrade(target)) {
        outcome.steps +=
            text(outcome.steps.empty() ? "" : " ",
                 step.direction == migrate::Direction::up ? '+' : '-', graph[step.node].id);
      }
    } catch (const Error& error) {
      outcome.message = error.message;
      outcome.where = error.where;
      outcome.hint = error.hint;
      outcome.exit_code = exit_code(error.kind);
    }
    outcome.notes = notes.lines;
    outcome.announced = notes.steps;
    return outcome;
  }

  std::string database_;

 public:
  MigrateProject project;
};

// A revision that leaves a line with its transaction, and settings, in table seen.
std::string witness(const std::string& id) {
  return text("INSERT INTO public.seen VALUES ('", id,
              "', pg_current_xact_id()::text, current_setting('lock_timeout'), "
              "current_setting('statement_timeout'), current_setting('search_path'));");
}
constexpr const char* kSeen =
    "CREATE TABLE public.seen (rev text, xid text, lock_timeout text, statement_timeout text, "
    "search_path text);\n";

std::string ends_of(const std::string& where) {
  const auto slash = where.rfind('/');
  return slash == std::string::npos ? where : where.substr(slash + 1);
}

}  // namespace

// --- transactions

TEST_CASE("migrate executor: each revision is one transaction, with its row and its log entry") {
  const Lab lab("exec_each");
  lab.project.revision("a1", "", {kSeen + witness("a1"), "DROP TABLE seen;"});
  lab.project.revision("b2", "a1", {witness("b2"), "DELETE FROM seen WHERE rev = 'b2';"});
  lab.project.revision("c3", "b2", {witness("c3"), "DELETE FROM seen WHERE rev = 'c3';"});
  const auto up = lab.upgrade("b2");
  CHECK(up.message == "");
  CHECK(up.steps == "+a1 +b2");
  CHECK(up.announced == 2);
  CHECK(lab.rows() == "b2");
  CHECK(lab.sql("SELECT count(DISTINCT xid) FROM seen") == "2");
  CHECK(lab.sql("SELECT xmin::text = (SELECT xid FROM seen WHERE rev = 'b2') FROM "
                "alembic_version") == "t");
  CHECK(lab.sql("SELECT string_agg(rev || ' ' || direction || ' ' || ok, ', ' ORDER BY id), "
                "bool_and(l.xmin::text = xid) FROM pgseed.migration_log l JOIN seen USING (rev)") ==
        "a1 up true, b2 up true|t");
  CHECK(lab.upgrade().steps == "+c3");
  CHECK(lab.upgrade().steps == "");
  CHECK(lab.downgrade("base").steps == "-c3 -b2 -a1");
  CHECK(lab.rows() == "");  // the empty table stays, as with Alembic
}

TEST_CASE("migrate executor: a first revision that fails leaves the database as it was") {
  const Lab lab("exec_first");
  const std::string before = lab.objects();
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);\n\nSELECT * FROM\n   missing;"});
  const auto failed = lab.upgrade();
  CHECK(failed.exit_code == 5);
  CHECK(failed.message == "relation \"missing\" does not exist [42P01]");
  CHECK(ends_of(failed.where) == "a1.sql:10:4");
  CHECK(lab.objects() == before);
  CHECK(lab.upgrade("head", [](auto& options) { options.log = false; }).exit_code == 5);
  CHECK(lab.objects() == before);
}

TEST_CASE("migrate executor: a second revision that fails leaves the first") {
  const Lab lab("exec_second");
  lab.project.revision("a1", "", {kSeen + witness("a1")});
  lab.project.revision("b2", "a1", {"CREATE TABLE t (id int);\nINSERT INTO t VALUES (1/0);"});
  const auto failed = lab.upgrade();
  CHECK(failed.exit_code == 5);
  CHECK(failed.message == "division by zero [22012]");
  CHECK(ends_of(failed.where) == "b2.sql:8");
  CHECK(lab.rows() == "a1");
  CHECK(lab.sql("SELECT to_regclass('t') IS NULL, (SELECT count(*) FROM seen)") == "t|1");
  CHECK(lab.sql("SELECT rev, ok, sqlstate, error FROM pgseed.migration_log ORDER BY id DESC "
                "LIMIT 1") == "b2|f|22012|division by zero [22012]");
  lab.project.revision("b2", "a1", {"CREATE TABLE t (id int);"});
  CHECK(lab.upgrade().steps == "+b2");
}

TEST_CASE("migrate executor: --single-transaction is all or nothing") {
  const Lab lab("exec_single");
  const std::string before = lab.objects();
  const auto single = [](ExecutorOptions& options) { options.single_transaction = true; };
  lab.project.revision("a1", "", {kSeen + witness("a1")});
  lab.project.revision("b2", "a1", {"SELECT 1/0;"});
  CHECK(lab.upgrade("head", single).exit_code == 5);
  CHECK(lab.objects() == before);
  lab.project.revision("b2", "a1", {witness("b2")});
  CHECK(lab.upgrade("head", single).steps == "+a1 +b2");
  CHECK(lab.sql("SELECT count(*), count(DISTINCT xid) FROM seen") == "2|1");
  CHECK(lab.rows() == "b2");
  // A section that is no transaction is refused before anything runs.
  lab.project.revision("c3", "b2", {witness("c3")});
  lab.project.revision("d4", "c3", {.upgrade = "VACUUM seen;", .options = "transaction:false"});
  const auto refused = lab.upgrade("head", single);
  CHECK(refused.exit_code == 2);
  CHECK(refused.message ==
        "revision d4 has transaction:false and cannot be part of one "
        "transaction");
  CHECK(lab.rows() == "b2");
}

TEST_CASE("migrate executor: --dry-run runs everything and keeps nothing") {
  const Lab lab("exec_dry");
  const std::string before = lab.objects();
  const auto dry = [](ExecutorOptions& options) { options.dry_run = true; };
  lab.project.revision("a1", "", {kSeen + witness("a1")});
  lab.project.revision("b2", "a1", {witness("b2")});
  const auto outcome = lab.upgrade("head", dry);
  CHECK(outcome.steps == "+a1 +b2");
  CHECK(outcome.message == "");
  CHECK(lab.objects() == before);
  lab.project.revision("b2", "a1", {"SELECT 1/0;"});
  CHECK(lab.upgrade("head", dry).exit_code == 5);
  CHECK(lab.objects() == before);
}

TEST_CASE("migrate executor: a COMMIT that the server refuses leaves nothing, its cause is told") {
  const Lab lab("exec_commit");
  const std::string before = lab.objects();
  // A deferred check, which may pass with the second attempt: a sequence is not rolled back.
  const std::string deferred = R"(
CREATE FUNCTION check_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('attempts') < 2 THEN RAISE EXCEPTION 'not yet' USING ERRCODE = '%'; END IF;
  RETURN NULL;
END $$;
CREATE TABLE t (id int);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_it();
INSERT INTO t VALUES (1);)";
  const auto with = [&](const std::string& sqlstate) {
    return std::string(deferred).replace(deferred.find('%'), 1, sqlstate);
  };
  lab.project.revision("a1", "", {with("23514")});
  lab.sql("CREATE SEQUENCE attempts");
  const auto failed = lab.upgrade();
  CHECK(failed.exit_code == 5);
  CHECK(contains(failed.message, "not yet"));
  lab.sql("DROP SEQUENCE attempts");
  CHECK(lab.objects() == before);
  // A serialization failure passes by itself, so the revision is tried again, log and all.
  lab.project.revision("a1", "", {with("40001")});
  lab.sql("CREATE SEQUENCE attempts");
  const auto repeated = lab.upgrade();
  CHECK(repeated.message == "");
  CHECK(repeated.steps == "+a1");
  CHECK(repeated.announced == 1);
  CHECK(repeated.notes == "trying again: not yet\n");
  CHECK(lab.sql("SELECT count(*), (SELECT count(*) FROM pgseed.migration_log) FROM t") == "1|1");
}

TEST_CASE("migrate executor: an enum value can be used only behind its transaction") {
  const Lab lab("exec_enum");
  lab.project.revision("a1", "", {"CREATE TYPE st AS ENUM ('a');\nCREATE TABLE t (s st);"});
  lab.project.revision("b2", "a1", {"ALTER TYPE st ADD VALUE 'b';\nINSERT INTO t VALUES ('b');"});
  const auto failed = lab.upgrade();
  CHECK(contains(failed.message, "unsafe use of new value \"b\" of enum type st"));
  CHECK(contains(failed.hint, "transaction:false"));
  CHECK(lab.rows() == "a1");
  lab.project.revision("b2", "a1",
                       {.upgrade = "ALTER TYPE st ADD VALUE 'b';\nINSERT INTO t VALUES ('b');",
                        .options = "transaction:false"});
  CHECK(lab.upgrade().steps == "+b2");
  CHECK(lab.sql("SELECT s FROM t") == "b");
}

TEST_CASE("migrate executor: CONCURRENTLY inside a transaction fails with the way out") {
  const Lab lab("exec_cic");
  const std::string before = lab.objects();
  lab.project.revision("a1", "",
                       {"CREATE TABLE t (id int);\nCREATE INDEX CONCURRENTLY i ON t (id);"});
  const auto failed = lab.upgrade();
  CHECK(failed.exit_code == 5);
  CHECK(contains(failed.message, "cannot run inside a transaction block"));
  CHECK(contains(failed.hint, "-- upgrade transaction:false"));
  CHECK(ends_of(failed.where) == "a1.sql:8");
  CHECK(lab.objects() == before);
}

// --- transaction:false

TEST_CASE("migrate executor: a section without transaction goes on at the statement that failed") {
  const Lab lab("exec_resume");
  const std::string section =
      "INSERT INTO t VALUES (1);\n"
      "CREATE INDEX CONCURRENTLY i ON t (id);\n"
      "BEGIN;\nINSERT INTO t VALUES (2);\nINSERT INTO t VALUES (3);\nCOMMIT;\n"
      "VACUUM t;\n"
      "BEGIN;\nINSERT INTO t VALUES (4);\n%;\nCOMMIT;\n"
      "INSERT INTO t VALUES (5);";
  const auto write = [&](const std::string& last) {
    lab.project.revision("b2", "a1",
                         {.upgrade = std::string(section).replace(section.find('%'), 1, last),
                          .options = "transaction:false"});
  };
  const auto contents = [&] {
    return lab.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM t");
  };
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);"});
  write("INSERT INTO t VALUES (1/0)");
  const auto failed = lab.upgrade();
  CHECK(failed.exit_code == 5);
  CHECK(ends_of(failed.where) == "b2.sql:16");
  CHECK(lab.rows() == "a1");
  CHECK(contents() == "1 2 3");  // the block is a transaction
  CHECK(lab.sql("SELECT step, running, ok IS NULL, sqlstate FROM pgseed.migration_log WHERE rev = "
                "'b2'") == "5|f|t|22012");
  CHECK(contains(lab.project.run({"status"}).out, "b2"));
  write("INSERT INTO t VALUES (44)");
  const auto mended = lab.upgrade();
  CHECK(mended.message == "");
  CHECK(mended.steps == "+b2");
  CHECK(mended.notes == "going on after statement 5 of 8\n");
  CHECK(contents() == "1 2 3 4 5 44");
  CHECK(lab.rows() == "b2");
  CHECK(lab.sql("SELECT count(*), bool_and(ok), max(step) FROM pgseed.migration_log WHERE rev = "
                "'b2'") == "1|t|8");
}

TEST_CASE("migrate executor: a finished statement that was changed is refused until repair") {
  const Lab lab("exec_changed");
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);"});
  const auto write = [&](const std::string& section) {
    lab.project.revision("b2", "a1", {.upgrade = section, .options = "transaction:false"});
  };
  write("INSERT INTO t VALUES (1);\nSELECT 1/0;");
  CHECK(lab.upgrade().exit_code == 5);
  write("INSERT INTO t VALUES (7);\nINSERT INTO t VALUES (2);");
  const auto refused = lab.upgrade();
  CHECK(refused.exit_code == 3);
  CHECK(refused.message ==
        "revision b2 stopped after 1 statements, and these were changed in the file since");
  CHECK(ends_of(refused.where) == "b2.sql:7");
  CHECK(contains(refused.hint, "pgseed migrate repair"));
  CHECK(lab.sql("SELECT id FROM t") == "1");
  // Undone by hand and forgotten, the section runs from its beginning.
  lab.sql("TRUNCATE t");
  CHECK(lab.project.must({"repair"}) == "forgot that revision b2 stopped half-way\n");
  const auto done = lab.upgrade();
  CHECK(done.steps == "+b2");
  CHECK(lab.sql("SELECT string_agg(id::text, '' ORDER BY id) FROM t") == "27");
}

TEST_CASE("migrate executor: stamp ends what stopped half-way") {
  const Lab lab("exec_stamp_half");
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);"});
  lab.project.revision("b2", "a1",
                       {.upgrade = "INSERT INTO t VALUES (1);\nSELECT 1/0;",
                        .downgrade = "DELETE FROM t;",
                        .options = "transaction:false"});
  CHECK(lab.upgrade().exit_code == 5);
  lab.project.must({"stamp", "b2"});
  CHECK(lab.rows() == "b2");
  CHECK(lab.downgrade("a1").steps == "-b2");
  lab.project.revision("b2", "a1",
                       {.upgrade = "INSERT INTO t VALUES (2);", .options = "transaction:false"});
  CHECK(lab.upgrade().steps == "+b2");  // from its beginning, and no complaint about the change
  CHECK(lab.sql("SELECT id FROM t") == "2");
}

TEST_CASE("migrate executor: --no-log leaves no schema behind and begins such a section anew") {
  const Lab lab("exec_nolog");
  const auto no_log = [](ExecutorOptions& options) { options.log = false; };
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);"});
  lab.project.revision(
      "b2", "a1",
      {.upgrade = "INSERT INTO t VALUES (1);\nSELECT 1/0;", .options = "transaction:false"});
  CHECK(lab.upgrade("head", no_log).exit_code == 5);
  CHECK(lab.rows() == "a1");
  lab.project.revision(
      "b2", "a1",
      {.upgrade = "INSERT INTO t VALUES (1);\nSELECT 1;", .options = "transaction:false"});
  const auto done = lab.upgrade("head", no_log);
  CHECK(done.steps == "+b2");
  CHECK(done.notes == "");
  CHECK(lab.sql("SELECT count(*) FROM t") == "2");
  CHECK(lab.objects() == "alembic_version,alembic_version_pkc,information_schema,public,t");
}

TEST_CASE("migrate executor: what a section without transaction SETs is there when it goes on") {
  const Lab lab("exec_set_resume");
  lab.project.revision("a1", "",
                       {kSeen + std::string("CREATE SCHEMA app;\n"
                                            "CREATE TABLE app.t (id int);\n"
                                            "CREATE TABLE t (id int);")});
  const auto write = [&](const std::string& third) {
    lab.project.revision("b2", "a1",
                         {.upgrade = "SET search_path = app;\n"
                                     "INSERT INTO t VALUES (1);\n" +
                                     third +
                                     ";\n"
                                     "CREATE INDEX CONCURRENTLY i ON t (id);\n" +
                                     witness("b2") +
                                     "\n"
                                     "RESET search_path;\n" +
                                     witness("b2 reset"),
                          .options = "transaction:false"});
  };
  write("SELECT 1/0");
  CHECK(lab.upgrade().exit_code == 5);
  write("INSERT INTO t VALUES (2)");
  lab.project.revision("c3", "b2", {witness("c3")});
  CHECK(lab.upgrade().message == "");
  CHECK(lab.sql("SELECT count(*), (SELECT count(*) FROM public.t) FROM app.t") == "2|0");
  CHECK(lab.sql("SELECT 'app.i'::regclass, (SELECT indisvalid FROM pg_index WHERE indexrelid = "
                "'app.i'::regclass)") == "app.i|t");
  CHECK(lab.sql("SELECT string_agg(rev || ': ' || search_path, ', ' ORDER BY rev) FROM seen") ==
        "b2: app, b2 reset: \"$user\", public, c3: \"$user\", public");
}

TEST_CASE("migrate executor: an INVALID index that an earlier attempt left is built again") {
  const Lab lab("exec_invalid");
  lab.project.revision("a1", "",
                       {"CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\n"
                        "INSERT INTO app.t VALUES (1), (1);"});
  const std::string statement =
      "SET search_path = app;\n"
      "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (id);";
  lab.project.revision("b2", "a1", {.upgrade = statement, .options = "transaction:false"});
  const auto failed = lab.upgrade();
  CHECK(contains(failed.message, "could not create unique index \"i\""));
  CHECK(lab.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'app.i'::regclass") == "f");
  lab.sql("DELETE FROM app.t");
  CHECK(lab.upgrade().message == "");
  CHECK(lab.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'app.i'::regclass") == "t");
  // One that was there before is none of ours.
  lab.project.revision(
      "c3", "b2",
      {.upgrade = "CREATE INDEX CONCURRENTLY i ON app.t (id);", .options = "transaction:false"});
  const auto twice = lab.upgrade();
  CHECK(twice.exit_code == 5);
  CHECK(contains(twice.message, "relation \"i\" already exists"));
  CHECK(lab.rows() == "b2");
}

TEST_CASE("migrate executor: statements that refuse a transaction are found out by trying") {
  const Lab lab("exec_alone");
  lab.project.revision(
      "a1", "",
      {.upgrade = "CREATE TABLE t (id int);\n"
                  "DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END "
                  "$$;\n"
                  "REINDEX TABLE CONCURRENTLY t;\n"
                  "VACUUM (ANALYZE) t;\n"
                  "ALTER SYSTEM RESET work_mem;\n"
                  "INSERT INTO t VALUES (4);",
       .options = "transaction:false"});
  const auto outcome = lab.upgrade();
  CHECK(outcome.message == "");
  CHECK(lab.sql("SELECT string_agg(id::text, '' ORDER BY id) FROM t") == "1234");
  CHECK(lab.sql("SELECT step, ok FROM pgseed.migration_log") == "6|t");
}

TEST_CASE("migrate executor: a serializable default neither hangs CONCURRENTLY nor misleads") {
  const Lab lab("exec_serializable");
  lab.sql(text("ALTER DATABASE ", lab.database(),
               " SET default_transaction_isolation = 'serializable'"));
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);"});
  lab.project.revision(
      "b2", "a1",
      {.upgrade = "CREATE INDEX CONCURRENTLY i ON t (id);", .options = "transaction:false"});
  lab.project.revision("c3", "b2", {"INSERT INTO t VALUES (1);"});
  // With one snapshot for the guard the server would wait for it, and the guard for the server.
  std::unique_ptr<Process> run = lab.project.start({"upgrade", "head"});
  const Result result = end_of(*run, 20s);
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(lab.rows() == "c3");
}

// --- rights

TEST_CASE(
    "migrate executor: a role that may not make schemas migrates without a log, and says so") {
  Lab lab("exec_no_create");
  server().sql("DROP ROLE IF EXISTS no_create; CREATE ROLE no_create LOGIN");
  lab.sql("GRANT CREATE ON SCHEMA public TO no_create");
  lab.project.use(server().url(lab.database(), "no_create"));
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);"});
  lab.project.revision("b2", "a1",
                       {.upgrade = "CREATE INDEX CONCURRENTLY i ON t (id);\n"
                                   "INSERT INTO t VALUES (1);",
                        .options = "transaction:false"});
  const auto outcome = lab.upgrade();
  CHECK(outcome.message == "");
  CHECK(outcome.steps == "+a1 +b2");
  CHECK(outcome.notes == "the role may not create schema pgseed: migrations are not logged\n");
  CHECK(lab.rows() == "b2");
  CHECK(lab.sql("SELECT to_regnamespace('pgseed') IS NULL, count(*) FROM t") == "t|1");
  // Without a log nothing is repeated that may have been done already.
  lab.project.revision("c3", "b2",
                       {.upgrade = "INSERT INTO t VALUES (2);\nINSERT INTO t VALUES (3);\n"
                                   "LOCK TABLE locked NOWAIT;",
                        .options = "transaction:false"});
  lab.sql("CREATE TABLE locked (id int); GRANT ALL ON locked TO no_create");
  {
    pg::Session holder(server().url(lab.database()));
    holder.transaction([&](pg::Session& session) {
      session.execute("LOCK TABLE locked");
      CHECK(lab.upgrade().exit_code == 4);
    });
  }
  CHECK(lab.sql("SELECT count(*) FROM t") == "3");
  server().sql("DROP DATABASE exec_no_create WITH (FORCE)");
  server().sql("DROP ROLE no_create");
}

TEST_CASE("migrate executor: a role without rights changes nothing") {
  Lab lab("exec_no_rights");
  server().sql("DROP ROLE IF EXISTS no_rights; CREATE ROLE no_rights LOGIN");
  const std::string before = lab.objects();
  lab.project.use(server().url(lab.database(), "no_rights"));
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);"});
  for (const bool single : {false, true}) {
    CAPTURE(single);
    const auto refused =
        lab.upgrade("head", [&](auto& options) { options.single_transaction = single; });
    CHECK(refused.exit_code == 5);
    CHECK(contains(refused.message, "permission denied for schema public"));
    CHECK(contains(refused.hint, "lacks a right"));
    CHECK(lab.objects() == before);
  }
  // A version table that others own.
  lab.project.use(server().url(lab.database()));
  CHECK(lab.upgrade().steps == "+a1");
  lab.project.revision("b2", "a1", {"SELECT 1;"});
  lab.project.use(server().url(lab.database(), "no_rights"));
  const auto refused = lab.upgrade();
  CHECK(refused.exit_code == 5);
  CHECK(contains(refused.message, "permission denied for table alembic_version"));
  CHECK(lab.rows() == "a1");
}

TEST_CASE("migrate executor: a read-only server is refused with its hint") {
  const Lab lab("exec_read_only");
  const std::string before = lab.objects();
  lab.sql(text("ALTER DATABASE ", lab.database(), " SET default_transaction_read_only = on"));
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);"});
  for (const bool single : {false, true}) {
    const auto refused =
        lab.upgrade("head", [&](auto& options) { options.single_transaction = single; });
    CHECK(refused.exit_code == 5);
    CHECK(contains(refused.message, "read-only transaction"));
    CHECK(contains(refused.hint, "read-only"));
  }
  CHECK(lab.objects() == before);
}

// --- settings

TEST_CASE("migrate executor: a section's search_path neither hides the version table nor leaks") {
  const Lab lab("exec_search_path");
  lab.project.revision("a1", "",
                       {kSeen +
                        std::string("CREATE SCHEMA app;\nSET search_path = app;\n"
                                    "CREATE TABLE t (id int);\n") +
                        witness("a1")});
  lab.project.revision("b2", "a1",
                       {"SELECT pg_catalog.set_config('search_path', '', false);\n"
                        "CREATE TABLE app.u (id int);\n" +
                        witness("b2")});
  lab.project.revision("c3", "b2", {witness("c3")});
  for (const bool single : {false, true}) {
    CAPTURE(single);
    const auto up =
        lab.upgrade("head", [&](auto& options) { options.single_transaction = single; });
    CHECK(up.message == "");
    CHECK(lab.rows() == "c3");
    CHECK(lab.sql("SELECT string_agg(rev || ':' || search_path, ' ' ORDER BY rev) FROM seen") ==
          "a1:app b2: c3:\"$user\", public");
    CHECK(lab.sql("SELECT count(*) FROM pg_class WHERE relname = 'alembic_version'") == "1");
    lab.sql(
        "DROP SCHEMA app CASCADE; DROP SCHEMA pgseed CASCADE; DROP TABLE seen, alembic_version");
  }
}

TEST_CASE("migrate executor: a section's SET ROLE is its own") {
  const Lab lab("exec_role");
  server().sql("DROP ROLE IF EXISTS app_owner; CREATE ROLE app_owner");
  lab.sql("CREATE SCHEMA app AUTHORIZATION app_owner");
  lab.project.revision("a1", "", {"SET ROLE app_owner;\nCREATE TABLE app.t (id int);"});
  lab.project.revision("b2", "a1",
                       {.upgrade = "SET ROLE app_owner;\n"
                                   "CREATE TABLE app.u (id int);\n"
                                   "CREATE INDEX CONCURRENTLY i ON app.u (id);",
                        .options = "transaction:false"});
  lab.project.revision("c3", "b2", {"CREATE TABLE app.v (id int);"});
  const auto up = lab.upgrade();
  CHECK(up.message == "");
  CHECK(lab.rows() == "c3");
  CHECK(lab.sql("SELECT string_agg(tablename || ':' || tableowner, ' ' ORDER BY 1) FROM pg_tables "
                "WHERE schemaname = 'app'") == "t:app_owner u:app_owner v:postgres");
  server().sql("DROP DATABASE exec_role WITH (FORCE)");
  server().sql("DROP ROLE app_owner");
}

TEST_CASE("migrate executor: through PgBouncer no setting of a section reaches another client") {
  if (!LocalPgbouncer::is_installed()) return;
  Lab lab("exec_pooled");
  const LocalPgbouncer bouncer(server(), 2);
  lab.project.use(bouncer.url(lab.database()));
  const auto settings = [&] {
    // Several sessions, as one of the pool's two connections could be the clean one.
    std::set<std::string> seen;
    pg::Session first(lab.project.url());
    pg::Session second(lab.project.url());
    const auto ask = [&](pg::Session& session) {
      const auto row = session.query(
          "SELECT current_setting('search_path'), current_setting('lock_timeout'), "
          "current_setting('statement_timeout'), current_user")[0];
      seen.insert(text(*row[0], '|', *row[1], '|', *row[2], '|', *row[3]));
    };
    first.transaction([&](pg::Session& session) {
      ask(session);
      ask(second);
    });
    std::string all;
    for (const std::string& one : seen) all += one + '\n';
    return all;
  };
  const std::string before = settings();
  CHECK(before == "\"$user\", public|0|0|postgres\n");
  server().sql("DROP ROLE IF EXISTS pooled; CREATE ROLE pooled SUPERUSER");
  const std::string sets =
      "SET search_path = pg_catalog;\nSET statement_timeout = '17s';\nSET ROLE pooled;\n"
      "SELECT set_config('lock_timeout', '9s', false);\n";
  lab.project.revision("a1", "",
                       {.upgrade = sets + "CREATE TABLE public.t (id int);",
                        .options = "lock_timeout:3s statement_timeout:8s"});
  lab.project.revision("b2", "a1",
                       {.upgrade = sets + "INSERT INTO public.t VALUES (1);\n"
                                          "CREATE INDEX CONCURRENTLY i ON public.t (id);\n"
                                          "INSERT INTO public.t VALUES (2);",
                        .options = "transaction:false lock_timeout:3s statement_timeout:8s"});
  const auto up = lab.upgrade();
  CHECK(up.message == "");
  CHECK(settings() == before);
  lab.project.revision("c3", "b2",
                       {.upgrade = sets + "CREATE INDEX CONCURRENTLY i ON public.t "
                                          "(id);",
                        .options = "transaction:false lock_timeout:3s"});
  CHECK(lab.upgrade().exit_code == 5);  // after a failure as well
  CHECK(settings() == before);
}

TEST_CASE("migrate executor: time limits are those of the section, else of the command") {
  const Lab lab("exec_limits");
  const std::string own = "lock_timeout:3s statement_timeout:8s";
  lab.project.revision("a1", "", {kSeen + witness("a1")});
  lab.project.revision("b2", "a1", {.upgrade = witness("b2"), .options = own});
  lab.project.revision("c3", "b2",
                       {.upgrade = witness("c3"), .options = "transaction:false " + own});
  lab.project.revision("d4", "c3",
                       {.upgrade = "SET lock_timeout = '4s';\n" + witness("d4"), .options = own});
  const auto up = lab.upgrade("head", [](auto& options) { options.statement_timeout = "70s"; });
  CHECK(up.message == "");
  CHECK(lab.sql("SELECT string_agg(rev || ' ' || lock_timeout || ' ' || statement_timeout, ', ' "
                "ORDER BY rev) FROM seen") == "a1 5s 70s, b2 3s 8s, c3 3s 8s, d4 4s 8s");

  const auto fails = [&](const std::string& options, const std::string& section) {
    lab.project.revision("e5", "d4", {.upgrade = section, .options = options});
    const auto start = std::chrono::steady_clock::now();
    auto outcome = lab.upgrade();
    CHECK(std::chrono::steady_clock::now() - start < 8s);
    CHECK(lab.rows() == "d4");
    return outcome;
  };
  const auto statement = fails("statement_timeout:100ms", "SELECT pg_sleep(20);");
  CHECK(statement.exit_code == 5);
  CHECK(statement.message == "canceling statement due to statement timeout [57014]");
  CHECK(contains(statement.hint, "statement_timeout"));
  // The limit of the whole section, which none of its statements reaches.
  const std::string naps = "SELECT pg_sleep(0.2);\nSELECT pg_sleep(0.2);\nSELECT pg_sleep(0.2);\n";
  const auto whole = fails("timeout:300ms", naps);
  CHECK(whole.exit_code == 5);
  CHECK(ends_of(whole.where).starts_with("e5.sql:"));
  lab.project.revision("e5", "d4", {.upgrade = naps, .options = "timeout:20s"});
  CHECK(lab.upgrade().steps == "+e5");
}

// --- NOTIFY, checksums

TEST_CASE("migrate executor: the API is told once for each revision that stays") {
  const Lab lab("exec_notify");
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);", "DROP TABLE t;"});
  lab.project.revision("b2", "a1",
                       {.upgrade = "INSERT INTO t VALUES (1);\nVACUUM t;",
                        .downgrade = "DELETE FROM t;",
                        .options = "transaction:false"});
  lab.project.revision("c3", "b2", {"SELECT 1/0;"});
  // psql prints what has arrived when its query ends, which a lock decides.
  pg::Session gate(server().url(lab.database()));
  gate.query("SELECT pg_advisory_lock(7)");
  Process listener({.argv = {"psql", "-XAtq", lab.project.url()},
                    .stdin_text = "LISTEN pgrst; LISTEN other;\nSELECT pg_advisory_lock(7);\n"
                                  "SELECT 'end';\n"});
  REQUIRE(wait_until(
      [&] {
        return lab.sql(
                   "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT "
                   "granted") == "1";
      },
      10s));
  CHECK(lab.upgrade().exit_code == 5);  // a1 and b2 stay, c3 does not
  CHECK(lab.rows() == "b2");
  CHECK(lab.upgrade("head", [](auto& options) { options.dry_run = true; }).exit_code == 5);
  CHECK(lab.upgrade("b2").steps == "");
  CHECK(lab.downgrade("a1").steps == "-b2");
  CHECK(lab.downgrade("base", [](auto& options) { options.dry_run = true; }).steps == "-a1");
  gate.query("SELECT pg_advisory_unlock(7)");
  const std::string out = end_of(listener, 10s).out;
  std::size_t count = 0;
  const std::string arrived = "Asynchronous notification \"pgrst\" with payload \"reload schema\"";
  for (auto at = out.find(arrived); at != std::string::npos; at = out.find(arrived, at + 1))
    ++count;
  CAPTURE(out);
  CHECK(count == 3);
}

TEST_CASE("migrate executor: a changed file of an applied revision is reported until accepted") {
  const Lab lab("exec_verify");
  lab.project.revision("a1", "", {"CREATE TABLE t (id int);", "DROP TABLE t;"});
  lab.project.revision("b2", "a1",
                       {.upgrade = "INSERT INTO t VALUES (1);",
                        .downgrade = "DELETE FROM t;",
                        .options = "transaction:false"});
  CHECK(lab.upgrade().steps == "+a1 +b2");
  CHECK(lab.project.run({"verify"}).exit_code == 0);
  lab.project.revision("a1", "", {"CREATE TABLE t (id bigint);", "DROP TABLE t;"});
  const Result found = lab.project.run({"verify"});
  CHECK(found.exit_code == 1);
  CHECK(contains(found.out, "a1.sql"));
  CHECK_FALSE(contains(found.out, "b2.sql"));
  CHECK(lab.project.must({"repair"}) == "took the file of revision a1 as it is now\n");
  CHECK(lab.project.run({"verify"}).exit_code == 0);
  CHECK(lab.project.run({"repair"}).out == "");
  // Blanks at line ends and CR LF are no change; a changed downgrade is one.
  lab.project.revision("b2", "a1",
                       {.upgrade = "INSERT INTO t VALUES (1);",
                        .downgrade = "TRUNCATE t;",
                        .options = "transaction:false"});
  CHECK(lab.project.run({"verify"}).exit_code == 1);
}

TEST_CASE("local setting: what takes a setting back goes by its name") {
  struct Example {
    const char* statement;
    const char* undo;
  };
  for (const Example& example : {
           Example{"SET search_path = app, public", "RESET search_path"},
           Example{"set local work_mem to '1MB'", "RESET work_mem"},
           Example{"SET SESSION app.tenant = 'a'", "RESET app.tenant"},
           Example{"SET \"App\".x /* = */ = 1", "RESET \"App\".x"},
           Example{"SET ROLE owner", "RESET ROLE"},
           Example{"SET SESSION AUTHORIZATION owner", "RESET SESSION AUTHORIZATION"},
           Example{"SET LOCAL TIME ZONE 'UTC'", "RESET TIME ZONE"},
           Example{"SET SCHEMA 'app'", "RESET search_path"},
           Example{"SELECT pg_catalog.set_config('search_path', '', false)",
                   "SELECT pg_catalog.set_config('search_path', NULL, false)"},
           Example{
               "SELECT set_config('a.b', 'set_config(''x'', ', true), set_config('c', 'd', true)",
               "SELECT pg_catalog.set_config('a.b', NULL, false); "
               "SELECT pg_catalog.set_config('c', NULL, false)"},
           // The encoding is the connection's, and these are over with their transaction.
           Example{"SET client_encoding = 'UTF8'", ""},
           Example{"SET NAMES 'utf8'", ""},
           Example{"SET CONSTRAINTS ALL DEFERRED", ""},
           Example{"SET TRANSACTION READ ONLY", ""},
           Example{"RESET search_path", ""},
           Example{"SELECT 1", ""},
           Example{"SELECT 'set_config('", ""},
           Example{"CREATE TABLE set (id int)", ""},
           Example{"SET x = 'never closed", "RESET x"},
       }) {
    CAPTURE(example.statement);
    CHECK(migrate::undo_of(example.statement) == example.undo);
  }
}
