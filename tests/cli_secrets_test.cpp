// Keys and passwords appear nowhere: every kind of failure is run with canaries in each place that
// holds a secret, as talkative as possible, and all that comes out is searched for them.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "support/network.hpp"
#include "support/seeding.hpp"
#include "support/web_server.hpp"

namespace pgseed::test {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

// {"alg":"HS256"} . {"role":"service_role"} . no signature of anybody
constexpr const char* kJwt =
    "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0."
    "CaNaRyCaNaRyCaNaRyCaNaRyCaNaRyCaNaRyCaNaR";
constexpr const char* kSecretKey = "sb_secret_CaNaRyCaNaRyCaNaRyCa_aNaRyCaN";
constexpr const char* kPassword = "CaNaRy-pass";
constexpr const char* kSchema =
    "create table t (id int primary key, name text); insert into t values (1, 'kept')";
constexpr const char* kRow = "INSERT INTO t (id, name) VALUES (2, 'two');\n";

// No canary is left of a real key, so its signature is looked for as well.
bool leaks(const std::string& text) {
  const std::string key = shared_stack().postgrest.service_key();
  const std::string signature = key.substr(key.rfind('.') + 1);
  for (const std::string& secret : {std::string("CaNaRy"), std::string("aNaRyCaN"), signature,
                                    signature.substr(0, 16), std::string("c2VydmljZV9yb2xl")}) {
    if (contains(text, secret)) return true;
  }
  return false;
}

// Runs it plainly and with --json; -vv in both.
int check_silent(const std::string& name, Call call, bool look_at_command_line = true) {
  CAPTURE(name);
  int exit_code = -1;
  call.args.insert(call.args.begin(), "-vv");
  for (int turn = 0; turn < 2; ++turn) {
    if (turn == 1) call.args.insert(call.args.begin(), "--json");
    Process process(command(call));
    const std::string proc = "/proc/" + std::to_string(process.pid());
    for (int look = 0; look_at_command_line && look < 3; ++look) {
      std::string line;
      try {
        line = read_file(proc + "/cmdline");
      } catch (const std::runtime_error&) {
        break;  // it has ended
      }
      CHECK(!leaks(line));
    }
    const auto result = process.wait(30s);
    REQUIRE(result.has_value());
    exit_code = result->exit_code;
    CHECK(result->signal == 0);
    CHECK_MESSAGE(!leaks(result->out), result->out);
    CHECK_MESSAGE(!leaks(result->err), result->err);
  }
  return exit_code;
}

std::string with_password(std::string url) {
  return url.replace(url.find("postgres@"), 9, std::string("postgres:") + kPassword + "@");
}

// What some gateways do: they show the request in the page of the error.
std::string echo(const std::string& request) {
  return WebServer::response("401 Unauthorized", "text/html", "<pre>" + request + "</pre>");
}

std::string echo_as_json(const std::string& request) {
  std::string message;
  for (const char byte : request) {
    if (byte == '"' || byte == '\\') message += '\\';
    message += static_cast<unsigned char>(byte) < 0x20 ? ' ' : byte;
  }
  return WebServer::response("401 Unauthorized", "application/json",
                             R"({"code":"PGRST301","message":")" + message +
                                 R"(","details":null,"hint":")" + message + "\"}");
}

}  // namespace

TEST_CASE("secrets: the search finds what it looks for") {
  CHECK(leaks(kJwt));
  CHECK(leaks(kSecretKey));
  CHECK(leaks(kPassword));
  CHECK(leaks(shared_stack().postgrest.service_key()));
  CHECK(!leaks("http://127.0.0.1:3000"));
}

TEST_CASE("secrets: no failure tells the key or the password, wherever they are set") {
  Stack& stack = shared_stack();
  stack.reset(kSchema);
  const WebServer page(echo), json(echo_as_json);
  const std::string dead = "http://127.0.0.1:" + std::to_string(free_port());
  const std::string dead_port = std::to_string(free_port());
  const std::string password_of_dead =
      "postgresql://postgres:" + std::string(kPassword) + "@127.0.0.1:" + dead_port + "/app";
  stack.sql(
      "drop role if exists locked; create role locked login password 'right' in role "
      "needs_password");
  std::string locked = stack.database_url();
  locked.replace(locked.find("postgres@"), 9, std::string("locked:") + kPassword + "@");

  for (const std::string key : {kJwt, kSecretKey}) {
    for (const bool in_file : {false, true}) {
      CAPTURE(key);
      CAPTURE(in_file);
      const TempDir folder;
      const std::string file = folder.write("dump.sql", kRow);
      const std::string broken = folder.write("broken.sql", "INSERT INTO t VALUES ('");
      const std::string ddl = folder.write("ddl.sql", "CREATE TABLE m (id nope);\n");
      const auto fails = [&](const std::string& name, int code, Strings args, std::string url,
                             const std::string& database) {
        Call call{.args = std::move(args), .directory = folder.path().string()};
        if (in_file) {
          folder.write(".env", "SUPABASE_URL=" + url + "\nSUPABASE_SECRET_KEY=" + key +
                                   "\nDATABASE_URL=\"" + database + "\"\n");
          call.environment = {{"SUPABASE_URL", std::nullopt},
                              {"SUPABASE_SECRET_KEY", std::nullopt},
                              {"DATABASE_URL", std::nullopt}};
        } else {
          call.environment = {
              {"SUPABASE_URL", url}, {"SUPABASE_SECRET_KEY", key}, {"DATABASE_URL", database}};
        }
        const int exit_code = check_silent(name, std::move(call));
        CHECK_MESSAGE(exit_code == code, name);
      };
      const std::string url = stack.postgrest.url();
      const std::string database = with_password(stack.database_url());
      const Strings seed = {"seed", file, "--retries", "1", "--deadline", "10"};
      fails("refused key", 5, seed, url, database);
      fails("dead port", 4, seed, dead, database);
      fails("page that shows the request", 5, seed, page.url(), database);
      fails("error that shows the request", 5, seed, json.url(), database);
      fails("user and password in the URL", 2, seed,
            "http://user:" + std::string(kPassword) + "@127.0.0.1:3000", database);
      fails("key as URL", 2, seed, key, database);
      fails("password with a slash in the URL", 2, seed,
            "http://user:" + std::string(kPassword) + "/x@127.0.0.1:3000", database);
      fails("broken dump", 3, {"inspect", broken}, url, database);
      fails("missing dump", 3, {"seed", "absent.sql"}, url, database);
      fails("wrong use", 2, {"seed", file, "--limit", "x"}, url, database);
      fails("remote FORCE", 2, {"seed", file, "--force"}, "http://db.example.invalid", database);
      fails("test with a refused key", 5, {"test"}, url, database);
      fails("test with all dead", 4, {"test"}, dead, password_of_dead);
      fails("SQL error", 5, {"schema", ddl}, url, database);
      fails("database down", 4, {"schema", ddl}, url, password_of_dead);
      fails("wrong password", 5, {"schema", ddl}, url, locked);
      fails("password that is not encoded", 4, {"schema", ddl}, url,
            "postgresql://postgres:" + std::string(kPassword) + "%zz@127.0.0.1:" + dead_port +
                "/app");
      fails("parameter that is unknown", 2, {"schema", ddl}, url, database + "?pasword=CaNaRy");
      fails("database that is not there", 5, {"schema", ddl}, url, database + "_absent");
      fails("words as database URL", 2, {"schema", ddl}, url,
            "host=127.0.0.1 pasword=" + std::string(kPassword));
    }
  }
  stack.sql("drop role locked");
}

TEST_CASE("secrets: broken settings files are told by their line, not by what it holds") {
  shared_stack().reset(kSchema);
  const TempDir folder;
  const std::string file = folder.write("dump.sql", kRow);
  int number = 0;
  const auto written = [&](const std::string& content) {
    return folder.write("settings" + std::to_string(++number), content);
  };
  const std::string key = kSecretKey;
  const std::vector<std::pair<std::string, Strings>> cases = {
      {"no name", {"--env-file", written(key + "\n")}},
      {"open quote", {"--env-file", written("SUPABASE_SECRET_KEY=\"" + key + "\n")}},
      {"text behind", {"--env-file", written("SUPABASE_SECRET_KEY='" + key + "' " + key + "\n")}},
      {"colon", {"--env-file", written("SUPABASE_SECRET_KEY: " + key + "\n")}},
      {"toml with a key", {"--config", written("key = \"" + key + "\"\n")}},
      {"toml that is broken", {"--config", written("database_url = " + key + "\n")}},
      {"toml of another type", {"--config", written("schema = [\"" + key + "\"]\n")}},
      {"key with a blank", {"--key-file", written(key + " " + key)}},
      {"key with a line break", {"--key-file", written(key + "\n" + key)}},
      {"key over ASCII", {"--key-file", written(key + "\xc3\xa9")}},
  };
  for (const auto& [name, flags] : cases) {
    Strings args = flags;
    args.insert(args.end(), {"seed", file});
    CHECK_MESSAGE(check_silent(name, {.args = args}) == 2, name);
  }
}

TEST_CASE("secrets: what was typed on the command line by mistake is not repeated") {
  shared_stack().reset(kSchema);
  const TempDir folder;
  const std::string file = folder.write("dump.sql", kRow);
  const std::string url = "postgresql://postgres:" + std::string(kPassword) + "@127.0.0.1:1/app";
  for (const std::string key : {kJwt, kSecretKey}) {
    const std::vector<std::pair<std::string, Strings>> cases = {
        {"a flag that there is not", {"seed", file, "--key", key}},
        {"with an equals sign", {"seed", file, "--key=" + key}},
        {"as a command", {key}},
        {"as a number", {"seed", file, "--limit", key}},
        {"as a number of rejects", {"seed", file, "--max-rejects", key}},
        {"as a mode", {"seed", file, "--mode", key}},
        {"as a URL", {"--rest-url", key, "seed", file}},
        {"URL as a command", {url}},
        {"URL of the database as that of the API", {"--rest-url", url, "seed", file}},
    };
    for (const auto& [name, args] : cases) {
      CHECK_MESSAGE(check_silent(name, {.args = args}, false) == 2, name);
    }
  }
}

TEST_CASE(
    "secrets: neither a run that succeeds nor its reject file tells the key or the password") {
  Stack& stack = shared_stack();
  stack.reset(kSchema);
  const TempDir folder;
  const std::string file =
      folder.write("dump.sql", "INSERT INTO t (id, name) VALUES (1, 'again'), (2, 'two');\n");
  const std::string rejects = folder / "rejects.ndjson";
  const Environment environment = {{"DATABASE_URL", with_password(stack.database_url())}};
  CHECK(
      check_silent("rejects", {.args = {"seed", file, "--max-rejects", "all", "--rejects", rejects},
                               .environment = environment}) == 1);
  const std::string text = read_file(rejects);
  CHECK(contains(text, "again"));
  CHECK(!leaks(text));
  CHECK(check_silent("upsert", {.args = {"seed", file, "--upsert"}, .environment = environment}) ==
        0);
  CHECK(check_silent("test", {.args = {"test"}, .environment = environment}) == 0);
  const std::string ddl = folder.write("ddl.sql", "CREATE TABLE IF NOT EXISTS m (id int);\n");
  CHECK(check_silent("schema", {.args = {"schema", ddl}, .environment = environment}) == 0);
}

}  // namespace pgseed::test
