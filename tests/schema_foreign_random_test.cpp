// Random tables of MariaDB and SQLite, dumped by their own tools: PostgreSQL takes all that
// `pgseed schema` makes of their DDL, and the rows of the same dump then arrive as they are.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/foreign_contents.hpp"
#include "support/local_mariadb.hpp"
#include "support/random.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

struct RandomType {
  const char* declared;
  std::vector<const char*> defaults;  // as DDL writes them
  std::vector<const char*> values;    // in rows
};

const std::vector<RandomType>& mysql_types() {
  static const std::vector<RandomType> kTypes = {
      {"tinyint(1)", {"0", "1", "'1'", "NULL"}, {"0", "1", "NULL"}},
      {"tinyint(1)", {"0"}, {"0", "1", "3", "-1"}},
      {"tinyint", {"-5"}, {"-128", "127"}},
      {"tinyint unsigned", {"5"}, {"0", "255"}},
      {"smallint(5) unsigned zerofill", {}, {"65535", "7"}},
      {"mediumint", {"'12'"}, {"-8388608"}},
      {"int unsigned", {"4294967295"}, {"4294967295", "0"}},
      {"bigint", {"-9"}, {"-9223372036854775808", "9223372036854775807"}},
      {"bigint unsigned", {"0"}, {"18446744073709551615"}},
      {"decimal(30,6)", {"1.5", "'0.000000'"}, {"-123456789012345678901234.123456"}},
      {"decimal(5) unsigned", {}, {"99999"}},
      {"float", {"0.5"}, {"1.25", "-0.375"}},
      {"double", {"1e3"}, {"2.5e100", "-0.125"}},
      {"bit(1)", {"b'1'"}, {"b'0'", "b'1'"}},
      {"bit(13)", {"b'101'", "5"}, {"b'1000000000001'"}},
      {"char(8)", {"'it''s'", "'a\\\\b'"}, {"'x'", "'\\\"'"}},
      {"varchar(40)",
       {"''", "'0'", "'\xC3\xA9'"},
       {"'a;b'", "'line\\nfeed'", "'\xF0\x9F\x98\x80'"}},
      {"varchar(0)", {}, {"''"}},
      {"varchar(20) character set latin1 collate latin1_bin", {"'q'"}, {"'Q'"}},
      {"tinytext", {}, {"'t'"}},
      {"longtext", {"'(a)'", "concat('a','b')"}, {"repeat('x', 3000)"}},
      {"binary(4)", {"'ab'"}, {"x'00ff'"}},
      {"varbinary(9)", {"x'0102'"}, {"x'00'", "''"}},
      {"mediumblob", {}, {"x'fffe00'"}},
      {"date", {"'2020-02-29'", "curdate()"}, {"'1000-01-01'", "'9999-12-31'"}},
      {"time", {"'12:00:00'"}, {"'23:59:59'"}},
      {"time(3)", {}, {"'01:02:03.456'"}},
      {"datetime", {"current_timestamp()", "'2001-01-01 00:00:00'"}, {"'2024-05-06 07:08:09'"}},
      {"datetime(6)", {"current_timestamp(6)"}, {"'2024-05-06 07:08:09.123456'"}},
      {"timestamp null",
       {"current_timestamp() on update current_timestamp()", "NULL"},
       {"'2024-05-06 07:08:09'"}},
      {"year", {"2001", "'1999'"}, {"1901", "2155", "0"}},
      {"enum('a','it''s','b,c','')", {"'it''s'"}, {"'b,c'", "'a'"}},
      {"set('x','y','z')", {"'x,y'", "''"}, {"'x,z'", "''"}},
      {"json", {"'{}'", "json_array()"}, {"'{\\\"a\\\": [1, 2.50]}'"}},
      {"uuid", {"uuid()"}, {"'0f0e0d0c-0b0a-0908-0706-050403020100'"}},
      {"inet6", {}, {"'::1'"}},
      {"point", {}, {"point(1, 2)"}},
  };
  return kTypes;
}

const std::vector<RandomType>& sqlite_types() {
  static const std::vector<RandomType> kTypes = {
      {"INTEGER", {"0", "-1", "0x10", "'x'", "(1+1)"}, {"1", "-9223372036854775808"}},
      {"INT", {"7"}, {"'text'", "3", "2.5"}},
      {"TINYINT", {}, {"300"}},
      {"UNSIGNED BIG INT", {}, {"9223372036854775807"}},
      {"TEXT",
       {"'it''s'", "\"double\"", "word", "CURRENT_TIMESTAMP", "('a' || 'b')"},
       {"'a'", "'line' || char(10) || 'feed'"}},
      {"VARCHAR(3)", {"'longer than three'"}, {"'longer than three'"}},
      {"TEXT COLLATE NOCASE", {}, {"'A'", "'a'"}},
      {"CHAR(2)", {"5"}, {"'ab'"}},
      {"NVARCHAR(9)", {}, {"x'00ff'"}},
      {"BLOB", {"x'00ff'"}, {"x'0001ff'", "x''"}},
      {"", {"1"}, {"1", "'x'", "2.5"}},
      {"REAL", {"0.5", "1e3", "-1"}, {"1.25", "1e300", "3"}},
      {"FLOAT", {}, {"'n/a'", "1.5"}},
      {"NUMERIC", {"10"}, {"12.5", "3"}},
      {"DECIMAL(4,1)", {"1.25"}, {"123456.789"}},
      {"BOOLEAN", {"TRUE", "0", "'1'"}, {"0", "1"}},
      {"BOOL", {}, {"2", "0"}},
      {"DATE", {"CURRENT_DATE", "(date('now'))"}, {"'2024-02-29'"}},
      {"DATE", {}, {"'2024-02-29 10:00:00'", "20200101"}},
      {"DATETIME",
       {"CURRENT_TIMESTAMP", "(datetime('now'))", "'2020-01-01'"},
       {"'2024-01-02 03:04:05'", "'2024-01-02T03:04:05.678Z'"}},
      {"DATETIME", {}, {"'2024-01-02 03:04:05+02:00'"}},
      {"TIMESTAMP", {}, {"1577836800"}},
      {"TIME", {"'12:00:00'"}, {"'23:59:59'"}},
      {"JSON", {"'{}'"}, {"'[1, 2]'"}},
      {"STRING", {}, {"'007'"}},
      {"POINT", {}, {"x'01'"}},
      {"MYSTERY", {}, {"'what'", "5"}},
  };
  return kTypes;
}

// Names that need quotes, differ in case, are key words, or look like other things.
std::string random_name(Random& random, std::size_t number) {
  static const std::vector<std::string> kStems = {"id",
                                                  "Name",
                                                  "order",
                                                  "a b",
                                                  "x'y",
                                                  "q\"t",
                                                  "user",
                                                  "1st",
                                                  "CamelCase",
                                                  "k.d",
                                                  "\xC3\xA9t\xC3\xA9",
                                                  "semi;colon",
                                                  "select"};
  return random.pick(kStems) + std::to_string(number);
}

struct Made {
  std::string name;
  std::vector<std::string> columns;
  std::vector<const RandomType*> types;
  bool numbered = false;
};

std::string quoted_for(bool mysql, const std::string& name) {
  return mysql ? in_backticks(name) : in_double_quotes(name);
}

// A table with its rows; earlier tables may be referred to.
std::string random_table(Random& random, bool mysql, const std::vector<Made>& before, Made& table) {
  const auto quote = [&](const std::string& name) { return quoted_for(mysql, name); };
  const std::vector<RandomType>& types = mysql ? mysql_types() : sqlite_types();
  table.name = random_name(random, before.size() + 1000);
  table.numbered = !random.one_in(4);
  std::string body, keys;
  const auto item = [&](std::string& to, const std::string& words) {
    to += (to.empty() ? "" : ",\n  ") + words;
  };
  if (table.numbered) {
    item(body, mysql ? random.one_in(2) ? "`id` int(11) NOT NULL AUTO_INCREMENT PRIMARY KEY"
                                        : "`id` bigint unsigned NOT NULL AUTO_INCREMENT"
               : random.one_in(2) ? "id INTEGER PRIMARY KEY AUTOINCREMENT"
                                  : "id INTEGER NOT NULL PRIMARY KEY");
    if (mysql && body.find("PRIMARY") == std::string::npos) item(keys, "PRIMARY KEY (`id`)");
  }
  const std::size_t count = 1 + random.below(8);
  for (std::size_t index = 0; index < count; ++index) {
    const RandomType& type = types[random.below(types.size())];
    const std::string name = random_name(random, index);
    std::string line = quote(name) + " " + type.declared;
    if (!type.defaults.empty() && random.one_in(2)) {
      const std::string value = type.defaults[random.below(type.defaults.size())];
      line += " DEFAULT " + value;
    }
    const std::string declared = type.declared;
    const bool is_number = declared == "bigint" || declared == "REAL" || declared == "tinyint";
    if (is_number && random.one_in(2)) {
      line += " CHECK (" + quote(name) + " IS NULL OR " + quote(name) + " <> 12345)";
    }
    if (mysql && random.one_in(4)) line += " COMMENT 'it''s; \\\\ " + std::to_string(index) + "'";
    item(body, line);
    table.columns.push_back(name);
    table.types.push_back(&type);
    const bool is_text = declared.find("char(8)") == 0 || declared == "varchar(40)" ||
                         declared == "longtext" || declared == "TEXT";
    if (is_text && random.one_in(3)) {  // computed of the column before
      const std::string made = "made" + std::to_string(index);
      item(body,
           quote(made) +
               (mysql ? " varchar(99) GENERATED ALWAYS AS (upper(left(" + quote(name) + ", 5))) "
                      : " TEXT GENERATED ALWAYS AS (upper(" + quote(name) + ") || 'x') ") +
               (random.one_in(2) ? "STORED" : "VIRTUAL"));
    }
    if (is_text && random.one_in(2)) {
      item(keys,
           mysql ? "KEY `k` (" + quote(name) + (declared == "longtext" ? "(20))" : ")")
                 : "CHECK (" + quote(name) + " <> 'forbidden' OR length(" + quote(name) + ") > 3)");
      if (mysql)
        keys.replace(keys.rfind("`k`"), 3,
                     "`k" + std::to_string(random.below(3)) + "x" + std::to_string(index) + "`");
    }
  }
  if (!before.empty() && random.one_in(2)) {
    const Made& parent = before[random.below(before.size())];
    if (parent.numbered && !mysql) {
      item(body, "parent INTEGER REFERENCES " + quote(parent.name) + "(id) ON DELETE SET NULL");
    } else if (parent.numbered) {
      // Either kind of id: the one that does not fit is refused by MariaDB, not made.
      item(body, "`parent` int(11)");
      item(keys, "CONSTRAINT `fk" + std::to_string(before.size()) +
                     "` FOREIGN KEY (`parent`) REFERENCES " + quote(parent.name) +
                     " (`id`) ON DELETE CASCADE");
    }
  }
  std::string sql = "CREATE TABLE " + quote(table.name) + " (\n  " + body +
                    (keys.empty() ? "" : ",\n  " + keys) + "\n)";
  if (mysql && random.one_in(2)) sql += " COMMENT='the ''" + table.name.substr(0, 1) + "'' table'";
  sql += ";\n";
  for (std::size_t rows = random.below(6); rows > 0; --rows) {
    std::string names, values;
    for (std::size_t index = 0; index < table.columns.size(); ++index) {
      const RandomType& type = *table.types[index];
      names += (names.empty() ? "" : ", ") + quote(table.columns[index]);
      values +=
          (values.empty() ? "" : ", ") +
          std::string(random.one_in(6) ? "NULL" : type.values[random.below(type.values.size())]);
    }
    sql += "INSERT INTO " + quote(table.name) + " (" + names + ") VALUES (" + values + ");\n";
  }
  if (!mysql && random.one_in(2)) {
    sql += "CREATE INDEX " + quote("i" + std::to_string(before.size())) + " ON " +
           quote(table.name) + " (" + quote(table.columns[0]) + " DESC) WHERE " +
           quote(table.columns[0]) + " IS NOT NULL;\n";
  }
  return sql;
}

void check_alike(const std::string& found, const std::string& wanted) {
  const std::vector<std::string> ours = sorted_fields(found, '\t');
  const std::vector<std::string> theirs = sorted_fields(wanted, '\t');
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t index = 0; index < ours.size(); ++index) REQUIRE(ours[index] == theirs[index]);
}

// The dump is applied and loaded; what the server found out by itself would be a fault.
void load(const std::string& dump) {
  shared_stack().reset();
  const TempDir scratch;
  const std::string path = scratch.write("dump.sql", dump);
  const Result applied = pgseed({"--json", "schema", path});
  INFO(dump);
  INFO(applied.out);
  INFO(applied.err);
  REQUIRE(applied.exit_code == 0);
  CHECK(!contains(applied.out, ": left out: "));
  CHECK(!contains(applied.out, "not understood"));
  const Result again = pgseed({"--json", "schema", "--if-not-exists", path});
  CHECK(again.exit_code == 0);
  const Seeded seeded = seed({path});
  INFO(seeded.result.err);
  REQUIRE(seeded.exit_code() == 0);
}

}  // namespace

TEST_CASE("schema foreign random: tables of MariaDB as mysqldump writes them") {
  if (!LocalMariadb::is_installed()) return;
  const LocalMariadb mariadb;
  const std::uint64_t test = test_seed();
  CAPTURE(test);
  Random random(test);
  std::size_t made = 0;
  for (int round = 0; round < 4; ++round) {
    mariadb.must("drop database if exists d; create database d character set utf8mb4");
    std::vector<Made> tables;
    for (int wanted = 0; wanted < 20; ++wanted) {
      Made table;
      const std::string sql = random_table(random, true, tables, table);
      if (mariadb.client("set sql_mode='';" + sql, "d").exit_code == 0) {
        tables.push_back(table);
      } else {
        mariadb.client("drop table if exists " + in_backticks(table.name), "d");
      }
    }
    made += tables.size();
    const std::string dump =
        mariadb.dump({round % 2 == 0 ? "--hex-blob" : "--complete-insert", "d"});
    load(dump);
    for (const Made& table : tables) {
      CAPTURE(table.name);
      Stack& stack = shared_stack();
      const auto columns = columns_of(stack, table.name);
      REQUIRE(!columns.empty());
      const std::string found = stack.sql(
          "\\pset fieldsep '\\t'\n\\pset null NULL\nset timezone = 'UTC';\nselect " +
          select_list(columns, postgresql_field, "", "") + " from " + in_double_quotes(table.name));
      const std::string wanted =
          mariadb.must("select " + select_list(columns, mysql_field, "", "") + " from " +
                           in_backticks(table.name),
                       "d");
      INFO(dump);
      check_alike(found, wanted);
    }
  }
  CHECK(made > 20);
}

TEST_CASE("schema foreign random: tables of SQLite as sqlite3 writes them") {
  const std::uint64_t test = test_seed();
  CAPTURE(test);
  Random random(test);
  std::size_t made = 0;
  for (int round = 0; round < 6; ++round) {
    std::vector<Made> tables;
    const TempDir scratch;
    const std::string database = scratch / "a.db";
    const auto sqlite3 = [&](const std::string& sql) {
      return run({.argv = {"sqlite3", "-batch", "-bail", "-separator", "\t", database, sql}});
    };
    sqlite3("PRAGMA journal_mode=OFF");
    for (int wanted = 0; wanted < 15; ++wanted) {
      Made table;
      const std::string sql = random_table(random, false, tables, table);
      if (sqlite3("PRAGMA synchronous=OFF; BEGIN;" + sql + "COMMIT;").exit_code == 0) {
        tables.push_back(table);
      }
    }
    made += tables.size();
    load(sqlite3(".dump").out);
    for (const Made& table : tables) {
      CAPTURE(table.name);
      Stack& stack = shared_stack();
      const auto columns = columns_of(stack, table.name);
      REQUIRE(!columns.empty());
      std::string list;
      for (const ShownColumn& column : columns) {
        list += (list.empty() ? "" : ", ") +
                ("CASE WHEN " + in_double_quotes(column.name) + " IS NULL THEN 'NULL' ELSE " +
                 sqlite_field(column) + " END");
      }
      const std::string found =
          stack.sql("\\pset fieldsep '\\t'\n\\pset null NULL\nset timezone = 'UTC';\nselect " +
                    select_list(columns, postgresql_field, "coalesce((", ")::text, 'NULL')") +
                    " from " + in_double_quotes(table.name));
      const Result wanted =
          sqlite3("SELECT " + list + kRowEnd + " FROM " + in_double_quotes(table.name));
      INFO(wanted.err);
      INFO(sqlite3(".dump " + in_double_quotes(table.name)).out);
      check_alike(found, wanted.out);
    }
  }
  CHECK(made > 30);
}

}  // namespace pgseed::test
