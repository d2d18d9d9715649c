#include "pgseed/sql/mysql_setting.hpp"

#include <algorithm>
#include <array>

#include "pgseed/base/text.hpp"

namespace pgseed::sql {
namespace {

// SET GLOBAL and PERSIST change nothing for this session.
bool accept_other_scope(MysqlCursor& cursor) {
  return cursor.accept_word("GLOBAL") || cursor.accept_word("PERSIST") ||
         cursor.accept_word("PERSIST_ONLY");
}

// At the variable of an assignment: its name, empty for one that is not this session's.
std::string read_variable(MysqlCursor& cursor) {
  bool elsewhere = false;
  const auto read_scope = [&] {
    elsewhere |= accept_other_scope(cursor);
    if (!cursor.accept_word("SESSION")) cursor.accept_word("LOCAL");
  };
  std::string name;
  cursor.skip_blanks();
  if (cursor.accept('@')) {
    if (!cursor.accept('@')) {
      cursor.read_name(name);
      return "@" + to_lower(name);
    }
    read_scope();
    cursor.accept('.');
  } else {
    read_scope();
  }
  if (!cursor.read_name(name)) throw SyntaxProblem{cursor.position, "expected a variable", ""};
  return elsewhere ? std::string() : to_lower(name);
}

// Up to the comma or the end: the value of an assignment.
void read_assigned(MysqlCursor& cursor, MysqlSetting& setting) {
  cursor.skip_blanks();
  const char* const begin = cursor.position;
  const char first = cursor.peek();
  std::string literal;
  bool is_string = false;
  std::size_t tokens = 0;
  int depth = 0;
  const char* end = begin;
  while (!cursor.at_end()) {
    const char byte = cursor.peek();
    if (byte == ',' && depth == 0) break;
    depth += byte == '(' ? 1 : byte == ')' ? -1 : 0;
    if (tokens == 0 && (byte == '\'' || byte == '"')) {
      append_mysql_string(literal, cursor.read_string());
      is_string = true;
    } else {
      cursor.skip_token();
    }
    ++tokens;
    end = cursor.position;
    cursor.skip_blanks();
  }
  setting.value.assign(begin, end);
  setting.is_literal = tokens == 1 && (is_string || first != '@');
  if (is_string && tokens == 1) setting.value = literal;
}

void read_assignments(MysqlCursor& cursor, std::vector<MysqlSetting>& settings) {
  do {
    MysqlSetting setting;
    const MysqlCursor before = cursor;
    bool names = cursor.accept_word("NAMES") || cursor.accept_word("CHARSET");
    if (!names && cursor.accept_word("CHARACTER")) names = cursor.accept_word("SET");
    cursor.skip_blanks();
    if (names && cursor.peek() != '=') {
      setting.name = "names";
      read_assigned(cursor, setting);
      if (!setting.is_literal) {  // SET NAMES x COLLATE y
        MysqlCursor value(setting.value);
        MysqlSetting first;
        first.value = setting.value;
        value.skip_blanks();
        setting.value = value.read_word();
        if (setting.value.empty() && (value.peek() == '\'' || value.peek() == '"')) {
          append_mysql_string(setting.value, value.read_string());
        }
        setting.is_literal = !setting.value.empty();
      }
    } else {
      cursor = before;
      setting.name = read_variable(cursor);
      if (!cursor.accept(':') && !cursor.accept('=')) return;
      cursor.accept('=');
      read_assigned(cursor, setting);
    }
    if (!setting.name.empty()) settings.push_back(std::move(setting));
  } while (cursor.accept(','));
}

// The combinations that contain ANSI_QUOTES.
bool means_ansi_quotes(std::string_view mode) {
  static constexpr std::array<std::string_view, 7> kModes = {
      "ansi_quotes", "ansi", "db2", "maxdb", "mssql", "oracle", "postgresql"};
  return std::find(kModes.begin(), kModes.end(), mode) != kModes.end();
}

}  // namespace

std::vector<MysqlSetting> read_mysql_settings(std::string_view text, const MysqlMode& mode) {
  std::vector<MysqlSetting> settings;
  MysqlCursor cursor(text, mode);
  try {
    if (cursor.accept_word("SET")) read_assignments(cursor, settings);
  } catch (const SyntaxProblem&) {
    // what was read so far counts; the rest is no setting that matters
  }
  return settings;
}

bool MysqlModes::apply(const MysqlSetting& setting) {
  const std::string value = to_lower(setting.value);
  const bool names_mode = value == "@@sql_mode" || value == "@@session.sql_mode";
  if (setting.name.starts_with('@')) {
    std::erase_if(saved_, [&](const auto& saved) { return saved.first == setting.name; });
    if (names_mode) saved_.emplace_back(setting.name, now_);
    return true;
  }
  if (setting.name != "sql_mode" || names_mode) return true;
  if (value.starts_with('@')) {
    for (const auto& [name, mode] : saved_) {
      if (name == value) now_ = mode;
    }
    return true;  // saved before this file: nothing that it says changes the mode
  }
  if (!setting.is_literal || is_digit(value.empty() ? ' ' : value[0])) {
    const bool matters = value.find("ansi") != std::string::npos || is_digit(value[0]) ||
                         value.find("backslash") != std::string::npos;
    return !matters;
  }
  now_ = {};
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    const std::string_view word = trim(std::string_view(value).substr(begin, end - begin));
    now_.backslash_is_data |= word == "no_backslash_escapes";
    now_.ansi_quotes |= means_ansi_quotes(word);
    begin = end + 1;
  }
  return true;
}

std::string mysql_encoding(std::string_view charset) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kNames = {{
      {"latin1", "win1252"},
      {"latin2", "latin2"},
      {"latin5", "latin5"},
      {"latin7", "latin7"},
      {"cp850", "cp850"},
      {"cp852", "cp852"},
      {"koi8r", "koi8r"},
      {"koi8u", "MySQL's koi8u"},
      {"greek", "MySQL's greek"},
      {"hebrew", "MySQL's hebrew"},
      {"ujis", "MySQL's ujis"},
      {"sjis", "MySQL's sjis"},
      {"big5", "MySQL's big5"},
      {"cp866", "MySQL's cp866"},
      {"armscii8", "MySQL's armscii8"},
      {"macce", "MAC-CENTRALEUROPE"},
      {"eucjpms", "EUC-JP-MS"},
      {"euckr", "uhc"},
      {"gb2312", "euccn"},
      {"tis620", "tis620"},
      {"gb18030", "gb18030"},
  }};
  const std::string name = to_lower(charset);
  if (name.empty() || name.starts_with("utf8") || name == "binary" || name == "ascii" ||
      name == "default") {
    return {};
  }
  for (const auto& [mysql, postgresql] : kNames) {
    if (name == mysql) return std::string(postgresql);
  }
  return name;  // gbk, cp932, cp1251, ...: iconv knows them by the same name
}

std::optional<std::string> mysql_time_zone(std::string_view value) {
  const bool offset = !value.empty() && (value[0] == '+' || value[0] == '-');
  if (!offset) {
    const std::string word = to_lower(value);
    const bool own = word == "system" || word == "default" || value.starts_with('@');
    return own ? std::string() : std::string(value);
  }
  const std::size_t colon = value.find(':');
  if (colon == std::string_view::npos || colon < 2 || colon > 3) return {};
  const std::string_view hours = value.substr(0, colon);
  const std::string_view minutes = value.substr(colon + 1);
  if (minutes == "00") {
    if (auto named = zone_of_hours(hours)) return named;
  }
  const std::string time = text(hours.size() == 2 ? "0" : "", hours.substr(1), ':', minutes);
  const auto is_digit_at = [&](std::size_t at) { return is_digit(time[at]); };
  const bool fits = time.size() == 5 && is_digit_at(0) && is_digit_at(1) && is_digit_at(3) &&
                    is_digit_at(4) && time <= "14:00" && time[3] < '6';
  if (!fits) return {};
  // POSIX counts the other way.
  return text('<', value[0], time, '>', value[0] == '+' ? '-' : '+', time);
}

}  // namespace pgseed::sql
