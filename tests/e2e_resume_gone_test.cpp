// What a resumed run makes of a table that is not as the earlier run left it.
#include <doctest/doctest.h>

#include <atomic>

#include "pgseed/base/text.hpp"
#include "support/fault_proxy.hpp"
#include "support/resuming.hpp"

using namespace pgseed;
using namespace pgseed::test;

TEST_CASE("resume: rows that the key may not read are not loaded a second time") {
  Stack& stack = shared_stack();
  stack.reset("create table u (id int check (id <> 85), v text);");
  const Work work;
  const std::string file = work.write(rows_of("u", 1, 201));
  CHECK(work.seed(in_tens({file})).exit_code() == 1);
  const std::string stored = count_of("u");
  CHECK(stored != "0 0");
  // The reader sees none of them from now on, and may write.
  stack.sql(
      "alter table u drop constraint u_id_check; alter table u enable row level security; "
      "create policy writes on u for insert with check (true)");
  stack.sql("alter role service_role nobypassrls");
  const Seeded again = work.seed(in_tens({file}));
  stack.sql("alter role service_role bypassrls");
  CHECK(again.exit_code() == 6);
  CHECK(contains(again.error(), "public.u"));
  CHECK(contains(again.hint(), "--fresh"));
  CHECK(count_of("u") == stored);
}

TEST_CASE(
    "resume: a batch without a key that was on its way is not sent twice since another table "
    "was emptied") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text); create table u (id int, v text);");
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 101) + rows_of("u", 1, 101));
  // The second write into u is stored; its answer never comes, nor does any other.
  std::atomic<bool> fails = true;
  FaultProxy proxy(stack.postgrest.port(), [&](const ProxyRequest& request) {
    Fault fault;
    if (!fails || request.write < 12) return fault;
    fault.kind = request.write == 12 ? Fault::Kind::lose_answer : Fault::Kind::answer;
    fault.text = http_answer(503);
    return fault;
  });
  CHECK(work.seed_at(proxy.url(), in_tens({file, "--retries", "0"})).exit_code() != 0);
  CHECK(count_of("u") == "20 20");
  fails = false;
  stack.sql("truncate t");
  for (const char* const also : {"", "truncate u"}) {
    CAPTURE(also);
    if (*also != '\0') stack.sql(also);
    const std::string stored = count_of("u");
    const Seeded again = work.seed_at(proxy.url(), in_tens({file}));
    CHECK(again.exit_code() == 6);
    CHECK(contains(again.hint(), "--fresh"));
    CHECK(count_of("u") == stored);
    CHECK(count_of("t") == "0 0");
  }
}

TEST_CASE("resume: rows that were stored last and are gone are missed") {
  // As after a crash of a server with synchronous_commit = off, or a backup taken on the way.
  Stack& stack = shared_stack();
  for (const char* const mode : {"insert", "upsert", "ignore"}) {
    CAPTURE(mode);
    stack.reset("create table t (id int primary key, v text, check (id <> 905));");
    // Rows of others, so that the number of rows tells nothing.
    stack.sql("insert into t select i, 'other' from generate_series(5000, 7000) i");
    const Work work;
    const std::string file = work.write(rows_of("t", 1, 1001));
    CHECK(work.seed(in_tens({file, "--mode", mode})).exit_code() == 1);
    stack.sql(
        "alter table t drop constraint t_id_check; delete from t where id between 851 and 999");
    const std::string stored = count_of("t");
    const Seeded again = work.seed(in_tens({file, "--mode", mode}));
    CHECK(again.exit_code() == 6);
    CHECK(contains(again.error(), "no longer there"));
    CHECK(contains(again.hint(), "--fresh"));
    CHECK(count_of("t") == stored);
  }
}

TEST_CASE("resume: rows that hold what an older backup held are sent again") {
  Stack& stack = shared_stack();
  for (const char* const mode : {"upsert", "force"}) {
    CAPTURE(mode);
    stack.reset("create table t (id int primary key, v text, check (id <> 905));");
    const Work work;
    const std::string file = work.write(rows_of("t", 1, 1001));
    CHECK(work.seed(in_tens({file, "--mode", mode})).exit_code() == 1);
    // Only those that were stored last: the older ones had come to the backup.
    stack.sql("alter table t drop constraint t_id_check; update t set v = 'old' where id > 890");
    const Seeded insists = work.seed(in_tens({file, "--mode", mode, "--resume"}));
    CHECK(insists.exit_code() == 6);
    const Seeded again = work.seed(in_tens({file, "--mode", mode}));
    CHECK(again.exit_code() == 0);
    CHECK(contains(again.notes(), "other values"));
    CHECK(again.total("rows_resumed") == 0);
    CHECK(stack.sql("select count(*) from t where v = 'v' || id") == "1000");
  }
}

TEST_CASE("resume: a key that comes again with another value is gone on with") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text, check (id <> 905));");
  const Work work;
  std::string twice = rows_of("t", 1, 301);
  std::string other = rows_of("t", 250, 260);
  for (std::size_t at = 0; (at = other.find("\tv", at)) != std::string::npos;) other[at + 1] = 'w';
  const std::string file = work.write(twice + other + rows_of("t", 301, 1001));
  CHECK(work.seed(in_tens({file, "--upsert"})).exit_code() == 1);
  stack.sql("alter table t drop constraint t_id_check");
  const Seeded again = work.seed(in_tens({file, "--upsert"}));
  CHECK(again.exit_code() == 0);
  CHECK(again.total("rows_resumed") >= 900);
  CHECK(stack.sql("select count(*) from t where v = 'w' || id") == "10");
}

TEST_CASE("resume: work that was complete is not taken for done once its rows are gone") {
  Stack& stack = shared_stack();
  for (const char* const table : {"t", "u"}) {
    CAPTURE(table);
    stack.reset("create table t (id int primary key, v text); create table u (id int, v text);");
    stack.sql(text("insert into ", table, " values (1000, 'old')"));
    const Work work;
    const std::string file = work.write(rows_of(table, 1, 51));
    CHECK(work.seed(in_tens({file})).exit_code() == 0);
    work.was_killed_before_it_could_say_so();
    const Seeded done = work.seed(in_tens({file}));
    CHECK(done.exit_code() == 0);
    CHECK(contains(done.notes(), "nothing was left to do"));
    CHECK(count_of(table) == "51 51");
    work.was_killed_before_it_could_say_so();
    stack.sql(text("delete from ", table, " where id < 1000"));
    const Seeded again = work.seed(in_tens({file}));
    CHECK(again.exit_code() == 6);
    CHECK(contains(again.error(), "no longer there"));
    const Seeded fresh = work.seed(in_tens({file, "--fresh"}));
    CHECK(fresh.exit_code() == 0);
    CHECK(count_of(table) == "51 51");
  }
}

TEST_CASE("resume: rows whose references to later ones were not set yet are as they were left") {
  Stack& stack = shared_stack();
  for (const char* const mode : {"upsert", "force"}) {
    CAPTURE(mode);
    stack.reset(
        "create table t (id int primary key, v text, up int references t, check (id <> 95));");
    const Work work;
    std::string dump = "COPY t (id, v, up) FROM stdin;\n";
    for (int id = 1; id < 200; ++id) dump += text(id, "\tv", id, '\t', id + 1, '\n');
    const std::string file = work.write(dump + "200\tv200\t\\N\n\\.\n");
    CHECK(work.seed(in_tens({file, "--mode", mode})).exit_code() == 1);
    stack.sql("alter table t drop constraint t_id_check");
    const Seeded again = work.seed(in_tens({file, "--mode", mode, "--resume"}));
    CHECK(again.exit_code() == 0);
    CHECK(again.total("rows_resumed") >= 90);
    CHECK(stack.sql("select count(*) from t where up = id + 1") == "199");
  }
}
