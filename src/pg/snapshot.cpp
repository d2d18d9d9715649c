#include "pgseed/pg/snapshot.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/pg/snapshot_query.hpp"

namespace pgseed::pg {
namespace {

// The first must stand before any query. The others decide how constants in defaults and
// conditions are printed; jit would compile the long query for longer than it runs.
constexpr const char* kSettings =
    "set transaction isolation level repeatable read read only;"
    "set local search_path = '';"
    "set local quote_all_identifiers = off;"
    "set local datestyle = 'ISO, MDY';"
    "set local intervalstyle = postgres;"
    "set local timezone = 'UTC';"
    "set local bytea_output = hex;"
    "set local extra_float_digits = 1;"
    "set local xmloption = content;"
    "set local jit = off";

constexpr int kAttempts = 20;

constexpr std::size_t kShown = 120;   // bytes of a definition in a line
constexpr std::size_t kContext = 24;  // of them before the difference
constexpr const char* kCut = "...";

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// A piece of at most kShown bytes from `begin` on, in one line, with dots where it is cut.
std::string shown(std::string_view definition, std::size_t begin = 0) {
  while (begin > 0 && continues_character(definition[begin])) --begin;
  std::string out = begin > 0 ? kCut : "";
  for (const char c : definition.substr(begin)) {
    if (out.size() >= kShown && !continues_character(c)) return out + kCut;
    const bool is_blank = static_cast<unsigned char>(c) <= ' ';
    if (!is_blank || (!out.empty() && out.back() != ' ')) out += is_blank ? ' ' : c;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

// "a -> b", of long texts the first line or the part that differs.
std::string difference(std::string_view wanted, std::string_view found) {
  std::string place;
  if (wanted.find('\n') != std::string_view::npos || found.find('\n') != std::string_view::npos) {
    std::string_view wanted_line;
    std::string_view found_line;
    int line = 0;
    do {
      wanted_line = take_line(wanted);
      found_line = take_line(found);
      ++line;
    } while (wanted_line == found_line && !(wanted.empty() && found.empty()));
    place = text("line ", line, ": ");
    wanted = wanted_line;
    found = found_line;
  }
  std::size_t begin = 0;
  if (wanted.size() > kShown || found.size() > kShown) {
    const auto differs = std::ranges::mismatch(wanted, found).in1 - wanted.begin();
    begin = std::max<std::size_t>(differs, kContext) - kContext;
  }
  const std::string before = shown(wanted, begin);
  const std::string after = shown(found, begin);
  if (before == after) return text(place, "only blanks differ");
  return text(place, before.empty() ? "(nothing)" : before, " -> ",
              after.empty() ? "(nothing)" : after);
}

std::string title(const SnapshotEntry& entry) {
  return text(entry.kind, ' ', entry.name);
}

// Those of `entries`, sorted, that `others` has none of by kind and name.
std::vector<const SnapshotEntry*> only_in(const std::vector<SnapshotEntry>& entries,
                                          const std::vector<SnapshotEntry>& others) {
  std::set<std::string> known;
  for (const auto& entry : others) known.insert(title(entry));
  std::vector<const SnapshotEntry*> only;
  std::set<std::string> gone;
  for (const auto& entry : entries) {
    if (known.contains(title(entry))) continue;
    only.push_back(&entry);
    gone.insert(title(entry));
  }
  std::erase_if(only, [&](const SnapshotEntry* entry) { return gone.contains(entry->part_of); });
  return only;
}

std::vector<SnapshotEntry> read_once(Session& session, const std::string& query) {
  std::vector<SnapshotEntry> entries;
  session.transaction([&](Session& s) {
    s.execute(kSettings);
    for (Row& row : s.query(query)) {
      entries.push_back({.kind = std::move(row[0]).value_or(""),
                         .name = std::move(row[1]).value_or(""),
                         .definition = std::move(row[2]).value_or(""),
                         .part_of = std::move(row[3]).value_or("")});
    }
  });
  std::ranges::sort(entries);
  return entries;
}

}  // namespace

std::vector<SnapshotEntry> read_snapshot(Session& session, const SnapshotOptions& options) {
  std::string left_out;
  for (const auto& table : options.without_tables) {
    left_out += text(left_out.empty() ? "" : ", ", session.literal(table));
  }
  const std::string query = snapshot_query(session.server_version(), left_out);
  for (int attempt = 1;; ++attempt) {
    try {
      return read_once(session, query);
    } catch (const SqlError& e) {
      // The functions that print definitions look at the catalogue as it is now: one that another
      // session has dropped since the snapshot is an internal error to them.
      if (e.sqlstate != "XX000" || attempt == kAttempts) throw;
    }
  }
}

std::vector<std::string> compare_snapshots(const std::vector<SnapshotEntry>& wanted,
                                           const std::vector<SnapshotEntry>& found) {
  std::vector<std::pair<std::string, std::string>> lines;  // by title
  const auto add = [&](std::string_view word, const SnapshotEntry& entry, std::string what) {
    std::string line = text(word, ": ", title(entry));
    if (!what.empty()) line += text(": ", what);
    lines.emplace_back(title(entry), redact(line));
  };
  for (const auto* entry : only_in(wanted, found)) {
    add("missing", *entry, shown(entry->definition));
  }
  for (const auto* entry : only_in(found, wanted)) {
    add("unexpected", *entry, shown(entry->definition));
  }
  std::map<std::string, std::string_view> definitions;
  for (const auto& entry : wanted) definitions.emplace(title(entry), entry.definition);
  for (const auto& entry : found) {
    const auto old = definitions.find(title(entry));
    if (old == definitions.end() || old->second == entry.definition) continue;
    add("changed", entry, difference(old->second, entry.definition));
  }
  std::ranges::sort(lines);
  std::vector<std::string> out;
  for (auto& line : lines) out.push_back(std::move(line.second));
  return out;
}

}  // namespace pgseed::pg
