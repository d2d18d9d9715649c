// First byte: the cut. Second: limits. Then text.
#include <string>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "pgseed/sql/sqlite_statement.hpp"
#include "pgseed/sql/sqlite_table.hpp"

using namespace pgseed::test;
namespace sql = pgseed::sql;

namespace {

void look_at(std::string_view statement, sql::TableDefinitions& definitions) {
  sql::classify_sqlite(statement);
  definitions.note(statement, "public");
  sql::TableDefinition table;
  sql::alter_sqlite_table(statement, table);
  sql::altered_sqlite_table(statement);
  sql::dropped_sqlite_table(statement);
  if (auto created = sql::read_sqlite_create(statement)) {
    sql::alter_sqlite_table("ALTER TABLE t ADD COLUMN z INTEGER", *created);
    sql::alter_sqlite_table("ALTER TABLE t RENAME a TO b", *created);
  }
}

}  // namespace

int fuzz_sqlite(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const std::size_t cut = choices.byte();
  const sql::ReaderOptions options = reader_options(sql::Dialect::sqlite, choices.byte());
  const std::string text(choices.rest());
  promise_however_cut(text, cut, options);
  sql::TableDefinitions definitions(sql::Dialect::sqlite);
  if (is_clean_text(text)) look_at(text, definitions);
  promise_text(text, options, [&](std::string_view statement) { look_at(statement, definitions); });
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_sqlite(data, size);
}
#endif
