// Rows that the server refused or left out, tried again by the next run.
#include <doctest/doctest.h>

#include "pgseed/base/text.hpp"
#include "support/resuming.hpp"

using namespace pgseed;
using namespace pgseed::test;

TEST_CASE("resume: a refused row that is tried again does not overwrite the later row of its key") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text, check (v <> 'bad'));");
  const Work work;
  // Enough rows between for batches of their own.
  std::string dump = "COPY t (id, v) FROM stdin;\n1\tbad\n";
  for (int id = 2; id < 40; ++id) dump += text(id, "\tx\n");
  dump += "1\tlast\n";
  for (int id = 40; id < 80; ++id) dump += text(id, "\tx\n");
  const std::string file = work.write(dump + "\\.\n");
  const std::vector<std::string> args = in_tens({file, "--upsert", "--max-rejects", "5"});
  CHECK(work.seed(args).exit_code() == 1);
  CHECK(stack.sql("select v from t where id = 1") == "last");
  stack.sql("alter table t drop constraint t_v_check");
  const Seeded again = work.seed(args);
  CHECK(again.exit_code() == 0);
  CHECK(stack.sql("select v from t where id = 1") == "last");
  CHECK(again.total("rows_resumed") == 78);
  CHECK(count_of("t") == "79 79");
}

TEST_CASE("resume: rows that a trigger left out are tried again once it is mended") {
  Stack& stack = shared_stack();
  constexpr const char* kDrops = R"(
    create table t (id int primary key, v text);
    create function drops() returns trigger language plpgsql as
      $$ begin if new.id = 7 then return null; end if; return new; end $$;
    create trigger drops before insert on t for each row execute function drops();)";
  stack.reset(kDrops);
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 41));
  const std::vector<std::string> args = in_tens({file, "--upsert", "--max-rejects", "5"});
  const Seeded first = work.seed(args);
  CHECK(first.exit_code() == 1);
  CHECK(first.counts("t") == "40 39 0 1 0 0");
  CHECK(work.seed(args).exit_code() == 1);
  stack.sql("drop trigger drops on t");
  const Seeded again = work.seed(args);
  CHECK(again.exit_code() == 0);
  CHECK(again.total("rows_resumed") == 30);
  CHECK(count_of("t") == "40 40");
  // An INSERT cannot be sent again: it says what can be done.
  stack.reset(kDrops);
  const Work inserts;
  const std::string same = inserts.write(rows_of("t", 1, 41));
  const std::vector<std::string> insert = in_tens({same, "--max-rejects", "5"});
  CHECK(inserts.seed(insert).exit_code() == 1);
  stack.sql("drop trigger drops on t");
  const Seeded stays = inserts.seed(insert);
  CHECK(stays.exit_code() == 1);
  CHECK(contains(stays.hint(), "--upsert"));
  CHECK_FALSE(contains(stays.hint(), "it tries them again"));
  CHECK(count_of("t") == "39 39");
}
