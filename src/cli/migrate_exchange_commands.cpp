// import alembic, export alembic: one project, both tools.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/alembic_process.hpp"
#include "pgseed/cli/alembic_twins.hpp"
#include "pgseed/cli/migrate_commands.hpp"
#include "pgseed/cli/scratch_database.hpp"
#include "pgseed/migrate/alembic_file.hpp"
#include "pgseed/migrate/alembic_import.hpp"
#include "pgseed/migrate/alembic_ini.hpp"
#include "pgseed/migrate/revision_file.hpp"
#include "pgseed/pg/connection_string.hpp"
#include "pgseed/pg/database_url.hpp"
#include "pgseed/pg/snapshot.hpp"

namespace pgseed::cli {
namespace {

namespace fs = std::filesystem;
using migrate::Direction;
using migrate::Graph;
using migrate::Node;
using migrate::Revision;

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

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

// A copy of alembic.ini beside it, for %(here)s, with another address; gone with its scope.
class IniCopy {
 public:
  IniCopy(const fs::path& original, const std::string& url)
      : path_(original.parent_path() /
              text(".pgseed-import-", static_cast<long>(getpid()), ".ini")) {
    std::string quoted;
    for (const char byte : url) quoted += byte == '%' ? "%%" : std::string(1, byte);
    const std::string content = read_text(original);
    std::string changed;
    bool in_url = false;
    for (std::size_t at = 0; at < content.size();) {
      const auto end = std::min(content.find('\n', at), content.size() - 1) + 1;
      const std::string_view line(content.data() + at, end - at);
      at = end;
      const bool goes_on = in_url && (line.front() == ' ' || line.front() == '\t');
      in_url = goes_on || to_lower(line).starts_with("sqlalchemy.url");
      if (!in_url) changed += line;
      if (in_url && !goes_on) changed += text("sqlalchemy.url = ", quoted, '\n');
    }
    fs::remove(path_);
    const mode_t before = umask(077);  // the other settings may hold secrets
    try {
      migrate::write_new_file(path_, changed);
    } catch (...) {
      umask(before);
      throw;
    }
    umask(before);
  }
  ~IniCopy() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  IniCopy(const IniCopy&) = delete;
  IniCopy& operator=(const IniCopy&) = delete;
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

class AlembicImport {
 public:
  explicit AlembicImport(MigrateProject& project) : project_(project), graph_(project.graph()) {
    if (project.ini_file().empty()) {
      throw Error(ErrorKind::usage, "there is no alembic.ini here", {},
                  "run this in the Alembic project's folder, or name the file: -c FILE");
    }
    if (!has_alembic()) {
      throw Error(ErrorKind::usage, "importing needs Alembic once, to render its revisions as SQL",
                  {}, "install it, or activate the environment of the project");
    }
    ini_ = project.ini_file();
    for (Node node = 0; node < graph_.size(); ++node) {
      if (graph_[node].format == migrate::FileFormat::alembic) python_.push_back(node);
    }
  }

  bool has_work() const { return !python_.empty(); }

  // Every revision as Alembic prints it, in its own order.
  std::vector<Revision> render() {
    const std::string all = offline({"upgrade", "heads", "--sql"});
    const std::string env_py = read_text(fs::path(script_location()) / "env.py");
    const bool doubled = migrate::doubles_percent(all, env_py);
    const auto ups = migrate::read_offline_script(
        {all, "alembic upgrade heads --sql", project_.version_table(), doubled});
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

  // Both ways into two databases: Alembic's and ours. Unset: it could not be tried, a note says
  // why. Else the differences.
  std::optional<std::vector<std::string>> prove() {
    if (!project_.config().database_url) {
      notes_.push_back("not proven: set DATABASE_URL to a server where databases may be created");
      return std::nullopt;
    }
    std::optional<ScratchDatabase> scratch, second;
    try {
      scratch.emplace(project_.database_url());
      second.emplace(project_.database_url());
    } catch (const Error& error) {  // the files are written, and are none the worse for it
      notes_.push_back("not proven: " + error.message);
      return std::nullopt;
    }
    const ScratchDatabase &theirs = *scratch, &ours = *second;
    if (!leads_to(theirs)) return std::nullopt;
    const AlembicOutput upgraded = online(theirs, {"upgrade", "heads"});
    if (upgraded.exit_code != 0) {
      notes_.push_back("not proven: alembic upgrade heads failed: " + failure_line(upgraded));
      return std::nullopt;
    }
    const Graph sql_graph(migrate::read_revisions(project_.locations()));
    Silent silent;
    migrate::ExecutorOptions options = project_.executor_options();
    options.log = options.dry_run = options.single_transaction = false;
    options.delegate = nullptr;
    migrate::Executor executor(ours.url(), sql_graph, std::move(options), silent);
    pg::Session their_session(theirs.url());
    // As far as Alembic goes: it knows no .sql without a twin.
    for (const pg::Row& row : their_session.query(
             text("SELECT version_num FROM ", migrate::to_sql(project_.version_table())))) {
      executor.upgrade(*row[0]);
    }
    const pg::SnapshotOptions without{{executor.table().sql_name()}};
    return pg::compare_snapshots(pg::read_snapshot(their_session, without),
                                 pg::read_snapshot(executor.session(), without));
  }

 private:
  struct Silent : migrate::ExecutorObserver {
    void step_begins(const migrate::Step&) override {}
    void note(const std::string&) override {}
  };

  // Where env.py is; like Alembic's own reading, relative to the working directory.
  std::string script_location() const {
    return migrate::parse_alembic_ini(read_text(ini_), ini_.string(),
                                      fs::absolute(ini_).parent_path().string())
        .script_location;
  }

  std::string offline(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-c", ini_.string()});
    // Nothing connects; but an env.py may insist on its URL.
    const AlembicOutput output = run_alembic(arguments, project_.alembic_environment());
    if (output.exit_code == 0) return output.out;
    std::string line = "alembic";
    for (const std::string& argument : arguments) line += " " + argument;
    throw Error(
        ErrorKind::refused, text("`", line, "` failed: ", failure_line(output)), {},
        "Alembic must be able to print the project as SQL (--sql); a revision that reads data "
        "while it migrates it cannot print: write that one by hand");
  }

  // What one run for each head prints: with many revisions a small part of the time that a run for
  // each takes. What is missing there is asked for alone.
  std::map<std::string, migrate::Section> downgrades(bool doubled) {
    std::map<std::string, migrate::Section> sections;
    for (const Node head : graph_.heads()) {
      const std::string range = graph_[head].id + ":base";
      try {
        for (migrate::OfflineStep& step :
             migrate::read_offline_script({offline({"downgrade", range, "--sql"}),
                                           text("alembic downgrade ", range, " --sql"),
                                           project_.version_table(), doubled})) {
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
                                                       project_.version_table(), doubled});
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

  // Alembic online, in a scratch database: through DATABASE_URL for an env.py that reads it, and
  // through a copy of alembic.ini for one that does not. The copy holds no password.
  AlembicOutput online(const ScratchDatabase& scratch, std::vector<std::string> arguments) {
    const std::string url = pg::without_password(scratch.url());
    const IniCopy copy(ini_, url.substr(0, url.find('?')));
    arguments.insert(arguments.begin(), {"-c", copy.path()});
    return run_alembic(arguments, {{"DATABASE_URL", scratch.url()},
                                   {"PGPASSWORD", pg::password_of_database_url(scratch.url())}});
  }

  // A row that no file has makes `alembic current` fail by its name: only then it looks where it is
  // told to, and not at the project's own database.
  bool leads_to(const ScratchDatabase& scratch) {
    const std::string table = migrate::to_sql(project_.version_table());
    pg::Session session(scratch.url());
    session.execute(migrate::create_version_table_sql(table, project_.version_table().table, true));
    session.execute(text("INSERT INTO ", table, " VALUES ('pgseed_probe')"));
    const AlembicOutput answer = online(scratch, {"current"});
    session.execute(text("DROP TABLE ", table));
    if ((answer.out + answer.err).find("pgseed_probe") != std::string::npos) return true;
    notes_.push_back(text(
        "not proven: Alembic cannot be pointed at a scratch database; does env.py take its URL "
        "from DATABASE_URL or sqlalchemy.url?",
        answer.exit_code == 0 ? "" : " It says: " + failure_line(answer)));
    return false;
  }

  MigrateProject& project_;
  const Graph& graph_;
  fs::path ini_;
  std::vector<Node> python_;
  std::vector<std::string> notes_;
};

int run_import(MigrateProject& project, const std::string& what) {
  if (what != "alembic") {
    throw Error(
        ErrorKind::usage, text("cannot import from '", what, "'"), {},
        "pgseed migrate import alembic; files of dbmate, goose, golang-migrate and Supabase "
        "are read as they are");
  }
  AlembicImport import(project);
  std::vector<std::string> written, differences, notes;
  for (const Revision& revision : project.graph().revisions()) {
    if (revision.alembic_changed) notes.push_back(changed_line(revision));
  }
  std::string proven = "no";
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
    if (const auto found = import.prove()) {
      differences = *found;
      proven = differences.empty() ? "yes" : "differs";
    }
  }
  notes.insert(notes.end(), import.notes().begin(), import.notes().end());
  const int code = differences.empty() ? 0 : project.findings_code();
  Console& console = project.console();
  for (const std::string& note : notes) console.warning(note);
  if (console.json()) {
    JsonOutput out = begin_migrate_json("import", code);
    write_strings(out, "written", written);
    write_strings(out, "notes", notes);
    out.text("proven", proven);
    write_strings(out, "differences", differences);
    console.result(end_migrate_json(out));
    return code;
  }
  for (const std::string& line : differences) project.print(line);
  if (!import.has_work()) console.info("every revision is SQL already");
  if (proven == "yes") {
    console.info("proven: both ways give the same schema in two databases");
  } else if (!differences.empty()) {
    console.warning("the .sql files do not give the schema that Alembic gives; see above");
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
