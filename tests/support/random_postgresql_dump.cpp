// Dumps as psql reads them: INSERT and COPY in all their forms, over tables of all types.
#include <algorithm>
#include <optional>

#include "support/random_dump.hpp"
#include "support/random_postgresql_values.hpp"
#include "support/random_text.hpp"

namespace pgseed::test {

const char* const kSecondSchema = "other schema";

const char* const kRandomDumpTypes = R"sql(
  create extension citext; create extension hstore; create extension ltree;
  create type mood as enum ('sad', 'ok ish', 'Ha''''ppy', 'é \n');
  create type pair as (x int, y text);
  create domain positive as int check (value > 0);
  create domain short_text as varchar(5);
  create domain docb as jsonb;
  create schema "other schema";
)sql";

namespace {

using Texts = std::vector<std::string>;
using Row = std::vector<std::optional<std::string>>;

struct Column {
  std::string name;
  const PgType* type = nullptr;
  bool has_default = false;
  bool is_generated = false;  // always n + 1
};

struct Table {
  std::string schema, name;
  std::vector<Column> columns;  // in the table's own order
  std::size_t next = 1;         // key of the next row
};

// Values in JSON's place that PostgREST cannot pass: rare enough to leave the rest to compare.
std::string value_of(Random& random, const PgType& type) {
  const std::string name = type.type;
  if (name == "json" && random.one_in(60)) return " {}";
  if ((name == "json" || name == "jsonb") && random.one_in(60)) return "null";
  return type.value(random);
}

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed), spell_(random_) {
    dump_.seed = seed;
    dump_.dialect = sql::Dialect::postgresql;
  }

  RandomDump write() {
    if (random_.one_in(6)) dump_.text = "\xEF\xBB\xBF";
    newline_ = random_.one_in(5) ? "\r\n" : "\n";
    make_tables();
    preamble();
    for (Table& table : tables_) define(table);
    for (std::size_t left = 2 + random_.below(8); left > 0; --left) {
      if (random_.one_in(3)) change_settings();
      if (random_.one_in(3)) noise();
      Table& table = tables_[random_.below(tables_.size())];
      if (random_.one_in(3)) {
        copy(table);
      } else {
        insert(table);
      }
    }
    if (in_transaction_) line("COMMIT;");
    if (restricted_) line("\\unrestrict pgseedtoken");
    return std::move(dump_);
  }

 private:
  void line(const std::string& text) { dump_.text += text + newline_; }
  std::string gap() { return spell_.gap(); }
  std::string maybe() { return spell_.maybe(); }
  std::string word(const char* upper) { return spell_.word(upper); }
  std::string name(const std::string& plain) { return spell_.name(plain); }

  // --- tables

  void make_tables() {
    const std::size_t count = 1 + random_.below(3);
    for (std::size_t number = 0; number < count; ++number) {
      Table& table = tables_.emplace_back();
      table.schema = random_.one_in(4) ? kSecondSchema : "public";
      table.name = random_name(random_, table_stem(dump_.seed, number), {});
      const std::size_t columns = 1 + random_.below(6);
      for (std::size_t index = 0; index < columns; ++index) {
        Column column;
        column.name = column_name(table, index);
        column.type =
            random_.one_in(4) ? &pg_text() : &pg_types()[random_.below(pg_types().size())];
        column.has_default = column.type == &pg_text() && random_.one_in(6);
        table.columns.push_back(column);
      }
      if (random_.one_in(8)) {
        Column& column = table.columns.emplace_back();
        column.name = "made";
        column.is_generated = true;
      }
      shuffle(table.columns);
      table.columns.insert(table.columns.begin() +
                               static_cast<std::ptrdiff_t>(random_.below(table.columns.size() + 1)),
                           Column{"n", nullptr});
      RandomTable& shown = dump_.tables.emplace_back();
      shown.schema = table.schema;
      shown.name = table.name;
      shown.columns.push_back({"n", "n", "n"});
      for (const Column& column : table.columns) {
        if (column.name == "n") continue;
        const std::string show =
            "encode(convert_to(" + in_quotes(column.name) + "::text, 'UTF8'), 'hex')";
        shown.columns.push_back({column.name, show, show});
      }
    }
  }

  std::string column_name(const Table& table, std::size_t index) {
    static const Texts kReserved = {"select", "order", "user",  "Group", "default", "values",
                                    "from",   "where", "limit", "N",     "columns", "on_conflict"};
    const std::string reserved = random_.pick(kReserved);
    const bool is_free = std::none_of(table.columns.begin(), table.columns.end(),
                                      [&](const Column& other) { return other.name == reserved; });
    if (is_free && random_.one_in(6)) return reserved;
    return random_name(random_, "c" + std::to_string(index), {});
  }

  template <class Element>
  void shuffle(std::vector<Element>& elements) {
    for (std::size_t left = elements.size(); left > 1; --left) {
      std::swap(elements[left - 1], elements[random_.below(left)]);
    }
  }

  static std::string ddl(const Table& table, const std::vector<Column>& columns) {
    std::string out =
        "create table " + in_quotes(table.schema) + "." + in_quotes(table.name) + " (";
    for (const Column& column : columns) {
      if (&column != columns.data()) out += ", ";
      out += in_quotes(column.name) + " ";
      if (column.name == "n") {
        out += "int primary key";
      } else if (column.is_generated) {
        out += "int generated always as (n + 1) stored";
      } else {
        out += column.type->type;
        if (column.has_default) out += " default 'it''s ; \\ the default'";
      }
    }
    return out + ");\n";
  }

  // CREATE TABLE in the file, or the same table on both sides.
  void define(Table& table) {
    std::vector<Column> columns = table.columns;
    if (random_.one_in(3)) {
      // Written plainly, but for what stands between its words.
      std::string text = "CREATE" + gap() + "TABLE " + table_name(table) + maybe() + "(" + maybe();
      for (const Column& column : columns) {
        if (&column != columns.data()) text += maybe() + "," + gap();
        text += name(column.name) + gap();
        if (column.name == "n") {
          text += "int PRIMARY KEY";
        } else if (column.is_generated) {
          text += "int GENERATED ALWAYS AS (n + 1) STORED";
        } else {
          text += column.type->type;
          if (column.has_default) text += " DEFAULT 'it''s ; \\ the default'" + maybe();
        }
      }
      if (!spell_.backslash_is_data) {
        std::size_t at = 0;
        while ((at = text.find("; \\ the", at)) != std::string::npos) text.insert(at += 2, "\\");
      }
      line(text + maybe() + ");");
      // The file knows the order: the target may have another.
      shuffle(columns);
      dump_.schema_here += ddl(table, columns);
      return;
    }
    dump_.schema_there += ddl(table, columns);
    dump_.schema_here += ddl(table, columns);
  }

  std::string table_name(const Table& table) {
    const bool found = path_ == table.schema && random_.one_in(2);
    if (found) return name(table.name);
    const std::string schema =
        table.schema == "public" && random_.one_in(2) ? word("PUBLIC") : in_quotes(table.schema);
    return schema + maybe() + "." + maybe() + name(table.name);
  }

  // --- what stands around the rows

  void preamble() {
    static const Texts kHeads = {"--\n-- PostgreSQL database dump\n--\n\n", "/* /* nested */ */\n",
                                 "", "-- it's\r\n", "\n\n  \t"};
    dump_.text += random_.pick(kHeads);
    if (random_.one_in(4)) {
      line("\\restrict pgseedtoken");
      restricted_ = true;
    }
    if (random_.one_in(3)) line("SET statement_timeout = 0;");
    if (random_.one_in(3)) line("SET client_encoding" + maybe() + "=" + maybe() + "'UTF8';");
    if (random_.one_in(3)) change_path();
    if (random_.one_in(4)) {
      line(random_.one_in(2) ? "BEGIN;" : "START TRANSACTION;");
      in_transaction_ = true;
    }
  }

  void change_path() {
    switch (random_.below(4)) {
      case 0:
        line("SELECT pg_catalog.set_config('search_path', '', false);");
        path_ = "";
        types_found_ = false;
        break;
      case 1:
        line("SET search_path = public, pg_catalog;");
        path_ = "public";
        types_found_ = true;
        break;
      case 2:
        line("SET search_path TO " + in_quotes(kSecondSchema) + maybe() + ", public;");
        path_ = kSecondSchema;
        types_found_ = true;
        break;
      default:
        line("SET search_path" + gap() + "TO" + gap() + "'public';");
        path_ = "public";
        types_found_ = true;
    }
    if (!types_found_) {
      // Casts name types of schema public without it.
      line("SET search_path TO public;");
      path_ = "public";
      types_found_ = true;
    }
  }

  void change_settings() {
    switch (random_.below(5)) {
      case 0:
        change_path();
        break;
      case 1:
      case 2:
        spell_.backslash_is_data = random_.one_in(2);
        line(word("SET") + gap() + "standard_conforming_strings" + maybe() + "=" + maybe() +
             (spell_.backslash_is_data ? "on" : random_.pick(Texts{"off", "false", "'off'"})) +
             ";");
        break;
      case 3:
        line(in_transaction_ ? "COMMIT;" : "BEGIN;");
        in_transaction_ = !in_transaction_;
        break;
      default:
        line("SET escape_string_warning = off;");
    }
  }

  void noise() {
    static const Texts kNoise = {
        "-- INSERT INTO t VALUES ('",
        "/* COPY t FROM stdin; ' \" $$ /* deeper */ */",
        "PREPARE p AS SELECT 1; DEALLOCATE p;",
        "CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS $body$ SELECT "
        "'INSERT INTO t VALUES (1);' -- '\n$body$;",
        "SELECT pg_catalog.setval('pg_temp.s', 7, true);",
        ";",
        ";;",
        "SELECT 1 AS \"INSERT INTO;\";",
        "SET xmloption = content;",
        "SET default_tablespace = '';",
    };
    if (!restricted_ && random_.one_in(10)) return line("\\echo 'INSERT INTO t VALUES (1);'");
    std::string text = random_.pick(kNoise);
    // psql 15.20 loses what follows an empty statement right behind COPY's data.
    if (text[0] == ';' && dump_.text.ends_with("\\." + newline_)) return;
    if (text.find("setval") != std::string::npos) {
      text = "CREATE TEMP SEQUENCE IF NOT EXISTS s; " + text;
    }
    line(text);
  }

  // --- rows

  // Some of the columns in some order; with `listed` false the first ones of the table.
  std::vector<const Column*> chosen(const Table& table, bool listed) {
    std::vector<const Column*> columns;
    for (const Column& column : table.columns) columns.push_back(&column);
    if (!listed) {
      // Up to the key at least, the others take their defaults.
      std::size_t least = 0;
      while (columns[least]->name != "n") ++least;
      const std::size_t rest = columns.size() - least - 1;
      if (random_.one_in(4)) columns.resize(least + 1 + random_.below(rest + 1));
      return columns;
    }
    std::erase_if(columns, [&](const Column* column) {
      return column->name != "n" && (column->is_generated ? !random_.one_in(2) : random_.one_in(8));
    });
    shuffle(columns);
    return columns;
  }

  std::string value(const Column& column, std::size_t key) {
    if (column.name == "n")
      return random_.one_in(6) ? "'" + std::to_string(key) + "'" : std::to_string(key);
    if (column.is_generated) return word("DEFAULT");
    if (random_.one_in(column.has_default ? 3 : 40)) return word("DEFAULT");
    if (random_.one_in(8)) return spell_.null(*column.type);
    return spell_.literal(*column.type, value_of(random_, *column.type));
  }

  void insert(Table& table) {
    const bool listed = !random_.one_in(3);
    const std::vector<const Column*> columns = chosen(table, listed);
    std::string text = maybe() + word("INSERT") + gap() + word("INTO") + gap() + table_name(table);
    if (random_.one_in(12)) text += gap() + word("AS") + " \"als;o\"";
    text += maybe();
    if (listed) {
      text += " (";
      for (const Column* column : columns) {
        text += (text.back() == '(' ? "" : ",") + maybe() + name(column->name) + maybe();
      }
      text += ")" + maybe();
    }
    text += " " + word("VALUES") + maybe();
    for (std::size_t rows = 1 + random_.below(random_.one_in(20) ? 60 : 5); rows > 0; --rows) {
      text += maybe() + "(";
      for (std::size_t index = 0; index < columns.size(); ++index) {
        text += (index == 0 ? "" : ",") + maybe() + value(*columns[index], table.next) + maybe();
      }
      ++table.next;
      text += ")" + maybe() + (rows > 1 ? "," : "");
    }
    if (random_.one_in(6)) {
      text += gap() + word("ON") + gap() + word("CONFLICT") + gap() + "(n)" + gap() +
              random_.pick(Texts{"DO NOTHING", "DO UPDATE SET n = EXCLUDED.n + 0"});
    }
    if (random_.one_in(10)) text += gap() + word("RETURNING") + " n, ');' AS \"x;\"";
    line(text + maybe() + ";" + (random_.one_in(8) ? " -- done; '" : ""));
  }

  void copy(Table& table) {
    const bool listed = !random_.one_in(3);
    std::vector<const Column*> columns = chosen(table, true);
    std::erase_if(columns, [](const Column* column) { return column->is_generated; });
    if (!listed) {
      columns.clear();
      for (const Column& column : table.columns) {
        if (!column.is_generated) columns.push_back(&column);
      }
    }
    Format format;
    std::string text = maybe() + word("COPY") + gap() + table_name(table) + maybe();
    if (listed) {
      text += "(";
      for (const Column* column : columns) {
        text += (text.back() == '(' ? "" : ",") + maybe() + name(column->name) + maybe();
      }
      text += ")";
    }
    text += gap() + word("FROM") + gap() + word("STDIN") + options(format) + ";";
    line(text);
    if (format.header) {
      std::string names;
      for (const Column* column : columns) {
        names +=
            (names.empty() ? "" : std::string(1, format.delimiter)) + field(column->name, format);
      }
      line(names);
    }
    for (std::size_t rows = random_.below(random_.one_in(20) ? 60 : 6); rows > 0; --rows) {
      std::string fields;
      for (std::size_t index = 0; index < columns.size(); ++index) {
        if (index > 0) fields += format.delimiter;
        const Column& column = *columns[index];
        if (column.name == "n") {
          fields += std::to_string(table.next);
        } else if (random_.one_in(8)) {
          fields += format.null;
        } else {
          std::string value;
          do {
            value = value_of(random_, *column.type);
            // psql before version 18 ends the data at such a line, in quotes as well.
          } while (format.csv && value.find("\\.") != std::string::npos);
          fields += field(value, format);
        }
      }
      ++table.next;
      line(fields);
    }
    line("\\.");
  }

  struct Format {
    bool csv = false;
    char delimiter = '\t';
    std::string null = "\\N";
    char quote = '"', escape = '"';
    bool header = false;
  };

  std::string options(Format& format) {
    if (random_.one_in(3)) return "";
    format.csv = random_.one_in(2);
    const bool old_style = random_.one_in(3);
    Texts list;
    const auto add = [&](const std::string& name, const std::string& value) {
      list.push_back(name + " " + value);
    };
    if (format.csv) {
      list.push_back(old_style ? "CSV" : word("FORMAT") + " csv");
      format.delimiter = ',';
      format.null = "";
    } else if (!old_style && random_.one_in(2)) {
      list.push_back("FORMAT text");
    }
    if (random_.one_in(2)) {
      format.delimiter = random_.pick(std::string("|;,~"));
      add("DELIMITER", std::string("'") + format.delimiter + "'");
    }
    if (random_.one_in(3)) {
      format.null = random_.pick(Texts{"NULL", "-", "\\N", "n/a"});
      // The marker is a string constant like any other.
      const bool backslash = format.null == "\\N" && !spell_.backslash_is_data;
      add("NULL", backslash ? "'\\\\N'" : "'" + format.null + "'");
    }
    if (format.csv && random_.one_in(4)) {
      format.quote = '\'';
      format.escape = '\'';
      add("QUOTE", "''''");
    }
    if (format.csv && random_.one_in(4)) {
      format.escape = '\\';
      add("ESCAPE", spell_.backslash_is_data ? "'\\'" : "E'\\\\'");
    }
    if (random_.one_in(4)) {
      format.header = true;
      list.push_back(old_style ? "HEADER" : random_.pick(Texts{"HEADER", "HEADER true"}));
    }
    if (list.empty()) return "";
    std::string text = gap();
    if (random_.one_in(2)) text += word("WITH") + gap();
    if (!old_style) text += "(";
    for (const std::string& each : list) {
      if (&each != list.data()) text += old_style ? gap() : maybe() + "," + maybe();
      text += each;
    }
    return text + (old_style ? "" : ")") + maybe();
  }

  std::string field(const std::string& value, const Format& format) {
    std::string out;
    if (format.csv) {
      const bool needs_quotes =
          value == format.null || value.empty() || value == "\\." ||
          value.find_first_of(std::string("\r\n\\'\"") + format.delimiter) != std::string::npos;
      if (!needs_quotes && random_.one_in(2)) return value;
      out += format.quote;
      for (const char byte : value) {
        if (byte == format.quote || byte == format.escape) out += format.escape;
        out += byte;
      }
      return out + format.quote;
    }
    for (const char byte : value) {
      const auto code = static_cast<unsigned char>(byte);
      if (byte == '\n') {
        out += random_.one_in(2) ? "\\n" : "\\x0a";
      } else if (byte == '\r') {
        out += random_.one_in(2) ? "\\r" : "\\15";
      } else if (byte == '\\' || byte == format.delimiter) {
        out += std::string("\\") + byte;
      } else if (byte == '\t') {
        out += random_.one_in(2) ? "\\t" : "\\011";
      } else if (code < 0x20 && random_.one_in(2)) {
        out += "\\x" + hex(std::string(1, byte));
      } else if (byte == 'Z' && random_.one_in(3)) {
        out += "\\Z";  // stands for itself
      } else {
        out += byte;
      }
    }
    // The marker's own text as a value has an escape in it.
    return out == format.null ? "\\x" + hex(out.substr(0, 1)) + out.substr(1) : out;
  }

  Random random_;
  PgSpelling spell_;
  RandomDump dump_;
  std::vector<Table> tables_;
  std::string newline_ = "\n";
  std::string path_ = "public";
  bool types_found_ = true;
  bool in_transaction_ = false;
  bool restricted_ = false;
};

}  // namespace

RandomDump random_postgresql_dump(std::uint64_t seed) {
  return Writer(seed).write();
}

}  // namespace pgseed::test
