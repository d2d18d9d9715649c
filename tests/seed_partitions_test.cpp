// Tables whose rows are rows of another one as well: partitions, and tables that inherit.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/seeding.hpp"
#include "support/verifying.hpp"

namespace pgseed::test {
namespace {

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

constexpr const char* kPartitioned =
    "create table p (a int primary key) partition by range (a);"
    "create table p_low partition of p for values from (0) to (100) partition by range (a);"
    "create table p_1 partition of p_low for values from (0) to (50);"
    "create table p_2 partition of p for values from (100) to (200);"
    "create table a_child (id int primary key, p int references p)";

// As pg_dump writes it: the rows of each partition, children before parents by their names.
constexpr const char* kDump =
    "COPY public.a_child (id, p) FROM stdin;\n1\t1\n2\t2\n3\t150\n4\t\\N\n\\.\n"
    "COPY public.p_1 (a) FROM stdin;\n1\n2\n\\.\n"
    "COPY public.p_2 (a) FROM stdin;\n150\n\\.\n";

}  // namespace

TEST_CASE("partitions: rows that refer to a partitioned table went before its partitions") {
  for (const auto& way : std::vector<std::vector<std::string>>{{"--via", "direct"},
                                                               {"--via", "direct", "--upsert"},
                                                               {"--via", "direct", "--force"},
                                                               {"--atomic"},
                                                               {"--atomic", "--upsert"}}) {
    CAPTURE(way.size());
    shared_stack().reset(kPartitioned);
    const Seeded seeded = seed_text(kDump, way);
    CHECK_MESSAGE(seeded.exit_code() == 0, seeded.error());
    CHECK(sql("select (select count(*) from p), (select count(p) from a_child)") == "3|3");
  }
}

TEST_CASE("partitions: --closure took rows whose parents are in a partition for orphans") {
  for (const auto& way : std::vector<std::vector<std::string>>{{"--via", "direct"}, {"--atomic"}}) {
    shared_stack().reset(kPartitioned);
    std::vector<std::string> args = {"--limit", "3", "--closure"};
    args.insert(args.end(), way.begin(), way.end());
    const Seeded seeded = seed_text(kDump, args);
    CHECK_MESSAGE(seeded.exit_code() == 0, seeded.error());
    CHECK(sql("select count(p) from a_child") == "3");
  }
}

TEST_CASE("inheritance: verify took rows of heirs for rows of the table") {
  const std::string schema =
      "create table people (id int primary key, name text);"
      "create table staff (rate numeric, primary key (id)) inherits (people)";
  const std::string dump =
      "COPY public.people (id, name) FROM stdin;\n1\tP1\n2\tP2\n\\.\n"
      "COPY public.staff (id, name, rate) FROM stdin;\n1\tS1\t5\n2\tP2\t5\n\\.\n";
  shared_stack().reset(schema);
  const Seeded seeded = seed_text(dump, {"--via", "direct", "--verify"});
  CHECK_MESSAGE(seeded.exit_code() == 0, seeded.error());
  CHECK(verify_text(dump, {"--exact"}).exit_code() == 0);
  sql("delete from only people where id = 2");
  const Verified lost = verify_text(dump);
  CHECK(lost.exit_code() == 6);
  CHECK(lost.counts(0) == "1 0 1 0");
}

}  // namespace pgseed::test
