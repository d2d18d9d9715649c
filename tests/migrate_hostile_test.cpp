// `pgseed migrate` on broken files, broken databases and servers that say no: one clear error with
// place, hint and exit code, and the database as it was.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "support/scratch_project.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

namespace fs = std::filesystem;

const std::string kHead = "-- pgseed:migration 1\n-- revision: a1\n-- down_revision:\n\n";

// Everything that is not the server's own: tables, indexes, views, sequences, schemas.
std::string objects(const ScratchProject& project) {
  return project.sql(
      "select (select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace where "
      "nspname !~ '^pg_' and nspname <> 'information_schema') || ',' || (select count(*) from "
      "pg_namespace where nspname !~ '^pg_')");
}
constexpr const char* kNothing = "0,2";  // public and information_schema

std::string one(const std::string& name) {
  return "migrations/versions/" + name;
}

struct BrokenFile {
  const char* name;
  std::string content;
  const char* error;
  const char* hint;
};

}  // namespace

TEST_CASE("migrate hostile: a broken file is one error with its line, the database untouched") {
  const ScratchProject project("hostile");
  const std::string latin1 = kHead + "-- upgrade\nSELECT 'caf\xE9';\n";
  const std::string nul = kHead + "-- upgrade\nSELECT '" + std::string(1, '\0') + "';\n";
  const std::vector<BrokenFile> files = {
      {"no_section.sql", kHead, "migrations/versions/no_section.sql:3: there is no section \"-- ",
       "a line \"-- upgrade\" stands before the statements"},
      {"no_section_but_sql.sql", kHead + "CREATE TABLE x();\n",
       "migrations/versions/no_section_but_sql.sql:5:1: SQL before the first section",
       "statements stand below a line \"-- upgrade\""},
      {"twice.sql", kHead + "-- upgrade\n\n-- downgrade\n\n-- upgrade\n",
       "migrations/versions/twice.sql:9: a second section \"-- upgrade\"",
       "a migration has each section once"},
      {"down_twice.sql", kHead + "-- upgrade\n-- downgrade\n-- downgrade\n",
       "migrations/versions/down_twice.sql:7: a second section \"-- downgrade\"",
       "a migration has each section once"},
      {"key.sql", "-- pgseed:migration 1\n-- revision: a1\n-- down_revison: b\n\n-- upgrade\n",
       "migrations/versions/key.sql:3: unknown header 'down_revison'", "known are revision, "},
      {"late.sql", "-- pgseed:migration 1\n-- revision: a1\n\n-- down_revision: b\n\n-- upgrade\n",
       "migrations/versions/late.sql:4: the header 'down_revision' stands apart", "headers follow"},
      {"given_twice.sql", "-- pgseed:migration 1\n-- revision: a1\n-- revision: a1\n\n-- upgrade\n",
       "migrations/versions/given_twice.sql:3: the header 'revision' is given twice", ""},
      {"no_id.sql", "-- pgseed:migration 1\n-- message: x\n\n-- upgrade\n",
       "migrations/versions/no_id.sql:1: the headers name no revision", "add a line \"-- revision"},
      {"version.sql", "-- pgseed:migration 2\n-- revision: a1\n\n-- upgrade\n",
       "migrations/versions/version.sql:1: version '2' of the migration format is unknown",
       "this pgseed reads version 1"},
      {"empty.sql", "", "migrations/versions/empty.sql:1: the file is empty", "a migration begins"},
      {"blank.sql", " \n\t\n", "migrations/versions/blank.sql:1: the file is empty",
       "a migration begins"},
      {"plain.sql", "CREATE TABLE x();\n",
       "migrations/versions/plain.sql:1: the first line is not \"-- pgseed:migration 1\"",
       "a migration begins"},
      {"latin1.sql", latin1, "migrations/versions/latin1.sql:6: the file is not UTF-8", "convert"},
      {"utf16.sql", "\xFF\xFE-\0-\0 \0", "migrations/versions/utf16.sql:1: the file is not UTF-8",
       "convert it"},
      {"nul.sql", nul, "migrations/versions/nul.sql:6: a NUL byte in the file", "PostgreSQL's"},
      {"option.sql", kHead + "-- upgrade transaction:maybe\n",
       "migrations/versions/option.sql:5: ", ""},
      {"unclosed.sql", kHead + "-- upgrade\nSELECT 1;\nSELECT 'it;\n\n-- downgrade\n",
       "migrations/versions/unclosed.sql:7:8: a string is never closed", "the file may be cut"},
      {"dollar.sql", kHead + "-- upgrade\nDO $x$ BEGIN\n",
       "migrations/versions/dollar.sql:6:4: a dollar-quoted string $x$ is never closed", ""},
      {"comment.sql", kHead + "-- upgrade\n/* and then\n",
       "migrations/versions/comment.sql:6:1: ", ""},
  };
  for (const BrokenFile& file : files) {
    CAPTURE(file.name);
    const std::string path = project.file(file.name, file.content);
    check_error(project.migrate({"upgrade", "heads"}), 3, file.error, file.hint);
    fs::remove(project.folder().path() / path);
  }
  CHECK(objects(project) == kNothing);
  // Without a server it is the same: the files come first.
  project.file("empty.sql", "");
  check_error(
      project.migrate({"upgrade", "heads"}, {{"DATABASE_URL", "postgresql://127.0.0.1:1/x"}}), 3,
      "migrations/versions/empty.sql:1: the file is empty");
  for (const char* command : {"heads", "history", "branches", "current", "status", "pending",
                              "check", "verify", "repair", "merge", "lint"}) {
    CAPTURE(command);
    check_error(project.migrate({command}), 3, "migrations/versions/empty.sql:1: ");
  }
  CHECK(objects(project) == kNothing);
}

TEST_CASE("migrate hostile: a broken graph is one error that names the files, nothing is made") {
  const ScratchProject scratch("hostile");
  const auto refuses = [&](const std::string& error, const std::string& hint, const auto& write) {
    fs::remove_all(scratch.folder().path() / "migrations");
    write(scratch);
    CAPTURE(error);
    for (const Words& words : std::vector<Words>{{"upgrade", "heads"}, {"downgrade", "base"}}) {
      check_error(scratch.migrate(words), 3, error, hint);
    }
  };
  refuses(
      "migrations/versions/a1_step.sql, migrations/versions/c3_step.sql, "
      "migrations/versions/b2_step.sql: the revisions go round in a circle: a1 -> c3 -> b2 -> "
      "a1",
      "correct down_revision or depends_on", [](const ScratchProject& project) {
        project.revision("a1", "c3", "CREATE TABLE x();");
        project.revision("b2", "a1");
        project.revision("c3", "b2");
      });
  refuses("migrations/versions/b2_step.sql: revision b2 names itself as down_revision",
          "a revision cannot come after itself", [](const ScratchProject& project) {
            project.revision("a1", "", "CREATE TABLE x();");
            project.revision("b2", "b2");
          });
  refuses(
      "revision a1 is in two files: migrations/versions/a1_other.sql and "
      "migrations/versions/a1_step.sql",
      "give one of them another id", [](const ScratchProject& project) {
        const std::string path = project.revision("a1", "", "CREATE TABLE x();");
        fs::copy_file(project.folder().path() / path,
                      project.folder().path() / one("a1_other.sql"));
      });
  refuses(
      "migrations/versions/b2_step.sql: revision b2 names 'abcdee' as down_revision, which no "
      "file has",
      "did you mean abcdef (migrations/versions/abcdef_step.sql)?",
      [](const ScratchProject& project) {
        project.revision("abcdef", "", "CREATE TABLE x();");
        project.revision("b2", "abcdee");
      });
  refuses(
      "migrations/versions/b2_step.sql: revision b2 names 'nosuch' as depends_on, which no "
      "file has",
      "add the file of that revision, or correct the line", [](const ScratchProject& project) {
        project.revision("a1", "", "CREATE TABLE x();");
        project.revision("b2", "a1", "", "", "-- depends_on: nosuch\n");
      });
  refuses("migrations/versions/b2_step.sql:6: 'head' is reserved and cannot be a branch label", "",
          [](const ScratchProject& project) {
            project.revision("a1", "");
            project.file(
                "b2_step.sql",
                "-- pgseed:migration 1\n-- revision: b2\n-- down_revision: a1\n-- message: "
                "x\n-- author: me\n-- branch_labels: head\n\n-- upgrade\n");
          });
  refuses(
      "migrations/versions/a1_step.sql: branch label 'b2' of revision a1 is also the id of "
      "migrations/versions/b2_step.sql",
      "give the branch another label", [](const ScratchProject& project) {
        project.revision("a1", "", "", "", "-- branch_labels: b2\n");
        project.revision("b2", "a1");
      });
  refuses(
      "migrations/versions/b2_step.sql: branch label 'lab' of revision b2 is already used by "
      "revision a1",
      "the other file is migrations/versions/a1_step.sql", [](const ScratchProject& project) {
        project.revision("a1", "", "", "", "-- branch_labels: lab\n");
        project.revision("b2", "", "", "", "-- branch_labels: lab\n");
      });
  const std::string long_id(33, 'x');
  refuses("migrations/versions/" + long_id + "_step.sql:2: the revision id '" + long_id +
              "' is longer than 32 characters",
          "alembic_version holds no more",
          [&](const ScratchProject& project) { project.revision(long_id, ""); });
  for (const std::string id : {"head", "heads", "base", "current"}) {
    refuses("migrations/versions/" + id + "_step.sql:2: '" + id +
                "' is reserved and cannot be a revision id",
            "", [&](const ScratchProject& project) { project.revision(id, ""); });
  }
  for (const std::string id : {"a-b", "a@b", "a+b", "a:b"}) {
    refuses("migrations/versions/" + id + "_step.sql:2: the character '" + id[1] +
                "' is not allowed in the revision id '" + id + "'",
            "", [&](const ScratchProject& project) { project.revision(id, ""); });
  }
  CHECK(objects(scratch) == kNothing);
}

TEST_CASE("migrate hostile: a statement that fails is told by file, line and column, and undone") {
  const ScratchProject project("hostile");
  project.revision("a1", "", "CREATE TABLE a(x int PRIMARY KEY);", "DROP TABLE a;");
  project.must({"upgrade", "head"});
  const std::string before = project.dump({"-N", "pgseed"});
  const auto fails = [&](const std::string& up, const std::string& error,
                         const std::string& hint = {}, int code = 5) {
    CAPTURE(up);
    project.revision("b2", "a1", up, "DROP TABLE b;");
    check_error(project.migrate({"upgrade", "head"}), code, one("b2_step.sql:") + error, hint);
    CHECK(project.rows() == "a1");
  };
  fails("CREATE TABLE b(x int);\nSELEC 1;", "8:1: syntax error at or near \"SELEC\" [42601]");
  fails("CREATE TABLE b(x int);\n\nCREATE TABLE c(\n  x int,\n  y intt\n);",
        "11:5: type \"intt\" does not exist [42704]");
  fails("CREATE TABLE b(x int); ALTER TABLE b ADD y nope;",
        "7:44: type \"nope\" does not exist [42704]");
  fails("CREATE TABLE b(x int);\nINSERT INTO a VALUES (1), (1);",
        "8: duplicate key value violates unique constraint \"a_pkey\"");
  fails("CREATE TABLE b(x int);\nDO $$\nBEGIN\n  RAISE 'no, thank you';\nEND $$;",
        "8: no, thank you [P0001]");
  fails("-- pgseed:noparse\nCREATE TABLE b(x int);\nSELEC 1;", "9:1: syntax error at or near");
  fails("CREATE TABLE b(x int);\nCREATE INDEX CONCURRENTLY i ON b(x);",
        "8: CREATE INDEX CONCURRENTLY cannot run inside a transaction block [25001]",
        "such a statement cannot run in a transaction: put it into a section of its own, -- "
        "upgrade transaction:false");
  fails("CREATE TABLE b(x int);\nCOPY a FROM stdin;\n2\nx\n\\.\nSELECT 1;",
        "10: invalid input syntax for type integer: \"x\" [22P02]");
  fails("CREATE TABLE b(x int);\nCOPY a FROM '/nosuch/file';", "8: could not open file");
  fails(
      "CREATE TABLE b(x int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\n"
      "INSERT INTO b VALUES (7);",
      " insert or update on table \"b\" violates foreign key constraint",
      "a deferred constraint is checked at the end of the section");
  // What is known before the server sees anything.
  fails("CREATE TABLE b(x int);\n\\i other.sql", "8:1: a psql command in a migration",
        "only psql knows", 3);
  fails("CREATE TABLE b(x int);\nCOMMIT;\nCREATE TABLE c();",
        "8:1: COMMIT in a section that is one transaction already", "take it out, or write", 3);
  fails("CREATE TABLE b(x int);\nROLLBACK;", "8:1: ROLLBACK in a migration",
        "take out what is not to stay", 3);
  fails("CREATE TABLE b(x int);\nCOPY b TO stdout;", "8:1: COPY to stdout in a migration", "", 3);
  fails("CREATE TABLE b(x int);\nCREATE TABLE c(x int", "8:1: ", "look for a parenthesis", 3);
  fails("SET client_encoding = 'LATIN1';", "7:1: a migration is UTF-8", "", 3);
  fails("-- pgseed:alow drop-table\nSELECT 1;", "7:1: unknown directive -- pgseed:alow",
        "there are", 3);
  fails("-- pgseed:vars on\nSELECT :'tenant';", "8:8: ", "", 3);
  CHECK(project.dump({"-N", "pgseed"}) == before);

  // In an empty database a failure leaves nothing at all, in either way of running.
  const ScratchProject fresh("hostile_fresh");
  const std::string empty = fresh.dump();
  fresh.revision("a1", "", "CREATE TABLE a(x int);\nCREATE SCHEMA other;\nSELECT 1/0;");
  fresh.revision("b2", "a1");
  for (const Words& words :
       std::vector<Words>{{"upgrade", "head"}, {"upgrade", "head", "--single-transaction"}}) {
    check_error(fresh.migrate(words), 5, one("a1_step.sql:9: division by zero [22012]"));
    CHECK(fresh.dump() == empty);
  }
  // Data of COPY and a section's own BEGIN and COMMIT are fine.
  fresh.revision("a1", "",
                 "BEGIN;\nCREATE TABLE a(x int, t text);\nCOPY a FROM stdin;\n1\tone; -- two\n"
                 "2\t\\N\n\\.\nCOMMIT;");
  fresh.must({"upgrade", "head"});
  CHECK(fresh.sql("select x, t from a order by x") == "1|one; -- two\n2|");
}

TEST_CASE("migrate hostile: servers that are away, refuse or forbid") {
  const ScratchProject project("hostile");
  project.revision("a1", "", "CREATE TABLE a(x int);", "DROP TABLE a;");
  const auto& server = cross_server();
  server.sql(
      "do $$ begin create role hostile_secret login password 'Xy7-right' in role "
      "needs_password; create role hostile_weak login; exception when duplicate_object then "
      "end $$");
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  struct Refusal {
    std::string url;
    int code;
    std::string error, hint;
  };
  const std::string dead = "postgresql://me:Xy7-wrong@127.0.0.1:1/app";
  const std::vector<Refusal> refusals = {
      {dead, 4, "cannot connect to postgresql://me@127.0.0.1:1/app: ", "check host and port"},
      {"postgresql://me:Xy7-wrong@db.invalid/app", 4,
       "cannot connect to postgresql://me@db.invalid", "check the host name"},
      {"postgresql://hostile_secret:Xy7-wrong@" + address + "/hostile", 5,
       "the database refused the connection to postgresql://hostile_secret@" + address +
           "/hostile: ",
       "check user and password"},
      {"postgresql://hostile_secret@" + address + "/hostile", 5, "the database refused", "check"},
      {"postgresql://nobody:Xy7-wrong@" + address + "/hostile", 5, "the database refused",
       "check user and database name"},
      {"postgresql://postgres:Xy7-wrong@" + address + "/nosuch", 5, "the database refused",
       "check user and database name"},
      {"mysql://me:Xy7-wrong@" + address + "/app", 2, "the database URL is not one of PostgreSQL",
       "expected postgresql://user:password@host"},
      {"postgresql://me:Xy7-wrong@" + address + "x/app", 2, "the database URL", "expected"},
      {"Xy7-wrong", 2, "the database URL is not one of PostgreSQL", "expected postgresql://"},
      {"", 2, "pgseed migrate needs the direct connection", "set DATABASE_URL="},
  };
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.url);
    for (const Words& words : std::vector<Words>{{"upgrade", "head"}, {"current"}}) {
      const Result result = project.migrate(words, {{"DATABASE_URL", refusal.url}});
      check_error(result, refusal.code, refusal.error, refusal.hint);
      CHECK(!contains(result.err, "Xy7"));
    }
  }
  for (const Words& words : std::vector<Words>{{"downgrade", "-1"},
                                               {"stamp", "head"},
                                               {"status"},
                                               {"pending"},
                                               {"check"},
                                               {"verify"},
                                               {"repair"},
                                               {"ensure_version"},
                                               {"reset", "--yes"},
                                               {"redo"},
                                               {"show", "current"},
                                               {"history", "-i"},
                                               {"test"},
                                               {"upgrade", "head", "-v"},
                                               {"upgrade", "head", "--json"}}) {
    CAPTURE(words.front());
    const Result result = project.migrate(words, {{"DATABASE_URL", dead}});
    CHECK(result.exit_code == 4);
    CHECK(!contains(result.err + result.out, "Xy7"));
  }

  const std::string read_only = project.url() + "?options=-c%20default_transaction_read_only%3Don";
  check_error(project.migrate({"upgrade", "head"}, {{"DATABASE_URL", read_only}}), 5,
              "cannot execute CREATE TABLE in a read-only transaction [25006]",
              "the server or the connection is read-only: use the primary's URL");
  CHECK(project.must({"current"}, {{"DATABASE_URL", read_only}}).empty());

  const std::string weak = server.url("hostile", "hostile_weak");
  for (const Words& words :
       std::vector<Words>{{"upgrade", "head"}, {"stamp", "head"}, {"ensure_version"}}) {
    check_error(project.migrate(words, {{"DATABASE_URL", weak}}), 5,
                "permission denied for schema public [42501]\n",  // the code once
                "the role of DATABASE_URL lacks a right for this");
  }
  check_error(project.migrate({"test"}, {{"DATABASE_URL", weak}}), 5,
              "the role may not create a database for the experiment",
              "name an empty one that may be used: --scratch-url URL");
  CHECK(objects(project) == kNothing);

  // May make tables, but no schema: goes on without its log.
  project.sql("grant create on schema public to hostile_weak");
  const Result unlogged = project.migrate({"upgrade", "head"}, {{"DATABASE_URL", weak}});
  CHECK(unlogged.exit_code == 0);
  CHECK(contains(unlogged.err, "note: the role may not create schema pgseed"));
  CHECK(project.rows() == "a1");
  project.sql("create table other()");
  project.revision("b2", "a1", "CREATE TABLE b();\nALTER TABLE other ADD COLUMN x int;");
  check_error(project.migrate({"upgrade", "head"}, {{"DATABASE_URL", weak}}), 5,
              one("b2_step.sql:8: must be owner of table other [42501]"),
              "the role of DATABASE_URL lacks a right for this");
  project.sql("alter table alembic_version owner to postgres");
  for (const Words& words : std::vector<Words>{{"upgrade", "head"}, {"current"}, {"status"}}) {
    check_error(project.migrate(words, {{"DATABASE_URL", weak}}), 5,
                "permission denied for table alembic_version [42501]\n",
                "the role of DATABASE_URL lacks a right");
  }
  check_error(project.migrate({"upgrade", "head", "-v"}, {{"DATABASE_URL", read_only}}), 5,
              one("b2_step.sql:7: cannot execute CREATE TABLE in a read-only transaction [25006]"),
              "the server or the connection is read-only");
  CHECK(project.rows() == "a1");
  CHECK(project.sql("select to_regclass('b') is null") == "t");
}

TEST_CASE("migrate hostile: a row that no file has is shown, refused and cured") {
  const ScratchProject project("hostile");
  project.chain();
  project.must({"upgrade", "b2"});
  project.sql("insert into alembic_version values ('deadbeef')");
  const std::string before = project.dump();
  const auto result = [&](const Words& words) { return project.migrate(words); };

  Result current = result({"current"});
  CHECK(current.exit_code == 0);
  CHECK(current.out == "b2\ndeadbeef (unknown: no file has this revision)\n");
  CHECK(check_json(result({"current", "--json"}), "migrate current")["unknown"][0].text() ==
        "deadbeef");
  const Result status = result({"status"});
  CHECK(status.exit_code == 0);
  CHECK(contains(status.out, "at:       b2, deadbeef\n"));
  CHECK(contains(status.out, "problem:  row deadbeef of the version table: no file has"));
  CHECK(result({"status", "--exit-code"}).exit_code == 1);
  CHECK(result({"verify"}).exit_code == 1);
  CHECK(result({"history", "-i"}).exit_code == 0);
  CHECK(contains(result({"pending"}).err, "warning: row deadbeef of the version table"));
  check_error(result({"check"}), 1, "Target database is not up to date.",
              "the version table holds a revision that no file has: pgseed migrate status");
  for (const Words& words : std::vector<Words>{{"upgrade", "head"},
                                               {"upgrade", "+1"},
                                               {"downgrade", "-1"},
                                               {"downgrade", "base"},
                                               {"downgrade", "-1", "--sql"},
                                               {"redo"},
                                               {"reset", "--yes"}}) {
    CAPTURE(words.front());
    check_error(result(words), 3,
                "Can't locate revision identified by 'deadbeef', which stands in the version "
                "table");
  }
  const Result repair = result({"repair"});
  CHECK(repair.exit_code == 1);
  CHECK(contains(repair.err, "warning: the version table holds deadbeef, which no file has"));
  CHECK(project.dump() == before);

  CHECK(result({"stamp", "--purge", "b2"}).exit_code == 0);
  CHECK(project.rows() == "b2");
  project.must({"upgrade", "head"});
  project.sql("update alembic_version set version_num = 'deadbeef'");
  const Result stamped = result({"stamp", "head"});  // Alembic: only --purge helps
  CHECK(stamped.exit_code == 0);
  CHECK(contains(stamped.err, "warning: took out deadbeef, which no file has"));
  CHECK(project.must({"current"}) == "c3 (head)\n");
  project.must({"reset", "--yes"});
}

TEST_CASE("migrate hostile: rows that others imply are told and repaired") {
  const ScratchProject project("hostile");
  project.chain();
  project.must({"upgrade", "head"});
  project.sql("insert into alembic_version values ('a1')");
  const Result current = project.migrate({"current"});
  CHECK(current.exit_code == 0);
  CHECK(current.out == "c3 (head)\n");
  CHECK(contains(current.err, "warning: row a1 is implied by another one; pgseed migrate repair"));
  for (const Words& words : std::vector<Words>{
           {"upgrade", "head"}, {"downgrade", "-1"}, {"downgrade", "-1", "--sql"}, {"redo"}}) {
    check_error(project.migrate(words), 3, "the version table holds a1, which another of its rows",
                "pgseed migrate repair takes such rows out");
  }
  CHECK(project.must({"repair"}) == "removed row a1, which another row implies\n");
  CHECK(project.rows() == "c3");
  CHECK(project.migrate({"downgrade", "-1"}).exit_code == 0);
}

TEST_CASE("migrate hostile: a version table elsewhere, by another name, or that is none") {
  const ScratchProject project("hostile");
  project.chain();
  check_error(project.migrate({"upgrade", "head", "--version-table", "app.revisions"}), 5,
              "schema \"app\" does not exist [3F000]", "create the schema first");
  CHECK(objects(project) == kNothing);
  project.sql("create schema app");
  project.must({"--version-table", "app.revisions", "upgrade", "a1"});
  CHECK(project.rows("app.revisions") == "a1");
  CHECK(project.rows() == "-");
  CHECK(project.must({"current"}).empty());
  project.folder().write("pgseed.toml", "[migrate]\nversion_table = \"app.revisions\"\n");
  CHECK(project.must({"current"}) == "a1\n");
  CHECK(contains(project.must({"upgrade", "b2", "--sql"}), "INSERT INTO app.revisions "));
  project.must({"upgrade", "b2"});
  CHECK(project.rows("app.revisions") == "b2");
  CHECK(project.must({"current", "--version-table", "alembic_version"}).empty());
  project.must({"reset", "--yes"});
  CHECK(project.rows("app.revisions") == "-");
  project.must({"--version-table", "\"Odd; name\"", "upgrade", "a1"});
  CHECK(project.rows("\"Odd; name\"") == "a1");
  for (const char* name : {"", "a b", "a.", "'x'", "a;b"}) {
    CAPTURE(name);
    check_error(project.migrate({"current", "--version-table", name}), 2, "");
  }
  project.folder().write("pgseed.toml", "[migrate]\nversion_tabel = \"x\"\n");
  check_error(project.migrate({"heads"}), 2,
              "pgseed.toml:2: unknown setting 'version_tabel' in [migrate]", "known are dir");
  fs::remove(project.folder() / "pgseed.toml");

  const auto refused = [&](const std::string& sql, const std::string& why) {
    CAPTURE(sql);
    const ScratchProject other("hostile_other");
    other.chain();
    other.sql(sql);
    const std::string before = other.dump();
    for (const Words& words : std::vector<Words>{{"upgrade", "head"},
                                                 {"current"},
                                                 {"stamp", "head"},
                                                 {"ensure_version"},
                                                 {"reset", "--yes"}}) {
      check_error(other.migrate(words), 5, "public.alembic_version is not a version table: " + why,
                  "rename it, or name another version table: --version-table SCHEMA.NAME");
    }
    CHECK(other.dump() == before);
  };
  refused("create view alembic_version as select 'a1' as version_num", "it is no table");
  refused("create sequence alembic_version", "it is no table");
  refused("create table alembic_version(id int, version text)", "it has no column version_num");
}

TEST_CASE("migrate hostile: folders and files that are missing, closed or no files at all") {
  const ScratchProject project("hostile");
  project.revision("a1", "");
  check_error(project.migrate({"heads", "--dir", "nosuch"}), 3, "there is no folder nosuch",
              "pgseed migrate init makes one");
  check_error(project.migrate({"heads", "--dir", one("a1_step.sql")}), 3,
              one("a1_step.sql: cannot read the folder of revisions: Not a directory"));
  check_error(project.migrate({"heads", "-c", "nosuch.ini"}), 2, "cannot read nosuch.ini",
              "name the project's alembic.ini with -c");
  check_error(project.migrate({"heads", "-c", "migrations"}), 2, "cannot read migrations", "name");
  // Left out: folders, pipes, devices, hidden files, whatever their names.
  const fs::path versions = project.folder().path() / "migrations/versions";
  fs::create_directory(versions / "folder.sql");
  REQUIRE(mkfifo((versions / "pipe.sql").c_str(), 0600) == 0);
  REQUIRE(mkfifo((versions / "pipe.py").c_str(), 0600) == 0);
  fs::create_symlink("/dev/null", versions / "device.sql");
  project.file(".hidden.sql", "?");
  project.file("notes.txt", "?");
  project.file("R_view.sql", "?");
  CHECK(project.must({"heads"}) == "a1 (head)\n");
  check_error(project.migrate({"lint", "migrations/versions/pipe.sql"}), 3,
              "this is no file: migrations/versions/pipe.sql");
  check_error(project.migrate({"lint", "migrations/versions/folder.sql"}), 3, "this is no file: ");
  check_error(project.migrate({"lint", "nosuch.sql"}), 3, "there is no file nosuch.sql");
  fs::create_symlink("nowhere", versions / "dangling.sql");
  check_error(project.migrate({"heads"}), 3,
              one("dangling.sql: cannot open the file: No such file or directory"));
  fs::remove(versions / "dangling.sql");
  fs::create_symlink("loop.sql", versions / "loop.sql");
  check_error(project.migrate({"heads"}), 3, one("loop.sql: cannot open the file: "));
  fs::remove(versions / "loop.sql");

  if (geteuid() != 0) {  // nothing is closed to root
    fs::permissions(versions / "a1_step.sql", fs::perms::none);
    check_error(project.migrate({"heads"}), 3,
                one("a1_step.sql: cannot open the file: Permission denied"));
    fs::permissions(versions, fs::perms::none);
    check_error(project.migrate({"heads"}), 3, "migrations/versions: cannot read the folder");
    fs::permissions(versions, fs::perms::owner_all);
  }
  // An Alembic file whose revision is computed cannot be known without Python.
  project.file("b2.py", "import os\nrevision = os.environ['R']\ndown_revision = 'a1'\n");
  check_error(project.migrate({"heads"}), 3, one("b2.py"));
}

TEST_CASE("migrate hostile: Windows line ends, a byte order mark, odd names and messages") {
  const ScratchProject project("hostile");
  project.file("w.sql",
               "\xEF\xBB\xBF-- pgseed:migration 1\r\n-- revision: a1\r\n-- down_revision: \r\n"
               "-- message: from Windows\r\n\r\n-- upgrade\r\nCREATE TABLE w(\r\n  x int,\r\n"
               "  y text DEFAULT 'a\r\nb'\r\n);\r\n\r\n-- downgrade\r\nDROP TABLE w;\r\n");
  CHECK(project.must({"history"}) == "<base> -> a1 (head), from Windows\n");
  project.must({"upgrade", "head"});
  project.sql("insert into w(x) values (1)");
  CHECK(project.sql("select y = E'a\\r\\nb' from w") == "t");  // data stays as it is
  project.file("w2.sql",
               "-- pgseed:migration 1\r\n-- revision: b2\r\n-- down_revision: a1\r\n\r\n"
               "-- upgrade\r\nCREATE TABLE w2(\r\n  x int,\r\n  y nope);\r\n");
  check_error(project.migrate({"upgrade", "head"}), 5,
              one("w2.sql:8:5: type \"nope\" does not exist [42704]"));
  fs::remove(project.folder().path() / one("w2.sql"));
  // The checksum does not see line ends: a checkout on another system is no drift.
  std::string unix_text = read_file(project.folder() / one("w.sql"));
  std::erase(unix_text, '\r');
  project.file("w.sql", unix_text);
  CHECK(project.migrate({"verify"}).exit_code == 0);
  CHECK(project.migrate({"downgrade", "base"}).exit_code == 0);

  const ScratchProject odd("hostile_other");
  const std::string folder = "it's 100% \"odd\"\n$(x) caf\xE9";
  odd.folder().write(
      folder + "/versions/a%s $(x) ;'.sql",
      "-- pgseed:migration 1\n-- revision: a1\n-- message: */ 'x' \" %s \\n \u00e9\n\n"
      "-- upgrade\nCREATE TABLE a();\n-- downgrade\nDROP TABLE a;\n");
  CHECK(odd.must({"--dir", folder, "history"}) == "<base> -> a1 (head), */ 'x' \" %s \\n \u00e9\n");
  CHECK(odd.must({"--dir", folder, "upgrade", "head"}).empty());
  CHECK(odd.migrate({"--dir", folder, "verify"}).exit_code == 0);
  const std::string script = odd.must({"--dir", folder, "downgrade", "base", "--sql"});
  CHECK(contains(script, "-- Running downgrade a1 -> , */ 'x' \" %s \\n \u00e9\n"));
  odd.sql(script);
  CHECK(odd.rows() == "");
  CHECK(odd.sql("select to_regclass('a') is null") == "t");
}

TEST_CASE("migrate hostile: a section of 50 MB and 2,000 revisions are nothing special") {
  const ScratchProject project("hostile");
  project.revision("a1", "");
  {
    std::string big = "CREATE TABLE big(x int, t text);\n";
    const std::string row = "INSERT INTO big VALUES (0, '" + std::string(500'000, 'x') + "');\n";
    while (big.size() < 50'000'000) big += row;
    project.revision("big", "a1", big, "DROP TABLE big;");
  }
  using clock = std::chrono::steady_clock;
  auto start = clock::now();
  CHECK(project.must({"heads"}) == "big (head)\n");
  CHECK(project.migrate({"upgrade", "head"}).exit_code == 0);
  CHECK(project.rows() == "big");
  CHECK(project.migrate({"downgrade", "a1"}).exit_code == 0);
  CHECK(clock::now() - start < std::chrono::seconds(30));

  const ScratchProject many("hostile_other");
  std::string below;
  for (int number = 1; number <= 2'000; ++number) {
    const std::string id = "r" + std::to_string(10'000 + number);
    many.revision(id, below);
    below = id;
  }
  start = clock::now();
  CHECK(many.must({"heads"}) == "r12000 (head)\n");
  CHECK(many.must({"history"}).starts_with("r11999 -> r12000 (head), step r12000\n"));
  CHECK(many.migrate({"upgrade", "head", "--single-transaction", "-q"}).exit_code == 0);
  CHECK(many.must({"current"}) == "r12000 (head)\n");
  CHECK(many.migrate({"downgrade", "-1999", "--single-transaction", "-q"}).exit_code == 0);
  CHECK(many.rows() == "r10001");
  CHECK(clock::now() - start < std::chrono::seconds(30));
}
