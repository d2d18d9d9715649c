// `pgseed test` against the real servers, and the spellings of DATABASE_URL that they are reached
// by.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

std::string query(const std::string& sql) {
  return shared_stack().sql(sql);
}

Result apply(const std::string& ddl, std::vector<std::string> args = {},
             const Environment& environment = {}) {
  const TempDir folder;
  args.insert(args.begin(), "schema");
  args.push_back(folder.write("schema.sql", ddl));
  return pgseed(Call{.args = std::move(args), .environment = environment});
}

Result doctor(const Environment& environment = {}, std::vector<std::string> args = {"test"}) {
  return pgseed(Call{.args = std::move(args), .environment = environment});
}

}  // namespace

TEST_CASE("database url: it is taken as people write it") {
  shared_stack().reset(
      "create role \"odd user\" login superuser password 'p@ss:w/o#r%d?&= x'"
      " in role needs_password");
  const std::string port = std::to_string(shared_stack().postgres.port());
  const std::string password = "p%40ss%3Aw%2Fo%23r%25d%3F%26%3D%20x";
  const std::string at = "@127.0.0.1:" + port + "/app";
  int table = 0;
  for (const std::string& url :
       std::vector<std::string>{"postgresql+psycopg2://odd%20user:" + password + at,
                                "postgres://odd%20user:" + password + at +
                                    "?pgbouncer=true&connection_limit=1&schema=public",
                                " \"postgresql+asyncpg://odd%20user:" + password + at + "\" ",
                                "POSTGRES://odd%20user:" + password + at,
                                "host=127.0.0.1 port=" + port +
                                    " dbname=app user='odd user' password='p@ss:w/o#r%d?&= x'"}) {
    const std::string name = "t" + std::to_string(++table);
    const Result applied = apply("CREATE TABLE " + name + " (id int);", {},
                                 {{"DATABASE_URL", url}, {"SUPABASE_URL", std::nullopt}});
    CHECK_MESSAGE(applied.exit_code == 0, name, applied.err);
  }
  query("drop owned by \"odd user\"; drop role \"odd user\"");
}

TEST_CASE("doctor: says of each connection that it works, and for whom") {
  shared_stack().reset("create table t (id int primary key)");
  const Result good = doctor();
  CHECK_MESSAGE(good.exit_code == 0, good.out);
  for (const char* const part : {"ok       REST: ", "postgrest/12.0.2", "role service_role",
                                 "ok       database: ", "may create tables in public",
                                 "both connections see the same tables"}) {
    CHECK_MESSAGE(contains(good.out, part), good.out);
  }
  const Result alias = doctor({}, {"doctor", "-q"});
  CHECK(alias.exit_code == 0);
  CHECK(alias.out.empty());
}

TEST_CASE("doctor: names what is wrong and what to do, with the code of the cause") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key)");
  struct Ill {
    const char* name;
    Environment environment;
    int exit_code;
    const char* part;
  };
  const std::vector<Ill> all = {
      {"no key", {{"SUPABASE_SECRET_KEY", std::nullopt}}, 5, "no key is set"},
      {"anon key", {{"SUPABASE_SECRET_KEY", stack.postgrest.anon_key()}}, 5, "role anon"},
      {"expired key",
       {{"SUPABASE_SECRET_KEY", stack.postgrest.token("service_role", std::chrono::seconds(-90))}},
       5,
       "JWT expired"},
      {"dead API", {{"SUPABASE_URL", "http://127.0.0.1:1"}}, 4, "REST"},
      {"dead database", {{"DATABASE_URL", "postgresql://postgres@127.0.0.1:1/app"}}, 4, "database"},
      {"another database", {{"DATABASE_URL", stack.postgres.url("postgres")}}, 5, "both"},
      {"no rights",
       {{"DATABASE_URL", stack.postgres.url("app", "anon_login")}},
       5,
       "may not create tables"},
      {"nothing", {{"SUPABASE_URL", std::nullopt}, {"DATABASE_URL", std::nullopt}}, 2, "no target"},
  };
  query("create role anon_login login; grant connect on database app to anon_login");
  for (const Ill& ill : all) {
    const Result result = doctor(ill.environment);
    INFO(std::string(ill.name), ": ", result.out, result.err);
    CHECK(result.exit_code == ill.exit_code);
    CHECK(contains(result.out + result.err, ill.part));
    CHECK(contains(result.out + result.err, "hint: "));
    const Result json = doctor(ill.environment, {"--json", "test"});
    const Json object(json.out);
    CHECK(object["exit_code"].number() == ill.exit_code);
    CHECK(object["ok"].text() == "false");
    CHECK(!object["error"].is_null());
  }
  query("drop owned by anon_login; drop role anon_login");
}

}  // namespace pgseed::test
