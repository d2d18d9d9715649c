#include "pgseed/pg/connection_string.hpp"

#include <algorithm>
#include <array>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::pg {
namespace {

constexpr auto npos = std::string_view::npos;

using Parameter = std::pair<std::string, std::string>;

[[noreturn]] void refuse(std::string message) {
  throw Error(ErrorKind::usage, std::move(message), {},
              "expected postgresql://user:password@host:5432/database, with special characters of "
              "the password percent-encoded");
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_encoded_byte(std::string_view words, std::size_t at) {
  return words[at] == '%' && at + 2 < words.size() && hex_value(words[at + 1]) >= 0 &&
         hex_value(words[at + 2]) >= 0;
}

// Encodes everything but unreserved characters, `also` and what is encoded already.
std::string complete_encoding(std::string_view words, std::string_view also) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const char c = words[at];
    if (is_letter(c) || is_digit(c) || std::string_view("-._~").find(c) != npos ||
        also.find(c) != npos || is_encoded_byte(words, at)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

// Without blanks and quotes around it, and without "psql" in front, as dashboards hand it out.
std::string_view bare(std::string_view url) {
  url = trim(url);
  if (url.starts_with("psql ")) url = trim(url.substr(5));
  while (url.size() >= 2 && url.front() == url.back() &&
         std::string_view("'\"`").find(url.front()) != npos) {
    url = trim(url.substr(1, url.size() - 2));
  }
  return url;
}

// What follows "scheme://" if the scheme is a spelling of PostgreSQL's. libpq itself knows only
// postgres:// and postgresql:// in lower case and takes anything else for a database name.
std::optional<std::string_view> after_scheme(std::string_view url) {
  const auto end = url.find("://");
  if (end == npos) return std::nullopt;
  std::string scheme = to_lower(url.substr(0, end));
  if (scheme.starts_with("jdbc:")) scheme.erase(0, 5);
  if (const auto plus = scheme.find('+'); plus != std::string::npos) scheme.resize(plus);
  constexpr std::array<std::string_view, 4> kSchemes = {"postgres", "postgresql", "pgsql",
                                                        "postgis"};
  if (std::ranges::find(kSchemes, scheme) == kSchemes.end()) return std::nullopt;
  return url.substr(end + 3);
}

// Connection parameters of libpq that people put into URLs; they tell a query from a password that
// holds a '?'.
bool is_libpq_parameter(std::string_view key) {
  constexpr std::string_view kKnown =
      " host hostaddr port dbname user password passfile channel_binding connect_timeout "
      "client_encoding options application_name fallback_application_name keepalives "
      "keepalives_idle keepalives_interval keepalives_count tcp_user_timeout replication "
      "gssencmode "
      "sslmode requiressl sslcompression sslcert sslkey sslpassword sslrootcert sslcrl sslcrldir "
      "sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version krbsrvname gsslib "
      "service target_session_attrs load_balance_hosts require_auth ssl ";
  return kKnown.find(text(' ', key, ' ')) != npos;
}

bool is_host_character(char c) {
  // '%' for a socket folder or a zone, '@' never.
  return is_letter(c) || is_digit(c) || std::string_view("-._~%!$*+").find(c) != npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The end of "host:port,[::1]:port" at the start of `rest`, or nothing if that is not what it
// holds.
std::optional<std::size_t> end_of_hosts(std::string_view rest) {
  std::size_t at = 0;
  while (true) {
    if (at < rest.size() && rest[at] == '[') {
      const auto close = rest.find(']', at);
      if (close == npos) return std::nullopt;
      at = close + 1;
    } else {
      while (at < rest.size() && is_host_character(rest[at])) ++at;
    }
    if (at < rest.size() && rest[at] == ':') {
      ++at;
      while (at < rest.size() && is_digit(rest[at])) ++at;
    }
    if (at >= rest.size() || rest[at] == '/' || rest[at] == '?') return at;
    if (rest[at] != ',') return std::nullopt;
    ++at;
  }
}

std::vector<Parameter> parse_query(std::string_view query) {
  std::vector<Parameter> parameters;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    parameters.emplace_back(pair.substr(0, std::min(equals, pair.size())),
                            equals == npos ? "" : pair.substr(equals + 1));
  }
  return parameters;
}

// True if `rest` reads as host, database and known parameters with nothing left to guess.
bool is_unmistakable(std::string_view rest) {
  const auto hosts = end_of_hosts(rest);
  if (!hosts) return false;
  const auto query = rest.find('?', *hosts);
  if (rest.substr(0, query).find('@') != npos) return false;
  if (query == npos) return true;
  const auto parameters = parse_query(rest.substr(query + 1));
  return std::ranges::all_of(parameters, [](const Parameter& parameter) {
    return is_libpq_parameter(parameter.first) || is_foreign_parameter(parameter.first);
  });
}

// Where user and password end: the position of the '@', or npos without them. A raw password may
// hold any of : / ? # & = @, so the first '@' after which all makes sense is taken (a parameter may
// hold one too), else the last one before something that can be a host.
std::size_t end_of_userinfo(std::string_view rest) {
  if (rest.find('@') == npos || is_unmistakable(rest)) return npos;
  for (auto at = rest.find('@'); at != npos; at = rest.find('@', at + 1)) {
    if (is_unmistakable(rest.substr(at + 1))) return at;
  }
  for (auto at = rest.rfind('@'); at != npos; at = at == 0 ? npos : rest.rfind('@', at - 1)) {
    if (end_of_hosts(rest.substr(at + 1))) return at;
  }
  return rest.rfind('@');
}

ConnectionString parse_url(std::string_view rest) {
  ConnectionString parts;
  if (const auto at = end_of_userinfo(rest); at != npos) {
    const auto userinfo = rest.substr(0, at);
    const auto colon = userinfo.find(':');
    parts.user = complete_encoding(userinfo.substr(0, colon), "");
    if (colon != npos) parts.password = complete_encoding(userinfo.substr(colon + 1), "");
    rest.remove_prefix(at + 1);
  }
  const auto hosts_end = end_of_hosts(rest);
  if (!hosts_end) refuse("the database URL's host or port is malformed");
  parts.hosts = rest.substr(0, *hosts_end);
  rest.remove_prefix(*hosts_end);
  const auto query = std::min(rest.find('?'), rest.size());
  if (query > 0) parts.database = complete_encoding(rest.substr(1, query - 1), "!$'()*+,;:@=&");
  if (query < rest.size()) {
    for (auto& [key, value] : parse_query(rest.substr(query + 1))) {
      parts.parameters.emplace_back(key, complete_encoding(value, "!$'()*+,;:@/"));
    }
  }
  return parts;
}

// "host=a password='it''s \\'quoted\\''", as libpq reads it.
ConnectionString parse_keywords(std::string_view words) {
  ConnectionString parts;
  parts.keyword_form = true;
  std::size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < words.size() && trim(words.substr(at, 1)).empty()) ++at;
  };
  for (skip_blanks(); at < words.size(); skip_blanks()) {
    const std::size_t key_begin = at;
    while (at < words.size() && (is_letter(words[at]) || words[at] == '_')) ++at;
    std::string key(words.substr(key_begin, at - key_begin));
    skip_blanks();
    if (key.empty() || at >= words.size() || words[at] != '=') {
      refuse("the database URL is neither a URL nor a list of keyword=value pairs");
    }
    ++at;
    skip_blanks();
    std::string value;
    const bool quoted = at < words.size() && words[at] == '\'';
    if (quoted) ++at;
    while (true) {
      if (at >= words.size()) {
        if (quoted) refuse("the connection string has an open quote");
        break;
      }
      const char c = words[at];
      if (quoted ? c == '\'' : trim(words.substr(at, 1)).empty()) {
        if (quoted) ++at;
        break;
      }
      if (c == '\\' && at + 1 < words.size()) ++at;
      value += words[at++];
    }
    parts.parameters.emplace_back(std::move(key), std::move(value));
  }
  return parts;
}

std::vector<std::string> split_commas(std::string_view list) {
  std::vector<std::string> pieces;
  while (true) {
    const auto comma = list.find(',');
    pieces.emplace_back(list.substr(0, comma));
    if (comma == npos) return pieces;
    list.remove_prefix(comma + 1);
  }
}

std::string without_port(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

std::string percent_decode(std::string_view words) {
  std::string out;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (is_encoded_byte(words, at)) {
      out += static_cast<char>(hex_value(words[at + 1]) * 16 + hex_value(words[at + 2]));
      at += 2;
    } else {
      out += words[at];
    }
  }
  return out;
}

bool is_foreign_parameter(std::string_view key) {
  constexpr std::string_view kForeign =
      // Prisma
      " pgbouncer schema connection_limit pool_timeout socket_timeout statement_cache_size "
      "sslaccept sslidentity single_use_connections "
      // SQLAlchemy, asyncpg, psycopg
      "prepared_statement_cache_size prepared_statement_name_func async_fallback pool_size "
      "max_overflow pool_recycle pool_pre_ping prepare_threshold command_timeout "
      "max_cached_statement_lifetime "
      // JDBC
      "currentschema preparethreshold applicationname rewritebatchedinserts binarytransfer "
      "tcpkeepalive logintimeout sockettimeout connecttimeout stringtype sslfactory "
      // Supabase's and Vercel's integrations, node-postgres, Doctrine, newer libpq
      "supa workaround pool_mode uselibpqcompat serverversion charset sslnegotiation ";
  return kForeign.find(text(' ', to_lower(key), ' ')) != npos;
}

ConnectionString parse_connection_string(std::string_view url) {
  url = bare(url);
  if (url.empty()) refuse("the database URL is empty");
  if (url.find('\0') != npos) refuse("the database URL holds a NUL byte");
  if (const auto rest = after_scheme(url)) return parse_url(*rest);
  // Only a name before '=' can begin the keyword form; so "http://h/?a=b" is no list of keywords.
  const auto equals = url.find('=');
  if (equals == npos || !std::ranges::all_of(trim(url.substr(0, equals)),
                                             [](char c) { return is_letter(c) || c == '_'; })) {
    refuse("the database URL is not one of PostgreSQL");
  }
  return parse_keywords(url);
}

std::optional<std::string> ConnectionString::parameter(std::string_view key) const {
  std::optional<std::string> found;
  for (const auto& [name, value] : parameters) {
    if (name == key) found = keyword_form ? value : percent_decode(value);
  }
  return found;
}

std::vector<std::string> ConnectionString::host_names() const {
  for (const char* key : {"hostaddr", "host"}) {
    if (const auto named = parameter(key); named && !named->empty()) return split_commas(*named);
  }
  auto names = split_commas(hosts);
  for (auto& name : names) name = percent_decode(without_port(name));
  return names;
}

}  // namespace pgseed::pg
