#include "pgseed/seed/encode/copy_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/pg/catalog.hpp"
#include "pgseed/pg/copy_in.hpp"
#include "pgseed/seed/input/row_walk.hpp"
#include "pgseed/seed/tally.hpp"
#include "support/local_postgrest.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::seed {
namespace {

using sql::Form;

sql::Value value(Form form, std::string_view text = {}) {
  sql::Value made;
  made.form = form;
  made.text = text;
  return made;
}

ColumnSet set_of(std::vector<std::pair<std::string, std::string>> columns,
                 sql::Dialect dialect = sql::Dialect::postgresql) {
  ColumnSet set;
  set.table_name = {"public", "t"};
  set.meaning.dialect = dialect;
  for (std::size_t index = 0; index < columns.size(); ++index) {
    set.columns.push_back(columns[index].first);
    set.types.push_back(columns[index].second);
    set.classes.push_back(class_of(set.types.back()));
    set.value_index.push_back(index);
  }
  return set;
}

std::string line_of(const ColumnSet& set, std::vector<sql::Value> values) {
  sql::Row row;
  row.values = std::move(values);
  json::Buffer out;
  CHECK(append_copy_line(set, row, {}, out) == "");
  return std::string(out.view());
}

std::string fresh_database(const std::string& schema) {
  const auto& postgres = test::shared_stack().postgres;
  postgres.create_database("copy_text");
  postgres.sql(schema, "copy_text");
  return postgres.url("copy_text");
}

std::string sql_in(const std::string& query) {
  return test::shared_stack().postgres.sql(query, "copy_text");
}

// The lines of all rows of a text, copied into the tables they belong to.
class Copier : public RowTaker {
 public:
  Copier(pg::CopyIn& database, const Options& options, const Model* order)
      : database_(database), options_(options), order_(order) {}
  bool ended() const override { return false; }
  void enter(RunTable& /*table*/) override {}
  const ColumnSet& columns(RunTable& table, const RowKind& kind) override {
    sets_.push_back(std::make_unique<ColumnSet>(column_set_of(table, kind, options_, order_)));
    return *sets_.back();
  }
  void take(const ColumnSet& set, const sql::Row& row) override {
    json::Buffer line;
    CHECK(append_copy_line(set, row, {}, line) == "");
    std::string columns;
    for (const std::string& column : set.columns) {
      columns += (columns.empty() ? "" : ", ") + quote_identifier(column);
    }
    database_.start_copy(set.table_name,
                         "COPY " + to_sql(set.table_name) + " (" + columns + ") FROM STDIN");
    database_.put(line.view());
    CHECK(database_.finish_copy() == 1);
  }
  void take_unsupported(RunTable& /*table*/, const std::string& what, std::uint64_t /*line*/,
                        const sql::DumpReader& /*reader*/) override {
    FAIL(what);
  }
  void take_unsupported(const sql::Statement& statement) override { FAIL(statement.text); }

 private:
  pg::CopyIn& database_;
  const Options& options_;
  const Model* order_;
  std::vector<std::unique_ptr<ColumnSet>> sets_;
};

void copy(const std::string& url, const std::string& dump, const std::string& dialect = "auto",
          const std::string& table = {}) {
  test::TempDir folder;
  Options options;
  options.via = Via::direct;
  options.files = {folder.write(table.empty() ? "dump.sql" : "rows." + dialect, dump)};
  if (table.empty()) options.dialect = dialect;
  options.input.rows.table = table;
  const Model model = [&] {
    pg::Session session(url);
    return pg::read_catalog(session, {"public"});
  }();
  Tally tally({}, "");
  RunTables tables(options, tally, &model);
  const std::vector<InputPart> parts = list_inputs(options.files, options.input.packed, false);
  DumpInput input(parts.front(), options.input);
  pg::CopyIn database(url);
  database.begin();
  Copier copier(database, options, &model);
  walk_rows(input, {&options, &tables, &model, 0, 0, false}, copier);
  database.commit();
}

}  // namespace

TEST_CASE("copy text: every byte that means something to COPY is escaped, wherever it stands") {
  const ColumnSet set = set_of({{"a", "text"}});
  CHECK(line_of(set, {value(Form::verbatim, "a\tb\nc\rd\\e\\N''")}) ==
        "a\\tb\\nc\\rd\\\\e\\\\N''\n");
  CHECK(line_of(set, {value(Form::doubled_quotes, "it''s ''''\\")}) == "it's ''\\\\\n");
  CHECK(line_of(set, {value(Form::verbatim, "")}) == "\n");
  CHECK(line_of(set, {value(Form::verbatim, "\\N")}) == "\\\\N\n");
  CHECK(line_of(set, {value(Form::verbatim, "\\.")}) == "\\\\.\n");
  CHECK(line_of(set, {value(Form::null)}) == "\\N\n");
  CHECK(line_of(set, {value(Form::boolean, "true")}) == "true\n");
  for (std::size_t length = 0; length < 200; ++length) {
    for (const char* special : {"\n", "\\", "''", "\t\r"}) {
      const std::string text = std::string(length, 'x') + special + std::string(length % 70, 'y');
      json::Buffer out;
      sql::Row row;
      row.values = {value(Form::doubled_quotes, text)};
      CHECK(append_copy_line(set, row, {}, out) == "");
      const std::string escaped = special == std::string("\n")   ? "\\n"
                                  : special == std::string("\\") ? "\\\\"
                                  : special == std::string("''") ? "'"
                                                                 : "\\t\\r";
      CHECK(out.view() ==
            std::string(length, 'x') + escaped + std::string(length % 70, 'y') + '\n');
    }
  }
}

TEST_CASE(
    "copy text: fields of the file's own COPY pass as they are, but for what another "
    "delimiter hides") {
  const ColumnSet set = set_of({{"a", "text"}});
  CHECK(line_of(set, {value(Form::copy_escapes, "a\\tb\\\\c\\x41\\101")}) ==
        "a\\tb\\\\c\\x41\\101\n");
  CHECK(line_of(set, {value(Form::copy_escapes, "a\tb\\nc")}) == "a\\tb\\nc\n");
  CHECK(line_of(set, {value(Form::copy_escapes, "a\\\tb")}) == "a\\tb\n");
  CHECK(line_of(set, {value(Form::copy_escapes, "\\N")}) == "N\n");
  CHECK(line_of(set, {value(Form::copy_escapes, "x\\.")}) == "x.\n");
  CHECK(line_of(set, {value(Form::copy_escapes, std::string(63, 'x') + "\\.")}) ==
        std::string(63, 'x') + ".\n");
}

TEST_CASE("copy text: numbers are rounded into integer columns, a row number goes before") {
  const ColumnSet set = set_of({{"a", "integer"}, {"b", "numeric"}});
  sql::Row row;
  row.values = {value(Form::number, "1.5"), value(Form::number, "1.5")};
  json::Buffer out;
  CHECK(append_copy_line(set, row, 12, out) == "");
  CHECK(out.view() == "12\t2\t1.5\n");
}

TEST_CASE("copy text: what no text can hold is refused with the column, and nothing is written") {
  const ColumnSet set = set_of({{"a", "text"}, {"b", "text"}}, sql::Dialect::mysql);
  sql::Row row;
  row.values = {value(Form::verbatim, "x"), value(Form::mysql_escapes, "a\\0b")};
  json::Buffer out;
  out.append("before\n");
  CHECK(append_copy_line(set, row, {}, out) ==
        "a NUL byte in a text, which PostgreSQL cannot hold, for the column b");
  CHECK(out.view() == "before\n");
}

TEST_CASE("copy text: the server stores what psql stores from the same literals") {
  const std::string schema =
      "create type mood as enum ('sad', 'ok'); create domain js as json;"
      "create table t (id int primary key, a text, b varchar(40), c numeric, d int, e boolean,"
      " f json, g jsonb, h bytea, i timestamptz, j date, k text[], l mood, m bit(3), n js, o uuid,"
      " p double precision, q interval, r json[])";
  const std::string dump =
      R"(
insert into t (id, a, b, c, d, e) values
 (1, 'it''s', E'tab\there\nline \\ back', 1.10, 1.5, true),
 (2, '\N', '\.', 1e3, -2.5, 't'), (3, '', NULL, 'NaN', '7', false),
 (4, U&'d\0061t\+000061', $$dollar $x$ 'q'$$, 007, 007, 'no'), (5, 007, true, .5, 0, '1');
insert into t (id, f, g, n, r) values
 (6, '{"a":1,  "a":2}', '{"b" : 1e2, "a":[]}', ' {"x": "y"} ', '{"{\"a\": 1}","2"}'),
 (7, '"x\u00e9\ttab"', '"\n"', '[1, 2]', NULL), (8, NULL, '5', '"s"', '{}');
insert into t (id, h, i, j, k, l, m, o, p, q) values
 (9, '\xDEADbeef', '2024-01-01 10:00:00+05', '0044-03-15 BC', '{a,"b,c",NULL,"NULL"}', 'sad',
  B'101', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '-0', '1 year 2 mons'),
 (10, 'abc\000\\d', 'infinity', 'epoch', '[2:3]={x,y}', 'ok', '011', NULL, 'Infinity', '@ 1 hour');
)"
      "copy t (id, a, b) from stdin;\n11\tx\\ty\\\\z\t\\N\n12\t\\x41\\101\\b\t\\\\N\n"
      "13\t\t\\\\.\n\\.\n"
      "copy t (id, a) from stdin with (delimiter ',', null 'nil');\n"
      "14,a\tb\n15,nil\n16,\\N\n17,c\\,d\n\\.\n";
  const std::string contents =
      "select json_agg(t order by id)::text || md5(string_agg(f::text || '|' || n::text, ',' order "
      "by id)) from t";
  fresh_database(schema);
  sql_in(dump);
  const std::string wanted = sql_in(contents);
  copy(fresh_database(schema), dump);
  CHECK(sql_in(contents) == wanted);
  CHECK(sql_in("select count(*) from t") == "17");
}

TEST_CASE("copy text: the JSON value null, blanks and escapes are json's own text, as in psql") {
  const std::string schema = "create table t (id int, f json, g jsonb)";
  const std::string url = fresh_database(schema);
  const ColumnSet set = set_of({{"id", "integer"}, {"f", "json"}, {"g", "jsonb"}});
  pg::CopyIn database(url);
  database.begin();
  database.start_copy({"public", "t"}, "COPY t FROM STDIN");
  database.put(line_of(set, {value(Form::number, "1"), value(Form::verbatim, "null"),
                             value(Form::verbatim, "null")}));
  database.put(line_of(
      set, {value(Form::number, "2"), value(Form::verbatim, " {\"a\" :1}\n"), value(Form::null)}));
  database.put(line_of(set, {value(Form::number, "3"), value(Form::verbatim, "\"\\u00e9\\/\""),
                             value(Form::verbatim, "\"\\u00e9\\/\"")}));
  CHECK(database.finish_copy() == 3);
  database.commit();
  CHECK(sql_in("select string_agg(coalesce('<' || f::text || '>', '-') || coalesce(g::text, '-'), "
               "'|' order by id) from t") == "<null>null|< {\"a\" :1}\n>-|<\"\\u00e9\\/\">\"é/\"");
}

TEST_CASE("copy text: MySQL's and SQLite's values arrive as over PostgREST") {
  const std::string schema =
      "create table t (id int, a text, b bytea, c boolean, d bit(4), e uuid, f int, g jsonb)";
  const std::string contents =
      "select string_agg(coalesce(a, '-') || '|' || coalesce(b::text, '-') || '|' || "
      "coalesce(c::text, '-') || '|' || coalesce(d::text, '-') || '|' || coalesce(e::text, '-') || "
      "'|' || coalesce(f::text, '-') || '|' || coalesce(g::text, '-'), ' ' order by id) from t";
  copy(fresh_database(schema),
       "INSERT INTO `t` (`id`, `a`, `b`, `c`, `d`, `e`, `f`, `g`) VALUES\n"
       "(1, 'it\\'s\\n', 0xDEADBEEF, '\\0', b'101', 0x00112233445566778899AABBCCDDEEFF, 0x10, "
       "'{\\\"a\\\": 1}'),\n"
       "(2, 'a''b', 'raw\\\\', 1, 5, '00112233-4455-6677-8899-aabbccddeeff', 2.5, NULL);\n",
       "mysql");
  CHECK(sql_in(contents) ==
        "it's\n|\\xdeadbeef|false|0101|00112233-4455-6677-8899-aabbccddeeff|16|{\"a\": 1} "
        "a'b|\\x7261775c|true|0101|00112233-4455-6677-8899-aabbccddeeff|3|-");
  copy(fresh_database(schema),
       "INSERT INTO t(id,a,b,c) VALUES(1,1.5,X'00ff',1);\nINSERT INTO t(id,a,b) "
       "VALUES(2,'x\ty','text');\n",
       "sqlite");
  CHECK(sql_in(contents) == "1.5|\\x00ff|true|-|-|-|- x\ty|\\x74657874|-|-|-|-|-");
}

TEST_CASE("copy text: random texts come back as they went, in every form") {
  const std::string url = fresh_database("create table t (id int, a text, b text)");
  test::Random random(20260101);
  const ColumnSet set = set_of({{"id", "integer"}, {"a", "text"}, {"b", "text"}});
  pg::CopyIn database(url);
  database.begin();
  std::vector<std::string> texts;
  json::Buffer lines;
  const std::string alphabet = "ab\\\n\r\t'.N\b\f\v \x01é∀";
  for (int id = 0; id < 2000; ++id) {
    std::string text;
    for (std::size_t left = random.below(150); left > 0; --left) {
      const std::size_t at = random.below(15);
      text += at == 14 ? "∀" : std::string(1, alphabet[at]);
    }
    std::string doubled;
    for (const char byte : text) doubled += byte == '\'' ? std::string("''") : std::string(1, byte);
    sql::Row row;
    const std::string number = std::to_string(id);
    row.values = {value(Form::number, number), value(Form::verbatim, text),
                  value(Form::doubled_quotes, doubled)};
    CHECK(append_copy_line(set, row, {}, lines) == "");
    texts.push_back(text);
  }
  database.start_copy({"public", "t"}, "COPY t FROM STDIN");
  database.put(lines.view());
  CHECK(database.finish_copy() == texts.size());
  const auto rows = database.query("select a, b from t order by id");
  REQUIRE(rows.size() == texts.size());
  for (std::size_t id = 0; id < texts.size(); ++id) {
    CHECK(rows[id][0] == texts[id]);
    CHECK(rows[id][1] == texts[id]);
  }
}

}  // namespace pgseed::seed
