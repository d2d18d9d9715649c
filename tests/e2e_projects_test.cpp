// What holds for each of the five projects under seeds/: see e2e_project_*_test.cpp for what its
// people do with it.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/seed_project.hpp"

namespace pgseed::test {
namespace {

const std::vector<std::string> kAll = {"moe", "verse", "study-abroad", "mathvidya",
                                       "principles-gym"};
// verse wants pgvector, which its own test has.
const std::vector<std::string> kPlain = {"moe", "study-abroad", "mathvidya", "principles-gym"};

}  // namespace

TEST_CASE("migrate five projects: lint has nothing to say, without a server") {
  for (const std::string& name : kAll) {
    CAPTURE(name);
    const SeedProject project(name, {});
    const Result lint = project.migrate({"lint"});
    CHECK(lint.exit_code == 0);
    CHECK(lint.out.empty());
    CHECK(project.must({"heads"}).ends_with(" (head)\n"));
    CHECK(project.migrate({"history"}).exit_code == 0);
  }
}

TEST_CASE("migrate five projects: migrate test passes, up, down and up") {
  for (const std::string& name : kPlain) {
    CAPTURE(name);
    shared_stack().postgres.create_database("project");
    const SeedProject project(name, {{"DATABASE_URL", shared_stack().postgres.url("project")}});
    const Result tested = project.migrate({"test"});
    CHECK_MESSAGE(tested.exit_code == 0, tested.out, tested.err);
    const std::string heads = project.must({"heads"});
    CHECK(contains(tested.out, "ok  " + heads.substr(0, heads.find(' '))));
    CHECK_FALSE(contains(tested.out, "irreversible"));
    CHECK(project.must({"current"}).empty());
  }
}

TEST_CASE("migrate five projects: the example data load over PostgREST right after the upgrade") {
  for (const std::string& name : kPlain) {
    CAPTURE(name);
    shared_stack().reset();
    const SeedProject project(name, shared_stack().environment());
    project.must({"upgrade", "head"});
    const Result seeded = project.pgseed({"--json", "seed", "data/example.sql"});
    CHECK_MESSAGE(seeded.exit_code == 0, seeded.out, seeded.err);
    const Json totals = Json(seeded.out)["totals"];
    CHECK(totals["rows_loaded"].number() > 0);
    CHECK(totals["rows_loaded"].number() == totals["rows_read"].number());
  }
}

}  // namespace pgseed::test
