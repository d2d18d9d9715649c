#include "pgseed/migrate/offline.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "support/local_postgres.hpp"
#include "support/sample_graph.hpp"

using namespace pgseed;
using namespace pgseed::migrate;
using test::result_of;
using test::rows;

namespace {

Section section(const std::string& sql) {
  Section made;
  made.text = sql;
  made.path = "x.sql";
  return made;
}

Revision with_sections(const test::Written& written, const std::string& up,
                       const std::string& down) {
  Revision made = test::revision(written);
  made.upgrade = section(up);
  made.downgrade = section(down);
  return made;
}

Graph tables() {
  return Graph({with_sections({"a1", "", "", "", "first"}, "CREATE TABLE one (n int);\n",
                              "DROP TABLE one;\n"),
                with_sections({"b2", "a1", "", "", "second"},
                              "CREATE TABLE two (n int);\nINSERT INTO two VALUES (1);\n",
                              "DROP TABLE two;\n"),
                with_sections({"c3", "b2"}, "CREATE TABLE three (n int) -- the last\n",
                              "DROP TABLE three;\n")});
}

std::string upgrade_script(const Graph& graph, const std::string& from, const std::string& target,
                           const OfflineOptions& options = {}) {
  return result_of([&] {
    const AppliedRows start = rows(graph, from);
    return offline_script(graph, start,
                          plan_upgrade(graph, start, upgrade_goal(graph, start, target)), options);
  });
}

std::string downgrade_script(const Graph& graph, const std::string& from,
                             const std::string& target) {
  return result_of([&] {
    const AppliedRows start = rows(graph, from);
    return offline_script(graph, start,
                          plan_downgrade(graph, start, downgrade_goal(graph, start, target)), {});
  });
}

OfflineOptions single_transaction(bool is_single) {
  OfflineOptions options;
  options.single_transaction = is_single;
  return options;
}

std::size_t count(const std::string& words, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = words.find(part); at != std::string::npos; at = words.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// psql as a user runs a script: it goes on after an error.
int psql(const test::LocalPostgres& server, const std::string& database, const std::string& script,
         bool stop) {
  const auto result =
      test::run({.argv = {test::postgres_bin_dir() + "/psql", "-X", "-q", "-v",
                          stop ? "ON_ERROR_STOP=1" : "ON_ERROR_STOP=0", "-d", server.url(database)},
                 .stdin_text = script});
  return result.exit_code;
}

// The rows of the version table and the other tables, or "no version table".
std::string state(const test::LocalPostgres& server, const std::string& database) {
  if (server.sql("SELECT to_regclass('alembic_version') IS NULL", database) == "t") {
    return "no version table";
  }
  return server.sql(
      "SELECT coalesce((SELECT string_agg(version_num, ',' ORDER BY 1) FROM alembic_version), '') "
      "|| ': ' || coalesce(string_agg(relname, ',' ORDER BY relname), '') FROM pg_class WHERE "
      "relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'",
      database);
}

}  // namespace

TEST_CASE("offline: one step from base, word for word") {
  CHECK(upgrade_script(tables(), "", "a1") ==
        "BEGIN;\n\n"
        "CREATE TABLE IF NOT EXISTS alembic_version (\n"
        "    version_num VARCHAR(32) NOT NULL,\n"
        "    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n"
        ");\n\n"
        "-- Running upgrade  -> a1, first\n\n"
        "DO $pgseed_guard$\n"
        "BEGIN\n"
        "    LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE;\n"
        "    IF (SELECT coalesce(array_agg(version_num::text ORDER BY version_num::text COLLATE "
        "\"C\"), '{}') FROM alembic_version)\n"
        "       IS DISTINCT FROM ARRAY[]::text[] THEN\n"
        "        RAISE EXCEPTION USING MESSAGE = 'the database is not at base: this script is made "
        "for another state';\n"
        "    END IF;\n"
        "END\n"
        "$pgseed_guard$;\n\n"
        "SET LOCAL lock_timeout = '5s';\n\n"
        "CREATE TABLE one (n int);\n\n"
        "INSERT INTO alembic_version (version_num) VALUES ('a1');\n\n"
        "NOTIFY pgrst, 'reload schema';\n\n"
        "COMMIT;\n\n");
}

TEST_CASE("offline: each step has its transaction, its guard and its place in the script") {
  const std::string script = upgrade_script(tables(), "a1", "c3");
  CHECK(count(script, "BEGIN;\n") == 2);
  CHECK(count(script, "COMMIT;\n") == 2);
  CHECK(count(script, "CREATE TABLE IF NOT EXISTS") == 0);
  CHECK(count(script, "SET pgseed.script_step = '0';\n\nBEGIN;\n") == 1);
  CHECK(count(script, "ARRAY['a1']::text[]") == 1);
  CHECK(count(script, "ARRAY['b2']::text[]") == 1);
  CHECK(count(script, "UPDATE alembic_version SET version_num = 'b2' WHERE version_num = 'a1';") ==
        1);
  CHECK(count(script, "'pgseed.script_step', true) IS DISTINCT FROM '1'") == 1);
  CHECK(count(script, "set_config('pgseed.script_step', '2', false)") == 1);
  CHECK(count(script, "-- Running upgrade b2 -> c3\n") == 1);
  CHECK(count(script, "CREATE TABLE three (n int)") == 1);
  CHECK(count(script, "ON_ERROR_STOP") == 0);
}

TEST_CASE("offline: one transaction for all") {
  const std::string script = upgrade_script(tables(), "", "c3", single_transaction(true));
  CHECK(count(script, "BEGIN;\n") == 1);
  CHECK(count(script, "COMMIT;\n") == 1);
  CHECK(count(script, "LOCK TABLE") == 3);
  CHECK(count(script, "script_step") == 0);
}

TEST_CASE("offline: nothing to do is an empty transaction, as in Alembic") {
  CHECK(upgrade_script(tables(), "b2", "a1") == "BEGIN;\n\nCOMMIT;\n\n");
}

TEST_CASE("offline: a section without transaction is guarded twice, and stops psql") {
  Revision online = with_sections({"b2", "a1"}, "CREATE INDEX CONCURRENTLY i ON one (n);\n", "");
  online.upgrade->options.transaction = false;
  const Graph graph({with_sections({"a1"}, "CREATE TABLE one (n int);\n", ""), online});
  const std::string script = upgrade_script(graph, "", "head");
  CHECK(script.starts_with("\\set ON_ERROR_STOP on\n"));
  const auto index = script.find("CREATE INDEX CONCURRENTLY i");
  const auto first = script.find("ARRAY['a1']");
  const auto begin = script.find("BEGIN;\n\n", index);
  const auto second = script.find("ARRAY['a1']", begin);
  CHECK(script.find("COMMIT;") < first);
  CHECK(first < index);
  CHECK(index < begin);
  CHECK(begin < second);
  CHECK(second < script.find("UPDATE alembic_version"));
  CHECK(count(script.substr(first, index - first), "LOCK TABLE") == 0);  // it would lock itself out
  CHECK(upgrade_script(graph, "", "head", single_transaction(true)) ==
        "usage error: revision b2 has transaction:false and cannot be part of one transaction");
}

TEST_CASE("offline: time limits of a section hold in its transaction") {
  Revision limited = with_sections({"a1"}, "SELECT 1;\n", "");
  limited.upgrade->options.lock_timeout = "5s";
  limited.upgrade->options.statement_timeout = "0";
  const std::string script = upgrade_script(Graph({limited}), "", "a1");
  CHECK(count(script, "SET LOCAL lock_timeout = '5s';\n\nSET LOCAL statement_timeout = '0';\n\n") ==
        1);
}

TEST_CASE("offline: the time limits of a run hold in the script, too") {
  OfflineOptions options;
  CHECK(count(upgrade_script(tables(), "", "head", options),
              "SET LOCAL lock_timeout = '5s';\n\n") == 3);
  options.lock_timeout = "3s";
  options.statement_timeout = "7min";
  const std::string script = upgrade_script(tables(), "", "head", options);
  CHECK(count(script,
              "SET LOCAL lock_timeout = '3s';\n\nSET LOCAL statement_timeout = '7min';\n\n") == 3);
  CHECK(count(script, "TO DEFAULT") == 0);
  CHECK(count(downgrade_script(tables(), "c3", "base"), "SET LOCAL lock_timeout = '5s'") == 3);

  Revision limited = with_sections({"a1"}, "SELECT 1;\n", "");
  limited.upgrade->options.lock_timeout = "0";
  limited.upgrade->options.timeout = "1h";
  const std::string own = upgrade_script(Graph({limited}), "", "a1", {});
  CHECK(count(own, "SET LOCAL lock_timeout = '0';\n\nSET LOCAL statement_timeout = '1h';\n\n") ==
        1);
}

TEST_CASE("offline: in one transaction for all, a section's time limits end with it") {
  const test::LocalPostgres server;
  const auto noting = [](const char* id, const char* below, const std::string& table) {
    return with_sections({id, below},
                         "CREATE TABLE " + table +
                             " AS SELECT current_setting('lock_timeout') || ' ' || "
                             "current_setting('statement_timeout') AS limits;\n",
                         "");
  };
  Revision first = noting("a1", "", "one");
  first.upgrade->options.statement_timeout = "9s";
  first.upgrade->text += "SET lock_timeout = '8s';\n";
  OfflineOptions options;
  options.single_transaction = true;
  const std::string script =
      upgrade_script(Graph({first, noting("b2", "a1", "two")}), "", "head", options);
  server.create_database("limits");
  CHECK(psql(server, "limits", script, true) == 0);
  CHECK(server.sql("SELECT limits FROM one", "limits") == "5s 9s");
  CHECK(server.sql("SELECT limits FROM two", "limits") == "5s 0");
}

TEST_CASE("offline: a section without transaction has its time limits, and nothing after it") {
  const test::LocalPostgres server;
  Revision online = with_sections(
      {"b2", "a1"},
      "CREATE TABLE noted AS SELECT current_setting('lock_timeout') || ' ' || "
      "current_setting('statement_timeout') AS limits;\n"
      "CREATE INDEX CONCURRENTLY i ON one (n);\n"
      "BEGIN;\nCREATE TABLE kept (n int);\nINSERT INTO kept SELECT count(*) FROM pg_locks WHERE "
      "relation = 'kept'::regclass;\nCOMMIT;\n",
      "");
  online.upgrade->options.transaction = false;
  const std::string index = "CREATE INDEX CONCURRENTLY i";
  const auto script_of = [&](const OfflineOptions& options = {}) {
    return upgrade_script(Graph({with_sections({"a1"}, "CREATE TABLE one (n int);\n", ""), online}),
                          "", "head", options);
  };
  // What waits for every older transaction is not given up after the usual five seconds.
  CHECK(count(script_of(), "SET lock_timeout = '5s';\n\nCREATE TABLE noted") == 1);
  CHECK(count(script_of(), "RESET lock_timeout;\n\n" + index) == 1);
  CHECK(count(script_of(), "SET lock_timeout = '5s';\n\nBEGIN;\n\nCREATE TABLE kept") == 1);
  CHECK(count(script_of(), "COMMIT;\n\nRESET lock_timeout;\n\nBEGIN;\n\nDO") == 1);

  online.upgrade->options.lock_timeout = "2s";
  OfflineOptions options;
  options.statement_timeout = "7min";
  const std::string script = script_of(options);
  CHECK(count(script, "SET lock_timeout = '2s'") == 1);
  CHECK(count(script, "RESET statement_timeout;\n\n" + index) == 1);
  server.create_database("stepwise");
  CHECK(psql(server, "stepwise",
             script + "CREATE TABLE after AS SELECT current_setting('lock_timeout') || ' ' || "
                      "current_setting('statement_timeout') AS limits;\n",
             true) == 0);
  CHECK(server.sql("SELECT limits FROM noted", "stepwise") == "2s 7min");
  CHECK(server.sql("SELECT limits FROM after", "stepwise") == "0 0");
  // The lock of CREATE TABLE is still held: both are one transaction, as in a run.
  CHECK(server.sql("SELECT n > 0 FROM kept", "stepwise") == "t");
}

TEST_CASE("offline: a downgrade, the way back that is missing, a Python file") {
  const std::string script = downgrade_script(tables(), "c3", "a1");
  CHECK(script.find("DROP TABLE three") < script.find("DROP TABLE two"));
  CHECK(count(script, "UPDATE alembic_version SET version_num = 'a1' WHERE version_num = 'b2'") ==
        1);
  CHECK(count(downgrade_script(tables(), "a1", "base"),
              "DELETE FROM alembic_version WHERE version_num = 'a1';") == 1);
  Revision made = with_sections({"a1"}, "SELECT 1;", "");
  made.downgrade->options.irreversible = true;
  CHECK(downgrade_script(Graph({made}), "a1", "base") == "error: revision a1 is irreversible");
  made.downgrade.reset();
  CHECK(downgrade_script(Graph({made}), "a1", "base") ==
        "error: revision a1 has no downgrade section");
  made.upgrade.reset();
  made.format = FileFormat::alembic;
  CHECK(upgrade_script(Graph({made}), "", "a1") ==
        "refused error: revision a1 is a Python file, which only Alembic can run");
}

TEST_CASE("offline: a version table of another name and schema") {
  OfflineOptions options;
  options.version_table = parse_version_table("Ops.versions");
  const std::string script = upgrade_script(tables(), "", "a1", options);
  CHECK(count(script, "CREATE TABLE IF NOT EXISTS ops.versions (") == 1);
  CHECK(count(script, "CONSTRAINT versions_pkc") == 1);
  CHECK(count(script, "INSERT INTO ops.versions") == 1);
  CHECK(count(script, "alembic_version") == 0);
}

TEST_CASE("offline: a stamp is the guard and the writes") {
  const Graph graph = test::sample_graph();
  const std::string script = offline_stamp(
      rows(graph, "c3,d4"), stamped_rows(graph, rows(graph, "c3,d4"), {"e5"}, false), {});
  CHECK(script.starts_with("BEGIN;\n\nDO $pgseed_guard$\n"));
  CHECK(count(script, "ARRAY['c3', 'd4']::text[]") == 1);
  CHECK(count(script,
              "DELETE FROM alembic_version WHERE version_num = 'c3';\n\n"
              "UPDATE alembic_version SET version_num = 'e5' WHERE version_num = 'd4';") == 1);
  CHECK(script.ends_with("COMMIT;\n\n"));
  CHECK(count(script, "CREATE TABLE") == 0);
  CHECK(count(offline_stamp({}, {"e5"}, {}), "CREATE TABLE IF NOT EXISTS alembic_version") == 1);
}

TEST_CASE("offline: psql applies the script, and changes nothing in another state") {
  const test::LocalPostgres server;
  const Graph graph = tables();
  const std::string script = upgrade_script(graph, "", "head");
  const struct {
    const char* before;  // what brings the database there
    const char* state;
  } cases[] = {{"a1", "a1: one"}, {"b2", "b2: one,two"}, {"c3", "c3: one,three,two"}};
  for (const bool stop : {true, false}) {
    CAPTURE(stop);
    server.create_database("fresh");
    CHECK(psql(server, "fresh", script, stop) == 0);
    CHECK(state(server, "fresh") == "c3: one,three,two");
    for (const auto& given : cases) {  // at the end, and half-way: where a later step would fit
      CAPTURE(given.before);
      server.create_database("moved");
      server.sql(upgrade_script(graph, "", given.before), "moved");
      REQUIRE(state(server, "moved") == given.state);
      CHECK((psql(server, "moved", script, stop) != 0) == stop);
      CHECK(state(server, "moved") == given.state);
    }
    CHECK(psql(server, "fresh", downgrade_script(graph, "c3", "base"), stop) == 0);
    CHECK(state(server, "fresh") == ": ");
    CHECK(psql(server, "fresh", script, stop) == 0);  // from the empty version table, too
    CHECK(state(server, "fresh") == "c3: one,three,two");
  }
}

TEST_CASE("offline: a step that fails takes the later ones with it, also on a second try") {
  const test::LocalPostgres server;
  const Graph graph({with_sections({"a1"}, "CREATE TABLE one (n int);\n", ""),
                     with_sections({"b2", "a1"}, "CREATE TABLE one (n int);\n", ""),
                     with_sections({"c3", "b2"}, "CREATE TABLE three (n int);\n", "")});
  const std::string script = upgrade_script(graph, "", "head");
  server.create_database("broken");
  psql(server, "broken", script + "DROP TABLE one;\n" + script, false);
  CHECK(state(server, "broken") == "a1: ");  // not b2, which the second run would find possible
}

TEST_CASE("offline: a section that moves the search_path does not hide the version table") {
  const test::LocalPostgres server;
  const std::string moving = "SELECT pg_catalog.set_config('search_path', '', false);\n";
  Revision stepwise = with_sections({"b2", "a1"}, "SET search_path = '';\nSELECT 1;\n", "");
  stepwise.upgrade->options.transaction = false;
  const Graph graph({with_sections({"a1"}, moving + "CREATE TABLE public.one (n int);\n", ""),
                     stepwise, with_sections({"c3", "b2"}, "CREATE TABLE three (n int);\n", "")});
  for (const bool single : {false, true}) {
    CAPTURE(single);
    server.create_database("moving");
    const std::string script =
        upgrade_script(graph, "", single ? "a1" : "head", single_transaction(single));
    CHECK(psql(server, "moving", script, true) == 0);
    CHECK(state(server, "moving") == (single ? "a1: one" : "c3: one,three"));
  }
}

TEST_CASE("offline: a section without transaction runs once, and not in another state") {
  const test::LocalPostgres server;
  Revision online = with_sections({"b2", "a1"}, "CREATE INDEX CONCURRENTLY i ON one (n);\n", "");
  online.upgrade->options.transaction = false;
  const Graph graph({with_sections({"a1"}, "CREATE TABLE one (n int);\n", ""), online});
  const std::string script = upgrade_script(graph, "", "head");
  server.create_database("online");
  CHECK(psql(server, "online", script, false) == 0);
  CHECK(state(server, "online") == "b2: one");
  server.sql("DROP INDEX i", "online");
  CHECK(psql(server, "online", upgrade_script(graph, "a1", "head"), false) != 0);
  CHECK(server.sql("SELECT to_regclass('i') IS NULL", "online") == "t");
}
