// Dumps as MariaDB's client reads them.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <optional>

#include "support/random_dump.hpp"
#include "support/random_text.hpp"

namespace pgseed::test {
namespace {

using Texts = std::vector<std::string>;

enum class Kind { text, bytes, integer, number, real, boolean, bit, date, json, uuid, word };

// A type there and here, and what shows its values alike: $ stands for the column.
struct Type {
  const char* mysql;
  const char* postgresql;
  Kind kind;
  std::size_t size;  // digits, characters or bytes
  const char* shown_there = "hex($)";
  const char* shown_here = "upper(encode(convert_to($::text, 'UTF8'), 'hex'))";
  bool is_real = false;
};

constexpr const char* kShowsItself = "$";
constexpr const char* kBytesHere = "upper(encode($, 'hex'))";

const std::vector<Type>& types() {
  static const std::vector<Type> all = {
      {"longtext", "text", Kind::text, 0},
      {"varchar(40)", "varchar(40)", Kind::text, 40},
      {"tinytext", "text", Kind::text, 60},
      {"mediumtext", "text", Kind::text, 0},
      {"char(20)", "text", Kind::word, 20},
      {"longblob", "bytea", Kind::bytes, 0, "hex($)", kBytesHere},
      {"tinyblob", "bytea", Kind::bytes, 200, "hex($)", kBytesHere},
      {"varbinary(100)", "bytea", Kind::bytes, 100, "hex($)", kBytesHere},
      {"tinyint(1)", "boolean", Kind::boolean, 1, kShowsItself, "$::int"},
      {"bit(1)", "boolean", Kind::boolean, 1, "$+0", "$::int"},
      {"bit(10)", "bit(10)", Kind::bit, 10, "lpad(bin($+0),10,'0')", kShowsItself},
      {"bit(64)", "bit(64)", Kind::bit, 64, "lpad(bin($+0),64,'0')", kShowsItself},
      {"tinyint", "smallint", Kind::integer, 2, kShowsItself, kShowsItself},
      {"smallint", "smallint", Kind::integer, 4, kShowsItself, kShowsItself},
      {"mediumint", "integer", Kind::integer, 6, kShowsItself, kShowsItself},
      {"int", "integer", Kind::integer, 9, kShowsItself, kShowsItself},
      {"bigint", "bigint", Kind::integer, 18, kShowsItself, kShowsItself},
      {"bigint unsigned", "numeric(20)", Kind::integer, 0, kShowsItself, kShowsItself},
      {"decimal(20,4)", "numeric(20,4)", Kind::number, 4, kShowsItself, kShowsItself},
      {"decimal(65,30)", "numeric(65,30)", Kind::number, 30, kShowsItself, kShowsItself},
      {"double", "double precision", Kind::real, 17, kShowsItself, kShowsItself, true},
      {"float", "real", Kind::real, 9, "$+0e0", "$::double precision", true},
      {"date", "date", Kind::date, 10, kShowsItself, kShowsItself},
      {"datetime(6)", "timestamp", Kind::date, 26, "date_format($, '%Y-%m-%d_%H:%i:%s.%f')",
       "to_char($, 'YYYY-MM-DD_HH24:MI:SS.US')"},
      {"datetime", "timestamp", Kind::date, 19, "date_format($, '%Y-%m-%d_%H:%i:%s')",
       "to_char($, 'YYYY-MM-DD_HH24:MI:SS')"},
      {"timestamp(3) null", "timestamptz", Kind::date, 23, "date_format($, '%Y-%m-%d_%H:%i:%s.%f')",
       "to_char($ at time zone 'UTC', 'YYYY-MM-DD_HH24:MI:SS.US')"},
      {"time", "time", Kind::date, 8, kShowsItself, kShowsItself},
      {"year", "smallint", Kind::date, 4, kShowsItself, kShowsItself},
      {"enum('a','it''s, \"b\"','\\\\x','')", "text", Kind::word, 0},
      {"set('a','b','c')", "text", Kind::word, 1},
      {"json", "json", Kind::json, 0},
      {"binary(16)", "uuid", Kind::uuid, 16, "lower(hex($))", "replace($::text, '-', '')"},
  };
  return all;
}

struct Column {
  std::string name;
  const Type* type = nullptr;  // of none: the key
  bool is_generated = false;
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  std::size_t next = 1;
};

std::string replaced(const std::string& pattern, const std::string& name) {
  std::string out;
  for (const char byte : pattern) out += byte == '$' ? name : std::string(1, byte);
  return out;
}

std::string padded(std::size_t number, int digits) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%0*zu", digits, number);
  return buffer;
}

std::string cut(const std::string& text, std::size_t bytes) {
  if (bytes == 0 || text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {
    dump_.seed = seed;
    dump_.dialect = sql::Dialect::mysql;
  }

  RandomDump write() {
    preamble();
    make_tables();
    for (Table& table : tables_) define(table);
    for (std::size_t left = 3 + random_.below(10); left > 0; --left) {
      if (random_.one_in(3)) change_settings();
      insert(tables_[random_.below(tables_.size())]);
    }
    end("COMMIT");
    if (is_latin1_) dump_.text = latin1(dump_.text);
    return std::move(dump_);
  }

 private:
  void end(const std::string& statement) { dump_.text += statement + delimiter_ + newline_; }

  // --- tables

  void make_tables() {
    for (std::size_t number = 0, count = 1 + random_.below(3); number < count; ++number) {
      Table& table = tables_.emplace_back();
      // Its file's name has five bytes for most characters that are neither letters nor digits.
      table.name = name_of(table_stem(dump_.seed, number), 40);
      for (std::size_t index = 0, most = 1 + random_.below(7); index < most; ++index) {
        Column column;
        column.name = name_of("c" + std::to_string(index));
        column.type =
            random_.one_in(4) ? &types().front() : &types()[random_.below(types().size())];
        table.columns.push_back(column);
      }
      if (random_.one_in(8)) table.columns.push_back({"made", nullptr, true});
      shuffle(table.columns);
      table.columns.insert(table.columns.begin() +
                               static_cast<std::ptrdiff_t>(random_.below(table.columns.size() + 1)),
                           Column{"n"});
      RandomTable& shown = dump_.tables.emplace_back();
      shown.schema = "public";
      shown.name = table.name;
      shown.columns.push_back({"n", "n", "n"});
      for (const Column& column : table.columns) {
        if (column.name == "n") continue;
        const Type made = {"", "", Kind::integer, 0, kShowsItself, kShowsItself};
        const Type& type = column.type == nullptr ? made : *column.type;
        shown.columns.push_back({column.name,
                                 replaced(type.shown_there, in_quotes(column.name, '`')),
                                 replaced(type.shown_here, in_quotes(column.name)), type.is_real});
      }
    }
  }

  std::string name_of(const std::string& stem, std::size_t longest = 63) {
    NameRules rules;
    rules.longest = longest;
    rules.any_plane = false;
    if (is_latin1_) {
      const std::string name = narrow(random_name(random_, stem, rules));
      return static_cast<unsigned char>(name.back()) <= ' ' ? name + '_' : name;
    }
    return random_name(random_, stem, rules);
  }

  template <class Element>
  void shuffle(std::vector<Element>& elements) {
    for (std::size_t left = elements.size(); left > 1; --left) {
      std::swap(elements[left - 1], elements[random_.below(left)]);
    }
  }

  void define(const Table& table) {
    std::string there = "CREATE TABLE " + in_quotes(table.name, '`') + " (\n";
    std::vector<std::string> here;
    for (const Column& column : table.columns) {
      there += "  " + in_quotes(column.name, '`') + " ";
      if (column.name == "n") {
        there += "int(11) NOT NULL";
        here.push_back("n int primary key");
      } else if (column.is_generated) {
        there += "int GENERATED ALWAYS AS (`n` + 1) STORED";
        here.push_back("made int generated always as (n + 1) stored");
      } else {
        there += std::string(column.type->mysql) +
                 random_.pick(Texts{"", " DEFAULT NULL", " COMMENT 'it''s; `x`'"});
        here.push_back(in_quotes(column.name) + " " + column.type->postgresql);
      }
      there += ",\n";
    }
    there += "  PRIMARY KEY (`n`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";
    if (random_.one_in(2) && delimiter_ == ";") {
      // The file knows the order: the target may have another.
      if (random_.one_in(2)) end("DROP TABLE IF EXISTS " + in_quotes(table.name, '`'));
      end(there);
      shuffle(here);
    } else {
      dump_.schema_there += there + ";\n";
    }
    dump_.schema_here += "create table " + in_quotes(table.name) + " (";
    for (const std::string& column : here) {
      if (&column != here.data()) dump_.schema_here += ", ";
      dump_.schema_here += column;
    }
    dump_.schema_here += ");\n";
  }

  // --- what stands around the rows

  void preamble() {
    static const Texts kHeads = {
        "-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB\n--\n-- Host: x    Database: d\n-- "
        "---\n\n",
        "/*M!999999\\- enable the sandbox mode */ \n",
        "-- phpMyAdmin SQL Dump\n-- https://www.phpmyadmin.net/\n--\n", "", "# it's\n"};
    newline_ = random_.one_in(5) ? "\r\n" : "\n";
    dump_.text = random_.pick(kHeads);
    if (random_.one_in(3))
      dump_.text += "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n";
    any_bytes_ = random_.one_in(4);
    is_latin1_ = !any_bytes_ && random_.one_in(5);
    end(any_bytes_   ? "SET NAMES binary"
        : is_latin1_ ? random_.pick(Texts{"/*!40101 SET NAMES latin1 */", "SET NAMES 'latin1'"})
                     : random_.pick(Texts{"/*!40101 SET NAMES utf8mb4 */", "SET NAMES utf8mb4",
                                          "set names 'utf8mb4' COLLATE 'utf8mb4_general_ci'"}));
    end("/*!40103 SET TIME_ZONE='+00:00' */");
    end(random_.one_in(2)
            ? "SET sql_mode=''"
            : "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */");
    if (random_.one_in(3)) end("/*!40014 SET FOREIGN_KEY_CHECKS=0, UNIQUE_CHECKS=0 */");
    if (random_.one_in(4)) end("USE `d`");
    if (random_.one_in(4)) end("START TRANSACTION");
  }

  void change_settings() {
    switch (random_.below(6)) {
      case 0:
        delimiter_now(random_.pick(Texts{";", "$$", "|||", ";;", "/=/"}));
        break;
      case 1:
        backslash_is_data_ = random_.one_in(2);
        ansi_quotes_ = random_.one_in(2);
        end("SET " + random_.pick(Texts{"", "SESSION ", "@@"}) + "sql_mode='" +
            (ansi_quotes_ ? "ANSI_QUOTES" : "") +
            (backslash_is_data_ ? ",NO_BACKSLASH_ESCAPES" : "") + "'");
        break;
      case 2: {
        const std::string table = in_quotes(random_.pick(tables_).name, '`');
        end("LOCK TABLES " + table + " WRITE");
        end("/*!40000 ALTER TABLE " + table + " DISABLE KEYS */");
        end("/*!40000 ALTER TABLE " + table + " ENABLE KEYS */");
        end("UNLOCK TABLES");
        break;
      }
      case 3:
        trigger();
        break;
      case 4:
        end(random_.pick(Texts{"COMMIT", "BEGIN", "SET autocommit=1", "/*!40101 SET @x = 1 */"}));
        break;
      default:
        dump_.text += blank() + newline_;
    }
  }

  void delimiter_now(const std::string& delimiter) {
    delimiter_ = delimiter;
    dump_.text += newline_ + random_.pick(Texts{"DELIMITER ", "delimiter "}) + delimiter + newline_;
  }

  // A procedure's body holds statements of its own.
  void trigger() {
    const std::string before = delimiter_;
    delimiter_now("$$");
    end("CREATE PROCEDURE IF NOT EXISTS p() BEGIN SELECT 'INSERT INTO t VALUES (1);'; SELECT 2; "
        "END");
    delimiter_now(before);
  }

  // --- rows

  std::string blank() {
    static const Texts kBlanks = {" ",
                                  " ",
                                  " ",
                                  "\n",
                                  "\t",
                                  "  ",
                                  " /* ' \" ` */ ",
                                  " # it's\n",
                                  " -- \"\n",
                                  " --\n",
                                  "/**/",
                                  " /*! */ ",
                                  " /*!40000 */ ",
                                  "\r\n",
                                  " /* ; */ "};
    return random_.pick(kBlanks);
  }
  std::string maybe() { return random_.one_in(4) ? blank() : ""; }
  std::string word(std::string upper) {
    if (random_.one_in(2)) {
      for (char& byte : upper) byte = static_cast<char>(std::tolower(byte));
    }
    return upper;
  }

  std::string name(const std::string& name) {
    const bool is_plain = std::all_of(name.begin(), name.end(), [](char byte) {
      return byte == '_' || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
    });
    if (is_plain && random_.one_in(2)) return name;
    return in_quotes(name, ansi_quotes_ && random_.one_in(2) ? '"' : '`');
  }

  std::string string(const std::string& text) {
    const char quote = !ansi_quotes_ && random_.one_in(3) ? '"' : '\'';
    std::string out(1, quote);
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char byte = text[at];
      const char next = at + 1 < text.size() ? text[at + 1] : '\0';
      const bool special = byte == '\\' || byte == '\'' || byte == '"';
      if (backslash_is_data_) {
        out += byte;
        if (byte == quote) out += byte;
      } else if (byte == '\\' && (next == '%' || next == '_') && random_.one_in(2)) {
        out += byte;  // stands for both, with the byte behind it
      } else if (byte == quote && random_.one_in(2)) {
        out += std::string(2, quote);
      } else if (byte == '\\' || byte == quote || (special && random_.one_in(2))) {
        out += std::string("\\") + byte;
      } else if (byte == '\0') {
        out += "\\0";
      } else if (random_.one_in(2) && std::string("\n\r\t\b\x1A").find(byte) != std::string::npos) {
        out += '\\';
        out += "nrtbZ"[std::string("\n\r\t\b\x1A").find(byte)];
      } else if (byte == 'a' && random_.one_in(4)) {
        out += "\\a";  // stands for itself
      } else {
        out += byte;
      }
    }
    return out + quote;
  }

  // In two strings, which are one.
  std::string strings(const std::string& text) {
    if (!random_.one_in(12)) return string(text);
    std::size_t middle = random_.below(text.size() + 1);
    while (middle < text.size() && (static_cast<unsigned char>(text[middle]) & 0xC0) == 0x80)
      ++middle;
    return string(text.substr(0, middle)) + blank() + string(text.substr(middle));
  }

  std::string hexadecimal(const std::string& bytes) {
    if (bytes.empty() || random_.one_in(2)) {
      return (random_.one_in(2) ? "x'" : "X'") + hex(bytes) + "'";
    }
    return "0x" + hex(bytes);
  }

  std::string text(const std::string& value) {
    // What names another character set is none of the file's.
    if (is_latin1_ && !is_ascii(value)) {
      return random_.one_in(8) ? hexadecimal(value) : strings(value);
    }
    switch (random_.below(16)) {
      case 0:
        return hexadecimal(value);
      case 1:
        return "_utf8mb4" + maybe() + strings(value);
      case 2:
        return "_binary" + maybe() + strings(value);
      case 3:
        return "_utf8mb4 " + hexadecimal(value) + random_.pick(Texts{"", " COLLATE utf8mb4_bin"});
      case 4:
        // The national character set has three bytes for a character.
        if (value.find('\xF0') == std::string::npos && value.find('\xF4') == std::string::npos) {
          return (random_.one_in(2) ? "N'" : "n'") + string_of_quotes(value) + "'";
        }
        break;
      default:
        break;
    }
    return strings(value);
  }

  // The characters that latin1 has.
  static std::string narrow(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto lead = static_cast<unsigned char>(text[at]);
      if (lead < 0x80) out += text[at];
      const bool is_narrow = lead == 0xC3 || (lead == 0xC2 && text[at + 1] >= '\xA0');
      if (is_narrow) out += text.substr(at, 2);
    }
    return out;
  }
  static std::string latin1(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto lead = static_cast<unsigned char>(text[at]);
      if (lead < 0x80) {
        out += text[at];
      } else {
        out += static_cast<char>((lead & 3) << 6 | (text[++at] & 63));
      }
    }
    return out;
  }
  std::string any_string() {
    const std::string any = random_string(random_);
    return is_latin1_ ? narrow(any) : any;
  }

  // Between single quotes.
  std::string string_of_quotes(const std::string& value) {
    std::string out;
    for (const char byte : value) {
      if (byte == '\'' || (byte == '\\' && !backslash_is_data_)) out += byte;
      out += byte;
    }
    return out;
  }

  std::string number(const std::string& digits) {
    switch (random_.below(8)) {
      case 0:
        return "'" + digits + "'";
      case 1:
        return digits[0] == '-' ? "-" + blank_of_sign() + digits.substr(1) : "+" + digits;
      case 2:
        return digits[0] == '-' ? "-00" + digits.substr(1) : "00" + digits;
      default:
        return digits;
    }
  }
  std::string blank_of_sign() { return random_.one_in(2) ? " " : ""; }

  std::string integer(const Type& type) {
    const std::string name = type.mysql;
    if (name == "bigint unsigned") {
      if (random_.one_in(4)) return "18446744073709551615";
      std::string digits = random_digits(random_, 18);
      if (digits[0] == '-') digits.erase(0, 1);
      return random_.one_in(6)
                 ? "0x" + hex(std::string(1, static_cast<char>(1 + random_.below(255))))
                 : number(digits);
    }
    if (name == "bigint" && random_.one_in(4)) {
      return random_.pick(Texts{"9223372036854775807", "-9223372036854775808"});
    }
    if (type.size > 2 && random_.one_in(12)) {
      return random_.pick(Texts{"0x7f", "b'101'", "0b11", "TRUE", "false", "1.5", "-2.5", "1e3",
                                "12e-1", "0", "-0", "007", ".5", "5."});
    }
    return number(random_digits(random_, type.size));
  }

  std::string decimal(const Type& type) {
    if (random_.one_in(4)) {
      return random_.pick(
          Texts{"0", "-0.0", "1.00005", "-1.00005", ".5", "5.", "1e3", "1.5e-3", "'1.10'", "TRUE"});
    }
    std::string digits = random_digits(random_, 14) + ".";
    for (std::size_t left = 1 + random_.below(type.size + 3); left > 0; --left) {
      digits += static_cast<char>('0' + random_.below(10));
    }
    return number(digits);
  }

  std::string real(const Type& type) {
    if (random_.one_in(3)) {
      return type.size == 9
                 ? random_.pick(Texts{"0.1", "3.4e38", "-1e-30", "16777217", "0", "1.17549435e-38"})
                 : random_.pick(Texts{"0.1", "1.7976931348623157e308", "2.2250738585072014e-308",
                                      "-5e-324", "0", "123456789.123456789", "1e22", "1e23"});
    }
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, type.size == 9 ? "%.9g" : "%.17g",
                  (static_cast<double>(random_.below(1u << 30)) - (1 << 29)) /
                      (1.0 + static_cast<double>(random_.below(100000))));
    return number(buffer);
  }

  std::string date(const Type& type) {
    const std::string name = type.mysql;
    const std::string date = padded(1000 + random_.below(9000), 4) + "-" +
                             padded(1 + random_.below(12), 2) + "-" +
                             padded(1 + random_.below(28), 2);
    const std::string time = padded(random_.below(24), 2) + ":" + padded(random_.below(60), 2) +
                             ":" + padded(random_.below(60), 2);
    const std::string micro = "." + padded(random_.below(1000000), 6);
    if (name != "time" && name != "year" && random_.one_in(60) && !name.starts_with("timestamp")) {
      return random_.pick(Texts{"'0000-00-00'", "'0000-00-00 00:00:00'", "'2024-00-10'"});
    }
    if (name == "year") return padded(1901 + random_.below(255), 4);
    if (name == "time")
      return random_.one_in(3) ? word("TIME") + "'" + time + "'" : "'" + time + "'";
    if (name == "date") {
      return random_.one_in(6) ? word("DATE") + " '" + date + "'"
             : random_.one_in(6)
                 ? "'" + date.substr(0, 4) + date.substr(5, 2) + date.substr(8) + "'"
                 : "'" + date + "'";
    }
    if (name.starts_with("timestamp")) {
      return "'" + padded(1971 + random_.below(60), 4) + date.substr(4) + " " + time +
             micro.substr(0, 4) + "'";
    }
    const std::string whole = date + " " + time + (name == "datetime(6)" ? micro : "");
    return random_.one_in(6) ? word("TIMESTAMP") + "'" + whole + "'" : "'" + whole + "'";
  }

  std::string json() {
    std::string inner;
    for (const char byte : any_string()) {
      if (byte == '"' || byte == '\\') inner += '\\';
      inner += static_cast<unsigned char>(byte) < 0x20 ? ' ' : byte;
    }
    return text(random_.pick(Texts{"[]", "{}", "[1, 2.50,  null]", "true", "-1.5e3"}) == "[]"
                    ? "{\"a\":  [\"" + inner + "\"], \"\": null}"
                    : random_.pick(Texts{"[]", "{}", "[1, 2.50,  null]", "true", "-1.5e3"}));
  }

  std::string value(const Column& column) {
    if (random_.one_in(9))
      return random_.one_in(3) ? (backslash_is_data_ ? "null" : "\\N") : word("NULL");
    if (random_.one_in(40)) return word("DEFAULT");
    const Type& type = *column.type;
    switch (type.kind) {
      case Kind::text:
        if (random_.one_in(20))
          return random_.pick(Texts{"007", "1.50", "-0", "TRUE", "12345", "0x41"});
        return text(cut(any_string(), type.size));
      case Kind::word:
        if (type.size == 20) return text(cut("w" + any_string() + "x", 18) + "w");
        if (type.size == 1) return random_.pick(Texts{"'a'", "'a,b'", "'a,b,c'", "''", "'c'"});
        return text(random_.pick(Texts{"a", "it's, \"b\"", "\\x", ""}));
      case Kind::bytes:
        return bytes(random_.one_in(2) ? any_string() : random_bytes(random_), type.size);
      case Kind::boolean:
        return std::string(type.mysql) == "bit(1)"
                   ? random_.pick(Texts{"b'0'", "b'1'", "0", "1", "TRUE", "0x01", "0b1", "'\x01'"})
                   : random_.pick(Texts{"0", "1", "TRUE", "false", "'1'", "'0'"});
      case Kind::bit: {
        std::string bits;
        for (std::size_t left = 1 + random_.below(type.size); left > 0; --left) {
          bits += random_.one_in(2) ? '1' : '0';
        }
        return random_.one_in(6) ? std::to_string(random_.below(1000))
               : random_.one_in(6)
                   ? "0x" + hex(std::string(1, static_cast<char>(random_.below(256))))
               : random_.one_in(3) ? "0b" + bits
                                   : (random_.one_in(2) ? "b'" : "B'") + bits + "'";
      }
      case Kind::integer:
        return integer(type);
      case Kind::number:
        return decimal(type);
      case Kind::real:
        return real(type);
      case Kind::date:
        return date(type);
      case Kind::json:
        return json();
      case Kind::uuid: {
        std::string sixteen(16, '\0');
        for (char& byte : sixteen) byte = static_cast<char>(random_.below(256));
        return random_.one_in(2) ? hexadecimal(sixteen) : bytes(sixteen, 16);
      }
    }
    return "NULL";
  }

  // Bytes between quotes want a file whose character set is binary.
  std::string bytes(const std::string& all, std::size_t most) {
    const std::string some = most == 0 ? all : all.substr(0, most);
    switch (is_latin1_ && !is_ascii(some) ? 0 : random_.below(4)) {
      case 0:
        return hexadecimal(some);
      case 1:
        return "_binary" + maybe() + strings(some);
      default:
        return any_bytes_ || is_ascii(some) ? strings(some) : "_binary " + string(some);
    }
  }
  static bool is_ascii(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char byte) { return (byte & 0x80) == 0; });
  }

  std::vector<const Column*> chosen(const Table& table, bool listed) {
    std::vector<const Column*> columns;
    for (const Column& column : table.columns) columns.push_back(&column);
    if (!listed) return columns;
    std::erase_if(columns, [&](const Column* column) {
      return column->name != "n" && (column->is_generated || random_.one_in(8));
    });
    shuffle(columns);
    return columns;
  }

  std::string cell(const Column& column, std::size_t key) {
    if (column.name == "n")
      return random_.one_in(6) ? "'" + std::to_string(key) + "'" : std::to_string(key);
    if (column.is_generated) return random_.one_in(2) ? word("DEFAULT") : word("NULL");
    return value(column);
  }

  void insert(Table& table) {
    static const Texts kVerbs = {
        "INSERT INTO", "INSERT INTO", "INSERT IGNORE INTO",       "REPLACE INTO",
        "INSERT",      "REPLACE",     "INSERT LOW_PRIORITY INTO", "INSERT  IGNORE"};
    const std::string verb = random_.pick(kVerbs);
    std::string text = maybe() + word(verb) + blank() + name(table.name);
    if (random_.one_in(10)) {
      text += " SET n=" + std::to_string(table.next++);
      for (const Column* column : chosen(table, true)) {
        if (column->name == "n") continue;
        text +=
            maybe() + "," + maybe() + name(column->name) + maybe() + "=" + maybe() + value(*column);
      }
      return end(text + maybe());
    }
    const bool listed = !random_.one_in(3);
    const std::vector<const Column*> columns = chosen(table, listed);
    if (listed) {
      text += maybe() + "(";
      for (const Column* column : columns) {
        text += (column == columns.front() ? "" : ",") + maybe() + name(column->name) + maybe();
      }
      text += ")";
    }
    text += blank() + word(random_.one_in(5) ? "VALUE" : "VALUES") + maybe();
    for (std::size_t rows = 1 + random_.below(random_.one_in(20) ? 50 : 5); rows > 0; --rows) {
      text += maybe() + "(";
      for (std::size_t index = 0; index < columns.size(); ++index) {
        const std::string cell_text = cell(*columns[index], table.next);
        const bool simple =
            index > 0 && cell_text.find_first_of("/*\\;\"#-$|`\n") == std::string::npos;
        if (simple && random_.one_in(20)) {
          static const Texts kOpenings = {"/*!", "/*!40000 ", "/*!100100 ", "/*M!100100 "};
          text += random_.pick(kOpenings) + " ," + cell_text + " */";
        } else {
          text += (index == 0 ? "" : ",") + maybe() + cell_text + maybe();
        }
      }
      ++table.next;
      text += ")" + maybe() + (rows > 1 ? "," : "");
    }
    if (verb[0] != 'R' && random_.one_in(6)) {
      text += blank() + word("ON DUPLICATE KEY UPDATE") + " n=VALUES(n)+0";
    }
    end(text + maybe());
  }

  Random random_;
  RandomDump dump_;
  std::vector<Table> tables_;
  std::string newline_ = "\n", delimiter_ = ";";
  bool backslash_is_data_ = false, ansi_quotes_ = false, any_bytes_ = false, is_latin1_ = false;
};

}  // namespace

RandomDump random_mysql_dump(std::uint64_t seed) {
  return Writer(seed).write();
}

}  // namespace pgseed::test
