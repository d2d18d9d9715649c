// A connection to the database that breaks at any byte, at its COMMIT, or falls silent: --via
// direct and --atomic change all or nothing, and the next run finishes what one could not.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "pgseed/base/text.hpp"
#include "support/local_pgbouncer.hpp"
#include "support/seeding.hpp"
#include "support/tcp_proxy.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

namespace {

constexpr int kRows = 300;

std::string dump() {
  std::string sql = "COPY t (id, v) FROM stdin;\n";
  for (int id = 0; id < kRows; ++id) sql += text(id, "\trow ", id, '\n');
  return sql + "\\.\n";
}

std::string rows() {
  return shared_stack().sql("select count(*) from t");
}

// A load of the same file again and again, through a connection that a script breaks.
class Load {
 public:
  Load(const std::vector<std::string>& way, StreamFault fault, int server_port = 0)
      : proxy_(server_port != 0 ? server_port : shared_stack().postgres.port(),
               [this](std::uint64_t) { return script ? script() : fault_; }),
        fault_(fault) {
    call_.args = {"--json", "seed", folder_.write("dump.sql", dump()), "--retries", "2"};
    call_.args.insert(call_.args.end(), way.begin(), way.end());
    call_.environment = {
        {"DATABASE_URL", text("postgresql://postgres@127.0.0.1:", proxy_.port(), "/app")},
        {"PGSEED_STATE_DIR", folder_ / "state"}};
  }

  std::function<StreamFault()> script;  // of each connection, instead of the one fault
  TcpProxy& proxy() { return proxy_; }
  void mend() {
    fault_ = {};
    proxy_.heal();
  }
  Command command() const { return test::command(call_); }
  Result run() const {
    Process process(command());
    const auto result = process.wait(60s);
    REQUIRE_MESSAGE(result.has_value(), "pgseed hangs: " << process.err());
    return *result;
  }

 private:
  TempDir folder_;
  Call call_;
  TcpProxy proxy_;
  StreamFault fault_;
};

const std::vector<std::vector<std::string>> kWays = {{"--via", "direct"}, {"--atomic"}};

void reset() {
  shared_stack().reset(
      "create table t (id int, v text)");  // no key: a row sent twice is there twice
}

// Kills a load of kRows behind its COMMIT.
void kill_behind_commit(Load& load) {
  const auto victim = std::make_shared<std::atomic<pid_t>>(0);
  load.proxy().on_commit = [victim] {
    if (*victim == 0 || rows() == "0") return;  // one of the questions before it
    if (const pid_t pid = victim->exchange(0); pid != 0) kill(pid, SIGKILL);
  };
  Process process(load.command());
  *victim = process.pid();
  const auto killed = process.wait(60s);
  REQUIRE(killed.has_value());
  CHECK(killed->signal == SIGKILL);
  CHECK(rows() == std::to_string(kRows));
}

}  // namespace

TEST_CASE("faults: database connection that loses the answer to COMMIT: all rows are there, once") {
  for (const auto& way : kWays) {
    CAPTURE(way.back());
    reset();
    StreamFault fault;
    fault.kind = StreamFault::Kind::lose_commit;
    Load load(way, fault);
    // Of the staging tables as of the rows.
    for (int tries = 0; tries < 4; ++tries) {
      const Result result = load.run();
      INFO(result.err);
      CHECK(load.proxy().faults() > 0);
      if (result.exit_code == 0) break;
      CHECK(result.exit_code == 4);
      if (tries == 2) load.mend();
    }
    CHECK(rows() == std::to_string(kRows));
  }
}

TEST_CASE("faults: atomic: a COMMIT whose answer is lost stands, though the server is away then") {
  for (const int refused : {1, 2, 3}) {
    CAPTURE(refused);
    reset();
    Load load({"--atomic"}, {});
    std::atomic<bool> lost = false;
    std::atomic<int> later = 0;
    load.proxy().loses_commit = [&lost] { return rows() != "0" && !lost.exchange(true); };
    load.script = [&lost, &later, refused] {
      StreamFault fault;
      if (lost && ++later == refused) fault.kind = StreamFault::Kind::cut;
      return fault;
    };
    const Result result = load.run();
    INFO(result.err);
    CHECK(lost);
    CHECK(later >= 1);
    CHECK(result.exit_code == 0);
    CHECK(Json(result.out)["totals"]["rows_loaded"].number() == kRows);
    CHECK(rows() == std::to_string(kRows));
  }
}

TEST_CASE("faults: database connection that breaks before COMMIT: nothing, then all rows once") {
  for (const auto& way : kWays) {
    CAPTURE(way.back());
    reset();
    StreamFault fault;
    fault.kind = StreamFault::Kind::cut_commit;
    Load load(way, fault);
    const Result first = load.run();
    INFO(first.err);
    CHECK(first.exit_code == 4);
    CHECK(load.proxy().faults() > 0);
    CHECK(rows() == "0");
    load.mend();
    CHECK(load.run().exit_code == 0);
    CHECK(rows() == std::to_string(kRows));
  }
}

TEST_CASE("faults: direct load that is killed behind its COMMIT is not carried out again") {
  for (const bool pooled : {false, true}) {
    if (pooled && !LocalPgbouncer::is_installed()) continue;
    CAPTURE(pooled);
    reset();
    std::unique_ptr<LocalPgbouncer> pooler;
    if (pooled) pooler = std::make_unique<LocalPgbouncer>(shared_stack().postgres, 2);
    Load load({"--via", "direct"}, {}, pooled ? pooler->port() : 0);
    kill_behind_commit(load);
    const Result next = load.run();
    CHECK(next.exit_code == 0);
    CHECK(contains(next.err, "nothing was left to do"));
    CHECK(Json(next.out)["up_to_date"].text() == "true");
    CHECK(rows() == std::to_string(kRows));
    // That one came to its end and said so: the third loads the file once more, as asked for.
    CHECK(load.run().exit_code == 0);
    CHECK(rows() == std::to_string(2 * kRows));
  }
}

TEST_CASE("faults: direct load that was killed behind its COMMIT, and the rows are gone since") {
  for (const char* const gone : {"truncate t", "drop table t; create table t (id int, v text)"}) {
    CAPTURE(gone);
    reset();
    Load load({"--via", "direct"}, {});
    kill_behind_commit(load);
    shared_stack().sql(gone);
    CHECK(load.run().exit_code == 0);
    CHECK(rows() == std::to_string(kRows));
  }
}

TEST_CASE("faults: direct load that was killed behind its COMMIT is not believed of other rows") {
  reset();
  Load refills({"--via", "direct", "--force"}, {});
  kill_behind_commit(refills);
  shared_stack().sql("truncate t; insert into t values (-1, 'other')");
  CHECK(refills.run().exit_code == 0);
  CHECK(shared_stack().sql("select count(*) || ' ' || count(*) filter (where id = -1) from t") ==
        text(kRows, " 0"));
  reset();
  Load adds({"--via", "direct"}, {});
  kill_behind_commit(adds);
  shared_stack().sql("delete from t where id = (select max(id) from t)");
  const Result result = adds.run();
  CHECK(result.exit_code == 6);
  CHECK(contains(result.err, "does not hold 1 of them now"));
  CHECK(contains(result.err, "--fresh"));
  CHECK(rows() == std::to_string(kRows - 1));
}

TEST_CASE("faults: deadline that passes while a direct load is compared ends it as any deadline") {
  reset();
  Load load({"--via", "direct", "--verify", "--deadline", "3"}, {});
  std::thread holder;
  load.proxy().on_commit = [&holder] {
    if (holder.joinable() || rows() == "0") return;
    holder = std::thread([] {
      shared_stack().sql(
          "begin; lock table t in access exclusive mode; select pg_sleep(5); commit");
    });
    const char* held =
        "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted "
        "and relation = 't'::regclass";
    while (shared_stack().sql(held) == "0") std::this_thread::sleep_for(5ms);
  };
  const Result result = load.run();
  REQUIRE(holder.joinable());
  holder.join();
  INFO(result.err);
  CHECK(result.exit_code == 4);
  CHECK(contains(result.err, "the deadline passed while comparing"));
  CHECK(rows() == std::to_string(kRows));
}

TEST_CASE("faults: database connection cut at any byte of either direction: nothing or all") {
  for (const auto& way : kWays) {
    CAPTURE(way.back());
    reset();
    StreamFault fault;
    fault.kind = StreamFault::Kind::cut;
    std::uint64_t cut = 0;
    int ended = 0;
    for (std::size_t after = 1; after < 16'384; after = after * 2 + 1) {
      for (const bool from_the_server : {false, true}) {
        fault.after = after;
        fault.from_the_server = from_the_server;
        fault.reset = after % 4 == 1;
        CAPTURE(after);
        CAPTURE(from_the_server);
        shared_stack().sql("truncate t");
        Load load(way, fault);
        const Result result = load.run();
        INFO(result.err);
        cut += load.proxy().faults();
        const bool is_done = result.exit_code == 0;
        CHECK((is_done || result.exit_code == 4));
        CHECK(rows() == (is_done ? std::to_string(kRows) : "0"));
        if (is_done) continue;
        ++ended;
        load.mend();
        CHECK(load.run().exit_code == 0);
        CHECK(rows() == std::to_string(kRows));
      }
    }
    CHECK(cut > 10);
    CHECK(ended > 5);
  }
}

TEST_CASE("faults: database connection that falls silent: the deadline ends the run") {
  for (const auto& way : kWays) {
    CAPTURE(way.back());
    for (const std::size_t after : {0, 2000, 3500}) {
      CAPTURE(after);
      reset();
      StreamFault fault;
      fault.kind = StreamFault::Kind::black_hole;
      fault.after = after;
      std::vector<std::string> args = way;
      args.insert(args.end(), {"--deadline", "2"});
      Load load(args, fault);
      const Result result = load.run();
      INFO(result.err);
      CHECK(result.exit_code == 4);
      CHECK(load.proxy().faults() > 0);
      CHECK(rows() == "0");
    }
  }
}
