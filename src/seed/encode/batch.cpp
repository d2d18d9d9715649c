#include "pgseed/seed/encode/batch.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"

namespace pgseed::seed {

std::size_t Batch::count() const {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const RowMark& row) { return !row.dropped; }));
}

std::string_view Batch::row_text(std::size_t index) const {
  // Behind a row stands a comma, the closing bracket, or nothing in an open batch.
  std::size_t end = index + 1 < rows.size() ? rows[index + 1].begin - 1 : body.size();
  if (index + 1 == rows.size() && body.view().back() == ']') --end;
  return body.view().substr(rows[index].begin, end - rows[index].begin);
}

void Batch::close() {
  if (count() != rows.size()) {
    json::Buffer kept;
    std::vector<RowMark> marks;
    for (std::size_t index = 0; index < rows.size(); ++index) {
      if (rows[index].dropped) {
        append(superseded, rows[index].ordinal);
        continue;
      }
      kept.append(kept.empty() ? '[' : ',');
      marks.push_back(rows[index]);
      marks.back().begin = kept.size();
      kept.append(row_text(index));
    }
    body = std::move(kept);
    rows = std::move(marks);
  }
  body.append(']');
}

std::unique_ptr<Batch> Batch::part(std::size_t from, std::size_t to) const {
  auto piece = std::make_unique<Batch>();
  piece->group = group;
  piece->sequence = rows[from].number;
  piece->order = order;
  piece->set = set;
  piece->file = file;
  piece->serial = serial;
  piece->in_turn = in_turn;
  piece->null_keys = null_keys;
  piece->suspect = suspect;
  piece->doubted = doubted;
  piece->retried = retried;
  piece->reloads = reloads;
  piece->asks_first = asks_first;
  piece->after = after;
  for (std::size_t index = from; index < to; ++index) {
    piece->body.append(piece->body.empty() ? '[' : ',');
    piece->rows.push_back(rows[index]);
    piece->rows.back().begin = piece->body.size();
    piece->body.append(row_text(index));
  }
  piece->body.append(']');
  return piece;
}

std::string describe(const Batch& batch) {
  const std::size_t rows = batch.rows.size();
  return text(with_separators(rows), rows == 1 ? " row of " : " rows of ",
              to_sql(batch.set->table_name), " from line ", batch.rows.front().line);
}

namespace {

// The JSON value that begins at `at` in a row that append_row() wrote: up to the comma or brace
// that ends it. Walked by hand: a json column may hold what a strict reader refuses (a lone
// surrogate).
std::size_t end_of_value(std::string_view row, std::size_t at) {
  std::size_t depth = 0;
  for (bool in_string = false; at < row.size(); ++at) {
    const char byte = row[at];
    if (in_string) {
      if (byte == '\\') ++at;
      if (byte == '"') in_string = false;
    } else if (byte == '"') {
      in_string = true;
    } else if (byte == '{' || byte == '[') {
      ++depth;
    } else if (depth > 0 && (byte == '}' || byte == ']')) {
      --depth;
    } else if (depth == 0 && (byte == ',' || byte == '}')) {
      break;
    }
  }
  return at;
}

}  // namespace

std::vector<std::optional<std::string>> values_of_row(const Batch& batch, std::size_t index) {
  const ColumnSet& set = *batch.set;
  const std::string_view row = batch.row_text(index);
  std::vector<std::optional<std::string>> values;
  std::size_t at = set.numbered ? row.find(',') : 0;
  for (std::size_t column = 0; column < set.columns.size(); ++column) {
    at += set.prefixes[column].size();
    const std::size_t end = end_of_value(row, at);
    const std::string_view value = row.substr(at, end - at);
    at = end;
    if (value == "null") {
      values.emplace_back();
    } else if (travels_raw(set.classes[column])) {
      values.emplace_back(value);
    } else {
      const auto decoded = json::try_read_array(text('[', value, ']'));
      values.push_back(decoded ? decoded->front().value : std::string(value));
    }
  }
  return values;
}

std::vector<std::string> key_of_row(const Batch& batch, std::size_t index) {
  std::vector<std::string> key;
  const std::vector<std::optional<std::string>> values = values_of_row(batch, index);
  for (const std::size_t position : batch.set->key) {
    if (!values[position]) return {};
    key.push_back(*values[position]);
  }
  return key;
}

}  // namespace pgseed::seed
