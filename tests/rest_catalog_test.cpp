#include "pgseed/rest/catalog.hpp"

#include <doctest/doctest.h>

using namespace pgseed;
using namespace pgseed::rest;

namespace {

constexpr const char* kDocument = R"json({
 "swagger":"2.0", "info":{"title":"standard public schema","version":"12.0.2"},
 "paths":{"/":{"get":{}},"/parent":{"get":{}}},
 "definitions":{
  "parent":{"required":["id","name","doc"],"type":"object","properties":{
   "id":{"description":"Note:\nThis is a Primary Key.<pk/>","format":"bigint","type":"integer"},
   "name":{"default":"x","description":"says <pk/> in its comment","format":"character varying",
    "maxLength":30,"type":"string"},
   "doc":{"format":"jsonb"},
   "made":{"default":"now()","format":"timestamp with time zone","type":"string"},
   "tags":{"format":"text[]","items":{"type":"string"},"type":"array"}}},
  "child":{"required":["pid","seq"],"type":"object","properties":{
   "pid":{"description":"kept\n\nNote:\nThis is a Primary Key.<pk/>\nThis is a Foreign Key to `parent.id`.<fk table='parent' column='id'/>",
    "format":"int64","type":"integer"},
   "seq":{"description":"Note:\nThis is a Primary Key.<pk/>","format":"int32","type":"integer"}}},
  "Odd, \"Table\"":{"type":"object","properties":{
   "a.b":{"format":"public.vector(3)","type":"string"},"bare":{}}},
  "empty":{"type":"object"}}})json";

}  // namespace

TEST_CASE("rest catalog: tables and columns come in the document's order") {
  const auto model = read_openapi(kDocument, "api");
  REQUIRE(model.has_value());
  REQUIRE(model->tables.size() == 4);
  const auto& parent = model->tables[0];
  CHECK(parent.name == TableName{"api", "parent"});
  REQUIRE(parent.columns.size() == 5);
  CHECK(parent.columns[0].name == "id");
  CHECK(parent.columns[0].type == "bigint");
  CHECK(parent.columns[0].not_null);
  CHECK_FALSE(parent.columns[0].has_default);
  CHECK(parent.columns[1].type == "character varying(30)");
  CHECK(parent.columns[1].has_default);
  CHECK(parent.columns[2].type == "jsonb");
  CHECK(parent.columns[3].type == "timestamp with time zone");
  CHECK_FALSE(parent.columns[3].not_null);
  CHECK(parent.columns[4].type == "text[]");
  CHECK(model->tables[2].name.table == "Odd, \"Table\"");
  CHECK(model->tables[2].columns[0].type == "public.vector(3)");
  CHECK(model->tables[2].columns[1].type == "");
  CHECK(model->tables[3].columns.empty());
}

TEST_CASE("rest catalog: keys are read from the notes, not from comments") {
  const auto model = read_openapi(kDocument, "api");
  REQUIRE(model.has_value());
  CHECK(model->tables[0].primary_key == std::vector<std::string>{"id"});
  const auto& child = model->tables[1];
  CHECK(child.primary_key == std::vector<std::string>{"pid", "seq"});
  REQUIRE(child.foreign_keys.size() == 1);
  CHECK(child.foreign_keys[0].columns == std::vector<std::string>{"pid"});
  CHECK(child.foreign_keys[0].referenced_table == TableName{"api", "parent"});
  CHECK(child.foreign_keys[0].referenced_columns == std::vector<std::string>{"id"});
  CHECK(model->tables[2].primary_key.empty());
}

TEST_CASE("rest catalog: the integer formats of later servers mean the same types") {
  const auto model = read_openapi(kDocument, "api");
  REQUIRE(model.has_value());
  CHECK(model->tables[1].columns[0].type == "bigint");
  CHECK(model->tables[1].columns[1].type == "integer");
}

TEST_CASE("rest catalog: a schema without tables is a model without tables") {
  const auto model =
      read_openapi(R"({"swagger":"2.0","paths":{"/":{}},"definitions":{}})", "public");
  REQUIRE(model.has_value());
  CHECK(model->tables.empty());
}

TEST_CASE("rest catalog: what is no OpenAPI document gives nothing") {
  for (const auto* document :
       {"", "{}", "[]", "<html>", R"({"swagger":"2.0"})", R"({"swagger":"1.2","paths":{}})",
        R"({"openapi":"3.0","paths":{}})", R"({"message":"Not found"})"}) {
    CAPTURE(document);
    CHECK_FALSE(read_openapi(document, "public").has_value());
  }
}

TEST_CASE("rest catalog: a document of odd shapes does no harm") {
  const auto model = read_openapi(
      R"({"swagger":"2.0","paths":{},"definitions":{"a":null,"b":[1],"c":{"required":"id",)"
      R"("properties":[1]},"d":{"required":[1,null],"properties":{"x":null,"y":"text","z":{)"
      R"("format":7,"description":"<fk table='unclosed"}}}}})",
      "public");
  REQUIRE(model.has_value());
  REQUIRE(model->tables.size() == 2);
  CHECK(model->tables[0].name.table == "c");
  REQUIRE(model->tables[1].columns.size() == 3);
  CHECK(model->tables[1].columns[0].type == "");
  CHECK(model->tables[1].foreign_keys.empty());
}

TEST_CASE("rest catalog: a document cut anywhere gives nothing") {
  const std::string document = kDocument;
  for (std::size_t cut = 0; cut < document.size(); ++cut) {
    CHECK_FALSE(read_openapi(document.substr(0, cut), "public").has_value());
  }
}
