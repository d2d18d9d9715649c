#include "pgseed/json/reader.hpp"

#include <doctest/doctest.h>

#include "pgseed/base/error.hpp"

using namespace pgseed;

namespace {

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += i % 3 == 0 ? R"({"a":)" : "[";
  text += "1";
  for (std::size_t i = depth; i-- > 0;) text += i % 3 == 0 ? "}" : "]";
  return text;
}

}  // namespace

TEST_CASE("json reader: one complete value of any kind is embeddable") {
  for (const std::string text : {"{}",
                                 "[]",
                                 "null",
                                 "true",
                                 "false",
                                 "0",
                                 "-0",
                                 "1.5e-7",
                                 "1E+3",
                                 R"("")",
                                 R"("a")",
                                 " {\"a\" : [ 1 , 2 ] }\r\n\t",
                                 R"({"a":1,"a":2})",
                                 R"({"":{}})",
                                 "[[],{},[{}]]",
                                 "1234567890123456789012345678901234567890",
                                 "1e999",
                                 "-1e-999",
                                 "123.456789012345678901234567",
                                 R"("\ud800")",
                                 R"("\udc00\u0000\"\\\/\b\f\n\r\t")",
                                 "\"\x7f\xE2\x80\xA8\"",
                                 R"(["}]{["])"}) {
    CAPTURE(text);
    CHECK(json::is_embeddable(text));
  }
}

TEST_CASE("json reader: what would change the body around it is not embeddable") {
  for (const std::string text : {"",
                                 " ",
                                 R"(1},{"id":"5")",
                                 "1,2",
                                 "1 2",
                                 "{} {}",
                                 "[1]]",
                                 "[1",
                                 "{",
                                 "}",
                                 "]",
                                 "[}",
                                 "{]",
                                 R"({"a":1]})",
                                 R"(["a":1])",
                                 R"({"a"})",
                                 R"({"a":})",
                                 R"({"a":1,})",
                                 "[1,]",
                                 "[,1]",
                                 "[1,,2]",
                                 R"({,"a":1})",
                                 "{a:1}",
                                 "{1:2}",
                                 R"({"a":1 "b":2})",
                                 "\"a",
                                 "\"a\\\"",
                                 "\"\\",
                                 R"("\x")",
                                 R"("\u12")",
                                 R"("\u12g4")",
                                 "\"a\nb\"",
                                 "\"a\tb\"",
                                 "'a'",
                                 "nul",
                                 "nulls",
                                 "True",
                                 "NaN",
                                 "Infinity",
                                 "undefined",
                                 "01",
                                 "-",
                                 "+1",
                                 ".5",
                                 "5.",
                                 "1e",
                                 "1e+",
                                 "0x1",
                                 "- 1",
                                 "1.e3",
                                 "\xEF\xBB\xBF{}",
                                 "\"\xFF\"",
                                 "\"\xC0\x80\"",
                                 "\"\xED\xA0\x80\"",
                                 "[1] // c",
                                 "{}x"}) {
    CAPTURE(text);
    CHECK_FALSE(json::is_embeddable(text));
  }
  CHECK_FALSE(json::is_embeddable(std::string_view("\"a\0b\"", 5)));
  CHECK_FALSE(json::is_embeddable(std::string_view("[1]\0", 4)));
}

TEST_CASE("json reader: a value cut anywhere is not embeddable") {
  const std::string text = R"({"a":[1,{"b":"x\u00e9\\"},null],"c":"d"})";
  REQUIRE(json::is_embeddable(text));
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    CAPTURE(cut);
    CHECK_FALSE(json::is_embeddable(text.substr(0, cut)));
  }
}

TEST_CASE("json reader: deep nesting is followed, and its balance is seen") {
  for (const std::size_t depth : {1u, 63u, 64u, 65u, 511u, 512u, 513u, 10'000u}) {
    CAPTURE(depth);
    auto text = nested(depth);
    CHECK(json::is_embeddable(text));
    text.back() = text.back() == '}' ? ']' : '}';
    CHECK_FALSE(json::is_embeddable(text));
  }
  CHECK(json::is_embeddable(std::string(100'000, '[') + std::string(100'000, ']')));
}

TEST_CASE("json reader: an object's members come in order, strings decoded, the rest as text") {
  const auto members = json::read_object(
      R"( {"t":"a\"\u00e9\ud83d\ude00\n", "n" : 12345678901234567890123 , "x":null,)"
      R"("o": {"k":[1, "}"]} ,"a":[ ],"b":true,"t":"twice","n\u0061me":""} )");
  REQUIRE(members.size() == 8);
  CHECK(members[0].name == "t");
  CHECK(members[0].was_string);
  CHECK(members[0].value == "a\"é😀\n");
  CHECK(members[1].value == "12345678901234567890123");
  CHECK_FALSE(members[1].was_string);
  CHECK_FALSE(members[2].value.has_value());
  CHECK(members[3].value == R"({"k":[1, "}"]})");
  CHECK(members[4].value == "[ ]");
  CHECK(members[5].value == "true");
  CHECK(members[6].value == "twice");
  CHECK(members[7].name == "name");
  CHECK(members[7].value == "");
  CHECK(*json::find(members, "t") == "a\"é😀\n");
  CHECK(json::find(members, "x") == nullptr);
  CHECK(json::find(members, "nothing") == nullptr);
}

TEST_CASE("json reader: values are read again from the text of an outer one, however deep") {
  const auto outer = json::read_object(R"({"deep":)" + nested(3000) + "}");
  REQUIRE(outer.size() == 1);
  CHECK(outer[0].value == nested(3000));
  CHECK(json::read_object(*outer[0].value).size() == 1);
}

TEST_CASE("json reader: what is no object is told by nullopt or by an input error") {
  for (const auto* text : {"", "[]", "1", "\"{}\"", "null", "{", "{}}", "<html>", R"({"a":1,})",
                           R"({"a":tru})", R"({"a":"\ud800"})"}) {
    CAPTURE(text);
    CHECK_FALSE(json::try_read_object(text).has_value());
    CHECK_THROWS_AS(json::read_object(text), Error);
  }
  CHECK(json::try_read_object(" { } ")->empty());
}

TEST_CASE("json reader: an array's elements are values like an object's") {
  const auto elements = json::try_read_array(R"(["a", 1, null, {"x":[]}])");
  REQUIRE(elements.has_value());
  REQUIRE(elements->size() == 4);
  CHECK(elements->at(0).was_string);
  CHECK(elements->at(1).value == "1");
  CHECK_FALSE(elements->at(2).value.has_value());
  CHECK(elements->at(3).value == R"({"x":[]})");
  CHECK_FALSE(json::try_read_array("{}").has_value());
  CHECK_FALSE(json::try_read_array("[1").has_value());
}

TEST_CASE("json reader: UTF-8 is checked as PostgreSQL does") {
  CHECK(json::is_utf8(""));
  CHECK(json::is_utf8("a\xC3\xA9\xF0\x9F\x98\x80"));
  for (const auto* bytes :
       {"\xFF", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\x80"}) {
    CHECK_FALSE(json::is_utf8(bytes));
  }
}
