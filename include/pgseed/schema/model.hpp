#pragma once
// What tables look like, whoever was asked: PostgREST's OpenAPI document (rest/catalog), the
// direct connection (pg/catalog) or CREATE TABLE in a dump (sql/table_definition). Plain values.
#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace pgseed {

// Names as the catalogue has them: folded, unquoted.
struct TableName {
  std::string schema;
  std::string table;
  auto operator<=>(const TableName&) const = default;
};
struct TableNameHash {
  std::size_t operator()(const TableName& name) const {
    return std::hash<std::string>{}(name.schema) * 31 + std::hash<std::string>{}(name.table);
  }
};
// "schema.table", with SQL quotes where a name needs them; for messages and for SQL.
std::string to_sql(const TableName& name);
// One identifier, quoted unless it is a plain lower-case name that is no key word.
std::string quote_identifier(const std::string& name);
// prefix"a", prefix"b"
std::string quoted_list(const std::vector<std::string>& names, const std::string& prefix = {});

struct Column {
  std::string name;
  // As format_type() prints it ("character varying(30)", "jsonb", "integer[]"); empty if unknown.
  std::string type;
  bool not_null = false;
  bool has_default = false;      // OpenAPI does not show every default
  bool generated = false;        // GENERATED ALWAYS AS (...) STORED
  bool identity_always = false;  // GENERATED ALWAYS AS IDENTITY
};

struct ForeignKey {
  std::vector<std::string> columns;
  TableName referenced_table;
  std::vector<std::string> referenced_columns;
};

struct Table {
  TableName name;
  TableName partition_of;                             // empty: of none, or the source does not tell
  std::vector<Column> columns;                        // in the table's order
  std::vector<std::string> primary_key;               // empty: none
  std::vector<std::vector<std::string>> unique_keys;  // others; empty when the source has none
  std::vector<ForeignKey> foreign_keys;

  const Column* find_column(const std::string& column) const;
};

struct Model {
  std::vector<Table> tables;
  // nullptr where there is none. The pointer lives as long as the model is unchanged.
  const Table* find(const TableName& name) const;
  Table* find(const TableName& name);
  // The table and the partitioned ones that its rows are rows of as well, from the inside out.
  std::vector<TableName> with_wholes(const TableName& name) const;
};

// True for json and jsonb, the two types whose values travel raw inside a JSON body
// (a JSON string of it would be stored as a JSON string). Arrays of them travel as text.
bool is_json_type(const std::string& type);

}  // namespace pgseed
