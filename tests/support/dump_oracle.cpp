#include "support/dump_oracle.hpp"

#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "support/local_mariadb.hpp"
#include "support/local_postgrest.hpp"
#include "support/random_text.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kTableMark = "==";

// Statements that print a mark and then the rows of each table; `name` spells a name.
template <class Name>
std::string questions(const RandomDump& dump, std::string RandomColumn::*shown, bool schemas,
                      const Name& name) {
  std::string sql;
  for (const RandomTable& table : dump.tables) {
    sql += std::string("select '") + kTableMark + "';\nselect ";
    for (const RandomColumn& column : table.columns) {
      if (&column != table.columns.data()) sql += ", ";
      sql += column.*shown;
    }
    sql += " from " + (schemas ? name(table.schema) + "." : "") + name(table.name) + ";\n";
  }
  return sql;
}

std::vector<ShownRows> answers(const std::string& text, char separator) {
  std::vector<ShownRows> tables;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line == kTableMark) {
      tables.emplace_back();
      continue;
    }
    std::istringstream fields(line);
    std::string key;
    std::getline(fields, key, separator);
    std::vector<std::string>& row = tables.back()[key];
    for (std::string field; std::getline(fields, field, separator);) row.push_back(field);
  }
  return tables;
}

std::string name_here(const std::string& name) {
  return in_quotes(name);
}

std::string postgresql_questions(const RandomDump& dump, std::string RandomColumn::*shown) {
  return "\\pset null NULL\nset timezone = 'UTC';\n" + questions(dump, shown, true, name_here);
}

class PostgresqlOracle final : public DumpOracle {
 public:
  void begin(const std::vector<RandomDump>& dumps) override {
    shared_stack().postgres.create_database(kDatabase);
    std::string sql = kRandomDumpTypes;
    for (const RandomDump& dump : dumps) sql += dump.schema_there;
    shared_stack().postgres.sql(sql, kDatabase);
  }

  std::optional<std::string> load(const RandomDump&, const std::string& path) override {
    Command psql;
    psql.argv = {postgres_bin_dir() + "/psql",          "-Xq", "-v", "ON_ERROR_STOP=1", "-f", path,
                 shared_stack().postgres.url(kDatabase)};
    psql.environment = {{"PGOPTIONS", "-c client_min_messages=error -c timezone=UTC"},
                        {"PGCLIENTENCODING", "UTF8"}};
    const Result result = run(psql);
    if (result.exit_code != 0) return result.err;
    return {};
  }

  std::vector<ShownRows> show(const RandomDump& dump) override {
    return answers(shared_stack().postgres.sql(
                       postgresql_questions(dump, &RandomColumn::shown_there), kDatabase),
                   '|');
  }

 private:
  static constexpr const char* kDatabase = "oracle";
};

class MariadbOracle final : public DumpOracle {
 public:
  void begin(const std::vector<RandomDump>& dumps) override {
    std::string sql =
        "drop database if exists d; create database d character set utf8mb4; use d;\n"
        "set sql_mode='';\n";
    for (const RandomDump& dump : dumps) sql += dump.schema_there;
    server_.must(sql);
  }

  std::optional<std::string> load(const RandomDump& dump, const std::string&) override {
    const Result result = server_.client(dump.text, kDatabase);
    if (result.exit_code != 0) return result.err;
    return {};
  }

  std::vector<ShownRows> show(const RandomDump& dump) override {
    const auto name = [](const std::string& plain) { return in_quotes(plain, '`'); };
    return answers(server_.must("set time_zone='+00:00';\n" +
                                    questions(dump, &RandomColumn::shown_there, false, name),
                                kDatabase),
                   '\t');
  }

 private:
  static constexpr const char* kDatabase = "d";
  LocalMariadb server_;
};

class SqliteOracle final : public DumpOracle {
 public:
  void begin(const std::vector<RandomDump>& dumps) override {
    std::filesystem::remove(database());
    std::vector<std::string> schemas = {"select 1;"};
    for (const RandomDump& dump : dumps) schemas.push_back(" " + dump.schema_there);
    const Result made = sqlite3(schemas);
    if (made.exit_code != 0) throw std::runtime_error("sqlite3: " + made.err);
  }

  std::optional<std::string> load(const RandomDump& dump, const std::string& path) override {
    // The shell drops a CR before a LF of what it reads line by line, inside strings as well; of an
    // argument it takes every byte.
    const bool whole = dump.text.find('\r') != std::string::npos;
    const Result result = whole ? sqlite3({" " + dump.text}) : sqlite3({}, path);
    if (result.exit_code != 0 || !result.err.empty()) return result.err + result.out;
    return {};
  }

  std::vector<ShownRows> show(const RandomDump& dump) override {
    const Result result = sqlite3(
        {".nullvalue NULL", questions(dump, &RandomColumn::shown_there, false, name_here)}, "");
    if (result.exit_code != 0) throw std::runtime_error("sqlite3: " + result.err);
    return answers(result.out, '|');
  }

 private:
  std::string database() const { return folder_ / "database"; }
  Result sqlite3(const std::vector<std::string>& arguments, const std::string& file = {}) const {
    Command command;
    command.argv = {"sqlite3", "-init", "/dev/null", "-bail", "-batch", database()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.stdin_file = file;
    return run(command);
  }

  TempDir folder_;
};

bool has_sqlite3() {
  try {
    if (run({.argv = {"sqlite3", "--version"}}).exit_code == 0) return true;
  } catch (const std::exception&) {
    // told below
  }
  MESSAGE("sqlite3 is not installed: nothing is compared with it");
  return false;
}

}  // namespace

std::unique_ptr<DumpOracle> make_oracle(sql::Dialect dialect) {
  switch (dialect) {
    case sql::Dialect::mysql:
      if (!LocalMariadb::is_installed()) return nullptr;
      return std::make_unique<MariadbOracle>();
    case sql::Dialect::sqlite:
      if (!has_sqlite3()) return nullptr;
      return std::make_unique<SqliteOracle>();
    default:
      return std::make_unique<PostgresqlOracle>();
  }
}

std::vector<ShownRows> show_loaded(const RandomDump& dump) {
  return answers(shared_stack().sql(postgresql_questions(dump, &RandomColumn::shown_here)), '|');
}

}  // namespace pgseed::test
