#include <CLI/CLI.hpp>
#include <algorithm>

#include "pgseed/base/text.hpp"
#include "pgseed/cli/commands.hpp"
#include "pgseed/cli/connections.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/cli/json_output.hpp"
#include "pgseed/pg/catalog.hpp"
#include "pgseed/pg/session.hpp"

namespace pgseed::cli {
namespace {

constexpr const char* kTestFooter =
    R"(It checks the connections, the key's role, and whether the role of DATABASE_URL may create
tables. Rights on single tables are tried by a load, before its first row.

Examples:
  pgseed test
  pgseed --env-file .stack/env test
  pgseed --json test)";

struct Check {
  std::string name;
  bool ok = true;
  std::string message;
  std::string hint;
  int exit_code = 0;
};

class Doctor {
 public:
  explicit Doctor(const Config& config) : config_(config) {}

  std::vector<Check> checks;

  void run() {
    if (!config_.rest_url && !config_.database_url) require_rest_url(config_);
    if (config_.rest_url) {
      look("REST", [&] { check_rest(); });
    } else {
      add("REST", true,
          "not configured (SUPABASE_URL); pgseed seed needs it, but for --via direct");
    }
    if (config_.database_url) {
      look("database", [&] { check_database(); });
    } else {
      add("database", true, "not configured (DATABASE_URL); pgseed schema needs it");
    }
    if (has_rest_ && has_database_) compare();
  }

 private:
  template <class Work>
  void look(const std::string& name, const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      checks.push_back({name, false, error.message, error.hint, exit_code(error.kind)});
    }
  }

  void add(const std::string& name, bool ok, const std::string& message,
           const std::string& hint = {}) {
    checks.push_back({name, ok, message, hint, ok ? 0 : exit_code(ErrorKind::refused)});
  }

  void check_rest() {
    const auto transport = make_curl_transport({});
    const std::string key = config_.key ? config_.key->value : std::string();
    const rest::Connection connection =
        rest::connect(*transport, config_.rest_url->value, key, config_.schema.value,
                      std::chrono::milliseconds(10'000));
    has_rest_ = true;
    add("REST", true,
        text(connection.endpoint.base_url, " answers",
             connection.server.empty() ? "" : text(" (", connection.server, ")"), ", from ",
             config_.rest_url->origin));
    if (key.empty()) {
      add("key", false, "no key is set: requests run as the anonymous role",
          "set SUPABASE_SECRET_KEY to the service_role or sb_secret_ key");
    } else if (key.starts_with("sb_") && !connection.endpoint.base_url.ends_with("/rest/v1")) {
      // Supabase's gateway turns such a key into a role; PostgREST itself never looks at it.
      add("key", false,
          text("an sb_... key, from ", config_.key->origin,
               ", means nothing to a PostgREST without Supabase's gateway: requests run as the "
               "anonymous role"),
          "use a JWT of the service_role, or the URL of the gateway");
    } else if (connection.key_role.empty()) {
      add("key", true, text("accepted, from ", config_.key->origin));
    } else {
      const bool sees_all = connection.key_role != "anon" && connection.key_role != "authenticated";
      add("key", sees_all, text("role ", connection.key_role, ", from ", config_.key->origin),
          sees_all ? "" : "row-level security may hide or refuse rows; use the service_role key");
    }
    if (!connection.has_openapi) {
      add("schema", true,
          "the API gives no OpenAPI document; types come from DATABASE_URL or "
          "--json-columns");
      return;
    }
    served_ = connection.model;
    const std::size_t tables = served_.tables.size();
    add("schema", tables > 0,
        text("schema ", config_.schema.value, ": ", tables,
             tables == 1 ? " table or view" : " tables and views", " served to this role"),
        tables > 0 ? "" : "create tables (pgseed schema FILE), or GRANT the role rights on them");
  }

  void check_database() {
    const std::string& url = config_.database_url->value;
    pg::Session session(url);
    const auto rows = session.query(
        "SELECT current_user, current_database(), current_setting('server_version'), "
        "pg_catalog.has_schema_privilege(n.oid, 'CREATE') FROM (SELECT 1) one LEFT JOIN "
        "pg_catalog.pg_namespace n ON n.nspname = " +
        session.literal(config_.schema.value));
    has_database_ = true;
    const pg::Row& row = rows.at(0);
    add("database", true,
        text(pg::display_database_url(url), " answers (PostgreSQL ", row[2].value_or("?"),
             "), from ", config_.database_url->origin));
    const bool may_create = row[3] && *row[3] == "t";
    add("rights", may_create,
        text("role ", row[0].value_or("?"), may_create ? " may" : " may not", " create tables in ",
             config_.schema.value),
        may_create ? ""
                   : text("connect as the schema's owner, or GRANT CREATE ON SCHEMA ",
                          config_.schema.value));
    catalogue_ = pg::read_catalog(session, {config_.schema.value});
  }

  // Do both lead to one database? A table that only one of them knows tells.
  void compare() {
    std::string missing;
    for (const Table& table : served_.tables) {
      if (catalogue_.find(table.name) == nullptr) missing = to_sql(table.name);
    }
    if (!missing.empty()) {
      add("both", false, text("PostgREST serves ", missing, ", which DATABASE_URL does not have"),
          "the two settings lead to different databases, or the schema cache is stale: NOTIFY "
          "pgrst, "
          "'reload schema'");
      return;
    }
    std::size_t unserved = 0;
    for (const Table& table : catalogue_.tables) {
      if (served_.find(table.name) == nullptr) ++unserved;
    }
    add("both", true,
        unserved == 0 ? "both connections see the same tables"
                      : text(unserved, " tables of the database are not served to this key"));
  }

  const Config& config_;
  bool has_rest_ = false;
  bool has_database_ = false;
  Model served_, catalogue_;
};

std::string test_json(const std::vector<Check>& checks, int code) {
  JsonOutput out;
  out.begin_object().number("version", 1).text("command", "test").boolean("ok", code == 0);
  out.number("exit_code", static_cast<std::uint64_t>(code)).begin_array("checks");
  for (const Check& check : checks) {
    out.begin_object()
        .text("name", check.name)
        .boolean("ok", check.ok)
        .text("message", check.message)
        .text("hint", check.hint)
        .end_object();
  }
  out.end_array();
  const auto failed =
      std::find_if(checks.begin(), checks.end(), [](const Check& check) { return !check.ok; });
  if (failed == checks.end()) {
    out.null("error");
  } else {
    const Error error(failed->exit_code == exit_code(ErrorKind::unreachable)
                          ? ErrorKind::unreachable
                      : failed->exit_code == exit_code(ErrorKind::usage) ? ErrorKind::usage
                                                                         : ErrorKind::refused,
                      failed->message, failed->name, failed->hint);
    write_error(out, &error);
  }
  return out.end_object().finish();
}

int run_test(const GlobalFlags& global) {
  Console console(global);
  const Config config = resolve(global);
  for (const std::string& warning : config.warnings) console.warning(warning);
  Doctor doctor(config);
  doctor.run();
  int code = 0;
  for (const Check& check : doctor.checks) {
    if (!check.ok && code == 0) code = check.exit_code;
  }
  if (console.json()) {
    console.result(test_json(doctor.checks, code));
    return code;
  }
  for (const Check& check : doctor.checks) {
    if (check.ok) {
      if (!console.quiet())
        console.result(text("ok       ", check.name, ": ", check.message, "\n"));
      continue;
    }
    console.result(text("problem  ", check.name, ": ", check.message, "\n"));
    if (!check.hint.empty()) console.result(text("         hint: ", check.hint, "\n"));
  }
  return code;
}

}  // namespace

void add_test_command(CLI::App& app, const GlobalFlags& global, Action& action) {
  CLI::App* const command = app.add_subcommand(
      "test", "check the connections, the key's role and the right to create tables");
  command->alias("doctor");
  command->footer(kTestFooter);
  command->callback([&global, &action] {
    action = {"test", [&global] { return run_test(global); }};
  });
}

}  // namespace pgseed::cli
