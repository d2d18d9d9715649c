// What a file sets and begins holds for its SQL in a direct load as it does under psql, which is
// the oracle here; where that cannot be, the file is refused before anything is written.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/text.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

// Loads the dump by psql and by both ways that carry SQL; the query must tell the same.
void same_as_psql(const std::string& schema, const std::string& dump, const std::string& query,
                  const std::string& wanted) {
  shared_stack().reset(schema);
  sql(dump);
  REQUIRE(sql(query) == wanted);
  for (const std::vector<std::string>& way : std::vector<std::vector<std::string>>{
           {"--via", "direct"}, {}, {"--via", "direct", "--no-check"}}) {
    CAPTURE(way.size());
    shared_stack().reset(schema);
    const Seeded seeded = seed_text(dump, way);
    CHECK_MESSAGE(seeded.exit_code() == 0, seeded.error());
    CHECK(sql(query) == wanted);
  }
}

// Refused with its line, by both ways and unsurveyed; the table holds what it held.
void refused_at(const std::string& schema, const std::string& dump, int line,
                const std::string& reason) {
  for (const std::vector<std::string>& way : std::vector<std::vector<std::string>>{
           {"--via", "direct"}, {"--via", "direct", "--no-check"}}) {
    CAPTURE(way.size());
    shared_stack().reset(schema);
    const Seeded seeded = seed_text(dump, way);
    CHECK(seeded.exit_code() == 3);
    CHECK(contains(seeded.error(), reason));
    CHECK(!seeded.hint().empty());
    CHECK(seeded.where().ends_with("dump.sql:" + std::to_string(line)));
    CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "1old");
  }
  shared_stack().reset(schema);
  const Seeded automatic = seed_text(dump);
  CHECK(automatic.exit_code() == 3);
  const std::string said = automatic.notes() + automatic.where() + ": " + automatic.error();
  CHECK(contains(said, "dump.sql:" + std::to_string(line) + ":"));
  CHECK(contains(said, reason));
  CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "1old");
}

const std::string kTable =
    "create table t (id int primary key, v text); insert into t values (1, 'old');";

}  // namespace

TEST_CASE("direct settings: SET ROLE was dropped, and a DELETE took the rows of all roles") {
  const std::string schema =
      "drop role if exists settings_role; create role settings_role;"
      "grant usage on schema public to settings_role;"
      "create table r (id int, owner text default current_user);"
      "alter table r enable row level security;"
      "create policy own on r using (owner = current_user);"
      "grant all on r to settings_role;"
      "insert into r values (1, 'settings_role'), (2, 'postgres')";
  same_as_psql(schema,
               "INSERT INTO r VALUES (6, 'postgres');\n"
               "SET ROLE settings_role;\nDELETE FROM r;\n"
               "INSERT INTO r VALUES (3, 'settings_role');\n"
               "INSERT INTO r VALUES (4, lower('SETTINGS_ROLE'));\n"
               "RESET ROLE;\n"
               "INSERT INTO r VALUES (5, current_user), (7, 'x');\n",
               "select string_agg(id || owner, ' ' order by id) from r",
               "2postgres 3settings_role 4settings_role 5postgres 6postgres 7x");
  sql("drop owned by settings_role; drop role settings_role");
}

TEST_CASE("direct settings: a role that must not write is refused though the connection may") {
  shared_stack().reset("drop role if exists settings_role; create role settings_role;" + kTable);
  const Seeded seeded =
      seed_text("SET ROLE settings_role;\nUPDATE t SET v = 'x';\n", {"--via", "direct"});
  CHECK(seeded.exit_code() == 5);
  CHECK(seeded.where().ends_with("dump.sql:2"));
  const Seeded none =
      seed_text("INSERT INTO t VALUES (2, 'x');\nSET ROLE nobody_at_all;\n", {"--via", "direct"});
  CHECK(none.exit_code() == 5);
  CHECK(none.where().ends_with("dump.sql:2"));
  CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "1old");
  sql("drop role settings_role");
}

TEST_CASE("direct settings: parameters of the application were NULL for the file's expressions") {
  same_as_psql(kTable,
               "SET app.tenant = '7';\n"
               "INSERT INTO t VALUES (2, current_setting('app.tenant', true));\n"
               "SELECT set_config('app.tenant', 'b''c', false), set_config('App.Two', 'x', true);\n"
               "INSERT INTO t VALUES (3, current_setting('app.tenant', true));\n"
               "SELECT pg_catalog.set_config('app.tenant', upper(current_setting('app.tenant')), "
               "false) AS done;\n"
               "INSERT INTO t VALUES (4, current_setting('app.tenant', true));\n"
               "RESET app.tenant;\n"
               "INSERT INTO t VALUES (5, '<' || current_setting('app.tenant', true) || '>');\n"
               "SET app.tenant = 9; RESET ALL;\n"
               "INSERT INTO t VALUES (6, '<' || current_setting('app.tenant', true) || '>');\n",
               "select string_agg(id || v, ' ' order by id) from t", "1old 27 3b'c 4B'C 5<> 6<>");
}

TEST_CASE("direct settings: triggers fired behind SET session_replication_role = replica") {
  const std::string schema =
      kTable +
      "create table log (id int);"
      "create function log_t() returns trigger language plpgsql as $$ begin"
      " insert into log values (new.id); return new; end $$;"
      "create trigger log_t after insert or update on t for each row execute function log_t()";
  same_as_psql(
      schema,
      "SET session_replication_role = replica;\n"
      "INSERT INTO t VALUES (2, 'a'), (3, 'b');\nCOPY t (id, v) FROM stdin;\n4\tc\n\\.\n"
      "SET session_replication_role = DEFAULT;\nUPDATE t SET v = 'd' WHERE id = 4;\n",
      "select (select count(*) from t) || ':' || (select string_agg(id::text, ' ') from log)",
      "4:4");
  // Without SQL of the file as well.
  shared_stack().reset(schema);
  CHECK(seed_text("SET session_replication_role = replica;\nINSERT INTO t VALUES (2, 'a');\n",
                  {"--via", "direct"})
            .exit_code() == 0);
  CHECK(seed_text("SET session_replication_role = replica;\nINSERT INTO t VALUES (2, 'b');\n",
                  {"--via", "direct", "--upsert"})
            .exit_code() == 0);
  CHECK(sql("select count(*) from log") == "0");
  CHECK(sql("select v from t where id = 2") == "b");
  // The next file is a session of its own.
  TempDir folder;
  const std::string first = folder.write(
      "1.sql", "SET session_replication_role = replica;\nINSERT INTO t VALUES (5, 'a');");
  const std::string second = folder.write("2.sql", "INSERT INTO t VALUES (6, 'a');");
  CHECK(seed({first, second, "--via", "direct", "--upsert"}).exit_code() == 0);
  CHECK(sql("select string_agg(id::text, ' ') from log") == "6");
}

TEST_CASE("direct settings: what a role may not set is noted for rows, and an error before SQL") {
  shared_stack().reset(kTable +
                       "drop role if exists settings_login; create role settings_login login;"
                       "grant usage on schema public to settings_login;"
                       "grant all on t to settings_login");
  Call call;
  call.environment = {
      {"DATABASE_URL", shared_stack().postgres.url(Stack::kDatabase, "settings_login")}};
  const std::string head = "-- data\nSET session_replication_role = replica;\n";
  const Seeded rows =
      seed_text(head + "INSERT INTO t VALUES (2, 'a');\n", {"--via", "direct"}, call);
  CHECK(rows.exit_code() == 0);
  CHECK(contains(rows.notes(), "was not applied: permission denied"));
  CHECK(contains(rows.notes(), "triggers and foreign keys work as usual"));
  const Seeded with_sql =
      seed_text(head + "INSERT INTO t VALUES (3, upper('a'));\n", {"--via", "direct"}, call);
  CHECK(with_sql.exit_code() == 5);
  CHECK(with_sql.where().ends_with("dump.sql:2"));
  CHECK(contains(with_sql.hint(), "take the line out"));
  CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "1old 2a");
  sql("drop owned by settings_login; drop role settings_login");
}

TEST_CASE("direct settings: of the search_path only the first schema counted, then public") {
  const std::string schema =
      "drop schema if exists settings_app cascade; drop schema if exists settings_ext cascade;"
      "create schema settings_app; create schema settings_ext;"
      "create table q (id int); create table settings_ext.q (id int); insert into q values (1);"
      "insert into settings_ext.q values (2)";
  const std::string both =
      "select (select count(*) from public.q) || ' ' || (select count(*) from settings_ext.q)";
  same_as_psql(schema, "SET search_path = settings_app, settings_ext;\nDELETE FROM q;\n", both,
               "1 0");
  same_as_psql(schema,
               "SELECT pg_catalog.set_config('search_path', 'settings_app, settings_ext', false);\n"
               "DELETE FROM q;\nRESET search_path;\nINSERT INTO q SELECT 7;\n",
               both, "2 0");
  same_as_psql(schema,
               "SET search_path = settings_app;\nSELECT set_config('search_path', "
               "current_setting('search_path') || ',settings_ext', false);\nDELETE FROM q;\n",
               both, "1 0");
  // Names that the path does not have are not looked up elsewhere.
  for (const std::string path : {"SELECT pg_catalog.set_config('search_path', '', false)",
                                 "SET search_path = settings_app"}) {
    shared_stack().reset(schema);
    const Seeded seeded = seed_text(path + ";\nDELETE FROM q;\n", {"--via", "direct"});
    CHECK(seeded.exit_code() == 5);
    CHECK(seeded.where().ends_with("dump.sql:2"));
    CHECK(sql(both) == "1 1");
  }
  sql("drop schema settings_app cascade; drop schema settings_ext cascade");
}

TEST_CASE("direct settings: SET LOCAL outlived its COMMIT") {
  const std::string schema =
      "drop schema if exists settings_app cascade; create schema settings_app;"
      "create table q (id int, v text); create table settings_app.q (id int, v text);"
      "create table z (id int, at timestamptz);"
      "insert into q values (1); insert into settings_app.q values (2)";
  const std::string both =
      "select (select count(*) from public.q) || ' ' || (select count(*) from settings_app.q)";
  same_as_psql(schema,
               "BEGIN;\nSET LOCAL search_path = settings_app;\nINSERT INTO q SELECT 3;\nCOMMIT;\n"
               "DELETE FROM q;\n",
               both, "0 2");
  // Without a block it does nothing.
  same_as_psql(schema, "SET LOCAL search_path = settings_app;\nDELETE FROM q;\n", both, "0 1");
  // One without LOCAL stays, and what stood before a LOCAL one comes back.
  same_as_psql(schema,
               "SET app.x = 'a';\nBEGIN;\nSET LOCAL app.x = 'b';\nSET LOCAL app.x = 'c';\n"
               "SELECT set_config('app.y', 'd', true);\nSET app.z = 'e';\n"
               "INSERT INTO q VALUES (5, current_setting('app.x') || current_setting('app.y'));\n"
               "COMMIT;\n"
               "INSERT INTO q VALUES (6, current_setting('app.x') || "
               "coalesce(current_setting('app.y', true), '') || current_setting('app.z'));\n",
               "select string_agg(v, ' ' order by id) from q", "cd ae");
}

TEST_CASE("direct settings: the time zone of a block was that of all rows behind it") {
  const std::string schema = "create table z (id int, at timestamptz)";
  const std::string dump =
      "SET TIME ZONE 'UTC';\nBEGIN;\nSET LOCAL TIME ZONE 'Asia/Tokyo';\n"
      "INSERT INTO z VALUES (1, '2024-01-01 12:00');\nCOMMIT;\n"
      "INSERT INTO z VALUES (2, '2024-01-01 12:00');\n"
      "SET LOCAL TIME ZONE 'Asia/Tokyo';\nINSERT INTO z VALUES (3, '2024-01-01 12:00');\n";
  const std::string hours =
      "select string_agg(id || ':' || to_char(at at time zone 'UTC', 'HH24'), ' ' order by id) "
      "from z";
  // Rows of literals go over PostgREST, which takes the zone from the file's text.
  same_as_psql(schema, dump, hours, "1:03 2:12 3:12");
  same_as_psql(schema,
               dump +
                   "INSERT INTO z SELECT 4, '2024-01-01 12:00';\n"
                   "SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE;\n"
                   "INSERT INTO z SELECT 5, '2024-01-01 12:00';\n"
                   "INSERT INTO z VALUES (6, '2024-01-01 12:00');\n",
               hours, "1:03 2:12 3:12 4:12 5:20 6:20");
}

TEST_CASE("direct settings: what the server does not know is passed over with a note") {
  shared_stack().reset(kTable);
  const Seeded seeded = seed_text(
      "SET transaction_timeout = 0;\nSET parameter_of_tomorrow = on;\nSET statement_timeout = 1;\n"
      "INSERT INTO t VALUES (2, upper('a'));\nSELECT pg_sleep(0.05), lower('A') FROM t;\n",
      {"--via", "direct"});
  CHECK(seeded.exit_code() == 0);
  CHECK(contains(seeded.notes(), "parameter_of_tomorrow ("));
  CHECK(contains(seeded.notes(), "dump.sql:2) was passed over"));
  CHECK(!contains(seeded.notes(), "transaction_timeout"));
  CHECK(sql("select v from t where id = 2") == "A");
}

TEST_CASE("direct settings: SQL behind \\connect ran in the database of the run") {
  refused_at(kTable, "SET TIME ZONE 'UTC';\n\\connect otherdb\nDELETE FROM t;\n", 2, "\\connect");
  refused_at(kTable, "\\c otherdb\nINSERT INTO t VALUES (2, lower('A'));\n", 1, "\\connect");
  // Rows alone are the point of such a dump.
  same_as_psql("create table t (id int primary key, v text)",
               "\\connect " + std::string(Stack::kDatabase) + "\nINSERT INTO t VALUES (1, 'a');\n",
               "select v from t", "a");
}

TEST_CASE("direct settings: definitions that SQL behind them may need were passed over") {
  const std::string old = kTable +
                          "create function f() returns text language sql as $$ select 'old' $$;"
                          "create materialized view m as select 1 as n;";
  const std::vector<std::string> definitions = {
      "CREATE FUNCTION f(x int) RETURNS text LANGUAGE sql AS $$ SELECT 'n;ew' $$",
      "CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT 'new'; END",
      "create procedure p() language sql as ''",
      "CREATE CONSTRAINT TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION g()",
      "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
      "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
      "ALTER TABLE ONLY public.t DISABLE TRIGGER ALL",
      "ALTER TABLE t DISABLE ROW LEVEL SECURITY",
      "DROP TRIGGER IF EXISTS x ON t",
      "REFRESH MATERIALIZED VIEW m",
      "CREATE TABLE x AS SELECT * FROM t",
      "CREATE TEMP TABLE IF NOT EXISTS x (a, b) WITH (fillfactor = 70) ON COMMIT DROP AS TABLE t"};
  for (const std::string& definition : definitions) {
    CAPTURE(definition);
    refused_at(old, "-- \n" + definition + ";\nINSERT INTO t VALUES (2, f());\n", 2,
               "is passed over");
  }
  refused_at(old, "DELETE FROM t;\nCREATE TABLE x AS SELECT * FROM t;\n", 2, "CREATE TABLE ... AS");
}

TEST_CASE("direct settings: definitions that nothing builds on do not stop a file") {
  for (const std::string definition :
       {"CREATE TABLE t (id int primary key, v text DEFAULT ('AS'), "
        "n int GENERATED ALWAYS AS (id * 2) STORED) PARTITION BY RANGE (id)",
        "CREATE VIEW x AS SELECT * FROM t", "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t ENABLE TRIGGER ALL", "CREATE INDEX i ON t (id)",
        "COMMENT ON TABLE t IS 'CREATE TABLE x AS'"}) {
    CAPTURE(definition);
    shared_stack().reset(kTable);
    const Seeded seeded =
        seed_text(definition + ";\nINSERT INTO t VALUES (2, lower('A'));\n", {"--via", "direct"});
    CHECK(seeded.exit_code() == 0);
    CHECK(sql("select count(*) from t") == "2");
  }
  // Behind all SQL, or with rows alone.
  for (const std::string dump :
       {"INSERT INTO t VALUES (2, lower('A'));\nCREATE FUNCTION g() RETURNS int AS 'select 1' "
        "LANGUAGE sql;\n",
        "CREATE OR REPLACE FUNCTION g() RETURNS int AS 'select 1' LANGUAGE sql;\nCREATE TABLE x AS "
        "SELECT 1;\nINSERT INTO t VALUES (2, 'a');\n"}) {
    shared_stack().reset(kTable);
    CHECK(seed_text(dump, {"--via", "direct"}).exit_code() == 0);
    CHECK(sql("select count(*) from t") == "2");
  }
}

TEST_CASE("direct settings: a transaction that the file never commits was committed") {
  refused_at(kTable, "-- cut off\nBEGIN;\nDELETE FROM t;\nINSERT INTO t VALUES (2, 'a');\n", 2,
             "never commits");
  refused_at(kTable, "BEGIN;\nCOMMIT AND CHAIN;\nDELETE FROM t;\n", 2, "never commits");
  for (const std::string end : {"COMMIT", "END", "commit work", "END TRANSACTION AND NO CHAIN"}) {
    same_as_psql(kTable,
                 "START TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nDELETE FROM t;\n" + end + ";\n",
                 "select count(*) from t", "0");
  }
}

TEST_CASE("seed: a dump that switches triggers off is told that they act over PostgREST") {
  for (const char* const off :
       {"SET session_replication_role = replica;\n", "ALTER TABLE t DISABLE TRIGGER ALL;\n"}) {
    CAPTURE(off);
    shared_stack().reset(kTable);
    const Seeded seeded = seed_text(text(off, "INSERT INTO t VALUES (2, 'a');\n"));
    CHECK(seeded.exit_code() == 0);
    CHECK(contains(seeded.notes(), "line 1 switches triggers off"));
  }
  CHECK_FALSE(contains(seed_text("INSERT INTO t VALUES (3, 'a');\n").notes(), "triggers"));
}

TEST_CASE("seed: rows of two databases went into one, past the \\connect between them") {
  shared_stack().reset(kTable);
  const std::string one = "INSERT INTO t VALUES (2, 'a');\n";
  const std::string two = "INSERT INTO t VALUES (3, 'b');\n";
  for (const std::vector<std::string>& way :
       std::vector<std::vector<std::string>>{{}, {"--via", "direct"}}) {
    const Seeded mixed = seed_text("\\connect a\n" + one + "\\connect b\n" + two, way);
    CHECK(mixed.exit_code() == 3);
    CHECK(contains(mixed.error(), "\\connect b"));
    CHECK(mixed.where().ends_with("dump.sql:3"));
    CHECK(sql("select count(*) from t") == "1");
  }
  // The same one in other words, and another one without rows of the run.
  shared_stack().reset(kTable + "create table other (id int)");
  CHECK(seed_text("\\c a\n" + one + "\\connect - bob\n\\c postgres\n\\connect \"a\" bob\n" + two +
                      "\\connect b\nINSERT INTO other VALUES (1);\n\\connect c\n",
                  {"--table", "t"})
            .exit_code() == 0);
  CHECK(sql("select count(*) from t") == "3");
}

}  // namespace pgseed::test
