#include "pgseed/seed/send/question.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "pgseed/base/text.hpp"
#include "support/scripted_target.hpp"

using namespace pgseed;
using namespace pgseed::seed;

namespace {

const rest::Endpoint kEndpoint{"http://h", "", std::chrono::seconds(60)};

std::size_t count(const std::string& words, const std::string& part) {
  std::size_t found = 0;
  for (auto at = words.find(part); at != std::string::npos; at = words.find(part, at + 1)) ++found;
  return found;
}

ColumnSet set_of(std::vector<std::pair<std::string, std::string>> columns) {
  ColumnSet set;
  set.table_name = {"public", "t"};
  for (const auto& [name, type] : columns) {
    set.value_index.push_back(set.columns.size());
    set.columns.push_back(name);
    set.types.push_back(type);
    set.classes.push_back(class_of(type));
  }
  set.key = {0};
  set.finish();
  return set;
}

std::unique_ptr<Batch> batch_of(const ColumnSet& set, const std::vector<std::string>& values) {
  auto batch = std::make_unique<Batch>();
  batch->set = &set;
  batch->body.append("[");
  batch->rows.push_back({1, 1, 0, false});
  for (std::size_t column = 0; column < set.columns.size(); ++column) {
    batch->body.append(set.prefixes[column] + values[column]);
  }
  batch->body.append("}");
  batch->close();
  return batch;
}

}  // namespace

TEST_CASE("question: names rows from the first to the last, never too many") {
  const auto set = test::two_columns();
  for (const int rows : {1, 2, 19, 20, 21, 39, 40, 999, 1000, 5000}) {
    CAPTURE(rows);
    std::vector<int> ids;
    for (int id = 0; id < rows; ++id) ids.push_back(100'000 + id);
    const auto batch = test::batch_of(*set, ids, 1, 0);
    const auto question = question_for_keys(kEndpoint, *batch);
    REQUIRE(question.has_value());
    CHECK(question->asked == static_cast<std::size_t>(std::min(rows, 20)));
    CHECK(count(question->request.url, text("%22", 100'000 + rows - 1, "%22")) == 1);
    if (rows > 1) CHECK(count(question->request.url, "%22100000%22") == 1);
    CHECK(question->request.method == "GET");
  }
}

TEST_CASE("question: long keys make it name fewer rows, still to the last one") {
  const ColumnSet set = set_of({{"k", "text"}});
  for (const std::size_t length : {10u, 200u, 900u, 5000u}) {
    CAPTURE(length);
    Batch batch;
    batch.set = &set;
    for (int row = 0; row < 100; ++row) {
      batch.body.append(row == 0 ? '[' : ',');
      batch.rows.push_back({batch.body.size(), 1, 0, false});
      batch.body.append(text("{\"k\":\"", std::string(length, 'k'), row, "\"}"));
    }
    batch.close();
    const auto question = question_for_keys(kEndpoint, batch);
    REQUIRE(question.has_value());
    CHECK(question->asked >= 1);
    CHECK(question->asked <= 20);
    CHECK((question->request.url.size() < 4000 || question->asked == 1));
    CHECK(count(question->request.url, "k99%22") == 1);
  }
}

TEST_CASE("question: without a key there is none") {
  const auto keyless = test::two_columns(true);
  CHECK_FALSE(question_for_keys(kEndpoint, *test::batch_of(*keyless, {1}, 1, 0)).has_value());
  CHECK_FALSE(question_for_values(kEndpoint, *test::batch_of(*keyless, {1}, 1, 0)).has_value());
  const ColumnSet set = set_of({{"k", "text"}});
  CHECK_FALSE(question_for_keys(kEndpoint, *batch_of(set, {"null"})).has_value());
}

TEST_CASE("question: compares what can be compared, and nothing else") {
  const ColumnSet set = set_of({{"id", "integer"},
                                {"name", "character varying(30)"},
                                {"nothing", "text"},
                                {"made", "timestamp with time zone"},
                                {"moment", "date"},
                                {"doc", "jsonb"},
                                {"long", "text"},
                                {"place", "point"}});
  const auto question = question_for_values(
      kEndpoint,
      *batch_of(set, {"\"1\"", "\"it's \\\"x\\\"\"", "null", "\"2024-01-01 12:00\"", "\"now\"",
                      "{\"a\":1}", '"' + std::string(101, 'x') + '"', "\"(1,2)\""}));
  REQUIRE(question.has_value());
  CHECK(question->asked == 1);
  const std::string& url = question->request.url;
  CHECK(count(url, rest::percent_encode(R"("id".eq."1")")) == 1);
  CHECK(count(url, rest::percent_encode(R"("name".eq."it's \"x\"")")) == 1);
  CHECK(count(url, rest::percent_encode(R"("nothing".is.null)")) == 1);
  CHECK(count(url, rest::percent_encode(R"("made".eq."2024-01-01 12:00")")) == 1);
  for (const char* column : {"moment", "doc", "long", "place"}) CHECK(count(url, column) == 0);
}

TEST_CASE("question: where only the key could be compared, equal keys prove nothing") {
  const ColumnSet set = set_of({{"id", "integer"}, {"doc", "jsonb"}});
  CHECK_FALSE(question_for_values(kEndpoint, *batch_of(set, {"\"1\"", "{}"})).has_value());
  // In a table of nothing but its key, the key is the row.
  const ColumnSet keys_only = set_of({{"id", "integer"}});
  CHECK(question_for_values(kEndpoint, *batch_of(keys_only, {"\"1\""})).has_value());
}

TEST_CASE("question: timestamps are asked for in the time zone that they were sent in") {
  ColumnSet set = set_of({{"at", "timestamp with time zone"}});
  set.time_zone = "Asia/Tokyo";
  for (const auto& question :
       {question_for_keys(kEndpoint, *batch_of(set, {"\"2024-01-01\""})),
        question_for_values(kEndpoint, *batch_of(set, {"\"2024-01-01\""}))}) {
    REQUIRE(question.has_value());
    const auto& headers = question->request.headers;
    CHECK(std::count(headers.begin(), headers.end(), "Prefer: timezone=Asia/Tokyo") == 1);
    CHECK(std::count(headers.begin(), headers.end(), "Prefer: count=exact") == 1);
  }
}
