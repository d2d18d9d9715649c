#include "pgseed/base/text.hpp"

#include <doctest/doctest.h>

using namespace pgseed;

TEST_CASE("text: pieces of any kind are joined") {
  CHECK(text("a", std::string("b"), 'c', 4, std::string_view("d")) == "abc4d");
  CHECK(text() == "");
}

TEST_CASE("text: case is folded for ASCII only") {
  CHECK(equals_ignoring_case("Content-Type", "CONTENT-tYPE"));
  CHECK_FALSE(equals_ignoring_case("ab", "abc"));
  CHECK_FALSE(equals_ignoring_case("[", "{"));
  CHECK(to_lower("GEÄNDERT") == "geÄndert");
}

TEST_CASE("text: trim takes blanks, tabs and line ends, and nothing else") {
  CHECK(trim(" \t\r\n a b \r\n") == "a b");
  CHECK(trim(" \n") == "");
  CHECK(trim("\v") == "\v");
}

TEST_CASE("text: sizes are shown in decimal units with one digit") {
  struct {
    std::uint64_t bytes;
    const char* shown;
  } cases[] = {{0, "0 B"},
               {999, "999 B"},
               {1000, "1.0 kB"},
               {1049, "1.0 kB"},
               {1050, "1.1 kB"},
               {17'600'000, "17.6 MB"},
               {999'949, "999.9 kB"},
               {999'950, "1.0 MB"},
               {1'500'000'000, "1.5 GB"},
               {18'446'744'073'709'551'615u, "18.4 EB"}};
  for (const auto& c : cases) CHECK(human_bytes(c.bytes) == c.shown);
}

TEST_CASE("text: numbers get a comma every three digits") {
  CHECK(with_separators(0) == "0");
  CHECK(with_separators(999) == "999");
  CHECK(with_separators(1000) == "1,000");
  CHECK(with_separators(18'985) == "18,985");
  CHECK(with_separators(1'000'000'000) == "1,000,000,000");
}

TEST_CASE("text: redact masks what looks like a secret") {
  struct {
    const char* message;
    const char* redacted;
  } cases[] = {
      {"key eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoieCJ9.c2ln-_a refused", "key *** refused"},
      {"xeyJhbGciOiJIUzI1NiJ9.e30.sig", "x***"},
      {"sb_secret_AbC-1_2 and more", "sb_secret_*** and more"},
      {"Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "Authorization: Bearer ***"},
      {"postgres://u:p@ss:w/o#r@host:5432/db?x=1", "postgres://u:***@host:5432/db?x=1"},
      {"'http://u:pw@proxy:3128' failed", "'http://u:***@proxy:3128' failed"},
      {"host=h password=secret dbname=d", "host=h password=*** dbname=d"},
      {"password = 'two \\' words' user=u", "password = '***' user=u"},
      {"?PASSWORD=abc&sslmode=require", "?PASSWORD=***&sslmode=require"},
      {"{\"password\": \"abc\", \"a\": 1}", "{\"password\": \"***\", \"a\": 1}"},
      {"apikey: abc", "apikey: ***"},
      {"sb_secret_a sb_secret_b", "sb_secret_*** sb_secret_***"},
  };
  for (const auto& c : cases) CHECK(redact(c.message) == c.redacted);
}

TEST_CASE("text: redact masks a proxy's user and password, and no word behind Basic") {
  CHECK(redact("Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA== Host: x") ==
        "Proxy-Authorization: Basic *** Host: x");
  CHECK(redact("\"basic dXNlcjpwYXNz\"") == "\"basic ***\"");
  for (const char* prose :
       {"HTTP Basic Authentication required", "basic rules", "Basic ", "basic"}) {
    CHECK(redact(prose) == prose);
  }
}

TEST_CASE("text: redact leaves ordinary messages alone") {
  for (const auto* message :
       {"", "password authentication failed for user \"u\"", "http://host:3000/t", "a: b://c",
        "mail joe@example.org, see http://host", "eyJ is short", "relation \"t\" does not exist",
        "password=", "Bearer of news"}) {
    CHECK(redact(message) == message);
  }
}
