// verse: pgvector, and a start that waits for the database, migrates and goes on. Its server is
// PGlite, as Debian has no pgvector for PostgreSQL 15.
#include <doctest/doctest.h>

#include <string>

#include "support/local_pglite.hpp"
#include "support/network.hpp"
#include "support/seed_project.hpp"

namespace pgseed::test {

namespace {

void wait_for_the_server(const SeedProject& verse, const LocalPglite& server) {
  REQUIRE_FALSE(accepts_connections(server.port()));
  CHECK(verse.migrate({"wait", "--timeout", "0"}).exit_code == 4);
  const Result waited = verse.migrate({"wait", "--timeout", "60"});
  CHECK(waited.exit_code == 0);
  CHECK(contains(waited.err, "the database answers"));
}

void climb_and_come_back(const SeedProject& verse, const LocalPglite& server) {
  const Snapshot empty = snapshot(server.url());
  verse.must({"upgrade", "+1"});
  CHECK(verse.must({"current"}) == "118a75b786de\n");
  CHECK(server.sql("select format_type(atttypid, atttypmod) from pg_attribute "
                   "where attrelid = 'translations'::regclass and attname = 'embedding'") ==
        "vector(1536)");
  verse.must({"upgrade", "bc438b9c2f08"});
  CHECK(verse.must({"current"}) == "bc438b9c2f08\n");
  CHECK(server.sql("select amname from pg_class join pg_am on pg_am.oid = relam "
                   "where relname = 'ix_translations_embedding'") == "hnsw");
  verse.must({"upgrade", "head"});
  CHECK(verse.must({"current", "--check-heads"}) == "3cd57f9a0046 (head)\n");
  const Snapshot at_head = snapshot(server.url());
  server.sql(verse.read("data/example.sql"));
  CHECK(server.sql("select count(*), count(embedding <=> embedding) from translations") == "3|3");

  verse.must({"downgrade", "-1"});
  CHECK(verse.must({"current"}) == "bc438b9c2f08\n");
  verse.must({"downgrade", "base"});
  CHECK(differences(empty, snapshot(server.url())).empty());
  CHECK(server.sql("select count(*) from pg_extension where extname = 'vector'") == "0");
  verse.must({"upgrade", "head"});
  CHECK(differences(at_head, snapshot(server.url())).empty());
  verse.must({"reset", "--yes"});

  // An extension that the host made stays.
  server.sql("create extension vector");
  verse.must({"upgrade", "head"});
  verse.must({"downgrade", "base"});
  CHECK(server.sql("select count(*) from pg_extension where extname = 'vector'") == "1");
  server.sql("drop extension vector");
}

void pipe_scripts(const SeedProject& verse, const LocalPglite& server, const LocalPglite& second) {
  const Environment nowhere = {{"DATABASE_URL", std::nullopt}};
  const Environment on_second = {{"DATABASE_URL", second.url()}};
  const Snapshot empty = snapshot(second.url());
  second.sql(verse.must({"upgrade", "head", "--sql"}, nowhere));
  verse.must({"upgrade", "head"});
  CHECK(differences(snapshot(server.url()), snapshot(second.url())).empty());
  CHECK(verse.must({"current", "--check-heads"}, on_second) == "3cd57f9a0046 (head)\n");

  second.sql(verse.must({"downgrade", "-1", "--sql"}, on_second));
  CHECK(verse.must({"current"}, on_second) == "bc438b9c2f08\n");
  second.sql(verse.must({"upgrade", "bc438b9c2f08:3cd57f9a0046", "--sql"}, nowhere));
  CHECK(verse.must({"current"}, on_second) == "3cd57f9a0046 (head)\n");
  second.sql(verse.must({"downgrade", "head:base", "--sql"}, nowhere));
  CHECK(verse.must({"current"}, on_second).empty());
  CHECK(differences(empty, snapshot(second.url())).empty());
  verse.must({"reset", "--yes"}, on_second);
}

void try_every_downgrade(const SeedProject& verse, const LocalPglite& second) {
  const Result tested = verse.migrate({"test", "--scratch-url", second.url()});
  CHECK(tested.out ==
        "ok  118a75b786de, create_verses\nok  bc438b9c2f08, index embeddings\n"
        "ok  3cd57f9a0046, add verse themes\n");
  CHECK(tested.exit_code == 0);
  CHECK(verse.must({"current"}) == "3cd57f9a0046 (head)\n");  // the other one was left alone
  const Result again = verse.migrate({"test", "--scratch-url", second.url()});
  CHECK(again.exit_code == 2);
  CHECK(contains(again.err, "not empty"));
}

}  // namespace

TEST_CASE("migrate verse: waits for pgvector's server, goes up by steps, comes back, --sql, test") {
  if (!LocalPglite::is_installed()) return;
  const LocalPglite server(LocalPglite::Start::without_waiting);
  const LocalPglite second(LocalPglite::Start::without_waiting);
  const SeedProject verse("verse", {{"DATABASE_URL", server.url()}});
  // As its compose file does: migrate wait && migrate upgrade head && start.
  wait_for_the_server(verse, server);
  climb_and_come_back(verse, server);
  second.wait_until_ready();
  pipe_scripts(verse, server, second);
  try_every_downgrade(verse, second);
}

}  // namespace pgseed::test
