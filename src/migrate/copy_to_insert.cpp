#include "pgseed/migrate/copy_to_insert.hpp"

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/section_input.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/sql/literal.hpp"
#include "pgseed/sql/rows.hpp"

namespace pgseed::migrate {
namespace {

constexpr std::size_t kMostRows = 500;
constexpr std::size_t kMostBytes = std::size_t{4} << 20;  // wide rows: fewer of them

std::string insert_head(const sql::RowsHead& head) {
  std::string out = "INSERT INTO ";
  if (head.table.schema) out += quote_identifier(*head.table.schema) + ".";
  out += quote_identifier(head.table.name);
  const char* separator = " (";
  for (const std::string& column : head.columns) {
    out += separator + quote_identifier(column);
    separator = ", ";
  }
  if (!head.columns.empty()) out += ')';
  return out + " OVERRIDING SYSTEM VALUE VALUES";
}

std::string row_text(const sql::Row& row) {
  std::string out = "(";
  for (const sql::Value& value : row.values) {
    if (out.size() > 1) out += ", ";
    out += value.form == sql::Form::null ? "NULL" : sql::quote_literal(sql::decoded(value));
  }
  return out + ")";
}

}  // namespace

std::vector<ScriptStatement> copy_to_insert(const CopyBlock& block) {
  SectionInput input(text(block.head, ";\n", block.data), block.line);
  sql::DumpReader reader(input, block.path, {});
  std::vector<ScriptStatement> statements;
  std::size_t rows = kMostRows;
  while (reader.next() == sql::Piece::row) {
    if (rows == kMostRows || statements.back().sql.size() > kMostBytes) {
      ScriptStatement& fresh = statements.emplace_back();
      fresh.sql = insert_head(reader.head());
      fresh.line = reader.row().line - 1;
      fresh.kind = sql::StatementKind::insert_select;
      fresh.from_copy = true;
      rows = 0;
    }
    std::string& sql = statements.back().sql;
    sql += rows == 0 ? "\n" : ",\n";
    sql += row_text(reader.row());
    ++rows;
  }
  return statements;
}

}  // namespace pgseed::migrate
