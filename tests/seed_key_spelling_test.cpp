// Keys that the file spells in several ways: as text, and with the real servers over PostgREST.
#include "pgseed/seed/input/key_spelling.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/resuming.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using seed::respell;
using seed::Spelling;
using seed::spelling_of;

// A type with two spellings of each of many values.
struct Respelled {
  const char* type;
  const char* one;  // % is a number
  const char* other;
};

std::string filled(const std::string& pattern, int number) {
  std::string out;
  for (const char byte : pattern) {
    byte == '%' ? out += std::to_string(number) : out += byte;
  }
  return out;
}

const std::vector<Respelled> kRespelled = {
    {"citext", "User%@x.org", "user%@X.ORG"},
    {"timestamptz", "2024-01-01 00:00:00.%+00", "2024-01-01 02:00:00.%+02"},
    {"timestamp", "2024-01-01 00:00:00.%", "2024-01-01T00:00:00.%"},
    {"date", "2024-01-01 00:00:00", "2024-01-01"},
    {"numeric", "%.0", "%"},
    {"numeric(12,2)", "%.104", "%.1"},
    {"char(12)", "k%  ", "k%"},
    {"varchar(4)", "%    ", "%   "},
    {"double precision", "%e0", "%.00"},
    {"interval", "% minutes", "00:%:00"},
    {"inet", "10.0.0.%/32", "10.0.0.%"},
    {"bytea", "\\xAB%", "\\xab%"},
    {"boolean", "yes", "t"},
    {"int4range", "[%,1000)", "[%,999]"},
};

constexpr int kKeys = 50;

// Each key in its two spellings, one behind the other.
std::string pairs(const Respelled& type, const std::string& first, const std::string& last) {
  std::string csv = "k,v\n";
  for (int number = 10; number < 10 + kKeys; ++number) {
    csv += "\"" + filled(type.one, number) + "\"," + first + "\n";
    csv += "\"" + filled(type.other, number) + "\"," + last + "\n";
  }
  return csv;
}

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

void reset(const std::string& ddl) {
  shared_stack().reset("create extension if not exists citext; " + ddl);
}

const std::vector<std::vector<std::string>> kWays = {
    {"--batch-rows", "1", "--concurrency", "8"},
    {"--batch-rows", "3", "--concurrency", "8"},
    {},
};

}  // namespace

TEST_CASE("key spelling: what becomes one text is one value, what may not be told says so") {
  struct Example {
    const char* type;
    const char* text;
    const char* respelled;  // nullptr: only the server can tell
  };
  for (const Example& each : std::vector<Example>{
           {"text", " A ", " A "},
           {"character varying(5)", "A", "A"},
           {"character varying(5)", "A ", nullptr},
           {"character(5)", "A  ", "A"},
           {"integer", "7", "7"},
           {"integer", " +007", "7"},
           {"integer", "-0", "0"},
           {"bigint", "10", "10"},
           {"bigint", "0x10", nullptr},
           {"bigint", "1_0", nullptr},
           {"numeric", "1.00", "1"},
           {"numeric", "1e2", "100"},
           {"numeric(9,2)", "0", "0"},
           {"numeric", "1.5", nullptr},
           {"numeric", "NaN", nullptr},
           {"numeric(5,-2)", "149", nullptr},
           {"boolean", " YES", "t"},
           {"boolean", "fal", "f"},
           {"boolean", "o", nullptr},
           {"date", "2024-01-02", "2024-01-02"},
           {"date", "20240102", nullptr},
           {"bytea", "\\xAb", "\\xab"},
           {"bytea", "abc", nullptr},
           {"uuid", "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
           {"timestamp with time zone", "2024-01-02 00:00:00+00", nullptr},
           {"citext", "a", nullptr},
           {"public.citext", "a", nullptr},
           {"public.text", "a", nullptr},
           {"text[]", "{a}", nullptr},
           {"name", "a", nullptr},
           {"", "a", nullptr},
       }) {
    CAPTURE(each.type);
    CAPTURE(each.text);
    std::string text = each.text;
    CHECK(respell(spelling_of(each.type), text) == (each.respelled != nullptr));
    if (each.respelled != nullptr) CHECK(text == each.respelled);
  }
}

// Of each type's rows, those with this value are there in the end, whichever way they went.
void check_winner(const char* mode, const std::string& value) {
  for (const Respelled& type : kRespelled) {
    CAPTURE(type.type);
    reset(std::string("create table t (k ") + type.type + " primary key, v text)");
    const TempDir folder;
    const std::string file = folder.write("rows.csv", pairs(type, "old", "new"));
    for (const auto& way : kWays) {
      sql("truncate t");
      std::vector<std::string> args = {file, "--table", "t", mode};
      args.insert(args.end(), way.begin(), way.end());
      const Seeded seeded = seed(args);
      INFO(seeded.error());
      CHECK(seeded.exit_code() == 0);
      CHECK(sql("select count(*) > 0, count(*) filter (where v <> '" + value + "') from t") ==
            "t|0");
    }
  }
}

TEST_CASE("key spelling: with --upsert the row that came last lost to one of another spelling") {
  check_winner("--upsert", "new");
}

TEST_CASE("key spelling: with --ignore the row that came first lost to one of another spelling") {
  check_winner("--ignore", "old");
}

TEST_CASE("key spelling: it is one column of several, the rows of two files and sets of columns") {
  reset("create table t (a int, k citext, v text, w text, primary key (a, k))");
  const TempDir folder;
  std::string one, two;
  for (int number = 0; number < 50; ++number) {
    const std::string key = std::to_string(number);
    one += "{\"a\":1,\"k\":\"K" + key + "\",\"v\":\"1\",\"w\":\"1\"}\n";
    one += "{\"a\":1,\"k\":\"k" + key + "\",\"v\":\"2\"}\n";
    two += "{\"w\":\"3\",\"k\":\"K" + key + "\",\"a\":\"01\"}\n";
  }
  const Seeded seeded =
      seed({folder.write("one.ndjson", one), folder.write("two.ndjson", two), "--table", "t",
            "--upsert", "--batch-rows", "1", "--concurrency", "8"});
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select count(*), count(*) filter (where v = '2' and w = '3') from t") == "50|50");
}

TEST_CASE("key spelling: --if-changed passed over a row that another spelling had overwritten") {
  reset("create table t (k citext primary key, v text); create table u (id int primary key)");
  const Work work;
  std::string numbers;
  for (int number = 0; number < 200; ++number) {
    numbers += "INSERT INTO u VALUES (" + std::to_string(number) + ");\n";
  }
  const std::string old_row = "INSERT INTO t VALUES ('Key', 'old');\n";
  const std::string new_row = "INSERT INTO t VALUES ('key', 'new');\n";
  const std::vector<std::string> args = {work.write(old_row + new_row + numbers), "--upsert",
                                         "--if-changed", "--batch-rows", "1"};
  CHECK(work.seed(args).exit_code() == 0);
  CHECK(sql("select v from t") == "new");
  work.write(old_row + numbers);
  const Seeded again = work.seed(args);
  CHECK(again.exit_code() == 0);
  CHECK(sql("select v from t") == "old");
  // What other tables hold is still known.
  CHECK(again.total("rows_unchanged") == 200);
  work.write(new_row + old_row + numbers);
  CHECK(work.seed(args).exit_code() == 0);
  CHECK(sql("select v from t") == "old");
}

TEST_CASE("key spelling: a refused row that is tried again overwrote a later one") {
  reset("create table t (k citext primary key, v text constraint good check (v <> 'old'))");
  const Work work;
  const std::vector<std::string> args = {
      work.write("INSERT INTO t VALUES ('Key', 'old');\nINSERT INTO t VALUES ('other', 'x');\n"
                 "INSERT INTO t VALUES ('key', 'new');\n"),
      "--upsert",
      "--batch-rows",
      "1",
      "--max-rejects",
      "5"};
  CHECK(work.seed(args).exit_code() == 1);
  CHECK(sql("select string_agg(v, ' ' order by k) from t") == "new x");
  sql("alter table t drop constraint good");
  const Seeded again = work.seed(args);
  INFO(again.error());
  CHECK(again.exit_code() == 0);
  CHECK(sql("select string_agg(v, ' ' order by k) from t") == "new x");
}

TEST_CASE("key spelling: a run that was loaded and asks for its rows misses none") {
  reset("create table t (k citext primary key, v text)");
  const Work work;
  const std::vector<std::string> args = {
      work.write("INSERT INTO t VALUES ('Key', 'old');\nINSERT INTO t VALUES ('key', 'new');\n"),
      "--upsert", "--batch-rows", "1"};
  CHECK(work.seed(args).exit_code() == 0);
  work.was_killed_before_it_could_say_so();
  const Seeded again = work.seed(args);
  INFO(again.error());
  CHECK(again.exit_code() == 0);
  CHECK(sql("select v from t") == "new");
}

TEST_CASE("key spelling: rows are verified by the last one of their key, however it is spelled") {
  reset("create table t (k citext primary key, v text, w text)");
  const Seeded seeded = seed_text(
      "INSERT INTO t (k, v, w) VALUES ('Key', 'old', '1');\n"
      "INSERT INTO t (k, v) VALUES ('key', 'new');\nINSERT INTO t (k, v, w) VALUES ('KEY', 'n', "
      "'2');\n",
      {"--upsert", "--verify"}, {.args = {}, .environment = {{"DATABASE_URL", std::nullopt}}});
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select v || w from t") == "n2");
}

}  // namespace pgseed::test
