// What `pgseed schema` takes of a script: nothing that psql would not apply, nothing that loses
// data.
#include <doctest/doctest.h>

#include <string>

#include "pgseed/base/error.hpp"
#include "pgseed/migrate/ddl_script.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

migrate::DdlScript read(const std::string& sql, bool allow_drop = false) {
  TextInput input(sql);
  migrate::DdlOptions options;
  options.allow_drop = allow_drop;
  return migrate::read_ddl(input, "s.sql", options);
}

// The statements that are applied, or "place: message".
std::string outcome(const std::string& sql) {
  try {
    std::string all;
    for (const auto& statement : read(sql).statements) {
      if (!statement.is_setting) all += statement.sql + ";";
    }
    return all;
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    CHECK(error.hint != "");
    return error.where + ": " + error.message;
  }
}

}  // namespace

TEST_CASE("ddl checks: what drops columns or cascades needs --allow-drop like a table") {
  for (const std::string sql :
       {"ALTER TABLE a DROP COLUMN secret", "ALTER TABLE IF EXISTS ONLY s.\"A\" DROP secret",
        "ALTER TABLE a ADD b numeric(3,1), DROP c", "alter table a alter b drop default, drop c",
        "ALTER TABLE a * DROP IF EXISTS b", "ALTER FOREIGN TABLE a DROP COLUMN b",
        "ALTER TYPE ct DROP ATTRIBUTE y", "ALTER TYPE s.ct ADD ATTRIBUTE z int, DROP ATTRIBUTE y",
        "ALTER TABLE a ALTER x TYPE int USING 0",
        "ALTER TABLE a ALTER COLUMN x SET DATA TYPE numeric(3, 1) USING (x / 2)",
        "DROP FUNCTION f CASCADE", "DROP VIEW IF EXISTS v CASCADE", "DROP SERVER s",
        "DROP FUNCTION f(int) /* ; */ cascade", "DROP FOREIGN DATA WRAPPER w", "DROP TABLE t"}) {
    CAPTURE(sql);
    const migrate::DdlScript guarded = read(sql + ";\n");
    CHECK(guarded.statements.empty());
    REQUIRE(guarded.left_out.size() == 1);
    CHECK(guarded.left_out[0].find("s.sql:1: left out: ") == 0);
    CHECK(guarded.left_out[0].find("--allow-drop") != std::string::npos);
    CHECK(read(sql + ";\n", true).statements.size() == 1);
  }
}

TEST_CASE("ddl checks: what loses no data is applied as it stands") {
  for (const std::string sql :
       {"ALTER TABLE a ALTER COLUMN b DROP DEFAULT", "ALTER TABLE ONLY a DROP CONSTRAINT c",
        "ALTER TABLE a ALTER b DROP NOT NULL, ALTER c DROP IDENTITY IF EXISTS",
        "ALTER TABLE \"drop\" ADD COLUMN b int DEFAULT (1)", "ALTER TABLE s.t RENAME a TO b",
        "ALTER TABLE a ALTER x TYPE text", "ALTER TABLE a ADD CHECK (b = 'DROP, DROP')",
        "ALTER TYPE mood ADD VALUE 'DROP'", "ALTER DOMAIN d DROP CONSTRAINT c",
        "CREATE POLICY p ON t USING (a > 0)", "DROP VIEW v", "DROP FUNCTION f(int) RESTRICT",
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c (d) ON DELETE CASCADE"}) {
    CAPTURE(sql);
    CHECK(outcome(sql + ";\n") == sql + ";");
  }
}

TEST_CASE("ddl checks: commands of psql that decide what is applied are refused at their place") {
  const struct {
    std::string sql, wanted;
  } cases[] = {
      {"CREATE TABLE a(a int)\\g\n", "s.sql:1:1: a statement with psql's \\g in it"},
      {"SELECT 1;\nCREATE TABLE a(a int) \\gx\n", "s.sql:2:1: a statement with psql's \\gx in it"},
      {"SELECT 'CREATE TABLE a()' \\gexec\n", "s.sql:1:1: a statement with psql's \\gexec in it"},
      {"SELECT 1 AS x \\gset\n", "s.sql:1:1: a statement with psql's \\gset in it"},
      {"\n\\if false\nCREATE TABLE a();\n\\endif\n", "s.sql:2:1: the psql command \\if,"},
      {"\\i other.sql\n", "s.sql:1:1: the psql command \\i,"},
      {"\\ir other.sql\n", "s.sql:1:1: the psql command \\ir,"},
      {"CREATE TABLE a();\n\\q\nCREATE TABLE b();\n", "s.sql:2:1: the psql command \\q,"},
      {"\\set AUTOCOMMIT off\n", "s.sql:1:1: the psql command \\set AUTOCOMMIT,"},
      {"\\pset pager off \\i other.sql\n", "s.sql:1:1: something follows the psql command \\pset"},
      {"CREATE TABLE a();\n\\connect two\nCREATE TABLE b();\n",
       "s.sql:2:1: DDL of two databases in one file"},
      {"\\c one\nCREATE TABLE a();\n\\c two\n", "s.sql:3:1: DDL of two databases in one file"},
      {"BEGIN;\nCREATE TABLE b();\nROLLBACK;\n", "s.sql:3:1: ROLLBACK in a file whose DDL"},
      {"BEGIN;\nSAVEPOINT s;\nCREATE TABLE b();\nROLLBACK TO s;\nCOMMIT;\n",
       "s.sql:4:1: ROLLBACK in a file whose DDL"},
      {"CREATE TABLE a();\nBEGIN;\nCREATE TABLE b();\n", "s.sql:2:1: BEGIN without COMMIT"},
      {"BEGIN;\nCREATE TABLE b();\nPREPARE TRANSACTION 'x';\n",
       "s.sql:3:1: PREPARE TRANSACTION among DDL"},
      {"SELECT 1 AS x INTO b;\n", "s.sql:1:1: SELECT ... INTO makes a table"},
      {"WITH a AS (SELECT 1 x) SELECT x INTO b FROM a;\n",
       "s.sql:1:1: SELECT ... INTO makes a table"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.sql);
    const std::string found = outcome(each.sql);
    CHECK(found.substr(0, each.wanted.size()) == each.wanted);
  }
}

TEST_CASE("ddl checks: what dumps and scripts have of psql stays possible") {
  for (const std::string sql :
       {"\\restrict x\nCREATE TABLE a();\n\\unrestrict x\n",
        "\\set ON_ERROR_STOP on\n\\pset pager off\n\\echo 'it\\'s \\ here'\nCREATE TABLE a();\n",
        "\\encoding UTF8\nCREATE TABLE a();\n\\dt\n", "BEGIN;\nCREATE TABLE a();\nCOMMIT;\n",
        "BEGIN ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE a();\nEND;\nBEGIN;\nSELECT 1;\n",
        "CREATE TABLE a();\nCOPY t (a) FROM stdin;\n1\n\\.\n",
        "WITH a AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT * FROM a;\nCREATE TABLE a();\n",
        "INSERT INTO t SELECT 1;\nCREATE TABLE a();\n",
        // pg_dump --create of a database with settings connects twice.
        "CREATE DATABASE \"my db\";\nALTER DATABASE \"my db\" OWNER TO me;\n"
        "\\connect -reuse-previous=on \"dbname='my db'\"\nSET search_path = '';\n"
        "ALTER DATABASE \"my db\" SET x.y TO 'z';\n"
        "\\connect -reuse-previous=on \"dbname='my db'\"\nCREATE TABLE a();\n"}) {
    CAPTURE(sql);
    CHECK(outcome(sql) == "CREATE TABLE a();");
  }
}
