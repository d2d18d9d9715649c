#pragma once
// pgseed.toml -> settings. Pure.
#include <string>
#include <string_view>
#include <vector>

namespace pgseed::cli {

struct FileSetting {
  std::string key, value;
  int line;
};

// Strings under the names rest_url, key_file, database_url and schema, at the top or in [target];
// and dir, version_table, file_template and lock_timeout in [migrate], returned as "migrate.dir"
// etc. Throws Error{usage} with path:line for anything else: broken TOML, a name that is not known,
// a value that is no string, a name given twice, and a key, which belongs into a key_file. No
// message quotes a value.
std::vector<FileSetting> parse_config_file(std::string_view content, const std::string& path);

}  // namespace pgseed::cli
