#include "pgseed/sql/statement.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::sql {
namespace {

using Kind = StatementKind;

// The word at the cursor, lower case; empty if there is none.
std::string next_word(Cursor& cursor) {
  skip_blanks(cursor);
  return to_lower(read_word(cursor));
}

// WITH x AS (...) ...: the first word behind the common table expressions tells what it is; a
// data-modifying expression inside counts as well.
Kind classify_with(Cursor& cursor) {
  for (skip_blanks(cursor); !cursor.at_end(); skip_blanks(cursor)) {
    const char byte = cursor.peek();
    if (is_identifier_start(byte) && cursor.peek(1) != '\'') {
      const std::string word = to_lower(read_word(cursor));
      if (word == "insert") return Kind::insert_select;
      if (word == "update") return Kind::update;
      if (word == "delete") return Kind::delete_rows;
      if (word == "merge") return Kind::merge;
      continue;
    }
    skip_token(cursor);
  }
  return Kind::query;
}

// Functions that only compute, and words that stand before a parenthesis without being one.
bool is_harmless_call(std::string_view name) {
  static constexpr std::string_view kNames =
      " abs age all and any array array_agg array_length as avg bool_and bool_or btrim by case"
      " cast ceil char character coalesce concat concat_ws conflict count current_schema"
      " current_setting date_part date_trunc decimal dense_rank distinct else except exists"
      " extract filter floor format from generate_series greatest grouping in initcap"
      " intersect interval join json_agg json_build_object jsonb_agg jsonb_build_object"
      " lateral least left length like lower lpad materialized max md5 min mod not now nullif"
      " numeric on or over pg_get_serial_sequence pg_size_pretty pg_sleep pg_table_size"
      " pg_total_relation_size position postgis_full_version rank replace right round row"
      " row_number select some split_part string_agg substring sum then to_char trim union"
      " upper using values varchar version when where with within ";
  return kNames.find(text(' ', name, ' ')) != std::string_view::npos;
}

// EXPLAIN ANALYZE runs what it explains.
Kind classify_explain(Cursor& cursor) {
  bool analyzes = accept_word(cursor, "ANALYZE");
  if (accept(cursor, '(')) {
    while (!cursor.at_end() && !accept(cursor, ')')) {
      if (accept_word(cursor, "ANALYZE")) {
        analyzes = true;
      } else {
        skip_token(cursor);
      }
    }
  }
  return analyzes ? classify_with(cursor) : Kind::query;
}

// SELECT f(...) may run f for its effect; what calls only known functions just looks.
Kind classify_select(Cursor& cursor) {
  const Cursor begin = cursor;
  skip_blanks(cursor);
  if (cursor.peek() == '"' || is_identifier_start(cursor.peek())) {
    const QualifiedName function = read_qualified_name(cursor);
    if (accept(cursor, '(')) {
      if (function.name == "setval") return Kind::sequence;
      if (function.name == "set_config") return Kind::session;
    }
  }
  cursor = begin;
  int depth = 0;
  bool calls = false;
  for (skip_blanks(cursor); !cursor.at_end(); skip_blanks(cursor)) {
    const char byte = cursor.peek();
    if (byte == '(') ++depth;
    if (byte == ')') --depth;
    const bool prefixed_string =
        is_identifier_start(byte) && (cursor.peek(1) == '\'' || cursor.peek(1) == '&');
    if (byte != '"' && (!is_identifier_start(byte) || prefixed_string)) {
      skip_token(cursor);
      continue;
    }
    std::string name;
    read_identifier(cursor, name);
    // SELECT ... INTO makes a table of its rows.
    if (depth == 0 && byte != '"' && name == "into") return Kind::insert_select;
    skip_blanks(cursor);
    if (cursor.peek() == '(' && !is_harmless_call(name)) calls = true;
  }
  return calls ? Kind::call : Kind::query;
}

Kind classify_copy(Cursor& cursor) {
  skip_blanks(cursor);
  if (cursor.peek() == '(') return Kind::query;  // COPY (SELECT ...) TO
  for (; !cursor.at_end(); skip_blanks(cursor)) {
    if (accept_word(cursor, "TO")) return Kind::query;
    if (accept_word(cursor, "FROM")) return Kind::copy_program;
    if (!cursor.at_end()) skip_token(cursor);
  }
  return Kind::unknown;
}

Kind classify_meta_command(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && !is_space(text[length])) ++length;
  const std::string_view command = text.substr(1, length - 1);
  if (command == "restrict" || command == "unrestrict") return Kind::restricted;
  static constexpr std::array<std::string_view, 21> kHarmless = {
      "c", "connect", "echo", "qecho", "warn",     "pset",     "timing", "x", "a", "t", "set",
      "p", "unset",   "C",    "f",     "encoding", "conninfo", "H",      "l", "z", "?"};
  if (std::find(kHarmless.begin(), kHarmless.end(), command) != kHarmless.end()) {
    return Kind::session;
  }
  // \d, \dt, \df+ ... only show.
  return command.substr(0, 1) == "d" ? Kind::session : Kind::meta_command;
}

}  // namespace

bool is_unsupported(StatementKind kind) {
  return kind >= Kind::insert_select;
}

const char* describe(StatementKind kind) {
  switch (kind) {
    case Kind::ddl:
      return "DDL";
    case Kind::session:
      return "a session setting";
    case Kind::sequence:
      return "SELECT setval";
    case Kind::query:
      return "a query";
    case Kind::restricted:
      return "\\restrict";
    case Kind::empty:
      return "an empty statement";
    case Kind::insert_select:
      return "INSERT ... SELECT";
    case Kind::update:
      return "UPDATE";
    case Kind::delete_rows:
      return "DELETE";
    case Kind::truncate:
      return "TRUNCATE";
    case Kind::do_block:
      return "DO";
    case Kind::merge:
      return "MERGE";
    case Kind::call:
      return "a call";
    case Kind::copy_program:
      return "COPY from a file, a program or in an unknown form";
    case Kind::rollback:
      return "ROLLBACK";
    case Kind::meta_command:
      return "a psql command";
    case Kind::unknown:
      return "an unknown statement";
  }
  return "a statement";
}

StatementKind classify(std::string_view text, bool backslash_is_data) {
  if (text.empty() || text[0] == ';') return Kind::empty;
  if (text[0] == '\\') return classify_meta_command(text);
  Cursor cursor{text.data(), text.data() + text.size(), true, backslash_is_data};
  static constexpr std::array<std::pair<std::string_view, Kind>, 46> kByFirstWord = {{
      {"create", Kind::ddl},        {"alter", Kind::ddl},          {"drop", Kind::ddl},
      {"comment", Kind::ddl},       {"grant", Kind::ddl},          {"revoke", Kind::ddl},
      {"security", Kind::ddl},      {"reassign", Kind::ddl},       {"import", Kind::ddl},
      {"refresh", Kind::ddl},       {"cluster", Kind::ddl},        {"reindex", Kind::ddl},
      {"set", Kind::session},       {"reset", Kind::session},      {"begin", Kind::session},
      {"start", Kind::session},     {"commit", Kind::session},     {"end", Kind::session},
      {"savepoint", Kind::session}, {"release", Kind::session},    {"lock", Kind::session},
      {"analyze", Kind::session},   {"vacuum", Kind::session},     {"checkpoint", Kind::session},
      {"discard", Kind::session},   {"notify", Kind::session},     {"listen", Kind::session},
      {"unlisten", Kind::session},  {"load", Kind::session},       {"deallocate", Kind::session},
      {"show", Kind::query},        {"explain", Kind::query},      {"values", Kind::query},
      {"table", Kind::query},       {"prepare", Kind::query},      {"declare", Kind::query},
      {"fetch", Kind::query},       {"close", Kind::query},        {"insert", Kind::insert_select},
      {"update", Kind::update},     {"delete", Kind::delete_rows}, {"truncate", Kind::truncate},
      {"do", Kind::do_block},       {"merge", Kind::merge},        {"call", Kind::call},
      {"execute", Kind::call},
  }};
  try {
    if (accept(cursor, '(')) return classify_with(cursor);
    const std::string word = next_word(cursor);
    if (word == "with") return classify_with(cursor);
    if (word == "select") return classify_select(cursor);
    if (word == "copy") return classify_copy(cursor);
    if (word == "rollback" || word == "abort") return Kind::rollback;
    for (const auto& [first, kind] : kByFirstWord) {
      if (word != first) continue;
      if (word == "explain") return classify_explain(cursor);
      if (word == "prepare" && next_word(cursor) == "transaction") return Kind::session;
      return kind;
    }
  } catch (const SyntaxProblem&) {
    return Kind::unknown;
  }
  return Kind::unknown;
}

}  // namespace pgseed::sql
