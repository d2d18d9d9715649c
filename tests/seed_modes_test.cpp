// What `pgseed seed` does to tables, mode by mode and option by option, on the real servers.
#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "support/fault_proxy.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kTable = "create table t (id int primary key, v text)";

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

// "1=a 2=b", NULL as -.
std::string rows_of(const std::string& table, const std::string& value = "v",
                    const std::string& key = "id") {
  return sql("select string_agg(" + key + " || '=' || coalesce(" + value +
             "::text, '-'), ' ' order by " + key + ") from " + table);
}

std::string insert(const std::string& head, const std::vector<std::string>& rows) {
  std::string statement = "INSERT INTO " + head + " VALUES\n";
  for (std::size_t index = 0; index < rows.size(); ++index) {
    statement += rows[index] + (index + 1 < rows.size() ? ",\n" : ";\n");
  }
  return statement;
}

std::int64_t superseded(const Seeded& seeded, std::size_t table = 0) {
  return seeded.summary["tables"][table]["rows_superseded"].number();
}

void serve(const LocalPostgrest::Settings& settings) {
  shared_stack().postgrest.restart(Stack::kDatabase, settings);
}

Call without_database() {
  return {.args = {}, .environment = {{"DATABASE_URL", std::nullopt}}};
}

}  // namespace

// --- the modes

TEST_CASE("insert: a duplicate key stops the run and names key, table, line and the way out") {
  shared_stack().reset(std::string(kTable) + "; insert into t values (5, 'old')");
  const std::string dump = insert(
      "t (id, v)", {"(1,'a')", "(2,'b')", "(3,'c')", "(4,'d')", "(5,'e')", "(6,'f')", "(7,'g')"});
  const Seeded seeded = seed_text(dump, {"--batch-rows", "2", "--concurrency", "1"});
  CHECK(seeded.exit_code() == 1);
  CHECK(contains(seeded.error(), "(id)=(5)"));
  CHECK(contains(seeded.error(), "public.t"));
  CHECK(seeded.where().ends_with("dump.sql:6"));
  CHECK(contains(seeded.hint(), "UPSERT=true"));
  CHECK(contains(seeded.hint(), "FORCE=true"));
  CHECK(seeded.total("rows_rejected") == 1);
  CHECK(seeded.total("rows_in_doubt") == 0);
  CHECK(seeded.total("rows_loaded") >= 4);
  CHECK(sql("select count(*) - 1 from t") == std::to_string(seeded.total("rows_loaded")));
  CHECK(sql("select v from t where id = 5") == "old");
}

TEST_CASE("upsert: the last row of a key wins, in a batch and across batches") {
  const std::string dump =
      insert("t (id, v)", {"(1,'a')", "(2,'b')", "(1,'c')", "(3,'d')", "(2,'e')", "(1,'f')"});
  for (const std::string rows : {"1000", "3", "2", "1"}) {
    CAPTURE(rows);
    shared_stack().reset(std::string(kTable) + "; insert into t values (3, 'old'), (4, 'stays')");
    const Seeded seeded = seed_text(dump, {"--upsert", "--batch-rows", rows});
    CHECK(seeded.exit_code() == 0);
    CHECK(rows_of("t") == "1=f 2=e 3=d 4=stays");
    CHECK(seeded.counts("t") == "6 3 0 0 3 0");
    CHECK(superseded(seeded) == 3);
    CHECK(contains(seeded.notes(), "3 rows of public.t were superseded"));
  }
}

TEST_CASE("upsert: the last row of a key wins across column sets, and other columns are kept") {
  shared_stack().reset("create table t (id int primary key, v text, w text)");
  const Seeded seeded = seed_text(
      "INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'x');\n"
      "INSERT INTO t (id, w) VALUES (1, 'b');\n"
      "INSERT INTO t (v, id) VALUES ('c', 1);\n",
      {"--upsert"});
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t", "v || coalesce(w, '')") == "1=cb 2=x");
  CHECK(seeded.counts("t") == "4 2 0 0 2 0");
  CHECK(superseded(seeded) == 2);
}

TEST_CASE("upsert: many keys that come again in every batch end as the file's last rows") {
  shared_stack().reset(kTable);
  std::vector<std::string> rows;
  for (int round = 0; round < 20; ++round) {
    for (int id = 0; id < 25; ++id) {
      rows.push_back("(" + std::to_string(id) + ",'" + std::to_string(round) + "')");
    }
  }
  const Seeded seeded =
      seed_text(insert("t (id, v)", rows), {"--upsert", "--batch-rows", "7", "--concurrency", "8"});
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select count(*), min(v), max(v) from t") == "25|19|19");
  CHECK(seeded.counts("t") == "500 25 0 0 475 0");
}

TEST_CASE("upsert: --on-conflict takes another unique key, of several columns too") {
  shared_stack().reset(
      "create table t (id serial primary key, a text, b text, v text, unique (a, b));"
      "insert into t (a, b, v) values ('x', 'y', 'old')");
  const Seeded seeded = seed_text(
      "INSERT INTO t (a, b, v) VALUES ('x', 'y', 'new'), ('x', 'z', '1'), ('x', 'z', '2');",
      {"--upsert", "--on-conflict", "a,b"});
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select string_agg(id || a || b || v, ' ' order by id) from t") == "1xynew 3xz2");
  CHECK(seeded.counts("t") == "3 2 0 0 1 0");
}

TEST_CASE("upsert: without a key, or with a target that is none, nothing is written") {
  shared_stack().reset("create table t (id int, v text)");
  const std::string dump = "INSERT INTO t (id, v) VALUES (1, 'a');";
  for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{
           {"--upsert"}, {"--ignore"}, {"--upsert", "--on-conflict", "v"}}) {
    const Seeded seeded = seed_text(dump, options);
    CHECK(seeded.exit_code() == 5);
    CHECK(contains(seeded.error(), "public.t"));
    CHECK(contains(seeded.error(), options.size() == 1 ? "no primary key" : "no unique key"));
    CHECK(!seeded.hint().empty());
    CHECK(seeded.where().ends_with("dump.sql:1"));
  }
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("upsert: a conflict target that the table does not have is named as such") {
  shared_stack().reset(kTable);
  const Seeded seeded =
      seed_text("INSERT INTO t (id, v) VALUES (1, 'a');", {"--upsert", "--on-conflict", "nope"});
  CHECK(seeded.exit_code() == 5);
  CHECK(contains(seeded.error(), "--on-conflict: the table public.t has no column nope"));
}

TEST_CASE("ignore: the first row of a key wins, and the others are counted") {
  for (const std::string rows : {"1000", "1"}) {
    CAPTURE(rows);
    shared_stack().reset(std::string(kTable) + "; insert into t values (1, 'old')");
    const Seeded seeded =
        seed_text(insert("t (id, v)", {"(1,'a')", "(2,'b')", "(2,'c')", "(3,'d')"}),
                  {"--ignore", "--batch-rows", rows});
    CHECK(seeded.exit_code() == 0);
    CHECK(rows_of("t") == "1=old 2=b 3=d");
    CHECK(seeded.counts("t") == "4 2 2 0 0 0");
  }
}

// --- FORCE

TEST_CASE("force: children are emptied first, parents filled first") {
  shared_stack().reset(
      "create table parent (id int primary key, v text);"
      "create table child (id int primary key, v int not null references parent);"
      "insert into parent values (9, 'old'); insert into child values (9, 9)");
  const Seeded seeded = seed_text(
      "INSERT INTO child (id, v) VALUES (1, 1), (2, 1);\n"
      "INSERT INTO parent (id, v) VALUES (1, 'a');\n",
      {"--force"});
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("parent") == "1=a");
  CHECK(rows_of("child") == "1=1 2=1");
  CHECK(seeded.counts() == "3 3 0 0 0 0");
}

TEST_CASE("force: a broken file, an unknown column or no rows leave the table as it was") {
  shared_stack().reset(std::string(kTable) + "; insert into t values (9, 'old')");
  struct Case {
    std::string dump;
    int exit_code;
  };
  for (const Case& each : {Case{"INSERT INTO t (id, v) VALUES (1, 'a');\n"
                                "INSERT INTO t (id, v) VALUES (2, 'b;\n",
                                3},
                           Case{"INSERT INTO t (id, v) VALUES (1, 'a');\n"
                                "INSERT INTO t (id, w) VALUES (2, 'b');\n",
                                5},
                           Case{"INSERT INTO t (id, v) VALUES (1, upper('a'));\n", 3},
                           Case{"CREATE TABLE t (id int);\n", 3}}) {
    CAPTURE(each.dump);
    const Seeded seeded = seed_text(each.dump, {"--force", "--via", "rest"});
    CHECK(seeded.exit_code() == each.exit_code);
    CHECK(rows_of("t") == "9=old");
    CHECK(contains(seeded.notes(), "no table was emptied"));
  }
}

TEST_CASE("force: rows of a table that is not in the file are not touched without consent") {
  shared_stack().reset(
      std::string(kTable) +
      "; create table other (id int primary key, v int references t on delete cascade);"
      "insert into t values (9, 'old'); insert into other values (1, 9)");
  const std::string dump = "INSERT INTO t (id, v) VALUES (1, 'a');";
  const Seeded refused = seed_text(dump, {"--force"});
  CHECK(refused.exit_code() == 5);
  CHECK(contains(refused.error(), "public.other"));
  CHECK(contains(refused.hint(), "--allow-cascade"));
  CHECK(rows_of("t") + " " + rows_of("other") == "9=old 1=9");
  CHECK(seed_text(dump, {"--force", "--allow-cascade"}).exit_code() == 0);
  CHECK(rows_of("t") == "1=a");
  CHECK(sql("select count(*) from other") == "0");
}

TEST_CASE("force: a table that the role may not look into was taken for empty and lost its rows") {
  const std::string tables =
      std::string(kTable) +
      "; create table other (id int primary key, v int references t on delete cascade);";
  shared_stack().reset(tables + "insert into t values (9, 'old'); insert into other values (1, 9)");
  shared_stack().sql("revoke select on other from service_role");
  const std::string dump = "INSERT INTO t (id, v) VALUES (1, 'a');";
  const Seeded refused = seed_text(dump, {"--force"});
  CHECK(refused.exit_code() == 5);
  CHECK(contains(refused.error(), "public.other"));
  CHECK(contains(refused.hint(), "SELECT"));
  CHECK(contains(refused.hint(), "--allow-cascade"));
  CHECK(rows_of("t") + " " + rows_of("other") == "9=old 1=9");
  CHECK(seed_text(dump, {"--force", "--allow-cascade"}).exit_code() == 0);
  CHECK(rows_of("t") == "1=a");

  // Empty, and seen to be: nothing stands in the way.
  shared_stack().reset(tables + "insert into t values (9, 'old')");
  CHECK(seed_text(dump, {"--force"}).exit_code() == 0);
  CHECK(rows_of("t") == "1=a");
}

TEST_CASE("force: a lost answer about a table that refers to it was taken for an empty table") {
  shared_stack().reset(
      std::string(kTable) +
      "; create table other (id int primary key, v int references t on delete cascade);"
      "insert into t values (9, 'old'); insert into other values (1, 9)");
  for (const bool for_good : {false, true}) {
    CAPTURE(for_good);
    int asked = 0;
    FaultProxy proxy(shared_stack().postgrest.port(), [&](const ProxyRequest& request) {
      if (request.target.rfind("/other", 0) != 0 || request.method == "POST") return Fault{};
      Fault lost;
      if (for_good || asked++ == 0) lost.kind = Fault::Kind::lose_answer;
      return lost;
    });
    Call call;
    call.environment = {{"SUPABASE_URL", proxy.url()}};
    const Seeded refused =
        seed_text("INSERT INTO t (id, v) VALUES (1, 'a');", {"--force", "--retries", "1"}, call);
    CHECK(refused.exit_code() == 5);
    CHECK(contains(refused.error(), "public.other"));
    CHECK(proxy.faults() >= 1);
    CHECK(rows_of("t") + " " + rows_of("other") == "9=old 1=9");
  }
}

TEST_CASE("force: a key that comes twice in the file ends with what the table holds now") {
  shared_stack().reset(std::string(kTable) + "; insert into t values (8, 'old'), (9, 'old')");
  const Seeded seeded = seed_text(insert("t (id, v)", {"(1,'a')", "(2,'b')", "(1,'c')"}),
                                  {"--force", "--batch-rows", "1", "--concurrency", "1"});
  CHECK(seeded.exit_code() == 1);
  CHECK(seeded.where().ends_with("dump.sql:4"));
  CHECK(contains(seeded.notes(),
                 "public.t was emptied (2 rows deleted) and now holds 2 of the file's rows"));
  CHECK(rows_of("t") == "1=a 2=b");
}

TEST_CASE("force: a table that --limit or --offset would leave empty is not emptied") {
  shared_stack().reset(std::string(kTable) + "; insert into t values (9, 'old')");
  for (const char* const option : {"--limit=0", "--offset=1"}) {
    const Seeded seeded = seed_text("INSERT INTO t (id, v) VALUES (1, 'a');", {"--force", option});
    CHECK(seeded.exit_code() == 2);
    CHECK(contains(seeded.error(), "public.t"));
    CHECK(rows_of("t") == "9=old");
  }
}

// --- which rows

TEST_CASE("seed: --limit and --offset count the rows of each table in file order") {
  const std::string dump =
      "INSERT INTO a (id, v) VALUES (1, 'a'), (2, 'b');\n"
      "INSERT INTO b (id, v) VALUES (1, 'x'), (2, 'y');\n"
      "INSERT INTO a (id, v) VALUES (3, 'c'), (4, 'd');\n"
      "INSERT INTO b (id, v) VALUES (3, 'z');\n";
  const std::string schema =
      "create table a (id int primary key, v text); create table b (id int primary key, v text)";
  shared_stack().reset(schema);
  const Seeded seeded = seed_text(dump, {"--limit", "2", "--offset", "1"});
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("a") + " | " + rows_of("b") == "2=b 3=c | 2=y 3=z");
  CHECK(seeded.counts("a") == "2 2 0 0 0 0");
  CHECK(seeded.counts("b") == "2 2 0 0 0 0");

  shared_stack().reset(schema);
  CHECK(seed_text(dump, {"--limit", "0"}).counts() == "0 0 0 0 0 0");
  CHECK(sql("select count(*) from a") == "0");
  CHECK(seed_text(dump, {"--offset", "3"}).counts() == "1 1 0 0 0 0");
  CHECK(rows_of("a") == "4=d");
}

TEST_CASE("seed: --table and --exclude choose tables, with their schema too") {
  const std::string make =
      "create table a (id int primary key); create table b (id int primary key);"
      "create schema s2; create table s2.a (id int primary key);"
      "grant usage on schema s2 to service_role; grant all on s2.a to service_role";
  const std::string dump =
      "INSERT INTO a (id) VALUES (1);\nINSERT INTO public.b (id) VALUES (1);\n"
      "INSERT INTO s2.a (id) VALUES (1);\n";
  struct Case {
    std::vector<std::string> options;
    std::string loaded;  // a, b, s2.a
  };
  shared_stack().reset(make);
  serve({{"db-schemas", "public,s2"}});
  for (const Case& each : std::vector<Case>{{{}, "1|1|1"},
                                            {{"--table", "a"}, "1|0|1"},
                                            {{"--table", "s2.a"}, "0|0|1"},
                                            {{"--table", "public.a", "--table", "b"}, "1|1|0"},
                                            {{"--exclude", "a"}, "0|1|0"},
                                            {{"--exclude", "public.*"}, "0|0|1"},
                                            {{"--table", "a", "--exclude", "s2.a"}, "1|0|0"}}) {
    sql("truncate a, b, s2.a");
    const Seeded seeded = seed_text(dump, each.options);
    CAPTURE(each.loaded);
    CHECK(seeded.exit_code() == 0);
    CHECK(sql("select (select count(*) from a), (select count(*) from b), "
              "(select count(*) from s2.a)") == each.loaded);
  }
  sql("truncate a, b, s2.a");
  CHECK(contains(seed_text(dump, {"--exclude", "public.*", "--exclude", "s2.a"}).notes(),
                 "leave out every table"));
  const Seeded misspelt = seed_text(dump, {"--table", "aa"});
  CHECK(misspelt.exit_code() == 2);
  CHECK(contains(misspelt.hint(), "s2.a"));
}

TEST_CASE("seed: several files are one run, and errors name the right one") {
  shared_stack().reset(kTable);
  const TempDir folder;
  const std::string one = folder.write("one.sql", "INSERT INTO t (id, v) VALUES (1, 'a');\n");
  const std::string two = folder.write("two.sql", "\nINSERT INTO t (id, v) VALUES (2, 'b');\n");
  CHECK(seed({one, two}).counts() == "2 2 0 0 0 0");
  CHECK(rows_of("t") == "1=a 2=b");
  sql("delete from t where id = 1");
  const Seeded again = seed({one, two, "--concurrency", "1"});
  CHECK(again.exit_code() == 1);
  CHECK(again.where() == two + ":2");
}

// --- foreign keys

TEST_CASE("seed: tables in alphabetical order load against their foreign keys") {
  shared_stack().reset(
      "create table z_top (id int primary key);"
      "create table m_middle (id int primary key, v int not null references z_top);"
      "create table a_leaf (id int primary key, v int not null references m_middle)");
  const std::string dump =
      "INSERT INTO a_leaf (id, v) VALUES (1, 1), (2, 2);\n"
      "INSERT INTO m_middle (id, v) VALUES (1, 1), (2, 1);\n"
      "INSERT INTO z_top (id) VALUES (1);\n";
  CHECK(seed_text(dump).counts() == "5 5 0 0 0 0");
  CHECK(rows_of("a_leaf") == "1=1 2=2");
  CHECK(seed_text(dump, {"--force"}).counts() == "5 5 0 0 0 0");
}

TEST_CASE("seed: rows that refer to earlier rows of their table load over several batches") {
  shared_stack().reset("create table t (id int primary key, v int references t)");
  std::vector<std::string> rows = {"(0,NULL)"};
  for (int id = 1; id < 60; ++id) {
    rows.push_back("(" + std::to_string(id) + "," + std::to_string(id - 1) + ")");
  }
  const Seeded seeded =
      seed_text(insert("t (id, v)", rows), {"--batch-rows", "7", "--concurrency", "8"});
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.counts() == "60 60 0 0 0 0");
  CHECK(seed_text(insert("t (id, v)", rows), {"--force", "--batch-rows", "7"}).exit_code() == 0);
}

TEST_CASE("seed: a circle of two tables loads in file order, and a table behind it after it") {
  const auto reset = [] {
    shared_stack().reset(
        "create table a (id int primary key, v int);"
        "create table b (id int primary key, v int references a);"
        "alter table a add foreign key (v) references b;"
        "create table a_behind (id int primary key, v int not null references b)");
  };
  const std::string behind = "INSERT INTO a_behind (id, v) VALUES (1, 1);\n";
  const std::string circle =
      "INSERT INTO a (id, v) VALUES (1, NULL);\nINSERT INTO b (id, v) VALUES (1, 1);\n"
      "INSERT INTO a (id, v) VALUES (2, 1);\nINSERT INTO b (id, v) VALUES (2, 2);\n";
  for (const std::string& dump : {circle, circle + behind, behind + circle}) {
    CAPTURE(dump);
    reset();
    const Seeded seeded = seed_text(dump);
    CHECK(seeded.exit_code() == 0);
    CHECK(rows_of("a") + " | " + rows_of("b") == "1=- 2=1 | 1=1 2=2");
    CHECK(contains(seeded.notes(), "in a circle"));
  }
}

TEST_CASE("seed: tables of a second exposed schema load with their keys and types") {
  shared_stack().reset(
      "create table t (id int primary key);"
      "create schema s2; create table s2.t (id int primary key, v jsonb);"
      "grant usage on schema s2 to service_role; grant all on s2.t to service_role");
  const std::string dump =
      "INSERT INTO s2.t (id, v) VALUES (1, '{\"a\":1}'), (1, '{\"a\":2}');\n"
      "SET search_path = s2;\nINSERT INTO public.t (id) VALUES (7);\n";
  const Seeded refused = seed_text(dump, {"--upsert"});
  CHECK(refused.exit_code() == 5);
  CHECK(contains(refused.hint(), "db-schemas"));
  serve({{"db-schemas", "public,s2"}});
  const Seeded seeded = seed_text(dump, {"--upsert"});
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("s2.t") == "1={\"a\": 2}");
  CHECK(rows_of("t", "id") == "7=7");
  const Seeded other = [] {
    const TempDir folder;
    const std::string file = folder.write("dump.sql", "INSERT INTO t (id, v) VALUES (3, '[]');\n");
    const Result result = pgseed({"--json", "--schema", "s2", "seed", file});
    return Seeded{result, Json(result.out)};
  }();
  CHECK(other.exit_code() == 0);
  CHECK(rows_of("s2.t") == "1={\"a\": 2} 3=[]");
}

// --- columns that the server fills

TEST_CASE("seed: DEFAULT leaves the value to the server, row by row") {
  shared_stack().reset(
      "create table t (id serial primary key, v text default 'dflt', w int default 7)");
  const Seeded seeded = seed_text(
      "INSERT INTO t (id, v, w) VALUES (11,'a',DEFAULT), (12,DEFAULT,2), (13,DEFAULT,DEFAULT),\n"
      "(14,'b',4), (15,NULL,NULL), (16,'c',DEFAULT);\n"
      "INSERT INTO t VALUES (DEFAULT, DEFAULT, DEFAULT);\n"
      "INSERT INTO t DEFAULT VALUES;\n");
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t", "v || w") == "1=dflt7 2=dflt7 11=a7 12=dflt2 13=dflt7 14=b4 15=- 16=c7");
  CHECK(seeded.counts() == "8 8 0 0 0 0");
}

TEST_CASE("seed: values for a generated column are left out, with a note") {
  shared_stack().reset(
      "create table t (id int primary key, n int, v int generated always as (n * 2) stored)");
  const Seeded seeded = seed_text("INSERT INTO t (id, v, n) VALUES (1, 4, 2), (2, 99, 3);");
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t") == "1=4 2=6");
  CHECK(contains(seeded.notes(), "the column v of public.t"));
}

TEST_CASE("seed: an identity that is always generated is refused or made anew, as asked") {
  shared_stack().reset("create table t (id int generated always as identity primary key, v text)");
  const std::string dump = "INSERT INTO t (id, v) OVERRIDING SYSTEM VALUE VALUES (41, 'a');";
  const Seeded refused = seed_text(dump, {"--via", "rest"});
  CHECK(refused.exit_code() == 5);
  CHECK(contains(refused.error(), "GENERATED ALWAYS AS IDENTITY"));
  CHECK(contains(refused.hint(), "--regenerate-identity"));
  CHECK(sql("select count(*) from t") == "0");
  CHECK(seed_text(dump, {"--regenerate-identity"}).exit_code() == 0);
  CHECK(rows_of("t") == "1=a");
}

TEST_CASE("seed: times without a zone mean the time zone that the dump sets") {
  shared_stack().reset("create table t (id int primary key, v timestamptz)");
  const Seeded seeded = seed_text(
      "SET TIME ZONE 'Asia/Tokyo';\n"
      "INSERT INTO t (id, v) VALUES (1, '2024-01-01 12:00');\n"
      "SET timezone = 'UTC';\n"
      "INSERT INTO t (id, v) VALUES (2, '2024-01-01 12:00'), (3, '2024-01-01 12:00+05');\n");
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t", "(v at time zone 'UTC')") ==
        "1=2024-01-01 03:00:00 2=2024-01-01 12:00:00 3=2024-01-01 07:00:00");
}

// --- bad rows

TEST_CASE("rejects: bad rows are set aside with all they held, and the good ones are kept") {
  shared_stack().reset(
      "create table t (id int primary key, v text check (v <> 'bad'), j jsonb, k json)");
  const std::string dump = insert(
      "t (id, v, j, k)", {R"((1,'a','{"x":1}','[]'))", R"((2,'bad','{"x": [1, "\"q\""]}',NULL))",
                          R"((3,'c',NULL,NULL))", R"((4,'d','{broken',NULL))",
                          R"((NULL,E'e\n',NULL,'"s"'))", R"((6,'f','7','8'))"});
  const TempDir folder;
  const std::string file = folder.write("dump.sql", dump);
  const std::string rejects = folder / "bad.ndjson";
  for (const std::string most : {"3", "all"}) {
    CAPTURE(most);
    sql("truncate t");
    const Seeded seeded = seed({file, "--max-rejects", most, "--rejects", rejects});
    CHECK(seeded.exit_code() == 1);
    CHECK(seeded.counts("t") == "6 3 0 3 0 0");
    CHECK(seeded.summary["rejects_file"].text() == rejects);
    CHECK(rows_of("t") == "1=a 3=c 6=f");

    std::vector<Json> lines(7, Json(std::string("{}")));
    std::istringstream text(read_file(rejects));
    std::size_t count = 0;
    for (std::string line; std::getline(text, line); ++count) {
      const Json row(line);
      const auto number = static_cast<std::size_t>(row["row"].number());
      REQUIRE(number < lines.size());
      lines[number] = row;
      CHECK(row["file"].text() == file);
      CHECK(row["line"].number() == row["row"].number() + (number == 6 ? 2 : 1));
      CHECK(row["schema"].text() == "public");
      CHECK(row["table"].text() == "t");
      CHECK(!row["message"].text().empty());
    }
    REQUIRE(count == 3);
    CHECK(lines[2]["code"].text() == "23514");
    CHECK(lines[2]["values"]["id"].text() == "2");
    CHECK(lines[2]["values"]["v"].text() == "bad");
    CHECK(lines[2]["values"]["j"].text() == R"({"x": [1, "\"q\""]})");
    CHECK(lines[2]["values"]["k"].is_null());
    CHECK(lines[4]["code"].text() == "22P02");
    CHECK(lines[4]["values"]["j"].text() == "{broken");
    CHECK(lines[5]["code"].text() == "23502");
    CHECK(lines[5]["values"]["id"].is_null());
    CHECK(lines[5]["values"]["v"].text() == "e\n");
    CHECK(lines[5]["values"]["k"].text() == "\"s\"");
  }
}

TEST_CASE("rejects: the run stops when there are more than --max-rejects") {
  shared_stack().reset("create table t (id int primary key, v text check (v <> 'bad'))");
  std::vector<std::string> rows;
  for (int id = 1; id <= 40; ++id) {
    rows.push_back("(" + std::to_string(id) + (id % 2 == 0 ? ",'bad')" : ",'good')"));
  }
  const Seeded seeded = seed_text(
      insert("t (id, v)", rows), {"--max-rejects", "2", "--batch-rows", "4", "--concurrency", "1"});
  CHECK(seeded.exit_code() == 1);
  CHECK(seeded.total("rows_rejected") >= 3);
  CHECK(seeded.total("rows_rejected") <= 4);
  CHECK(sql("select count(*) from t") == std::to_string(seeded.total("rows_loaded")));
  CHECK(seeded.total("rows_loaded") < 20);
}

// --- reading

TEST_CASE("seed: --dry-run checks everything and writes nothing") {
  shared_stack().reset(std::string(kTable) + "; insert into t values (9, 'old')");
  for (const char* const mode : {"insert", "upsert", "force"}) {
    const Seeded seeded = seed_text("INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b');",
                                    {"--dry-run", "--mode", mode});
    CHECK(seeded.exit_code() == 0);
    CHECK(contains(seeded.notes(), "would load 2 rows into public.t"));
    CHECK(seeded.counts() == "0 0 0 0 0 0");
  }
  CHECK(rows_of("t") == "9=old");
  CHECK(seed_text("INSERT INTO t (id, v) VALUES (1, 'a", {"--dry-run"}).exit_code() == 3);
}

TEST_CASE("seed: the check keeps a broken file out; --no-check loads what comes before the break") {
  shared_stack().reset(kTable);
  const std::string broken =
      "INSERT INTO t (id, v) VALUES (1, 'a');\nINSERT INTO t (id, v) VALUES (2";
  CHECK(seed_text(broken).exit_code() == 3);
  CHECK(sql("select count(*) from t") == "0");
  const Seeded unchecked = seed_text(broken, {"--no-check"});
  CHECK(unchecked.exit_code() == 3);
  CHECK(contains(unchecked.where(), "dump.sql:2"));
  CHECK(sql("select count(*) from t") == std::to_string(unchecked.total("rows_loaded")));
  sql("truncate t");
  CHECK(seed_text("INSERT INTO t (id, v) VALUES (1, 'a');", {"--no-check"}).counts() ==
        "1 1 0 0 0 0");
}

TEST_CASE("seed: standard input is read as it comes, and as a whole before FORCE deletes") {
  shared_stack().reset(std::string(kTable) + "; insert into t values (9, 'old')");
  const auto piped = [](const std::string& text, std::vector<std::string> options = {}) {
    options.insert(options.begin(), "-");
    return seed(options, {.args = {}, .environment = {}, .stdin_text = text});
  };
  CHECK(piped("INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b');").counts() == "2 2 0 0 0 0");
  CHECK(rows_of("t") == "1=a 2=b 9=old");
  CHECK(piped("INSERT INTO t (id, v) VALUES (3, 'c'), (4, 'd", {"--force"}).exit_code() == 3);
  CHECK(rows_of("t") == "1=a 2=b 9=old");
  CHECK(piped("INSERT INTO t (id, v) VALUES (3, 'c');", {"--force"}).counts() == "1 1 0 0 0 0");
  CHECK(rows_of("t") == "3=c");
  CHECK(piped("COPY t (id, v) FROM stdin;\n3\tnew\n4\t\\N\n\\.\n", {"--upsert"}).exit_code() == 0);
  CHECK(rows_of("t") == "3=new 4=-");
  CHECK(piped("", {"--force"}).exit_code() == 3);
}

TEST_CASE("seed: names of tables and columns may hold anything") {
  // Quotes, blanks, dots, commas, parentheses, semicolons, percent, plus, upper case, Unicode.
  const std::string table = R"("We ird;""T"".é,(x)%41+&?#/ü")";
  const std::vector<std::string> columns = {R"("Id")",        R"("a b")",  R"("q""uote")",
                                            R"("c,omma")",    R"("d.ot")", R"("(p);--")",
                                            R"("per%41+&=")", R"("日本")", R"("back\slash")"};
  std::string definitions = columns[0] + " int primary key";
  std::string list = columns[0];
  std::string values = "1";
  for (std::size_t index = 1; index < columns.size(); ++index) {
    definitions += ", " + columns[index] + " text";
    list += ", " + columns[index];
    values += ", 'v" + std::to_string(index) + "'";
  }
  shared_stack().reset("create table " + table + " (" + definitions + ")");
  const std::string dump = "INSERT INTO " + table + " (" + list + ") VALUES (" + values + ");\n";
  for (const std::string mode : {"insert", "upsert", "ignore", "force"}) {
    CAPTURE(mode);
    const Seeded seeded = seed_text(dump, {"--mode", mode});
    CHECK(seeded.exit_code() == 0);
    CHECK(sql("select t from " + table + " t") == "(1,v1,v2,v3,v4,v5,v6,v7,v8)");
  }
  CHECK(seed_text(dump, {"--upsert", "--on-conflict", "Id"}).exit_code() == 0);
}

TEST_CASE("seed: a value of 1 MiB arrives whole") {
  shared_stack().reset(kTable);
  std::string value;
  while (value.size() < (1U << 20)) value += "0123456789 \"quoted\" \\back ∀x ''\n";
  const Seeded seeded = seed_text("INSERT INTO t (id, v) VALUES (1, '" + value +
                                  "'), (2, 'b');\n"
                                  "INSERT INTO t (id, v) VALUES (3, '" +
                                  value + "');\n");
  CHECK(seeded.exit_code() == 0);
  std::string stored;
  for (std::size_t at = 0; at < value.size(); ++at) {
    stored += value[at];
    if (value[at] == '\'') ++at;
  }
  const TempDir folder;
  const Result sum = run({.argv = {"md5sum", folder.write("value", stored)}});
  CHECK(sql("select distinct md5(v) from t where id <> 2") == sum.out.substr(0, 32));
}

TEST_CASE("seed: JSON columns hold values, not strings of JSON") {
  shared_stack().reset("create table t (id int primary key, v jsonb, k json)");
  const Seeded seeded = seed_text(
      R"(INSERT INTO t (id, v, k) VALUES (1, '{"a":[1]}', '{"b":  2}'), (2, '"s"', '[]');)");
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t", "jsonb_typeof(v) || v || k") ==
        R"(1=object{"a": [1]}{"b":  2} 2=string"s"[])");
}

TEST_CASE("seed: rows without a column list take it from the file, else from the database") {
  const std::string create = "CREATE TABLE public.t (v text, id int PRIMARY KEY);\n";
  const std::string rows = "INSERT INTO t VALUES ('a', 1);\n";
  shared_stack().reset(create);
  CHECK(seed_text(create + rows, {}, without_database()).exit_code() == 0);
  CHECK(rows_of("t") == "1=a");
  CHECK(seed_text("INSERT INTO t VALUES ('b', 2);\n").exit_code() == 0);
  CHECK(rows_of("t") == "1=a 2=b");
  const Seeded neither = seed_text("INSERT INTO t VALUES ('c', 3);\n", {}, without_database());
  CHECK(neither.exit_code() == 3);
  CHECK(contains(neither.error(), "column list"));
  CHECK(contains(neither.hint(), "DATABASE_URL"));
  CHECK(rows_of("t") == "1=a 2=b");
}

TEST_CASE("seed: without OpenAPI the types come from --json-columns or the database") {
  shared_stack().reset("create table t (id int primary key, v jsonb)");
  serve({{"openapi-mode", "disabled"}});
  const std::string dump = R"(INSERT INTO t (id, v) VALUES (1, '{"a":1}');)";
  const Seeded neither = seed_text(dump, {}, without_database());
  CHECK(neither.exit_code() == 5);
  CHECK(contains(neither.hint(), "--json-columns"));
  CHECK(contains(neither.hint(), "DATABASE_URL"));
  CHECK(sql("select count(*) from t") == "0");
  for (const char* const column : {"v", "t.v"}) {
    CHECK(seed_text(dump, {"--json-columns", column}, without_database()).exit_code() == 0);
    CHECK(rows_of("t", "jsonb_typeof(v)") == "1=object");
    sql("truncate t");
  }
  CHECK(seed_text(dump).exit_code() == 0);
  CHECK(rows_of("t", "jsonb_typeof(v)") == "1=object");
  CHECK(seed_text(dump, {"--force"}).exit_code() == 0);
  CHECK(seed_text(dump, {"--upsert"}).exit_code() == 0);
}

TEST_CASE("seed: rows of many sets of columns in turn went one a request") {
  const int sets = 300, rows = 10;
  std::string schema = "create table t (id int primary key";
  for (int column = 0; column < sets; ++column) schema += ", c" + std::to_string(column) + " text";
  shared_stack().reset(schema + ")");
  std::string lines;
  for (int row = 0; row < rows; ++row) {
    for (int set = 0; set < sets; ++set) {
      lines += "{\"id\":" + std::to_string(row * sets + set) + ",\"c" + std::to_string(set) +
               "\":\"x\"}\n";
    }
  }
  const TempDir folder;
  const Seeded seeded = seed({folder.write("t.ndjson", lines), "--table", "t"});
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.total("rows_loaded") == sets * rows);
  CHECK(sql("select count(*), count(distinct id), count(c0), count(c299) from t") ==
        "3000|3000|10|10");
  CHECK(seeded.summary["requests"].number() == sets);
}

}  // namespace pgseed::test
