#include "pgseed/migrate/revision_file.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"

using namespace pgseed;
using namespace pgseed::migrate;

namespace {

using Names = std::vector<std::string>;

const std::string kHead = "-- pgseed:migration 1\n-- revision: a1\n\n";  // three lines

// "where: message" of the error, or "fine".
std::string outcome(const std::string& content) {
  try {
    parse_revision_file(content, "v/a1_x.sql");
    return "fine";
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    return error.where + ": " + error.message;
  }
}

std::string upgrade_of(const std::string& content) {
  return parse_revision_file(content, "a1.sql").upgrade->text;
}

bool same(const Section& left, const Section& right) {
  return left.text == right.text && left.line == right.line && left.path == right.path &&
         left.options.transaction == right.options.transaction &&
         left.options.lock_timeout == right.options.lock_timeout &&
         left.options.statement_timeout == right.options.statement_timeout &&
         left.options.timeout == right.options.timeout &&
         left.options.irreversible == right.options.irreversible;
}

}  // namespace

TEST_CASE("revision file: headers, sections and their lines are read") {
  const std::string content =
      "-- pgseed:migration 1\n"
      "-- revision: e5.x_1\n"
      "-- down_revision: c3, d4\n"
      "-- branch_labels: shop, été\n"
      "-- depends_on: plug,b2\n"
      "-- created: 2025-12-14 16:32:12.337477\n"
      "-- message: orders: first part\n"
      "-- replaces: c1\n"
      "-- author: Ann <ann@example.org>\n"
      "-- x-ticket: 12\n"
      "\n"
      "-- A comment.\n"
      "-- upgrade transaction:false lock_timeout:5s statement_timeout:0 timeout:1.5min\n"
      "CREATE TABLE t (a int);\n"
      "-- downgrade irreversible\n";
  const Revision revision = parse_revision_file(content, "v/e5_orders.sql");
  CHECK(revision.id == "e5.x_1");
  CHECK(revision.down_revisions == Names{"c3", "d4"});
  CHECK(revision.branch_labels == Names{"shop", "été"});
  CHECK(revision.depends_on == Names{"plug", "b2"});
  CHECK(revision.created == "2025-12-14 16:32:12.337477");
  CHECK(revision.message == "orders: first part");
  CHECK(revision.replaces == Names{"c1"});
  CHECK(revision.author == "Ann <ann@example.org>");
  CHECK(revision.path == "v/e5_orders.sql");
  CHECK(revision.format == FileFormat::pgseed);
  CHECK(revision.description ==
        "orders: first part\n\nRevision ID: e5.x_1\nRevises: c3, d4\n"
        "Create Date: 2025-12-14 16:32:12.337477");
  REQUIRE(revision.upgrade);
  CHECK(revision.upgrade->text == "CREATE TABLE t (a int);\n");
  CHECK(revision.upgrade->line == 14);
  CHECK(revision.upgrade->path == "v/e5_orders.sql");
  CHECK_FALSE(revision.upgrade->options.transaction);
  CHECK(revision.upgrade->options.lock_timeout == "5s");
  CHECK(revision.upgrade->options.statement_timeout == "0");
  CHECK(revision.upgrade->options.timeout == "1.5min");
  REQUIRE(revision.downgrade);
  CHECK(revision.downgrade->text.empty());
  CHECK(revision.downgrade->line == 16);
  CHECK(revision.downgrade->options.irreversible);
  CHECK(revision.downgrade->options.transaction);
}

TEST_CASE("revision file: a byte order mark and CRLF change nothing") {
  const Revision revision = parse_revision_file(
      "\xEF\xBB\xBF-- pgseed:migration 1 \r\n-- revision: a1\r\n-- down_revision:\r\n"
      "-- message: m\r\n\r\n-- upgrade\r\nSELECT 1;\r\n-- downgrade\r\nSELECT 2",
      "a1.sql");
  CHECK(revision.id == "a1");
  CHECK(revision.message == "m");
  CHECK(revision.down_revisions.empty());
  CHECK(revision.upgrade->text == "SELECT 1;\r\n");
  CHECK(revision.downgrade->text == "SELECT 2");
  CHECK(revision.downgrade->line == 9);
}

TEST_CASE("revision file: without a message header the file's name tells it") {
  const struct {
    const char *path, *message;
  } cases[] = {
      {"v/a1_add_users.sql", "add users"},
      {"2025_12_a1_add_users.sql", "add users"},
      {"a1.sql", ""},
      {"other.sql", ""},
      {"v_a1_x/b2_y.sql", ""},
      {"a1_.sql", ""},
  };
  for (const auto& one : cases) {
    CAPTURE(one.path);
    CHECK(parse_revision_file(kHead + "-- upgrade\n", one.path).message == one.message);
  }
  // A header without a value says that there is none.
  CHECK(parse_revision_file("-- pgseed:migration 1\n-- revision: a1\n-- message:\n-- upgrade\n",
                            "a1_x.sql")
            .message.empty());
}

TEST_CASE("revision file: what is broken is refused at its line") {
  const std::string magic = "-- pgseed:migration 1\n";
  const std::string long_id(33, 'a');
  const struct {
    std::string content, outcome;
  } cases[] = {
      {"", "v/a1_x.sql:1: the file is empty"},
      {" \r\n\n", "v/a1_x.sql:1: the file is empty"},
      {"SELECT 1;\n", "v/a1_x.sql:1: the first line is not \"-- pgseed:migration 1\""},
      {"\n" + magic, "v/a1_x.sql:1: the first line is not \"-- pgseed:migration 1\""},
      {"-- pgseed:migration 2\n", "v/a1_x.sql:1: version '2' of the migration format is unknown"},
      {"-- pgseed:migration\n", "v/a1_x.sql:1: version '' of the migration format is unknown"},
      {magic + "-- revision: a1\n\n-- upgrade\n\xE9", "v/a1_x.sql:5: the file is not UTF-8"},
      {kHead + "-- upgrade\n" + std::string(1, '\0'), "v/a1_x.sql:5: a NUL byte in the file"},
      {magic + "-- upgrade\n", "v/a1_x.sql:1: the headers name no revision"},
      {magic + "\n-- revision: a1\n-- upgrade\n", "v/a1_x.sql:1: the headers name no revision"},
      {magic + "-- revision:\n", "v/a1_x.sql:2: an empty revision id"},
      {magic + "-- revision: heads\n",
       "v/a1_x.sql:2: 'heads' is reserved and cannot be a revision id"},
      {magic + "-- revision: a-b\n",
       "v/a1_x.sql:2: the character '-' is not allowed in the revision id 'a-b'"},
      {magic + "-- revision: " + long_id + "\n",
       "v/a1_x.sql:2: the revision id '" + long_id + "' is longer than 32 characters"},
      {magic + "-- revision: a1\n-- colour: red\n", "v/a1_x.sql:3: unknown header 'colour'"},
      {magic + "-- Revision: a1\n", "v/a1_x.sql:2: unknown header 'Revision'"},
      {magic + "-- revision: a1\n-- revision: a1\n",
       "v/a1_x.sql:3: the header 'revision' is given twice"},
      {magic + "-- revision: a1\n-- down_revision: b@c\n",
       "v/a1_x.sql:3: the character '@' is not allowed in the revision id 'b@c'"},
      {magic + "-- revision: a1\n-- depends_on: b, plug@head\n",
       "v/a1_x.sql:3: the character '@' is not allowed in the branch label 'plug@head'"},
      {magic + "-- revision: a1\n-- branch_labels: base\n",
       "v/a1_x.sql:3: 'base' is reserved and cannot be a branch label"},
      {magic + "-- revision: a1\n-- down_revision: b,\n",
       "v/a1_x.sql:3: a comma too many in the header 'down_revision'"},
      {magic + "-- revision: a1\n-- down_revision: b, b\n",
       "v/a1_x.sql:3: the header 'down_revision' names 'b' twice"},
      {magic + "-- revision: a1\n-- a comment\n-- down_revision: b\n-- upgrade\n",
       "v/a1_x.sql:4: the header 'down_revision' stands apart from the others"},
      {kHead, "v/a1_x.sql:2: there is no section \"-- upgrade\""},
      {kHead + "-- downgrade\n", "v/a1_x.sql:2: there is no section \"-- upgrade\""},
      {kHead + "-- upgrade\n-- downgrade\n-- upgrade\n",
       "v/a1_x.sql:6: a second section \"-- upgrade\""},
      {kHead + "/* so */ SELECT 1;\n-- upgrade\n", "v/a1_x.sql:4:10: SQL before the first section"},
      {kHead + "SELECT 1;\n", "v/a1_x.sql:4:1: SQL before the first section"},
      {kHead + "-- upgrade\nSELECT 'é', 'x;\n-- downgrade\n",
       "v/a1_x.sql:5:13: a string is never closed"},
      {kHead + "-- upgrade\nSELECT \"x;\n", "v/a1_x.sql:5:8: a quoted name is never closed"},
      {kHead + "-- upgrade\nDO $x$ $$\n",
       "v/a1_x.sql:5:4: a dollar-quoted string $x$ is never closed"},
      {kHead + "-- upgrade\n/* /* */\n", "v/a1_x.sql:5:1: a comment /* is never closed"},
      {kHead + "-- upgrade\nCOPY t FROM stdin;\n1\n-- downgrade\n",
       "v/a1_x.sql:5:1: the data of COPY ends without '\\.'"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.content);
    CHECK(outcome(one.content) == one.outcome);
  }
}

TEST_CASE("revision file: a section's options are checked word by word") {
  const std::string at = "v/a1_x.sql:4: ";
  const struct {
    std::string marker, outcome;
  } cases[] = {
      {"-- upgrade \t transaction:true ", "fine"},
      {"-- upgrade transaction=false", at + "the option 'transaction' has no value behind a colon"},
      {"-- upgrade transaction: false",
       at + "the option 'transaction' has no value behind a colon"},
      {"-- upgrade transaction:off", at + "'off' is no value of the option 'transaction'"},
      {"-- upgrade lock_timeout:soon", at + "'soon' is no value of the option 'lock_timeout'"},
      {"-- upgrade timeout:5s timeout:6s", at + "the option 'timeout' is given twice"},
      {"-- upgrade speed:high", at + "unknown option 'speed' of a section"},
      {"-- upgrade quickly timeout:5s", at + "unknown option 'quickly' of a section"},
      {"-- upgrade irreversible", at + "an upgrade cannot be irreversible"},
      {"--upgrade", at + "'--upgrade' is nearly a section's marker"},
      {"-- Upgrade", at + "'-- Upgrade' is nearly a section's marker"},
      {"--  upgrade timeout:5s", at + "'--  upgrade timeout:5s' is nearly a section's marker"},
      {"-- upgrade:", at + "'-- upgrade:' is nearly a section's marker"},
      {"-- upgrade the users table",
       at + "'-- upgrade the users table' is nearly a section's marker"},
      {"-- upgraded", "v/a1_x.sql:2: there is no section \"-- upgrade\""},
      {" -- upgrade", at + "'-- upgrade' is nearly a section's marker"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.marker);
    CHECK(outcome(kHead + one.marker + "\n") == one.outcome);
  }
  try {
    parse_revision_file(kHead + "-- upgrade transaction=false\n", "a1.sql");
  } catch (const Error& error) {
    CHECK(error.hint == "write it without blanks: transaction:false");
  }
}

TEST_CASE("revision file: a downgrade whose marker is misspelt is not part of the upgrade") {
  const char* const markers[] = {"-- downgrade (irreversible)",
                                 "  -- downgrade",
                                 "\t-- downgrade transaction:false",
                                 "-- downgrade -- drop it",
                                 "-- downgrade, drop",
                                 "-- downgrade.",
                                 "-- downgrade section",
                                 "-- downgrade no transaction",
                                 "--- DOWNGRADE ---",
                                 "-- (downgrade)"};
  for (const std::string marker : markers) {
    CAPTURE(marker);
    const std::string sql = "-- upgrade\nCREATE TABLE a (id int);\n\n";
    const std::string below = marker + "\nDROP TABLE a;\n";
    const std::string comment = marker.substr(marker.find('-'));
    CHECK(outcome(kHead + sql + below) ==
          "v/a1_x.sql:7: '" + comment + "' is nearly a section's marker");
    // Where the section has its marker, the line is prose; in a text it is the text's.
    const Revision revision =
        parse_revision_file(kHead + sql + below + "-- downgrade\nSELECT 2;\n", "a1.sql");
    CHECK(revision.upgrade->text.ends_with("DROP TABLE a;\n"));
    CHECK(outcome(kHead + "-- upgrade\nDO $$\n" + marker + "\n$$;\n") == "fine");
  }
  CHECK(outcome(kHead + "-- upgrade\nSELECT 1;  -- downgrade\n-- downgraded\n-- a downgrade\n") ==
        "fine");
}

TEST_CASE("revision file: only a marker outside quotes, comments and data begins a section") {
  const char* const hidden[] = {
      "SELECT 'a\n-- downgrade\n';\n",
      "SELECT \"a\n-- downgrade\n\";\n",
      "SELECT E'it\\'s\n-- downgrade\n';\n",
      "SELECT U&'a\n-- downgrade\n', U&\"b\n-- downgrade\n\";\n",
      "DO $$\n-- downgrade\n$$;\n",
      "DO $a$ $$ $b$\n-- downgrade\n$a$;\n",
      "SELECT a$b$c\n;\nDO $b$\n-- downgrade\n$b$;\n",
      "/* a /* b */\n-- downgrade\n*/\n",
      "COPY t (a) FROM stdin;\n'\n-- downgrade\n$$\n\\.\n",
      "BEGIN; copy s.t from STDIN WITH (FORMAT csv, ENCODING 'latin1');\n-- downgrade\n\\.\r\n",
      "-- don't\n-- upgrade the rest\nSELECT 1;\n -- downgrade\n",
      "\\echo it's\n",
      "COPY t TO stdout;\nSELECT 1 -- it's one\r\n;\n",
  };
  for (const std::string sql : hidden) {
    CAPTURE(sql);
    const Revision revision =
        parse_revision_file(kHead + "-- upgrade\n" + sql + "-- downgrade\nSELECT 2;\n", "a1.sql");
    CHECK(revision.upgrade->text == sql);
    CHECK(revision.downgrade->text == "SELECT 2;\n");
  }
}

TEST_CASE("revision file: a marker ends a statement that has no semicolon") {
  const Revision revision = parse_revision_file(
      kHead + "-- downgrade\nDROP TABLE t\n-- upgrade\nCOPY t FROM stdin;\n-- upgrade\n\\.\n",
      "a1.sql");
  CHECK(revision.downgrade->text == "DROP TABLE t\n");
  CHECK(revision.upgrade->text == "COPY t FROM stdin;\n-- upgrade\n\\.\n");
}

TEST_CASE("revision file: what is rendered reads as the same revision") {
  Revision revision;
  revision.id = "e5";
  revision.down_revisions = {"c3", "d4"};
  revision.branch_labels = {"shop"};
  revision.depends_on = {"b2"};
  revision.created = "2026-01-02 03:04:05";
  revision.message = "two\nlines";
  revision.path = "v/e5.sql";
  revision.upgrade = Section{"\nSELECT 'a\n-- upgrade\n';\n\n", "v/e5.sql", 11, {}};
  revision.upgrade->options.transaction = false;
  revision.upgrade->options.timeout = "5min";
  revision.downgrade = Section{"SELECT 2", "v/e5.sql", 16, {}};
  revision.downgrade->options.irreversible = true;
  const std::string content = render_revision_file(revision);
  CHECK(content ==
        "-- pgseed:migration 1\n-- revision: e5\n-- down_revision: c3, d4\n"
        "-- branch_labels: shop\n-- depends_on: b2\n-- created: 2026-01-02 03:04:05\n"
        "-- message: two lines\n\n-- upgrade transaction:false timeout:5min\n\nSELECT 'a\n"
        "-- upgrade\n';\n\n-- downgrade irreversible\nSELECT 2");
  const Revision back = parse_revision_file(content, "v/e5.sql");
  CHECK(back.id == revision.id);
  CHECK(back.down_revisions == revision.down_revisions);
  CHECK(back.branch_labels == revision.branch_labels);
  CHECK(back.depends_on == revision.depends_on);
  CHECK(back.created == revision.created);
  CHECK(back.message == "two lines");
  revision.upgrade->line = 10;
  revision.downgrade->line = 16;
  CHECK(same(*back.upgrade, *revision.upgrade));
  CHECK(same(*back.downgrade, *revision.downgrade));
  CHECK(render_revision_file(back) == content);
}

TEST_CASE("revision file: rendering keeps a comment from becoming a marker") {
  Revision revision;
  revision.id = "a1";
  revision.upgrade = Section{"SELECT 1;\n-- downgrade\nSELECT 2;\n-- Upgrade:\n", "x.sql", 1, {}};
  const std::string content = render_revision_file(revision);
  CHECK(upgrade_of(content) == "SELECT 1;\n-- note: downgrade\nSELECT 2;\n-- note: Upgrade:\n");
  CHECK_FALSE(parse_revision_file(content, "a1.sql").downgrade);
}

TEST_CASE("revision file: an empty revision is rendered with its sections apart") {
  Revision revision;
  revision.id = "a1";
  revision.author = "Ann";
  revision.replaces = {"b", "c"};
  revision.upgrade = Section{};
  revision.downgrade = Section{};
  CHECK(render_revision_file(revision) ==
        "-- pgseed:migration 1\n-- revision: a1\n-- down_revision:\n-- branch_labels:\n"
        "-- depends_on:\n-- created:\n-- message:\n-- replaces: b, c\n-- author: Ann\n\n"
        "-- upgrade\n\n-- downgrade\n");
}

TEST_CASE("revision file: the description has the layout of Alembic's docstrings") {
  Revision revision;
  revision.id = "a1";
  CHECK(alembic_description(revision) == "Revision ID: a1\nRevises: ");
  revision.message = "first";
  revision.created = "today";
  CHECK(alembic_description(revision) == "first\n\nRevision ID: a1\nRevises: \nCreate Date: today");
}

TEST_CASE("revision file: the first line tells whose file it is, whatever the version") {
  CHECK(is_revision_file("-- pgseed:migration 1"));
  CHECK(is_revision_file("\xEF\xBB\xBF-- pgseed:migration 2\r\n"));
  CHECK(is_revision_file("-- pgseed:migration\n"));
  CHECK_FALSE(is_revision_file("-- pgseed:migrations\n"));
  CHECK_FALSE(is_revision_file(" -- pgseed:migration 1\n"));
  CHECK_FALSE(is_revision_file(""));
}

TEST_CASE("revision file: line ends and outer blank lines do not change a checksum") {
  const auto sum = [](const char* sql) { return section_checksum(Section{sql, "", 1, {}}); };
  CHECK(sum("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sum("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sum(" \n\t\r\n") == sum(""));
  CHECK(sum("\r\n\nSELECT 1;  \r\n\r\nSELECT 2;\r\n\n") == sum("SELECT 1;\n\nSELECT 2;"));
  CHECK(sum("SELECT 1;\n\nSELECT 2;") != sum("SELECT 1;\nSELECT 2;"));
  CHECK(sum(" SELECT 1;") != sum("SELECT 1;"));
}
