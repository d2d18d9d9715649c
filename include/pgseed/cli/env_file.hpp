#pragma once
// .env files: lines of KEY=VALUE as dotenv, Docker and shells read them. Pure; tested and fuzzed.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgseed::cli {

struct EnvEntry {
  std::string key, value;
  int line;  // of the key, from 1
};

// The value of an environment variable; nullopt if it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

// KEY=VALUE lines, `export `, blank lines and comments (a # after a blank, so that one inside a
// password is data), a byte order mark, CRLF.
// - '...' and `...` are verbatim, "..." knows \n \r \t \" \\ \$; all three may span lines.
// - ${NAME} and ${NAME:-default} outside '...' and `...` take the environment's value, as it wins
// over
//   the file everywhere, else that of an earlier line, else nothing. $NAME without braces is data.
// Throws Error{usage} with path:line for anything else; the message quotes no value.
std::vector<EnvEntry> parse_env_file(std::string_view content, const std::string& path,
                                     const EnvironmentLookup& environment = {});

}  // namespace pgseed::cli
