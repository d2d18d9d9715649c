#include "pgseed/pg/contents.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/local_postgres.hpp"

using namespace pgseed::pg;

namespace pgseed::test {
namespace {

const LocalPostgres& contents_server() {
  static const LocalPostgres server;
  return server;
}

std::vector<Contents> contents_of(const std::string& database, const std::string& sql,
                                  const SnapshotOptions& options = {}) {
  contents_server().create_database(database);
  contents_server().sql(sql, database);
  Session session(contents_server().url(database));
  return read_contents(session, options);
}

// "table public.t 2 rows; ..." of what differs.
std::string differing(const std::vector<Contents>& one, const std::vector<Contents>& other) {
  std::string out;
  REQUIRE(one.size() == other.size());
  for (std::size_t at = 0; at < one.size(); ++at) {
    CHECK(one[at].title == other[at].title);
    CHECK(one[at].unreadable.empty());
    if (one[at].checksum != other[at].checksum || one[at].rows != other[at].rows) {
      out += one[at].title + "; ";
    }
  }
  return out;
}

}  // namespace

TEST_CASE("pg contents: the order of rows and columns leaves no trace, every value does") {
  const auto first = contents_of("contents_one",
                                 "create table t (a int, \"B c\" text, d float8);"
                                 "insert into t values (1, 'x', 0.1), (2, null, 0.2), "
                                 "(2, '', 0.2)");
  const auto same = contents_of("contents_two",
                                "create table t (d float8, \"B c\" text, a int);"
                                "insert into t values (0.2, '', 2), (0.2, null, 2), (0.1, 'x', 1)");
  CHECK(differing(first, same) == "");
  for (const std::string change :
       {"update t set \"B c\" = '' where \"B c\" is null", "update t set a = a + 1 where a = 1",
        "insert into t select * from t", "delete from t where a = 1",
        "update t set d = 0.30000000000000004 where a = 1"}) {
    CAPTURE(change);
    CHECK(differing(first, contents_of("contents_two",
                                       "create table t (a int, \"B c\" text, d float8);"
                                       "insert into t values (1, 'x', 0.1), (2, null, 0.2), "
                                       "(2, '', 0.2);" +
                                           change)) == "table public.t; ");
  }
}

TEST_CASE("pg contents: what holds rows is listed, also where a sequence stands") {
  const auto found = contents_of(
      "contents_one",
      "create table p (a int) partition by list (a);"
      "create table p1 partition of p for values in (1);"
      "create table parent (a int); create table child () inherits (parent);"
      "insert into child values (1); insert into p values (1);"
      "create sequence s; select nextval('s'); create view v as select 1 a;"
      "create materialized view m as select 7 a;"
      "create materialized view n as select 7 a with no data;"
      "create schema pgseed; create table pgseed.log (a int);"
      "create table empty (); create table versions (a int); insert into versions values (1)",
      {{"public.versions"}});
  std::string listed;
  for (const Contents& each : found) {
    CHECK(each.unreadable.empty());
    listed += each.title + ' ' + std::to_string(each.rows) + (each.is_populated ? "; " : " no; ");
  }
  CHECK(listed ==
        "materialized view public.m 1; materialized view public.n 0 no; sequence public.s 1; "
        "table public.child 1; table public.empty 0; table public.p1 1; table public.parent 0; ");
  Session session(contents_server().url("contents_one"));
  const auto state = [&] { return read_contents(session).at(2).checksum; };
  const std::string before = state();
  session.query("select nextval('s')");
  CHECK(state() != before);
  session.query("select setval('s', 1)");
  CHECK(state() == before);
}

TEST_CASE("pg contents: of a column it can be told how many values it has") {
  const auto found = contents_of("contents_one",
                                 "create table t (a json, \"B\" int);"
                                 "insert into t values ('1', null), ('1', null), (null, 5)");
  Session session(contents_server().url("contents_one"));
  CHECK(column_fill(session, found[0], "a").filled == 2);
  CHECK(column_fill(session, found[0], "a").distinct == 1);
  CHECK(column_fill(session, found[0], "\"B\"").filled == 1);
}

TEST_CASE("pg contents: rows that the role may not see are said, not left out") {
  contents_server().sql(
      "do $$ begin if to_regrole('reader') is null then create role reader login; end if; end $$");
  contents_of("contents_one",
              "create table open (a int); create table closed (a int);"
              "create table hidden (a int); alter table hidden enable row level security;"
              "insert into hidden values (1); grant select on open, hidden to reader");
  Session session(contents_server().url("contents_one", "reader"));
  const auto found = read_contents(session);
  REQUIRE(found.size() == 3);
  CHECK(found[0].unreadable == "permission denied for table closed");
  CHECK(found[1].unreadable.find("row-level security") != std::string::npos);
  CHECK(found[2].unreadable.empty());
  CHECK(contents_checksum(session, found[2], {"a"}) == contents_checksum(session, found[2], {}));
}

}  // namespace pgseed::test
