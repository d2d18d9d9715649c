#include "pgseed/seed/options.hpp"

#include <algorithm>

namespace pgseed::seed {
namespace {

bool matches(const std::string& pattern, const TableName& name) {
  if (pattern == name.table || pattern == name.schema + "." + name.table) return true;
  return pattern == to_sql(name) || pattern == name.schema + ".*";
}

}  // namespace

const char* name(Mode mode) {
  switch (mode) {
    case Mode::insert:
      return "insert";
    case Mode::upsert:
      return "upsert";
    case Mode::ignore:
      return "ignore";
    case Mode::force:
      return "force";
  }
  return "insert";
}

bool wants(const Options& options, const TableName& table) {
  const auto matches_any = [&](const std::vector<std::string>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return matches(pattern, table); });
  };
  if (!options.tables.empty() && !matches_any(options.tables)) return false;
  return !matches_any(options.exclude);
}

}  // namespace pgseed::seed
