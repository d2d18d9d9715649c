#include "pgseed/schema/model.hpp"

#include <doctest/doctest.h>

namespace pgseed {

TEST_CASE("schema model: an identifier is quoted exactly where PostgreSQL's quote_ident does") {
  const struct {
    const char* name;
    const char* sql;
  } cases[] = {
      {"problems", "problems"},
      {"_under_score9", "_under_score9"},
      {"9lives", "\"9lives\""},
      {"", "\"\""},
      {"Upper", "\"Upper\""},
      {"with space", "\"with space\""},
      {"a\"b", "\"a\"\"b\""},
      {"a.b", "\"a.b\""},
      {"größe", "\"größe\""},
      {"dollar$", "\"dollar$\""},
      {"user", "\"user\""},          // reserved
      {"left", "\"left\""},          // type or function name
      {"between", "\"between\""},    // column name only
      {"all", "\"all\""},            // the first of the list
      {"xmltable", "\"xmltable\""},  // the last of the list
      {"name", "name"},              // unreserved
      {"users", "users"},
  };
  for (const auto& [name, sql] : cases) CHECK(quote_identifier(name) == sql);
}

TEST_CASE(
    "schema model: a table name is quoted part by part, without a schema when there is none") {
  CHECK(to_sql({"public", "problems"}) == "public.problems");
  CHECK(to_sql({"Api", "order"}) == "\"Api\".\"order\"");
  CHECK(to_sql({"", "Odd Table"}) == "\"Odd Table\"");
}

TEST_CASE("schema model: tables and columns are found by their exact names") {
  Model model;
  model.tables.resize(2);
  model.tables[0].name = {"public", "t"};
  model.tables[0].columns.resize(2);
  model.tables[0].columns[0].name = "id";
  model.tables[0].columns[1].name = "Id";
  model.tables[1].name = {"api", "t"};
  model.tables[1].columns.resize(1);
  model.tables[1].columns[0].name = "x";
  REQUIRE(model.find({"api", "t"}) != nullptr);
  CHECK(model.find({"api", "t"})->columns.front().name == "x");
  CHECK(model.find({"public", "T"}) == nullptr);
  CHECK(model.find({"", "t"}) == nullptr);
  const Table& table = model.tables.front();
  CHECK(table.find_column("Id") == &table.columns[1]);
  CHECK(table.find_column("ID") == nullptr);
}

TEST_CASE("schema model: only json and jsonb themselves travel raw") {
  for (const char* type : {"json", "jsonb", "JSONB"}) CHECK(is_json_type(type));
  for (const char* type : {"json[]", "jsonb[]", "jsonpath", "text", ""}) CHECK(!is_json_type(type));
}

}  // namespace pgseed
