// nginx as the gateway between pgseed and PostgREST: TLS, HTTP/2 connections that it ends, limits
// of its own, and its own pages where PostgREST does not answer.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "pgseed/base/text.hpp"
#include "support/local_nginx.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kSchema =
    "create table keyed (id int primary key, v text); create table keyless (id int, v text)";

bool has_nginx() {
  if (!LocalNginx::is_installed()) MESSAGE("nginx is not installed: no gateway is tried");
  return LocalNginx::is_installed();
}

std::string dump(const std::string& table, int rows) {
  std::string sql = text("COPY ", table, " (id, v) FROM stdin;\n");
  for (int id = 0; id < rows; ++id) sql += text(id, "\trow ", id, '\n');
  return sql + "\\.\n";
}

Call through(const LocalNginx& gateway) {
  Call call;
  call.environment = {{"SUPABASE_URL", gateway.url()},
                      {"SSL_CERT_FILE", gateway.authority()},
                      {"DATABASE_URL", std::nullopt}};
  return call;
}

// "rows distinct wrong"
std::string contents(const std::string& table) {
  return shared_stack().sql(
      text("select count(*) || ' ' || count(distinct id) || ' ' || count(*) "
           "filter (where v <> 'row ' || id) from ",
           table));
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

LocalNginx::Setup with_tls() {
  LocalNginx::Setup setup;
  setup.server_port = shared_stack().postgrest.port();
  setup.tls = true;
  return setup;
}

LocalNginx::Setup plain(const std::string& http, const std::string& location) {
  LocalNginx::Setup setup;
  setup.server_port = shared_stack().postgrest.port();
  setup.http = http;
  setup.location = location;
  return setup;
}

}  // namespace

TEST_CASE("faults: gateway with TLS: every row arrives once") {
  if (!has_nginx()) return;
  shared_stack().reset(kSchema);
  const LocalNginx gateway(with_tls());
  const Seeded run = seed_text(dump("keyed", 2000), {"--batch-rows", "100"}, through(gateway));
  INFO(run.result.err);
  CHECK(run.exit_code() == 0);
  CHECK(contents("keyed") == "2000 2000 0");
  CHECK(count_of(gateway.access_log(), "POST HTTP/1.1 201") >= 20);
}

TEST_CASE("faults: gateway whose certificate is not to be trusted: 4, and nothing is sent") {
  if (!has_nginx()) return;
  shared_stack().reset(kSchema);
  LocalNginx::Setup expired = with_tls(), stranger = with_tls(), alone = with_tls();
  expired.expired = true;
  stranger.name = "DNS:elsewhere.example";
  alone.self_signed = true;
  for (const LocalNginx::Setup& setup : {expired, stranger, alone}) {
    CAPTURE(setup.expired);
    CAPTURE(setup.name);
    const LocalNginx gateway(setup);
    const Seeded run = seed_text(dump("keyed", 10), {}, through(gateway));
    INFO(run.result.err);
    CHECK(run.exit_code() == 4);
    CHECK(contains(run.result.err, "certificate"));
    CHECK(gateway.access_log().empty());
    // Nor without an authority that was named.
    Call call = through(gateway);
    call.environment["SSL_CERT_FILE"] = std::nullopt;
    CHECK(seed_text(dump("keyed", 10), {}, call).exit_code() == 4);
    CHECK(gateway.access_log().empty());
  }
  CHECK(contents("keyed") == "0 0 0");
}

TEST_CASE(
    "faults: gateway that offers HTTP/2 and ends connections under load: no row is in doubt") {
  if (!has_nginx()) return;
  shared_stack().reset(kSchema);
  LocalNginx::Setup setup = with_tls();
  setup.http = "keepalive_requests 3;\nhttp2_max_concurrent_streams 2;";
  const LocalNginx gateway(setup);
  for (const char* const table : {"keyed", "keyless"}) {
    CAPTURE(table);
    const Seeded run = seed_text(dump(table, 3000), {"--batch-rows", "20", "--concurrency", "8"},
                                 through(gateway));
    INFO(run.result.err);
    CHECK(run.exit_code() == 0);
    CHECK(run.total("rows_loaded") == 3000);
    CHECK(contents(table) == "3000 3000 0");
  }
}

TEST_CASE(
    "faults: gateway with a rate limit and pages of its own: pgseed slows down and all rows land") {
  if (!has_nginx()) return;
  shared_stack().reset(kSchema);
  struct Limit {
    const char* status;
    const char* table;
  };
  // 429 says that nothing was done. A page with 503 may come from a gateway that had passed the
  // rows on (Envoy): with a key that can be asked.
  for (const auto& [status, table] : {Limit{"429", "keyless"}, Limit{"503", "keyed"}}) {
    CAPTURE(status);
    const LocalNginx gateway(plain(
        text("limit_req_zone $remote_addr zone=all:1m rate=15r/s;\nlimit_req_status ", status, ';'),
        "limit_req zone=all burst=2 nodelay;"));
    const Seeded run = seed_text(dump(table, 1200),
                                 {"--batch-rows", "20", "--concurrency", "8", "--retries", "30"},
                                 through(gateway));
    INFO(run.result.err);
    CHECK(run.exit_code() == 0);
    CHECK(contents(table) == "1200 1200 0");
    CHECK(count_of(gateway.access_log(), text("POST HTTP/1.1 ", status)) > 0);
  }
}

TEST_CASE("faults: gateway that takes no long bodies: 413 makes the batches smaller") {
  if (!has_nginx()) return;
  shared_stack().reset(kSchema);
  const LocalNginx gateway(plain("client_max_body_size 6k;", ""));
  const Seeded run = seed_text(dump("keyless", 2000), {}, through(gateway));
  INFO(run.result.err);
  CHECK(run.exit_code() == 0);
  CHECK(contents("keyless") == "2000 2000 0");
  CHECK(count_of(gateway.access_log(), " 413") > 0);
}

TEST_CASE("faults: gateway whose PostgREST is killed and comes back: its 502 pages are no answer") {
  if (!has_nginx()) return;
  Stack& stack = shared_stack();
  stack.reset(kSchema);
  const LocalNginx gateway(plain("", ""));
  const TempDir folder;
  Call call = through(gateway);
  call.args = {"--json",
               "seed",
               folder.write("dump.sql", dump("keyed", 20000)),
               "--batch-rows",
               "50",
               "--concurrency",
               "4",
               "--retries",
               "30"};
  Process process(command(call));
  // Not before it is under way: whoever is not there at all ends a run.
  REQUIRE(wait_until([&] { return stack.sql("select count(*) > 0 from keyed") == "t"; }, 30s));
  for (int time = 0; time < 3; ++time) {
    std::this_thread::sleep_for(150ms);
    stack.postgrest.stop(SIGKILL);
    std::this_thread::sleep_for(100ms);
    stack.postgrest.start();
  }
  const auto result = process.wait(60s);
  REQUIRE(result.has_value());
  INFO(result->err);
  CHECK(result->exit_code == 0);
  CHECK(contents("keyed") == "20000 20000 0");
}

TEST_CASE("faults: gateway that gives up while the statement runs: it commits later, once") {
  if (!has_nginx()) return;
  Stack& stack = shared_stack();
  stack.reset(text(kSchema, R"(;
    create sequence slow_rows;
    create function slow() returns trigger language plpgsql as
      $$ begin if nextval('slow_rows') <= 2 then perform pg_sleep(1.6); end if; return new; end $$;
    create trigger slow before insert on keyed for each row execute function slow())"));
  const LocalNginx gateway(plain("", "proxy_read_timeout 1s;"));
  const Seeded run =
      seed_text(dump("keyed", 300), {"--batch-rows", "50", "--retries", "20"}, through(gateway));
  INFO(run.result.err);
  CHECK(run.exit_code() == 0);
  CHECK(contents("keyed") == "300 300 0");
  CHECK(count_of(gateway.access_log(), " 504") > 0);
}
