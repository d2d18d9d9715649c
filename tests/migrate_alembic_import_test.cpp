#include "pgseed/migrate/alembic_import.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
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

OfflineScript script(const std::string& text) {
  return {text, "script", {}, false};
}

// "up a1 <- x, y [no transaction]\n<text>" of each step.
std::string shown(const OfflineScript& input) {
  std::string out;
  for (const OfflineStep& step : read_offline_script(input)) {
    out += text(step.direction == Direction::up ? "up " : "down ", step.id, " <-");
    for (const std::string& parent : step.parents) out += " " + parent;
    out += step.section.options.transaction ? "\n" : " [no transaction]\n";
    out += step.section.text;
  }
  return out;
}

std::string insert(const std::string& id) {
  return "INSERT INTO alembic_version (version_num) VALUES ('" + id + "');\n\n";
}

std::string failure(const OfflineScript& input) {
  try {
    read_offline_script(input);
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    return error.where + " " + error.message;
  }
  return "none";
}

void apply(const LocalPostgres& postgres, const std::string& database, const Section& section) {
  CAPTURE(section.text);
  postgres.sql(section.options.transaction ? "BEGIN;\n" + section.text + "COMMIT;\n" : section.text,
               database);
}

const std::map<std::string, std::string> kRevisions = {
    {"a1", R"py("""initial schema

Says more: "quoted".

Revision ID: a1
Revises:
Create Date: 2025-01-02 03:04:05

"""
from alembic import op
import sqlalchemy as sa

revision = 'a1'
down_revision = None


def upgrade():
    op.create_table(
        'jobs',
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('state', sa.Enum('new', 'done', name='job_state'), nullable=False),
        sa.Column('share', sa.String(40), server_default='50%', comment="it's; 100% -- sure"),
        sa.Column('extra', sa.JSON, server_default='{"a": [1, 2]}'),
    )
    op.create_index('ix_jobs_state', 'jobs', ['state'], postgresql_where=sa.text("share <> ';'"))


def downgrade():
    op.drop_table('jobs')
    op.execute('DROP TYPE job_state')
)py"},
    {"b2", R"py("""values and texts"""
from alembic import op
import sqlalchemy as sa

revision = 'b2'
down_revision = 'a1'


def upgrade():
    op.execute("""
        -- Running upgrade a1 -> b2

        INSERT INTO jobs (id, state, share) VALUES (1, 'new', 'a;b');
        INSERT INTO jobs (id, state, share) VALUES (2, 'new', '
-- Running upgrade b2 -> c3
')  -- the last one""")
    jobs = sa.table('jobs', sa.column('id', sa.Integer), sa.column('share', sa.String))
    op.execute(jobs.update().where(jobs.c.id == 1).values(share="o'b; %"))
    op.bulk_insert(sa.table('jobs', sa.column('id', sa.Integer), sa.column('state', sa.String)),
                   [{'id': 7, 'state': 'done'}, {'id': 8, 'state': 'new'}])
    op.execute("""CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $fn$
BEGIN
  RAISE NOTICE 'COMMIT; 100%%';
  RETURN n * 2;
END;
$fn$;""")
    op.execute("/* more; */ SELECT 1 -- nothing to do here")


def downgrade():
    op.execute("DROP FUNCTION twice(int); DELETE FROM jobs")
)py"},
    {"c3", R"py("""outside of the transaction"""
from alembic import op

revision = 'c3'
down_revision = 'b2'
branch_labels = None


def upgrade():
    op.add_column('jobs', __import__('sqlalchemy').Column('n', __import__('sqlalchemy').Integer))
    op.execute("UPDATE jobs SET n = 0")
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE job_state ADD VALUE 'failed'")
        op.create_index('ix_jobs_n', 'jobs', ['n'], postgresql_concurrently=True)
    op.execute("UPDATE jobs SET state = 'failed' WHERE id = 2")


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index('ix_jobs_n', table_name='jobs', postgresql_concurrently=True)
    op.execute("UPDATE jobs SET state = 'new'")
    op.drop_column('jobs', 'n')
)py"},
    {"d4", R"py("""the other branch"""
from alembic import op

revision = 'd4'
down_revision = 'b2'


def upgrade():
    op.execute("CREATE VIEW new_jobs AS SELECT * FROM jobs WHERE state = 'new'")


def downgrade():
    op.execute("DROP VIEW new_jobs")
)py"},
    {"e5", R"py("""merge"""
revision = 'e5'
down_revision = ('c3', 'd4')


def upgrade():
    pass


def downgrade():
    pass
)py"},
    {"f6", R"py("""a plugin on its own base"""
from alembic import op

revision = 'f6'
down_revision = None
branch_labels = ('plug',)
depends_on = 'b2'


def upgrade():
    op.execute("CREATE TABLE plug AS SELECT id FROM jobs")


def downgrade():
    op.drop_table('plug')
)py"},
};

}  // namespace

TEST_CASE("alembic import: a script is cut at its steps, without what concerns the versions") {
  CHECK(
      shown(script("BEGIN;\n\nCREATE TABLE alembic_version (\n    version_num VARCHAR(32)\n);\n\n"
                   "-- Running upgrade  -> a1\n\nCREATE TABLE t (\n    id INT, \n    n INT\n);\n\n"
                   "INSERT INTO alembic_version (version_num) VALUES ('a1') "
                   "RETURNING alembic_version.version_num;\n\n"
                   "-- Running upgrade a1 -> b2\n\n"
                   "UPDATE alembic_version SET version_num='b2' WHERE "
                   "alembic_version.version_num = 'a1';\n\n"
                   "-- Running upgrade b2, c3 -> d4\n\nSELECT 1; SELECT 2;;\n\n"
                   "DELETE FROM alembic_version WHERE alembic_version.version_num = 'c3';\n\n"
                   "UPDATE alembic_version SET version_num='d4' WHERE "
                   "alembic_version.version_num = 'b2';\n\nCOMMIT;\n\n")) ==
      "up a1 <-\nCREATE TABLE t (\n    id INT,\n    n INT\n);\n"
      "up b2 <- a1\n"
      "up d4 <- b2 c3\nSELECT 1;\n\nSELECT 2;\n");
  CHECK(shown(script("BEGIN;\n\n-- Running downgrade a1 -> \n\nDROP TABLE t;\n\n"
                     "DELETE FROM alembic_version WHERE alembic_version.version_num = 'a1';\n\n"
                     "DROP TABLE alembic_version;\n\nCOMMIT;\n\n")) ==
        "down a1 <-\nDROP TABLE t;\n");
  CHECK(shown(script("")).empty());
  CHECK(shown(script("BEGIN;\n\nCOMMIT;\n\n")).empty());
}

TEST_CASE("alembic import: what only looks like a cut is none") {
  const std::string line = "-- Running upgrade a1 -> b2\n";
  const std::string begin = "-- Running upgrade  -> a1\n\n";
  for (const std::string& body :
       {"SELECT '\n" + line + "';\n", "SELECT $$\n" + line + "COMMIT;\n$$;\n",
        "SELECT $a$ $$\n" + line + "$$ $a$;\n", "/*\n" + line + "*/\nSELECT 1;\n",
        line + "\nSELECT 1;\n", "SELECT (\n" + line + "1);\n", "SELECT \"\n" + line + "\";\n"}) {
    CHECK(shown(script(begin + body + "\n" + insert("a1"))) == "up a1 <-\n" + body);
  }
  // Indented, or not of this form.
  CHECK(shown(script(begin + insert("a1") + "  " + line + insert("b2"))) == "up a1 <-\n");
  CHECK(shown(script(begin + insert("a1") + "-- Running upgrade slowly\n" + insert("b2"))) ==
        "up a1 <-\n");
  CHECK(shown(script(begin + insert("a1") + line + insert("b2"))) == "up a1 <-\nup b2 <- a1\n");
}

TEST_CASE("alembic import: a semicolon behind a comment does not join two statements") {
  const std::string begin = "-- Running upgrade  -> a1\n\n";
  CHECK(shown(script(begin + "INSERT INTO t VALUES (1) -- one;\n\nCOMMIT;\n\nVACUUM t -- two;\n\n" +
                     "BEGIN;\n\n" + insert("a1"))) ==
        "up a1 <- [no transaction]\nINSERT INTO t VALUES (1);\n\nVACUUM t;\n");
  // Here the statement goes on.
  for (const char* const body :
       {"SELECT a, -- one;\n\n  b FROM t;\n", "SELECT f( -- one;\n\nnow());\n",
        "SELECT 1 -- one;\nUNION SELECT 2;\n"}) {
    CHECK(shown(script(begin + body + "\n" + insert("a1"))) == text("up a1 <-\n", body));
  }
}

TEST_CASE("alembic import: statements outside a transaction make the section run without one") {
  const std::string begin = "BEGIN;\n\n-- Running upgrade  -> a1\n\n";
  const struct {
    std::string body;
    std::string wanted;
  } cases[] = {
      {"S1;\n\nCOMMIT;\n\nBEGIN;\n\nS2;\n\n", "\nS1;\n\nS2;\n"},
      {"COMMIT;\n\nS1;\n\nBEGIN;\n\n", " [no transaction]\nS1;\n"},
      {"S1;\n\nCOMMIT;\n\nS2;\n\nS3;\n\nBEGIN;\n\nS4;\n\n",
       " [no transaction]\nS1;\n\nS2;\n\nS3;\n\nS4;\n"},
      // What ran together still does.
      {"S1;\n\nS2;\n\nCOMMIT;\n\nS3;\n\nBEGIN;\n\nS4;\n\nS5;\n\n",
       " [no transaction]\nBEGIN;\n\nS1;\n\nS2;\n\nCOMMIT;\n\nS3;\n\nBEGIN;\n\nS4;\n\nS5;\n\n"
       "COMMIT;\n"},
      {"S1;\n\nCOMMIT;\n\n", "\nS1;\n"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.body);
    // The next step begins in a transaction, whatever this one left behind.
    CHECK(shown(script(begin + each.body + insert("a1") + "-- Running upgrade a1 -> b2\n\nS9;\n\n" +
                       insert("b2"))) == text("up a1 <-", each.wanted, "up b2 <- a1\nS9;\n"));
  }
  // One transaction for each step (transaction_per_migration), and none at all.
  CHECK(shown(script(begin + "S1;\n\n" + insert("a1") +
                     "COMMIT;\n\nBEGIN;\n\n-- Running upgrade a1 -> b2\n\nS2;\n\n" + insert("b2") +
                     "COMMIT;\n")) == "up a1 <-\nS1;\nup b2 <- a1\nS2;\n");
  CHECK(shown(script("-- Running upgrade  -> a1\n\nS1;\n\n" + insert("a1"))) == "up a1 <-\nS1;\n");
}

TEST_CASE("alembic import: the version table may have another name or a schema") {
  const std::string body = "-- Running upgrade  -> a1\n\nSELECT 1;\n\nINSERT INTO ";
  const std::string values = " (version_num) VALUES ('a1');\n\n";
  const struct {
    VersionTableName name;
    std::string printed;
  } cases[] = {{{std::nullopt, "revisions"}, "revisions"},
               {{"audit", "alembic_version"}, "audit.alembic_version"},
               {{"Audit", "V 1"}, "\"Audit\".\"V 1\""}};
  for (const auto& each : cases) {
    OfflineScript input = script(body + each.printed + values);
    CHECK(failure(input).find("has no write to the table alembic_version") != std::string::npos);
    CHECK(failure(input).starts_with("script:1:1 the step of revision a1 "));
    input.version_table = each.name;
    CHECK(shown(input) == "up a1 <-\nSELECT 1;\n");
  }
  // Env.py's own words tell it, before the first step.
  CHECK(version_table_of("BEGIN;\n\n" + body) == std::nullopt);
  const std::string columns = " (\n    version_num VARCHAR(32) NOT NULL, \n    CONSTRAINT x ";
  for (const auto& each : cases) {
    const auto told = version_table_of(
        "SET x = 1;\n\nCREATE TABLE log (a int);\n\nBEGIN;\n\n"
        "CREATE TABLE " +
        each.printed + columns + "PRIMARY KEY (version_num)\n);\n" + body);
    REQUIRE(told.has_value());
    CHECK(told->schema == each.name.schema);
    CHECK(told->table == each.name.table);
  }
  CHECK(version_table_of(body + "x;\n\nCREATE TABLE revisions" + columns) == std::nullopt);
  CHECK(last_step_of("CREATE TABLE a (b int);\n\n") == "");
  CHECK(last_step_of(body + "x;\n\n-- Running upgrade a1 -> b2\n\nS") == "b2");
  // Another table's rows stay.
  CHECK(shown(script(body + "alembic_version_log" + values + insert("a1"))) ==
        "up a1 <-\nSELECT 1;\n\nINSERT INTO alembic_version_log (version_num) VALUES ('a1');\n");
}

TEST_CASE("alembic import: what cannot be imported is refused at its place") {
  const std::string begin = "-- Running upgrade  -> a1\n\n";
  const struct {
    std::string body;
    std::string wanted;
  } cases[] = {
      {"UPDATE t SET p=%(p)s;\n\n",
       "script:3:16 Alembic printed a place holder instead of a value"},
      {"UPDATE t SET p=:p;\n\n", "script:3:16 Alembic printed a place holder instead of a value"},
      {"INSERT INTO t VALUES ('C:\\\\dir');\n\n",
       "script:3:26 Alembic printed doubled backslashes in revision a1, which may stand for single "
       "ones"},
      {"SELECT 'x;\n\n", "script:5:53 a quoted string is never closed"},
      {"SELECT 1\n", "none"},
      {insert("a1") + begin + "SELECT 2;\n\n", "script:5:1 revision a1 is run twice"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.body);
    const std::string found = failure(script(begin + each.body + insert("a1")));
    if (each.wanted.ends_with("closed")) {
      CHECK(found.find("closed") != std::string::npos);
    } else if (each.wanted == "none") {
      CHECK(found.find("has no write to the table") != std::string::npos);
    } else {
      CHECK(found == each.wanted);
    }
  }
  // None of these is a place holder or a value with doubled backslashes.
  for (const char* const body :
       {"SELECT a::text, b[1:n], c[:n], 'x :y %(z)s' || $$:q$$;\n", "SELECT 5 %(a);\n",
        "SELECT 'a\\b', E'\\\\', $$\\\\$$;\n", "SELECT \"a:b\" -- :c\n;\n"}) {
    CHECK(failure(script(begin + body + insert("a1"))) == "none");
  }
}

TEST_CASE("alembic import: doubled percent signs are told from single ones") {
  const std::string named = "dialect_opts={'paramstyle': 'named'}";
  CHECK(doubles_percent("SELECT 'a%%', 5 %% 2", "context.configure(url=url)"));
  CHECK(doubles_percent("SELECT '%%%%'", ""));
  CHECK_FALSE(doubles_percent("SELECT 'a%%', 5 % 2", ""));
  CHECK_FALSE(doubles_percent("SELECT '%%%'", ""));
  CHECK_FALSE(doubles_percent("SELECT 'a%%'", named));
  OfflineScript input =
      script("-- Running upgrade  -> a1\n\nSELECT '%%', '%%%%';\n\n" + insert("a1"));
  CHECK(shown(input) == "up a1 <-\nSELECT '%%', '%%%%';\n");
  input.doubled_percent = true;
  CHECK(shown(input) == "up a1 <-\nSELECT '%', '%%';\n");
}

TEST_CASE("alembic import: a revision keeps what its docstring says") {
  const Revision header = parse_alembic_file(kRevisions.at("a1"), "versions/a1.py");
  Section upgrade;
  upgrade.text = "SELECT 1;\n";
  upgrade.options.transaction = false;
  const Revision revision = imported_revision(header, upgrade, std::nullopt);
  CHECK(render_revision_file(revision) ==
        "-- pgseed:migration 1\n-- revision: a1\n-- down_revision:\n-- branch_labels:\n"
        "-- depends_on:\n-- created: 2025-01-02 03:04:05\n-- message: initial schema\n"
        "-- x-alembic-sha256: " +
            alembic_checksum(kRevisions.at("a1")) +
            "\n\n"
            "-- upgrade transaction:false\n-- Says more: \"quoted\".\n\nSELECT 1;\n\n"
            "-- downgrade irreversible\n");
  Revision bad = header;
  bad.id = "a:1";
  CHECK_THROWS_AS(imported_revision(bad, upgrade, std::nullopt), Error);
}

TEST_CASE("alembic import: the bodies do what Alembic does, both ways") {
  if (!AlembicProject::is_installed()) return;
  const LocalPostgres postgres;
  for (const char* const configure :
       {"", "transaction_per_migration=True", "version_table='v', version_table_schema='public'"}) {
    CAPTURE(std::string(configure));
    postgres.create_database("theirs");
    postgres.create_database("ours");
    AlembicProject project(postgres.url("theirs"), configure);
    std::map<std::string, Revision> headers;
    for (const auto& [id, content] : kRevisions) {
      headers[id] =
          parse_alembic_file(content, project.folder().write("versions/" + id + ".py", content));
      CHECK(headers[id].id == id);
    }
    VersionTableName table;
    if (std::string_view(configure).starts_with("version_table")) table = {"public", "v"};
    const auto steps = read_offline_script(
        {project.must_run({"upgrade", "heads", "--sql"}), "upgrade", table, false});
    REQUIRE(steps.size() == kRevisions.size());

    std::vector<Revision> revisions;
    for (const OfflineStep& step : steps) {
      CHECK(step.direction == Direction::up);
      CHECK(step.parents == headers[step.id].down_revisions);
      CHECK(step.section.options.transaction == (step.id != "c3"));
      const auto back = read_offline_script(
          {project.must_run({"downgrade", downgrade_range(headers[step.id]), "--sql"}), "downgrade",
           table, false});
      const auto way_back = std::find_if(back.begin(), back.end(), [&](const OfflineStep& each) {
        return each.id == step.id && each.direction == Direction::down;
      });
      REQUIRE(way_back != back.end());
      // Through the file, as the user has it afterwards.
      revisions.push_back(
          parse_revision_file(render_revision_file(imported_revision(headers[step.id], step.section,
                                                                     way_back->section)),
                              step.id + ".sql"));
      CHECK(revisions.back().depends_on == headers[step.id].depends_on);
    }

    const std::string empty = dump_without_versions(postgres, "ours");
    for (const Revision& revision : revisions) apply(postgres, "ours", *revision.upgrade);
    project.must_run({"upgrade", "heads"});
    if (table.schema) postgres.sql("DROP TABLE public.v", "theirs");
    CHECK(dump_without_versions(postgres, "ours") == dump_without_versions(postgres, "theirs"));
    CHECK(dump_without_versions(postgres, "ours").find("ix_jobs_n") != std::string::npos);

    std::reverse(revisions.begin(), revisions.end());
    for (const Revision& revision : revisions) apply(postgres, "ours", *revision.downgrade);
    CHECK(dump_without_versions(postgres, "ours") == empty);
  }
}
