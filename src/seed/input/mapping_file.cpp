#include "pgseed/seed/input/mapping_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "json_problem.hpp"
#include "pgseed/base/content_hash.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/base/uuid.hpp"
#include "pgseed/io/toml.hpp"
#include "pgseed/json/settings.hpp"
#include "pgseed/seed/input/text_place.hpp"

namespace pgseed::seed {
namespace {

constexpr std::string_view kColumnKeys = "rename, drop, constant, value, if_null and if_empty";

// "table", "schema.table"; a part in double quotes may hold anything. Empty for anything else.
std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts;
  std::size_t position = 0;
  for (;;) {
    std::string part;
    if (position < name.size() && name[position] == '"') {
      for (++position;; ++position) {
        if (position >= name.size()) return {};
        if (name[position] == '"' && name.substr(position + 1, 1) != "\"") break;
        if (name[position] == '"') ++position;
        part += name[position];
      }
      ++position;
    } else {
      const std::size_t end = std::min(name.find_first_of(".\"", position), name.size());
      part = name.substr(position, end - position);
      position = end;
    }
    if (part.empty()) return {};
    parts.push_back(std::move(part));
    if (position == name.size()) return parts;
    if (name[position] != '.' || parts.size() == 2) return {};
    ++position;
  }
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) { mapping_.path = path; }

  Mapping read(const Setting& top) {
    for (const auto& [name, place, setting] : top.members) {
      if (name == "version") {
        version(setting);
      } else if (name == "keep" || name == "drop") {
        auto& list = name == "keep" ? mapping_.keep : mapping_.leave;
        read_list(name, setting, list);
      } else if (name == "tables") {
        require(setting, SettingKind::table, name);
        for (const SettingMember& table : setting.members) read_table(table);
      } else {
        fail(place, text('\'', name, "' is nothing that a mapping says"),
             "known are version, keep, drop and tables");
      }
    }
    require_no_rules_in_vain();
    return std::move(mapping_);
  }

  [[noreturn]] void fail(Place place, std::string message, std::string hint = {}) const {
    throw Error(ErrorKind::usage, std::move(message), at(path_, place), std::move(hint));
  }

 private:
  void require(const Setting& setting, SettingKind kind, const std::string& name) const {
    if (setting.kind == kind) return;
    fail(setting.place,
         text('\'', name, "' wants ", describe(kind), ", not ", describe(setting.kind)));
  }

  void version(const Setting& setting) const {
    require(setting, SettingKind::integer, "version");
    if (setting.value == "1") return;
    fail(setting.place, text("version ", setting.value, " of the format is not known"),
         "this pgseed reads version 1");
  }

  bool flag(const SettingMember& member) const {
    require(member.setting, SettingKind::boolean, member.name);
    return member.setting.value == "true";
  }

  const std::string& string(const SettingMember& member) const {
    require(member.setting, SettingKind::text, member.name);
    return member.setting.value;
  }

  TablePattern pattern(const std::string& name, Place place, bool whole_schemas) const {
    std::vector<std::string> parts = parts_of(name);
    if (parts.empty()) {
      fail(place, text('\'', name, "' names no table"),
           "write table or schema.table; put a name with a point in it in double quotes");
    }
    TablePattern found;
    found.place = place;
    found.table = std::move(parts.back());
    if (parts.size() == 2) {
      found.schema = std::move(parts.front());
      if (whole_schemas && name.ends_with(".*")) found.table.clear();
    }
    return found;
  }

  void read_list(const std::string& name, const Setting& setting,
                 std::vector<TablePattern>& list) const {
    require(setting, SettingKind::list, name);
    if (setting.items.empty()) {
      fail(setting.place, text('\'', name, "' lists no table"), "leave it out");
    }
    for (const Setting& item : setting.items) {
      require(item, SettingKind::text, name);
      list.push_back(pattern(item.value, item.place, true));
    }
  }

  void read_table(const SettingMember& table) {
    require(table.setting, SettingKind::table, table.name);
    TableRule rule;
    rule.source = pattern(table.name, table.place, false);
    bool keep = false;
    bool drop = false;
    for (const SettingMember& member : table.setting.members) {
      if (member.name == "rename") {
        const TablePattern target = pattern(string(member), member.setting.place, false);
        rule.schema = target.schema;
        rule.table = target.table;
      } else if (member.name == "keep") {
        keep = flag(member);
      } else if (member.name == "drop") {
        drop = flag(member);
      } else if (member.name == "columns") {
        require(member.setting, SettingKind::table, "columns");
        for (const SettingMember& column : member.setting.members) {
          rule.columns.push_back(read_column(column));
        }
      } else {
        fail(member.place, text('\'', member.name, "' is nothing that is said about a table"),
             "known are rename, keep, drop and columns");
      }
    }
    if (drop && (keep || rule.table || !rule.columns.empty())) {
      fail(table.place,
           text("the table ", quote_identifier(rule.source.table),
                " is dropped, and something else is said about it"),
           "say drop alone");
    }
    if (keep) mapping_.keep.push_back(rule.source);
    if (drop) {
      mapping_.leave.push_back(rule.source);
      return;
    }
    require_different_targets(rule);
    rule.finish();
    mapping_.tables.push_back(std::move(rule));
  }

  ColumnRule read_column(const SettingMember& column) const {
    if (column.setting.kind != SettingKind::table) {
      fail(column.setting.place,
           text("what is said about the column ", quote_identifier(column.name), " is ",
                describe(column.setting.kind), ", not a table"),
           text("for example ", column.name, " = { rename = \"name\" }, or value = \"{row}\""));
    }
    if (column.name.empty()) fail(column.place, "a column without a name");
    ColumnRule rule;
    rule.column = column.name;
    rule.place = column.place;
    for (const SettingMember& member : column.setting.members) {
      if (member.name == "rename") {
        rule.rename = string(member);
        if (rule.rename->empty()) fail(member.setting.place, "a column without a name");
      } else if (member.name == "drop") {
        rule.drop = flag(member);
      } else if (member.name == "constant") {
        rule.constant = value(member);
      } else if (member.name == "value") {
        rule.made = made(member);
      } else if (member.name == "if_null") {
        rule.if_null = value(member);
      } else if (member.name == "if_empty") {
        rule.if_empty = value(member);
      } else {
        fail(member.place, text('\'', member.name, "' is nothing that is said about a column"),
             text("known are ", kColumnKeys));
      }
    }
    require_one_meaning(rule);
    return rule;
  }

  // Strings, whole numbers and booleans are exact in both languages.
  std::string value(const SettingMember& member) const {
    const Setting& setting = member.setting;
    switch (setting.kind) {
      case SettingKind::text:
      case SettingKind::integer:
      case SettingKind::boolean:
        break;
      case SettingKind::number:
      case SettingKind::other:
        fail(
            setting.place,
            text('\'', member.name, "' is ", describe(setting.kind), ", whose spelling may matter"),
            text("write it as a string: ", member.name, " = \"1.50\""));
      default:
        fail(setting.place,
             text('\'', member.name, "' wants a string, a whole number, true or ", "false, not ",
                  describe(setting.kind)),
             setting.kind == SettingKind::null ? "drop the column: its default is stored" : "");
    }
    if (setting.value.find('\0') != std::string::npos || !is_utf8(setting.value)) {
      fail(setting.place, text('\'', member.name, "' holds what PostgreSQL's text cannot"));
    }
    return setting.value;
  }

  Template made(const SettingMember& member) const {
    const std::string& written = string(member);
    try {
      return parse_template(written);
    } catch (const TemplateProblem& problem) {
      fail(member.setting.place,
           text(problem.message, " (character ", problem.position, " of \"", written, "\")"),
           problem.hint);
    }
  }

  void require_one_meaning(const ColumnRule& rule) const {
    const bool defaults = rule.if_null || rule.if_empty;
    const int ways = int{rule.drop} + int{rule.rename.has_value()} +
                     int{rule.constant.has_value()} + int{rule.made.has_value()};
    if (ways > 1) {
      fail(rule.place,
           text("the column ", quote_identifier(rule.column),
                " has more than one of rename, drop, constant and value"),
           rule.rename ? "give the made column's own name, and drop the other one" : "choose one");
    }
    if (defaults && (rule.drop || rule.constant)) {
      fail(rule.place, text("the column ", quote_identifier(rule.column), " is ",
                            rule.drop ? "dropped" : "a constant", ": its default never counts"));
    }
    if (ways == 0 && !defaults) {
      fail(rule.place, text("nothing is said about the column ", quote_identifier(rule.column)),
           text("known are ", kColumnKeys));
    }
  }

  void require_different_targets(const TableRule& rule) const {
    std::vector<std::string> targets;
    for (const ColumnRule& column : rule.columns) {
      if (column.drop || (!column.rename && !column.makes())) continue;
      const std::string& target = column.rename.value_or(column.column);
      if (std::ranges::find(targets, target) != targets.end()) {
        fail(column.place, text("two values would go into the column ", quote_identifier(target)));
      }
      targets.push_back(target);
    }
  }

  // A table that is both listed to be left out and given rules is a mistake, whichever was meant.
  void require_no_rules_in_vain() const {
    for (const TableRule& rule : mapping_.tables) {
      const std::string& table = rule.source.table;
      const auto lists = [&](const TablePattern& listed) {
        const bool any_schema = !listed.schema || !rule.source.schema;
        return (listed.table == table || listed.table.empty()) &&
               (any_schema || *listed.schema == *rule.source.schema);
      };
      const auto dropped = std::ranges::find_if(mapping_.leave, [&](const TablePattern& listed) {
        return lists(listed) && (!listed.schema || listed.schema == rule.source.schema);
      });
      if (dropped != mapping_.leave.end()) {
        fail(dropped->place,
             text("the table ", quote_identifier(table),
                  " is dropped, and something else is said about it"),
             text("see line ", rule.source.place.line));
      }
      if (!mapping_.keep.empty() && std::ranges::none_of(mapping_.keep, lists)) {
        fail(rule.source.place,
             text("the table ", quote_identifier(table),
                  " has rules, but is not among those to keep"),
             "add keep = true, or leave its rules out");
      }
    }
    for (const TablePattern& kept : mapping_.keep) {
      const auto same = [&](const TablePattern& listed) {
        return listed.table == kept.table && listed.schema == kept.schema;
      };
      if (std::ranges::none_of(mapping_.leave, same)) continue;
      fail(kept.place,
           text("the table ", quote_identifier(kept.table), " is both kept and dropped"));
    }
  }

  const std::string& path_;
  Mapping mapping_;
};

bool is_json(std::string_view content, const std::string& path) {
  const std::string name = to_lower(path);
  if (name.ends_with(".json")) return true;
  if (name.ends_with(".toml")) return false;
  return trim(content).starts_with('{');
}

// "2026-01-05T09:12:44.018235Z"
std::string utc(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto micros = duration_cast<microseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(micros / 1'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 96> digits;
  std::snprintf(digits.data(), digits.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                parts.tm_sec, static_cast<int>(micros % 1'000'000));
  return digits.data();
}

}  // namespace

Mapping parse_mapping(std::string_view content, const std::string& path) {
  Reader reader(path);
  const auto place_of = [&](std::size_t offset) {
    TextPlace place;
    place.pass(content.substr(0, offset));
    return Place{place.line, place.column};
  };
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  const std::size_t bad = find_invalid_utf8(content);
  if (bad != std::string_view::npos) {
    reader.fail(place_of(bad), "a byte that is not valid UTF-8");
  }
  try {
    return reader.read(is_json(content, path) ? json::parse_settings(content)
                                              : io::parse_toml(content));
  } catch (const SettingProblem& problem) {
    if (problem.place.line > 0) {
      reader.fail(problem.place, problem.message,
                  is_json(content, path) ? "" : "is it TOML? lines are name = \"value\"");
    }
    const std::size_t begin = std::min(content.find_first_not_of(" \t\r\n"), content.size());
    if (content.substr(begin, 1) != "{") reader.fail(place_of(begin), "this is no JSON object");
    const JsonProblem found = find_json_problem(content.substr(begin));
    const bool behind = found.offset == 0;  // the object itself is whole
    reader.fail(behind ? Place{1, 1} : place_of(begin + found.offset),
                behind ? "there is more than one JSON object" : found.message,
                behind ? "" : found.hint);
  }
}

Mapping read_mapping_file(const std::string& path, std::chrono::system_clock::time_point now) {
  constexpr std::uintmax_t kMost = std::uintmax_t{1} << 20;
  std::error_code problem;
  const std::uintmax_t size = std::filesystem::file_size(path, problem);
  std::ifstream file(path, std::ios::binary);
  if (problem || !file) {
    throw Error(ErrorKind::usage,
                text("the mapping cannot be read: ",
                     problem ? problem.message() : std::string(std::strerror(errno))),
                path, "--map names a TOML or JSON file");
  }
  if (size > kMost) throw Error(ErrorKind::usage, "the mapping is larger than 1 MiB", path);
  const std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Mapping mapping = parse_mapping(content, path);
  mapping.now = utc(now);
  append_random_uuid(mapping.seed);
  mapping.fingerprint = hash128(content).hex();
  return mapping;
}

}  // namespace pgseed::seed
