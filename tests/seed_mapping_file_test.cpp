// The file of --map: what it may say in TOML and in JSON, and how mistakes in it are told.
#include "pgseed/seed/input/mapping_file.hpp"

#include <doctest/doctest.h>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::seed {
namespace {

std::string shown(const TablePattern& pattern) {
  return text(pattern.schema.value_or("-"), '/', pattern.table.empty() ? "*" : pattern.table);
}

std::string shown(const Mapping& mapping) {
  std::string out;
  for (const TablePattern& table : mapping.keep) out += "keep " + shown(table) + "\n";
  for (const TablePattern& table : mapping.leave) out += "drop " + shown(table) + "\n";
  for (const TableRule& rule : mapping.tables) {
    out += text(shown(rule.source), " -> ", rule.schema.value_or("-"), '/',
                rule.table.value_or("-"), "\n");
    for (const ColumnRule& column : rule.columns) {
      out += "  " + column.column;
      if (column.rename) out += " rename " + *column.rename;
      if (column.drop) out += " drop";
      if (column.constant) out += text(" constant [", *column.constant, ']');
      if (column.made) out += text(" value of ", column.made->pieces.size());
      if (column.if_null) out += text(" if_null [", *column.if_null, ']');
      if (column.if_empty) out += text(" if_empty [", *column.if_empty, ']');
      out += "\n";
    }
  }
  return out;
}

constexpr const char* kToml = R"(version = 1
keep = ["extra", "audit.*"]
drop = ['"odd.name"']

[tables.zoo]
rename = "animals"
keep = true
columns.z = { rename = "last" }
columns.a.drop = true

[tables.zoo.columns.b]
if_null = 7
if_empty = ""

[tables."public.users"]
rename = 'app."the users"'
keep = true
columns.admin = { constant = false }
columns.id = { value = "u{row:03}", if_null = "none" }

[tables.log]
drop = true
)";

constexpr const char* kJson = R"({"version": 1, "keep": ["extra", "audit.*"],
  "drop": ["\"odd.name\""],
  "tables": {
    "zoo": {"rename": "animals", "keep": true, "columns": {
      "z": {"rename": "last"}, "a": {"drop": true}, "b": {"if_null": 7, "if_empty": ""}}},
    "public.users": {"rename": "app.\"the users\"", "keep": true, "columns": {
      "admin": {"constant": false}, "id": {"value": "u{row:03}", "if_null": "none"}}},
    "log": {"drop": true}}})";

Error error_of(const std::string& content, const std::string& path) {
  try {
    parse_mapping(content, path);
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown for " << content);
  return {ErrorKind::usage, ""};
}

}  // namespace

TEST_CASE("mapping file: TOML and JSON say the same") {
  const std::string wanted =
      "keep -/extra\nkeep audit/*\nkeep -/zoo\nkeep public/users\n"
      "drop -/odd.name\ndrop -/log\n"
      "-/zoo -> -/animals\n  z rename last\n  a drop\n  b if_null [7] if_empty []\n"
      "public/users -> app/the users\n"
      "  admin constant [false]\n  id value of 2 if_null [none]\n";
  CHECK(shown(parse_mapping(kToml, "m.toml")) == wanted);
  CHECK(shown(parse_mapping(kJson, "m.json")) == wanted);
  // By content, where the name does not tell.
  CHECK(shown(parse_mapping(kToml, "m")) == wanted);
  CHECK(shown(parse_mapping("\xEF\xBB\xBF\n " + std::string(kJson), "m.map")) == wanted);
  CHECK(shown(parse_mapping("\xEF\xBB\xBF" + std::string(kToml), "m.map")) == wanted);
  CHECK(shown(parse_mapping("", "m.toml")).empty());
  CHECK(shown(parse_mapping("{}", "m.json")).empty());
}

TEST_CASE("mapping file: every mistake is told with its place") {
  const struct {
    const char* content;
    const char* where;
    const char* said;  // in the message or the hint
  } cases[] = {
      // Broken text.
      {"version = ", "m:1:11", "TOML"},
      {"[tables.a]\n[tables.a]\n", "m:2:1", ""},
      {"a = 'x\n", "m:1:7", ""},
      {"[:tables.a]", "m:1:2", "saw ':'"},
      {"\xC3\xA9 = 1", "m:1:1", ""},
      {"\xEF\xBB\x9A = 1", "m:1:1", ""},
      {"{\"tables\": {]}", "m:1:13", "name of a member"},
      {"{\"tables\":\n {\"a\": 1,}}", "m:2:10", "name of a member"},
      {"{} {}", "m:1:1", "more than one JSON object"},
      {"{\"tables\": {}, \"tables\": {}}", "m:1:16", "said twice"},
      {"a = \"\xFF\"", "m:1:6", "UTF-8"},
      // Unknown names.
      {"versoin = 1", "m:1:1", "known are version, keep, drop and tables"},
      {"\n[tabels.a]\nrename = 'b'", "m:2:2", "'tabels'"},
      {"[tables.a]\nrenmae = 'b'", "m:2:1", "known are rename, keep, drop and columns"},
      {"[tables.a.columns.b]\nconst = 1", "m:2:1", "known are rename, drop, constant"},
      {"version = 2", "m:1:11", "reads version 1"},
      // Wrong types.
      {"version = '1'", "m:1:11", "a whole number"},
      {"keep = 'a'", "m:1:8", "wants a list"},
      {"keep = []", "m:1:8", "lists no table"},
      {"keep = [1]", "m:1:9", "wants a string"},
      {"tables = 1", "m:1:10", "wants a table"},
      {"tables.a = 'b'", "m:1:12", "wants a table"},
      {"tables.a.rename = 1", "m:1:19", "wants a string"},
      {"tables.a.drop = 'yes'", "m:1:17", "true or false"},
      {"tables.a.columns = 'x'", "m:1:20", "wants a table"},
      {"tables.a.columns.b = '{row}'", "m:1:22", "not a table"},
      {"tables.a.columns.b.rename = true", "m:1:29", "wants a string"},
      {"tables.a.columns.b.value = 1", "m:1:28", "wants a string"},
      {"tables.a.columns.b.constant = 1.5", "m:1:31", "write it as a string"},
      {"tables.a.columns.b.constant = 2024-01-01", "m:1:31", "write it as a string"},
      {"tables.a.columns.b.constant = [1]", "m:1:31", "a list"},
      {"{\"tables\": {\"a\": {\"columns\": {\"b\": {\"constant\": null}}}}}", "m:1:49", "default"},
      {"{\"tables\": {\"a\": {\"columns\": {\"b\": {\"if_null\": 1e3}}}}}", "m:1:48", "string"},
      {"tables.a.columns.b.constant = \"a\\u0000\"", "m:1:31", "cannot"},
      // No names.
      {"tables.a.rename = ''", "m:1:19", "names no table"},
      {"tables.a.rename = 'a.b.c'", "m:1:19", "names no table"},
      {"tables.a.rename = 'a.'", "m:1:19", "names no table"},
      {"tables.a.rename = '\"a'", "m:1:19", "names no table"},
      {"tables.'.a'.rename = 'b'", "m:1:8", "names no table"},
      {"tables.a.columns.'' = { drop = true }", "m:1:18", "without a name"},
      {"tables.a.columns.b.rename = ''", "m:1:29", "without a name"},
      // Templates.
      {"tables.a.columns.b.value = 'x{rwo:05}'", "m:1:28", "(character 2 of"},
      // Rules that contradict each other.
      {"tables.a.columns.b = { rename = 'c', drop = true }", "m:1:18", "more than one of"},
      {"tables.a.columns.b = { value = 'c', constant = 1 }", "m:1:18", "more than one of"},
      {"tables.a.columns.b = { value = 'c', rename = 'd' }", "m:1:18", "more than one of"},
      {"tables.a.columns.b = { constant = 1, if_null = 2 }", "m:1:18", "never counts"},
      {"tables.a.columns.b = { drop = true, if_empty = 2 }", "m:1:18", "never counts"},
      {"tables.a.columns.b = { drop = false }", "m:1:18", "nothing is said"},
      {"tables.a.columns.b = { rename = 'd' }\ntables.a.columns.c = { rename = 'd' }", "m:2:18",
       "two values would go into the column d"},
      {"tables.a.columns.b = { rename = 'd' }\ntables.a.columns.d = { constant = 1 }", "m:2:18",
       "two values would go into the column d"},
      {"[tables.a]\ndrop = true\nrename = 'b'", "m:1:9", "something else is said"},
      {"[tables.a]\ndrop = true\nkeep = true", "m:1:9", "something else is said"},
      {"drop = ['a']\n[tables.a]\nrename = 'b'", "m:1:9", "something else is said"},
      {"keep = ['b']\n[tables.a]\nrename = 'b'", "m:2:9", "not among those to keep"},
      {"keep = ['b', 'a']\ndrop = ['a']", "m:1:14", "both kept and dropped"},
  };
  for (const auto& [content, where, said] : cases) {
    CAPTURE(content);
    const Error error = error_of(content, "m");
    CHECK(error.kind == ErrorKind::usage);
    CHECK(error.where == where);
    CAPTURE(error.message);
    CAPTURE(error.hint);
    CHECK((error.message + " " + error.hint).find(said) != std::string::npos);
  }
}

TEST_CASE("mapping file: a file that cannot be read is told by its name") {
  try {
    read_mapping_file("/no/such.toml", {});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::usage);
    CHECK(error.where == "/no/such.toml");
  }
  CHECK_THROWS_AS(read_mapping_file("/", {}), Error);
  const test::TempDir folder;
  const auto time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1700000000120));
  CHECK(read_mapping_file(folder.write("m.toml", "keep = ['a']"), time).now ==
        "2023-11-14T22:13:20.120000Z");
}

}  // namespace pgseed::seed
