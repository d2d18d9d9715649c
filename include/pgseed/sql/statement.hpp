#pragma once
// Whole statements that are no rows: where they end, and what they are.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/sql/cursor.hpp"

namespace pgseed::sql {

enum class StatementKind {
  // Passed over: no data.
  ddl,         // CREATE, ALTER, DROP, COMMENT, GRANT, REVOKE, SECURITY LABEL, REASSIGN, IMPORT ...
  session,     // SET, RESET, BEGIN, COMMIT, LOCK, ANALYZE, SELECT of set_config, \connect ...
  sequence,    // SELECT setval(...)
  query,       // SELECT without effect, SHOW, EXPLAIN, VALUES, PREPARE, DECLARE ...
  restricted,  // \restrict and \unrestrict: psql's guard lines around a dump
  empty,       // a lone semicolon
  // Data or effects that rows cannot carry: never skipped in silence.
  insert_select,  // also SELECT ... INTO
  update,
  delete_rows,
  truncate,
  do_block,
  merge,
  call,          // CALL, EXECUTE, SELECT with a function of unknown effects
  copy_program,  // COPY ... FROM 'file' or PROGRAM, FROM stdin in a form that is not text or CSV
  rollback,      // what came before would be undone
  meta_command,  // a psql command that does or reads something
  unknown,
};

bool is_unsupported(StatementKind kind);
// "INSERT ... SELECT", "UPDATE", "a psql command", ...: for messages and inspect's "kind".
const char* describe(StatementKind kind);

// Finds the end of a statement step by step, so that a long one need not stay in memory.
// Knows quotes, dollar quotes, comments, parentheses and BEGIN ATOMIC ... END bodies.
// Borrowed from psqlscan.l: how psql decides that a semicolon ends a statement.
class StatementScanner {
 public:
  // Moves the cursor to behind the terminating semicolon (or behind a line with a backslash
  // command). Throws NeedMore with cursor.position at the last finished token: scan again from
  // there with the same scanner. Throws SyntaxProblem when the text ends before the statement.
  void scan(Cursor& cursor);
  bool saw_meta_command() const { return saw_meta_command_; }

 private:
  void note_word(std::string_view word);
  int parentheses_ = 0;
  int begins_ = 0;  // open BEGIN/CASE inside a routine's body
  int words_ = 0;
  bool creates_ = false;  // CREATE [OR REPLACE] FUNCTION or PROCEDURE
  std::string leading_;   // the first words, as letters: "c", "or", ...
  bool saw_meta_command_ = false;
};

// text: the statement without its semicolon, beginning at its first word or backslash.
StatementKind classify(std::string_view text, bool backslash_is_data = true);

// A name as written, the schema only if it was.
struct QualifiedName {
  std::optional<std::string> schema;
  std::string name;
};
// At name, schema.name or database.schema.name; throws SyntaxProblem if there is none.
QualifiedName read_qualified_name(Cursor& cursor);

// SET name = value of the settings that change how later text reads.
struct Setting {
  std::string name;   // "client_encoding", "standard_conforming_strings", "search_path", ...
  std::string value;  // the first value, unquoted (of DateStyle all of them); "default" for RESET
  bool is_local = false;  // until COMMIT, and without effect outside a block
};
// "Etc/GMT-5" of "+5" or "05", hours east of Greenwich; nullopt of anything but whole hours, and
// where there is no such zone.
std::optional<std::string> zone_of_hours(std::string_view offset);

// SET [SESSION|LOCAL] x {TO|=} v, SET NAMES v, SET TIME ZONE v, RESET x, SELECT set_config('x',
// 'v',
// ...), \encoding v; nullopt for anything else.
std::optional<Setting> read_setting(std::string_view text);

}  // namespace pgseed::sql
