#include "pgseed/sql/statement.hpp"

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

}  // namespace

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
    setting.name = to_lower(read_word(cursor));
    if (setting.name == "names") {
      setting.name = "client_encoding";
    } else if (setting.name == "time") {
      if (!accept_word(cursor, "ZONE")) return {};
      setting.name = "timezone";
      accept_word(cursor, "INTERVAL");
    } else if (!resets && !accept(cursor, '=') && !accept_word(cursor, "TO")) {
      return {};
    }
    skip_blanks(cursor);
    if (resets) {
      setting.value = "default";
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
