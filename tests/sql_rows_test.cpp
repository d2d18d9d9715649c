#include "pgseed/sql/rows.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "support/however_cut.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using namespace pgseed::sql;
using pgseed::test::check_however_cut;
using pgseed::test::Dump;
using pgseed::test::joined;
using pgseed::test::TextInput;
using pgseed::test::transcript;

TEST_CASE("sql rows: INSERT in all its shapes, however it is cut") {
  const std::vector<Dump> cases = {
      {"", {}},
      {" \n-- only a comment", {}},
      {"INSERT INTO t VALUES (1);", {"1 insert t: [1]"}},
      {"insert into T (A, \"B c\") values (1, 'x'), (2, NULL);",
       {"1 insert t(a,B c): [1] [x]", "1 insert t(a,B c): [2] NULL"}},
      {"INSERT INTO s.t AS x (a) VALUES\n  (1),\n  (2)\n;",
       {"2 insert s.t(a): [1]", "3 insert s.t(a): [2]"}},
      {"INSERT INTO \"Escap3e;\" VALUES ('\\');", {"1 insert Escap3e;: [\\]"}},
      {"INSERT INTO db.\"S\".\"a\"\"b\" VALUES (1);", {"1 insert S.a\"b: [1]"}},
      {"INSERT INTO t VALUES ('a);', '),(', 'INSERT INTO x VALUES (1);', '-- R^n', '/*');",
       {"1 insert t: [a);] [),(] [INSERT INTO x VALUES (1);] [-- R^n] [/*]"}},
      {"INSERT/*a*/INTO/**/t/*;*/(a/*,*/)VALUES/*(*/(/*)*/1/*'*/)/*;*/,--,(2)\n(3)--;\n;",
       {"1 insert t(a): [1]", "2 insert t(a): [3]"}},
      {"INSERT INTO t VALUES (1), -- one\n /* two */ (2) -- end\n;",
       {"1 insert t: [1]", "2 insert t: [2]"}},
      {"INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1, DEFAULT);", {"1 insert t: [1] DEFAULT"}},
      {"INSERT INTO t (a) OVERRIDING USER VALUE VALUES (1);",
       {"1 insert t(a): unsupported OVERRIDING USER VALUE in 1"}},
      {"INSERT INTO t DEFAULT VALUES;\nINSERT INTO t DEFAULT VALUES RETURNING id;",
       {"1 insert t():", "2 insert t():"}},
      {"INSERT INTO t (values, \"select\") VALUES (1, 2);", {"1 insert t(values,select): [1] [2]"}},
      {"INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b || ');';\n"
       "INSERT INTO t VALUES (2) RETURNING *;",
       {"1 insert t: [1]", "2 insert t: [2]"}},
      {"INSERT INTO t VALUES (1)\nON CONFLICT DO NOTHING;;",
       {"1 insert t: [1]", "2-2 an empty statement: "}},
      {"INSERT INTO t VALUES ($a$x$$;$a$, E'\\'', U&'\\0041', N'n', B'1', 1.50, -5, true, now()),"
       "(ARRAY['a,b'], ROW(1,'x'), 'a'::text, 'a'\n'b', 'it''s', .5, 1e2, NULL, DEFAULT);",
       {"1 insert t: [x$$;] ['] [A] [n] [1]::bit [1.50] [-5] [true] now()",
        "1 insert t: [{\"a,b\"}] [(1,x)] [a]::text [ab] [it's] [0.5] [100] NULL DEFAULT"}},
      {"INSERT INTO t VALUES\n(1, f(2, ')')),\n(2, (SELECT ';' || '('))\n,(3, 3);",
       {"2 insert t: unsupported a function call f() in 2",
        "3 insert t: unsupported a subquery in 3", "4 insert t: [3] [3]"}},
      {"INSERT INTO t VALUES (1,\n2,\nnow() - '1 day');",
       {"1 insert t: unsupported an expression in 3"}},
      {"SET search_path = app, public;\nINSERT INTO t VALUES (1);\nINSERT INTO b.t VALUES (2);\n"
       "SELECT pg_catalog.set_config('search_path', '', false);\nINSERT INTO t VALUES (3);",
       {"1-1 a session setting: SET search_path = app, public", "2 insert app.t: [1]",
        "3 insert b.t: [2]",
        "4-4 a session setting: SELECT pg_catalog.set_config('search_path', '', false)",
        "5 insert t: [3]"}},
      {"SET standard_conforming_strings = off;\nINSERT INTO t VALUES ('a\\'b\\n');\n"
       "SET standard_conforming_strings TO 'on';\nINSERT INTO t VALUES ('a\\');",
       {"1-1 a session setting: SET standard_conforming_strings = off", "2 insert t: [a'b\n]",
        "3-3 a session setting: SET standard_conforming_strings TO 'on'", "4 insert t: [a\\]"}},
      {"\xEF\xBB\xBF-- head\r\nINSERT INTO t VALUES\r\n(1),\r\n(2);\r\n",
       {"3 insert t: [1]", "4 insert t: [2]"}},
      {"-- mac\rINSERT INTO t VALUES (1);", {"1 insert t: [1]"}},
  };
  for (const Dump& each : cases) check_however_cut(each);
}

TEST_CASE("sql rows: an INSERT whose rows only a server can tell is a statement of its own") {
  const std::vector<Dump> cases = {
      {"INSERT INTO t SELECT * FROM s;", {"1-1 INSERT ... SELECT: INSERT INTO t SELECT * FROM s"}},
      {"INSERT INTO t (a)\nSELECT ';';", {"1-2 INSERT ... SELECT: INSERT INTO t (a)\nSELECT ';'"}},
      {"INSERT INTO t (SELECT 1);", {"1-1 INSERT ... SELECT: INSERT INTO t (SELECT 1)"}},
      {"INSERT INTO t ((SELECT 1));", {"1-1 INSERT ... SELECT: INSERT INTO t ((SELECT 1))"}},
      {"INSERT INTO t (VALUES (1));", {"1-1 INSERT ... SELECT: INSERT INTO t (VALUES (1))"}},
      {"INSERT INTO t TABLE s;", {"1-1 INSERT ... SELECT: INSERT INTO t TABLE s"}},
      {"INSERT INTO t (a[1], b.c) VALUES (1, 2);",
       {"1-1 INSERT ... SELECT: INSERT INTO t (a[1], b.c) VALUES (1, 2)"}},
      {"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x;",
       {"1-1 INSERT ... SELECT: WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x"}},
      {"PREPARE p AS INSERT INTO t VALUES ($1);\nEXECUTE p(1);",
       {"1-1 a query: PREPARE p AS INSERT INTO t VALUES ($1)", "2-2 a call: EXECUTE p(1)"}},
  };
  for (const Dump& each : cases) check_however_cut(each);
}

TEST_CASE("sql rows: broken text is an error where it began, behind the rows before it") {
  const std::vector<Dump> cases = {
      {"INSERT INTO t VALUES (1, 'abc", {"error a.sql:1:26 a string is never closed"}},
      {"INSERT INTO t VALUES (1),\n (2, 'a', E'\\u12')",
       {"1 insert t: [1]", "error a.sql:2:12 an invalid Unicode escape"}},
      {"INSERT INTO t VALUES (1), (2",
       {"1 insert t: [1]", "error a.sql:1:29 expected ',' or ')' after a value"}},
      {"INSERT INTO t VALUES (1)", {"error a.sql:1:25 the last statement has no ';' at its end"}},
      {"INSERT INTO t VALUES (1), (2)\n",
       {"1 insert t: [1]", "error a.sql:2:1 the last statement has no ';' at its end"}},
      {"INSERT INTO t VALUES (1),",
       {"1 insert t: [1]", "error a.sql:1:26 expected '(' at the beginning of a row"}},
      {"INSERT INTO t VALUES (1) (2);",
       {"1 insert t: [1]", "error a.sql:1:26 expected ',' or ';' after a row"}},
      {"INSERT INTO t VALUES (1) ON x;",
       {"1 insert t: [1]", "error a.sql:1:26 expected ',' or ';' after a row"}},
      {"INSERT INTO t VALUES (1) ON CONFLICT (",
       {"1 insert t: [1]", "error a.sql:1:39 the last statement has no ';' at its end"}},
      {"INSERT INTO t VALUES ();", {"error a.sql:1:23 expected a value"}},
      {"INSERT INTO t VALUES (1,);", {"error a.sql:1:25 expected a value"}},
      {"INSERT INTO t VALUES 1;", {"error a.sql:1:22 expected '(' after VALUES"}},
      {"INSERT INTO t (a, b) VALUES (1, 2),\n  (3);",
       {"1 insert t(a,b): [1] [2]", "error a.sql:2:3 too few values: 1 for 2 columns"}},
      {"INSERT INTO t (a) VALUES (1, 2);", {"error a.sql:1:26 too many values: 2 for 1 columns"}},
      {"INSERT INTO t VALUES (1), (1, 2);",
       {"1 insert t: [1]",
        "error a.sql:1:27 the rows of one statement must be of one length: 2 values where the "
        "first "
        "row has 1"}},
      {"INSERT INTO t VALUES ('it's', 2);", {"error a.sql:1:27 expected ',' or ')' after a value"}},
      {"INSERT INTO t VALUES (f(1);\nINSERT INTO t VALUES (2);",
       {"error a.sql:1:27 a ';' inside a row"}},
      {"INSERT INTO t VALUES (f(1)", {"error a.sql:1:27 a row is never closed"}},
      {"INSERT INTO t (a b) VALUES (1);",
       {"error a.sql:1:18 expected ')' after the columns of INSERT"}},
      {"INSERT INTO t (a,) VALUES (1);", {"error a.sql:1:18 expected a column name"}},
      {"INSERT INTO 1 VALUES (1);", {"error a.sql:1:13 expected a name"}},
      {"INSERT INTO t (a) DEFAULT VALUES;", {"error a.sql:1:26 expected VALUES or a query"}},
      {"INSERT INTO t VALUES (1);\n /* open",
       {"1 insert t: [1]", "error a.sql:2:2 a comment /* is never closed"}},
      {"SELECT 1;\nCREATE TABLE t (\n  a int\n",
       {"1-1 a query: SELECT 1", "error a.sql:2:1 the last statement has no ';' at its end"}},
      {"CREATE FUNCTION f() AS $$ x;\n",
       {"error a.sql:1:24 a dollar-quoted string $$ is never closed"}},
      {"INSERT INTO `t` VALUES (1);", {"error a.sql:1:13 expected a name"}},
      {"garbage", {"error a.sql:1:1 this does not look like SQL"}},
      {"CREATE garbage", {"error a.sql:1:1 the last statement has no ';' at its end"}},
  };
  for (const Dump& each : cases) check_however_cut(each);
}

TEST_CASE("sql rows: statements between the rows come whole, with the lines they stand on") {
  check_however_cut(
      {"\\restrict abc\n\nSET lock_timeout = 0;\nCREATE FUNCTION f() RETURNS int LANGUAGE sql\n"
       "BEGIN ATOMIC\n INSERT INTO t VALUES (1); SELECT CASE WHEN true THEN 1 END; END;\n"
       "CREATE POLICY p ON t FOR INSERT WITH CHECK (true);\nINSERT INTO t VALUES (1);\n"
       "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v;);\n"
       "do 'begin perform ''hello;world''; end';\n/* a */ -- b\n UPDATE t SET a = 1 -- c;\n ;\n"
       "SELECT setval('s', 3) \\g\n\\unrestrict abc\n",
       {"1-1 \\restrict: \\restrict abc", "3-3 a session setting: SET lock_timeout = 0",
        "4-6 DDL: CREATE FUNCTION f() RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n INSERT INTO t "
        "VALUES "
        "(1); SELECT CASE WHEN true THEN 1 END; END",
        "7-7 DDL: CREATE POLICY p ON t FOR INSERT WITH CHECK (true)", "8 insert t: [1]",
        "9-9 DDL: CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM "
        "v;)",
        "10-10 DO: do 'begin perform ''hello;world''; end'",
        "12-13 UPDATE: UPDATE t SET a = 1 -- c;", "14-14 a psql command: SELECT setval('s', 3) \\g",
        "15-15 \\restrict: \\unrestrict abc"}});
}

TEST_CASE("sql rows: a date order that would change what dates mean is not passed over") {
  const struct {
    std::string value;
    bool passes;
  } cases[] = {{"ISO, MDY", true},  {"'ISO, MDY'", true}, {"'ISO, DMY'", false},
               {"ISO, DMY", false}, {"ymd", false},       {"European", false},
               {"NonEuro", true},   {"German", false},    {"DEFAULT", true}};
  for (const auto& [value, passes] : cases) {
    const std::string text = "SET datestyle = " + value + ";";
    CAPTURE(text);
    TextInput input(text);
    DumpReader reader(input, "a.sql", {});
    REQUIRE(reader.next() == Piece::statement);
    CHECK(is_unsupported(reader.statement().kind) == !passes);
  }
}

TEST_CASE("sql rows: the settings in force are told") {
  TextInput input(
      "SET TIME ZONE 'Europe/Berlin'; SET timezone TO DEFAULT; SET client_encoding = 'UTF8';"
      "set time zone interval '+02:00' hour to minute; RESET timezone;");
  DumpReader reader(input, "a.sql", {});
  std::vector<std::string> zones;
  while (reader.next() != Piece::end) zones.push_back(reader.time_zone());
  CHECK(zones == std::vector<std::string>{"Europe/Berlin", "", "", "Etc/GMT-2", ""});
  CHECK(reader.encoding() == "UTF8");
}

TEST_CASE("sql rows: without rows, an INSERT is a statement and COPY's data is passed over") {
  ReaderOptions options;
  options.rows = false;
  const std::string text =
      "INSERT INTO t VALUES (1),\n(2);\nCOPY t (a) FROM stdin;\n1\n;\n\\.\nCREATE TABLE x ();\n"
      "COPY t FROM stdin CSV;\n\"a\n\\.\"\n\\.\nSELECT 1;";
  const std::string expected = joined({"1-2 INSERT ... SELECT: INSERT INTO t VALUES (1),\n(2)",
                                       "7-7 DDL: CREATE TABLE x ()", "12-12 a query: SELECT 1"});
  for (const std::size_t block : {std::size_t{1}, std::size_t{7}, TextInput::kWhole}) {
    TextInput input(text, block);
    CHECK(joined(transcript(input, options)) == expected);
  }
}

TEST_CASE("sql rows: of a long statement the beginning is kept, however it is cut") {
  ReaderOptions options;
  options.kept_statement = 40;
  std::string text = "SELECT 1;\nCREATE VIEW v AS SELECT ";
  for (int column = 0; column < 500; ++column)
    text += "'\xC3\xA9' AS c" + std::to_string(column) + ",\n";
  text += "1 AS last;\nINSERT INTO t VALUES (1);";
  std::string first;
  for (const std::size_t block :
       {std::size_t{1}, std::size_t{7}, std::size_t{64}, TextInput::kWhole}) {
    TextInput input(text, block);
    const std::vector<std::string> lines = transcript(input, options);
    REQUIRE(lines.size() == 3);
    CHECK(lines[1].substr(0, 32) == "2-502 DDL: CREATE VIEW v AS SELE");
    CHECK(lines[1].substr(lines[1].size() - 6) == " (cut)");
    CHECK(lines[1].size() == std::string("2-502 DDL: ").size() + 40 + 6);
    CHECK(lines[2] == "503 insert t: [1]");
    if (first.empty()) first = joined(lines);
    CHECK(joined(lines) == first);
  }
  // What is never closed is named although its beginning is gone.
  options.max_row_bytes = 1000;
  TextInput torn(text.substr(0, 5000), 64);
  CHECK(joined(transcript(torn, options)).find("error a.sql:") != std::string::npos);
}

TEST_CASE("sql rows: the place of a value is told for the row at hand") {
  const std::string text = "INSERT INTO t VALUES (1, 'a'),\n  ('\xC3\xA9', 'it''s', 007, NULL);";
  for (const std::size_t block : {std::size_t{1}, TextInput::kWhole}) {
    TextInput input(text, block);
    DumpReader reader(input, "a.sql", {});
    REQUIRE(reader.next() == Piece::row);
    CHECK(reader.where_value(1) == "a.sql:1:27");
    CHECK(reader.where_value(9) == "a.sql:1:22");
    // A row of another length ends the statement.
    CHECK_THROWS_AS(reader.next(), Error);
  }
  TextInput input("INSERT INTO t VALUES ('\xC3\xA9', 'it''s', 007, NULL);");
  DumpReader reader(input, "a.sql", {});
  REQUIRE(reader.next() == Piece::row);
  CHECK(reader.where_value(0) == "a.sql:1:24");
  CHECK(reader.where_value(1) == "a.sql:1:29");
  CHECK(reader.where_value(2) == "a.sql:1:22");  // rewritten: the row's place
  CHECK(reader.where_value(3) == "a.sql:1:22");
}

TEST_CASE("sql rows: every statement with rows has a number of its own, and its line") {
  const std::string text =
      "INSERT INTO a VALUES (1), (2);\n\nINSERT INTO a\nVALUES (3);\nCOPY a FROM stdin;\n4\n\\.\n";
  TextInput input(text);
  DumpReader reader(input, "a.sql", {});
  std::vector<std::uint64_t> numbers, lines;
  while (reader.next() != Piece::end) {
    numbers.push_back(reader.head().number);
    lines.push_back(reader.head().line);
  }
  CHECK(numbers == std::vector<std::uint64_t>{1, 1, 2, 3});
  CHECK(lines == std::vector<std::uint64_t>{1, 1, 3, 5});
  CHECK(reader.consumed() == text.size());
}

TEST_CASE("sql rows: an error carries the line and a caret") {
  TextInput input("INSERT INTO t VALUES\n  (1, 2 3);");
  DumpReader reader(input, "a.sql", {});
  try {
    reader.next();
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    CHECK(error.where == "a.sql:2:9");
    CHECK(error.excerpt == "    (1, 2 3);\n          ^");
    CHECK(!error.hint.empty());
  }
}

TEST_CASE("sql rows: hostile sizes need neither time nor depth") {
  // 100,000 parentheses, 1,600 columns, an identifier of a megabyte, one row of a megabyte.
  std::string deep = "INSERT INTO t VALUES (";
  deep += std::string(100000, '(') + "1" + std::string(100000, ')') + ");";
  CHECK(joined(transcript(deep)) ==
        "1 insert t: unsupported an expression nested too deeply in 1\n");
  std::string wide = "INSERT INTO t VALUES (1";
  for (int column = 1; column < 1600; ++column) wide += ",1";
  CHECK(transcript(wide + ");")[0].size() == 12 + 1600 * 4 - 1 + 0);
  const std::string name(1 << 20, 'x');
  CHECK(joined(transcript("INSERT INTO " + name + " VALUES (1);")) ==
        "1 insert " + name.substr(0, 63) + ": [1]\n");
  TextInput input("INSERT INTO t VALUES ('" + name + "');", std::size_t{1000});
  CHECK(joined(transcript(input)) == "1 insert t: [" + name + "]\n");
}
