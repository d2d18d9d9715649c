// mathvidya: short revision ids, ways out of "Can't locate revision", and a dry run before
// production.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "support/seed_project.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kDatabase = "mathvidya";
constexpr const char* kCopy = "mathvidya_copy";

const LocalPostgres& server() {
  return shared_stack().postgres;
}

SeedProject on_empty_database() {
  server().create_database(kDatabase);
  return {"mathvidya", {{"DATABASE_URL", server().url(kDatabase)}}};
}

std::string rows(const std::string& database = kDatabase) {
  return server().sql(
      "select string_agg(version_num, ' ' order by version_num) from alembic_version", database);
}

Snapshot objects(const std::string& database = kDatabase) {
  return snapshot(server().url(database));
}

// As production sees it: without pgseed's own log.
std::string schema_dump(const std::string& database) {
  const Result dump = run(
      {.argv = {postgres_bin_dir() + "/pg_dump", "-s", "-N", "pgseed", server().url(database)}});
  REQUIRE_MESSAGE(dump.exit_code == 0, dump.err);
  std::string out;
  for (std::size_t at = 0; at < dump.out.size();) {
    const auto end = std::min(dump.out.find('\n', at), dump.out.size() - 1) + 1;
    if (dump.out[at] != '\\') out += dump.out.substr(at, end - at);  // \restrict has a random key
    at = end;
  }
  return out;
}

}  // namespace

TEST_CASE("migrate mathvidya: 001, 002, 003 go up one by one, and downgrade 001 goes back") {
  const SeedProject math = on_empty_database();
  math.must({"upgrade", "001"});
  CHECK(math.must({"current"}) == "001\n");
  const Snapshot at_first = objects();
  math.must({"upgrade", "+1"});
  CHECK(math.must({"current"}) == "002\n");
  math.must({"upgrade", "head"});
  CHECK(math.must({"current"}) == "003 (head)\n");
  CHECK(math.must({"history"}) ==
        "002 -> 003 (head), search indexes\n001 -> 002, exams\n<base> -> 001, initial schema\n");
  CHECK(server().sql("select bool_and(indisvalid) from pg_index", kDatabase) == "t");
  server().sql(math.read("data/example.sql"), kDatabase);

  CHECK(math.migrate({"downgrade", "001"}).err ==
        "Running downgrade 003 -> 002, search indexes\nRunning downgrade 002 -> 001, exams\n"
        "the database is at 001\n");
  CHECK(math.must({"current"}) == "001\n");
  CHECK(differences(at_first, objects()).empty());
  CHECK(server().sql("select count(*) from questions", kDatabase) == "3");
}

TEST_CASE("migrate mathvidya: stamp leads out of Can't locate revision") {
  const SeedProject math = on_empty_database();
  math.must({"upgrade", "001"});
  const auto lose_track = [] {
    server().sql("update alembic_version set version_num = 'a1b2c3d4e5f6'", kDatabase);
  };
  lose_track();
  const Snapshot before = objects();
  for (const char* command : {"upgrade", "downgrade"}) {
    const Result refused = math.migrate({command, command[0] == 'u' ? "head" : "base"});
    CHECK(refused.exit_code == 3);
    CHECK(contains(refused.err, "error: Can't locate revision identified by 'a1b2c3d4e5f6'"));
    CHECK(contains(refused.err, "hint: "));
    CHECK(contains(refused.err, "stamp"));
  }
  CHECK(contains(math.must({"current"}), "a1b2c3d4e5f6"));
  CHECK(contains(math.must({"status"}), "a1b2c3d4e5f6"));
  CHECK(rows() == "a1b2c3d4e5f6");

  // What its documents say, which Alembic refuses without --purge.
  const Result stamped = math.migrate({"stamp", "001"});
  CHECK(stamped.exit_code == 0);
  CHECK(contains(stamped.err, "a1b2c3d4e5f6"));
  CHECK(rows() == "001");
  CHECK(differences(before, objects()).empty());
  math.must({"upgrade", "head"});
  CHECK(rows() == "003");

  lose_track();
  math.must({"stamp", "head"});
  CHECK(rows() == "003");
  lose_track();
  math.must({"stamp", "--purge", "head"});
  CHECK(rows() == "003");
  lose_track();
  math.must({"stamp", "--purge", "001"});
  CHECK(rows() == "001");
  math.must({"stamp", "head"});
  CHECK(math.must({"check"}) == "The database is at all heads.\n");
  math.must({"downgrade", "base"});
  CHECK(math.must({"current"}).empty());
}

TEST_CASE("migrate mathvidya: repair takes redundant rows out and keeps unknown ones") {
  const SeedProject math = on_empty_database();
  math.must({"upgrade", "head"});
  server().sql("insert into alembic_version values ('001')", kDatabase);
  const Result shown = math.migrate({"current"});
  CHECK(shown.out == "003 (head)\n");
  CHECK(contains(shown.err, "001"));
  CHECK(math.migrate({"verify"}).exit_code == 1);
  math.must({"repair"});
  CHECK(rows() == "003");
  CHECK(math.must({"verify"}) == "The files, the version table and the log agree.\n");

  server().sql("insert into alembic_version values ('a1b2c3d4e5f6')", kDatabase);
  const Result repaired = math.migrate({"repair"});
  CHECK(repaired.exit_code == 1);
  CHECK(contains(repaired.err, "a1b2c3d4e5f6"));
  CHECK(rows() == "003 a1b2c3d4e5f6");
}

TEST_CASE("migrate mathvidya: upgrade head --sql applied by psql gives what upgrade head gives") {
  const SeedProject math = on_empty_database();
  server().create_database(kCopy);
  // It needs no server.
  const Environment nowhere = {{"DATABASE_URL", "postgresql://postgres@127.0.0.1:1/none"}};
  const std::string script = math.must({"upgrade", "head", "--sql"}, nowhere);
  CHECK(script == math.must({"upgrade", "base:head", "--sql"}, nowhere));
  CHECK(objects() == objects(kCopy));

  server().sql(script, kCopy);
  math.must({"upgrade", "head"});
  CHECK(differences(objects(), objects(kCopy)).empty());
  CHECK(schema_dump(kDatabase) == schema_dump(kCopy));
  CHECK(rows(kCopy) == "003");
  const Environment on_copy = {{"DATABASE_URL", server().url(kCopy)}};
  CHECK(math.must({"current", "--check-heads"}, on_copy) == "003 (head)\n");

  // Made for an empty database: elsewhere it changes nothing.
  const Snapshot before = objects(kCopy);
  CHECK_THROWS_WITH(server().sql(script, kCopy), doctest::Contains("the database is not at base"));
  CHECK(differences(before, objects(kCopy)).empty());
  CHECK(rows(kCopy) == "003");

  server().sql(math.must({"downgrade", "003:001", "--sql"}, nowhere), kCopy);
  math.must({"downgrade", "001"});
  CHECK(schema_dump(kDatabase) == schema_dump(kCopy));
  server().sql(math.must({"upgrade", "001:002", "--sql"}, nowhere), kCopy);
  CHECK(rows(kCopy) == "002");
}

TEST_CASE("migrate mathvidya: --dry-run runs and rolls back what can be rolled back") {
  const SeedProject math = on_empty_database();
  const Snapshot empty = objects();
  CHECK(contains(math.migrate({"upgrade", "002", "--dry-run"}).err, "rolled back"));
  CHECK(differences(empty, objects()).empty());
  CHECK(server().sql("select to_regclass('alembic_version') is null", kDatabase) == "t");
  // Indexes that are made CONCURRENTLY cannot.
  const Result refused = math.migrate({"upgrade", "head", "--dry-run"});
  CHECK(refused.exit_code == 2);
  CHECK(contains(refused.err, "003"));
  CHECK(differences(empty, objects()).empty());
}

}  // namespace pgseed::test
