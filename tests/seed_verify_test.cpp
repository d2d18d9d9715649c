// Files compared with tables: nothing that differs may pass for equal, nothing equal for different.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/local_pgbouncer.hpp"
#include "support/seeding.hpp"
#include "support/verifying.hpp"

namespace pgseed::test {

TEST_CASE("verify: equal tables are equal, and each kind of difference is named with its key") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text, n numeric default 7)");
  const std::string dump = rows("(1,'a'),\n(2,NULL),\n(3,''),\n(4,'d')");
  stack.sql(dump);
  const Verified equal = verify_text(dump);
  CHECK(equal.exit_code() == 0);
  CHECK(equal.counts() == "4 0 0 0");
  CHECK(equal.summary["verification"]["equal"].text() == "true");
  CHECK(equal.table()["files_checksum"].text() == equal.table()["table_checksum"].text());

  stack.sql(
      "update t set v = '' where id = 2; update t set v = null where id = 3; "
      "delete from t where id = 4; insert into t values (5, 'e')");
  const Verified different = verify_text(dump);
  CHECK(different.exit_code() == 6);
  CHECK(different.counts() == "1 2 1 1");
  CHECK(different.differences() ==
        "differing 2 v line 3\ndiffering 3 v line 4\nmissing 4  line 5\n");
  CHECK(different.table()["files_checksum"].text() != different.table()["table_checksum"].text());
  CHECK(different.summary["error"]["kind"].text() == "verification");

  stack.sql("truncate t; insert into t select 1, 'a'; insert into t values (9, 'i')");
  const std::string one = rows("(1,'a')");
  CHECK(verify_text(one).exit_code() == 0);
  const Verified exact = verify_text(one, {"--exact"});
  CHECK(exact.exit_code() == 6);
  CHECK(exact.differences() == "extra 9 \n");
  CHECK(verify_text(one, {"--exact", "--list", "0"}).differences().empty());
  // Nothing of it stays in the database.
  CHECK(stack.sql("select count(*) from pg_class where relname like 'pgseed_%'") == "0");
}

TEST_CASE("verify: rows without a key are compared as often as they are there") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int, v json)");
  const std::string dump = rows("(1,'{\"a\": 1}'),\n(1,'{\"a\": 1}'),\n(2,NULL)");
  stack.sql(dump);
  CHECK(verify_text(dump, {"--exact"}).exit_code() == 0);
  stack.sql("insert into t values (2, null)");
  CHECK(verify_text(dump).exit_code() == 0);
  CHECK(verify_text(dump).counts() == "3 0 0 1");
  const Verified doubled = verify_text(dump, {"--exact"});
  CHECK(doubled.exit_code() == 6);
  CHECK(doubled.differences() == "extra   line 4\n");
  stack.sql("delete from t where ctid = (select min(ctid) from t where id = 1)");
  const Verified lost = verify_text(dump);
  CHECK(lost.exit_code() == 6);
  CHECK(lost.counts() == "2 0 1 1");
  CHECK(lost.differences() == "missing   line 2\n");
  stack.sql("update t set v = '{\"a\":1}' where id = 1");
  CHECK(verify_text(dump).counts() == "1 0 2 2");
}

TEST_CASE("verify: a value that only looks equal differs, one that only looks different does not") {
  struct Pair {
    const char* type;
    const char* file;
    const char* table;
    bool equal;
  };
  const std::vector<Pair> all = {
      {"numeric", "1.10", "1.1", false},
      {"numeric(10,2)", "1.1", "1.10", true},
      {"numeric(10,2)", "1.005", "1.01", true},
      {"double precision", "-0.0", "'-0'", false},  // a number's minus is gone before it is stored
      {"double precision", "'-0'", "0", false},
      {"double precision", "'NaN'", "'NaN'", true},
      {"double precision", "0.1", "0.1", true},
      {"double precision", "0.1", "0.10000000000000002", false},
      {"real", "16777217", "16777216", true},
      {"timestamptz", "'2024-01-01 12:00+02'", "'2024-01-01 10:00Z'", true},
      {"timestamptz", "'2024-01-01 12:00+02'", "'2024-01-01 10:00:00.000001Z'", false},
      {"timestamp(0)", "'2024-01-01 12:00:00.6'", "'2024-01-01 12:00:01'", true},
      {"interval", "'1 day'", "'24 hours'", false},
      {"interval", "'90 minutes'", "'1:30'", true},
      {"date", "'January 8, 1999'", "'1999-01-08'", true},
      {"text", "'a '", "'a'", false},
      {"text", "'A'", "'a'", false},
      {"text", "''", "NULL", false},
      {"text", "'NULL'", "NULL", false},
      {"char(5)", "'a '", "'a'", true},
      {"bpchar", "'a '", "'a'", false},
      {"varchar(5)", "'abcde  '", "'abcde'", true},
      {"citext", "'A'", "'a'", false},
      {"boolean", "'yes'", "true", true},
      {"integer", "1.5", "2", true},
      {"integer", "'007'", "7", true},
      {"json", "'{\"a\":1}'", "'{\"a\": 1}'", false},
      {"jsonb", "'{\"b\":1,\"a\":2}'", "'{\"a\": 2, \"b\": 1}'", true},
      {"jsonb", "'1.10'", "'1.1'", false},
      {"point", "'(1,2)'", "'1,2'", true},
      {"point", "'(1,2)'", "'1,2.5'", false},
      {"xml", "'<a/>'", "'<a></a>'", false},
      {"box", "'(1,2),(3,4)'", "'(3,4),(1,2)'", true},
      {"int[]", "'{1,2}'", "ARRAY[1,2]", true},
      {"int[]", "'[0:1]={1,2}'", "ARRAY[1,2]", false},
      {"text[]", "'{NULL}'", "'{\"NULL\"}'", false},
      {"pair", "ROW(NULL,NULL)", "NULL", false},
      {"pair", "ROW(1,'')", "ROW(1,NULL)::pair", false},
      {"bytea", R"('\x00ff')", R"(E'\\000\\377')", true},
      {"bytea", "''", "NULL", false},
      {"uuid", "'A0EEBC999C0B4EF8BB6D6BB9BD380A11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
       true},
      {"hstore", "'b=>2,a=>1'", "'a=>1,b=>2'", true},
      {"money", "'$1,234.50'", "1234.5", true},
      {"mood", "'sad'", "'sad'", true},
      {"mood", "'sad'", "'ok ish'", false},
      {"inet", "'10.0.0.1/32'", "'10.0.0.1'", true},
      {"bit(3)", "B'101'", "'101'", true},
      {"positive", "1.5", "2", true},
  };
  std::string tables =
      "create extension citext; create extension hstore; create type mood as enum ('sad', "
      "'ok ish'); create type pair as (x int, y text); create domain positive as int;";
  std::string dump, stored;
  for (std::size_t index = 0; index < all.size(); ++index) {
    const std::string name = "t" + std::to_string(index);
    tables += "create table " + name + " (id int primary key, v " + all[index].type + ");";
    dump += "INSERT INTO " + name + " VALUES (1, " + all[index].file + ");\n";
    stored += "insert into " + name + " values (1, " + all[index].table + ");\n";
  }
  Stack& stack = shared_stack();
  stack.reset(tables);
  stack.sql(stored);
  const std::string create = tables.substr(tables.find("create table"));
  const Verified verified = verify_text(create + "\n" + dump);
  INFO(verified.result.err);
  REQUIRE(verified.exit_code() == 6);
  for (std::size_t index = 0; index < all.size(); ++index) {
    INFO(std::string(all[index].type), ": ", std::string(all[index].file), " against ",
         std::string(all[index].table));
    CHECK((verified.table(index)["equal"].text() == "true") == all[index].equal);
  }
}

TEST_CASE("verify: of a key that comes again the last row counts, with --ignore the first") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text, w text)");
  const std::string dump = rows("(1,'a'),(2,'b')") + rows("(1,'c')");
  stack.sql("insert into t values (1,'c'),(2,'b')");
  const Verified last = verify_text(dump);
  CHECK(last.exit_code() == 0);
  CHECK(last.counts() == "2 0 0 0");
  CHECK(last.table()["rows_repeated"].text() == "1");
  CHECK(verify_text(dump, {"--ignore"}).differences() == "differing 1 v line 2\n");
  stack.sql("update t set v = 'a' where id = 1");
  CHECK(verify_text(dump, {"--ignore"}).exit_code() == 0);
  CHECK(verify_text(dump).differences() == "differing 1 v line 4\n");

  // A later row changes the columns that it has, and no others.
  const std::string columns =
      "INSERT INTO t (id, v, w) VALUES (1,'a','x'),(2,'b','y');\n"
      "INSERT INTO t (id, w) VALUES (1,'z');\n";
  stack.sql("update t set v = 'a', w = 'z' where id = 1; update t set w = 'y' where id = 2");
  CHECK(verify_text(columns).exit_code() == 0);
  stack.sql("update t set v = 'q' where id = 1");
  CHECK(verify_text(columns).differences() == "differing 1 v line 2\n");
  stack.sql("update t set v = 'a', w = 'x' where id = 1");
  CHECK(verify_text(columns).differences() == "differing 1 w line 2\n");
}

TEST_CASE("verify: --limit, --offset, --table and --exclude leave the same rows out as in seed") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text); create table u (id int primary key)");
  const std::string dump = rows("(1,'a'),(2,'b'),(3,'c')") + "INSERT INTO u VALUES (1),(2),(3);\n";
  CHECK(seed_text(dump, {"--limit", "1", "--offset", "1"}).exit_code() == 0);
  CHECK(verify_text(dump, {"--limit", "1", "--offset", "1"}).exit_code() == 0);
  CHECK(verify_text(dump, {"--limit", "2", "--offset", "1"}).exit_code() == 6);
  CHECK(verify_text(dump).counts(1) == "1 0 2 0");
  stack.sql("truncate t");
  CHECK(verify_text(dump, {"--limit", "1", "--offset", "1", "--table", "u"}).exit_code() == 0);
  CHECK(verify_text(dump, {"--limit", "1", "--offset", "1", "--exclude", "t"}).exit_code() == 0);
}

TEST_CASE("verify: what the column's type refuses is missing, with the server's reason") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v date)");
  stack.sql("insert into t values (1, '2024-01-01'), (3, '2024-01-03')");
  const Verified verified =
      verify_text(rows("(1,'2024-01-01'),\n(2,'2024-02-30'),\n(3,'2024-01-03'),\n(4,'never')"));
  CHECK(verified.exit_code() == 6);
  CHECK(verified.counts() == "2 0 2 0");
  CHECK(verified.differences() == "missing   line 3\nmissing   line 5\n");
  CHECK(contains(verified.table()["differences"][0]["reason"].text(), "22008"));
}

TEST_CASE("verify: moments, random ids and computed columns are not compared, and said so") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id int primary key, v text, at timestamptz, u uuid, "
      "g text generated always as (v || '!') stored)");
  const std::string dump =
      "INSERT INTO t (id, v, at, u) VALUES (1, 'a', now(), gen_random_uuid()), "
      "(2, 'b', '2024-01-01 00:00Z', NULL);\n";
  stack.sql(dump);
  const Verified verified = verify_text(dump);
  INFO(verified.result.out);
  CHECK(verified.exit_code() == 0);
  CHECK(verified.table()["not_compared"].size() == 2);
  stack.sql("update t set at = now() where id = 2");
  CHECK(verify_text(dump).differences() == "differing 2 at line 1\n");
}

TEST_CASE("verify: the zone that a dump sets holds for its values") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v timestamptz)");
  const std::string dump = "SET timezone = 'Asia/Tokyo';\n" + rows("(1,'2024-01-01 12:00')") +
                           "SET timezone = 'UTC';\n" + rows("(2,'2024-01-01 12:00')");
  stack.sql(dump);
  CHECK(verify_text(dump).exit_code() == 0);
  stack.sql("update t set v = v + interval '9 hours' where id = 1");
  CHECK(verify_text(dump).differences() == "differing 1 v line 3\n");
}

TEST_CASE("verify: dumps of MySQL and SQLite are what they became") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, b boolean, d timestamp, x bytea)");
  const std::string mysql =
      "-- MySQL dump 10.13\nINSERT INTO `t` VALUES "
      "(1,1,'2024-01-01 00:00:00',0x00FF),(2,0,'0000-00-00 00:00:00',_binary 'a\\'b');\n"
      "-- Dump completed\n";
  const std::vector<std::string> zero = {"--dialect", "mysql", "--zero-dates", "null"};
  CHECK(seed_text(mysql, zero).exit_code() == 0);
  CHECK(verify_text(mysql, zero).counts() == "2 0 0 0");
  stack.sql("update t set x = 'ab' where id = 2; update t set b = false where id = 1");
  CHECK(verify_text(mysql, zero).differences() == "differing 1 b line 2\ndiffering 2 x line 2\n");

  stack.reset("create table t (id int primary key, v text, n double precision)");
  const std::string sqlite =
      "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t (id, v, n);\n"
      "INSERT INTO t VALUES(1,'it''s',0.1);\nCOMMIT;\n";
  CHECK(seed_text(sqlite).exit_code() == 0);
  CHECK(verify_text(sqlite).exit_code() == 0);
  stack.sql("update t set n = 0.2");
  CHECK(verify_text(sqlite).differences() == "differing 1 n line 4\n");
}

TEST_CASE("verify: rows of a mapping are compared where it put them") {
  Stack& stack = shared_stack();
  stack.reset("create table people (key text primary key, name text, run text)");
  const TempDir folder;
  const std::string map = folder.write("a.map.toml",
                                       "version = 1\n[tables.t]\nrename = \"people\"\n"
                                       "[tables.t.columns]\nid.rename = \"key\"\n"
                                       "v.rename = \"name\"\nrun.value = \"{now}\"\n");
  const std::string dump = rows("(1,'a'),(2,'b')");
  const Seeded loaded = seed_text(dump, {"--map", map});
  INFO(loaded.error(), loaded.where());
  REQUIRE(loaded.exit_code() == 0);
  CHECK(verify_text(dump, {"--map", map}).exit_code() == 0);
  stack.sql("update people set name = 'z' where key = '2'");
  CHECK(verify_text(dump, {"--map", map}).differences() == "differing 2 name line 2\n");
}

TEST_CASE("verify: tables and columns that the target does not have are refused") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key)");
  CHECK(verify_text("INSERT INTO nowhere (id) VALUES (1);").exit_code() == 5);
  const Verified column = verify_text(rows("(1,'a')"));
  CHECK(column.exit_code() == 5);
  CHECK(contains(column.summary["error"]["where"].text(), "dump.sql:1"));
  CHECK(verify_text("UPDATE t SET id = 2;").exit_code() == 3);
}

TEST_CASE("verify: rows that row-level security hides are no missing rows") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id int primary key, v text); alter table t enable row level security; "
      "drop role if exists reader; create role reader login; grant usage on schema public to "
      "reader; "
      "grant select on t to reader");
  const std::string dump = rows("(1,'a')");
  stack.sql(dump);
  const Verified verified = verify_text(
      dump, {},
      {.args = {},
       .environment = {{"DATABASE_URL", stack.postgres.url(Stack::kDatabase, "reader")}}});
  CHECK(verified.exit_code() == 5);
  INFO(verified.result.err);
  CHECK(contains(verified.summary["error"]["message"].text(), "row-level security"));
}

TEST_CASE("verify: seed --verify passes over what it rejected and finds what was not stored") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text check (v <> 'bad'))");
  const std::string dump = rows("(1,'a'),\n(2,'bad'),\n(3,'c'),\n(3,'again')");
  const Seeded loaded = seed_text(dump, {"--verify", "--max-rejects", "all"});
  INFO(loaded.error(), loaded.notes());
  CHECK(loaded.exit_code() == 1);
  CHECK(loaded.summary["verification"]["equal"].text() == "true");
  CHECK(loaded.summary["verification"]["tables"][0]["exact"].text() == "true");

  stack.reset(
      "create table t (id int primary key, v text); create function f() returns trigger language "
      "plpgsql as $$ begin if new.id = 2 then new.v := 'changed'; end if; return new; end $$; "
      "create trigger b before insert on t for each row execute function f()");
  const Seeded changed = seed_text(rows("(1,'a'),\n(2,'b')"), {"--verify"});
  CHECK(changed.exit_code() == 6);
  const Json table = changed.summary["verification"]["tables"][0];
  CHECK(table["rows_differing"].number() == 1);
  CHECK(table["differences"][0]["key"][0].text() == "2");

  // IGNORE leaves rows alone that were there; what it does not find is missing.
  stack.sql("drop trigger b on t; update t set v = 'old' where id = 1; delete from t where id = 2");
  const Seeded ignored = seed_text(rows("(1,'a'),\n(2,'b')"), {"--verify", "--ignore"});
  INFO(ignored.error());
  CHECK(ignored.exit_code() == 0);
  CHECK(seed_text(rows("(1,'a'),\n(2,'b')"), {"--verify", "--upsert"}).exit_code() == 0);
  CHECK(stack.sql("select v from t where id = 1") == "a");

  // Doubled by whatever: the table was empty before.
  stack.reset(
      "create table t (id int, v text); create function f() returns trigger language plpgsql as "
      "$$ begin if new.id = 2 and pg_trigger_depth() = 1 then insert into t values (new.*); end if;"
      " return new; end $$; create trigger b before insert on t for each row execute function f()");
  // Connections that reset() has cut would leave the rows in doubt: nothing tells them apart.
  stack.postgrest.restart(Stack::kDatabase);
  const Seeded doubled = seed_text(rows("(1,'a'),\n(2,'b')"), {"--verify"});
  INFO(doubled.result.out);
  CHECK(doubled.exit_code() == 6);
  CHECK(doubled.summary["verification"]["tables"][0]["rows_extra"].number() == 1);
}

TEST_CASE("verify: works through PgBouncer in transaction mode and leaves nothing behind") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text)");
  const std::string dump = rows("(1,'a'),(2,'b')");
  stack.sql(dump);
  const LocalPgbouncer pooler(stack.postgres);
  for (int time = 0; time < 3; ++time) {
    const Verified verified = verify_text(
        dump, {}, {.args = {}, .environment = {{"DATABASE_URL", pooler.url(Stack::kDatabase)}}});
    INFO(verified.result.err);
    CHECK(verified.exit_code() == 0);
  }
}

}  // namespace pgseed::test
