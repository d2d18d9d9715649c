// What statements change in a session, and the form in which another transaction can do the same.
#include <doctest/doctest.h>

#include <string>

#include "pgseed/sql/session_setting.hpp"

namespace pgseed::sql {
namespace {

std::string read(const std::string& statement) {
  const auto settings = session_settings(statement);
  if (!settings) return "unread";
  std::string all;
  for (const SessionSetting& setting : *settings) {
    all += "[" + setting.name + (setting.is_local ? " local" : "") +
           (setting.is_default ? " default" : "") + (setting.is_computed ? " computed" : "") +
           ": " + setting.local_sql + "]";
  }
  return all;
}

}  // namespace

TEST_CASE("sql session setting: the database that \\connect names") {
  const auto named = [](const char* command) {
    return connected_database(command).value_or("none");
  };
  CHECK(named("\\connect a") == "a");
  CHECK(named("\\c \"a b\" bob") == "a b");
  CHECK(named("\\c 'it''s'") == "it's");
  CHECK(named("\\connect") == "none");
  CHECK(named("\\c - bob") == "none");
  CHECK(named("\\connect -reuse-previous=on \"dbname='my db'\"") == "my db");
  CHECK(named("\\connect \"user=x dbname=app port=1\"") == "app");
}

TEST_CASE("sql session setting: every form of SET and RESET becomes one of the transaction") {
  CHECK(read("SET search_path = a, \"B\"") == "[search_path: SET LOCAL search_path = a, \"B\"]");
  CHECK(read("set session Search_Path to default") ==
        "[search_path default: SET LOCAL Search_Path to default]");
  CHECK(read("SET LOCAL app.\"Two\" = 1") == "[app.two local: SET LOCAL app.\"Two\" = 1]");
  CHECK(read("SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE") ==
        "[timezone: SET LOCAL TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE]");
  CHECK(read("SET SESSION AUTHORIZATION 'x'") ==
        "[session_authorization: SET LOCAL SESSION AUTHORIZATION 'x']");
  CHECK(read("SET ROLE NONE") == "[role: SET LOCAL ROLE NONE]");
  CHECK(read("SET NAMES 'LATIN1'") == "[client_encoding: SET LOCAL NAMES 'LATIN1']");
  CHECK(read("SET SCHEMA 'x'") == "[search_path: SET LOCAL SCHEMA 'x']");
  CHECK(read("RESET ROLE") == "[role default: SET LOCAL ROLE\nTO DEFAULT]");
  CHECK(read("RESET TIME ZONE") == "[timezone default: SET LOCAL TIME ZONE\nDEFAULT]");
  CHECK(read("RESET ALL") == "[all default: ]");
  CHECK(read("SET TRANSACTION READ ONLY").empty());
  CHECK(read("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY").empty());
  CHECK(read("SET CONSTRAINTS ALL DEFERRED").empty());
  CHECK(read("LOCK TABLE t").empty());
}

TEST_CASE("sql session setting: calls of set_config() are taken apart, or said to be unread") {
  CHECK(read("SELECT pg_catalog.set_config('search_path', '', false)") ==
        "[search_path: SELECT pg_catalog.set_config('search_path'\n, ''\n, true)]");
  CHECK(
      read("select set_config('A.b', f(1, ')'), TRUE) as x, set_config('c.d', 'e'::text, false)") ==
      "[a.b local computed: SELECT pg_catalog.set_config('A.b'\n, f(1, ')')\n, true)]"
      "[c.d: SELECT pg_catalog.set_config('c.d'\n, 'e'::text\n, true)]");
  for (const std::string odd :
       {"SELECT set_config('a.b', 'c', false) FROM t", "SELECT set_config('a.b', 'c', false), 1",
        "SELECT set_config('a.b', 'c', false) WHERE true", "SELECT set_config(n, 'c', false)",
        "SELECT set_config('a.b', 'c', x)", "SELECT set_config('a.b'",
        "SELECT (set_config('a'))"}) {
    CAPTURE(odd);
    CHECK(read(odd) == "unread");
  }
}

TEST_CASE("sql session setting: blocks begin and end as psql counts them") {
  CHECK(block_edge("begin isolation level serializable") == BlockEdge::begins);
  CHECK(block_edge("START TRANSACTION") == BlockEdge::begins);
  CHECK(block_edge("COMMIT") == BlockEdge::ends);
  CHECK(block_edge("END WORK") == BlockEdge::ends);
  CHECK(block_edge("commit and no chain") == BlockEdge::ends);
  CHECK(block_edge("COMMIT TRANSACTION AND CHAIN") == BlockEdge::chains);
  CHECK(block_edge("PREPARE TRANSACTION 'x'") == BlockEdge::ends);
  CHECK(block_edge("PREPARE p AS SELECT 1") == BlockEdge::none);
  CHECK(block_edge("COMMIT PREPARED 'x'") == BlockEdge::none);
  CHECK(block_edge("SET x = 1") == BlockEdge::none);
  CHECK(is_connect("\\c"));
  CHECK(is_connect("\\connect - me"));
  CHECK(!is_connect("\\conninfo"));
}

}  // namespace pgseed::sql
