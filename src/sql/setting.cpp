#include "pgseed/sql/statement.hpp"

#include <charconv>
#include <cstdlib>

#include "pgseed/base/text.hpp"

namespace pgseed::sql {
namespace {

// A setting's value: a string, a quoted name, or a word, which is folded as names are.
std::string unquoted_value(Cursor& cursor) {
  skip_blanks(cursor);
  if (cursor.at_end()) return {};
  std::string value;
  bool has_escapes = false;
  if (cursor.peek() == '\'') {
    append_undoubled(value, read_quoted(cursor, false, has_escapes));
  } else if (cursor.peek() == '"') {
    read_identifier(cursor, value);
  } else {
    const char* const begin = cursor.position;
    while (!cursor.at_end() && !is_space(*cursor.position) && *cursor.position != ',' &&
           *cursor.position != ';' && *cursor.position != ')') {
      ++cursor.position;
    }
    value = to_lower({begin, static_cast<std::size_t>(cursor.position - begin)});
  }
  return value;
}

// The zone's name as pg_timezone_names has it, where it is another spelling of one: PostgreSQL
// takes any case, and whole hours; PostgREST takes the names alone.
std::string zone_name(std::string value) {
  const std::string lower = to_lower(value);
  for (const std::string_view name : {"UTC", "GMT", "UCT"}) {
    if (lower == to_lower(name)) return std::string(name);
  }
  return zone_of_hours(value).value_or(value);
}

// INTERVAL '+02:00' HOUR TO MINUTE: whole hours are a zone with a name; the rest is one that the
// database reads.
std::string zone_of_interval(const std::string& offset) {
  constexpr std::string_view kWhole = ":00";
  std::optional<std::string> zone;
  if (offset.ends_with(kWhole)) {
    zone = zone_of_hours(std::string_view(offset).substr(0, offset.size() - kWhole.size()));
  }
  return zone ? *zone : text("INTERVAL '", offset, "'");
}

}  // namespace

std::optional<std::string> zone_of_hours(std::string_view offset) {
  int hours = 0;
  const bool has_sign = offset.starts_with('+') || offset.starts_with('-');
  const char* const begin = offset.data() + (has_sign ? 1 : 0);
  const char* const end = offset.data() + offset.size();
  const auto [behind, error] = std::from_chars(begin, end, hours);
  if (begin == end || !is_digit(*begin) || behind != end || error != std::errc{}) return {};
  if (offset.starts_with('-')) hours = -hours;
  if (hours == 0) return "UTC";
  if (hours > 14 || hours < -12) return {};
  // POSIX counts the other way.
  return text("Etc/GMT", hours > 0 ? '-' : '+', std::abs(hours));
}

std::optional<Setting> read_setting(std::string_view text) {
  Setting setting;
  Cursor cursor = cursor_over(text);
  try {
    if (text.substr(0, 9) == "\\encoding") {
      cursor.position += 9;
      setting.name = "client_encoding";
      setting.value = unquoted_value(cursor);
      if (setting.value.empty()) return {};
      return setting;
    }
    if (accept_word(cursor, "SELECT")) {
      if (read_qualified_name(cursor).name != "set_config" || !accept(cursor, '(')) return {};
      setting.name = to_lower(unquoted_value(cursor));
      if (!accept(cursor, ',')) return {};
      setting.value = unquoted_value(cursor);
      if (setting.name == "timezone") setting.value = zone_name(setting.value);
      // Here the string holds the whole list that SET would take apart.
      if (setting.name == "search_path") {
        const std::string list = setting.value;
        Cursor first = cursor_over(list);
        setting.value = unquoted_value(first);
      }
      setting.is_local = accept(cursor, ',') && accept_word(cursor, "TRUE");
      return setting;
    }
    const bool resets = accept_word(cursor, "RESET");
    if (!resets && !accept_word(cursor, "SET")) return {};
    if (!resets && !accept_word(cursor, "SESSION")) {
      setting.is_local = accept_word(cursor, "LOCAL");
    }
    skip_blanks(cursor);
    const bool is_quoted = cursor.peek() == '"';
    if (!read_identifier(cursor, setting.name)) return {};
    setting.name = to_lower(setting.name);
    if (is_quoted) {
      if (!resets && !accept(cursor, '=') && !accept_word(cursor, "TO")) return {};
    } else if (setting.name == "names") {
      setting.name = "client_encoding";
    } else if (setting.name == "time") {
      if (!accept_word(cursor, "ZONE")) return {};
      setting.name = "timezone";
    } else if (!resets && !accept(cursor, '=') && !accept_word(cursor, "TO")) {
      return {};
    }
    skip_blanks(cursor);
    if (resets) {
      setting.value = "default";
    } else if (setting.name == "timezone") {
      Cursor behind = cursor;
      if (accept_word(behind, "INTERVAL")) {
        setting.value = zone_of_interval(unquoted_value(behind));
      } else {
        setting.value = zone_name(unquoted_value(cursor));
      }
    } else if (setting.name == "datestyle") {
      // A list of words, whose order matters to nobody.
      setting.value.assign(cursor.position, cursor.end);
    } else {
      setting.value = unquoted_value(cursor);
    }
    return setting;
  } catch (const SyntaxProblem&) {
    return {};
  }
}

}  // namespace pgseed::sql
