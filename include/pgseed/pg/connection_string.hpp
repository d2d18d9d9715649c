#pragma once
// A connection string taken apart: a URL in any of its spellings, or keyword=value pairs. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgseed::pg {

struct ConnectionString {
  // true: everything is in `parameters`, plain. false: all values are percent-encoded, completely.
  bool keyword_form = false;
  std::string user;
  std::optional<std::string> password;
  std::string hosts;  // "host:port,host:port" as written
  std::string database;
  std::vector<std::pair<std::string, std::string>> parameters;

  // The last one of that name, decoded, as libpq would take it; nullopt if there is none.
  std::optional<std::string> parameter(std::string_view key) const;
  // The hosts that libpq will connect to, decoded: parameters win over the URL's own.
  std::vector<std::string> host_names() const;
};

// Understands what normalize_database_url() (pg/database_url.hpp) promises. Throws Error{usage}
// that quotes nothing of the text.
ConnectionString parse_connection_string(std::string_view text);

std::string percent_decode(std::string_view words);

// Parameters of other drivers, poolers and platforms, which libpq refuses.
bool is_foreign_parameter(std::string_view key);

}  // namespace pgseed::pg
