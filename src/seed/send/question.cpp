#include "pgseed/seed/send/question.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace pgseed::seed {
namespace {

// A question names this many rows at most, in about this many bytes: gateways cut long URLs.
constexpr std::size_t kMostRows = 20;
constexpr std::size_t kMostBytes = 3000;
constexpr std::size_t kLongestValue = 100;

// Roughly what a value takes in the URL, with its quotes, comma and percent signs.
std::size_t encoded_size(std::string_view value) {
  return rest::percent_encode(value).size() + 12;
}

// Indexes from the first row to the last, evenly spread.
std::vector<std::size_t> spread(std::size_t rows, std::size_t wanted) {
  std::vector<std::size_t> indexes;
  const std::size_t count = std::min(rows, wanted);
  for (std::size_t n = 0; n < count; ++n) {
    indexes.push_back(count == 1 ? rows - 1 : n * (rows - 1) / (count - 1));
  }
  return indexes;
}

HttpRequest with_zone(HttpRequest request, const ColumnSet& set) {
  // A timestamp without a zone means the same instant as when it was written.
  rest::use_time_zone(request, set.time_zone);
  return request;
}

std::vector<std::string> names_of(const ColumnSet& set, const std::vector<std::size_t>& positions) {
  std::vector<std::string> names;
  for (const std::size_t position : positions) names.push_back(set.columns[position]);
  return names;
}

// Types whose text form and = agree with what was sent.
bool is_comparable(const ColumnSet& set, std::size_t position) {
  const std::vector<std::string>& held_back = set.held_back;
  if (std::find(held_back.begin(), held_back.end(), set.columns[position]) != held_back.end()) {
    return false;
  }
  switch (set.classes[position]) {
    case ColumnClass::integer:
    case ColumnClass::text:
    case ColumnClass::time:
      return true;
    case ColumnClass::json:
    case ColumnClass::jsonb:
      return false;
    default:
      break;
  }
  constexpr std::array<std::string_view, 7> kTypes = {
      "uuid", "boolean", "numeric", "real", "double precision", "bytea", "oid"};
  return std::find(kTypes.begin(), kTypes.end(), set.types[position]) != kTypes.end();
}

// "now" and "today" meant something else when they were sent.
bool is_moment(const ColumnSet& set, std::size_t position, const std::string& value) {
  return set.classes[position] == ColumnClass::time && !value.empty() &&
         (value.front() < '0' || value.front() > '9');
}

}  // namespace

std::optional<Question> question_for_keys(const rest::Endpoint& endpoint, const Batch& batch) {
  const ColumnSet& set = *batch.set;
  if (set.key.empty()) return {};
  for (std::size_t wanted = kMostRows; wanted > 0; wanted /= 2) {
    std::vector<std::vector<std::string>> keys;
    std::size_t bytes = 0;
    for (const std::size_t index : spread(batch.rows.size(), wanted)) {
      std::vector<std::string> key = key_of_row(batch, index);
      if (key.empty()) continue;
      for (const std::string& part : key) bytes += encoded_size(part);
      keys.push_back(std::move(key));
    }
    if (keys.empty()) return {};
    if (bytes > kMostBytes && wanted > 1) continue;
    const std::size_t asked = keys.size();
    return Question{
        with_zone(rest::count_keys_request(endpoint, set.table_name, names_of(set, set.key), keys),
                  set),
        asked};
  }
  return {};
}

std::optional<Question> question_for_values(const rest::Endpoint& endpoint, const Batch& batch) {
  const ColumnSet& set = *batch.set;
  if (set.key.empty()) return {};
  const std::vector<std::size_t> indexes = spread(batch.rows.size(), 4);
  std::vector<std::vector<std::optional<std::string>>> rows;
  for (const std::size_t index : indexes) rows.push_back(values_of_row(batch, index));
  std::vector<std::size_t> compared = set.key;
  std::size_t bytes = 0;
  for (std::size_t position = 0; position < set.columns.size(); ++position) {
    const bool is_key = std::find(set.key.begin(), set.key.end(), position) != set.key.end();
    bool fits = is_comparable(set, position);
    std::size_t size = 0;
    for (const auto& row : rows) {
      const std::optional<std::string>& value = row[position];
      if (!value) continue;
      fits = fits && value->size() <= kLongestValue && !is_moment(set, position, *value);
      size += encoded_size(*value) + encoded_size(set.columns[position]);
    }
    if (!is_key && (!fits || bytes + size > kMostBytes)) continue;
    bytes += size;
    if (!is_key) compared.push_back(position);
  }
  // A table of nothing but its key: there, the key is the row.
  if (compared.size() == set.key.size() && set.columns.size() > set.key.size()) return {};
  for (auto& row : rows) {
    std::vector<std::optional<std::string>> chosen;
    for (const std::size_t position : compared) chosen.push_back(std::move(row[position]));
    row = std::move(chosen);
  }
  return Question{
      with_zone(rest::count_rows_request(endpoint, set.table_name, names_of(set, compared), rows),
                set),
      rows.size()};
}

Question question_for_twins(const rest::Endpoint& endpoint, const Batch& batch,
                            json::Buffer& body) {
  const ColumnSet& set = *batch.set;
  // Two rows, if there are two: a trigger may leave out what is there already, and one row alone
  // would be stored.
  body.clear();
  const std::vector<std::size_t> indexes = spread(batch.rows.size(), 2);
  for (const std::size_t index : indexes) {
    for (int copy = 0; copy < 2; ++copy) {
      body.append(body.empty() ? '[' : ',');
      body.append(batch.row_text(index));
    }
  }
  body.append(']');
  rest::WriteOptions options;
  options.time_zone = set.time_zone;
  HttpRequest request =
      rest::trial_request(endpoint, set.table_name, set.stored_columns(), options);
  request.body = body.view();
  return Question{std::move(request), indexes.size() * 2};
}

}  // namespace pgseed::seed
