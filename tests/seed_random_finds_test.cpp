// What the random dumps found: each was loaded as something else than its own database holds, or
// refused without need.
#include <doctest/doctest.h>

#include <string>

#include "pgseed/seed/input/foreign_value.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

// public and another schema, both in the API.
void reset_two_schemas(const std::string& sql) {
  Stack& stack = shared_stack();
  stack.reset();
  stack.sql("create schema api2; " + sql +
            "; grant usage on schema api2 to service_role; "
            "grant all on all tables in schema api2 to service_role");
  stack.postgrest.restart(Stack::kDatabase, {{"db-schemas", "public,api2"}});
}

}  // namespace

TEST_CASE("seed: rows without a column list may go into a schema that only a later file names") {
  reset_two_schemas("create table t (a int, b text); create table api2.u (b text, a int)");
  const TempDir folder;
  const std::string first = folder.write("1.sql", "INSERT INTO t VALUES (1, 'x');");
  const std::string second = folder.write("2.sql", "INSERT INTO api2.u VALUES ('y', 2);");
  const Seeded run = seed({first, second});
  INFO(run.error());
  CHECK(run.exit_code() == 0);
  CHECK(shared_stack().sql("select t.*, u.* from t, api2.u") == "1|x|y|2");
}

TEST_CASE("seed: a value that REST cannot carry refuses the file in whatever schema it goes") {
  reset_two_schemas("create table t (a int); create table api2.u (j json)");
  const Seeded run = seed_text(
      "INSERT INTO t VALUES (1);\nINSERT INTO api2.u (j) VALUES ('null');\n", {"--via", "rest"});
  CHECK(run.exit_code() == 3);
  CHECK(contains(run.where(), "dump.sql:2"));
  CHECK(shared_stack().sql("select count(*) from t") == "0");
}

TEST_CASE("seed: a JSON string goes into a json column only if PostgREST leaves its escapes") {
  shared_stack().reset("create table t (id int primary key, j json, b jsonb)");
  const std::string kept = R"("a\"b\\c\b\f\n\r\t\u0001\u000b\u001f /é)";
  const Seeded good = seed_text("INSERT INTO t VALUES (1, '" + kept + "\"', '" + kept + "\"');");
  INFO(good.error());
  CHECK(good.exit_code() == 0);
  CHECK(shared_stack().sql("select j from t") == kept + "\"");
  for (const std::string escape : {"\\/", "\\u0041", "\\u000a", "\\u001F", "\\u00e9", "\\u0008"}) {
    CAPTURE(escape);
    const Seeded bad =
        seed_text("INSERT INTO t VALUES (2, '\"" + escape + "\"', NULL);", {"--via", "rest"});
    CHECK(bad.exit_code() == 3);
    CHECK(contains(bad.error(), "a string as json value with escapes"));
    // Inside of an object they stay, and jsonb has no spelling to keep.
    const Seeded inside =
        seed_text("INSERT INTO t VALUES (2, '[\"" + escape + "\"]', '\"" + escape + "\"');\n");
    CHECK(inside.exit_code() == 0);
    CHECK(shared_stack().sql("delete from t where id = 2 returning j") == "[\"" + escape + "\"]");
  }
}

TEST_CASE("seed mysql: bits get their length from the target where the file has no CREATE TABLE") {
  shared_stack().reset("create table t (id int primary key, b bit(10))");
  const Seeded run =
      seed_text("INSERT INTO `t` (`id`, `b`) VALUES (1, b'101'), (2, 3), (3, NULL);");
  INFO(run.error());
  CHECK(run.exit_code() == 0);
  CHECK(shared_stack().sql("select string_agg(b::text, ' ' order by id) from t") ==
        "0000000101 0000000011");
}

TEST_CASE("seed sqlite: rows leave out generated columns, also without CREATE TABLE in the file") {
  shared_stack().reset(
      "create table t (made int generated always as (n + 1) stored, a text, n int primary key)");
  const Seeded run = seed_text("PRAGMA foreign_keys=OFF;\nINSERT INTO t VALUES ('x', 5);\n");
  INFO(run.error());
  CHECK(run.exit_code() == 0);
  CHECK(shared_stack().sql("select * from t") == "6|x|5");
}

TEST_CASE("seed sqlite: a double in a column of text is the text that SQLite makes of it") {
  const struct {
    const char* number;
    const char* text;
  } cases[] = {{"0.5", "0.5"},
               {"1.0", "1.0"},
               {"-12.25", "-12.25"},
               {"0.0001", "0.0001"},
               {"0.00001", "1.0e-05"},
               {"0.0000123", "1.23e-05"},
               {"100000000000000.0", "100000000000000.0"},
               {"1000000000000000.0", "1.0e+15"},
               {"10000000000000000000000.0", "1.0e+22"},
               {"3906119.791475797", "3906119.7914758"},
               {"59809.00734454341", "59809.0073445434"},
               {"99999999999999.99999", "100000000000000.0"},
               {"Infinity", "Inf"},
               {"-Infinity", "-Inf"},
               {"0.0", "0.0"},
               // SQLite 3.40 has ...355.0, what rounds exactly ...356.0.
               {"-579803102826355.5", ""}};
  for (const auto& [number, text] : cases) {
    CAPTURE(number);
    CHECK(seed::sqlite_text_of_real(number) == text);
  }
}

}  // namespace pgseed::test
