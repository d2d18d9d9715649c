// The wait for PostgREST's copy of the schema, against an API that renews it in several steps.
#include <doctest/doctest.h>

#include <atomic>
#include <string>

#include "pgseed/cli/api_schema.hpp"
#include "support/local_postgrest.hpp"
#include "support/web_server.hpp"

namespace pgseed::test {
namespace {

std::string document(const std::string& definitions) {
  return WebServer::response("200 OK", "application/openapi+json",
                             R"({"swagger":"2.0","info":{"title":"PostgREST API"},"paths":{},)"
                             R"("definitions":{)" +
                                 definitions + "}}");
}

std::string known(bool yes) {
  return yes ? WebServer::response("200 OK", "application/json", "")
             : WebServer::response("404 Not Found", "application/json", "{}");
}

void wait_for(const std::string& statement, const WebServer& api, const std::string& database) {
  cli::Config config;
  config.rest_url = cli::Setting{api.url(), "test"};
  config.key = cli::Setting{"key", "test"};
  config.schema = cli::Setting{"public", "default"};
  cli::GlobalFlags flags;
  flags.quiet = true;
  cli::Console console(flags);
  cli::ExpectedSchema expected;
  expected.note(statement, "public");
  pg::Session session(shared_stack().postgres.url(database));
  cli::wait_until_api_knows(expected, config, session, console);
}

constexpr const char* kDatabase = "api_wait";

}  // namespace

TEST_CASE("migrate api wait: columns are judged by a document that is newer than the answer") {
  shared_stack().postgres.create_database(kDatabase);
  shared_stack().postgres.sql("create table problems (id integer, difficulty text)", kDatabase);
  // Empty at first, then as it was between two revisions, then as it is.
  std::atomic<int> documents = 0;
  const WebServer api([&](const std::string& request) {
    if (request.starts_with("OPTIONS")) return known(documents > 0);
    switch (++documents) {
      case 1:
        return document("");
      case 2:
      case 3:
        return document(R"("problems":{"properties":{"id":{"format":"integer"}}})");
      default:
        return document(
            R"("problems":{"properties":{"id":{"format":"integer"},"difficulty":{"format":"text"}}})");
    }
  });
  wait_for("create table problems (id integer)", api, kDatabase);
  CHECK(documents == 4);
}

TEST_CASE("migrate api wait: a table that the role may not use is waited for, not its columns") {
  shared_stack().postgres.create_database(kDatabase);
  shared_stack().postgres.sql("create table problems (id integer)", kDatabase);
  std::atomic<int> asked = 0;
  const WebServer api([&](const std::string& request) {
    return request.starts_with("OPTIONS") ? known(++asked > 2) : document("");
  });
  wait_for("create table problems (id integer)", api, kDatabase);
  CHECK(asked == 3);
}

TEST_CASE("migrate api wait: a table that is gone is waited for until the API forgets it") {
  shared_stack().postgres.create_database(kDatabase);
  std::atomic<int> asked = 0;
  const WebServer api([&](const std::string& request) {
    return request.starts_with("OPTIONS")
               ? known(++asked < 3)
               : document(R"("problems":{"properties":{"id":{"format":"integer"}}})");
  });
  wait_for("drop table problems", api, kDatabase);
  CHECK(asked == 3);
}

}  // namespace pgseed::test
