// Migrations that are killed: the process, its server process, the pooler, the server; and stopped
// by signals.
#include <doctest/doctest.h>

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>

#include "pgseed/base/text.hpp"
#include "pgseed/pg/session.hpp"
#include "support/local_pgbouncer.hpp"
#include "support/migrate_project.hpp"
#include "support/random.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

bool is_long() {
  return std::getenv("PGSEED_LONG") != nullptr;
}

// Revisions whose every statement leaves something that tells how often it ran, over a table large
// enough to be hit while it is indexed. Databases are copies of one that stands at r1.
class Chain {
 public:
  explicit Chain(const LocalPostgres& server, bool stepwise)
      : server_(server), stepwise_(stepwise), project(server.url("kill_template")) {
    project.revision(
        "r1", "",
        {"CREATE TABLE marks (mark text);\n"
         "CREATE TYPE st AS ENUM ('a');\n"
         "CREATE TABLE uses (s st);\n"
         "CREATE TABLE big (id int, v text, n int DEFAULT 0);\n"
         "INSERT INTO big SELECT i, md5(i::text) FROM generate_series(1, 40000) AS i;"});
    if (stepwise) {
      project.revision("r2", "r1",
                       {.upgrade = mark("1") +
                                   "CREATE INDEX CONCURRENTLY big_v ON big (v, id);\n"
                                   "BEGIN;\n" +
                                   mark("3a") + batch(0) + mark("3b") +
                                   "COMMIT;\n"
                                   "VACUUM (ANALYZE) big;\n" +
                                   batch(1) + "ALTER TYPE st ADD VALUE 'b';\n" +
                                   "INSERT INTO uses VALUES ('b');\n"
                                   "SET search_path = pg_catalog, public;\n"
                                   "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS big_id ON "
                                   "public.big (id, v);\n"
                                   "DROP INDEX CONCURRENTLY public.big_v;\n" +
                                   batch(2) + mark("end"),
                        .options = "transaction:false"});
    } else {
      project.revision("r2", "r1", {mark("r2a") + batch(0) + batch(1) + mark("r2b")});
    }
    project.revision("r3", "r2", {mark("r3") + batch(3) + "ALTER TABLE big ADD three int;"});
    project.revision("r4", "r3", {batch(4) + mark("r4")});
    server_.create_database("kill_template");
    project.must({"upgrade", "r1"});
  }

  void begin() {
    killed_.reset();
    pg::Session session(server_.url());
    session.query("DROP DATABASE IF EXISTS killed WITH (FORCE)");
    // Copied as files: of a copy through the log, a crash would take the sequences back.
    session.query("CREATE DATABASE killed TEMPLATE kill_template STRATEGY file_copy");
    project.use(server_.url("killed"));
  }
  // The first row, as psql shows it.
  std::string sql(const std::string& statement) {
    if (!killed_) killed_ = std::make_unique<pg::Session>(server_.url("killed"));
    std::string out;
    const auto rows = killed_->query(statement);
    if (rows.empty()) return out;
    for (const auto& field : rows.front()) {
      out += text(out.empty() ? "" : "|", field.value_or(""));
    }
    return out;
  }
  void forget_session() { killed_.reset(); }

  // What the version table says is there, and nothing that it does not say, but for the finished
  // statements of a section without transaction.
  void check_truth() {
    const std::string rows = sql("SELECT string_agg(version_num, ',') FROM alembic_version");
    const int revision = rows.size() == 2 ? rows[1] - '0' : 0;
    CAPTURE(rows);
    REQUIRE(revision >= 1);
    REQUIRE(revision <= 4);
    const std::string marks = marks_now();
    CHECK(contains(marks, "r3") == (revision >= 3));
    CHECK(contains(marks, "r4") == (revision >= 4));
    CHECK(sql("SELECT count(*) FROM pg_attribute WHERE attname = 'three'") ==
          (revision >= 3 ? "1" : "0"));
    CHECK(batches(3) == (revision >= 3 ? "1" : "0"));
    CHECK(batches(4) == (revision >= 4 ? "1" : "0"));
    CHECK(contains(marks, stepwise_ ? "3a" : "r2a") == contains(marks, stepwise_ ? "3b" : "r2b"));
    if (!stepwise_) CHECK(contains(marks, "r2b") == (revision >= 2));
    if (!stepwise_ || revision > 1) return;
    // The log knows each statement that is done, but for one that ran alone.
    const std::string steps = sql(
        "SELECT coalesce(max(step), 0) FROM pgseed.migration_log WHERE rev = 'r2' AND ok IS NULL");
    CAPTURE(steps);
    const int step = std::stoi(steps);
    CHECK(contains(marks, "1") == (step >= 1));
    CHECK(contains(marks, "3a") == (step >= 5));
    CHECK(batches(0) == (step >= 5 ? "1" : "0"));
    CHECK(batches(1) == (step >= 7 ? "1" : "0"));
    CHECK(sql("SELECT count(*) FROM pg_enum") == (step >= 8 ? "2" : "1"));
    CHECK(sql("SELECT count(*) FROM uses") == (step >= 9 ? "1" : "0"));
    CHECK(batches(2) == (step >= 13 ? "1" : "0"));
    CHECK(contains(marks, "end") == (step >= 14));
  }

  void check_end() {
    CHECK(sql("SELECT string_agg(version_num, ',') FROM alembic_version") == "r4");
    CHECK(marks_now() == (stepwise_ ? "1 3a 3b end r3 r4" : "r2a r2b r3 r4"));
    for (int batch = 0; batch <= 4; ++batch) {
      CAPTURE(batch);
      CHECK(batches(batch) == (!stepwise_ && batch == 2 ? "0" : "1"));
    }
    CHECK(sql("SELECT string_agg(indexrelid::regclass::text || ' ' || indisvalid, ', ') FROM "
              "pg_index WHERE indrelid = 'big'::regclass") == (stepwise_ ? "big_id true" : ""));
    if (stepwise_) CHECK(sql("SELECT count(*) FROM uses") == "1");
    CHECK(sql("SELECT count(*) FROM pgseed.migration_log WHERE ok IS NULL") == "0");
  }

  // Until the server has noticed that its client is gone, and has ended what was under way.
  void wait_until_quiet() {
    REQUIRE(wait_until(
        [&] {
          return sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'killed' AND pid <> "
                     "pg_backend_pid() AND backend_type = 'client backend'") == "0";
        },
        30s));
  }

  // How long an upgrade takes, which the moments are drawn from.
  milliseconds measure() {
    begin();
    const auto start = steady_clock::now();
    project.must({"upgrade", "head"});
    check_end();
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
  }

 private:
  static std::string mark(const std::string& name) {
    return "INSERT INTO public.marks VALUES ('" + name + "');\n";
  }
  static std::string batch(int number) {
    return text("UPDATE public.big SET n = n + 1 WHERE id % 10 = ", number, ";\n");
  }
  std::string marks_now() { return sql("SELECT string_agg(mark, ' ' ORDER BY mark) FROM marks"); }
  // How often a batch was run: one number, as it is all or nothing.
  std::string batches(int number) {
    return sql(text("SELECT string_agg(DISTINCT n::text, ',') FROM big WHERE id % 10 = ", number));
  }

  const LocalPostgres& server_;
  bool stepwise_;
  std::unique_ptr<pg::Session> killed_;

 public:
  MigrateProject project;
};

struct Kills {
  int runs = 0, hit = 0, in_index = 0;
};

// Runs the chain and cuts it off, up to three times in a row, before it may come through; until as
// many runs as wanted were hit while they were at work.
Kills kill_often(Chain& chain, int wanted, Random& random, const std::function<void(Process&)>& cut,
                 bool (*is_fair_end)(const Result&)) {
  const milliseconds full = chain.measure();
  Kills kills;
  while (kills.hit < wanted) {
    REQUIRE(kills.runs < 10 * wanted);
    chain.begin();
    for (int attempt = 1; attempt <= 3 && kills.hit < wanted; ++attempt) {
      const auto process = chain.project.start({"upgrade", "head"});
      const auto limit = static_cast<std::size_t>(full.count() * 11 / 10 / attempt + 1);
      std::this_thread::sleep_for(random.below(limit) * 1ms);
      ++kills.runs;
      if (process->running()) {
        ++kills.hit;
        if (chain.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
                      "'%INDEX CONCURRENTLY%' AND pid <> pg_backend_pid()") != "0") {
          ++kills.in_index;
        }
      }
      cut(*process);
      const Result result = end_of(*process);
      INFO(result.err);
      CHECK(is_fair_end(result));
      // Half of the time the next run meets what the server is still doing for this one.
      if (random.one_in(2)) {
        chain.wait_until_quiet();
        chain.check_truth();
      }
    }
    const Result last = chain.project.run({"upgrade", "head"});
    INFO(last.err);
    REQUIRE(last.exit_code == 0);
    chain.check_end();
  }
  return kills;
}

bool was_killed(const Result& result) {
  return result.signal == SIGKILL || result.exit_code == 0;
}
// It came through, or says that it lost the database; never anything else.
bool lost_connection(const Result& result) {
  return result.exit_code == 0 || (result.exit_code == 4 && contains(result.err, "error: "));
}

void report(const Kills& kills, std::uint64_t seed) {
  MESSAGE(kills.runs, " runs, ", kills.hit, " cut off while at work, ", kills.in_index,
          " of them during INDEX CONCURRENTLY; PGSEED_TEST_SEED=", seed);
}

}  // namespace

// --- kill -9

TEST_CASE("faults: migrate killed at any moment in ordinary revisions: the next upgrade ends it") {
  const auto seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  Chain chain(migrate_server(), false);
  const auto kills = kill_often(
      chain, is_long() ? 100 : 8, random, [](Process& process) { process.send(SIGKILL); },
      was_killed);
  report(kills, seed);
}

TEST_CASE(
    "faults: migrate killed at any moment without transactions: nothing finished runs twice") {
  const auto seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  Chain chain(migrate_server(), true);
  const auto kills = kill_often(
      chain, is_long() ? 100 : 16, random, [](Process& process) { process.send(SIGKILL); },
      was_killed);
  report(kills, seed);
}

TEST_CASE("faults: migrate whose server processes are terminated: the next upgrade ends it") {
  const auto seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  Chain chain(migrate_server(), true);
  const auto kills = kill_often(
      chain, is_long() ? 100 : 8, random,
      [&](Process&) {
        // One of its connections, the worker's or the guard's, or both.
        chain.sql(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                 "'killed' AND pid <> pg_backend_pid() ORDER BY pid ",
                 random.one_in(2) ? "DESC" : "ASC", random.one_in(3) ? "" : " LIMIT 1"));
      },
      lost_connection);
  report(kills, seed);
}

TEST_CASE("faults: migrate whose pooler is killed: the next upgrade ends it") {
  if (!LocalPgbouncer::is_installed()) return;
  const auto seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  Chain chain(migrate_server(), true);
  const auto full = static_cast<std::size_t>(chain.measure().count() * 12 / 10);
  for (int round = 0; round < (is_long() ? 30 : 3); ++round) {
    chain.begin();
    auto bouncer = std::make_unique<LocalPgbouncer>(migrate_server(), 3);
    chain.project.use(bouncer->url("killed"));
    const auto process = chain.project.start({"upgrade", "head"});
    std::this_thread::sleep_for(random.below(full) * 1ms);
    if (random.one_in(3)) process->send(SIGKILL);  // the client alone, at times
    bouncer.reset();
    const Result cut = end_of(*process);
    INFO(cut.err);
    CHECK((was_killed(cut) || lost_connection(cut)));
    chain.project.use(migrate_server().url("killed"));
    const Result last = chain.project.run({"upgrade", "head"});
    INFO(last.err);
    REQUIRE(last.exit_code == 0);
    chain.check_end();
  }
}

TEST_CASE("faults: migrate whose server crashes: the next upgrade ends it") {
  const auto seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  LocalPostgres server;
  Chain chain(server, true);
  const auto full = static_cast<std::size_t>(chain.measure().count());
  for (int round = 0; round < (is_long() ? 20 : 3); ++round) {
    chain.begin();
    const auto process = chain.project.start({"upgrade", "head"});
    std::this_thread::sleep_for(random.below(full) * 1ms);
    chain.forget_session();
    server.restart(random.one_in(2) ? LocalPostgres::Stop::immediate : LocalPostgres::Stop::kill);
    const Result cut = end_of(*process);
    INFO(cut.err);
    CHECK(lost_connection(cut));
    chain.check_truth();
    const Result last = chain.project.run({"upgrade", "head"});
    INFO(last.err);
    REQUIRE(last.exit_code == 0);
    chain.check_end();
  }
}

TEST_CASE("faults: migrate whose connection breaks during COMMIT looks whether it stands") {
  // A COMMIT that waits for a standby that there is not has taken effect when it is broken off.
  const LocalPostgres server(
      "wal_level = replica\nmax_wal_senders = 2\nsynchronous_standby_names = 'nobody'\n"
      "synchronous_commit = local\n");
  const std::string database = "in_doubt";
  server.create_database(database);
  const MigrateProject project(server.url(database));
  const auto sql = [&](const std::string& text) { return server.sql(text, database); };
  project.revision("r1", "", {"CREATE TABLE t (id int);"});
  project.revision("r3", "r2", {"INSERT INTO t VALUES (3);"});
  std::string event = "SyncRep";
  SUBCASE("it stands") {
    project.revision("r2", "r1", {"SET synchronous_commit = on;\nINSERT INTO t VALUES (2);"});
  }
  SUBCASE("it stands, in a section without transaction") {
    project.revision("r2", "r1",
                     {.upgrade = "BEGIN;\nSET LOCAL synchronous_commit = on;\n"
                                 "INSERT INTO t VALUES (2);\nCOMMIT;\nVACUUM t;",
                      .options = "transaction:false"});
  }
  SUBCASE("it does not") {
    event = "PgSleep";
    sql("CREATE SEQUENCE attempts");
    project.revision("r2", "r1", {R"(
CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('attempts') < 2 THEN PERFORM pg_sleep(60); END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION nap();
INSERT INTO t VALUES (2);)"});
  }
  project.must({"upgrade", "r1"});
  const auto process = project.start({"upgrade", "head", "--json"});
  REQUIRE(wait_until(
      [&] {
        return sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query = "
                   "'COMMIT' AND wait_event = '" +
                   event + "'") == "1";
      },
      20s));
  const Result result = end_of(*process);
  INFO(result.err);
  CHECK(result.exit_code == 0);
  const Json steps = Json(result.out)["steps"];
  REQUIRE(steps.size() == 2);
  CHECK(steps[0]["revision"].text() == "r2");
  CHECK(sql("SELECT string_agg(id::text, ' ' ORDER BY id), (SELECT version_num FROM "
            "alembic_version) FROM t") == "2 3|r3");
  CHECK(sql("SELECT count(*), bool_and(ok) FROM pgseed.migration_log") == "3|t");
}

// --- signals

namespace {

class Signals {
 public:
  explicit Signals(const std::string& database)
      : database_(database), project(migrate_server().url(database)) {
    migrate_server().create_database(database);
    project.revision("r1", "", {"CREATE TABLE t (id int);\nINSERT INTO t VALUES (1);"});
    project.must({"upgrade", "r1"});
  }
  std::string sql(const std::string& text) const { return migrate_server().sql(text, database_); }
  // The server process that is in a statement which begins so.
  std::string pid_of(const std::string& statement) const {
    return sql("SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '" +
               statement + "%'");
  }
  std::unique_ptr<Process> start_until(const std::string& statement) const {
    auto process = project.start({"upgrade", "head"});
    REQUIRE(wait_until([&] { return !pid_of(statement).empty(); }, 20s));
    return process;
  }
  // The end that the signals bring about, and its exit code.
  int stop(Process& process, const std::vector<int>& signals, milliseconds within = 3s) const {
    const auto start = steady_clock::now();
    for (const int signal : signals) process.send(signal);
    const Result result = end_of(process, 20s);
    CHECK(steady_clock::now() - start < within);
    CAPTURE(result.err);
    CHECK_FALSE(contains(result.err, "error:"));  // it was asked for
    return result.exit_code;
  }

 private:
  std::string database_;

 public:
  MigrateProject project;
};

}  // namespace

TEST_CASE("faults: migrate stopped by a signal during a statement rolls back at once") {
  const Signals lab("signals");
  lab.project.revision("r2", "r1", {"INSERT INTO t VALUES (2);\nSELECT pg_sleep(60);"});
  struct Stop {
    std::vector<int> signals;
    int exit_code;
  };
  for (const Stop& stop :
       {Stop{{SIGINT}, 130}, Stop{{SIGTERM}, 143}, Stop{{SIGINT, SIGINT}, 130}}) {
    CAPTURE(stop.exit_code);
    const auto process = lab.start_until("SELECT pg_sleep(60)");
    CHECK(lab.stop(*process, stop.signals) == stop.exit_code);
    CHECK(wait_until([&] { return lab.pid_of("SELECT pg_sleep(60)").empty(); }, 5s));
    CHECK(lab.sql("SELECT count(*) FROM t") == "1");
    CHECK(lab.sql("SELECT version_num FROM alembic_version") == "r1");
  }
  // Before the first revision is through, nothing is left.
  lab.sql("DROP TABLE alembic_version, t; DROP SCHEMA pgseed CASCADE");
  lab.project.revision("r1", "", {"CREATE TABLE t (id int);\nSELECT pg_sleep(60);"});
  const auto process = lab.start_until("SELECT pg_sleep(60)");
  CHECK(lab.stop(*process, {SIGINT}) == 130);
  CHECK(lab.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") ==
        "0");
}

TEST_CASE("faults: migrate stopped by a signal in a section without transaction goes on later") {
  const Signals lab("signals_stepwise");
  lab.project.revision("r2", "r1",
                       {.upgrade = "INSERT INTO t VALUES (2);\n"
                                   "CREATE INDEX CONCURRENTLY i ON t (id);\n"
                                   "INSERT INTO t VALUES (3);",
                        .options = "transaction:false"});
  {
    // A snapshot that the index has to wait for.
    pg::Session reader(migrate_server().url("signals_stepwise"));
    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM t");
    const auto process = lab.start_until("CREATE INDEX CONCURRENTLY");
    CHECK(lab.stop(*process, {SIGINT}) == 130);
    CHECK(lab.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == "f");
    reader.execute("ROLLBACK");
  }
  CHECK(lab.sql("SELECT version_num, (SELECT count(*) FROM t) FROM alembic_version") == "r1|2");
  const Result next = lab.project.run({"upgrade", "head"});
  INFO(next.err);
  CHECK(next.exit_code == 0);
  CHECK(contains(next.err, "going on after statement 1 of 3"));
  CHECK(lab.sql("SELECT indisvalid, (SELECT count(*) FROM t) FROM pg_index WHERE indexrelid = "
                "'i'::regclass") == "t|3");
}

TEST_CASE("faults: migrate stopped by a signal while it waits for a lock ends at once") {
  const Signals lab("signals_waiting");
  lab.project.revision("r2", "r1", {"INSERT INTO t VALUES (2);"});
  pg::Session holder(migrate_server().url("signals_waiting"));
  holder.execute("BEGIN; LOCK TABLE alembic_version");
  const auto process = lab.project.start({"upgrade", "head"});
  REQUIRE(wait_until([&] { return contains(process->err(), "waiting for another"); }, 20s));
  CHECK(lab.stop(*process, {SIGTERM}) == 143);
}

TEST_CASE("faults: migrate ends with the second signal even when the server does not answer") {
  const Signals lab("signals_frozen");
  lab.project.revision("r2", "r1", {"INSERT INTO t VALUES (2);\nSELECT pg_sleep(60);"});
  const auto process = lab.start_until("SELECT pg_sleep(60)");
  const pid_t server_process = std::stoi(lab.pid_of("SELECT pg_sleep(60)"));
  kill(server_process, SIGSTOP);
  process->send(SIGINT);
  std::this_thread::sleep_for(500ms);
  CHECK(process->running());  // it waits for the server to roll back
  CHECK(lab.stop(*process, {SIGINT}) == 130);
  kill(server_process, SIGCONT);
  CHECK(wait_until([&] { return lab.pid_of("SELECT pg_sleep(60)").empty(); }, 5s));
  CHECK(lab.sql("SELECT version_num, (SELECT count(*) FROM t) FROM alembic_version") == "r1|1");
}
