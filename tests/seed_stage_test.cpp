// `pgseed seed --atomic`: over staging tables, into place in one transaction.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/local_pgbouncer.hpp"
#include "support/random.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using namespace std::chrono_literals;

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

Seeded atomic(const std::string& dump, std::vector<std::string> args = {}) {
  args.insert(args.begin(), "--atomic");
  return seed_text(dump, std::move(args));
}

std::string rows_of(const std::string& table, const std::string& value = "v") {
  return sql("select string_agg(id || '=' || coalesce(" + value +
             "::text, '-'), ' ' order by id) from " + table);
}

std::string staging_tables() {
  return sql("select count(*) from pg_class where relname like '_pgseed%' and relkind = 'r'");
}

// Rows (id, g) for ids from 1: one generation of the contents.
std::string generation(int rows, const std::string& g, const std::string& table = "t") {
  std::string dump = "COPY " + table + " (id, g) FROM stdin;\n";
  for (int id = 1; id <= rows; ++id) dump += std::to_string(id) + '\t' + g + '\n';
  return dump + "\\.\n";
}

// pgseed in the background.
std::unique_ptr<Process> start(std::vector<std::string> args) {
  args.insert(args.begin(), {"--json", "seed"});
  return std::make_unique<Process>(command({.args = std::move(args)}));
}

}  // namespace

TEST_CASE("atomic: all modes end as without it, and leave no staging table") {
  const std::string schema =
      "create table t (id int primary key, v text); insert into t values (3, 'old'), (4, 'stays')";
  const std::string dump = "INSERT INTO t (id, v) VALUES (1,'a'),(2,'b'),(1,'c'),(3,'d'),(2,NULL);";
  shared_stack().reset(schema);
  const Seeded upserted = atomic(dump, {"--upsert"});
  CHECK(upserted.exit_code() == 0);
  CHECK(rows_of("t") == "1=c 2=- 3=d 4=stays");
  CHECK(upserted.counts("t") == "5 3 0 0 2 0");
  shared_stack().reset(schema);
  const Seeded ignored = atomic(dump, {"--ignore"});
  CHECK(ignored.exit_code() == 0);
  CHECK(rows_of("t") == "1=a 2=b 3=old 4=stays");
  CHECK(ignored.counts("t") == "5 2 3 0 0 0");
  shared_stack().reset(schema);
  const Seeded forced = atomic("INSERT INTO t (id, v) VALUES (1,'a'),(2,'b');", {"--force"});
  CHECK(forced.exit_code() == 0);
  CHECK(rows_of("t") == "1=a 2=b");
  CHECK(forced.counts("t") == "2 2 0 0 0 0");
  const Seeded inserted = atomic("INSERT INTO t (id, v) VALUES (7,'a'),(8,'b');");
  CHECK(inserted.exit_code() == 0);
  CHECK(rows_of("t") == "1=a 2=b 7=a 8=b");
  CHECK(staging_tables() == "0");
}

TEST_CASE("atomic: column sets, defaults and superseded keys are what they are in file order") {
  shared_stack().reset("create table t (id int primary key, v text default 'dflt', w text)");
  const Seeded seeded = atomic(
      "INSERT INTO t (id, v) VALUES (1, 'a'), (2, DEFAULT);\n"
      "INSERT INTO t (id, w) VALUES (1, 'b'), (3, 'z');\n"
      "INSERT INTO t (v, id) VALUES ('c', 1);\n",
      {"--upsert", "--batch-rows", "1"});
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("t", "v || coalesce(w, '')") == "1=cb 2=dflt 3=dfltz");
  CHECK(seeded.counts("t") == "5 3 0 0 2 0");
}

TEST_CASE("atomic: a bad row changes nothing, wherever it is found, and is named by its line") {
  const std::string schema =
      "create table p (id int primary key); create table t (id int primary key, v varchar(3),"
      " n int check (n > 0), p int references p, up int references t); insert into t values (99)";
  const std::string head = "INSERT INTO p VALUES (1);\nINSERT INTO t (id, v, n, p, up) VALUES\n";
  for (const std::string bad :
       {"(2, 'long', 1, 1, NULL)", "(1, 'x', 1, 1, NULL)", "(99, 'x', 1, 1, NULL)",
        "(2, 'x', 0, 1, NULL)", "(2, 'x', 'no', 1, NULL)", "(NULL, 'x', 1, 1, NULL)",
        "(2, 'x', 1, 77, NULL)", "(2, 'x', 1, 1, 77)"}) {
    CAPTURE(bad);
    shared_stack().reset(schema);
    const Seeded seeded =
        atomic(head + "(1, 'a', 1, 1, 3),\n" + bad + ",\n(3, 'c', 1, 1, NULL);\n");
    CHECK(seeded.exit_code() == 1);
    CHECK(seeded.where().ends_with("dump.sql:4"));
    CHECK(contains(seeded.error(), "public.t"));
    CHECK(seeded.total("rows_loaded") == 0);
    CHECK(seeded.total("rows_rejected") == 1);
    CHECK(contains(seeded.notes(), "no table was changed"));
    CHECK(sql("select (select count(*) from t), (select count(*) from p)") == "1|0");
    CHECK(staging_tables() == "0");
  }
}

TEST_CASE("atomic: --max-rejects goes on past bad rows of both kinds") {
  shared_stack().reset("create table t (id int primary key, n int check (n > 0))");
  const std::string dump =
      "INSERT INTO t (id, n) VALUES (1, 1), (2, 'x'), (3, 0), (4, 4), (1, 5), (6, 6), (7, -1);";
  TempDir folder;
  const std::string rejects = folder / "rejects.ndjson";
  const Seeded seeded = atomic(dump, {"--max-rejects", "4", "--rejects", rejects});
  CHECK(seeded.exit_code() == 1);
  CHECK(rows_of("t", "n") == "1=1 4=4 6=6");
  CHECK(seeded.counts("t") == "7 3 0 4 0 0");
  // What the table refused stands there like what the staging table refused, and can be loaded.
  sql("alter table t drop constraint t_n_check; delete from t where id = 1");
  const Seeded again = atomic(read_file(rejects), {"--max-rejects", "all"});
  CHECK(again.counts("t") == "4 3 0 1 0 0");
  CHECK(rows_of("t", "n") == "1=5 3=0 4=4 6=6 7=-1");
  shared_stack().reset("create table t (id int primary key, n int check (n > 0))");
  const Seeded few = atomic(dump, {"--max-rejects", "3"});
  CHECK(few.exit_code() == 1);
  CHECK(few.total("rows_loaded") == 0);
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("atomic: each row that tables refuse is in the reject file, with its own reason") {
  shared_stack().reset(
      "create table p (id int primary key); insert into p values (1);"
      "create table t (id int primary key, p int references p, n int not null check (n > 0),"
      " u text unique, j json)");
  TempDir folder;
  const std::string rejects = folder / "rejects.ndjson";
  const Seeded seeded = atomic(
      "INSERT INTO t (id, p, n, u, j) VALUES (1, 1, 1, 'a', '{\"a\": 1}'),\n"
      "(2, 99, 1, 'b', '[1,  2]'),\n(3, 1, -1, 'c', NULL),\n(4, 1, NULL, 'd', NULL),\n"
      "(5, 1, 5, 'a', NULL);\nINSERT INTO t (id, n) VALUES (1, 6),\n(7, 7);\n",
      {"--max-rejects", "all", "--rejects", rejects});
  CHECK(seeded.counts("t") == "7 2 0 5 0 0");
  const std::string kept = read_file(rejects);
  CHECK(std::count(kept.begin(), kept.end(), '\n') == 5);
  for (const char* part : {R"("line":2)", R"("code":"23503")", R"("j":"[1,  2]")", R"("line":3)",
                           R"("code":"23514")", R"("line":4)", R"("code":"23502")", R"("n":null)",
                           R"("line":5)", R"("code":"23505")", R"("values":{"id":"1","n":"6"})"}) {
    CAPTURE(part);
    CHECK(contains(kept, part));
  }
}

TEST_CASE("atomic: identity, generated and serial columns, and the sequences behind them") {
  shared_stack().reset(
      "create table a (id int generated always as identity primary key, v text,"
      " d text generated always as (v || '!') stored);"
      "create table b (id serial primary key, v text)");
  const Seeded seeded = atomic(
      "INSERT INTO a (id, v, d) OVERRIDING SYSTEM VALUE VALUES (7, 'a', 'x'), (8, 'b', 'y');\n"
      "INSERT INTO b (id, v) VALUES (20, 'a');\nINSERT INTO b (v) VALUES ('none');\n");
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("a", "d") == "7=a! 8=b!");
  CHECK(rows_of("b") == "1=none 20=a");
  CHECK(sql("insert into a (v) values ('next') returning id") == "9");
  CHECK(sql("insert into b (v) values ('next') returning id") == "21");
}

TEST_CASE("atomic: tables that refer to each other are replaced together") {
  const std::string schema =
      "create table p (id int primary key, v text);"
      "create table c (id int primary key, p int not null references p);"
      "create table a (id int primary key, b int);"
      "create table b (id int primary key, a int references a deferrable);"
      "alter table a add foreign key (b) references b deferrable;"
      "insert into p values (1, 'old'), (9, 'old'); insert into c values (1, 9)";
  shared_stack().reset(schema);
  const std::string dump =
      "INSERT INTO c (id, p) VALUES (5, 2), (6, 1);\nINSERT INTO p (id, v) VALUES "
      "(1,'a'),(2,'b');\n"
      "INSERT INTO a VALUES (1, 1);\nINSERT INTO b VALUES (1, 1);\n";
  const Seeded seeded = atomic(dump, {"--force"});
  CHECK(seeded.exit_code() == 0);
  CHECK(rows_of("p") == "1=a 2=b");
  CHECK(rows_of("c", "p") == "5=2 6=1");
  CHECK(sql("select (select count(*) from a), (select count(*) from b)") == "1|1");
  const Seeded orphan = atomic(dump + "INSERT INTO b VALUES (2, 77);\n", {"--force"});
  CHECK(orphan.exit_code() == 1);
  CHECK(contains(orphan.error(), "(a)=(77)"));
  CHECK(orphan.where().ends_with("dump.sql:5"));
  CHECK(rows_of("p") == "1=a 2=b");
}

TEST_CASE("atomic: triggers fire in the target, partitions take their rows") {
  shared_stack().reset(
      "create table t (id int primary key, v text) partition by range (id);"
      "create table t1 partition of t for values from (0) to (10);"
      "create table t2 partition of t for values from (10) to (20);"
      "create function f() returns trigger language plpgsql as $$ begin"
      " new.v := new.v || '!'; return new; end $$;"
      "create trigger f before insert on t for each row execute function f()");
  CHECK(atomic("INSERT INTO t VALUES (12, 'b'), (1, 'a');", {"--upsert"}).exit_code() == 0);
  CHECK(sql("select (select v from t1), (select v from t2)") == "a!|b!");
  const Seeded outside = atomic("INSERT INTO t VALUES (3, 'c'),\n(77, 'd');");
  CHECK(outside.exit_code() == 1);
  CHECK(outside.where().ends_with("dump.sql:2"));
  CHECK(sql("select count(*) from t") == "2");
}

TEST_CASE("atomic: a table without a key takes each row once, and twice when it is loaded twice") {
  shared_stack().reset("create table t (id int, g int)");
  TempDir folder;
  const std::string file = folder.write("a.sql", generation(3000, "1"));
  CHECK(seed({file, "--atomic", "--batch-rows", "100"}).exit_code() == 0);
  CHECK(sql("select count(*), count(distinct id) from t") == "3000|3000");
  CHECK(seed({file, "--atomic"}).exit_code() == 0);
  CHECK(sql("select count(*), count(distinct id) from t") == "6000|3000");
}

TEST_CASE("atomic: readers see the old contents or the new, in 1,000 reads and more") {
  constexpr int kRows = 3000;
  shared_stack().reset(
      "create table t (id int primary key, g int not null);"
      "insert into t select i, 0 from generate_series(1, 3000) i;"
      "create view seen as select count(*) n, min(g) low, max(g) high, sum(id) ids from t");
  const std::string ids = std::to_string(kRows * (kRows + 1) / 2);
  std::atomic<bool> stop = false;
  std::atomic<int> reads = 0, wrong = 0, changes = 0;
  std::thread reader([&] {
    std::string last;
    while (!stop) {
      const HttpAnswer answer = shared_stack().postgrest.request("GET", "/seen");
      ++reads;
      bool right = answer.status == 200;
      if (right) {
        const Json row = Json(answer.body)[0];
        right = row["n"].number() == kRows && row["low"].text() == row["high"].text() &&
                row["ids"].text() == ids;
        if (row["low"].text() != last) ++changes;
        last = row["low"].text();
      }
      if (!right) ++wrong;
    }
  });
  TempDir folder;
  int rounds = 0;
  for (; rounds < 60 && (reads < 1000 || rounds < 5); ++rounds) {
    const std::string file = folder.write("g.sql", generation(kRows, std::to_string(rounds + 1)));
    CHECK(seed({file, "--atomic", "--force", "--batch-rows", "300"}).exit_code() == 0);
  }
  stop = true;
  reader.join();
  MESSAGE(reads.load(), " reads during ", rounds, " loads");
  CHECK(reads >= 1000);
  CHECK(wrong == 0);
  CHECK(changes > 3);
  CHECK(staging_tables() == "0");
}

TEST_CASE("atomic: kill -9 at any moment leaves old or new, and the next run finishes it") {
  constexpr int kRows = 4000;
  shared_stack().reset("create table t (id int, g int not null)");
  Random random(test_seed());
  INFO("PGSEED_TEST_SEED=", test_seed());
  TempDir folder;
  int killed = 0;
  std::string before = "0|";
  for (int round = 1; round <= 16; ++round) {
    CAPTURE(round);
    const bool force = round % 2 == 0;
    const std::string g = std::to_string(round);
    const std::string file = folder.write("a.sql", generation(kRows, g));
    std::vector<std::string> args = {file, "--atomic", "--batch-rows", "100"};
    if (force) args.emplace_back("--force");
    const std::string state =
        "select count(*), string_agg(distinct g::text, ',' order by g::text) from t";
    const std::string old = sql(state);
    const auto run = start(args);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(400)));
    run->send(SIGKILL);
    const auto result = run->wait(20s);
    REQUIRE(result);
    const bool was_killed = result->exit_code != 0;
    killed += was_killed ? 1 : 0;
    // A transaction whose client is gone ends by itself, committed or not.
    REQUIRE(wait_until(
        [] {
          return sql("select count(*) from pg_stat_activity where application_name = 'pgseed'") ==
                 "0";
        },
        20s));
    const std::string now = sql(state);
    const int count = force ? kRows : std::atoi(old.c_str()) + kRows;
    const bool is_new = now != old;
    CHECK(sql("select count(*) from t where g = " + g) == (is_new ? std::to_string(kRows) : "0"));
    if (is_new) CHECK(std::atoi(now.c_str()) == count);
    // An INSERT that was done completely is not begun again.
    if (was_killed) {
      const Seeded again = seed(args);
      CHECK(again.exit_code() == 0);
      CHECK(again.total("rows_loaded") == kRows);
    }
    const std::string rows = sql("select count(*) from t where g = " + g);
    // Killed after it had dropped its staging tables: nothing told the second run of the first.
    const bool twice = is_new && !force && rows == std::to_string(2 * kRows);
    CHECK((rows == std::to_string(kRows) || twice));
    CHECK(staging_tables() == "0");
    sql("delete from t where g < " + g);
  }
  CHECK(killed > 5);
}

TEST_CASE("atomic: killed after COMMIT and before it cleared up, the next run only clears up") {
  struct Work {
    const char* file;
    std::vector<std::string> args;
  };
  // Rows of some of them may be others when they come again; the move stands all the same.
  for (const Work& work :
       {Work{"a.sql", {"--atomic"}}, Work{"a.sql", {"--atomic", "--limit", "500", "--closure"}},
        Work{"a.csv", {"--atomic", "--table", "t"}}}) {
    CAPTURE(work.args.back());
    shared_stack().reset(
        "create table t (id int, g int);"
        "create function slow() returns event_trigger language plpgsql as $$ begin"
        " if exists (select from t) then perform pg_sleep(30); end if; end $$;"
        "create event trigger slow on ddl_command_start when tag in ('DROP TABLE')"
        " execute function slow()");
    TempDir folder;
    std::string csv = "id,g\n";
    for (int id = 0; id < 500; ++id) csv += std::to_string(id) + ",1\n";
    const bool is_csv = std::string(work.file).ends_with("csv");
    const std::string file = folder.write(work.file, is_csv ? csv : generation(500, "1"));
    std::vector<std::string> args = work.args;
    args.insert(args.begin(), file);
    const auto run = start(args);
    REQUIRE(wait_until([] { return sql("select count(*) from t") == "500"; }, 20s));
    run->send(SIGKILL);
    REQUIRE(run->wait(10s));
    sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgseed'");
    sql("drop event trigger slow");
    CHECK(staging_tables() == "1");
    const Seeded again = seed(args);
    CHECK(again.exit_code() == 0);
    CHECK(contains(again.notes(), "had moved all rows"));
    CHECK(again.counts("t") == "500 500 0 0 0 0");
    CHECK(sql("select count(*) from t") == "500");
    CHECK(staging_tables() == "0");
  }
}

TEST_CASE("atomic: what a killed run staged is used by the same work, and cleared by any other") {
  shared_stack().reset("create table t (id int, g int)");
  TempDir folder;
  const std::string file = folder.write("a.sql", generation(20'000, "1"));
  const std::string stage =
      "(select relname from pg_class where relname like '_pgseed%' and "
      "relkind = 'r')";
  const auto kill_on_the_way = [&] {
    // The move waits for the lock; everything is staged then.
    Process lock({.argv = {postgres_bin_dir() + "/psql", "-XAtq", shared_stack().database_url()},
                  .stdin_text = "begin; lock table t in exclusive mode; select pg_sleep(20);"});
    REQUIRE(wait_until(
        [] {
          return sql("select count(*) from pg_locks l join pg_class c on c.oid = l.relation "
                     "where c.relname = 't' and l.mode = 'ExclusiveLock' and granted") == "1";
        },
        10s));
    const auto run = start({file, "--atomic", "--batch-rows", "500"});
    REQUIRE(wait_until(
        [] {
          return sql("select count(*) from pg_locks l join pg_class c on c.oid = l.relation "
                     "where c.relname = 't' and not granted") != "0";
        },
        20s));
    // Nobody but the API's writers can use what is staged, and they cannot read it.
    CHECK(sql("select has_table_privilege('anon', c.oid, 'SELECT,INSERT,UPDATE,DELETE'), "
              "has_table_privilege('service_role', c.oid, 'INSERT'), "
              "has_table_privilege('service_role', c.oid, 'SELECT') from pg_class c where "
              "c.relname = " +
              stage) == "f|t|f");
    run->send(SIGKILL);
    REQUIRE(run->wait(10s));
    sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name in "
        "('pgseed', 'psql') and pid <> pg_backend_pid()");
    CHECK(staging_tables() == "1");
    CHECK(sql("select count(*) from t") == "0");
  };
  kill_on_the_way();
  const Seeded again = seed({file, "--atomic"});
  CHECK(again.exit_code() == 0);
  CHECK(contains(again.notes(), "20,000 rows of public.t are staged already"));
  CHECK(again.summary["bytes_sent"].number() == 0);
  CHECK(sql("select count(*), count(distinct id) from t") == "20000|20000");
  CHECK(staging_tables() == "0");
  sql("truncate t");
  kill_on_the_way();
  const Seeded other = atomic("INSERT INTO t VALUES (1, 5);");
  CHECK(other.exit_code() == 0);
  CHECK(rows_of("t", "g") == "1=5");
  CHECK(staging_tables() == "0");
}

TEST_CASE("atomic: a second run on the same table is told so, and harms nobody") {
  shared_stack().reset("create table t (id int, g int)");
  Process lock({.argv = {postgres_bin_dir() + "/psql", "-XAtq", shared_stack().database_url()},
                .stdin_text = "begin; lock table t in exclusive mode; select pg_sleep(20);"});
  REQUIRE(wait_until(
      [] {
        return sql("select count(*) from pg_locks l join pg_class c on c.oid = l.relation "
                   "where c.relname = 't' and l.mode = 'ExclusiveLock' and granted") == "1";
      },
      10s));
  TempDir folder;
  const std::string file = folder.write("a.sql", generation(100, "1"));
  const auto first = start({file, "--atomic"});
  REQUIRE(wait_until(
      [] {
        return sql("select count(*) from pg_locks l join pg_class c on c.oid = l.relation "
                   "where c.relname = 't' and not granted") != "0";
      },
      20s));
  for (const std::vector<std::string>& way :
       std::vector<std::vector<std::string>>{{"--atomic"}, {"--via", "direct"}}) {
    std::vector<std::string> args = {file};
    args.insert(args.end(), way.begin(), way.end());
    const Seeded second = seed(args);
    CHECK(second.exit_code() == 7);
    CHECK(contains(second.error(), "another run of pgseed is loading public.t"));
  }
  sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'psql' and "
      "pid <> pg_backend_pid()");
  const auto result = first->wait(20s);
  REQUIRE(result);
  CHECK(result->exit_code == 0);
  CHECK(sql("select count(*) from t") == "100");
}

TEST_CASE("atomic: through a pooler in transaction mode, of one connection") {
  if (!LocalPgbouncer::is_installed()) return;
  shared_stack().reset(
      "create table t (id int primary key, g int); insert into t values (1, 0), (9, 0)");
  const LocalPgbouncer bouncer(shared_stack().postgres);
  Call call = {.args = {}, .environment = {{"DATABASE_URL", bouncer.url(Stack::kDatabase)}}};
  CHECK(seed_text(generation(300, "1"), {"--atomic", "--force"}, call).exit_code() == 0);
  CHECK(sql("select count(*), min(g) from t") == "300|1");
  CHECK(seed_text(generation(301, "2"), {"--atomic", "--upsert"}, call).exit_code() == 0);
  CHECK(sql("select count(*), min(g) from t") == "301|2");
  CHECK(staging_tables() == "0");
}

TEST_CASE("atomic: without DATABASE_URL nothing is begun; without rights it is said whose") {
  shared_stack().reset(
      "create table t (id int); drop role if exists reader; create role reader login;"
      "grant select, insert on t to reader");
  const std::string dump = "INSERT INTO t VALUES (1);";
  const Seeded none =
      seed_text(dump, {"--atomic"}, {.args = {}, .environment = {{"DATABASE_URL", std::nullopt}}});
  CHECK(none.exit_code() == 2);
  CHECK(contains(none.hint(), "DATABASE_URL"));
  const std::string url = shared_stack().postgres.url(Stack::kDatabase, "reader");
  const Seeded refused =
      seed_text(dump, {"--atomic"}, {.args = {}, .environment = {{"DATABASE_URL", url}}});
  CHECK(refused.exit_code() == 5);
  CHECK(contains(refused.error(), "staging table"));
  CHECK(contains(refused.error(), "permission denied"));
  CHECK(!refused.hint().empty());
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("atomic: a stop request keeps what is staged, and the same command goes on") {
  shared_stack().reset("create table t (id int, g int)");
  TempDir folder;
  const std::string file = folder.write("a.sql", generation(40'000, "1"));
  const auto run = start({file, "--atomic", "--batch-rows", "50", "--concurrency", "1"});
  REQUIRE(wait_until([] { return staging_tables() == "1"; }, 20s));
  std::this_thread::sleep_for(150ms);
  run->send(SIGINT);
  const auto stopped = run->wait(20s);
  REQUIRE(stopped);
  if (stopped->exit_code == 130) {
    CHECK(sql("select count(*) from t") == "0");
    CHECK(contains(stopped->out, "waits for the same command"));
  }
  CHECK(seed({file, "--atomic"}).exit_code() == 0);
  CHECK(sql("select count(*), count(distinct id) from t") == "40000|40000");
  CHECK(staging_tables() == "0");
}

TEST_CASE("sequences: set behind rows with ids over PostgREST, never set back, or told as SQL") {
  shared_stack().reset(
      "create table t (id serial primary key, v text);"
      "create table u (id bigint generated by default as identity primary key, v text);"
      "create sequence down increment -1;"
      "create table w (id int primary key default nextval('down'), v text);"
      "select setval('u_id_seq', 1000)");
  const std::string dump =
      "INSERT INTO t (id, v) VALUES (5, 'a'), (17, 'b');\nINSERT INTO u (id, v) VALUES (3, 'x');\n"
      "INSERT INTO w (id, v) VALUES (-8, 'x');\n";
  const Seeded seeded = seed_text(dump);
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("insert into t (v) values ('n') returning id") == "18");
  CHECK(sql("insert into u (v) values ('n') returning id") == "1001");
  CHECK(sql("insert into w (v) values ('n') returning id") == "-9");
  CHECK(seeded.summary["sequences"].size() == 2);
  shared_stack().reset("create table t (id serial primary key, v text)");
  const Seeded told = seed_text("INSERT INTO t (id, v) VALUES (5, 'a');", {},
                                {.args = {}, .environment = {{"DATABASE_URL", std::nullopt}}});
  CHECK(told.exit_code() == 0);
  const std::string notes = told.notes();
  const std::size_t at = notes.find("SELECT setval(");
  REQUIRE(at != std::string::npos);
  sql(notes.substr(at, notes.find(';', at) - at));
  CHECK(sql("insert into t (v) values ('n') returning id") == "6");
}

}  // namespace pgseed::test
