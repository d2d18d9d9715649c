#include "pgseed/pg/connect.hpp"

#include <chrono>
#include <cstdlib>
#include <new>
#include <string>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connection_string.hpp"
#include "pgseed/pg/database_url.hpp"
#include "pgseed/pg/server_message.hpp"

namespace pgseed::pg {
namespace {

std::string without_password(std::string message, const std::string& password) {
  if (password.empty()) return message;
  for (auto at = message.find(password); at != std::string::npos; at = message.find(password, at)) {
    message.replace(at, password.size(), "***");
    at += 3;
  }
  return message;
}

}  // namespace

std::string with_session_defaults(std::string_view database_url) {
  std::string url = normalize_database_url(database_url);
  const auto parts = parse_connection_string(url);
  const auto add = [&](std::string_view key, std::string_view value) {
    if (parts.keyword_form) {
      url += text(' ', key, "='", value, '\'');
    } else {
      url += text('&', key, '=', value);  // connect_timeout is always there, so '?' is too
    }
  };
  add("client_encoding", "UTF8");
  add("fallback_application_name", "pgseed");
  // No wait for a silent host beyond the run's own time. The last of two values counts.
  if (const auto left = interrupt::time_left()) {
    const long long seconds = std::chrono::ceil<std::chrono::seconds>(*left).count();
    const long long own = std::atoll(parts.parameter("connect_timeout")->c_str());
    if (own <= 0 || seconds < own) add("connect_timeout", std::to_string(seconds));
  }
  return url;
}

void throw_connect_error(const std::string& database_url, const char* libpq_message) {
  auto diagnosis = diagnose_connect_failure(libpq_message);
  const std::string message =
      redact(without_password(diagnosis.message, password_of_database_url(database_url)));
  switch (diagnosis.failure) {
    case ConnectFailure::malformed:
      throw Error(ErrorKind::usage, text("the database URL is not valid: ", message), {},
                  "write it as postgresql://user:password@host:5432/database, special characters "
                  "percent-encoded");
    case ConnectFailure::refused:
      throw Error(ErrorKind::refused,
                  text("the database refused the connection to ",
                       display_database_url(database_url), ": ", message),
                  {}, std::move(diagnosis.hint));
    case ConnectFailure::no_memory:
      throw std::bad_alloc();
    case ConnectFailure::unreachable:
      break;
  }
  throw Error(ErrorKind::unreachable,
              text("cannot connect to ", display_database_url(database_url), ": ", message), {},
              std::move(diagnosis.hint));
}

std::string to_literal(std::string_view value) {
  if (value.find('\0') != std::string_view::npos) {
    throw Error(ErrorKind::input, "a text with a NUL byte cannot be stored in PostgreSQL");
  }
  std::string out = "'";
  bool has_backslash = false;
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += c;
    has_backslash = has_backslash || c == '\\';
    out += c;
  }
  out += '\'';
  return has_backslash ? 'E' + out : out;
}

}  // namespace pgseed::pg
