#include "pgseed/cli/migrate_project.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/alembic_process.hpp"
#include "pgseed/cli/api_schema.hpp"
#include "pgseed/cli/connections.hpp"
#include "pgseed/migrate/alembic_ini.hpp"
#include "pgseed/migrate/lines.hpp"
#include "pgseed/migrate/section_options.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultDirectory = "migrations";
constexpr const char* kDefaultIni = "alembic.ini";

std::string read_whole(const std::string& path) {
  std::error_code ignored;
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path, ignored)) {
    throw Error(ErrorKind::usage, text("cannot read ", path), {},
                "name the project's alembic.ini with -c, or its folder with --dir");
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// PostgreSQL reads a bare number as milliseconds, and all our other options are in seconds.
void require_unit(const char* option, const std::optional<std::string>& value) {
  if (!value || *value == "0") return;
  std::string time = *value;
  std::erase(time, ' ');
  const bool has_unit = !time.empty() && (time.back() < '0' || time.back() > '9');
  if (has_unit && migrate::is_duration(time)) return;
  throw Error(ErrorKind::usage, text(option, " wants a time with its unit, not ", redact(*value)),
              {}, "for example 5s or 500ms");
}

}  // namespace

MigrateProject::MigrateProject(const MigrateFlags& flags, const GlobalFlags& global)
    : flags_(flags), console_(global), config_(resolve(global)) {
  require_unit("--lock-timeout", flags.lock_timeout);
  require_unit("--statement-timeout", flags.statement_timeout);
  for (const std::string& warning : config_.warnings) console_.warning(warning);
  std::error_code ignored;
  if (flags.ini_file) ini_file_ = *flags.ini_file;
  // A folder named on the command line needs no alembic.ini; the settings of one still count.
  if (ini_file_.empty() && fs::exists(kDefaultIni, ignored)) ini_file_ = kDefaultIni;
  std::vector<fs::path> directories(flags.dirs.begin(), flags.dirs.end());
  if (!ini_file_.empty() && directories.empty()) {
    const std::string here = fs::absolute(ini_file_).parent_path().string();
    const migrate::AlembicIni ini =
        migrate::parse_alembic_ini(read_whole(ini_file_), ini_file_, here);
    locations_.file_template = ini.file_template;
    locations_.truncate_slug_length = ini.truncate_slug_length;
    locations_.recursive = ini.recursive_version_locations;
    ini_url_ = ini.sqlalchemy_url;
    directory_ = ini.script_location;
    for (const std::string& folder : ini.version_locations) locations_.folders.emplace_back(folder);
  }
  if (locations_.folders.empty()) {
    if (directories.empty() && !directory_.empty()) directories.push_back(directory_);
    if (directories.empty() && config_.migrate_dir) {
      directories.emplace_back(config_.migrate_dir->value);
    }
    if (directories.empty()) directories.emplace_back(kDefaultDirectory);
    for (const fs::path& directory : directories) {
      locations_.folders.push_back(migrate::versions_folder(directory));
    }
    directory_ = directories.front();
  }
  if (config_.file_template && ini_file_.empty()) {
    locations_.file_template = config_.file_template->value;
  }
}

const migrate::Graph& MigrateProject::graph(migrate::Pairs pairs) {
  if (!graph_) {
    for (const fs::path& folder : locations_.folders) {
      if (fs::exists(folder)) continue;
      throw Error(ErrorKind::input, text("there is no folder ", folder.string()), {},
                  "pgseed migrate init makes one; --dir DIR names another; -c FILE an alembic.ini");
    }
    graph_.emplace(migrate::read_revisions(locations_, pairs));
  }
  return *graph_;
}

const std::string& MigrateProject::database_url() const {
  if (config_.database_url) return config_.database_url->value;
  if (ini_url_ && !ini_url_->empty()) return *ini_url_;
  return require_database_url(config_, "pgseed migrate").value;
}

migrate::VersionTableName MigrateProject::version_table() const {
  if (flags_.version_table) return migrate::parse_version_table(*flags_.version_table);
  if (config_.version_table) return migrate::parse_version_table(config_.version_table->value);
  return {};
}

migrate::VariableLookup MigrateProject::variables() const {
  std::map<std::string, std::string> values;
  for (const std::string& pair : flags_.variables) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(ErrorKind::usage, text("--var '", pair, "' is not NAME=VALUE"), {},
                  "for example --var tenant=acme");
    }
    values[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return [values](const std::string& name) -> std::optional<std::string> {
    if (const auto found = values.find(name); found != values.end()) return found->second;
    return environment_value(name);
  };
}

void MigrateProject::set_timeouts(std::string& lock, std::string& statement) const {
  if (config_.lock_timeout) lock = config_.lock_timeout->value;
  if (flags_.lock_timeout) lock = *flags_.lock_timeout;
  if (flags_.statement_timeout) statement = *flags_.statement_timeout;
}

migrate::ExecutorOptions MigrateProject::executor_options() {
  migrate::ExecutorOptions options;
  options.version_table = version_table();
  options.single_transaction = flags_.single_transaction;
  options.dry_run = flags_.dry_run;
  options.log = !flags_.no_log;
  if (!(flags_.lock_wait >= 0) || flags_.lock_wait > 86'400) {
    throw Error(ErrorKind::usage, "--lock-wait wants a number of seconds", {}, "--lock-wait 60");
  }
  options.lock_wait = std::chrono::milliseconds(static_cast<long long>(flags_.lock_wait * 1000));
  set_timeouts(options.lock_timeout, options.statement_timeout);
  options.variables = variables();
  if (flags_.delegate_alembic) {
    options.delegate = [this](const std::vector<std::string>& words) {
      std::vector<std::string> arguments;
      if (!ini_file_.empty()) arguments = {"-c", ini_file_};
      arguments.insert(arguments.end(), words.begin(), words.end());
      run_alembic_live(arguments, alembic_environment(),
                       [this](const std::string& line) { console_.info(line); });
    };
  }
  if (flags_.ini_file) options.alembic = text("alembic -c ", ini_file_);
  return options;
}

std::map<std::string, std::string> MigrateProject::alembic_environment() const {
  if (!config_.database_url) return {};
  const std::string& url = config_.database_url->value;
  const auto present = environment_value("DATABASE_URL");
  if (present && trim(*present) == url) return {};
  return {{"DATABASE_URL", url}};
}

migrate::Executor& MigrateProject::executor() {
  if (!executor_) {
    graph();  // its errors come before any connection
    migrate::ExecutorObserver& observer = *this;
    executor_ =
        std::make_unique<migrate::Executor>(database_url(), *graph_, executor_options(), observer);
  }
  return *executor_;
}

migrate::AppliedRows MigrateProject::rows() {
  return executor().rows();
}

void MigrateProject::wait_for_api(const migrate::Plan& steps,
                                  const std::vector<std::string>& dropped) {
  const bool local_only = config_.supabase_enabled == false;
  if (steps.empty() && dropped.empty()) return;
  if (flags_.no_wait || flags_.dry_run || !config_.rest_url || local_only) return;
  ExpectedSchema expected;
  for (const std::string& object : dropped) {
    expected.note("DROP " + object, config_.schema.value);
  }
  for (const migrate::Step& step : steps) {
    const migrate::Revision& revision = graph()[step.node];
    const auto& section =
        step.direction == migrate::Direction::up ? revision.upgrade : revision.downgrade;
    if (!section) continue;
    for (const auto& statement : migrate::split_section(*section, variables())) {
      expected.note(statement.sql, config_.schema.value);
    }
  }
  wait_until_api_knows(expected, config_, executor().session(), console_);
}

int MigrateProject::findings_code() const {
  return flags_.alembic_exit_codes ? kAlembicFailure : exit_code(ErrorKind::rows);
}

void MigrateProject::keep_setting(const std::string& name, const std::string& value) {
  std::string quoted;
  for (const char byte : value) {
    if (byte == '"' || byte == '\\') quoted += '\\';
    quoted += byte;
  }
  const std::string setting = text(name, " = \"", quoted, '"');
  const fs::path file = "pgseed.toml";
  if (fs::exists(file)) {
    console_.warning(text("pgseed.toml is there already: write ", setting, " below [migrate]"));
    return;
  }
  migrate::write_new_file(file, text("[migrate]\n", setting, '\n'));
  print(text("Generating ", fs::absolute(file).lexically_normal().string(), " ...  done"));
}

void MigrateProject::print(const std::string& line) {
  if (!console_.json()) console_.result(line + "\n");
}

void MigrateProject::step_begins(const migrate::Step& step) {
  console_.info(migrate::running_line(*graph_, step));
}

void MigrateProject::note(const std::string& line) {
  console_.info("note: " + line);
}

JsonOutput begin_migrate_json(const std::string& name, int exit_code) {
  JsonOutput out;
  out.begin_object()
      .number("version", 1)
      .text("command", "migrate " + name)
      .boolean("ok", exit_code == 0)
      .number("exit_code", static_cast<std::uint64_t>(exit_code));
  return out;
}

std::string end_migrate_json(JsonOutput& out) {
  return out.null("error").end_object().finish();
}

void write_strings(JsonOutput& out, const std::string& name,
                   const std::vector<std::string>& values) {
  out.begin_array(name);
  for (const std::string& value : values) out.element(value);
  out.end_array();
}

void write_revisions(JsonOutput& out, const std::string& name, const migrate::Graph& graph,
                     const migrate::Nodes& nodes, const migrate::NodeSet* applied) {
  out.begin_array(name);
  for (const migrate::Node node : nodes) {
    const migrate::Revision& revision = graph[node];
    out.begin_object().text("revision", revision.id);
    write_strings(out, "down_revision", revision.down_revisions);
    write_strings(out, "branch_labels", graph.labels(node));
    write_strings(out, "depends_on", revision.depends_on);
    out.text("message", revision.message)
        .text("created", revision.created)
        .text("path", revision.path)
        .boolean("is_head", graph.is_real_head(node))
        .boolean("is_branch_point", graph.is_branch_point(node))
        .boolean("is_merge_point", graph.is_merge_point(node));
    if (applied != nullptr) out.boolean("applied", applied->has(node));
    out.end_object();
  }
  out.end_array();
}

}  // namespace pgseed::cli
