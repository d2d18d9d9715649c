// MySQL's values on their way into PostgreSQL's columns: by the target's types, exactly or not at
// all. The tables here are real ones, behind PostgREST.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/input/columns.hpp"
#include "pgseed/seed/input/foreign_value.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::seed;
using namespace std::string_literals;
using sql::Form;

namespace {

sql::Value value(Form form, std::string_view text = {}, std::string_view cast = {}) {
  sql::Value made;
  made.form = form;
  made.text = text;
  made.cast = cast;
  return made;
}

// What goes into a column of the type, or "- " and why it cannot.
std::string carried(const sql::Value& value, const std::string& type, bool zero_dates = false) {
  const Meaning meaning{sql::Dialect::mysql, zero_dates};
  const ColumnClass column = class_of(type);
  if (may_not_carry(value, column, meaning)) {
    if (const auto why = cannot_carry(value, column, type, meaning)) return "- " + *why;
  }
  ColumnSet set;
  set.columns = {"c"};
  set.value_index = {0};
  set.classes = {column};
  set.types = {type};
  set.meaning = meaning;
  set.finish();
  sql::Row row;
  row.values = {value};
  json::Buffer body;
  const std::string trouble = append_row(set, row, body);
  if (!trouble.empty()) return "- " + trouble;
  const std::string json(body.view());
  return json.substr(6, json.size() - 7);  // [{"c":...}
}

const std::string kHead = "-- MySQL dump 10.13\n/*!40103 SET TIME_ZONE='+00:00' */;\n";

}  // namespace

TEST_CASE("seed mysql: bytes become what the column's type makes of them") {
  const auto bytes = [](std::string_view text) { return value(Form::bytes, text); };
  CHECK(carried(bytes("\0\xFF'\\"s), "bytea") == "\"\\\\x00ff275c\"");
  CHECK(carried(bytes(""), "bytea") == "\"\\\\x\"");
  CHECK(carried(bytes("A"), "text") == "\"A\"");
  CHECK(carried(bytes("\xC3\xA9"), "character varying(3)") == "\"\xC3\xA9\"");
  CHECK(carried(bytes("\xFF"), "text").find("text that is not UTF-8") != std::string::npos);
  CHECK(carried(bytes("a\0"s), "text").find("a NUL byte") != std::string::npos);
  CHECK(carried(bytes("\x01\x00"s), "integer") == "\"256\"");
  CHECK(carried(bytes(std::string(8, '\xFF')), "numeric") == "\"18446744073709551615\"");
  CHECK(carried(bytes(std::string(9, '\x01')), "bigint") == "- 9 bytes in a column of type bigint");
  CHECK(carried(bytes("\x05"), "bit(3)") == "\"101\"");
  CHECK(carried(bytes("\x05"), "bit(12)") == "\"000000000101\"");
  CHECK(carried(bytes("\x05"), "bit(2)") == "- 3 bits in a column of type bit(2)");
  CHECK(carried(bytes("\x05"), "bit varying") == "\"00000101\"");
  CHECK(carried(bytes("\0"s), "bit") == "\"0\"");
  CHECK(carried(bytes("\x01"), "boolean") == "\"true\"");
  CHECK(carried(bytes("\0"s), "boolean") == "\"false\"");
  CHECK(carried(bytes("\x02"), "boolean") == "- these bytes in a column of type boolean");
  CHECK(carried(bytes("0123456789abcdef"), "uuid") == "\"30313233343536373839616263646566\"");
  CHECK(carried(bytes("{\"a\":1}"), "jsonb") == "{\"a\":1}");
  CHECK(carried(bytes("\xFF"), "jsonb").substr(0, 2) == "- ");
  CHECK(carried(bytes("A"), "") == "- bytes in a column whose type nobody tells");
}

TEST_CASE("seed mysql: strings and numbers become what the column's type makes of them") {
  CHECK(carried(value(Form::mysql_escapes, "a\\\\x\\'\\n''"), "text") == "\"a\\\\x'\\n'\"");
  CHECK(carried(value(Form::mysql_escapes, "a\\0"), "text").find("a NUL byte") !=
        std::string::npos);
  CHECK(carried(value(Form::mysql_escapes, "a\\0\\\\x"), "bytea") == "\"\\\\x61005c78\"");
  CHECK(carried(value(Form::verbatim, "\\x41"), "bytea") == "\"\\\\x5c783431\"");
  CHECK(carried(value(Form::number, "12"), "bytea") == "\"\\\\x3132\"");
  CHECK(carried(value(Form::mysql_escapes, "\\0"), "boolean") == "\"false\"");
  CHECK(carried(value(Form::verbatim, "\x01"), "boolean") == "\"true\"");
  CHECK(carried(value(Form::verbatim, "1"), "boolean") == "\"1\"");
  CHECK(carried(value(Form::number, "1"), "boolean") == "\"1\"");
  CHECK(carried(value(Form::mysql_escapes, "\\0"), "bit(1)") == "\"0\"");
  CHECK(carried(value(Form::verbatim, "\x01"), "bit(1)") == "\"1\"");
  CHECK(carried(value(Form::number, "5"), "bit(8)") == "\"00000101\"");
  CHECK(carried(value(Form::number, "1.5"), "bit(8)").substr(0, 2) == "- ");
  CHECK(carried(value(Form::number, "2.5"), "integer") == "\"3\"");
  // MySQL rounds a double's half to even.
  CHECK(carried(value(Form::number, "2.5", sql::kApproximate), "integer").substr(0, 2) == "- ");
  CHECK(carried(value(Form::number, "250", sql::kApproximate), "integer") == "\"250\"");
  CHECK(carried(value(Form::number, "0.015", sql::kApproximate), "double precision") ==
        "\"0.015\"");
  CHECK(carried(value(Form::number, "1.10", sql::kApproximate), "text").substr(0, 2) == "- ");
  CHECK(carried(value(Form::verbatim, "\xC3\xA9", sql::kConverted), "text") == "\"\xC3\xA9\"");
  CHECK(carried(value(Form::verbatim, "\xC3\xA9", sql::kConverted), "bytea").substr(0, 2) == "- ");
  CHECK(carried(value(Form::verbatim, "null"), "json").substr(0, 2) == "- ");
}

TEST_CASE("seed mysql: dates of no calendar are refused, or NULL when that is asked for") {
  for (const std::string date : {"0000-00-00", "0000-00-00 00:00:00", "0000-00-00 00:00:00.000000",
                                 "2024-00-10", "2024-10-00", "00000000", "00000000000000"}) {
    CAPTURE(date);
    CHECK(carried(value(Form::verbatim, date), "date").find("(NULL with --zero-dates null)") !=
          std::string::npos);
    CHECK(carried(value(Form::verbatim, date), "timestamp with time zone", true) == "null");
    CHECK(carried(value(Form::verbatim, date), "text") == "\"" + date + "\"");
  }
  for (const std::string date :
       {"2024-10-10", "00:00:00", "2000-01-01 00:00:00", "now", "20241010", "2000-10-10"}) {
    CAPTURE(date);
    CHECK(carried(value(Form::verbatim, date), "date", true) == "\"" + date + "\"");
  }
}

TEST_CASE("seed mysql: a dump arrives with the contents that its own server gives it") {
  test::shared_stack().reset(
      "create table t (id int primary key, b boolean, bits bit(10), data bytea, body text,"
      " price numeric(8,2), ratio double precision, at timestamptz, day date, tags jsonb)");
  const test::Seeded run = test::seed_text(
      kHead +
      "USE `shop`;\nCREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n"
      "  `b` tinyint(1), `bits` bit(10), `data` blob, `body` text COMMENT 'a, b)', `price` "
      "decimal(8,2),\n `ratio` double, `at` timestamp NULL, `day` date, `tags` json,\n"
      "  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\nLOCK TABLES `t` WRITE;\n"
      "/*!40000 ALTER TABLE `t` DISABLE KEYS */;\n"
      "INSERT INTO `t` VALUES (1,1,b'1000000001',_binary '\\0\xFF\\'','it\\'s "
      "\\\"x\\\"\\n\\\\frac',"
      "1.50,1e-3,'2024-06-01 12:00:00','2024-06-01','{\\\"a\\\": \\\"\\\\n\\\"}'),\n"
      "(2,0,b'0',0x00FF5C,'',0,.5,NULL,NULL,'[]'),(3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)"
      ";\nUNLOCK TABLES;\n");
  INFO(run.result.err);
  CHECK(run.exit_code() == 0);
  CHECK(run.summary["files"][0]["dialect"].text() == "mysql");
  CHECK(run.counts() == "3 3 0 0 0 0");
  CHECK(run.notes().find("read as MySQL, because of -- MySQL dump") != std::string::npos);
  test::Stack& stack = test::shared_stack();
  CHECK(stack.sql("set timezone = 'UTC'; select id, b, bits, data, replace(body, e'\\n', '~'), "
                  "price, ratio, at, "
                  "day, tags from t order by id") ==
        "1|t|1000000001|\\x00ff27|it's \"x\"~\\frac|1.50|0.001|2024-06-01 12:00:00+00|2024-06-01|"
        "{\"a\": \"\\n\"}\n"
        "2|f|0000000000|\\x00ff5c||0.00|0.5|||[]\n3|||||||||");
}

TEST_CASE("seed mysql: a row that PostgreSQL cannot hold is rejected or refused, with its place") {
  test::Stack& stack = test::shared_stack();
  stack.reset("create table t (id int primary key, body text, day date)");
  const std::string nul =
      kHead + "INSERT INTO t (id, body) VALUES (1,'a'),\n(2,'b\\0'),\n(3,'c');\n";
  const test::Seeded stopped = test::seed_text(nul);
  CHECK(stopped.exit_code() == 1);
  CHECK(stopped.error().find("a NUL byte") != std::string::npos);
  CHECK(stopped.where().find(":4") != std::string::npos);
  stack.sql("truncate t");
  const test::TempDir folder;
  const std::string rejects = (folder.path() / "bad.ndjson").string();
  const test::Seeded went_on = test::seed_text(nul, {"--max-rejects", "all", "--rejects", rejects});
  CHECK(went_on.counts() == "3 2 0 1 0 0");
  CHECK(test::read_file(rejects).find("\\\\x6200") != std::string::npos);

  stack.sql("truncate t");
  const std::string zero = kHead +
                           "INSERT INTO t VALUES (1,'a','2024-01-01'),\n(2,'b','0000-00-00'),"
                           "(3,'0000-00-00','2024-00-01');\n";
  const std::string table = "CREATE TABLE t (id int, body text, day date);\n";
  const test::Seeded refused = test::seed_text(table + zero);
  CHECK(refused.exit_code() == 3);
  CHECK(refused.error().find("PostgreSQL has no date '0000-00-00'") == 0);
  CHECK(refused.hint().find("--zero-dates null") != std::string::npos);
  CHECK(refused.hint().find("psql") == std::string::npos);
  CHECK(refused.where().find(":5") != std::string::npos);
  CHECK(stack.sql("select count(*) from t") == "0");
  const test::Seeded as_null = test::seed_text(table + zero, {"--zero-dates", "null"});
  CHECK(as_null.exit_code() == 0);
  CHECK(as_null.notes().find("2 dates with a zero year, month or day became NULL") !=
        std::string::npos);
  CHECK(stack.sql("select id, body, day from t order by id") ==
        "1|a|2024-01-01\n2|b|\n3|0000-00-00|");

  const test::Seeded bytes =
      test::seed_text(kHead + "INSERT INTO t (id, body) VALUES (7,\n'caf\xE9');\n");
  CHECK(bytes.exit_code() == 3);
  CHECK(bytes.error().find("text that is not UTF-8") != std::string::npos);
  CHECK(bytes.where().find(":3") != std::string::npos);
  const test::Seeded named = test::seed_text(
      kHead + "INSERT INTO t (id, body) VALUES (7,\n'caf\xE9');\n", {"--encoding", "latin1"});
  CHECK(named.exit_code() == 0);
  CHECK(stack.sql("select body from t where id = 7") == "caf\xC3\xA9");
}

TEST_CASE("seed mysql: a file that nothing decides is refused where the dialects differ") {
  test::Stack& stack = test::shared_stack();
  stack.reset("create table t (a text)");
  const std::string quotes =
      "INSERT INTO t (a) VALUES ('x');\nINSERT INTO t (a) VALUES ('\\\"a\\\"');\n";
  const test::Seeded refused = test::seed_text(quotes);
  CHECK(refused.exit_code() == 3);
  CHECK(refused.where().find(":2:28") != std::string::npos);
  CHECK(refused.hint() == "say which: --dialect mysql or --dialect postgresql");
  CHECK(stack.sql("select count(*) from t") == "0");
  CHECK(test::seed_text(quotes, {"--dialect", "mysql"}).exit_code() == 0);
  CHECK(test::seed_text(quotes, {"--dialect", "postgresql"}).exit_code() == 0);
  CHECK(stack.sql("select a from t order by ctid") == "x\n\"a\"\nx\n\\\"a\\\"");

  const test::Seeded apostrophe = test::seed_text("INSERT INTO t (a) VALUES ('it\\'s');\n");
  CHECK(apostrophe.exit_code() == 3);
  CHECK(apostrophe.hint() ==
        "if backslashes escape in this file, it is MySQL's: say --dialect mysql");

  // Behind it something decides; JSON has other quotes; a formula tells nothing and is reported.
  CHECK(test::seed_text(quotes + "CREATE POLICY p ON t;\n").exit_code() == 0);
  CHECK(test::seed_text("INSERT INTO t (a) VALUES ('{\"a\": \"\\\"\"}');").exit_code() == 0);
  const test::Seeded formula = test::seed_text("INSERT INTO t (a) VALUES ('\\frac');");
  CHECK(formula.exit_code() == 0);
  CHECK(formula.notes().find("backslashes in its strings are read as text") != std::string::npos);
  CHECK(stack.sql("select count(*) from t where a = '\\frac'") == "1");
  // The same from a pipe, which nobody reads through before.
  const test::Seeded piped = test::seed({"-"}, test::Call{.args = {}, .stdin_text = quotes});
  CHECK(piped.exit_code() == 3);
  CHECK(piped.hint() == "say which: --dialect mysql or --dialect postgresql");
}

TEST_CASE("seed mysql: rows without a column list go by the file's DDL or by the catalogue") {
  test::Stack& stack = test::shared_stack();
  stack.reset("create table t (c text, a int, b text)");
  CHECK(test::seed_text("CREATE TABLE `t` (`a` int, `b` text, `c` text, KEY `a` (`a`));\n"
                        "INSERT INTO `t` VALUES (1,'b','c');\n")
            .exit_code() == 0);
  CHECK(test::seed_text("INSERT INTO `t` VALUES ('c',2,'b');\n").exit_code() == 0);
  CHECK(stack.sql("select a, b, c from t order by a") == "1|b|c\n2|b|c");
}
