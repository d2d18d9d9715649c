// `pgseed migrate test`: does every way back lead back?
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/migrate_commands.hpp"
#include "pgseed/cli/scratch_database.hpp"
#include "pgseed/migrate/lines.hpp"
#include "pgseed/pg/snapshot.hpp"

namespace pgseed::cli {
namespace {

using migrate::Direction;
using migrate::Graph;
using migrate::Node;
using Snapshot = std::vector<pg::SnapshotEntry>;

// Differences shown for one revision; the first ones tell the rest.
constexpr std::size_t kShownDifferences = 20;

struct Verdict {
  Node node;
  std::string result;  // "ok", "irreversible", "failed"
  std::vector<std::string> problems;
};

struct Verdicts {
  std::vector<Verdict> revisions;
  // Those behind one that a statement failed in: they need what it did not do.
  std::size_t not_tried = 0;
};

// Runs the project's revisions in a database of its own.
class Trial : private migrate::ExecutorObserver {
 public:
  Trial(MigrateProject& project, const std::string& url)
      : project_(project), graph_(project.graph()) {
    migrate::ExecutorOptions options = project.executor_options();
    options.log = false;
    options.dry_run = options.single_transaction = false;
    migrate::ExecutorObserver& observer = *this;
    executor_ = std::make_unique<migrate::Executor>(url, graph_, std::move(options), observer);
    if (executor_->table().exists()) {
      throw Error(ErrorKind::usage,
                  "the database for the test is not empty: it has a version table", {},
                  "--scratch-url names a database whose contents do not matter");
    }
  }

  // Every revision up, down, and up again; then all the way down and up.
  Verdicts run() {
    Verdicts verdicts;
    empty_ = before_ = snapshot();
    const auto plan = migrate::plan_upgrade(graph_, executor_->rows(), {graph_.real_heads()});
    for (const migrate::Step& step : plan) {
      verdicts.revisions.push_back({step.node, "ok", {}});
      if (try_revision(verdicts.revisions.back())) continue;
      verdicts.not_tried = plan.size() - verdicts.revisions.size();
      return verdicts;
    }
    if (all_the_way_ && !plan.empty()) try_all_the_way(verdicts.revisions.back());
    return verdicts;
  }

 private:
  void step_begins(const migrate::Step& step) override {
    if (project_.console().verbose() > 0) {
      project_.console().info(migrate::running_line(graph_, step));
    }
  }
  void note(const std::string& line) override { project_.console().info("note: " + line); }

  // False if a statement failed.
  bool try_revision(Verdict& verdict) {
    const Node node = verdict.node;
    if (!goes(verdict, "the upgrade fails", [&] { up(node); })) return false;
    Snapshot after = snapshot();
    const migrate::Revision& revision = graph_[node];
    if (!revision.downgrade || revision.downgrade->options.irreversible) {
      verdict.result = "irreversible";
      all_the_way_ = false;
    } else {
      if (!goes(verdict, "the downgrade fails", [&] { down(node); })) return false;
      note(verdict, "after the downgrade", before_, snapshot());
      if (!goes(verdict, "the second upgrade fails", [&] { up(node); })) return false;
      note(verdict, "after the second upgrade", after, snapshot());
    }
    before_ = std::move(after);
    return true;
  }

  void try_all_the_way(Verdict& last) {
    if (!goes(last, "downgrade base fails", [&] { executor_->downgrade("base"); })) return;
    note(last, "after downgrade base", empty_, snapshot());
    if (!goes(last, "upgrade heads after downgrade base fails",
              [&] { executor_->upgrade("heads"); })) {
      return;
    }
    note(last, "after downgrade base and upgrade heads", before_, snapshot());
  }

  // A statement that the server refuses is a finding like any other; false then.
  template <class Way>
  static bool goes(Verdict& verdict, const char* failure, const Way& way) {
    try {
      way();
      return true;
    } catch (const pg::SqlError& error) {
      // Without a place it is none of the revision's.
      if (error.kind != ErrorKind::refused || error.where.empty()) throw;
      verdict.result = "failed";
      verdict.problems.push_back(text(failure, ": ", error.where, ": ", error.message));
      return false;
    }
  }

  void up(Node node) {
    executor_->run([&](const migrate::AppliedRows& rows) {
      return migrate::plan_upgrade(graph_, rows, {{node}});
    });
  }
  // The revision alone: what its first parent leads to, on its line.
  void down(Node node) {
    const migrate::Nodes& parents = graph_.parents(node);
    const std::string below = parents.empty() ? "base" : graph_[parents.front()].id;
    executor_->downgrade(text(graph_[node].id, '@', below));
  }

  Snapshot snapshot() {
    return pg::read_snapshot(executor_->session(), {{executor_->table().sql_name()}});
  }

  static void note(Verdict& verdict, const char* when, const Snapshot& wanted,
                   const Snapshot& found) {
    for (const std::string& line : pg::compare_snapshots(wanted, found)) {
      verdict.result = "failed";
      verdict.problems.push_back(text(when, ": ", line));
    }
  }

  MigrateProject& project_;
  const Graph& graph_;
  std::unique_ptr<migrate::Executor> executor_;
  Snapshot empty_;
  Snapshot before_;  // the revision that is tried
  bool all_the_way_ = true;
};

int run_test(MigrateProject& project, const std::string& scratch_url) {
  const Graph& graph = project.graph();
  std::optional<ScratchDatabase> scratch;
  if (scratch_url.empty()) scratch.emplace(project.database_url());
  const auto verdicts = Trial(project, scratch ? scratch->url() : scratch_url).run();
  bool good = true;
  for (const Verdict& verdict : verdicts.revisions) good = good && verdict.problems.empty();
  const int code = good ? 0 : project.findings_code();
  Console& console = project.console();
  if (console.json()) {
    JsonOutput out = begin_migrate_json("test", code);
    out.begin_array("revisions");
    for (const Verdict& verdict : verdicts.revisions) {
      out.begin_object().text("revision", graph[verdict.node].id).text("result", verdict.result);
      write_strings(out, "problems", verdict.problems);
      out.end_object();
    }
    out.end_array().number("not_tried", verdicts.not_tried);
    console.result(end_migrate_json(out));
    return code;
  }
  for (const Verdict& verdict : verdicts.revisions) {
    const std::string message = graph[verdict.node].message;
    project.print(
        text(verdict.result, "  ", graph[verdict.node].id, message.empty() ? "" : ", ", message));
    std::size_t shown = 0;
    for (const std::string& problem : verdict.problems) {
      if (++shown > kShownDifferences) break;
      project.print("    " + problem);
    }
    if (verdict.problems.size() > kShownDifferences) {
      project.print(text("    and ", verdict.problems.size() - kShownDifferences, " more"));
    }
  }
  if (verdicts.not_tried > 0) {
    console.info(text("stopped there: ", verdicts.not_tried, " of ",
                      verdicts.not_tried + verdicts.revisions.size(), " revisions were not tried"));
  }
  if (verdicts.revisions.empty()) console.info("there are no revisions");
  return code;
}

}  // namespace

void add_migrate_test_command(const MigrateCommands& commands) {
  auto scratch_url = std::make_shared<std::string>();
  CLI::App& command = commands.add(
      "test", "try every revision up, down and up in a database made for it",
      [scratch_url](MigrateProject& project) { return run_test(project, *scratch_url); });
  command
      .add_option("--scratch-url", *scratch_url, "an empty database to use instead of making one")
      ->type_name("URL");
  command.add_option("--var", commands.flags->variables, "value for :'NAME'; repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
}

}  // namespace pgseed::cli
