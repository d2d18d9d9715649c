// First byte: the cut. Second: the dialect and what is done with tinyint(1). Then text.
#ifdef PGSEED_PG_QUERY
#include <pg_query.h>
#endif

#include <optional>
#include <string>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/foreign_ddl.hpp"

using namespace pgseed::test;
namespace migrate = pgseed::migrate;
namespace sql = pgseed::sql;

namespace {

void promise_postgresql([[maybe_unused]] const std::string& statement) {
#ifdef PGSEED_PG_QUERY
  PgQueryParseResult parsed = pg_query_parse(statement.c_str());
  const std::string problem = parsed.error == nullptr ? "" : parsed.error->message;
  pg_query_free_parse_result(parsed);
  // What PostgreSQL's parser itself gives up on.
  if (problem.find("memory exhausted") != std::string::npos) return;
  promise(problem.empty(), "not PostgreSQL: " + problem + "\n" + statement);
#endif
}

// Everything that the translation says, or the error.
std::string translated(sql::Input& input, sql::Dialect dialect,
                       const migrate::DdlOptions& options) {
  std::string all;
  migrate::ForeignDdl ddl(dialect, options);
  try {
    ddl.read(input, "a.sql");
  } catch (const pgseed::Error& error) {
    promise(error.kind == pgseed::ErrorKind::input, "what stops a reader is wrong with the input");
    promise(is_clean_text(error.message), "an error is text");
    return pgseed::text("error: ", error.where, ": ", error.message);
  }
  const migrate::PostgresqlDdl written = ddl.write();
  for (const migrate::DdlScript& script : written.scripts) {
    for (const migrate::DdlStatement& statement : script.statements) {
      promise(is_clean_text(statement.sql), "a statement is text");
      promise_postgresql(statement.sql);
      all += pgseed::text(statement.line, ": ", statement.sql, "\n");
    }
    for (const std::string& note : script.left_out) {
      promise(is_clean_text(note), "a note is text");
      all += note + "\n";
    }
  }
  return all;
}

}  // namespace

int fuzz_ddl(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const std::size_t cut = choices.byte();
  const std::size_t choice = choices.byte();
  using Tinyint1 = migrate::DdlOptions::Tinyint1;
  migrate::DdlOptions options;
  options.tinyint1 = choice % 3 == 0   ? Tinyint1::by_rows
                     : choice % 3 == 1 ? Tinyint1::boolean
                                       : Tinyint1::smallint;
  options.if_not_exists = choice / 3 % 2 == 1;
  const sql::Dialect dialect = choice < 128 ? sql::Dialect::mysql : sql::Dialect::sqlite;
  const std::string text(choices.rest());
  TextInput whole(text);
  TextInput again = cut_input(text, cut);
  const std::string first = translated(whole, dialect, options);
  promise(first == translated(again, dialect, options), "another translation for another cut");
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_ddl(data, size);
}
#endif
