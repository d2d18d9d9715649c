#pragma once
// The rows of COPY ... FROM stdin -> INSERT statements, for connections that only run statements.
// Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/migrate/script.hpp"

namespace pgseed::migrate {

struct CopyBlock {
  std::string_view head;   // COPY t (a, b) FROM stdin, without its semicolon
  std::string_view data;   // the lines up to and including \.
  std::uint64_t line = 0;  // of the head in the file
  std::string path;
};

// INSERT INTO t (a, b) OVERRIDING SYSTEM VALUE VALUES ..., up to 500 rows each, a row a line. A
// statement's `line` is the one before its first row, so that the server's line numbers fit the
// file. Every value travels as an untyped literal, which the column's input function reads as COPY
// would. Throws Error{input} with path:line:column for broken data.
std::vector<ScriptStatement> copy_to_insert(const CopyBlock& block);

}  // namespace pgseed::migrate
