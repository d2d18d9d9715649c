// Several migrations of one database at once: pgseed, pgseed and Alembic, through a pooler.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/migration_log.hpp"
#include "pgseed/pg/session.hpp"
#include "support/alembic_project.hpp"
#include "support/local_pgbouncer.hpp"
#include "support/migrate_project.hpp"
#include "support/random.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

bool is_long() {
  return std::getenv("PGSEED_LONG") != nullptr;
}

// A project whose revisions each leave a row in table applied, on a database of its own.
class Race {
 public:
  explicit Race(std::string database)
      : database_(std::move(database)), project(migrate_server().url(database_)) {
    migrate_server().create_database(database_);
    log_begin_ = migrate_server().log().size();
  }

  std::string sql(const std::string& text) const { return migrate_server().sql(text, database_); }
  const std::string& database() const { return database_; }
  std::string rows() const {
    return sql("SELECT string_agg(version_num, ',' ORDER BY 1) FROM alembic_version");
  }
  // "r1 r2": each revision as often as it was applied.
  std::string applied() const {
    return sql("SELECT string_agg(rev, ' ' ORDER BY rev) FROM applied");
  }
  std::string invalid_indexes() const {
    return sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid");
  }
  void check_server_saw_no_deadlock() const {
    const std::string log = migrate_server().log().substr(log_begin_);
    CHECK_FALSE(contains(log, "deadlock detected"));
  }

  static std::string mark(const std::string& id) {
    return "INSERT INTO applied VALUES ('" + id + "');\n";
  }
  static std::string unmark(const std::string& id) {
    return "DELETE FROM applied WHERE rev = '" + id + "';";
  }
  void add(const std::string& id, const std::string& parent, const std::string& upgrade = {},
           const std::string& downgrade = {}) const {
    project.revision(id, parent, {mark(id) + upgrade, downgrade + unmark(id)});
  }
  // r1 (table) -> r2 -> r3 -> r4, plain transactions.
  void plain_chain() const {
    project.revision("r1", "",
                     {"CREATE TABLE applied (rev text);\n" + mark("r1"), "DROP TABLE applied;"});
    add("r2", "r1", "ALTER TABLE applied ADD two int;\n", "ALTER TABLE applied DROP two;\n");
    add("r3", "r2", "CREATE TABLE three AS SELECT generate_series(1, 2000) AS id;\n",
        "DROP TABLE three;\n");
    add("r4", "r3");
  }
  // The same with indexes built and dropped CONCURRENTLY in between. Alembic has nothing that would
  // keep a second run of its own out of such a section, so what counts there is the index.
  void concurrent_chain(bool marks) const {
    plain_chain();
    const auto maybe = [&](const std::string& id) { return marks ? mark(id) : std::string(); };
    project.revision(
        "r5", "r4",
        {.upgrade =
             maybe("r5") + "CREATE INDEX CONCURRENTLY three_id ON three (id);\n" + maybe("r5 end"),
         .downgrade = "DROP INDEX CONCURRENTLY three_id;",
         .options = "transaction:false",
         .down_options = "transaction:false"});
    add("r6", "r5");
    project.revision("r7", "r6",
                     {.upgrade = "CREATE INDEX CONCURRENTLY three_id2 ON three (id DESC);\n"
                                 "DROP INDEX CONCURRENTLY three_id;\n" +
                                 maybe("r7"),
                      .options = "transaction:false"});
    add("r8", "r7");
  }

  // What Alembic needs beside the .sql files: the twins that pgseed writes, and an ini.
  void export_to_alembic() const {
    project.must({"export", "alembic"});
    project.folder().write("alembic.ini", "[alembic]\nscript_location = migrations\n");
    std::filesystem::copy_file(PGSEED_SOURCE_DIR "/tests/alembic/env/env.py",
                               project.folder() / "migrations/env.py");
  }
  std::unique_ptr<Process> start_alembic(const std::vector<std::string>& args) const {
    Command command = project.command({});
    command.argv = {"alembic"};
    command.argv.insert(command.argv.end(), args.begin(), args.end());
    return std::make_unique<Process>(command);
  }

 private:
  std::string database_;
  std::size_t log_begin_ = 0;

 public:
  MigrateProject project;
};

// Starts the processes, Alembic first as it needs longer to get going, and checks their ends: every
// revision was done by exactly one of them.
struct Field {
  int pgseeds = 2;
  int alembics = 0;
  bool alembic_may_fail = false;
};
std::string run_race(const Race& race, const Field& field, Random& random) {
  std::vector<std::unique_ptr<Process>> alembics;
  std::vector<std::unique_ptr<Process>> pgseeds;
  for (int index = 0; index < field.alembics; ++index) {
    alembics.push_back(race.start_alembic({"upgrade", "head"}));
  }
  if (field.alembics > 0) std::this_thread::sleep_for(random.below(900) * 1ms);
  for (int index = 0; index < field.pgseeds; ++index) {
    pgseeds.push_back(race.project.start({"upgrade", "head", "--json"}));
    if (random.one_in(3)) std::this_thread::sleep_for(random.below(60) * 1ms);
  }
  std::string faults;
  std::map<std::string, int> done;
  for (const auto& process : pgseeds) {
    const Result result = end_of(*process);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    if (result.exit_code != 0) continue;
    const Json steps = Json(result.out)["steps"];
    for (std::size_t index = 0; index < steps.size(); ++index) {
      ++done[steps[index]["revision"].text()];
    }
    CHECK_FALSE(contains(result.err, "rror"));
  }
  for (const auto& [revision, times] : done) {
    CAPTURE(revision);
    CHECK(times == 1);
  }
  if (field.alembics == 0) CHECK(done.size() > 1);
  for (const auto& process : alembics) {
    const Result result = end_of(*process);
    if (field.alembic_may_fail) {
      if (result.exit_code != 0) faults += result.err;
      continue;
    }
    INFO(result.err);
    CHECK(result.exit_code == 0);
  }
  return faults;
}

}  // namespace

// A way to the race's database; PgBouncer as Supabase has it.
class Way {
 public:
  Way(Race& race, bool pooled) {
    if (!pooled) return;
    bouncer_ = std::make_unique<LocalPgbouncer>(migrate_server(), 3);
    race.project.use(bouncer_->url(race.database()));
  }

 private:
  std::unique_ptr<LocalPgbouncer> bouncer_;
};

TEST_CASE("faults: several upgrades of an empty database: each revision is applied once") {
  const auto seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < (is_long() ? 10 : 1); ++round) {
    for (const int count : {2, 8}) {
      for (const bool pooled : {false, true}) {
        if (pooled && !LocalPgbouncer::is_installed()) continue;
        CAPTURE(count);
        CAPTURE(pooled);
        Race race(text("race_", count, pooled));
        race.concurrent_chain(true);
        const Way way(race, pooled);
        run_race(race, {.pgseeds = count}, random);
        CHECK(race.rows() == "r8");
        CHECK(race.applied() == "r1 r2 r3 r4 r5 r5 end r6 r7 r8");
        CHECK(race.invalid_indexes() == "0");
        CHECK(race.sql("SELECT to_regclass('three_id') IS NULL, to_regclass('three_id2')") ==
              "t|three_id2");
        CHECK(race.sql("SELECT count(*), bool_and(ok) FROM pgseed.migration_log") == "8|t");
        race.check_server_saw_no_deadlock();
      }
    }
  }
}

TEST_CASE("faults: upgrades with an unmodified Alembic among them: each revision is applied once") {
  if (!AlembicProject::is_installed()) return;
  const auto seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  struct Setting {
    int pgseeds;
    bool pooled, concurrent, has_table;
    int lost = 0;
  };
  std::vector<Setting> settings = {{1, false, false, true},
                                   {7, true, false, true},
                                   {2, true, true, true},
                                   {2, false, true, false}};
  if (is_long()) {
    settings.push_back({1, true, false, true});
    settings.push_back({7, false, false, true});
    settings.push_back({7, false, true, true});
  }
  const int rounds = is_long() ? 10 : 1;
  for (int round = 0; round < rounds; ++round) {
    for (Setting& setting : settings) {
      const auto& [pgseeds, pooled, concurrent, has_table, lost] = setting;
      if (pooled && !LocalPgbouncer::is_installed()) continue;
      INFO(pgseeds, " pgseeds, pooled: ", pooled, ", concurrent: ", concurrent,
           ", version table: ", has_table);
      Race race("race_alembic");
      concurrent ? race.concurrent_chain(false) : race.plain_chain();
      race.export_to_alembic();
      if (has_table) race.project.must({"ensure_version"});
      const Way way(race, pooled);
      // Nothing but the version table keeps Alembic out: it can lose where it makes the table
      // itself, and where it comes to an index CONCURRENTLY that is being built.
      const bool may_lose = concurrent || !has_table;
      const std::string fault =
          run_race(race, {.pgseeds = pgseeds, .alembics = 1, .alembic_may_fail = may_lose}, random);
      setting.lost += fault.empty() ? 0 : 1;
      CHECK(race.rows() == (concurrent ? "r8" : "r4"));
      CHECK(race.applied() == (concurrent ? "r1 r2 r3 r4 r6 r8" : "r1 r2 r3 r4"));
      CHECK(race.invalid_indexes() == "0");
      if (!concurrent) race.check_server_saw_no_deadlock();
    }
  }
  for (const Setting& setting : settings) {
    if (setting.lost == 0) continue;
    const std::string kind = setting.concurrent ? "with an index CONCURRENTLY" : "plain";
    MESSAGE(kind, ", version table: ", setting.has_table, ": Alembic lost ", setting.lost, " of ",
            rounds);
  }
}

TEST_CASE("faults: Alembic in the same CREATE INDEX CONCURRENTLY: pgseed waits and goes on") {
  if (!AlembicProject::is_installed()) return;
  Race race("race_same_index");
  race.concurrent_chain(false);
  race.export_to_alembic();
  race.project.must({"upgrade", "r4"});
  // A transaction with a snapshot holds up the index of whoever comes first.
  pg::Session gate(migrate_server().url(race.database()));
  const auto builders = [&] {
    return race.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND "
        "state = 'active'");
  };
  std::unique_ptr<Process> alembic;
  std::unique_ptr<Process> pgseed;
  gate.transaction([&](pg::Session& session) {
    session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    session.execute("LOCK TABLE three IN ACCESS SHARE MODE");
    alembic = race.start_alembic({"upgrade", "head"});
    REQUIRE(wait_until([&] { return builders() == "1"; }, 20s));
    pgseed = race.project.start({"upgrade", "head", "--json"});
    REQUIRE(
        wait_until([&] { return contains(pgseed->err(), "waiting for another session"); }, 20s));
    CHECK(builders() == "1");  // not in the queue behind it, which the server sees as a deadlock
  });
  const Result ours = end_of(*pgseed);
  INFO(ours.err);
  CHECK(ours.exit_code == 0);
  end_of(*alembic);
  CHECK(race.rows() == "r8");
  CHECK(race.applied() == "r1 r2 r3 r4 r6 r8");
  CHECK(race.invalid_indexes() == "0");
}

TEST_CASE("faults: an index that Alembic has built is there before its row: pgseed goes on") {
  Race race("race_late_row");
  race.concurrent_chain(false);
  race.project.must({"upgrade", "r4"});
  race.sql("CREATE INDEX three_id ON three (id)");
  const std::size_t before = migrate_server().log().size();
  const auto pgseed = race.project.start({"upgrade", "head", "--json"});
  REQUIRE(wait_until(
      [&] {
        return contains(migrate_server().log().substr(before),
                        "relation \"three_id\" already exists");
      },
      20s));
  race.sql("UPDATE alembic_version SET version_num = 'r5'");
  const Result ours = end_of(*pgseed);
  INFO(ours.err);
  CHECK(ours.exit_code == 0);
  CHECK(race.rows() == "r8");
  CHECK(race.applied() == "r1 r2 r3 r4 r6 r8");
}

// Holds back whoever wants to migrate, not who only reads, until all have seen the same rows.
class Gate {
 public:
  explicit Gate(const Race& race) : session_(migrate_server().url(race.database())) {
    session_.execute("BEGIN; LOCK TABLE alembic_version IN SHARE MODE");
  }
  void open() { session_.execute("COMMIT"); }
  // Both have planned and wait.
  static void wait_for(const std::vector<Process*>& processes) {
    for (Process* process : processes) {
      REQUIRE(wait_until([&] { return contains(process->err(), "waiting for another migration"); },
                         20s));
    }
  }

 private:
  pg::Session session_;
};

TEST_CASE("faults: two relative steps from the same state are one step") {
  Race race("race_relative");
  race.plain_chain();
  race.project.must({"upgrade", "r1"});
  const auto twice = [&](const std::vector<std::string>& args, std::size_t steps) {
    Gate gate(race);
    const auto first = race.project.start(args);
    const auto second = race.project.start(args);
    Gate::wait_for({first.get(), second.get()});
    gate.open();
    const Result one = end_of(*first);
    const Result two = end_of(*second);
    INFO(one.err, two.err);
    CHECK(one.exit_code == 0);
    CHECK(two.exit_code == 0);
    CHECK(Json(one.out)["steps"].size() + Json(two.out)["steps"].size() == steps);
  };
  twice({"upgrade", "+1", "--json"}, 1);
  CHECK(race.rows() == "r2");
  CHECK(race.applied() == "r1 r2");
  twice({"upgrade", "+1", "--json"}, 1);
  CHECK(race.applied() == "r1 r2 r3");
  twice({"downgrade", "--json", "--", "-1"}, 1);
  CHECK(race.rows() == "r2");
  CHECK(race.applied() == "r1 r2");
  twice({"downgrade", "--json", "base"}, 2);
  CHECK(race.rows() == "");
}

TEST_CASE("faults: an upgrade against a downgrade: the rows say what is there") {
  Race race("race_against");
  race.plain_chain();
  race.project.must({"upgrade", "r3"});
  for (int round = 0; round < (is_long() ? 20 : 3); ++round) {
    race.project.must({race.rows() == "r4" ? "downgrade" : "upgrade", "r3"});
    Gate gate(race);
    const auto up = race.project.start({"upgrade", "head"});
    const auto down = race.project.start({"downgrade", "r1"});
    Gate::wait_for({up.get(), down.get()});
    gate.open();
    const Result upped = end_of(*up);
    const Result downed = end_of(*down);
    INFO(upped.err, downed.err);
    CHECK(upped.exit_code == 0);
    CHECK(downed.exit_code == 0);
    const std::string rows = race.rows();
    const std::map<std::string, std::string> wanted = {
        {"r1", "r1"}, {"r2", "r1 r2"}, {"r3", "r1 r2 r3"}, {"r4", "r1 r2 r3 r4"}};
    REQUIRE(wanted.count(rows) == 1);
    CHECK(race.applied() == wanted.at(rows));
    CHECK((rows == "r1" || rows == "r4"));  // whoever came last has what it wanted
  }
}

TEST_CASE("faults: stamp during an upgrade waits for its step, and the upgrade sees the new rows") {
  Race race("race_stamp");
  race.plain_chain();
  race.project.revision("r3", "r2", {Race::mark("r3") + "SELECT pg_sleep(1);"});
  const auto upgrade = race.project.start({"upgrade", "head"});
  REQUIRE(wait_until([&] { return contains(upgrade->err(), "r2 -> r3"); }, 20s));
  const Result stamp = race.project.run({"stamp", "head"});
  INFO(stamp.err);
  CHECK(stamp.exit_code == 0);
  const Result upgraded = end_of(*upgrade);
  INFO(upgraded.err);
  CHECK(upgraded.exit_code == 0);
  CHECK(race.rows() == "r4");
  // The stamp came in behind r3, or behind r4 where the upgrade was quicker.
  CHECK(race.applied().starts_with("r1 r2 r3"));
  // During a transaction:false section, whose revision is then not stamped away.
  race.project.revision(
      "r5", "r4",
      {.upgrade = Race::mark("r5") + "SELECT pg_sleep(1);\n" + Race::mark("r5 end"),
       .downgrade = "DELETE FROM applied WHERE rev LIKE 'r5%';",
       .options = "transaction:false"});
  const auto stepwise = race.project.start({"upgrade", "head"});
  REQUIRE(wait_until([&] { return contains(stepwise->err(), "r4 -> r5"); }, 20s));
  CHECK(race.project.run({"stamp", "r4"}).exit_code == 0);
  CHECK(end_of(*stepwise).exit_code == 0);
  CHECK(race.applied().ends_with("r5 r5 end"));
  CHECK(race.rows() == "r4");
}

TEST_CASE("faults: a lock that is held for longer than --lock-wait: 4, and who holds it") {
  Race race("race_lock");
  race.plain_chain();
  race.project.must({"upgrade", "r1"});
  const auto timed = [&](const std::vector<std::string>& args) {
    const auto start = steady_clock::now();
    Result result = race.project.run(args);
    const auto took = steady_clock::now() - start;
    CHECK(took > std::stod(args.back()) * 1s);
    CHECK(took < 8s);
    CAPTURE(result.err);
    CHECK(result.exit_code == 4);
    CHECK(contains(result.err, "another migration has the lock"));
    CHECK(contains(result.err, "--lock-wait"));
    return result.err;
  };
  // Anybody, by a lock that keeps even readers out.
  for (const std::string mode : {"ACCESS EXCLUSIVE", "SHARE"}) {
    CAPTURE(mode);
    pg::Session holder(migrate_server().url(race.database()) + "?application_name=night%20watch");
    const std::string pid = *holder.query("SELECT pg_backend_pid()")[0][0];
    holder.transaction([&](pg::Session& session) {
      session.execute("LOCK TABLE alembic_version IN " + mode + " MODE");
      std::vector<std::vector<std::string>> commands = {{"upgrade", "head", "--lock-wait", "1"}};
      if (mode == "SHARE") {
        commands = {{"downgrade", "base", "--lock-wait", "0.3"},
                    {"stamp", "head", "--lock-wait", "0.3"},
                    {"upgrade", "head", "--single-transaction", "--lock-wait", "0.3"}};
      }
      for (const std::vector<std::string>& args : commands) {
        const std::string err = timed(args);
        CHECK(contains(err, "night watch"));
        CHECK(contains(err, "pid " + pid));
      }
    });
  }
  CHECK(race.rows() == "r1");
  // Another pgseed, in a long section of either kind.
  for (const std::string options : {"", "transaction:false"}) {
    CAPTURE(options);
    race.project.revision("r2", "r1", {.upgrade = "SELECT pg_sleep(20);", .options = options});
    const auto busy = race.project.start({"upgrade", "r2"});
    REQUIRE(wait_until([&] { return contains(busy->err(), "r1 -> r2"); }, 20s));
    CHECK(contains(timed({"upgrade", "head", "--lock-wait", "0.3"}), "(pgseed, pid "));
    busy->send(SIGINT);
    CHECK(end_of(*busy, 10s).exit_code == 130);
  }
  CHECK(race.rows() == "r1");
}

TEST_CASE("faults: a statement that runs into lock_timeout is repeated until --lock-wait ends") {
  Race race("race_lock_timeout");
  race.plain_chain();
  race.project.must({"upgrade", "r1"});
  const std::string busy = Race::mark("r2") + "ALTER TABLE applied ADD two int;";
  const std::string alone = "VACUUM FULL other;\n";
  race.sql("CREATE TABLE other (id int)");
  for (const bool transactional : {true, false}) {
    CAPTURE(transactional);
    race.project.revision(
        "r2", "r1",
        {.upgrade = transactional ? busy : Race::mark("r2") + alone,
         .options = transactional ? "lock_timeout:100ms" : "transaction:false lock_timeout:100ms"});
    pg::Session holder(migrate_server().url(race.database()));
    holder.execute("BEGIN; LOCK TABLE applied IN ACCESS SHARE MODE; LOCK TABLE other");
    const auto start = steady_clock::now();
    const Result late = race.project.run({"upgrade", "r2", "--lock-wait", "1"});
    const auto took = steady_clock::now() - start;
    CAPTURE(late.err);
    CHECK(late.exit_code == 4);
    CHECK(contains(late.err, "canceling statement due to lock timeout"));
    CHECK(contains(late.err, "note: trying again: "));
    CHECK(contains(late.err, "r2.sql:"));
    CHECK(took > 900ms);
    CHECK(took < 8s);
    CHECK(race.rows() == "r1");
    CHECK(race.applied() == (transactional ? "r1" : "r1 r2"));
    const auto again = race.project.start({"upgrade", "r2", "--lock-wait", "20"});
    REQUIRE(wait_until([&] { return contains(again->err(), "trying again"); }, 20s));
    holder.execute("ROLLBACK");
    const Result done = end_of(*again);
    INFO(done.err);
    CHECK(done.exit_code == 0);
    CHECK(race.applied() == "r1 r2");  // what was finished was not repeated
    race.sql(transactional ? "DELETE FROM applied WHERE rev = 'r2'; ALTER TABLE applied DROP two"
                           : "SELECT 1");
    race.project.must({"stamp", "r1"});
  }
}

TEST_CASE("faults: behind a section longer than --lock-wait the table is waited for all the same") {
  Race race("race_long_section");
  race.plain_chain();
  race.project.must({"upgrade", "r1"});
  race.project.revision(
      "r2", "r1",
      {.upgrade = Race::mark("r2") + "SELECT pg_sleep(1.6);", .options = "transaction:false"});
  const auto upgrade = race.project.start({"upgrade", "r2", "--lock-wait", "1.5"});
  REQUIRE(wait_until([&] { return contains(upgrade->err(), "r1 -> r2"); }, 20s));
  pg::Session reader(migrate_server().url(race.database()));
  reader.execute("BEGIN; LOCK TABLE alembic_version IN ACCESS SHARE MODE");
  REQUIRE(wait_until([&] { return contains(upgrade->err(), "waiting for") || !upgrade->running(); },
                     20s));
  reader.execute("COMMIT");
  const Result result = end_of(*upgrade);
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(race.rows() == "r2");
}

TEST_CASE("faults: two projects in one database make the log's schema at the same time") {
  Race race("race_two_projects");
  race.plain_chain();
  pg::Session other(migrate_server().url(race.database()));
  other.execute("BEGIN; CREATE SCHEMA pgseed");
  const auto upgrade = race.project.start({"upgrade", "head"});
  REQUIRE(wait_until(
      [&] {
        return race.sql(
                   "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                   "query LIKE 'CREATE SCHEMA%'") == "1";
      },
      20s));
  other.execute("COMMIT");
  const Result result = end_of(*upgrade);
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(race.sql("SELECT count(*) FROM pgseed.migration_log") == "4");
}

TEST_CASE("faults: the version table is dropped meanwhile: it is made again") {
  Race race("race_gone");
  race.plain_chain();
  race.project.must({"ensure_version"});
  Gate gate(race);
  const auto upgrade = race.project.start({"upgrade", "head"});
  Gate::wait_for({upgrade.get()});
  const auto drop = std::make_unique<Process>(race.project.command({"reset", "--yes"}));
  REQUIRE(wait_until([&] { return contains(drop->err(), "waiting for another migration"); }, 20s));
  upgrade->send(SIGSTOP);
  gate.open();
  CHECK(end_of(*drop).exit_code == 0);
  upgrade->send(SIGCONT);
  const Result result = end_of(*upgrade);
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(race.rows() == "r4");
  CHECK(race.applied() == "r1 r2 r3 r4");
}

// A process that was killed has sent COMMIT, and the server gets to it when the next run has begun.
TEST_CASE("faults: the last COMMIT of a run that was killed comes late: nothing runs twice") {
  Race race("race_late_commit");
  race.plain_chain();
  race.project.must({"upgrade", "r1"});
  race.project.revision(
      "r2", "r1",
      {.upgrade = Race::mark("r2") + Race::mark("r2 end"), .options = "transaction:false"});
  const migrate::MigrationLog log("public.alembic_version");
  const auto digest = [&] {  // of the finished steps
    return race.sql(
        "SELECT encode(sha256(convert_to(E'INSERT INTO applied VALUES (''r2'');\\n', "
        "'UTF8')), 'hex')");
  };
  pg::Session killed(migrate_server().url(race.database()));
  const auto revision = [&] {
    migrate::Revision value;
    value.id = "r2";
    return value;
  }();
  std::int64_t id = 0;
  killed.transaction(
      [&](pg::Session& session) { id = log.open(session, revision, migrate::Direction::up)->id; });
  const auto waits_for_a_row = [&] {
    return race.sql(
               "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
               "query LIKE '%pgseed.migration_log%'") == "1";
  };
  std::unique_ptr<Process> next;
  SUBCASE("of a statement") {
    killed.transaction([&](pg::Session& session) {
      session.execute(Race::mark("r2"));
      REQUIRE(log.note_step(session, id, 0, 1, digest()));
      next = race.project.start({"upgrade", "r2", "--json"});
      REQUIRE(wait_until(waits_for_a_row, 20s));
    });
    const Result result = end_of(*next);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK(Json(result.out)["steps"].size() == 1);
  }
  SUBCASE("of the section's end") {
    killed.transaction([&](pg::Session& session) {
      session.execute(Race::mark("r2"));
      session.execute(Race::mark("r2 end"));
      REQUIRE(log.note_step(session, id, 0, 2, digest()));
    });
    killed.transaction([&](pg::Session& session) {
      session.execute("UPDATE alembic_version SET version_num = 'r2'");
      log.finish(session, id);
      next = race.project.start({"upgrade", "r2", "--json"});
      REQUIRE(wait_until(waits_for_a_row, 20s));
    });
    const Result result = end_of(*next);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK(Json(result.out)["steps"].size() == 0);
    CHECK(race.sql("SELECT count(*) FROM pgseed.migration_log WHERE rev = 'r2'") == "1");
  }
  CHECK(race.rows() == "r2");
  CHECK(race.applied() == "r1 r2 r2 end");
}
