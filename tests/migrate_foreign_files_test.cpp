#include "pgseed/migrate/foreign_files.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"

using namespace pgseed;
using namespace pgseed::migrate;

namespace {

NamedFile file(const std::string& name, const std::string& content) {
  return {"m/" + name, name, content};
}

// "where: message" of the error, or "fine".
std::string outcome(const std::vector<NamedFile>& files) {
  try {
    read_foreign_files(files);
    return "fine";
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    return error.where + ": " + error.message;
  }
}

const std::string kDbmate = "-- migrate:up\n-- migrate:down\n";
const std::string kGoose = "-- +goose Up\n";

}  // namespace

TEST_CASE("foreign files: markers decide on the format, then the name") {
  const struct {
    std::string name, content;
    std::optional<FileFormat> format;
  } cases[] = {
      {"1_a.sql", kDbmate, FileFormat::dbmate},
      {"1_a.sql", "\xEF\xBB\xBF--migrate:up transaction:false\r\n", FileFormat::dbmate},
      {"1_a.sql", "-- a comment\n\n" + kGoose, FileFormat::goose},
      {"1_a.sql", "-- +goose NO TRANSACTION\n", FileFormat::goose},
      {"20250102030405_a.sql", kGoose, FileFormat::goose},
      {"1_a.up.sql", "SELECT 1;", FileFormat::golang_migrate},
      {"1_a.down.sql", "", FileFormat::golang_migrate},
      {"20250102030405_a.up.sql", "", FileFormat::golang_migrate},
      {"20250102030405_a.sql", "SELECT 1;", FileFormat::supabase},
      {"20250102030405_a.sql", "SELECT '\n-- migrate:up\n';", FileFormat::supabase},
      {"20250102030405_a.sql", "-- upgrade of the users\n", FileFormat::supabase},
      {"1_a.sql", "SELECT 1;", std::nullopt},
      {"a.up.sql", "SELECT 1;", std::nullopt},
      {"2025010203040_a.sql", "SELECT 1;", std::nullopt},
      // One of ours that lost its first line: its downgrade must not run with the rest.
      {"20250102030405_a.sql", "-- upgrade\nSELECT 1;\n-- downgrade\n", std::nullopt},
  };
  for (const auto& one : cases) {
    CAPTURE(one.name);
    CAPTURE(one.content);
    CHECK(foreign_format(file(one.name, one.content)) == one.format);
  }
}

TEST_CASE("foreign files: dbmate's sections have options of their own") {
  const auto revisions = read_foreign_files(
      {file("10_second_step.sql", "-- migrate:up\r\nSELECT 2;\r\n"),
       file("009_first.sql",
            "-- about\n-- migrate:up transaction:false\nSELECT ';\n-- migrate:down';\n"
            "-- migrate:down transaction:true\nSELECT 1;\n")});
  REQUIRE(revisions.size() == 2);
  const Revision& first = revisions[0];
  CHECK(first.id == "009");
  CHECK(first.message == "first");
  CHECK(first.path == "m/009_first.sql");
  CHECK(first.format == FileFormat::dbmate);
  CHECK(first.down_revisions.empty());
  CHECK(first.description == "first\n\nRevision ID: 009\nRevises: ");
  CHECK(first.upgrade->text == "SELECT ';\n-- migrate:down';\n");
  CHECK(first.upgrade->line == 3);
  CHECK(first.upgrade->path == "m/009_first.sql");
  CHECK_FALSE(first.upgrade->options.transaction);
  CHECK(first.downgrade->text == "SELECT 1;\n");
  CHECK(first.downgrade->line == 6);
  CHECK(first.downgrade->options.transaction);
  const Revision& second = revisions[1];
  CHECK(second.id == "10");
  CHECK(second.message == "second step");
  CHECK(second.down_revisions == std::vector<std::string>{"009"});
  CHECK(second.upgrade->text == "SELECT 2;\r\n");
  CHECK_FALSE(second.downgrade);
}

TEST_CASE("foreign files: goose's annotations have any case, NO TRANSACTION means both") {
  const auto revisions = read_foreign_files(
      {file("1_f.sql",
            "-- +goose no transaction\n-- +goose UP\n-- +goose StatementBegin\n"
            "CREATE FUNCTION f() RETURNS int AS $$\n-- +goose Down\n$$ LANGUAGE sql;\n"
            "-- +goose StatementEnd\n-- +goose ENVSUB OFF\n-- +goose Down\nDROP FUNCTION f\n"),
       file("2_g.sql", kGoose)});
  REQUIRE(revisions.size() == 2);
  CHECK(revisions[0].upgrade->text ==
        "-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int AS $$\n-- +goose Down\n"
        "$$ LANGUAGE sql;\n-- +goose StatementEnd\n-- +goose ENVSUB OFF\n");
  CHECK(revisions[0].downgrade->text == "DROP FUNCTION f\n");
  CHECK_FALSE(revisions[0].upgrade->options.transaction);
  CHECK_FALSE(revisions[0].downgrade->options.transaction);
  CHECK(revisions[1].upgrade->options.transaction);
}

TEST_CASE("foreign files: golang-migrate's two files become one revision") {
  const auto revisions =
      read_foreign_files({file("000002_b.up.sql", "two"), file("000001_add_a.down.sql", "down"),
                          file("000001_add_a.up.sql", "\xEF\xBB\xBFup")});
  REQUIRE(revisions.size() == 2);
  CHECK(revisions[0].id == "000001");
  CHECK(revisions[0].message == "add a");
  CHECK(revisions[0].path == "m/000001_add_a.up.sql");
  CHECK(revisions[0].upgrade->text == "up");
  CHECK(revisions[0].downgrade->text == "down");
  CHECK(revisions[0].downgrade->path == "m/000001_add_a.down.sql");
  CHECK(revisions[0].downgrade->line == 1);
  CHECK(revisions[1].down_revisions == std::vector<std::string>{"000001"});
  CHECK_FALSE(revisions[1].downgrade);
}

TEST_CASE("foreign files: Supabase's are linear and have no way down") {
  const auto revisions =
      read_foreign_files({file("20250102030405_b.sql", ""), file("20240102030405_a.sql", "x;")});
  REQUIRE(revisions.size() == 2);
  CHECK(revisions[0].id == "20240102030405");
  CHECK(revisions[0].format == FileFormat::supabase);
  CHECK(revisions[0].upgrade->text == "x;");
  CHECK(revisions[1].down_revisions == std::vector<std::string>{"20240102030405"});
  CHECK_FALSE(revisions[0].downgrade);
}

TEST_CASE("foreign files: what does not fit is refused with its place") {
  const std::string long_name = std::string(33, '1') + "_a.sql";
  const struct {
    std::vector<NamedFile> files;
    std::string outcome;
  } cases[] = {
      {{}, "fine"},
      {{file("1_a.sql", kDbmate), file("2_b.sql", kGoose)},
       "m/2_b.sql: a migration of goose beside one of dbmate (m/1_a.sql)"},
      {{file("1_a.sql", kDbmate), file("01_b.sql", kDbmate)},
       "m/01_b.sql: version 01 stands in two files, the other is m/1_a.sql"},
      {{file("1_a.down.sql", ""), file("1_b.down.sql", "")},
       "m/1_b.down.sql: version 1 stands in two files, the other is m/1_a.down.sql"},
      {{file("1_a.down.sql", "")}, "m/1_a.down.sql: a .down.sql file without its .up.sql"},
      {{file("a_b.sql", kDbmate)}, "m/a_b.sql: the file name does not begin with a version"},
      {{file(long_name, kDbmate)}, "m/" + long_name + ": the version is longer than 32 digits"},
      {{file("1_a.sql", kDbmate + "-- migrate:up\n")}, "m/1_a.sql:3: a second \"-- migrate:up\""},
      {{file("1_a.sql", "-- migrate:down\n")},
       "m/1_a.sql:1: the file has no section \"-- migrate:up\""},
      {{file("1_a.sql", "-- x\nSELECT 1;\n-- migrate:up\n")},
       "m/1_a.sql:2:1: SQL before the first marker"},
      {{file("1_a.sql", "-- migrate:up env:X\n")}, "m/1_a.sql:1: unknown dbmate option 'env:X'"},
      {{file("1_a.sql", kGoose + "-- +goose Sideways\n")},
       "m/1_a.sql:2: unknown goose annotation 'Sideways'"},
      {{file("1_a.sql", kGoose + "-- +goose ENVSUB ON\n")},
       "m/1_a.sql:2: goose's ENVSUB is not supported"},
      {{file("1_a.sql", kGoose + "-- migrate:down\n")},
       "m/1_a.sql:2: a marker of another tool in a file of goose"},
      {{file("1_a.sql", kGoose + "SELECT '\n")}, "m/1_a.sql:2:8: a string is never closed"},
      {{file("1_a.up.sql", "\xFF")}, "m/1_a.up.sql:1: the file is not UTF-8"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.outcome);
    CHECK(outcome(one.files) == one.outcome);
  }
}
