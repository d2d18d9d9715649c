// Every type and every form of literal, loaded twice: by psql and by pgseed. What arrives must be
// the same text; what cannot arrive must be named, and nothing in between.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/base/text.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kTypes = R"sql(
  create type mood as enum ('sad', 'ok ish', 'Happy');
  create type pair as (x int, y text);
  create type nested as (p pair, n numeric);
  create domain positive as int check (value > 0);
  create domain short_text as varchar(5);
  create domain cents as numeric(5,2);
  create domain doc as json;
  create domain docb as jsonb;
  create type price_range as range (subtype = numeric);
)sql";

struct Literals {
  const char* type;
  std::vector<std::string> values;
};

const std::vector<Literals>& carried() {
  static const std::vector<Literals> all = {
      {"smallint", {"'-32768'", "32767", "' 7 '", "+5", "-0", "007"}},
      {"integer",
       {"2147483647",
        "-2147483648",
        "007",
        "1.5",
        "2.5",
        "-0.5",
        "-2.5",
        "1e3",
        "1.0",
        "+5",
        "-0",
        "12e-1",
        "'12'",
        "' 12 '",
        "5::int",
        "CAST('5' AS integer)",
        "int '5'",
        "5::bigint",
        "'7'::smallint",
        "NULL",
        "NULL::int"}},
      {"bigint", {"9007199254740993", "9223372036854775807", "-9223372036854775808", "1e15"}},
      {"numeric",
       {"1234567890123456789012345678901234567890.0123", "1.10", "'NaN'", "'Infinity'",
        "'-Infinity'", ".5", "5.", "+5", "007", "-0.0", "1e-5", "'1e400'", "1e400", "-0", "0.000",
        "'.5'", "1.50::numeric", "NULL"}},
      {"numeric(10,2)", {"1.005", "12345678.999", "'1.10'", "-0.005"}},
      {"real",
       {"0.1", "'NaN'", "'-Infinity'", "1e30", "3.4028235e38", "-0", "-0.0", "'-0'", "16777217",
        "1.17549435e-38"}},
      {"double precision",
       {"0.1", "1e308", "1e-307", "-0", "-0.0", "'-0'", "1.7976931348623157e308", "'Infinity'",
        "123456789.123456789", "double precision '1.5'"}},
      {"boolean",
       {"TRUE", "false", "'t'", "'f'", "'yes'", "'no'", "'y'", "'on'", "'off'", "'1'", "'0'",
        "' true '", "'tr'", "true::boolean", "'t'::bool"}},
      {"text",
       {"007",
        "1e2",
        ".5",
        "-0.0",
        "-0",
        "+1.50",
        "1.0",
        "TRUE",
        "false",
        "'NULL'",
        "''",
        "' a '",
        R"(E'a\tb\n\\x\'')",
        R"('C:\dir\')",
        R"(U&'\00e9\+01F600')",
        R"(U&'d!0061t' UESCAPE '!')",
        "$$a'b$$",
        "$q$it's $$ there$q$",
        "N'x'",
        "'a'\n'b'",
        "'x'::text",
        "12::text",
        "CAST('y' AS varchar)",
        "B'101'",
        "X'1F'",
        "'\xf0\x9f\x98\x80 \xe2\x80\xa8 \xef\xbf\xbf'",
        R"(E'\u00e9\U0001F600\x41\101')",
        "'line 1\nline 2'",
        "'a\rb'",
        "'\x7f\x01'",
        R"('"quoted" \"')",
        "'[1,2]'",
        "'null'",
        "'true'",
        "('a')",
        "NULL"}},
      {"varchar(5)",
       {"'abc  '", "'abcde   '", "12345", "'\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9'"}},
      {"char(5)", {"'ab'", "'ab   '", "12", "true"}},
      {"name", {"'some name'"}},
      {"\"char\"", {"'x'"}},
      {"citext", {"'MiXed'"}},
      {"bytea",
       {R"('\xDEADbeef')", R"('abc\000\\d')", "''", "'plain'", R"(E'\\x00ff')", R"('\x'::bytea)"}},
      {"date",
       {"'2024-01-01'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'epoch'", "'01/02/2024'",
        "DATE '2024-02-29'", "'January 8, 1999'", "'2024-01-01'::date", "'2024-05-06 07:08'"}},
      {"time", {"'24:00:00'", "'04:05:06.789'", "'04:05 PM'", "TIME '01:02:03'", "'allballs'"}},
      {"timetz", {"'04:05:06-08'", "'2003-04-12 04:05:06 America/New_York'"}},
      {"timestamp",
       {"'2024-01-01 12:00'", "'infinity'", "'2024-01-01T12:00:00Z'",
        "timestamp '2001-02-03 04:05:06'", "'1999-01-08 04:05:06.123456'", "'epoch'",
        "'2024-01-01'::date"}},
      {"timestamptz",
       {"'2024-01-01 12:00+02'", "'2024-07-01 12:00 America/New_York'",
        "'294276-12-31 23:59:59+00'", "'4713-01-01 00:00:00+00 BC'", "'2024-01-01 12:00'",
        "timestamp with time zone '2024-01-01 12:00+05:30'", "'2024-01-01 12:00'::timestamptz"}},
      {"timestamp(2)", {"'2024-01-01 12:00:00.12789'"}},
      {"timestamptz(0)", {"'2024-01-01 12:00:00.6+00'"}},
      {"interval",
       {"'1 year 2 mons 3 days 04:05:06.789'", "'P1Y2M3DT4H5M6S'", "'@ 1 hour ago'", "'90'",
        "INTERVAL '1 day'", "'1-2'", "'-1 day +2:03:04'"}},
      {"uuid",
       {"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "'{a0eebc99-9c0b4ef8-bb6d6bb9bd380a11}'",
        "'a0eebc999c0b4ef8bb6d6bb9bd380a11'"}},
      {"json",
       {R"('{"a":1, "a":2,  "b" :3}')", R"('"str"')", "'1'", "'true'", "'[]'", "'1e400'",
        R"('{"u":"\u00e9"}')", "'-0'", "'1.10'", R"('{"a":{"b":[1,{"c":null}]}}')", "'[1,\n 2]'",
        R"('{"a":1}'::json)", R"('{"q":"it''s"}')", R"(E'{"a":"\\n"}')", "NULL",
        "'1234567890123456789012345678901234567890'"}},
      {"jsonb",
       {R"('{"a":1, "a":2,  "b" :3}')", R"(' {"b":1} ')", R"('"str"')", "'1.10'", "'[]'",
        R"('{"u":"\u00e9"}')", R"('{"a":1}'::jsonb)", R"('{"b": 2}'::json)", "NULL",
        R"(JSONB '{"a": null}')", "'1e400'"}},
      {"doc", {R"('{"a":1,  "a":2}')"}},
      {"docb", {R"('{"a":1,  "a":2}')"}},
      {"int[]",
       {"'{1,NULL,3}'", "'{{1,2},{3,4}}'", "'[2:4]={7,8,9}'", "'{}'", "ARRAY[1,2,3]",
        "ARRAY[[1,2],[3,4]]", "ARRAY[]::int[]", "ARRAY[1,NULL]", "ARRAY[007, +1, -2]",
        "'{1,2}'::int[]"}},
      {"text[]",
       {R"('{"a,b",NULL,"NULL",""}')", "ARRAY['a,b','NULL',NULL,'']",
        R"(ARRAY['a"b','c\d',' e ','{f}'])", "array['x']::text[]", "ARRAY['a','b']::varchar[]",
        "'{}'::text[]", "ARRAY['','null']"}},
      {"boolean[]", {"ARRAY[TRUE,false,NULL]", "'{t,f}'"}},
      {"numeric[]", {"ARRAY[1.10,2]", "'{1.10,NaN}'"}},
      {"timestamptz[]", {"'{\"2024-01-01 12:00+02\",infinity}'"}},
      {"uuid[]", {"'{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}'"}},
      {"json[]", {R"('{"{\"a\": 1}","2"}')", R"(ARRAY['{"a":1, "a":2}'::json,'2'::json])"}},
      {"jsonb[]", {R"('{"{\"a\": 1}","2"}')", R"('{"null",NULL}')"}},
      {"mood", {"'sad'", "'ok ish'", "'Happy'::mood"}},
      {"mood[]", {R"('{sad,"ok ish"}')", "ARRAY['sad','Happy']::mood[]"}},
      {"pair",
       {"'(1,foo)'", R"('(1,"a,b""c\\d")')", "ROW(1,'foo')", "(2,'bar')", "ROW(1,NULL)",
        R"(ROW(1,'a,b"c\d'))", "ROW(1,'')", "ROW(NULL,NULL)", "ROW(1,'x')::pair"}},
      {"nested", {"ROW(ROW(1,'a b'),2.50)", R"x('("(1,a)",2.50)')x"}},
      {"pair[]", {R"x('{"(1,a)","(2,\"b c\")"}')x"}},
      {"positive", {"5", "'7'"}},
      {"short_text", {"'abc'", "'abcde '"}},
      {"cents", {"1.005", "'999.99'"}},
      {"int4range", {"'[1,10)'", "'empty'", "'(,5]'"}},
      {"numrange", {"'[1.5,2.50)'"}},
      {"daterange", {"'[2024-01-01,2024-02-01]'"}},
      {"tstzrange", {R"('["2024-01-01 00:00+00","2024-01-02 00:00+02")')"}},
      {"price_range", {"'[1.10,2)'"}},
      {"int4multirange", {"'{[1,3),[5,7)}'", "'{}'"}},
      {"inet", {"'192.168.0.1/24'", "'::1'"}},
      {"cidr", {"'192.168.0.0/24'", "'10'"}},
      {"macaddr", {"'08-00-2b-01-02-03'"}},
      {"macaddr8", {"'08:00:2b:01:02:03:04:05'"}},
      {"oid", {"42", "'4294967295'"}},
      {"pg_lsn", {"'16/B374D848'"}},
      {"regclass", {"'pg_catalog.pg_class'"}},
      {"tid", {"'(1,2)'"}},
      {"bit(3)", {"B'101'", "'110'"}},
      {"bit(8)", {"X'1F'", "'x1F'"}},
      {"varbit", {"B''", "B'1'", "X'aB'"}},
      {"xml", {"'<a x=\"1\">b</a>'", "'text'"}},
      {"tsvector", {"'a:1 b:2A'", "'it''s'"}},
      {"tsquery", {"'a & !b'"}},
      {"hstore", {R"('"a"=>"1", "b"=>NULL')", "'k=>v'"}},
      {"ltree", {"'Top.Science'"}},
      {"money", {"'$1,234.56'", "'-$0.5'", "1234.56", "12"}},
      {"point", {"'(1,2)'", "'1.5,-2'"}},
      {"box", {"'(1,2),(3,4)'"}},
      {"box[]", {"'{(1,1),(0,0);(2,2),(1,1)}'"}},
      {"polygon", {"'((0,0),(1,1),(1,0))'"}},
      {"path", {"'[(0,0),(1,1)]'"}},
      {"line", {"'{1,2,3}'"}},
      {"lseg", {"'[(0,0),(1,1)]'"}},
      {"circle", {"'<(0,0),2>'"}},
      {"jsonpath", {"'$.a[*] ? (@ > 1)'"}},
  };
  return all;
}

// How the only right refusals end; `either` may also arrive, but then as psql stores it.
enum class End { refused, rejected, either };

struct Refusal {
  const char* type;
  std::string value;
  End end;
};

const std::vector<Refusal>& not_carried() {
  static const std::vector<Refusal> all = {
      // JSON that PostgREST would store as something else.
      {"json", "'null'", End::refused},
      {"json", "' null '", End::refused},
      {"jsonb", "'null'", End::refused},
      {"doc", "'null'", End::refused},
      {"jsonb", "'null'::jsonb", End::refused},
      {"json", R"(' {"a":1}')", End::refused},
      {"json", "'[1]\n'", End::refused},
      {"json", R"('{"b":1,"a":2}'::jsonb)", End::refused},
      // json takes these from psql, PostgREST does not pass them on.
      {"json", R"('["\u0000"]')", End::rejected},
      {"json", R"('["\ud800"]')", End::rejected},
      {"json", R"('"\u0000"')", End::refused},
      {"json", R"('"\ud800"')", End::refused},
      {"json", R"('"\u00e9"')", End::refused},
      // Expressions that only the server can work out.
      {"tsvector", "to_tsvector('simple', 'a b')", End::refused},
      {"jsonb", R"(jsonb_build_object('a', 1))", End::refused},
      {"integer", "1 + 1", End::refused},
      {"text", "'a' || 'b'", End::refused},
      {"text", "(select 'a')", End::refused},
      {"text", "upper('a')", End::refused},
      {"integer", "nextval('some_sequence')", End::refused},
      {"int4range", "int4range(1, 10)", End::refused},
      {"bytea", "decode('00ff', 'hex')", End::refused},
      {"timestamptz", "now() - interval '1 day'", End::refused},
      {"timestamptz", "'2024-01-01 12:00' at time zone 'Asia/Tokyo'", End::refused},
      {"text", "CURRENT_TIMESTAMP", End::refused},
      {"text", "CURRENT_USER", End::refused},
      // Casts that change the value before it is stored.
      {"text", "'abc'::varchar(2)", End::either},
      {"text", "'ab'::char(5)", End::either},
      {"text", "'1.50'::numeric(10,1)", End::either},
      {"text", "1.50::float8", End::either},
      {"text", "1e2::int", End::either},
      {"text", "1.5::int", End::either},
      {"text", "'007'::int", End::either},
      {"text", "007::numeric", End::either},
      {"text", "'t'::boolean", End::either},
      {"text", "true::boolean", End::either},
      {"text", "1::boolean", End::either},
      {"text", "'2024-1-2'::date", End::either},
      {"text", "'{\"b\":1,\"a\":2}'::jsonb", End::either},
      {"text", "'{\"b\":1,  \"a\":2}'::json", End::either},
      {"text", R"('\xAB'::bytea)", End::either},
      {"text", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid", End::either},
      {"text", "'::0001'::inet", End::either},
      {"text", "'1,2'::point", End::either},
      {"text", "'b a'::tsvector", End::either},
      {"text", "'[1,10]'::int4range", End::either},
      {"text", "'{007}'::int[]", End::either},
      {"text", "'00:00:01'::interval", End::either},
      {"text", "INTERVAL '1' DAY", End::either},
      {"text", "'$5'::money", End::either},
      {"text", "'08-00-2b-01-02-03'::macaddr", End::either},
      {"text", "5::int::text", End::either},
      {"text", "007::int::text", End::either},
      {"text", "'2024-1-2'::date::text", End::either},
      {"text", "date '2024-1-2'::varchar", End::either},
      {"text", "'t'::bool::text", End::either},
      {"text", "'{\"b\":1,  \"a\":2}'::jsonb::text", End::either},
      {"json", "'{\"b\":1,  \"a\":2}'::jsonb::json", End::either},
      {"json", "'{\"b\":1,  \"a\":2}'::jsonb::text::json", End::either},
      {"timestamp", "'2024-01-01 12:00+05'::timestamptz::timestamp", End::either},
      {"timestamptz", "'2024-01-01 12:00+05'::timestamp::timestamptz", End::either},
      {"date", "'2024-01-01 23:00-05'::timestamptz::date", End::either},
      {"double precision", "0.1::real::float8", End::either},
      {"int[]", "'{1.5}'::numeric[]::int[]", End::either},
      {"text[]", "ARRAY['2024-1-2'::date]::text[]", End::either},
      {"text[]", "ARRAY[CAST('2024-1-2' AS date), '2024-3-4']", End::either},
      {"text[]", "'{2024-1-2}'::date[]::text[]", End::either},
      {"pair", "ROW(1,'2024-1-2'::date)", End::either},
      {"pair", "ROW(1,'2024-1-2'::date)::pair", End::either},
      {"text", "'sad'::mood", End::either},
      {"text", "'(1,\"a\")'::pair", End::either},
      {"text", "ROW(1,'a b')", End::either},
      {"text", "ARRAY[007,1]", End::either},
      {"text", "'abcdefgh'::short_text", End::either},
      {"text", "'abcdef   '::short_text", End::either},
      {"text", "1.005::cents", End::either},
      {"text[]", "ARRAY[007, 1e2, .5]", End::either},
      {"text[]", "ARRAY[TRUE,false]", End::either},
      {"text[]", "'{007}'::int[]", End::either},
      {"text[]", "ARRAY[1.50::float8]", End::either},
      {"text[]", "ARRAY['2024-1-2'::date]", End::either},
      {"int[]", "ARRAY[1.5, 2.5]", End::either},
      {"int[]", "'{1.5}'::numeric[]", End::either},
      {"int[]", "ARRAY[1,2]::numeric[]", End::either},
      {"pair", "ROW(1.5,'x')", End::either},
      {"pair", "ROW(1,007)", End::either},
      {"pair", "ROW(1,TRUE)", End::either},
      {"pair", "ROW('1','x')", End::either},
      {"pair[]", "ARRAY[ROW(1,'a')::pair, ROW(2,'b c')::pair]", End::either},
      {"jsonb[]", R"(ARRAY['{"a": 1}'::jsonb, '2'])", End::either},
      {"integer", "2.5::float8", End::either},
      {"integer", "3.5::real", End::either},
      {"integer", "'2.5'::float8", End::either},
      {"integer", "'1.5'::numeric", End::either},
      {"integer", "true::int", End::either},
      {"integer", "2.4::numeric(3,0)", End::either},
      {"integer", "B'101'::int", End::either},
      {"integer", "(5)", End::either},
      {"integer", "-(5)", End::either},
      {"integer", "- 5", End::either},
      {"integer", "-'5'::int", End::either},
      {"bigint", "123456789::real", End::either},
      {"numeric", "1.50::float8", End::either},
      {"numeric", "'1.50'::float8", End::either},
      {"numeric", "0.1::real", End::either},
      {"numeric", "1.005::numeric(10,2)", End::either},
      {"numeric", "'1.005'::numeric(10,2)", End::either},
      {"numeric", "1.5::int", End::either},
      {"numeric", "'$1.50'::money", End::either},
      {"double precision", "0.1::real", End::either},
      {"double precision", "'0.1'::float4", End::either},
      {"double precision", "real '0.1'", End::either},
      {"double precision", "1.5::int", End::either},
      {"real", "0.1::float8", End::either},
      {"real", "16777217::int", End::either},
      {"timestamp", "'2024-01-01 12:00+05'::timestamptz", End::either},
      {"timestamp", "timestamptz '2024-01-01 12:00+05'", End::either},
      {"timestamp", "'2024-01-01 12:00:00.6'::timestamp(0)", End::either},
      {"timestamptz", "'2024-01-01 12:00+05'::timestamp", End::either},
      {"timestamptz", "'2024-01-01 12:00 America/New_York'::timestamp", End::either},
      {"timestamptz", "'2024-01-01 12:00'::date", End::either},
      {"timestamptz", "'2024-01-01'::date", End::either},
      {"date", "'2024-01-01 23:00-05'::timestamptz", End::either},
      {"date", "'2024-01-01 23:00'::timestamp", End::either},
      {"date", "'2024-01-01 23:59:59.9'::timestamp(0)", End::either},
      {"time", "'2024-01-01 23:00-05'::timestamptz", End::either},
      {"time", "'12:34:56.789'::time(0)", End::either},
      {"time", "'12:00+05'::timetz", End::either},
      {"interval", "INTERVAL '1' YEAR", End::either},
      {"interval", "INTERVAL '1.5' HOUR", End::either},
      {"interval", "INTERVAL '1 day 2 hours' DAY", End::either},
      {"interval", "'01:02:03.6'::interval(0)", End::either},
      {"interval", "'10:00'::time", End::either},
      {"bit(8)", "5::bit(8)", End::either},
      {"varbit", "B'10101'::bit(3)", End::either},
      {"varbit", "'101'::bit", End::either},
      {"inet", "'10'::cidr", End::either},
      {"cidr", "'10.1.2.3/8'::inet", End::either},
      {"numrange", "numrange '[1.0,2)'", End::either},
      {"varchar(5)", "'abcdef'::varchar(5)", End::either},
      {"varchar(5)", "CAST('abcdef' AS char(3))", End::either},
      {"char(5)", "TRUE", End::either},
      {"name", "'x'::text", End::either},
      {"bytea", "'abc'::text::bytea", End::either},
      {"cents", "1.005::cents", End::either},
      {"doc", R"('{"a":1}'::json)", End::either},
      {"docb", R"('{"a":1}'::json)", End::either},
      {"jsonb", R"('"x"'::json)", End::either},
      {"hstore", "hstore('a','b')", End::either},
      {"money", "'12.50'::numeric", End::either},
      {"oid", "'pg_class'::regclass", End::either},
      {"xml", "xml '<a/>'", End::either},
  };
  return all;
}

std::string insert(const std::string& table, std::size_t id, const std::string& value) {
  return "INSERT INTO " + table + " (id, v) VALUES (" + std::to_string(id) + ", " + value + ");\n";
}

std::string create(const std::string& table, const std::string& type) {
  return "create table " + table + " (id int primary key, v " + type + ");\n";
}

// Each table's rows as "id=text id=text ...", NULL as \N, in one question.
std::vector<std::string> contents(const std::vector<std::string>& tables) {
  std::string query;
  for (std::size_t index = 0; index < tables.size(); ++index) {
    query += (index == 0 ? "select c from (" : " union all ") + std::string("(select ") +
             std::to_string(index) +
             " n, encode(convert_to(coalesce(string_agg(id || '=' || coalesce(v::text, '\\N'), "
             "E'\\n' order by id), ''), 'UTF8'), 'escape') c from " +
             tables[index] + ")";
  }
  query += ") each order by n";
  std::vector<std::string> all;
  // psql ends a row with a line break; `escape` leaves those of the values as they are, so another
  // separator is asked for.
  const std::string answer = shared_stack().sql("\\pset recordsep '\\036'\n" + query);
  for (std::size_t at = 0; at <= answer.size();) {
    const std::size_t end = std::min(answer.find('\036', at), answer.size());
    all.push_back(answer.substr(at, end - at));
    at = end + 1;
  }
  return all;
}

// Runs each statement on its own; what fails leaves no trace.
void try_each(const std::vector<std::string>& statements) {
  std::string script;
  for (const std::string& statement : statements) {
    script += "do $try_each$ begin execute $try_it$" + statement +
              "$try_it$; exception when others then null; end $try_each$;\n";
  }
  shared_stack().sql(script);
}

std::vector<std::string> names(std::size_t count, const std::string& suffix) {
  std::vector<std::string> all;
  for (std::size_t index = 0; index < count; ++index) {
    all.push_back("t" + std::to_string(index) + suffix);
  }
  return all;
}

void reset_with(const std::string& tables) {
  shared_stack().reset("create extension citext; create extension hstore; create extension ltree;" +
                       std::string(kTypes) + tables);
}

}  // namespace

TEST_CASE("types: every literal that psql can load arrives as psql loads it") {
  std::string tables;
  std::string by_psql;
  std::string dump;
  std::size_t rows = 0;
  for (std::size_t index = 0; index < carried().size(); ++index) {
    const Literals& literals = carried()[index];
    const std::string name = "t" + std::to_string(index);
    for (const char* const suffix : {"", "_psql", "_text", "_csv"}) {
      tables += create(name + suffix, literals.type);
    }
    for (std::size_t row = 0; row < literals.values.size(); ++row, ++rows) {
      by_psql += insert(name + "_psql", row, literals.values[row]);
      dump += insert(name, row, literals.values[row]);
    }
  }
  reset_with(tables);
  shared_stack().sql(by_psql);
  const Seeded loaded = seed_text(dump, {"--skip-unsupported", "--max-rejects", "all"});
  INFO(loaded.error(), loaded.where(), loaded.notes());
  CHECK(loaded.exit_code() == 0);
  CHECK(loaded.total("rows_loaded") == static_cast<std::int64_t>(rows));
  const auto truth = contents(names(carried().size(), "_psql"));
  const auto stored = contents(names(carried().size(), ""));
  REQUIRE(truth.size() == carried().size());
  for (std::size_t index = 0; index < carried().size(); ++index) {
    CHECK_MESSAGE(stored.at(index) == truth[index], std::string(carried()[index].type));
  }

  // The same values as COPY writes them, in both of its forms.
  std::string script;
  for (const std::string form : {"text", "csv"}) {
    for (const std::string& name : names(carried().size(), "")) {
      script += "\\qecho 'COPY " + name + "_" + form + " (id, v) FROM stdin" +
                (form == "csv" ? " CSV" : "") + ";'\n";
      script += "copy (select * from " + name + "_psql order by id) to stdout" +
                (form == "csv" ? " csv" : "") + ";\n\\qecho '\\\\.'\n";
    }
  }
  const std::string copies = shared_stack().sql(script) + "\n";
  const Seeded copied = seed_text(copies, {"--skip-unsupported", "--max-rejects", "all"});
  INFO(copied.error(), copied.where(), copied.notes());
  CHECK(copied.exit_code() == 0);
  CHECK(copied.total("rows_loaded") == static_cast<std::int64_t>(2 * rows));
  const auto from_text = contents(names(carried().size(), "_text"));
  const auto from_csv = contents(names(carried().size(), "_csv"));
  for (std::size_t index = 0; index < carried().size(); ++index) {
    CHECK_MESSAGE(from_text.at(index) == truth[index], std::string(carried()[index].type));
    CHECK_MESSAGE(from_csv.at(index) == truth[index], std::string(carried()[index].type));
  }
}

TEST_CASE("types: what cannot arrive as psql stores it does not arrive, and is named") {
  std::string tables = "create sequence some_sequence;";
  std::string dump;
  std::int64_t refused = 0;
  for (std::size_t index = 0; index < not_carried().size(); ++index) {
    const Refusal& refusal = not_carried()[index];
    const std::string name = "t" + std::to_string(index);
    for (const char* const suffix : {"", "_psql"}) tables += create(name + suffix, refusal.type);
    dump += insert(name, 1, refusal.value);
    refused += refusal.end == End::refused ? 1 : 0;
  }
  reset_with(tables);
  const TempDir folder;
  const std::string rejects = folder / "rejects.ndjson";
  const Seeded loaded =
      seed_text(dump, {"--skip-unsupported", "--max-rejects", "all", "--rejects", rejects});
  CHECK(loaded.exit_code() == 1);
  CHECK(loaded.total("rows_skipped") >= refused);
  const std::string rejected = read_file(rejects);
  std::vector<std::string> by_psql;
  for (std::size_t index = 0; index < not_carried().size(); ++index) {
    by_psql.push_back(insert("t" + std::to_string(index) + "_psql", 1, not_carried()[index].value));
  }
  try_each(by_psql);
  const auto truth = contents(names(not_carried().size(), "_psql"));
  const auto stored = contents(names(not_carried().size(), ""));
  for (std::size_t index = 0; index < not_carried().size(); ++index) {
    const Refusal& refusal = not_carried()[index];
    INFO(refusal.value, " into ", std::string(refusal.type), "; psql: ", truth.at(index));
    if (!stored.at(index).empty()) CHECK(stored[index] == truth[index]);
    if (refusal.end != End::either) CHECK(stored[index].empty());
    const bool is_rejected = contains(rejected, "\"table\":\"t" + std::to_string(index) + "\"");
    if (refusal.end == End::rejected) CHECK(is_rejected);
    if (refusal.end == End::refused) CHECK(!is_rejected);
  }
}

TEST_CASE("types: a value that cannot be carried stops the run before anything is written") {
  std::string tables = "create sequence some_sequence; create table good (id int primary key);";
  for (std::size_t index = 0; index < not_carried().size(); ++index) {
    tables += create("t" + std::to_string(index), not_carried()[index].type);
  }
  reset_with(tables);
  int rejected = 0;
  for (std::size_t index = 0; index < not_carried().size(); ++index) {
    const Refusal& refusal = not_carried()[index];
    if (refusal.end == End::either) continue;
    const Seeded loaded = seed_text("INSERT INTO good VALUES (" + std::to_string(index) + ");\n" +
                                        insert("t" + std::to_string(index), 1, refusal.value),
                                    {"--via", "rest"});
    INFO(refusal.value, " into ", std::string(refusal.type), ": ", loaded.error());
    if (refusal.end == End::refused) {
      CHECK(loaded.exit_code() == 3);
      CHECK(contains(loaded.where(), "dump.sql:2"));
    } else {
      CHECK(loaded.exit_code() == 1);
      CHECK(contains(loaded.where(), "dump.sql:2"));
      ++rejected;
    }
    CHECK(!loaded.hint().empty());
  }
  for (const std::string& rows : contents(names(not_carried().size(), ""))) CHECK(rows.empty());
  // Only the rows that the server itself rejected had good ones before them.
  CHECK(shared_stack().sql("select count(*) from good") == std::to_string(rejected));
}

TEST_CASE("types: values that the type refuses are rejected with the server's reason") {
  struct Bad {
    const char* type;
    const char* value;
    const char* code;
  };
  const std::vector<Bad> all = {
      {"int", "'abc'", "22P02"},         {"int", "3000000000", "22003"},
      {"smallint", "32768", "22003"},    {"boolean", "'maybe'", "22P02"},
      {"date", "'2024-02-30'", "22008"}, {"varchar(2)", "'abc'", "22001"},
      {"uuid", "'xyz'", "22P02"},        {"mood", "'SAD'", "22P02"},
      {"positive", "-1", "23514"},       {"cidr", "'192.168.0.1/24'", "22P02"},
      {"bit(3)", "B'1010'", "22026"},    {"int[]", "'{1,{2}}'", "22P02"},
      {"numeric(3,1)", "1000", "22003"}, {"jsonb", "'{a:1}'", "22P02"},
      {"xml", "'<bad>'", "2200N"},       {"pair", "'(1,2,3)'", "22P02"},
  };
  std::string tables;
  std::string dump;
  for (std::size_t index = 0; index < all.size(); ++index) {
    tables += create("t" + std::to_string(index), all[index].type);
    dump += insert("t" + std::to_string(index), 1, all[index].value);
  }
  reset_with(tables);
  const TempDir folder;
  const std::string rejects = folder / "rejects.ndjson";
  const Seeded loaded = seed_text(dump, {"--max-rejects", "all", "--rejects", rejects});
  CHECK(loaded.exit_code() == 1);
  const std::string rejected = read_file(rejects);
  for (std::size_t index = 0; index < all.size(); ++index) {
    const std::string line = "\"line\":" + std::to_string(index + 1) + ",\"schema\":\"public\",";
    INFO(all[index].value, " into ", std::string(all[index].type), " ", rejected);
    CHECK(contains(rejected, line));
    CHECK(contains(rejected.substr(rejected.find(line)).substr(0, 200),
                   std::string("\"code\":\"") + all[index].code));
  }
}

TEST_CASE("types: the current time and random ids are values of this run") {
  reset_with(
      "create table t (id int primary key, a timestamptz, b timestamp, c date, d time, u uuid)");
  const Seeded loaded = seed_text(
      "INSERT INTO t VALUES (1, now(), CURRENT_TIMESTAMP, CURRENT_DATE, CURRENT_TIME, "
      "gen_random_uuid()), (2, now(), now(), now(), LOCALTIME, uuid_generate_v4());");
  INFO(loaded.error());
  CHECK(loaded.exit_code() == 0);
  CHECK(shared_stack().sql("select count(*) from t where a between now() - interval '1 minute' "
                           "and now() and b is not null and c is not null and d is not null") ==
        "2");
  CHECK(shared_stack().sql("select count(distinct u) from t where u::text like "
                           "'________-____-4___-%'") == "2");
}

TEST_CASE("types: a string with U+0000 is named with its line and column before anything is sent") {
  reset_with("create table t (id int primary key, v text)");
  const Seeded loaded =
      seed_text("INSERT INTO t VALUES (1, 'a');\nINSERT INTO t VALUES (2, E'b\\000c');\n");
  CHECK(loaded.exit_code() == 3);
  CHECK(contains(loaded.where(), "dump.sql:2"));
  CHECK(shared_stack().sql("select count(*) from t") == "0");
}

TEST_CASE("types: the time zone that a dump sets holds for its values") {
  reset_with("create table t (id int primary key, v timestamptz)");
  const Seeded loaded = seed_text(
      "INSERT INTO t VALUES (1, '2024-01-01 12:00');\n"
      "SET timezone = 'Asia/Tokyo';\n"
      "INSERT INTO t VALUES (2, '2024-01-01 12:00');\n"
      "SET TIME ZONE 'America/New_York';\n"
      "INSERT INTO t VALUES (3, '2024-01-01 12:00'), (4, '2024-01-01 12:00+00');\n"
      "SET timezone TO 'UTC';\n"
      "INSERT INTO t VALUES (5, '2024-01-01 12:00');\n");
  INFO(loaded.error());
  CHECK(loaded.exit_code() == 0);
  CHECK(shared_stack().sql("set timezone = 'UTC'; select string_agg(to_char(v, 'HH24'), ' ' "
                           "order by id) from t") == "12 03 17 12 12");
}

TEST_CASE("types: zones in PostgreSQL's other spellings were passed over in silence over REST") {
  const std::string schema = "create table t (id int primary key, v timestamptz, i interval)";
  const auto hours = [] {
    return shared_stack().sql(
        "set timezone = 'UTC'; select string_agg(to_char(v, 'HH24:MI'), ' ' order by id) from t");
  };
  const std::string row = "', '2024-01-01 12:00');\n";
  const auto rows = [&](const std::vector<std::string>& zones) {
    std::string dump;
    for (const std::string& zone : zones) {
      dump += text("SET ", zone, ";\nINSERT INTO t (id, v) VALUES ('", &zone - zones.data(), row);
    }
    return dump;
  };
  reset_with(schema);
  const Seeded known =
      seed_text(rows({"TIME ZONE '+5'", "timezone TO utc",
                      "TIME ZONE INTERVAL '-03:00' HOUR TO MINUTE", "timezone = 'gmt'"}),
                {"--via", "rest"});
  CHECK_MESSAGE(known.exit_code() == 0, known.error());
  CHECK(hours() == "07:00 12:00 15:00 12:00");
  for (const auto& [zone, wanted] : std::vector<std::pair<std::string, std::string>>{
           {"TIME ZONE 'UTC+3'", "15:00"},
           {"TIME ZONE '<+04>-04'", "08:00"},
           {"timezone TO 'europe/berlin'", "11:00"},
           {"TIME ZONE 5.5", "06:30"},
           {"TIME ZONE INTERVAL '-08:30' HOUR TO MINUTE", "20:30"}}) {
    CAPTURE(zone);
    reset_with(schema);
    const Seeded refused = seed_text(rows({zone}), {"--via", "rest"});
    CHECK(refused.exit_code() == 3);
    CHECK(contains(refused.hint(), "--via direct"));
    CHECK(shared_stack().sql("select count(*) from t") == "0");
    // The database does, and is asked where it can be.
    CHECK(seed_text(rows({zone})).exit_code() == 0);
    CHECK(hours() == wanted);
  }
  // Before a row is stored or deleted.
  reset_with(schema + "; create table u (id int); insert into t values (7)");
  for (const std::vector<std::string>& way : std::vector<std::vector<std::string>>{
           {"--via", "rest"}, {"--via", "rest", "--force"}, {"--atomic", "--via", "rest"}}) {
    CAPTURE(way.back());
    const Seeded nowhere =
        seed_text("INSERT INTO u VALUES (1);\n" + rows({"timezone TO 'Mars/Phobos'"}), way);
    CHECK(nowhere.exit_code() == 5);
    CHECK(contains(nowhere.error(), "does not know the time zone Mars/Phobos"));
    CHECK(shared_stack().sql(
              "select (select count(*) from t) || ' ' || (select count(*) from u)") == "1 0");
  }
  // Where no value can mean anything else, nobody minds.
  CHECK(seed_text("SET timezone TO 'Mars/Phobos';\nINSERT INTO u VALUES (1);\n").exit_code() == 0);
  // What is compared is read as it was stored.
  reset_with(schema);
  const Seeded verified = seed_text(rows({"TIME ZONE 'UTC+3'"}), {"--via", "direct", "--verify"});
  CHECK_MESSAGE(verified.exit_code() == 0, verified.error());
  // A sign that counts for all fields behind it.
  const std::string intervals =
      "SET intervalstyle = sql_standard;\nINSERT INTO t (id, i) VALUES (1, '-1 2:03:04');\n";
  reset_with(schema);
  CHECK(seed_text(intervals, {"--via", "rest"}).exit_code() == 3);
  CHECK(seed_text(intervals).exit_code() == 0);
  CHECK(shared_stack().sql("select i from t") == "-1 days -02:03:04");
}

}  // namespace pgseed::test
