// What changes databases, as it is typed: --sql, reset, redo, wait, --dry-run, --var, status.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/network.hpp"
#include "support/scratch_project.hpp"
#include "support/terminal_input.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

namespace {

// Nobody listens there: a command that needs no server succeeds all the same.
const Environment kNoServer = {{"DATABASE_URL", "postgresql://me@127.0.0.1:1/nothing"}};

// The order of the "Running" comments of a script: "+a1 +b2" or "-b2 -a1".
std::string steps_of(const std::string& script) {
  std::string steps;
  for (std::size_t at = script.find("-- Running "); at != std::string::npos;
       at = script.find("-- Running ", at + 1)) {
    const bool up = script.compare(at + 11, 7, "upgrade") == 0;
    const std::string line = script.substr(at, script.find('\n', at) - at);
    const std::size_t arrow = line.find(" -> ");
    const std::size_t name = up ? arrow + 4 : 11 + 10;
    const std::string id = line.substr(name, (up ? line.find(',', name) : arrow) - name);
    steps += (steps.empty() ? "" : " ") + std::string(up ? "+" : "-") + id;
  }
  return steps;
}

// psql on the project's database; stops at the first error.
Result psql(const ScratchProject& project, const std::string& script) {
  return run({.argv = {postgres_bin_dir() + "/psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", "-",
                       project.url()},
              .stdin_text = script});
}

// a1 -> b2 -> {c3, d4} -> e5
void diamond(const ScratchProject& project) {
  const auto table = [&](const std::string& id, const std::string& below) {
    project.revision(id, below, "CREATE TABLE t_" + id + "();", "DROP TABLE t_" + id + ';');
  };
  table("a1", "");
  table("b2", "a1");
  table("c3", "b2");
  table("d4", "b2");
  table("e5", "c3, d4");
}

}  // namespace

TEST_CASE("migrate --sql: every form of a target and a range, without a server") {
  const ScratchProject project("run");
  diamond(project);
  const auto steps = [&](const std::string& command, const std::string& target) {
    CAPTURE(command);
    CAPTURE(target);
    const Result result = project.migrate({command, target, "--sql"}, kNoServer);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    return steps_of(result.out);
  };
  CHECK(steps("upgrade", "head") == "+a1 +b2 +d4 +c3 +e5");
  CHECK(steps("upgrade", "heads") == "+a1 +b2 +d4 +c3 +e5");
  CHECK(steps("upgrade", "+2") == "+a1 +b2");
  CHECK(steps("upgrade", "b2") == "+a1 +b2");
  CHECK(steps("upgrade", "a1:b2") == "+b2");
  CHECK(steps("upgrade", "a1:+1") == "+b2");
  CHECK(steps("upgrade", "base:b2") == "+a1 +b2");
  CHECK(steps("upgrade", ":b2") == "+a1 +b2");  // Alembic: AssertionError
  CHECK(steps("upgrade", "b2:") == "+d4 +c3 +e5");
  CHECK(steps("upgrade", "c3,d4:e5") == "+e5");  // Alembic takes no second start
  CHECK(steps("upgrade", "c3:e5") == "+d4 +e5");
  CHECK(steps("upgrade", "b2:a1") == "");
  CHECK(steps("downgrade", "e5:base") == "-e5 -c3 -d4 -b2 -a1");
  CHECK(steps("downgrade", "head:base") == "-e5 -c3 -d4 -b2 -a1");
  CHECK(steps("downgrade", "b2:a1") == "-b2");
  CHECK(steps("downgrade", "b2:-1") == "-b2");
  CHECK(steps("downgrade", "b2:") == "-b2 -a1");
  CHECK(steps("downgrade", ":b2") == "-e5 -c3 -d4");
  CHECK(steps("stamp", "head") == "");
  CHECK(steps("stamp", "a1:b2") == "");
  CHECK(project.must({"upgrade", "b2:a1", "--sql"}, kNoServer) == "BEGIN;\n\nCOMMIT;\n\n");
  check_error(project.migrate({"upgrade", "nosuch", "--sql"}, kNoServer), 3, "Can't locate");
  check_error(project.migrate({"upgrade", "nosuch:head", "--sql"}, kNoServer), 3, "Can't locate");
  // Without a range it is the database that says where from.
  check_error(project.migrate({"downgrade", "-1", "--sql"}, kNoServer), 4, "cannot connect");
  project.must({"upgrade", "b2"});
  CHECK(steps_of(project.must({"downgrade", "-1", "--sql"})) == "-b2");
  CHECK(steps_of(project.must({"downgrade", "base", "--sql"})) == "-b2 -a1");
  CHECK(project.rows() == "b2");
}

TEST_CASE("migrate --sql: the time limits of the flags and of pgseed.toml are in the script") {
  const ScratchProject project("run");
  project.chain();
  const auto script = [&](Words flags) {
    flags.insert(flags.begin(), {"upgrade", "base:head", "--sql"});
    return project.must(flags, kNoServer);
  };
  CHECK(contains(script({}), "SET LOCAL lock_timeout = '5s';\n"));
  CHECK(!contains(script({}), "statement_timeout"));
  const std::string limited = script({"--lock-timeout", "3s", "--statement-timeout", "7min"});
  CHECK(contains(limited, "SET LOCAL lock_timeout = '3s';\n"));
  CHECK(contains(limited, "SET LOCAL statement_timeout = '7min';\n"));
  project.folder().write("pgseed.toml", "[migrate]\nlock_timeout = \"9s\"\n");
  CHECK(contains(script({}), "SET LOCAL lock_timeout = '9s';\n"));
}

TEST_CASE("migrate --sql: psql runs the script, and its guard stops it anywhere else") {
  const ScratchProject project("run");
  diamond(project);
  const auto script = [&](const Words& words) { return project.must(words, kNoServer); };
  const std::string all = script({"upgrade", "head", "--sql"});
  const auto passes = [&](const std::string& text) {
    const Result result = psql(project, text);
    INFO(text, result.err);
    CHECK(result.exit_code == 0);
  };
  const auto is_stopped = [&](const std::string& text) {
    const std::string before = project.dump();
    const Result result = psql(project, text);
    CAPTURE(text);
    CHECK(result.exit_code != 0);
    CHECK(contains(result.err, "this script is made for another state"));
    CHECK(project.dump() == before);
  };
  passes(all);
  CHECK(project.rows() == "e5");
  const std::string at_head = project.dump({"-N", "pgseed"});
  is_stopped(all);
  is_stopped(script({"upgrade", "a1:b2", "--sql"}));
  is_stopped(script({"downgrade", "b2:base", "--sql"}));
  is_stopped(script({"stamp", "a1:b2", "--sql"}));
  is_stopped(script({"stamp", "b2", "--sql"}));
  passes(script({"downgrade", "e5:b2", "--sql"}));
  CHECK(project.rows() == "b2");
  passes(script({"upgrade", "b2:head", "--sql", "--single-transaction"}));
  CHECK(project.rows() == "e5");
  passes(project.must({"downgrade", "base", "--sql"}));
  CHECK(project.rows() == "");
  // The same schema as by a run.
  CHECK(project.migrate({"upgrade", "head"}).exit_code == 0);
  CHECK(project.dump({"-N", "pgseed"}) == at_head);
  passes(script({"stamp", "e5:b2", "--sql"}));
  CHECK(project.rows() == "b2");

  const ScratchProject stamped("run_other");
  stamped.chain();
  stamped.sql(stamped.must({"stamp", "b2", "--sql"}, kNoServer));
  CHECK(stamped.rows() == "b2");
  stamped.sql("drop table alembic_version");
  // Alembic drops what it just made.
  stamped.sql(stamped.must({"ensure_version", "--sql"}, kNoServer));
  CHECK(stamped.rows() == "");
  stamped.sql(stamped.must({"ensure_version", "--sql", "--version-table", "other"}, kNoServer));
  CHECK(stamped.rows("other") == "");
  // In one transaction or several: what failed leaves what is documented.
  stamped.revision("c3", "b2", "SELECT 1/0;");
  CHECK(psql(stamped, stamped.must({"upgrade", "head", "--sql", "--single-transaction"}, kNoServer))
            .exit_code != 0);
  CHECK(stamped.rows() == "");
  CHECK(psql(stamped, stamped.must({"upgrade", "head", "--sql"}, kNoServer)).exit_code != 0);
  CHECK(stamped.rows() == "b2");
}

TEST_CASE("migrate upgrade --dry-run: runs everything and leaves everything as it was") {
  const ScratchProject project("run");
  project.chain();
  const std::string empty = project.dump();
  const auto dry = [&](const Words& words) {
    Words all = words;
    all.push_back("--dry-run");
    return project.migrate(all);
  };
  Result result = dry({"upgrade", "head"});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "Running upgrade b2 -> c3, step c3\n"));
  CHECK(contains(result.err, "3 revisions would run; rolled back, the database is at base\n"));
  CHECK(project.dump() == empty);
  project.must({"upgrade", "b2"});
  const std::string before = project.dump();
  CHECK(dry({"upgrade", "head"}).exit_code == 0);
  CHECK(dry({"downgrade", "base"}).exit_code == 0);
  CHECK(project.dump() == before);
  project.revision("c3", "b2", "CREATE TABLE t_b2();");
  check_error(dry({"upgrade", "head"}), 5,
              "migrations/versions/c3_step.sql:7: relation \"t_b2\" already exists");
  CHECK(project.dump({"-N", "pgseed"}) != empty);
  CHECK(project.dump() == before);
  project.file("c3_step.sql",
               "-- pgseed:migration 1\n-- revision: c3\n-- down_revision: b2\n\n"
               "-- upgrade transaction:false\nCREATE TABLE t_c3();\n");
  check_error(dry({"upgrade", "head"}), 2,
              "migrations/versions/c3_step.sql:5: revision c3 has transaction:false and cannot be "
              "part of one transaction",
              "run it without --single-transaction and --dry-run");
  CHECK(project.dump() == before);
}

TEST_CASE("migrate --var: values for a section that asks for them, quoted") {
  const ScratchProject project("run");
  project.revision("a1", "",
                   "-- pgseed:vars on\nCREATE TABLE :\"name\"(x text DEFAULT :'value');\n"
                   "-- pgseed:vars off\nSELECT ':\"name\"'::text;",
                   "-- pgseed:vars on\nDROP TABLE :\"name\";");
  check_error(project.migrate({"upgrade", "head"}), 3, "migrations/versions/a1_step.sql:8:14: ");
  CHECK(project.rows() == "-");
  const Words words = {"upgrade", "head", "--var", "name=it's; \"t\"", "--var", "value=a'b\\c=d"};
  project.must(words);
  project.sql("insert into \"it's; \"\"t\"\"\" default values");
  CHECK(project.sql("table \"it's; \"\"t\"\"\"") == "a'b\\c=d");
  // The environment is asked as well; the option wins.
  CHECK(project.migrate({"downgrade", "base"}, {{"name", "it's; \"t\""}}).exit_code == 0);
  CHECK(project.migrate({"upgrade", "head", "--var", "value="}, {{"name", "plain"}, {"value", "x"}})
            .exit_code == 0);
  CHECK(project.sql("insert into plain default values returning x = ''") == "t");
  CHECK(contains(project.must({"downgrade", "base", "--sql", "--var", "name=plain"}),
                 "DROP TABLE plain;"));
  for (const char* wrong : {"novalue", "=x", ""}) {
    check_error(project.migrate({"upgrade", "head", "--var", wrong}), 2, "--var '", "for example");
  }
}

TEST_CASE("migrate redo: one step down and up again, or down to a target") {
  const ScratchProject project("run");
  diamond(project);
  check_error(project.migrate({"redo"}), 3, "Relative revision -1 didn't produce 1 migrations");
  project.must({"upgrade", "b2"});
  const auto redo = [&](const Words& words) {
    const Result result = project.migrate(words);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    return result.err;
  };
  CHECK(redo({"redo"}) ==
        "Running downgrade b2 -> a1, step b2\nRunning upgrade a1 -> b2, step b2\n"
        "the database is at b2\n");
  CHECK(contains(redo({"redo", "base"}), "Running downgrade a1 -> , step a1\n"));
  CHECK(project.rows() == "b2");
  project.must({"upgrade", "c3"});
  project.must({"upgrade", "d4"});
  check_error(project.migrate({"redo"}), 3, "downgrade -1 is ambiguous", "say which: ");
  CHECK(redo({"redo", "c3@-1"}) ==
        "Running downgrade c3 -> b2, step c3\nRunning upgrade b2 -> c3, step c3\n"
        "the database is at c3, d4\n");
  CHECK(project.rows() == "c3,d4");
  CHECK(project.migrate({"redo", "a1"}).exit_code == 0);
  CHECK(project.rows() == "c3,d4");
}

TEST_CASE("migrate reset: asks, refuses without an answer, and takes everything down") {
  const ScratchProject project("run");
  project.chain();
  project.must({"upgrade", "head"});
  project.sql("create table mine(x int); insert into mine values (1)");
  const std::string before = project.dump();
  const auto untouched = [&](const Words& words, int code, const std::string& error,
                             const std::string& hint) {
    check_error(project.migrate(words), code, error, hint);
    CHECK(project.dump() == before);
  };
  untouched({"reset"}, 2, "reset deletes data and there is no terminal to ask on", "pass --yes");
  untouched({"reset", "--yes-really", "postgres"}, 2,
            "--yes-really names postgres, but the database is run", "nothing was changed");
  untouched({"reset", "--yes", "--to", "nosuch"}, 3, "Can't locate revision identified by 'nosuch'",
            "");

  const auto answer = [&](const std::string& typed) {
    const TerminalInput terminal(typed);
    Command command = project.command({"migrate", "reset"});
    command.stdin_file = terminal.path();
    command.err = Output::terminal;
    return run(command);
  };
  for (const std::string no : {"n\n", "\n", "nay\n", "\x04"}) {
    const Result result = answer(no);
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "Delete everything that the migrations made in " + project.url() +
                                   ", with its data? [y/N] "));
    CHECK(!contains(result.err, "[y/N]  [y/N]"));
    CHECK(contains(result.err, "nothing was changed"));
    CHECK(project.dump() == before);
  }
  CHECK(answer("y\n").exit_code == 0);
  CHECK(project.rows() == "-");
  CHECK(project.sql("select count(*) from mine") == "1");  // not of the migrations
  CHECK(project.sql("select to_regclass('t_a1') is null") == "t");

  CHECK(project.migrate({"reset", "--yes"}).exit_code == 0);  // nothing left to do
  CHECK(project.migrate({"reset", "--yes", "--to", "b2"}).exit_code == 0);
  CHECK(project.rows() == "b2");
  CHECK(project.migrate({"reset", "--yes-really", "run", "--to", "+1"}).exit_code == 0);
  CHECK(project.rows() == "a1");

  // Without a way down only the whole schema can go.
  project.file("a1_step.sql",
               "-- pgseed:migration 1\n-- revision: a1\n\n-- upgrade\nCREATE TABLE t_a1();\n");
  check_error(project.migrate({"reset", "--yes"}), 3,
              "migrations/versions/a1_step.sql: revision a1 has no downgrade section",
              "--all-objects drops every object of schema public instead of migrating down");
  CHECK(project.rows() == "a1");
  project.sql(
      "create view v as select * from mine; create type mood as enum ('x'); create sequence s; "
      "create function f() returns int language sql as 'select 1'; create domain d as int; "
      "create materialized view m as select 1; create schema other; create table other.kept()");
  const Result result = project.migrate({"reset", "--yes", "--all-objects"});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "dropped table public.mine\n"));
  CHECK(project.sql("select count(*) from pg_class where relnamespace = 'public'::regnamespace") ==
        "0");
  CHECK(project.sql("select count(*) from pg_type where typnamespace = 'public'::regnamespace") ==
        "0");
  CHECK(project.sql("select count(*) from pg_proc where pronamespace = 'public'::regnamespace") ==
        "0");
  CHECK(project.sql("select to_regclass('other.kept') is not null") == "t");
  CHECK(project.migrate({"upgrade", "head"}).exit_code == 0);
}

TEST_CASE("migrate reset: a host that is not local is refused before anybody is asked") {
  const ScratchProject project("run");
  project.chain();
  for (const char* host : {"db.invalid", "127.0.0.1.db.invalid", "localhost.db.invalid"}) {
    const std::string shown = std::string("postgresql://me@") + host + "/app";
    const Environment there = {
        {"DATABASE_URL", std::string("postgresql://me:Xy7-secret@") + host + "/app"}};
    for (const Words& words : std::vector<Words>{{"reset"},
                                                 {"reset", "--yes"},
                                                 {"reset", "--yes", "--all-objects"},
                                                 {"reset", "--yes", "--to", "head"}}) {
      const Result result = project.migrate(words, there);
      check_error(result, 2, shown + " is not local: a reset deletes its data",
                  "if that is what you want, name the database: --yes-really DATABASE");
      CHECK(!contains(result.err, "Xy7"));
    }
  }
  // With it, and only then, it is connected to.
  const Result result =
      project.migrate({"reset", "--yes-really", "app"},
                      {{"DATABASE_URL", "postgresql://me:Xy7-secret@db.invalid/app"}});
  check_error(result, 4, "cannot connect to postgresql://me@db.invalid/app");
  CHECK(!contains(result.err, "Xy7"));
}

TEST_CASE("migrate status and pending: where the database is and what is missing") {
  const ScratchProject project("run");
  diamond(project);
  const std::string head = "database: " + project.url() + "\n";
  CHECK(project.must({"status"}) ==
        head +
            "at:       base\napplied:  0 of 5 revisions\npending:  a1, step a1\n"
            "pending:  b2 (branchpoint), step b2\npending:  d4, step d4\npending:  c3, step c3\n"
            "pending:  e5 (head) (mergepoint), step e5\n");
  project.must({"upgrade", "c3"});
  CHECK(project.must({"pending"}) ==
        "b2 -> d4, step d4\nc3, d4 -> e5 (head) (mergepoint), step e5\n");
  CHECK(project.must({"status"}) ==
        head +
            "at:       c3\napplied:  3 of 5 revisions\npending:  d4, step d4\n"
            "pending:  e5 (head) (mergepoint), step e5\n");
  project.must({"upgrade", "head"});
  CHECK(project.must({"status"}) == head + "at:       e5\napplied:  5 of 5 revisions\n");
  const Result pending = project.migrate({"pending", "--exit-code"});
  CHECK(pending.exit_code == 0);
  CHECK(pending.out.empty());
  CHECK(pending.err == "nothing is pending\n");
  CHECK(project.must({"verify"}) == "The files, the version table and the log agree.\n");
  // A file that was changed after it was applied is told by name.
  project.revision("c3", "b2", "CREATE TABLE t_c3(x int);", "DROP TABLE t_c3;");
  const std::string problem =
      "migrations/versions/c3_step.sql: changed since revision c3 was applied\n";
  CHECK(contains(project.must({"status"}), "problem:  " + problem));
  const Result verify = project.migrate({"verify"});
  CHECK(verify.exit_code == 1);
  CHECK(verify.out == problem);
  CHECK(project.must({"repair"}) == "took the file of revision c3 as it is now\n");
  CHECK(project.migrate({"verify"}).exit_code == 0);
}

TEST_CASE("faults: migrate wait waits for a server that comes up later, and not for ever") {
  LocalPostgres server;
  const ScratchProject project("run");
  const std::string url = server.url();
  const Environment there = {{"DATABASE_URL", url}};
  Result result = project.migrate({"wait"}, there);
  CHECK(result.exit_code == 0);
  CHECK(result.out.empty());
  CHECK(result.err == "the database answers\n");
  server.stop();
  const auto start = std::chrono::steady_clock::now();
  check_error(project.migrate({"wait", "--timeout", "0.5"}, there), 4, "cannot connect to " + url,
              "check host and port");
  const auto waited = std::chrono::steady_clock::now() - start;
  CHECK(waited >= 500ms);
  CHECK(waited < 20s);
  Process waiting(project.command({"migrate", "wait", "--timeout", "60"}, there));
  std::this_thread::sleep_for(500ms);
  CHECK(waiting.running());
  server.start();
  const auto done = waiting.wait(30s);
  REQUIRE(done);
  CHECK(done->exit_code == 0);
  CHECK(done->err == "the database answers\n");
  // What waiting does not change is told at once.
  const auto begin = std::chrono::steady_clock::now();
  check_error(project.migrate({"wait"}, {{"DATABASE_URL", server.url("nosuch")}}), 5,
              "the database refused the connection");
  CHECK(std::chrono::steady_clock::now() - begin < 20s);
}
