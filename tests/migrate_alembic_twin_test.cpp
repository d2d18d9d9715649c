#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/alembic_file.hpp"
#include "pgseed/migrate/revision_file.hpp"
#include "support/alembic_project.hpp"

using namespace pgseed;
using namespace pgseed::migrate;
using pgseed::test::AlembicProject;
using pgseed::test::dump_without_versions;
using pgseed::test::LocalPostgres;

namespace {

// All that SQL can hold and a naive twin would trip over.
const std::string kTexts = R"sql(-- pgseed:migration 1
-- revision: a1
-- down_revision:
-- message: it's "hard" \ here: """ and '''

-- upgrade lock_timeout:5s
SET search_path = '';
CREATE TABLE public.texts (
    id integer PRIMARY KEY,
    body text, -- a remark; with a semicolon
    more jsonb DEFAULT '{"a": ["%s", ":b"]}'::jsonb
);
INSERT INTO public.texts (id, body) VALUES
    (1, ':name %s %% %(x)s'), (2, 'it''s; -- no comment'), (3, E'back\\slash \' ; \n'),
    (4, E'o''n\'e;'), (5, 'C:\'), (6, U&'d\0061t' || $$;$$), (7, '/* '), (8, $q$ $$ ; $q$ || ''' */');
INSERT INTO public.texts (id, body) VALUES (9, '
-- downgrade
DROP TABLE public.texts;
'), (10, $x$
-- upgrade transaction:false
$x$);
-- upgrade the remarks of all tables
/* a /* nested */ comment;
-- downgrade
*/
UPDATE public.texts SET body = body || ':y' WHERE id % 2 = 0 AND id::text <> ':z';
CREATE FUNCTION public."twice;"(n int) RETURNS int LANGUAGE plpgsql AS $fn$
BEGIN
  -- a comment's quote
  RETURN n * 2;
END;
$fn$;
CREATE FUNCTION public.half(n int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
  SELECT CASE WHEN n > 0 THEN n / 2 ELSE 0 END;
END;
CREATE TABLE public.a$b$c (x$ int);
COPY public.texts (id, body) FROM stdin;
20	tab\there; it's
21	\N
22	-- downgrade
-- downgrade
\.
SELECT pg_catalog.setval(pg_get_serial_sequence('public.texts', 'id'), 1) WHERE false;
INSERT INTO public.texts (id, body) VALUES (30, 'no semicolon') -- at the end

-- downgrade
DROP FUNCTION public."twice;"(int), public.half(int);
DROP TABLE public.a$b$c; DROP TABLE public.texts;
)sql";

// A line that COPY cannot hold, so out of the text above.
std::string texts() {
  std::string out = kTexts;
  const std::string data = "22\t-- downgrade\n-- downgrade\n";
  out.replace(out.find(data), data.size(), "22\t-- downgrade\n");
  return out;
}

const std::string kNoTransaction = R"sql(-- pgseed:migration 1
-- revision: b2
-- down_revision: a1
-- branch_labels: main
-- message: outside

-- upgrade transaction:false statement_timeout:60s
CREATE INDEX CONCURRENTLY texts_body ON texts (body) WHERE body <> ';';
BEGIN;
CREATE TYPE mood AS ENUM ('a;b', '%s');
ALTER TABLE texts ADD COLUMN mood mood;
COMMIT;
ALTER TYPE mood ADD VALUE 'new';
UPDATE texts SET mood = 'new' WHERE id = 1;

-- downgrade transaction:false
DROP INDEX CONCURRENTLY texts_body;
ALTER TABLE texts DROP COLUMN mood;
DROP TYPE mood;
)sql";

const std::string kWhole = R"sql(-- pgseed:migration 1
-- revision: c3
-- down_revision: a1
-- depends_on: main
-- message: as a whole

-- upgrade
-- pgseed:noparse
CREATE TABLE whole (x text); INSERT INTO whole VALUES (':x %s;');

-- downgrade
BEGIN;
DROP TABLE whole;
COMMIT;
)sql";

const std::string kMerge = R"sql(-- pgseed:migration 1
-- revision: d4
-- down_revision: b2, c3
-- message: merge

-- upgrade
-- nothing to do; ever

-- downgrade
)sql";

void add(const AlembicProject& project, const std::string& name, const std::string& content) {
  const Revision revision = parse_revision_file(content, name + ".sql");
  project.folder().write("versions/" + name + ".sql", content);
  project.folder().write("versions/" + name + ".py", render_alembic_twin(revision, name + ".sql"));
}

std::string head() {
  return "-- pgseed:migration 1\n-- revision: a1\n-- message: m\n";
}

}  // namespace

TEST_CASE("alembic twin: it says of itself what the .sql file says") {
  for (const std::string& content : {texts(), kNoTransaction, kWhole, kMerge}) {
    const Revision revision = parse_revision_file(content, "x.sql");
    const std::string twin = render_alembic_twin(revision, "x.sql");
    CHECK(is_alembic_twin(twin));
    const Revision read = parse_alembic_file(twin, "x.py");
    CHECK(read.id == revision.id);
    CHECK(read.down_revisions == revision.down_revisions);
    CHECK(read.branch_labels == revision.branch_labels);
    CHECK(read.depends_on == revision.depends_on);
    CHECK(read.message == revision.message);
    CHECK(read.description == trim(revision.description));
    // The statements stay in their file.
    CHECK(twin.find("INSERT") == std::string::npos);
  }
  Revision odd;
  odd.id = "it's";
  odd.down_revisions = {"a\\b", "c\nd"};
  odd.branch_labels = {"\x01"};
  odd.description = "a \"\"\"\" b\\n\\";
  const Revision read = parse_alembic_file(render_alembic_twin(odd, "x.sql"), "x.py");
  CHECK(read.id == odd.id);
  CHECK(read.down_revisions == odd.down_revisions);
  CHECK(read.branch_labels == odd.branch_labels);
  CHECK(read.description == odd.description);
}

TEST_CASE("alembic twin: it is told from a revision of Alembic's own") {
  const std::string mark = "# pgseed:twin 1\n";
  CHECK(is_alembic_twin(mark));
  CHECK(is_alembic_twin("\xEF\xBB\xBF# licence\r\n\r\n# pgseed:twin 1: x\r\nrevision = 'a'\r\n"));
  CHECK_FALSE(is_alembic_twin(""));
  CHECK_FALSE(is_alembic_twin("revision = 'a'\n" + mark));
  CHECK_FALSE(is_alembic_twin("\"\"\"\n" + mark + "\"\"\"\n"));
  CHECK_FALSE(is_alembic_twin("text = '" + mark));
}

TEST_CASE("alembic twin: Alembic runs it up and down, and prints it") {
  if (!AlembicProject::is_installed()) return;
  const LocalPostgres postgres;
  for (const char* const database : {"plain", "theirs", "offline"}) {
    postgres.create_database(database);
  }
  for (const char* const configure : {"", "transaction_per_migration=True"}) {
    CAPTURE(std::string(configure));
    AlembicProject project(postgres.url("theirs"), configure);
    const std::string empty = dump_without_versions(postgres, "theirs");
    add(project, "a1_texts", texts());
    add(project, "b2_outside", kNoTransaction);
    add(project, "c3_whole", kWhole);
    add(project, "d4_merge", kMerge);
    const std::string contents[] = {texts(), kNoTransaction, kWhole, kMerge};

    project.must_run({"upgrade", "heads"});
    CHECK(postgres.sql("SELECT version_num FROM alembic_version", "theirs") == "d4");
    // What psql does with the same sections.
    for (const std::string& content : contents) {
      const Revision revision = parse_revision_file(content, "x.sql");
      // The .sql's last statement may lack its semicolon.
      postgres.sql(revision.upgrade->text + "\n;\nRESET search_path;", "plain");
    }
    const std::string wanted = dump_without_versions(postgres, "plain");
    CHECK(dump_without_versions(postgres, "theirs") == wanted);

    postgres.sql(project.must_run({"upgrade", "heads", "--sql"}), "offline");
    CHECK(dump_without_versions(postgres, "offline") == wanted);
    const std::string down = project.must_run({"downgrade", "d4:base", "--sql"});
    postgres.sql(down, "offline");
    CHECK(dump_without_versions(postgres, "offline") == empty);

    project.must_run({"downgrade", "base"});
    CHECK(dump_without_versions(postgres, "theirs") == empty);
    postgres.create_database("plain");
  }
}

TEST_CASE("alembic twin: an edited .sql file needs no new twin") {
  if (!AlembicProject::is_installed()) return;
  const LocalPostgres postgres;
  AlembicProject project(postgres.url());
  add(project, "a1", head() + "\n-- upgrade\nSELECT 1;\n");
  // CRLF, a byte order mark, another kind of section.
  project.folder().write("versions/a1.sql",
                         "\xEF\xBB\xBF-- pgseed:migration 1\r\n-- revision: a1\r\n-- message: m\r\n"
                         "\r\n-- upgrade transaction:false\r\nCREATE TABLE t (x int,\r\n"
                         "  y text DEFAULT E'a'\r\n  '\\';b');\r\n"
                         "CREATE INDEX CONCURRENTLY i ON t (x);\r\n\r\n-- downgrade\r\nDROP TABLE "
                         "t\r\n");
  project.must_run({"upgrade", "head"});
  CHECK(postgres.sql("SELECT to_regclass('i')") == "i");
  CHECK(postgres.sql("INSERT INTO t VALUES (1) RETURNING y") == "a';b");
  project.must_run({"downgrade", "base"});
  CHECK(postgres.sql("SELECT to_regclass('t') IS NULL") == "t");
}

TEST_CASE("alembic twin: settings of a section end with it") {
  if (!AlembicProject::is_installed()) return;
  const LocalPostgres postgres;
  AlembicProject project(postgres.url());
  add(project, "a1",
      head() +
          "\n-- upgrade lock_timeout:5s\nSELECT pg_catalog.set_config('search_path', '', false);\n"
          "SET TIME ZONE 'Asia/Tokyo'; SET LOCAL work_mem TO '5MB'; set role pg_monitor;\n");
  const std::string show =
      "CREATE TABLE seen AS SELECT current_setting('lock_timeout') || ' ' || "
      "current_setting('search_path') || ' ' || current_setting('timezone') || ' ' || "
      "current_setting('work_mem') || ' ' || current_user AS x;\n";
  add(project, "b2",
      "-- pgseed:migration 1\n-- revision: b2\n-- down_revision: a1\n-- message: m\n\n-- "
      "upgrade\n" +
          show);
  const std::string before = postgres.sql(show + "TABLE seen; DROP TABLE seen;");
  project.must_run({"upgrade", "head"});
  CHECK(postgres.sql("TABLE seen") == before);
  postgres.create_database("offline");
  postgres.sql(project.must_run({"upgrade", "head", "--sql"}), "offline");
  CHECK(postgres.sql("TABLE seen", "offline") == before);
}

TEST_CASE("alembic twin: what it cannot do it refuses, and nothing is changed") {
  if (!AlembicProject::is_installed()) return;
  const LocalPostgres postgres;
  AlembicProject project(postgres.url());
  const auto fails = [&](const std::vector<std::string>& args, const std::string& message) {
    const test::Result result = project.run(args);
    CAPTURE(result.err);
    CHECK(result.exit_code == 255);
    CHECK(result.out == "FAILED: " + message + "\n");
  };
  const std::string create = "CREATE TABLE t (x int);\n";
  add(project, "a1", head() + "\n-- upgrade\n" + create + "\n-- downgrade irreversible\n");
  project.must_run({"upgrade", "head"});
  fails({"downgrade", "base"}, "revision a1 has no downgrade in a1.sql");
  project.folder().write("versions/a1.sql", head() + "\n-- upgrade\n" + create);
  fails({"downgrade", "base"}, "revision a1 has no downgrade in a1.sql");
  postgres.sql("DROP TABLE t, alembic_version");

  const struct {
    std::string section;
    std::string message;
  } cases[] = {
      {"-- pgseed:vars on\n" + create + "SELECT :'x';\n",
       "a1.sql has variables; run it with pgseed"},
      {create + "COMMIT;\nSELECT 1;\n", "a1.sql: COMMIT in a transaction"},
      {create + "ROLLBACK;\n", "a1.sql: ROLLBACK in a transaction"},
      {create + "/* open\n", "a comment /* is never closed in a1.sql"},
      {create + "COPY t FROM stdin;\n1\n", "the rows of a COPY have no end in a1.sql"},
  };
  for (const auto& each : cases) {
    project.folder().write("versions/a1.sql", head() + "\n-- upgrade\n" + each.section);
    fails({"upgrade", "head"}, each.message);
    CHECK(postgres.sql("SELECT to_regclass('t') IS NULL") == "t");
  }
}

TEST_CASE("alembic twin: a file of another tool is carried inside") {
  if (!AlembicProject::is_installed()) return;
  const LocalPostgres postgres;
  AlembicProject project(postgres.url());
  const std::string content =
      "-- migrate:up\nCREATE TABLE t (x text);\nINSERT INTO t VALUES ('C:\\%s ''\n-- "
      "downgrade\n');\n"
      "-- downgrade\n\n-- migrate:down\nDROP TABLE t;\n";
  const std::string name = "20250102030405_it's.sql";
  Revision revision;
  revision.id = "20250102030405";
  revision.message = "it's";
  revision.format = FileFormat::dbmate;
  revision.upgrade.emplace().text = content.substr(14, content.find("\n-- migrate:down") - 14);
  revision.downgrade.emplace().text = "DROP TABLE t;\n";
  project.folder().write("versions/x.py", render_alembic_twin(revision, name));
  project.must_run({"upgrade", "head"});
  CHECK(postgres.sql("TABLE t") == "C:\\%s '\n-- downgrade\n");
  project.must_run({"downgrade", "base"});
  CHECK(postgres.sql("SELECT to_regclass('t') IS NULL") == "t");
}
