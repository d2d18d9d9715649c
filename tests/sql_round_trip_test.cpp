// Seeded round trips: random rows, written in random spellings of PostgreSQL's literals with random
// white space and comments, are read back the same. PGSEED_TEST_SEED repeats a run.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/rows.hpp"
#include "support/random.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using pgseed::test::Random;
using pgseed::test::TextInput;

namespace {

using Text = std::optional<std::string>;  // no value: NULL

struct WantedRow {
  std::string table;
  std::vector<std::string> columns;
  std::vector<Text> values;
};

struct WantedDump {
  std::string text;
  std::vector<WantedRow> rows;
  std::vector<std::size_t> row_ends;  // offset behind each row's last byte
};

std::string random_string(Random& random) {
  static const std::vector<std::string> kPieces = {"a",
                                                   "b",
                                                   "Z",
                                                   " ",
                                                   "  ",
                                                   "'",
                                                   "''",
                                                   "\"",
                                                   "\\",
                                                   "\\\\",
                                                   "\\n",
                                                   "\n",
                                                   "\r\n",
                                                   "\t",
                                                   "\x01",
                                                   "\x7F",
                                                   ");",
                                                   "),(",
                                                   "--",
                                                   "/*",
                                                   "*/",
                                                   "$$",
                                                   "$a$",
                                                   "$",
                                                   ";",
                                                   ",",
                                                   "(",
                                                   ")",
                                                   "INSERT INTO t VALUES (1);",
                                                   "\\.",
                                                   "\n\\.\n",
                                                   "\\N",
                                                   "NULL",
                                                   "E'",
                                                   "\\'",
                                                   "\xC3\xA9",
                                                   "\xE2\x88\x80",
                                                   "\xF0\x9F\x98\x80",
                                                   "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
                                                   "{",
                                                   "}",
                                                   "\b",
                                                   "\f",
                                                   "\v",
                                                   "0",
                                                   "-1",
                                                   ":x",
                                                   "`",
                                                   "\\frac{1}{2}",
                                                   "\xEF\xBB\xBF",
                                                   "COPY t FROM stdin;\n"};
  std::string out;
  const std::size_t pieces = random.one_in(4) ? 0 : random.below(random.one_in(20) ? 200 : 8);
  for (std::size_t piece = 0; piece < pieces; ++piece) out += random.pick(kPieces);
  return out;
}

std::string random_name(Random& random) {
  static const std::vector<std::string> kPieces = {
      "a",  "B", "_",  "1", " ", "\"", ";", "--", "/*", "'", ".", "(",   "\n",
      "$$", ",", "\\", "É", "∀", "id", "*", ":",  "?",  "&", "%", "\\.", "u"};
  std::string out;
  do {
    for (std::size_t piece = random.below(5) + 1; piece > 0; --piece) out += random.pick(kPieces);
  } while (out.size() > 60);
  return out;
}

std::string doubled(const std::string& text, char quote) {
  std::string out;
  for (const char byte : text) {
    if (byte == quote) out += quote;
    out += byte;
  }
  return out;
}

std::string blank(Random& random) {
  static const std::vector<std::string> kBlanks = {
      " ", "\n", "\t",   "\r\n",       "  ",  " ", " ", "/*');*/", "-- ');\n", "/* /* ' */ */",
      " ", "\f", "--\n", "--\r\n--\n", "/**/"};
  std::string out;
  for (std::size_t count = random.below(3); count > 0; --count) out += random.pick(kBlanks);
  return out;
}

std::string write_name(Random& random, const std::string& name) {
  if (random.one_in(8) && name.find('\\') == std::string::npos) {
    return "U&\"" + doubled(name, '"') + "\"";
  }
  return "\"" + doubled(name, '"') + "\"";
}

std::string hex(std::uint32_t number, int digits) {
  std::string out;
  for (int at = digits - 1; at >= 0; --at) out += "0123456789abcdef"[number >> (4 * at) & 15];
  return out;
}

// Code points of valid UTF-8.
std::vector<std::uint32_t> code_points(const std::string& text) {
  std::vector<std::uint32_t> out;
  for (const char byte : text) {
    const auto bits = static_cast<unsigned char>(byte);
    if ((bits & 0xC0) == 0x80) {
      out.back() = out.back() << 6 | (bits & 63);
    } else {
      out.push_back(bits < 0x80   ? bits
                    : bits < 0xE0 ? bits & 31
                    : bits < 0xF0 ? bits & 15
                                  : bits & 7);
    }
  }
  return out;
}

std::string write_escaped(Random& random, const std::string& text) {
  std::string out = random.one_in(2) ? "E'" : "e'";
  if (random.one_in(2)) {
    // Character by character, some of them as \u escapes.
    for (const std::uint32_t code : code_points(text)) {
      if (code >= 0x10000 && random.one_in(2)) {
        out += "\\u" + hex(0xD800 + ((code - 0x10000) >> 10), 4) + "\\u" +
               hex(0xDC00 + ((code - 0x10000) & 0x3FF), 4);
      } else if (random.one_in(2)) {
        out += "\\U" + hex(code, 8);
      } else if (code < 0x10000) {
        out += "\\u" + hex(code, 4);
      } else {
        out += "\\U" + hex(code, 8);
      }
    }
    return out + "'";
  }
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    // A character is spelled byte by byte or not at all: raw text must be UTF-8 by itself.
    switch (code >= 0x80 ? random.below(2) : random.below(4)) {
      case 0:
        out += "\\x" + hex(code, 2);
        break;
      case 1:
        out += std::string("\\") + static_cast<char>('0' + (code >> 6)) +
               static_cast<char>('0' + (code >> 3 & 7)) + static_cast<char>('0' + (code & 7));
        break;
      default:
        if (byte == '\n' && random.one_in(2)) {
          out += "\\n";
        } else if (byte == '\'') {
          out += random.one_in(2) ? "''" : "\\'";
        } else {
          out += byte == '\\' ? "\\\\" : std::string(1, byte);
        }
    }
  }
  return out + "'";
}

std::string write_literal(Random& random, const Text& value) {
  static const std::vector<std::string> kNulls = {"NULL", "null", "Null", "(NULL)", "NULL::text"};
  if (!value) return random.pick(kNulls);
  const std::string& text = *value;
  switch (random.below(10)) {
    case 0:
      return write_escaped(random, text);
    case 1: {
      static const std::vector<std::string> kTags = {"$$", "$a$", "$x_1$", "$é$", "$longer$"};
      for (const std::string& tag : kTags) {
        // Neither the tag nor the beginning of one may stand at the end.
        if ((text + tag).find(tag) == text.size()) return tag + text + tag;
      }
      break;
    }
    case 2: {
      // In pieces over newlines, cut between characters.
      std::size_t middle = random.below(text.size() + 1);
      while (middle < text.size() && (static_cast<unsigned char>(text[middle]) & 0xC0) == 0x80)
        ++middle;
      return "'" + doubled(text.substr(0, middle), '\'') + "' -- '\n\t'" +
             doubled(text.substr(middle), '\'') + "'";
    }
    case 3: {
      std::string out = "U&'";
      for (const std::uint32_t code : code_points(text)) {
        if (code == '\\' || code == '\'' || random.one_in(3) || code > 0x7E) {
          out += "\\+" + hex(code, 6);
        } else {
          out += static_cast<char>(code);
        }
      }
      return out + "'";
    }
    case 4:
      return "('" + doubled(text, '\'') + "')" + blank(random) + "::" + blank(random) + "text";
    case 5:
      return "CAST(" + blank(random) + "'" + doubled(text, '\'') + "' AS text)";
    case 6:
      if (text.empty() || text.back() != ' ') return "N'" + doubled(text, '\'') + "'";
      break;
    default:
      break;
  }
  return "'" + doubled(text, '\'') + "'";
}

void add_insert(Random& random, WantedDump& dump) {
  WantedRow row;
  row.table = random_name(random);
  const std::size_t count = random.below(4) + 1;
  for (std::size_t column = 0; column < count; ++column) row.columns.push_back(random_name(random));
  std::string& text = dump.text;
  text += blank(random) + (random.one_in(2) ? "INSERT" : "insert") + " " + blank(random) + "INTO " +
          write_name(random, row.table) + blank(random);
  const bool listed = !random.one_in(4);
  if (listed) {
    text += "(";
    for (std::size_t column = 0; column < count; ++column) {
      if (column > 0) text += ",";
      text += blank(random) + write_name(random, row.columns[column]) + blank(random);
    }
    text += ")";
  } else {
    row.columns.clear();
  }
  text += " " + blank(random) + "VALUES";
  for (std::size_t rows = random.below(6) + 1; rows > 0; --rows) {
    text += blank(random) + "(";
    row.values.clear();
    for (std::size_t column = 0; column < count; ++column) {
      if (column > 0) text += ",";
      row.values.push_back(random.one_in(8) ? Text() : random_string(random));
      text += blank(random) + write_literal(random, row.values.back()) + blank(random);
    }
    text += ")";
    dump.rows.push_back(row);
    dump.row_ends.push_back(text.size());
    text += blank(random);
    if (rows > 1) text += ",";
  }
  if (random.one_in(4)) text += " ON CONFLICT (\"a;\") DO UPDATE SET b = ');' || E'\\''";
  text += ";\n";
}

void add_copy(Random& random, WantedDump& dump) {
  WantedRow row;
  row.table = random_name(random);
  const std::size_t count = random.below(4) + 1;
  for (std::size_t column = 0; column < count; ++column) row.columns.push_back(random_name(random));
  std::string& text = dump.text;
  const bool csv = random.one_in(2);
  const bool crlf = random.one_in(4);
  const std::string newline = crlf ? "\r\n" : "\n";
  const char delimiter = csv ? random.pick(std::string(",;|\t")) : random.pick(std::string("\t|,"));
  text += "COPY " + write_name(random, row.table) + " (";
  for (std::size_t column = 0; column < count; ++column) {
    if (column > 0) text += ", ";
    text += write_name(random, row.columns[column]);
  }
  text += std::string(") FROM stdin ") + (csv ? "CSV " : "") + "DELIMITER '" + delimiter + "';" +
          newline;
  for (std::size_t rows = random.below(6); rows > 0; --rows) {
    row.values.clear();
    for (std::size_t column = 0; column < count; ++column) {
      if (column > 0) text += delimiter;
      row.values.push_back(random.one_in(8) ? Text() : random_string(random));
      const Text& value = row.values.back();
      if (csv) {
        if (value) text += "\"" + doubled(*value, '"') + "\"";
        continue;
      }
      if (!value) {
        text += "\\N";
        continue;
      }
      for (const char byte : *value) {
        const auto code = static_cast<unsigned char>(byte);
        if (byte == '\n') {
          text += "\\n";
        } else if (byte == '\r') {
          text += "\\r";
        } else if (byte == '\\' || byte == delimiter) {
          text += std::string("\\") + byte;
        } else if (code < 0x20 && random.one_in(2)) {
          text += "\\x" + hex(code, 2);
        } else {
          text += byte;
        }
      }
    }
    text += newline;
    dump.rows.push_back(row);
    dump.row_ends.push_back(text.size());
  }
  text += "\\." + newline;
}

WantedDump random_dump(Random& random) {
  WantedDump dump;
  for (std::size_t pieces = random.below(4) + 1; pieces > 0; --pieces) {
    switch (random.below(4)) {
      case 0:
        add_copy(random, dump);
        break;
      case 1:
        dump.text +=
            blank(random) + "CREATE FUNCTION f() AS $x$ INSERT INTO t VALUES (');'); $x$;\n";
        break;
      default:
        add_insert(random, dump);
    }
  }
  return dump;
}

// The first difference between what was written and what is read back; empty if there is none.
std::string difference(const WantedDump& wanted, TextInput& input) {
  std::size_t at = 0;
  try {
    sql::DumpReader reader(input, "a.sql", {});
    for (;;) {
      const sql::Piece piece = reader.next();
      if (piece == sql::Piece::end) break;
      if (piece == sql::Piece::statement) continue;
      const sql::Row& row = reader.row();
      const sql::RowsHead& head = reader.head();
      if (at == wanted.rows.size()) return "a row too many";
      const WantedRow& expected = wanted.rows[at++];
      const std::string place =
          "row " + std::to_string(at) + " in line " + std::to_string(row.line);
      if (!row.unsupported.empty()) return place + ": " + row.unsupported;
      if (head.table.name != expected.table) return place + ": table " + head.table.name;
      if (head.columns != expected.columns) return place + ": other columns";
      if (row.values.size() != expected.values.size()) return place + ": other count";
      for (std::size_t index = 0; index < row.values.size(); ++index) {
        const sql::Value& value = row.values[index];
        const Text found = value.form == sql::Form::null ? Text() : sql::decoded(value);
        if (found != expected.values[index]) {
          return place + ": [" + found.value_or("NULL") + "] for [" +
                 expected.values[index].value_or("NULL") + "]";
        }
      }
    }
  } catch (const Error& error) {
    return error.where + ": " + error.message;
  }
  return at == wanted.rows.size() ? "" : "rows missing";
}

}  // namespace

TEST_CASE("sql round trip: random rows in random spellings are read back the same") {
  const std::uint64_t seed = test::test_seed();
  INFO("PGSEED_TEST_SEED=", seed);
  Random random(seed);
  for (int round = 0; round < 600; ++round) {
    const WantedDump dump = random_dump(random);
    const std::size_t block = round % 3 == 0 ? TextInput::kWhole : random.below(100) + 1;
    TextInput input(dump.text, block);
    const std::string found = difference(dump, input);
    CAPTURE(round);
    CAPTURE(dump.text);
    REQUIRE(found == "");
  }
}

TEST_CASE(
    "sql round trip: a dump torn anywhere gives its rows so far and an error, never other rows") {
  const std::uint64_t seed = test::test_seed();
  INFO("PGSEED_TEST_SEED=", seed);
  Random random(seed);
  for (int round = 0; round < 8; ++round) {
    WantedDump dump;
    do {
      dump = random_dump(random);
    } while (dump.text.size() > 800 || dump.rows.empty());
    CAPTURE(dump.text);
    for (std::size_t cut = 0; cut <= dump.text.size(); ++cut) {
      const std::string torn = dump.text.substr(0, cut);
      TextInput input(torn, cut % 2 == 0 ? TextInput::kWhole : 5);
      sql::DumpReader reader(input, "a.sql", {});
      std::size_t rows = 0;
      bool failed = false;
      bool same = true;
      try {
        for (;;) {
          const sql::Piece piece = reader.next();
          if (piece == sql::Piece::end) break;
          if (piece == sql::Piece::statement) continue;
          const WantedRow& expected = dump.rows.at(rows);
          same &= dump.row_ends[rows] <= cut && reader.row().unsupported.empty();
          for (std::size_t index = 0; same && index < expected.values.size(); ++index) {
            const sql::Value& value = reader.row().values.at(index);
            same &= (value.form == sql::Form::null ? Text() : sql::decoded(value)) ==
                    expected.values[index];
          }
          ++rows;
        }
      } catch (const Error& error) {
        failed = true;
        same &= error.kind == ErrorKind::input && !error.where.empty();
      }
      // Only between statements may a text end: behind ';', the end of COPY, or blanks and
      // comments.
      if (!failed) {
        const auto whole = static_cast<std::size_t>(
            std::upper_bound(dump.row_ends.begin(), dump.row_ends.end(), cut) -
            dump.row_ends.begin());
        same &= rows == whole;
      }
      CAPTURE(cut);
      REQUIRE(same);
    }
  }
}

TEST_CASE("sql round trip: a small dump torn at every byte ends well only between its statements") {
  const std::string text =
      "SET x = 'a';\nINSERT INTO t (a, b) VALUES (1, 'x'), (2, E'\\'y');\n"
      "COPY t (a, b) FROM stdin;\n3\tz\n\\.\nSELECT setval('s', 3);\n";
  std::vector<std::size_t> found;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    TextInput input(text.substr(0, cut));
    const std::vector<std::string> lines = test::transcript(input);
    if (!lines.empty() && lines.back().rfind("error", 0) == 0) continue;
    found.push_back(static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(),
        [](const std::string& line) { return line.find(" t(a,b): ") != std::string::npos; })));
  }
  // At the very beginning, behind each ';' or `\.` line, and behind the newline that follows.
  CHECK(found == std::vector<std::size_t>{0, 0, 0, 2, 2, 3, 3, 3});
}
