// Files compared with tables over PostgREST alone.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/seeding.hpp"
#include "support/verifying.hpp"

namespace pgseed::test {
namespace {

Call without_database(Environment more = {}) {
  Call call;
  call.environment = std::move(more);
  call.environment["DATABASE_URL"] = std::nullopt;
  return call;
}

Verified compare(const std::string& dump, std::vector<std::string> args = {}) {
  return verify_text(dump, std::move(args), without_database());
}

}  // namespace

TEST_CASE("rest verify: equal tables are equal, and each kind of difference is named") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text, n numeric default 7)");
  const std::string dump = rows("(1,'a'),\n(2,NULL),\n(3,''),\n(4,'d')");
  stack.sql(dump);
  const Verified equal = compare(dump);
  INFO(equal.result.err);
  CHECK(equal.exit_code() == 0);
  CHECK(equal.counts() == "4 0 0 0");
  CHECK(equal.summary["target"].text() == stack.postgrest.url());
  // No sum of hashes over PostgREST.
  CHECK(equal.table()["files_checksum"].is_null());

  stack.sql(
      "update t set v = '' where id = 2; update t set v = null where id = 3; "
      "delete from t where id = 4; insert into t values (5, 'e')");
  const Verified different = compare(dump);
  CHECK(different.exit_code() == 6);
  CHECK(different.counts() == "1 2 1 1");
  CHECK(different.differences() ==
        "differing 2 v line 3\ndiffering 3 v line 4\nmissing 4  line 5\n");
  CHECK(different.summary["error"]["kind"].text() == "verification");

  stack.sql("truncate t; insert into t values (1, 'a'), (9, 'i')");
  const std::string one = rows("(1,'a')");
  CHECK(compare(one).exit_code() == 0);
  const Verified exact = compare(one, {"--exact"});
  CHECK(exact.exit_code() == 6);
  CHECK(exact.differences() == "extra 9 \n");
  CHECK(compare(one, {"--exact", "--list", "0"}).differences().empty());
}

TEST_CASE("rest verify: the server says what a file's spelling means") {
  struct Pair {
    const char* type;
    const char* file;
    const char* table;
    const char* counts;  // same differing missing extra; all 0: unchecked
  };
  constexpr const char* kSame = "1 0 0 0";
  constexpr const char* kDiffers = "0 1 0 0";
  constexpr const char* kUnchecked = "0 0 0 0";
  const std::vector<Pair> all = {
      {"numeric", "1.0", "1.00", kSame},  // as numbers
      {"numeric(10,2)", "1.0", "1.00", kSame},
      {"numeric(10,2)", "1.005", "1.005", kUnchecked},
      {"numeric", "1.0", "1.01", kDiffers},
      {"numeric", "'NaN'", "'nan'", kSame},
      {"double precision", "0.1", "0.1", kSame},
      {"double precision", "0.1", "0.10000000000000002", kDiffers},
      {"double precision", "'infinity'", "'Infinity'", kSame},
      {"real", "16777217", "16777216", kSame},
      {"timestamptz", "'2024-01-01 12:00+02'", "'2024-01-01 10:00Z'", kSame},
      {"timestamptz", "'2024-01-01 12:00+02'", "'2024-01-01 10:00:00.000001Z'", kDiffers},
      {"timestamp", "'2024-01-01T12:00:00'", "'2024-01-01 12:00'", kSame},
      {"timestamp(0)", "'2024-01-01 12:00:00.6'", "'2024-01-01 12:00:01'", kUnchecked},
      {"date", "'January 8, 1999'", "'1999-01-08'", kSame},
      {"date", "'January 8, 1999'", "'1999-01-09'", kDiffers},
      {"interval", "'90 minutes'", "'1:30'", kSame},
      {"text", "'a '", "'a'", kDiffers},
      {"text", "''", "NULL", kDiffers},
      {"text", "'NULL'", "NULL", kDiffers},
      {"text", "NULL", "'null'", kDiffers},
      {"char(5)", "'a '", "'a'", kSame},
      {"varchar(5)", "'abcde  '", "'abcde'", kSame},
      {"boolean", "'yes'", "true", kSame},
      {"integer", "1.5", "2", kSame},
      {"json", "'{\"a\":1}'", "'{\"a\":1}'", kSame},
      {"json", "'{\"a\":1}'", "'{\"a\": 1}'", kDiffers},
      {"jsonb", "'{\"b\":1,\"a\":2}'", "'{\"a\": 2, \"b\": 1}'", kSame},
      {"jsonb", "'{\"b\":1,\"a\":2}'", "'{\"a\": 2, \"b\": \"1\"}'", kDiffers},
      {"point", "'(1,2)'", "'(1,2)'", kSame},
      {"point", "'1,2'", "'(1,2)'", kUnchecked},
      {"xml", "'<a/>'", "'<a/>'", kSame},
      {"int[]", "'{1, 2}'", "'{1,2}'", kSame},
      {"int[]", "'{1, 2}'", "'{2,1}'", kDiffers},
      {"text[]", "'{NULL}'", "'{\"NULL\"}'", kDiffers},
      {"json[]", "'{ 1 }'", "'{1}'", kUnchecked},
      {"pair", "'(1,a)'", "'(1,a)'", kSame},
      {"pair", "'(1,\"\")'", "'(1,)'", kUnchecked},
      {"bytea", R"('\x00FF')", R"(E'\\000\\377')", kSame},
      {"bytea", "''", "NULL", kDiffers},
      {"uuid", "'A0EEBC999C0B4EF8BB6D6BB9BD380A11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
       kSame},
      {"hstore", "'b=>2,a=>1'", "'a=>1,b=>2'", kSame},
      {"mood", "'sad'", "'ok ish'", kDiffers},
      {"mood", "'sad'", "'sad'", kSame},
      {"inet", "'10.0.0.1/32'", "'10.0.0.1'", kSame},
      {"int4range", "'[1,3]'", "'[1,4)'", kSame},
      {"bit(3)", "B'101'", "'101'", kSame},
  };
  std::string tables =
      "create extension hstore; create type mood as enum ('sad', 'ok ish'); "
      "create type pair as (x int, y text);";
  std::string dump, stored;
  for (std::size_t index = 0; index < all.size(); ++index) {
    const std::string name = "t" + std::to_string(index);
    tables += "create table " + name + " (id int primary key, v " + all[index].type + ");";
    dump += "INSERT INTO " + name + " (id, v) VALUES (1, " + all[index].file + ");\n";
    stored += "insert into " + name + " values (1, " + all[index].table + ");\n";
  }
  Stack& stack = shared_stack();
  stack.reset(tables);
  stack.sql(stored);
  const Verified verified = compare(dump);
  INFO(verified.result.err);
  REQUIRE(verified.exit_code() == 6);
  for (std::size_t index = 0; index < all.size(); ++index) {
    INFO(std::string(all[index].type), ": ", std::string(all[index].file), " against ",
         std::string(all[index].table));
    CHECK(verified.counts(index) == std::string(all[index].counts));
    const bool is_unchecked = all[index].counts == std::string(kUnchecked);
    CHECK(verified.table(index)["rows_unchecked"].number() == (is_unchecked ? 1 : 0));
    CHECK((verified.table(index)["not_compared"].size() > 0) == is_unchecked);
  }
}

TEST_CASE("rest verify: keys and values of every special character find their rows") {
  const std::vector<std::string> odd = {"",      " ",     "a,b", "\"",   "\\",      "\\\"", "(",
                                        ")",     "a(b)c", "{x}", "'",    "%",       "%20",  "+",
                                        "&",     "a=b",   "#",   "null", "NULL",    "*",    "ä€😀",
                                        ".",     "eq.1",  "1",   "true", "a\tb\nc", "\r\n", ":",
                                        ";DROP", "<>",    "?",   "[1]",  "a\"b\\c,"};
  Stack& stack = shared_stack();
  stack.reset("create table t (id text primary key, v text); create table k (id text, v text)");
  std::string dump = "SET standard_conforming_strings = on;\n", keyless = dump;
  for (const std::string& text : odd) {
    std::string quoted;
    for (const char byte : text) quoted += byte == '\'' ? "''" : std::string(1, byte);
    dump += "INSERT INTO t (id, v) VALUES ('" + quoted + "', '" + quoted + "');\n";
    keyless += "INSERT INTO k (id, v) VALUES ('" + quoted + "', '" + quoted + "');\n";
  }
  stack.sql(dump + keyless);
  const std::string all = std::to_string(odd.size());
  CHECK(compare(dump, {"--exact"}).counts() == all + " 0 0 0");
  CHECK(compare(keyless, {"--exact"}).counts() == all + " 0 0 0");
  stack.sql("update t set v = v || '.'; update k set v = v || '.'");
  CHECK(compare(dump).counts() == "0 " + all + " 0 0");
  CHECK(compare(keyless).counts() == "0 0 " + all + " " + all);
}

TEST_CASE("rest verify: 5,000 rows, one of them different") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id int primary key, v text, at timestamptz);"
      "insert into t select n, repeat('x', n % 300), "
      "timestamptz '2024-01-01Z' + n * interval '1 minute' from generate_series(1, 5000) n");
  // In another zone than the server prints, so that it is asked about every row.
  const std::string dump = stack.sql(
      "set timezone = 'Asia/Tokyo'; select 'INSERT INTO t VALUES (' || id || ',''' || v || ''',''' "
      "|| at || ''');' from t order by id");
  const std::string create = "CREATE TABLE t (id int, v text, at timestamptz);\n";
  CHECK(contains(dump, "+09"));
  const Verified equal = compare(create + dump);
  INFO(equal.result.err);
  CHECK(equal.counts() == "5000 0 0 0");
  stack.sql("update t set at = at + interval '1 second' where id = 4321");
  CHECK(compare(create + dump).differences() == "differing 4321 at line 4322\n");
  // The server sends fewer rows than were asked for.
  stack.postgrest.restart(Stack::kDatabase, {{"db-max-rows", "50"}});
  CHECK(compare(create + dump).counts() == "4999 1 0 0");
}

TEST_CASE("rest verify: of a key that comes again the last row counts, with --ignore the first") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text, w text)");
  const std::string dump = rows("(1,'a'),(2,'b')") + rows("(1,'c')");
  stack.sql("insert into t values (1,'c'),(2,'b')");
  const Verified last = compare(dump);
  CHECK(last.exit_code() == 0);
  CHECK(last.counts() == "2 0 0 0");
  CHECK(last.table()["rows_repeated"].text() == "1");
  CHECK(compare(dump, {"--ignore"}).differences() == "differing 1 v line 2\n");
  stack.sql("update t set v = 'a' where id = 1");
  CHECK(compare(dump, {"--ignore"}).exit_code() == 0);
  CHECK(compare(dump).differences() == "differing 1 v line 4\n");

  // A later row changes the columns that it has, and no others.
  const std::string columns =
      "INSERT INTO t (id, v, w) VALUES (1,'a','x'),(2,'b','y');\n"
      "INSERT INTO t (id, w) VALUES (1,'z');\n";
  stack.sql("update t set v = 'a', w = 'z' where id = 1; update t set w = 'y' where id = 2");
  CHECK(compare(columns).exit_code() == 0);
  stack.sql("update t set v = 'q' where id = 1");
  CHECK(compare(columns).counts() == "1 1 0 0");
  stack.sql("update t set v = 'a', w = 'x' where id = 1");
  CHECK(compare(columns).differences() == "differing 1 w line 2\n");
}

TEST_CASE("rest verify: rows without a key are compared as often as they are there") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int, v json, at timestamptz)");
  const std::string dump =
      "INSERT INTO t (id, v, at) VALUES\n(1,'{\"a\": 1}',NULL),\n(1,'{\"a\": 1}',NULL),\n"
      "(2,NULL,'2024-01-01 12:00+02'),\n(2,NULL,'2024-01-01 11:00+01');\n";
  stack.sql(dump);
  CHECK(compare(dump, {"--exact"}).counts() == "4 0 0 0");
  stack.sql("insert into t values (2, null, '2024-01-01 10:00Z')");
  CHECK(compare(dump).exit_code() == 0);
  CHECK(compare(dump).counts() == "4 0 0 1");
  const Verified doubled = compare(dump, {"--exact"});
  CHECK(doubled.exit_code() == 6);
  CHECK(doubled.differences() == "extra   line 4\n");
  stack.sql("delete from t where ctid = (select min(ctid) from t where id = 1)");
  const Verified lost = compare(dump);
  CHECK(lost.exit_code() == 6);
  CHECK(lost.counts() == "3 0 1 1");
  CHECK(lost.differences() == "missing   line 2\n");
  stack.sql("update t set v = '{\"a\":1}' where id = 1");
  CHECK(compare(dump).counts() == "2 0 2 2");
  // Nothing of such a row can be named in a question.
  stack.reset("create table t (v json)");
  stack.sql("insert into t values ('[1]')");
  const Verified unknown = compare("INSERT INTO t (v) VALUES ('[1]');\n");
  CHECK(unknown.table()["rows_unchecked"].number() == 1);
  CHECK(unknown.table()["not_compared"].size() == 1);
}

TEST_CASE("rest verify: what the column's type refuses is missing, with the server's reason") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id date primary key, v date)");
  stack.sql("insert into t values ('2024-01-01', '2024-01-01'), ('2024-01-03', '2024-01-03')");
  const Verified verified =
      compare(rows("('2024-01-01','2024-01-01'),\n('2024-02-30',NULL),\n('2024-01-03','never')"));
  INFO(verified.result.err);
  CHECK(verified.exit_code() == 6);
  CHECK(verified.counts() == "1 1 1 0");
  CHECK(verified.differences() == "missing   line 3\ndiffering 2024-01-03 v line 4\n");
  CHECK(contains(verified.table()["differences"][0]["reason"].text(), "22008"));
  CHECK(contains(verified.table()["differences"][1]["reason"].text(), "22007"));
}

TEST_CASE("rest verify: moments and random ids are not compared, a dump's time zone holds") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text, at timestamptz, u uuid)");
  const std::string dump =
      "INSERT INTO t (id, v, at, u) VALUES (1, 'a', now(), gen_random_uuid()), "
      "(2, 'b', '2024-01-01 00:00Z', NULL);\n";
  stack.sql(dump);
  const Verified verified = compare(dump);
  INFO(verified.result.out);
  CHECK(verified.exit_code() == 0);
  CHECK(verified.table()["not_compared"].size() == 2);
  stack.sql("update t set at = now() where id = 2");
  CHECK(compare(dump).differences() == "differing 2 at line 1\n");

  const std::string zones = "SET timezone = 'Asia/Tokyo';\n" + rows("(1,'2024-01-01 12:00')") +
                            "SET timezone = 'UTC';\n" + rows("(2,'2024-01-01 12:00')");
  stack.reset("create table t (id int primary key, v timestamptz)");
  stack.sql(zones);
  CHECK(compare(zones).counts() == "2 0 0 0");
  stack.sql("update t set v = v + interval '9 hours' where id = 1");
  CHECK(compare(zones).differences() == "differing 1 v line 3\n");
}

TEST_CASE(
    "rest verify: keys of several columns, and keys spelled in another way, find their rows") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id timestamptz, v text, n int, primary key (id, v))");
  const std::string dump =
      "INSERT INTO t (id, v, n) VALUES ('2024-01-01 12:00+02','a,b',1),\n"
      "('2024-01-01 12:00+02','c',2),\n('2024-01-01 13:00+02','a,b',3);\n";
  stack.sql(dump);
  CHECK(compare(dump, {"--exact"}).counts() == "3 0 0 0");
  stack.sql("update t set n = 9 where v = 'c'; delete from t where n = 3");
  const Verified verified = compare(dump);
  CHECK(verified.counts() == "1 1 1 0");
  CHECK(verified.table()["differences"][0]["columns"][0].text() == "n");
}

TEST_CASE("rest verify: tables, columns and rights that are missing are refused") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key); create table u (id int primary key, v text)");
  CHECK(compare("INSERT INTO nowhere (id) VALUES (1);").exit_code() == 5);
  const Verified column = compare(rows("(1,'a')"));
  CHECK(column.exit_code() == 5);
  CHECK(contains(column.summary["error"]["where"].text(), "dump.sql:1"));
  CHECK(compare("UPDATE t SET id = 2;").exit_code() == 3);
  stack.sql("revoke select on u from service_role");
  const Verified right = compare("INSERT INTO u (id, v) VALUES (1,'a');");
  CHECK(right.exit_code() == 5);
  CHECK(contains(right.summary["error"]["hint"].text(), "GRANT SELECT"));
}

TEST_CASE("rest verify: a key that may not see every row is said where rows are missing") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id int primary key, v text); alter table t enable row level security");
  const std::string dump = rows("(1,'a')");
  stack.sql(dump);
  const Verified hidden = verify_text(
      dump, {}, without_database({{"SUPABASE_SECRET_KEY", stack.postgrest.anon_key()}}));
  CHECK(hidden.exit_code() == 6);
  INFO(hidden.result.out);
  CHECK(contains(hidden.summary["notes"][0].text(), "row-level security"));
  const Verified seen = compare(dump);
  CHECK(seen.exit_code() == 0);
  CHECK(seen.summary["notes"].size() == 0);
}

TEST_CASE("rest verify: what PostgREST cannot carry is refused with what would compare it") {
  shared_stack().reset("create table t (id int primary key, j json)");
  const Verified refused = compare("INSERT INTO t (id, j) VALUES (1, 'null');\n");
  CHECK(refused.exit_code() == 3);
  CHECK(refused.summary["error"]["hint"].text() ==
        "set DATABASE_URL, over which all but expressions can be compared; or leave such rows out "
        "with "
        "--skip-unsupported");
  // As it says.
  shared_stack().sql("insert into t values (1, 'null')");
  CHECK(verify_text("INSERT INTO t (id, j) VALUES (1, 'null');\n").exit_code() == 0);
}

TEST_CASE("rest verify: seed --verify compares over PostgREST where there is no database URL") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id int primary key, v text check (v <> 'bad')); create function f() returns "
      "trigger language plpgsql as $$ begin if new.id = 2 then new.v := 'changed'; end if; return "
      "new; end $$; create trigger b before insert on t for each row execute function f()");
  const std::string dump = rows("(1,'a'),\n(2,'b'),\n(4,'bad')");
  const Seeded changed = seed_text(dump, {"--verify", "--max-rejects", "all"}, without_database());
  CHECK(changed.exit_code() == 6);
  const Json table = changed.summary["verification"]["tables"][0];
  CHECK(table["rows_differing"].number() == 1);
  CHECK(table["rows_missing"].number() == 0);
  CHECK(table["exact"].text() == "true");
  CHECK(table["differences"][0]["key"][0].text() == "2");
  stack.sql("drop trigger b on t; update t set v = 'b' where id = 2");
  const Seeded ignored =
      seed_text(dump, {"--verify", "--ignore", "--max-rejects", "all"}, without_database());
  CHECK(ignored.summary["verification"]["equal"].text() == "true");
}

}  // namespace pgseed::test
