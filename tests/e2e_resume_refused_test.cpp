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
