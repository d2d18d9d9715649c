// Real SQLite dumps, replayed where PGSEED_DUMPS names a folder that holds them, with MANIFEST.tsv
// and what SQLite held after loading each (truth/NAME.tsv: md5 of the rows that sqlite3 -quote
// prints, sorted by bytes).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/sqlite_table.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using pgseed::test::Command;
using pgseed::test::read_file;
using pgseed::test::run;
using pgseed::test::TextInput;

namespace {

std::vector<std::vector<std::string>> table(const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string>& fields = rows.emplace_back();
    std::istringstream row(line);
    for (std::string field; std::getline(row, field, '\t');) fields.push_back(field);
  }
  if (!rows.empty()) rows.erase(rows.begin());
  return rows;
}

std::string quoted(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char byte : text) {
    if (byte == quote) out += byte;
    out += byte;
  }
  return out + quote;
}

// As a literal that needs no reading of ours: bytes as hexadecimal digits.
std::string literal(const sql::Value& value) {
  if (value.form == sql::Form::null) return "NULL";
  const std::string text = sql::decoded(value);
  if (value.form == sql::Form::number) return text;
  std::string digits;
  for (const char byte : text) {
    digits += "0123456789ABCDEF"[static_cast<unsigned char>(byte) >> 4];
    digits += "0123456789ABCDEF"[static_cast<unsigned char>(byte) & 15];
  }
  if (value.form == sql::Form::bytes) return "X'" + digits + "'";
  return "CAST(X'" + digits + "' AS TEXT)";
}

struct Reading {
  std::string script;  // the tables and rows that we read, for sqlite3
  std::map<std::string, std::vector<std::string>> columns;
  std::string transcript, error;
};

Reading read_dump(const std::string& text, std::size_t block) {
  Reading reading;
  TextInput input(text, block);
  sql::ReaderOptions options;
  options.dialect = sql::Dialect::sqlite;
  sql::DumpReader reader(input, "dump", options);
  try {
    for (;;) {
      const sql::Piece piece = reader.next();
      if (piece == sql::Piece::end) break;
      if (piece == sql::Piece::statement) {
        const std::string statement(reader.statement().text);
        reading.transcript += std::to_string(reader.statement().line) + statement + "\n";
        if (sql::is_unsupported(reader.statement().kind)) reading.error = statement;
        if (const auto created = sql::read_sqlite_create(statement)) {
          reading.script += statement + ";\n";
          std::vector<std::string>& names = reading.columns[created->name.name];
          for (const sql::ColumnDefinition& column : created->columns) {
            if (!column.generated) names.push_back(column.name);
          }
        }
        continue;
      }
      const sql::RowsHead& head = reader.head();
      if (!reader.row().unsupported.empty()) reading.error = reader.row().unsupported;
      // The order of the columns is what we know from CREATE TABLE.
      const auto& names = head.has_columns ? head.columns : reading.columns[head.table.name];
      std::string insert = "INSERT INTO " + quoted(head.table.name, '"') + "(";
      for (std::size_t index = 0; index < names.size(); ++index) {
        insert += (index == 0 ? "" : ",") + quoted(names[index], '"');
      }
      insert += ")VALUES(";
      for (std::size_t index = 0; index < reader.row().values.size(); ++index) {
        insert += (index == 0 ? "" : ",") + literal(reader.row().values[index]);
      }
      reading.script += insert + ");\n";
      reading.transcript += std::to_string(reader.row().line) + insert + "\n";
    }
  } catch (const Error& error) {
    reading.error = error.where + ": " + error.message;
  }
  return reading;
}

// The md5 of the lines that sqlite3 -quote prints for a table, sorted.
std::string digest_of(const std::string& database, const std::string& name) {
  Command select;
  select.argv = {"sqlite3", "-quote", database, "SELECT * FROM " + quoted(name, '"')};
  std::istringstream lines(run(select).out);
  std::vector<std::string> sorted;
  for (std::string line; std::getline(lines, line);) sorted.push_back(line);
  std::sort(sorted.begin(), sorted.end());
  Command sum;
  sum.argv = {"md5sum"};
  for (const std::string& line : sorted) sum.stdin_text += line + "\n";
  return run(sum).out.substr(0, 32);
}

bool has_sqlite3() {
  try {
    Command version;
    version.argv = {"sqlite3", "--version"};
    return run(version).exit_code == 0;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

TEST_CASE("sql sqlite dumps: the dumps of PGSEED_DUMPS hold what SQLite makes of them") {
  const char* const folder = std::getenv("PGSEED_DUMPS");
  if (folder == nullptr) {
    MESSAGE("PGSEED_DUMPS is not set: no real dumps are replayed");
    return;
  }
  if (!has_sqlite3()) {
    MESSAGE("sqlite3 is not installed: no real dumps are replayed");
    return;
  }
  const std::string root = std::string(folder) + "/";
  const test::TempDir scratch;
  std::size_t compared = 0;
  for (const std::vector<std::string>& entry : table(root + "MANIFEST.tsv")) {
    const std::string& name = entry.at(0);
    if (entry.at(5) != "sqlite") continue;
    CAPTURE(name);
    const std::string text = read_file(root + name);
    CHECK(sql::detect_dialect(std::string_view(text).substr(0, 65536)) == sql::Dialect::sqlite);
    const Reading whole = read_dump(text, 256 * 1024);
    CHECK(whole.error == "");
    for (const std::size_t block : {1U, 7U, 64U}) {
      if (block == 1 && text.size() >= 200000) continue;
      CAPTURE(block);
      CHECK((read_dump(text, block).transcript == whole.transcript));
    }
    const std::string database = scratch / (name + ".db");
    Command load;
    load.argv = {"sqlite3", "-bail", database};
    load.stdin_text = "BEGIN;\n" + whole.script + "COMMIT;\n";
    const test::Result loaded = run(load);
    REQUIRE_MESSAGE(loaded.exit_code == 0, loaded.err);
    for (const std::vector<std::string>& line :
         table(root + "truth/" + name.substr(0, name.rfind('.')) + ".tsv")) {
      CAPTURE(line.at(1));
      CHECK(digest_of(database, line.at(1)) == line.at(3));
      ++compared;
    }
  }
  CHECK(compared > 0);
}
