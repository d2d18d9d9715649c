#include "pgseed/seed/verify/verify.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {

const char* name(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::differing:
      return "differing";
    case DifferenceKind::missing:
      return "missing";
    default:
      return "extra";
  }
}

bool VerifiedTable::equal() const {
  return differing <= left_alone && missing == 0 && (extra == 0 || !exact);
}

bool VerifyReport::equal() const {
  return std::all_of(tables.begin(), tables.end(),
                     [](const VerifiedTable& table) { return table.equal(); });
}

std::optional<Error> VerifyReport::error() const {
  std::string message, where;
  std::size_t different = 0;
  bool has_extra = false;
  for (const VerifiedTable& table : tables) {
    if (table.equal()) continue;
    has_extra = has_extra || (table.exact && table.extra > 0);
    if (++different > 1) continue;
    const auto add = [&](std::uint64_t rows, const char* what) {
      if (rows == 0) return;
      const char* const counted = rows == 1 ? " row" : " rows";
      message += text(message.empty() ? "" : ", ", with_separators(rows),
                      message.empty() ? counted : "", what);
    };
    add(table.differing - std::min(table.differing, table.left_alone), " differing");
    add(table.missing, " missing");
    if (table.exact) add(table.extra, " too many");
    message =
        text("the table ", to_sql(table.table), " does not hold what the files say: ", message);
    for (const Difference& difference : table.differences) {
      if (!difference.where.empty() && where.empty()) where = difference.where;
    }
  }
  if (different == 0) return {};
  if (different > 1)
    message += text(" (and ", different - 1, different == 2 ? " other table)" : " other tables)");
  return Error(ErrorKind::verification, std::move(message), std::move(where),
               has_extra ? "rows that the files do not have stay, whatever is loaded; seed --force "
                           "--atomic makes the tables hold what the files say, and nothing else"
                         : "seed --upsert stores the files' values again; tables without a key are "
                           "loaded anew by seed --force --atomic");
}

void set_extra(VerifiedTable& table, std::uint64_t accounted) {
  if (accounted > table.rows) {
    const std::uint64_t twice = std::min(accounted - table.rows, table.same);
    table.same -= twice;
    table.missing += twice;
    accounted = table.rows;
  }
  table.extra = table.rows - accounted;
}

void excuse(VerifiedTable& table, const LoadedBefore& before) {
  for (const LoadedBefore::Table& each : before.tables) {
    if (each.name != table.table) continue;
    table.left_alone = std::min(each.ignored, table.differing);
    const std::uint64_t unstored = std::min(each.unstored, table.missing);
    table.missing -= unstored;
    table.files -= unstored;
  }
}

std::size_t room_for(const VerifiedTable& table, DifferenceKind kind,
                     const VerifyOptions& options) {
  const auto listed = static_cast<std::size_t>(
      std::count_if(table.differences.begin(), table.differences.end(),
                    [&](const Difference& each) { return each.kind == kind; }));
  return options.listed - std::min(options.listed, listed);
}

}  // namespace pgseed::seed
