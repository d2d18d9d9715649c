#include "pgseed/sql/statement.hpp"

#include <array>
#include <utility>

#include "pgseed/base/scan.hpp"
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

// SELECT f(...) runs f for its effect; SELECT ... FROM, SELECT 1 and the like only look.
Kind classify_select(Cursor& cursor) {
  skip_blanks(cursor);
  const char* const begin = cursor.position;
  std::string name;
  if (cursor.peek() == '"' || is_identifier_start(cursor.peek())) {
    const QualifiedName function = read_qualified_name(cursor);
    if (accept(cursor, '(')) {
      name = function.name;
      if (name == "setval") return Kind::sequence;
      if (name == "set_config") return Kind::session;
    }
  }
  static constexpr std::array<std::string_view, 9> kHarmless = {
      "count", "version", "now", "max", "min", "sum", "format", "current_setting", "pg_sleep"};
  for (const std::string_view harmless : kHarmless) {
    if (name == harmless) name.clear();
  }
  cursor.position = begin;
  if (!name.empty()) {
    int depth = 0;
    for (skip_blanks(cursor); !cursor.at_end(); skip_blanks(cursor)) {
      const char byte = cursor.peek();
      if (byte == '(') ++depth;
      if (byte == ')') --depth;
      if (depth == 0 && accept_word(cursor, "FROM")) return Kind::query;
      if (!cursor.at_end()) skip_token(cursor);
    }
    return Kind::call;
  }
  return Kind::query;
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
  static constexpr std::array<std::string_view, 14> kHarmless = {
      "c", "connect", "echo", "qecho", "warn",  "pset",     "timing",
      "x", "a",       "t",    "set",   "unset", "encoding", "prompt"};
  for (const std::string_view harmless : kHarmless) {
    if (command == harmless) return Kind::session;
  }
  return Kind::meta_command;
}

std::string unquoted_value(Cursor& cursor) {
  skip_blanks(cursor);
  if (cursor.at_end()) return {};
  std::string value;
  bool has_escapes = false;
  if (cursor.peek() == '\'') {
    append_undoubled(value, read_quoted(cursor, false, has_escapes));
  } else if (cursor.peek() == '"') {
    read_identifier(cursor, value);
  } else {
    const char* const begin = cursor.position;
    while (!cursor.at_end() && !is_space(*cursor.position) && *cursor.position != ',' &&
           *cursor.position != ';' && *cursor.position != ')') {
      ++cursor.position;
    }
    value.assign(begin, cursor.position);
  }
  return value;
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

void StatementScanner::note_word(std::string_view word) {
  if (++words_ <= 4) {
    leading_ += to_lower(word);
    leading_ += ' ';
    creates_ = leading_ == "create function " || leading_ == "create procedure " ||
               leading_ == "create or replace function " ||
               leading_ == "create or replace procedure " || creates_;
  }
  if (!creates_ || parentheses_ > 0) return;
  // A routine's SQL body: BEGIN ATOMIC ... END, in which CASE ... END may nest.
  if (equals_ignoring_case(word, "BEGIN")) ++begins_;
  if (begins_ > 0 && equals_ignoring_case(word, "CASE")) ++begins_;
  if (begins_ > 0 && equals_ignoring_case(word, "END")) --begins_;
}

void StatementScanner::scan(Cursor& cursor) {
  const char* finished = cursor.position;
  try {
    for (;;) {
      skip_blanks(cursor);
      finished = cursor.position;
      if (cursor.at_end()) {
        throw SyntaxProblem{cursor.position, "the last statement has no ';' at its end",
                            "the file may be cut short; if it is whole, add the semicolon"};
      }
      const char byte = *cursor.position;
      if (byte == ';' && parentheses_ <= 0 && begins_ == 0) {
        ++cursor.position;
        return;
      }
      if (byte == '\\') {
        saw_meta_command_ = true;
        cursor.position = find_byte(cursor.position, cursor.end, '\n');
        cursor.at_end();
        return;
      }
      if (byte == '(') ++parentheses_;
      if (byte == ')' && parentheses_ > 0) --parentheses_;
      const bool prefixed_string =
          is_identifier_start(byte) && (cursor.peek(1) == '\'' || cursor.peek(1) == '&');
      if (is_identifier_start(byte) && !prefixed_string) {
        const std::string_view word = read_word(cursor);
        note_word(word);
      } else {
        skip_token(cursor);
      }
      finished = cursor.position;
    }
  } catch (const NeedMore&) {
    cursor.position = finished;
    throw;
  }
}

QualifiedName read_qualified_name(Cursor& cursor) {
  QualifiedName result;
  skip_blanks(cursor);
  const char* const at = cursor.position;
  if (!read_identifier(cursor, result.name)) throw SyntaxProblem{at, "expected a name", ""};
  while (accept(cursor, '.')) {
    result.schema = std::move(result.name);
    if (!read_identifier(cursor, result.name)) {
      throw SyntaxProblem{cursor.position, "expected a name after '.'", ""};
    }
  }
  return result;
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
      // EXPLAIN ANALYZE runs what it explains.
      if (word == "explain") {
        accept(cursor, '(');
        return accept_word(cursor, "ANALYZE") ? classify_with(cursor) : kind;
      }
      if (word == "prepare" && next_word(cursor) == "transaction") return Kind::session;
      return kind;
    }
  } catch (const SyntaxProblem&) {
    return Kind::unknown;
  }
  return Kind::unknown;
}

std::optional<Setting> read_setting(std::string_view text) {
  Setting setting;
  if (text.substr(0, 10) == "\\encoding ") {
    setting.name = "client_encoding";
    setting.value = trim(text.substr(10));
    return setting;
  }
  Cursor cursor{text.data(), text.data() + text.size(), true, true};
  try {
    if (accept_word(cursor, "SELECT")) {
      if (read_qualified_name(cursor).name != "set_config" || !accept(cursor, '(')) return {};
      setting.name = to_lower(unquoted_value(cursor));
      if (!accept(cursor, ',')) return {};
      setting.value = unquoted_value(cursor);
      return setting;
    }
    if (!accept_word(cursor, "SET")) return {};
    if (!accept_word(cursor, "SESSION")) accept_word(cursor, "LOCAL");
    setting.name = next_word(cursor);
    if (setting.name == "names") {
      setting.name = "client_encoding";
    } else if (setting.name == "time") {
      if (!accept_word(cursor, "ZONE")) return {};
      setting.name = "timezone";
    } else if (!accept(cursor, '=') && !accept_word(cursor, "TO")) {
      return {};
    }
    setting.value = unquoted_value(cursor);
    return setting;
  } catch (const SyntaxProblem&) {
    return {};
  }
}

}  // namespace pgseed::sql
