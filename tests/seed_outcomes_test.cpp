// What a run says at its end where that is easily wrong: nothing to send, nothing changed, doubt.
#include <doctest/doctest.h>

#include <csignal>

#include "pgseed/base/text.hpp"
#include "support/fault_proxy.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

std::string rows(int from, int to) {
  std::string sql = "COPY t (id, v) FROM stdin;\n";
  for (int id = from; id < to; ++id) sql += text(id, "\tv", id, '\n');
  return sql + "\\.\n";
}

constexpr const char* kTable = "create table t (id int primary key, v text)";

}  // namespace

TEST_CASE("outcomes: --verify compares, even where --if-changed finds nothing to send") {
  shared_stack().reset(kTable);
  const TempDir folder;
  Call call;
  call.environment = {{"PGSEED_STATE_DIR", folder / "state"}};
  const std::string dump = folder.write("dump.sql", rows(0, 50));
  CHECK(seed({dump, "--if-changed", "--verify"}, call).exit_code() == 0);
  const Seeded again = seed({dump, "--if-changed", "--verify"}, call);
  CHECK(again.exit_code() == 0);
  CHECK(again.summary["up_to_date"].text() == "true");
  CHECK(again.summary["verification"]["tables"][0]["rows_same"].number() == 50);
  shared_stack().sql("delete from t where id = 7");
  const Seeded gone = seed({dump, "--if-changed", "--verify"}, call);
  CHECK(gone.exit_code() == 6);
  CHECK(gone.summary["verification"]["tables"][0]["rows_missing"].number() == 1);
}

TEST_CASE("outcomes: what --ignore left as it was is no difference when nothing is sent either") {
  shared_stack().reset(std::string(kTable) + "; insert into t values (7, 'old')");
  const TempDir folder;
  Call call;
  call.environment = {{"PGSEED_STATE_DIR", folder / "state"}};
  const std::string dump = folder.write("dump.sql", rows(0, 50));
  for (int time = 0; time < 2; ++time) {
    CHECK(seed({dump, "--if-changed", "--ignore", "--verify"}, call).exit_code() == 0);
  }
}

TEST_CASE("outcomes: doubt about rows without a key ends when a comparison finds them") {
  shared_stack().reset("create table t (id int, v text)");
  shared_stack().postgrest.restart(Stack::kDatabase);
  const TempDir folder;
  const std::string dump = folder.write("dump.sql", rows(0, 50));
  FaultProxy proxy(shared_stack().postgrest.port(), [](const ProxyRequest& request) {
    Fault fault;
    if (request.write == 1) fault.kind = Fault::Kind::lose_answer;
    return fault;
  });
  Call call;
  call.environment = {{"SUPABASE_URL", proxy.url()}, {"PGSEED_STATE_DIR", folder / "state"}};
  const Seeded doubtful = seed({dump}, call);
  CHECK(doubtful.exit_code() == 1);
  CHECK(contains(doubtful.hint(), "--verify"));
  CHECK(seed({dump}, call).exit_code() == 1);
  const Seeded settled = seed({dump, "--verify"}, call);
  CAPTURE(settled.result.err);
  CHECK(settled.exit_code() == 0);
  CHECK(settled.counts() == "50 50 0 0 0 0");
  CHECK(contains(settled.notes(), "the comparison found them"));
  CHECK(shared_stack().sql("select count(*) from t") == "50");
}

TEST_CASE("outcomes: a comparison does not settle doubt where rows are missing") {
  shared_stack().reset("create table t (id int, v text)");
  shared_stack().postgrest.restart(Stack::kDatabase);
  const TempDir folder;
  const std::string dump = folder.write("dump.sql", rows(0, 50));
  FaultProxy proxy(shared_stack().postgrest.port(), [](const ProxyRequest& request) {
    Fault fault;
    if (request.write == 1) fault.kind = Fault::Kind::lose_answer;
    return fault;
  });
  Call call;
  call.environment = {{"SUPABASE_URL", proxy.url()}, {"PGSEED_STATE_DIR", folder / "state"}};
  CHECK(seed({dump}, call).exit_code() == 1);
  shared_stack().sql("delete from t where id = 7");
  const Seeded missing = seed({dump, "--verify"}, call);
  CHECK(missing.exit_code() == 6);
  CHECK(missing.total("rows_in_doubt") == 50);
}

TEST_CASE("outcomes: FORCE that goes on after others filled its table says how to begin anew") {
  shared_stack().reset(
      "create table t (id int primary key, v text, constraint stops check (id <> 85))");
  const TempDir folder;
  Call call;
  call.environment = {{"PGSEED_STATE_DIR", folder / "state"}};
  const std::string dump = folder.write("dump.sql", rows(0, 200));
  const std::vector<std::string> args = {dump, "--force",       "--batch-rows",
                                         "10", "--concurrency", "1"};
  CHECK(seed(args, call).exit_code() == 1);
  shared_stack().sql(
      "alter table t drop constraint stops; "
      "insert into t select id, 'other' from generate_series(80, 199) id on conflict do nothing");
  const Seeded stuck = seed(args, call);
  CHECK(stuck.exit_code() == 1);
  CHECK(contains(stuck.hint(), "--fresh"));
  std::vector<std::string> anew = args;
  anew.emplace_back("--fresh");
  CHECK(seed(anew, call).exit_code() == 0);
}

TEST_CASE(
    "outcomes: rows that somebody deleted between two runs are missed when they are counted") {
  shared_stack().reset(
      "create table t (id int primary key, v text, constraint stops check (id <> 185))");
  const TempDir folder;
  Call call;
  call.environment = {{"PGSEED_STATE_DIR", folder / "state"}};
  const std::string dump = folder.write("dump.sql", rows(0, 200));
  const std::vector<std::string> args = {dump, "--batch-rows", "10", "--concurrency", "1"};
  CHECK(seed(args, call).exit_code() == 1);
  // None of those that are asked for by key.
  shared_stack().sql("alter table t drop constraint stops; delete from t where id = 20");
  CHECK(seed(args, call).exit_code() == 6);
}

TEST_CASE("outcomes: a dry run counts what --limit, --offset and --table leave of all files") {
  shared_stack().reset(std::string(kTable) + "; create table u (id int primary key)");
  const TempDir folder;
  const std::string one = folder.write("one.sql", rows(0, 50) + "INSERT INTO u (id) VALUES (1);\n");
  const std::string two = folder.write("two.sql", rows(50, 80));
  const auto notes = [&](std::vector<std::string> more) {
    std::vector<std::string> args = {one, two, "--dry-run"};
    args.insert(args.end(), more.begin(), more.end());
    return seed(args).notes();
  };
  CHECK(contains(notes({}), "would load 80 rows into public.t"));
  CHECK(contains(notes({"--limit", "60"}), "would load 60 rows into public.t"));
  CHECK(contains(notes({"--offset", "75", "--limit", "60"}), "would load 5 rows into public.t"));
  CHECK_FALSE(contains(notes({"--table", "t"}), "public.u"));
  CHECK(shared_stack().sql("select count(*) from t") == "0");
}

TEST_CASE("outcomes: a dry run reads standard input through, and finds what is wrong in it") {
  shared_stack().reset(kTable);
  const auto dry = [](const std::string& text) {
    Call call;
    call.stdin_text = text;
    return seed({"-", "--dry-run"}, call);
  };
  CHECK(contains(dry(rows(0, 1)).notes(), "would load 1 row into public.t"));
  const Seeded broken = dry(rows(0, 50) + "INSERT INTO t (id) VALUES ('it's');\n");
  CHECK(broken.exit_code() == 3);
  CHECK(contains(broken.where(), "<stdin>:"));
  CHECK(shared_stack().sql("select count(*) from t") == "0");
}

TEST_CASE("outcomes: nobody is sent to psql with a dump of MySQL") {
  shared_stack().reset(kTable);
  const std::string update = "UPDATE t SET v = 1;\n";
  const Seeded mysql = seed_text(update, {"--dialect", "mysql", "--via", "rest"});
  CHECK(mysql.exit_code() == 3);
  CHECK_FALSE(contains(mysql.hint(), "psql"));
  CHECK(contains(seed_text("LOAD;\nCOPY t FROM 'f';\n", {"--via", "rest"}).hint(), "psql"));
}

TEST_CASE("outcomes: a dry run misses tables and columns that the target does not have") {
  shared_stack().reset(kTable);
  const Seeded table = seed_text("INSERT INTO nowhere (id) VALUES (1);", {"--dry-run"});
  CHECK(table.exit_code() == 5);
  CHECK(contains(table.where(), "dump.sql:1"));
  const Seeded column = seed_text("INSERT INTO t (id, w) VALUES (1, 2);", {"--dry-run"});
  CHECK(column.exit_code() == 5);
  CHECK(contains(column.error(), "no column w"));
}

TEST_CASE("outcomes: a comparison that did not take place finds nothing equal") {
  const TempDir folder;
  Call call;
  call.args = {"--json", "verify", folder.write("dump.sql", rows(0, 3))};
  call.environment = {{"DATABASE_URL", "postgresql://postgres@127.0.0.1:9/app"}};
  const Result result = test::pgseed(call);
  CHECK(result.exit_code == 4);
  CHECK(Json(result.out)["verification"].is_null());
}

TEST_CASE("outcomes: --via direct --verify ends with exit 6 where the tables differ") {
  shared_stack().reset(
      std::string(kTable) +
      "; create function f() returns trigger language plpgsql as $$ begin if new.id = 2 then "
      "new.v := 'changed'; end if; return new; end $$; "
      "create trigger b before insert on t for each row execute function f()");
  const Seeded seeded = seed_text(rows(0, 5), {"--via", "direct", "--verify"});
  CHECK(seeded.exit_code() == 6);
  CHECK(seeded.summary["verification"]["tables"][0]["rows_differing"].number() == 1);
}

TEST_CASE("outcomes: a flag that the direct load would not heed is refused") {
  shared_stack().reset(kTable);
  const Seeded seeded = seed_text(rows(0, 3), {"--via", "direct", "--skip-unsupported"});
  CHECK(seeded.exit_code() == 2);
  CHECK(contains(seeded.error(), "--skip-unsupported"));
  // What a closure takes beyond the limit would look like rows too many.
  const Seeded compared =
      seed_text(rows(0, 3), {"--via", "direct", "--limit", "2", "--closure", "--verify"});
  CHECK(compared.exit_code() == 2);
  CHECK(contains(compared.error(), "--closure and --verify"));
}

TEST_CASE("outcomes: a signal is an error in the summary, with what to do next") {
  shared_stack().reset(kTable);
  const TempDir folder;
  FaultProxy proxy(shared_stack().postgrest.port(), [](const ProxyRequest& request) {
    Fault fault;
    if (request.write > 1) fault.hold_request = std::chrono::milliseconds(300);
    return fault;
  });
  Call call;
  call.args = {
      "--json",        "seed", folder.write("dump.sql", rows(0, 5000)), "--batch-rows", "10",
      "--concurrency", "1"};
  call.environment = {{"SUPABASE_URL", proxy.url()}, {"PGSEED_STATE_DIR", folder / "state"}};
  Process process(command(call));
  while (proxy.requests() < 6 && process.running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  process.send(SIGTERM);
  const auto result = process.wait(std::chrono::seconds(60));
  REQUIRE(result.has_value());
  CHECK(result->exit_code == 143);
  const Json error = Json(result->out)["error"];
  CHECK(error["kind"].text() == "interrupted");
  CHECK(contains(error["message"].text(), "SIGTERM"));
  CHECK(contains(error["hint"].text(), "same command again"));
}

TEST_CASE("outcomes: a run that could not begin has its page as well") {
  const TempDir folder;
  Call call;
  const std::string page = folder / "run.html";
  call.args = {"seed", folder.write("dump.sql", rows(0, 3)), "--report", page};
  call.environment = {{"SUPABASE_URL", std::nullopt}, {"DATABASE_URL", std::nullopt}};
  call.directory = folder.path().string();
  const Result result = test::pgseed(call);
  CHECK(result.exit_code == 2);
  CHECK(contains(read_file(page), "no target is configured"));
}
