// Subsets of dumps in which no row refers to one that is not there.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/seed/order/closure.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using seed::Closure;
using Keys = std::vector<Closure::Key>;

struct Row {
  std::size_t table;
  std::uint64_t number;
  bool chosen;
  Keys keys, references;
};

// Selections as "table:+pulled-left out ...", with keys that are found elsewhere.
std::string select(const std::vector<Row>& rows, const Keys& elsewhere = {}) {
  Closure closure;
  int passes = 0;
  do {
    closure.begin_pass();
    REQUIRE(++passes < 100);
    for (const Row& row : rows) {
      closure.row(row.table, row.number, row.chosen, row.keys, row.references);
    }
  } while (closure.wants_pass());
  bool more = closure.any_missing();
  while (more) {
    for (const Closure::Key key : elsewhere) {
      if (closure.is_missing(key)) closure.found_elsewhere(key);
    }
    more = closure.drop();
  }
  std::string out;
  const auto selections = closure.selections();
  for (std::size_t table = 0; table < 5; ++table) {
    const auto found = selections.find(table);
    if (found == selections.end()) continue;
    std::string line;
    for (const auto number : found->second.pulled) line += "+" + std::to_string(number);
    for (const auto number : found->second.left_out) line += "-" + std::to_string(number);
    if (!line.empty()) out += (out.empty() ? "" : " ") + std::to_string(table) + ":" + line;
  }
  return out;
}

}  // namespace

TEST_CASE("closure: parents are pulled in along a chain, whatever their order") {
  // Table 0 is the grandparent; keys are 10 * table + number.
  const std::vector<Row> down = {{0, 1, false, {1}, {}},   {0, 2, false, {2}, {}},
                                 {1, 1, false, {11}, {1}}, {1, 2, false, {12}, {2}},
                                 {2, 1, true, {}, {12}},   {2, 2, false, {}, {11}}};
  CHECK(select(down) == "0:+2 1:+2");
  const std::vector<Row> up(down.rbegin(), down.rend());
  CHECK(select(up) == "0:+2 1:+2");
}

TEST_CASE("closure: rows whose parents are nowhere are left out, and theirs with them") {
  // 11 refers to 99, which nobody has; 21 to 11; 22 to 12.
  const std::vector<Row> rows = {{1, 1, true, {11}, {99}},
                                 {1, 2, false, {12}, {}},
                                 {1, 3, false, {13}, {}},
                                 {2, 1, true, {}, {11, 13}},
                                 {2, 2, true, {}, {12}}};
  CHECK(select(rows) == "1:+2-1 2:-1");
  CHECK(select(rows, {99}) == "1:+2+3");
  // The target has the key of a row that is left out.
  CHECK(select(rows, {11}) == "1:+2+3-1");
}

TEST_CASE("closure: rows may refer to themselves, to each other and to nothing") {
  CHECK(select({{0, 1, true, {1}, {1}}, {0, 2, false, {2}, {2}}}).empty());
  CHECK(select({{0, 1, true, {1}, {2}}, {0, 2, false, {2}, {3}}, {0, 3, false, {3}, {1}}}) ==
        "0:+2+3");
  CHECK(select({{0, 1, true, {1}, {2}}, {0, 2, false, {2}, {1, 77}}}) == "0:-1");
  CHECK(select({{0, 1, true, {}, {}}, {0, 2, false, {2}, {}}}).empty());
  CHECK(select({}).empty());
}

namespace {

// PostgREST tells no foreign key of several columns.
std::string shop(Stack& stack, bool composite = true) {
  stack.reset(
      "create table region (a int, b int, primary key (a" + std::string(composite ? ", b" : "") +
      "));"
      "create table maker (id int primary key, name text unique, boss int references maker);"
      "create table item (id int primary key, maker text references maker (name), a int, b int,"
      "  foreign key (a" +
      std::string(composite ? ", b" : "") +
      ") references region);"
      "create table tag (item int references item, word text)");
  std::string dump;
  for (int at = 1; at <= 30; ++at) {
    const std::string n = std::to_string(at);
    dump += "INSERT INTO region (a, b) VALUES (" + n + ", " + std::to_string(at % 3) + ");\n";
  }
  for (int at = 1; at <= 30; ++at) {
    const std::string n = std::to_string(at);
    // Each one's boss is the one before.
    dump += "INSERT INTO maker (id, name, boss) VALUES (" + n + ", 'm" + n + "', " +
            (at == 1 ? "NULL" : std::to_string(at - 1)) + ");\n";
  }
  for (int at = 1; at <= 30; ++at) {
    const std::string n = std::to_string(at);
    const std::string other = std::to_string(31 - at);
    dump += "INSERT INTO item (id, maker, a, b) VALUES (" + n + ", " +
            (at % 5 == 0 ? "NULL" : "'m" + std::to_string(at / 2 + 1) + "'") + ", " + other + ", " +
            std::to_string((31 - at) % 3) + ");\n";
  }
  for (int at = 1; at <= 30; ++at) {
    dump += "INSERT INTO tag (item, word) VALUES (" + std::to_string(31 - at) + ", 'w');\n";
  }
  return dump;
}

}  // namespace

TEST_CASE("closure: a limited load breaks no foreign key and its counts add up") {
  Stack& stack = shared_stack();
  for (const bool direct : {true, false}) {
    const std::string dump = shop(stack, direct);
    Call call;
    CAPTURE(direct);
    if (!direct) call.environment["DATABASE_URL"] = std::nullopt;
    CHECK(seed_text(dump, {"--limit", "2"}, call).exit_code() == 1);
    stack.sql("truncate region, maker, item, tag");
    const Seeded loaded = seed_text(dump, {"--limit", "2", "--closure"}, call);
    INFO(loaded.error(), loaded.notes());
    CHECK(loaded.exit_code() == 0);
    CHECK(stack.sql("select count(*) from tag") == "2");
    CHECK(stack.sql("select string_agg(id::text, ',' order by id) from item") == "1,2,29,30");
    CHECK(stack.sql("select string_agg(a::text, ',' order by a) from region") == "1,2,29,30");
    CHECK(stack.sql("select max(id) from maker") == "15");
    CHECK(contains(loaded.notes(), "were taken all the same"));
  }
}

TEST_CASE("closure: rows whose parents are nowhere are skipped, unless the target has them") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table parent (id int primary key); "
      "create table child (id int primary key, p int references parent); "
      "create table grandchild (id int primary key, c int references child)");
  const std::string dump =
      "INSERT INTO parent VALUES (1),(2),(3);\n"
      "INSERT INTO child VALUES (1,3),(2,50),(3,60),(4,NULL);\n"
      "INSERT INTO grandchild VALUES (1,1),(2,2),(3,3),(4,4);\n";
  stack.sql("insert into parent values (50)");
  const std::vector<std::string> args = {"--limit", "4", "--closure"};
  const Seeded loaded = seed_text(dump, args);
  INFO(loaded.error(), loaded.notes());
  CHECK(loaded.exit_code() == 0);
  CHECK(loaded.counts("child") == "4 3 0 0 1 0");
  CHECK(loaded.counts("grandchild") == "4 3 0 0 1 0");
  CHECK(stack.sql("select string_agg(id::text, ',' order by id) from child") == "1,2,4");
  CHECK(contains(loaded.notes(), "1 rows of public.child were skipped"));

  // What the run empties, the target does not have.
  const Seeded forced = seed_text(dump, {"--limit", "4", "--closure", "--force"});
  INFO(forced.error());
  CHECK(forced.exit_code() == 0);
  CHECK(stack.sql("select string_agg(id::text, ',' order by id) from child") == "1,4");

  // Parents that are not wanted count where the target has them.
  stack.sql("truncate parent, child, grandchild; insert into parent values (3)");
  const Seeded excluded = seed_text(dump, {"--limit", "4", "--closure", "--exclude", "parent"});
  CHECK(excluded.exit_code() == 0);
  CHECK(stack.sql("select string_agg(id::text, ',' order by id) from grandchild") == "1,4");
  CHECK(stack.sql("select count(*) from parent") == "1");
}

TEST_CASE("closure: a foreign key that --limit broke is told with the way out") {
  shared_stack().reset(
      "create table p (id int primary key); create table c (id int primary key, p int references "
      "p)");
  const std::string dump =
      "INSERT INTO p (id) VALUES (1), (2);\nINSERT INTO c (id, p) VALUES (1, 2);\n";
  for (const std::vector<std::string>& way :
       {std::vector<std::string>{"--upsert"}, {"--atomic"}, {"--via", "direct"}}) {
    shared_stack().sql("truncate p, c");
    std::vector<std::string> args = {"--limit", "1"};
    args.insert(args.end(), way.begin(), way.end());
    const Seeded limited = seed_text(dump, args);
    CAPTURE(limited.error());
    CHECK(limited.exit_code() == 1);
    CHECK(contains(limited.error(), "23503"));
    CHECK(
        contains(limited.hint(), "--limit may have left out the row it refers to: add --closure"));
  }
}

TEST_CASE("closure: it needs a limit, and is verified like any load") {
  Stack& stack = shared_stack();
  const std::string dump = shop(stack);
  const Seeded without = seed_text(dump, {"--closure"});
  CHECK(without.exit_code() == 2);
  const Seeded verified = seed_text(dump, {"--limit", "3", "--closure", "--verify"});
  INFO(verified.error(), verified.notes());
  CHECK(verified.exit_code() == 0);
  CHECK(verified.summary["verification"]["equal"].text() == "true");
  CHECK(verified.summary["verification"]["tables"][2]["rows_same"].number() ==
        std::stoll(stack.sql("select count(*) from item")));
}

}  // namespace pgseed::test
