#include "pgseed/schema/model.hpp"

#include <algorithm>
#include <string_view>

#include "pgseed/base/text.hpp"

namespace pgseed {
namespace {

// What quote_ident() of PostgreSQL 15 quotes, every key word that is not "unreserved", and
// system_user of later versions. Each word stands between blanks.
constexpr std::string_view kKeyWords =
    " "
    "all analyse analyze and any array as asc asymmetric authorization between bigint binary "
    "bit boolean both case cast char character check coalesce collate collation column "
    "concurrently constraint create cross current_catalog current_date current_role "
    "current_schema current_time current_timestamp current_user dec decimal default "
    "deferrable desc distinct do else end except exists extract false fetch float for "
    "foreign freeze from full grant greatest group grouping having ilike in initially inner "
    "inout int integer intersect interval into is isnull join lateral leading least left "
    "like limit localtime localtimestamp national natural nchar none normalize not notnull "
    "null nullif numeric offset on only or order out outer overlaps overlay placing position "
    "precision primary real references returning right row select session_user setof similar "
    "smallint some substring symmetric system_user table tablesample then time timestamp to "
    "trailing treat trim true union unique user using values varchar variadic verbose when "
    "where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces "
    "xmlparse xmlpi xmlroot xmlserialize xmltable ";

bool is_key_word(std::string_view name) {
  return kKeyWords.find(text(' ', name, ' ')) != std::string_view::npos;
}

bool is_plain_identifier(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

std::string quote_identifier(const std::string& name) {
  if (is_plain_identifier(name) && !is_key_word(name)) return name;
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string quoted_list(const std::vector<std::string>& names, const std::string& prefix) {
  std::string list;
  for (const std::string& name : names) {
    list += text(list.empty() ? "" : ", ", prefix, quote_identifier(name));
  }
  return list;
}

std::string to_sql(const TableName& name) {
  if (name.schema.empty()) return quote_identifier(name.table);
  return text(quote_identifier(name.schema), '.', quote_identifier(name.table));
}

const Column* Table::find_column(const std::string& column) const {
  const auto found = std::ranges::find(columns, column, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

const Table* Model::find(const TableName& name) const {
  const auto found = std::ranges::find(tables, name, &Table::name);
  return found == tables.end() ? nullptr : &*found;
}

Table* Model::find(const TableName& name) {
  const auto found = std::ranges::find(tables, name, &Table::name);
  return found == tables.end() ? nullptr : &*found;
}

std::vector<TableName> Model::with_wholes(const TableName& name) const {
  std::vector<TableName> names = {name};
  for (const Table* table = find(name); table != nullptr && !table->partition_of.table.empty();
       table = find(table->partition_of)) {
    names.push_back(table->partition_of);
  }
  return names;
}

bool is_json_type(const std::string& type) {
  return equals_ignoring_case(type, "json") || equals_ignoring_case(type, "jsonb");
}

}  // namespace pgseed
