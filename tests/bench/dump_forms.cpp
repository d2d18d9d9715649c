#include "bench/dump_forms.hpp"

#include <fstream>
#include <string_view>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/sql/rows.hpp"

namespace pgseed::bench {
namespace {

constexpr std::size_t kLongestStatement = 1'000'000;

std::string list(const std::vector<std::string>& names, char quote) {
  std::string out;
  for (const std::string& name : names) {
    out += text(out.empty() ? "" : ", ", quote, name, quote);
  }
  return out;
}

// Every byte of `special` becomes a backslash and the byte of `letters` at the same place.
std::string escaped(std::string_view value, std::string_view special, std::string_view letters) {
  std::string out;
  for (const char byte : value) {
    const std::size_t at = special.find(byte);
    if (at != std::string_view::npos) out += '\\';
    out += at == std::string_view::npos ? byte : letters[at];
  }
  return out;
}

std::string doubled(std::string_view value) {
  std::string out;
  for (const char byte : value) {
    out += byte;
    if (byte == '\'') out += '\'';
  }
  return out;
}

std::string in_copy(const sql::Value& value) {
  if (value.form == sql::Form::null) return "\\N";
  return escaped(sql::decoded(value), "\\\n\r\t", "\\nrt");
}

std::string in_mysql(const sql::Value& value) {
  if (value.form == sql::Form::null) return "NULL";
  if (value.form == sql::Form::number) return std::string(value.text);
  return "'" + escaped(sql::decoded(value), "\\'\"\n\r\x1A", "\\'\"nrZ") + "'";
}

std::string in_sqlite(const sql::Value& value) {
  if (value.form == sql::Form::null) return "NULL";
  if (value.form == sql::Form::number) return std::string(value.text);
  const std::string decoded = sql::decoded(value);
  if (decoded.find('\n') == std::string::npos) return "'" + doubled(decoded) + "'";
  // As sqlite3 does, which takes the first mark that does not occur in the text.
  std::string mark = "\\n";
  for (int n = 0; decoded.find(mark) != std::string::npos; ++n) mark = text("(\\n", n, ')');
  std::string marked;
  for (const char byte : doubled(decoded)) {
    if (byte == '\n') {
      marked += mark;
    } else {
      marked += byte;
    }
  }
  return text("replace('", marked, "','", mark, "',char(10))");
}

template <class Show>
std::string row_in(const sql::Row& row, std::string_view between, Show show) {
  std::string out;
  for (const sql::Value& value : row.values) {
    if (!out.empty()) out += between;
    out += show(value);
  }
  return out;
}

}  // namespace

DumpForms write_forms(const std::string& path, const std::string& folder) {
  const DumpForms forms{path, folder + "/copy.sql", folder + "/mysql.sql", folder + "/sqlite.sql"};
  std::ofstream copy(forms.copy), mysql(forms.mysql), sqlite(forms.sqlite);
  seed::DumpInput input(path, "");
  sql::DumpReader reader(input, path, {});
  std::size_t in_statement = 0;
  for (sql::Piece piece = reader.next(); piece != sql::Piece::end; piece = reader.next()) {
    if (piece != sql::Piece::row) continue;
    const sql::RowsHead& head = reader.head();
    const std::string& name = head.table.name;
    if (copy.tellp() == 0) {
      copy << "SET client_encoding = 'UTF8';\n\nCOPY " << name << " (" << list(head.columns, '"')
           << ") FROM stdin;\n";
      mysql << "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\n";
      sqlite << "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE " << name << " ("
             << list(head.columns, '"') << ");\n";
    }
    copy << row_in(reader.row(), "\t", in_copy) << '\n';
    const std::string values = row_in(reader.row(), ",", in_mysql);
    if (in_statement + values.size() > kLongestStatement) {
      mysql << ";\n";
      in_statement = 0;
    }
    if (in_statement == 0) {
      mysql << "INSERT INTO `" << name << "` (" << list(head.columns, '`') << ") VALUES (";
    } else {
      mysql << ",(";
    }
    mysql << values << ')';
    in_statement += values.size();
    sqlite << "INSERT INTO " << name << " VALUES(" << row_in(reader.row(), ",", in_sqlite)
           << ");\n";
  }
  copy << "\\.\n";
  mysql << ";\n";
  sqlite << "COMMIT;\n";
  return forms;
}

}  // namespace pgseed::bench
