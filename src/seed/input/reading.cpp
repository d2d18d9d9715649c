#include "pgseed/seed/input/reading.hpp"

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/io/charset.hpp"

namespace pgseed::seed {

sql::Dialect dialect_of(const DumpInput& input, const std::string& dialect) {
  if (!input.is_sql()) return sql::Dialect::postgresql;
  if (dialect == "auto") {
    if (input.guess().dialect != sql::Dialect::sql_server) return input.guess().dialect;
    throw Error(ErrorKind::input, "this is a SQL Server dump, which pgseed does not read",
                input.name(), "if it is not, say what it is: --dialect postgresql");
  }
  for (const sql::Dialect known : {sql::Dialect::mysql, sql::Dialect::sqlite}) {
    if (dialect == sql::name(known)) return known;
  }
  return sql::Dialect::postgresql;
}

void require_readable(const DumpInput& input, const std::string& dialect) {
  const sql::Dialect found = dialect_of(input, dialect);
  if (found == sql::Dialect::postgresql) return;
  throw Error(
      ErrorKind::input,
      text("this is ", found == sql::Dialect::mysql ? "a MySQL or MariaDB" : "an SQLite",
           " dump, whose statements PostgreSQL does not understand"),
      input.name(),
      dialect == "auto" ? "if it is PostgreSQL after all, say so: --dialect postgresql" : "");
}

sql::ReaderOptions reader_options(const DumpInput& input, const Options& options) {
  sql::ReaderOptions read;
  read.dialect = dialect_of(input, options.dialect);
  read.max_row_bytes = options.input.rows.max_row_bytes;
  if (!options.input.encoding.empty()) {
    const bool utf8 = io::iconv_name(options.input.encoding).empty();
    read.encoding = utf8 ? sql::TextEncoding::utf8 : sql::TextEncoding::converted;
  }
  return read;
}

const Mapping* mapping_of(const DumpInput& input, const Options& options) {
  return input.row_format() == "rejects" ? nullptr : options.mapping.get();
}

Meaning meaning_of(const DumpInput& input, const Options& options) {
  return {dialect_of(input, options.dialect), options.zero_dates_are_null,
          options.via == Via::direct};
}

}  // namespace pgseed::seed
