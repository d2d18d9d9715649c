#include "pgseed/pg/database_url.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connection_string.hpp"

namespace pgseed::pg {
namespace {

bool is_local_host(const std::string& host) {
  const std::string name = to_lower(host);
  // Empty, a folder or an abstract name mean a Unix socket.
  if (name.empty() || name.front() == '/' || name.front() == '@') return true;
  if (name == "::1" || name == "0.0.0.0" || name == "localhost" || name.ends_with(".localhost")) {
    return true;
  }
  return name.starts_with("127.") &&
         std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool is_local(const ConnectionString& parts) {
  if (parts.parameter("service")) return false;
  const auto hosts = parts.host_names();
  return std::ranges::all_of(hosts, is_local_host);
}

bool wants_tls(const ConnectionString& parts) {
  if (parts.parameter("service")) return false;
  const auto hosts = parts.host_names();
  return std::ranges::any_of(hosts, [](const std::string& host) {
    return !is_local_host(host) && host.find_first_of(".:") != std::string::npos;
  });
}

// asyncpg's ssl=require and node-postgres' sslmode=no-verify in libpq's words.
std::string sslmode_of(const std::string& value) {
  const std::string word = to_lower(value);
  for (const char* yes : {"", "true", "1", "on", "no-verify"}) {
    if (word == yes) return "require";
  }
  for (const char* no : {"false", "0", "off"}) {
    if (word == no) return "disable";
  }
  return value;
}

void adapt(ConnectionString& parts) {
  const bool has_sslmode = parts.parameter("sslmode").has_value();
  std::erase_if(parts.parameters, [has_sslmode](const auto& parameter) {
    return is_foreign_parameter(parameter.first) || (parameter.first == "ssl" && has_sslmode);
  });
  for (auto& [key, value] : parts.parameters) {
    if (key == "ssl") key = "sslmode";
    if (key == "sslmode") value = sslmode_of(value);
  }
  if (!parts.parameter("sslmode") && wants_tls(parts)) {
    parts.parameters.emplace_back("sslmode", "require");
  }
  if (!parts.parameter("connect_timeout")) parts.parameters.emplace_back("connect_timeout", "10");
}

std::string render_keywords(const ConnectionString& parts) {
  std::string out;
  for (const auto& [key, value] : parts.parameters) {
    if (!out.empty()) out += ' ';
    out += key + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
    out += '\'';
  }
  return out;
}

std::string render_url(const ConnectionString& parts) {
  std::string out = "postgresql://";
  if (!parts.user.empty() || parts.password) {
    out += parts.user;
    if (parts.password) out += ':' + *parts.password;
    out += '@';
  }
  out += parts.hosts;
  if (!parts.database.empty()) out += '/' + parts.database;
  char separator = '?';
  for (const auto& [key, value] : parts.parameters) {
    out += text(separator, key, '=', value);
    separator = '&';
  }
  return out;
}

}  // namespace

std::string normalize_database_url(std::string_view url) {
  ConnectionString parts = parse_connection_string(url);
  adapt(parts);
  return parts.keyword_form ? render_keywords(parts) : render_url(parts);
}

std::string with_database(std::string_view url, const std::string& name) {
  ConnectionString parts = parse_connection_string(url);
  adapt(parts);
  std::erase_if(parts.parameters, [](const auto& pair) { return pair.first == "dbname"; });
  if (parts.keyword_form) {
    parts.parameters.emplace_back("dbname", name);
    return render_keywords(parts);
  }
  parts.database = name;
  return render_url(parts);
}

std::string without_password(std::string_view url) {
  ConnectionString parts = parse_connection_string(url);
  adapt(parts);
  std::erase_if(parts.parameters, [](const auto& pair) { return pair.first == "password"; });
  parts.password.reset();
  return parts.keyword_form ? render_keywords(parts) : render_url(parts);
}

std::string display_database_url(std::string_view url) {
  try {
    const ConnectionString parts = parse_connection_string(url);
    const std::string user = parts.parameter("user").value_or(parts.user);
    const std::string database = parts.parameter("dbname").value_or(parts.database);
    std::string hosts = parts.hosts;
    if (parts.keyword_form || parts.parameter("host")) {
      hosts = parts.parameter("host").value_or(parts.parameter("hostaddr").value_or(""));
      if (const auto port = parts.parameter("port")) hosts += ':' + *port;
    }
    return text("postgresql://", user, user.empty() ? "" : "@", hosts, database.empty() ? "" : "/",
                database);
  } catch (const Error&) {
    return "postgresql://(malformed)";
  }
}

bool is_local_database(std::string_view url) {
  try {
    return is_local(parse_connection_string(url));
  } catch (const Error&) {
    return false;
  }
}

std::string password_of_database_url(std::string_view url) {
  try {
    const ConnectionString parts = parse_connection_string(url);
    if (const auto value = parts.parameter("password")) return *value;
    return parts.password ? percent_decode(*parts.password) : std::string();
  } catch (const Error&) {
    return {};
  }
}

}  // namespace pgseed::pg
