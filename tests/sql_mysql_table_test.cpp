#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/sql/mysql_table.hpp"
#include "pgseed/sql/table_definition.hpp"

using namespace pgseed::sql;

namespace {

// "a int, b text (generated)" of a table after the statements; "?" for one nobody knows.
std::string columns(const std::vector<std::string>& statements, const std::string& table = "t",
                    const std::string& schema = "public") {
  TableDefinitions definitions(Dialect::mysql);
  for (const std::string& statement : statements) definitions.note(statement, "public");
  const TableDefinition* const found = definitions.find(schema, table);
  if (found == nullptr) return "?";
  std::string out;
  for (const ColumnDefinition& column : found->columns) {
    out += (out.empty() ? "" : ", ") + column.name + " " + column.type +
           (column.generated ? " (generated)" : "");
  }
  return out;
}

}  // namespace

TEST_CASE("sql mysql table: CREATE TABLE as the tools write it tells its columns in order") {
  CHECK(
      columns(
          {"CREATE TABLE `t` (\n"
           "  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,\n"
           "  `a,b` enum('x,y','it\\'s)') CHARACTER SET utf8mb4 DEFAULT 'x,y' COMMENT 'c, (d',\n"
           "  `ratio` double precision DEFAULT NULL,\n"
           "  `bits` bit(8) DEFAULT b'0',\n  `flag` bit,\n"
           "  `at` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE current_timestamp(),\n"
           "  `sum` int GENERATED ALWAYS AS (`id` + 1) STORED,\n"
           "  `sum2` int AS (`id` * (1)) VIRTUAL,\n"
           "  `hidden` int /*!80023 INVISIBLE */,\n"
           "  period date, /*!50705 location GEOMETRY NOT NULL,*/\n"
           "  PRIMARY KEY (`id`), KEY `k` (`a,b`(10)), UNIQUE KEY `u` (`at`),\n"
           "  FULLTEXT KEY f (x), SPATIAL INDEX s (y), INDEX (z), CHECK (`id` > 0),\n"
           "  CONSTRAINT `c` FOREIGN KEY (`id`) REFERENCES `o` (`id`) ON DELETE CASCADE,\n"
           "  PERIOD FOR SYSTEM_TIME (a, b)\n"
           ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='a ) b'"}) ==
      "id int unsigned, a,b enum, ratio double precision, bits bit(8), flag bit(1), at timestamp, "
      "sum int (generated), sum2 int (generated), period date, location geometry");
  CHECK(columns({"create table if not exists T (A int)"}, "T") == "A int");
  CHECK(columns({"CREATE TEMPORARY TABLE t (\"a\" int)"}) == "a int");
}

TEST_CASE("sql mysql table: what the text alone does not tell is not known") {
  CHECK(columns({"CREATE TABLE t LIKE o"}) == "?");
  CHECK(columns({"CREATE TABLE t (LIKE o)"}) == "?");
  CHECK(columns({"CREATE TABLE t AS SELECT 1"}) == "?");
  CHECK(columns({"CREATE TABLE t (a int) ENGINE=x SELECT 1 AS b"}) == "?");
  CHECK(columns({"CREATE VIEW t AS SELECT 1"}) == "?");
  CHECK(columns({"CREATE TABLE t (a int"}) == "?");
}

TEST_CASE("sql mysql table: ALTER, RENAME and DROP TABLE change what is known") {
  const std::string create = "CREATE TABLE `t` (`a` int, `b` text)";
  CHECK(columns({create,
                 "ALTER TABLE `t` ADD PRIMARY KEY (`a`), ADD KEY `b` (`b`), MODIFY `a` int(11) "
                 "NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=5"}) == "a int, b text");
  CHECK(columns({create,
                 "ALTER TABLE t ADD COLUMN c int FIRST, ADD d date AFTER a, ADD (e int, f "
                 "int)"}) == "c int, a int, d date, b text, e int, f int");
  CHECK(columns({create, "ALTER TABLE t DROP COLUMN a, DROP KEY b"}) == "b text");
  CHECK(columns({create, "ALTER TABLE t CHANGE a z bigint AFTER b"}) == "b text, z bigint");
  CHECK(columns({create, "ALTER TABLE t MODIFY COLUMN b varchar(3) FIRST"}) == "b varchar, a int");
  CHECK(columns({create, "ALTER TABLE t RENAME COLUMN a TO c, RENAME INDEX x TO y"}) ==
        "c int, b text");
  CHECK(columns({create, "ALTER TABLE t RENAME TO u"}, "u") == "a int, b text");
  CHECK(columns({create, "ALTER TABLE t RENAME TO u"}) == "?");
  CHECK(columns({create, "RENAME TABLE t TO u, u TO w"}, "w") == "a int, b text");
  CHECK(columns({create, "DROP TABLE IF EXISTS `x`, `t`"}) == "?");
  CHECK(columns({create, "DROP TEMPORARY TABLE t"}) == "a int, b text");
  CHECK(columns({create, "CREATE TABLE IF NOT EXISTS t (c int)"}) == "a int, b text");
  CHECK(columns({create, "CREATE OR REPLACE TABLE t (c int)"}) == "c int");
}

TEST_CASE("sql mysql table: the first database of a file is its own") {
  CHECK(columns({"USE `shop`", "CREATE TABLE `shop`.`t` (a int)"}) == "a int");
  CHECK(columns({"USE `shop`", "CREATE TABLE other.t (a int)"}, "t", "other") == "a int");
  CHECK(columns({"CREATE TABLE shop.t (a int)"}, "t", "shop") == "a int");
}

TEST_CASE("sql mysql table: dropped_by names what a DROP TABLE drops") {
  const auto names =
      TableDefinitions::dropped_by("DROP TABLE IF EXISTS `a`, b.`c`", Dialect::mysql);
  REQUIRE(names.size() == 2);
  CHECK(names[0].name == "a");
  CHECK(*names[1].schema == "b");
  CHECK(TableDefinitions::dropped_by("DROP VIEW a", Dialect::mysql).empty());
}
