// The real servers, killed, restarted and crowded while pgseed loads.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "pgseed/base/text.hpp"
#include "support/random.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kTables = R"(
  create table keyed (id int primary key, v text);
  create table keyless (id int, v text);)";

std::string value_of(int id) {
  return text("row ", id, ' ', std::string(static_cast<std::size_t>(id % 50), 'x'));
}

// COPY of rows (id, v) for ids in [from, to), backwards if to < from.
std::string dump(const std::string& table, int from, int to) {
  std::string sql = text("COPY ", table, " (id, v) FROM stdin;\n");
  for (int id = from; id != to; id += from < to ? 1 : -1) {
    sql += text(id, '\t', value_of(id), '\n');
  }
  return sql + "\\.\n";
}

// "rows distinct", and that every one of them is as the file has it.
std::string contents(const std::string& table) {
  Stack& stack = shared_stack();
  CHECK(stack.sql(text("select count(*) from ", table,
                       " where v <> 'row ' || id || ' ' || repeat('x', id % 50)")) == "0");
  return stack.sql(text("select count(*) || ' ' || count(distinct id) from ", table));
}

// md5 over all rows in order, and the same made from nothing.
std::string fingerprint(const std::string& source) {
  return shared_stack().sql(
      text("select md5(string_agg(id || ':' || v, ',' order by id)) from ", source));
}
std::string wanted_fingerprint(int rows) {
  return fingerprint(
      text("(select id, 'row ' || id || ' ' || repeat('x', id % 50) v "
           "from generate_series(0, ",
           rows - 1, ") id) wanted"));
}

// A load in the background.
class Load {
 public:
  Load(const std::string& dump, std::vector<std::string> args) {
    args.insert(args.begin(), {"--json", "seed", folder_.write("dump.sql", dump)});
    Call call;
    call.args = std::move(args);
    process_ = std::make_unique<Process>(command(call));
  }
  bool running() { return process_->running(); }
  void interrupt() { process_->send(SIGTERM); }

  // Its end: JSON, with counts that add up.
  Json finish() {
    const auto result = process_->wait(60s);
    REQUIRE_MESSAGE(result.has_value(), "pgseed hangs");
    exit_code = result->exit_code;
    err = result->err;
    CAPTURE(err);
    REQUIRE_FALSE(result->out.empty());
    const Json summary(result->out);
    const Json totals = summary["totals"];
    read = totals["rows_read"].number();
    loaded = totals["rows_loaded"].number();
    rejected = totals["rows_rejected"].number();
    skipped = totals["rows_skipped"].number();
    in_doubt = totals["rows_in_doubt"].number();
    CHECK(read == loaded + totals["rows_ignored"].number() + rejected + skipped + in_doubt);
    CHECK(summary["exit_code"].number() == exit_code);
    return summary;
  }
  int exit_code = -1;
  std::int64_t read = 0, loaded = 0, rejected = 0, skipped = 0, in_doubt = 0;
  std::string err;

 private:
  TempDir folder_;
  std::unique_ptr<Process> process_;
};

std::int64_t rows_in(const std::string& table) {
  return std::stoll(shared_stack().sql("select count(*) from " + table));
}

// Waits until the load has brought in some more rows; false when it has ended.
bool wait_for_progress(Load& load, const std::string& table, std::int64_t& seen) {
  const std::int64_t before = seen;
  wait_until(
      [&] {
        seen = rows_in(table);
        return seen > before || !load.running();
      },
      20s);
  return load.running();
}

int kills() {
  const char* const wanted = std::getenv("PGSEED_TEST_KILLS");
  return wanted == nullptr ? 20 : std::atoi(wanted);
}

}  // namespace

TEST_CASE(
    "servers: PostgREST killed 20 times under load into a table with a key: 0 lost, 0 doubled") {
  Stack& stack = shared_stack();
  stack.reset(text(kTables, R"(
    create function busy() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.0003); return new; end $$;
    create trigger busy before insert on keyed for each row execute function busy();)"));
  constexpr int kRows = 120'000;
  Load load(dump("keyed", 0, kRows),
            {"--batch-rows", "200", "--concurrency", "6", "--retries", "30"});
  std::int64_t seen = 0;
  int killed = 0;
  while (killed < kills() && wait_for_progress(load, "keyed", seen)) {
    stack.postgrest.stop(SIGKILL);
    ++killed;
    stack.postgrest.start();
  }
  MESSAGE(killed << " kills, the last one after " << seen << " rows");
  CHECK(killed == kills());
  stack.sql("drop trigger busy on keyed");  // the rest may go fast
  const Json summary = load.finish();
  CAPTURE(load.err);
  CHECK(load.exit_code == 0);
  CHECK(load.loaded == kRows);
  CHECK(summary["retries"].number() > 0);
  CHECK(contents("keyed") == text(kRows, ' ', kRows));
  CHECK(fingerprint("keyed") == wanted_fingerprint(kRows));
}

TEST_CASE(
    "servers: PostgREST killed 20 times under load into a table without: 0 doubled, doubt told") {
  Stack& stack = shared_stack();
  stack.reset(text(kTables, R"(
    create function busy() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.0003); return new; end $$;
    create trigger busy before insert on keyless for each row execute function busy();)"));
  constexpr int kRows = 120'000;
  Load load(dump("keyless", 0, kRows),
            {"--batch-rows", "200", "--concurrency", "6", "--retries", "30"});
  std::int64_t seen = 0;
  int killed = 0;
  while (killed < kills() && wait_for_progress(load, "keyless", seen)) {
    stack.postgrest.stop(SIGKILL);
    ++killed;
    stack.postgrest.start();
  }
  CHECK(killed == kills());
  stack.sql("drop trigger busy on keyless");
  load.finish();
  // Of the rows in doubt some are there; none is there twice.
  const std::int64_t there = rows_in("keyless");
  MESSAGE(killed << " kills, " << load.in_doubt << " rows in doubt, of which "
                 << there - load.loaded << " were stored");
  CAPTURE(load.err);
  CHECK(load.exit_code == (load.in_doubt > 0 ? 1 : 0));
  CHECK(load.loaded + load.in_doubt == kRows);
  CHECK(there >= load.loaded);
  CHECK(there <= load.loaded + load.in_doubt);
  CHECK(contents("keyless") == text(there, ' ', there));
}

TEST_CASE("servers: PostgREST restarted in good order under load") {
  Stack& stack = shared_stack();
  stack.reset(kTables);
  constexpr int kRows = 60'000;
  Load load(dump("keyed", 0, kRows), {"--batch-rows", "100", "--upsert"});
  std::int64_t seen = 0;
  for (int n = 0; n < 3 && wait_for_progress(load, "keyed", seen); ++n) {
    stack.postgrest.stop(SIGTERM);
    stack.postgrest.start();
  }
  load.finish();
  CAPTURE(load.err);
  CHECK(load.exit_code == 0);
  CHECK(load.loaded == kRows);
  CHECK(fingerprint("keyed") == wanted_fingerprint(kRows));
}

TEST_CASE("servers: PostgreSQL restarted the hard way under load") {
  Stack& stack = shared_stack();
  stack.reset(kTables);
  constexpr int kRows = 100'000;
  for (const std::string table : {"keyed", "keyless"}) {
    CAPTURE(table);
    Load load(dump(table, 0, kRows), {"--batch-rows", "100"});
    int restarts = 0;
    std::int64_t seen = 0;
    while (restarts < 3 && wait_for_progress(load, table, seen)) {
      stack.postgres.restart(LocalPostgres::Stop::immediate);
      ++restarts;
    }
    CHECK(restarts == 3);
    load.finish();
    CAPTURE(load.err);
    if (table == "keyed") {
      CHECK(load.exit_code == 0);
      CHECK(load.loaded == kRows);
      CHECK(fingerprint("keyed") == wanted_fingerprint(kRows));
    } else {
      CHECK(load.exit_code == (load.in_doubt > 0 ? 1 : 0));
      const std::int64_t there = rows_in(table);
      CHECK(there >= load.loaded);
      CHECK(there <= load.loaded + load.in_doubt);
      CHECK(contents(table) == text(there, ' ', there));
    }
  }
}

TEST_CASE(
    "servers: PostgreSQL gone for good ends the run with 4 in time, and nothing is lost sight of") {
  Stack& stack = shared_stack();
  stack.reset(kTables);
  constexpr int kRows = 100'000;
  Load load(dump("keyed", 0, kRows), {"--batch-rows", "100", "--deadline", "3"});
  std::int64_t seen = 0;
  wait_for_progress(load, "keyed", seen);
  stack.postgres.stop(LocalPostgres::Stop::immediate);
  load.finish();
  CAPTURE(load.err);
  CHECK(load.exit_code == 4);
  CHECK(load.rejected == 0);
  stack.postgres.start();
  const std::int64_t there = rows_in("keyed");
  CHECK(there >= load.loaded);
  CHECK(there <= load.loaded + load.in_doubt);
  // And it can be gone on with.
  stack.postgrest.wait_until_ready();
  Load again(dump("keyed", 0, kRows), {"--ignore"});
  again.finish();
  CHECK(again.exit_code == 0);
  CHECK(again.loaded == kRows - there);
  CHECK(fingerprint("keyed") == wanted_fingerprint(kRows));
}

TEST_CASE("servers: backends terminated all the time") {
  Stack& stack = shared_stack();
  stack.reset(text(kTables, R"(
    create function busy() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.00005); return new; end $$;
    create trigger busy before insert on keyed for each row execute function busy();)"));
  constexpr int kRows = 40'000;
  Load load(dump("keyed", 0, kRows), {"--batch-rows", "200", "--retries", "100"});
  int terminated = 0;
  while (load.running() && terminated < 40) {
    terminated += std::stoi(stack.sql(
        "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity where "
        "usename = 'authenticator' and state <> 'idle' limit 1) busy"));
    std::this_thread::sleep_for(30ms);
  }
  MESSAGE(terminated << " backends terminated");
  CHECK(terminated > 5);
  stack.sql("drop trigger busy on keyed");
  load.finish();
  CAPTURE(load.err);
  CHECK(load.exit_code == 0);
  CHECK(load.loaded == kRows);
  CHECK(fingerprint("keyed") == wanted_fingerprint(kRows));
}

TEST_CASE("servers: an exhausted pool: fewer requests at a time, and all rows land") {
  Stack& stack = shared_stack();
  stack.reset(text(kTables, R"(
    create function busy() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.002); return new; end $$;
    create trigger busy before insert on keyed for each row execute function busy();)"));
  stack.postgrest.restart(Stack::kDatabase,
                          {{"db-pool", "2"}, {"db-pool-acquisition-timeout", "1"}});
  constexpr int kRows = 3'000;
  Load load(dump("keyed", 0, kRows), {"--batch-rows", "200", "--concurrency", "16"});
  const Json summary = load.finish();
  CAPTURE(load.err);
  CHECK(load.exit_code == 0);
  CHECK(load.loaded == kRows);
  CHECK(summary["retries"].number() > 0);
  CHECK(fingerprint("keyed") == wanted_fingerprint(kRows));
}

TEST_CASE("servers: a statement timeout of the role: batches halve, and a row too slow is named") {
  Stack& stack = shared_stack();
  stack.reset(text(kTables, R"(
    create function busy() returns trigger language plpgsql as
      $$ begin perform pg_sleep(case new.id when 1234 then 5 else 0.001 end); return new; end $$;
    create trigger busy before insert on keyed for each row execute function busy();
    alter role service_role set statement_timeout = '300ms';)"));
  stack.sql("notify pgrst, 'reload config'");
  const bool in_force = wait_until(
      [&] {
        return contains(stack.postgrest.request("POST", "/keyed", R"([{"id":1234,"v":"x"}])").body,
                        "57014");
      },
      20s);
  CHECK(in_force);
  constexpr int kRows = 1'500;
  TempDir folder;
  const std::string rejects = folder / "r.ndjson";
  Load load(dump("keyed", 0, kRows),
            {"--batch-rows", "1000", "--max-rejects", "1", "--rejects", rejects});
  load.finish();
  CAPTURE(load.err);
  CHECK(load.exit_code == 1);
  CHECK(load.loaded == kRows - 1);
  CHECK(load.rejected == 1);
  CHECK(contents("keyed") == text(kRows - 1, ' ', kRows - 1));
  const std::string reject = read_file(rejects);
  CHECK(contains(reject, R"("id":"1234")"));
  CHECK(contains(reject, "57014"));
  CHECK(contains(reject, R"("line":1236)"));  // the COPY line is the first
  stack.sql("alter role service_role reset statement_timeout");
  stack.postgrest.restart(Stack::kDatabase);
}

TEST_CASE("servers: a lock that is held longer than lock_timeout is waited for") {
  Stack& stack = shared_stack();
  stack.reset(text(kTables, "alter role service_role set lock_timeout = '100ms';"));
  stack.postgrest.restart(Stack::kDatabase);
  constexpr int kRows = 5'000;
  // The preflight, too, needs the lock; so it is taken when rows are there.
  Load load(dump("keyed", 0, kRows), {"--batch-rows", "100", "--concurrency", "2"});
  std::int64_t seen = 0;
  wait_for_progress(load, "keyed", seen);
  stack.sql("begin; lock table keyed in exclusive mode; select pg_sleep(1.2); commit;");
  const Json summary = load.finish();
  CAPTURE(load.err);
  CHECK(load.exit_code == 0);
  CHECK(load.loaded == kRows);
  CHECK(fingerprint("keyed") == wanted_fingerprint(kRows));
  stack.sql("alter role service_role reset lock_timeout");
  stack.postgrest.restart(Stack::kDatabase);
}

TEST_CASE("servers: two pgseed that upsert the same rows in opposite order both get through") {
  Stack& stack = shared_stack();
  stack.reset(
      text(kTables, "insert into keyed select id, 'old' from generate_series(0, 9999) id;"));
  constexpr int kRows = 10'000;
  Load up(dump("keyed", 0, kRows), {"--upsert", "--batch-rows", "1000", "--retries", "30"});
  Load down(dump("keyed", kRows - 1, -1), {"--upsert", "--batch-rows", "1000", "--retries", "30"});
  const Json first = up.finish();
  const Json second = down.finish();
  MESSAGE(first["retries"].number() << " and " << second["retries"].number() << " retries");
  CAPTURE(up.err);
  CAPTURE(down.err);
  CHECK(up.exit_code == 0);
  CHECK(down.exit_code == 0);
  CHECK(up.loaded == kRows);
  CHECK(down.loaded == kRows);
  CHECK(fingerprint("keyed") == wanted_fingerprint(kRows));
}
