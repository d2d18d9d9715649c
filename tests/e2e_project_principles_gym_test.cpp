// principles-gym: two heads and their merge, a renamed column, a data migration and a NOT NULL
// column in five steps.
#include <doctest/doctest.h>

#include <string>

#include "support/seed_project.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kDatabase = "principles_gym";

const LocalPostgres& server() {
  return shared_stack().postgres;
}

SeedProject on_empty_database() {
  server().create_database(kDatabase);
  return {"principles-gym", {{"DATABASE_URL", server().url(kDatabase)}}};
}

// The state in which its people ask for a merge: nothing follows the two branches yet.
void keep_two_heads(const SeedProject& gym) {
  for (const char* id : {"0cb117f2b22f", "c2dfd91eedc7", "db9696fbaf6f", "c66009d85183",
                         "77f05e6833d3", "5f9f53677bc4", "e9ee3f4d6934", "00925f4e94d2"}) {
    gym.remove(id);
  }
}

std::string sql(const std::string& text) {
  return server().sql(text, kDatabase);
}

std::string rows() {
  return sql("select string_agg(version_num, ' ' order by version_num) from alembic_version");
}

Snapshot objects() {
  return snapshot(server().url(kDatabase));
}

}  // namespace

TEST_CASE("migrate principles-gym: upgrade head with two heads says what to do, heads takes both") {
  const SeedProject gym = on_empty_database();
  keep_two_heads(gym);
  const Result refused = gym.migrate({"upgrade", "head"});
  CHECK(refused.exit_code == 3);
  CHECK(contains(refused.err,
                 "error: Multiple head revisions are present for given argument 'head'; please "
                 "specify a specific target revision, '<branchname>@head' to narrow to a specific "
                 "head, or 'heads' for all heads"));
  CHECK(sql("select to_regclass('alembic_version') is null") == "t");
  CHECK(gym.must({"heads"}) == "7500bb0b2fef (head)\n87a38df49ee7 (head)\n");
  CHECK(contains(gym.must({"branches"}), "30c7ed16aacf (branchpoint)\n"));

  gym.must({"upgrade", "heads"});
  CHECK(rows() == "7500bb0b2fef 87a38df49ee7");
  CHECK(gym.must({"current", "--check-heads"}) == "7500bb0b2fef (head)\n87a38df49ee7 (head)\n");
  const Result revision = gym.migrate({"revision", "-m", "next"});
  CHECK(revision.exit_code != 0);
  CHECK(contains(revision.err, "Multiple heads are present"));
}

TEST_CASE("migrate principles-gym: merge -m without revisions merges the heads") {
  const SeedProject gym = on_empty_database();
  keep_two_heads(gym);
  gym.must({"upgrade", "heads"});
  const Snapshot on_both = objects();
  CHECK(contains(gym.must({"merge", "-m", "Merge slugs and reflections"}), " ...  done\n"));
  const std::string id = gym.must({"heads"}).substr(0, 12);
  const std::string file = gym.read(gym.file_of(id));
  CHECK(gym.file_of(id).ends_with("_merge_slugs_and_reflections.sql"));
  // Either order does; both must be there.
  CHECK((contains(file, "\n-- down_revision: 7500bb0b2fef, 87a38df49ee7\n") ||
         contains(file, "\n-- down_revision: 87a38df49ee7, 7500bb0b2fef\n")));
  CHECK(gym.must({"heads"}) == id + " (head)\n");
  CHECK(gym.must({"pending"}) == "7500bb0b2fef, 87a38df49ee7 -> " + id +
                                     " (head) (mergepoint), Merge slugs and reflections\n");

  gym.must({"upgrade", "head"});
  CHECK(rows() == id);
  CHECK(differences(on_both, objects()).empty());
  // Which of the two ways back? Its name says it.
  CHECK(contains(gym.migrate({"downgrade", "-1"}).err, "Ambiguous walk"));
  gym.must({"downgrade", "30c7ed16aacf"});
  CHECK(rows() == "30c7ed16aacf");
  gym.must({"upgrade", "head"});
  CHECK(rows() == id);
  CHECK(differences(on_both, objects()).empty());
}

TEST_CASE("migrate principles-gym: downgrade -1 --sql starts from where the database is") {
  const SeedProject gym = on_empty_database();
  gym.must({"upgrade", "e9ee3f4d6934"});
  const Snapshot validated = objects();
  gym.must({"upgrade", "head"});
  const Snapshot at_head = objects();
  const std::string script = gym.must({"downgrade", "-1", "--sql"});
  CHECK(contains(script, "-- Running downgrade 00925f4e94d2 -> e9ee3f4d6934"));
  CHECK(contains(script, "ALTER TABLE exercises ALTER COLUMN level DROP NOT NULL;"));
  CHECK_FALSE(contains(script, "5f9f53677bc4"));
  CHECK(differences(at_head, objects()).empty());  // printed, not run
  CHECK(rows() == "00925f4e94d2");

  server().sql(script, kDatabase);
  CHECK(rows() == "e9ee3f4d6934");
  CHECK(differences(validated, objects()).empty());
  // A second time it is not for this state.
  CHECK_THROWS_WITH(server().sql(script, kDatabase),
                    doctest::Contains("the database is not at 00925f4e94d2"));
  CHECK(differences(validated, objects()).empty());
  gym.must({"upgrade", "head"});
  CHECK(differences(at_head, objects()).empty());
}

TEST_CASE("migrate principles-gym: rename, backfill and NOT NULL keep the rows, up and down") {
  const SeedProject gym = on_empty_database();
  gym.must({"upgrade", "30c7ed16aacf"});
  server().sql(gym.read("data/base.sql"), kDatabase);
  const auto data = [] {
    return sql("select * from principles order by id; select * from exercises order by id");
  };
  const std::string original = data();

  gym.must({"upgrade", "0cb117f2b22f"});
  CHECK(rows() == "0cb117f2b22f");
  gym.must({"upgrade", "head"});
  CHECK(sql("select string_agg(slug, ' ' order by id) from principles") ==
        "don-t-repeat-yourself-1 fail-early-2 fail-early-3");
  CHECK(sql("select string_agg(duration_minutes || ':' || level, ' ' order by id) "
            "from exercises") == "5:short 20:medium 45:long");
  CHECK(sql("select attnotnull from pg_attribute where attrelid = 'exercises'::regclass "
            "and attname = 'level'") == "t");
  CHECK(sql("select count(*) from pg_constraint where contype = 'c' "
            "and conrelid = 'exercises'::regclass") == "0");
  CHECK_THROWS_WITH(sql("update exercises set level = null"),
                    doctest::Contains("violates not-null"));
  // A row that says nothing gets the default.
  CHECK(sql("insert into exercises (principle_id, prompt) values (3, 'x') returning level") ==
        "short");
  sql("delete from exercises where prompt = 'x'");
  server().sql(gym.read("data/example.sql"), kDatabase);
  sql("delete from principles where id > 100");

  gym.must({"downgrade", "30c7ed16aacf"});
  CHECK(rows() == "30c7ed16aacf");
  CHECK(data() == original);
  gym.must({"upgrade", "head"});
  CHECK(sql("select count(*) from exercises where level is null") == "0");
}

TEST_CASE("migrate principles-gym: a NULL that slipped in stops the upgrade before the column") {
  const SeedProject gym = on_empty_database();
  gym.must({"upgrade", "5f9f53677bc4"});
  gym.must({"downgrade", "77f05e6833d3"});
  server().sql(
      "insert into principles (id, title, body) values (1, 'a', 'b');"
      "insert into exercises (principle_id, prompt, level) values (1, 'c', null)",
      kDatabase);
  const Result stopped = gym.migrate({"upgrade", "head"});
  CHECK(stopped.exit_code == 5);
  CHECK(contains(stopped.err, gym.file_of("e9ee3f4d6934") + ":11"));
  // NOT VALID let the row be; the check of it is the step that failed.
  CHECK(rows() == "5f9f53677bc4");
  sql("update exercises set level = 'short' where level is null");
  gym.must({"upgrade", "head"});
  CHECK(rows() == "00925f4e94d2");
}

TEST_CASE("migrate principles-gym: migrate test names the revision and what its downgrade left") {
  const SeedProject gym = on_empty_database();
  // IF EXISTS hides it from the revision itself: only the comparison can tell.
  gym.replace("7500bb0b2fef", "DROP TABLE reflections;", "DROP TABLE IF EXISTS reflection;");
  gym.replace("7500bb0b2fef", "CREATE TABLE reflections", "CREATE TABLE IF NOT EXISTS reflections");
  gym.replace("7500bb0b2fef", "CREATE INDEX ix_", "CREATE INDEX IF NOT EXISTS ix_");
  const Result left = gym.migrate({"test"});
  CHECK(left.exit_code == 1);
  CHECK(contains(left.out, "\nfailed  7500bb0b2fef, add reflections\n"));
  CHECK(contains(left.out, "    after the downgrade: unexpected: table public.reflections"));
  CHECK(contains(left.out, "\nok  69528e9ab172, add principle slugs\n"));
  CHECK(contains(left.out, "\nok  0cb117f2b22f, merge slugs and reflections\n"));
}

TEST_CASE("migrate principles-gym: migrate test says both, what is left and what it blocks") {
  const SeedProject gym = on_empty_database();
  gym.replace("c66009d85183", "ALTER TABLE exercises DROP COLUMN level;", "SELECT 1;");
  const Result blocked = gym.migrate({"test"});
  CHECK(blocked.exit_code == 1);
  CHECK(contains(blocked.out, "\nok  db9696fbaf6f, backfill principle slugs\n"));
  CHECK(contains(blocked.out, "\nfailed  c66009d85183, add exercise level\n"));
  CHECK(contains(blocked.out, "after the downgrade: unexpected: column public.exercises.level"));
  CHECK(contains(blocked.out,
                 "the second upgrade fails: " + gym.file_of("c66009d85183") + ":12: column"));
  CHECK(contains(blocked.err, "4 of 12 revisions were not tried"));
  const Json json(gym.pgseed({"--json", "migrate", "test"}).out);
  CHECK(json["exit_code"].number() == 1);
  CHECK(json["not_tried"].number() == 4);
  const Json last = json["revisions"][7];
  CHECK(last["revision"].text() == "c66009d85183");
  CHECK(last["result"].text() == "failed");
  CHECK(last["problems"].size() == 2);
  // The scratch databases are gone, and the project's own was not touched.
  CHECK(sql("select count(*) from pg_database where datname like 'pgseed\\_scratch%'") == "0");
  CHECK(sql("select to_regclass('principles') is null") == "t");
}

TEST_CASE("migrate principles-gym: migrate test names a downgrade that fails itself") {
  const SeedProject gym = on_empty_database();
  gym.replace("c2dfd91eedc7", "RENAME COLUMN duration_minutes TO", "RENAME COLUMN duration TO");
  const Result fails = gym.migrate({"test"});
  CHECK(fails.exit_code == 1);
  CHECK(contains(fails.out, "\nfailed  c2dfd91eedc7, rename exercise minutes\n"));
  CHECK(contains(fails.out, "the downgrade fails: " + gym.file_of("c2dfd91eedc7") + ":15"));
  CHECK(contains(fails.out, "\"duration\""));
}

}  // namespace pgseed::test
