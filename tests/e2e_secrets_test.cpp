// The canary again, where spellings are odd: keys that no pattern knows and database URLs as people
// get them wrong.
#include <doctest/doctest.h>

#include <cctype>
#include <chrono>
#include <string>
#include <vector>

#include "support/seeding.hpp"
#include "support/web_server.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kCanary = "cAnArYs3cr3t";
const std::string kKey = std::string(kCanary) + kCanary;  // opaque, and as long as keys are
const std::string kEncoded = std::string(kCanary) + "%40p%3Aw%2Fd%23%3F%25%26%3D";

bool leaks(const std::string& text) {
  std::string folded;
  for (const char byte : text) {
    folded += static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
  }
  return contains(folded, "canarys3cr3t") || contains(folded, "arys3cr") ||
         contains(folded, "@p:w/d#") || contains(folded, "%40p%3aw");
}

struct Case {
  std::string name;
  Environment environment;
  std::vector<std::string> args;
  int exit_code;
};

}  // namespace

TEST_CASE("secrets: keys of no known pattern and broken database URLs are not told either") {
  shared_stack().reset("create table t (id int primary key)");
  // A gateway that shows what it was sent.
  const WebServer gateway([](const std::string& request) {
    std::string line;
    for (const char byte : request) line += byte < ' ' || byte == '"' || byte == '\\' ? ' ' : byte;
    return WebServer::response("401 Unauthorized", "application/json",
                               R"({"code":"X","message":"no: )" + line + "\"}");
  });
  const TempDir folder;
  const std::string dump = folder.write("dump.sql", "INSERT INTO t VALUES (2);");
  const std::string ddl = folder.write("ddl.sql", "CREATE TABLE t (id int);");
  const std::string key_file = folder.write("key", kCanary);
  const auto key = [](const std::string& value) {
    return Environment{{"SUPABASE_SECRET_KEY", value}};
  };
  const auto database = [](const std::string& value) {
    return Environment{{"DATABASE_URL", value}};
  };
  const std::vector<Case> cases = {
      {"key with a control character", key(kKey + "\x01"), {"seed", dump}, 2},
      {"key with a line break", key(kKey + "\nX: y"), {"seed", dump}, 2},
      {"opaque key, refused", key(kKey), {"seed", dump}, 5},
      {"opaque key, shown",
       {{"SUPABASE_URL", gateway.url()}, {"SUPABASE_SECRET_KEY", kKey}},
       {"seed", dump},
       5},
      {"opaque key, shown to the doctor",
       {{"SUPABASE_URL", gateway.url()}, {"SUPABASE_SECRET_KEY", kKey}},
       {"test"},
       5},
      {"key in the URL",
       {{"SUPABASE_URL", std::string("http://127.0.0.1:1/?apikey=") + kCanary}},
       {"seed", dump},
       2},
      {"password in a broken URL",
       {{"SUPABASE_URL", "ht!tp://user:" + kEncoded + "@x"}},
       {"seed", dump},
       2},
      {"a secret for a URL", {{"SUPABASE_URL", kKey}}, {"seed", dump}, 2},
      {"a key file",
       {{"SUPABASE_SECRET_KEY", std::nullopt}},
       {"seed", dump, "--key-file", key_file},
       5},
      {"raw password",
       database(std::string("postgresql://u:") + kCanary + "@p:w/d#?%&=@127.0.0.1:1/app"),
       {"schema", ddl},
       4},
      {"no host", database("postgresql://u:" + kEncoded + "@/x"), {"schema", ddl}, 4},
      {"bad port",
       database("postgresql://u:" + kEncoded + "@127.0.0.1:port/app"),
       {"schema", ddl},
       2},
      {"unknown option",
       database("postgresql://u:" + kEncoded + "@127.0.0.1:1/app?nosuch=" + kCanary),
       {"schema", ddl},
       2},
      {"key words",
       database(std::string("host=127.0.0.1 port=1 password=") + kCanary),
       {"schema", ddl},
       4},
      {"key words with an open quote",
       database(std::string("host=127.0.0.1 port=1 password='") + kCanary),
       {"schema", ddl},
       2},
      {"no database URL at all", database(kCanary), {"schema", ddl}, 2},
      {"another kind of database", database("mysql://u:" + kEncoded + "@h/d"), {"schema", ddl}, 2},
      {"a dead database that the load needs",
       database("postgresql://u:" + kEncoded + "@127.0.0.1:1/app"),
       {"seed", dump},
       4},
  };
  for (const Case& each : cases) {
    for (const bool json : {false, true}) {
      std::vector<std::string> args = {"-vv"};
      if (json) args.emplace_back("--json");
      args.insert(args.end(), each.args.begin(), each.args.end());
      const Result result = pgseed(Call{.args = args, .environment = each.environment});
      INFO(each.name, ": ", result.out, result.err);
      CHECK(result.exit_code == each.exit_code);
      CHECK(contains(result.out + result.err, "hint"));
      CHECK(!leaks(result.out));
      CHECK(!leaks(result.err));
    }
  }
}

TEST_CASE("secrets: while it runs the process list shows neither key nor password") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table slow (id int primary key);"
      "create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); "
      "return new; end $$;"
      "create trigger wait before insert on slow for each row execute function wait()");
  const TempDir folder;
  const std::string dump = folder.write("d.sql", "INSERT INTO slow (id) VALUES (1);");
  Process process(command(Call{.args = {"-vv", "seed", dump}}));
  REQUIRE(wait_until(
      [&] {
        return stack.sql("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") ==
               "1";
      },
      std::chrono::seconds(10)));
  const std::string shown = read_file("/proc/" + std::to_string(process.pid()) + "/cmdline");
  CHECK(contains(shown, "seed"));
  CHECK(!contains(shown, stack.postgrest.service_key()));
  CHECK(!contains(shown, "postgresql://"));
  const auto ended = process.wait(std::chrono::seconds(30));
  REQUIRE(ended);
  CHECK(ended->exit_code == 0);
  CHECK(!contains(ended->err + ended->out, stack.postgrest.service_key()));
}

}  // namespace pgseed::test
