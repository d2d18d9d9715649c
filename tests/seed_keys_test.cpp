#include "pgseed/seed/encode/keys.hpp"

#include <doctest/doctest.h>

#include <set>

#include "pgseed/base/text.hpp"

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

ColumnSet set_of(std::vector<std::pair<ColumnClass, std::string>> types,
                 std::vector<std::size_t> key) {
  ColumnSet set;
  for (std::size_t index = 0; index < types.size(); ++index) {
    set.columns.push_back(text('c', index));
    set.classes.push_back(types[index].first);
    set.types.push_back(types[index].second);
    set.value_index.push_back(index);
  }
  set.key = std::move(key);
  set.finish();
  return set;
}

std::string key(const ColumnSet& set, std::vector<sql::Value> values) {
  sql::Row row;
  row.values = std::move(values);
  return key_of(set, row);
}

}  // namespace

TEST_CASE("keys: spellings of one value are one key") {
  const ColumnSet integer = set_of({{ColumnClass::integer, "integer"}}, {0});
  for (const char* spelling : {"7", "007", " 7", "7 ", "+7"}) {
    CAPTURE(spelling);
    CHECK(key(integer, {value(Form::verbatim, spelling)}) == "7");
  }
  CHECK(key(integer, {value(Form::number, "7")}) == "7");
  CHECK(key(integer, {value(Form::verbatim, "-0")}) == key(integer, {value(Form::number, "0")}));
  CHECK(key(integer, {value(Form::verbatim, "70")}) != "7");

  const ColumnSet uuid = set_of({{ColumnClass::other, "uuid"}}, {0});
  const std::string canonical =
      key(uuid, {value(Form::verbatim, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")});
  for (const char* spelling :
       {"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
        "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11"}) {
    CHECK(key(uuid, {value(Form::verbatim, spelling)}) == canonical);
  }
}

TEST_CASE("keys: texts that differ are different keys") {
  const ColumnSet set = set_of({{ColumnClass::text, "text"}}, {0});
  std::set<std::string> seen;
  for (const char* text : {"", " ", "a", "A", "a ", "007", "7", "''", "null"}) {
    CHECK(seen.insert(key(set, {value(Form::verbatim, text)})).second);
  }
  CHECK(seen.count("") == 0);  // an empty text is a key, too
  CHECK(key(set, {value(Form::doubled_quotes, "it''s")}) ==
        key(set, {value(Form::verbatim, "it's")}));
  CHECK(key(set, {value(Form::copy_escapes, "a\\tb")}) ==
        key(set, {value(Form::verbatim, "a\tb")}));
}

TEST_CASE("keys: the parts of a composite key cannot run into each other") {
  const ColumnSet set = set_of({{ColumnClass::text, "text"}, {ColumnClass::text, "text"}}, {0, 1});
  std::set<std::string> seen;
  for (const auto& [left, right] : std::vector<std::pair<const char*, const char*>>{
           {"a", "bc"}, {"ab", "c"}, {"abc", ""}, {"", "abc"}, {"1:a", "1:b"}, {"1:a1:b", ""}}) {
    CHECK(
        seen.insert(key(set, {value(Form::verbatim, left), value(Form::verbatim, right)})).second);
  }
}

TEST_CASE("keys: without all its parts a row has no key") {
  const ColumnSet set = set_of({{ColumnClass::text, "text"}, {ColumnClass::text, "text"}}, {0, 1});
  CHECK(key(set, {value(Form::null), value(Form::verbatim, "x")}).empty());
  CHECK(key(set, {value(Form::verbatim, "x"), value(Form::null)}).empty());
  CHECK(key(set, {value(Form::verbatim, "x"), value(Form::use_default)}).empty());
  CHECK(key(set_of({{ColumnClass::text, "text"}}, {}), {value(Form::verbatim, "x")}).empty());
}

TEST_CASE("keys: on the way is what was put there last, until its own group is released") {
  KeysOnTheWay keys;
  CHECK(keys.find("a") == nullptr);
  keys.put("a", 1, 5);
  keys.put("b", 1, 6);
  REQUIRE(keys.find("a") != nullptr);
  CHECK(keys.find("a")->group == 1);
  CHECK(keys.find("a")->row == 5);
  keys.put("a", 2, 0);
  keys.release({"a", "b", "nobody"}, 1);
  CHECK(keys.find("b") == nullptr);
  REQUIRE(keys.find("a") != nullptr);  // belongs to group 2 now
  CHECK(keys.find("a")->group == 2);
  keys.release({"a"}, 2);
  CHECK(keys.find("a") == nullptr);
}

TEST_CASE("keys: those of tables that were done with were kept, and added up") {
  SeenKeys seen;
  for (int id = 0; id < 10'000; ++id) seen.insert(text("key", id));
  CHECK(seen.bytes() >= 80'000);
  seen.release();
  CHECK(seen.bytes() == 0);
  CHECK(seen.exact());  // of all that came
  // Nothing should come any more; what does may have come before.
  CHECK(seen.insert("key7"));
  CHECK_FALSE(seen.exact());
}

TEST_CASE("keys: seen keys are remembered exactly, up to their limit, in bounded memory") {
  SeenKeys seen;
  constexpr int kMost = 1 << 19;
  for (int id = 0; id < kMost; ++id) {
    if (!seen.insert(text("key", id))) FAIL("seen before: " << id);
  }
  CHECK(seen.exact());
  for (int id = 0; id < kMost; id += 997) CHECK_FALSE(seen.insert(text("key", id)));
  CHECK(seen.insert("one too many"));
  CHECK_FALSE(seen.exact());
  CHECK_FALSE(seen.insert("key7"));
}
