// Dumps of other systems, and cut ones, that were loaded in silence as something else than their
// own program would have made of them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using Ways = std::vector<std::vector<std::string>>;

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

const std::string kTable = "create table t (id int primary key, a text, b text, z text)";

// Refused with its line on every way, surveyed or not, and not to be skipped.
void refused_at(const std::string& dump, int line, const std::string& reason) {
  CAPTURE(dump);
  for (const std::vector<std::string>& way :
       Ways{{}, {"--atomic"}, {"--skip-unsupported"}, {"--via", "direct", "--no-check"}}) {
    CAPTURE(way.empty() ? "" : way.back());
    const Seeded run = seed_text(dump, way);
    CHECK(run.exit_code() == 3);
    CHECK_MESSAGE(contains(run.error(), reason), run.error());
    CHECK(contains(run.where() + ":", ".sql:" + std::to_string(line) + ":"));
    CHECK(!run.hint().empty());
    CHECK(sql("select count(*) from t") == "0");
  }
}

void loads(const std::string& dump, const std::string& wanted) {
  CAPTURE(dump);
  for (const std::vector<std::string>& way : Ways{{"--via", "rest"}, {"--via", "direct"}}) {
    CAPTURE(way.back());
    sql("truncate t");
    const Seeded run = seed_text(dump, way);
    CHECK_MESSAGE(run.exit_code() == 0, run.error());
    CHECK(sql("select string_agg(concat_ws(' ', id, a, b, z), ',' order by id) from t") == wanted);
  }
}

}  // namespace

TEST_CASE("seed foreign finds: the second of two encodings was ignored") {
  shared_stack().reset(kTable);
  const std::string latin = "SET client_encoding = 'LATIN1';\nINSERT INTO t VALUES (1, '\xE9');\n";
  const std::string next = "INSERT INTO t VALUES (2, '\xC3\xA9');\n";
  const std::string reason = "the encoding changes from ISO-8859-1 to UTF8 in the middle";
  CHECK(seed_text(latin + "RESET client_encoding;\n").exit_code() == 0);  // nothing is behind it
  shared_stack().reset(kTable);
  refused_at(latin + "SET client_encoding = 'UTF8';\n" + next, 3, reason);
  refused_at(latin + "\nRESET client_encoding;\n" + next, 4, reason);
  refused_at(latin + "\\encoding UTF8\n" + next, 3,
             "changes from ISO-8859-1 to utf8 in the middle");
  refused_at(latin + "SELECT pg_catalog.set_config('client_encoding', 'UTF8', false);\n" + next, 3,
             reason);
  refused_at(
      "BEGIN;\nSET LOCAL client_encoding = 'LATIN1';\nINSERT INTO t VALUES (1, '\xE9');\n"
      "COMMIT;\n" +
          next,
      4, reason);
  refused_at(latin + "SET client_encoding = 'win1251';\n" + next, 3,
             "the encoding changes from ISO-8859-1 to win1251");
  loads(latin + "SET client_encoding TO latin1;\nINSERT INTO t VALUES (2, '\xE8');\n",
        "1 \u00E9,2 \u00E8");
  loads("SET client_encoding = 'UTF8';\n" + next + latin, "1 \u00E9,2 \u00E9");
}

TEST_CASE(
    "seed foreign finds: rows without columns around an ALTER that moves them were mixed up") {
  shared_stack().reset(kTable);
  const std::string create = "CREATE TABLE `t` (`id` int primary key, `a` text, `b` text);\n";
  const std::string first = "INSERT INTO `t` VALUES (1,'aa','bb');\n";
  const std::string reason = "ALTER TABLE moves columns of public.t, whose rows before it";
  refused_at(create + first + "ALTER TABLE `t` MODIFY `b` text AFTER `id`;\n" +
                 "INSERT INTO `t` VALUES (2,'bb','aa');\n",
             3, reason);
  refused_at(create + first + "ALTER TABLE `t` ADD COLUMN `z` text AFTER id;\n", 3, reason);
  refused_at(create + first + "ALTER TABLE `t` ADD `z` text FIRST;\n", 3, reason);
  refused_at(create + first + "ALTER TABLE `t` CHANGE `a` `z` text FIRST;\n", 3, reason);
  refused_at(create + first + "ALTER TABLE `t` ADD `x` int, DROP COLUMN `b`;\n", 3, reason);
  // Of a table that the file does not create, too.
  refused_at(first + "ALTER TABLE `t` MODIFY `b` text AFTER `id`;\n", 2, reason);
  refused_at(
      "CREATE TABLE t (id int primary key, a text, b text);\nINSERT INTO t VALUES (1, 'aa', "
      "'bb');\nALTER TABLE ONLY t DROP COLUMN a;\nALTER TABLE t ADD COLUMN a text;\n"
      "INSERT INTO t VALUES (2, 'bb', 'aa');\n",
      3, reason);
  refused_at(
      "PRAGMA foreign_keys=OFF;\nCREATE TABLE t (id integer primary key, a text, b text);\n"
      "INSERT INTO t VALUES (1, 'aa', 'bb');\nALTER TABLE t DROP COLUMN a;\n",
      4, reason);
  const std::string after = "INSERT INTO `t` VALUES (2,'c','d','e');\n";
  loads(create + first + "ALTER TABLE `t` ADD COLUMN `z` text;\n" + after, "1 aa bb,2 c d e");
  loads(create + first + "ALTER TABLE `t` ADD COLUMN `z` text AFTER `b`;\n" + after,
        "1 aa bb,2 c d e");
  loads(create + first + "ALTER TABLE `t` MODIFY `b` varchar(30) AFTER `a`, ADD KEY (`a`);\n",
        "1 aa bb");
  loads(create + "ALTER TABLE `t` ADD `z` text AFTER `id`;\n" + after, "2 d e c");
  loads(create +
            "INSERT INTO `t` (`id`,`a`) VALUES (1,'aa');\nALTER TABLE `t` ADD `z` text AFTER "
            "`id`;\n",
        "1 aa");
}

TEST_CASE("seed foreign finds: a dump that is cut between two statements was done") {
  shared_stack().reset(kTable);
  const std::string row = "INSERT INTO t VALUES (1, 'a');\n";
  refused_at("-- cut\nBEGIN;\n" + row, 2, "psql would undo it at the end of the file");
  refused_at("BEGIN;\n" + row + "COMMIT AND CHAIN;\nINSERT INTO t VALUES (2, 'a');\n", 3,
             "never commits");
  refused_at("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n" + row, 2, "sqlite3 would undo it");
  const std::string mysql = "INSERT INTO `t` VALUES (1,'a','b');\n";
  refused_at("START TRANSACTION;\n" + mysql, 1, "mysql would undo it");
  refused_at("SET AUTOCOMMIT = 0;\n" + mysql + "COMMIT;\nINSERT INTO `t` VALUES (2,'a','b');\n", 4,
             "mysql would undo it");
  refused_at("LOCK TABLES `t` WRITE;\n/*!40000 ALTER TABLE `t` DISABLE KEYS */;\n" + mysql, 1,
             "tables that the file locks and never unlocks");
  for (const std::string& dump :
       {"BEGIN;\nBEGIN;\n" + row + "COMMIT;\n", "BEGIN;\n" + row + "END;\n",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;\n" + row,
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n" + row + "COMMIT;\n",
        "BEGIN;\nSAVEPOINT s;\n" + row + "RELEASE s;\nCOMMIT;\n"}) {
    loads(dump, "1 a");
  }
  for (const std::string& dump :
       {"LOCK TABLES `t` WRITE;\n" + mysql + "UNLOCK TABLES;\n",
        "SET AUTOCOMMIT=0;\nSTART TRANSACTION;\n" + mysql + "COMMIT;\n",
        "SET AUTOCOMMIT=0;\n" + mysql + "COMMIT;\nSET AUTOCOMMIT=@OLD_AUTOCOMMIT;\n",
        "START TRANSACTION;\n" + mysql + "ALTER TABLE `t` ADD KEY (`a`);\n",
        "DELIMITER ;;\nCREATE PROCEDURE p() BEGIN START TRANSACTION; END ;;\nDELIMITER ;\n" +
            mysql}) {
    loads(dump, "1 a b");
  }
  sql("truncate t");
  Call call;
  call.stdin_text = "BEGIN;\nINSERT INTO t VALUES (1, 'a');\n";
  const Seeded piped = seed({"-", "--via", "direct"}, call);
  CHECK(piped.exit_code() == 3);
  CHECK(contains(piped.error(), "never commits"));
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("seed foreign finds: a dump without its last line was taken for a whole one") {
  const std::string row = "INSERT INTO `t` VALUES (1,'a','b');\n";
  struct Case {
    std::string head, last;
  };
  for (const Case& each :
       {Case{"-- MySQL dump 10.13  Distrib 8.0.39, for Linux (x86_64)\n--\n",
             "-- Dump completed on 2024-09-08 20:19:25\n"},
        Case{"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19-11.4.5-MariaDB, for "
             "debian-linux-gnu (x86_64)\n--\n",
             "-- Dump completed"},
        Case{"--\n-- PostgreSQL database dump\n--\n\n",
             "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict key\n"}}) {
    CAPTURE(each.head);
    std::string dump = each.head + row;
    if (each.last.find("PostgreSQL") != std::string::npos) {
      dump = each.head + "INSERT INTO t VALUES (1, 'a', 'b');\n";
    }
    shared_stack().reset(kTable);
    const Seeded cut = seed_text(dump);
    CHECK(cut.exit_code() == 0);
    CHECK(contains(cut.notes(), "but not its last line (-- "));
    CHECK(contains(cut.notes(), "it may be cut off"));
    const Seeded emptied = seed_text(dump, {"--force", "--yes"});
    CHECK(emptied.exit_code() == 3);
    CHECK(contains(emptied.error(), "FORCE would empty tables for a file that has the header of"));
    CHECK(contains(emptied.hint(), "put that line at its end"));
    CHECK(sql("select count(*) from t") == "1");
    const Seeded whole = seed_text(dump + each.last, {"--force", "--yes"});
    CHECK_MESSAGE(whole.exit_code() == 0, whole.error());
    CHECK(!contains(whole.notes(), "cut off"));
    const Seeded followed = seed_text(dump + each.last + "\n" + dump + each.last, {"--upsert"});
    CHECK(followed.exit_code() == 0);
    CHECK(!contains(followed.notes(), "cut off"));
  }
}

TEST_CASE("seed foreign finds: a backslash in sjis was stored as another character") {
  shared_stack().reset(kTable);
  const std::string head = "-- MySQL dump 10.13\n/*!40101 SET NAMES sjis */;\n";
  refused_at(head +
                 "INSERT INTO `t` VALUES (1,'\x95\x5C','b');\nINSERT INTO `t` VALUES\n"
                 "(2,'x\x81\x5F','b');\n",
             5, "reads otherwise than iconv");
  loads(head + "INSERT INTO `t` VALUES (1,'\x95\x5C\x81\x60','\\\\');\n", "1 \u8868\u301C \\");
}

TEST_CASE("seed foreign finds: bits without --hex-blob became the digit that they look like") {
  const std::string dump =
      "CREATE TABLE `b` (`id` int, `v` bit(8), `w` bit(16), `n` int);\n"
      "INSERT INTO `b` VALUES (1,'5','\\0\\n','5'),(2,b'101','ab',6);\n"
      "INSERT INTO `b` (`w`,`id`) VALUES ('\\'\\\\',3);\n";
  for (const std::string via : {"rest", "direct"}) {
    CAPTURE(via);
    shared_stack().reset("create table b (id int primary key, v int, w numeric, n int)");
    const Seeded run = seed_text(dump, {"--via", via, "--verify"});
    CHECK_MESSAGE(run.exit_code() == 0, run.error());
    CHECK(sql("select string_agg(concat_ws(' ', id, v, w, n), ',' order by id) from b") ==
          "1 53 10 5,2 5 24930 6,3 10076");
  }
}

TEST_CASE("seed foreign finds: numbers of SQLite were rounded, or became days") {
  const auto said = [](const std::string& value) {
    shared_stack().reset("create table n (id int primary key, i int, d date, s timestamp)");
    const Seeded run = seed_text(
        "PRAGMA foreign_keys=OFF;\nINSERT INTO n VALUES(1," + value + ");\n", {"--via", "direct"});
    return run.exit_code() == 0 ? sql("select concat_ws(' ', i, d, s) from n")
                                : std::to_string(run.exit_code()) + " " + run.error();
  };
  CHECK(contains(said("1.5,NULL,NULL"), "3 the number 1.5 in a column of type integer"));
  CHECK(contains(said("NULL,2460314,NULL"), "3 the number 2460314 in a column of type date"));
  CHECK(contains(said("NULL,NULL,2460314.5"), "3 the number 2460314.5 in a column of type time"));
  CHECK(said("1.0,'2024-01-02','2024-01-02 03:04:05'") == "1 2024-01-02 2024-01-02 03:04:05");
  CHECK(said("-7,NULL,NULL") == "-7");
}

TEST_CASE("seed foreign finds: a year of two digits became another one") {
  const auto said = [](const std::string& value) {
    shared_stack().reset("create table n (id int primary key, d date, s timestamp, c time)");
    const Seeded run =
        seed_text("INSERT INTO `n` VALUES (1," + value + ");\n", {"--via", "direct"});
    return run.exit_code() == 0 ? sql("select concat_ws(' ', d, s, c) from n")
                                : std::to_string(run.exit_code()) + " " + run.error();
  };
  CHECK(contains(said("'10-01-05',NULL,NULL"), "3 the date '10-01-05', whose year is not of four"));
  CHECK(contains(said("NULL,'1-2-3 04:05:06',NULL"), "3 the date '1-2-3 04:05:06', whose year"));
  CHECK(contains(said("70101,NULL,NULL"), "3 the date '70101', whose year"));
  CHECK(said("'2010-1-5','2010-01-05 04:05:06.5','10:11:12'") ==
        "2010-01-05 2010-01-05 04:05:06.5 10:11:12");
  CHECK(said("20100105,NULL,NULL") == "2010-01-05");
}

TEST_CASE("seed foreign finds: an offset with minutes was no time zone, and could be skipped") {
  const auto dump = [](const std::string& zone) {
    return "/*!40103 SET TIME_ZONE='" + zone +
           "' */;\nINSERT INTO `z` VALUES (1,'2024-01-02 12:00:00');\n";
  };
  const std::string time = "select to_char(v at time zone 'UTC', 'HH24:MI') from z";
  struct Case {
    std::string zone, wanted;
  };
  for (const Case& each : {Case{"+05:30", "06:30"}, Case{"-03:30", "15:30"}, Case{"-0:45", "12:45"},
                           Case{"+00:00", "12:00"}, Case{"+10:00", "02:00"}}) {
    CAPTURE(each.zone);
    for (const std::vector<std::string>& way : Ways{{}, {"--via", "direct"}}) {
      shared_stack().reset("create table z (id int primary key, v timestamptz)");
      const Seeded run = seed_text(dump(each.zone), way);
      CHECK_MESSAGE(run.exit_code() == 0, run.error());
      CHECK(sql(time) == each.wanted);
    }
  }
  shared_stack().reset("create table z (id int primary key, v timestamptz)");
  const Seeded skipping = seed_text(dump("+05:30"), {"--skip-unsupported"});
  CHECK(skipping.exit_code() != 0);
  CHECK(contains(skipping.error(), "time zone"));
  const Seeded unknown = seed_text(dump("+05:75"), {"--skip-unsupported"});
  CHECK(unknown.exit_code() == 3);
  CHECK(contains(unknown.error(), "the time zone +05:75 is not known"));
  CHECK(sql("select count(*) from z") == "0");
}

TEST_CASE("seed foreign finds: an ordinary dump of MariaDB was refused") {
  shared_stack().reset(kTable);
  loads(
      "CREATE SEQUENCE `sq` start with 1 increment by 1;\nDO SETVAL(`sq`, 1001, 0);\n"
      "SELECT SETVAL(`sq`, 1001, 0);\n"
      "CREATE TABLE `t` (`id` int(11) NOT NULL, `a` text, `b` text, PRIMARY KEY (`id`)) "
      "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 WITH SYSTEM VERSIONING;\n"
      "INSERT INTO `t` VALUES (1,'a','b');\n",
      "1 a b");
}

}  // namespace pgseed::test
