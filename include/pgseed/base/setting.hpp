#pragma once
// What a file of settings says, in whatever language it is written (TOML, JSON), and where.
#include <cstdint>
#include <string>
#include <vector>

namespace pgseed {

struct Place {
  std::uint64_t line = 0;
  std::uint64_t column = 0;  // in characters
};
// "a.toml:3:7"
std::string at(const std::string& path, Place place);

enum class SettingKind {
  null,
  boolean,
  integer,
  number,  // with a point or an exponent
  text,
  list,
  table,
  other,  // TOML's dates and times
};
// "a string", "a table", ...
const char* describe(SettingKind kind);

struct SettingMember;

struct Setting {
  SettingKind kind = SettingKind::null;
  Place place;
  // Of a text its value, of boolean and integer how PostgreSQL writes them, of a number what the
  // file says (empty where the language's reader does not tell).
  std::string value;
  std::vector<Setting> items;          // of a list
  std::vector<SettingMember> members;  // of a table, in the file's order, no name twice
};

struct SettingMember {
  std::string name;
  Place place;
  Setting setting;
};

// Broken text; readers throw it, their callers know what the file is for.
struct SettingProblem {
  Place place;
  std::string message;
};

}  // namespace pgseed
