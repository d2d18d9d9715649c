#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/json/members.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/seed/input/json_text.hpp"
#include "support/random.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using namespace std::string_literals;

namespace {

struct JsonRows : seed::RowOptions {
  std::vector<std::string> json_columns;
};

std::string sql_of(const std::vector<std::string>& pieces, const JsonRows& options,
                   std::string* error_text = nullptr) {
  std::string out;
  const auto rows = seed::make_json_text(options, "a.json");
  rows->set_json_columns(options.json_columns);
  try {
    for (const std::string& piece : pieces) {
      if (!piece.empty()) rows->add(piece, out);
    }
    rows->finish(out);
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    const std::string line = "error " + error.where + " " + error.message;
    if (error_text == nullptr) return out + line;
    *error_text = line;
  }
  return out;
}

// The rows of a text: the same as a whole, byte by byte, and cut in two anywhere.
std::vector<std::string> rows_of(const std::string& text, JsonRows options = {}) {
  CAPTURE(text);
  if (options.table.empty()) options.table = "t";
  const std::string whole = sql_of({text}, options);
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  CHECK(sql_of(bytes, options) == whole);
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    CAPTURE(cut);
    const std::string found = sql_of({text.substr(0, cut), text.substr(cut)}, options);
    if (found == whole) continue;
    CHECK(found == whole);
    break;
  }
  std::string error;
  const std::string sql = sql_of({text}, options, &error);
  if (!error.empty()) return {error};
  return test::transcript(sql);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("seed json rows: lines of objects and an array of objects are rows") {
  const Lines wanted = {"1 insert t(a,b): [1] [x]", "2 insert t(a,b): [2] NULL",
                        "4 insert t(b): [y]"};
  CHECK(rows_of("{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":null}\n\n{\"b\":\"y\"}\n") == wanted);
  CHECK(rows_of("{\"a\":1,\"b\":\"x\"}\r\n{\"a\":2,\"b\":null}\r\n\r\n{\"b\":\"y\"}") == wanted);
  CHECK(rows_of("[{\"a\":1,\"b\":\"x\"},\n{\"a\":2,\"b\":null}\n,\n{\"b\":\"y\"}]\n") == wanted);
  CHECK(
      rows_of(" [ {\"a\" : 1 , \"b\" : \"x\" } ,\n\t{ \"a\":2,\"b\":null\n}\n,{\"b\":\"y\"} ] ") ==
      wanted);
  CHECK(rows_of("{\"a\":1} {\"a\":2}{\"a\":3}") ==
        Lines{"1 insert t(a): [1]", "1 insert t(a): [2]", "1 insert t(a): [3]"});
  for (const std::string& nothing : {""s, " \n"s, "[]"s, " [ \n ] \n"s})
    CHECK(rows_of(nothing).empty());
  CHECK(rows_of("[{},\n{\"a\":1},{}]") ==
        Lines{"1 insert t():", "2 insert t(a): [1]", "2 insert t():"});
}

TEST_CASE("seed json rows: values keep their spelling") {
  CHECK(rows_of("{\"a\":1.50,\"b\":-0,\"c\":1e400,\"d\":123456789012345678901234567890,"
                "\"e\":true,\"f\":false,\"g\":1E+2}") ==
        Lines{"1 insert t(a,b,c,d,e,f,g): [1.50] [-0] [1e400] [123456789012345678901234567890] "
              "[true] [false] [1E+2]"});
  CHECK(rows_of("{\"a\":{\"x\": [1, 2.0,\n\"it's\"] },\"b\":[ ],\"c\":\"{}\"}") ==
        Lines{"1 insert t(a,b,c): [{\"x\": [1, 2.0,\n\"it's\"] }] [[ ]] [{}]"});
  CHECK(rows_of("{\"a\":\"it's \\\"q\\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u00e9 \\ud83d\\ude00\","
                "\"b\":\"\\\\n it''s\",\"c\":\"\"}") ==
        Lines{"1 insert t(a,b,c): [it's \"q\" \\ / \b\f\n\r\t \xC3\xA9 \xF0\x9F\x98\x80] "
              "[\\n it''s] []"});
  CHECK(
      rows_of(
          "{\"a\":\"one line \\\\frac{1}{2}\"}\n{\"a\":\"two\\nlines \\\\frac 'x'\"}\n{\"a\":3}") ==
      Lines{"1 insert t(a): [one line \\frac{1}{2}]", "2 insert t(a): [two\nlines \\frac 'x']",
            "3 insert t(a): [3]"});
}

TEST_CASE("seed json rows: a string for a json column stays JSON") {
  JsonRows options;
  options.table = "t";
  options.json_columns = {"j"};
  CHECK(
      rows_of(
          "{\"a\":\"5\",\"j\":\"5\"}\n{\"a\":\"x\\ny\",\"j\":\"x\\n'y\"}\n{\"a\":1,\"j\":[\"z\"]}",
          options) == Lines{"1 insert t(a,j): [5] [\"5\"]", "2 insert t(a,j): [x\ny] [\"x\\n'y\"]",
                            "3 insert t(a,j): [1] [[\"z\"]]"});
}

TEST_CASE("seed json rows: names are names, whatever they hold") {
  JsonRows options;
  options.schema = "My schema";
  options.table = "T\"t";
  CHECK(rows_of("{\"A b\":1,\"select\":2,\"it\\\"s\":3,\"n\\nm\\\\\":4}\n{\"a\":1}", options) ==
        Lines{"1 insert My schema.T\"t(A b,select,it\"s,n\nm\\): [1] [2] [3] [4]",
              "2 insert My schema.T\"t(a): [1]"});
  CHECK(rows_of("{\"a\":1,\"b\":2,\"a\":3}") ==
        Lines{"error a.json:1:1 the object has two members a"});
  CHECK(rows_of("{\"\":1}") == Lines{"error a.json:1:1 a member's name can be no column"});
}

TEST_CASE("seed json rows: what is broken is refused with line and column") {
  const struct {
    std::string text, error;
  } cases[] = {
      {"[1]", "1:2 expected an object: each one is a row"},
      {"1", "1:1 expected an object: each one is a row"},
      {"{\"a\":1},{\"a\":2}", "1:8 expected an object: each one is a row"},
      {"[{\"a\":1} {\"a\":2}]", "1:10 expected ',' or ']' behind an object of the array"},
      {"[{\"a\":1},]", "1:10 expected an object: each one is a row"},
      {"[,{\"a\":1}]", "1:2 expected an object: each one is a row"},
      {"[{\"a\":1}]\n{}", "2:1 something follows the end of the array"},
      {"[]]", "1:3 something follows the end of the array"},
      {"[{\"a\":1}", "1:9 the array is never closed"},
      {"[{\"a\":1},\n", "2:1 the array is never closed"},
      {"[", "1:2 the array is never closed"},
      {"{\"a\":1}\n{\"\xC3\xA9\":1,\"b\"", "2:11 the object is never closed"},
      {"{\"a\":\"x", "1:6 a string is never closed"},
      {"{\"a\":tru}", "1:6 expected a value: a string, a number, true, false, null, { or ["},
      {"{\"a\":nul}", "1:6 expected a value: a string, a number, true, false, null, { or ["},
      {"{\"a\":01}", "1:6 expected a value: a string, a number, true, false, null, { or ["},
      {"{\"a\":}", "1:6 expected a value: a string, a number, true, false, null, { or ["},
      {"{\"a\":1]}", "1:7 expected ',' or '}'"},
      {"{\"a\":[1}", "1:8 expected ',' or ']'"},
      {"{\"a\":[1,]}", "1:9 expected a value: a string, a number, true, false, null, { or ["},
      {"{\"a\" 1}", "1:6 expected ':' behind the name of a member"},
      {"{a:1}", "1:2 expected the name of a member in double quotes"},
      {"{\"a\":1,}", "1:8 expected the name of a member in double quotes"},
      {"{\"a\":\n {\"b\": 'x'}}",
       "2:8 expected a value: a string, a number, true, false, null, { or ["},
      {"{\"a\":\"\\x\"}", "1:7 an unknown escape"},
      {"{\"a\":\"\\u12g4\"}", "1:7 an unknown escape"},
      {"{\"a\":\"\\ud800\"}", "1:7 half of a surrogate pair"},
      {"{\"a\":\"\\udc00\"}", "1:7 half of a surrogate pair"},
      {"{\"a\":\"b\tc\"}", "1:8 a control character inside of a string"},
      {"{\"a\":\"\xE9\"}", "1:7 a byte that is not valid UTF-8"},
      {"{\"a\":\"\\u0000\"}", "1:1 the string of a holds U+0000; PostgreSQL text cannot"},
  };
  for (const auto& [text, error] : cases) {
    CHECK(rows_of(text) == Lines{"error a.json:" + error});
  }
}

TEST_CASE("seed json rows: one object at a time is in memory, and it has a limit") {
  JsonRows options;
  options.table = "t";
  options.max_row_bytes = 1'000;
  const auto rows = seed::make_json_text(options, "a.json");
  std::string out;
  rows->add("[", out);
  const std::string row = "{\"a\":\"" + std::string(400, 'x') + "\",\"b\":[{\"c\":{}}]},";
  std::size_t most = 0;
  for (int count = 0; count < 1'000; ++count) {
    rows->add(row, out);
    most = std::max(most, out.size());
    out.clear();
  }
  CHECK(most < 600);
  rows->add("{\"a\":\"", out);
  const std::string piece(300, 'y');
  CHECK_THROWS_AS(
      [&] {
        for (int count = 0; count < 10; ++count) rows->add(piece, out);
      }(),
      Error);
  // Depth costs no stack.
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  options.max_row_bytes = 1 << 20;
  std::string error;
  const std::string sql = sql_of({deep}, options, &error);
  CHECK((sql.size() > 200'000) == error.empty());
}

TEST_CASE("seed json rows: an object has no more members than a table has columns") {
  const auto object = [](std::size_t count) {
    std::string text;
    for (std::size_t index = 0; index < count; ++index) {
      text += (index == 0 ? "{\"c" : ",\"c") + std::to_string(index) + "\":1";
    }
    return text + "}";
  };
  JsonRows options;
  options.table = "t";
  CHECK(test::transcript(sql_of({object(1600)}, options)).size() == 1);
  CHECK(sql_of({object(1601)}, options) == "error a.json:1:1 the object has 1601 members");
  CHECK(sql_of({object(100'000)}, options) == "error a.json:1:1 the object has 100000 members");
  const std::string name(1 << 20, 'x');
  CHECK(test::joined(test::transcript(sql_of({"{\"" + name + "\":1}"}, options))) ==
        "1 insert t(" + name.substr(0, 63) + "): [1]\n");
}

TEST_CASE("seed json rows: the fast reader of members takes what the strict one takes") {
  const std::uint64_t seed = test::test_seed();
  CAPTURE(seed);
  test::Random random(seed);
  const std::string whole =
      "{\"a\": 1.5e3, \"b\\u00e9\" :\"x\\n\\ud83d\\ude00\",\"c\":[{\"k\":[1,2 ,null]},true, \"q\"] "
      ", "
      "\"d\":null,\"e\":{},\"f\":false, \"g\" : \"\"}";
  const std::string bytes = "{}[]\",: \\u0d8tfn1-.e\n\xE9";
  json::MemberReader reader;
  int taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole;
    for (std::size_t changes = random.below(4); changes > 0; --changes) {
      const std::size_t at = random.below(text.size());
      if (random.one_in(3)) {
        text.erase(at, 1);
      } else if (random.one_in(2)) {
        text.insert(at, 1, random.pick(bytes));
      } else {
        text[at] = random.pick(bytes);
      }
    }
    CAPTURE(text);
    const auto strict = json::try_read_object(text);
    const std::vector<json::MemberView>* const fast = reader.read(text);
    REQUIRE((fast != nullptr) == strict.has_value());
    if (fast == nullptr) continue;
    ++taken;
    REQUIRE(fast->size() == strict->size());
    for (std::size_t index = 0; index < fast->size(); ++index) {
      const json::MemberView& view = (*fast)[index];
      const json::Member& member = (*strict)[index];
      REQUIRE(view.name == member.name);
      REQUIRE((view.kind == json::MemberKind::null) == !member.value.has_value());
      REQUIRE((view.kind == json::MemberKind::string) == member.was_string);
      if (member.value) REQUIRE(view.value == *member.value);
    }
  }
  CHECK(taken > 1'000);
}
