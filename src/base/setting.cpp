#include "pgseed/base/setting.hpp"

#include "pgseed/base/text.hpp"

namespace pgseed {

std::string at(const std::string& path, Place place) {
  return text(path, ':', place.line, ':', place.column);
}

const char* describe(SettingKind kind) {
  switch (kind) {
    case SettingKind::null:
      return "null";
    case SettingKind::boolean:
      return "true or false";
    case SettingKind::integer:
      return "a whole number";
    case SettingKind::number:
      return "a number with decimals";
    case SettingKind::text:
      return "a string";
    case SettingKind::list:
      return "a list";
    case SettingKind::table:
      return "a table";
    case SettingKind::other:
      return "a date or time";
  }
  return "";
}

}  // namespace pgseed
