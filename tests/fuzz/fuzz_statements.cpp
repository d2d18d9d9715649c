#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz/fuzz_targets.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/sql/table_definition.hpp"
#include "support/text_input.hpp"

using pgseed::test::TextInput;
using pgseed::test::transcript;
namespace sql = pgseed::sql;

namespace {

void look_at(std::string_view statement, sql::TableDefinitions& definitions) {
  const sql::StatementKind kind = sql::classify(statement);
  if (std::string(sql::describe(kind)).empty()) std::abort();
  sql::classify(statement, false);
  sql::read_setting(statement);
  definitions.note(statement, "public");
  sql::TableDefinitions::dropped_by(statement);
}

}  // namespace

int fuzz_statements(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t block = data[0] % 67 + 1U;
  sql::ReaderOptions options;
  options.rows = false;
  if (data[1] % 3 == 0) options.kept_statement = 32;
  const std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);
  TextInput whole(text);
  TextInput cut(text, block);
  if (transcript(whole, options) != transcript(cut, options)) std::abort();
  // Statements as the reader gives them, and any text at all.
  sql::TableDefinitions definitions;
  look_at(text, definitions);
  TextInput again(text);
  try {
    sql::DumpReader reader(again, "a.sql", options);
    while (reader.next() != sql::Piece::end) look_at(reader.statement().text, definitions);
  } catch (const pgseed::Error&) {
    // broken text: what came before it was looked at
  }
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_statements(data, size);
}
#endif
