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
