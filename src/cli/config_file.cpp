#include "pgseed/cli/config_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/setting.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/io/toml.hpp"

namespace pgseed::cli {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"rest_url", "key_file", "database_url",
                                                    "schema"};
constexpr std::array<std::string_view, 4> kMigrateNames = {"dir", "version_table", "file_template",
                                                           "lock_timeout"};

// Names under which people may try to put the key itself.
bool names_a_secret(std::string_view name) {
  constexpr std::array<std::string_view, 9> kSecrets = {
      "key",    "secret_key",          "api_key", "apikey",      "service_role_key",
      "secret", "supabase_secret_key", "jwt",     "supabase_key"};
  return std::ranges::find(kSecrets, to_lower(name)) != kSecrets.end();
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  void read(const pgseed::Setting& table, bool top) {
    for (const auto& [name, place, setting] : table.members) {
      const int line = static_cast<int>(place.line);
      const bool is_table = setting.kind == SettingKind::table;
      if (top && name == "target" && is_table) {
        read(setting, false);
        continue;
      }
      if (top && name == "migrate" && is_table) {
        read_migrate(setting);
        continue;
      }
      if (names_a_secret(name)) {
        fail(line, "a key does not belong into the configuration file",
             "write it to a file of its own (chmod 600) and name that as key_file");
      }
      if (std::ranges::find(kNames, name) == kNames.end()) {
        fail(line, text("unknown setting '", name, '\''),
             "known are rest_url, key_file, database_url and schema, at the top or in [target]");
      }
      if (std::ranges::find(settings_, name, &FileSetting::key) != settings_.end()) {
        fail(line, text("'", name, "' is set twice, at the top and in [target]"), {});
      }
      settings_.push_back({name, string_value(name, setting, line), line});
    }
  }

  void read_migrate(const pgseed::Setting& table) {
    for (const auto& [name, place, setting] : table.members) {
      const int line = static_cast<int>(place.line);
      if (std::ranges::find(kMigrateNames, name) == kMigrateNames.end()) {
        fail(line, text("unknown setting '", name, "' in [migrate]"),
             "known are dir, version_table, file_template and lock_timeout");
      }
      settings_.push_back({text("migrate.", name), string_value(name, setting, line), line});
    }
  }

  std::string string_value(std::string_view name, const pgseed::Setting& setting, int line) const {
    if (setting.kind != SettingKind::text) fail(line, text("'", name, "' must be a string"), {});
    return setting.value;
  }

  [[noreturn]] void fail(int line, std::string message, std::string hint) const {
    throw Error(ErrorKind::usage, std::move(message), text(path_, ':', line), std::move(hint));
  }

  std::vector<FileSetting> take() { return std::move(settings_); }

 private:
  const std::string& path_;
  std::vector<FileSetting> settings_;
};

}  // namespace

std::vector<FileSetting> parse_config_file(std::string_view content, const std::string& path) {
  Reader reader(path);
  try {
    reader.read(io::parse_toml(content), true);
  } catch (const SettingProblem& problem) {
    // The library's own description may quote the line.
    reader.fail(static_cast<int>(problem.place.line), "not valid TOML",
                "lines are name = \"value\"");
  }
  return reader.take();
}

}  // namespace pgseed::cli
