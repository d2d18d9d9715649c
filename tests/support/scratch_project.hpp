#pragma once
// A project of revisions written on the spot, a database of its own, and pgseed run in it with
// nothing of the caller's environment.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "support/cross_tool.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {

class ScratchProject {
 public:
  explicit ScratchProject(std::string database = "scratch") : database_(std::move(database)) {
    std::filesystem::create_directories(folder_.path() / "migrations/versions");
    cross_server().create_database(database_);
  }

  const TempDir& folder() const { return folder_; }
  std::string url() const { return cross_server().url(database_); }
  const std::string& database() const { return database_; }
  // Also what psql knows; the output of what it asks for.
  std::string sql(const std::string& text) const { return cross_server().sql(text, database_); }

  // versions/NAME with this content, as it is.
  std::string file(const std::string& name, const std::string& content) const {
    folder_.write("migrations/versions/" + name, content);
    return "migrations/versions/" + name;
  }
  // versions/ID_step.sql, message "step ID"; the upgrade's first statement is in line 7. headers:
  // whole lines.
  std::string revision(const std::string& id, const std::string& below, const std::string& up = {},
                       const std::string& down = {}, const std::string& headers = {}) const {
    return file(id + "_step.sql", "-- pgseed:migration 1\n-- revision: " + id +
                                      "\n-- down_revision: " + below + "\n-- message: step " + id +
                                      '\n' + headers + "\n-- upgrade\n" + up + "\n-- downgrade\n" +
                                      down + '\n');
  }
  // Three in a row, a1, b2, c3, each with a table of its name.
  void chain() const {
    std::string below;
    for (const std::string id : {"a1", "b2", "c3"}) {
      revision(id, below, "CREATE TABLE t_" + id + "(x int);", "DROP TABLE t_" + id + ';');
      below = id;
    }
  }

  // pgseed with these settings over the project's own.
  Command command(Words words, const Environment& environment = {}) const {
    words.insert(words.begin(), PGSEED_BINARY);
    Command made{.argv = std::move(words),
                 .environment = {{"DATABASE_URL", url()}},
                 .clean_environment = true,
                 .directory = folder_.path().string()};
    for (const auto& [name, value] : environment) made.environment[name] = value;
    return made;
  }
  // pgseed migrate WORDS.
  Result migrate(Words words, const Environment& environment = {}) const {
    words.insert(words.begin(), "migrate");
    return run(command(std::move(words), environment));
  }
  // Its standard output; the test ends if it fails.
  std::string must(Words words, const Environment& environment = {}) const {
    return test::must(migrate(std::move(words), environment));
  }

  // "a1,b2": the rows; "-" where there is no version table.
  std::string rows(const std::string& table = "alembic_version") const {
    return sql("select to_regclass('" + table +
               "') is null as missing \\gset\n\\if :missing\n\\echo "
               "-\n\\else\nselect string_agg(version_num, ',' order by version_num) from " +
               table + ";\n\\endif");
  }
  // All that pg_dump tells of the database, pgseed's own schema, too.
  std::string dump(Words besides = {}) const {
    besides.insert(besides.begin(), postgres_bin_dir() + "/pg_dump");
    besides.insert(besides.end(), {"--inserts", url()});
    const std::string all = test::must(run({.argv = std::move(besides)}));
    std::string out;
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t end = std::min(all.find('\n', at), all.size() - 1) + 1;
      if (all[at] != '\\') out += all.substr(at, end - at);  // \restrict has a random key
      at = end;
    }
    return out;
  }

 private:
  TempDir folder_;
  std::string database_;
};

// Checks that a command failed with one clear error: code, no result, and "error: ..." and
// "hint: ..." as they begin in stderr's last lines.
inline void check_error(const Result& result, int exit_code, const std::string& error,
                        const std::string& hint = {}) {
  INFO("stdout: ", result.out);
  INFO("stderr: ", result.err);
  CHECK(result.exit_code == exit_code);
  CHECK(result.out.empty());
  CHECK(contains('\n' + result.err, "\nerror: " + error));
  if (!hint.empty()) CHECK(contains(result.err, "\nhint: " + hint));
  for (const char* trace : {"internal error", "Traceback", "terminate called", "pqxx"}) {
    CHECK(!contains(result.err, trace));
  }
}

// The object on stdout, agreeing with the exit code.
inline Json check_json(const Result& result, const std::string& command) {
  INFO("stdout: ", result.out);
  INFO("stderr: ", result.err);
  REQUIRE(result.out.ends_with("}\n"));
  Json object(result.out);
  CHECK(object["version"].text() == "1");
  CHECK(object["command"].text() == command);
  CHECK(object["exit_code"].number() == result.exit_code);
  CHECK(object["ok"].text() == (result.exit_code == 0 ? "true" : "false"));
  CHECK(object.has("error"));
  return object;
}

}  // namespace pgseed::test
