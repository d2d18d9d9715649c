// Keys and passwords once more: on every way that rows can take, with each kind of failure, as
// talkative as it gets; and not only what is printed, but every file that a run leaves behind.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "pgseed/base/text.hpp"
#include "support/fault_proxy.hpp"
#include "support/seeding.hpp"
#include "support/web_server.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr const char* kWrongKey = "sb_secret_CaNaRyCaNaRyCaNaRyCa_aNaRyCaN";
constexpr const char* kPassword = "CaNaRy-p@ss/w:rd";
constexpr const char* kEncoded = "CaNaRy-p%40ss%2Fw%3Ard";
// Of proxies: user:CaNaRyProxy, and as Basic has it.
constexpr const char* kProxyUser = "user:CaNaRyProxy";
constexpr const char* kProxyBasic = "dXNlcjpDYU5hUnlQcm94eQ";

// The real key has no canary in it: its signature is as good.
bool leaks(const std::string& shown) {
  const std::string key = shared_stack().postgrest.service_key();
  const std::string signature = key.substr(key.rfind('.') + 1);
  const std::string folded = to_lower(shown);
  return contains(folded, "canary") || contains(folded, "anarycan") ||
         contains(folded, "p@ss/w:rd") || contains(folded, "p%40ss") ||
         contains(shown, signature.substr(0, 20)) || contains(shown, kProxyBasic);
}

std::string files_below(const std::string& folder) {
  std::string all;
  if (!fs::exists(folder)) return all;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    all += entry.path().filename().string() + '\n';
    if (entry.is_regular_file()) all += read_file(entry.path().string());
  }
  return all;
}

// What some gateways do: they show the request in the error.
std::string shown_request(const std::string& request) {
  std::string message;
  for (const char byte : request) {
    if (byte == '"' || byte == '\\') message += '\\';
    message += static_cast<unsigned char>(byte) < 0x20 ? ' ' : byte;
  }
  return R"({"code":"PGRST301","message":")" + message + R"(","details":")" + message +
         R"(","hint":")" + message + "\"}";
}

struct Way {
  const char* name;
  std::vector<std::string> words;  // FILE is the dump
  bool rest, direct;               // the connections that it uses
};

const std::vector<Way>& ways() {
  static const std::vector<Way> all = {
      {"rest", {"seed", "FILE", "--max-rejects", "2", "--rejects", "OUT/r.ndjson"}, true, false},
      {"upsert, verified", {"seed", "FILE", "--upsert", "--verify"}, true, true},
      {"atomic", {"seed", "FILE", "--atomic", "--force", "--yes"}, true, true},
      {"direct", {"seed", "FILE", "--via", "direct"}, false, true},
      {"verify", {"verify", "FILE"}, false, true},
  };
  return all;
}

struct Failure {
  std::string name;
  std::string key, url, database;  // empty: those that work
  std::set<int> codes;             // of the ways that meet it
  bool hits_rest = true, hits_direct = true;
  Environment environment = {};
  std::vector<std::string> more = {};
  std::string dump = {};
};

constexpr const char* kDump = "INSERT INTO t (id, v) VALUES (2, 'two'), (3, 'three');\n";

}  // namespace

TEST_CASE("secrets: on every way, whatever fails, nothing that is said or left behind tells them") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text check (v <> 'bad'))");
  stack.sql(
      "drop role if exists locked; create role locked login password 'right' in role "
      "needs_password");
  const WebServer page([](const std::string& request) {
    return WebServer::response("401 Unauthorized", "text/html", "<pre>" + request + "</pre>");
  });
  const WebServer json([](const std::string& request) {
    return WebServer::response("401 Unauthorized", "application/json", shown_request(request));
  });
  const WebServer gate([](const std::string& request) {
    return WebServer::response("407 Proxy Authentication Required", "text/html",
                               "<title>" + request + "</title>");
  });
  // Works until rows come, and then shows them the key.
  FaultProxy later(stack.postgrest.port(), [](const ProxyRequest& request) {
    Fault fault;
    if (request.write == 0) return fault;
    fault.kind = Fault::Kind::answer;
    fault.text =
        http_answer(403, shown_request(request.head), "Content-Type: application/json\r\n");
    return fault;
  });
  FaultProxy silent(stack.postgrest.port(), [](const ProxyRequest& request) {
    Fault fault;
    if (request.write > 0) fault.kind = Fault::Kind::black_hole;
    return fault;
  });
  const std::string dead_port = std::to_string(free_port());
  const std::string dead = "http://127.0.0.1:" + dead_port;
  const auto with_user = [&](const std::string& user, std::string url) {
    return url.replace(url.find("postgres@"), 9, user + ':' + kEncoded + '@');
  };
  const std::string database = with_user("postgres", stack.database_url());
  const std::string dead_database =
      text("postgresql://postgres:", kEncoded, "@127.0.0.1:", dead_port, "/app");
  const auto proxy = [](const std::string& where) {
    return Environment{{"http_proxy", "http://" + std::string(kProxyUser) + "@127.0.0.1:" + where},
                       {"no_proxy", ""}};
  };
  const std::string gate_port = gate.url().substr(gate.url().rfind(':') + 1);

  const std::vector<Failure> failures = {
      {"none", "", "", "", {0, 6}},
      {"refused key", kWrongKey, "", "", {5}, true, false},
      {"dead API", "", dead, "", {4}, true, false},
      {"page that shows the request", "", page.url(), "", {5}, true, false},
      {"error that shows the request", "", json.url(), "", {5}, true, false},
      {"the same in mid-run", "", later.url(), "", {5}, true, false},
      {"silence until the deadline",
       "",
       silent.url(),
       "",
       {4},
       true,
       false,
       {},
       {"--deadline", "1"}},
      {"dead proxy", "", "", "", {4}, true, false, proxy(dead_port)},
      {"proxy that shows the request", "", "", "", {5}, true, false, proxy(gate_port)},
      {"dead database", "", "", dead_database, {4}, false, true},
      {"wrong password", "", "", with_user("locked", stack.database_url()), {5}, false, true},
      {"no such database", "", "", database + "_absent", {5}, false, true},
      {"bad row",
       "",
       "",
       "",
       {1, 5, 6},
       true,
       true,
       {},
       {},
       "INSERT INTO t (id, v) VALUES (2, 'two'), (3, 'bad'), (4, 'bad'), (5, 'bad');\n"},
      {"broken dump", "", "", "", {3}, true, true, {}, {}, "INSERT INTO t (id, v) VALUES (2, 'tw"},
      {"unknown table", "", "", "", {5}, true, true, {}, {}, "INSERT INTO nope (id) VALUES (2);"},
      {"no room for the ledger", "", "", "", {7}, true, false, {}, {"--ledger-dir", "/dev/full/x"}},
      {"no room for the page", "", "", "", {7}, true, true, {}, {"--report", "/dev/full"}},
  };
  for (const Failure& failure : failures) {
    for (const Way& way : ways()) {
      for (const bool on_github : {false, true}) {
        // One of both, or without a failure both.
        const auto turn = (&failure - failures.data()) + (&way - ways().data());
        if (&failure != failures.data() && on_github == (turn % 2 == 0)) continue;
        CAPTURE(failure.name);
        const std::string name_of_way = way.name;
        CAPTURE(name_of_way);
        CAPTURE(on_github);
        const bool is_verify = std::string(way.name) == "verify";
        const bool hit = (way.rest && failure.hits_rest) || (way.direct && failure.hits_direct);
        if (is_verify && !failure.more.empty() && failure.more.front() != "--deadline") continue;
        if (!way.rest && failure.name == "no room for the ledger") continue;
        stack.sql("truncate t");
        const TempDir folder;
        fs::create_directory(folder / "out");
        const std::string file =
            folder.write("dump.sql", failure.dump.empty() ? kDump : failure.dump);
        Call call;
        call.args = {"-vvv"};
        for (const std::string& word : way.words) {
          call.args.push_back(word == "FILE"             ? file
                              : word.starts_with("OUT/") ? folder / ("out" + word.substr(3))
                                                         : word);
        }
        if (!is_verify && failure.name != "no room for the page") {
          call.args.insert(call.args.end(), {"--report", folder / "out/page.html"});
        }
        call.args.insert(call.args.end(), failure.more.begin(), failure.more.end());
        if (!is_verify) call.args.insert(call.args.end(), {"--retries", "1"});
        call.environment = {{"PGSEED_STATE_DIR", folder / "out/state"}};
        for (const auto& [name, value] : failure.environment) call.environment[name] = value;
        // In the environment, or in a file.
        const std::string key = failure.key.empty() ? stack.postgrest.service_key() : failure.key;
        const std::string url = failure.url.empty() ? stack.postgrest.url() : failure.url;
        const std::string direct = failure.database.empty() ? database : failure.database;
        if (on_github) {
          folder.write(".env", text("SUPABASE_URL=", url, "\nSUPABASE_SECRET_KEY=", key,
                                    "\nDATABASE_URL='", direct, "'\n"));
          call.directory = folder.path().string();
          for (const char* name : {"SUPABASE_URL", "SUPABASE_SECRET_KEY", "DATABASE_URL"}) {
            call.environment[name] = std::nullopt;
          }
          call.environment["GITHUB_ACTIONS"] = "true";
          call.environment["GITHUB_STEP_SUMMARY"] = folder / "out/summary.md";
        } else {
          call.args.insert(call.args.begin(), "--json");
          call.environment["SUPABASE_URL"] = url;
          call.environment["SUPABASE_SECRET_KEY"] = key;
          call.environment["DATABASE_URL"] = direct;
        }
        const Result result = test::pgseed(call);
        CAPTURE(result.err);
        CHECK(result.signal == 0);
        if (hit) CHECK(failure.codes.count(result.exit_code) == 1);
        CHECK_FALSE(leaks(result.out));
        CHECK_FALSE(leaks(result.err));
        const std::string left = files_below(folder / "out");
        CHECK_FALSE(leaks(left));
        if (hit && failure.codes == std::set<int>{0, 6} && !is_verify) {
          CHECK(contains(left, "</html>"));
          if (way.rest) CHECK(contains(left, "pgseed-ledger"));
          if (on_github) CHECK(contains(left, "### "));
        }
      }
    }
  }
  stack.sql("drop role locked");
}

TEST_CASE("secrets: in GitHub Actions they stand in the masks alone, which come before anything") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text)");
  const TempDir folder;
  const std::string err = folder / "err";
  Call call;
  // A row that comes twice, so that there is something to annotate.
  call.args = {"-vvv", "seed", folder.write("dump.sql", std::string(kDump) + kDump),
               "--max-rejects", "all"};
  std::string database = stack.database_url();
  database.replace(database.find("postgres@"), 9, text("postgres:", kEncoded, '@'));
  call.environment = {{"GITHUB_ACTIONS", "true"}, {"DATABASE_URL", database}};
  Command one = command(call);
  std::string line;
  for (const std::string& word : one.argv) line += " '" + word + "'";
  // Through a pipe, as the runner reads it.
  one.argv = {"bash", "-c",
              text("{", line, "; } 2>&1 >/dev/null | cat > ", err, "; exit ${PIPESTATUS[0]}")};
  CHECK(run(one).exit_code == 1);
  const std::string shown = read_file(err);
  CHECK(contains(shown, "::add-mask::" + stack.postgrest.service_key()));
  CHECK(contains(shown, std::string("::add-mask::") + kPassword));
  std::string rest;
  bool began = false;
  for (std::size_t at = 0; at < shown.size();) {
    const std::size_t end = std::min(shown.find('\n', at), shown.size());
    const std::string each = shown.substr(at, end - at);
    at = end + 1;
    const bool is_mask = each.starts_with("::add-mask::");
    if (is_mask) CHECK_FALSE(began);
    began |= !is_mask;
    if (!is_mask) rest += each + '\n';
  }
  CHECK_FALSE(rest.empty());
  CHECK_FALSE(leaks(rest));
}

TEST_CASE("secrets: on no way does any process of the machine show them while it runs") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id int primary key, v text);"
      "create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(2); "
      "return new; end $$;"
      "create trigger wait before insert on t for each statement execute function wait()");
  std::string database = stack.database_url();
  // Other tests may run on this machine with canaries of theirs.
  const std::string password =
      text("Pw", getpid(), 'x', std::chrono::steady_clock::now().time_since_epoch().count());
  database.replace(database.find("postgres@"), 9, text("postgres:", password, '@'));
  const std::string key = stack.postgrest.service_key();
  const auto told = [&](const std::string& shown) {
    return contains(shown, password) || contains(shown, key.substr(key.rfind('.') + 1));
  };
  for (const Way& way : ways()) {
    if (std::string(way.name) == "verify") continue;
    const std::string name_of_way = way.name;
    CAPTURE(name_of_way);
    stack.sql("truncate t");
    const TempDir folder;
    fs::create_directory(folder / "out");
    const std::string file = folder.write("dump.sql", kDump);
    Call call;
    call.args = {"-vvv"};
    for (const std::string& word : way.words) {
      call.args.push_back(word == "FILE"             ? file
                          : word.starts_with("OUT/") ? folder / ("out" + word.substr(3))
                                                     : word);
    }
    call.environment["DATABASE_URL"] = database;
    Process process(command(call));
    REQUIRE(wait_until(
        [&] {
          return stack.sql("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") !=
                 "0";
        },
        20s));
    int looked_at = 0;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      try {
        const std::string shown = read_file(entry.path().string() + "/cmdline") +
                                  read_file(entry.path().string() + "/comm");
        ++looked_at;
        CHECK_MESSAGE(!told(shown), name);
      } catch (const std::runtime_error&) {
        continue;  // it has ended
      }
    }
    CHECK(looked_at > 2);
    const auto ended = process.wait(30s);
    REQUIRE(ended.has_value());
    CHECK(ended->exit_code == 0);
    CHECK_FALSE(told(ended->out + ended->err));
  }
}
