#pragma once
// A copy of one of the five projects under seeds/, and pgseed run in it as its people do: the
// folder is the working directory, the environment holds what is given and nothing else.
#include <doctest/doctest.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/pg/snapshot.hpp"
#include "support/process.hpp"
#include "support/seeding.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::test {

class SeedProject {
 public:
  SeedProject(const std::string& name, Environment environment)
      : environment_(std::move(environment)) {
    std::filesystem::copy(PGSEED_SOURCE_DIR "/seeds/" + name, folder_.path(),
                          std::filesystem::copy_options::recursive);
  }

  const TempDir& folder() const { return folder_; }
  std::string read(const std::string& file) const { return read_file(folder_ / file); }
  // versions/ID_*.sql, relative to the project.
  std::string file_of(const std::string& id) const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / kVersions)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(id + '_')) return std::string(kVersions) + '/' + name;
    }
    throw std::runtime_error("no file of revision " + id);
  }
  void remove(const std::string& id) const { std::filesystem::remove(folder_ / file_of(id)); }
  // In the file of a revision; `what` must be there.
  void replace(const std::string& id, const std::string& what, const std::string& with) const {
    const std::string file = file_of(id);
    std::string content = read(file);
    const auto at = content.rfind(what);
    REQUIRE(at != std::string::npos);
    folder_.write(file, content.replace(at, what.size(), with));
  }

  // pgseed ARGS...
  Result pgseed(std::vector<std::string> args, const Environment& besides = {}) const {
    Command command;
    command.argv = {PGSEED_BINARY};
    command.argv.insert(command.argv.end(), args.begin(), args.end());
    command.clean_environment = true;
    command.environment = environment_;
    // No run finds the ledger of another.
    command.environment["PGSEED_STATE_DIR"] = folder_ / ("state" + std::to_string(++calls_));
    for (const auto& [name, value] : besides) command.environment[name] = value;
    command.directory = folder_.path().string();
    return run(command);
  }
  // pgseed migrate ARGS...
  Result migrate(std::vector<std::string> args, const Environment& besides = {}) const {
    args.insert(args.begin(), "migrate");
    return pgseed(std::move(args), besides);
  }
  // Its standard output; the test ends if it fails.
  std::string must(std::vector<std::string> args, const Environment& besides = {}) const {
    const Result result = migrate(args, besides);
    INFO(args.front(), ": ", result.out, result.err);
    REQUIRE(result.exit_code == 0);
    return result.out;
  }

  static constexpr const char* kVersions = "migrations/versions";

 private:
  TempDir folder_;
  Environment environment_;
  mutable int calls_ = 0;
};

using Snapshot = std::vector<pg::SnapshotEntry>;

// All objects of a database but the version table.
inline Snapshot snapshot(const std::string& url) {
  pg::Session session(url);
  return pg::read_snapshot(session, {{"public.alembic_version"}});
}

// The lines that tell two states apart; empty if they are equal.
inline std::string differences(const Snapshot& wanted, const Snapshot& found) {
  std::string lines;
  for (const std::string& line : pg::compare_snapshots(wanted, found)) lines += line + '\n';
  return lines;
}

}  // namespace pgseed::test
