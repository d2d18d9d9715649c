#include "pgseed/seed/batch.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/seed/foreign_value.hpp"

namespace pgseed::seed {
namespace {

bool is_raw(ColumnClass column) {
  return column == ColumnClass::json || column == ColumnClass::jsonb;
}

// A quoted string of bytes that need no escapes.
void append_bare_string(json::Buffer& body, std::string_view text) {
  char* to = body.reserve(text.size() + 2);
  *to++ = '"';
  if (!text.empty()) to = std::copy(text.begin(), text.end(), to);
  *to++ = '"';
  body.advance_to(to);
}

bool is_null(const ColumnSet& set, std::size_t position, const sql::Value& value) {
  if (value.form == sql::Form::null) return true;
  return set.meaning.dialect == sql::Dialect::mysql && set.meaning.zero_dates_are_null &&
         set.classes[position] == ColumnClass::time && is_zero_date(value);
}

constexpr const char* kHoldsNul = "a NUL byte in a text, which PostgreSQL cannot hold,";

// Bytes as bytea's hex form, inside the quotes of a JSON string, whose backslash is two.
void append_bytes(json::Buffer& body, std::string_view bytes) {
  body.append("\"\\\\x");
  body.advance_to(put_hex(body.reserve(bytes.size() * 2), bytes));
  body.append('"');
}

// Why the value cannot be sent, else nullptr.
const char* append_foreign_value(json::Buffer& body, const sql::Value& value, ColumnClass column,
                                 const std::string& type, sql::Dialect dialect) {
  const bool as_is = value.form == sql::Form::bytes || value.form == sql::Form::verbatim;
  if (column == ColumnClass::bytes && as_is) {
    append_bytes(body, value.text);
    return nullptr;
  }
  std::string text;
  if (append_foreign(text, value, column, type, dialect)) {
    const bool is_double = dialect == sql::Dialect::sqlite && value.form == sql::Form::number;
    return is_double && (column == ColumnClass::text || column == ColumnClass::bytes)
               ? "a double whose text depends on SQLite's version,"
               : "a value that this type cannot hold,";
  }
  if (text.find('\0') != std::string::npos) return kHoldsNul;
  json::append_string(body, text);
  return nullptr;
}

// Values travel as JSON strings of the decoded literal: the server's input functions then see what
// they see under psql. json and jsonb go raw: a string of JSON would be stored as a JSON string.
// Returns why the value cannot be sent, else nullptr.
const char* append_value(json::Buffer& body, const ColumnSet& set, std::size_t position,
                         const sql::Value& value) {
  const ColumnClass column = set.classes[position];
  if (is_null(set, position, value)) {
    body.append("null");
    return nullptr;
  }
  if (is_raw(column)) {
    const std::string raw = sql::decoded(value);
    if (!json::is_embeddable(raw)) return "invalid JSON";
    body.append(raw);
    return nullptr;
  }
  if (is_foreign(value, column, set.meaning.dialect)) {
    return append_foreign_value(body, value, column, set.types[position], set.meaning.dialect);
  }
  switch (value.form) {
    case sql::Form::verbatim:
      json::append_string(body, value.text);
      break;
    case sql::Form::doubled_quotes:
      json::append_sql_string(body, value.text);
      break;
    case sql::Form::copy_escapes:
      json::append_copy_string(body, value.text);
      break;
    case sql::Form::mysql_escapes:
      if (!json::append_mysql_string(body, value.text)) return kHoldsNul;
      break;
    case sql::Form::made:
      if (value.text.find('\0') != std::string_view::npos) return kHoldsNul;
      json::append_string(body, value.text);
      break;
    case sql::Form::number:
      // An unquoted 1.5 into an integer column is rounded by psql and refused by PostgREST.
      if (column == ColumnClass::integer && value.text.find('.') != std::string_view::npos) {
        append_bare_string(body, sql::rounded_to_integer(value.text));
      } else {
        append_bare_string(body, value.text);
      }
      break;
    default:
      append_bare_string(body, value.text);
  }
  return nullptr;
}

}  // namespace

void ColumnSet::finish() {
  prefixes.clear();
  for (std::size_t index = 0; index < columns.size(); ++index) {
    json::Buffer prefix;
    prefix.append(index == 0 ? '{' : ',');
    json::append_string(prefix, columns[index]);
    prefix.append(':');
    prefixes.emplace_back(prefix.view());
  }
}

std::string append_row(const ColumnSet& set, const sql::Row& row, json::Buffer& body) {
  const std::size_t before = body.size();
  body.append(before == 0 ? '[' : ',');
  for (std::size_t index = 0; index < set.columns.size(); ++index) {
    body.append_short(set.prefixes[index]);
    const char* const trouble = append_value(body, set, index, row.values[set.value_index[index]]);
    if (trouble != nullptr) {
      body.truncate(before);
      return text(trouble, " for the column ", set.columns[index]);
    }
  }
  body.append(set.columns.empty() ? "{}" : "}");
  return {};
}

std::optional<std::string> text_of_value(const ColumnSet& set, std::size_t position,
                                         const sql::Value& value) {
  if (is_null(set, position, value)) return {};
  std::string text;
  if (!is_foreign(value, set.classes[position], set.meaning.dialect) ||
      append_foreign(text, value, set.classes[position], set.types[position],
                     set.meaning.dialect)) {
    sql::append_decoded(text, value);
  }
  if (is_utf8(text) && text.find('\0') == std::string::npos) return text;
  std::string hex(text.size() * 2, '0');
  put_hex(hex.data(), text);
  return "\\x" + hex;
}

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
      if (rows[index].dropped) continue;
      kept.append(kept.empty() ? '[' : ',');
      marks.push_back({kept.size(), rows[index].line, rows[index].number, false});
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
  piece->after = after;
  for (std::size_t index = from; index < to; ++index) {
    piece->body.append(piece->body.empty() ? '[' : ',');
    piece->rows.push_back({piece->body.size(), rows[index].line, rows[index].number, false});
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
  std::size_t at = 0;
  for (std::size_t column = 0; column < set.columns.size(); ++column) {
    at += set.prefixes[column].size();
    const std::size_t end = end_of_value(row, at);
    const std::string_view value = row.substr(at, end - at);
    at = end;
    if (value == "null") {
      values.emplace_back();
    } else if (is_raw(set.classes[column])) {
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
