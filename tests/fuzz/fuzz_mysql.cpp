// First byte: the cut. Second: limits. Third: sql_mode. Then text.
#include <string>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "pgseed/sql/mysql_setting.hpp"
#include "pgseed/sql/mysql_statement.hpp"
#include "pgseed/sql/mysql_table.hpp"

using namespace pgseed::test;
namespace sql = pgseed::sql;

namespace {

constexpr const char* kModes[] = {
    "",
    "SET sql_mode='NO_BACKSLASH_ESCAPES';\n",
    "SET sql_mode='ANSI_QUOTES';\n",
    "SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES';\n",
    "SET NAMES latin1;\n",
};

void look_at_table(std::string_view statement) {
  if (auto created = sql::read_mysql_create(statement)) {
    for (const sql::ColumnDefinition& column : created->columns) {
      promise(!column.name.empty(), "a column has a name");
    }
    sql::alter_mysql_table("ALTER TABLE t ADD z INT AFTER b, DROP a, CHANGE c d bit(3)", *created);
  }
  sql::TableDefinition table;
  sql::alter_mysql_table(statement, table);
  sql::replaces_mysql_table(statement);
  sql::altered_mysql_table(statement);
  sql::renamed_mysql_tables(statement);
  sql::dropped_mysql_tables(statement);
  sql::used_mysql_database(statement);
}

void look_at(std::string_view statement, sql::TableDefinitions& definitions) {
  for (const bool backslash_is_data : {false, true}) {
    for (const bool ansi_quotes : {false, true}) {
      const sql::MysqlMode mode{backslash_is_data, ansi_quotes};
      sql::classify_mysql(statement, mode);
      sql::MysqlModes modes;
      for (const sql::MysqlSetting& setting : sql::read_mysql_settings(statement, mode)) {
        promise(!setting.name.empty(), "a setting has a name");
        modes.apply(setting);
        sql::mysql_encoding(setting.value);
        sql::mysql_time_zone(setting.value);
      }
    }
  }
  definitions.note(statement, "public");
  try {
    look_at_table(statement);
  } catch (const sql::SyntaxProblem&) {
    // no whole statement
  }
}

}  // namespace

int fuzz_mysql(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const std::size_t cut = choices.byte();
  const sql::ReaderOptions options = reader_options(sql::Dialect::mysql, choices.byte());
  const std::size_t mode = choices.byte() % std::size(kModes);
  const std::string text = kModes[mode] + std::string(choices.rest());
  promise_however_cut(text, cut, options);
  sql::TableDefinitions definitions(sql::Dialect::mysql);
  if (is_clean_text(choices.rest())) look_at(choices.rest(), definitions);
  promise_text(text, options, [&](std::string_view statement) { look_at(statement, definitions); });
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_mysql(data, size);
}
#endif
