#include "pgseed/sql/sqlite_table.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pgseed::sql;

namespace {

std::string show(const TableDefinition& table) {
  std::string out;
  if (table.name.schema) out += *table.name.schema + ".";
  out += table.name.name + ":";
  for (const ColumnDefinition& column : table.columns) {
    out += " " + column.name + "=" + column.type + (column.generated ? "(generated)" : "");
  }
  return out + (table.complete ? "" : " incomplete");
}

std::string created(const std::string& statement) {
  const auto table = read_sqlite_create(statement);
  return table ? show(*table) : "none";
}

}  // namespace

TEST_CASE("sql sqlite table: CREATE TABLE in SQLite's spellings") {
  const struct {
    std::string statement;
    std::string table;
  } cases[] = {
      {"CREATE TABLE t(a,b,c)", "t: a= b= c="},
      {"create temp table if not exists main.[T 1] (\"A\"\"b\" INTEGER PRIMARY KEY, `c` text)",
       "T 1: A\"b=integer c=text"},
      {"CREATE TABLE 't'('a' 'VARCHAR'(10) NOT NULL, b \"UNSIGNED\" BIG INT (3, -2) DEFAULT (1,2))",
       "t: a=varchar b=unsigned big int"},
      {"CREATE TABLE t(a [my type] UNIQUE, b DEFAULT 'x,)', c COLLATE NOCASE, d NULL, e REFERENCES "
       "x(y))",
       "t: a=my type b= c= d= e="},
      {"CREATE TABLE t(a INT GENERATED ALWAYS AS (b + 1) STORED, b REAL AS (CAST(c AS INT)), c "
       "CHECK (CAST(c AS TEXT) <> ')'))",
       "t: a=int(generated) b=real(generated) c="},
      {"CREATE TABLE t(a INTEGER, key TEXT, rowid, PRIMARY KEY(a, b), FOREIGN KEY(a) REFERENCES "
       "u(b), UNIQUE (a), CHECK (a > 0), CONSTRAINT x UNIQUE(a)) WITHOUT ROWID, STRICT",
       "t: a=integer key=text rowid="},
      {"CREATE TABLE t -- a\n ( a /* , b */ TEXT -- , c\n , \"primary\" INT)",
       "t: a=text primary=int"},
      {"CREATE TABLE t AS SELECT 1 AS a", "t: incomplete"},
      {"CREATE VIRTUAL TABLE f USING fts5(a, b)", "f: incomplete"},
      {"CREATE TABLE other.t(a)", "other.t: a="},
      {"CREATE TABLE t(a", "none"},
      {"CREATE TABLE t(a VARCHAR(1", "none"},
      {"CREATE TABLE t(1)", "none"},
      {"CREATE INDEX i ON t(a)", "none"},
      {"DROP TABLE t", "none"},
      {"", "none"},
  };
  for (const auto& [statement, table] : cases) {
    CAPTURE(statement);
    CHECK(created(statement) == table);
  }
}

TEST_CASE("sql sqlite table: ALTER TABLE changes columns and names") {
  const struct {
    std::string statement;
    std::string table;
  } cases[] = {
      {"ALTER TABLE t ADD COLUMN c TEXT DEFAULT ''", "t: A=int b= c=text"},
      {"ALTER TABLE T ADD c AS (1)", "t: A=int b= c=(generated)"},
      {"ALTER TABLE t DROP COLUMN a", "t: b="},
      {"ALTER TABLE t DROP \"B\"", "t: A=int"},
      {"ALTER TABLE t RENAME COLUMN a TO c", "t: c=int b="},
      {"ALTER TABLE t RENAME b TO [x y]", "t: A=int x y="},
      {"ALTER TABLE t RENAME TO 'u'", "u: A=int b="},
      {"ALTER TABLE t DROP x", "t: A=int b="},
      {"ALTER TABLE t ADD 1", "t: A=int b= incomplete"},
      {"DROP TABLE t", "t: A=int b="},
  };
  for (const auto& [statement, wanted] : cases) {
    CAPTURE(statement);
    auto table = read_sqlite_create("CREATE TABLE t(A INT, b)");
    REQUIRE(table.has_value());
    alter_sqlite_table(statement, *table);
    CHECK(show(*table) == wanted);
  }
}

TEST_CASE("sql sqlite table: which table a statement alters or drops") {
  const auto altered = [](const std::string& statement) {
    const auto name = altered_sqlite_table(statement);
    return name ? name->name : "none";
  };
  const auto dropped = [](const std::string& statement) {
    const auto name = dropped_sqlite_table(statement);
    return name ? name->name : "none";
  };
  CHECK(altered("ALTER TABLE [a b] ADD c") == "a b");
  CHECK(altered("alter table main.t rename to u") == "t");
  CHECK(altered("ALTER TABLE") == "none");
  CHECK(altered("DROP TABLE t") == "none");
  CHECK(dropped("DROP TABLE IF EXISTS `T`") == "T");
  CHECK(dropped("drop table main.\"t\"") == "t");
  CHECK(dropped("DROP VIEW t") == "none");
  CHECK(dropped("DROP TABLE [") == "none");
}
