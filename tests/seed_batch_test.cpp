#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/encode/row_json.hpp"

#include <doctest/doctest.h>

#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"
#include "support/scripted_target.hpp"

using namespace pgseed;
using namespace pgseed::seed;
using sql::Form;

namespace {

sql::Value value(Form form, std::string_view text = {}) {
  sql::Value made;
  made.form = form;
  made.text = text;
  return made;
}

sql::Row row_of(std::vector<sql::Value> values) {
  sql::Row row;
  row.values = std::move(values);
  return row;
}

ColumnSet set_of(std::vector<std::pair<std::string, ColumnClass>> columns) {
  ColumnSet set;
  set.table_name = {"public", "t"};
  for (std::size_t index = 0; index < columns.size(); ++index) {
    set.columns.push_back(columns[index].first);
    set.classes.push_back(columns[index].second);
    set.types.emplace_back();
    set.value_index.push_back(index);
  }
  set.finish();
  return set;
}

std::string body_of(const ColumnSet& set, const std::vector<sql::Row>& rows) {
  json::Buffer body;
  for (const sql::Row& row : rows) CHECK(append_row(set, row, body) == "");
  return std::string(body.view());
}

}  // namespace

TEST_CASE("batch: values travel as strings of their text, NULL as null") {
  const ColumnSet set = set_of({{"a", ColumnClass::integer},
                                {"b", ColumnClass::text},
                                {"c", ColumnClass::other},
                                {"d \"e\"", ColumnClass::text}});
  CHECK(body_of(set, {row_of({value(Form::number, "9223372036854775807"),
                              value(Form::doubled_quotes, "it''s \"x\""),
                              value(Form::boolean, "true"), value(Form::null)}),
                      row_of({value(Form::verbatim, " 7 "), value(Form::copy_escapes, "a\\tb"),
                              value(Form::verbatim, ""), value(Form::verbatim, "NULL")})}) ==
        R"([{"a":"9223372036854775807","b":"it's \"x\"","c":"true","d \"e\"":null})"
        R"(,{"a":" 7 ","b":"a\tb","c":"","d \"e\"":"NULL"})");
}

TEST_CASE(
    "batch: an unquoted number with decimals is rounded into an integer column, as psql does") {
  const ColumnSet integers = set_of({{"a", ColumnClass::integer}});
  const ColumnSet others = set_of({{"a", ColumnClass::other}});
  CHECK(body_of(integers, {row_of({value(Form::number, "1.5")})}) == R"([{"a":"2"})");
  CHECK(body_of(others, {row_of({value(Form::number, "1.5")})}) == R"([{"a":"1.5"})");
  CHECK(body_of(integers, {row_of({value(Form::verbatim, "1.5")})}) == R"([{"a":"1.5"})");
}

TEST_CASE("batch: JSON goes raw; what would change the body's structure is refused") {
  const ColumnSet set = set_of({{"id", ColumnClass::integer}, {"j", ColumnClass::jsonb}});
  CHECK(body_of(set, {row_of({value(Form::number, "1"),
                              value(Form::doubled_quotes, R"({"a":"it''s", "a" : 1e400})")})}) ==
        R"([{"id":"1","j":{"a":"it's", "a" : 1e400}})");
  json::Buffer body;
  CHECK(append_row(set, row_of({value(Form::number, "1"), value(Form::verbatim, "[1]")}), body) ==
        "");
  const std::string before(body.view());
  for (const char* bad :
       {"", " ", "{", "1}", R"(1,"id":2)", "[1]]", "\"open", "nul", "{\"a\":1},{}"}) {
    CAPTURE(bad);
    CHECK(append_row(set, row_of({value(Form::number, "2"), value(Form::verbatim, bad)}), body) !=
          "");
    CHECK(body.view() == before);
  }
}

TEST_CASE("batch: rows of nothing but defaults are empty objects") {
  CHECK(body_of(set_of({}), {row_of({}), row_of({})}) == "[{},{}");
}

TEST_CASE("batch: closing takes superseded rows out, and the marks follow") {
  const auto set = test::two_columns();
  for (const std::vector<std::size_t>& dropped : std::vector<std::vector<std::size_t>>{
           {}, {0}, {4}, {0, 1}, {1, 3}, {3, 4}, {0, 1, 2, 3}, {1, 2, 3, 4}}) {
    auto batch = test::batch_of(*set, {0, 1, 2, 3, 4}, 1, 100);
    batch->body.truncate(batch->body.size() - 1);  // open again
    for (const std::size_t index : dropped) batch->rows[index].dropped = true;
    CHECK(batch->count() == 5 - dropped.size());
    batch->close();
    CHECK(batch->rows.size() == 5 - dropped.size());
    const auto array = json::try_read_array(batch->body.view());
    REQUIRE(array.has_value());
    REQUIRE(array->size() == batch->rows.size());
    for (std::size_t index = 0; index < batch->rows.size(); ++index) {
      const std::string id = key_of_row(*batch, index).front();
      CHECK(batch->row_text(index) == text(R"({"id":")", id, R"(","v":"v)", id, "\"}"));
      CHECK(batch->rows[index].line == std::stoul(id) * 10);
      CHECK(batch->rows[index].number == 100 + std::stoul(id));
    }
  }
}

TEST_CASE("batch: any two parts are the whole, and each is a batch of its own") {
  const auto set = test::two_columns();
  const auto whole = test::batch_of(*set, {0, 1, 2, 3, 4, 5, 6}, 9, 100);
  whole->after = {3, 4};
  whole->order = 17;
  whole->serial = whole->suspect = whole->doubted = whole->retried = whole->null_keys = true;
  whole->tries = 5;
  whole->keys = {"a"};
  for (std::size_t cut = 1; cut < 7; ++cut) {
    CAPTURE(cut);
    const auto left = whole->part(0, cut);
    const auto right = whole->part(cut, 7);
    std::string joined(left->body.view());
    joined.back() = ',';
    joined += right->body.view().substr(1);
    CHECK(joined == whole->body.view());
    CHECK(left->rows.size() == cut);
    CHECK(right->rows.size() == 7 - cut);
    CHECK(left->sequence == 100);
    CHECK(right->sequence == 100 + cut);
    CHECK(right->rows[0].line == cut * 10);
    CHECK(right->row_text(0) == whole->row_text(cut));
    for (const Batch* part : {left.get(), right.get()}) {
      CHECK(part->group == 9);
      CHECK(part->order == 17);
      CHECK(part->after == whole->after);
      CHECK((part->serial && part->suspect && part->doubted && part->retried && part->null_keys));
      CHECK(part->tries == 0);
      CHECK(part->keys.empty());
    }
  }
}

TEST_CASE("batch: a part knows its first row's number even where rows are missing before it") {
  const auto set = test::two_columns();
  const auto whole = test::batch_of(*set, {0, 1, 2, 3}, 1, 100);
  for (std::size_t index = 2; index < 4; ++index) whole->rows[index].number += 10;
  CHECK(whole->part(2, 4)->sequence == 112);
}

TEST_CASE("batch: the values of a row are read back as they were meant, whatever they hold") {
  ColumnSet set = set_of({{"a,b", ColumnClass::text},
                          {"j", ColumnClass::json},
                          {"n", ColumnClass::text},
                          {"}\"{", ColumnClass::text}});
  set.key = {3, 0};
  Batch batch;
  batch.set = &set;
  const std::string nasty = "},{\"x\":[\\\n'\t é😀";
  const char* jsons[] = {R"({"a":"},{\"","b":[1,{"c":"]"}]})",
                         R"("text, \"quoted\"}")",
                         "1e400",
                         "  [1, 2]  ",
                         R"("\ud800")",
                         "true"};
  for (const char* raw : jsons) {
    batch.rows.push_back({batch.body.size() + 1, 1, 0, false});
    REQUIRE(append_row(set,
                       row_of({value(Form::verbatim, nasty), value(Form::verbatim, raw),
                               value(Form::null), value(Form::verbatim, "k\\\"")}),
                       batch.body) == "");
  }
  for (const bool closed : {false, true}) {
    if (closed) batch.close();
    for (std::size_t index = 0; index < std::size(jsons); ++index) {
      CAPTURE(jsons[index]);
      const auto values = values_of_row(batch, index);
      REQUIRE(values.size() == 4);
      CHECK(values[0] == nasty);
      CHECK(trim(*values[1]) == trim(jsons[index]));
      CHECK_FALSE(values[2].has_value());
      CHECK(values[3] == "k\\\"");
      CHECK(key_of_row(batch, index) == std::vector<std::string>{"k\\\"", nasty});
    }
  }
  set.key = {0, 2};
  CHECK(key_of_row(batch, 0).empty());  // a part of it is NULL
}
