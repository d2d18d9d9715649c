// --deadline ends the run in time whatever it is at, with exit code 4 and a word about where.
#include <doctest/doctest.h>

#include "support/fault_proxy.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kTable = "create table t (id int primary key, v text)";
constexpr const char* kRows = "INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b');\n";

// Nothing comes back for requests that the script picks.
Seeded seed_with_hole(const std::function<bool(const ProxyRequest&)>& picks,
                      std::vector<std::string> args) {
  FaultProxy proxy(shared_stack().postgrest.port(), [&](const ProxyRequest& request) {
    Fault fault;
    if (picks(request)) fault.kind = Fault::Kind::black_hole;
    return fault;
  });
  Call call;
  call.environment = {{"SUPABASE_URL", proxy.url()}};
  args.insert(args.end(), {"--deadline", "2"});
  return seed_text(kRows, std::move(args), call);
}

}  // namespace

TEST_CASE("deadline: a target that takes connections and says nothing") {
  shared_stack().reset(kTable);
  const Seeded seeded = seed_with_hole([](const auto&) { return true; }, {});
  CHECK(seeded.exit_code() == 4);
  CHECK(contains(seeded.error(), "deadline passed while connecting to http://127.0.0.1"));
}

TEST_CASE("deadline: a preflight without an answer") {
  shared_stack().reset(kTable);
  const Seeded seeded =
      seed_with_hole([](const ProxyRequest& request) { return request.method == "POST"; }, {});
  CHECK(seeded.exit_code() == 4);
  CHECK(contains(seeded.error(), "deadline passed while checking the target"));
  CHECK(shared_stack().sql("select count(*) from t") == "0");
}

TEST_CASE("deadline: a deletion of FORCE without an answer: the note says what may have happened") {
  shared_stack().reset(kTable);
  shared_stack().sql("insert into t values (7, 'old')");
  const Seeded seeded = seed_with_hole(
      [](const ProxyRequest& request) { return request.method == "DELETE"; }, {"--force"});
  CHECK(seeded.exit_code() == 4);
  CHECK(contains(seeded.error(), "deadline passed while emptying the tables"));
  CHECK(contains(seeded.notes(), "may have been emptied"));
}

TEST_CASE("deadline: rows without an answer are in doubt") {
  shared_stack().reset(kTable);
  const Seeded seeded =
      seed_with_hole([](const ProxyRequest& request) { return request.write > 0; }, {});
  CHECK(seeded.exit_code() == 4);
  CHECK(contains(seeded.error(), "deadline"));
  CHECK(seeded.counts() == "2 0 0 0 0 2");
}

TEST_CASE("deadline: input that never comes") {
  shared_stack().reset(kTable);
  Command shell = command({.args = {"--json", "seed", "-", "--deadline", "1"}});
  std::string line;
  for (const std::string& word : shell.argv) line += " '" + word + "'";
  shell.argv = {"bash", "-c", "exec" + line + " < <(echo \"INSERT INTO t VALUES (1,\"; sleep 30)"};
  const Result result = run(shell);
  CHECK(result.exit_code == 4);
  CHECK(contains(result.out, "deadline passed while"));
}

TEST_CASE("deadline: a database that takes connections and says nothing") {
  shared_stack().reset(kTable);
  // A listener that nobody accepts from; the catalogue is asked for, as the rows name no columns.
  FaultProxy silent(shared_stack().postgrest.port(), [](const ProxyRequest&) {
    Fault fault;
    fault.kind = Fault::Kind::black_hole;
    return fault;
  });
  Call call;
  call.environment = {
      {"DATABASE_URL", "postgresql://postgres@127.0.0.1:" + std::to_string(silent.port()) + "/x"}};
  const Seeded seeded = seed_text("INSERT INTO t VALUES (1, 'a');\n", {"--deadline", "2"}, call);
  CHECK(seeded.exit_code() == 4);
}
