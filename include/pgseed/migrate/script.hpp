#pragma once
// A section's text -> what is sent to the server, piece by piece. Pure.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/migrate/revision.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::migrate {

struct ScriptStatement {
  std::string sql;  // without the semicolon
  std::uint64_t line = 0;
  std::uint64_t column = 1;
  sql::StatementKind kind = sql::StatementKind::unknown;
  std::vector<std::string> allowed_rules;  // -- pgseed:allow RULE before it
  // Between BEGIN and COMMIT of the section's own (transaction:false): the same number > 0.
  int block = 0;
  // Made from the data of COPY: the lines are the file's, the columns are not.
  bool from_copy = false;
};

// The value of a variable (-- pgseed:vars on), or nullopt if there is none.
using VariableLookup = std::function<std::optional<std::string>(const std::string& name)>;

// Splits the section. Where it is a transaction (options.transaction):
// - BEGIN first (settings may stand before it) and COMMIT last are left out; any other statement
//   that begins or ends a transaction is Error{input}, BEGIN with modes as well. Savepoints pass;
// - SET and set_config() become SET LOCAL, so that nothing leaks to the next revision or through a
//   transaction pooler to the next client;
// psql's \restrict lines are left out, other psql commands are Error{input}. The rows of COPY ...
// FROM stdin become INSERT ... VALUES (OVERRIDING SYSTEM VALUE, as COPY does) of up to 500 rows,
// a row a line, with `line` such that the server's line numbers fit the file.
// With -- pgseed:vars on, :'name' becomes a literal and :"name" an identifier; a variable without
// value is Error{input}. A section with -- pgseed:noparse is one statement as it stands.
// A directive stands at column 0 between statements; inside one it is Error{input}. Where the
// section is no transaction, plain BEGIN ... COMMIT make a block and are left out themselves, and
// ROLLBACK is Error{input}. client_encoding other than UTF-8 and COPY TO stdout are refused.
// Throws Error{input} with path:line:column for broken text and unknown directives.
std::vector<ScriptStatement> split_section(const Section& section,
                                           const VariableLookup& variables = {});

}  // namespace pgseed::migrate
