#include <doctest/doctest.h>

#include "pgseed/base/error.hpp"
#include "pgseed/seed/input/reject_text.hpp"

using pgseed::seed::is_reject_file;
using pgseed::seed::reject_to_sql;

TEST_CASE("reject text: a line becomes one INSERT on one line") {
  CHECK(reject_to_sql(
            R"({"file":"a.sql","line":3,"schema":"public","table":"t","row":1,)"
            R"("code":"23505","message":"m","values":{"id":"1","b":null,"c":"x'\\y\nz"}})") ==
        R"(INSERT INTO "public"."t" ("id", "b", "c") VALUES ('1', NULL, E'x''\\y\nz');)");
  CHECK(reject_to_sql(R"({"file":"","schema":"S","table":"q\"t","values":{}})") ==
        R"(INSERT INTO "S"."q""t" DEFAULT VALUES;)");
  CHECK(reject_to_sql("  \r").empty());
}

TEST_CASE("reject text: what pgseed does not write is refused") {
  for (const char* line : {"x", "[]", "{}", R"({"schema":"a","table":"b"})",
                           R"({"schema":"a","table":"b","values":"c"})"}) {
    CAPTURE(line);
    CHECK_THROWS_AS(reject_to_sql(line), pgseed::Error);
  }
}

TEST_CASE("reject text: a reject file is known by its first line") {
  CHECK(is_reject_file("{\"file\":\"a\",\"line\":1,\"schema\":\"s\",\"table\":\"t\"}\n"));
  CHECK_FALSE(is_reject_file("{\"a\":1}\n"));
  CHECK_FALSE(is_reject_file("INSERT INTO t VALUES ('{\"file\":\"\",\"table\":');"));
  CHECK_FALSE(is_reject_file(""));
}
