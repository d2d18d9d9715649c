#include "pgseed/seed/send/likeness.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace pgseed::seed {

TEST_CASE("likeness: two spellings of a value are the same, two values are not") {
  struct Pair {
    const char* type;
    const char* said;
    const char* stored;
    Likeness likeness;
  };
  using enum Likeness;
  const std::vector<Pair> all = {
      {"text", "a", "a", same},
      {"text", "a ", "a", differs},
      {"text", "", " ", differs},
      {"citext", "A", "a", differs},
      {"character varying(5)", "abcde  ", "abcde", same},
      {"character varying(5)", "abcd ", "abcd", differs},
      {"character varying(2)", "äö ", "äö", same},
      {"character varying", "a ", "a", differs},
      {"character(5)", "a  ", "a", same},
      {"character(5)", "b", "a", differs},
      {"name", "longer", "long", ask},
      {"integer", "007", "7", same},
      {"bigint", "+5", "5", same},
      {"integer", "8", "7", differs},
      {"integer", "0x10", "16", ask},
      {"numeric", "1.10", "1.1", same},
      {"numeric", "1e2", "100.00", same},
      {"numeric", "-0", "0", same},
      {"numeric", "1.005", "1.01", unknown},
      {"numeric", "1.005", "1.02", differs},
      {"numeric", "1.1", "1.12", differs},
      {"numeric", "nan", "NaN", ask},
      {"double precision", "0.10", "0.1", same},
      {"double precision", "0.1", "0.10000000000000002", ask},
      {"real", "16777217", "1.6777216e+07", ask},
      {"boolean", "t", "true", same},
      {"boolean", " YES ", "true", same},
      {"boolean", "off", "false", same},
      {"boolean", "o", "false", ask},
      {"boolean", "f", "true", differs},
      {"uuid", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", same},
      {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
       differs},
      {"uuid", "no uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", ask},
      {"bytea", "\\x00FF", "\\x00ff", same},
      {"bytea", "a\\000\\\\", "\\x61005c", same},
      {"bytea", "", "\\x", same},
      {"bytea", "b", "\\x61", differs},
      {"bytea", "\\9", "\\x61", ask},
      {"json", "{\"a\":1}", "{\"a\": 1}", differs},
      {"jsonb", "{\"b\":[1,2.0],\"a\":\"\\u00e4\"}", "{\"a\": \"ä\", \"b\": [1, 2.0]}", same},
      {"jsonb", "{\"a\":1,\"a\":2}", "{\"a\": 2}", same},
      {"jsonb", "[1,2]", "[2, 1]", differs},
      {"jsonb", "{\"a\":null}", "{}", differs},
      {"jsonb", "\"1\"", "1", differs},
      {"jsonb", "[\"a\",\"b\"]", "[\"a\\\",\\\"b\"]", differs},
      {"jsonb", "1e2", "100", same},
      {"jsonb", "true", "false", differs},
      {"timestamp with time zone", "2024-01-01 12:00+02", "2024-01-01 10:00:00+00", ask},
      {"integer[]", "{1, 2}", "{1,2}", ask},
      {"public.mood", "sad", "happy", ask},
      {"interval", "90 minutes", "01:30:00", ask},
      {"point", "1,2", "(1,2)", unknown},
      {"point[]", "{\"1,2\"}", "{\"(1,2)\"}", unknown},
      {"xml", "<a/>", "<a></a>", unknown},
      {"box", "(3,4),(1,2)", "(3,4),(1,2)", same},
  };
  for (const Pair& pair : all) {
    INFO(std::string(pair.type), ": ", std::string(pair.said), " against ",
         std::string(pair.stored));
    CHECK(judge(class_of(pair.type), pair.type, pair.said, pair.stored).likeness == pair.likeness);
  }
}

TEST_CASE("likeness: what the server calls unequal may have been rounded by the column") {
  const auto after = [](const std::string& type, const std::string& said,
                        const std::string& stored) {
    return judge_unequal(class_of(type), type, said, stored).likeness;
  };
  const std::string timestamp = "timestamp without time zone";
  CHECK(after(timestamp, "2024-01-01 12:00:00.6", "2024-01-01 12:00:01") == Likeness::unknown);
  CHECK(after(timestamp, "2023-12-31 23:59:59.96", "2024-01-01 00:00:00") == Likeness::unknown);
  CHECK(after(timestamp, "2024-02-28T23:59:59.7", "2024-02-29 00:00:00") == Likeness::unknown);
  CHECK(after(timestamp, "2024-01-01 12:00:00.6", "2024-01-01 12:00:02") == Likeness::differs);
  CHECK(after(timestamp, "2024-01-01 12:00:00.123", "2024-01-01 12:00:00.13") == Likeness::differs);
  CHECK(after(timestamp, "2024-01-01 12:00:00", "2024-01-01 12:00:00.4") == Likeness::differs);
  CHECK(after("time without time zone", "01:02:03.4", "01:02:03") == Likeness::unknown);
  CHECK(after("timestamp with time zone", "2024-01-01 12:00:00.6+00", "2024-01-01 12:00:01+02") ==
        Likeness::differs);
  CHECK(after("date", "2024-01-01", "2024-01-02") == Likeness::differs);
  CHECK(after("integer", "1", "2") == Likeness::differs);
}

TEST_CASE("likeness: JSON too deep to be compared is not called equal") {
  std::string deep;
  for (int level = 0; level < 300; ++level) deep += '[';
  for (int level = 0; level < 300; ++level) deep += ']';
  CHECK(canonical_json(deep).empty());
  CHECK(judge(ColumnClass::jsonb, "jsonb", deep + " ", deep).likeness == Likeness::unknown);
}

}  // namespace pgseed::seed
