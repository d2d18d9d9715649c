// SQLite's dumps on their way into PostgreSQL, behind PostgREST: what arrives is what SQLite held.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "support/random.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using test::Random;

namespace {

// What sqlite3 prints for these arguments.
std::string sqlite3(std::vector<std::string> arguments) {
  test::Command command;
  command.argv = {"sqlite3", "-bail", "-batch"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  const test::Result result = test::run(command);
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  return result.out;
}

bool has_sqlite3() {
  try {
    test::Command version;
    version.argv = {"sqlite3", "--version"};
    if (test::run(version).exit_code == 0) return true;
  } catch (const std::exception&) {
    // told below
  }
  MESSAGE("sqlite3 is not installed: nothing is compared with it");
  return false;
}

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char byte : name) out += byte == '"' ? "\"\"" : std::string(1, byte);
  return out + "\"";
}

std::string hex(const std::string& bytes) {
  std::string digits;
  for (const char byte : bytes) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02X", static_cast<unsigned char>(byte));
    digits += pair;
  }
  return digits;
}

}  // namespace

TEST_CASE("seed sqlite: a dump arrives with the contents that SQLite holds") {
  test::Stack& stack = test::shared_stack();
  stack.reset(
      "create table \"Notes\" (\"Id\" bigint primary key, body text, ratio double precision,"
      " price numeric(8,2), done boolean, data bytea, at timestamp, double_ratio double precision"
      " generated always as (ratio * 2) stored, last text)");
  const test::Seeded run = test::seed_text(
      "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n"
      "CREATE TABLE [Notes](\"Id\" INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT, ratio REAL,"
      " price DECIMAL(8,2), done BOOL, data BLOB, at DATETIME,\n"
      " double_ratio REAL AS (ratio * 2), 'last' TEXT DEFAULT ('a,b)'));\n"
      "INSERT INTO Notes VALUES(1,replace('a\\nb \\frac','\\n',char(10)),"
      "0.10000000000000000555,1.5,1,X'00ff5c','2024-06-01 12:00:00','z');\n"
      "INSERT INTO notes VALUES(2,unistr('tab\\u0009\\\\'),9.0e+999,NULL,0,X'',NULL,'it''s');\n"
      "INSERT OR IGNORE INTO \"NOTES\"(LAST,ID) VALUES('x',3),(NULL,0x10);\n"
      "CREATE TRIGGER g AFTER INSERT ON Notes BEGIN UPDATE Notes SET body='x'; SELECT 1; END;\n"
      "ANALYZE sqlite_schema;\nINSERT INTO sqlite_stat1 VALUES('Notes',NULL,'2');\n"
      "DELETE FROM sqlite_sequence;\nINSERT INTO sqlite_sequence VALUES('Notes',16);\nCOMMIT;\n");
  INFO(run.result.err);
  CHECK(run.exit_code() == 0);
  CHECK(run.summary["files"][0]["dialect"].text() == "sqlite");
  CHECK(run.counts() == "4 4 0 0 0 0");
  CHECK(stack.sql("select \"Id\", replace(body, e'\\n', '~'), ratio, price, done, data, at, "
                  "double_ratio, last from \"Notes\" order by 1") ==
        "1|a~b \\frac|0.1|1.50|t|\\x00ff5c|2024-06-01 12:00:00|0.2|z\n"
        "2|tab\t\\|Infinity||f|\\x||Infinity|it's\n3||||||||x\n16||||||||");
}

TEST_CASE("seed sqlite: what would change what the file holds is refused with its line") {
  test::Stack& stack = test::shared_stack();
  stack.reset("create table t (a int, b text)");
  const struct {
    std::string statement;
    std::string error;
  } cases[] = {
      {"UPDATE t SET a=1;", "UPDATE"},
      {"DROP TABLE IF EXISTS [t];", "DROP TABLE"},
      {"INSERT INTO t SELECT 1,2;", "INSERT ... SELECT"},
      {"INSERT INTO t VALUES(3,upper('x'));", "upper()"},
      {"INSERT INTO t VALUES(3,char(0));", "NUL"},
      {"ROLLBACK; -- due to errors", "ROLLBACK"},
      {".read other.sql", "command"},
  };
  for (const auto& [statement, error] : cases) {
    CAPTURE(statement);
    const test::Seeded run = test::seed_text(
        "PRAGMA foreign_keys=OFF;\nCREATE TABLE t(a INT, b TEXT);\nINSERT INTO t VALUES(1,'x');\n" +
        statement + "\n");
    CHECK(run.exit_code() == 3);
    CHECK(test::contains(run.error() + run.result.err, error));
    CHECK(test::contains(run.where(), ":4"));
    CHECK(stack.sql("select count(*) from t") == "0");
  }
}

TEST_CASE("seed sqlite: what a date or timestamp would drop without a word is refused") {
  test::Stack& stack = test::shared_stack();
  stack.reset("create table t (id int, d date, at timestamp, zoned timestamptz)");
  const auto seeded = [](const std::string& values) {
    return test::seed_text("PRAGMA foreign_keys=OFF;\nINSERT INTO t VALUES(" + values + ");\n");
  };
  const test::Seeded fine =
      seeded("1,'2024-01-02 00:00:00','2024-01-02T03:04:05Z','2024-01-02 03:04:05+02:00'");
  INFO(fine.result.err);
  CHECK(fine.exit_code() == 0);
  for (const std::string values :
       {"2,'2024-01-02 10:00:00',NULL,NULL", "3,NULL,'2024-01-02 03:04:05+02:00',NULL",
        "4,NULL,'2024-01-02 03:04-0330',NULL"}) {
    CAPTURE(values);
    const test::Seeded refused = seeded(values);
    CHECK(refused.exit_code() == 3);
    CHECK(test::contains(refused.error(), "would drop"));
    CHECK(test::contains(refused.where(), ":2"));
  }
  CHECK(stack.sql("select id, d, at from t") == "1|2024-01-02|2024-01-02 03:04:05");
}

TEST_CASE("seed sqlite: random databases arrive as they are") {
  if (!has_sqlite3()) return;
  const std::uint64_t seed = test::test_seed();
  CAPTURE(seed);
  Random random(seed);
  test::Stack& stack = test::shared_stack();
  static const std::vector<std::string> kPieces = {
      "a",       " ",       "'",   "\"",       "\\",
      "\\n",     "\n",      "\r",  "\t",       "\x01",
      "--",      ";",       "),(", "\xC3\xA9", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
      "\\u000a", "char(10)"};
  for (int round = 0; round < 3; ++round) {
    std::string script = "CREATE TABLE t(i INTEGER, r REAL, t TEXT, b BLOB, d DEFAULT 0);";
    for (int row = 0; row < 200; ++row) {
      std::string text, bytes(random.below(9), '\0');
      for (std::size_t pieces = random.below(8); pieces > 0; --pieces) {
        text += random.pick(kPieces);
      }
      for (char& byte : bytes) byte = static_cast<char>(random.below(256));
      char real[64];
      std::snprintf(real, sizeof real, "%.17g",
                    static_cast<double>(random.below(1u << 31)) / (1 + random.below(1000)));
      const auto or_null = [&](const std::string& value) {
        return random.one_in(9) ? "NULL" : value;
      };
      script += "INSERT INTO t VALUES(" + or_null(std::to_string(random.below(SIZE_MAX >> 1))) +
                "," + or_null(random.one_in(20) ? "-9e999" : real) + "," +
                or_null("CAST(X'" + hex(text) + "' AS TEXT)") + "," +
                or_null("X'" + hex(bytes) + "'") + ",1);\n";
    }
    stack.reset("create table t (i bigint, r double precision, t text, b bytea, d int)");
    const test::Seeded run = test::seed_text(sqlite3({":memory:", script, ".dump"}));
    INFO(run.result.err);
    REQUIRE(run.exit_code() == 0);
    CHECK(run.counts() == "200 200 0 0 0 0");
    // Doubles as the whole number and the thousandths of it: both print alike.
    const std::string wanted = sqlite3(
        {":memory:", script,
         "SELECT i, CASE WHEN abs(r) > 1e300 THEN 'inf' ELSE CAST(r AS INT)||'/'||CAST(r * 1000 AS "
         "INT) END, 'x'||hex(t), t IS NULL, 'x'||hex(b), b IS NULL, d FROM t"});
    const std::string found = stack.sql(
        "select i, case when abs(r) > 1e300 then 'inf' else trunc(r)::bigint || '/' || "
        "trunc(r * 1000)::bigint end, 'x' || coalesce(upper(encode(convert_to(t, 'UTF8'), 'hex')), "
        "''), (t is null)::int, 'x' || coalesce(upper(encode(b, 'hex')), ''), (b is null)::int, d "
        "from t");
    CHECK(sorted_lines(found) == sorted_lines(wanted));
  }
}

TEST_CASE("seed sqlite: the dumps of PGSEED_DUMPS arrive as SQLite reads them") {
  const char* const folder = std::getenv("PGSEED_DUMPS");
  if (folder == nullptr) {
    MESSAGE("PGSEED_DUMPS is not set: no real dumps are loaded");
    return;
  }
  if (!has_sqlite3()) return;
  std::istringstream manifest(test::read_file(std::string(folder) + "/MANIFEST.tsv"));
  std::size_t rows = 0;
  for (std::string line; std::getline(manifest, line);) {
    if (line.find("\tsqlite\t") == std::string::npos) continue;
    const std::string name = line.substr(0, line.find('\t'));
    CAPTURE(name);
    const test::TempDir scratch;
    const std::string database = scratch / "a.db";
    const std::string path = std::string(folder) + "/" + name;
    sqlite3({database, "PRAGMA synchronous=OFF", "PRAGMA journal_mode=OFF", ".read " + path});
    std::string schema;
    const std::vector<std::string> tables = sorted_lines(
        sqlite3({database,
                 "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                 "'sqlite_%'"}));
    std::vector<std::string> wanted, queries;
    for (const std::string& table : tables) {
      std::string columns, theirs, ours;
      for (const std::string& column : sorted_lines(
               sqlite3({database, "SELECT name FROM pragma_table_info('" + table + "')"}))) {
        const bool blobs =
            sqlite3({database, "SELECT count(*) FROM " + quoted(table) + " WHERE typeof(" +
                                   quoted(column) + ") = 'blob'"}) != "0\n";
        const std::string id = quoted(column);
        columns += (columns.empty() ? "" : ", ") + id + (blobs ? " bytea" : " text");
        theirs += (theirs.empty() ? "" : ", ") + ("coalesce(hex(" + id + "), '') || (" + id) +
                  " IS NULL)";
        ours += (ours.empty() ? "" : ", ") +
                ("coalesce(upper(encode(" + (blobs ? id : "convert_to(" + id + ", 'UTF8')")) +
                ", 'hex')), '') || (" + id + " is null)::int";
      }
      schema += "create table " + quoted(table) + " (" + columns + ");";
      wanted.push_back(sqlite3({database, "SELECT " + theirs + " FROM " + quoted(table)}));
      queries.push_back("select " + ours + " from " + quoted(table));
    }
    test::Stack& stack = test::shared_stack();
    stack.reset(schema);
    const test::Seeded run = test::seed({path});
    INFO(run.result.err);
    CHECK(run.exit_code() == 0);
    for (std::size_t index = 0; index < tables.size(); ++index) {
      CAPTURE(tables[index]);
      const std::vector<std::string> found = sorted_lines(stack.sql(queries[index]));
      CHECK((found == sorted_lines(wanted[index])));
      rows += found.size();
    }
  }
  CHECK(rows > 0);
}
