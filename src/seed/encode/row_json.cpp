#include "pgseed/seed/encode/row_json.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/seed/input/foreign_value.hpp"

namespace pgseed::seed {
namespace {

// A quoted string of bytes that need no escapes.
void append_bare_string(json::Buffer& body, std::string_view text) {
  char* to = body.reserve(text.size() + 2);
  *to++ = '"';
  if (!text.empty()) to = std::copy(text.begin(), text.end(), to);
  *to++ = '"';
  body.advance_to(to);
}

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
  if (travels_raw(column)) {
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

bool is_null(const ColumnSet& set, std::size_t position, const sql::Value& value) {
  if (value.form == sql::Form::null) return true;
  return set.meaning.dialect == sql::Dialect::mysql && set.meaning.zero_dates_are_null &&
         set.classes[position] == ColumnClass::time && is_zero_date(value);
}

std::string append_row(const ColumnSet& set, const sql::Row& row, json::Buffer& body,
                       std::uint64_t row_number) {
  const std::size_t before = body.size();
  body.append(before == 0 ? '[' : ',');
  const bool is_postgresql = set.meaning.dialect == sql::Dialect::postgresql;
  if (set.numbered) {
    constexpr std::size_t kDigits = 20;
    body.append_short("{\"_pgseed_row\":");
    char* const to = body.reserve(kDigits);
    body.advance_to(std::to_chars(to, to + kDigits, row_number).ptr);
  }
  for (std::size_t index = 0; index < set.columns.size(); ++index) {
    const sql::Value& value = row.values[set.value_index[index]];
    // Most are strings that mean what they say; they go at once.
    if (is_postgresql && !travels_raw(set.classes[index])) {
      if (value.form == sql::Form::verbatim) {
        json::append_string(body, value.text, set.prefixes[index]);
        continue;
      }
      if (value.form == sql::Form::doubled_quotes) {
        json::append_sql_string(body, value.text, set.prefixes[index]);
        continue;
      }
      if (value.form == sql::Form::copy_escapes) {
        json::append_copy_string(body, value.text, set.prefixes[index]);
        continue;
      }
    }
    body.append_short(set.prefixes[index]);
    const char* const trouble = append_value(body, set, index, value);
    if (trouble != nullptr) {
      body.truncate(before);
      return text(trouble, " for the column ", set.columns[index]);
    }
  }
  body.append(set.columns.empty() && !set.numbered ? "{}" : "}");
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

}  // namespace pgseed::seed
