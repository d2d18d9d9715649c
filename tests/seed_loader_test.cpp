// Rows into batches, seen from the end: what lands in the table when column sets, keys and
// references cross each other.
#include <doctest/doctest.h>

#include <map>

#include "pgseed/base/text.hpp"
#include "support/random.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;

TEST_CASE(
    "loader: a self-referencing table with two column sets is loaded in file order, and ends") {
  Stack& stack = shared_stack();
  stack.reset("create table tree (id int primary key, parent int references tree, v text)");
  std::string dump;
  for (int id = 1; id <= 60; ++id) {
    // Each row refers to the one before it, which came in the other form.
    dump += id % 2 == 0
                ? text("INSERT INTO tree (id, parent, v) VALUES (", id, ", ", id - 1, ", 'a');\n")
                : text("INSERT INTO tree (id, parent) VALUES (", id, ", ",
                       id == 1 ? "NULL" : text(id - 1), ");\n");
  }
  for (const char* mode : {"insert", "upsert"}) {
    CAPTURE(mode);
    const Seeded seeded = seed_text(dump, {"--mode", mode, "--batch-rows", "7"});
    CHECK(seeded.exit_code() == 0);
    CHECK(seeded.counts() == "60 60 0 0 0 0");
  }
  CHECK(stack.sql("select count(*) from tree where parent = id - 1") == "59");
}

TEST_CASE("loader: one key in two column sets of a self-referencing table does not hang the run") {
  Stack& stack = shared_stack();
  stack.reset("create table tree (id int primary key, parent int references tree, v text)");
  const Seeded seeded = seed_text(
      "INSERT INTO tree (id, v) VALUES (1, 'first');\n"
      "INSERT INTO tree (id, parent, v) VALUES (2, 1, 'x');\n"
      "INSERT INTO tree (id, v) VALUES (2, 'second'), (1, 'second');\n"
      "INSERT INTO tree (id, parent, v) VALUES (1, 2, 'third');\n",
      {"--upsert", "--batch-rows", "1000"});
  CHECK(seeded.exit_code() == 0);
  CHECK(stack.sql("select id, parent, v from tree order by id") == "1|2|third\n2|1|second");
}

TEST_CASE("loader: in UPSERT the last row of a key wins, in whatever form and batch it comes") {
  const std::uint64_t seed = test_seed();
  MESSAGE("PGSEED_TEST_SEED=" << seed);
  Random random(seed);
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, a int, b int)");
  std::map<int, int> wanted;
  std::string dump;
  for (int row = 0; row < 1500; ++row) {
    const int id = static_cast<int>(random.below(200));
    wanted[id] = row;
    dump += random.one_in(2)
                ? text("INSERT INTO t (id, a) VALUES (", id, ", ", row, ");\n")
                : text("INSERT INTO t (a, id, b) VALUES (", row, ", '0", id, "', 1);\n");
  }
  const Seeded seeded = seed_text(dump, {"--upsert", "--batch-rows", "20", "--concurrency", "8"});
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.total("rows_read") == 1500);
  CHECK(seeded.total("rows_loaded") == static_cast<std::int64_t>(wanted.size()));
  std::string lines;
  for (const auto& [id, a] : wanted) lines += text(lines.empty() ? "" : "\n", id, '|', a);
  CHECK(stack.sql("select id, a from t order by id") == lines);
}

TEST_CASE("loader: no row gives way to one that is never sent") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, j jsonb)");
  const Seeded seeded = seed_text(
      "INSERT INTO t (id, j) VALUES (1, '{\"good\":1}'), (2, '{}'), (1, '{bad'), (3, '[]');\n",
      {"--upsert", "--max-rejects", "all"});
  CHECK(seeded.exit_code() == 1);
  CHECK(seeded.counts() == "4 3 0 1 0 0");
  CHECK(stack.sql("select j from t where id = 1") == "{\"good\": 1}");
}

TEST_CASE("loader: rejected rows carry their own number and line, also behind rows left out") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key check (id <> 5), v text)");
  TempDir folder;
  const Seeded seeded = seed_text(
      "INSERT INTO t (id, v) VALUES\n(1, 'a'),\n(2, 'b'),\n(1, 'c'),\n(2, 'd'),\n(5, 'e'),\n"
      "(3, 'f');\n",
      {"--upsert", "--max-rejects", "all", "--rejects", folder / "r.ndjson"});
  CHECK(seeded.exit_code() == 1);
  CHECK(seeded.counts() == "6 3 0 1 2 0");
  const Json reject(read_file(folder / "r.ndjson"));
  CHECK(reject["line"].number() == 6);
  CHECK(reject["row"].number() == 5);
  CHECK(reject["values"]["id"].text() == "5");
}

TEST_CASE("loader: rejected JSON is written to the reject file as it was, odd escapes and all") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, j jsonb)");
  TempDir folder;
  const Seeded seeded = seed_text(
      "INSERT INTO t (id, j) VALUES (1, '\"\\ud800\"'), (2, '{\"a\": [1, {\"b\":\"}\"}]}');\n",
      {"--max-rejects", "all", "--rejects", folder / "r.ndjson"});
  CHECK(seeded.exit_code() == 1);
  CHECK(seeded.counts() == "2 1 0 1 0 0");
  const Json reject(read_file(folder / "r.ndjson"));
  CHECK(reject["values"]["j"].text() == "\"\\ud800\"");
  CHECK(reject["code"].text() == "22P02");
}

TEST_CASE("loader: an empty text and two quotes are different keys") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id text primary key, v int)");
  const Seeded seeded =
      seed_text("INSERT INTO t (id, v) VALUES ('', 1), ('''''', 2);\n", {"--upsert"});
  CHECK(seeded.counts() == "2 2 0 0 0 0");
  CHECK(stack.sql("select count(*) from t") == "2");
}

TEST_CASE("loader: rows without a key in the conflict target are sent, each time anew") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id int generated by default as identity primary key, "
      "email text unique, v int)");
  const std::string dump =
      "INSERT INTO t (email, v) VALUES ('a', 1), (NULL, 2), (NULL, 3), ('a', 4);\n";
  const Seeded seeded = seed_text(dump, {"--upsert", "--on-conflict", "email"});
  CHECK(seeded.exit_code() == 0);
  CHECK(stack.sql("select v from t order by v") == "2\n3\n4");
}
