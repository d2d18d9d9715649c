#include <algorithm>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/verify/rest_compare.hpp"

// Rows without a key: how often do the files have each, and how often the table?
namespace pgseed::seed {
namespace {

// A longer value is not asked about; it is compared with what comes back.
constexpr std::size_t kLongestAsked = 300;

Hash128 hash_of(const ColumnSet& set, const std::vector<std::optional<std::string>>& values,
                const std::vector<bool>& is_open) {
  std::string all;
  for (std::size_t position = 0; position < set.columns.size(); ++position) {
    all += text(set.columns[position].size(), ':', set.columns[position]);
    if (is_open[position]) {
      all += '?';
    } else if (!values[position]) {
      all += '-';
    } else {
      all += text('=', values[position]->size(), ':', *values[position]);
    }
  }
  return hash128(all);
}

}  // namespace

// What of the row a question can name.
std::vector<std::size_t> RestComparison::questionable(const ColumnSet& set,
                                                      const SaidRow& row) const {
  std::vector<std::size_t> positions;
  std::size_t bytes = 0;
  for (std::size_t position = 0; position < set.columns.size(); ++position) {
    const std::optional<std::string>& value = row.values[position];
    if (row.is_open[position]) continue;
    if (value && (!has_equality(set.classes[position], set.types[position]) ||
                  without_equality_.count({set.number, position}) > 0)) {
      continue;
    }
    const std::size_t size = url_size(value.value_or("")) + url_size(set.columns[position]);
    if (value && value->size() > kLongestAsked) continue;
    if (bytes + size > kMostUrlBytes) continue;
    bytes += size;
    positions.push_back(position);
  }
  return positions;
}

void RestComparison::compare_keyless(const ColumnSet& set, const std::vector<SaidRow>& rows) {
  has_keyless_ = true;
  std::vector<Pending> fresh;
  std::unordered_map<Hash128, std::size_t, HashOfHash> met;
  for (const SaidRow& row : rows) {
    const Hash128 hash = hash_of(set, row.values, row.is_open);
    if (const auto known = entry_of_.find(hash); known != entry_of_.end()) {
      ++entries_[known->second].in_files;
      continue;
    }
    const auto [place, is_new] = met.emplace(hash, fresh.size());
    if (is_new) fresh.push_back({&row, hash, 0, questionable(set, row)});
    ++fresh[place->second].count;
  }
  if (!fresh.empty()) ask_keyless(set, fresh, 0, fresh.size());
}

RestComparison::Entry& RestComparison::entry_of(const Pending& row, const Hash128& hash) {
  const auto [place, is_new] = entry_of_.emplace(hash, entries_.size());
  if (is_new) entries_.emplace_back();
  Entry& entry = entries_[place->second];
  entry_of_[row.hash] = place->second;
  if (entry.in_files == 0) {
    entry.where = row.row->where;
    entry.number = row.row->number;
  }
  entry.in_files += row.count;
  return entry;
}

void RestComparison::ask_keyless(const ColumnSet& set, std::vector<Pending>& all, std::size_t from,
                                 std::size_t to) {
  const bool is_one = to - from == 1;
  const auto split = [&] {
    const std::size_t middle = from + (to - from) / 2;
    ask_keyless(set, all, from, middle);
    ask_keyless(set, all, middle, to);
  };
  std::vector<std::vector<rest::Condition>> conditions;
  std::size_t bytes = 0;
  for (std::size_t index = from; index < to; ++index) {
    const Pending& row = all[index];
    if (row.asked.empty()) {
      if (!is_one) return split();
      entry_of(row, row.hash).unchecked = true;
      for (const std::string& column : set.columns) {
        not_compared(column, "a row that nothing tells from others over PostgREST");
      }
      return;
    }
    std::vector<rest::Condition>& fresh = conditions.emplace_back();
    for (const std::size_t position : row.asked) {
      fresh.push_back({set.columns[position], row.row->values[position]});
      bytes += url_size(row.row->values[position].value_or("")) + url_size(set.columns[position]);
    }
  }
  if (bytes > kMostUrlBytes && !is_one) return split();
  HttpRequest request =
      rest::fetch_rows_request(*setup_.endpoint, set.table_name, conditions, set.columns);
  rest::use_time_zone(request, set.time_zone);
  request.max_response_bytes = std::size_t{16} << 20;
  const Reading reading = setup_.reads->ask(std::move(request));
  if (reading.outcome.verdict != rest::Verdict::accepted) {
    if (!is_one) return split();
    return ask_long(set, all[from], reading);
  }
  const std::vector<PrintedRow> stored =
      reading.is_cut ? std::vector<PrintedRow>() : rows_of(reading, set.columns.size());
  if (reading.is_cut || !reading.total || *reading.total > static_cast<long long>(stored.size())) {
    if (!is_one) return split();
    return ask_long(set, all[from], reading);
  }
  assign(set, all, from, to, stored);
}

// One row whose question was refused, or has more answers than the server sends.
void RestComparison::ask_long(const ColumnSet& set, Pending& row, const Reading& reading) {
  const std::string& code = reading.outcome.code;
  if (reading.outcome.verdict != rest::Verdict::accepted) {
    if (code.starts_with("22") || code == "42704") {
      entry_of(row, row.hash).reason = text(reading.outcome.message, " [", code, "]");
      return;
    }
    // Types of the user's own may have no =.
    std::vector<std::size_t> left;
    for (const std::size_t position : row.asked) {
      const bool is_own = set.classes[position] == ColumnClass::other ||
                          set.classes[position] == ColumnClass::unknown;
      if (!is_own || !row.row->values[position]) {
        left.push_back(position);
      } else if (lacks_equality(reading.outcome)) {
        without_equality_.insert({set.number, position});
      }
    }
    if (!lacks_equality(reading.outcome) || left.size() == row.asked.size())
      refuse(reading.outcome);
    row.asked = std::move(left);
    std::vector<Pending> one = {row};
    return ask_keyless(set, one, 0, 1);
  }
  std::size_t compared = 0;
  for (const bool open : row.row->is_open) compared += open ? 0 : 1;
  Entry& entry = entry_of(row, row.hash);
  if (reading.total && row.asked.size() == compared) {
    entry.in_table = static_cast<std::uint64_t>(*reading.total);
    return;
  }
  entry.unchecked = true;
  not_compared(set.columns.front(),
               "rows that are told from too many others by nothing that can be asked about");
}

// The table's rows that the question found belong to the files' rows that are printed like them,
// or that mean the same.
void RestComparison::assign(const ColumnSet& set, std::vector<Pending>& all, std::size_t from,
                            std::size_t to, const std::vector<PrintedRow>& stored) {
  struct Group {
    const PrintedRow* row = nullptr;
    std::uint64_t count = 0;
  };
  for (std::size_t index = from; index < to; ++index) {
    const Pending& row = all[index];
    std::unordered_map<Hash128, Group, HashOfHash> groups;
    for (const PrintedRow& each : stored) {
      Group& group = groups[hash_of(set, each, row.row->is_open)];
      group.row = &each;
      ++group.count;
    }
    if (const auto equal = groups.find(row.hash); equal != groups.end()) {
      entry_of(row, row.hash).in_table = equal->second.count;
      continue;
    }
    const Hash128* found = nullptr;
    bool perhaps = false, unknown = false;
    for (const auto& [hash, group] : groups) {
      bool same = true, possible = true;
      for (std::size_t position = 0; position < set.columns.size(); ++position) {
        if (row.row->is_open[position]) continue;
        const Likeness likeness =
            judge_value(set, position, row.row->values[position], (*group.row)[position]).likeness;
        const bool was_asked =
            std::find(row.asked.begin(), row.asked.end(), position) != row.asked.end();
        // Alone, the question itself has settled it.
        if (likeness == Likeness::ask && to - from == 1 && was_asked) continue;
        same &= likeness == Likeness::same;
        possible &= likeness != Likeness::differs;
        if (likeness == Likeness::unknown) unknown = true;
      }
      if (same) found = &hash;
      perhaps |= possible;
    }
    if (found != nullptr) {
      entry_of(row, *found).in_table = groups[*found].count;
    } else if (perhaps && to - from > 1) {
      ask_keyless(set, all, index, index + 1);
    } else {
      entry_of(row, row.hash).unchecked = perhaps && unknown;
      if (perhaps && unknown) {
        not_compared(set.columns.front(), "rows with values that cannot be compared");
      }
    }
  }
}

std::uint64_t RestComparison::finish_keyless() {
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& left, const Entry& right) { return left.number < right.number; });
  std::uint64_t accounted = 0;
  for (const Entry& entry : entries_) {
    result_.files += entry.in_files;
    if (entry.unchecked) {
      result_.unchecked += entry.in_files;
      accounted += entry.in_files;
      continue;
    }
    const std::uint64_t same = std::min(entry.in_files, entry.in_table);
    accounted += same;
    result_.same += same;
    result_.missing += entry.in_files - same;
    const bool is_missing = entry.in_files > same;
    const bool is_extra = entry.in_table > same && result_.exact;
    const DifferenceKind kind = is_missing ? DifferenceKind::missing : DifferenceKind::extra;
    if ((!is_missing && !is_extra) || !has_room(kind)) continue;
    Difference& fresh = result_.differences.emplace_back();
    fresh.kind = kind;
    fresh.where = entry.where;
    fresh.in_files = entry.in_files;
    fresh.in_table = entry.in_table;
    fresh.reason = entry.reason;
  }
  return accounted;
}

}  // namespace pgseed::seed
