// Files that somebody writes to while they are loaded, and pipes beside files.
#include <doctest/doctest.h>

#include <atomic>
#include <functional>

#include "pgseed/base/text.hpp"
#include "support/fault_proxy.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

constexpr int kRows = 40000;

std::string rows() {
  std::string sql = "COPY t (id, v) FROM stdin;\n";
  for (int id = 0; id < kRows; ++id) sql += text(id, "\tthe value of row number ", id, '\n');
  return sql + "\\.\n";
}

// Seeds a file that loses its second half, and ends well all the same, as soon as `moment` comes.
Seeded seed_while_cut(const TempDir& folder, const std::vector<std::string>& more,
                      const std::function<bool(const ProxyRequest&)>& moment) {
  const std::string file = folder.write("dump.sql", rows());
  std::atomic<bool> done = false;
  FaultProxy proxy(shared_stack().postgrest.port(), [&](const ProxyRequest& request) {
    if (moment(request) && !done.exchange(true)) {
      const std::string half = rows().substr(0, rows().size() / 2);
      const std::string cut = half.substr(0, half.rfind('\n') + 1) + "\\.\n";
      folder.write("dump.sql", cut);
    }
    return Fault{};
  });
  Call call;
  call.environment = {{"SUPABASE_URL", proxy.url()}, {"PGSEED_STATE_DIR", folder / "state"}};
  std::vector<std::string> args = {file, "--batch-rows", "100", "--concurrency", "1"};
  args.insert(args.end(), more.begin(), more.end());
  Seeded seeded = seed(args, call);
  CHECK(done);
  return seeded;
}

bool is_write(const ProxyRequest& request) {
  return request.method == "POST" && request.body_bytes > 100;
}

std::string count() {
  return shared_stack().sql("select count(*) from t");
}

}  // namespace

TEST_CASE("changed input: a file that is cut while it is loaded ends with exit 3, not as done") {
  shared_stack().reset("create table t (id int primary key, v text)");
  const TempDir folder;
  const Seeded seeded = seed_while_cut(folder, {}, is_write);
  CHECK(seeded.exit_code() == 3);
  CHECK(contains(seeded.error(), "was changed while it was read"));
}

TEST_CASE("changed input: --atomic changes nothing when the file was cut meanwhile") {
  shared_stack().reset(
      "create table t (id int primary key, v text); insert into t values (-1, 'old')");
  const TempDir folder;
  for (const char* const mode : {"--force", "--upsert"}) {
    const Seeded seeded = seed_while_cut(folder, {"--atomic", mode}, is_write);
    CHECK(seeded.exit_code() == 3);
    CHECK(contains(seeded.error(), "was changed while it was read"));
    CHECK(count() == "1");
  }
}

TEST_CASE("changed input: FORCE empties nothing when the file was written to after the check") {
  shared_stack().reset(
      "create table t (id int primary key, v text); insert into t values (-1, 'old')");
  const TempDir folder;
  const Seeded seeded = seed_while_cut(folder, {"--force"}, [](const ProxyRequest& request) {
    return request.method == "POST";  // the empty one that tries the columns
  });
  CHECK(seeded.exit_code() == 3);
  CHECK(count() == "1");
}

TEST_CASE("changed input: a run that --limit ends early says as well that its file was replaced") {
  shared_stack().reset("create table t (id int primary key, v text)");
  const TempDir folder;
  const Seeded seeded = seed_while_cut(folder, {"--limit", "500"}, is_write);
  CHECK(seeded.exit_code() == 3);
}

TEST_CASE("changed input: rows of a pipe that belong behind those of a file are not passed over") {
  for (const std::string& way : {std::string("rest"), std::string("direct")}) {
    shared_stack().reset(
        "create table parent (id int primary key);"
        "create table child (id int primary key, parent int references parent)");
    const TempDir folder;
    const std::string file = folder.write("a.sql",
                                          "INSERT INTO child (id, parent) VALUES (1, 1);\n"
                                          "INSERT INTO parent (id) VALUES (1);\n");
    Call call;
    call.stdin_text =
        "INSERT INTO child (id, parent) VALUES (2, 2), (3, 2);\n"
        "INSERT INTO parent (id) VALUES (2);\n";
    const Seeded seeded = seed({file, "-", "--via", way}, call);
    CAPTURE(seeded.result.err);
    CHECK(seeded.exit_code() == 0);
    CHECK(shared_stack().sql("select count(*) from child") == "3");
    CHECK(shared_stack().sql("select count(*) from parent") == "2");
  }
}
