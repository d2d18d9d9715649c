#include "pgseed/sql/value.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "pgseed/sql/type_name.hpp"
#include "support/text_input.hpp"

using namespace pgseed::sql;
using pgseed::test::show;

namespace {

// A value inside VALUES (...), read to its ')': "[text]::cast", "unsupported: ...", "problem: ...".
std::string read(const std::string& literal, bool backslash_is_data = true) {
  const std::string text = literal + ")";
  Cursor cursor{text.data(), text.data() + text.size(), true, backslash_is_data};
  Arena arena;
  Value value;
  try {
    read_value(cursor, arena, value);
  } catch (const Unsupported& problem) {
    CHECK(problem.at >= text.data());
    CHECK(problem.at < text.data() + text.size());
    return "unsupported: " + problem.what;
  } catch (const SyntaxProblem& problem) {
    return "problem: " + problem.message;
  }
  CHECK(cursor.position == text.data() + literal.size());
  return show(value);
}

struct Case {
  std::string literal;
  std::string shown;
};

void check_all(const std::vector<Case>& cases) {
  for (const auto& [literal, shown] : cases) {
    CAPTURE(literal);
    CHECK(read(literal) == shown);
  }
}

}  // namespace

TEST_CASE("sql value: every kind of string constant is decoded") {
  check_all({
      {"'abc'", "[abc]"},
      {"''", "[]"},
      {"''''", "[']"},
      {"'it''s'", "[it's]"},
      {R"('\frac{1}{2}\')", R"([\frac{1}{2}\])"},
      {"'a\nb\r\nc'", "[a\nb\r\nc]"},
      {"'NULL'", "[NULL]"},
      {"' ab '", "[ ab ]"},
      {"'\xE2\x88\x80 \xF0\x9F\x91\xA9\xE2\x80\x8D'",
       "[\xE2\x88\x80 \xF0\x9F\x91\xA9\xE2\x80\x8D]"},
      {R"(E'a\nb\'\\''\u00e9')", "[a\nb'\\'\xC3\xA9]"},
      {"e'plain'", "[plain]"},
      {"E'a''b'", "[a'b]"},
      {R"(U&'d\0061t\+000061''')", "[data']"},
      {"u&'d!0061t' UESCAPE '!'", "[dat]"},
      {"$$it's \\ $ ok$$", "[it's \\ $ ok]"},
      {"$abc$Hello 'quotes' and $'s$abc$", "[Hello 'quotes' and $'s]"},
      {"N'abc'", "[abc]"},
      {"n'it''s'", "[it's]"},
      {"N'ab  '", "[ab]"},  // of type character: blanks at the end do not count
      {"'abc'\n'def'", "[abcdef]"},
      {"'it''s'\n  -- c\n  'it''s'", "[it'sit's]"},
      {"E'a\\n'\n'b\\n'", "[a\nb\n]"},
      {"'a'\n'b\\n'", "[ab\\n]"},
      {"U&'\\00'\n'41'", "[A]"},
      {"B'101'", "[101]::bit"},
      {"b''", "[]::bit"},
      {"X'1f'", "[00011111]::bit"},
      {"x'AbC'", "[101010111100]::bit"},
      {"B'1'\n'0'", "[10]::bit"},
  });
  CHECK(read(R"('a\'b\n')", false) == "[a'b\n]");
  CHECK(read(R"(N'a\'b')", false) == "[a'b]");
}

TEST_CASE("sql value: what PostgreSQL refuses in a string is a problem") {
  check_all({
      {"'abc", "problem: a string is never closed"},
      {"'a' 'b'", "problem: expected ',' or ')' after a value"},
      {"'a' /* c */\n'b'", "problem: expected ',' or ')' after a value"},
      {"E'\\0'", "problem: an escape for NUL in a string"},
      {"E'\\xC3'", "problem: the escapes of a string do not make valid UTF-8"},
      {"U&'\\006'", "problem: an invalid Unicode escape"},
      {"U&'x' UESCAPE 'a'", "problem: UESCAPE wants one character in quotes"},
      {"$a$abc", "problem: a dollar-quoted string $a$ is never closed"},
      {"B'102'", "problem: '2' is not a digit of a bit string"},
      {"X'1G'", "problem: 'G' is not a digit of a bit string"},
      {"", "problem: expected a value"},
      {",", "problem: expected a value"},
      {"`a`", "problem: a backtick is not PostgreSQL"},
      {"'it's'", "problem: expected ',' or ')' after a value"},
  });
}

TEST_CASE("sql value: numbers are written as numeric prints them") {
  check_all({
      {"0", "[0]"},
      {"1", "[1]"},
      {"-5", "[-5]"},
      {"+5", "[5]"},
      {"007", "[7]"},
      {"- 5", "[-5]"},
      {"- - 5", "[5]"},
      {"+-5", "[-5]"},
      {"- /* c */ - -- c\n - 3", "[-3]"},
      {"1.50", "[1.50]"},
      {"-0.10", "[-0.10]"},
      {".5", "[0.5]"},
      {"-.5", "[-0.5]"},
      {"5.", "[5]"},
      {"00.10", "[0.10]"},
      {"-0", "[0]"},
      {"-0.0", "[0.0]"},
      {"1e2", "[100]"},
      {"1E+2", "[100]"},
      {"1.e2", "[100]"},
      {"1E-2", "[0.01]"},
      {"1.5e1", "[15]"},
      {"1.50e1", "[15.0]"},
      {"12.5e-1", "[1.25]"},
      {".5e-1", "[0.05]"},
      {"0e5", "[0]"},
      {"1e400", "[1" + std::string(400, '0') + "]"},
      {"9007199254740993", "[9007199254740993]"},
      {"123456789012345678901234567890", "[123456789012345678901234567890]"},
      {"(7)", "[7]"},
      {"((-7.0))", "[-7.0]"},
      {"1x", "problem: trailing junk after a number"},
      {"1e", "problem: trailing junk after a number"},
      {"0x1F", "problem: trailing junk after a number"},
      {"1_000", "problem: trailing junk after a number"},
      {"1.2.3", "unsupported: an expression"},
      {"-", "unsupported: an expression"},
      {"-'5'", "unsupported: an expression"},
      {"1 2", "problem: expected ',' or ')' after a value"},
  });
}

TEST_CASE("sql value: a number is normalised, rounded and printed as floats are") {
  std::string out;
  for (const auto& [number, normal] :
       std::vector<Case>{{"1e5000", "1e5000"},
                         {"-1e-5000", "-1e-5000"},
                         {"1e99999999999999999999", "1e99999999999999999999"},
                         {"+1.0", "1.0"}}) {
    CHECK(normalize_number(number, out));
    CHECK(out == normal);
  }
  for (const std::string bad :
       {"", "-", ".", "1e", "e5", "1e+-5", "1.2.3", "0x1", "1 ", "nan", "- 1"}) {
    CAPTURE(bad);
    CHECK(!normalize_number(bad, out));
  }
  for (const auto& [number, rounded] : std::vector<Case>{{"1.4", "1"},
                                                         {"1.5", "2"},
                                                         {"2.5", "3"},
                                                         {"-1.5", "-2"},
                                                         {"-0.5", "-1"},
                                                         {"-0.4", "0"},
                                                         {"9.5", "10"},
                                                         {"-99.99", "-100"},
                                                         {"0.5", "1"},
                                                         {"7", "7"},
                                                         {"1.5e5000", "1.5e5000"}}) {
    CHECK(rounded_to_integer(number) == rounded);
  }
  const struct {
    std::string number;
    std::size_t places;
    std::string rounded;
  } scales[] = {{"1.005", 2, "1.01"},  {"1.004", 2, "1.00"}, {"9.995", 2, "10.00"},
                {"1", 2, "1.00"},      {"1.5", 3, "1.500"},  {"-0.004", 2, "0.00"},
                {"-0.005", 2, "-0.01"}};
  for (const auto& [number, places, rounded] : scales) {
    std::string result = number;
    CHECK(round_to_scale(result, places));
    CHECK(result == rounded);
  }
  const struct {
    std::string number;
    bool single;
    std::string text;
  } floats[] = {{"1.10", false, "1.1"},
                {"100000000000000", false, "100000000000000"},
                {"1000000000000000", false, "1e+15"},
                {"0.0001", false, "0.0001"},
                {"0.00001", false, "1e-05"},
                {"999999", true, "999999"},
                {"1000000", true, "1e+06"},
                {"16777217", true, "1.6777216e+07"},
                {"-0", false, "-0"},
                {"+1.5", false, "1.5"}};
  for (const auto& [number, single, text] : floats) {
    CHECK(float_text(number, single, out));
    CHECK(out == text);
  }
  CHECK(!float_text("1e309", false, out));
  CHECK(!float_text("1e39", true, out));
}

TEST_CASE("sql value: key words, and the few functions whose value can travel") {
  check_all({
      {"NULL", "NULL"},
      {"null::int", "NULL"},
      {"(NULL)", "NULL"},
      {"TRUE", "[true]"},
      {"False", "[false]"},
      {"DEFAULT", "DEFAULT"},
      {"now()", "now()"},
      {"NOW ( )", "now()"},
      {"pg_catalog.now()", "now()"},
      {"transaction_timestamp()", "now()"},
      {"CURRENT_TIMESTAMP", "now()"},
      {"localtimestamp", "now()"},
      {"current_date", "today()"},
      {"now()::date", "today()"},
      {"now()::timestamptz", "now()"},
      {"CURRENT_DATE::timestamp", "today()"},
      {"CAST(now() AS date)", "today()"},
      {"now()::text", "unsupported: the current time as text"},
      {"now()::timestamp(0)", "unsupported: the current time with a precision"},
      {"current_timestamp(0)", "unsupported: the current time with a precision"},
      {"now() - interval '1 day'", "unsupported: an expression"},
      {"now() AT TIME ZONE 'UTC'", "unsupported: an expression"},
      {"DEFAULT::int", "problem: DEFAULT cannot be cast"},
  });
}

TEST_CASE(
    "sql value: gen_random_uuid() becomes a random UUID of version 4, another one each time") {
  std::set<std::string> seen;
  for (int round = 0; round < 50; ++round) {
    for (const std::string call :
         {"gen_random_uuid()", "uuid_generate_v4()", "extensions.uuid_generate_v4()",
          "public.uuid_generate_v4 ( )"}) {
      const std::string shown = read(call);
      REQUIRE(shown.size() == 38);
      const std::string uuid = shown.substr(1, 36);
      CHECK(uuid.find_first_not_of("0123456789abcdef-") == std::string::npos);
      for (const std::size_t dash : {8U, 13U, 18U, 23U}) CHECK(uuid[dash] == '-');
      CHECK(uuid[14] == '4');
      CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
      seen.insert(uuid);
    }
  }
  CHECK(seen.size() == 200);
  CHECK(read("gen_random_uuid()::text").substr(37) == "]::text");
}

TEST_CASE("sql value: ARRAY and ROW of literals become their text form") {
  check_all({
      {"ARRAY[1,2,3]", "[{1,2,3}]"},
      {"array [ 1 , -2.50 , NULL ]", "[{1,-2.50,NULL}]"},
      {"ARRAY['a','b c','d\"e','f\\g','','NULL','h,i','{}']",
       R"([{a,"b c","d\"e","f\\g","","NULL","h,i","{}"}])"},
      {"ARRAY['it''s',E'a\\nb',$$c$$]", "[{it's,\"a\nb\",c}]"},
      {"ARRAY[]::int[]", "[{}]::integer[]"},
      {"ARRAY[[1,2],[3,4]]", "[{{1,2},{3,4}}]"},
      {"ARRAY[ARRAY['a'],ARRAY['b']]", "[{{a},{b}}]"},
      {"ARRAY[007, '007']", "[{7,007}]"},
      {"ARRAY[true,false]", "[{true,false}]::boolean[]"},
      {"ARRAY['a'::text,'b']::text[]", "[{a,b}]::text[]"},
      {"'{1,2}'::int[]", "[{1,2}]::integer[]"},
      {"ROW(1,'a b')", "[(1,\"a b\")]"},
      {"(1,NULL,'')", "[(1,,\"\")]"},
      {"ROW()", "[()]"},
      {"ROW(NULL)", "[()]"},
      {"('a\"b','c\\d','e,f')", R"([("a""b","c\\d","e,f")])"},
      {"(1,(2,'x'))", "[(1,\"(2,x)\")]"},
      {"ROW(ARRAY[1,2],'z')", "[(\"{1,2}\",z)]"},
      {"ARRAY[ROW(1,'a'),ROW(2,'b c')]", R"x([{"(1,a)","(2,\"b c\")"}])x"},
      {"ROW(true,1.50)::t", "[(true,1.50)]::t"},
      {"ROW(0.5, 0.5)::public.\"Point\"", "[(0.5,0.5)]::Point"},
      {"ARRAY[1+2]", "unsupported: an array of expressions"},
      {"ARRAY[now()]", "unsupported: an array of expressions"},
      {"ARRAY['{1}'::int[]]", "unsupported: an array of expressions"},
      {"ARRAY(SELECT 1)", "unsupported: a subquery"},
      {"ARRAY[1][1]", "unsupported: an expression"},
      {"ROW(1,now())", "unsupported: a row of expressions"},
      {"ROW(1,DEFAULT)", "unsupported: a row of expressions"},
      {"ROW(1,2).f1", "unsupported: an expression"},
      {"(1 + 2)", "unsupported: an expression"},
      {"ARRAY[true]::text", "unsupported: an array of booleans as text"},
      {"ARRAY[1,]", "problem: expected a value"},
      {"(1,)", "problem: expected a value"},
  });
}

TEST_CASE("sql value: casts do what PostgreSQL's casts do to a literal") {
  check_all({
      {"'a'::text", "[a]::text"},
      {"CAST('a' AS text)", "[a]::text"},
      {"cast ( 1.5 as integer )", "[2]::integer"},
      {"'12'::int", "[12]::integer"},
      {"' -007 '::int8", "[-7]::bigint"},
      {"'1.5'::int", "[1.5]::integer"},  // the server shall refuse it
      {"'1e2'::smallint", "[1e2]::smallint"},
      {"'abc'::int", "[abc]::integer"},
      {"-1.5::int", "[-2]::integer"},
      {"1.5::numeric::int", "[2]::integer"},
      {"2.5::float8::int", "unsupported: a cast that rounds a half to even"},
      {"2.6::float8::int", "[3]::integer"},
      {"true::int", "[1]::integer"},
      {"true::bigint", "problem: a boolean cannot be cast to this"},
      {"X'1F'::int", "[31]::integer"},
      {"(X'FFFFFFFF')::int4", "[-1]::integer"},
      {"X'FFFFFFFF'::bigint", "[4294967295]::bigint"},
      {"X'1FFFFFFFF'::int", "unsupported: bits as integer"},
      {"B'101'::bit(3)", "[101]::bit"},
      {"B'101'::varbit", "[101]::bit varying"},
      {"B'101'::bit varying(5)", "[101]::bit varying"},
      {"B'101'::bit(8)", "unsupported: a cast that changes the number of bits"},
      {"5::bit(8)", "unsupported: a number cast to bits"},
      {"'1e2'::numeric", "[100]::numeric"},
      {"1.005::numeric(10,2)", "[1.01]::numeric"},
      {"'12.5'::decimal(6,2)", "[12.50]::numeric"},
      {"12::numeric(3)", "[12]::numeric"},
      {"1000::numeric(5,2)", "unsupported: a number that does not fit its cast to numeric(5,2)"},
      {"1.10::float8", "[1.1]::double precision"},
      {"'1e20'::double precision", "[1e+20]::double precision"},
      {"0.1::float(10)", "[0.1]::real"},
      {"'nan'::numeric", "[nan]::numeric"},
      {"1::bool", "[true]::boolean"},
      {"0::boolean", "[false]::boolean"},
      {"'YES'::bool", "[true]::boolean"},
      {"' of '::bool", "[false]::boolean"},
      {"'o'::bool", "[o]::boolean"},
      {"1.0::bool", "unsupported: a fraction cast to boolean"},
      {"'abcdef'::varchar(3)", "[abc]::character varying"},
      {"'\xC3\xA9\xC3\xA9\xC3\xA9'::varchar(2)", "[\xC3\xA9\xC3\xA9]::character varying"},
      {"'it''s'::varchar(3)", "[it']::character varying"},
      {"'ab  '::char(10)", "[ab]::character"},
      {"'abc'::char", "[a]::character"},
      {"'abc '::bpchar", "[abc]::bpchar"},
      {"'ab '::varchar", "[ab ]::character varying"},
      {"007::text", "[7]::text"},
      {"true::varchar(2)", "[tr]::character varying"},
      {"'a'::mood", "[a]::mood"},
      {"'a'::public.\"Mood\"", "[a]::Mood"},
      {"'[1,2]'::vector(2)", "[[1,2]]::vector"},
      {"'POINT(1 2)'::geometry(Point,4326)", "[POINT(1 2)]::geometry"},
      {"'{\"a\":1}'::jsonb", "[{\"a\":1}]::jsonb"},
      {"'{a}'::varchar(2)[]", "unsupported: a cast that may change the elements of an array"},
      {"'2024-01-02'::timestamp(0)",
       "unsupported: a cast to timestamp without time zone with a precision"},
      {"'1'::interval day", "unsupported: a cast to interval with a precision"},
      {"'abc'::\"char\"", "unsupported: a cast to char"},
      {"-1::text", "unsupported: an expression"},  // the sign of a text
      {"(-1)::text", "[-1]::text"},
      {"'12'::text::int", "[12]::integer"},
      {"'2024-01-02' :: /* c */ timestamp with time zone",
       "[2024-01-02]::timestamp with time zone"},
  });
}

TEST_CASE("sql value: constants of a named type") {
  check_all({
      {"date '2024-01-02'", "[2024-01-02]::date"},
      {"TIMESTAMP WITH TIME ZONE '2024-01-02 03:04:05+02'",
       "[2024-01-02 03:04:05+02]::timestamp with time zone"},
      {"timestamptz '2024-01-02'", "[2024-01-02]::timestamp with time zone"},
      {"double precision '1.5'", "[1.5]::double precision"},
      {"interval '1 day'", "[1 day]::interval"},
      {"interval '1' day", "unsupported: an expression"},
      {"integer '007'", "[7]::integer"},
      {"bool 't'", "[true]::boolean"},
      {"json '{}'", "[{}]::json"},
      {"text E'a\\nb'", "[a\nb]::text"},
      {"text $$it's$$", "[it's]::text"},
      {"varchar(2) 'abc'", "[ab]::character varying"},
      {"char 'abc'", "[abc]::bpchar"},  // as a cast it would be char(1)
      {"bit '101'", "[101]::bit varying"},
      {"\"int4\" '5'", "[5]::integer"},
      {"public.mood 'sad'", "[sad]::mood"},
  });
}

TEST_CASE("sql value: what only a server can compute is named") {
  check_all({
      {"crypt('a', gen_salt('bf'))", "unsupported: a function call crypt()"},
      {"nextval('s'::regclass)", "unsupported: a function call nextval()"},
      {"public.now()", "unsupported: a function call now()"},
      {"\"NOW\"()", "unsupported: a function call NOW()"},
      {"now(1)", "unsupported: a function call now()"},
      {"auth.uid()", "unsupported: a function call uid()"},
      {"(SELECT id FROM labels WHERE name='vehicles')", "unsupported: a subquery"},
      {"(WITH x AS (SELECT 1) SELECT * FROM x)", "unsupported: a subquery"},
      {"1 + 2", "unsupported: an expression"},
      {"'a' || 'b'", "unsupported: an expression"},
      {"'a' COLLATE \"C\"", "unsupported: an expression"},
      {"NOT true", "unsupported: an expression (NOT)"},
      {"CASE WHEN true THEN 1 END", "unsupported: an expression (CASE)"},
      {"current_user", "unsupported: an expression (current_user)"},
      {"column_name", "unsupported: an expression (column_name)"},
      {"EXCLUDED.x", "unsupported: an expression (x)"},
      {"$1", "unsupported: a parameter"},
      {":id", "unsupported: a psql variable"},
      {":'name'", "unsupported: a psql variable"},
      {"@ -5", "unsupported: an expression"},
      {std::string(40, '(') + "1" + std::string(40, ')'),
       "unsupported: an expression nested too deeply"},
      {"ARRAY" + std::string(40, '[') + "1" + std::string(40, ']'),
       "unsupported: an array nested too deeply"},
  });
}

TEST_CASE("sql value: type names have one spelling") {
  const std::vector<Case> cases = {
      {"int", "integer"},
      {"INT4", "integer"},
      {"bigserial", "bigint"},
      {"smallint", "smallint"},
      {"float", "double precision"},
      {"float(24)", "real"},
      {"float(25)", "double precision"},
      {"double precision", "double precision"},
      {"DEC(5,2)", "numeric"},
      {"varchar(10)", "character varying"},
      {"character varying", "character varying"},
      {"char varying(3)", "character varying"},
      {"national character varying(3)", "character varying"},
      {"nchar(3)", "character"},
      {"bpchar", "bpchar"},
      {"bit varying(3)", "bit varying"},
      {"varbit", "bit varying"},
      {"timestamp", "timestamp without time zone"},
      {"timestamp(3) with time zone", "timestamp with time zone"},
      {"time without time zone", "time without time zone"},
      {"timetz(3)", "time with time zone"},
      {"interval year to month", "interval"},
      {"text[]", "text[]"},
      {"int [3] [ ]", "integer[]"},
      {"integer ARRAY[4]", "integer[]"},
      {"pg_catalog.int4", "integer"},
      {"pg_catalog.\"timestamptz\"", "timestamp with time zone"},
      {"\"char\"", "char"},
      {"\"Mood\"", "Mood"},
      {"public.mood[]", "mood[]"},
      {"geometry(Point,4326)", "geometry"},
  };
  for (const auto& [text, spelled] : cases) {
    CAPTURE(text);
    Cursor cursor{text.data(), text.data() + text.size(), true};
    CHECK(read_type_name(cursor).spelled() == spelled);
    CHECK(cursor.position == cursor.end);
  }
  const std::string modifiers = "numeric(10,-2)";
  Cursor cursor{modifiers.data(), modifiers.data() + modifiers.size(), true};
  const TypeName type = read_type_name(cursor);
  CHECK(type.length == 10);
  CHECK(type.scale == -2);
  for (const std::string bad : {"", "1", "'a'", "a.", "varchar(", "varchar(-", "int[", "int[1"}) {
    CAPTURE(bad);
    Cursor broken{bad.data(), bad.data() + bad.size(), true};
    CHECK_THROWS_AS(read_type_name(broken), SyntaxProblem);
  }
}

TEST_CASE("sql value: COPY's backslash escapes") {
  const std::vector<Case> cases = {
      {"plain", "plain"},
      {R"(a\tb\nc\rd\be\ff\vg)", "a\tb\nc\rd\be\ff\vg"},
      {R"(\\frac\\)", R"(\frac\)"},
      {R"(\N\.\q\")", R"(N.q")"},
      {R"(\101\60\7\18)",
       "A0\a\x01"
       "8"},
      {R"(\x41\x4a\x4g\x)", "AJ\x04gx"},
      {"a\\\nb", "a\nb"},
      {"a\\", "a\\"},
  };
  for (const auto& [field, text] : cases) {
    CAPTURE(field);
    std::string out = "=";
    append_copy_unescaped(out, field);
    CHECK(out == "=" + text);
  }
}
