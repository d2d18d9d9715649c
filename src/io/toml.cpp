#include "pgseed/io/toml.hpp"

// toml++ 3.3 asserts, or without assertions lets clang assume, that a key begins like one, before
// it looks and reports that "[:a]" does not. Here it only looks.
#undef NDEBUG
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>
#include <string>

namespace pgseed::io {
namespace {

Place place_of(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

Setting convert(const toml::node& node) {
  Setting setting;
  setting.place = place_of(node.source());
  if (const auto* const text = node.as_string()) {
    setting.kind = SettingKind::text;
    setting.value = text->get();
  } else if (const auto* const integer = node.as_integer()) {
    setting.kind = SettingKind::integer;
    setting.value = std::to_string(integer->get());
  } else if (const auto* const boolean = node.as_boolean()) {
    setting.kind = SettingKind::boolean;
    setting.value = boolean->get() ? "true" : "false";
  } else if (node.is_floating_point()) {
    setting.kind = SettingKind::number;
  } else if (const auto* const list = node.as_array()) {
    setting.kind = SettingKind::list;
    for (const toml::node& item : *list) setting.items.push_back(convert(item));
  } else if (const auto* const table = node.as_table()) {
    setting.kind = SettingKind::table;
    for (const auto& [key, value] : *table) {
      setting.members.push_back({std::string(key.str()), place_of(key.source()), convert(value)});
    }
    // The library sorts by name.
    std::ranges::sort(setting.members, [](const SettingMember& left, const SettingMember& right) {
      return left.place.line != right.place.line ? left.place.line < right.place.line
                                                 : left.place.column < right.place.column;
    });
  } else {
    setting.kind = SettingKind::other;
  }
  return setting;
}

}  // namespace

Setting parse_toml(std::string_view text) {
  try {
    return convert(toml::parse(text));
  } catch (const toml::parse_error& error) {
    throw SettingProblem{place_of(error.source()), std::string(error.description())};
  }
}

}  // namespace pgseed::io
