#pragma once
// SQLite's literals that need more than a look: blobs and numbers.
#include <string>
#include <string_view>

#include "pgseed/sql/sqlite_cursor.hpp"

namespace pgseed::sql {

// The value of a hexadecimal digit, or -1.
int sqlite_hex_value(char byte);

// At X'...': appends the bytes that it spells. Throws NeedMore and SyntaxProblem.
void read_sqlite_blob(SqliteCursor& cursor, std::string& out);

// At a number, with or without signs: appends its value as PostgreSQL reads it (0x10 is 16, 1e999
// Infinity). True for a double, false for an integer. Throws NeedMore, SyntaxProblem, and
// Unsupported where no number follows the signs.
bool read_sqlite_number(SqliteCursor& cursor, std::string& out);

// Inf and Infinity: what old versions print for it, which nobody else meant by them.
bool is_sqlite_infinity(std::string_view word);

// What SQLite makes of a decimal literal, as PostgreSQL reads it. An integer of 64 bits stays one.
// Any other number is a double: digits that it holds are kept as written, without exponent and
// always with a fraction ("1e2" -> "100.0", "1.50" -> "1.5"); more than 15 become the shortest that
// mean the same double ("0.10000000000000000555" -> "0.1"); "Infinity" beyond its range ("1e999").
// number: digits with an optional sign, point and exponent.
void append_sqlite_number(std::string& out, std::string_view number);

}  // namespace pgseed::sql
