#pragma once
// What the subcommands of `pgseed migrate` work with: the files, the graph, the database.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/cli/config.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/cli/json_output.hpp"
#include "pgseed/migrate/directory.hpp"
#include "pgseed/migrate/executor.hpp"
#include "pgseed/migrate/graph.hpp"

namespace pgseed::cli {

// Options of `pgseed migrate` itself; they may stand before or behind the subcommand.
struct MigrateFlags {
  std::vector<std::string> dirs;
  std::optional<std::string> ini_file;
  std::optional<std::string> version_table;
  bool alembic_exit_codes = false;
  // Of the subcommands that run something.
  bool sql = false;
  bool single_transaction = false;
  bool dry_run = false;
  bool no_log = false;
  bool no_wait = false;
  bool delegate_alembic = false;
  double lock_wait = 60;
  std::optional<std::string> lock_timeout, statement_timeout;
  std::vector<std::string> variables;  // NAME=VALUE
};

class MigrateProject : private migrate::ExecutorObserver {
 public:
  // Resolves the configuration; reads no revision yet. flags must outlive it.
  MigrateProject(const MigrateFlags& flags, const GlobalFlags& global);

  const MigrateFlags& flags() const { return flags_; }
  Console& console() { return console_; }
  const Config& config() const { return config_; }
  // The alembic.ini in use; empty without one.
  const std::string& ini_file() const { return ini_file_; }
  // The first folder that --dir, alembic.ini, pgseed.toml or the default name: where `init` and
  // `revision` write.
  const std::filesystem::path& directory() const { return directory_; }
  const migrate::Locations& locations() const { return locations_; }

  // Read and checked on first use, which says whether pairs of .sql and .py have to agree. Throws
  // Error{input}.
  const migrate::Graph& graph(migrate::Pairs pairs = migrate::Pairs::must_agree);
  // Throws Error{usage} without one.
  const std::string& database_url() const;
  migrate::VersionTableName version_table() const;
  // What flags and settings say of them; else they stay as they are.
  void set_timeouts(std::string& lock, std::string& statement) const;
  // Its delegate refers to this object.
  migrate::ExecutorOptions executor_options();
  migrate::VariableLookup variables() const;
  // What Alembic is given besides our own environment, so that it works on the database that we
  // work on, wherever its URL came from. A secret.
  std::map<std::string, std::string> alembic_environment() const;
  // Connected on first use.
  migrate::Executor& executor();
  // The rows of the database.
  migrate::AppliedRows rows();

  // The API shows new tables and columns only after it has read the schema again: waits for that
  // where a REST URL is configured. steps: what ran; dropped: objects that went without a revision,
  // each as "table public.problems". Never throws for the API's sake; says so.
  void wait_for_api(const migrate::Plan& steps, const std::vector<std::string>& dropped = {});

  // The exit code of a command that worked and found something: not up to date, lint, drift.
  int findings_code() const;

  // So that the next command knows: writes pgseed.toml with [migrate] NAME = "VALUE", or, where
  // there is one, says what to write there.
  void keep_setting(const std::string& name, const std::string& value);

  // A line of result; in --json mode it is left to the object.
  void print(const std::string& line);

 private:
  void step_begins(const migrate::Step& step) override;
  void note(const std::string& line) override;

  const MigrateFlags& flags_;
  Console console_;
  Config config_;
  std::string ini_file_;
  std::optional<std::string> ini_url_;  // sqlalchemy.url: the last resort
  std::filesystem::path directory_;
  migrate::Locations locations_;
  std::optional<migrate::Graph> graph_;
  std::unique_ptr<migrate::Executor> executor_;
};

// Of every command that Alembic refuses.
constexpr int kAlembicFailure = 255;

// {"version":1,"command":"migrate NAME","ok":...,"exit_code":...: the beginning of every object.
JsonOutput begin_migrate_json(const std::string& name, int exit_code);
// ,"error":null} and the end.
std::string end_migrate_json(JsonOutput& out);
// An array of revisions with all that is known of them.
void write_revisions(JsonOutput& out, const std::string& name, const migrate::Graph& graph,
                     const migrate::Nodes& nodes, const migrate::NodeSet* applied);
void write_strings(JsonOutput& out, const std::string& name,
                   const std::vector<std::string>& values);

}  // namespace pgseed::cli
