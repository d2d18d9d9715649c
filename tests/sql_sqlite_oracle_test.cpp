// Random databases through the real sqlite3 and back: what it dumps, and what we write in any other
// of SQLite's spellings, must read as the values that it holds. PGSEED_TEST_SEED repeats a run.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/sqlite_table.hpp"
#include "support/process.hpp"
#include "support/random.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using pgseed::test::Command;
using pgseed::test::Random;
using pgseed::test::run;
using pgseed::test::TextInput;

namespace {

bool has_sqlite3() {
  try {
    Command version;
    version.argv = {"sqlite3", "--version"};
    if (run(version).exit_code == 0) return true;
  } catch (const std::exception&) {
    // told below
  }
  MESSAGE("sqlite3 is not installed: nothing is compared with it");
  return false;
}

std::string hex(const std::string& bytes) {
  std::string digits;
  for (const char byte : bytes) {
    digits += "0123456789ABCDEF"[static_cast<unsigned char>(byte) >> 4];
    digits += "0123456789ABCDEF"[static_cast<unsigned char>(byte) & 15];
  }
  return digits;
}

// Strings without NUL: SQLite's own dump ends at one.
std::string random_text(Random& random) {
  static const std::vector<std::string> kPieces = {"a",
                                                   "B",
                                                   " ",
                                                   "'",
                                                   "''",
                                                   "\"",
                                                   "\\",
                                                   "\\\\",
                                                   "\\n",
                                                   "\\r",
                                                   "\\012",
                                                   "\\015",
                                                   "\n",
                                                   "\r",
                                                   "\r\n",
                                                   "\t",
                                                   "\x01",
                                                   "\x1F",
                                                   "\x7F",
                                                   ");",
                                                   "),(",
                                                   "--",
                                                   "/*",
                                                   "*/",
                                                   ";",
                                                   ",",
                                                   "(",
                                                   ")",
                                                   "||",
                                                   "char(10)",
                                                   "NULL",
                                                   "0",
                                                   "1.50",
                                                   "1e5",
                                                   "X'00'",
                                                   "replace(",
                                                   "\\u000a",
                                                   "\\u",
                                                   "(\\n0)",
                                                   "\xC3\xA9",
                                                   "\xE2\x88\x80",
                                                   "\xF0\x9F\x98\x80",
                                                   "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
                                                   "\xEF\xBB\xBF",
                                                   "INSERT INTO t VALUES(1);"};
  std::string text;
  const std::size_t pieces = random.one_in(20) ? random.below(400) : random.below(8);
  for (std::size_t index = 0; index < pieces; ++index) text += random.pick(kPieces);
  return text;
}

std::string random_bytes(Random& random) {
  std::string bytes(random.below(12), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

double random_double(Random& random) {
  if (random.one_in(3)) return static_cast<double>(random.below(2000000)) / 1000 - 1000;
  const double mantissa = static_cast<double>(random.below(std::size_t{1} << 53));
  // Not the last decades: sqlite3 itself prints what it cannot read back there.
  return std::ldexp(random.one_in(2) ? mantissa : -mantissa,
                    static_cast<int>(random.below(600)) - 350);
}

std::int64_t random_integer(Random& random) {
  const std::uint64_t bits = static_cast<std::uint64_t>(random.below(SIZE_MAX)) >> random.below(64);
  return static_cast<std::int64_t>(random.one_in(2) ? bits : ~bits);
}

// A name that says its kind: "t3 ..." or "c0 ...".
std::string random_name(Random& random, const std::string& stem) {
  static const std::vector<std::string> kEnds = {"",  "",  "",   " x",       "\"",    "'",
                                                 "`", "]", "[",  "\xC3\xA4", "A",     "$",
                                                 ".", ";", "--", "(",        "select"};
  return stem + random.pick(kEnds) + random.pick(kEnds);
}

std::string in_quotes(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char byte : text) {
    if (byte == quote) out += byte;
    out += byte;
  }
  return out + quote;
}

// A name in one of SQLite's spellings.
std::string spelled(Random& random, const std::string& name) {
  const bool is_word = std::all_of(name.begin(), name.end(),
                                   [](char byte) { return sql::is_identifier_part(byte); });
  if (is_word && random.one_in(2)) return name;
  if (name.find(']') == std::string::npos && random.one_in(3)) return "[" + name + "]";
  return in_quotes(name, random.pick(std::string("\"\"`'")));
}

struct Table {
  std::string name;
  std::vector<std::string> columns;  // without generated ones
  std::string create;
};

Table random_table(Random& random, std::size_t number) {
  static const std::vector<std::string> kTypes = {"",
                                                  " INTEGER",
                                                  " TEXT",
                                                  " REAL",
                                                  " BLOB",
                                                  " NUMERIC",
                                                  " int",
                                                  " bool",
                                                  " VARCHAR(10)",
                                                  " DECIMAL(10, 2)",
                                                  " [my type]",
                                                  " \"date\"",
                                                  " DOUBLE PRECISION",
                                                  " UNSIGNED BIG INT",
                                                  " TEXT COLLATE NOCASE",
                                                  " DEFAULT 'a,)'"};
  Table table;
  table.name = random_name(random, "t" + std::to_string(number));
  std::string columns;
  const std::size_t count = 1 + random.below(6);
  for (std::size_t index = 0; index < count; ++index) {
    const std::string name = random_name(random, "c" + std::to_string(index));
    columns += (columns.empty() ? "" : ", ") + spelled(random, name);
    if (index > 0 && random.one_in(8)) {
      columns += random.one_in(2) ? " INT GENERATED ALWAYS AS (1 + 1) STORED" : " AS ('x, y')";
      continue;
    }
    columns += random.pick(kTypes);
    table.columns.push_back(name);
  }
  const bool without_rowid = random.one_in(6);
  if (without_rowid || random.one_in(6)) columns += ", id INTEGER PRIMARY KEY";
  if (without_rowid || columns.find(", id INTEGER PRIMARY KEY") != std::string::npos) {
    table.columns.push_back("id");
  }
  if (random.one_in(4)) columns += ", CHECK (1 OR ')')";
  table.create = "CREATE TABLE " + spelled(random, table.name) + (random.one_in(2) ? "(" : "\n (") +
                 columns + ")" + (without_rowid ? " WITHOUT ROWID" : "") + ";\n";
  return table;
}

// Where a value is written as nobody could misread it.
std::string plain_literal(Random& random) {
  switch (random.below(8)) {
    case 0:
      return "NULL";
    case 1:
      return std::to_string(static_cast<int>(random.below(200)) - 100);
    case 2: {
      const std::int64_t number = random_integer(random);
      return number == INT64_MIN ? "0" : std::to_string(number);
    }
    case 3: {
      char buffer[64];
      std::snprintf(buffer, sizeof buffer, "%.17e", random_double(random));
      return buffer;
    }
    case 4:
      return "X'" + hex(random_bytes(random)) + "'";
    case 5:
      return random.one_in(4) ? (random.one_in(2) ? "9e999" : "-9e999") : "0.5";
    default:
      return "CAST(X'" + hex(random_text(random)) + "' AS TEXT)";
  }
}

// One cell, alike for SQLite's answers and our values: n, i1, r0x1p+0, tHEX, bHEX.
std::string cell(double real) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "r%a", real);
  return buffer;
}

std::string cell(const sql::Value& value) {
  if (value.form == sql::Form::null) return "n";
  const std::string text = sql::decoded(value);
  if (value.form == sql::Form::bytes) return "b" + hex(text);
  if (value.form != sql::Form::number) return "t" + hex(text);
  const bool real = text.find_first_of(".I") != std::string::npos;
  return real ? cell(std::strtod(text.c_str(), nullptr)) : "i" + text;
}

std::string cell_query(const std::string& column) {
  const std::string name = in_quotes(column, '"');
  return "CASE typeof(" + name + ") WHEN 'null' THEN 'n' WHEN 'integer' THEN 'i'||" + name +
         " WHEN 'real' THEN 'r'||ieee754_mantissa(" + name + ")||'/'||ieee754_exponent(" + name +
         ") WHEN 'text' THEN 't'||hex(" + name + ") ELSE 'b'||hex(" + name + ") END";
}

// Lines of sqlite3 -> one sorted list of "table|cell|cell" each.
std::vector<std::string> cells_of(const std::string& output) {
  std::vector<std::string> rows;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::string row;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '|');) {
      if (!row.empty()) row += '|';
      const std::size_t slash = field.find('/');
      row += field[0] == 'r' && slash != std::string::npos
                 ? cell(std::ldexp(std::strtod(field.c_str() + 1, nullptr),
                                   std::atoi(field.c_str() + slash + 1)))
                 : field;
    }
    rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::string select_all(const Table& table) {
  std::string query = "SELECT 'T" + hex(table.name) + "'";
  for (const std::string& column : table.columns) query += "," + cell_query(column);
  return query + " FROM " + in_quotes(table.name, '"') + ";\n";
}

// What sqlite3 prints for SQL or lines of its shell.
std::string sqlite3(const std::vector<std::string>& pieces) {
  Command command;
  // As arguments: from standard input the shell drops a CR before a LF, inside strings as well.
  command.argv = {"sqlite3", "-bail", "-batch", ":memory:"};
  command.argv.insert(command.argv.end(), pieces.begin(), pieces.end());
  const test::Result result = run(command);
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  return result.out;
}

// Our rows in the same form, each value under the column that CREATE TABLE and the list tell.
std::vector<std::string> rows_of(const std::string& dump, const std::vector<Table>& tables,
                                 std::size_t block) {
  std::vector<std::string> rows;
  std::vector<sql::TableDefinition> defined;
  TextInput input(dump, block);
  sql::ReaderOptions options;
  options.dialect = sql::Dialect::sqlite;
  sql::DumpReader reader(input, "dump.sql", options);
  try {
    for (;;) {
      const sql::Piece piece = reader.next();
      if (piece == sql::Piece::end) break;
      if (piece == sql::Piece::statement) {
        if (auto table = sql::read_sqlite_create(reader.statement().text)) {
          defined.push_back(std::move(*table));
        }
        if (sql::is_unsupported(reader.statement().kind)) {
          rows.push_back("unsupported " + std::string(reader.statement().text));
        }
        continue;
      }
      const std::string& name = reader.head().table.name;
      std::vector<std::string> names = reader.head().columns;
      for (const sql::TableDefinition& table : defined) {
        if (table.name.name != name || reader.head().has_columns) continue;
        for (const sql::ColumnDefinition& column : table.columns) {
          if (!column.generated) names.push_back(column.name);
        }
      }
      const auto table = std::find_if(tables.begin(), tables.end(),
                                      [&](const Table& each) { return each.name == name; });
      std::string row = "T" + hex(name);
      if (table == tables.end() || !reader.row().unsupported.empty()) {
        row += " unsupported or unknown: " + reader.row().unsupported;
      } else {
        for (const std::string& column : table->columns) {
          const auto at = std::find(names.begin(), names.end(), column);
          const auto index = static_cast<std::size_t>(at - names.begin());
          row +=
              "|" + (index < reader.row().values.size() ? cell(reader.row().values[index]) : "?");
        }
      }
      rows.push_back(row);
    }
  } catch (const Error& error) {
    rows.push_back(error.where + ": " + error.message);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

void check_same(const std::vector<std::string>& ours, const std::vector<std::string>& wanted) {
  CHECK(ours.size() == wanted.size());
  for (std::size_t index = 0; index < ours.size() && index < wanted.size(); ++index) {
    if (ours[index] == wanted[index]) continue;
    CHECK(ours[index] == wanted[index]);
    return;
  }
}

// A gap between tokens.
std::string gap(Random& random) {
  static const std::vector<std::string> kGaps = {"",   "",        "",       " ",         "\n",
                                                 "\t", "/* ' */", "-- ;\n", " /* /* */", "\r\n"};
  return random.pick(kGaps);
}

std::string text_literal(Random& random, const std::string& text);

// replace('...MARK...','MARK','part') of a text that does not hold the mark.
std::string replaced_literal(Random& random, const std::string& text) {
  static const std::vector<std::string> kMarks = {"\\n", "\\r", "\\012", "~", "(\\n7)", "%%%%%%"};
  static const std::vector<std::string> kParts = {"\n", "\r", "a", "'", "\\", "\xC3\xA9", ";"};
  const std::string mark = random.pick(kMarks);
  const std::string part = random.pick(kParts);
  if (text.find(mark) != std::string::npos) return in_quotes(text, '\'');
  std::string marked;
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, part.size(), part) == 0) {
      marked += mark;
      at += part.size();
    } else {
      marked += text[at++];
    }
  }
  const std::string written =
      part == "\n" && random.one_in(2) ? "char(10)" : text_literal(random, part);
  return "replace" + gap(random) + "(" + text_literal(random, marked) + gap(random) + "," +
         in_quotes(mark, '\'') + "," + gap(random) + written + ")";
}

// A text in one of the spellings that every sqlite3 reads.
std::string text_literal(Random& random, const std::string& text) {
  switch (random.below(8)) {
    case 0:
      return replaced_literal(random, text);
    case 1: {
      // Between characters only.
      std::size_t middle = random.below(text.size() + 1);
      while (middle < text.size() && (static_cast<unsigned char>(text[middle]) & 0xC0) == 0x80)
        ++middle;
      return "(" + in_quotes(text.substr(0, middle), '\'') + gap(random) + "||" + gap(random) +
             text_literal(random, text.substr(middle)) + ")";
    }
    case 2:
      if (text.size() < 20 &&
          std::all_of(text.begin(), text.end(), [](char byte) { return byte > 0; })) {
        std::string call = "char(";
        for (const char byte : text) {
          call += (call.back() == '(' ? "" : ",") + std::to_string(static_cast<int>(byte));
        }
        return call + ")";
      }
      return in_quotes(text, '\'');
    default:
      return in_quotes(text, '\'');
  }
}

std::string any_literal(Random& random) {
  switch (random.below(10)) {
    case 0:
      return random.pick(
          std::vector<std::string>{"NULL", "null", "TRUE", "false", "9e999", "-1e999"});
    case 1: {
      char buffer[32];
      std::snprintf(buffer, sizeof buffer, "0x%llx",
                    static_cast<unsigned long long>(random_integer(random)));
      return buffer;
    }
    case 2:
      return (random.one_in(2) ? "-" : "") + gap(random) + std::to_string(random.below(100000)) +
             random.pick(
                 std::vector<std::string>{"", ".", ".0", ".50", "e3", "E-2", "e+1", ".125e1"});
    case 3:
      return random.pick(std::vector<std::string>{"007", ".5", "-0", "-0.0", "00.10", "+3", "- 4",
                                                  "9223372036854775808", "-9223372036854775808"});
    case 4:
      return random.pick(std::string("xX")) + in_quotes(hex(random_bytes(random)), '\'');
    default:
      return text_literal(random, random_text(random));
  }
}

}  // namespace

TEST_CASE("sql sqlite oracle: what sqlite3 dumps is read as what it holds") {
  if (!has_sqlite3()) return;
  const std::uint64_t seed = test::test_seed();
  CAPTURE(seed);
  Random random(seed);
  for (int database = 0; database < 8; ++database) {
    std::vector<Table> tables;
    std::vector<std::string> pieces;
    std::string queries;
    for (std::size_t number = 0; number < 40; ++number) {
      const Table& table = tables.emplace_back(random_table(random, number));
      std::string& script = pieces.emplace_back(table.create);
      for (std::size_t row = random.below(12); row > 0; --row) {
        script += "INSERT INTO " + in_quotes(table.name, '"') + " VALUES(";
        for (std::size_t index = 0; index < table.columns.size(); ++index) {
          script += (index == 0 ? "" : ",") +
                    (table.columns[index] == "id" ? std::to_string(row) : plain_literal(random));
        }
        script += ");\n";
      }
      queries += select_all(table);
    }
    pieces.push_back(queries);
    const std::vector<std::string> wanted = cells_of(sqlite3(pieces));
    pieces.back() = ".dump";
    const std::string dump = sqlite3(pieces);
    for (const std::size_t block : {TextInput::kWhole, std::size_t{1}, std::size_t{97}}) {
      CAPTURE(block);
      check_same(rows_of(dump, tables, block), wanted);
    }
  }
}

TEST_CASE("sql sqlite oracle: every other spelling is read as sqlite3 reads it") {
  if (!has_sqlite3()) return;
  const std::uint64_t seed = test::test_seed();
  CAPTURE(seed);
  Random random(seed);
  for (int database = 0; database < 8; ++database) {
    std::vector<Table> tables;
    std::vector<std::string> pieces;
    std::string queries;
    for (std::size_t number = 0; number < 30; ++number) {
      // Without types: they would make other values of the literals.
      Table& table = tables.emplace_back();
      table.name = random_name(random, "t" + std::to_string(number));
      const std::size_t count = 1 + random.below(4);
      std::string names;
      for (std::size_t index = 0; index < count; ++index) {
        table.columns.push_back(random_name(random, "c" + std::to_string(index)));
        names += (index == 0 ? "" : ",") + gap(random) + spelled(random, table.columns.back());
      }
      std::string& script = pieces.emplace_back();
      script = "CREATE" + (gap(random) + " ") + "TABLE " + spelled(random, table.name) +
               gap(random) + "(" + names + gap(random) + ");";
      for (std::size_t statement = random.below(4); statement > 0; --statement) {
        static const std::vector<std::string> kVerbs = {"INSERT INTO ", "insert or replace into ",
                                                        "INSERT/**/OR IGNORE INTO ",
                                                        "REPLACE INTO "};
        script += random.pick(kVerbs) + (random.one_in(5) ? "main." : "") +
                  spelled(random, table.name) + gap(random);
        std::vector<std::string> listed = table.columns;
        if (random.one_in(2)) {
          std::reverse(listed.begin(), listed.end());
          script += "(";
          for (std::size_t index = 0; index < count; ++index) {
            script += (index == 0 ? "" : ",") + gap(random) + spelled(random, listed[index]);
          }
          script += ")";
        }
        script += gap(random) + " VALUES";
        for (std::size_t row = 1 + random.below(5); row > 0; --row) {
          script += gap(random) + "(";
          for (std::size_t index = 0; index < count; ++index) {
            script += (index == 0 ? "" : ",") + gap(random) + any_literal(random) + gap(random);
          }
          script += ")" + gap(random) + (row > 1 ? "," : "");
        }
        if (random.one_in(4)) script += " ON CONFLICT DO NOTHING";
        script += ";" + gap(random);
      }
      script += "\n";
      queries += select_all(table);
    }
    pieces.push_back(queries);
    const std::vector<std::string> wanted = cells_of(sqlite3(pieces));
    std::string script;
    pieces.pop_back();
    for (const std::string& piece : pieces) script += piece;
    for (const std::size_t block : {TextInput::kWhole, std::size_t{1}, std::size_t{97}}) {
      CAPTURE(block);
      check_same(rows_of(script, tables, block), wanted);
    }
  }
}

// Newer versions than the one at hand write control characters so.
TEST_CASE("sql sqlite oracle: unistr() of any text is that text") {
  const std::uint64_t seed = test::test_seed();
  CAPTURE(seed);
  Random random(seed);
  Table table;
  table.name = "t";
  table.columns = {"c"};
  std::string dump = "CREATE TABLE t(c);\n";
  std::vector<std::string> wanted;
  for (int row = 0; row < 500; ++row) {
    const std::string text = random_text(random);
    std::string escaped;
    for (const char byte : text) {
      char buffer[16];
      if (byte == '\\') {
        escaped += "\\\\";
      } else if (static_cast<unsigned char>(byte) < 0x20) {
        static constexpr const char* kForms[] = {"\\u%04x", "\\%04X", "\\+%06x", "\\U%08X"};
        std::snprintf(buffer, sizeof buffer, kForms[random.below(4)], byte);
        escaped += buffer;
      } else {
        escaped += byte;
      }
    }
    dump += "INSERT INTO t VALUES(unistr(" + in_quotes(escaped, '\'') + "));\n";
    wanted.push_back("T74|t" + hex(text));
  }
  std::sort(wanted.begin(), wanted.end());
  for (const std::size_t block : {TextInput::kWhole, std::size_t{1}, std::size_t{97}}) {
    CAPTURE(block);
    check_same(rows_of(dump, {table}, block), wanted);
  }
}
