#include "pgseed/cli/env_file.hpp"

#include <doctest/doctest.h>

#include "pgseed/base/error.hpp"

namespace pgseed::cli {
namespace {

std::string value_of(std::string_view content, const EnvironmentLookup& environment = {}) {
  const auto entries = parse_env_file(content, ".env", environment);
  REQUIRE(!entries.empty());
  return entries.back().value;
}

}  // namespace

TEST_CASE("env file: values are read as dotenv reads them") {
  const struct {
    const char* line;
    const char* value;
  } cases[] = {
      {"K=v", "v"},
      {"K=", ""},
      {"K = v ", "v"},
      {"\tK=v", "v"},
      {"export K=v", "v"},
      {"export\tK=v", "v"},
      {"K=a b c", "a b c"},
      {"K=v # comment", "v"},
      {"K=v#data", "v#data"},
      {"K=p#w # comment", "p#w"},
      {"K=# comment", ""},
      {"K=a=b==", "a=b=="},
      {"K='verbatim $X ${X} \\n #'", "verbatim $X ${X} \\n #"},
      {"K=`it's \"both\"`", "it's \"both\""},
      {"K=\"a # b\" # comment", "a # b"},
      {"K=\"tab\\tnew\\nquote\\\"slash\\\\dollar\\$\"", "tab\tnew\nquote\"slash\\dollar$"},
      {"K=\"C:\\dir\"", "C:\\dir"},
      {"K=\"\"", ""},
      {"K=''", ""},
      {"K=$HOME", "$HOME"},
      {"K=pa$$word", "pa$$word"},
      {"K=it's", "it's"},
      {"K={\"a\": \"b\"}", "{\"a\": \"b\"}"},
      {"K=postgresql://u:p@h:5432/db?a=b&c=d", "postgresql://u:p@h:5432/db?a=b&c=d"},
      {"K=v\r\n", "v"},
      {"K=\"v\"\r\n", "v"},
      {"\xEF\xBB\xBFK=v", "v"},
      {"K='two\nlines'", "two\nlines"},
      {"K=\"two\nlines\"", "two\nlines"},
      {"K=größe", "größe"},
      {"A.b-c_9=v", "v"},
  };
  for (const auto& [line, value] : cases) {
    const std::string shown(line);
    CAPTURE(shown);
    CHECK(value_of(line) == value);
  }
}

TEST_CASE("env file: blank lines and comments hold nothing") {
  CHECK(parse_env_file("", ".env").empty());
  CHECK(parse_env_file("\n\r\n  \n# K=v\n  # K=v", ".env").empty());
}

TEST_CASE("env file: entries carry their line, also after a value of several lines") {
  const auto entries = parse_env_file("# first\nA=1\n\nB='x\ny'\nexport C=3\nA=4", ".env");
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].line == 2);
  CHECK(entries[1].line == 4);
  CHECK(entries[2].key == "C");
  CHECK(entries[2].line == 6);
  CHECK(entries[3].key == "A");
  CHECK(entries[3].line == 7);
}

TEST_CASE("env file: references take the environment, then earlier lines, then their default") {
  const EnvironmentLookup environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "SET") return "from-environment";
    if (name == "BLANK") return " ";
    return std::nullopt;
  };
  const struct {
    const char* content;
    const char* value;
  } cases[] = {
      {"K=a${SET}b", "afrom-environmentb"},
      {"SET=line\nK=${SET}", "from-environment"},
      {"BLANK=line\nK=${BLANK}", "line"},
      {"A=1\nA=2\nK=${A}", "2"},
      {"A=1\nK=\"<${A}>\"", "<1>"},
      {"A=1\nK='${A}'", "${A}"},
      {"A=1\nK=`${A}`", "${A}"},
      {"A=1\nK=\"\\${A}\"", "${A}"},
      {"K=${LATER}x\nLATER=1\nK=${NOWHERE}x", "x"},
      {"K=${NOWHERE:-default}", "default"},
      {"A=\nK=${A:-default}", "default"},
      {"A=1\nK=${A:-default}", "1"},
      {"K=${NOWHERE:-}", ""},
  };
  for (const auto& [content, value] : cases) {
    const std::string shown(content);
    CAPTURE(shown);
    CHECK(value_of(content, environment) == value);
  }
}

TEST_CASE("env file: what is broken is named by file and line, without its value") {
  const struct {
    const char* content;
    const char* where;
  } cases[] = {
      {"A=1\nno assignment secret-pw", "dir/.env:2"},
      {"=secret-pw", "dir/.env:1"},
      {"1A=secret-pw", "dir/.env:1"},
      {"KEY", "dir/.env:1"},
      {"A=1\n\nK=\"secret-pw", "dir/.env:3"},
      {"K='secret-pw\nX=1\n", "dir/.env:1"},
      {"K=\"secret-pw\" more", "dir/.env:1"},
      {"K='secret-pw'more", "dir/.env:1"},
      {"K=${secret-pw", "dir/.env:1"},
      {"K=${}", "dir/.env:1"},
      {"K=${A B}", "dir/.env:1"},
      {"\xFF\xFEK\0=\0", "dir/.env:1"},
  };
  for (const auto& [content, where] : cases) {
    const std::string shown(content);
    CAPTURE(shown);
    try {
      parse_env_file(content, "dir/.env");
      FAIL("nothing was thrown");
    } catch (const Error& e) {
      CHECK(e.kind == ErrorKind::usage);
      CHECK(e.where == where);
      CHECK(!e.hint.empty());
      CHECK((e.message + e.hint).find("secret-pw") == std::string::npos);
    }
  }
  CHECK_THROWS_AS(parse_env_file(std::string_view("K=a\0b", 5), ".env"), Error);
}

TEST_CASE("env file: lines that double one another filled the memory") {
  std::string text = "A=0123456789\n";
  for (int line = 0; line < 60; ++line) text += "A=${A}${A}\n";
  try {
    cli::parse_env_file(text, "env");
    FAIL("it was read");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::usage);
    CHECK(error.where.starts_with("env:"));
  }
}

TEST_CASE("env file: a file cut at any byte is read or refused, never crashes") {
  const std::string_view content =
      "\xEF\xBB\xBF# c\r\nexport A = \"x ${B:-d} \\n\" # c\nB='y\nz'\nC=`q`\nD=${A}$E#f g\r\n";
  for (std::size_t size = 0; size <= content.size(); ++size) {
    try {
      const auto entries = parse_env_file(content.substr(0, size), ".env");
      CHECK(entries.size() <= 4);
    } catch (const Error& e) {
      CHECK(e.kind == ErrorKind::usage);
    }
  }
  CHECK(parse_env_file(content, ".env").size() == 4);
}

}  // namespace pgseed::cli
