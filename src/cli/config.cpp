#include "pgseed/cli/config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/config_file.hpp"

namespace pgseed::cli {
namespace {

namespace fs = std::filesystem;

// Settings files are small; more is a mistake such as a dump given as --env-file.
constexpr std::size_t kMaxSettingsFileBytes = 1 << 20;

constexpr const char* kNameAFile = "name a file with settings, relative to the current folder";

[[noreturn]] void refuse(std::string message, std::string where, std::string hint) {
  throw Error(ErrorKind::usage, std::move(message), std::move(where), std::move(hint));
}

// nullopt if there is no such file and `required` is false.
std::optional<std::string> read_small_file(const fs::path& path, const std::string& shown_path,
                                           bool required) {
  std::error_code failure;
  const auto status = fs::status(path, failure);
  if (!required && (!fs::exists(status) || fs::is_directory(status))) return std::nullopt;
  if (fs::is_directory(status)) refuse(text(shown_path, " is a folder"), {}, kNameAFile);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    refuse(text("cannot read ", shown_path, ": ", std::strerror(errno)), {}, kNameAFile);
  }
  std::string content(kMaxSettingsFileBytes + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > kMaxSettingsFileBytes)
    refuse(text(shown_path, " is too large"), {}, kNameAFile);
  return content;
}

// Without the blanks, CR, LF, byte order mark and quotes that copying through editors, dashboards
// and Windows leaves around a value.
std::string clean(std::string_view value) {
  if (value.starts_with("\xEF\xBB\xBF")) value.remove_prefix(3);
  value = trim(value);
  while (value.size() >= 2 && value.front() == value.back() &&
         (value.front() == '"' || value.front() == '\'')) {
    value = trim(value.substr(1, value.size() - 2));
  }
  return std::string(value);
}

// The last line that sets one of the names, the first name before the second.
std::optional<Setting> find_entry(const std::vector<EnvEntry>& entries, const std::string& path,
                                  const std::vector<const char*>& names) {
  for (const char* name : names) {
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      if (entry->key != name) continue;
      if (auto value = clean(entry->value); !value.empty()) {
        return Setting{std::move(value), text(path, ':', entry->line)};
      }
    }
  }
  return std::nullopt;
}

void fill(std::optional<Setting>& setting, std::optional<Setting> candidate) {
  if (!setting) setting = std::move(candidate);
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

class Resolver {
 public:
  Resolver(const GlobalFlags& flags, const EnvironmentLookup& environment, fs::path directory)
      : flags_(flags), environment_(environment), directory_(std::move(directory)) {}

  Config resolve() {
    find_supabase_switch();
    take_flags();
    take_environment();
    for (auto path = flags_.env_files.rbegin(); path != flags_.env_files.rend(); ++path) {
      take_env_file(*path, true);
    }
    for (const char* path : {".env.local", ".env", ".env.migration"}) take_env_file(path, false);
    take_config_file();
    if (!schema_) schema_ = Setting{"public", "default"};
    config_.schema = std::move(*schema_);
    check();
    return std::move(config_);
  }

 private:
  static std::optional<Setting> from_flag(const std::optional<std::string>& value,
                                          const char* flag) {
    if (!value) return std::nullopt;
    std::string cleaned = clean(*value);
    if (cleaned.empty()) return std::nullopt;
    return Setting{std::move(cleaned), text("flag ", flag)};
  }

  // Before all else, as it decides which names count.
  void find_supabase_switch() {
    std::optional<Setting> found;
    if (const auto value = environment_("ENABLE_SUPABASE"); value && !clean(*value).empty()) {
      found = Setting{clean(*value), "environment"};
    }
    const auto look_into = [&](const std::string& path, bool required) {
      const auto content = read_small_file(directory_ / path, path, required);
      if (content) {
        fill(found,
             find_entry(parse_env_file(*content, path, environment_), path, {"ENABLE_SUPABASE"}));
      }
    };
    for (auto path = flags_.env_files.rbegin(); path != flags_.env_files.rend(); ++path) {
      look_into(*path, true);
    }
    for (const char* path : {".env.local", ".env", ".env.migration"}) look_into(path, false);
    if (!found) return;
    const std::string value = to_lower(found->value);
    if (value == "true" || value == "1" || value == "yes" || value == "on") {
      config_.supabase_enabled = true;
      database_names_ = {"SUPABASE_DB_URL", "DATABASE_URL"};
    } else if (value == "false" || value == "0" || value == "no" || value == "off") {
      config_.supabase_enabled = false;
    }
  }

  void take_flags() {
    fill(config_.rest_url, from_flag(flags_.rest_url, "--rest-url"));
    fill(config_.database_url, from_flag(flags_.database_url, "--database-url"));
    fill(schema_, from_flag(flags_.schema, "--schema"));
    if (flags_.key_file && !trim(*flags_.key_file).empty()) {
      config_.key = read_key_file(*flags_.key_file, {}, "flag --key-file");
    }
  }

  void take_environment() {
    const auto find = [this](const std::vector<const char*>& names) -> std::optional<Setting> {
      for (const char* name : names) {
        const auto value = environment_(name);
        if (!value) continue;
        if (auto cleaned = clean(*value); !cleaned.empty()) {
          return Setting{std::move(cleaned), "environment"};
        }
      }
      return std::nullopt;
    };
    fill(config_.rest_url, find({"SUPABASE_URL"}));
    fill(config_.key, find({"SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"}));
    fill(config_.database_url, find(database_names_));
  }

  void take_env_file(const std::string& path, bool required) {
    const auto content = read_small_file(directory_ / path, path, required);
    if (!content) return;
    const auto entries = parse_env_file(*content, path, environment_);
    fill(config_.rest_url, find_entry(entries, path, {"SUPABASE_URL"}));
    fill(config_.key,
         find_entry(entries, path, {"SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"}));
    fill(config_.database_url, find_entry(entries, path, database_names_));
  }

  void take_config_file() {
    const std::string path = flags_.config_file.value_or("pgseed.toml");
    const auto content = read_small_file(directory_ / path, path, flags_.config_file.has_value());
    if (!content) return;
    for (auto& [key, value, line] : parse_config_file(*content, path)) {
      Setting setting{clean(value), text(path, ':', line)};
      if (setting.value.empty()) continue;
      if (key == "rest_url") fill(config_.rest_url, setting);
      if (key == "database_url") fill(config_.database_url, setting);
      if (key == "schema") fill(schema_, setting);
      if (key == "migrate.dir") config_.migrate_dir = setting;
      if (key == "migrate.version_table") config_.version_table = setting;
      if (key == "migrate.file_template") config_.file_template = setting;
      if (key == "migrate.lock_timeout") config_.lock_timeout = setting;
      if (key == "key_file" && !config_.key) {
        const auto key_path = fs::path(path).parent_path() / setting.value;
        config_.key = read_key_file(key_path.string(), setting.origin, setting.origin);
      }
    }
  }

  Setting read_key_file(const std::string& path, const std::string& where, std::string origin) {
    const fs::path full_path = directory_ / path;
    std::string key;
    try {
      key = clean(read_small_file(full_path, path, true).value_or(""));
    } catch (Error& e) {
      e.message = text("the key file: ", e.message);
      e.hint = "name the file that holds the API key";
      e.where = where;
      throw;
    }
    if (key.empty())
      refuse(text("the key file ", path, " is empty"), where, "write the key into it, on one line");
    std::error_code failure;
    const auto status = fs::status(full_path, failure);
    if (fs::is_regular_file(status) &&
        (status.permissions() & fs::perms::others_read) != fs::perms::none) {
      config_.warnings.push_back(
          text("the key file ", path, " can be read by every user; chmod 600 ", path));
    }
    return {std::move(key), std::move(origin)};
  }

  void check() const {
    // A key goes into a header line: one character too many and the server sees another one.
    if (config_.key &&
        !std::ranges::all_of(config_.key->value, [](char c) { return c > 0x20 && c < 0x7F; })) {
      refuse(text("the key (from ", config_.key->origin,
                  ") holds a blank, a line break or another ", "character that no key has"),
             {}, "copy the key again, on one line");
    }
    if (config_.rest_url && std::ranges::any_of(config_.rest_url->value,
                                                [](char c) { return is_control(c) || c == ' '; })) {
      refuse(text("the REST URL (from ", config_.rest_url->origin, ") holds a blank or a control ",
                  "character"),
             {}, "write it as https://host or http://host:port");
    }
    if (config_.database_url && std::ranges::any_of(config_.database_url->value, is_control)) {
      refuse(text("the database URL (from ", config_.database_url->origin,
                  ") holds a line break or another control character"),
             {}, "write it on one line, special characters of the password percent-encoded");
    }
  }

  const GlobalFlags& flags_;
  const EnvironmentLookup& environment_;
  fs::path directory_;
  Config config_;
  std::optional<Setting> schema_;
  std::vector<const char*> database_names_ = {"DATABASE_URL"};
};

}  // namespace

Config resolve(const GlobalFlags& flags, const EnvironmentLookup& environment,
               const std::filesystem::path& directory) {
  return Resolver(flags, environment, directory).resolve();
}

namespace {

std::optional<std::string> look_up(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

Config resolve(const GlobalFlags& flags) {
  return resolve(flags, look_up, {});
}

std::optional<std::string> environment_value(const std::string& name) {
  const auto value = look_up(name);
  if (!value || clean(*value).empty()) return std::nullopt;
  return clean(*value);
}

std::string ledger_folder() {
  if (const auto folder = environment_value("PGSEED_STATE_DIR")) return *folder;
  // A relative one is to be passed over (XDG Base Directory Specification).
  if (const auto state = environment_value("XDG_STATE_HOME"); state && state->starts_with('/')) {
    return *state + "/pgseed";
  }
  if (const auto home = environment_value("HOME")) return *home + "/.local/state/pgseed";
  throw Error(ErrorKind::storage, "there is no folder for the ledger: HOME is not set", "",
              "name one with --ledger-dir DIR (or PGSEED_STATE_DIR), or load without a ledger: "
              "--no-ledger");
}

}  // namespace pgseed::cli
