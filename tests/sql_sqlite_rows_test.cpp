#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/sql/rows.hpp"
#include "support/however_cut.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using namespace pgseed::sql;
using pgseed::test::check_however_cut;
using pgseed::test::Dump;
using pgseed::test::joined;
using pgseed::test::TextInput;
using pgseed::test::transcript;

namespace {

ReaderOptions sqlite() {
  ReaderOptions options;
  options.dialect = Dialect::sqlite;
  return options;
}

void check_sqlite(const Dump& expected) {
  check_however_cut(expected, sqlite());
}

}  // namespace

TEST_CASE("sql sqlite rows: a dump of sqlite3, however it is cut") {
  check_sqlite(
      {"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n"
       "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT);\n"
       "INSERT INTO t VALUES(1,'x');\nINSERT INTO t VALUES(2,NULL);\n"
       "ANALYZE sqlite_schema;\nINSERT INTO sqlite_stat1 VALUES('t',NULL,'2');\n"
       "PRAGMA writable_schema=ON;\n"
       "INSERT INTO sqlite_schema(type,name)VALUES('table','CREATE VIRTUAL TABLE');\n"
       "DELETE FROM sqlite_sequence;\nINSERT INTO sqlite_sequence VALUES('t',2);\n"
       "CREATE INDEX i ON t(b);\nCREATE VIEW v AS SELECT ';' FROM t;\nCOMMIT;\n",
       {"1-1 a session setting: PRAGMA foreign_keys=OFF",
        "2-2 a session setting: BEGIN TRANSACTION",
        "3-3 DDL: CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT)",
        "4 insert t: [1] [x]", "5 insert t: [2] NULL",
        "6-6 a session setting: ANALYZE sqlite_schema",
        "7-7 a session setting: INSERT INTO sqlite_stat1 VALUES('t',NULL,'2')",
        "8-8 a session setting: PRAGMA writable_schema=ON",
        "9-9 DDL: INSERT INTO sqlite_schema(type,name)VALUES('table','CREATE VIRTUAL TABLE')",
        "10-10 a session setting: DELETE FROM sqlite_sequence",
        "11-11 SELECT setval: INSERT INTO sqlite_sequence VALUES('t',2)",
        "12-12 DDL: CREATE INDEX i ON t(b)", "13-13 DDL: CREATE VIEW v AS SELECT ';' FROM t",
        "14-14 a session setting: COMMIT"}});
}

TEST_CASE("sql sqlite rows: INSERT in all its shapes, however it is cut") {
  const std::vector<Dump> cases = {
      {"", {}},
      {" \n-- only a comment", {}},
      {"/* not /* nested */ ;", {"1-1 an empty statement: "}},
      {"/*/ still open */;", {"1-1 an empty statement: "}},
      {"-- a CR\r ends no comment\nINSERT INTO t VALUES(1);", {"2 insert t: [1]"}},
      {"insert or ignore into T values (1, 'x'), (2, NULL);",
       {"1 insert T: [1] [x]", "1 insert T: [2] NULL"}},
      {"INSERT OR REPLACE INTO t VALUES(1);REPLACE INTO t VALUES(2);INSERT OR ROLLBACK INTO t "
       "VALUES(3);",
       {"1 insert t: [1]", "1 insert t: [2]", "1 insert t: [3]"}},
      {"INSERT INTO \"a\"\"b\"([c d],`e``f`,'g''h',i) VALUES(1,2,3,4);",
       {"1 insert a\"b(c d,e`f,g'h,i): [1] [2] [3] [4]"}},
      {"INSERT INTO [a]]b] VALUES(1);", {"1-1 INSERT ... SELECT: INSERT INTO [a]]b] VALUES(1)"}},
      {"INSERT INTO main.t AS x(a) VALUES\n  (1),\n  (2)\n;",
       {"2 insert t(a): [1]", "3 insert t(a): [2]"}},
      {"INSERT INTO \"Main\".[t] VALUES(1);INSERT INTO other.t VALUES(1);",
       {"1 insert t: [1]", "1 insert other.t: [1]"}},
      {"INSERT INTO t VALUES('a);','),(','INSERT INTO x VALUES (1);','-- R^n','/*','\\');",
       {"1 insert t: [a);] [),(] [INSERT INTO x VALUES (1);] [-- R^n] [/*] [\\]"}},
      {"INSERT/*a*/INTO/**/t/*;*/(a/*,*/)VALUES/*(*/(/*)*/1/*'*/)/*;*/,--,(2)\n(3)--;\n;",
       {"1 insert t(a): [1]", "2 insert t(a): [3]"}},
      {"INSERT INTO t DEFAULT VALUES;\nINSERT INTO t DEFAULT VALUES RETURNING id;",
       {"1 insert t():", "2 insert t():"}},
      {"INSERT INTO t VALUES(1) ON CONFLICT(a) DO UPDATE SET b=excluded.b||');';\n"
       "INSERT INTO t VALUES(2) RETURNING *;\nINSERT INTO t VALUES(3)\nON CONFLICT DO NOTHING;;",
       {"1 insert t: [1]", "2 insert t: [2]", "3 insert t: [3]", "4-4 an empty statement: "}},
      {"INSERT INTO t VALUES(1,f(2, ')')),\n(2,(SELECT ';'||'(')),(3,a),(4,?1),(5,[a]),(6,'a'+1);",
       {"1 insert t: unsupported a function call f() in 1",
        "2 insert t: unsupported a subquery in 2", "2 insert t: unsupported an expression (a) in 2",
        "2 insert t: unsupported a parameter in 2",
        "2 insert t: unsupported a column's name as a value in 2",
        "2 insert t: unsupported an expression in 2"}},
      {"\xEF\xBB\xBF-- head\r\nINSERT INTO t VALUES\r\n(1),\r\n(2);\r\n",
       {"3 insert t: [1]", "4 insert t: [2]"}},
      {"INSERT INTO \xC3\xA4$1 VALUES('\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB');",
       {"1 insert \xC3\xA4$1: [\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB]"}},
  };
  for (const Dump& each : cases) check_sqlite(each);
}

TEST_CASE("sql sqlite rows: names come as CREATE TABLE spells them") {
  check_sqlite(
      {"CREATE TABLE [Album] ([AlbumId] INTEGER, Title);\n"
       "INSERT INTO album(albumid,\"TITLE\",x) VALUES(1,2,3);\nINSERT INTO ALBUM VALUES(1,2);\n"
       "ALTER TABLE album RENAME TO Disc;\nALTER TABLE disc RENAME title TO Name;\n"
       "INSERT INTO DISC(NAME) VALUES(1);\nINSERT INTO album VALUES(1);\n"
       "DROP TABLE IF EXISTS main.disc;\nINSERT INTO DISC VALUES(1);",
       {"1-1 DDL: CREATE TABLE [Album] ([AlbumId] INTEGER, Title)",
        "2 insert Album(AlbumId,Title,x): [1] [2] [3]", "3 insert Album: [1] [2]",
        "4-4 DDL: ALTER TABLE album RENAME TO Disc",
        "5-5 DDL: ALTER TABLE disc RENAME title TO Name", "6 insert Disc(Name): [1]",
        "7 insert album: [1]", "8-8 DDL: DROP TABLE IF EXISTS main.disc", "9 insert DISC: [1]"}});
}

TEST_CASE("sql sqlite rows: what is no row is a statement of its own, whole") {
  const std::vector<Dump> cases = {
      {"CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO u VALUES(1); SELECT CASE WHEN 1 THEN "
       "2 "
       "END; END;INSERT INTO t VALUES(1);",
       {"1-1 DDL: CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO u VALUES(1); SELECT CASE "
        "WHEN 1 THEN 2 END; END",
        "1 insert t: [1]"}},
      {"create temp trigger g begin\n select 'END;'; -- ; end;\n select 1;end ;;",
       {"1-3 DDL: create temp trigger g begin\n select 'END;'; -- ; end;\n select 1;end",
        "3-3 an empty statement: "}},
      {"CREATE TABLE trigger_log(a); SELECT 1;",
       {"1-1 DDL: CREATE TABLE trigger_log(a)", "1-1 a query: SELECT 1"}},
      {"CREATE VIEW [;'] AS SELECT \";\", `;`, x';';",
       {"1-1 DDL: CREATE VIEW [;'] AS SELECT \";\", `;`, x';'"}},
      {"INSERT INTO t SELECT 1;INSERT INTO t(a) WITH x AS (SELECT 1) SELECT * FROM x;",
       {"1-1 INSERT ... SELECT: INSERT INTO t SELECT 1",
        "1-1 INSERT ... SELECT: INSERT INTO t(a) WITH x AS (SELECT 1) SELECT * FROM x"}},
      {"WITH x AS (SELECT replace('a','b','c')) REPLACE INTO t SELECT 1;"
       "WITH x(a) AS (SELECT 1) SELECT * FROM x;",
       {"1-1 INSERT ... SELECT: WITH x AS (SELECT replace('a','b','c')) REPLACE INTO t SELECT 1",
        "1-1 a query: WITH x(a) AS (SELECT 1) SELECT * FROM x"}},
      {"UPDATE t SET a=1;UPDATE sqlite_sequence SET seq=1;DELETE FROM t;DELETE FROM sqlite_stat1;"
       "UPDATE OR IGNORE main.sqlite_sequence SET seq=1;",
       {"1-1 UPDATE: UPDATE t SET a=1", "1-1 SELECT setval: UPDATE sqlite_sequence SET seq=1",
        "1-1 DELETE: DELETE FROM t", "1-1 a session setting: DELETE FROM sqlite_stat1",
        "1-1 SELECT setval: UPDATE OR IGNORE main.sqlite_sequence SET seq=1"}},
      {"ROLLBACK; -- due to errors\n", {"1-1 ROLLBACK: ROLLBACK"}},
      {"SELECT AddGeometryColumn('t','g');SELECT count(*), max(a) FROM t;FROB x;",
       {"1-1 a call: SELECT AddGeometryColumn('t','g')",
        "1-1 a query: SELECT count(*), max(a) FROM t", "1-1 an unknown statement: FROB x"}},
      {".mode csv\n.import a.csv t\n.read 'b.sql'\r\nINSERT INTO t VALUES(1);\n  .headers on",
       {"1-1 a session setting: .mode csv", "2-2 a psql command: .import a.csv t",
        "3-3 a psql command: .read 'b.sql'", "4 insert t: [1]",
        "5-5 a session setting: .headers on"}},
      {"INSERT INTO t VALUES(1);\n.quit\n\n", {"1 insert t: [1]", "2-2 a session setting: .quit"}},
      {".exit\nINSERT INTO t VALUES(1);",
       {"1-1 a session setting: .exit",
        "error a.sql:2:1 text behind .quit, which sqlite3 never reads"}},
  };
  for (const Dump& each : cases) check_sqlite(each);
}

TEST_CASE("sql sqlite rows: broken text is an error where it began, behind the rows before it") {
  const std::vector<Dump> cases = {
      {"INSERT INTO t VALUES(1,'abc", {"error a.sql:1:24 a string is never closed"}},
      {"INSERT INTO t VALUES(1),\n (2,replace('a','b','c\n)",
       {"1 insert t: [1]", "error a.sql:2:21 a string is never closed"}},
      {"INSERT INTO t VALUES(1),(2",
       {"1 insert t: [1]", "error a.sql:1:27 expected ',' or ')' after a value"}},
      {"INSERT INTO t VALUES(1)", {"error a.sql:1:24 the last statement has no ';' at its end"}},
      {"INSERT INTO t VALUES(1),",
       {"1 insert t: [1]", "error a.sql:1:25 expected '(' at the beginning of a row"}},
      {"INSERT INTO t VALUES(1) (2);",
       {"1 insert t: [1]", "error a.sql:1:25 expected ',' or ';' after a row"}},
      {"INSERT INTO t VALUES(1) UNION SELECT 2;",
       {"1 insert t: [1]", "error a.sql:1:25 expected ',' or ';' after a row"}},
      {"INSERT INTO t VALUES(1) ON CONFLICT (",
       {"1 insert t: [1]", "error a.sql:1:38 the last statement has no ';' at its end"}},
      {"INSERT INTO t VALUES();", {"error a.sql:1:22 expected a value"}},
      {"INSERT INTO t VALUES(1,);", {"error a.sql:1:24 expected a value"}},
      {"INSERT INTO t VALUES 1;", {"error a.sql:1:22 expected '(' after VALUES"}},
      {"INSERT INTO t(a,b) VALUES(1,2),\n  (3);",
       {"1 insert t(a,b): [1] [2]", "error a.sql:2:3 too few values: 1 for 2 columns"}},
      {"INSERT INTO t VALUES(1),(1,2);",
       {"1 insert t: [1]",
        "error a.sql:1:25 the rows of one statement must be of one length: 2 values where the "
        "first "
        "row has 1"}},
      {"INSERT INTO t VALUES('it's',2);", {"error a.sql:1:26 expected ',' or ')' after a value"}},
      {"INSERT INTO t VALUES(f(1);\nINSERT INTO t VALUES(2);",
       {"error a.sql:1:26 a ';' inside a row"}},
      {"INSERT INTO t VALUES(replace('a','b'),2);", {"1 insert t: unsupported an expression in 1"}},
      {"INSERT INTO t VALUES(replace('a','b'",
       {"error a.sql:1:22 a function call is never closed"}},
      {"INSERT INTO t VALUES(X'0');INSERT",
       {"error a.sql:1:22 a blob has an odd number of hexadecimal digits"}},
      {"INSERT INTO t VALUES(X'0g');",
       {"error a.sql:1:22 a blob holds something else than hexadecimal digits"}},
      {"INSERT INTO t VALUES(12abc);", {"error a.sql:1:22 trailing junk after a number"}},
      {"INSERT INTO t VALUES(0x);", {"error a.sql:1:22 not a hexadecimal number"}},
      {"INSERT INTO t(a b) VALUES(1);",
       {"error a.sql:1:17 expected ')' after the columns of INSERT"}},
      {"INSERT INTO \"\" VALUES(1);", {"error a.sql:1:13 a quoted name is empty"}},
      {"INSERT INTO [t VALUES(1);", {"error a.sql:1:13 a quoted name is never closed"}},
      {"SELECT 1;\n/* open",
       {"1-1 a query: SELECT 1", "error a.sql:2:1 a comment /* is never closed"}},
      {"SELECT 1;\nCREATE TABLE t (\n  a int\n",
       {"1-1 a query: SELECT 1", "error a.sql:2:1 the last statement has no ';' at its end"}},
      {"CREATE TRIGGER g BEGIN SELECT 1; END",
       {"error a.sql:1:1 the last statement has no ';' at its end"}},
      {"INSERT INTO t VALUES('\xFF');", {"error a.sql:1:23 the byte 0xFF is not valid UTF-8"}},
  };
  for (const Dump& each : cases) check_sqlite(each);
}

TEST_CASE("sql sqlite rows: statements only, where rows are not wanted") {
  ReaderOptions options = sqlite();
  options.rows = false;
  options.kept_statement = 24;
  check_however_cut({"INSERT INTO t VALUES(1,';');\n  CREATE TABLE abcdefghijklmnopq(a);",
                     {"1-1 INSERT ... SELECT: INSERT INTO t VALUES(1,' (cut)",
                      "2-2 DDL: CREATE TABLE abcdefghijk (cut)"}},
                    options);
}

TEST_CASE("sql sqlite rows: hostile text ends in an error or an unsupported row, soon") {
  ReaderOptions options = sqlite();
  options.max_row_bytes = 1 << 20;
  std::string nested = "INSERT INTO t VALUES(";
  for (int depth = 0; depth < 100000; ++depth) nested += "replace(";
  CHECK(joined(transcript(nested, options)) == "error a.sql:1:800022 a row is never closed\n");
  std::string closed = nested + "''";
  for (int depth = 0; depth < 100000; ++depth) closed += ",1,2)";
  options.max_row_bytes = 4 << 20;
  CHECK(joined(transcript(closed + ");", options)) ==
        "1 insert t: unsupported an expression nested too deeply in 1\n");
  options.max_row_bytes = 1 << 20;
  const std::string long_string(2 << 20, 'x');
  for (const std::string& values :
       {"'" + long_string, "'" + long_string + "');", "X'" + long_string + "');"}) {
    CHECK(joined(transcript("INSERT INTO t VALUES(" + values, options)) ==
          "error a.sql:1:21 a row or statement is longer than 1.0 MB\n");
  }
  for (const std::string& text :
       {"INSERT INTO \"" + long_string, "INSERT INTO t(\"" + long_string + "\") VALUES(1);"}) {
    CHECK(joined(transcript(text, options)) ==
          "error a.sql:1:1 a row or statement is longer than 1.0 MB\n");
  }
  // A megabyte for every byte of half a megabyte.
  const std::string half = long_string.substr(0, 400000);
  CHECK(joined(transcript("INSERT INTO t VALUES(replace('" + half + "','x','" + half + "'));",
                          options)) ==
        "error a.sql:1:22 a row whose values are longer than the limit of a row\n");
}

TEST_CASE("sql sqlite rows: a value is found in its line") {
  TextInput input("INSERT INTO t VALUES(1,\n 'b', X'41'\n);");
  DumpReader reader(input, "a.sql", sqlite());
  REQUIRE(reader.next() == Piece::row);
  CHECK(reader.where_value(1) == "a.sql:2:3");
  CHECK(reader.where_value(9) == "a.sql:1:21");
}
