#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/sql/rows.hpp"
#include "support/however_cut.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using namespace pgseed::sql;
using namespace std::string_literals;
using pgseed::test::check_however_cut;
using pgseed::test::Dump;
using pgseed::test::joined;
using pgseed::test::TextInput;
using pgseed::test::transcript;

namespace {

ReaderOptions mysql() {
  ReaderOptions options;
  options.dialect = Dialect::mysql;
  return options;
}

void check(const std::vector<Dump>& cases) {
  for (const Dump& each : cases) check_however_cut(each, mysql());
}

// The values of INSERT INTO t VALUES (`values`), as show() tells them, or what else came of it.
std::string read(const std::string& values) {
  std::string line = joined(transcript("INSERT INTO t VALUES (" + values + ");", mysql()));
  const std::string head = "1 insert t: ";
  if (line.starts_with(head)) line.erase(0, head.size());
  line.pop_back();
  return line;
}

// The first value of a row and its form.
struct Read {
  Form form = Form::null;
  std::string text;
};
Read first_value(const std::string& dump) {
  TextInput input(dump);
  DumpReader reader(input, "a.sql", mysql());
  Piece piece = reader.next();
  while (piece == Piece::statement) piece = reader.next();
  REQUIRE(piece == Piece::row);
  REQUIRE(reader.row().unsupported == "");
  const Value& value = reader.row().values.at(0);
  return {value.form, value.form == Form::null ? "" : decoded(value)};
}

}  // namespace

TEST_CASE("sql mysql rows: INSERT and REPLACE in all their shapes, however they are cut") {
  check({
      {"", {}},
      {" \n# only\n-- comments\n--\n/* here */", {}},
      {"INSERT INTO `t` VALUES (1,'x',NULL),(2,'y',3);",
       {"1 insert t: [1] [x] NULL", "1 insert t: [2] [y] [3]"}},
      {"insert into T (`A`, b, \"C\") values (1, 'x', -2.50)\n, (2, null, DEFAULT);",
       {"1 insert T(A,b,C): [1] [x] [-2.50]", "2 insert T(A,b,C): [2] NULL DEFAULT"}},
      {"INSERT IGNORE INTO t VALUES (1);REPLACE INTO t VALUES (2);REPLACE t VALUE (3);"
       "INSERT t VALUES (4);INSERT LOW_PRIORITY IGNORE t VALUES (5);REPLACE DELAYED INTO t VALUES "
       "(6);",
       {"1 insert t: [1]", "1 insert t: [2]", "1 insert t: [3]", "1 insert t: [4]",
        "1 insert t: [5]", "1 insert t: [6]"}},
      {"INSERT INTO `a``b`.`c;d` (`x``y`) VALUES (1);", {"1 insert a`b.c;d(x`y): [1]"}},
      {"INSERT INTO t PARTITION (p0, p1) (a) VALUES (1);", {"1 insert t(a): [1]"}},
      {"INSERT INTO t (t.a, b) VALUES ROW(1, 2), ROW(3, 4);",
       {"1 insert t(a,b): [1] [2]", "1 insert t(a,b): [3] [4]"}},
      {"INSERT INTO t () VALUES ();INSERT INTO t VALUES (), ();",
       {"1 insert t():", "1 insert t():", "1 insert t():"}},
      {"INSERT INTO t SET a = 1, `b` = 'x;', c := NULL ON DUPLICATE KEY UPDATE a = 2;",
       {"1 insert t(a,b,c): [1] [x;] NULL"}},
      {"INSERT INTO t VALUES (1, 'a') ON DUPLICATE KEY UPDATE b = VALUES(b), c = ');';\n"
       "INSERT INTO t VALUES (2, 'b') AS new ON DUPLICATE KEY UPDATE b = new.b;\n"
       "INSERT INTO t VALUES (3, 'c') RETURNING a;",
       {"1 insert t: [1] [a]", "2 insert t: [2] [b]", "3 insert t: [3] [c]"}},
      {"INSERT INTO t VALUES ('a);', '),(', 'it\\'s', \"say \\\"x\\\"\", '--', '/*', '#');",
       {"1 insert t: [a);] [),(] [it's] [say \"x\"] [--] [/*] [#]"}},
      {"INSERT/*a*/INTO/**/t/*;*/(a/*,*/)VALUES#(\n(/*)*/1/*'*/)/*;*/,-- (2)\n(3)-- ;\n;",
       {"2 insert t(a): [1]", "3 insert t(a): [3]"}},
      {"INSERT INTO t VALUES (1),\n(2, 3);",
       {"1 insert t: [1]",
        "error a.sql:2:1 the rows of one statement must be of one length: 2 values where the first "
        "row has 1"}},
      {"INSERT INTO t VALUES (1,\n f(2, ')')),\n(@x, 1),\n(3, (SELECT 1)), (4, 5 + 1), (6, 7);",
       {"1 insert t: unsupported a function call f() in 2",
        "3 insert t: unsupported a variable in 3", "4 insert t: unsupported an expression in 4",
        "4 insert t: unsupported an expression in 4", "4 insert t: [6] [7]"}},
      {"INSERT INTO t SET a = 1, b = a + 1;",
       {"1 insert t(a,b): unsupported an expression (a) in 1"}},
      {"\xEF\xBB\xBF-- head\r\nINSERT INTO t VALUES\r\n(1),\r\n(2);\r\n",
       {"3 insert t: [1]", "4 insert t: [2]"}},
  });
}

TEST_CASE("sql mysql rows: what stands in a conditional comment counts") {
  check({
      {"/*!40000 INSERT INTO t VALUES (1) */;", {"1 insert t: [1]"}},
      {"INSERT INTO t VALUES (1,/*!50705 0x4142,*/'x'),(2,/*!50705 '(',*/'y');",
       {"1 insert t: [1] [AB] [x]", "1 insert t: [2] [(] [y]"}},
      {"INSERT INTO t VALUES (1/*! ,2*//*M! ,3*//*M!100100 ,4*//*!100100 ,5*//*!1,6*/);",
       {"1 insert t: unsupported an expression in 1"}},
      {"INSERT INTO t VALUES (1/*! ,2*//*M! ,3*//*M!100100 ,4*//*!100100 ,5*/);",
       {"1 insert t: [1] [2] [3] [4] [5]"}},
      // No server is of these versions.
      {"/*M!999999\\- enable the sandbox mode */ \nINSERT INTO t VALUES (1/*!99999 ,2*/);",
       {"2 insert t: [1]"}},
      {"/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"
       "/*!40000 ALTER TABLE `t` DISABLE KEYS */;\nLOCK TABLES `t` WRITE;\nUNLOCK TABLES;\n",
       {"1-1 a session setting: SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO'",
        "2-2 a session setting: ALTER TABLE `t` DISABLE KEYS",
        "3-3 a session setting: LOCK TABLES `t` WRITE", "4-4 a session setting: UNLOCK TABLES"}},
      {"/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 VIEW v AS SELECT 1 */;",
       {"1-1 DDL: CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 VIEW v AS SELECT 1 */"}},
  });
}

TEST_CASE("sql mysql rows: literals in all their spellings") {
  CHECK(read("'a\\0b'") == "[a\0b]"s);
  CHECK(read("'\\'\\\"\\b\\n\\r\\t\\Z\\\\\\%\\_\\x\\/'") == "['\"\b\n\r\t\x1A\\\\%\\_x/]");
  CHECK(read("'it''s \"x\"', \"it's \"\"x\"\"\", '\\\\'") == "[it's \"x\"] [it's \"x\"] [\\]");
  CHECK(read("'a' 'b', 'a'\"b\" /* c */ 'd' # e\n'f', '''' ''") == "[ab] [abdf] [']");
  CHECK(read("N'n', n'\\n', _utf8mb4'\\'', _utf8 'x', _ascii\"y\", _latin1'z'") ==
        "[n] [\n] ['] [x] [y] [z]");
  CHECK(read("'a' COLLATE utf8mb4_bin, _utf8'b' COLLATE `x`, _utf8mb4 0x4142") == "[a] [b] [AB]");
  CHECK(read("0x4142, x'41', X'', b'1000001', B'', 0b01, _binary 'a\\0', _binary 0x41, 0xABC") ==
        "[AB] [A] [] [A] [] [\x01] [a\0] [A] [\n\xBC]"s);
  CHECK(read("007, -5, - 5, +3, .5, 1., -0, -.0, 1.50, 00, 0.10, 123456789012345678901234567890") ==
        "[7] [-5] [-5] [3] [0.5] [1] [0] [0.0] [1.50] [0] [0.10] [123456789012345678901234567890]");
  CHECK(read("1e3, 1.5E-2, -2e+1") ==
        "[1000]::double precision [0.015]::double precision [-20]::double precision");
  CHECK(read("TRUE, false, NULL, \\N, Default") == "[1] [0] NULL NULL DEFAULT");
  CHECK(read("NOW(), CURRENT_TIMESTAMP, current_timestamp(), CURDATE(), CURRENT_DATE, LOCALTIME") ==
        "now() now() now() today() today() now()");
  CHECK(read("DATE '2024-01-02', TIMESTAMP'2024-01-02 03:04:05'") ==
        "[2024-01-02] [2024-01-02 03:04:05]");
  for (const std::string text :
       {"NOW(6)", "uuid()", "1 + 1", "-'1'", "(1)", "_latin1'\xC3\xA9'", "_utf16'a'", "0x", "0xG1",
        "a", "1a", "--1", "@a", "CAST('1' AS JSON)", "DEFAULT(a)", "'a' + 1", "0X41",
        "{d '2024-01-01'}"}) {
    CAPTURE(text);
    CHECK(read(text).rfind("unsupported ", 0) == 0);
  }
  for (const std::string text :
       {"x'4'", "x'zz'", "b'2'", "'a", "'it's'", "1 2", "", "1,", "'a' 'b"}) {
    if (text.empty() || text == "1 2") continue;  // a row of defaults; an expression
    CAPTURE(text);
    CHECK(read(text).rfind("error ", 0) == 0);
  }
}

TEST_CASE("sql mysql rows: sql_mode changes what quotes and backslashes are") {
  check({
      {"SET sql_mode='NO_BACKSLASH_ESCAPES';INSERT INTO t VALUES ('a\\','it''s\\n');"
       "SET SQL_MODE=DEFAULT;INSERT INTO t VALUES ('a\\'b');",
       {"1-1 a session setting: SET sql_mode='NO_BACKSLASH_ESCAPES'", "1 insert t: [a\\] [it's\\n]",
        "1-1 a session setting: SET SQL_MODE=DEFAULT", "1 insert t: [a'b]"}},
      {"SET @old=@@sql_mode, SESSION sql_mode=\"ANSI_QUOTES,NO_BACKSLASH_ESCAPES\";\n"
       "INSERT INTO \"t\" VALUES ('\\', \"x\");\nSET sql_mode=@OLD;\n"
       "INSERT INTO \"t\" VALUES ('\\'', \"x\");",
       {"1-1 a session setting: SET @old=@@sql_mode, SESSION "
        "sql_mode=\"ANSI_QUOTES,NO_BACKSLASH_ESCAPES\"",
        "2 insert t: unsupported an expression in 2", "3-3 a session setting: SET sql_mode=@OLD",
        "4 insert t: ['] [x]"}},
      {"SET @@session.sql_mode := 'ansi';INSERT INTO t VALUES (\"a\");",
       {"1-1 a session setting: SET @@session.sql_mode := 'ansi'",
        "1 insert t: unsupported an expression in 1"}},
      {"SET GLOBAL sql_mode='NO_BACKSLASH_ESCAPES';INSERT INTO t VALUES ('\\'');",
       {"1-1 a session setting: SET GLOBAL sql_mode='NO_BACKSLASH_ESCAPES'", "1 insert t: [']"}},
      {"SET sql_mode=CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES');",
       {"1-1 an unknown statement: SET sql_mode=CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')"}},
      {"SET time_zone='+05:45';", {"1-1 a session setting: SET time_zone='+05:45'"}},
      {"SET time_zone='+05:75';", {"error a.sql:1 the time zone +05:75 is not known"}},
  });
}

TEST_CASE("sql mysql rows: bytes that are no text make a value of bytes, whatever its spelling") {
  const std::string image = "\x89PNG\r\n\x1A\n";
  CHECK(first_value("INSERT INTO t VALUES ('" + image + "');").form == Form::bytes);
  CHECK(first_value("INSERT INTO t VALUES ('" + image + "');").text == image);
  const Read escaped = first_value("INSERT INTO t VALUES ('\xFF\\0\\'''\\\\', 'x');");
  CHECK(escaped.form == Form::bytes);
  CHECK(escaped.text == "\xFF\0''\\"s);
  CHECK(first_value("INSERT INTO t VALUES ('a\0b');"s).form == Form::bytes);
  CHECK(first_value("INSERT INTO t VALUES ('a\\0b');").form == Form::mysql_escapes);
  for (const std::string& value :
       {"\"a\\0b\""s, "'a' '\\0b'"s, "_utf8mb4'a\\0b'"s, "_utf8mb4 x'610062'"s}) {
    CAPTURE(value);
    CHECK(first_value("INSERT INTO t VALUES (" + value + ");").form == Form::bytes);
    CHECK(first_value("INSERT INTO t VALUES (" + value + ");").text.size() == 3);
  }
  CHECK(first_value("INSERT INTO t VALUES (_utf8mb4 0xFF);").form == Form::bytes);
  CHECK(first_value("INSERT INTO t VALUES (_utf8mb4 0xC3A9);").form == Form::verbatim);
  CHECK(first_value("INSERT INTO t VALUES ('caf\xC3\xA9', '\xE9');").form == Form::verbatim);
  CHECK(first_value("INSERT INTO t VALUES (_binary '\xFF\\'');").text == "\xFF'");
  CHECK(first_value("-- \xE9\nINSERT INTO t VALUES ('a');").form == Form::verbatim);
  // Behind a comment and values with such bytes the next are looked at again, wherever blocks fall.
  std::string dump = "-- \xFF\n";
  for (int row = 0; row < 40; ++row) {
    dump += row % 3 == 0 ? "INSERT INTO t VALUES ('\xC3\xA9\xFE\\n');\n"
                         : "INSERT INTO t VALUES ('\xC3\xA9');\n";
  }
  for (const std::size_t block : {1U, 7U, 64U, 1000000U}) {
    CAPTURE(block);
    TextInput input(dump, block);
    DumpReader reader(input, "a.sql", mysql());
    for (int row = 0; row < 40; ++row) {
      REQUIRE(reader.next() == Piece::row);
      const Value& value = reader.row().values.at(0);
      CHECK(value.form == (row % 3 == 0 ? Form::bytes : Form::verbatim));
      CHECK(decoded(value) == (row % 3 == 0 ? "\xC3\xA9\xFE\n" : "\xC3\xA9"));
    }
  }
}

TEST_CASE("sql mysql rows: names must be text, statements become it") {
  check({
      {"INSERT INTO `\xE9` VALUES (1);",
       {"error a.sql:1:1 a name in this statement is not valid UTF-8"}},
      {"CREATE TABLE t (a int COMMENT '\xE9\xE9');",
       {"1-1 DDL: CREATE TABLE t (a int COMMENT '?"
        "?')"}},
  });
}

TEST_CASE("sql mysql rows: the first database of a file is its own, others are schemas") {
  check({
      {"CREATE DATABASE a;USE `a`;INSERT INTO t VALUES (1);INSERT INTO a.t VALUES (2);"
       "INSERT INTO b.t VALUES (3);USE b\nINSERT INTO t VALUES (4);\nUSE a ;\n"
       "INSERT INTO t VALUES (5);",
       {"1-1 DDL: CREATE DATABASE a", "1-1 a session setting: USE `a`", "1 insert t: [1]",
        "1 insert t: [2]", "1 insert b.t: [3]", "1-1 a session setting: USE b", "2 insert b.t: [4]",
        "3-3 a session setting: USE a", "4 insert t: [5]"}},
      {"INSERT INTO b.t VALUES (3);", {"1 insert b.t: [3]"}},
      {"USE my-db;INSERT INTO t VALUES (1);",
       {"1-1 a session setting: USE my-db", "1 insert t: [1]"}},
  });
}

TEST_CASE("sql mysql rows: DELIMITER moves the end of statements") {
  check({
      {"DELIMITER $$\nCREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN\n  SET @a = "
       "';';\nEND$$\n"
       "INSERT INTO t VALUES (1)$$\nDELIMITER ;\nINSERT INTO t VALUES (2);",
       {"1-1 a session setting: DELIMITER $$",
        "2-4 DDL: CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN\n  SET @a = ';';\nEND",
        "5 insert t: [1]", "6-6 a session setting: DELIMITER ;", "7 insert t: [2]"}},
      {"delimiter //\nSELECT 1; SELECT 2//\ndelimiter ;;\nCREATE TABLE t (a int);;\n",
       {"1-1 a session setting: delimiter //", "2-2 a query: SELECT 1; SELECT 2",
        "3-3 a session setting: delimiter ;;", "4-4 DDL: CREATE TABLE t (a int)"}},
  });
}

TEST_CASE("sql mysql rows: statements that are no rows") {
  check({
      {"INSERT INTO t SELECT 1;REPLACE INTO t (a) SELECT 2;INSERT INTO t (SELECT 1);",
       {"1-1 INSERT ... SELECT: INSERT INTO t SELECT 1",
        "1-1 INSERT ... SELECT: REPLACE INTO t (a) SELECT 2",
        "1-1 INSERT ... SELECT: INSERT INTO t (SELECT 1)"}},
      {"CREATE TABLE a (b int) SELECT 1;CREATE TABLE a AS SELECT 1;CREATE TABLE `select` (a int);"
       "CREATE VIEW v AS SELECT 1;CREATE TABLE a (b int DEFAULT 1) ENGINE=InnoDB;",
       {"1-1 INSERT ... SELECT: CREATE TABLE a (b int) SELECT 1",
        "1-1 INSERT ... SELECT: CREATE TABLE a AS SELECT 1",
        "1-1 DDL: CREATE TABLE `select` (a int)", "1-1 DDL: CREATE VIEW v AS SELECT 1",
        "1-1 DDL: CREATE TABLE a (b int DEFAULT 1) ENGINE=InnoDB"}},
      {"UPDATE t SET a = 1;DELETE FROM t;TRUNCATE TABLE t;CALL p();LOAD DATA INFILE 'x' INTO TABLE "
       "t;"
       "ROLLBACK;START TRANSACTION;COMMIT;;SELECT 'a;' AS x;SELECT f(1);source x.sql;",
       {"1-1 UPDATE: UPDATE t SET a = 1", "1-1 DELETE: DELETE FROM t",
        "1-1 TRUNCATE: TRUNCATE TABLE t", "1-1 a call: CALL p()",
        "1-1 COPY from a file, a program or in an unknown form: LOAD DATA INFILE 'x' INTO TABLE t",
        "1-1 ROLLBACK: ROLLBACK", "1-1 a session setting: START TRANSACTION",
        "1-1 a session setting: COMMIT",
        "1-1 an empty statement: ", "1-1 a query: SELECT 'a;' AS x", "1-1 a call: SELECT f(1)",
        "1-1 a psql command: source x.sql"}},
      {"mysqldump: [Warning] Using a password can be insecure.\n-- MySQL dump\nSET x=1;",
       {"1-3 an unknown statement: mysqldump: [Warning] Using a password can be insecure.\n"
        "-- MySQL dump\nSET x=1"}},
  });
}

TEST_CASE("sql mysql rows: broken text is an error where it began, behind the rows before it") {
  check({
      {"INSERT INTO t VALUES (1, 'abc", {"error a.sql:1:26 a string is never closed"}},
      {"INSERT INTO t VALUES (1, 'abc\\", {"error a.sql:1:26 a string is never closed"}},
      {"INSERT INTO t VALUES (1), (2",
       {"1 insert t: [1]", "error a.sql:1:29 expected ',' or ')' after a value"}},
      {"INSERT INTO t VALUES (1)", {"error a.sql:1:25 the last statement has no ';' at its end"}},
      {"INSERT INTO t VALUES (1),",
       {"1 insert t: [1]", "error a.sql:1:26 expected '(' at the beginning of a row"}},
      {"INSERT INTO t VALUES (1) (2);",
       {"1 insert t: [1]", "error a.sql:1:26 expected ',' or ';' after a row"}},
      {"INSERT INTO t VALUES (1,);", {"error a.sql:1:25 expected a value"}},
      {"INSERT INTO t VALUES 1;", {"error a.sql:1:22 expected '(' after VALUES"}},
      {"INSERT INTO t (a, b) VALUES (1, 2),\n  (3);",
       {"1 insert t(a,b): [1] [2]", "error a.sql:2:3 too few values: 1 for 2 columns"}},
      {"INSERT INTO t VALUES ('it's');", {"error a.sql:1:27 expected ',' or ')' after a value"}},
      {"INSERT INTO t VALUES (f(1;", {"error a.sql:1:26 a ';' inside a row"}},
      {"INSERT INTO `t VALUES (1);", {"error a.sql:1:13 a quoted name is never closed"}},
      {"CREATE TABLE t (a int", {"error a.sql:1:1 the last statement has no ';' at its end"}},
      {"/* never", {"error a.sql:1:1 a comment /* is never closed"}},
      {"INSERT INTO t SET a 1;", {"error a.sql:1:21 expected '=' after a column"}},
      {"DELIMITER\n", {"error a.sql:1:1 DELIMITER without a delimiter"}},
      {"DELIMITER 123456789012345\nUSE d",
       {"1-1 a session setting: DELIMITER 123456789012345", "2-2 a session setting: USE d"}},
      {"DELIMITER 1234567890123456\n",
       {"error a.sql:1:11 DELIMITER with more than 15 bytes, of which the client takes 15"}},
      // Bytes that are no text are none in a message.
      {"DELIMITER \xFF\nSELECT 1",
       {"1-1 a session setting: DELIMITER ?",
        "error a.sql:2:1 the last statement has no '?' at its end"}},
  });
}

TEST_CASE("sql mysql rows: SET NAMES switches the encoding, once") {
  const auto run = [](const std::string& text, TextEncoding encoding = TextEncoding::announced) {
    ReaderOptions options = mysql();
    options.encoding = encoding;
    TextInput input(text);
    std::string out = joined(transcript(input, options));
    for (const std::string& name : input.encodings) out += "switch " + name + "\n";
    return out;
  };
  CHECK(run("SET NAMES latin1;INSERT INTO t VALUES ('\xC3\xA9');") ==
        "1-1 a session setting: SET NAMES latin1\n1 insert t: [\xC3\xA9]::converted text\n"
        "switch win1252\n");
  CHECK(run("SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin';SET NAMES binary;SET character_set_client = "
            "latin1;SET CHARACTER SET utf8;")
            .find("switch") == std::string::npos);
  CHECK(run("SET NAMES latin1;SET NAMES utf8;INSERT INTO t VALUES (1);")
            .find("error a.sql:1 the encoding changes from win1252 to utf8") != std::string::npos);
  CHECK(run("SET NAMES latin1;SET NAMES utf8;INSERT INTO t VALUES ('\xC3\xA9');",
            TextEncoding::utf8) ==
        "1-1 a session setting: SET NAMES latin1\n1-1 a session setting: SET NAMES utf8\n"
        "1 insert t: [\xC3\xA9]\n");
  // Where the text was converted, bytes are not what they were.
  CHECK(run("INSERT INTO t VALUES (_binary '\xC3\xA9'), (_binary 'a'), (0xFF);",
            TextEncoding::converted) ==
        "1 insert t: unsupported binary bytes in a text that is not in UTF-8 in 1\n"
        "1 insert t: [a]\n1 insert t: [\xFF]\n");
}

TEST_CASE("sql mysql rows: time zones are named as PostgreSQL names them") {
  const auto zone = [](const std::string& setting) {
    TextInput input("SET TIME_ZONE=" + setting + ";");
    DumpReader reader(input, "a.sql", mysql());
    REQUIRE(reader.next() == Piece::statement);
    return reader.time_zone();
  };
  CHECK(zone("'+00:00'") == "UTC");
  CHECK(zone("'+02:00'") == "Etc/GMT-2");
  CHECK(zone("'-05:00'") == "Etc/GMT+5");
  CHECK(zone("'Europe/Berlin'") == "Europe/Berlin");
  CHECK(zone("SYSTEM") == "");
  CHECK(zone("@OLD_TIME_ZONE") == "");
}

TEST_CASE("sql mysql rows: where_value tells the place of a value") {
  TextInput input("INSERT INTO t VALUES ('a',\n 'b\\'');");
  DumpReader reader(input, "a.sql", mysql());
  REQUIRE(reader.next() == Piece::row);
  CHECK(reader.where_value(1) == "a.sql:2:3");
  CHECK(reader.where_value(9) == "a.sql:1:22");
}

TEST_CASE("sql mysql rows: a row over the limit is an error, a statement of INSERTs is not") {
  ReaderOptions options = mysql();
  options.max_row_bytes = 100;
  std::string many = "INSERT INTO t VALUES (1)";
  for (int row = 0; row < 1000; ++row) many += ",(2)";
  CHECK(transcript(many + ";", options).size() == 1001);
  const std::string found =
      joined(transcript("INSERT INTO t VALUES ('" + std::string(200, 'x') + "');", options));
  CHECK(found.find("a row or statement is longer than 100 B") != std::string::npos);
}

TEST_CASE("sql mysql rows: with rows = false an INSERT is a statement like any other") {
  ReaderOptions options = mysql();
  options.rows = false;
  CHECK(joined(transcript("INSERT INTO t VALUES ('\\';'), (2);\nUSE a;", options)) ==
        "1-1 INSERT ... SELECT: INSERT INTO t VALUES ('\\';'), (2)\n"
        "2-2 a session setting: USE a\n");
}
