#pragma once
// What a table holds in PostgreSQL and in the database that its dump came from, in words that both
// print alike: one line a row, fields between tabs, NULL for nothing.
#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "support/local_postgrest.hpp"

namespace pgseed::test {

inline std::string in_double_quotes(const std::string& name) {
  std::string out = "\"";
  for (const char byte : name) out += byte == '"' ? "\"\"" : std::string(1, byte);
  return out + "\"";
}
inline std::string in_backticks(const std::string& name) {
  std::string out = "`";
  for (const char byte : name) out += byte == '`' ? "``" : std::string(1, byte);
  return out + "`";
}

struct ShownColumn {
  std::string name;
  std::string type;  // of information_schema
};

inline std::vector<ShownColumn> columns_of(Stack& stack, const std::string& table) {
  std::vector<ShownColumn> columns;
  std::istringstream lines(stack.sql(
      "select column_name || e'\\t' || data_type from information_schema.columns where table_name "
      "= $q$" +
      table + "$q$ and table_schema = 'public' order by ordinal_position"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t tab = line.find('\t');
    columns.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  return columns;
}

inline bool is_text_type(const std::string& type) {
  return type == "text" || type == "character varying" || type == "json" || type == "uuid";
}

inline std::string postgresql_field(const ShownColumn& column) {
  const std::string id = in_double_quotes(column.name);
  if (column.type == "boolean") return id + "::int";
  if (column.type == "bytea") return "upper(encode(" + id + ", 'hex'))";
  if (is_text_type(column.type)) {
    return "upper(encode(convert_to(" + id + "::text, 'UTF8'), 'hex'))";
  }
  if (column.type == "timestamp without time zone") {
    return "to_char(" + id + ", 'YYYY-MM-DD HH24:MI:SS.US')";
  }
  if (column.type == "timestamp with time zone") {
    return "to_char(" + id + " at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')";
  }
  if (column.type == "inet") return "host(" + id + ")";
  return id + "::text";
}

inline std::string mysql_field(const ShownColumn& column) {
  const std::string id = in_backticks(column.name);
  if (column.type == "boolean") return id + "+0";
  if (column.type == "bytea") return "hex(" + id + ")";
  if (is_text_type(column.type)) return "hex(convert(" + id + " using utf8mb4))";
  if (column.type.starts_with("bit")) return "conv(" + id + "+0, 10, 2)+0";
  if (column.type.starts_with("timestamp")) {
    return "date_format(" + id + ", '%Y-%m-%d %H:%i:%s.%f')";
  }
  return id;
}

inline std::string sqlite_field(const ShownColumn& column) {
  const std::string id = in_double_quotes(column.name);
  if (column.type == "bytea" || is_text_type(column.type)) return "hex(" + id + ")";
  if (column.type.starts_with("timestamp")) {
    return "strftime('%Y-%m-%d %H:%M:%f'," + id + ") || '000'";
  }
  if (column.type == "boolean") return "CASE WHEN " + id + " THEN 1 ELSE 0 + " + id + " END";
  return id;
}

// Ends each row, so that one empty field at the end of all is a row still.
inline constexpr const char* kRowEnd = ", 'end'";

// The select list of all columns, made by one of the three, and kRowEnd.
template <class Field>
std::string select_list(const std::vector<ShownColumn>& columns, Field field,
                        const char* or_null_begin, const char* or_null_end) {
  std::string list;
  for (const ShownColumn& column : columns) {
    list += (list.empty() ? "" : ", ") + std::string(or_null_begin) + field(column) + or_null_end;
  }
  return list + kRowEnd;
}

inline std::vector<std::string> sorted_fields(const std::string& text, char separator) {
  std::vector<std::string> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::string row;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, separator);) {
      // Numbers are compared as numbers: 1.50 and 1.5 are one.
      char* end = nullptr;
      const double number = std::strtod(field.c_str(), &end);
      if (!field.empty() && *end == '\0' && field.size() < 40 &&
          field.find_first_not_of("0123456789.+-eE") == std::string::npos) {
        char shown[64];
        std::snprintf(shown, sizeof shown, "%.9g", number);
        field = shown;
      }
      row += field + "|";
    }
    rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace pgseed::test
