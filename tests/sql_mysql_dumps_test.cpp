// Real MySQL dumps, replayed where PGSEED_DUMPS names a folder that holds them, with MANIFEST.tsv
// and what MariaDB held after loading each (truth/NAME.tsv: md5 of the rows that mysql -N -B
// prints, sorted by bytes).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/table_definition.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
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

// As mysql -B prints a value.
std::string printed(const sql::Value& value) {
  if (value.form == sql::Form::null) return "NULL";
  std::string out;
  for (const char byte : sql::decoded(value)) {
    switch (byte) {
      case '\0':
        out += "\\0";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += byte;
    }
  }
  return out;
}

// MariaDB prints the date 2021/1/9 of a DATETIME column in full. No other text in these dumps is
// such a date.
std::string with_full_date(const std::string& text) {
  int year = 0;
  int month = 0;
  int day = 0;
  int length = 0;
  if (std::sscanf(text.c_str(), "%4d/%2d/%2d%n", &year, &month, &day, &length) != 3 ||
      static_cast<std::size_t>(length) != text.size()) {
    return text;
  }
  char full[32];
  std::snprintf(full, sizeof full, "%04d-%02d-%02d 00:00:00", year, month, day);
  return full;
}

struct Reading {
  std::map<std::string, std::vector<std::string>> rows;  // by table
  std::size_t conditional_values = 0;
  std::string digest, error;
};

// conditional: columns that only MySQL has, in a conditional comment that MariaDB passes over.
Reading read_dump(const std::string& text, std::size_t block,
                  const std::map<std::string, std::size_t>& conditional = {}) {
  Reading reading;
  TextInput input(text, block);
  sql::ReaderOptions options;
  options.dialect = sql::Dialect::mysql;
  sql::DumpReader reader(input, "dump", options);
  std::ostringstream digest;
  try {
    for (;;) {
      const sql::Piece piece = reader.next();
      if (piece == sql::Piece::end) break;
      if (piece == sql::Piece::statement) {
        digest << reader.statement().line << reader.statement().text << '\n';
        continue;
      }
      const sql::RowsHead& head = reader.head();
      std::string line;
      const auto left_out = conditional.find(head.table.name);
      const std::vector<sql::Value>& values = reader.row().values;
      for (std::size_t index = 0; index < values.size(); ++index) {
        digest << test::show(values[index]) << ' ';
        if (left_out != conditional.end() && index == left_out->second) {
          CHECK(values[index].form == sql::Form::bytes);
          ++reading.conditional_values;
          continue;
        }
        line += (line.empty() && index == 0 ? "" : "\t") + with_full_date(printed(values[index]));
      }
      digest << reader.row().line << '\n';
      if (!reader.row().unsupported.empty()) {
        // To MariaDB, too, 0x without digits is the name of something that it does not know.
        CHECK(reader.row().unsupported == "an expression (0x without digits)");
        continue;
      }
      reading.rows[head.table.name].push_back(line);
    }
  } catch (const Error& error) {
    reading.error = error.where + ": " + error.message;
  }
  reading.digest = digest.str();
  return reading;
}

std::string md5_of(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end(), [](const std::string& left, const std::string& right) {
    return std::lexicographical_compare(
        left.begin(), left.end(), right.begin(), right.end(), [](char one, char other) {
          return static_cast<unsigned char>(one) < static_cast<unsigned char>(other);
        });
  });
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  const test::TempDir folder;
  folder.write("rows", all);
  return run({.argv = {"md5sum", (folder.path() / "rows").string()}}).out.substr(0, 32);
}

}  // namespace

TEST_CASE("sql mysql dumps: every MySQL dump of PGSEED_DUMPS holds what MariaDB makes of it") {
  const char* const folder = std::getenv("PGSEED_DUMPS");
  if (folder == nullptr) {
    MESSAGE("PGSEED_DUMPS is not set: no real dumps are replayed");
    return;
  }
  const std::string root = std::string(folder) + "/";
  std::size_t compared = 0;
  for (const std::vector<std::string>& entry : table(root + "MANIFEST.tsv")) {
    const std::string& name = entry.at(0);
    if (entry.at(5) != "mysql") continue;
    CAPTURE(name);
    std::map<std::string, std::size_t> conditional;
    if (name == "sakila-mysql-data.sql") conditional["address"] = 7;
    const std::string text = read_file(root + name);
    Reading whole = read_dump(text, 256 * 1024, conditional);
    if (name == "mysqlnothx-tables.sql") {
      CHECK(whole.rows.at("blob_test").size() == 1);  // MariaDB takes all of a statement or nothing
      whole.rows.erase("blob_test");
    }
    CHECK(whole.error == "");
    CHECK(whole.conditional_values == (conditional.empty() ? 0 : 603));
    for (const std::size_t block : {1U, 7U, 64U}) {
      if (block < 64 && text.size() >= 400000) continue;
      CAPTURE(block);
      CHECK(read_dump(text, block, conditional).digest == whole.digest);
    }
    const std::string truth = root + "truth/" + name.substr(0, name.rfind('.')) + ".tsv";
    for (const std::vector<std::string>& line : table(truth)) {
      CAPTURE(line.at(1));
      if (name == "sakila-mysql-data.sql" && line.at(1) == "film_text") continue;  // by a trigger
      const std::vector<std::string>& rows = whole.rows[line.at(1)];
      CHECK(rows.size() == std::stoull(line.at(2)));
      CHECK(md5_of(rows) == line.at(3));
      ++compared;
    }
  }
  CHECK(compared > 0);
}
