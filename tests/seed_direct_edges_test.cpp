// Corners of the loads that take all rows or none (--atomic, --via direct): what a staging table
// must not refuse, change or mix up.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "pgseed/pg/copy_in.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using namespace std::chrono_literals;

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

const std::vector<std::vector<std::string>> kBoth = {{"--atomic"}, {"--via", "direct"}};

Seeded load(const std::string& dump, const std::vector<std::string>& way,
            std::vector<std::string> more = {}) {
  more.insert(more.begin(), way.begin(), way.end());
  return seed_text(dump, more);
}

std::string staging_tables() {
  return sql(
      "select coalesce(string_agg(relname, ' '), '') from pg_class "
      "where relname like '_pgseed%' and relkind = 'r'");
}

// Runs pgseed until all is staged and the move waits for the table, then kills it; the name of the
// staging table that is left.
std::string left_behind(std::vector<std::string> args) {
  Process lock({.argv = {postgres_bin_dir() + "/psql", "-XAtq", shared_stack().database_url()},
                .stdin_text = "begin; lock table t in exclusive mode; select pg_sleep(30);"});
  REQUIRE(wait_until(
      [] {
        return sql("select count(*) from pg_locks l join pg_class c on c.oid = l.relation "
                   "where c.relname = 't' and l.mode = 'ExclusiveLock' and granted") == "1";
      },
      10s));
  args.insert(args.begin(), {"--json", "seed", "--atomic"});
  Process run(command({.args = std::move(args)}));
  REQUIRE(wait_until(
      [] {
        return sql("select count(*) from pg_locks l join pg_class c on c.oid = l.relation "
                   "where c.relname = 't' and not granted") != "0";
      },
      20s));
  run.send(SIGKILL);
  REQUIRE(run.wait(10s));
  sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name in "
      "('pgseed', 'psql') and pid <> pg_backend_pid()");
  const std::string name = staging_tables();
  REQUIRE(name.find(' ') == std::string::npos);
  REQUIRE(!name.empty());
  return name;
}

}  // namespace

TEST_CASE("direct and atomic: a domain without NULL does not refuse what the column fills itself") {
  for (const std::vector<std::string>& way : kBoth) {
    CAPTURE(way.back());
    shared_stack().reset(
        "create domain small as int not null check (value < 100);"
        "create domain tiny as small check (value < 10);"
        "create table t (id int primary key, n tiny default 5, v text)");
    const Seeded seeded = load(
        "INSERT INTO t (id, v) VALUES (1, 'a');\n"
        "INSERT INTO t (id, n) VALUES (2, 7);\n",
        way, {"--upsert"});
    CHECK(seeded.exit_code() == 0);
    CHECK(sql("select string_agg(id || ':' || n, ' ' order by id) from t") == "1:5 2:7");
    // Its rules hold where the rows end up, and the row is named.
    const Seeded refused =
        load("INSERT INTO t (id, n) VALUES (3, 8),\n(4, 50),\n(5, 1);\n", way, {"--upsert"});
    CHECK(refused.exit_code() == 1);
    CHECK(refused.where().ends_with("dump.sql:2"));
    CHECK(sql("select count(*) from t") == "2");
    sql("drop table t; drop domain tiny; drop domain small");
  }
}

TEST_CASE("direct and atomic: --regenerate-identity lets the server number, in the file's order") {
  const std::string dump =
      "INSERT INTO t (id, v) OVERRIDING SYSTEM VALUE VALUES (70, 'a'), (80, 'b');\n";
  for (const std::vector<std::string>& way : kBoth) {
    CAPTURE(way.back());
    shared_stack().reset(
        "create table t (id int generated always as identity primary key, v text)");
    const Seeded seeded = load(dump, way, {"--regenerate-identity"});
    CHECK(seeded.exit_code() == 0);
    CHECK(contains(seeded.notes(), "computed by the server"));
    CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "1a 2b");
  }
  // Rows with expressions just as well.
  CHECK(load("INSERT INTO t (id, v) VALUES (90, upper('c')), (91, 'd');", {"--via", "direct"},
             {"--regenerate-identity"})
            .exit_code() == 0);
  CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "1a 2b 3C 4d");
}

TEST_CASE("direct: a row with an expression takes the file's identity as its neighbours do") {
  shared_stack().reset("create table t (id int generated always as identity primary key, v text)");
  const Seeded seeded = load(
      "INSERT INTO t (id, v) VALUES (7, 'a'), (8, upper('b'));\n"
      "INSERT INTO t VALUES (9, lower('C'));\n",
      {"--via", "direct"});
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "7a 8B 9c");
}

TEST_CASE("direct: an upsert with an expression leaves generated columns alone") {
  shared_stack().reset(
      "create table t (id int primary key, v text, d text generated always as (v || '!') stored);"
      "insert into t (id, v) values (1, 'old')");
  const Seeded seeded = load("INSERT INTO t (id, v, d) VALUES (1, upper('new'), DEFAULT);\n",
                             {"--via", "direct"}, {"--upsert"});
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select d from t") == "NEW!");
}

TEST_CASE("direct: --closure keeps a limited load consistent, or says what it leaves out") {
  for (const std::vector<std::string>& way :
       std::vector<std::vector<std::string>>{{}, {"--atomic"}, {"--via", "direct"}}) {
    CAPTURE(way.size());
    shared_stack().reset(
        "create table p (id int primary key, v text);"
        "create table c (id int primary key, p int references p, q text);"
        "insert into p values (500, 'was there')");
    const Seeded seeded = load(
        "INSERT INTO c (id, p) VALUES (1, 3), (2, 77), (3, 500), (4, 1), (5, 2);\n"
        "INSERT INTO p (id, v) VALUES (1, 'a'), (2, 'b'), (3, 'it''s');\n",
        way, {"--limit", "3", "--offset", "0", "--closure"});
    CHECK(seeded.exit_code() == 0);
    CHECK(sql("select string_agg(id || '>' || p, ' ' order by id) from c") == "1>3 3>500");
    CHECK(seeded.counts("c") == "3 2 0 0 1 0");
    CHECK(sql("select count(*) from p where id = 3") == "1");
  }
}

TEST_CASE("direct: with --limit statements behind the last row still run") {
  shared_stack().reset("create table t (id int primary key, v text)");
  std::string dump;
  for (int id = 1; id <= 300; ++id) {
    dump += "INSERT INTO t (id) VALUES (" + std::to_string(id) + ");\n";
  }
  const Seeded seeded =
      load(dump + "UPDATE t SET v = 'seen';\n", {"--via", "direct"}, {"--limit", "5"});
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select count(*), count(v) from t") == "5|5");
}

TEST_CASE("atomic: other options than those of a killed run do not take over its rows") {
  const TempDir folder;
  std::string dump = "create table t (id int primary key, up int references t);\n";
  dump += "INSERT INTO t (id, up) VALUES (1, NULL), (2, 9), (3, NULL), (9, NULL);\n";
  const std::string file = folder.write("d.sql", dump);
  const std::string schema = "create table t (id int primary key, up int references t)";
  shared_stack().reset(schema);
  left_behind({file, "--limit", "3"});
  // The fourth row comes along: the numbers mean other rows now.
  const Seeded closed = seed({file, "--atomic", "--limit", "3", "--closure"});
  CHECK(closed.exit_code() == 0);
  CHECK_FALSE(contains(closed.notes(), "staged already"));
  CHECK(sql("select string_agg(id || coalesce('>' || up, ''), ' ' order by id) from t") ==
        "1 2>9 3 9");
  CHECK(staging_tables().empty());

  shared_stack().reset("create table t (id int generated always as identity primary key, v text)");
  folder.write("d.sql", "INSERT INTO t (id, v) VALUES (70, 'a'), (80, 'b');\n");
  left_behind({file});
  const Seeded anew = seed({file, "--atomic", "--regenerate-identity"});
  CHECK(anew.exit_code() == 0);
  CHECK_FALSE(contains(anew.notes(), "staged already"));
  CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "1a 2b");
}

TEST_CASE("atomic: rows of a killed run that reach the API late find no table to get into") {
  const TempDir folder;
  const std::string file = folder.write("d.sql", "INSERT INTO t (id, v) VALUES (1, 'old');\n");
  shared_stack().reset("create table t (id int, v text)");
  const std::string old = left_behind({file});
  folder.write("d.sql", "INSERT INTO t (id, v) VALUES (1, 'new');\n");
  const std::string fresh = left_behind({file});
  // The number of the row is the same, so its name must not be.
  CHECK(old != fresh);
  CHECK(staging_tables() == fresh);
  const HttpAnswer late = shared_stack().postgrest.request(
      "POST", "/" + old + "?columns=_pgseed_row,id,v", R"([{"_pgseed_row":1,"id":1,"v":"old"}])",
      {{"Prefer", "resolution=ignore-duplicates"}, {"Content-Type", "application/json"}});
  CHECK(late.status == 404);
  CHECK(seed({file, "--atomic"}).exit_code() == 0);
  CHECK(sql("select string_agg(v, ' ') from t") == "new");
  CHECK(staging_tables().empty());
}

TEST_CASE("atomic: a target that nobody may insert into is refused with a reason, not by syntax") {
  shared_stack().reset(
      "create table t (id int); revoke all on t from public, service_role, authenticated, anon,"
      " postgres");
  const Seeded seeded = load("INSERT INTO t (id) VALUES (1);", {"--atomic"});
  CHECK(seeded.exit_code() == 5);
  CHECK_FALSE(contains(seeded.error(), "syntax"));
  CHECK(contains(seeded.hint(), "INSERT"));
  sql("drop table t");
  CHECK(staging_tables().empty());
}

TEST_CASE("direct and atomic: a row of a partition that refers to nothing is named by its line") {
  for (const std::vector<std::string>& way : kBoth) {
    for (const bool deferred : {false, true}) {
      CAPTURE(way.back());
      CAPTURE(deferred);
      shared_stack().reset(std::string("create table p (id int primary key);"
                                       "create table t (id int, p int references p") +
                           (deferred ? " deferrable initially deferred" : "") +
                           ") partition by range (id);"
                           "create table t1 partition of t for values from (0) to (10);"
                           "create table t2 partition of t for values from (10) to (20);"
                           "insert into p values (1)");
      const Seeded seeded =
          load("INSERT INTO t (id, p) VALUES (1, 1),\n(2, 1),\n(12, 99),\n(13, 1);\n", way);
      CHECK(seeded.exit_code() == 1);
      CHECK(seeded.where().ends_with("dump.sql:3"));
      CHECK(sql("select count(*) from t") == "0");
    }
  }
}

TEST_CASE("direct and atomic: names with quotes, dots and key words") {
  const std::string table = "\"Or\"\"der.x\"";
  for (const std::vector<std::string>& way : kBoth) {
    for (const std::string mode : {"--upsert", "--ignore", "--force"}) {
      CAPTURE(way.back());
      CAPTURE(mode);
      shared_stack().reset("create table " + table +
                           " (\"select\" int primary key, \"a\"\"b \\ 'c'\" text)");
      const Seeded seeded = load(
          "INSERT INTO " + table + " (\"select\", \"a\"\"b \\ 'c'\") VALUES (1, 'x'), (2, 'y');\n",
          way, {mode});
      CHECK(seeded.exit_code() == 0);
      CHECK(sql("select string_agg(\"a\"\"b \\ 'c'\", ' ' order by 1) from " + table) == "x y");
      CHECK(staging_tables().empty());
    }
  }
}

TEST_CASE("direct and atomic: the conflict target may be another key than the primary one") {
  for (const std::vector<std::string>& way : kBoth) {
    CAPTURE(way.back());
    const std::string schema =
        "create table t (id int primary key, k text unique, v text);"
        "insert into t values (1, 'a', 'old'), (2, 'b', 'old')";
    shared_stack().reset(schema);
    const Seeded seeded = load("INSERT INTO t (id, k, v) VALUES (1, 'a', 'new'), (3, 'c', 'new');",
                               way, {"--upsert", "--on-conflict", "k"});
    CHECK(seeded.exit_code() == 0);
    CHECK(sql("select string_agg(id || k || v, ' ' order by id) from t") == "1anew 2bold 3cnew");
    // A row that hits the primary key of another one is no update of it.
    const Seeded clash = load("INSERT INTO t (id, k, v) VALUES (9, 'd', 'x'),\n(2, 'z', 'x');", way,
                              {"--upsert", "--on-conflict", "k"});
    CHECK(clash.exit_code() == 1);
    CHECK(clash.where().ends_with("dump.sql:2"));
    CHECK(sql("select count(*) from t") == "3");
  }
}

TEST_CASE("direct and atomic: row-level security of the connection's role refuses, and names it") {
  for (const std::vector<std::string>& way : kBoth) {
    CAPTURE(way.back());
    shared_stack().reset(
        "drop role if exists tenant; create role tenant login;"
        "grant usage, create on schema public to tenant;"
        "create table t (id int primary key, who text); grant all on t to tenant;"
        "alter table t enable row level security;"
        "create policy own on t to tenant using (who = 'me') with check (who = 'me')");
    Call call;
    call.environment["DATABASE_URL"] = shared_stack().postgres.url(Stack::kDatabase, "tenant");
    CHECK(seed_text("INSERT INTO t VALUES (1, 'me');", way, call).exit_code() == 0);
    const Seeded seeded = seed_text("INSERT INTO t VALUES (2, 'me'),\n(3, 'you');", way, call);
    CHECK(seeded.exit_code() != 0);
    CHECK(contains(seeded.error(), "row-level security"));
    CHECK(sql("select string_agg(id::text, ' ') from t") == "1");
    sql("drop table t; drop owned by tenant; drop role tenant");
  }
}

TEST_CASE("direct and atomic: no value and no password is in what is printed of a failure") {
  for (const std::vector<std::string>& way : kBoth) {
    CAPTURE(way.back());
    shared_stack().reset("create table t (id int primary key, v varchar(8))");
    Call call;
    std::string url = shared_stack().database_url();
    url.replace(url.find("postgres@"), 9, "postgres:canarypassword@");
    call.environment["DATABASE_URL"] = url;
    const Seeded seeded = seed_text("INSERT INTO t VALUES (1, 'canaryvalueofarow');", way, call);
    CHECK(seeded.exit_code() == 1);
    CHECK_FALSE(contains(seeded.result.out + seeded.result.err, "canarypassword"));
    CHECK_FALSE(contains(seeded.result.out + seeded.result.err, "canaryvalue"));
  }
}

TEST_CASE("copy in: notices of a trigger do not pile up") {
  shared_stack().reset(
      "create table t (id int);"
      "create function loud() returns trigger language plpgsql as $$ begin"
      " raise notice 'row %', new.id; return new; end $$;"
      "create trigger loud before insert on t for each row execute function loud()");
  pg::CopyIn database(shared_stack().database_url());
  database.execute("INSERT INTO t SELECT generate_series(1, 5000)");
  const std::vector<std::string> notices = database.take_notices();
  REQUIRE(notices.size() == 100);
  CHECK(contains(notices.front(), "row 1"));
  database.execute("INSERT INTO t VALUES (7777)");
  CHECK(database.take_notices().size() == 1);
}

TEST_CASE("direct and atomic: of standard input only tables of --schema were known") {
  for (const auto& way : kBoth) {
    shared_stack().reset(
        "create schema if not exists hr; drop table if exists hr.t;"
        "create table hr.t (id int primary key); create table t (id int)");
    // The API serves public alone, so --atomic gets as far as its answer.
    Call call;
    call.stdin_text = "INSERT INTO hr.t (id) VALUES (1); INSERT INTO t (id) VALUES (1);";
    std::vector<std::string> args = {"-"};
    args.insert(args.end(), way.begin(), way.end());
    const Seeded seeded = seed(args, call);
    CHECK_FALSE(contains(seeded.error(), "has no table"));
    if (way.front() == "--via") {
      CHECK_MESSAGE(seeded.exit_code() == 0, seeded.error());
      CHECK(sql("select count(*) from hr.t") == "1");
    }
  }
}

}  // namespace pgseed::test
