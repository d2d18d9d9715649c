#include "pgseed/seed/order/order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "pgseed/base/text.hpp"
#include "support/random.hpp"

using namespace pgseed;
using namespace pgseed::seed;

namespace {

TableName named(const std::string& name) {
  return {"public", name};
}

struct Case {
  std::vector<OrderedTable> tables;
  Model model;

  // A table whose rows stand at [first, last] of the file.
  Case& table(const std::string& name, std::uint64_t first, std::uint64_t last,
              const std::vector<std::string>& parents = {}) {
    tables.push_back({named(name), first, last});
    return hidden(name, parents);
  }
  // One that the file does not fill.
  Case& hidden(const std::string& name, const std::vector<std::string>& parents = {}) {
    Table& made = model.tables.emplace_back();
    made.name = named(name);
    for (const std::string& parent : parents) {
      made.foreign_keys.push_back({{"x"}, named(parent), {"id"}});
    }
    return *this;
  }
  LoadOrder order() const { return order_tables(tables, model); }
  std::string names(const LoadOrder& order) const {
    std::string out;
    for (const std::size_t index : order.parents_first) out += tables[index].name.table;
    return out;
  }
};

}  // namespace

TEST_CASE("order: without foreign keys tables stay in file order, in one pass") {
  const Case c = Case().table("c", 1, 9).table("a", 10, 19).table("b", 5, 25);
  const LoadOrder order = c.order();
  CHECK(c.names(order) == "cab");
  CHECK(order.passes == 1);
  CHECK(order.in_cycle.empty());
}

TEST_CASE("order: parents that come first in the file need no second pass") {
  const Case c = Case().table("p", 1, 9).table("c", 10, 19, {"p"}).table("g", 20, 29, {"c", "p"});
  const LoadOrder order = c.order();
  CHECK(c.names(order) == "pcg");
  CHECK(order.pass == std::vector<std::size_t>{0, 0, 0});
  CHECK(order.parents[2] == std::vector<std::size_t>{1, 0});
}

TEST_CASE("order: a child before or among its parent's rows waits for a later pass") {
  const Case before = Case().table("c", 1, 9, {"p"}).table("p", 10, 19);
  CHECK(before.names(before.order()) == "pc");
  CHECK(before.order().pass == std::vector<std::size_t>{1, 0});
  CHECK(before.order().passes == 2);

  const Case among = Case().table("p", 1, 20).table("c", 10, 19, {"p"});
  CHECK(among.order().pass == std::vector<std::size_t>{0, 1});

  const Case chain = Case().table("g", 1, 2, {"c"}).table("c", 3, 4, {"p"}).table("p", 5, 6);
  CHECK(chain.names(chain.order()) == "pcg");
  CHECK(chain.order().pass == std::vector<std::size_t>{2, 1, 0});
}

TEST_CASE("order: a table in a late pass takes those that follow it along") {
  // g follows c in the file, so it can share c's pass, but not an earlier one.
  const Case c = Case().table("c", 1, 2, {"p"}).table("g", 3, 4, {"c"}).table("p", 5, 6);
  CHECK(c.order().pass == std::vector<std::size_t>{1, 1, 0});
  CHECK(c.order().passes == 2);
}

TEST_CASE("order: a reference to itself makes no circle, but is told") {
  const Case c = Case().table("t", 1, 9, {"t", "p"}).table("p", 10, 11);
  const LoadOrder order = c.order();
  CHECK(order.refers_to_itself == std::vector<bool>{true, false});
  CHECK(order.in_cycle.empty());
  CHECK(order.parents[0] == std::vector<std::size_t>{1});
}

TEST_CASE("order: a circle stays in file order, and free tables go before it") {
  const Case c = Case()
                     .table("a", 3, 4, {"b"})
                     .table("b", 5, 6, {"a"})
                     .table("d", 7, 8, {"b"})
                     .table("p", 9, 9);
  const LoadOrder order = c.order();
  CHECK(order.in_cycle == std::vector<std::size_t>{0, 1});
  CHECK(c.names(order) == "pabd");
  CHECK(order.passes == 1);
}

TEST_CASE("order: a circle is loaded in one pass, and what stands behind it after it") {
  const Case c = Case()
                     .table("x", 1, 2, {"a"})
                     .table("a", 3, 6, {"b"})
                     .table("b", 4, 5, {"a", "p"})
                     .table("p", 7, 8);
  const LoadOrder order = c.order();
  CHECK(order.in_cycle == std::vector<std::size_t>{1, 2});
  CHECK(c.names(order) == "pabx");
  CHECK(order.pass == std::vector<std::size_t>{2, 1, 1, 0});
}

TEST_CASE("order: parents outside the files, other schemas and unknown tables play no part") {
  Case c;
  c.hidden("p").table("c", 1, 2, {"p"});
  c.tables.push_back({{"other", "p"}, 3, 4});
  c.tables.push_back({named("nobody_knows"), 5, 6});
  const LoadOrder order = c.order();
  CHECK(order.passes == 1);
  CHECK(order.parents[0].empty());
}

TEST_CASE("order: a catalogue adds the keys that the API does not tell, but no circle") {
  Case c = Case().table("a", 1, 2).table("b", 3, 4).table("c", 5, 6, {"a"});
  Model more;
  const auto tell = [&](const TableName& child, const TableName& parent) {
    Table& table = more.tables.emplace_back();
    table.name = child;
    table.foreign_keys.push_back({{"x", "y"}, parent, {"k", "l"}});
  };
  tell(named("a"), named("b"));  // of two columns
  tell(named("b"), named("c"));  // would close a circle
  tell(named("c"), named("c"));  // nothing to order
  tell(named("nobody_knows"), named("a"));
  add_foreign_keys(c.model, more, c.tables);
  const LoadOrder order = c.order();
  CHECK(c.names(order) == "bac");
  CHECK(order.in_cycle.empty());
  CHECK(order.refers_to_itself == std::vector<bool>(3, false));
  CHECK(c.model.find(named("a"))->foreign_keys.back().columns.size() == 2);
  add_foreign_keys(c.model, more, c.tables);
  CHECK(c.model.find(named("a"))->foreign_keys.size() == 1);
}

TEST_CASE("order: two foreign keys to one parent are one parent") {
  const Case c = Case().table("p", 1, 2).table("c", 3, 4, {"p", "p"});
  CHECK(c.order().parents[1] == std::vector<std::size_t>{0});
}

TEST_CASE("order: random schemas: every table once, parents before children unless in a circle") {
  const std::uint64_t seed = test::test_seed();
  MESSAGE("PGSEED_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    CAPTURE(round);
    const std::size_t count = 1 + random() % 8;
    const bool circles = random() % 4 == 0;
    Case c;
    for (std::size_t index = 0; index < count; ++index) {
      std::vector<std::string> parents;
      for (std::size_t parent = 0; parent < count; ++parent) {
        if ((circles || parent > index) && random() % 3 == 0) parents.push_back(text('t', parent));
      }
      const std::uint64_t first = random() % 100;
      c.table(text('t', index), first, first + random() % 30, parents);
    }
    const LoadOrder order = c.order();
    CHECK(std::set<std::size_t>(order.parents_first.begin(), order.parents_first.end()).size() ==
          count);
    if (!circles) CHECK(order.in_cycle.empty());
    const auto place = [&](std::size_t table) {
      return std::find(order.parents_first.begin(), order.parents_first.end(), table) -
             order.parents_first.begin();
    };
    for (std::size_t child = 0; child < count; ++child) {
      CHECK(order.pass[child] < order.passes);
      for (const std::size_t parent : order.parents[child]) {
        const bool cut =
            std::find(order.in_cycle.begin(), order.in_cycle.end(), child) != order.in_cycle.end();
        if (cut) continue;
        CHECK(place(parent) < place(child));
        const bool follows = c.tables[parent].last_piece < c.tables[child].first_piece;
        CHECK(order.pass[child] >= order.pass[parent] + (follows ? 0 : 1));
      }
    }
  }
}
