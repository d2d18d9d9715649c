// Subcommands that write, edit and judge files.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <set>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/cli/alembic_twins.hpp"
#include "pgseed/cli/migrate_commands.hpp"
#include "pgseed/migrate/alembic_file.hpp"
#include "pgseed/migrate/lint.hpp"
#include "pgseed/migrate/new_revision.hpp"
#include "pgseed/migrate/revision_file.hpp"

extern char** environ;

namespace pgseed::cli {
namespace {

namespace fs = std::filesystem;
using migrate::Graph;
using migrate::Revision;

// "2025-12-14 16:32:12.337477", local time, as Alembic's template writes it.
std::string time_stamp(std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%d %H:%M:%S", &local);
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() %
      1'000'000;
  std::string digits = std::to_string(micros);
  digits.insert(0, 6 - digits.size(), '0');
  return text(date.data(), '.', digits);
}

void announce(MigrateProject& project, const fs::path& path) {
  project.print(text("Generating ", fs::absolute(path).lexically_normal().string(), " ...  done"));
}

// --- init, list_templates

int run_init(MigrateProject& project, const std::string& directory) {
  const fs::path folder = directory.empty() ? project.directory() : fs::path(directory);
  std::error_code failure;
  if (fs::exists(folder, failure) && !fs::is_empty(folder, failure)) {
    throw Error(ErrorKind::usage,
                text("Directory ", folder.string(), " already exists and is not empty"), {},
                "pgseed migrate revision -m ... adds a revision to it");
  }
  const fs::path versions = folder / "versions";
  for (const fs::path& made : {folder, versions}) {
    fs::create_directories(made, failure);
    if (failure) {
      throw Error(ErrorKind::storage, text("cannot make ", made.string(), ": ", failure.message()));
    }
    project.print(text("Creating directory '", fs::absolute(made).lexically_normal().string(),
                       "' ...  done"));
  }
  migrate::write_new_file(versions / ".gitkeep", "");
  const auto whole = [](const fs::path& path) {
    return fs::absolute(path / "").lexically_normal();
  };
  if (whole(folder) != whole(project.directory())) {
    // Without it the next command would look elsewhere.
    if (!project.ini_file().empty()) {
      project.console().warning(text(project.ini_file(), " names other folders: pass --dir ",
                                     folder.string(), " with every command"));
    } else {
      project.keep_setting("dir", folder.string());
    }
  }
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json("init", 0);
    out.text("directory", folder.string());
    project.console().result(end_migrate_json(out));
  } else {
    project.console().info("next: pgseed migrate revision -m \"first revision\"");
  }
  return 0;
}

int run_list_templates(MigrateProject& project) {
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json("list_templates", 0);
    write_strings(out, "templates", {"sql"});
    project.console().result(end_migrate_json(out));
    return 0;
  }
  project.print(
      "Available templates:\n\nsql - plain SQL files with an upgrade and a downgrade section");
  return 0;
}

// --- revision, merge

struct RevisionOptions {
  migrate::NewRevision wanted;
  std::vector<std::string> revisions;  // of merge
  std::string version_path;
  bool alembic_stub = false;
  bool is_merge = false;
  bool autogenerate = false;
};

fs::path choose_folder(MigrateProject& project, const RevisionOptions& options,
                       const Revision& revision) {
  const auto& folders = project.locations().folders;
  if (!options.version_path.empty()) {
    const fs::path wanted = fs::absolute(options.version_path).lexically_normal();
    for (const fs::path& folder : folders) {
      if (fs::absolute(folder).lexically_normal() == wanted) return folder;
    }
    throw Error(
        ErrorKind::usage,
        text("Path ", options.version_path, " is not represented in current version locations"), {},
        "add it to the folders: --dir, or version_locations in alembic.ini");
  }
  if (folders.size() == 1) return folders.front();
  if (!revision.down_revisions.empty()) {
    const Graph& graph = project.graph();
    return fs::path(graph[*graph.find(revision.down_revisions.front())].path).parent_path();
  }
  throw Error(ErrorKind::usage,
              "Multiple version locations present, please specify --version-path");
}

// What would be made and then not be read, or break the project.
void require_readable(const std::string& message, const fs::path& path) {
  if (!is_utf8(message)) {
    throw Error(ErrorKind::usage, "the message is not UTF-8", "-m",
                "is the terminal set to another encoding?");
  }
  const std::string name = path.filename().string();
  if (!name.starts_with('.') && !name.starts_with("R_")) return;
  throw Error(ErrorKind::usage, text("a file named ", name, " would not be read as a revision"), {},
              "names with a dot or R_ in front are left out: choose another --rev-id");
}

int run_revision(MigrateProject& project, const RevisionOptions& options) {
  if (options.autogenerate) {
    throw Error(ErrorKind::usage,
                "there is no --autogenerate: pgseed knows the files and the database, not an "
                "application's models",
                {},
                "write the SQL: pgseed migrate revision -m ...; or let alembic revision "
                "--autogenerate write it, and pgseed migrate import alembic turn it into SQL");
  }
  const auto& folders = project.locations().folders;
  // The first revision may come before the folder.
  if (folders.size() == 1 && !fs::exists(folders.front())) {
    std::error_code failure;
    fs::create_directories(folders.front(), failure);
  }
  const Graph& graph = project.graph();
  const auto now = std::chrono::system_clock::now();
  migrate::NewRevision wanted = options.wanted;
  if (wanted.id.empty()) wanted.id = migrate::random_revision_id();
  wanted.created = time_stamp(now);
  const Revision revision = options.is_merge
                                ? migrate::merge_revision(graph, wanted, options.revisions)
                                : migrate::new_revision(graph, wanted);
  const fs::path folder = choose_folder(project, options, revision);
  const fs::path path =
      folder / migrate::file_name(project.locations(), revision.id, revision.message, now, ".sql");
  require_readable(revision.message, path);
  migrate::write_new_file(path, migrate::render_revision_file(revision));
  announce(project, path);
  if (options.alembic_stub) {
    write_twins_before(project, revision);
    fs::path twin = path;
    twin.replace_extension(".py");
    migrate::write_new_file(twin, migrate::render_alembic_twin(revision, path.filename().string()));
    announce(project, twin);
  }
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json(options.is_merge ? "merge" : "revision", 0);
    out.text("revision", revision.id);
    write_strings(out, "down_revision", revision.down_revisions);
    out.text("path", path.string());
    project.console().result(end_migrate_json(out));
  }
  return 0;
}

// --- edit

int run_edit(MigrateProject& project, const std::string& name) {
  const Graph& graph = project.graph();
  const migrate::Nodes nodes = name == "current" ? migrate::current_revisions(graph, project.rows())
                                                 : migrate::find_revisions(graph, name);
  if (nodes.empty()) throw Error(ErrorKind::input, text("'", name, "' names no revision"));
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    throw Error(ErrorKind::usage, "edit needs a terminal", {},
                text("the file is ", graph[nodes.front()].path));
  }
  // As git and Alembic choose it; the value may hold arguments, which a shell takes apart.
  const std::string editor =
      environment_value("VISUAL").value_or(environment_value("EDITOR").value_or("vi"));
  std::vector<std::string> words = {"/bin/sh", "-c", editor + " \"$@\"", "sh"};
  for (const migrate::Node node : nodes) words.push_back(graph[node].path);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  const int failure = posix_spawn(&child, "/bin/sh", nullptr, nullptr, argv.data(), environ);
  if (failure != 0) {
    throw Error(ErrorKind::usage, text("cannot start the editor: ", std::strerror(failure)));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw Error(ErrorKind::usage, text("the editor '", editor, "' failed"), {},
                "set VISUAL or EDITOR");
  }
  if (project.console().json()) {
    JsonOutput out = begin_migrate_json("edit", 0);
    write_revisions(out, "revisions", graph, nodes, nullptr);
    project.console().result(end_migrate_json(out));
  }
  return 0;
}

// --- lint

struct LintOptions {
  std::vector<std::string> files;
  bool github = false;
  bool rules = false;
};

// The characters that end a workflow command's property or message.
std::string escape_annotation(std::string_view words, bool property) {
  std::string out;
  for (const char byte : words) {
    const bool special =
        byte == '%' || byte == '\r' || byte == '\n' || (property && (byte == ':' || byte == ','));
    if (!special) {
      out += byte;
      continue;
    }
    constexpr const char* kDigits = "0123456789ABCDEF";
    const auto code = static_cast<unsigned char>(byte);
    out += text('%', kDigits[code >> 4], kDigits[code & 15]);
  }
  return out;
}

// Revisions of the project, or the named files, whether they belong to it or not.
std::vector<Revision> revisions_to_lint(MigrateProject& project, const LintOptions& options) {
  if (options.files.empty()) return project.graph().revisions();
  std::vector<Revision> revisions;
  for (const std::string& file : options.files) {
    const fs::path path(file);
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) {
      throw Error(ErrorKind::input,
                  text(fs::exists(path, ignored) ? "this is no file: " : "there is no file ", file),
                  {}, "without a file all revisions are looked at");
    }
    revisions.push_back(migrate::read_revision(path));
  }
  return revisions;
}

int run_lint(MigrateProject& project, const LintOptions& options) {
  Console& console = project.console();
  if (options.rules && console.json()) {
    JsonOutput out = begin_migrate_json("lint", 0);
    out.begin_array("rules");
    for (const migrate::LintRule& rule : migrate::lint_rules()) {
      out.begin_object().text("rule", rule.name).text("text", rule.summary).end_object();
    }
    out.end_array();
    console.result(end_migrate_json(out));
    return 0;
  }
  if (options.rules) {
    for (const migrate::LintRule& rule : migrate::lint_rules()) {
      project.print(text(rule.name,
                         std::string(std::max<std::size_t>(
                                         1, 36 - std::min<std::size_t>(35, std::strlen(rule.name))),
                                     ' '),
                         rule.summary));
    }
    return 0;
  }
  std::vector<migrate::LintFinding> findings;
  for (const Revision& revision : revisions_to_lint(project, options)) {
    const auto found = migrate::lint(revision);
    findings.insert(findings.end(), found.begin(), found.end());
  }
  const int code = findings.empty() ? 0 : project.findings_code();
  const bool annotate = options.github || environment_value("GITHUB_ACTIONS") == "true";
  if (console.json()) {
    JsonOutput out = begin_migrate_json("lint", code);
    out.begin_array("findings");
    for (const migrate::LintFinding& finding : findings) {
      out.begin_object()
          .text("path", finding.path)
          .number("line", finding.line)
          .text("rule", finding.rule)
          .text("text", finding.text)
          .end_object();
    }
    out.end_array();
    console.result(end_migrate_json(out));
    return code;
  }
  for (const migrate::LintFinding& finding : findings) {
    project.print(text(finding.path, ':', finding.line, ": ", finding.rule, ": ", finding.text));
    if (annotate) {
      project.print(text("::warning file=", escape_annotation(finding.path, true),
                         ",line=", finding.line, ",title=", escape_annotation(finding.rule, true),
                         "::", escape_annotation(finding.text, false)));
    }
  }
  if (findings.empty()) console.info("no findings");
  return code;
}

void add_revision_options(CLI::App& command, RevisionOptions& options) {
  command.add_option("-m,--message", options.wanted.message, "what it does, one line")
      ->type_name("TEXT");
  command.add_option("--branch-label", options.wanted.branch_labels, "label of a new branch")
      ->allow_extra_args(false)
      ->type_name("LABEL");
  command.add_option("--rev-id", options.wanted.id, "id instead of a random one")->type_name("ID");
  command.add_option("--version-path", options.version_path, "folder, where there are several")
      ->type_name("DIR");
  command.add_flag("--alembic-stub", options.alembic_stub,
                   "write the .py twin, too, so that Alembic can run it");
}

}  // namespace

void add_migrate_file_commands(const MigrateCommands& commands) {
  {
    auto directory = std::make_shared<std::string>();
    CLI::App& command = commands.add(
        "init", "make a folder for revisions",
        [directory](MigrateProject& project) { return run_init(project, *directory); });
    command.add_option("DIRECTORY", *directory, "migrations by default")->type_name("");
  }
  commands.add("list_templates", "the templates of init", run_list_templates);
  {
    auto options = std::make_shared<RevisionOptions>();
    CLI::App& command = commands.add(
        "revision", "make the file of a new revision",
        [options](MigrateProject& project) { return run_revision(project, *options); });
    add_revision_options(command, *options);
    command.add_option("--head", options->wanted.head, "what it comes after (head)")
        ->type_name("REVISION");
    command.add_flag("--autogenerate", options->autogenerate)->group("");  // typed from habit
    command.add_flag("--splice", options->wanted.splice, "it may come after what is no head");
    command
        .add_option("--depends-on", options->wanted.depends_on,
                    "must be applied before; repeatable")
        ->allow_extra_args(false)
        ->type_name("REVISION");
  }
  {
    auto options = std::make_shared<RevisionOptions>();
    options->is_merge = true;
    CLI::App& command = commands.add(
        "merge", "make a revision that merges others, all heads by default",
        [options](MigrateProject& project) { return run_revision(project, *options); });
    add_revision_options(command, *options);
    command.add_option("REVISIONS", options->revisions, "what is merged")->type_name("");
  }
  {
    auto name = std::make_shared<std::string>();
    CLI::App& command =
        commands.add("edit", "open a revision in $VISUAL or $EDITOR",
                     [name](MigrateProject& project) { return run_edit(project, *name); });
    command.add_option("REVISION", *name, "a target, or current")->required()->type_name("");
  }
  {
    auto options = std::make_shared<LintOptions>();
    CLI::App& command =
        commands.add("lint", "find what locks long, loses data or breaks clients; needs no server",
                     [options](MigrateProject& project) { return run_lint(project, *options); });
    command.add_option("FILE", options->files, "all revisions by default")->type_name("");
    command.add_flag("--github", options->github, "print annotations for GitHub Actions, too");
    command.add_flag("--rules", options->rules, "list the rules");
    command.footer("A line `-- pgseed:allow RULE` silences the rule for the statement after it.");
  }
}

}  // namespace pgseed::cli
