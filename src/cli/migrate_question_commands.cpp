// Subcommands that only look.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/alembic_twins.hpp"
#include "pgseed/cli/migrate_commands.hpp"
#include "pgseed/migrate/lines.hpp"
#include "pgseed/pg/database_url.hpp"

namespace pgseed::cli {
namespace {

using migrate::AppliedRows;
using migrate::Graph;
using migrate::LineParts;
using migrate::Node;
using migrate::Nodes;
using migrate::NodeSet;

// An empty answer alone leaves people wondering.
void tell_if_empty(MigrateProject& project) {
  if (project.graph().size() > 0) return;
  project.console().info(text("there are no revisions in ",
                              project.locations().folders.front().string(),
                              "; pgseed migrate revision -m ... makes one"));
}

NodeSet set_of(const Graph& graph, const Nodes& nodes) {
  NodeSet set(graph.size());
  for (const Node node : nodes) set.add(node);
  return set;
}

// Blocks are separated by nothing but the empty line that they end with.
void print_block(MigrateProject& project, Node node, const NodeSet* current) {
  project.print(migrate::revision_block(project.graph(), node, current));
}

void print_revisions_json(MigrateProject& project, const std::string& command, const Nodes& nodes,
                          const NodeSet* applied) {
  JsonOutput out = begin_migrate_json(command, 0);
  write_revisions(out, "revisions", project.graph(), nodes, applied);
  project.console().result(end_migrate_json(out));
}

// --- history heads branches show

struct HistoryOptions {
  std::string range;
  bool indicate_current = false, graph = false;
};

int run_history(MigrateProject& project, const HistoryOptions& options) {
  const Graph& graph = project.graph();
  const bool needs_database =
      options.indicate_current || options.range.find("current") != std::string::npos;
  const AppliedRows rows = needs_database ? project.rows() : AppliedRows{};
  const Nodes nodes = options.range.empty() ? graph.newest_first()
                                            : migrate::history_range(graph, rows, options.range);
  const NodeSet current = set_of(graph, migrate::current_revisions(graph, rows));
  const NodeSet* const marked = options.indicate_current ? &current : nullptr;
  if (project.console().json()) {
    const NodeSet applied = migrate::applied(graph, rows);
    print_revisions_json(project, "history", nodes, needs_database ? &applied : nullptr);
    return 0;
  }
  tell_if_empty(project);
  if (options.graph) {
    project.console().result(migrate::draw_graph(graph, nodes, marked));
  } else {
    for (const Node node : nodes) {
      if (project.console().verbose() > 0) {
        print_block(project, node, marked);
      } else {
        LineParts parts;
        parts.parents = parts.labels = parts.message = true;
        parts.current = marked;
        project.print(migrate::revision_line(graph, node, parts));
      }
    }
  }
  return 0;
}

int run_heads(MigrateProject& project, bool resolve_dependencies) {
  const Graph& graph = project.graph();
  const Nodes nodes = resolve_dependencies ? graph.real_heads() : graph.heads();
  if (project.console().json()) {
    print_revisions_json(project, "heads", nodes, nullptr);
    return 0;
  }
  tell_if_empty(project);
  for (const Node node : nodes) {
    if (project.console().verbose() > 0) {
      print_block(project, node, nullptr);
    } else {
      LineParts parts;
      parts.labels = true;
      parts.tree = false;
      project.print(migrate::revision_line(graph, node, parts));
    }
  }
  return 0;
}

int run_branches(MigrateProject& project) {
  const Graph& graph = project.graph();
  const bool verbose = project.console().verbose() > 0;
  Nodes nodes;
  for (const Node node : graph.newest_first()) {
    if (graph.is_branch_point(node)) nodes.push_back(node);
  }
  if (project.console().json()) {
    print_revisions_json(project, "branches", nodes, nullptr);
    return 0;
  }
  LineParts parts;
  parts.labels = true;
  for (const Node node : nodes) {
    if (verbose) {
      print_block(project, node, nullptr);
    } else {
      project.print(migrate::revision_line(graph, node, parts));
    }
    LineParts child_parts = parts;
    child_parts.message = verbose;
    for (const Node child : graph.children(node)) {
      project.print(text(std::string(graph[node].id.size(), ' '), " -> ",
                         migrate::revision_line(graph, child, child_parts)));
    }
    project.print("");
  }
  return 0;
}

int run_show(MigrateProject& project, const std::string& name) {
  const Graph& graph = project.graph();
  const Nodes nodes = name == "current" ? migrate::current_revisions(graph, project.rows())
                                        : migrate::find_revisions(graph, name);
  if (project.console().json()) {
    print_revisions_json(project, "show", nodes, nullptr);
    return 0;
  }
  for (const Node node : nodes) print_block(project, node, nullptr);
  return 0;
}

// --- what the database has

const char* way_up(const AppliedRows& rows) {
  if (rows.unknown().empty()) {
    return "pgseed migrate pending lists what is missing; upgrade heads applies it";
  }
  return "the version table holds a revision that no file has: pgseed migrate status";
}

void warn_of_unknown(MigrateProject& project, const AppliedRows& rows) {
  for (const std::string& value : rows.unknown()) {
    project.console().warning(
        text("row ", value, " of the version table: no file has this revision"));
  }
}

// Revisions that have their row although their downgrade stopped half-way.
std::vector<migrate::HalfWay> half_taken_down(MigrateProject& project) {
  auto halves = project.executor().half_way();
  std::erase_if(halves, [](const auto& half) { return !migrate::belies_rows(half); });
  return halves;
}

int run_current(MigrateProject& project, bool check_heads) {
  const Graph& graph = project.graph();
  const AppliedRows rows = project.rows();
  const Nodes current = migrate::current_revisions(graph, rows);
  const Nodes open = migrate::pending(graph, rows);
  const auto halves = half_taken_down(project);
  const bool on_heads = open.empty() && rows.unknown().empty() && halves.empty();
  const int code = check_heads && !on_heads ? project.findings_code() : 0;
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json("current", code);
    write_revisions(out, "revisions", graph, current, nullptr);
    write_strings(out, "rows", rows.values());
    write_strings(out, "unknown", rows.unknown());
    out.boolean("on_all_heads", on_heads);
    project.console().result(end_migrate_json(out));
    return code;
  }
  const bool verbose = project.console().verbose() > 0;
  if (verbose) {
    project.print(
        text("Current revision(s) for ", pg::display_database_url(project.database_url()), ":"));
  }
  for (const Node node : current) {
    if (verbose) {
      print_block(project, node, nullptr);
    } else {
      project.print(migrate::revision_line(graph, node, {}));
    }
  }
  for (const std::string& value : rows.unknown()) {
    project.print(text(value, " (unknown: no file has this revision)"));
  }
  if (rows.rows.empty()) project.console().info("no revision is applied");
  for (const std::string& value : migrate::redundant_rows(graph, rows)) {
    project.console().warning(text("row ", value,
                                   " is implied by another one; pgseed migrate repair takes it "
                                   "out"));
  }
  for (const migrate::HalfWay& half : halves) {
    project.console().warning(text(migrate::told(half), "; ", migrate::advice(graph, half)));
  }
  if (code != 0) {
    throw Error(ErrorKind::rows, "Database is not on all head revisions", {},
                halves.empty() ? way_up(rows) : migrate::advice(graph, halves.front()));
  }
  return code;
}

int run_pending(MigrateProject& project, bool exit_status) {
  const Graph& graph = project.graph();
  const AppliedRows rows = project.rows();
  const Nodes open = migrate::pending(graph, rows);
  const auto halves = half_taken_down(project);
  const bool is_done = open.empty() && halves.empty();
  const int code = exit_status && !is_done ? project.findings_code() : 0;
  warn_of_unknown(project, rows);
  for (const migrate::HalfWay& half : halves) {
    project.console().warning(text(migrate::told(half), "; ", migrate::advice(graph, half)));
  }
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json("pending", code);
    write_revisions(out, "revisions", graph, open, nullptr);
    project.console().result(end_migrate_json(out));
    return code;
  }
  for (const Node node : open) {
    LineParts parts;
    parts.parents = parts.labels = parts.message = true;
    project.print(migrate::revision_line(graph, node, parts));
  }
  if (is_done) project.console().info("nothing is pending");
  return code;
}

// What is wrong with what the database says; for status and verify.
struct Problems {
  std::vector<std::string> lines;
  bool are_for_repair = false;  // one of them at least; the others say what to do
};

Problems find_problems(MigrateProject& project, const AppliedRows& rows) {
  const Graph& graph = project.graph();
  Problems problems;
  const auto add = [&](std::string line) {
    problems.lines.push_back(std::move(line));
    problems.are_for_repair = true;
  };
  for (const std::string& value : rows.unknown()) {
    add(text("row ", value, " of the version table: no file has this revision"));
  }
  for (const std::string& value : migrate::redundant_rows(graph, rows)) {
    add(text("row ", value, " of the version table is implied by another one"));
  }
  for (const migrate::Revision& revision : graph.revisions()) {
    if (revision.alembic_changed) problems.lines.push_back(changed_line(revision));
  }
  migrate::Executor& executor = project.executor();
  if (!executor.has_log()) return problems;
  for (const migrate::HalfWay& half : executor.half_way()) {
    problems.lines.push_back(text(migrate::told(half), "; ", migrate::advice(graph, half)));
  }
  // Where there is one, it is another tool that took them down.
  const std::vector<std::string> lost = executor.applied_by_log_only(rows);
  if (!executor.table().exists() && !lost.empty()) {
    problems.lines.push_back(
        text("there is no version table, but the log has as applied: ", join(lost),
             "; pgseed migrate stamp REVISION says what the database really holds, repair that it "
             "holds nothing"));
  }
  const auto logged = executor.log().checksums(executor.session());
  for (const Node node : migrate::applied(graph, rows).members()) {
    const auto known = logged.find(graph[node].id);
    if (known == logged.end() || !graph[node].upgrade) continue;
    if (migrate::differs(graph[node], known->second)) {
      add(text(graph[node].path, ": changed since revision ", graph[node].id, " was applied"));
    }
  }
  return problems;
}

int run_status(MigrateProject& project, bool exit_status) {
  const Graph& graph = project.graph();
  const AppliedRows rows = project.rows();
  const Nodes open = migrate::pending(graph, rows);
  const std::vector<std::string> problems = find_problems(project, rows).lines;
  const int code =
      exit_status && (!open.empty() || !problems.empty()) ? project.findings_code() : 0;
  const NodeSet applied = migrate::applied(graph, rows);
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json("status", code);
    out.text("database", pg::display_database_url(project.database_url()));
    write_strings(out, "rows", rows.values());
    write_strings(out, "unknown", rows.unknown());
    write_revisions(out, "revisions", graph, graph.newest_first(), &applied);
    write_revisions(out, "pending", graph, open, nullptr);
    write_strings(out, "problems", problems);
    project.console().result(end_migrate_json(out));
    return code;
  }
  project.print(text("database: ", pg::display_database_url(project.database_url())));
  std::string values;
  for (const std::string& value : rows.values()) values += (values.empty() ? "" : ", ") + value;
  project.print(text("at:       ", values.empty() ? "base" : values));
  project.print(text("applied:  ", applied.members().size(), " of ", graph.size(), " revisions"));
  for (const Node node : open) {
    LineParts parts;
    parts.message = true;
    project.print(text("pending:  ", migrate::revision_line(graph, node, parts)));
  }
  for (const std::string& problem : problems) project.print("problem:  " + problem);
  return code;
}

int run_verify(MigrateProject& project) {
  const AppliedRows rows = project.rows();
  const auto [problems, are_for_repair] = find_problems(project, rows);
  const int code = problems.empty() ? 0 : project.findings_code();
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json("verify", code);
    write_strings(out, "problems", problems);
    project.console().result(end_migrate_json(out));
    return code;
  }
  for (const std::string& problem : problems) project.print(problem);
  if (problems.empty()) {
    project.print("The files, the version table and the log agree.");
  } else if (are_for_repair) {
    project.console().info(
        "hint: pgseed migrate repair, or stamp --purge REVISION for unknown rows");
  }
  return code;
}

int run_check(MigrateProject& project) {
  const AppliedRows rows = project.rows();
  const bool up_to_date = rows.unknown().empty() && migrate::pending(project.graph(), rows).empty();
  if (!up_to_date) {
    throw Error(ErrorKind::rows, "Target database is not up to date.", {}, way_up(rows));
  }
  if (const auto halves = half_taken_down(project); !halves.empty()) {
    throw Error(ErrorKind::rows, text("Target database is not up to date: ", told(halves.front())),
                {}, migrate::advice(project.graph(), halves.front()));
  }
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json("check", 0);
    project.console().result(end_migrate_json(out));
  } else {
    project.print("The database is at all heads.");
  }
  return 0;
}

}  // namespace

void add_migrate_question_commands(const MigrateCommands& commands) {
  {
    auto options = std::make_shared<HistoryOptions>();
    CLI::App& command =
        commands.add("history", "list revisions, newest first",
                     [options](MigrateProject& project) { return run_history(project, *options); });
    command.add_option("-r,--rev-range", options->range, "[START]:[END], both included")
        ->type_name("RANGE");
    command.add_flag("-i,--indicate-current", options->indicate_current,
                     "mark what the database is at");
    command.add_flag("--graph", options->graph, "draw the branches");
  }
  {
    auto resolve = std::make_shared<bool>(false);
    CLI::App& command =
        commands.add("heads", "revisions that nothing follows; needs no database",
                     [resolve](MigrateProject& project) { return run_heads(project, *resolve); });
    command.add_flag("--resolve-dependencies", *resolve, "count depends_on as following");
  }
  commands.add("branches", "revisions that several follow", run_branches);
  {
    auto name = std::make_shared<std::string>();
    CLI::App& command =
        commands.add("show", "all about a revision",
                     [name](MigrateProject& project) { return run_show(project, *name); });
    command.add_option("REVISION", *name, "a target, or current")->required()->type_name("");
  }
  {
    auto check = std::make_shared<bool>(false);
    CLI::App& command =
        commands.add("current", "what the database is at",
                     [check](MigrateProject& project) { return run_current(project, *check); });
    command.add_flag("--check-heads", *check, "exit 1 unless it is at all heads");
  }
  {
    auto status = std::make_shared<bool>(false);
    CLI::App& command =
        commands.add("pending", "what an upgrade to all heads would apply, in order",
                     [status](MigrateProject& project) { return run_pending(project, *status); });
    command.add_flag("--exit-code", *status, "exit 1 if something is");
  }
  {
    auto status = std::make_shared<bool>(false);
    CLI::App& command =
        commands.add("status", "where the database is, what is pending, what is wrong",
                     [status](MigrateProject& project) { return run_status(project, *status); });
    command.add_flag("--exit-code", *status, "exit 1 unless it is up to date and nothing is wrong");
  }
  commands.add("verify", "compare files, version table and log; exit 1 if they disagree",
               run_verify);
  commands.add("check", "exit 1 unless the database is at all heads", run_check);
}

}  // namespace pgseed::cli
