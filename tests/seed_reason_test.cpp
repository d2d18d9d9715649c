// Reasons that others may read hold no values of rows.
#include "pgseed/seed/encode/reason.hpp"

#include <doctest/doctest.h>

using pgseed::seed::reason_without_values;

TEST_CASE("reason: names stay, values go") {
  struct {
    const char *code, *message, *wanted;
  } cases[] = {
      {"23505", R"(duplicate key value violates unique constraint "t_pkey")",
       R"(duplicate key value violates unique constraint "t_pkey")"},
      {"23502", R"(null value in column "name" of relation "t" violates not-null constraint)",
       R"(null value in column "name" of relation "t" violates not-null constraint)"},
      {"23503", R"(insert or update on table "c" violates foreign key constraint "c_fk")",
       R"(insert or update on table "c" violates foreign key constraint "c_fk")"},
      {"23514", "Miller owes 17",
       "refused by a rule of the database, whose message may hold values"},
      {"P0001", "Miller owes 17",
       "refused by a rule of the database, whose message may hold values"},
      {"PT418", "Miller", "refused by a rule of the database, whose message may hold values"},
      {"22P02", R"(invalid input syntax for type integer: "Miller")",
       R"(invalid input syntax for type integer: "…")"},
      {"22P02", R"(invalid input syntax for type integer: "Mil"ler")",
       R"(invalid input syntax for type integer: "…")"},
      {"22P02", R"(invalid input syntax for type integer: "Miller and a long…)",
       R"(invalid input syntax for type integer: "…")"},
      {"22P02", R"(invalid input value for enum mood: "Miller")",
       R"(invalid input value for enum mood: "…")"},
      {"22003", R"(value "99999999999" is out of range for type integer)",
       R"(value "…" is out of range for type integer)"},
      {"22021", R"(invalid byte sequence for encoding "UTF8": 0x00)",
       R"(invalid byte sequence for encoding "UTF8": 0x00)"},
      {"22001", "value too long for type character varying(5)",
       "value too long for type character varying(5)"},
      {"22P02", "the value 'Miller' is no JSON", "the value '…' is no JSON"},
      {"42703", R"(column "nme" of relation "t" does not exist)",
       R"(column "nme" of relation "t" does not exist)"},
      {"57014", "canceling statement due to statement timeout",
       "canceling statement due to statement timeout"},
      {"PGRST102", "Empty or invalid json", "Empty or invalid json"},
      {"", "HTTP status 502", "HTTP status 502"},
      {"", "", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.message);
    CHECK(reason_without_values(c.code, c.message) == c.wanted);
  }
}
