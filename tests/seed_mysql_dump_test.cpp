// What mysqldump writes of a table of all types, loaded into PostgreSQL's counterparts: the values
// of both servers are compared. Needs MariaDB, where it is installed.
#include <doctest/doctest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "support/local_mariadb.hpp"
#include "support/seeding.hpp"

using namespace pgseed::test;

namespace {

// A column: its types there and here, and what both sides print alike. "number" is compared as one.
struct Column {
  const char* name;
  const char* mysql;
  const char* postgresql;
  const char* shown_by_mysql;
  const char* shown_by_postgresql;
};

constexpr Column kColumns[] = {
    {"id", "int primary key", "int primary key", "id", "id"},
    {"flag", "tinyint(1)", "boolean", "flag", "flag::int"},
    {"bit1", "bit(1)", "boolean", "bit1+0", "bit1::int"},
    {"bits", "bit(10)", "bit(10)", "lpad(bin(bits+0),10,'0')", "bits"},
    {"large", "bigint unsigned", "numeric", "large", "large"},
    {"price", "decimal(20,4)", "numeric(20,4)", "price", "price"},
    {"ratio", "double", "double precision", "ratio", "ratio"},
    {"ratio4", "float", "real", "ratio4", "ratio4"},
    {"body", "longtext", "text", "hex(body)", "upper(encode(convert_to(body, 'UTF8'), 'hex'))"},
    {"word", "varchar(40)", "varchar(40)", "hex(word)",
     "upper(encode(convert_to(word, 'UTF8'), 'hex'))"},
    {"data", "longblob", "bytea", "hex(data)", "upper(encode(data, 'hex'))"},
    {"small", "varbinary(20)", "bytea", "hex(small)", "upper(encode(small, 'hex'))"},
    {"uid", "binary(16)", "uuid", "lower(hex(uid))", "replace(uid::text, '-', '')"},
    {"day", "date", "date", "day", "day"},
    {"local_time", "datetime(6)", "timestamp", "date_format(local_time, '%Y-%m-%d %H:%i:%s.%f')",
     "to_char(local_time, 'YYYY-MM-DD HH24:MI:SS.US')"},
    {"instant", "timestamp(3) null", "timestamptz", "date_format(instant, '%Y-%m-%d %H:%i:%s.%f')",
     "to_char(instant at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"},
    {"clock", "time", "time", "clock", "clock"},
    {"y", "year", "smallint", "y", "y"},
    {"kind", "enum('a','it''s, \"b\"')", "text", "hex(kind)", "upper(encode(kind::bytea, 'hex'))"},
    {"tags", "json", "jsonb", "hex(tags)", "upper(encode(convert_to(tags::text, 'UTF8'), 'hex'))"},
};

std::string list_of(const char* Column::*member, const char* prefix = "", const char* kind = "") {
  std::string out;
  for (const Column& column : kColumns) {
    out += (out.empty() ? "" : ", ") + std::string(prefix);
    if (*kind != '\0') out += std::string(column.name) + " ";
    out += column.*member;
  }
  return out;
}

// Fields that differ only in how a number is printed are alike.
bool alike(const std::string& left, const std::string& right) {
  std::istringstream ours(left);
  std::istringstream theirs(right);
  std::string one;
  std::string other;
  while (std::getline(ours, one, '\t')) {
    if (!std::getline(theirs, other, '\t')) return false;
    if (one == other) continue;
    char* end = nullptr;
    char* other_end = nullptr;
    const double number = std::strtod(one.c_str(), &end);
    const double other_number = std::strtod(other.c_str(), &other_end);
    if (*end != '\0' || *other_end != '\0' || number != other_number) return false;
  }
  return !std::getline(theirs, other, '\t');
}

const char* const kRows =
    "insert into t values\n"
    "(1,1,b'1',b'1000000001',18446744073709551615,-1234567890123456.7890,1.7976931348623157e308,"
    "3.4028e38,'it''s \\\\frac \"x\"\\n\\r\\t\\Z\\b \xC3\xA9 \xF0\x9F\x98\x80 -- ; /* ','\\\\',"
    "x'0001275c22FFFE0a0d1a80','',x'00112233445566778899aabbccddeeff','2024-02-29',"
    "'2024-02-29 23:59:59.123456','2024-06-01 12:00:00.5','23:59:59',1901,'it''s, \"b\"',"
    "'{\"a\": \"\xC3\xA9\\\\n\\\\\"x\\\\\" \\\\\\\\\"}'),\n"
    "(2,0,b'0',b'0',0,0,-0.1,1.5,'','',"
    "'','a\\0','0123456789abcdef','1000-01-01','1000-01-01 00:00:00','1970-01-02 00:00:00',"
    "'00:00:00',2155,'a','[]'),\n"
    "(3,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,"
    "null),\n"
    "(-4,-1,b'1',b'1111111111',1,0.0001,5e-324,-1e-20,repeat('\\'\"\\\\', 1000),'%_\\\\%\\\\_',"
    "repeat('\\0\\'\xFF', 500),'\\\\x41',repeat('\\0',16),'9999-12-31','9999-12-31 "
    "23:59:59.999999',"
    "'2038-01-18 00:00:00','12:34:56',2000,'a','{\"b\": [1, 2.50, null, true]}')";

}  // namespace

TEST_CASE("seed mysql dump: a table of all types arrives as mysqldump wrote it, in all its ways") {
  if (!LocalMariadb::is_installed()) return;
  const LocalMariadb mariadb;
  Stack& stack = shared_stack();
  mariadb.must("create database shop; use shop; create table t (" +
               list_of(&Column::mysql, "", "name") +
               ") character set utf8mb4; set sql_mode='';set names utf8mb4;" + kRows +
               "; update t set flag = 1 where id < 0");
  const std::string stored =
      mariadb.must("select " + list_of(&Column::shown_by_mysql) + " from t order by id", "shop");
  const std::vector<std::vector<std::string>> ways = {
      {},
      {"--hex-blob"},
      {"--complete-insert", "--skip-extended-insert"},
      {"--compatible=ansi", "--default-character-set=utf8mb4"},
      {"--insert-ignore", "--skip-quote-names", "--skip-comments"},
      {"--replace", "--compact"},
      {"--complete-insert", "--skip-set-charset"},
      {"--skip-tz-utc", "--order-by-primary", "--skip-opt"},
      {"--databases"},
  };
  for (std::vector<std::string> way : ways) {
    std::string shown;
    for (const std::string& option : way) shown += option + " ";
    CAPTURE(shown);
    stack.reset("create table t (" + list_of(&Column::postgresql, "", "name") + ")");
    way.insert(way.end(), {"--skip-triggers"});
    if (way.front() == "--databases") {
      way.push_back("shop");
    } else {
      way.insert(way.end(), {"shop", "t"});
    }
    const std::string dump = mariadb.dump(way);
    const Seeded run = seed_text(dump);
    INFO(run.result.err);
    INFO(dump);
    REQUIRE(run.exit_code() == 0);
    REQUIRE(run.counts() == "4 4 0 0 0 0");
    const std::string found =
        stack.sql("\\pset fieldsep '\\t'\n\\pset null NULL\nselect " +
                  list_of(&Column::shown_by_postgresql) + " from t order by id");
    std::istringstream ours(found);
    std::istringstream theirs(stored);
    std::string one;
    std::string other;
    while (std::getline(theirs, other)) {
      REQUIRE(std::getline(ours, one));
      if (!alike(one, other)) CHECK(one == other);
    }
  }
}
