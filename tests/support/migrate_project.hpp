#pragma once
// A project of plain SQL revisions in a temporary folder, one database, and pgseed run in it.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/local_postgres.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::test {

// One server for the tests of the executor; each makes a database of its own.
inline const LocalPostgres& migrate_server() {
  static const LocalPostgres server;
  return server;
}

class MigrateProject {
 public:
  explicit MigrateProject(std::string url) : url_(std::move(url)) {
    folder_.write("migrations/versions/.keep", "");
  }

  // options: of the section, such as "transaction:false". An empty downgrade: none.
  struct Sections {
    std::string upgrade, downgrade = {};
    std::string options = {}, down_options = {};
  };
  void revision(const std::string& id, const std::string& parents, const Sections& sections) const {
    std::string file = "-- pgseed:migration 1\n-- revision: " + id +
                       "\n-- down_revision: " + parents + "\n-- message: makes " + id + "\n\n";
    file += "-- upgrade " + sections.options + '\n' + sections.upgrade + '\n';
    if (!sections.downgrade.empty()) {
      file += "\n-- downgrade " + sections.down_options + '\n' + sections.downgrade + '\n';
    }
    folder_.write(path(id), file);
  }
  static std::string path(const std::string& id) { return "migrations/versions/" + id + ".sql"; }

  const TempDir& folder() const { return folder_; }
  const std::string& url() const { return url_; }
  void use(std::string url) { url_ = std::move(url); }

  // pgseed migrate ARGS... with nothing of the caller's environment.
  Command command(std::vector<std::string> args) const {
    args.insert(args.begin(), {PGSEED_BINARY, "migrate"});
    return {.argv = std::move(args),
            .environment = {{"DATABASE_URL", url_}, {"PYTHONDONTWRITEBYTECODE", "1"}},
            .clean_environment = true,
            .directory = folder_.path().string()};
  }
  Result run(std::vector<std::string> args) const { return test::run(command(std::move(args))); }
  std::unique_ptr<Process> start(std::vector<std::string> args) const {
    return std::make_unique<Process>(command(std::move(args)));
  }
  // Its standard output; the test ends if it fails.
  std::string must(std::vector<std::string> args) const {
    const std::string name = args.front();
    INFO("pgseed migrate ", name);
    const Result result = run(std::move(args));
    INFO(result.out, result.err);
    REQUIRE(result.exit_code == 0);
    return result.out;
  }

 private:
  TempDir folder_;
  std::string url_;
};

// The end of a process; the test ends if it hangs.
inline Result end_of(Process& process,
                     std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
  auto result = process.wait(timeout);
  REQUIRE_MESSAGE(result.has_value(), "hangs: ", process.err());
  return *std::move(result);
}

}  // namespace pgseed::test
