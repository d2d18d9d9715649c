#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/open_files.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/commands.hpp"
#include "pgseed/cli/connections.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/cli/github_actions.hpp"
#include "pgseed/cli/html_report.hpp"
#include "pgseed/cli/input_flags.hpp"
#include "pgseed/cli/json_output.hpp"
#include "pgseed/cli/report_file.hpp"
#include "pgseed/cli/seed_figures.hpp"
#include "pgseed/cli/value_checks.hpp"
#include "pgseed/cli/verify_output.hpp"
#include "pgseed/pg/database_url.hpp"
#include "pgseed/rest/url.hpp"
#include "pgseed/seed/pipeline.hpp"

namespace pgseed::cli {
namespace {

constexpr const char* kSeedFooter = R"(Modes:
  insert   (default) a row whose key exists stops the run
  upsert   rows whose key exists are updated; the last row of a key wins
  ignore   rows whose key exists are left as they are
  force    the tables are emptied first, then filled

Examples:
  pgseed seed dump.sql                        load every row
  pgseed seed dump.sql --limit 100            the first 100 rows of each table
  pgseed seed dump.sql --upsert               again, after the file changed
  pgseed seed a.sql b.sql --table problems    one table of two files
  pgseed seed dump.sql.gz 'parts/*.sql.zst'   packed files and patterns
  pgseed seed people.csv --table people       rows of CSV, TSV, NDJSON or a JSON array
  mysqldump shop | pgseed seed -              from standard input
  pgseed seed dump.sql --force --atomic       replaced in one step, seen by nobody half done
  pgseed seed dump.sql --via direct           without PostgREST, as fast as \copy
  pgseed seed old.sql --map old.map.toml      into other tables and columns
  pgseed seed dump.sql --max-rejects all --rejects bad.ndjson

The target, --json, -q and -v are options of every command: pgseed --help tells them, and the
exit codes.)";

// What was typed, before it makes sense.
struct SeedFlags {
  InputFlags input;
  std::string mode;
  std::string via = "auto";
  bool atomic = false;
  bool upsert = false, ignore = false, force = false;
  std::vector<std::string> on_conflict, tables, exclude, json_columns;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
  std::size_t batch_rows = 1000;
  std::size_t batch_bytes = 1u << 20;
  std::optional<std::size_t> concurrency;
  std::string max_rejects = "0";
  std::string rejects, report;
  bool log_values = false;
  int retries = 8;
  double timeout = 60;
  std::optional<double> deadline;
  std::string zero_dates = "refuse";
  bool dry_run = false, no_check = false, skip_unsupported = false, yes = false;
  bool regenerate_identity = false, allow_cascade = false;
  std::optional<std::string> ledger_dir;
  bool no_ledger = false, resume = false, fresh = false, if_changed = false;
  bool verify = false, closure = false;
};

std::chrono::milliseconds to_milliseconds(const char* option, double seconds) {
  if (!(seconds > 0) || seconds > 1e6) {
    throw Error(ErrorKind::usage, text(option, " wants a number of seconds above 0"), "",
                text("for example ", option, " 60"));
  }
  return std::chrono::milliseconds(static_cast<long long>(std::ceil(seconds * 1000)));
}

seed::Mode mode_of(const SeedFlags& flags) {
  std::vector<std::string> asked;
  if (!flags.mode.empty()) asked.push_back(flags.mode);
  if (flags.upsert) asked.emplace_back("upsert");
  if (flags.ignore) asked.emplace_back("ignore");
  if (flags.force) asked.emplace_back("force");
  for (const std::string& mode : asked) {
    if (mode == asked.front()) continue;
    throw Error(ErrorKind::usage, text(asked.front(), " and ", mode, " exclude each other"), "",
                "choose one mode: insert, upsert, ignore or force");
  }
  if (asked.empty() || asked.front() == "insert") return seed::Mode::insert;
  if (asked.front() == "upsert") return seed::Mode::upsert;
  return asked.front() == "ignore" ? seed::Mode::ignore : seed::Mode::force;
}

std::optional<std::uint64_t> max_rejects_of(const std::string& value) {
  if (value == "all") return {};
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) {
    throw Error(ErrorKind::usage, text("--max-rejects wants a number or all, not ", redact(value)),
                "", "for example --max-rejects 10");
  }
  return number;
}

seed::Via via_of(const SeedFlags& flags) {
  if (flags.via == "direct") return seed::Via::direct;
  return flags.via == "rest" ? seed::Via::rest : seed::Via::automatic;
}

void set_ledger(seed::Options& options, const SeedFlags& flags) {
  const auto exclude_each_other = [](const char* left, const char* right) {
    throw Error(ErrorKind::usage, text(left, " and ", right, " exclude each other"), "",
                "leave one of them out");
  };
  if (flags.resume && flags.fresh) exclude_each_other("--resume", "--fresh");
  if (flags.resume && flags.atomic) exclude_each_other("--resume", "--atomic");
  if (flags.via == "direct") {  // one transaction: there is nothing to go on with
    if (flags.resume) exclude_each_other("--resume", "--via direct");
    if (flags.if_changed) exclude_each_other("--if-changed", "--via direct");
  }
  if (flags.no_ledger) {
    if (flags.ledger_dir) exclude_each_other("--no-ledger", "--ledger-dir");
    if (flags.resume) exclude_each_other("--no-ledger", "--resume");
    if (flags.if_changed) exclude_each_other("--no-ledger", "--if-changed");
    return;
  }
  if (flags.resume) options.unfinished = seed::Continue::insist;
  if (flags.fresh) options.unfinished = seed::Continue::fresh;
  options.if_changed = flags.if_changed;
  if (!options.dry_run) {
    options.ledger_folder = flags.ledger_dir ? *flags.ledger_dir : ledger_folder();
  }
}

// A file that is to be read must not be written over.
void keep_inputs(const char* option, const std::string& output,
                 const std::vector<std::string>& inputs) {
  for (const std::string& file : inputs) {
    std::error_code missing;  // equivalent() wants both to exist
    if (output.empty() || !std::filesystem::equivalent(file, output, missing)) continue;
    throw Error(ErrorKind::usage, text(option, " names a file that is to be read"), output,
                "it would be emptied before it is read; name another file");
  }
}

// One transaction takes all rows or none, so some flags of the way over PostgREST mean nothing.
void require_sense(const SeedFlags& flags, const Config& config) {
  const bool direct = flags.via == "direct";
  if (!direct && !flags.atomic) return;
  if (direct && flags.atomic) {
    throw Error(ErrorKind::usage, "--via direct and --atomic exclude each other", "",
                "--via direct is one transaction by itself");
  }
  if (direct && (flags.max_rejects != "0" || !flags.rejects.empty())) {
    throw Error(ErrorKind::usage,
                text(flags.rejects.empty() ? "--max-rejects" : "--rejects",
                     " and --via direct exclude each other"),
                "",
                "the direct load stores all rows or none; load over PostgREST to go on past "
                "bad rows");
  }
  if (direct && flags.closure && flags.verify) {
    throw Error(ErrorKind::usage, "--closure and --verify exclude each other with --via direct", "",
                "compare over PostgREST, where --atomic loads in one transaction as well");
  }
  if (direct && flags.skip_unsupported) {
    throw Error(ErrorKind::usage, "--skip-unsupported and --via direct exclude each other", "",
                "the direct load carries out what PostgREST cannot");
  }
  if (!flags.dry_run || direct) {
    require_database_url(config, direct ? "--via direct" : "--atomic");
  }
}

seed::Options options_of(const SeedFlags& flags, const Config& config) {
  // Whether this run will use it or not: no other message tells what is wrong with it.
  if (config.database_url) pg::normalize_database_url(config.database_url->value);
  seed::Options options;
  set_input(options, flags.input, flags.tables);
  options.mode = mode_of(flags);
  require_sense(flags, config);
  options.via = via_of(flags);
  options.atomic = flags.atomic;
  options.on_conflict = flags.on_conflict;
  if (!options.on_conflict.empty() && options.mode != seed::Mode::upsert &&
      options.mode != seed::Mode::ignore) {
    throw Error(ErrorKind::usage, "--on-conflict needs --upsert or --ignore", "",
                "add the mode, or leave --on-conflict out");
  }
  options.limit = flags.limit;
  options.offset = flags.offset;
  options.tables = table_names(flags.tables);
  options.exclude = table_names(flags.exclude);
  options.batch_rows = flags.batch_rows;
  options.batch_bytes = flags.batch_bytes;
  options.concurrency = flags.concurrency;
  options.max_rejects = max_rejects_of(flags.max_rejects);
  options.rejects_file = flags.rejects;
  keep_inputs("--rejects", flags.rejects, options.files);
  keep_inputs("--report", flags.report, options.files);
  options.retries = flags.retries;
  options.timeout = to_milliseconds("--timeout", flags.timeout);
  if (flags.deadline) options.deadline = to_milliseconds("--deadline", *flags.deadline);
  options.dry_run = flags.dry_run;
  options.verify = flags.verify;
  options.closure = flags.closure;
  if (flags.closure && !flags.limit && flags.offset == 0) {
    throw Error(ErrorKind::usage, "--closure needs --limit", "",
                "it keeps the rows that --limit takes consistent; without it all rows are taken");
  }
  if (flags.no_check && (flags.closure || flags.verify || flags.dry_run)) {
    throw Error(ErrorKind::usage,
                "--no-check leaves out what --verify, --closure and --dry-run need", "",
                "leave --no-check out");
  }
  options.check = !flags.no_check;
  options.skip_unsupported = flags.skip_unsupported;
  if (!flags.json_columns.empty()) {
    options.json_columns = flags.json_columns;
    if (flags.json_columns.front() == "none") options.json_columns->clear();
  }
  options.zero_dates_are_null = flags.zero_dates == "null";
  options.schema = config.schema.value;
  options.regenerate_identity = flags.regenerate_identity;
  options.allow_cascade = flags.allow_cascade;
  set_ledger(options, flags);
  return options;
}

// The project that a Supabase URL names; empty for any other.
std::string supabase_project(const std::string& rest_url) {
  constexpr std::string_view kDomain = ".supabase.co";
  const std::size_t end = rest_url.find(kDomain);
  const std::size_t begin = rest_url.find("://");
  if (end == std::string::npos || begin == std::string::npos || begin + 3 > end) return {};
  return rest_url.substr(begin + 3, end - begin - 3);
}

// Options that mean something to PostgREST only.
std::string stays_with_rest(const SeedFlags& flags) {
  if (flags.resume) return "--resume";
  if (flags.if_changed) return "--if-changed";
  if (flags.max_rejects != "0") return "--max-rejects";
  return flags.rejects.empty() ? "" : "--rejects";
}

// What makes DATABASE_URL seem to lead to another database than the API.
std::string database_elsewhere(const Config& config) {
  if (!config.database_url || !config.rest_url) return {};
  const std::string& api = config.rest_url->value;
  const std::string& database = config.database_url->value;
  if (rest::is_local(api) != pg::is_local_database(database)) {
    return "DATABASE_URL is on another machine than the API";
  }
  const std::string project = supabase_project(api);
  const std::string shown = pg::display_database_url(database);
  const bool is_supabase = shown.find(".supabase.co") != std::string::npos;
  if (!project.empty() && is_supabase && shown.find(project) == std::string::npos) {
    return "DATABASE_URL is of another project than the API";
  }
  return {};
}

class ConsoleObserver : public seed::Observer {
 public:
  explicit ConsoleObserver(Console& console) : console_(console) {}

  void progress(const Progress& progress) override {
    const double seconds = std::max(progress.seconds, 0.001);
    std::string line =
        text(with_separators(progress.rows_done), " rows  ",
             with_separators(
                 static_cast<std::uint64_t>(static_cast<double>(progress.rows_done) / seconds)),
             " rows/s  ", fixed(static_cast<double>(progress.bytes_sent) / seconds / 1e6, "%.1f"),
             " MB/s");
    if (progress.rows_total > 0) {
      const double share = std::min(
          1.0, static_cast<double>(progress.rows_done) / static_cast<double>(progress.rows_total));
      line += text("  ", fixed(share * 100, "%.0f"), " %");
      if (share > 0) line += text("  ", short_time(seconds / share - seconds), " left");
    }
    console_.progress(line);
  }

  void note(int level, const std::string& line) override {
    if (level == 0) {
      console_.warning(line);
    } else if (console_.verbose() >= level) {
      console_.info(line);
    }
  }

 private:
  Console& console_;
};

// The table at the end: a row for each table, right-aligned numbers, empty columns left out.
std::string summary_table(const seed::Report& report) {
  const std::vector<CountColumn> shown = shown_columns(report);
  std::vector<std::vector<std::string>> lines(1, {"table"});
  for (const CountColumn& column : shown) lines[0].emplace_back(column.title);
  const auto add = [&](const std::string& title, const seed::Counts& counts) {
    std::vector<std::string> line = {title};
    for (const CountColumn& column : shown) {
      line.push_back(with_separators(counts.*column.count));
    }
    lines.push_back(line);
  };
  for (const seed::TableReport& table : report.tables) add(to_sql(table.table), table.counts);
  if (report.tables.size() > 1) add("total", report.totals());
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t index = 0; index < line.size(); ++index) {
      widths[index] = std::max(widths[index], line[index].size());
    }
  }
  std::string out;
  for (const auto& line : lines) {
    for (std::size_t index = 0; index < line.size(); ++index) {
      const std::string padding(widths[index] - line[index].size(), ' ');
      if (index > 0) out += "  ";
      out += index == 0 ? line[index] + padding : padding + line[index];
    }
    out += "\n";
  }
  return out;
}

// What cannot be written on stdout is thrown when all else was said. Throws Error{storage}.
void print_report(Console& console, const seed::Options& options, const seed::Report& report) {
  std::optional<Error> unwritten;
  const auto result = [&](const std::string& shown) {
    try {
      console.result(shown);
    } catch (const Error& error) {
      unwritten = error;
    }
  };
  for (const seed::SequenceReport& each : report.sequences) {
    console.info(text("note: the sequence ", each.sequence, " of ", each.column, " goes on at ",
                      each.after, " (was ", each.before, ")"));
  }
  for (const std::string& note : report.notes) console.info("note: " + note);
  if (console.json()) {
    result(seed_json(options, report));
  } else if (!options.dry_run && !console.quiet() &&
             (report.totals().read > 0 || (!report.error && !report.tables.empty()))) {
    const seed::Counts totals = report.totals();
    const std::string width = width_range(report);
    result(
        text(summary_table(report), with_separators(totals.loaded), " rows in ",
             short_time(report.seconds), ", ", rows_per_second(report), " rows/s, ",
             human_bytes(report.bytes_sent),
             report.carrier == seed::Carrier::direct
                 ? " in one transaction"
                 : text(" in ", report.requests, report.requests == 1 ? " request" : " requests"),
             width.empty() ? "" : text(", ", width, " at a time"),
             report.retries > 0 ? text(", ", report.retries, " retries") : "", "\n"));
  }
  if (report.verification && !console.json() && !console.quiet()) {
    result(verify_text(*report.verification));
  }
  if (!report.rejects_file.empty() && report.totals().rejected > 0) {
    console.info(text("rejected rows: ", report.rejects_file));
  }
  if (report.error) console.error(*report.error);
  if (report.signal != 0) {
    console.warning(text(
        "interrupted: ", report.is_unchanged ? "" : "rows that were on their way are counted; ",
        report.next_step()));
  }
  if (unwritten) throw Error(*unwritten);
}

void require_consent(Console& console, const SeedFlags& flags, const seed::Options& options,
                     const Config& config, bool direct) {
  if (options.mode != seed::Mode::force || options.dry_run || flags.yes) return;
  const std::string& url = (direct ? *config.database_url : require_rest_url(config)).value;
  if (direct ? pg::is_local_database(url) : rest::is_local(url)) return;
  const std::string host = direct ? pg::display_database_url(url) : redact(url);
  if (Console::can_ask() &&
      console.confirm(text("FORCE deletes all rows of the file's tables at ", host, ". Go on?"))) {
    return;
  }
  throw Error(ErrorKind::usage, text("FORCE on ", host, ", which is not local, was not confirmed"),
              "", "pass --yes if the tables shall be emptied");
}

// What people and GitHub see of the run. Returns the exit code: that of the run, unless it is 0 and
// the page or the summary cannot be written.
int publish(Console& console, const SeedFlags& flags, const seed::Options& options,
            seed::Report& report, const GithubActions& github, ReportFile* page) {
  const auto add_hint = [&](Error& error) {
    if (report.settle) error.hint = "all is loaded; the same command says so and sends nothing";
  };
  if (page != nullptr) {
    try {
      PageFacts facts;
      facts.ended = std::chrono::system_clock::now();
      facts.version = PGSEED_VERSION;
      facts.with_values = flags.log_values;
      page->write(html_report(options, report, facts));
      console.info(text("report: ", flags.report));
    } catch (Error& error) {
      if (report.exit_code() != 0) {
        console.error(error);
      } else {
        add_hint(error);
        report.error = error;
      }
    }
  }
  int code = report.exit_code();
  try {
    print_report(console, options, report);
  } catch (Error& error) {
    if (code == 0) {
      code = exit_code(error.kind);
      add_hint(error);
    }
    console.error(error);
  }
  if (!github.active) return code;
  console.command(annotations(report, github.workspace, flags.log_values));
  if (!github.summary_file.empty()) {
    std::ofstream summary(github.summary_file, std::ios::app);
    summary << job_summary(options, report, flags.log_values) << std::flush;
    if (!summary) console.warning("the job's summary cannot be written (GITHUB_STEP_SUMMARY)");
  }
  return code;
}

// A foreign key that only the choice of rows has broken.
void blame_limit(const seed::Options& options, Error& error) {
  const bool chooses = options.limit || options.offset > 0;
  if (!chooses || options.closure || error.kind != ErrorKind::rows) return;
  if (error.message.find("[23503]") == std::string::npos) return;
  error.hint = text(options.limit ? "--limit" : "--offset",
                    " may have left out the row it refers to: add --closure");
}

seed::Report load(Console& console, const SeedFlags& flags, const seed::Options& options,
                  const Config& config) {
  if (options.deadline) interrupt::stop_after(*options.deadline);
  allow_many_open_files();  // every table has a lock
  TransportOptions transport_options;
  transport_options.max_connections = options.concurrency.value_or(8);
  const std::unique_ptr<Transport> transport = make_curl_transport(transport_options);
  ConsoleObserver observer(console);
  seed::Services services;
  services.transport = transport.get();
  services.observer = &observer;
  services.clock = [] { return std::chrono::steady_clock::now(); };
  // A dry run looks at the files alone when there is no target to look at.
  const bool direct = options.via == seed::Via::direct;
  // What is no URL may be a key that went into the wrong variable.
  if (config.rest_url && config.rest_url->value.find("://") != std::string::npos) {
    services.target = redact(config.rest_url->value);
  }
  if (!direct && (config.rest_url || !options.dry_run)) {
    require_rest_url(config);
    services.connect = [&] { return connect_rest(*transport, config, console, options.timeout); };
  }
  if (config.database_url) {
    services.database_url = config.database_url->value;
    services.stays_with_rest = stays_with_rest(flags);
    services.database_elsewhere = database_elsewhere(config);
    services.before_direct = [&] { require_consent(console, flags, options, config, true); };
    services.catalogue = [&](const std::optional<std::vector<std::string>>& schemas) {
      return read_catalogue(config.database_url->value, schemas);
    };
  }
  seed::Report report = seed::run(options, services);
  interrupt::stop_after({});
  console.end_progress();
  if (report.error) blame_limit(options, *report.error);
  return report;
}

int run_seed(const SeedFlags& flags, const GlobalFlags& global) {
  Console console(global);
  const GithubActions github = github_actions();
  const Config config = resolve(global);
  if (github.active) console.command(mask_commands(config));
  for (const std::string& warning : config.warnings) console.warning(warning);
  seed::Options options;
  std::unique_ptr<ReportFile> page;
  seed::Report report;
  try {
    options = options_of(flags, config);
    if (!flags.report.empty()) page = std::make_unique<ReportFile>(flags.report);
    require_consent(console, flags, options, config, options.via == seed::Via::direct);
    report = load(console, flags, options, config);
  } catch (const Error& error) {  // a run that did not begin has its page as well
    report.error = error;
  }
  const int code = publish(console, flags, options, report, github, page.get());
  if (code != 0 || !report.settle) return code;
  try {
    report.settle();
  } catch (const Error& error) {  // the next run finds out
    console.warning(error.message);
  }
  return code;
}

// In which order the help tells the options. Names that are no options of this command are passed
// over.
void group_options(CLI::App& command) {
  const std::pair<const char*, std::vector<const char*>> kGroups[] = {
      {"What is loaded",
       {"--mode", "--upsert", "--ignore", "--force", "--on-conflict", "--limit", "--offset",
        "--closure", "--table", "--exclude", "--skip-unsupported", "--zero-dates", "--json-columns",
        "--regenerate-identity", "--allow-cascade", "--yes"}},
      {"How it is sent",
       {"--via", "--atomic", "--concurrency", "--batch-rows", "--batch-bytes", "--retries",
        "--timeout", "--deadline"}},
      {"Runs that were cut short, and runs again",
       {"--resume", "--fresh", "--if-changed", "--ledger-dir", "--no-ledger"}},
      {"What is checked and told",
       {"--dry-run", "--no-check", "--verify", "--max-rejects", "--rejects", "--report",
        "--log-values"}},
  };
  // CLI11's own search by name would end the process where memory is short.
  for (CLI::Option* const option : command.get_options()) {
    for (const auto& [title, names] : kGroups) {
      const bool is_here = std::ranges::any_of(names, [&](const std::string_view name) {
        const auto& own = option->get_lnames();
        return std::ranges::find(own, name.substr(2)) != own.end();
      });
      if (is_here) option->group(title);
    }
  }
}

}  // namespace

void add_seed_command(CLI::App& app, const GlobalFlags& global, Action& action) {
  CLI::App* const command =
      app.add_subcommand("seed", "read SQL dumps and load their rows over PostgREST");
  auto flags = std::make_shared<SeedFlags>();
  add_input_flags(*command, flags->input,
                  "SQL, CSV, JSON, packed or not, in this order; - is standard input");
  command->add_option("--mode", flags->mode, "insert, upsert, ignore or force")
      ->check(CLI::IsMember({"insert", "upsert", "ignore", "force"}))
      ->type_name("MODE");
  command->add_flag("--atomic", flags->atomic,
                    "readers see all rows or none: over staging tables (needs DATABASE_URL)");
  command
      ->add_option("--via", flags->via,
                   "auto (default): direct where only that carries it; rest; direct: COPY")
      ->check(CLI::IsMember({"auto", "rest", "direct"}))
      ->type_name("WAY");
  command->add_flag("--upsert", flags->upsert, "the same as --mode upsert");
  command->add_flag("--ignore", flags->ignore, "the same as --mode ignore");
  command->add_flag("--force", flags->force, "the same as --mode force");
  command->add_option("--on-conflict", flags->on_conflict, "conflict target (default: primary key)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COL,...");
  command->add_option("--limit", flags->limit, "at most this many rows per table, in file order")
      ->check(whole_number("rows"))
      ->type_name("N");
  command->add_option("--offset", flags->offset, "pass over the first rows of each table")
      ->check(whole_number("rows"))
      ->type_name("N");
  command
      ->add_option("--table", flags->tables,
                   "only this table; repeatable. Rows of CSV and JSON go there")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_option("--exclude", flags->exclude, "not this table (or schema.*); repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_flag("--closure", flags->closure,
                    "with --limit: take the rows that others refer to as well");
  command->add_flag("--verify", flags->verify,
                    "compare the tables with the files afterwards; exit 6");
  command->add_option("--batch-rows", flags->batch_rows, "rows per request at most (1000)")
      ->check(whole_number("rows"))
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}).description(""))
      ->type_name("N");
  command->add_option("--batch-bytes", flags->batch_bytes, "bytes per request, about (1 MiB)")
      ->check(whole_number("bytes"))
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30).description(""))
      ->type_name("N");
  command
      ->add_option("--concurrency", flags->concurrency,
                   "requests at a time, at most (4; 8 if remote)")
      ->check(whole_number("requests"))
      ->check(CLI::Range(std::size_t{1}, std::size_t{64}).description(""))
      ->type_name("N");
  command
      ->add_option("--max-rejects", flags->max_rejects,
                   "go on past this many refused rows (0), or all")
      ->type_name("N|all");
  command->add_option("--rejects", flags->rejects, "write refused rows to this file (NDJSON)")
      ->type_name("FILE");
  command->add_option("--report", flags->report, "write an HTML page about the run to this file")
      ->type_name("FILE");
  command->add_flag("--log-values", flags->log_values,
                    "report and CI messages may quote values of rejected rows");
  command->add_option("--retries", flags->retries, "tries after the first, per request (8)")
      ->check(whole_number("tries"))
      ->check(CLI::Range(0, 1000).description(""))
      ->type_name("N");
  command->add_option("--timeout", flags->timeout, "of one request (60)")
      ->check(number_of_seconds())
      ->type_name("SECONDS");
  command
      ->add_option("--deadline", flags->deadline,
                   "of the whole run, connecting and reading included")
      ->check(number_of_seconds())
      ->type_name("SECONDS");
  command
      ->add_option("--zero-dates", flags->zero_dates,
                   "MySQL's 0000-00-00: refuse it (default), or store null")
      ->check(CLI::IsMember({"refuse", "null"}))
      ->type_name("WHAT");
  command
      ->add_option("--json-columns", flags->json_columns,
                   "columns of type json, when no server tells (or none)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COL,...");
  command
      ->add_option("--ledger-dir", flags->ledger_dir, "where ledgers lie (~/.local/state/pgseed)")
      ->type_name("DIR");
  command->add_flag("--no-ledger", flags->no_ledger,
                    "keep no record that a later run can go on with");
  command->add_flag("--resume", flags->resume, "fail if there is no unfinished run to go on with");
  command->add_flag("--fresh", flags->fresh, "begin anew, whatever an unfinished run has done");
  command->add_flag("--if-changed", flags->if_changed,
                    "send nothing if it is loaded; with --upsert only what changed");
  command->add_flag("--dry-run", flags->dry_run, "read and check the files, write nothing");
  command->add_flag("--no-check", flags->no_check, "do not read the files through before loading");
  command->add_flag("--skip-unsupported", flags->skip_unsupported,
                    "skip what cannot go over PostgREST instead of refusing the file");
  command->add_flag("--regenerate-identity", flags->regenerate_identity,
                    "let the server number GENERATED ALWAYS identity columns anew");
  command->add_flag("--allow-cascade", flags->allow_cascade,
                    "let --force take along rows of other tables (ON DELETE, inheritance)");
  command->add_flag("--yes", flags->yes, "no question before --force on a host that is not local");
  group_options(*command);
  command->footer(kSeedFooter);
  command->callback([flags, &global, &action] {
    action = {"seed", [flags, &global] { return run_seed(*flags, global); }};
  });
}

}  // namespace pgseed::cli
