// import alembic, export alembic: one project, both tools.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/alembic_project.hpp"
#include "pgseed/cli/alembic_proof.hpp"
#include "pgseed/cli/alembic_twins.hpp"
#include "pgseed/cli/migrate_commands.hpp"
#include "pgseed/migrate/alembic_file.hpp"
#include "pgseed/migrate/alembic_import.hpp"
#include "pgseed/migrate/revision_file.hpp"

namespace pgseed::cli {
namespace {

namespace fs = std::filesystem;
using migrate::Direction;
using migrate::Graph;
using migrate::Node;
using migrate::Revision;

// --- export

int run_export(MigrateProject& project, const std::string& what) {
  if (what != "alembic") {
    throw Error(ErrorKind::usage, text("cannot export to '", what, "'"), {},
                "pgseed migrate export alembic");
  }
  std::vector<std::string> written, left_out;
  // A twin whose .sql has moved in the graph is about to follow it.
  for (const Revision& revision : project.graph(migrate::Pairs::may_differ).revisions()) {
    if (revision.format == migrate::FileFormat::alembic) continue;
    const AlembicTwin twin = write_alembic_twin(project, revision);
    if (twin.is_written) written.push_back(twin.path);
    if (!twin.is_ours) left_out.push_back(twin.path + ": exists and is no twin of ours");
  }
  Console& console = project.console();
  for (const std::string& line : left_out) console.warning("left out " + line);
  if (console.json()) {
    JsonOutput out = begin_migrate_json("export", 0);
    write_strings(out, "written", written);
    write_strings(out, "left_out", left_out);
    console.result(end_migrate_json(out));
  } else if (written.empty()) {
    console.info("every .sql has its twin");
  }
  return 0;
}

// --- import

class AlembicImport {
 public:
  explicit AlembicImport(MigrateProject& project)
      : project_(project),
        graph_(project.graph()),
        alembic_(project.ini_file(), project.alembic_environment()),
        version_table_(project.version_table()) {
    if (project.ini_file().empty()) {
      throw Error(ErrorKind::usage, "there is no alembic.ini here", {},
                  "run this in the Alembic project's folder, or name the file: -c FILE");
    }
    if (!has_alembic()) {
      throw Error(ErrorKind::usage, "importing needs Alembic once, to render its revisions as SQL",
                  {}, "install it, or activate the environment of the project");
    }
    for (Node node = 0; node < graph_.size(); ++node) {
      if (graph_[node].format == migrate::FileFormat::alembic) python_.push_back(node);
    }
  }

  bool has_work() const { return !python_.empty(); }

  // Every revision as Alembic prints it, in its own order.
  std::vector<Revision> render() {
    const std::string all = offline({"upgrade", "heads", "--sql"});
    settle_version_table(all);
    const bool doubled = migrate::doubles_percent(all, alembic_.env_py());
    const auto ups =
        migrate::read_offline_script({all, "alembic upgrade heads --sql", version_table_, doubled});
    const auto downs = downgrades(doubled);
    std::vector<Revision> imported;
    for (const Node node : python_) {
      const Revision& header = graph_[node];
      const auto up = std::find_if(ups.begin(), ups.end(),
                                   [&](const auto& step) { return step.id == header.id; });
      if (up == ups.end()) {
        throw Error(ErrorKind::input,
                    text("alembic upgrade heads --sql printed nothing for revision ", header.id),
                    header.path, "does the revision belong to the alembic.ini in use?");
      }
      const auto down = downs.find(header.id);
      imported.push_back(migrate::imported_revision(
          header, up->section,
          down != downs.end() ? std::optional(down->second) : downgrade(header, doubled)));
    }
    return imported;
  }

  const std::vector<std::string>& notes() const { return notes_; }

  AlembicProof prove() { return prove_import(project_, alembic_, version_table_); }

  // What env.py calls the version table, where nobody has told us: once render() has asked.
  const migrate::VersionTableName& version_table() const { return version_table_; }

 private:
  std::string offline(const std::vector<std::string>& arguments) const {
    const AlembicOutput output = alembic_.offline(arguments);
    if (output.exit_code == 0) return output.out;
    // Each step is announced before it is run.
    const std::string id = migrate::last_step_of(output.out);
    const auto node = id.empty() ? std::nullopt : graph_.find(id);
    throw Error(ErrorKind::refused,
                text("`", alembic_.command_line(arguments), "` failed",
                     id.empty() ? "" : " in revision " + id, ": ", failure_line(output)),
                node ? graph_[*node].path : "",
                node
                    ? "a revision that reads data while it migrates, or has values that SQLAlchemy "
                      "does not print, cannot be imported: write that one by hand as .sql, move "
                      "its .py away, run `pgseed migrate export alembic` (without the twin Alembic "
                      "fails with a KeyError), then import again"
                    : "Alembic must be able to print the project as SQL (--sql)");
  }

  // An explicit name must be env.py's own; else env.py tells it.
  void settle_version_table(const std::string& script) {
    const auto printed = migrate::version_table_of(script);
    if (!printed) return;
    const std::string theirs = migrate::to_sql(*printed), ours = migrate::to_sql(version_table_);
    if (theirs == ours) return;
    if (project_.flags().version_table || project_.config().version_table) {
      throw Error(ErrorKind::usage, text("env.py calls the version table ", theirs, ", not ", ours),
                  {},
                  project_.flags().version_table
                      ? text("leave --version-table away, or give it ", theirs)
                      : text("correct version_table below [migrate] in pgseed.toml"));
    }
    version_table_ = *printed;
  }

  // What one run for each head prints: with many revisions a small part of the time that a run for
  // each takes. What is missing there is asked for alone.
  std::map<std::string, migrate::Section> downgrades(bool doubled) {
    std::map<std::string, migrate::Section> sections;
    for (const Node head : graph_.heads()) {
      const std::string range = graph_[head].id + ":base";
      try {
        for (migrate::OfflineStep& step : migrate::read_offline_script(
                 {offline({"downgrade", range, "--sql"}),
                  text("alembic downgrade ", range, " --sql"), version_table_, doubled})) {
          if (step.direction == Direction::down) sections.emplace(step.id, std::move(step.section));
        }
      } catch (const Error&) {
        // One of them cannot be rendered.
      }
    }
    return sections;
  }

  // Unset where Alembic cannot print it: the file says so.
  std::optional<migrate::Section> downgrade(const Revision& revision, bool doubled) {
    const std::string range = migrate::downgrade_range(revision);
    try {
      const auto steps = migrate::read_offline_script({offline({"downgrade", range, "--sql"}),
                                                       text("alembic downgrade ", range, " --sql"),
                                                       version_table_, doubled});
      for (const migrate::OfflineStep& step : steps) {
        if (step.id == revision.id && step.direction == Direction::down) return step.section;
      }
    } catch (const Error& error) {
      notes_.push_back(text("revision ", revision.id, " has no downgrade now: ", error.message));
      return std::nullopt;
    }
    notes_.push_back(text("revision ", revision.id, " has no downgrade now: alembic printed none"));
    return std::nullopt;
  }

  MigrateProject& project_;
  const Graph& graph_;
  AlembicProject alembic_;
  migrate::VersionTableName version_table_;
  std::vector<Node> python_;
  std::vector<std::string> notes_;
};

// Else the next command would look for the default one, and begin at base.
void keep_version_table(MigrateProject& project, const migrate::VersionTableName& name) {
  const std::string wanted = migrate::to_sql(name);
  const auto& known = project.config().version_table;
  const auto kept =
      known ? migrate::parse_version_table(known->value) : migrate::VersionTableName{};
  if (migrate::to_sql(kept) != wanted) project.keep_setting("version_table", wanted);
}

int run_import(MigrateProject& project, const std::string& what) {
  if (what != "alembic") {
    throw Error(
        ErrorKind::usage, text("cannot import from '", what, "'"), {},
        "pgseed migrate import alembic; files of dbmate, goose, golang-migrate and Supabase "
        "are read as they are");
  }
  AlembicImport import(project);
  std::vector<std::string> written, notes;
  for (const Revision& revision : project.graph().revisions()) {
    if (revision.alembic_changed) notes.push_back(changed_line(revision));
  }
  AlembicProof proof;
  if (import.has_work()) {
    for (const Revision& revision : import.render()) {
      const fs::path path(revision.path);
      fs::path sql = path;
      sql.replace_extension(".sql");
      migrate::write_new_file(sql, migrate::render_revision_file(revision));
      written.push_back(sql.string());
      project.print(
          text("Generating ", fs::absolute(sql).lexically_normal().string(), " ...  done"));
    }
    keep_version_table(project, import.version_table());
    proof = import.prove();
  }
  const std::vector<std::string>& differences = proof.differences;
  notes.insert(notes.end(), import.notes().begin(), import.notes().end());
  notes.insert(notes.end(), proof.notes.begin(), proof.notes.end());
  const int code = differences.empty() ? 0 : project.findings_code();
  Console& console = project.console();
  for (const std::string& note : notes) console.warning(note);
  if (console.json()) {
    JsonOutput out = begin_migrate_json("import", code);
    write_strings(out, "written", written);
    write_strings(out, "notes", notes);
    out.text("proven", !proof.tried ? "no" : differences.empty() ? "yes" : "differs");
    write_strings(out, "differences", differences);
    console.result(end_migrate_json(out));
    return code;
  }
  for (const std::string& line : differences) project.print(line);
  if (!import.has_work()) console.info("every revision is SQL already");
  if (!differences.empty()) {
    console.warning("the .sql files do not give what Alembic gives; see above");
  } else if (proof.tried) {
    console.info(text("proven: both ways give the same schema and rows in two databases",
                      proof.way_back ? ", and lead back to the same" : "",
                      proof.notes.empty() ? "" : ", but for what the warnings name"));
  }
  return code;
}

}  // namespace

void add_migrate_exchange_commands(const MigrateCommands& commands) {
  {
    auto what = std::make_shared<std::string>();
    CLI::App& command =
        commands.add("import", "turn an Alembic project's .py revisions into .sql beside them",
                     [what](MigrateProject& project) { return run_import(project, *what); });
    command.add_option("FORMAT", *what, "alembic")->required()->type_name("");
  }
  {
    auto what = std::make_shared<std::string>();
    CLI::App& command =
        commands.add("export", "write the .py twin of each .sql, so that Alembic can run it",
                     [what](MigrateProject& project) { return run_export(project, *what); });
    command.add_option("FORMAT", *what, "alembic")->required()->type_name("");
  }
}

}  // namespace pgseed::cli
