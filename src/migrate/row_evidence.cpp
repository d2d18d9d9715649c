#include "pgseed/migrate/row_evidence.hpp"

#include <algorithm>
#include <charconv>

#include "foreign_default.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::migrate {
namespace {

using sql::DdlColumn;
using sql::DdlType;
using sql::Form;

std::pair<std::string, std::string> key_of(const sql::QualifiedName& name) {
  return {to_lower(name.schema.value_or("")), to_lower(name.name)};
}

bool is_moment_type(DdlType type) {
  return type == DdlType::date || type == DdlType::time || type == DdlType::timestamp ||
         type == DdlType::timestamptz;
}

// As PostgreSQL reads it without losing any of it: UTC's offset is what a timestamp means anyway.
bool is_kept_moment(std::string_view text, DdlType type) {
  if (type == DdlType::timestamp || type == DdlType::timestamptz) {
    if (text.ends_with('Z')) {
      text.remove_suffix(1);
    } else if (text.ends_with("+00:00")) {
      text.remove_suffix(6);
    }
  }
  return is_moment(std::string(text), type);
}

// The type that holds all that was seen where the declared one does not; the same one otherwise.
DdlType type_for(DdlType declared, bool integers, bool reals, bool texts, bool bytes,
                 bool others_than_truth, bool odd_moments) {
  const bool only_bytes = bytes && !integers && !reals && !texts;
  const auto by_values = [&] {
    if (only_bytes) return DdlType::bytea;
    if (texts || bytes) return DdlType::text;
    return reals ? DdlType::numeric : DdlType::bigint;
  };
  switch (declared) {
    case DdlType::bigint:
      return reals || texts || bytes ? by_values() : declared;
    case DdlType::numeric:
    case DdlType::double_precision:
      return texts || bytes ? by_values() : declared;
    case DdlType::boolean:
      return others_than_truth || reals || texts || bytes ? by_values() : declared;
    case DdlType::date:
    case DdlType::time:
    case DdlType::timestamp:
    case DdlType::timestamptz:
      return integers || reals || odd_moments || bytes ? by_values() : declared;
    case DdlType::text:
      return only_bytes ? DdlType::bytea : declared;
    case DdlType::bytea:
      return !bytes && (integers || reals || texts) ? DdlType::text : declared;
    default:
      return declared;
  }
}

}  // namespace

// Once per statement: which column each value goes into.
void RowEvidence::begin(const sql::RowsHead& head, std::size_t values) {
  head_ = head.number;
  watched_.assign(values, {});
  const sql::DdlTable* const table = schema_.find(head.table);
  if (table == nullptr) return;
  const bool is_sqlite = schema_.dialect == sql::Dialect::sqlite;
  Table& seen = tables_[key_of(table->name)];
  const auto watch = [&](std::size_t index, const DdlColumn* column) {
    if (index >= values || column == nullptr) return;
    const DdlType type = column->type;
    const bool counts = is_sqlite || type == DdlType::boolean || type == DdlType::smallint ||
                        type == DdlType::integer || type == DdlType::bigint ||
                        type == DdlType::numeric;
    if (counts) watched_[index] = {&seen[to_lower(column->name)], type};
  };
  if (head.has_columns) {
    for (std::size_t index = 0; index < head.columns.size(); ++index) {
      watch(index, table->find(head.columns[index]));
    }
    return;
  }
  std::size_t index = 0;
  for (const DdlColumn& column : table->columns) {
    const bool left_out = column.is_invisible || (is_sqlite && !column.generated.empty());
    if (!left_out) watch(index++, &column);
  }
}

void RowEvidence::row(std::size_t file, const sql::RowsHead& head, const sql::Row& row) {
  saw_rows_ = true;
  if (!row.unsupported.empty()) return;
  if (head.number != head_ || file != file_ || row.values.size() != watched_.size()) {
    file_ = file;
    begin(head, row.values.size());
  }
  for (std::size_t index = 0; index < watched_.size(); ++index) {
    if (watched_[index].seen != nullptr) {
      look(watched_[index], row.values[index], {file, row.line});
    }
  }
}

void RowEvidence::look(const Watched& watched, const sql::Value& value,
                       const sql::DdlPlace& place) const {
  Seen& seen = *watched.seen;
  const auto odd = [&](bool& what) {
    what = true;
    if (seen.odd.line == 0) seen.odd = place;
  };
  // MySQL writes numbers between quotes as well.
  const bool quoted_number = schema_.dialect == sql::Dialect::mysql &&
                             (value.form == Form::verbatim || value.form == Form::mysql_escapes);
  if (value.form == Form::number || quoted_number) {
    std::uint64_t number = 0;
    const char* const end = value.text.data() + value.text.size();
    const auto [stop, error] = std::from_chars(value.text.data(), end, number);
    if (error == std::errc{} && stop == end) {
      seen.integers = true;
      seen.largest = std::max(seen.largest, number);
      if (is_moment_type(watched.type)) odd(seen.integers);
      if (number > 1 && watched.type == DdlType::boolean) odd(seen.others_than_truth);
    } else if (value.text.find_first_not_of("-0123456789") == std::string_view::npos) {
      odd(seen.integers);  // negative
      seen.others_than_truth = true;
    } else if (!quoted_number) {
      odd(seen.reals);
    }
    return;
  }
  switch (value.form) {
    case Form::verbatim:
    case Form::doubled_quotes:
      if (is_moment_type(watched.type)) {
        seen.texts = true;
        if (!seen.odd_moments && !is_kept_moment(value.text, watched.type)) odd(seen.odd_moments);
      } else {
        odd(seen.texts);
      }
      break;
    case Form::bytes:
      odd(seen.bytes);
      break;
    default:
      break;
  }
}

void RowEvidence::settle_type(sql::DdlSchema& schema, const std::string& table, DdlColumn& column,
                              const Seen& seen) const {
  DdlType type = column.type;
  if (schema.dialect == sql::Dialect::mysql) {
    if (type == DdlType::boolean && seen.others_than_truth) type = DdlType::smallint;
  } else if (!column.identity) {
    type = type_for(type, seen.integers, seen.reals, seen.texts, seen.bytes, seen.others_than_truth,
                    seen.odd_moments);
  }
  if (type == column.type) return;
  schema.note(seen.odd, text(table, '.', column.name, " is ", sql::name(type), ", not ",
                             sql::name(column.type),
                             " as its declaration says: its rows hold "
                             "other values, the first of them here"));
  column.type = type;
}

void RowEvidence::apply(sql::DdlSchema& schema, bool keep_booleans) const {
  for (sql::DdlTable& table : schema.tables) {
    const auto found = tables_.find(key_of(table.name));
    if (found == tables_.end()) continue;
    for (DdlColumn& column : table.columns) {
      const auto seen = found->second.find(to_lower(column.name));
      if (seen == found->second.end()) continue;
      const bool stays = keep_booleans && column.type == DdlType::boolean;
      if (!stays) settle_type(schema, table.name.name, column, seen->second);
      if (!column.identity || seen->second.largest == 0) continue;
      std::uint64_t next = 0;
      std::from_chars(table.next_identity.data(),
                      table.next_identity.data() + table.next_identity.size(), next);
      table.next_identity = std::to_string(std::max(next, seen->second.largest + 1));
    }
  }
}

}  // namespace pgseed::migrate
