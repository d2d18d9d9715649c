#include "pgseed/sql/dialect.hpp"

#include <algorithm>
#include <array>

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/cursor.hpp"

namespace pgseed::sql {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  const char* what;
  const char* hint;
};

constexpr std::array<Magic, 12> kMagic = {{
    {"PGDMP"sv, "an archive of pg_dump -Fc", "turn it into SQL: pg_restore -f dump.sql FILE"},
    {"\x1F\x8B"sv, "gzip data", "unpack it on the way in: gunzip -c FILE | pgseed seed -"},
    {"\x28\xB5\x2F\xFD"sv, "zstd data", "unpack it on the way in: zstd -dc FILE | pgseed seed -"},
    {"\xFD"
     "7zXZ"sv,
     "xz data", "unpack it on the way in: xz -dc FILE | pgseed seed -"},
    {"BZh"sv, "bzip2 data", "unpack it on the way in: bzip2 -dc FILE | pgseed seed -"},
    {"\x04\x22\x4D\x18"sv, "lz4 data", "unpack it on the way in: lz4 -dc FILE | pgseed seed -"},
    {"PK\x03\x04"sv, "a zip archive", "unpack it first: unzip FILE"},
    {"SQLite format 3\0"sv, "an SQLite database file", "dump it as SQL: sqlite3 FILE .dump"},
    {"\xFF\xFE"sv, "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8 FILE > utf8.sql"},
    {"\xFE\xFF"sv, "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8 FILE > utf8.sql"},
    {"%PDF-"sv, "a PDF document", ""},
    {"\x7F"
     "ELF"sv,
     "a program", ""},
}};

// The first bytes behind blanks and -- comments.
std::string_view first_text(std::string_view block) {
  if (block.substr(0, 3) == "\xEF\xBB\xBF") block.remove_prefix(3);
  for (;;) {
    while (!block.empty() && is_space(block[0])) block.remove_prefix(1);
    if (block.substr(0, 2) != "--") return block;
    const std::size_t newline = block.find('\n');
    if (newline == std::string_view::npos) return {};
    block.remove_prefix(newline + 1);
  }
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

// The first of the marks that the block has; empty if it has none.
std::string_view find_any(std::string_view block, std::initializer_list<std::string_view> marks) {
  for (const std::string_view mark : marks) {
    if (block.find(mark) != std::string_view::npos) return mark;
  }
  return {};
}
// The one that stands first in the block.
struct Found {
  std::string_view mark;
  std::size_t at = std::string_view::npos;
};
Found find_first(std::string_view block, std::initializer_list<std::string_view> marks) {
  Found first;
  for (const std::string_view mark : marks) {
    const std::size_t at = block.find(mark);
    if (at < first.at) first = {mark, at};
  }
  return first;
}
bool has_any(std::string_view block, std::initializer_list<std::string_view> marks) {
  return !find_any(block, marks).empty();
}

// Where the string that opens at `at` ends, by the rules that all dialects share; npos if it does
// not.
std::size_t behind_quoted(std::string_view block, std::size_t at, std::string_view closing) {
  const std::size_t close = block.find(closing, at);
  return close == std::string_view::npos ? close : close + closing.size();
}

// The closing mark of what opens at `at` (string, quoted name, comment, dollar quote), whose
// contents prove nothing; empty where nothing opens. MySQL's conditional comments are code.
std::string_view closing_mark(std::string_view block, std::size_t at) {
  const std::string_view rest = block.substr(at);
  if (rest[0] == '\'') return "'";
  if (rest[0] == '"') return "\"";
  if (rest[0] == '`') return "`";
  if (rest.substr(0, 2) == "--") return "\n";
  // MySQL's other comment; within a line it may be an operator of PostgreSQL.
  if (rest[0] == '#' && (at == 0 || block[at - 1] == '\n')) return "\n";
  if (rest.substr(0, 2) == "/*" && rest.substr(0, 3) != "/*!" && rest.substr(0, 4) != "/*M!") {
    return "*/";
  }
  if (rest[0] != '$' || (at > 0 && is_identifier_part(block[at - 1]))) return {};
  std::size_t length = 1;
  while (length < rest.size() && is_identifier_part(rest[length]) && rest[length] != '$') ++length;
  if (length == rest.size() || rest[length] != '$' || is_digit(rest[1])) return {};
  return rest.substr(0, length + 1);
}

// Behind the quote that closes E'...', where a backslash keeps one from closing.
std::size_t behind_escaped(std::string_view block, std::size_t at) {
  for (; at < block.size(); ++at) {
    if (block[at] == '\\' || block.substr(at, 2) == "''") {
      ++at;
    } else if (block[at] == '\'') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// Behind a comment. Only PostgreSQL nests them: `nests` falls where the ends are missing for that.
std::size_t behind_comment(std::string_view block, std::size_t at, bool& nests) {
  const std::size_t begin = at;
  for (int depth = 1; nests && at + 1 < block.size(); ++at) {
    const std::string_view mark = block.substr(at, 2);
    if (mark != "/*" && mark != "*/") continue;
    depth += mark == "/*" ? 1 : -1;
    ++at;
    if (depth == 0) return at + 1;
  }
  nests = false;
  return behind_quoted(block, begin, "*/");
}

// Where COPY ... FROM stdin reads its rows from, whatever stands between the words.
std::size_t find_copy(std::string_view upper) {
  constexpr std::string_view kFrom = "FROM";
  for (std::size_t at = upper.find("STDIN"); at != std::string_view::npos;
       at = upper.find("STDIN", at + 1)) {
    std::string_view before = upper.substr(0, at);
    while (!before.empty() && !is_identifier_part(before.back())) before.remove_suffix(1);
    if (before.size() < at && before.ends_with(kFrom)) return before.size();
  }
  return std::string_view::npos;
}

// The block without the contents of its strings, names and comments, where marks mean nothing; up
// to one that does not end inside the block.
std::string outside_strings(std::string_view block) {
  constexpr std::string_view kDelimiter = "delimiter ";
  std::string out;
  bool nests = true;
  for (std::size_t at = 0; at < block.size();) {
    const std::string_view closing = closing_mark(block, at);
    // The command line tool of MySQL: DELIMITER $$ opens no string.
    const bool is_command =
        out.size() >= kDelimiter.size() &&
        equals_ignoring_case(std::string_view(out).substr(out.size() - kDelimiter.size()),
                             kDelimiter);
    if (closing.empty() || (is_command && closing[0] == '$')) {
      out += block[at++];
      continue;
    }
    const bool escapes = closing == "'" && at > 0 && (block[at - 1] | 0x20) == 'e' &&
                         (at == 1 || !is_identifier_part(block[at - 2]));
    if (block[at] == '#') out += "\n#";
    out += closing == "\n" ? "" : closing;
    at += closing == "*/" ? 2 : closing.size();
    at = escapes           ? behind_escaped(block, at)
         : closing == "*/" ? behind_comment(block, at, nests)
                           : behind_quoted(block, at, closing);
    if (at == std::string_view::npos) break;
    out += closing;
  }
  return out;
}

// "Source Server Type    : PostgreSQL" of Navicat, which writes all dialects.
std::optional<Dialect> navicat_dialect(std::string_view head) {
  const std::size_t at = head.find("Source Server Type");
  if (head.find("Navicat") == std::string_view::npos || at == std::string_view::npos) return {};
  const std::string_view line = head.substr(at, head.find('\n', at) - at);
  if (has_any(line, {"MySQL", "MariaDB"})) return Dialect::mysql;
  if (has_any(line, {"SQLite"})) return Dialect::sqlite;
  if (has_any(line, {"SQL Server"})) return Dialect::sql_server;
  return Dialect::postgresql;
}

}  // namespace

const char* name(Dialect dialect) {
  switch (dialect) {
    case Dialect::postgresql:
      return "postgresql";
    case Dialect::mysql:
      return "mysql";
    case Dialect::sqlite:
      return "sqlite";
    case Dialect::sql_server:
      return "mssql";
  }
  return "postgresql";
}

std::optional<ForeignFormat> recognize_foreign(std::string_view first_block) {
  for (const Magic& magic : kMagic) {
    if (first_block.substr(0, magic.bytes.size()) == magic.bytes) {
      return ForeignFormat{magic.what, magic.hint};
    }
  }
  if (first_block.size() >= 262 && first_block.substr(257, 5) == "ustar") {
    return ForeignFormat{"a tar archive", "unpack it first, or use pg_restore for pg_dump -Ft"};
  }
  const std::string_view text = first_text(first_block);
  if (starts_with_ignoring_case(text, "<!doctype html") ||
      starts_with_ignoring_case(text, "<html")) {
    return ForeignFormat{
        "an HTML page, not SQL",
        "a download link may have led to a login or error page; fetch the file again"};
  }
  if (text.substr(0, 1) == "<") return ForeignFormat{"an XML document, not SQL", ""};
  if (text.substr(0, 1) == "{" || text.substr(0, 1) == "[") {
    return ForeignFormat{"JSON, not SQL", "pgseed reads SQL dumps"};
  }
  if (first_block.size() >= 4) {
    // Text has no NUL; UTF-16 without a mark has one in every second place.
    const std::size_t nul = first_block.substr(0, 512).find('\0');
    if (nul != std::string_view::npos) {
      return ForeignFormat{"binary data or UTF-16 text, not SQL",
                           "if it is UTF-16, convert it: iconv -f UTF-16 -t UTF-8 FILE > utf8.sql"};
    }
  }
  return {};
}

DialectGuess guess_dialect(std::string_view first_block) {
  std::string_view mark = find_any(first_block.substr(0, 2000),
                                   {"-- MySQL dump", "-- MariaDB dump", "-- phpMyAdmin SQL Dump",
                                    "/*M!999999", "-- mysqldump", "Navicat MySQL"});
  const auto is = [&](Dialect dialect) { return DialectGuess{dialect, std::string(trim(mark))}; };
  if (!mark.empty()) return is(Dialect::mysql);
  mark = find_any(first_block.substr(0, 4000), {"-- PostgreSQL database ", "\\restrict "});
  if (!mark.empty()) return is(Dialect::postgresql);
  if (const auto navicat = navicat_dialect(first_block.substr(0, 2000))) {
    mark = "Source Server Type";
    return is(*navicat);
  }
  const std::string code = outside_strings(first_block);
  const std::string upper = to_upper(code);
  // What stands before a statement that only PostgreSQL knows is read rightly by the rules that all
  // share; behind it may be anything: rows of COPY, strings with backslashes by its own setting.
  const std::size_t copy = find_copy(upper);
  std::size_t own = copy;
  for (const std::string_view setting :
       {"STANDARD_CONFORMING_STRINGS", "CLIENT_ENCODING", "SEARCH_PATH", "PG_CATALOG"}) {
    own = std::min(own, upper.find(setting));
  }
  const std::string_view before = std::string_view(upper).substr(0, own);
  const Found mysql = find_first(
      before, {"\n#", "/*!4", "/*!5", "/*!8", "/*M!", "ENGINE=", "ENGINE =", "AUTO_INCREMENT",
               "DELIMITER $$", "DELIMITER //", "SET FOREIGN_KEY_CHECKS", "LOCK TABLES ",
               "INSERT IGNORE", "SET NAMES UTF8MB"});
  const Found sqlite =
      find_first(before, {"PRAGMA ", "AUTOINCREMENT", "SQLITE_SEQUENCE", "WITHOUT ROWID", "UNISTR(",
                          ",CHAR(10))", "INSERT OR IGNORE ", "INSERT OR REPLACE ",
                          "INSERT OR ABORT ", "INSERT OR FAIL ", "INSERT OR ROLLBACK "});
  // Either may name the other's words further down.
  if (!mysql.mark.empty() || !sqlite.mark.empty()) {
    const bool is_mysql = mysql.at < sqlite.at;
    mark = is_mysql ? mysql.mark : sqlite.mark;
    return is(is_mysql ? Dialect::mysql : Dialect::sqlite);
  }
  // SQLite reads backticks, too: they count only where nothing of its own stands.
  mark = find_any(before, {"`"});
  if (!mark.empty()) {
    // MySQL has no such statement, and SQLite's tools begin with it.
    const std::string_view begins = find_any(before, {"BEGIN TRANSACTION"});
    if (begins.empty()) return is(Dialect::mysql);
    mark = begins;
    return is(Dialect::sqlite);
  }
  mark = find_any(before, {"\nGO\n", "\nGO\r\n", "SET IDENTITY_INSERT", "[DBO]."});
  if (!mark.empty()) return is(Dialect::sql_server);
  mark = find_any(before, {"INSERT INTO [", "CREATE TABLE ["});
  if (!mark.empty()) return is(Dialect::sqlite);
  if (copy != std::string_view::npos) {
    mark = "FROM STDIN";
    return is(Dialect::postgresql);
  }
  // What neither MySQL nor SQLite writes; a quoted name is no string in MySQL's dumps.
  mark = find_any(upper, {"INSERT INTO \"\"",
                          "CREATE TABLE \"\"",
                          "::",
                          "$$",
                          " E'",
                          "(E'",
                          ",E'",
                          "STANDARD_CONFORMING_STRINGS",
                          "SEARCH_PATH",
                          "CLIENT_ENCODING",
                          "PG_CATALOG",
                          "PUBLIC.",
                          "SETVAL(",
                          "NEXTVAL(",
                          "ON CONFLICT",
                          "CREATE EXTENSION",
                          "CREATE POLICY",
                          "SERIAL ",
                          "JSONB",
                          "TIMESTAMPTZ",
                          "BYTEA",
                          "UUID",
                          "WITH TIME ZONE",
                          "WITHOUT TIME ZONE",
                          "CHARACTER VARYING",
                          "OVERRIDING SYSTEM VALUE",
                          "DO $"});
  return is(Dialect::postgresql);
}

Dialect detect_dialect(std::string_view first_block) {
  return guess_dialect(first_block).dialect;
}

}  // namespace pgseed::sql
