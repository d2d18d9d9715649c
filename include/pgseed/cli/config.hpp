#pragma once
// Flags, environment, .env files and config file -> resolved settings. The only place besides
// main.cpp that reads the environment.
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/cli/env_file.hpp"

namespace pgseed::cli {

// Exactly what was typed.
struct GlobalFlags {
  std::optional<std::string> rest_url, key_file, database_url, schema, config_file;
  std::vector<std::string> env_files;
  bool json = false;
  bool quiet = false;
  int verbose = 0;
  std::string color = "auto";
};

struct Setting {
  std::string value;
  // "flag --rest-url", "environment", ".env:3", ".env.local:1", "pgseed.toml:2", "default"
  std::string origin;
};

struct Config {
  std::optional<Setting> rest_url;      // SUPABASE_URL
  std::optional<Setting> key;           // SUPABASE_SECRET_KEY, SUPABASE_SERVICE_ROLE_KEY; a secret
  std::optional<Setting> database_url;  // DATABASE_URL, as written; a secret
  Setting schema;
  // pgseed.toml, [migrate].
  std::optional<Setting> migrate_dir, version_table, file_template, lock_timeout;
  // ENABLE_SUPABASE of the environment or a .env file, as projects write it that run against a
  // local database and against Supabase in turn: true prefers SUPABASE_DB_URL to DATABASE_URL,
  // false leaves the API alone when migrating.
  std::optional<bool> supabase_enabled;
  // For the caller to print: a key file that others can read, for example.
  std::vector<std::string> warnings;
};

// Where ledgers go unless --ledger-dir says so: PGSEED_STATE_DIR, else pgseed in XDG_STATE_HOME,
// else in ~/.local/state. Throws Error{storage} where there is no home.
std::string ledger_folder();

// A variable of the environment, trimmed; nullopt when unset or blank.
std::optional<std::string> environment_value(const std::string& name);

// Precedence: flag > environment > --env-file files (later ones win) > .env.local > .env >
// .env.migration > config file > default. Within one source SUPABASE_SECRET_KEY wins over
// SUPABASE_SERVICE_ROLE_KEY. .env files and pgseed.toml are looked for in the working directory
// only, and a missing one is an error only if it was named. A key_file of the config
// file is relative to that file. Values are trimmed of blanks, CR, LF and quotes. Blank values
// count as absent. Throws Error{usage} with file:line for a broken .env or config file, a key file
// that is missing or empty, a key that is no header value, and a URL with blanks or
// control characters in it.
Config resolve(const GlobalFlags& flags);

// The same for a given environment and working directory.
Config resolve(const GlobalFlags& flags, const EnvironmentLookup& environment,
               const std::filesystem::path& directory);

}  // namespace pgseed::cli
