// Real dumps of public repositories, replayed where PGSEED_DUMPS names a folder that holds them,
// with MANIFEST.tsv and what a database held after loading each (truth/NAME.tsv).
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/rows.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using pgseed::test::TextInput;

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::vector<std::string>> table(const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(contents(path));
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string>& fields = rows.emplace_back();
    std::istringstream row(line);
    for (std::string field; std::getline(row, field, '\t');) fields.push_back(field);
  }
  if (!rows.empty()) rows.erase(rows.begin());
  return rows;
}

struct Reading {
  std::map<std::pair<std::string, std::string>, std::uint64_t> rows;
  std::uint64_t digest = 14695981039346656037U;
  std::string error;
  bool all_supported = true;

  void add(const std::string& text) {
    for (const char byte : text + '\0') {
      digest = (digest ^ static_cast<unsigned char>(byte)) * 1099511628211U;
    }
  }
};

Reading read_dump(const std::string& text, std::size_t block) {
  Reading reading;
  TextInput input(text, block);
  sql::DumpReader reader(input, "dump", {});
  try {
    for (;;) {
      const sql::Piece piece = reader.next();
      if (piece == sql::Piece::end) break;
      if (piece == sql::Piece::statement) {
        reading.all_supported &= !sql::is_unsupported(reader.statement().kind);
        reading.add(std::to_string(reader.statement().line) + std::string(reader.statement().text));
        continue;
      }
      const sql::RowsHead& head = reader.head();
      ++reading.rows[{head.table.schema.value_or("public"), head.table.name}];
      reading.all_supported &= reader.row().unsupported.empty();
      reading.add(std::to_string(reader.row().line) + test::show(head));
      for (const sql::Value& value : reader.row().values) reading.add(test::show(value));
    }
  } catch (const Error& error) {
    reading.error = error.where + ": " + error.message;
  }
  return reading;
}

}  // namespace

TEST_CASE("sql dumps: every PostgreSQL dump of PGSEED_DUMPS reads the same in blocks of any size") {
  const char* const folder = std::getenv("PGSEED_DUMPS");
  if (folder == nullptr) {
    MESSAGE("PGSEED_DUMPS is not set: no real dumps are replayed");
    return;
  }
  const std::string root = std::string(folder) + "/";
  std::size_t files = 0;
  std::size_t compared = 0;
  for (const std::vector<std::string>& entry : table(root + "MANIFEST.tsv")) {
    const std::string& name = entry.at(0);
    const std::string& dialect = entry.at(5);
    CAPTURE(name);
    const std::string text = contents(root + name);
    REQUIRE(!text.empty());
    const std::string found =
        sql::name(sql::detect_dialect(std::string_view(text).substr(0, 65536)));
    CHECK(found == (dialect == "pg" ? "postgresql" : dialect));
    CHECK(!sql::recognize_foreign(text));
    if (dialect != "pg") continue;
    ++files;
    const Reading whole = read_dump(text, 256 * 1024);
    CHECK(whole.error == "");
    for (const std::size_t block : {1U, 7U, 64U}) {
      if (block == 1 && text.size() >= 200000) continue;
      CAPTURE(block);
      const Reading again = read_dump(text, block);
      CHECK(again.digest == whole.digest);
      CHECK(again.rows == whole.rows);
    }
    if (!whole.all_supported) continue;
    const std::string truth = root + "truth/" + name.substr(0, name.rfind('.')) + ".tsv";
    for (const std::vector<std::string>& line : table(truth)) {
      const auto counted = whole.rows.find({line.at(0), line.at(1)});
      const std::uint64_t rows = counted == whole.rows.end() ? 0 : counted->second;
      CAPTURE(line.at(1));
      CHECK(rows == std::stoull(line.at(3)) - std::stoull(line.at(2)));
      ++compared;
    }
  }
  CHECK(files > 0);
  CHECK(compared > 0);
}
