// Dumps of real projects (PGSEED_DUMPS): what pgseed loads is what psql loaded, table for table, or
// it is refused for the reason that is documented.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

namespace fs = std::filesystem;

std::string folder() {
  const char* const dumps = std::getenv("PGSEED_DUMPS");
  return dumps == nullptr ? "" : dumps;
}

std::vector<std::vector<std::string>> read_table(const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string>& row = rows.emplace_back();
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) row.push_back(field);
  }
  if (!rows.empty()) rows.erase(rows.begin());
  return rows;
}

// name -> dialect
std::map<std::string, std::string> manifest() {
  std::map<std::string, std::string> all;
  for (const auto& row : read_table(folder() + "/MANIFEST.tsv")) {
    all[row.at(0).substr(0, row.at(0).find('.'))] = row.at(5);
  }
  return all;
}

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char byte : name) out += byte == '"' ? "\"\"" : std::string(1, byte);
  return out + "\"";
}

std::set<std::string> schemas_of(const std::string& path) {
  const Result inspected = pgseed({"--json", "inspect", path});
  REQUIRE_MESSAGE(inspected.exit_code == 0, inspected.err);
  std::set<std::string> schemas = {"public"};
  const Json tables = Json(inspected.out)["files"][0]["tables"];
  for (std::size_t index = 0; index < tables.size(); ++index) {
    schemas.insert(tables[index]["schema"].text());
  }
  return schemas;
}

// The tables that the dump wants: from its own DDL, or from the schema that goes with it. `by_psql`
// for DDL that needs more than a transaction of CREATE statements.
void make_schema(const std::string& name, const std::string& path, bool by_psql) {
  Stack& stack = shared_stack();
  stack.reset();
  const std::string before = folder() + "/schema/" + name + ".pre.sql";
  if (fs::exists(before)) {
    // As psql does it without ON_ERROR_STOP: some need extensions that are not there.
    stack.sql("\\set ON_ERROR_STOP off\nset client_min_messages = fatal;\n" + read_file(before));
  } else if (!by_psql) {
    const Result applied = pgseed(Call{.args = {"schema", "--allow-drop", path},
                                       .environment = {{"SUPABASE_URL", std::nullopt}}});
    REQUIRE_MESSAGE(applied.exit_code == 0, applied.err);
  }
  const std::set<std::string> schemas = schemas_of(path);
  std::string list;
  for (const std::string& schema : schemas) {
    list += (list.empty() ? "" : ",") + schema;
    stack.sql("grant usage on schema " + quoted(schema) + " to service_role; grant all on all " +
              "tables in schema " + quoted(schema) + " to service_role; grant all on all " +
              "sequences in schema " + quoted(schema) + " to service_role");
  }
  stack.postgrest.restart(Stack::kDatabase, {{"db-schemas", list}});
}

using Rows = std::vector<std::vector<std::string>>;

// "hash count" of each table of truth/NAME.tsv.
std::vector<std::string> answers_for(const Rows& truth) {
  std::string query = "set timezone = 'UTC';\n";
  for (const auto& row : truth) {
    query +=
        "select coalesce(md5(string_agg(t::text, E'\\n' order by t::text collate \"C\")), "
        "'-') || ' ' || count(*) from " +
        quoted(row.at(0)) + "." + quoted(row.at(1)) + " t;\n";
  }
  std::istringstream lines(shared_stack().sql(query));
  std::vector<std::string> answers(truth.size());
  for (std::string& answer : answers) std::getline(lines, answer);
  return answers;
}

// Checks every table of truth/NAME.tsv. A value that says NOW() is another one every day: tables
// that differ are compared with what psql makes of the dump today.
void check_truth(const std::string& name, const std::string& path) {
  std::set<std::string> changing;
  for (const auto& row : read_table(folder() + "/truth/VOLATILE.tsv")) {
    if (row.at(0) == name) changing.insert(row.at(1) + "." + row.at(2));
  }
  const Rows truth = read_table(folder() + "/truth/" + name + ".tsv");
  const std::vector<std::string> answers = answers_for(truth);
  std::vector<std::size_t> differing;
  for (std::size_t index = 0; index < truth.size(); ++index) {
    const auto& row = truth[index];
    const std::string table = row[0] + "." + row[1];
    INFO(name, ": ", table);
    const std::size_t blank = answers[index].find(' ');
    CHECK(answers[index].substr(blank + 1) == row.at(3));
    const bool has_hash = changing.count(table) == 0 && row.size() > 4 && row[4].size() > 1;
    if (has_hash && answers[index].substr(0, blank) != row[4]) differing.push_back(index);
  }
  if (differing.empty()) return;
  make_schema(name, path, false);
  shared_stack().sql("\\i " + path);
  const std::vector<std::string> today = answers_for(truth);
  for (const std::size_t index : differing) {
    INFO(name, ": ", truth[index][0], ".", truth[index][1]);
    CHECK(answers[index] == today[index]);
  }
}

struct Refused {
  const char* name;
  int line;
  const char* reason;  // part of the message
};

const std::vector<Refused>& refused() {
  static const std::vector<Refused> all = {
      {"adventureworks-install", 178, "a psql command"},
      {"chatbotui-seed", 2, "a function call crypt()"},
      {"pgcopydb-dml", 17, "INSERT ... SELECT"},
  };
  return all;
}

}  // namespace

TEST_CASE("dumps: what psql loaded from a real dump is what pgseed loads") {
  if (folder().empty()) {
    MESSAGE("PGSEED_DUMPS is not set: the dumps of real projects were not loaded");
    return;
  }
  int loaded = 0;
  for (const auto& [name, dialect] : manifest()) {
    if (dialect != "pg") continue;
    if (std::any_of(refused().begin(), refused().end(),
                    [&name = name](const Refused& each) { return each.name == name; })) {
      continue;
    }
    const std::string path = folder() + "/" + name + ".sql";
    make_schema(name, path, false);
    if (name.rfind("lean-", 0) == 0) {
      const Seeded identity = seed({path, "--via", "rest"});
      CHECK(identity.exit_code() == 5);
      CHECK(contains(identity.error(), "GENERATED ALWAYS AS IDENTITY"));
      CHECK(contains(identity.hint(), "SET GENERATED BY DEFAULT"));
      CHECK(shared_stack().sql("select count(*) from wkbk_lean") == "0");
      shared_stack().sql("alter table wkbk_lean alter id set generated by default");
      shared_stack().postgrest.reload();
    }
    if (name == "sakila-pg-copy") {
      // Rules spread the rows of payment over its partitions, which COPY does not notice and
      // PostgREST cannot pass; and the dump switches off the foreign keys, two of which go round.
      const Seeded ruled = seed({path});
      CHECK(ruled.exit_code() == 5);
      CHECK(contains(ruled.error(), "public.payment"));
      CHECK(contains(ruled.hint(), "CREATE RULE"));
      shared_stack().sql(R"(do $$ declare it record; begin
        for it in select rulename from pg_rules where tablename = 'payment' loop
          execute format('drop rule %I on payment', it.rulename);
        end loop;
        for it in select tablename from pg_tables where schemaname = 'public' loop
          execute format('alter table %I disable trigger all', it.tablename);
        end loop;
      end $$)");
      shared_stack().postgrest.reload();
    }
    const Seeded seeded = seed({path});
    INFO(name, ": ", seeded.where(), ": ", seeded.error(), "\n", seeded.notes());
    CHECK(seeded.exit_code() == 0);
    CHECK(seeded.total("rows_loaded") == seeded.total("rows_read"));
    check_truth(name, path);
    ++loaded;
  }
  CHECK(loaded >= 16);
}

TEST_CASE("dumps: what REST cannot carry refuses the dump before a row is written") {
  if (folder().empty()) return;
  for (const Refused& dump : refused()) {
    const std::string path = folder() + "/" + dump.name + ".sql";
    const std::set<std::string> schemas = schemas_of(path);
    shared_stack().reset();
    const Seeded seeded = seed({path, "--via", "rest"});
    INFO(std::string(dump.name), ": ", seeded.where(), ": ", seeded.error());
    CHECK(seeded.exit_code() == 3);
    CHECK(seeded.where() == path + ":" + std::to_string(dump.line));
    CHECK(contains(seeded.error(), dump.reason));
    CHECK(contains(seeded.hint(), "--skip-unsupported"));
    CHECK(seeded.summary["bytes_sent"].number() == 0);
  }
}

TEST_CASE("dumps: a dump of SQL Server is called by its name") {
  if (folder().empty()) return;
  for (const auto& [name, dialect] : manifest()) {
    if (dialect != "mssql") continue;
    const std::string path = folder() + "/" + name + ".sql";
    for (const char* const command : {"seed", "inspect", "schema"}) {
      const Result result = pgseed({command, path});
      INFO(command, " ", name, ": ", result.err);
      CHECK(result.exit_code == 3);
      CHECK(contains(result.err, "error: " + path + ": "));
      CHECK(contains(result.err, "SQL Server"));
      CHECK(contains(result.err, "hint: "));
    }
  }
}

}  // namespace pgseed::test
