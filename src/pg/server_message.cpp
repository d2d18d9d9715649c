#include "pgseed/pg/server_message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "pgseed/base/text.hpp"

namespace pgseed::pg {
namespace {

std::string_view line_of(std::string_view words, int number) {
  std::string_view line;
  for (int i = 0; i < number; ++i) line = take_line(words);
  return line;
}

bool is_continuation_byte(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

int count_characters(std::string_view words) {
  return static_cast<int>(
      std::ranges::count_if(words, [](char c) { return !is_continuation_byte(c); }));
}

// The bytes of the first `count` characters.
std::size_t bytes_of_characters(std::string_view words, std::size_t count) {
  std::size_t at = 0;
  for (; at < words.size(); ++at) {
    if (!is_continuation_byte(words[at]) && count-- == 0) break;
  }
  return at;
}

struct Excerpt {
  int line = 0;
  std::string_view prefix;  // "LINE 3: "
  std::string_view shown;   // the part of the statement's line, between dots where it is cut
};

// "LINE 3: select ..." as libpq shows the place of an error.
std::optional<Excerpt> parse_excerpt(std::string_view line) {
  if (!line.starts_with("LINE ")) return std::nullopt;
  Excerpt excerpt;
  const char* end = line.data() + line.size();
  const auto [next, failure] = std::from_chars(line.data() + 5, end, excerpt.line);
  if (failure != std::errc() || !std::string_view(next, end).starts_with(": ")) return std::nullopt;
  const auto prefix_size = static_cast<std::size_t>(next - line.data()) + 2;
  excerpt.prefix = line.substr(0, prefix_size);
  excerpt.shown = line.substr(prefix_size);
  return excerpt;
}

// libpq cuts long lines ("...part..."), shows tabs as blanks, and counts columns of a terminal; so
// the shown part is looked up in the statement. 0 if it is not there just once.
int find_column(const Excerpt& excerpt, std::string_view caret_line, std::string_view statement) {
  const auto caret = caret_line.find('^');
  if (caret == std::string_view::npos || caret < excerpt.prefix.size()) return 0;
  std::string_view shown = excerpt.shown;
  std::size_t offset = caret - excerpt.prefix.size();
  if (shown.starts_with("...") && offset >= 3) {
    shown.remove_prefix(3);
    offset -= 3;
  }
  if (shown.ends_with("...")) shown.remove_suffix(3);
  std::string source(line_of(statement, excerpt.line));
  std::ranges::replace(source, '\t', ' ');
  const auto found = source.find(shown);
  if (found == std::string::npos || source.find(shown, found + 1) != std::string::npos) return 0;
  const auto before = shown.substr(0, bytes_of_characters(shown, offset));
  return count_characters(std::string_view(source).substr(0, found)) + count_characters(before) + 1;
}

bool contains_any(std::string_view words, std::initializer_list<std::string_view> needles) {
  return std::ranges::any_of(needles, [words](std::string_view needle) {
    return words.find(needle) != std::string_view::npos;
  });
}

std::string hint_for(std::string_view message) {
  if (contains_any(message, {"Tenant or user not found", "tenant/user"})) {
    return "behind Supabase's pooler the user is postgres.<project ref>, and the host must be the "
           "one that the dashboard shows";
  }
  if (contains_any(message, {"server does not support SSL"})) {
    return "add ?sslmode=disable to DATABASE_URL if the connection needs no TLS";
  }
  if (contains_any(message, {"Network is unreachable", "Cannot assign requested address"})) {
    return "the host may have an IPv6 address only; Supabase's session pooler "
           "(pooler.supabase.com:5432) has IPv4";
  }
  if (contains_any(message, {"password authentication failed", "no password supplied"})) {
    return "check user and password in DATABASE_URL";
  }
  if (contains_any(message, {"could not translate host name"})) {
    return "check the host name in DATABASE_URL";
  }
  if (contains_any(message, {"on socket"})) {
    return "DATABASE_URL names no host, so a local socket was tried; write host and port";
  }
  if (contains_any(message, {"does not exist", "no pg_hba.conf entry"})) {
    return "check user and database name in DATABASE_URL";
  }
  if (contains_any(message, {"Connection refused", "timeout expired", "timed out"})) {
    return "check host and port in DATABASE_URL, and that the server is running";
  }
  return {};
}

}  // namespace

ServerMessage parse_server_message(std::string_view message, std::string_view statement) {
  ServerMessage out;
  // The severity's label is translated by the server, the other labels by libpq, which speaks
  // English here.
  if (const auto colon = message.find(":  ");
      colon != std::string_view::npos && message.find('\n') > colon) {
    out.severity = message.substr(0, colon);
    message.remove_prefix(colon + 3);
  }
  std::string query;
  std::string ignored;
  const std::array<std::pair<std::string_view, std::string*>, 4> fields = {
      {{"DETAIL:  ", &out.detail},
       {"HINT:  ", &out.hint},
       {"QUERY:  ", &query},
       {"CONTEXT:  ", &out.context}}};
  std::string* field = &out.primary;
  while (!message.empty()) {
    std::string_view line = take_line(message);
    if (field == &out.primary && !out.primary.empty()) {
      if (const auto excerpt = parse_excerpt(line)) {
        out.line = excerpt->line;
        out.column = find_column(*excerpt, take_line(message), statement);
        field = &ignored;
        continue;
      }
    }
    for (const auto& [label, target] : fields) {
      if (!line.starts_with(label) || !target->empty()) continue;
      field = target;
      line.remove_prefix(label.size());
      break;
    }
    if (!field->empty()) *field += '\n';
    *field += line;
  }
  // With QUERY the place is one inside a function's statement, not inside ours.
  if (!query.empty()) out.line = out.column = 0;
  return out;
}

ConnectDiagnosis diagnose_connect_failure(std::string_view libpq_message) {
  ConnectDiagnosis out;
  std::string_view rest = trim(libpq_message);
  // With several addresses libpq tells of each on lines of their own; the last is enough.
  std::string_view line;
  while (!rest.empty()) {
    // A tab begins what explains the line before: "This probably means the server terminated ...".
    const auto whole = take_line(rest);
    const auto next = trim(whole);
    if (!next.empty() && !whole.starts_with('\t') && !next.starts_with("Is the server running") &&
        !next.starts_with("DETAIL:") && !next.starts_with("HINT:")) {
      line = next;
    }
  }
  out.message = line;
  out.hint = hint_for(line);

  if (contains_any(line, {"FATAL:", "no password supplied", "authentication method"})) {
    // The server is there; some of its answers only mean "not now".
    const bool not_now = contains_any(
        line,
        {"starting up", "shutting down", "recovery mode", "not yet accepting", "partial pkt",
         "too many clients", "too many connections", "connection slots", "no more connections",
         "Max client connections", "server_login_retry", "server login has been failing",
         "query_wait_timeout", "connect timeout", "terminating connection", "out of memory"});
    out.failure = not_now ? ConnectFailure::unreachable : ConnectFailure::refused;
  } else if (contains_any(line, {"out of memory", "Cannot allocate memory"})) {
    out.failure = ConnectFailure::no_memory;
  } else if (!contains_any(line, {"connection to server", "could not translate host name",
                                  "could not look up", "could not connect", "server closed",
                                  "timeout expired", "SSL", "could not create socket"})) {
    out.failure = ConnectFailure::malformed;
  }
  return out;
}

}  // namespace pgseed::pg
