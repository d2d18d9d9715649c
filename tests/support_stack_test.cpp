#include <doctest/doctest.h>

#include <csignal>

#include "support/local_postgrest.hpp"

namespace pgseed::test {

using namespace std::chrono_literals;

TEST_CASE("local stack: a reset empties the database, and the API knows the new tables at once") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key)");
  CHECK(stack.postgrest.request("POST", "/t", R"([{"id":1}])").status == 201);
  CHECK(stack.sql("select count(*) from t") == "1");
  stack.reset("create table u (id int primary key)");
  CHECK(stack.postgrest.request("POST", "/t", R"([{"id":1}])").status == 404);
  CHECK(stack.postgrest.request("POST", "/u", R"([{"id":1}])").status == 201);
}

TEST_CASE("local stack: roles have the rights that Supabase gives them") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key); alter table t enable row level security");
  const auto post = [&](const std::string& token) {
    static int id = 0;
    return stack.postgrest
        .request("POST", "/t", R"([{"id":)" + std::to_string(++id) + "}]",
                 {{"Authorization", "Bearer " + token}})
        .status;
  };
  CHECK(post(stack.postgrest.service_key()) == 201);
  CHECK(post(stack.postgrest.anon_key()) == 401);
  CHECK(post(stack.postgrest.token("authenticated")) == 403);  // no policy
  CHECK(post(stack.postgrest.token("service_role", 60s)) == 201);
  CHECK(post(stack.postgrest.token("service_role", -60s)) == 401);
  CHECK(post("garbage") == 401);
}

TEST_CASE("local stack: PostgREST comes back on its port after a kill, with other settings too") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id int); create schema api2; create table api2.only2 (id int); "
      "grant usage on schema api2 to service_role; grant all on api2.only2 to service_role");
  const int port = stack.postgrest.port();
  stack.postgrest.stop(SIGKILL);
  CHECK(stack.postgrest.request("GET", "/t").status == 0);
  stack.postgrest.start();
  CHECK(stack.postgrest.port() == port);
  CHECK(stack.postgrest.request("GET", "/t").status == 200);
  stack.postgrest.restart(Stack::kDatabase, {{"db-schemas", "public,api2"},
                                             {"db-pool", "2"},
                                             {"db-pool-acquisition-timeout", "2"},
                                             {"db-tx-end", "commit-allow-override"},
                                             {"openapi-mode", "disabled"}});
  CHECK(stack.postgrest.request("GET", "/only2", "", {{"Accept-Profile", "api2"}}).status == 200);
  CHECK(stack.postgrest.request("GET", "/").status == 404);
  stack.reset();
  CHECK(stack.postgrest.request("GET", "/").status == 200);
  CHECK(stack.postgrest.request("GET", "/only2", "", {{"Accept-Profile", "api2"}}).status == 406);
}

TEST_CASE("local stack: PostgreSQL comes back with its data after every kind of stop") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int)");
  const int port = stack.postgres.port();
  for (const auto how :
       {LocalPostgres::Stop::fast, LocalPostgres::Stop::immediate, LocalPostgres::Stop::kill}) {
    stack.sql("insert into t values (1)");
    stack.postgres.stop(how);
    CHECK(!accepts_connections(port));
    stack.postgres.start();
    CHECK(stack.postgres.port() == port);
  }
  CHECK(stack.sql("select count(*) from t") == "3");
  stack.reset();
  CHECK(stack.postgrest.request("GET", "/").status == 200);
}

TEST_CASE("local stack: errors of psql are told") {
  CHECK_THROWS_AS(shared_stack().sql("nonsense"), std::runtime_error);
  CHECK(shared_stack().sql("select 1; select 'two'") == "1\ntwo");
}

}  // namespace pgseed::test
