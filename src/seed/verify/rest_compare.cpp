#include "pgseed/seed/verify/rest_compare.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

// An answer longer than this is asked for in parts, the row that is longer alone.
constexpr std::size_t kMostAnswer = std::size_t{64} << 20;
constexpr std::size_t kMostOfOne = std::size_t{2} << 30;

using Positions = std::vector<std::size_t>;

// No two lists of texts have one in common.
std::string joined(const std::vector<std::string>& key) {
  std::string out;
  for (const std::string& part : key) out += text(part.size(), ':', part);
  return out;
}

std::vector<std::string> key_of(const ColumnSet& set,
                                const std::vector<std::optional<std::string>>& values) {
  std::vector<std::string> key;
  for (const std::size_t position : set.key) key.push_back(values[position].value_or(""));
  return key;
}

std::vector<std::string> names_of(const ColumnSet& set, const Positions& positions) {
  std::vector<std::string> names;
  for (const std::size_t position : positions) names.push_back(set.columns[position]);
  return names;
}

// The file's value is none that the type can hold.
bool refuses_value(const rest::Outcome& outcome) {
  return outcome.code.starts_with("22") || outcome.code == "42704";
}

bool is_too_much(const rest::Outcome& outcome) {
  return outcome.remedy == rest::Remedy::split || outcome.status == 414 || outcome.status == 431;
}

template <class Item>
std::pair<std::vector<Item>, std::vector<Item>> halves(const std::vector<Item>& all) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  return {{all.begin(), middle}, {middle, all.end()}};
}

}  // namespace

bool lacks_equality(const rest::Outcome& outcome) {
  return outcome.code == "42883" || outcome.code == "42725" || outcome.code == "42846" ||
         outcome.code == "0A000";  // composite types
}

std::size_t url_size(std::string_view value) {
  return rest::percent_encode(value).size() + 12;
}

RestComparison::RestComparison(Setup setup, VerifiedTable result)
    : setup_(setup), result_(std::move(result)) {
  seen_.remember(std::size_t{1} << 62);
}

void RestComparison::refuse(const rest::Outcome& outcome) const {
  std::string hint = outcome.hint;
  const std::string table = to_sql(result_.table);
  if (outcome.code == "42703" || outcome.code == "PGRST204") {
    hint = "the file belongs to another version of the schema; migrate the target or mend the file";
  } else if (outcome.code == "42501") {
    hint = text("comparing wants to read the table: GRANT SELECT ON ", table, " to the key's role");
  } else if (outcome.status == 404) {
    hint = "create the table (pgseed schema FILE), or leave it out: --exclude";
  } else if (is_too_much(outcome)) {
    hint = "set DATABASE_URL: the direct connection has no such limit";
  }
  throw Error(ErrorKind::refused,
              text("cannot compare ", table, ": ", outcome.message,
                   outcome.code.empty() ? "" : text(" [", outcome.code, "]")),
              "", hint);
}

void RestComparison::not_compared(const std::string& column, const std::string& why) {
  std::string line = text(quote_identifier(column), " (", why, ")");
  std::vector<std::string>& lines = result_.not_compared;
  if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
}

Judgement RestComparison::judge_value(const ColumnSet& set, std::size_t position,
                                      const std::optional<std::string>& said,
                                      const std::optional<std::string>& stored) const {
  if (!said || !stored) {
    return {said.has_value() == stored.has_value() ? Likeness::same : Likeness::differs, ""};
  }
  const Judgement judged = judge(set.classes[position], set.types[position], *said, *stored);
  if (judged.likeness == Likeness::ask && without_equality_.count({set.number, position}) > 0) {
    return {Likeness::unknown,
            "values whose spelling differs; the type has no comparison that tells more"};
  }
  return judged;
}

// --- rows with a key

HttpRequest RestComparison::fetch(const ColumnSet& set, const std::vector<SaidRow>& rows) const {
  std::vector<const SaidRow*> all;
  for (const SaidRow& row : rows) all.push_back(&row);
  return fetch(set, all);
}

HttpRequest RestComparison::fetch(const ColumnSet& set,
                                  const std::vector<const SaidRow*>& rows) const {
  std::vector<std::vector<std::string>> keys;
  for (const SaidRow* const row : rows) keys.push_back(key_of(set, row->values));
  HttpRequest request = rest::fetch_keys_request(*setup_.endpoint, set.table_name,
                                                 names_of(set, set.key), keys, set.columns);
  rest::use_time_zone(request, set.time_zone);
  request.max_response_bytes = rows.size() == 1 ? kMostOfOne : kMostAnswer;
  return request;
}

void RestComparison::compare_keyed(const ColumnSet& set, const std::vector<SaidRow>& rows,
                                   const Reading& reading) {
  std::vector<const SaidRow*> all;
  for (const SaidRow& row : rows) all.push_back(&row);
  compare_keyed(set, all, reading);
}

void RestComparison::compare_keyed(const ColumnSet& set, const std::vector<const SaidRow*>& rows,
                                   const Reading& reading) {
  if (reading.outcome.verdict == rest::Verdict::rejected) {
    if (refuses_value(reading.outcome) && rows.size() == 1) {
      return cannot_be_stored(*rows.front(),
                              text(reading.outcome.message, " [", reading.outcome.code, "]"));
    }
    if (!refuses_value(reading.outcome) && (!is_too_much(reading.outcome) || rows.size() == 1)) {
      refuse(reading.outcome);
    }
    return fetch_and_compare(set, rows);
  }
  if (reading.is_cut) return fetch_and_compare(set, rows);
  const std::vector<PrintedRow> stored = rows_of(reading, set.columns.size());
  // The server's own limit of rows (db-max-rows) cuts answers.
  if (reading.total && *reading.total > static_cast<long long>(stored.size())) {
    most_rows_ = std::max<std::size_t>(1, stored.size());
    return fetch_and_compare(set, rows);
  }
  match(set, rows, stored);
}

// Half by half.
void RestComparison::fetch_and_compare(const ColumnSet& set,
                                       const std::vector<const SaidRow*>& rows) {
  if (rows.size() == 1) {
    throw Error(ErrorKind::refused, text("the API sends no whole row of ", to_sql(set.table_name)),
                rows.front()->where,
                "set DATABASE_URL: the direct connection has no limit of rows or bytes");
  }
  const auto [first, second] = halves(rows);
  for (const auto& half : {first, second}) {
    compare_keyed(set, half, setup_.reads->ask(fetch(set, half)));
  }
}

void RestComparison::match(const ColumnSet& set, const std::vector<const SaidRow*>& rows,
                           const std::vector<PrintedRow>& stored) {
  const bool is_time = std::any_of(set.key.begin(), set.key.end(), [&](std::size_t position) {
    return set.classes[position] == ColumnClass::time;
  });
  // Such keys are printed in the zone of the question.
  if (is_time && !set.time_zone.empty()) lists_extra_ = false;
  std::unordered_map<std::string, const PrintedRow*> by_key;
  for (const PrintedRow& row : stored) by_key[joined(key_of(set, row))] = &row;
  std::vector<Judged> judged(rows.size());
  std::set<const PrintedRow*> left;
  for (const auto& [key, row] : by_key) left.insert(row);
  for (std::size_t index = 0; index < rows.size(); ++index) {
    judged[index].said = rows[index];
    const auto found = by_key.find(joined(key_of(set, rows[index]->values)));
    if (found == by_key.end()) continue;
    judged[index].stored = found->second;
    left.erase(found->second);
  }
  // Keys that the server prints in another way than the file spells them.
  std::vector<std::vector<PrintedRow>> fetched;
  fetched.reserve(rows.size());
  for (Judged& row : judged) {
    if (row.stored != nullptr || left.empty()) continue;
    if (rows.size() == 1) {  // it was asked for alone
      row.stored = *left.begin();
      continue;
    }
    const auto is_it = [&](const PrintedRow* candidate) {
      return std::all_of(set.key.begin(), set.key.end(), [&](std::size_t position) {
        return judge_value(set, position, row.said->values[position], (*candidate)[position])
                   .likeness == Likeness::same;
      });
    };
    if (const auto found = std::find_if(left.begin(), left.end(), is_it); found != left.end()) {
      row.stored = *found;
      continue;
    }
    const Reading reading = setup_.reads->ask(fetch(set, std::vector<const SaidRow*>{row.said}));
    if (reading.outcome.verdict != rest::Verdict::accepted) refuse(reading.outcome);
    fetched.push_back(rows_of(reading, set.columns.size()));
    if (fetched.back().size() == 1) row.stored = &fetched.back().front();
  }
  std::map<Positions, std::vector<Judged*>> questions;
  for (Judged& row : judged) {
    if (row.stored == nullptr) continue;
    judge_row(set, row);
    if (!row.asked.empty()) questions[row.asked].push_back(&row);
  }
  for (const auto& [positions, asking] : questions) ask_equal(set, positions, asking);
  for (const Judged& row : judged) settle(set, row);
}

void RestComparison::judge_row(const ColumnSet& set, Judged& row) {
  for (std::size_t position = 0; position < set.columns.size(); ++position) {
    if (row.said->is_open[position]) continue;
    const Judgement judged =
        judge_value(set, position, row.said->values[position], (*row.stored)[position]);
    switch (judged.likeness) {
      case Likeness::same:
        break;
      case Likeness::differs:
        row.differing.push_back(position);
        break;
      case Likeness::ask:
        row.asked.push_back(position);
        break;
      case Likeness::unknown:
        row.unknown.push_back(position);
        not_compared(set.columns[position], judged.why);
    }
  }
}

// Which of these values are, in the server's eyes, those that are stored? All of them as a rule: so
// all are asked about at once, and halves only where the count says otherwise.
void RestComparison::ask_equal(const ColumnSet& set, const Positions& positions,
                               const std::vector<Judged*>& rows) {
  const auto split = [&] {
    if (rows.size() > 1) {
      const auto [first, second] = halves(rows);
      ask_equal(set, positions, first);
      ask_equal(set, positions, second);
    } else {
      const auto [first, second] = halves(positions);
      ask_equal(set, first, rows);
      ask_equal(set, second, rows);
    }
  };
  const bool is_one = rows.size() == 1 && positions.size() == 1;
  Positions asked = set.key;
  for (const std::size_t position : positions) {
    if (std::find(asked.begin(), asked.end(), position) == asked.end()) asked.push_back(position);
  }
  std::size_t bytes = 0;
  std::vector<std::vector<rest::Condition>> conditions;
  for (const Judged* const row : rows) {
    std::vector<rest::Condition>& fresh = conditions.emplace_back();
    // The key as it is printed names the row, also where the key itself is in question.
    for (const std::size_t position : set.key) {
      fresh.push_back({set.columns[position], (*row->stored)[position]});
    }
    for (const std::size_t position : positions) {
      fresh.push_back({set.columns[position], row->said->values[position]});
    }
    for (const rest::Condition& each : fresh) {
      bytes += url_size(each.value.value_or("")) + url_size(each.column);
    }
  }
  if (bytes > kMostUrlBytes && !is_one) return split();
  if (bytes > 2 * kMostUrlBytes) {
    rows.front()->unknown.push_back(positions.front());
    return not_compared(set.columns[positions.front()], "values too long to ask about");
  }
  HttpRequest request = rest::count_rows_request(*setup_.endpoint, set.table_name, conditions);
  rest::use_time_zone(request, set.time_zone);
  const Reading reading = setup_.reads->ask(std::move(request));
  if (reading.outcome.verdict == rest::Verdict::accepted && reading.total) {
    if (*reading.total == static_cast<long long>(rows.size())) return;
  }
  if (!is_one) return split();
  no_answer(set, positions, *rows.front(), reading.outcome);
}

// One value that does not count as equal, or that cannot be asked about.
void RestComparison::no_answer(const ColumnSet& set, const Positions& positions, Judged& row,
                               const rest::Outcome& outcome) {
  const std::size_t position = positions.front();
  if (outcome.verdict == rest::Verdict::accepted) {
    const Judgement judged = judge_unequal(set.classes[position], set.types[position],
                                           *row.said->values[position], *(*row.stored)[position]);
    if (judged.likeness == Likeness::differs) {
      row.differing.push_back(position);
    } else {
      row.unknown.push_back(position);
      not_compared(set.columns[position], judged.why);
    }
  } else if (refuses_value(outcome)) {
    row.differing.push_back(position);
    row.reason = text(outcome.message, " [", outcome.code, "]");
  } else if (lacks_equality(outcome)) {
    without_equality_.insert({set.number, position});
    row.unknown.push_back(position);
    not_compared(set.columns[position],
                 "values whose spelling differs; the type has no comparison that tells more");
  } else {
    refuse(outcome);
  }
}

// Rows of one key come in their order: the last one counts, or the first.
void RestComparison::settle(const ColumnSet& set, const Judged& row) {
  const std::vector<std::string> key =
      row.stored == nullptr ? key_of(set, row.said->values) : key_of(set, *row.stored);
  const std::string name = joined(key);
  const bool is_first = seen_.insert(name);
  if (is_first) {
    ++keys_;
  } else {
    ++result_.repeated;
    if (setup_.first_wins) return;
  }
  const bool is_same = row.stored != nullptr && row.differing.empty() && row.unknown.empty();
  const auto known = exceptions_.find(name);
  if (known == exceptions_.end() && is_same) return;
  Exception& exception = known == exceptions_.end() ? exceptions_[name] : known->second;
  exception.missing = row.stored == nullptr;
  exception.key = key;
  exception.where = row.said->where;
  exception.number = row.said->number;
  exception.reason = row.reason;
  // A later row changes the columns that it has, and no others.
  for (const std::string& column : set.columns) {
    exception.differing.erase(column);
    exception.unknown.erase(column);
  }
  for (const std::size_t position : row.differing) {
    exception.differing.insert(set.columns[position]);
  }
  for (const std::size_t position : row.unknown) exception.unknown.insert(set.columns[position]);
  const bool is_settled =
      !exception.missing && exception.differing.empty() && exception.unknown.empty();
  if (is_settled) exceptions_.erase(name);
}

void RestComparison::cannot_be_stored(const SaidRow& row, const std::string& why) {
  ++result_.files;
  ++result_.missing;
  if (!has_room(DifferenceKind::missing)) return;
  Difference& fresh = result_.differences.emplace_back();
  fresh.kind = DifferenceKind::missing;
  fresh.where = row.where;
  fresh.reason = why;
}

// --- the end

std::uint64_t RestComparison::finish_keyed() {
  std::vector<const Exception*> all;
  for (const auto& [key, exception] : exceptions_) all.push_back(&exception);
  std::sort(all.begin(), all.end(), [](const Exception* left, const Exception* right) {
    return left->number < right->number;
  });
  std::uint64_t missing = 0, differing = 0, unchecked = 0;
  for (const DifferenceKind kind : {DifferenceKind::differing, DifferenceKind::missing}) {
    for (const Exception* const each : all) {
      const bool is_missing = kind == DifferenceKind::missing;
      if (each->missing != is_missing) continue;
      if (!is_missing && each->differing.empty()) {
        ++unchecked;
        continue;
      }
      ++(is_missing ? missing : differing);
      if (!has_room(kind)) continue;
      Difference& fresh = result_.differences.emplace_back();
      fresh.kind = kind;
      fresh.key = each->key;
      fresh.columns.assign(each->differing.begin(), each->differing.end());
      fresh.where = each->where;
      fresh.reason = each->reason;
    }
  }
  result_.files += keys_;
  result_.missing += missing;
  result_.differing += differing;
  result_.unchecked += unchecked;
  result_.same += keys_ - missing - differing - unchecked;
  return keys_ - missing;
}

VerifiedTable RestComparison::finish(const std::string& any_column, const LoadedBefore& before) {
  const Reading reading =
      setup_.reads->ask(rest::count_table_request(*setup_.endpoint, result_.table, any_column));
  if (reading.outcome.verdict != rest::Verdict::accepted) refuse(reading.outcome);
  if (!reading.total) {
    throw Error(ErrorKind::refused,
                text("the API does not tell how many rows ", to_sql(result_.table), " has"), "",
                "see what stands between pgseed and PostgREST, or set DATABASE_URL");
  }
  result_.rows = static_cast<std::uint64_t>(*reading.total);
  if (keys_ == 0) result_.key.clear();
  set_extra(result_, finish_keyed() + finish_keyless());
  excuse(result_, before);
  const bool is_listed = result_.extra > 0 && result_.exact && lists_extra_ && !has_keyless_;
  if (is_listed && keys_ > 0) list_extra();
  return std::move(result_);
}

// The table's keys, page by page, until enough are found that no file has.
void RestComparison::list_extra() {
  constexpr std::uint64_t kPage = 1000;
  std::uint64_t offset = 0;
  while (offset < result_.rows && has_room(DifferenceKind::extra)) {
    const Reading reading = setup_.reads->ask(
        rest::fetch_page_request(*setup_.endpoint, result_.table, result_.key, offset, kPage));
    if (reading.outcome.verdict != rest::Verdict::accepted) return;
    const std::vector<PrintedRow> rows = rows_of(reading, result_.key.size());
    if (rows.empty()) return;
    offset += rows.size();
    for (const PrintedRow& row : rows) {
      std::vector<std::string> key;
      for (const auto& part : row) key.push_back(part.value_or("NULL"));
      if (!seen_.insert(joined(key)) || !has_room(DifferenceKind::extra)) continue;
      Difference& fresh = result_.differences.emplace_back();
      fresh.kind = DifferenceKind::extra;
      fresh.key = std::move(key);
    }
  }
}

}  // namespace pgseed::seed
