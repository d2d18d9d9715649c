// `pgseed schema` and then `pgseed seed` of real MySQL and SQLite dumps (PGSEED_DUMPS): what stands
// in PostgreSQL is what MariaDB and sqlite3 make of the same files.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/foreign_contents.hpp"
#include "support/local_mariadb.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

namespace fs = std::filesystem;

std::string folder() {
  const char* const dumps = std::getenv("PGSEED_DUMPS");
  if (dumps == nullptr) MESSAGE("PGSEED_DUMPS is not set: no real dumps are loaded");
  return dumps == nullptr ? "" : dumps;
}

std::vector<std::string> names_of(const std::string& dialect) {
  std::vector<std::string> names;
  std::istringstream manifest(read_file(folder() + "/MANIFEST.tsv"));
  for (std::string line; std::getline(manifest, line);) {
    if (contains(line, "\t" + dialect + "\t")) names.push_back(line.substr(0, line.find('.')));
  }
  return names;
}

// table -> rows
std::map<std::string, std::string> truth(const std::string& name) {
  std::map<std::string, std::string> rows;
  std::istringstream lines(read_file(folder() + "/truth/" + name + ".tsv"));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string schema, table, count;
    std::getline(fields, schema, '\t');
    std::getline(fields, table, '\t');
    std::getline(fields, count, '\t');
    rows[table] = count;
  }
  return rows;
}

// The schema is applied, twice; then the rows.
void load(const std::string& name) {
  shared_stack().reset();
  const std::string path = folder() + "/" + name + ".sql";
  const std::string before = folder() + "/schema/" + name + ".pre.sql";
  std::vector<std::string> arguments = {"--json", "schema", fs::exists(before) ? before : path};
  const Result applied = pgseed(Call{.args = arguments});
  INFO(applied.err);
  REQUIRE(applied.exit_code == 0);
  const Json summary(applied.out);
  REQUIRE(summary["statements_applied"].number() > 0);
  for (std::size_t index = 0; index < summary["notes"].size(); ++index) {
    // What only the server finds out would be a fault of the translation; but for tables that the
    // file has not.
    const std::string note = summary["notes"][index].text();
    CAPTURE(note);
    const bool refused = contains(note, ": left out: ");
    CHECK((!refused || contains(note, "does not exist")));
  }
  CHECK(pgseed(Call{.args = arguments}).exit_code == 5);
  arguments.emplace_back("--if-not-exists");
  const Result again = pgseed(Call{.args = arguments});
  CHECK(again.exit_code == 0);
  CHECK(Json(again.out)["statements_existing"].number() > 0);
  if (name == "myanon-substring") {  // one of its texts is of NUL bytes, which PostgreSQL has not
    const Seeded seeded = seed({path, "--max-rejects", "all"});
    CHECK(seeded.counts() == "5 4 0 1 0 0");
    return;
  }
  std::vector<std::string> seeding = {path};
  // Neither MySQL nor PostgreSQL knows the value 0x that one of its rows has.
  if (name == "mysqlnothx-tables") seeding.emplace_back("--skip-unsupported");
  const Seeded seeded = seed(seeding);
  INFO(seeded.result.err);
  CHECK(seeded.error() == "");
  CHECK(seeded.exit_code() == 0);
}

// The next number that an identity gives is above all that were loaded.
void check_next_numbers(const std::string& table) {
  Stack& stack = shared_stack();
  const std::string column = stack.sql(
      "select column_name from information_schema.columns where is_identity = 'YES' and "
      "table_name = $q$" +
      table + "$q$");
  if (column.empty()) return;
  const std::string name = in_double_quotes(table);
  CHECK(stack.sql("select nextval(pg_get_serial_sequence($q$" + name + "$q$, $q$" + column +
                  "$q$)) > coalesce(max(" + in_double_quotes(column) + "), 0) from " + name) ==
        "t");
}

}  // namespace

TEST_CASE("schema foreign: MySQL dumps of PGSEED_DUMPS load into the tables made of their DDL") {
  if (folder().empty() || !LocalMariadb::is_installed()) return;
  const LocalMariadb mariadb;
  std::size_t compared = 0;
  for (const std::string& name : names_of("mysql")) {
    CAPTURE(name);
    load(name);
    if (name == "myanon-substring") continue;
    // MariaDB reads the same, errors and all, without checking keys.
    const std::string before = folder() + "/schema/" + name + ".pre.sql";
    std::string script =
        "drop database if exists d; create database d; use d; "
        "set foreign_key_checks=0;\n";
    if (fs::exists(before)) script += read_file(before);
    script += "\nset foreign_key_checks=0;\n";
    std::string dump = read_file(folder() + "/" + name + ".sql");
    for (const char* newer : {"utf8mb4_0900_ai_ci"}) {
      for (std::size_t at = 0; (at = dump.find(newer, at)) != std::string::npos;) {
        dump.replace(at, std::string(newer).size(), "utf8mb4_general_ci");
      }
    }
    mariadb.client(script + dump);
    for (const auto& [table, rows] : truth(name)) {
      CAPTURE(table);
      if (name == "mysqlnothx-tables") {  // MariaDB refuses some of its tables
        if (table != "blob_test") {
          CHECK(shared_stack().sql("select count(*) from " + in_double_quotes(table)) == rows);
        }
        continue;
      }
      if (name == "sakila-mysql-data" && table == "film_text") continue;  // filled by triggers
      const std::string database = mariadb.must(
          "select table_schema from information_schema.tables where table_name = '" + table +
          "' and table_schema not in ('information_schema', 'mysql', 'sys', 'performance_schema') "
          "order by create_time desc limit 1");
      REQUIRE(database.size() > 1);
      Stack& stack = shared_stack();
      CHECK(stack.sql("select count(*) from " + in_double_quotes(table)) == rows);
      auto columns = columns_of(stack, table);
      REQUIRE(!columns.empty());
      // MariaDB passes over what /*!50705 ... */ means for MySQL only.
      if (table == "address") {
        std::erase_if(columns, [](const ShownColumn& column) { return column.name == "location"; });
      }
      const std::string found = stack.sql(
          "\\pset fieldsep '\\t'\n\\pset null NULL\nset timezone = 'UTC';\nselect " +
          select_list(columns, postgresql_field, "", "") + " from " + in_double_quotes(table));
      const std::string wanted = mariadb.must(
          "select " + select_list(columns, mysql_field, "", "") + " from " + in_backticks(table),
          database.substr(0, database.size() - 1));
      const auto ours = sorted_fields(found, '\t');
      const auto theirs = sorted_fields(wanted, '\t');
      REQUIRE(ours.size() == theirs.size());
      for (std::size_t index = 0; index < ours.size(); ++index) {
        if (ours[index] != theirs[index]) CHECK(ours[index] == theirs[index]);
        if (ours[index] != theirs[index]) break;
      }
      compared += ours.size();
      if (!fs::exists(before)) check_next_numbers(table);
    }
    mariadb.client(
        "drop database if exists Chinook; drop database if exists mathdb; "
        "drop database if exists sakila;");
  }
  CHECK(compared > 60'000);
}

TEST_CASE("schema foreign: SQLite dumps of PGSEED_DUMPS load into the tables made of their DDL") {
  if (folder().empty()) return;
  std::size_t compared = 0;
  for (const std::string& name : names_of("sqlite")) {
    CAPTURE(name);
    load(name);
    const TempDir scratch;
    const std::string database = scratch / "a.db";
    const auto sqlite3 = [&](const std::vector<std::string>& statements) {
      Command command;
      command.argv = {"sqlite3", "-batch", "-separator", "\t", "-nullvalue", "NULL", database};
      command.argv.insert(command.argv.end(), statements.begin(), statements.end());
      command.timeout = std::chrono::seconds(120);
      const Result result = run(command);
      REQUIRE_MESSAGE(result.exit_code == 0, result.err);
      return result.out;
    };
    sqlite3({"PRAGMA synchronous=OFF", "PRAGMA journal_mode=OFF",
             ".read " + folder() + "/" + name + ".sql"});
    for (const auto& [table, rows] : truth(name)) {
      CAPTURE(table);
      Stack& stack = shared_stack();
      CHECK(stack.sql("select count(*) from " + in_double_quotes(table)) == rows);
      const auto columns = columns_of(stack, table);
      REQUIRE(!columns.empty());
      const std::string found =
          stack.sql("\\pset fieldsep '\\t'\n\\pset null NULL\nset timezone = 'UTC';\nselect " +
                    select_list(columns, postgresql_field, "coalesce((", ")::text, 'NULL')") +
                    " from " + in_double_quotes(table));
      std::string list;
      for (const ShownColumn& column : columns) {
        list += (list.empty() ? "" : ", ") +
                ("CASE WHEN " + in_double_quotes(column.name) + " IS NULL THEN 'NULL' ELSE " +
                 sqlite_field(column) + " END");
      }
      const std::string wanted =
          sqlite3({"SELECT " + list + kRowEnd + " FROM " + in_double_quotes(table)});
      CHECK(sorted_fields(found, '\t') == sorted_fields(wanted, '\t'));
      compared += sorted_fields(found, '\t').size();
    }
  }
  CHECK(compared > 15'000);
}

}  // namespace pgseed::test
