#include "pgseed/sql/window.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using namespace pgseed::sql;
using pgseed::test::joined;
using pgseed::test::TextInput;
using pgseed::test::transcript;
using namespace std::string_literals;

namespace {

constexpr std::size_t kBlocks[] = {1, 2, 3, 7, 64, TextInput::kWhole};

void read_all(Window& window) {
  while (!window.final()) window.more();
}

std::string text_of(const Window& window) {
  return {window.begin(), window.end()};
}

// The error that a dump ends in, however it is cut: "where: message".
std::string error_of(const std::string& text, const ReaderOptions& options = {}) {
  std::string found;
  for (const std::size_t block : kBlocks) {
    CAPTURE(block);
    TextInput input(text, block);
    const std::vector<std::string> lines = transcript(input, options);
    const std::string last = lines.empty() ? "" : lines.back();
    if (found.empty()) found = last;
    CHECK(last == found);
  }
  return found;
}

}  // namespace

TEST_CASE("sql window: blocks become one text, and what is consumed leaves it") {
  for (const std::size_t block : kBlocks) {
    TextInput input("one two three", block);
    Window window(input, "a.sql", 100);
    read_all(window);
    CHECK(text_of(window) == "one two three");
    window.consume(window.begin() + 4);
    CHECK(text_of(window) == "two three");
    CHECK(window.consumed() == 4);
    CHECK(window.final());
  }
}

TEST_CASE("sql window: a byte order mark is no text, but only at the beginning") {
  for (const std::size_t block : kBlocks) {
    TextInput input("\xEF\xBB\xBFx\xEF\xBB\xBF", block);
    Window window(input, "a.sql", 100);
    read_all(window);
    CHECK(text_of(window) == "x\xEF\xBB\xBF");
    CHECK(window.where(window.begin()) == "a.sql:1:1");
  }
  for (const std::string text : {"", "\xEF", "\xEF\xBB", "\xEF\xBB\xBF", "ab"}) {
    TextInput input(text, 1);
    Window window(input, "a.sql", 100);
    read_all(window);
    CHECK(text_of(window) == (text.size() == 3 ? "" : text));
  }
}

TEST_CASE("sql window: lines count from 1, columns count characters, whatever was consumed") {
  const std::string text = "a\xC3\xA9\xE2\x88\x80 b\nsecond\r\n\n\xF0\x9F\x98\x80x";
  const struct {
    std::size_t offset;
    std::string where;
  } places[] = {{0, "a.sql:1:1"},  {1, "a.sql:1:2"},  {3, "a.sql:1:3"},  {7, "a.sql:1:5"},
                {8, "a.sql:1:6"},  {9, "a.sql:2:1"},  {15, "a.sql:2:7"}, {17, "a.sql:3:1"},
                {18, "a.sql:4:1"}, {22, "a.sql:4:2"}, {23, "a.sql:4:3"}};
  for (const std::size_t block : {std::size_t{1}, std::size_t{5}, TextInput::kWhole}) {
    for (const auto& [offset, where] : places) {
      // Consumed up to every earlier place first, so that bytes leave the buffer on the way.
      for (const auto& [before, unused] : places) {
        if (before > offset) break;
        TextInput input(text, block);
        Window window(input, "a.sql", 100);
        window.more();
        while (window.consumed() < before) {
          const std::size_t left = before - window.consumed();
          const auto have = static_cast<std::size_t>(window.end() - window.begin());
          window.consume(window.begin() + std::min(left, have));
          if (!window.final()) window.more();
        }
        read_all(window);
        CHECK(window.where(window.begin() + (offset - before)) == where);
        // Asking again, and for an earlier place, changes nothing.
        CHECK(window.where(window.begin()).substr(0, 6) == "a.sql:");
        CHECK(window.where(window.begin() + (offset - before)) == where);
      }
    }
  }
}

TEST_CASE("sql window: the excerpt shows the line and a caret under the character") {
  const auto excerpt = [](const std::string& text, std::size_t offset) {
    TextInput input(text);
    Window window(input, "a.sql", 1000);
    read_all(window);
    return window.excerpt(window.begin() + offset);
  };
  CHECK(excerpt("one\ntwo three\nfour", 8) == "  two three\n      ^");
  CHECK(excerpt("\xC3\xA9\xC3\xA9 x\r\n", 5) == "  \xC3\xA9\xC3\xA9 x\n     ^");
  CHECK(excerpt("a\tb\x01z", 4) == "  a b z\n      ^");
  CHECK(excerpt("\n\n", 1).empty());
  // A long line is cut on both sides, never inside a character.
  const std::string longer =
      excerpt(std::string(300, 'a') + "\xE2\x88\x80" + std::string(300, 'b'), 300);
  CHECK(longer == "  " + std::string(48, 'a') + "\xE2\x88\x80" + std::string(25, 'b') + "\n  " +
                      std::string(48, ' ') + "^");
  std::string accents;
  for (int i = 0; i < 200; ++i) accents += "\xC3\xA9";
  const std::string cut = excerpt("x" + accents, 201);
  CHECK(cut.find("\xEF\xBF\xBD") == std::string::npos);
  CHECK(cut.size() > 76);
}

TEST_CASE("sql window: bytes that are no UTF-8 are named with their place") {
  const std::string before =
      "INSERT INTO t VALUES ('\xC3\xA9\xC3\xA9', 'x');\nINSERT INTO t VALUES ('\xC3\xA4";
  const std::string where = "error a.sql:2:25 ";
  CHECK(error_of(before + "\xE9 caf\xE9');") == where + "the byte 0xE9 is not valid UTF-8");
  CHECK(error_of(before + "\xC0\xAF');") == where + "the byte 0xC0 is not valid UTF-8");
  CHECK(error_of(before + "\xED\xA0\x80');") == where + "the byte 0xED is not valid UTF-8");
  CHECK(error_of(before + "\x80');") == where + "the byte 0x80 is not valid UTF-8");
  CHECK(error_of(before + "\0');"s) == where + "a NUL byte; PostgreSQL text cannot hold one");
  // The first one counts, whichever it is.
  CHECK(error_of(before + "\0\xFF');"s) == where + "a NUL byte; PostgreSQL text cannot hold one");
}

TEST_CASE("sql window: bad bytes are found wherever they stand") {
  const std::string bad = "the byte 0xFF is not valid UTF-8";
  CHECK(error_of("\xFF") == "error a.sql:1:1 " + bad);
  CHECK(error_of("-- \xFF\nSELECT 1;") == "error a.sql:1:4 " + bad);
  CHECK(error_of("/* a\n\xFF */") == "error a.sql:2:1 " + bad);
  CHECK(error_of("CREATE TABLE \"\xFF\" (a int);") == "error a.sql:1:15 " + bad);
  CHECK(error_of("INSERT INTO t\xFF VALUES (1);") == "error a.sql:1:14 " + bad);
  CHECK(error_of("INSERT INTO t VALUES (\xFF);") == "error a.sql:1:23 " + bad);
  CHECK(error_of("INSERT INTO t VALUES (f('\xFF'));") == "error a.sql:1:26 " + bad);
  CHECK(error_of("INSERT INTO t VALUES (1) ON CONFLICT (\"\xFF\") DO NOTHING;") ==
        "error a.sql:1:40 " + bad);
  CHECK(error_of("COPY t (a) FROM stdin;\nx\n\xFF\n\\.\n") == "error a.sql:3:1 " + bad);
  CHECK(error_of("COPY t (a) FROM stdin CSV;\n\"a\n\xFF\"\n\\.\n") == "error a.sql:3:1 " + bad);
  CHECK(error_of("COPY t (a) FROM stdin (ENCODING 'latin1');\n\xFF\n\\.\n") ==
        "error a.sql:2:1 " + bad);
  CHECK(error_of("SELECT 1;\n\xC3") == "error a.sql:2:1 the byte 0xC3 is not valid UTF-8");
}

TEST_CASE("sql window: CRLF between and inside values is kept as psql keeps it") {
  const std::vector<std::string> expected = {"1 insert t: [a\r\nb]", "3 insert t: [1]"};
  for (const std::size_t block : kBlocks) {
    TextInput input("INSERT INTO t VALUES ('a\r\nb'),\r\n(1);\r\n", block);
    CHECK(joined(transcript(input)) == joined(expected));
  }
}

TEST_CASE("sql window: a row longer than the limit is an error with its place, however it is cut") {
  ReaderOptions options;
  options.max_row_bytes = 100;
  const std::string fine = "INSERT INTO t VALUES ('" + std::string(70, 'x') + "'),\n";
  CHECK(error_of(fine + "('" + std::string(95, 'y') + "');", options) ==
        "2 insert t: [" + std::string(95, 'y') + "]");
  for (const std::size_t size : {96U, 97U, 99U, 100U, 150U, 1000U, 100000U}) {
    CAPTURE(size);
    CHECK(error_of(fine + "('" + std::string(size, 'y') + "');", options) ==
          "error a.sql:2:1 a row or statement is longer than 100 B");
  }
  CHECK(error_of(fine + "('" + std::string(1000, 'y'), options) ==
        "error a.sql:2:1 a row or statement is longer than 100 B");
  CHECK(error_of("COPY t FROM stdin;\n" + std::string(200, 'x') + "\n\\.\n", options) ==
        "error a.sql:2:1 a row or statement is longer than 100 B");
  CHECK(error_of("SELECT '" + std::string(200, 'x') + "';", options) ==
        "error a.sql:1:1 a row or statement is longer than 100 B");
  // Many rows in one statement are no long row.
  std::string many = "INSERT INTO t VALUES (0)";
  for (int row = 1; row < 200; ++row) many += ",\n(" + std::to_string(row) + ")";
  CHECK(error_of(many + ";", options) == "200 insert t: [199]");
}

TEST_CASE("sql window: SET client_encoding converts what follows it and nothing before") {
  const std::string text =
      "INSERT INTO t VALUES ('\xC3\xA9');\nSET client_encoding = 'LATIN1';\n"
      "INSERT INTO t VALUES ('caf\xE9 \xDF'),\n('\xE9\xE9', f());\nINSERT INTO t VALUES ('\xE9' "
      "1);";
  const std::vector<std::string> expected = {
      "1 insert t: [\xC3\xA9]", "2-2 a session setting: SET client_encoding = 'LATIN1'",
      "3 insert t: [caf\xC3\xA9 \xC3\x9F]", "4 insert t: unsupported a function call f() in 4",
      "error a.sql:5:27 expected ',' or ')' after a value"};
  for (const std::size_t block : kBlocks) {
    CAPTURE(block);
    TextInput input(text, block);
    CHECK(joined(transcript(input)) == joined(expected));
    CHECK(input.encodings == std::vector<std::string>{"LATIN1"});
  }
}

TEST_CASE("sql window: every way of announcing an encoding reaches the input") {
  const struct {
    std::string statement;
    std::string encoding;
  } cases[] = {{"SET client_encoding TO 'UNICODE';", "UNICODE"},
               {"SET client_encoding = 'utf-8';", "utf-8"},
               {"set session client_encoding = latin1;", "latin1"},
               {"SET NAMES 'win1252';", "win1252"},
               {"SELECT pg_catalog.set_config('client_encoding', 'LATIN9', false);", "LATIN9"},
               {"\\encoding LATIN2\n", "latin2"},
               {"RESET client_encoding;", "UTF8"}};
  for (const auto& [statement, encoding] : cases) {
    CAPTURE(statement);
    TextInput input(statement + "\nINSERT INTO t VALUES (1);");
    const std::vector<std::string> lines = transcript(input);
    CHECK(input.encodings == std::vector<std::string>{encoding});
    CHECK(lines.back().substr(1) == " insert t: [1]");
  }
}
