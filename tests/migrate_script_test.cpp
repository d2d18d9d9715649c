#include "pgseed/migrate/script.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/migrate/local_setting.hpp"
#include "pgseed/pg/session.hpp"
#include "pgseed/sql/literal.hpp"
#include "support/local_postgres.hpp"
#include "support/local_postgrest.hpp"

using namespace pgseed;
using namespace pgseed::migrate;

namespace {

Section section(const std::string& text, bool transaction = true) {
  Section result;
  result.text = text;
  result.path = "m.sql";
  result.line = 11;
  result.options.transaction = transaction;
  return result;
}

std::optional<std::string> variable(const std::string& name) {
  if (name == "owner") return "O'Neil\\";
  if (name == "table") return "My Table";
  if (name == "plain") return "plain";
  return {};
}

// "11:1 SELECT 1 | 12:3 SELECT 2 allow x block 1", or "error m.sql:11:1 ...".
std::string split(const std::string& text, bool transaction = true) {
  std::string out;
  try {
    for (const ScriptStatement& statement : split_section(section(text, transaction), variable)) {
      if (!out.empty()) out += " | ";
      out += std::to_string(statement.line) + ":" + std::to_string(statement.column) + " " +
             statement.sql;
      for (const std::string& rule : statement.allowed_rules) out += " allow " + rule;
      if (statement.block > 0) out += " block " + std::to_string(statement.block);
    }
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    return "error " + error.where + " " + error.message;
  }
  return out;
}

struct Case {
  std::string text;
  std::string expected;
};

}  // namespace

TEST_CASE("script: statements are sent as written, with the place that they have in the file") {
  const Case cases[] = {
      {"", ""},
      {"-- only a comment", ""},
      {";;\n;", ""},
      {"SELECT 1", "11:1 SELECT 1"},
      {"SELECT 1; SELECT 2;", "11:1 SELECT 1 | 11:11 SELECT 2"},
      {"-- a;\n/* b; /* c; */ */ SELECT /* d; */ 1 -- e;\n ;\n  SELECT 2 -- f;\n",
       "12:19 SELECT /* d; */ 1 -- e; | 14:3 SELECT 2"},
      {"SELECT 'żż', 1; SELECT 2", "11:1 SELECT 'żż', 1 | 11:17 SELECT 2"},
      {"SELECT 'a;''b', E'\\';', \"c;\", $$;$$, $x$;$$;$x$;",
       "11:1 SELECT 'a;''b', E'\\';', \"c;\", $$;$$, $x$;$$;$x$"},
      {"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT "
       "3",
       "11:1 CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END | "
       "11:84 SELECT 3"},
      {"CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 3",
       "11:1 CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2) | 11:63 SELECT 3"},
      {"DO $$ BEGIN; COMMIT; END $$", "11:1 DO $$ BEGIN; COMMIT; END $$"},
      {"SELECT 1;\r\nSELECT 2;\r\n", "11:1 SELECT 1 | 12:1 SELECT 2"},
      {"\\restrict abc\nSELECT 1;\n\\unrestrict abc\n", "12:1 SELECT 1"},
      {"SET standard_conforming_strings = off;\nSELECT 'a\\';'; SELECT 2;",
       "11:1 SET LOCAL standard_conforming_strings = off | 12:1 SELECT 'a\\';' | 12:16 SELECT 2"},
      {"SELECT 'a", "error m.sql:11:8 a string is never closed"},
      {"SELECT 1;\n/* a", "error m.sql:12:1 a comment /* is never closed"},
      {"SELECT 1;\nSELECT (2; SELECT 3;", "error m.sql:12:1 the statement never ends"},
      {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;",
       "error m.sql:11:1 the statement never ends"},
      {"SELECT 1;\n\\echo a\n", "error m.sql:12:1 a psql command in a migration"},
      {"SELECT 1 \\gexec\n", "error m.sql:11:1 a psql command in a migration"},
      {"SELECT '\xff'", "error m.sql:11 the section is not UTF-8 text"},
      {"SET client_encoding = latin1;",
       "error m.sql:11:1 a migration is UTF-8 and cannot set another client_encoding"},
      {"SET client_encoding = 'UTF8'", "11:1 SET LOCAL client_encoding = 'UTF8'"},
      {"COPY t TO stdout;", "error m.sql:11:1 COPY to stdout in a migration"},
      {"COPY t TO '/tmp/a';", "11:1 COPY t TO '/tmp/a'"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(split(test.text) == test.expected);
  }
}

TEST_CASE("script: directives stand at column 0 between statements") {
  const Case cases[] = {
      {"-- pgseed:allow drop-table\nDROP TABLE a; DROP TABLE b;",
       "12:1 DROP TABLE a allow drop-table | 12:15 DROP TABLE b"},
      {"-- pgseed:allow a, b\r\n-- why\n-- pgseed:allow c\nSELECT 1",
       "14:1 SELECT 1 allow a allow b allow c"},
      {"SELECT 1;\n -- pgseed:nonsense\n/*\n-- pgseed:nonsense\n*/", "11:1 SELECT 1"},
      {"SELECT '\n-- pgseed:nonsense\n', $$\n-- pgseed:nonsense\n$$",
       "11:1 SELECT '\n-- pgseed:nonsense\n', $$\n-- pgseed:nonsense\n$$"},
      {"-- pgseed:nonsense\nSELECT 1", "error m.sql:11:1 unknown directive -- pgseed:nonsense"},
      {"-- pgseed:", "error m.sql:11:1 unknown directive -- pgseed:"},
      {"-- pgseed:allow", "error m.sql:11:1 malformed directive -- pgseed:allow"},
      {"-- pgseed:vars maybe", "error m.sql:11:1 malformed directive -- pgseed:vars"},
      {"SELECT 1\n-- pgseed:allow a\n+ 2;", "error m.sql:12:1 a directive inside a statement"},
      {"SELECT 1\n-- pgseed:allow a\n", "11:1 SELECT 1"},
      {"-- pgseed:noparse\nSELECT 1; BEGIN; SET a = 'x",
       "11:1 -- pgseed:noparse\nSELECT 1; BEGIN; SET a = 'x"},
      {"-- pgseed:noparse\n-- nothing to run\n", ""},
      {"SELECT 1;\n-- pgseed:noparse\n",
       "error m.sql:12:1 -- pgseed:noparse behind the first statement"},
      {"-- pgseed:vars on\n-- pgseed:noparse\nSELECT 1",
       "error m.sql:12:1 -- pgseed:vars in a section with -- pgseed:noparse"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(split(test.text) == test.expected);
  }
}

TEST_CASE("script: variables are replaced between vars on and vars off, outside quotes") {
  const Case cases[] = {
      {"SELECT :'owner'", "11:1 SELECT :'owner'"},
      {"-- pgseed:vars on\nSELECT :'owner', :'plain';\n-- pgseed:vars off\nSELECT :'owner'",
       "12:1 SELECT E'O''Neil\\\\', 'plain' | 14:1 SELECT :'owner'"},
      {"-- pgseed:vars on\nDROP TABLE :\"table\", :\"plain\"",
       "12:1 DROP TABLE \"My Table\", plain"},
      {"-- pgseed:vars on\nSELECT ':''plain''', $$:'plain'$$, \":'plain'\" -- :'plain'\n, 1",
       "12:1 SELECT ':''plain''', $$:'plain'$$, \":'plain'\" -- :'plain'\n, 1"},
      {"-- pgseed:vars on\nSELECT a::\"plain\", a[1:2], :plain, b[:'x y']",
       "12:1 SELECT a::\"plain\", a[1:2], :plain, b[:'x y']"},
      {"-- pgseed:vars on\nSET search_path = :\"plain\"", "12:1 SET LOCAL search_path = plain"},
      {"-- pgseed:vars on\nSELECT 1,\n  :'other'",
       "error m.sql:13:3 the variable other has no value"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(split(test.text) == test.expected);
  }
}

TEST_CASE("script: a section that is a transaction has no BEGIN and COMMIT of its own") {
  const Case cases[] = {
      {"BEGIN; SELECT 1; COMMIT;", "11:8 SELECT 1"},
      {"SET a = 1; START TRANSACTION; SELECT 1; END WORK", "11:1 SET LOCAL a = 1 | 11:31 SELECT 1"},
      {"begin work; commit and no chain;", ""},
      {"SELECT 1; COMMIT;", "11:1 SELECT 1"},
      {"BEGIN; SELECT 1;", "error m.sql:11:1 BEGIN in a section that is one transaction already"},
      {"SELECT 1; BEGIN; COMMIT;",
       "error m.sql:11:11 BEGIN in a section that is one transaction already"},
      {"SELECT 1; commit; SELECT 2",
       "error m.sql:11:11 COMMIT in a section that is one transaction already"},
      {"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT",
       "error m.sql:11:1 BEGIN in a section that is one transaction already"},
      {"COMMIT AND CHAIN", "error m.sql:11:1 COMMIT in a section that is one transaction already"},
      {"COMMIT PREPARED 'a'",
       "error m.sql:11:1 COMMIT in a section that is one transaction already"},
      {"ROLLBACK;", "error m.sql:11:1 ROLLBACK in a migration"},
      {"ABORT;", "error m.sql:11:1 ROLLBACK in a migration"},
      {"SAVEPOINT a; ROLLBACK TO a; RELEASE a",
       "11:1 SAVEPOINT a | 11:14 ROLLBACK TO a | 11:29 RELEASE a"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(split(test.text) == test.expected);
  }
}

TEST_CASE("script: without a transaction, what stands between BEGIN and COMMIT is a block") {
  const Case cases[] = {
      {"SELECT 1; BEGIN; SELECT 2; SELECT 3; COMMIT; SET a = 1; BEGIN; SELECT 4; END",
       "11:1 SELECT 1 | 11:18 SELECT 2 block 1 | 11:28 SELECT 3 block 1 | 11:46 SET a = 1 | 11:64 "
       "SELECT 4 block 2"},
      {"COMMIT PREPARED 'a'", "11:1 COMMIT PREPARED 'a'"},
      {"SELECT 1;\nBEGIN; SELECT 1;", "error m.sql:12:1 BEGIN without COMMIT"},
      {"COMMIT;", "error m.sql:11:1 COMMIT without BEGIN"},
      {"BEGIN; BEGIN; COMMIT;", "error m.sql:11:8 BEGIN inside BEGIN ... COMMIT"},
      {"BEGIN; ROLLBACK;", "error m.sql:11:8 ROLLBACK in a migration"},
      {"BEGIN READ ONLY; COMMIT;",
       "error m.sql:11:1 a form of BEGIN or COMMIT that a migration cannot have"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(split(test.text, false) == test.expected);
  }
}

TEST_CASE("script: the rows of COPY become INSERT, a row a line where the file has it") {
  const Case cases[] = {
      {"COPY public.t (a, \"B c\") FROM stdin;\n1\tit's\n\\N\ta\\nb\\\\\n\\.\nSELECT 1;",
       "11:1 INSERT INTO public.t (a, \"B c\") OVERRIDING SYSTEM VALUE VALUES\n('1', 'it''s'),\n"
       "(NULL, E'a\\nb\\\\') | 15:1 SELECT 1"},
      {"COPY t FROM stdin;\n\\.\n", ""},
      {"SELECT 1; COPY t FROM stdin WITH (FORMAT csv, HEADER);\na,b\n\"x,y\",\n\\.\n",
       "11:1 SELECT 1 | 12:1 INSERT INTO t OVERRIDING SYSTEM VALUE VALUES\n('x,y', NULL)"},
      {"-- pgseed:allow x\nCOPY t FROM stdin;\n-- pgseed:nonsense\n\\.\n",
       "12:1 INSERT INTO t OVERRIDING SYSTEM VALUE VALUES\n('-- pgseed:nonsense') allow x"},
      {"-- pgseed:vars on\nCOPY :\"table\" FROM stdin;\n:'plain'\n\\.\n",
       "12:1 INSERT INTO \"My Table\" OVERRIDING SYSTEM VALUE VALUES\n(':''plain''')"},
      {"COPY t (a, b) FROM stdin;\n1\t2\n3\n\\.\n",
       "error m.sql:13:1 too few values: 1 for 2 columns"},
      {"COPY t FROM stdin;\n1\n", "error m.sql:13:1 the data of COPY ends without '\\.'"},
      {"COPY t FROM stdin", "error m.sql:11:18 the data of COPY ends without '\\.'"},
      {"COPY t FROM stdin; 1\n\\.\n", "error m.sql:11:20 the data of COPY is missing"},
      {"COPY t FROM stdin (FORMAT binary);\n\\.\n",
       "error m.sql:11:1 COPY from stdin in a form that cannot be read"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(split(test.text) == test.expected);
  }
  std::string many = "COPY t FROM stdin;\n";
  for (int row = 0; row < 1001; ++row) many += std::to_string(row) + "\n";
  const auto statements = split_section(section(many + "\\.\n"));
  REQUIRE(statements.size() == 3);
  CHECK(statements[0].line == 11);
  CHECK(statements[1].line == 511);
  CHECK(statements[1].sql.find("VALUES\n('500'),\n") != std::string::npos);
  CHECK(statements[2].sql == "INSERT INTO t OVERRIDING SYSTEM VALUE VALUES\n('1000')");
}

TEST_CASE("local setting: it ends with the transaction, whatever its spelling") {
  const Case cases[] = {
      {"SET a = 1", "SET LOCAL a = 1"},
      {"set session search_path to a, b", "SET LOCAL search_path to a, b"},
      {"SET LOCAL a = 1", "SET LOCAL a = 1"},
      {"SET /* x */ a = 1", "SET LOCAL a = 1"},
      {"SET TIME ZONE 'UTC'", "SET LOCAL TIME ZONE 'UTC'"},
      {"SET ROLE joe", "SET LOCAL ROLE joe"},
      {"SET SESSION AUTHORIZATION joe", "SET LOCAL SESSION AUTHORIZATION joe"},
      {"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
       "SET LOCAL SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"},
      {"SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS ALL DEFERRED"},
      {"SET TRANSACTION READ ONLY", "SET TRANSACTION READ ONLY"},
      {"RESET a.b", "SET LOCAL a.b TO DEFAULT"},
      {"RESET TIME ZONE", "SET LOCAL TIME ZONE DEFAULT"},
      {"RESET ROLE", "SET LOCAL ROLE TO DEFAULT"},
      {"RESET SESSION AUTHORIZATION", "SET LOCAL SESSION AUTHORIZATION DEFAULT"},
      {"RESET ALL", "RESET ALL"},
      {"SELECT pg_catalog.set_config('search_path', '', false)",
       "SELECT pg_catalog.set_config('search_path', '', true)"},
      {"SELECT set_config('a.b', f(1, 2), false), 'set_config(1,2,3)', set_config('c.d', '1', 1=2)",
       "SELECT set_config('a.b', f(1, 2), true), 'set_config(1,2,3)', set_config('c.d', '1', "
       "true)"},
      {"SELECT set_config('a.b', 'c')", "SELECT set_config('a.b', 'c')"},
      {"UPDATE t SET a = 1", "UPDATE t SET a = 1"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(as_local(test.text) == test.expected);
  }
}

TEST_CASE("script: what is sent instead of COPY and SET means the same to a server") {
  const auto& postgres = test::shared_stack().postgres;
  postgres.create_database("script");
  const std::string rows =
      "1\tplain\t{a,\"b c\"}\t\\\\x00ff\n2\t\\N\t\\N\t\\N\n3\ttab\\there\\nline\\\\\\'quote"
      "\t{}\t\\\\x\n4\t\t{NULL}\t\\\\xAB\n";
  const std::string table =
      " (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a varchar(40), b text[], c bytea)";
  postgres.sql("CREATE TABLE copied" + table + "; CREATE TABLE inserted" + table, "script");
  postgres.sql("COPY copied FROM stdin;\n" + rows + "\\.\n", "script");
  pg::Session session(postgres.url("script"));
  const auto run = [&](const std::string& text) {
    session.transaction([&](pg::Session& inner) {
      for (const ScriptStatement& statement : split_section(section(text))) {
        inner.execute(statement.sql);
      }
    });
  };
  run("COPY inserted (id, a, b, c) FROM stdin;\n" + rows + "\\.\n");
  CHECK(postgres.sql("SELECT count(*) FROM (TABLE copied INTERSECT TABLE inserted) x", "script") ==
        "4");

  run("SET a.b = 'x'; SET SESSION AUTHORIZATION postgres; SET SESSION CHARACTERISTICS AS "
      "TRANSACTION READ WRITE; RESET TIME ZONE; SET ROLE postgres; RESET ROLE; RESET SESSION "
      "AUTHORIZATION; RESET a.b; SET TIME "
      "ZONE 'UTC'; SELECT set_config('a.b', 'y', false); SAVEPOINT s; ROLLBACK TO s; RELEASE s");
  CHECK(session.query("SELECT current_setting('a.b', true)")[0][0].value_or("") == "");

  // The server's line is the file's.
  const auto statements =
      split_section(section("COPY inserted (id) FROM stdin;\n8\n9\nten\n\\.\n"));
  REQUIRE(statements.size() == 1);
  try {
    session.execute(statements[0].sql);
    FAIL("nothing was thrown");
  } catch (const pg::SqlError& error) {
    CHECK(statements[0].line + static_cast<std::uint64_t>(error.line) - 1 == 14);
  }
  const std::string odd = "it's \\ a\nline\r\n\"end\"";
  CHECK(session.query("SELECT " + sql::quote_literal(odd))[0][0] == odd);
}
