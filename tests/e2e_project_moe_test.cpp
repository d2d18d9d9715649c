// moe: problems, submissions and their results, migrated as its Makefile does and seeded over
// PostgREST.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/seed_project.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kTables =
    "select string_agg(relname, ' ' order by relname) from pg_class "
    "where relnamespace = 'public'::regnamespace and relkind = 'r'";

SeedProject on_empty_stack() {
  shared_stack().reset();
  return {"moe", shared_stack().environment()};
}

constexpr const char* kProblem =
    R"({"problem_id":"p","statement_latex":"","statement_lean":"","state_before_lean":"",)"
    R"("state_after_lean":"","tactic_lean":"","difficulty":"hard"})";

}  // namespace

TEST_CASE("migrate moe: upgrade, current, history, downgrade and reset as its Makefile has them") {
  const SeedProject moe = on_empty_stack();
  const Stack& stack = shared_stack();
  const Snapshot empty = snapshot(stack.database_url());

  const Result up = moe.migrate({"upgrade", "head"});
  CHECK(up.exit_code == 0);
  CHECK(up.out.empty());
  CHECK(up.err ==
        "Running upgrade  -> 4ad734eb5a1a, initial_schema\n"
        "Running upgrade 4ad734eb5a1a -> 1b731c1b37ff, add_difficulty_column\n"
        "the database is at 1b731c1b37ff\n");
  CHECK(stack.sql(kTables) == "alembic_version problems submission_results submissions");
  CHECK(stack.sql("select string_agg(indexname, ' ' order by indexname) from pg_indexes "
                  "where schemaname = 'public' and indexname like 'ix%'") ==
        "ix_problems_problem_id ix_submission_results_submission_id ix_submissions_problem_id "
        "ix_submissions_submission_id");
  CHECK(moe.must({"current"}) == "1b731c1b37ff (head)\n");
  CHECK(moe.must({"history"}) ==
        "4ad734eb5a1a -> 1b731c1b37ff (head), add_difficulty_column\n"
        "<base> -> 4ad734eb5a1a, initial_schema\n");
  const Snapshot at_head = snapshot(stack.database_url());

  CHECK(moe.migrate({"downgrade", "-1"}).err ==
        "Running downgrade 1b731c1b37ff -> 4ad734eb5a1a, add_difficulty_column\n"
        "the database is at 4ad734eb5a1a\n");
  CHECK(moe.must({"current"}) == "4ad734eb5a1a\n");
  CHECK(moe.must({"pending"}) == "4ad734eb5a1a -> 1b731c1b37ff (head), add_difficulty_column\n");
  moe.must({"downgrade", "-1"});
  CHECK(moe.must({"current"}).empty());
  CHECK(differences(empty, snapshot(stack.database_url())).empty());
  // Once too often: nothing to do is no success here, as in Alembic, but the hint says why.
  const Result too_far = moe.migrate({"downgrade", "-1"});
  CHECK(too_far.exit_code == 3);
  CHECK(contains(too_far.err, "error: Relative revision -1 didn't produce 1 migrations"));
  CHECK(contains(too_far.err, "hint: "));

  moe.must({"upgrade", "head"});
  CHECK(moe.migrate({"reset"}).exit_code == 2);  // there is no terminal to ask on
  CHECK(differences(at_head, snapshot(stack.database_url())).empty());
  moe.must({"reset", "--yes"});
  CHECK(stack.sql(kTables).empty());
  CHECK(stack.sql("select count(*) from pg_namespace where nspname = 'pgseed'") == "0");
  moe.must({"upgrade", "head"});
  CHECK(differences(at_head, snapshot(stack.database_url())).empty());
}

TEST_CASE("migrate moe: revision -m makes the next file, which is filled in and applied") {
  const SeedProject moe = on_empty_stack();
  moe.must({"upgrade", "head"});
  const std::string said = moe.must({"revision", "-m", "Add hints, for everyone"});
  const std::string id = moe.must({"heads"}).substr(0, 12);
  const std::string file = moe.file_of(id);
  CHECK(file == "migrations/versions/" + id + "_add_hints_for_everyone.sql");
  CHECK(contains(said, "Generating "));
  CHECK(contains(said, file + " ...  done\n"));
  CHECK(contains(moe.read(file), "\n-- down_revision: 1b731c1b37ff\n"));
  CHECK(contains(moe.read(file), "\n-- message: Add hints, for everyone\n"));
  CHECK(moe.must({"current"}) == "1b731c1b37ff\n");  // no head any more

  moe.replace(id, "-- upgrade\n", "-- upgrade\nALTER TABLE problems ADD COLUMN hints text[];\n");
  moe.replace(id, "-- downgrade\n", "-- downgrade\nALTER TABLE problems DROP COLUMN hints;\n");
  moe.must({"upgrade", "head"});
  CHECK(moe.must({"current"}) == id + " (head)\n");
  moe.must({"downgrade", "-1"});
  CHECK(moe.must({"current"}) == "1b731c1b37ff\n");
}

TEST_CASE("migrate moe: the API knows the schema when upgrade and downgrade are done") {
  const SeedProject moe = on_empty_stack();
  const Stack& stack = shared_stack();
  // PostgREST looks a column of ?columns= up in its cache: PGRST204 where that is stale.
  const std::string target = "/problems?columns=problem_id,difficulty";
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    const Result up = moe.migrate({"upgrade", "head"});
    CHECK_FALSE(contains(up.err, "warning"));
    CHECK(stack.postgrest.request("DELETE", "/problems?problem_id=eq.p").status == 204);
    const HttpAnswer with = stack.postgrest.request("POST", "/problems", kProblem);
    CHECK_MESSAGE(with.status == 201, with.body);
    moe.must({"downgrade", "4ad734eb5a1a"});
    const HttpAnswer without = stack.postgrest.request("POST", target, kProblem);
    CHECK(without.status == 400);
    CHECK(contains(without.body, "PGRST204"));
    if (round == 1) moe.must({"downgrade", "base"});
  }
}

TEST_CASE("migrate moe: data load without a pause after each upgrade") {
  const SeedProject moe = on_empty_stack();
  const Stack& stack = shared_stack();
  const std::string old_dump =
      "insert into problems (problem_id, statement_latex, statement_lean, state_before_lean, "
      "state_after_lean, tactic_lean) values ('old', '$\\pi$', 'a', 'b', 'c', 'd');\n";
  moe.folder().write("old.sql", old_dump);
  moe.must({"upgrade", "4ad734eb5a1a"});
  CHECK(moe.pgseed({"seed", "old.sql"}).exit_code == 0);

  // The column is there, and the dump names it at once.
  moe.must({"upgrade", "+1"});
  const Result seeded = moe.pgseed({"--json", "seed", "data/example.sql"});
  CHECK(seeded.exit_code == 0);
  REQUIRE_MESSAGE(!seeded.out.empty(), seeded.err);
  CHECK(Json(seeded.out)["totals"]["rows_loaded"].number() == 8);
  CHECK(Json(seeded.out)["retries"].number() == 0);
  CHECK(stack.sql("select string_agg(problem_id || ':' || coalesce(difficulty, '-'), ' ' "
                  "order by problem_id) from problems") == "moe_1:easy moe_2:- moe_3:medium old:-");
  CHECK(stack.sql("select tactic_lean from problems where problem_id = 'moe_2'") ==
        "simp [Complex.exp_pi_mul_I] -- done; 'exp'");

  // A dump from before the revision still loads.
  moe.folder().write("older.sql",
                     "insert into problems (problem_id, statement_latex, "
                     "statement_lean, state_before_lean, state_after_lean, "
                     "tactic_lean) values ('older', '', '', '', '', '');\n");
  CHECK(moe.pgseed({"seed", "older.sql"}).exit_code == 0);

  // There and back in one command: the API knows the same tables before and after, and must not be
  // believed while it has only read what was there before.
  for (const std::vector<std::string>& again :
       {std::vector<std::string>{"redo", "base"},
        {"reset", "--yes", "--to", "head"},
        {"reset", "--yes", "--all-objects", "--to", "head"}}) {
    CAPTURE(again.back());
    moe.must(again);
    CHECK(stack.sql("select count(*) from problems") == "0");
    const Result reloaded = moe.pgseed({"seed", "data/example.sql"});
    CHECK_MESSAGE(reloaded.exit_code == 0, reloaded.err);
    CHECK(stack.sql("select count(*) from submission_results") == "2");
  }
}

TEST_CASE("migrate moe: deleting a problem cascades, and status has no default") {
  const SeedProject moe = on_empty_stack();
  const Stack& stack = shared_stack();
  moe.must({"upgrade", "head"});
  REQUIRE(moe.pgseed({"seed", "data/example.sql"}).exit_code == 0);
  CHECK(stack.postgrest.request("DELETE", "/problems?problem_id=eq.moe_1").status == 204);
  CHECK(stack.sql("select (select string_agg(submission_id, ' ') from submissions), "
                  "(select count(*) from submission_results)") == "sub_3|0");
  CHECK(stack.sql("select count(column_default) from information_schema.columns "
                  "where table_name = 'submissions' and column_name in ('status', 'progress')") ==
        "0");

  moe.folder().write("bare.sql",
                     "insert into submissions (submission_id, problem_id, "
                     "submission_latex) values ('sub_4', 'moe_3', 'x');\n");
  const Result bare = moe.pgseed({"seed", "bare.sql"});
  CHECK(bare.exit_code == 1);
  CHECK(contains(bare.err + bare.out, "status"));
  CHECK(stack.sql("select count(*) from submissions") == "1");
}

}  // namespace pgseed::test
