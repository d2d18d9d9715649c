// Rows that refer to rows which come later: in their own table, or in a circle of tables.
#include "pgseed/seed/order/circles.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using seed::HeldBack;
using seed::OrderedTable;

struct Key {
  std::string child, column, parent;
  bool not_null = false;
};

HeldBack held(const std::vector<std::string>& names, const std::vector<Key>& keys,
              const std::vector<bool>& ahead) {
  Model model;
  std::vector<OrderedTable> tables;
  for (const std::string& name : names) {
    tables.push_back({{"public", name}, tables.size(), tables.size()});
    Table& table = model.tables.emplace_back();
    table.name = {"public", name};
    table.primary_key = {"id"};
    table.columns.push_back({"id", "integer", true});
    for (const Key& key : keys) {
      if (key.child != name) continue;
      table.columns.push_back({key.column, "integer", key.not_null});
      table.foreign_keys.push_back({{key.column}, {"public", key.parent}, {"id"}});
    }
  }
  return seed::hold_back(tables, model, ahead);
}

std::string columns(const HeldBack& held) {
  std::string out;
  for (const auto& each : held.columns) {
    out += '[';
    for (const std::string& column : each) out += column + ' ';
    out += ']';
  }
  return out;
}

Environment no_database() {
  return {{"DATABASE_URL", std::nullopt}};
}

// a and b refer to each other; every row of a to one of b that comes later.
std::string circle_dump(int rows) {
  std::string a = "INSERT INTO a (id, b_id) VALUES\n", b = "INSERT INTO b (id, a_id) VALUES\n";
  for (int row = 1; row <= rows; ++row) {
    const char* const end = row == rows ? ";\n" : ",\n";
    a += "(" + std::to_string(row) + "," + std::to_string(rows + 1 - row) + ")" + end;
    b += "(" + std::to_string(row) + "," + std::to_string(row) + ")" + end;
  }
  return a + b;
}

std::string circle_schema(const std::string& null, const std::string& defer) {
  return "create table a (id int primary key, b_id int " + null +
         "); create table b (id int primary key, a_id int " + null +
         "); alter table a add foreign key (b_id) references b (id) " + defer +
         "; alter table b add foreign key (a_id) references a (id) " + defer + ";";
}

constexpr const char* kRight =
    "select count(*), count(b_id), count(a_id) from a join b on b.id = a.b_id and b.a_id = 2501 - "
    "a.id";

}  // namespace

TEST_CASE("circles: as few references as it takes are held back") {
  // What looks ahead in its own table.
  CHECK(columns(held({"t"}, {{"t", "p", "t"}}, {true})) == "[p ]");
  CHECK(columns(held({"t"}, {{"t", "p", "t"}}, {false})) == "[]");
  CHECK(columns(held({"t"}, {{"t", "p", "t", true}}, {true})) == "[]");
  // One of two opens the circle, the other one orders the tables.
  const HeldBack one = held({"a", "b"}, {{"a", "x", "b"}, {"b", "y", "a"}}, {true, false});
  CHECK(columns(one) == "[][y ]");
  CHECK(one.stuck.empty());
  const HeldBack other = held({"a", "b"}, {{"a", "x", "b"}, {"b", "y", "a", true}}, {true, false});
  CHECK(columns(other) == "[x ][]");
  CHECK(held({"a", "b"}, {{"a", "x", "b", true}, {"b", "y", "a", true}}, {true, true}).stuck ==
        std::vector<std::size_t>{0, 1});
  // Where no row looks ahead, the order of the file does.
  const HeldBack none = held({"a", "b"}, {{"a", "x", "b"}, {"b", "y", "a"}}, {false, false});
  CHECK(!none.any());
  CHECK(none.stuck.empty());
  // Three in a circle, and one behind it.
  const HeldBack three =
      held({"c", "b", "a", "d"},
           {{"a", "x", "b", true}, {"b", "y", "c"}, {"c", "z", "a", true}, {"d", "w", "a"}},
           {true, true, true, true});
  CHECK(columns(three) == "[][y ][][]");
}

TEST_CASE("circles: over PostgREST a reference that may be NULL is set when all rows are there") {
  Stack& stack = shared_stack();
  for (const bool with_database : {true, false}) {
    stack.reset(circle_schema("", ""));
    Call call;
    if (!with_database) call.environment = no_database();
    const Seeded seeded = seed_text(circle_dump(2500), {}, call);
    INFO(seeded.error(), seeded.notes());
    CHECK(seeded.exit_code() == 0);
    CHECK(seeded.counts() == "5000 5000 0 0 0 0");
    CHECK(contains(seeded.notes(), "is set when all rows are there"));
    CHECK(stack.sql(kRight) == "2500|2500|2500");
    // Again: what is there is updated, and nothing is unset on the way to it.
    const Seeded again = seed_text(circle_dump(2500), {"--upsert"}, call);
    CHECK(again.counts() == "5000 5000 0 0 0 0");
    CHECK(stack.sql(kRight) == "2500|2500|2500");
  }
}

TEST_CASE("circles: a table that refers to itself takes children before their parents") {
  Stack& stack = shared_stack();
  const std::string schema =
      "create table t (id int primary key, up int references t, v text, n int default 7)";
  std::string dump = "INSERT INTO t (id, up, v) VALUES\n";
  for (int row = 1; row <= 3000; ++row) {
    const std::string up = row == 3000 ? "NULL" : std::to_string(row + 1);
    dump += "(" + std::to_string(row) + "," + up + ",'v')" + (row == 3000 ? ";\n" : ",\n");
  }
  const char* const right = "select count(*), count(up), sum(up - id), sum(n) from t";
  const std::string all = "3000|2999|2999|21000";
  for (const std::string mode : {"--upsert", "--force", "--atomic", "--via"}) {
    stack.reset(schema);
    std::vector<std::string> args = {mode};
    if (mode == "--via") args.emplace_back("direct");
    const Seeded seeded = seed_text(dump, args);
    INFO(mode, ": ", seeded.error(), seeded.notes());
    CHECK(seeded.counts() == "3000 3000 0 0 0 0");
    CHECK(stack.sql(right) == all);
  }
  stack.reset(schema);
  CHECK(seed_text(dump).counts() == "3000 3000 0 0 0 0");
  CHECK(stack.sql(right) == all);
  // Parents first: one pass, as ever.
  stack.reset(schema);
  const Seeded once = seed_text("INSERT INTO t (id, up) VALUES (1,NULL),(2,1),(3,2);");
  CHECK(once.exit_code() == 0);
  CHECK(once.notes().empty());
}

TEST_CASE(
    "circles: where no reference may be NULL, PostgREST takes none, and it is said what does") {
  Stack& stack = shared_stack();
  for (const std::string defer : {"", "deferrable initially deferred"}) {
    stack.reset(circle_schema("not null", defer));
    const Seeded refused = seed_text(circle_dump(2500));
    CHECK(refused.exit_code() == 1);
    CHECK(contains(refused.notes(), "in a circle"));
    CHECK(contains(refused.notes(), "--atomic or --via direct"));
    CHECK(refused.total("rows_loaded") == 0);
    const Seeded forced = seed_text(circle_dump(2500), {"--force"});
    CHECK(forced.exit_code() == 5);
    CHECK(contains(forced.hint(), "--atomic or --via direct"));
    CHECK(stack.sql("select (select count(*) from a) + (select count(*) from b)") == "0");
  }
}

TEST_CASE("circles: one transaction takes them all, whether they can be deferred or not") {
  Stack& stack = shared_stack();
  for (const std::string null : {"", "not null"}) {
    for (const std::string defer : {"", "deferrable initially immediate"}) {
      for (const std::string way : {"--atomic", "--via"}) {
        INFO(null, " ", defer, " ", way);
        stack.reset(circle_schema(null, defer));
        std::vector<std::string> args = {way};
        if (way == "--via") args.emplace_back("direct");
        const Seeded seeded = seed_text(circle_dump(2500), args);
        INFO(seeded.error(), seeded.notes());
        CHECK(seeded.counts() == "5000 5000 0 0 0 0");
        CHECK(stack.sql(kRight) == "2500|2500|2500");
        for (const std::string mode : {"--force", "--upsert", "--ignore"}) {
          INFO(mode);
          args.push_back(mode);
          const Seeded again = seed_text(circle_dump(2500), args);
          INFO(again.error(), again.notes());
          CHECK(again.exit_code() == 0);
          CHECK(again.total("rows_loaded") == (mode == "--ignore" ? 0 : 5000));
          CHECK(stack.sql(kRight) == "2500|2500|2500");
          args.pop_back();
        }
      }
    }
  }
}

TEST_CASE("circles: in one transaction the row is named that refers to nothing, or is bad itself") {
  Stack& stack = shared_stack();
  for (const std::string way : {"--atomic", "--via"}) {
    INFO(way);
    std::vector<std::string> args = {way};
    if (way == "--via") args.emplace_back("direct");
    stack.reset(circle_schema("not null", "") + "alter table b add check (a_id <> 3)");
    const std::string orphan =
        "INSERT INTO a (id, b_id) VALUES\n(1,1),\n(2,9);\nINSERT INTO b (id, a_id) VALUES (1,1);\n";
    const Seeded dangling = seed_text(orphan, args);
    CHECK(dangling.exit_code() == 1);
    CHECK(contains(dangling.where(), "dump.sql:3"));
    CHECK(stack.sql("select count(*) from a") == "0");
    const std::string bad =
        "INSERT INTO a (id, b_id) VALUES (1,1),(2,2),(3,3);\n"
        "INSERT INTO b (id, a_id) VALUES (1,1),\n(2,2),\n(3,3);\n";
    const Seeded checked = seed_text(bad, args);
    CHECK(checked.exit_code() == 1);
    CHECK(contains(checked.where(), "dump.sql:4"));
  }
  // The others are moved where that was asked for.
  const Seeded others =
      seed_text("INSERT INTO a (id, b_id) VALUES (1,1),\n(2,9);\nINSERT INTO b VALUES (1,1);\n",
                {"--atomic", "--max-rejects", "all"});
  CHECK(others.counts() == "3 2 0 1 0 0");
}

TEST_CASE("circles: rows of several column sets refer to each other in one transaction") {
  Stack& stack = shared_stack();
  const std::string dump =
      "INSERT INTO t (id, up) VALUES (1,2);\nINSERT INTO t (id, up, v) VALUES (2,3,'x');\n"
      "INSERT INTO t (id, up) VALUES (3,NULL);\n";
  for (const std::string way : {"--atomic", "--via"}) {
    stack.reset("create table t (id int primary key, up int references t, v text)");
    std::vector<std::string> args = {way};
    if (way == "--via") args.emplace_back("direct");
    const Seeded seeded = seed_text(dump, args);
    INFO(seeded.error());
    CHECK(seeded.counts() == "3 3 0 0 0 0");
  }
}

TEST_CASE("circles: --force over PostgREST empties no circle, --ignore says how it goes about it") {
  Stack& stack = shared_stack();
  stack.reset(circle_schema("", ""));
  // Nothing to empty.
  CHECK(seed_text(circle_dump(3), {"--force"}).exit_code() == 0);
  const Seeded refused = seed_text(circle_dump(3), {"--force"});
  CHECK(refused.exit_code() == 5);
  CHECK(contains(refused.hint(), "--atomic"));
  CHECK(stack.sql("select count(*), count(b_id) from a") == "3|3");
  const Seeded ignored = seed_text(circle_dump(3), {"--ignore"});
  CHECK(ignored.counts() == "6 0 6 0 0 0");
  CHECK(contains(ignored.notes(), "in file order"));
}

TEST_CASE("circles: a reference to nothing ends the second pass; the next run goes on there") {
  Stack& stack = shared_stack();
  stack.reset(circle_schema("", ""));
  const TempDir folder;
  const std::string dump = folder.write(
      "dump.sql",
      "INSERT INTO a (id, b_id) VALUES (1,1);\nINSERT INTO b (id, a_id) VALUES\n(1,9);\n");
  const std::string ledgers = (folder.path() / "ledgers").string();
  const Seeded dangling = seed({dump, "--ledger-dir", ledgers});
  INFO(dangling.error(), dangling.notes());
  CHECK(dangling.exit_code() == 1);
  CHECK(contains(dangling.where(), "dump.sql:3"));
  CHECK(contains(dangling.notes(), "may be unset"));
  CHECK(stack.sql("select a.b_id, b.a_id is null from a, b") == "1|t");
  stack.sql("insert into a values (9, null)");
  const Seeded resumed = seed({dump, "--ledger-dir", ledgers});
  INFO(resumed.error(), resumed.notes());
  CHECK(resumed.exit_code() == 0);
  CHECK(resumed.total("rows_resumed") == 2);
  CHECK(stack.sql("select a_id from b where id = 1") == "9");
}

TEST_CASE("circles: a rejected row is kept whole, and is not sent again in the second pass") {
  Stack& stack = shared_stack();
  stack.reset(circle_schema("", "") + "alter table b add constraint odd check (id <> 2)");
  const TempDir folder;
  const std::string rejects = (folder.path() / "rejects.ndjson").string();
  const std::string dump =
      "INSERT INTO a (id, b_id) VALUES (1,1);\nINSERT INTO b (id, a_id) VALUES (1,1),(2,1);\n";
  const Seeded seeded = seed_text(dump, {"--max-rejects", "all", "--rejects", rejects});
  INFO(seeded.error(), seeded.notes());
  CHECK(seeded.counts() == "3 2 0 1 0 0");
  CHECK(stack.sql("select a.id, b_id, a_id from a join b on b.id = a.b_id") == "1|1|1");
  stack.sql("alter table b drop constraint odd");
  CHECK(seed({rejects}).exit_code() == 0);
  CHECK(stack.sql("select a_id from b where id = 2") == "1");
}

TEST_CASE("circles: with --upsert a reference that the file unsets is unset") {
  Stack& stack = shared_stack();
  stack.reset(circle_schema("", ""));
  CHECK(seed_text(circle_dump(3)).exit_code() == 0);
  const std::string dump =
      "INSERT INTO a (id, b_id) VALUES (1,2),(2,NULL),(3,NULL);\n"
      "INSERT INTO b (id, a_id) VALUES (1,NULL),(2,1),(3,NULL);\n";
  const Seeded seeded = seed_text(dump, {"--upsert"});
  INFO(seeded.error(), seeded.notes());
  CHECK(seeded.exit_code() == 0);
  CHECK(stack.sql("select string_agg(id || ':' || coalesce(b_id, 0), ' ' order by id) from a") ==
        "1:2 2:0 3:0");
  CHECK(stack.sql("select string_agg(id || ':' || coalesce(a_id, 0), ' ' order by id) from b") ==
        "1:0 2:1 3:0");
}

TEST_CASE("circles: with --upsert the second pass overwrote a later row of fewer columns") {
  Stack& stack = shared_stack();
  const std::string schema = "create table em (id int primary key, boss int references em, v text)";
  const auto stored = [&] {
    return stack.sql(
        "select string_agg(concat_ws(':', id, coalesce(boss, 0), v), ' ' order by id) from em");
  };
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"--upsert"}, {"--upsert", "--batch-rows", "1"}}) {
    stack.reset(schema);
    const Seeded seeded = seed_text(
        "insert into em (id, boss, v) values (2, 4, 'b'), (4, null, 'd');\n"
        "insert into em (id, v) values (2, 'b2'), (5, 'e');\n"
        "insert into em (id, boss) values (5, 6);\ninsert into em (v, id) values ('f', 6);\n",
        args);
    INFO(seeded.error(), seeded.notes());
    CHECK(seeded.exit_code() == 0);
    CHECK(contains(seeded.notes(), "is set when all rows are there"));
    CHECK(stored() == "2:4:b2 4:0:d 5:6:e 6:0:f");

    stack.reset(schema);
    const TempDir folder;
    std::vector<std::string> all = {
        folder.write("rows.ndjson",
                     "{\"id\":1,\"boss\":2,\"v\":\"v1\"}\n{\"id\":2,\"v\":\"x\"}\n"
                     "{\"id\":1,\"v\":\"v2\"}\n"),
        "--table", "em"};
    all.insert(all.end(), args.begin(), args.end());
    const Seeded rows = seed(all);
    INFO(rows.error(), rows.notes());
    CHECK(rows.exit_code() == 0);
    CHECK(stored() == "1:2:v2 2:0:x");
  }
}

TEST_CASE("circles: a row of fewer columns that was refused is not sent in the second pass") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table em (id int primary key, boss int references em, v text check (v <> 'bad'))");
  const Seeded seeded = seed_text(
      "insert into em (id, boss, v) values (2, 4, 'b'), (4, null, 'd');\n"
      "insert into em (id, v) values (2, 'bad'), (4, 'd2');\n",
      {"--upsert", "--max-rejects", "1"});
  INFO(seeded.error(), seeded.notes());
  CHECK(seeded.counts() == "4 1 0 1 2 0");
  CHECK(stack.sql("select string_agg(concat_ws(':', id, boss, v), ' ' order by id) from em") ==
        "2:4:b 4:d2");
}

TEST_CASE("circles: requests of the second pass ended each other in the database") {
  shared_stack().reset("create table e (id int primary key, boss int references e (id), v text)");
  std::string dump = "COPY e (id, boss, v) FROM stdin;\n";
  constexpr int kRows = 3000;
  for (int id = 1; id <= kRows; ++id) {
    dump += std::to_string(id) + '\t' + std::to_string(1 + id * 7919 % kRows) + "\tv\n";
  }
  dump += "\\.\n";
  for (const char* const mode : {"insert", "upsert"}) {
    const Seeded seeded = seed_text(dump, {"--mode", mode, "--via", "rest", "--batch-rows", "200"});
    CHECK_MESSAGE(seeded.exit_code() == 0, seeded.error());
    CHECK(seeded.summary["retries"].number() == 0);
    CHECK(shared_stack().sql("select count(*), count(boss) from e") == "3000|3000");
  }
}

}  // namespace pgseed::test
