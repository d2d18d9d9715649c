#pragma once
// Which program wrote a file, by what only one of them writes.
#include <optional>
#include <string>
#include <string_view>

namespace pgseed::sql {

enum class Dialect { postgresql, mysql, sqlite, sql_server };
const char* name(Dialect dialect);  // "postgresql", "mysql", "sqlite", "mssql"

// What the first block of a file is, when it is no SQL text at all.
struct ForeignFormat {
  std::string what;  // "an archive of pg_dump -Fc", "gzip data", "an HTML page", ...
  std::string hint;
};
std::optional<ForeignFormat> recognize_foreign(std::string_view first_block);

struct DialectGuess {
  Dialect dialect = Dialect::postgresql;
  // What of the text only that dialect writes; empty: nothing speaks for any dialect.
  std::string mark;
};
// The dialect by the first block; postgresql when nothing speaks against it. A backslash in a
// string is no evidence.
DialectGuess guess_dialect(std::string_view first_block);
Dialect detect_dialect(std::string_view first_block);

}  // namespace pgseed::sql
