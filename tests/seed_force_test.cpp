// `pgseed seed --force`, on each of its ways: no row of a table that the files do not fill goes in
// silence, and tables that are empty in the files become empty.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

const std::vector<std::vector<std::string>> kWays = {{}, {"--atomic"}, {"--via", "direct"}};

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

std::string count(const std::string& table) {
  return sql("select count(*) from " + table);
}

Seeded force(const std::string& dump, std::vector<std::string> way, Call call = {}) {
  way.emplace_back("--force");
  return seed_text(dump, std::move(way), std::move(call));
}

// Refused on every way, with these words, before anything is deleted; then allowed.
void refuses(const std::string& schema, const std::string& dump, const std::string& words,
             const std::string& kept, const std::vector<std::vector<std::string>>& ways = kWays) {
  for (const auto& way : ways) {
    CAPTURE(way.size());
    shared_stack().reset(schema);
    const std::string before = sql(kept);
    const Seeded refused = force(dump, way);
    CHECK(refused.exit_code() == 5);
    CHECK_MESSAGE(contains(refused.error(), words), refused.error());
    CHECK(contains(refused.hint(), "--allow-cascade"));
    CHECK(sql(kept) == before);
  }
}

void allows(const std::string& dump, const std::string& left, const std::string& expected) {
  const Seeded allowed = force(dump, {"--allow-cascade"});
  INFO(allowed.error());
  CHECK(allowed.exit_code() == 0);
  CHECK(sql(left) == expected);
}

}  // namespace

TEST_CASE("force: rows that a composite foreign key takes along were lost over PostgREST") {
  const std::string dump = "INSERT INTO k1 VALUES (1, 1, 'new');";
  refuses(
      "create table k1 (a int, b int, v text, primary key (a, b));"
      "create table k2 (id int primary key, a int, b int, note text,"
      " foreign key (a, b) references k1 on delete cascade);"
      "insert into k1 values (1, 1, 'old'), (1, 2, 'old');"
      "insert into k2 values (1, 1, 1, 'mine'), (2, 1, 2, 'mine'), (3, 1, null, 'nobody''s')",
      dump, "2 rows of public.k2", "select (select count(*) from k1), (select count(*) from k2)");
  allows(dump, "select string_agg(id::text, ' ') from k2", "3");
}

TEST_CASE("force: rows of a schema that the API does not serve were changed over PostgREST") {
  const std::string dump = "INSERT INTO t VALUES (2);";
  refuses(
      "create table t (id int primary key); create schema hidden;"
      "create table hidden.c (t int default 1 references public.t on delete set null);"
      "insert into t values (1); insert into hidden.c values (1)",
      dump, "1 row of hidden.c", "select (select min(id) from t), (select min(t) from hidden.c)");
  allows(dump, "select count(*), count(t) from hidden.c", "1|0");
}

TEST_CASE("force: rows of a table that the key has no right to were lost over PostgREST") {
  refuses(
      "create table t (id int primary key);"
      "create table secret (t int references t on delete cascade);"
      "insert into t values (1); insert into secret values (1);"
      "revoke all on secret from service_role, anon, authenticated",
      "INSERT INTO t VALUES (1);", "public.secret", "select count(*) from secret");
}

TEST_CASE("force: rows that refer to a partitioned table, and partitions of it, were lost") {
  const std::string schema =
      "create table p (id int primary key, v text) partition by range (id);"
      "create table p1 partition of p for values from (0) to (10);"
      "create table p2 partition of p for values from (10) to (20);"
      "create table c (id int, p int references p on delete cascade) partition by range (id);"
      "create table c1 partition of c for values from (0) to (10);"
      "create table c2 partition of c for values from (10) to (20);"
      "insert into p values (1, 'old'), (11, 'old'); insert into c values (1, 11), (12, 1)";
  refuses(schema, "INSERT INTO p VALUES (1, 'new');", "of public.c", "select count(*) from c");
  // One partition is the target (PostgREST serves none), and the key is the partitioned table's.
  const std::string part = "INSERT INTO p1 VALUES (1, 'new');";
  const std::vector<std::vector<std::string>> ways = {kWays[1], kWays[2]};
  refuses(schema, part, "emptying public.p1 would touch 1 row of public.c2",
          "select count(*) from c", ways);
  for (const auto& way : ways) {
    shared_stack().reset(schema + "; delete from c where p < 10");
    CHECK(force(part, way).exit_code() == 0);
    CHECK(count("c") == "1");  // it refers to another partition
  }
  for (const auto& way : kWays) {  // what is in the file is meant
    shared_stack().reset(schema);
    const Seeded both =
        force("INSERT INTO p VALUES (1, 'new');\nINSERT INTO c VALUES (3, 1);", way);
    INFO(both.error());
    CHECK(both.exit_code() == 0);
    CHECK(count("p") + count("c") == "11");
  }
}

TEST_CASE("force: rows that refer to the table under a view were lost") {
  const std::string dump = "INSERT INTO seen (id, v) VALUES (1, 'new');";
  refuses(
      "create table t (id int primary key, v text);"
      "create view inner_view as select id, v from t; create view seen as select * from inner_view;"
      "create table c (t int references t on delete cascade);"
      "insert into t values (1, 'old'); insert into c values (1)",
      dump, "emptying public.t would touch 1 row of public.c", "select count(*) from c");
  allows(dump, "select (select v from t), (select count(*) from c)", "new|0");
}

TEST_CASE("force: rows of tables that inherit from the one that is emptied were lost") {
  const std::string schema =
      "create table inh (id int primary key, v text);"
      "create table inh_c (b text) inherits (inh);"
      "insert into inh values (1, 'old'); insert into inh_c values (2, 'mine', 'b')";
  const std::string dump = "INSERT INTO inh (id, v) VALUES (5, 'new');";
  refuses(schema, dump, "emptying public.inh would delete 1 row of public.inh_c",
          "select count(*) from inh_c");
  allows(dump, "select string_agg(id::text, ' ') from inh", "5");
  for (const auto& way : kWays) {
    shared_stack().reset(schema);
    const Seeded both = force(dump + "\nINSERT INTO inh_c (id, v, b) VALUES (6, 'new', 'b');", way);
    INFO(both.error());
    CHECK(both.exit_code() == 0);
    CHECK(sql("select string_agg(id::text, ' ' order by id) from inh") == "5 6");
  }
}

TEST_CASE("force: a key without an ON DELETE rule was found when other tables were empty already") {
  shared_stack().reset(
      "create table a (id int primary key); create table b (id int, a int references a);"
      "create table k1 (a int, b int, primary key (a, b));"
      "create table k2 (a int, b int, foreign key (a, b) references k1);"
      "insert into a values (1); insert into b values (1, 1);"
      "insert into k1 values (1, 1); insert into k2 values (1, 1)");
  const Seeded refused = force(
      "INSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1, 1);\nINSERT INTO k1 VALUES (1, 1);", {});
  CHECK(refused.exit_code() == 5);
  CHECK(contains(refused.error(), "public.k2"));
  CHECK(contains(refused.notes(), "no table was emptied"));
  CHECK(count("a") + count("b") + count("k1") == "111");
}

TEST_CASE("force: a catalogue that does not tell about the rows stops the run") {
  const std::string schema =
      "create table t (id int primary key);"
      "create table c (a int, t int references t on delete cascade);"
      "insert into t values (1);";
  const std::string dump = "INSERT INTO t (id) VALUES (2);";
  shared_stack().reset(schema);
  sql("do $$ begin if to_regrole('limited') is null then create role limited login; end if; end $$;"
      "grant usage, create on schema public to limited; grant all on t to limited;"
      "grant select on c to limited; alter table c enable row level security");
  Call limited;
  limited.environment["DATABASE_URL"] = shared_stack().postgres.url(Stack::kDatabase, "limited");
  const Seeded hidden = force(dump, {}, limited);
  CHECK(hidden.exit_code() == 5);
  CHECK(contains(hidden.error(), "public.c"));
  CHECK(contains(hidden.hint(), "SELECT"));
  Call elsewhere;
  elsewhere.environment["DATABASE_URL"] = shared_stack().postgres.url("postgres");
  const Seeded other = force(dump, {}, elsewhere);
  CHECK(other.exit_code() == 5);
  CHECK(contains(other.error(), "public.t"));
  CHECK_MESSAGE(contains(other.hint(), "DATABASE_URL"), other.result.out);
  Call gone;
  gone.environment["DATABASE_URL"] = "postgresql://postgres@127.0.0.1:1/app";
  CHECK(force(dump, {}, gone).exit_code() == 4);
  CHECK(sql("select id from t") == "1");
  CHECK(force(dump, {"--allow-cascade"}, elsewhere).exit_code() == 0);
  sql("revoke all on schema public from limited");
}

// --- tables that are empty in the files

TEST_CASE("force: a table that is empty in the dump kept its old rows") {
  const std::string schema =
      "create table t (id int primary key, eb int); create table eb (id int primary key);"
      "alter table t add foreign key (eb) references eb; create table kept (id int);"
      "insert into eb values (1), (2); insert into t values (9, 1); insert into kept values (1)";
  const std::string dump =
      "COPY public.eb (id) FROM stdin;\n\\.\n\n\nCOPY public.gone (id) FROM stdin;\n\\.\n"
      "COPY public.t (id, eb) FROM stdin;\n1\t\\N\n2\t\\N\n\\.\n";
  for (const auto& way : kWays) {
    CAPTURE(way.size());
    shared_stack().reset(schema);
    const Seeded seeded = force(dump, way);
    INFO(seeded.error());
    CHECK(seeded.exit_code() == 0);
    CHECK(count("eb") + count("t") + count("kept") == "021");
    CHECK(seeded.counts("eb") == "0 0 0 0 0 0");
    CHECK(contains(seeded.notes(), "public.gone is empty in the file"));

    // In the other modes nothing is taken away, and one that is left out is left alone.
    sql("insert into eb values (3)");
    std::vector<std::string> upsert = way;
    upsert.emplace_back("--upsert");
    CHECK(seed_text(dump, upsert).exit_code() == 0);
    std::vector<std::string> without = way;
    without.insert(without.end(), {"--exclude", "eb"});
    CHECK(force(dump, without).exit_code() == 0);
    CHECK(count("eb") == "1");
    without.back() = "t";
    const Seeded alone = force(dump, without);
    CHECK(alone.exit_code() == 2);
    CHECK(contains(alone.error(), "FORCE would only empty it"));
    CHECK(count("eb") == "1");
  }
}

TEST_CASE("force: rows that refer to a table that is empty in the dump are not lost") {
  refuses(
      "create table t (id int primary key); create table eb (id int primary key);"
      "create table other (eb int references eb on delete cascade);"
      "insert into eb values (1); insert into other values (1)",
      "COPY eb (id) FROM stdin;\n\\.\nINSERT INTO t VALUES (1);", "public.other",
      "select (select count(*) from eb), (select count(*) from other)");
}

TEST_CASE("force: an empty COPY does not count where other statements have rows of the table") {
  for (const auto& way : kWays) {
    shared_stack().reset("create table t (id int primary key); insert into t values (9)");
    const Seeded seeded = force(
        "COPY t (id) FROM stdin;\n\\.\nINSERT INTO t VALUES (1);\nCOPY t (id) FROM stdin;\n\\.\n",
        way);
    CHECK(seeded.exit_code() == 0);
    CHECK(sql("select string_agg(id::text, ' ') from t") == "1");
    CHECK(seeded.counts("t") == "1 1 0 0 0 0");
  }
}

TEST_CASE("verify: rows of a table that is empty in the dump were no difference under --exact") {
  shared_stack().reset(
      "create table t (id int primary key); create table eb (id int primary key, v text);"
      "insert into t values (1); insert into eb values (1, 'old'), (2, 'old')");
  TempDir folder;
  const std::string file = folder.write(
      "dump.sql", "COPY eb (id, v) FROM stdin;\n\\.\nINSERT INTO t (id) VALUES (1);\n");
  for (const bool has_database : {true, false}) {
    Call call;
    if (!has_database) call.environment["DATABASE_URL"] = std::nullopt;
    call.args = {"--json", "verify", file, "--exact"};
    const Result exact = pgseed(call);
    CHECK_MESSAGE(exact.exit_code == 6, exact.out);
    CHECK(contains(exact.out, "the table public.eb does not hold what the files say: 2 rows too"));
    call.args.pop_back();
    CHECK(pgseed(call).exit_code == 0);
    sql("create table saved as table eb; truncate eb");
    call.args.emplace_back("--exact");
    CHECK(pgseed(call).exit_code == 0);
    sql("insert into eb table saved; drop table saved");
  }
  const Seeded seeded = seed({file, "--force", "--verify"});
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.summary["verification"]["tables"].size() == 2);
}

}  // namespace pgseed::test
