#include "pgseed/sql/session_setting.hpp"

#include "pgseed/base/text.hpp"
#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::sql {
namespace {

using Settings = std::optional<std::vector<SessionSetting>>;

Cursor cursor_of(std::string_view text) {
  return {text.data(), text.data() + text.size(), true, true};
}

bool ends_here(Cursor& cursor) {
  skip_blanks(cursor);
  return cursor.at_end();
}

std::string rest_of(const Cursor& cursor) {
  return {cursor.position, static_cast<std::size_t>(cursor.end - cursor.position)};
}

// a or a.b.c, each part quoted or not; empty if there is none.
std::string parameter_name(Cursor& cursor) {
  std::string name;
  do {
    std::string part;
    if (!read_identifier(cursor, part)) return {};
    name += text(name.empty() ? "" : ".", to_lower(part));
  } while (accept(cursor, '.'));
  return name;
}

// Words that stand for a parameter; the cursor is at what may be one.
std::string spelled_name(Cursor& cursor) {
  if (accept_word(cursor, "SESSION")) {
    return accept_word(cursor, "AUTHORIZATION") ? "session_authorization" : "";
  }
  if (accept_word(cursor, "TIME") && accept_word(cursor, "ZONE")) return "timezone";
  if (accept_word(cursor, "XML") && accept_word(cursor, "OPTION")) return "xmloption";
  if (accept_word(cursor, "NAMES")) return "client_encoding";
  if (accept_word(cursor, "SCHEMA")) return "search_path";
  return parameter_name(cursor);
}

Settings set_statement(Cursor& cursor) {
  SessionSetting setting;
  setting.is_local = accept_word(cursor, "LOCAL");
  if (!setting.is_local) {
    // SESSION belongs to what it sets, or says that the setting outlives the transaction.
    Cursor behind = cursor;
    if (accept_word(behind, "SESSION")) {
      Cursor own = behind;
      if (!accept_word(own, "AUTHORIZATION") && !accept_word(own, "CHARACTERISTICS")) {
        cursor = behind;
      }
    }
  }
  skip_blanks(cursor);
  const std::string parameter = rest_of(cursor);
  setting.name = spelled_name(cursor);
  // How a transaction runs is not the file's to say where it is one among others.
  if (setting.name.empty() || setting.name == "transaction" || setting.name == "constraints") {
    return Settings{std::in_place};
  }
  if (!accept(cursor, '=')) accept_word(cursor, "TO");
  setting.is_default = accept_word(cursor, "DEFAULT") && ends_here(cursor);
  setting.local_sql = "SET LOCAL " + parameter;
  return std::vector{setting};
}

Settings reset_statement(Cursor& cursor) {
  SessionSetting setting;
  skip_blanks(cursor);
  const std::string parameter = rest_of(cursor);
  setting.name = spelled_name(cursor);
  if (setting.name.empty() || setting.name == "transaction") return Settings{std::in_place};
  const bool has_words = setting.name == "session_authorization" || setting.name == "timezone";
  setting.is_default = true;
  if (setting.name != "all") {
    setting.local_sql = text("SET LOCAL ", parameter, has_words ? "\nDEFAULT" : "\nTO DEFAULT");
  }
  return std::vector{setting};
}

// Up to the comma or parenthesis behind it, which is passed.
std::string argument(Cursor& cursor) {
  skip_blanks(cursor);
  const char* const begin = cursor.position;
  for (int depth = 0; !cursor.at_end(); skip_blanks(cursor)) {
    const char byte = cursor.peek();
    if (depth == 0 && (byte == ',' || byte == ')')) {
      std::string found(begin, cursor.position);
      ++cursor.position;
      return found;
    }
    if (byte == '(' || byte == '[') ++depth;
    if (byte == ')' || byte == ']') --depth;
    skip_token(cursor);
  }
  throw SyntaxProblem{begin, "an argument that never ends", ""};
}

// '...' and nothing but a cast behind it.
std::optional<std::string> plain_string(const std::string& argument) {
  Cursor cursor = cursor_of(argument);
  if (cursor.at_end() || cursor.peek() != '\'') return {};
  std::string value;
  bool has_escapes = false;
  append_undoubled(value, read_quoted(cursor, false, has_escapes));
  if (accept(cursor, ':') && accept(cursor, ':')) read_word(cursor);
  if (!ends_here(cursor)) return {};
  return value;
}

Settings set_config_calls(Cursor& cursor) {
  std::vector<SessionSetting> settings;
  do {
    if (read_qualified_name(cursor).name != "set_config" || !accept(cursor, '(')) return {};
    const std::string name = argument(cursor);
    const std::string value = argument(cursor);
    const std::string local = to_lower(trim(argument(cursor)));
    const std::optional<std::string> plain_name = plain_string(name);
    if (!plain_name || (local != "true" && local != "false")) return {};
    SessionSetting setting;
    setting.name = to_lower(*plain_name);
    setting.is_local = local == "true";
    setting.is_computed = !plain_string(value) && to_lower(trim(value)) != "null";
    setting.local_sql = text("SELECT pg_catalog.set_config(", name, "\n, ", value, "\n, true)");
    settings.push_back(std::move(setting));
    std::string alias;
    accept_word(cursor, "AS");
    skip_blanks(cursor);
    if (cursor.peek() == '"' || is_identifier_start(cursor.peek())) read_identifier(cursor, alias);
  } while (accept(cursor, ','));
  if (!ends_here(cursor)) return {};
  return settings;
}

}  // namespace

BlockEdge block_edge(std::string_view text) {
  Cursor cursor = cursor_of(text);
  try {
    if (accept_word(cursor, "BEGIN")) return BlockEdge::begins;
    if (accept_word(cursor, "START") && accept_word(cursor, "TRANSACTION")) {
      return BlockEdge::begins;
    }
    if (accept_word(cursor, "PREPARE")) {
      return accept_word(cursor, "TRANSACTION") ? BlockEdge::ends : BlockEdge::none;
    }
    if (!accept_word(cursor, "COMMIT") && !accept_word(cursor, "END")) return BlockEdge::none;
    if (accept_word(cursor, "PREPARED")) return BlockEdge::none;  // of another session
    if (!accept_word(cursor, "WORK")) accept_word(cursor, "TRANSACTION");
    const bool chains = accept_word(cursor, "AND") && accept_word(cursor, "CHAIN");
    return chains ? BlockEdge::chains : BlockEdge::ends;
  } catch (const SyntaxProblem&) {
    return BlockEdge::none;
  }
}

std::optional<std::vector<SessionSetting>> session_settings(std::string_view text) {
  Cursor cursor = cursor_of(text);
  try {
    if (accept_word(cursor, "SET")) return set_statement(cursor);
    if (accept_word(cursor, "RESET")) return reset_statement(cursor);
    if (accept_word(cursor, "DISCARD") && accept_word(cursor, "ALL")) {
      SessionSetting all;
      all.name = "all";
      return std::vector{all};
    }
    if (accept_word(cursor, "SELECT")) return set_config_calls(cursor);
  } catch (const SyntaxProblem&) {
    return {};
  }
  return Settings{std::in_place};
}

std::optional<std::string> connected_database(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_of(" \t"); at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    std::string& word = words.emplace_back();
    char quote = '\0';
    for (; at < text.size() && (quote != '\0' || !is_space(text[at])); ++at) {
      const char byte = text[at];
      if (quote == '\0' && (byte == '\'' || byte == '"')) {
        quote = byte;
      } else if (byte != quote) {
        word += byte;
      } else if (at + 1 < text.size() && text[at + 1] == quote) {
        word += text[++at];  // doubled
      } else {
        quote = '\0';
      }
    }
  }
  if (!words.empty() && words.front().starts_with("-reuse-previous")) words.erase(words.begin());
  if (words.empty() || words.front() == "-" || words.front().empty()) return {};
  // A connection string of several settings.
  constexpr std::string_view kName = "dbname=";
  const std::size_t named = words.front().find(kName);
  if (named == std::string::npos) return words.front();
  std::string name = words.front().substr(named + kName.size());
  if (!name.empty() && name.front() == '\'') {
    name.erase(0, 1);
    return name.substr(0, name.find('\''));
  }
  return name.substr(0, name.find(' '));
}

bool is_connect(std::string_view text) {
  for (const std::string_view command : {"\\connect", "\\c"}) {
    if (text.starts_with(command) &&
        (text.size() == command.size() || is_space(text[command.size()]))) {
      return true;
    }
  }
  return false;
}

}  // namespace pgseed::sql
