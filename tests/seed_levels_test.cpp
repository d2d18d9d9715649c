// Whole files through rows into JSON bodies at every level of vector instructions: the same bytes.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "pgseed/base/digest.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/sql/rows.hpp"
#include "support/simd_levels.hpp"

using namespace pgseed;

namespace {

struct Bodies {
  std::string digest;
  std::uint64_t bytes = 0;
};

seed::ColumnSet text_columns(std::size_t count, sql::Dialect dialect) {
  seed::ColumnSet set;
  for (std::size_t index = 0; index < count; ++index) {
    set.columns.push_back(std::to_string(index));
    set.value_index.push_back(index);
    set.classes.push_back(seed::ColumnClass::text);
    set.types.emplace_back("text");
  }
  set.meaning.dialect = dialect;
  set.finish();
  return set;
}

bool has_defaults(const sql::Row& row) {
  for (const sql::Value& value : row.values) {
    if (value.form == sql::Form::use_default) return true;
  }
  return false;
}

// Digests of a file's rows as JSON with their lines, and of its statements and the error that ends
// it.
Bodies bodies(const std::string& path, sql::Dialect dialect) {
  Bodies found;
  json::Buffer body;
  const auto digest = [&] {
    found.bytes += body.size();
    found.digest = sha256_hex(found.digest + std::string(body.view()));
    body.clear();
  };
  try {
    seed::DumpInput input(path, "");
    sql::ReaderOptions options;
    options.dialect = dialect;
    sql::DumpReader reader(input, "dump", options);
    for (sql::Piece piece = reader.next(); piece != sql::Piece::end; piece = reader.next()) {
      if (piece == sql::Piece::statement) {
        body.append(text(reader.statement().line, reader.statement().text));
      } else if (const sql::Row& row = reader.row();
                 row.unsupported.empty() && !has_defaults(row)) {
        const seed::ColumnSet set = text_columns(row.values.size(), dialect);
        body.append(text(row.line, seed::append_row(set, row, body)));
      } else {
        body.append(text(row.line, row.unsupported));
      }
      if (body.size() > 1'000'000) digest();
    }
  } catch (const Error& error) {
    body.append(text(error.where, ' ', error.message));
  }
  digest();
  return found;
}

// How many bytes of bodies there were.
std::uint64_t check_folder(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".sql") continue;
    const std::string path = entry.path().string();
    CAPTURE(path);
    for (const sql::Dialect dialect :
         {sql::Dialect::postgresql, sql::Dialect::mysql, sql::Dialect::sqlite}) {
      CAPTURE(std::string(sql::name(dialect)));
      const Bodies wanted = [&] {
        const test::AtLevel plain(simd::Level::scalar);
        return bodies(path, dialect);
      }();
      bytes += wanted.bytes;
      for (const simd::Level level : simd::levels()) {
        CAPTURE(std::string(simd::name(level)));
        const test::AtLevel at(level);
        CHECK(bodies(path, dialect).digest == wanted.digest);
      }
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("seed levels: the projects' files become the same bodies at every level") {
  CHECK(check_folder(std::filesystem::path(PGSEED_SOURCE_DIR) / "seeds") > 1000);
}

TEST_CASE("seed levels: the dumps of PGSEED_DUMPS become the same bodies at every level") {
  const char* const folder = std::getenv("PGSEED_DUMPS");
  if (folder == nullptr) {
    MESSAGE("PGSEED_DUMPS is not set: no real dumps are read");
    return;
  }
  CHECK(check_folder(folder) > 1000);
}
