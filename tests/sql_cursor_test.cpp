#include "pgseed/sql/cursor.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgseed::sql;
using namespace std::string_literals;

namespace {

Cursor over(const std::string& text, bool final = true, bool backslash_is_data = true) {
  return {text.data(), text.data() + text.size(), final, backslash_is_data};
}

std::string rest(const Cursor& cursor) {
  return {cursor.position, cursor.end};
}

// What a step leaves of a text; "needs more" when it ends in the middle of something.
template <class Step>
std::string left_by(const std::string& text, Step step, bool final = true,
                    bool backslash_is_data = true) {
  Cursor cursor = over(text, final, backslash_is_data);
  try {
    step(cursor);
  } catch (const NeedMore&) {
    return "needs more";
  } catch (const SyntaxProblem& problem) {
    return "problem: " + problem.message;
  }
  return rest(cursor);
}

// The name read, and what follows it after a bar.
std::string name_in(const std::string& text) {
  Cursor cursor = over(text);
  std::string name;
  try {
    if (!read_identifier(cursor, name)) return "none";
  } catch (const SyntaxProblem& problem) {
    return "problem: " + problem.message;
  }
  return name + "|" + rest(cursor);
}

std::string unescaped(const std::string& between) {
  std::string out = "=";
  try {
    append_unescaped(out, between, between.data());
  } catch (const SyntaxProblem& problem) {
    return "problem: " + problem.message;
  }
  return out;
}

std::string unicode_unescaped(const std::string& between, char escape = '\\') {
  std::string out = "=";
  try {
    append_unicode_escaped(out, between, escape, '\'', between.data());
  } catch (const SyntaxProblem& problem) {
    return "problem: " + problem.message;
  }
  return out;
}

}  // namespace

TEST_CASE("sql cursor: blanks are white space, line comments and nested block comments") {
  const struct {
    std::string text;
    std::string left;
  } cases[] = {
      {"x", "x"},
      {" \t\r\n\f x", "x"},
      {"-- c\nx", "x"},
      {"-- c\rx", "x"},
      {"-- c", ""},
      {"--", ""},
      {"- x", "- x"},
      {"/* c */x", "x"},
      {"/**/x", "x"},
      {"/***/x", "x"},
      {"/*/**/*/x", "x"},
      {"/* a /* b */ c */ x", "x"},
      {"/* ' \" $$ -- */x", "x"},
      {"-- /* \nx", "x"},
      {"/* -- */ -- */\n/*\n*/x", "x"},
      {"/ x", "/ x"},
      {"/*/ x", "problem: a comment /* is never closed"},
      {"/* a /* b */", "problem: a comment /* is never closed"},
      {"/* a *", "problem: a comment /* is never closed"},
  };
  for (const auto& [text, left] : cases) {
    CAPTURE(text);
    CHECK(left_by(text, skip_blanks) == left);
  }
}

TEST_CASE("sql cursor: a cut inside a token or before what could follow it asks for more") {
  bool has_escapes = false;
  std::string name;
  std::string_view contents;
  const auto quoted = [&](Cursor& cursor) { read_quoted(cursor, false, has_escapes); };
  const auto escaped = [&](Cursor& cursor) { read_quoted(cursor, true, has_escapes); };
  const auto identifier = [&](Cursor& cursor) { read_identifier(cursor, name); };
  const auto dollars = [&](Cursor& cursor) { read_dollar_quoted(cursor, contents); };
  for (const std::string text : {"", " ", "-", "-- c", "/", "/* c", "/* c *"}) {
    CHECK(left_by(text, skip_blanks, false) == "needs more");
  }
  for (const std::string text : {"'", "'a", "'a'", "'a''"}) {
    CHECK(left_by(text, quoted, false) == "needs more");
  }
  for (const std::string text : {"'a\\", "'a\\'", "'a\\''"}) {
    CHECK(left_by(text, escaped, false) == "needs more");
  }
  for (const std::string text : {"", "a", "\"", "\"a", "\"a\"", "\"a\"\"", "u", "U&", "U&\"a\""}) {
    CHECK(left_by(text, identifier, false) == "needs more");
  }
  for (const std::string text : {"$", "$a", "$a$", "$a$ $a", "$$ $"}) {
    CHECK(left_by(text, dollars, false) == "needs more");
  }
  for (const std::string text : {"abc", "12", "E'a'", "E'a'\n", "$x$"}) {
    CHECK(left_by(text, skip_token, false) == "needs more");
  }
}

TEST_CASE("sql cursor: a comment that is cut leaves the cursor at its beginning") {
  const std::string text = "  -- done\n  /* cut";
  Cursor cursor = over(text, false);
  CHECK_THROWS_AS(skip_blanks(cursor), NeedMore);
  CHECK(rest(cursor) == "/* cut");
}

TEST_CASE("sql cursor: names are folded, unquoted and cut as the catalogue has them") {
  const std::string long_name(70, 'x');
  const struct {
    std::string text;
    std::string name;
  } cases[] = {
      {"abc", "abc|"},
      {"ABC,", "abc|,"},
      {"  /* c */ a_1$ b", "a_1$| b"},
      {"_x", "_x|"},
      {"\xC3\x84rger x", "\xC3\x84rger| x"},  // only ASCII letters are folded
      {"\"Ab c\"x", "Ab c|x"},
      {"\"a\"\"b\"", "a\"b|"},
      {"\"\"\"\"", "\"|"},
      {"\"a;--/*'$$\"", "a;--/*'$$|"},
      {"\"a\nb\"", "a\nb|"},
      {"U&\"d\\0061t\\+000061\"x", "data|x"},
      {"u&\"d!0061t\" UESCAPE '!' x", "dat| x"},
      {"U&\"a\"\"b\"", "a\"b|"},
      {"u", "u|"},
      {"u & v", "u| & v"},
      {long_name, long_name.substr(0, 63) + "|"},
      {"\"" + long_name + "\"", long_name.substr(0, 63) + "|"},
      // A character is not cut in half: 31 of two bytes and one of one fill 63.
      {"\"" + std::string(62, 'x') + "\xC3\xA9\"", std::string(62, 'x') + "|"},
      {"\"\"", "problem: a quoted name is empty"},
      {"U&\"\"", "problem: a quoted name is empty"},
      {"\"abc", "problem: a quoted name is never closed"},
      {"1a", "none"},
      {"'a'", "none"},
      {"", "none"},
  };
  for (const auto& [text, name] : cases) {
    CAPTURE(text);
    CHECK(name_in(text) == name);
  }
}

TEST_CASE("sql cursor: key words match as whole words in any case") {
  const std::string text = " insert INTO \"into\" intox";
  Cursor cursor = over(text);
  CHECK(accept_word(cursor, "INSERT"));
  CHECK(!accept_word(cursor, "IN"));
  CHECK(accept_word(cursor, "INTO"));
  CHECK(!accept_word(cursor, "INTO"));
  std::string name;
  CHECK(read_identifier(cursor, name));
  CHECK(!accept_word(cursor, "INTO"));
  CHECK(rest(cursor) == "intox");
}

TEST_CASE("sql cursor: a string ends at its closing quote, with the backslash as the kind says") {
  const struct {
    std::string text;
    bool escapes;
    std::string between;
    bool has_escapes;
  } cases[] = {
      {"'abc'x", false, "abc", false},        {"''x", false, "", false},
      {"'it''s'x", false, "it''s", true},     {"''''x", false, "''", true},
      {"'a\\'x", false, "a\\", false},        {"'a\\'b'x", true, "a\\'b", true},
      {"'a\\\\'x", true, "a\\\\", true},      {"'a''b'x", true, "a''b", true},
      {"'a;\n--b'x", true, "a;\n--b", false},
  };
  for (const auto& [text, escapes, between, has_escapes] : cases) {
    CAPTURE(text);
    Cursor cursor = over(text);
    bool found = false;
    CHECK(read_quoted(cursor, escapes, found) == between);
    CHECK(found == has_escapes);
    CHECK(rest(cursor) == "x");
  }
  for (const std::string text : {"'abc", "'abc''", "'\\'"}) {
    const bool escapes = text[1] == '\\';
    CHECK(left_by(text, [&](Cursor& cursor) {
            bool found = false;
            read_quoted(cursor, escapes, found);
          }) == "problem: a string is never closed");
  }
}

TEST_CASE("sql cursor: a string goes on behind a newline, but not behind a block comment") {
  const struct {
    std::string text;
    std::string left;
  } cases[] = {
      {"\n'b'", "'b'"},         {"  \n  'b'", "'b'"},   {"\r'b'", "'b'"}, {" -- c\n'b'", "'b'"},
      {"\n -- c\n 'b'", "'b'"}, {" 'b'", "no"},         {"", "no"},       {"\n,", "no"},
      {" /* c */ \n'b'", "no"}, {"\n/* c */'b'", "no"}, {"--", "no"},     {"\n- 'b'", "no"},
  };
  for (const auto& [text, left] : cases) {
    CAPTURE(text);
    Cursor cursor = over(text);
    CHECK((continue_quoted(cursor) ? rest(cursor) : "no") == left);
    if (left == "no") CHECK(rest(cursor) == text);
  }
}

TEST_CASE("sql cursor: dollar quotes end at their own tag only") {
  const struct {
    std::string text;
    std::string contents;
  } cases[] = {
      {"$$abc$$|", "abc"},
      {"$$$$|", ""},
      {"$a$ $$ $b$ $ab$ $A$ $a$|", " $$ $b$ $ab$ $A$ "},
      {"$a$$a$|", ""},
      {"$a$$$a$|", "$"},
      {"$a$b$a$|", "b"},
      {"$_x1$'\\$_x1$|", "'\\"},
      {"$\xC3\xA9$x$\xC3\xA9$|", "x"},
      {"$1", "none"},
      {"$1$x$1$", "none"},
      {"$a b$", "none"},
      {"$", "none"},
      {"$$abc$", "never closed"},
      {"$a$abc$$", "never closed"},
  };
  for (const auto& [text, contents] : cases) {
    CAPTURE(text);
    Cursor cursor = over(text);
    std::string_view found = "none";
    try {
      const bool is_one = read_dollar_quoted(cursor, found);
      CHECK(is_one == (contents != "none"));
      CHECK(found == contents);
      CHECK(rest(cursor) == (is_one ? "|" : text));
    } catch (const SyntaxProblem&) {
      CHECK(contents == "never closed");
    }
  }
}

TEST_CASE("sql cursor: a token is passed over whole") {
  const struct {
    std::string text;
    std::string left;
  } cases[] = {
      {"abc def", " def"},
      {"a$b$c d", " d"},
      {"'a;''b' c", " c"},
      {"'a\\' c", " c"},
      {"E'a\\' b' c", " c"},
      {"e'a'\n'b\\'c' d", "\n d"s.substr(1)},
      {"E'a'\n'b\\'c';d", ";d"},
      {"U&'a\\' c", " c"},
      {"b'01' c", " c"},
      {"N'a\\' c", " c"},
      {"\"a;\"\"b\" c", " c"},
      {"$$a;b$$ c", " c"},
      {"$x c", "x c"},
      {"12.5 c", ".5 c"},
      {"1$$a;$$", "$$a;$$"},
      {"; c", " c"},
      {"(c", "c"},
      {"\\c", "c"},
      {"", ""},
  };
  for (const auto& [text, left] : cases) {
    CAPTURE(text);
    CHECK(left_by(text, skip_token) == left);
  }
  CHECK(left_by("'a\\'b' c", skip_token, true, false) == " c");
  CHECK(left_by("N'a\\'b' c", skip_token, true, false) == " c");
}

TEST_CASE("sql cursor: E'...' escapes are decoded as PostgreSQL decodes them") {
  const struct {
    std::string between;
    std::string text;
  } cases[] = {
      {"abc", "=abc"},
      {R"(\b\f\n\r\t)", "=\b\f\n\r\t"},
      {R"(\\\'\"\q\8)", R"(=\'"q8)"},
      {"a''b", "=a'b"},
      {"a\\\nb", "=a\nb"},
      {R"(\101\60\7\18)",
       "=A0\a\x01"
       "8"},
      {R"(\x41\x4a\x4\xg\x)", "=AJ\x04xgx"},
      {R"(\xC3\xA9\303\251)", "=\xC3\xA9\xC3\xA9"},
      {R"(\u00e9\U0001F600)", "=\xC3\xA9\xF0\x9F\x98\x80"},
      {R"(\ud83d\ude00)", "=\xF0\x9F\x98\x80"},
      {R"(\xC3)", "problem: the escapes of a string do not make valid UTF-8"},
      {R"(\777)", "problem: the escapes of a string do not make valid UTF-8"},
      {R"(\0)", "problem: an escape for NUL in a string"},
      {R"(\x00)", "problem: an escape for NUL in a string"},
      {R"(\400)", "problem: an escape for NUL in a string"},
      {R"(\u0000)", "problem: an escape for NUL; PostgreSQL text cannot hold one"},
      {R"(\u12)", "problem: an invalid Unicode escape"},
      {R"(\u12g4)", "problem: an invalid Unicode escape"},
      {R"(\U00110000)", "problem: a Unicode escape that is no character"},
      {R"(\ud83d)", "problem: half of a surrogate pair"},
      {R"(\ud83dx)", "problem: half of a surrogate pair"},
      {R"(\ud83d\u0041)", "problem: half of a surrogate pair"},
      {R"(\ud83d\n)", "problem: half of a surrogate pair"},
      {R"(\ude00)", "problem: a Unicode escape that is no character"},
  };
  for (const auto& [between, text] : cases) {
    CAPTURE(between);
    CHECK(unescaped(between) == text);
  }
}

TEST_CASE("sql cursor: U&'...' escapes are decoded, with the escape character of UESCAPE") {
  CHECK(unicode_unescaped(R"(d\0061t\+000061)") == "=data");
  CHECK(unicode_unescaped(R"(a\\b''c)") == R"(=a\b'c)");
  CHECK(unicode_unescaped(R"(\D83D\DE00)") == "=\xF0\x9F\x98\x80");
  CHECK(unicode_unescaped("d!0061!!\\", '!') == "=da!\\");
  CHECK(unicode_unescaped(R"(\61)") == "problem: an invalid Unicode escape");
  CHECK(unicode_unescaped(R"(\)") == "problem: an invalid Unicode escape");
  CHECK(unicode_unescaped(R"(\D83D)") == "problem: half of a surrogate pair");
  CHECK(unicode_unescaped(R"(\0000)") ==
        "problem: an escape for NUL; PostgreSQL text cannot hold one");
  const auto escape = [](const std::string& text) {
    Cursor cursor = over(text);
    try {
      const char found = read_unicode_escape(cursor);
      return std::string(1, found) + "|" + rest(cursor);
    } catch (const SyntaxProblem&) {
      return "problem"s;
    }
  };
  CHECK(escape(" , x") == "\\| , x");
  CHECK(escape(" uescape '!' x") == "!| x");
  for (const std::string bad : {"'a'", "'+'", "' '", "'''", "'!!'", "''", "!", "'\"'"}) {
    CHECK(escape("UESCAPE " + bad) == "problem");
  }
}
