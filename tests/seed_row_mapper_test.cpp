// A mapping applied to the rows of a dump, without a server.
#include "pgseed/seed/input/row_mapper.hpp"

#include <doctest/doctest.h>

#include <map>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/input/mapping_file.hpp"
#include "support/text_input.hpp"

namespace pgseed::seed {
namespace {

using test::joined;

struct Mapped {
  std::vector<std::string> lines;  // of rows: "3 public.t(a,b): [x] NULL"
  std::vector<std::string> notes;
  std::string error;  // "m.toml:3:1 what"
  std::string hint;
};

Mapped mapped(const std::string& dump, const std::string& map,
              sql::Dialect dialect = sql::Dialect::postgresql, const Model* order = nullptr) {
  Mapped found;
  try {
    Mapping mapping = parse_mapping(map, "m.toml");
    mapping.now = "2024-01-02T03:04:05.000000Z";
    test::TextInput input(dump, 64);
    sql::ReaderOptions options;
    options.dialect = dialect;
    sql::DumpReader reader(input, "a.sql", options);
    sql::TableDefinitions definitions(dialect);
    RowMapper mapper({&mapping, "a.sql", "public", &definitions, order, false});
    std::map<std::string, std::uint64_t> numbers;
    std::uint64_t head_number = 0;
    std::optional<TableName> table;
    for (sql::Piece piece = reader.next(); piece != sql::Piece::end; piece = reader.next()) {
      if (piece == sql::Piece::statement) {
        definitions.note(reader.statement().text, "public");
        mapper.definitions_changed();
        continue;
      }
      if (reader.head().number != head_number) table = mapper.begin(reader.head());
      head_number = reader.head().number;
      if (!table) {
        mapper.left_out();
        continue;
      }
      const sql::Row& row = mapper.map(reader.row(), ++numbers[to_sql(*table)]);
      std::string line = text(row.line, ' ', to_sql(*table));
      if (mapper.head().has_columns) {
        line += '(';
        for (const std::string& column : mapper.head().columns) {
          line += (line.back() == '(' ? "" : ",") + column;
        }
        line += ')';
      }
      line += ':';
      if (!row.unsupported.empty()) {
        line += text(" unsupported in ", row.unsupported_line, ": ", row.unsupported);
      } else {
        for (const sql::Value& value : row.values) line += " " + test::show(value);
      }
      found.lines.push_back(line);
    }
    found.notes = require_used(mapping, mapper.use());
  } catch (const Error& error) {
    found.error = text(error.where, ' ', error.message);
    found.hint = error.hint;
  }
  return found;
}

}  // namespace

TEST_CASE(
    "row mapper: tables are renamed, also into another schema, and left alone without a rule") {
  const Mapped found = mapped(
      "INSERT INTO a (x) VALUES (1);\nINSERT INTO app.b (x) VALUES (2);\n"
      "INSERT INTO c (x) VALUES (3);\nINSERT INTO other.a (x) VALUES (4);\n",
      "tables.a.rename = 'aa'\ntables.'app.b'.rename = 'public.a'\n"
      "tables.'other.a'.rename = 'exact'");
  CHECK(found.error == "");
  CHECK(joined(found.lines) ==
        "1 public.aa(x): [1]\n2 public.a(x): [2]\n3 public.c(x): [3]\n4 other.exact(x): [4]\n");
  CHECK(found.notes.empty());
}

TEST_CASE("row mapper: keep and drop leave tables out, and say so") {
  const std::string dump =
      "INSERT INTO a (x) VALUES (1), (2);\nINSERT INTO s.b (x) VALUES (3);\n"
      "INSERT INTO s.c (x) VALUES (crypt('x'));\n";
  Mapped found = mapped(dump, "keep = ['a']");
  CHECK(joined(found.lines) == "1 public.a(x): [1]\n1 public.a(x): [2]\n");
  CHECK(joined(found.notes) == "the mapping leaves out s.b (1 row), s.c (1 row)\n");
  found = mapped(dump, "drop = ['s.*', 'z']");
  CHECK(found.lines.size() == 2);
  CHECK(joined(found.notes) ==
        "the mapping leaves out s.b (1 row), s.c (1 row)\nm.toml:1:16: no file has rows of z\n");
  found = mapped(dump, "[tables.a]\ndrop = true\n[tables.c]\ndrop = true");
  CHECK(joined(found.lines) == "2 s.b(x): [3]\n");
  found = mapped(dump, "keep = ['A']");
  CHECK(found.error == "m.toml the mapping leaves no row to load");
  CHECK(found.hint == "it leaves out public.a (2 rows), s.b (1 row), s.c (1 row)");
}

TEST_CASE("row mapper: columns are renamed, swapped and dropped, by INSERT and by COPY") {
  const std::string map = "[tables.t.columns]\na.rename = 'b'\nb.rename = 'a'\nc.drop = true\n";
  CHECK(joined(mapped("INSERT INTO t (a, b, c, d) VALUES (1, 'x', NULL, DEFAULT);\n", map).lines) ==
        "1 public.t(b,a,d): [1] [x] DEFAULT\n");
  CHECK(joined(mapped("COPY t (c, b, a) FROM stdin;\n1\t\\N\ta\\tb\n\\.\n", map).lines) ==
        "2 public.t(a,b): NULL [a\tb]\n");
}

TEST_CASE("row mapper: defaults for NULL and for the empty text are chosen separately") {
  const std::string dump = "INSERT INTO t (a) VALUES (NULL), (''), ('x'), (DEFAULT), (0);\n";
  const auto values = [&](const std::string& rules) {
    std::string all;
    for (const std::string& line : mapped(dump, "[tables.t.columns]\n" + rules).lines) {
      all += line.substr(line.find(':') + 1);
    }
    return all;
  };
  CHECK(values("a.if_null = 'n'") == " [n] [] [x] DEFAULT [0]");
  CHECK(values("a.if_empty = 'e'") == " NULL [e] [x] DEFAULT [0]");
  CHECK(values("a = { if_null = '', if_empty = 7 }") == " [] [7] [x] DEFAULT [0]");
  CHECK(values("a = { if_null = '{}', rename = 'b' }") == " [{}] [] [x] DEFAULT [0]");
}

TEST_CASE("row mapper: values are made of row number, columns, checksums and the run's time") {
  const std::string dump =
      "INSERT INTO t (a, b) VALUES ('it''s', E'x\\\\y'), (NULL, 'b'), (7.50, true);\n"
      "INSERT INTO t (b, a) VALUES ('', '');\n";
  const auto values = [&](const std::string& made) {
    std::string all;
    const Mapped found = mapped(dump, "tables.t.columns.c.value = '" + made + "'");
    CHECK(found.error == "");
    for (const std::string& line : found.lines) all += line.substr(line.rfind(" ["));
    return all;
  };
  CHECK(values("n{row:03}") == " [n001] [n002] [n003] [n004]");
  // printf '%s' "it'sx\y" | md5sum, and so on.
  CHECK(values("{md5:a,b}") ==
        " [dbe16a5ab253748fb0d77451bd972abd] [92eb5ffee6ae2fec3ad71c777531578f]"
        " [8462229f6074e130b645e8646e87de35] [d41d8cd98f00b204e9800998ecf8427e]");
  CHECK(values("{now}|{{{row}}}") ==
        " [2024-01-02T03:04:05.000000Z|{1}] [2024-01-02T03:04:05.000000Z|{2}]"
        " [2024-01-02T03:04:05.000000Z|{3}] [2024-01-02T03:04:05.000000Z|{4}]");
}

TEST_CASE("row mapper: a value made of a column that is NULL is NULL, and may have a default") {
  const std::string dump = "INSERT INTO t (a, b) VALUES (NULL, 'b'), ('a', 'b');\n";
  CHECK(joined(mapped(dump, "tables.t.columns.c.value = '{b}-{a}'").lines) ==
        "1 public.t(a,b,c): NULL [b] NULL\n1 public.t(a,b,c): [a] [b] [b-a]\n");
  CHECK(joined(mapped(dump, "tables.t.columns.a = { value = '<{a}>', if_null = 'none' }").lines) ==
        "1 public.t(a,b): [none] [b]\n1 public.t(a,b): [<a>] [b]\n");
}

TEST_CASE("row mapper: UUIDs are random, or those of version 5 in the nil namespace") {
  const std::string dump = "INSERT INTO t (a) VALUES ('python.org'), ('x');\n";
  // Python: uuid.uuid5(uuid.UUID(int=0), 'python.org')
  const Mapped named = mapped(dump, "tables.t.columns.id.value = '{uuid:a}'");
  CHECK(named.lines[0].find("[93128362-2d8d-548e-84ff-e93cd1378be5]") != std::string::npos);
  const Mapped random = mapped(dump, "tables.t.columns.id.value = '{uuid}'");
  const std::string first = random.lines[0].substr(random.lines[0].rfind('['));
  CHECK(first.size() == 38);
  CHECK(first[15] == '4');
  CHECK(random.lines[1].find(first) == std::string::npos);
}

TEST_CASE("row mapper: what a value is made of must be text that the file tells") {
  const std::string map = "tables.t.columns.k.value = '{md5:a}'";
  const auto line = [&](const std::string& value, sql::Dialect dialect) {
    const Mapped found = mapped("INSERT INTO t (a) VALUES (" + value + ");\n", map, dialect);
    return joined(found.lines);
  };
  using sql::Dialect;
  CHECK(line("DEFAULT", Dialect::postgresql) ==
        "1 public.t(a,k): unsupported in 1: a value for k made of the DEFAULT of column a\n");
  CHECK(line("now()", Dialect::postgresql) ==
        "1 public.t(a,k): unsupported in 1: a value for k made of the current time in column a\n");
  CHECK(line("0xFF", Dialect::mysql) ==
        "1 public.t(a,k): unsupported in 1: a value for k made of the bytes in column a\n");
  CHECK(line("crypt('x')", Dialect::postgresql).find("unsupported in 1: a function call") !=
        std::string::npos);
}

TEST_CASE("row mapper: rows without a column list take the columns of the file's CREATE TABLE") {
  const std::string map =
      "[tables.t]\nrename = 'u'\ncolumns.b.drop = true\n"
      "columns.k.value = '{row}'";
  CHECK(joined(mapped("CREATE TABLE t (a int, b int, c int);\nINSERT INTO t VALUES (1, 2, 3);\n"
                      "INSERT INTO t VALUES (4, 5);\nDROP TABLE t;\n"
                      "CREATE TABLE t (b int, x int);\nINSERT INTO t VALUES (6, 7);\n",
                      map)
                   .lines) ==
        "2 public.u(a,c,k): [1] [3] [1]\n3 public.u(a,k): [4] [2]\n6 public.u(x,k): [7] [3]\n");
  CHECK(joined(mapped("CREATE TABLE `t` (`a` int, `b` int);\nINSERT INTO `t` VALUES (1,'x\\'y');\n",
                      map, sql::Dialect::mysql)
                   .lines) == "2 public.u(a,k): [1] [1]\n");
  CHECK(joined(
            mapped(
                "CREATE TABLE t(a, b);\nINSERT INTO t VALUES(1,replace('x\\ny','\\n',char(10)));\n",
                map, sql::Dialect::sqlite)
                .lines) == "2 public.u(a,k): [1] [1]\n");
}

TEST_CASE("row mapper: without a CREATE TABLE the target's catalogue tells the columns") {
  Model order;
  Table table;
  table.name = {"public", "u"};
  table.columns.resize(2);
  table.columns[0].name = "a";
  table.columns[1].name = "b";
  order.tables.push_back(table);
  const std::string map = "[tables.t]\nrename = 'u'\ncolumns.b.drop = true";
  CHECK(joined(mapped("INSERT INTO t VALUES (1, 2);\n", map, sql::Dialect::postgresql, &order)
                   .lines) == "1 public.u(a): [1]\n");
  // Nobody knows them: the caller sees rows without a list, and finds that out.
  const Mapped unknown = mapped("INSERT INTO t VALUES (1, 2);\n", map);
  CHECK(joined(unknown.lines) == "1 public.u: [1] [2]\n");
  CHECK(unknown.error == "");
}

TEST_CASE("row mapper: a rule for a column that no row has is an error, for a table a note") {
  const std::string dump = "INSERT INTO t (a, b) VALUES (1, 2);\nINSERT INTO t (a) VALUES (3);\n";
  for (const char* rule : {"x.rename = 'y'", "x.drop = true", "x.if_null = 1", "x.if_empty = 1"}) {
    const Mapped found = mapped(dump, text("[tables.t.columns]\n", rule));
    CAPTURE(rule);
    CHECK(found.error.find("m.toml:2:1 no row of t has the column x") == 0);
    CHECK(found.hint == "the columns of the source are a, b");
  }
  const Mapped made = mapped(dump, "tables.t.columns.k.value = '{md5:a,x}'");
  CHECK(made.error == "m.toml:1:18 no row of t has the column x (the value of k)");
  CHECK(mapped(dump, "tables.t.columns.b.drop = true").error == "");
  const Mapped never = mapped(dump, "tables.z.columns.x.drop = true");
  CHECK(never.error == "");
  CHECK(joined(never.notes) == "m.toml:1:8: no file has rows of z\n");
}

TEST_CASE("row mapper: rows that lack a column which others have cannot make a value of it") {
  const Mapped found =
      mapped("INSERT INTO t (a, b) VALUES (1, 2);\nINSERT INTO t (a) VALUES (3);\n",
             "tables.t.columns.k.value = '{b}'");
  CHECK(joined(found.lines) ==
        "1 public.t(a,b,k): [1] [2] [2]\n"
        "2 public.t(a,k): unsupported in 2: a value for k made of the column b, which the row does "
        "not have,\n");
}

TEST_CASE("row mapper: two values for one column are refused at the rule") {
  const Mapped found =
      mapped("INSERT INTO t (a, b) VALUES (1, 2);\n", "[tables.t.columns]\na.rename = 'b'");
  CHECK(found.error == "m.toml:2:1 two values would go into the column b of public.t");
  CHECK(found.hint.find("has the columns a, b") != std::string::npos);
}

TEST_CASE("row mapper: constants take the place of a column or add one, as PostgreSQL's text") {
  const Mapped found = mapped("INSERT INTO t (a, b) VALUES (1, 2);\n",
                              "[tables.t.columns]\na.constant = 't'\nc.constant = 5\n");
  CHECK(joined(found.lines) == "1 public.t(a,b,c): [t] [2] [5]\n");
}

}  // namespace pgseed::seed
