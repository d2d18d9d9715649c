#pragma once
// A small Alembic project in a temporary folder, and Debian's alembic to run it.
#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/local_postgres.hpp"

namespace pgseed::test {

class AlembicProject {
 public:
  // url: the database; configure: what env.py gives context.configure() besides.
  explicit AlembicProject(std::string url, const std::string& configure = {})
      : url_(std::move(url)) {
    folder_.write("alembic.ini", "[alembic]\nscript_location = .\n");
    folder_.write("env.py",
                  "import os\nimport sqlalchemy\nfrom alembic import context\n"
                  "url = os.environ['TEST_URL']\noptions = dict(" +
                      configure +
                      ")\n"
                      "if context.is_offline_mode():\n"
                      "    context.configure(url=url, literal_binds=True,\n"
                      "                      dialect_opts={'paramstyle': 'named'}, **options)\n"
                      "    with context.begin_transaction():\n"
                      "        context.run_migrations()\n"
                      "else:\n"
                      "    with sqlalchemy.create_engine(url).connect() as connection:\n"
                      "        context.configure(connection=connection, **options)\n"
                      "        with context.begin_transaction():\n"
                      "            context.run_migrations()\n");
    folder_.write("versions/.keep", "");
  }

  // False where alembic is not installed; says so.
  static bool is_installed() {
    try {
      if (test::run({.argv = {"alembic", "--version"}}).exit_code == 0) return true;
    } catch (const std::runtime_error&) {
      // not in PATH
    }
    MESSAGE("alembic is not installed: skipped");
    return false;
  }

  const TempDir& folder() const { return folder_; }
  void use(std::string url) { url_ = std::move(url); }

  Result run(std::vector<std::string> args) const {
    args.insert(args.begin(), "alembic");
    return test::run({.argv = std::move(args),
                      .environment = {{"TEST_URL", url_}, {"PYTHONDONTWRITEBYTECODE", "1"}},
                      .directory = folder_.path().string()});
  }
  // Its standard output; the test fails if alembic does.
  std::string must_run(std::vector<std::string> args) const {
    const Result result = run(std::move(args));
    INFO(result.out);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return result.out;
  }

 private:
  TempDir folder_;
  std::string url_;
};

// A dump that tells two databases apart by all they hold, but for where they stand.
inline std::string dump_without_versions(const LocalPostgres& postgres,
                                         const std::string& database) {
  const Result result = run({.argv = {postgres_bin_dir() + "/pg_dump", "--inserts", "-T",
                                      "*.alembic_version", postgres.url(database)}});
  REQUIRE(result.exit_code == 0);
  std::string out;
  for (std::string_view rest = result.out; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    if (!rest.starts_with('\\')) out += rest.substr(0, end);  // \restrict has a random key
    rest.remove_prefix(end);
  }
  return out;
}

}  // namespace pgseed::test
