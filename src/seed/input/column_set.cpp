#include "pgseed/seed/input/column_set.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/json/writer.hpp"

namespace pgseed::seed {
namespace {

[[noreturn]] void refuse_missing_table(const TableName& name, const std::string& where) {
  throw Error(ErrorKind::refused, text("the database has no table ", to_sql(name)), where,
              "create it first: pgseed schema FILE, or pgseed migrate upgrade head");
}

bool declared_json(const Options& options, const TableName& table, const std::string& column) {
  if (!options.json_columns) return false;
  return std::any_of(options.json_columns->begin(), options.json_columns->end(),
                     [&](const std::string& named) {
                       return named == column || named == table.table + "." + column;
                     });
}

}  // namespace

void ColumnSet::finish() {
  prefixes.clear();
  for (std::size_t index = 0; index < columns.size(); ++index) {
    json::Buffer prefix;
    prefix.append(index == 0 && !numbered ? '{' : ',');
    json::append_string(prefix, columns[index]);
    prefix.append(':');
    prefixes.emplace_back(prefix.view());
  }
  spellings.clear();
  for (const std::string& type : types) spellings.push_back(spelling_of(type));
}

std::vector<std::string> ColumnSet::stored_columns() const {
  std::vector<std::string> stored;
  for (const std::string& column : columns) {
    if (std::find(held_back.begin(), held_back.end(), column) == held_back.end()) {
      stored.push_back(column);
    }
  }
  return stored;
}

void ColumnSet::leave_out(std::size_t position) {
  const auto at = static_cast<std::ptrdiff_t>(position);
  columns.erase(columns.begin() + at);
  value_index.erase(value_index.begin() + at);
  classes.erase(classes.begin() + at);
  types.erase(types.begin() + at);
  std::vector<std::size_t> left;
  for (const std::size_t column : key) {
    if (column == position) {
      left.clear();  // without one of its columns it is no key
      break;
    }
    left.push_back(column > position ? column - 1 : column);
  }
  key = std::move(left);
  finish();
}

bool is_same_kind(const RowKind& kind, const ColumnSetUse& use, const std::string& time_zone,
                  sql::Dialect dialect) {
  return kind.time_zone == time_zone && kind.dialect == dialect && are_alike(*kind.use, use);
}

std::vector<std::string> fit_to_catalogue(ColumnSet& set, const Table* table,
                                          const std::string& where, bool regenerate_identity) {
  if (table == nullptr) refuse_missing_table(set.table_name, where);
  std::vector<std::string> left_out;
  for (std::size_t position = 0; position < set.columns.size();) {
    const Column* const column = table->find_column(set.columns[position]);
    if (column == nullptr) {
      throw Error(ErrorKind::refused,
                  text("the table ", to_sql(set.table_name), " has no column ",
                       quote_identifier(set.columns[position])),
                  where,
                  "the file belongs to another version of the schema; migrate the target or mend "
                  "the file");
    }
    if (!column->generated && !(regenerate_identity && column->identity_always)) {
      ++position;
      continue;
    }
    left_out.push_back(set.columns[position]);
    set.leave_out(position);
  }
  return left_out;
}

bool is_numbered_by_server(const RunTable& table, const std::vector<std::string>& columns) {
  return std::ranges::any_of(table.referenced, [&](const std::string& name) {
    if (contains(columns, name)) return false;
    const Column* const column = table.model->find_column(name);
    return column != nullptr && class_of(column->type) == ColumnClass::integer;
  });
}

void require_key_in_rows(const RunTable& table, const std::vector<std::string>& columns,
                         const Options& options, const std::string& where) {
  if ((options.mode != Mode::upsert && options.mode != Mode::ignore) || table.key.empty()) return;
  for (const std::string& column : table.key) {
    if (contains(columns, column)) return;
    // A column that the table has not is named as such by the server.
    if (table.model != nullptr && table.model->find_column(column) == nullptr) return;
  }
  throw Error(
      ErrorKind::refused,
      text("rows of ", to_sql(table.name), " come without ",
           options.on_conflict.empty() ? "their primary key (" : "--on-conflict (",
           quoted_list(table.key), "): ", name(options.mode), " would insert every row again"),
      where,
      "name the columns of a unique constraint that the rows have with --on-conflict, or "
      "load new rows only, with --mode insert");
}

ColumnSet column_set_of(const RunTable& table, const RowKind& kind, const Options& options,
                        const Model* order) {
  const ColumnSetUse& use = *kind.use;
  const auto columns = columns_of_rows(table.name, use, *kind.definitions, order, kind.path);
  if (!columns) {
    // The catalogue was read: no other setting would tell more.
    if (order != nullptr) refuse_missing_table(table.name, text(kind.path, ':', use.line));
    throw Error(ErrorKind::input,
                text("the rows of ", to_sql(table.name),
                     " come without a column list, and the file has no CREATE TABLE for it"),
                text(kind.path, ':', use.line),
                use.is_copy && !options.input.rows.header
                    ? "name them: --columns id,name; or set DATABASE_URL, which tells them"
                    : "set DATABASE_URL so that the target's own column order can be read");
  }
  ColumnSet set;
  set.table = table.tally;
  set.table_name = table.name;
  set.time_zone = kind.time_zone;
  set.meaning = {kind.dialect, options.zero_dates_are_null, options.via == Via::direct};
  for (std::size_t index = 0; index < columns->size(); ++index) {
    if (index < use.defaults.size() && use.defaults[index]) continue;
    const std::string& name = (*columns)[index];
    set.columns.push_back(name);
    set.value_index.push_back(index);
    const std::string declared =
        use.declared_types.empty() ? std::string() : use.declared_types[index];
    set.types.push_back(
        type_of_column(table.model, table.name, name, *kind.definitions, order, declared));
    set.classes.push_back(
        declared_json(options, table.name, name)
            ? ColumnClass::jsonb
            : class_of_column(set.types.back(), table.name, name, *kind.definitions, declared));
  }
  // Of both kinds: a row builds on earlier ones.
  set.serial = table.refers_to_itself || is_numbered_by_server(table, set.columns);
  for (const std::string& column : table.key) {
    const auto found = std::find(set.columns.begin(), set.columns.end(), column);
    if (found == set.columns.end()) {
      set.key.clear();
      break;
    }
    set.key.push_back(static_cast<std::size_t>(found - set.columns.begin()));
  }
  set.finish();
  return set;
}

}  // namespace pgseed::seed
