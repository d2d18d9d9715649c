// `pgseed seed --via direct`: rows by COPY, everything in one transaction.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/local_pgbouncer.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

// Without any REST settings: nothing may go there.
Call direct_only() {
  return {.args = {},
          .environment = {{"SUPABASE_URL", std::nullopt}, {"SUPABASE_SECRET_KEY", std::nullopt}}};
}

Seeded direct(const std::string& dump, std::vector<std::string> args = {}) {
  args.insert(args.begin(), {"--via", "direct"});
  return seed_text(dump, std::move(args), direct_only());
}

std::string rows_of(const std::string& table, const std::string& value = "v") {
  return sql("select string_agg(id || '=' || coalesce(" + value +
             "::text, '-'), ' ' order by id) from " + table);
}

}  // namespace

TEST_CASE("direct: rows of INSERT and COPY are stored without PostgREST, and counted") {
  shared_stack().reset("create table t (id int primary key, v text); create table u (v text)");
  const Seeded seeded = direct(
      "INSERT INTO t (id, v) VALUES (1, 'it''s'), (2, NULL);\n"
      "COPY u (v) FROM stdin;\na\\tb\n\\N\n\\.\n"
      "INSERT INTO t VALUES (3, E'x\\ty');\n");
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t") == "1=it's 2=- 3=x\ty");
  CHECK(sql("select count(*), count(v) from u") == "2|1");
  CHECK(seeded.counts("t") == "3 3 0 0 0 0");
  CHECK(seeded.counts("u") == "2 2 0 0 0 0");
  CHECK(seeded.summary["requests"].number() == 0);
  CHECK(contains(seeded.summary["target"].text(), "postgresql://postgres@127.0.0.1"));
}

TEST_CASE("direct: without DATABASE_URL, and with flags that mean nothing, nothing is begun") {
  shared_stack().reset("create table t (id int)");
  const std::string dump = "INSERT INTO t VALUES (1);";
  const Seeded none = seed_text(dump, {"--via", "direct"},
                                {.args = {}, .environment = {{"DATABASE_URL", std::nullopt}}});
  CHECK(none.exit_code() == 2);
  CHECK(contains(none.error(), "--via direct"));
  CHECK(contains(none.hint(), "DATABASE_URL"));
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{
           {"--atomic"}, {"--max-rejects", "1"}, {"--rejects", "bad.ndjson"}}) {
    const Seeded refused = direct(dump, flags);
    CHECK(refused.exit_code() == 2);
    CHECK(contains(refused.error(), flags.front()));
  }
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("direct: a row that the table refuses stops all, and is named by file and line") {
  shared_stack().reset(
      "create table p (id int primary key);"
      "create table t (id int primary key, v varchar(3), n int check (n > 0))");
  const std::string good = "INSERT INTO p VALUES (1);\nINSERT INTO t (id, v, n) VALUES\n";
  for (const std::string bad :
       {"(2, 'long', 1)", "(1, 'x', 1)", "(2, 'x', 0)", "(2, 'x', 'no')", "(NULL, 'x', 1)"}) {
    CAPTURE(bad);
    const Seeded seeded = direct(good + "(1, 'a', 1),\n" + bad + ",\n(3, 'c', 1);\n");
    CHECK(seeded.exit_code() == 1);
    CHECK(seeded.where().ends_with("dump.sql:4"));
    CHECK(contains(seeded.error(), "public.t"));
    CHECK(seeded.total("rows_loaded") == 0);
    CHECK(seeded.total("rows_rejected") == 1);
    CHECK(contains(seeded.notes(), "nothing was changed"));
    CHECK(sql("select (select count(*) from t) + (select count(*) from p)") == "0");
  }
}

TEST_CASE("direct: the line of a bad row is right in a long file, behind many others") {
  shared_stack().reset("create table t (id int primary key, v text)");
  std::string dump = "-- first\n";
  for (int id = 0; id < 60'000; ++id) {
    if (id % 1000 == 0) dump += (id == 0 ? "" : ";\n\n") + std::string("INSERT INTO t VALUES\n");
    dump += std::string(id % 1000 == 0 ? "" : ",\n") + "(" +
            (id == 50'500 ? std::string("'x'") : std::to_string(id)) + ", '" +
            std::string(700, 'y') + "')";
  }
  dump += ";\n";
  const Seeded seeded = direct(dump, {"--no-check"});
  CHECK(seeded.exit_code() == 1);
  // A head of one line before every thousand rows, and a blank line between two of them.
  CHECK(seeded.where().ends_with("dump.sql:" + std::to_string(1 + 50'500 + 51 + 50 + 1)));
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("direct: broken text behind good rows leaves nothing") {
  shared_stack().reset("create table t (id int)");
  const Seeded seeded =
      direct("INSERT INTO t VALUES (1), (2);\nINSERT INTO t VALUES (3, 'x\n", {"--no-check"});
  CHECK(seeded.exit_code() == 3);
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("direct: upsert and ignore work by key as over PostgREST") {
  const std::string dump =
      "INSERT INTO t (id, v) VALUES (1,'a'),(2,'b'),(1,'c'),(3,'d'),(2,'e'),(NULL,'n'),(NULL,'m');";
  const std::string schema =
      "create table t (id int unique, v text, w text default 'w');"
      "insert into t values (3, 'old', 'x'), (4, 'stays', 'x')";
  shared_stack().reset(schema);
  const Seeded upserted = direct(dump, {"--upsert", "--on-conflict", "id"});
  CHECK(upserted.exit_code() == 0);
  CHECK(rows_of("t", "v || w") == "1=cw 2=ew 3=dx 4=staysx");
  CHECK(sql("select count(*) from t where id is null") == "2");
  CHECK(upserted.counts("t") == "7 5 0 0 2 0");
  shared_stack().reset(schema);
  const Seeded ignored = direct(dump, {"--ignore", "--on-conflict", "id"});
  CHECK(ignored.exit_code() == 0);
  CHECK(rows_of("t") == "1=a 2=b 3=old 4=stays");
  CHECK(ignored.counts("t") == "7 4 3 0 0 0");
  CHECK(sql("select count(*) from pg_class where relname like '_pgseed%'") == "0");
}

TEST_CASE("direct: upsert keeps the columns that a row does not bring, in file order") {
  shared_stack().reset("create table t (id int primary key, v text, w text)");
  const Seeded seeded = direct(
      "INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'x');\n"
      "INSERT INTO t (id, w) VALUES (1, 'b');\n"
      "INSERT INTO t (v, id) VALUES ('c', 1);\n",
      {"--upsert"});
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t", "v || coalesce(w, '')") == "1=cb 2=x");
  CHECK(seeded.counts("t") == "4 2 0 0 2 0");
}

TEST_CASE("direct: force replaces the contents of several tables, or leaves them as they were") {
  const std::string schema =
      "create table p (id int primary key, v text);"
      "create table c (id int primary key, p int not null references p);"
      "insert into p values (1, 'old'), (9, 'old'); insert into c values (1, 9)";
  const std::string good =
      "INSERT INTO c (id, p) VALUES (5, 2), (6, 1);\nINSERT INTO p (id, v) VALUES "
      "(1,'a'),(2,'b');\n";
  shared_stack().reset(schema);
  CHECK(direct(good, {"--force"}).exit_code() == 0);
  CHECK(rows_of("p") == "1=a 2=b");
  CHECK(rows_of("c", "p") == "5=2 6=1");
  shared_stack().reset(schema);
  CHECK(direct(good + "INSERT INTO p (id, v) VALUES (2, 'twice');", {"--force"}).exit_code() == 1);
  CHECK(rows_of("p") == "1=old 9=old");
  CHECK(rows_of("c", "p") == "1=9");
}

TEST_CASE("direct: force refuses where rows of other tables would vanish or stand in the way") {
  shared_stack().reset(
      "create table p (id int primary key);"
      "create table c (p int references p on delete cascade);"
      "insert into p values (1); insert into c values (1)");
  const std::string dump = "INSERT INTO p (id) VALUES (1);";
  const Seeded refused = direct(dump, {"--force"});
  CHECK(refused.exit_code() == 5);
  CHECK(contains(refused.error(), "public.c"));
  CHECK(sql("select count(*) from c") == "1");
  CHECK(direct(dump, {"--force", "--allow-cascade"}).exit_code() == 0);
  CHECK(sql("select count(*) from c") == "0");
}

TEST_CASE("direct: foreign keys between tables, to the same one, and deferred") {
  shared_stack().reset(
      "create table a (id int primary key, b int);"
      "create table b (id int primary key, a int references a deferrable);"
      "alter table a add foreign key (b) references b deferrable;"
      "create table tree (id int primary key, up int references tree)");
  const Seeded seeded = direct(
      "INSERT INTO tree VALUES (2, 1), (3, 2), (1, NULL);\n"
      "INSERT INTO a VALUES (1, 1), (2, NULL);\nINSERT INTO b VALUES (1, 2);\n");
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select (select count(*) from a), (select count(*) from b), (select count(*) from "
            "tree)") == "2|1|3");
  const Seeded orphan = direct("INSERT INTO tree VALUES (4, 5),\n(5, 77),\n(6, 4);");
  CHECK(orphan.exit_code() == 1);
  CHECK(orphan.where().ends_with("dump.sql:2"));
  CHECK(contains(orphan.error(), "(up)=(77)"));
  const Seeded late = direct("INSERT INTO b VALUES (4, 1),\n(5, 77);");
  CHECK(late.exit_code() == 1);
  CHECK(late.where().ends_with("dump.sql:2"));
  CHECK(contains(late.error(), "(a)=(77)"));
  CHECK(sql("select count(*) from b") == "1");
}

TEST_CASE("direct: identity columns take the file's values, generated ones their own") {
  shared_stack().reset(
      "create table t (id int generated always as identity primary key, v text,"
      " d text generated always as (v || '!') stored)");
  const Seeded seeded = direct(
      "INSERT INTO t (id, v, d) OVERRIDING SYSTEM VALUE VALUES "
      "(7, 'a', 'x'), (8, 'b', 'y');");
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t", "d") == "7=a! 8=b!");
  CHECK(sql("insert into t (v) values ('next') returning id") == "9");
  CHECK(seeded.summary["sequences"][0]["before"].text() == "1");
  CHECK(seeded.summary["sequences"][0]["after"].text() == "9");
}

TEST_CASE("direct: expressions, calls and statements run in the file's order") {
  shared_stack().reset(
      "create table t (id serial primary key, v text, j json, n int);"
      "create table log (n int)");
  const Seeded seeded = direct(
      "INSERT INTO t (id, v) VALUES (1, 'a'), (2, upper('b') || 'x'), (3, DEFAULT), (4, 'd');\n"
      "INSERT INTO log SELECT count(*) FROM t;\n"
      "INSERT INTO t (id, v, j) VALUES (5, 'e', 'null'::json), (6, 'f', ' {\"a\": 1}');\n"
      "UPDATE t SET n = id * 10 WHERE id < 3;\n"
      "INSERT INTO log SELECT count(*) FROM t;\n"
      "INSERT INTO t (id, v, n) VALUES (7, 'g', (SELECT max(n) FROM t));\n"
      "DELETE FROM t WHERE id = 4;\n"
      "DO $$ BEGIN INSERT INTO log VALUES (99); END $$;\n");
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t") == "1=a 2=Bx 3=- 5=e 6=f 7=g");
  CHECK(rows_of("t", "n") == "1=10 2=20 3=- 5=- 6=- 7=20");
  CHECK(sql("select string_agg('<' || j::text || '>', '' order by id) from t") ==
        "<null>< {\"a\": 1}>");
  CHECK(sql("select string_agg(n::text, ' ' order by n) from log") == "4 6 99");
  CHECK(sql("insert into t (v) values ('next') returning id") == "8");
  CHECK(seeded.counts("t") == "7 7 0 0 0 0");
  CHECK(contains(seeded.notes(), "2 rows with expressions"));
  CHECK(contains(seeded.notes(), "5 statements of the file ran in place"));
}

TEST_CASE("direct: the file's setval is passed over, for it survives a rollback") {
  shared_stack().reset(
      "create table t (id serial primary key check (id <> 3), v text);"
      "create table u (id serial primary key); insert into u select from generate_series(1, 50)");
  const std::string dump =
      "INSERT INTO t (id, v) VALUES (1, 'a'), (7, upper('b'));\n"
      "INSERT INTO u (id) VALUES (60);\n"
      "SELECT setval('u_id_seq', 2, true);\nSELECT setval('t_id_seq', 500);\n";
  const Seeded refused = direct(dump + "INSERT INTO t (id) VALUES (3);\n");
  CHECK(refused.exit_code() == 1);
  CHECK(sql("select last_value from u_id_seq") == "50");
  const Seeded chosen = direct(dump, {"--table", "t"});  // and nobody chose the other table
  CHECK(chosen.exit_code() == 0);
  CHECK(sql("select last_value from u_id_seq") == "50");
  CHECK(sql("insert into t (v) values ('next') returning id") == "8");
  CHECK(contains(chosen.notes(), "2 statements that set sequences were passed over"));
}

TEST_CASE("direct: FORCE under row-level security is an error, not a table with old rows in it") {
  shared_stack().reset("create table t (id int primary key, v text)");
  sql("do $$ begin if to_regrole('limited') is null then create role limited login; end if; end $$;"
      "grant usage, create on schema public to limited; grant all on t to limited;"
      "alter table t enable row level security;"
      "create policy visible on t to limited using (id < 50) with check (true);"
      "insert into t values (1, 'old'), (60, 'hidden')");
  Call call;
  call.environment["DATABASE_URL"] = shared_stack().postgres.url(Stack::kDatabase, "limited");
  const Seeded seeded =
      seed_text("INSERT INTO t VALUES (1, 'new'), (2, 'b');", {"--via", "direct", "--force"}, call);
  CHECK(seeded.exit_code() != 0);
  CHECK(contains(seeded.error(), "row-level security"));
  CHECK(sql("select string_agg(v, ' ' order by id) from t") == "old hidden");
  sql("revoke all on schema public from limited");
}

TEST_CASE("direct: casts mean what they mean under psql") {
  const std::string schema = "create table t (id int primary key, v text, d date, n int)";
  const std::string dump =
      "INSERT INTO t VALUES (1, '2024-01-02 03:04:05+05'::timestamptz AT TIME ZONE 'UTC', "
      "'2024-01-01 23:00:00+00'::timestamp, '7'::numeric),\n"
      "(2, '\\xff'::bytea, '2024-05-06'::date, 2.5::float8);\n";
  shared_stack().reset(schema);
  sql(dump);
  const std::string wanted = sql("select json_agg(t order by id)::text from t");
  shared_stack().reset(schema);
  CHECK(direct(dump).exit_code() == 0);
  CHECK(sql("select json_agg(t order by id)::text from t") == wanted);
}

TEST_CASE("direct: a statement that fails is named, and undoes all rows before it") {
  shared_stack().reset("create table t (id int primary key, v text)");
  const Seeded seeded = direct("INSERT INTO t VALUES (1, 'a');\n\nUPDATE nowhere\nSET x = 1;\n");
  CHECK(seeded.exit_code() == 5);
  CHECK(contains(seeded.error(), "nowhere"));
  CHECK(seeded.where().ends_with("dump.sql:3"));
  const Seeded row = direct("INSERT INTO t VALUES (1, 'a'),\n(2, (SELECT 1 / 0)::text);\n");
  CHECK(row.exit_code() == 1);
  CHECK(row.where().ends_with("dump.sql:2"));
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("direct: what psql alone could carry out is still refused") {
  shared_stack().reset("create table t (id int)");
  for (const std::string statement :
       {"\\copy t from 'x'\n", "COPY t FROM '/etc/passwd';\n", "ROLLBACK;\n"}) {
    const Seeded seeded = direct("INSERT INTO t VALUES (1);\n" + statement);
    CAPTURE(statement);
    CHECK(seeded.exit_code() == 3);
    CHECK(seeded.where().ends_with("dump.sql:2"));
  }
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("direct: settings of the file hold for its rows and statements") {
  const std::string schema =
      "create schema other; create table other.t (id int primary key, at timestamptz, v text)";
  shared_stack().reset(schema);
  const Seeded seeded = direct(
      "SET TIME ZONE 'Asia/Tokyo';\nSET DateStyle = 'ISO, DMY';\nSET search_path = other;\n"
      "INSERT INTO t (id, at) VALUES (1, '02/01/2024 12:00');\n"
      "UPDATE t SET v = 'found';\n"
      "SET TIME ZONE DEFAULT;\nRESET DateStyle;\n"
      "SET standard_conforming_strings = off;\n"
      "UPDATE t SET v = v || '\\x41';\n",
      {"--schema", "public"});
  CHECK(seeded.exit_code() == 0);
  CHECK(
      sql("select v || ' ' || to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from other.t") ==
      "foundA 2024-01-02 03:00");
  sql("drop schema other cascade");
}

TEST_CASE("direct: triggers fire; one that leaves rows out is no success") {
  shared_stack().reset(
      "create table t (id int primary key, v text);"
      "create function f() returns trigger language plpgsql as $$ begin"
      " if new.id = 2 then return null; end if; new.v := new.v || '!'; return new; end $$;"
      "create trigger f before insert on t for each row execute function f()");
  CHECK(direct("INSERT INTO t VALUES (1, 'a');").exit_code() == 0);
  CHECK(rows_of("t") == "1=a!");
  const Seeded seeded = direct("INSERT INTO t VALUES (2, 'b'), (3, 'c');");
  CHECK(seeded.exit_code() == 1);
  CHECK(contains(seeded.error(), "left out 1"));
  CHECK(rows_of("t") == "1=a!");
}

TEST_CASE("direct: views, partitions, rules and row-level security are loaded as by INSERT") {
  shared_stack().reset(
      "create table base (id int primary key, v text);"
      "create view seen as select * from base;"
      "create table parts (id int primary key, v text) partition by range (id);"
      "create table part1 partition of parts for values from (0) to (10);"
      "create table part2 partition of parts for values from (10) to (20);"
      "create table ruled (id int, v text); create table kept (id int);"
      "create rule also as on insert to ruled do also insert into kept values (new.id)");
  const Seeded seeded = direct(
      "INSERT INTO seen (id, v) VALUES (1, 'a');\nINSERT INTO parts VALUES (1, 'a'), (12, 'b');\n"
      "INSERT INTO ruled VALUES (5, 'x'), (6, 'y');\n");
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select (select count(*) from base), (select count(*) from part1), (select count(*) "
            "from part2), (select string_agg(id::text, ' ' order by id) from kept)") ==
        "1|1|1|5 6");
  const Seeded outside = direct("INSERT INTO parts VALUES (3, 'a'),\n(99, 'b');\n");
  CHECK(outside.exit_code() == 1);
  CHECK(outside.where().ends_with("dump.sql:2"));
}

TEST_CASE("direct: rows of MySQL, SQLite, CSV and JSON, and mapped ones") {
  shared_stack().reset("create table t (id int primary key, v text, b bytea, j jsonb)");
  CHECK(direct(
            "INSERT INTO `t` VALUES (1,'a\\'b\\n',0xFF00,'{\\\"k\\\": [1, 2]}'),(2,NULL,'x',NULL);",
            {"--dialect", "mysql"})
            .exit_code() == 0);
  CHECK(sql("select string_agg(v || b::text || j::text, '' order by id) from t") ==
        "a'b\n\\xff00{\"k\": [1, 2]}");
  TempDir folder;
  const std::string csv = folder.write("t.csv", "id,v\n3,\"x,y\"\n4,\n");
  CHECK(seed({csv, "--table", "t", "--via", "direct"}, direct_only()).exit_code() == 0);
  const std::string json = folder.write("t.json", R"([{"id": 5, "v": "z\u00e9", "j": "text"}])");
  CHECK(seed({json, "--table", "t", "--via", "direct"}, direct_only()).exit_code() == 0);
  CHECK(sql("select string_agg(coalesce(v, '-') || coalesce(j::text, ''), ' ' order by id) from t "
            "where id > 2") == "x,y - zé\"text\"");
  const std::string map = folder.write(
      "m.toml",
      "version = 1\n[tables.old]\nrename = \"t\"\n[tables.old.columns]\nname.rename = \"v\"\n");
  const std::string old = folder.write("old.sql", "INSERT INTO old (id, name) VALUES (6, 'm');");
  CHECK(seed({old, "--map", map, "--via", "direct"}, direct_only()).exit_code() == 0);
  CHECK(sql("select v from t where id = 6") == "m");
}

TEST_CASE("direct: limit, offset, table and a pipe select rows as over PostgREST") {
  shared_stack().reset("create table t (id int); create table u (id int)");
  std::string dump;
  for (int id = 1; id <= 50; ++id) dump += "INSERT INTO t VALUES (" + std::to_string(id) + ");\n";
  dump += "INSERT INTO u VALUES (1);\n";
  CHECK(direct(dump, {"--table", "t", "--offset", "10", "--limit", "5"}).counts() == "5 5 0 0 0 0");
  CHECK(sql("select min(id), max(id), (select count(*) from u) from t") == "11|15|0");
  Call call = direct_only();
  call.stdin_text = dump;
  CHECK(seed({"-", "--via", "direct"}, call).counts() == "51 51 0 0 0 0");
}

TEST_CASE("direct: works through a pooler in transaction mode, in every mode") {
  if (!LocalPgbouncer::is_installed()) return;
  shared_stack().reset("create table t (id serial primary key, v text)");
  const LocalPgbouncer bouncer(shared_stack().postgres);
  Call call = direct_only();
  call.environment["DATABASE_URL"] = bouncer.url(Stack::kDatabase);
  const std::string dump = "INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b'), (1, 'c');";
  CHECK(seed_text(dump, {"--via", "direct", "--upsert"}, call).exit_code() == 0);
  CHECK(seed_text(dump, {"--via", "direct", "--ignore"}, call).exit_code() == 0);
  CHECK(rows_of("t") == "1=c 2=b");
  CHECK(seed_text("INSERT INTO t (id, v) VALUES (5, 'x');", {"--via", "direct", "--force"}, call)
            .exit_code() == 0);
  CHECK(rows_of("t") == "5=x");
}

TEST_CASE("direct: a role without rights is told so, and what to do") {
  shared_stack().reset(
      "create table t (id int); drop role if exists rightless; create role rightless login");
  Call call = direct_only();
  call.environment["DATABASE_URL"] = shared_stack().postgres.url(Stack::kDatabase, "rightless");
  const Seeded seeded = seed_text("INSERT INTO t VALUES (1);", {"--via", "direct"}, call);
  CHECK(seeded.exit_code() == 5);
  CHECK(contains(seeded.error(), "permission denied"));
  CHECK(contains(seeded.hint(), "DATABASE_URL"));
  shared_stack().sql("drop role rightless");
}

}  // namespace pgseed::test
