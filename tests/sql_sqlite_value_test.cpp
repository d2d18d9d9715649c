#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/sql/sqlite_value.hpp"
#include "support/text_input.hpp"

using namespace pgseed::sql;

namespace {

constexpr std::size_t kGrowth = 1000;

// The value of one literal or expression: its form's letter and what test::show() says; or why not.
std::string value_of(const std::string& text) {
  const std::string whole = text + ")";
  SqliteCursor cursor(whole);
  Arena arena;
  Value value;
  std::size_t growth = kGrowth;
  try {
    read_sqlite_value(cursor, arena, value, growth);
    const char* const letter = value.form == Form::number  ? "#"
                               : value.form == Form::bytes ? "b"
                                                           : "";
    return letter + pgseed::test::show(value) + (cursor.peek() == ')' ? "" : " but not whole");
  } catch (const SyntaxProblem& problem) {
    return "error: " + problem.message;
  } catch (const Unsupported& problem) {
    return "unsupported: " + problem.what;
  }
}

struct Case {
  std::string text;
  std::string value;
};

void check(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    CAPTURE(each.text);
    CHECK(value_of(each.text) == each.value);
  }
}

}  // namespace

TEST_CASE("sql sqlite value: strings, blobs and key words") {
  using namespace std::string_literals;
  check({
      {"'a'", "[a]"},
      {"''", "[]"},
      {"'it''s \\n \\'", "[it's \\n \\]"},
      {" /* a */ 'a' -- b\n", "[a]"},
      {"\"double \"\" quoted\"", "[double \" quoted]"},
      {"'a' 'b'", "error: expected ',' or ')' after a value"},
      {"X'41fF00'", "b[A\xFF\0]"s},
      {"x''", "b[]"},
      {"null", "NULL"},
      {"NULL", "NULL"},
      {"TRUE", "#[1]"},
      {"false", "#[0]"},
      {"CURRENT_TIMESTAMP", "now()"},
      {"current_time", "now()"},
      {"CURRENT_DATE", "today()"},
      {"datetime('now')", "now()"},
      {"datetime( )", "now()"},
      {"date ('NOW')", "today()"},
      {"datetime('now','localtime')", "unsupported: a function call datetime()"},
      {"date(1)", "unsupported: a function call date()"},
      {"CURRENT_DATE||'x'", "unsupported: an expression (CURRENT_DATE)"},
      {"CAST('1' AS INTEGER)", "unsupported: a function call CAST()"},
      {"(SELECT 1)", "unsupported: a subquery"},
      {"name", "unsupported: an expression (name)"},
      {"[name]", "unsupported: a column's name as a value"},
      {"'a' COLLATE NOCASE", "unsupported: an expression"},
      {"('a')", "[a]"},
      {"((1))", "#[1]"},
      {"(1,2)", "unsupported: an expression"},
      {"NOT 1", "unsupported: an expression (NOT)"},
  });
}

TEST_CASE("sql sqlite value: numbers mean what SQLite makes of them") {
  check({
      {"0", "#[0]"},
      {"-5", "#[-5]"},
      {"007", "#[7]"},
      {"-0", "#[0]"},
      {"+ 5", "#[5]"},
      {"- /* a */ 5", "#[-5]"},
      {"1_000", "#[1000]"},
      {"9223372036854775807", "#[9223372036854775807]"},
      {"-9223372036854775808", "#[-9223372036854775808]"},
      {"9223372036854775808", "#[9223372036854775808.0]"},
      {"18446744073709551615", "#[18446744073709551616.0]"},
      {"0x10", "#[16]"},
      {"0XfF", "#[255]"},
      {"-0x10", "#[-16]"},
      {"0xffffffffffffffff", "#[-1]"},
      {"0x0000000000000000001", "#[1]"},
      {"0x10000000000000000", "error: a hexadecimal number of more than 64 bits"},
      {"1.5", "#[1.5]"},
      {"1.50", "#[1.5]"},
      {"1.0", "#[1.0]"},
      {"1.", "#[1.0]"},
      {".5", "#[0.5]"},
      {"-.5", "#[-0.5]"},
      {"-0.5", "#[-0.5]"},
      {"-0.0", "#[0.0]"},
      {"0.0", "#[0.0]"},
      {"00.5", "#[0.5]"},
      {"1e2", "#[100.0]"},
      {"1.5E+3", "#[1500.0]"},
      {"25e-1", "#[2.5]"},
      {"1e15", "#[1000000000000000.0]"},
      {"0.10000000000000000555", "#[0.1]"},
      {"0.3000000000000000444", "#[0.30000000000000004]"},
      {"1.0000000000000000817e-05", "#[0.00001]"},
      {"12345678901234567167.0", "#[12345678901234567168.0]"},
      {"9223372036854775807.8", "#[9223372036854775808.0]"},
      {"123456789012345.6789", "#[123456789012345.67]"},
      {"0e999999999999999999999", "#[0.0]"},
      {"1e-400", "#[0.0]"},
      {"-1e-99999999999999999999", "#[0.0]"},
      {"1e999", "#[Infinity]"},
      {"-1e999", "#[-Infinity]"},
      {"9e999", "#[Infinity]"},
      {"-9.0e+999", "#[-Infinity]"},
      {"1e99999999999999999999", "#[Infinity]"},
      {"Inf", "#[Infinity]"},
      {"-Inf", "#[-Infinity]"},
      {"nan", "#[NaN]"},
      {"1e", "error: trailing junk after a number"},
      {"1e+", "error: trailing junk after a number"},
      {"1x", "error: trailing junk after a number"},
      {"1__0", "error: trailing junk after a number"},
      {"- 'a'", "unsupported: an expression"},
      {".", "unsupported: an expression"},
      {"1+1", "unsupported: an expression"},
  });
  CHECK(value_of("1" + std::string(400, '0')) == "#[Infinity]");
  CHECK(value_of("0." + std::string(400, '0') + "1") == "#[0.0]");
  CHECK(value_of("0." + std::string(500, '0') + "15e501") == "#[1.5]");
  CHECK(value_of("5e-324") == "#[0." + std::string(323, '0') + "5]");
}

TEST_CASE("sql sqlite value: what dumps compute of literals") {
  check({
      {"replace('a\\nb''','\\n',char(10))", "[a\nb']"},
      {"replace(replace('a\\r\\nb','\\r',char(13)),'\\n',char(10))", "[a\r\nb]"},
      {"REPLACE ( 'a\\012b\\n' , '\\012' , CHAR ( 10 ) )", "[a\nb\\n]"},
      {"replace('aaa','aa','b')", "[ba]"},
      {"replace('aaa','a','')", "[]"},
      {"replace('abab','b','xyz')", "[axyzaxyz]"},
      {"replace('a','','x')", "[a]"},
      {"replace('a','b',NULL)", "NULL"},
      {"replace(NULL,'b','c')", "NULL"},
      {"replace('a','',NULL)", "[a]"},
      {"replace(121,1,3)", "[323]"},
      {"replace('a','b')", "unsupported: an expression"},
      {"replace('a','b','c','d')", "unsupported: an expression"},
      {"unistr('a\\u000ab\\\\n\\000d\\+01F600\\U0001F600')",
       "[a\nb\\n\r\xF0\x9F\x98\x80\xF0\x9F\x98\x80]"},
      {"unistr('plain')", "[plain]"},
      {"unistr(NULL)", "NULL"},
      {"unistr('\\x')", "error: an invalid Unicode escape"},
      {"unistr('\\u12')", "error: an invalid Unicode escape"},
      {"unistr('\\')", "error: an invalid Unicode escape"},
      {"unistr('\\u0000')", "unsupported: text with a NUL, which PostgreSQL's cannot hold"},
      {"unistr('\\ud800')", "unsupported: text that is not valid UTF-8"},
      {"unistr('\\U00110000')", "unsupported: a Unicode escape that is no character"},
      {"char(65,0x42,8364,128512)", "[AB\xE2\x82\xAC\xF0\x9F\x98\x80]"},
      {"char()", "[]"},
      {"char(-1)", "[\xEF\xBF\xBD]"},
      {"char(0)", "unsupported: text with a NUL, which PostgreSQL's cannot hold"},
      {"char('a')", "unsupported: a function call char()"},
      {"'a'||char(10)||'b' || 7", "[a\nb7]"},
      {"'a'||NULL||'b'", "NULL"},
      {"('a'||'b')||('c')", "[abc]"},
      {"X'41'||'b'", "[Ab]"},
      {"X'FF'||'b'", "unsupported: text that is not valid UTF-8"},
      {"'a'||1.5", "unsupported: an expression"},
      {"'a'|'b'", "unsupported: an expression"},
  });
}

TEST_CASE("sql sqlite value: replace() may not grow a row beyond its limit") {
  CHECK(value_of("replace('aaaa','a','" + std::string(251, 'x') + "')").size() == 4 * 251 + 2);
  CHECK(value_of("replace('aaaaa','a','" + std::string(251, 'x') + "')") ==
        "error: a row whose values are longer than the limit of a row");
}
