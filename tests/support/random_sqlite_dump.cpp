// Dumps as sqlite3 reads them.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <tuple>

#include "support/random_dump.hpp"
#include "support/random_text.hpp"

namespace pgseed::test {
namespace {

using Texts = std::vector<std::string>;

enum class Kind { text, bytes, integer, real, number, boolean, moment, json };

// A declared type and its counterpart, and what shows its values alike: $ stands for the column.
struct Type {
  const char* sqlite;
  const char* postgresql;
  Kind kind;
  const char* shown_there;
  const char* shown_here;
  bool is_real = false;
};

// hex(NULL) is the empty text.
constexpr const char* kHexThere = "case when $ is null then null else hex($) end";
constexpr const char* kTextHere = "upper(encode(convert_to($::text, 'UTF8'), 'hex'))";
constexpr const char* kRealThere =
    "case when abs($)=9e999 then case when $>0 then 'inf' else '-inf' end when $ is null then null "
    "else printf('%!.20g',$) end";

const std::vector<Type>& types() {
  static const std::vector<Type> all = {
      {"TEXT", "text", Kind::text, kHexThere, kTextHere},
      {"VARCHAR(10)", "text", Kind::text, kHexThere, kTextHere},
      {"CLOB COLLATE NOCASE", "text", Kind::text, kHexThere, kTextHere},
      {"BLOB", "bytea", Kind::bytes, kHexThere, "upper(encode($, 'hex'))"},
      {"", "bytea", Kind::bytes, kHexThere, "upper(encode($, 'hex'))"},
      {"INTEGER", "bigint", Kind::integer, "$", "$"},
      {"UNSIGNED BIG INT", "numeric", Kind::integer, "$", "$"},
      {"REAL", "double precision", Kind::real, kRealThere, "$", true},
      {"DOUBLE PRECISION", "double precision", Kind::real, kRealThere, "$", true},
      {"DECIMAL(10, 2)", "numeric", Kind::number, kRealThere, "$", true},
      {"NUMERIC", "double precision", Kind::number, kRealThere, "$", true},
      {"BOOLEAN", "boolean", Kind::boolean, "$", "$::int"},
      {"DATETIME", "timestamp", Kind::moment, "replace($, ' ', '_')",
       "to_char($, 'YYYY-MM-DD_HH24:MI:SS')"},
      {"DATE", "date", Kind::moment, "$", "$"},
      {"[my json]", "jsonb", Kind::json, kHexThere, kTextHere},
      {"JSON", "json", Kind::json, kHexThere, kTextHere},
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

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {
    dump_.seed = seed;
    dump_.dialect = sql::Dialect::sqlite;
  }

  RandomDump write() {
    newline_ = random_.one_in(5) ? "\r\n" : "\n";
    if (random_.one_in(6)) dump_.text = "\xEF\xBB\xBF";
    has_pragma_ = random_.one_in(2);
    if (has_pragma_) line("PRAGMA foreign_keys=OFF;");
    if (random_.one_in(3)) dump_.text += "-- it's" + newline_;
    line("BEGIN TRANSACTION;");
    make_tables();
    // Another case of a name is only known by the CREATE TABLE.
    const bool is_inside = random_.one_in(2);
    for (Table& table : tables_) define(table, is_inside);
    for (std::size_t left = 3 + random_.below(10); left > 0; --left) {
      if (random_.one_in(4)) noise();
      insert(tables_[random_.below(tables_.size())]);
    }
    line("COMMIT;");
    return std::move(dump_);
  }

 private:
  void line(const std::string& text) { dump_.text += text + newline_; }

  // --- tables

  void make_tables() {
    for (std::size_t number = 0, count = 1 + random_.below(3); number < count; ++number) {
      Table& table = tables_.emplace_back();
      table.name = random_name(random_, table_stem(dump_.seed, number), {});
      for (std::size_t index = 0, most = 1 + random_.below(7); index < most; ++index) {
        Column column;
        column.name = random_name(random_, "c" + std::to_string(index), {});
        column.type =
            random_.one_in(3) ? &types().front() : &types()[random_.below(types().size())];
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
        const std::string name = in_quotes(column.name);
        if (column.type == nullptr) {
          shown.columns.push_back({column.name, name, name});
        } else {
          shown.columns.push_back({column.name, replaced(column.type->shown_there, name),
                                   replaced(column.type->shown_here, name), column.type->is_real});
        }
      }
    }
  }

  template <class Element>
  void shuffle(std::vector<Element>& elements) {
    for (std::size_t left = elements.size(); left > 1; --left) {
      std::swap(elements[left - 1], elements[random_.below(left)]);
    }
  }

  void define(const Table& table, bool is_inside) {
    in_file_ = false;  // its own spelling is the name
    std::string there = "CREATE TABLE " + name(table.name) + gap() + "(" + gap();
    std::vector<std::string> here;
    for (const Column& column : table.columns) {
      if (&column != table.columns.data()) there += gap() + "," + gap();
      there += name(column.name) + " ";
      if (column.name == "n") {
        there += random_.pick(Texts{"INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT",
                                    "INT UNIQUE NOT NULL"});
        here.push_back("n bigint primary key");
      } else if (column.is_generated) {
        there += random_.one_in(2) ? "INT GENERATED ALWAYS AS (n + 1) STORED" : "INT AS (n + 1)";
        here.push_back("made bigint generated always as (n + 1) stored");
      } else {
        there += column.type->sqlite;
        here.push_back(in_quotes(column.name) + " " + column.type->postgresql);
        if (random_.one_in(10)) there += " CHECK (1 OR ')')";
      }
    }
    there += gap() + ");";
    in_file_ = is_inside;
    if (in_file_) {
      // The file knows the order: the target may have another.
      if (random_.one_in(4)) line("DROP TABLE IF EXISTS " + name(table.name) + ";");
      line(there);
      shuffle(here);
    } else {
      dump_.schema_there += there + "\n";
    }
    dump_.schema_here += "create table " + in_quotes(table.name) + " (";
    for (const std::string& column : here) {
      if (&column != here.data()) dump_.schema_here += ", ";
      dump_.schema_here += column;
    }
    dump_.schema_here += ");\n";
  }

  void noise() {
    static const Texts kNoise = {
        "COMMIT; BEGIN TRANSACTION;",
        "/* INSERT INTO t VALUES ('\"; */",
        "-- INSERT INTO t VALUES ('",
        "CREATE VIEW IF NOT EXISTS v AS SELECT 'INSERT INTO t VALUES (1);' AS x;",
        "CREATE TEMP TRIGGER IF NOT EXISTS g AFTER INSERT ON main.sqlite_stat1 BEGIN SELECT ';' ; "
        "END;",
        ";",
        "PRAGMA encoding;",
        "ANALYZE;",
        "SAVEPOINT s; RELEASE s;"};
    std::string text = random_.pick(kNoise);
    if (text.starts_with("CREATE TEMP TRIGGER")) {
      text =
          "CREATE TABLE IF NOT EXISTS other(x); CREATE TEMP TRIGGER IF NOT EXISTS g AFTER INSERT "
          "ON other BEGIN SELECT ';'; SELECT CASE 1 WHEN 1 THEN 2 END; END;";
    }
    line(text);
  }

  // --- spellings

  std::string gap() {
    static const Texts kGaps = {"",   "",        "",       "",          " ",   "\n",
                                "\t", "/* ' */", "-- ;\n", " /* /* */", "\r\n"};
    const std::string picked = random_.pick(kGaps);
    // PostgreSQL's comments nest: what this one ends with depends on whose it is.
    return !has_pragma_ && picked == " /* /* */" ? " " : picked;
  }

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
    if (is_plain && random_.one_in(2)) {
      return in_file_ && random_.one_in(6) ? upper_case(name) : name;
    }
    // Other dialects know no brackets: where nothing tells SQLite, what is in them counts for them.
    const char* const bad = has_pragma_ ? "]" : "]'\"`-/$:#";
    if (name.find_first_of(bad) == std::string::npos && random_.one_in(3)) return "[" + name + "]";
    // Backticks are MySQL's, unless something else tells.
    return in_quotes(name, random_.pick(std::string(has_pragma_ ? "\"\"\"`'" : "\"\"'")));
  }
  static std::string upper_case(std::string name) {
    for (char& byte : name) byte = static_cast<char>(std::toupper(byte));
    return name;
  }

  std::string text(const std::string& value) {
    switch (random_.below(14)) {
      case 0:
        return replace_call(value);
      case 1: {
        std::size_t middle = random_.below(value.size() + 1);
        while (middle < value.size() &&
               (static_cast<unsigned char>(value[middle]) & 0xC0) == 0x80) {
          ++middle;
        }
        return "(" + in_quotes(value.substr(0, middle), '\'') + gap() + "||" + gap() +
               text(value.substr(middle)) + ")";
      }
      case 2: {
        if (value.size() > 20) break;
        std::string call = word("CHAR") + "(";
        for (const std::uint32_t code : code_points(value)) {
          call += (call.back() == '(' ? "" : "," + gap()) + std::to_string(code);
        }
        return call + ")";
      }
      case 3:
        return replace_as_dumped(value);
      default:
        break;
    }
    return in_quotes(value, '\'');
  }

  // As sqlite3's .dump spells line ends.
  std::string replace_as_dumped(const std::string& value) {
    std::string marked = value;
    std::string head, tail;
    for (const auto& [byte, mark, code] :
         {std::tuple<char, std::string, std::string>{'\n', "\\n", "10"}, {'\r', "\\r", "13"}}) {
      if (marked.find(byte) == std::string::npos || marked.find(mark) != std::string::npos)
        continue;
      std::string out;
      for (const char each : marked) out += each == byte ? mark : std::string(1, each);
      marked = out;
      head = "replace(" + head;
      tail += ",'" + mark + "',char(" + code + "))";
    }
    return head + in_quotes(marked, '\'') + tail;
  }

  std::string replace_call(const std::string& value) {
    const std::string mark = random_.pick(Texts{"\\n", "~", "(\\n7)", "%%%%%%", "\\012"});
    const std::string part = random_.pick(Texts{"\n", "\r", "a", "'", "\\", ";"});
    if (value.find(mark) != std::string::npos) return in_quotes(value, '\'');
    std::string marked;
    for (const char byte : value) marked += byte == part[0] ? mark : std::string(1, byte);
    return word("REPLACE") + gap() + "(" + text(marked) + gap() + "," + gap() +
           in_quotes(mark, '\'') + "," + text(part) + ")";
  }

  std::string real() {
    if (random_.one_in(4)) {
      return random_.pick(Texts{"0.1", "1e999", "-9e999", "1.7976931348623157e308", "-0.0", ".5",
                                "5.", "2.2250738585072014e-308", "9007199254740993", "1e22", "1e23",
                                "123456789.123456789", "9.0e+999"});
    }
    const double mantissa = static_cast<double>(random_.below(std::size_t{1} << 53));
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, random_.one_in(2) ? "%.17g" : "%.19e",
                  std::ldexp(random_.one_in(2) ? mantissa : -mantissa,
                             static_cast<int>(random_.below(200)) - 150));
    return buffer;
  }

  std::string integer() {
    if (random_.one_in(4)) {
      return random_.pick(Texts{"9223372036854775807", "-9223372036854775808", "0", "-0", "007",
                                "0x7F", "- 5", "+3", "0xff", "TRUE", "3.0", "'12'"});
    }
    return random_digits(random_, 18);
  }

  std::string json() {
    std::string inner;
    for (const char byte : random_string(random_)) {
      if (byte == '"' || byte == '\\') inner += '\\';
      inner += static_cast<unsigned char>(byte) < 0x20 ? ' ' : byte;
    }
    return text(random_.one_in(2) ? "{\"a\": [\"" + inner + "\"]}"
                                  : random_.pick(Texts{"[]", "{}", "[1, 2.50, null]", "true"}));
  }

  std::string value(const Column& column) {
    if (random_.one_in(9)) return word("NULL");
    const auto date = [&] {
      char buffer[16];
      std::snprintf(buffer, sizeof buffer, "%04zu-%02zu-%02zu", 1 + random_.below(9999),
                    1 + random_.below(12), 1 + random_.below(28));
      return std::string(buffer);
    };
    switch (column.type->kind) {
      case Kind::text:
        if (random_.one_in(12)) return random_.one_in(2) ? integer() : real();
        return text(random_string(random_));
      case Kind::bytes:
        if (random_.one_in(3)) return text(random_string(random_));
        if (random_.one_in(12)) return random_.one_in(2) ? integer() : real();
        return (random_.one_in(2) ? "X'" : "x'") + hex(random_bytes(random_)) + "'";
      case Kind::integer: {
        const std::string number = integer();
        // numeric would keep the decimal.
        return number == "3.0" && std::string(column.type->postgresql) == "numeric" ? "3" : number;
      }
      case Kind::real:
        return random_.one_in(4) ? integer() : real();
      case Kind::number:
        return random_.one_in(3) ? random_digits(random_, 12) : real();
      case Kind::boolean:
        return random_.pick(Texts{"0", "1", "TRUE", "false"});
      case Kind::moment:
        return in_quotes(std::string(column.type->sqlite) == "DATE" ? date() : date() + " 12:34:56",
                         '\'');
      case Kind::json:
        return json();
    }
    return "NULL";
  }

  // --- rows

  void insert(Table& table) {
    static const Texts kVerbs = {"INSERT INTO ", "INSERT INTO ", "insert or replace into ",
                                 "INSERT/**/OR IGNORE INTO ", "REPLACE INTO "};
    const bool listed = random_.one_in(2);
    std::vector<const Column*> columns;
    for (const Column& column : table.columns) {
      // Without a list the generated ones are no part of it.
      if (!column.is_generated) columns.push_back(&column);
    }
    std::string text =
        random_.pick(kVerbs) + (random_.one_in(5) ? "main." + gap() : "") + name(table.name);
    if (listed) {
      std::erase_if(columns,
                    [&](const Column* column) { return column->name != "n" && random_.one_in(8); });
      shuffle(columns);
      text += gap() + "(";
      for (const Column* column : columns) {
        text += (column == columns.front() ? "" : ",") + gap() + name(column->name) + gap();
      }
      text += ")";
    }
    text += gap() + " " + word("VALUES") + gap();
    for (std::size_t rows = 1 + random_.below(random_.one_in(20) ? 50 : 5); rows > 0; --rows) {
      text += gap() + "(";
      for (std::size_t index = 0; index < columns.size(); ++index) {
        const Column& column = *columns[index];
        text += (index == 0 ? "" : ",") + gap() +
                (column.name == "n" ? std::to_string(table.next) : value(column)) + gap();
      }
      ++table.next;
      text += ")" + gap() + (rows > 1 ? "," : "");
    }
    if (random_.one_in(6)) text += " ON CONFLICT DO NOTHING" + gap();
    line(text + ";" + gap());
  }

  Random random_;
  RandomDump dump_;
  std::vector<Table> tables_;
  std::string newline_ = "\n";
  bool has_pragma_ = false, in_file_ = false;
};

}  // namespace

RandomDump random_sqlite_dump(std::uint64_t seed) {
  return Writer(seed).write();
}

}  // namespace pgseed::test
