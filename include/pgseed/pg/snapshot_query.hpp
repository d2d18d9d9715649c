#pragma once
// The one query behind read_snapshot(). Pure.
#include <string>
#include <string_view>

namespace pgseed::pg {

// Rows of (kind, name, definition, part_of), in no order. left_out: SQL literals of the tables to
// leave out, separated by commas. It is to run with an empty search_path.
std::string snapshot_query(int server_version, std::string_view left_out);

// Its parts: SELECTs of (class, oid, sub, kind, name, definition, part_of), in UNION ALL. A NULL
// definition is an object that has no line of its own but may have comments and grants.
std::string relation_queries(int server_version);  // tables and what hangs on them, sequences
std::string type_and_routine_queries(int server_version);  // types, functions
std::string database_object_queries(int server_version);   // schemas, extensions, publications, ...

// The text with each "@array", up to the next blank, replaced by an expression for the array's
// elements in an order that does not depend on how they were set; NULL if there are none.
// pg_attver is left out: PostgreSQL 15.20 stamps each column with the place in the WAL where it was
// made.
std::string with_options(std::string_view part);

// The text with the one place of `word` filled: what versions do differently.
std::string with_word(std::string_view part, std::string_view word, std::string_view with);

}  // namespace pgseed::pg
