// Random dumps through a real MariaDB, where one is installed: every row that we read must hold
// what the server stores for it. PGSEED_TEST_SEED repeats a run.
#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/sql/rows.hpp"
#include "support/local_mariadb.hpp"
#include "support/random.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using pgseed::test::LocalMariadb;
using pgseed::test::Random;
using pgseed::test::Result;
using pgseed::test::TextInput;

namespace {

std::string hex(const std::string& bytes) {
  std::string digits;
  for (const char byte : bytes) {
    digits += "0123456789ABCDEF"[static_cast<unsigned char>(byte) >> 4];
    digits += "0123456789ABCDEF"[static_cast<unsigned char>(byte) & 15];
  }
  return digits;
}

std::string random_text(Random& random, bool any_bytes) {
  static const std::vector<std::string> kPieces = {"a",
                                                   "B",
                                                   " ",
                                                   "'",
                                                   "''",
                                                   "\"",
                                                   "\"\"",
                                                   "\\",
                                                   "\\\\",
                                                   "\\n",
                                                   "\n",
                                                   "\r\n",
                                                   "\t",
                                                   "\x1A",
                                                   "\x01",
                                                   "`",
                                                   ";",
                                                   ",",
                                                   "(",
                                                   ")",
                                                   "),(",
                                                   ");",
                                                   "--",
                                                   "-- ",
                                                   "#",
                                                   "/*",
                                                   "*/",
                                                   "/*!",
                                                   "%",
                                                   "_",
                                                   "\\%",
                                                   "\\_",
                                                   "$$",
                                                   "//",
                                                   "\\'",
                                                   "\\\"",
                                                   "0x41",
                                                   "NULL",
                                                   "\xC3\xA9",
                                                   "\xE2\x88\x80",
                                                   "\xF0\x9F\x98\x80",
                                                   "\\frac{1}{2}",
                                                   "INSERT INTO t VALUES (1);",
                                                   "delimit"};
  std::string text;
  const std::size_t pieces = random.one_in(20) ? random.below(300) : random.below(8);
  for (std::size_t index = 0; index < pieces; ++index) {
    text += random.pick(kPieces);
    if (any_bytes && random.one_in(8)) text += static_cast<char>(random.below(256));
    if (random.one_in(40)) text += '\0';
  }
  return text;
}

// What the dump has said so far of how it reads.
struct Mode {
  bool backslash_is_data = false;
  bool ansi_quotes = false;
  std::string delimiter = ";";
};

std::string quoted(Random& random, const std::string& text, const Mode& mode) {
  const char quote = !mode.ansi_quotes && random.one_in(3) ? '"' : '\'';
  std::string out(1, quote);
  for (const char byte : text) {
    const bool special = byte == '\\' || byte == '\'' || byte == '"';
    if (mode.backslash_is_data) {
      out += byte;
      if (byte == quote) out += byte;
    } else if (byte == quote && random.one_in(2)) {
      out += std::string(2, quote);
    } else if (byte == '\\' || byte == quote || (special && random.one_in(2))) {
      out += std::string("\\") + byte;
    } else if (byte == '\0') {
      out += "\\0";
    } else if (byte == '\n' && random.one_in(2)) {
      out += "\\n";
    } else if (byte == '\r' && random.one_in(2)) {
      out += "\\r";
    } else if (byte == '\x1A' && random.one_in(2)) {
      out += "\\Z";
    } else if (byte == 'a' && random.one_in(4)) {
      out += "\\a";  // stands for itself
    } else if (byte == '%' && random.one_in(4)) {
      out += "\\%";  // and this for both
    } else {
      out += byte;
    }
  }
  return out + quote;
}

std::string blank(Random& random) {
  static const std::vector<std::string> kBlanks = {
      " ",         " ",        " ",     "\n",   "\t",       "  ",           " /* ' \" ` */ ",
      " # it's\n", " -- \"\n", " --\n", "/**/", " /*! */ ", " /*!40000 */ "};
  return random.pick(kBlanks);
}
std::string maybe_blank(Random& random) {
  return random.one_in(4) ? blank(random) : "";
}

std::string literal(Random& random, const Mode& mode, bool any_bytes) {
  switch (random.below(12)) {
    case 0:
      return random.one_in(2) ? "NULL" : "null";
    case 1:
      return std::to_string(random.below(1000000));
    case 2:
      return (random.one_in(2) ? "-" : "") + std::to_string(random.below(1000)) + "." +
             std::to_string(random.below(1000));
    case 3: {
      static const std::vector<std::string> kNumbers = {"007",  ".50",  "1.",    "-0",  "- 5", "+3",
                                                        "00.5", "TRUE", "false", "-.5", "0"};
      return random.pick(kNumbers);
    }
    case 4:
      return "0x" + hex(random_text(random, true) + "x");
    case 5:
      return (random.one_in(2) ? "x'" : "X'") + hex(random_text(random, true)) + "'";
    case 6: {
      std::string bits;
      for (std::size_t left = random.below(20); left > 0; --left)
        bits += random.one_in(2) ? '1' : '0';
      return bits.empty() || random.one_in(2) ? "b'" + bits + "'" : "0b" + bits;
    }
    case 7:
      return "_binary" + maybe_blank(random) + quoted(random, random_text(random, any_bytes), mode);
    case 8:
      return quoted(random, random_text(random, any_bytes), mode) + blank(random) +
             quoted(random, random_text(random, any_bytes), mode);
    default:
      return quoted(random, random_text(random, any_bytes), mode);
  }
}

// (n, 'a', 'b'), sometimes with a value in a conditional comment.
std::string random_row(Random& random, std::size_t number, const Mode& mode, bool any_bytes) {
  static const std::vector<std::string> kOpenings = {"/*!", "/*!40000 ", "/*!100100 ",
                                                     "/*M!100100 "};
  std::string row = "(" + maybe_blank(random) + std::to_string(number);
  for (int column = 0; column < 2; ++column) {
    row += maybe_blank(random);
    if (random.one_in(12)) {
      // What MariaDB's client takes inside of one: no comment, no delimiter in a string, and digits
      // behind the opening are a version.
      static const std::vector<std::string> kValues = {"7",      "'x'",  "'a,(b)'",   "'it''s'",
                                                       "0x4142", "NULL", "'\xC3\xA9'"};
      const std::string value = random.pick(kValues);
      row += random.pick(kOpenings) + " ," + value + " */";
    } else {
      row += "," + maybe_blank(random) + literal(random, mode, any_bytes);
    }
    row += maybe_blank(random);
  }
  return row + ")";
}

std::string random_insert(Random& random, std::size_t& number, const Mode& mode, bool any_bytes) {
  static const std::vector<std::string> kVerbs = {
      "INSERT INTO", "insert into", "INSERT IGNORE INTO", "REPLACE INTO", "INSERT", "REPLACE"};
  const std::string name = random.one_in(3) && mode.ansi_quotes ? "\"t\""
                           : random.one_in(2)                   ? "`t`"
                                                                : "t";
  std::string out = random.pick(kVerbs) + blank(random) + name;
  if (random.one_in(8)) {
    return out + blank(random) + "SET n =" + std::to_string(++number) +
           ", `a`=" + literal(random, mode, any_bytes) + maybe_blank(random) +
           ", b = " + literal(random, mode, any_bytes) + maybe_blank(random);
  }
  if (random.one_in(2)) out += maybe_blank(random) + "(`n`, a," + blank(random) + "b)";
  out += blank(random) + (random.one_in(5) ? "VALUE" : "VALUES") + maybe_blank(random);
  for (std::size_t rows = 1 + random.below(4); rows > 0; --rows) {
    out += random_row(random, ++number, mode, any_bytes) + maybe_blank(random);
    if (rows > 1) out += "," + maybe_blank(random);
  }
  if (out[0] != 'R' && random.one_in(6)) out += " ON DUPLICATE KEY UPDATE a = CONCAT(b, ';')";
  return out;
}

std::string change_mode(Random& random, Mode& mode) {
  const std::string end = mode.delimiter + "\n";
  switch (random.below(4)) {
    case 0: {
      static const std::vector<std::string> kDelimiters = {";", "$$", "|||", ";;"};
      mode.delimiter = random.pick(kDelimiters);
      return "\nDELIMITER " + mode.delimiter + "\n";
    }
    case 1:
      mode.backslash_is_data = random.one_in(2);
      mode.ansi_quotes = random.one_in(2);
      return "SET sql_mode='" + std::string(mode.ansi_quotes ? "ANSI_QUOTES" : "") +
             (mode.backslash_is_data ? ",NO_BACKSLASH_ESCAPES" : "") + "'" + end;
    case 2:
      mode.backslash_is_data = false;
      mode.ansi_quotes = false;
      return "/*!40101 SET @OLD=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */" + end;
    default:
      return "/*!40000 ALTER TABLE `t` DISABLE KEYS */" + end + "LOCK TABLES t WRITE" + end +
             "UNLOCK TABLES" + end;
  }
}

std::string random_dump(Random& random) {
  Mode mode;
  const bool any_bytes = random.one_in(2);
  std::string dump = any_bytes ? "SET NAMES binary;\n" : "/*!40101 SET NAMES utf8mb4 */;\n";
  dump += "SET sql_mode='';\n";
  std::size_t number = 0;
  for (std::size_t left = 5 + random.below(20); left > 0; --left) {
    if (random.one_in(4)) dump += change_mode(random, mode);
    dump += maybe_blank(random) + random_insert(random, number, mode, any_bytes) + mode.delimiter +
            "\n";
  }
  return dump;
}

// "n a b" in hexadecimal digits for each row that we read, by n.
std::map<std::string, std::string> read_rows(const std::string& dump, std::size_t block) {
  TextInput input(dump, block);
  sql::ReaderOptions options;
  options.dialect = sql::Dialect::mysql;
  sql::DumpReader reader(input, "dump", options);
  std::map<std::string, std::string> rows;
  for (;;) {
    const sql::Piece piece = reader.next();
    if (piece == sql::Piece::end) return rows;
    if (piece == sql::Piece::statement) {
      if (!sql::is_unsupported(reader.statement().kind)) continue;
      throw std::runtime_error("unsupported: " + std::string(reader.statement().text));
    }
    const sql::Row& row = reader.row();
    if (!row.unsupported.empty()) {
      throw std::runtime_error("line " + std::to_string(row.line) + ": " + row.unsupported);
    }
    std::string line;
    for (const sql::Value& value : row.values) {
      if (!line.empty()) line += '\t';
      line += value.form == sql::Form::null ? "NULL"
              : line.empty()                ? sql::decoded(value)
                                            : hex(sql::decoded(value));
    }
    rows[line.substr(0, line.find('\t'))] = line;
  }
}

}  // namespace

TEST_CASE("sql mysql oracle: random dumps hold for us what MariaDB makes of them") {
  if (!LocalMariadb::is_installed()) return;
  const std::uint64_t seed = test::test_seed();
  MESSAGE("PGSEED_TEST_SEED=" << seed);
  Random random(seed);
  const LocalMariadb server;
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; ++round) {
    const std::string dump = random_dump(random);
    CAPTURE(round);
    CAPTURE(dump);
    const Result loaded = server.client(
        "drop database if exists d; create database d; use d;\n"
        "create table t (n int primary key, a longblob, b longblob);\n" +
        dump);
    REQUIRE_MESSAGE(loaded.exit_code == 0, loaded.err);
    const Result stored =
        server.client("select n, hex(a), hex(b) from t order by cast(n as char)", "d");
    REQUIRE(stored.exit_code == 0);
    const std::size_t block = random.one_in(2) ? 1 + random.below(100) : TextInput::kWhole;
    std::string found;
    for (const auto& [number, line] : read_rows(dump, block)) found += line + "\n";
    REQUIRE(found == stored.out);
  }
}
