// Standard input read again by a resumed run: nobody can tell before whether it is the same text.
#include <doctest/doctest.h>

#include "pgseed/base/text.hpp"
#include "support/resuming.hpp"

using namespace pgseed;
using namespace pgseed::test;

TEST_CASE(
    "resume: a pipe that was loaded completely is not loaded again when only its last word "
    "was lost") {
  Stack& stack = shared_stack();
  stack.reset("create table u (id int, v text);");
  const Work work;
  const std::string dump = rows_of("u", 1, 501);
  CHECK(work.seed(in_tens({"-"}), dump).exit_code() == 0);
  work.was_killed_before_it_could_say_so();
  // Not the same text: nothing is known of what it brings.
  std::string other = dump;
  other.replace(other.find("v333"), 4, "w333");
  for (const std::string& wrong :
       {other, rows_of("u", 1, 401), rows_of("u", 1, 502), rows_of("u", 2, 502)}) {
    const Seeded refused = work.seed(in_tens({"-"}), wrong);
    CHECK(refused.exit_code() == 3);
    CHECK(contains(refused.error(), "not what the run read"));
    CHECK(count_of("u") == "500 500");
  }
  const Seeded again = work.seed(in_tens({"-"}), dump);
  CHECK(again.exit_code() == 0);
  CHECK(contains(again.notes(), "nothing was left to do"));
  CHECK(again.total("rows_resumed") == 500);
  CHECK(count_of("u") == "500 500");
  // It was said: the next one is a run of its own.
  CHECK(work.seed(in_tens({"-"}), dump).exit_code() == 0);
  CHECK(count_of("u") == "1000 500");
}

TEST_CASE("resume: a file that changed after its load was complete is not added to it") {
  Stack& stack = shared_stack();
  stack.reset("create table u (id int, v text);");
  const Work work;
  const std::string file = work.write(rows_of("u", 1, 51));
  CHECK(work.seed(in_tens({file})).exit_code() == 0);
  work.was_killed_before_it_could_say_so();
  work.write(rows_of("u", 1, 61));
  const Seeded refused = work.seed(in_tens({file}));
  CHECK(refused.exit_code() == 3);
  CHECK(contains(refused.error(), "changed since"));
  CHECK(count_of("u") == "50 50");
}

TEST_CASE(
    "resume: a pipe shorter or longer than before does not move the rows of the file behind "
    "it") {
  Stack& stack = shared_stack();
  for (const int rows : {95, 103, 110, 90}) {
    CAPTURE(rows);
    stack.reset("create table u (id int, v text, check (id <> 2155));");
    const Work work;
    const std::string file = work.write(rows_of("u", 2001, 2301));
    CHECK(work.seed(in_tens({"-", file}), rows_of("u", 1, 101)).exit_code() == 1);
    stack.sql("alter table u drop constraint u_id_check");
    const std::string stored = count_of("u");
    const Seeded refused = work.seed(in_tens({"-", file}), rows_of("u", 1, rows + 1));
    CHECK(refused.exit_code() == 3);
    // A pipe beside files is read beforehand, and has a hash then.
    CHECK(contains(refused.error(), "changed since"));
    CHECK(count_of("u") == stored);
    const Seeded same = work.seed(in_tens({"-", file}), rows_of("u", 1, 101));
    CHECK(same.exit_code() == 0);
    CHECK(count_of("u") == "400 400");
  }
}
