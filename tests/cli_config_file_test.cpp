#include "pgseed/cli/config_file.hpp"

#include <doctest/doctest.h>

#include "pgseed/base/error.hpp"

namespace pgseed::cli {

TEST_CASE("config file: known names are read at the top and in [target], with their lines") {
  const auto settings = parse_config_file(
      "# comment\nschema = 'api'\nrest_url = \"http://h\"\n\n[target]\nkey_file = \"k\"\n"
      "database_url = \"postgres://h\"\n",
      "pgseed.toml");
  REQUIRE(settings.size() == 4);
  for (const auto& [key, value, line] : settings) {
    const std::string shown(key);
    CAPTURE(shown);
    if (key == "schema") CHECK((value == "api" && line == 2));
    if (key == "rest_url") CHECK((value == "http://h" && line == 3));
    if (key == "key_file") CHECK((value == "k" && line == 6));
    if (key == "database_url") CHECK((value == "postgres://h" && line == 7));
  }
  CHECK(parse_config_file("", "pgseed.toml").empty());
}

TEST_CASE("config file: anything else is refused with file and line, without its value") {
  const struct {
    const char* content;
    const char* where;
    const char* text_part;
  } cases[] = {
      {"schema = \"a\"\nrest_ulr = \"secret-pw\"", "c.toml:2", "unknown setting 'rest_ulr'"},
      {"[target]\nnosuch = 1", "c.toml:2", "unknown setting 'nosuch'"},
      {"[other]\nschema = \"a\"", "c.toml:1", "unknown setting 'other'"},
      {"[target.target]\nschema = \"a\"", "c.toml:1", "unknown setting 'target'"},
      {"target = \"x\"", "c.toml:1", "unknown setting 'target'"},
      {"schema = 1", "c.toml:1", "must be a string"},
      {"schema = \"a\"\n[target]\nschema = \"b\"", "c.toml:3", "set twice"},
      {"schema = \"a\"\nschema = \"b\"", "c.toml:2", "not valid TOML"},
      {"schema = a", "c.toml:1", "not valid TOML"},
      {"\n\nkey = secret-pw", "c.toml:3", "not valid TOML"},
      {"key = \"secret-pw\"", "c.toml:1", "key_file"},
      {"[target]\nSECRET_KEY = \"secret-pw\"", "c.toml:2", "key_file"},
  };
  for (const auto& [content, where, text_part] : cases) {
    const std::string shown(content);
    CAPTURE(shown);
    try {
      parse_config_file(content, "c.toml");
      FAIL("nothing was thrown");
    } catch (const Error& e) {
      CHECK(e.kind == ErrorKind::usage);
      CHECK(e.where == where);
      CHECK((e.message + e.hint).find(text_part) != std::string::npos);
      CHECK((e.message + e.hint).find("secret-pw") == std::string::npos);
    }
  }
}

}  // namespace pgseed::cli
