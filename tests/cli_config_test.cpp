#include "pgseed/cli/config.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <map>

#include "pgseed/base/error.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::cli {
namespace {

struct World {
  test::TempDir folder;
  std::map<std::string, std::string> environment;
  GlobalFlags flags;

  Config resolve() const {
    return cli::resolve(
        flags,
        [this](const std::string& name) -> std::optional<std::string> {
          const auto found = environment.find(name);
          if (found == environment.end()) return std::nullopt;
          return found->second;
        },
        folder.path());
  }

  Error error() const {
    try {
      resolve();
    } catch (const Error& e) {
      return e;
    }
    return {ErrorKind::rows, "nothing was thrown"};
  }
};

void check_setting(const std::optional<Setting>& setting, const char* value, const char* origin) {
  REQUIRE(setting.has_value());
  CHECK(setting->value == value);
  CHECK(setting->origin == origin);
}

}  // namespace

TEST_CASE("config: without any source there is only the default schema") {
  const Config config = World().resolve();
  CHECK(!config.rest_url);
  CHECK(!config.key);
  CHECK(!config.database_url);
  CHECK(config.warnings.empty());
  check_setting(config.schema, "public", "default");
}

TEST_CASE("config: each source wins over the ones below it") {
  World world;
  world.folder.write("pgseed.toml", "# settings\nrest_url = \"http://toml\"\n");
  check_setting(world.resolve().rest_url, "http://toml", "pgseed.toml:2");
  world.folder.write(".env.migration", "SUPABASE_URL=http://migration");
  check_setting(world.resolve().rest_url, "http://migration", ".env.migration:1");
  world.folder.write(".env", "\nSUPABASE_URL=http://env");
  check_setting(world.resolve().rest_url, "http://env", ".env:2");
  world.folder.write(".env.local", "SUPABASE_URL=http://local");
  check_setting(world.resolve().rest_url, "http://local", ".env.local:1");
  world.folder.write("one.env", "SUPABASE_URL=http://one");
  world.flags.env_files = {"one.env"};
  check_setting(world.resolve().rest_url, "http://one", "one.env:1");
  world.folder.write("two.env", "SUPABASE_URL=http://two");
  world.flags.env_files = {"one.env", "two.env"};
  check_setting(world.resolve().rest_url, "http://two", "two.env:1");
  world.environment["SUPABASE_URL"] = "http://environment";
  check_setting(world.resolve().rest_url, "http://environment", "environment");
  world.flags.rest_url = "http://flag";
  check_setting(world.resolve().rest_url, "http://flag", "flag --rest-url");
}

TEST_CASE("config: every setting comes from its own best source") {
  World world;
  world.folder.write(".env", "SUPABASE_URL=http://env\nDATABASE_URL=postgres://env\n");
  world.folder.write("pgseed.toml",
                     "[target]\nschema = \"api\"\nkey_file = \"keys/key\"\n"
                     "database_url = \"postgres://toml\"\n");
  world.folder.write("keys/key", "sb_secret_file\n");
  chmod((world.folder / "keys/key").c_str(), 0600);
  const Config config = world.resolve();
  check_setting(config.rest_url, "http://env", ".env:1");
  check_setting(config.database_url, "postgres://env", ".env:2");
  check_setting(config.schema, "api", "pgseed.toml:2");
  check_setting(config.key, "sb_secret_file", "pgseed.toml:3");
  CHECK(config.warnings.empty());
}

TEST_CASE("config: both names of the key are known, the newer one first within a source") {
  World world;
  world.environment["SUPABASE_SERVICE_ROLE_KEY"] = "old";
  check_setting(world.resolve().key, "old", "environment");
  world.environment["SUPABASE_SECRET_KEY"] = "new";
  check_setting(world.resolve().key, "new", "environment");
  world.environment = {{"SUPABASE_SERVICE_ROLE_KEY", "from-environment"}};
  world.folder.write(".env", "SUPABASE_SECRET_KEY=from-file");
  check_setting(world.resolve().key, "from-environment", "environment");
}

TEST_CASE("config: blank values count as absent") {
  World world;
  world.flags.rest_url = " ";
  world.flags.key_file = "";
  world.environment = {{"SUPABASE_URL", "\"\""}, {"SUPABASE_SECRET_KEY", "  "}};
  world.folder.write(".env", "SUPABASE_URL=http://env\nSUPABASE_URL=\nSUPABASE_SECRET_KEY=k\n");
  check_setting(world.resolve().rest_url, "http://env", ".env:1");
  check_setting(world.resolve().key, "k", ".env:3");
}

TEST_CASE("config: line ends, blanks, quotes and a byte order mark around values fall away") {
  World world;
  for (const char* written : {"k123\r", " k123\r\n", "'k123'", "\"k123\"\n", "\xEF\xBB\xBFk123"}) {
    const std::string shown(written);
    CAPTURE(shown);
    world.environment = {{"SUPABASE_SECRET_KEY", written}, {"SUPABASE_URL", "\"http://h\"\r"}};
    check_setting(world.resolve().key, "k123", "environment");
    check_setting(world.resolve().rest_url, "http://h", "environment");
  }
}

TEST_CASE("config: a key that cannot be a header value is refused and not shown") {
  World world;
  for (const char* key : {"secret pw", "secret\npw", "secret\tpw", "sécret", "secret\x7Fpw"}) {
    const std::string shown(key);
    CAPTURE(shown);
    world.environment = {{"SUPABASE_SECRET_KEY", key}};
    const Error error = world.error();
    CHECK(error.kind == ErrorKind::usage);
    CHECK((error.message + error.hint).find("secret") == std::string::npos);
    CHECK(error.message.find("environment") != std::string::npos);
  }
}

TEST_CASE("config: URLs with line breaks are refused, the database URL may hold blanks") {
  World world;
  for (const char* url : {"http://a b", "http://a\nb"}) {
    world.environment = {{"SUPABASE_URL", url}};
    CHECK(world.error().kind == ErrorKind::usage);
  }
  world.environment = {{"DATABASE_URL", "postgres://u:secret\npw@h/d"}};
  CHECK(world.error().kind == ErrorKind::usage);
  CHECK(world.error().message.find("secret") == std::string::npos);
  world.environment = {{"DATABASE_URL", "host=h dbname=d"}};
  check_setting(world.resolve().database_url, "host=h dbname=d", "environment");
}

TEST_CASE("config: the key file is read whole, and a readable one is warned about") {
  World world;
  const std::string path = world.folder.write("key", "\xEF\xBB\xBF sb_secret_x \r\n");
  chmod(path.c_str(), 0644);
  world.flags.key_file = "key";
  world.environment["SUPABASE_SECRET_KEY"] = "other";
  check_setting(world.resolve().key, "sb_secret_x", "flag --key-file");
  REQUIRE(world.resolve().warnings.size() == 1);
  CHECK(world.resolve().warnings.front().find("chmod 600 key") != std::string::npos);
  chmod(path.c_str(), 0600);
  CHECK(world.resolve().warnings.empty());
  world.flags.key_file = path;  // an absolute path is taken as it is
  check_setting(world.resolve().key, "sb_secret_x", "flag --key-file");
}

TEST_CASE("config: a named file that is missing, empty or a folder is an error") {
  const struct {
    std::optional<std::string> key_file, config_file;
    std::vector<std::string> env_files;
    const char* message_part;
  } cases[] = {
      {"nosuch", {}, {}, "No such file"}, {"empty", {}, {}, "empty is empty"},
      {".", {}, {}, "is a folder"},       {{}, "nosuch.toml", {}, "No such file"},
      {{}, ".", {}, "is a folder"},       {{}, {}, {"nosuch.env"}, "nosuch.env: No such file"},
      {{}, {}, {"."}, "is a folder"},
  };
  for (const auto& [key_file, config_file, env_files, message_part] : cases) {
    World world;
    world.folder.write("empty", " \n");
    world.flags.key_file = key_file;
    world.flags.config_file = config_file;
    world.flags.env_files = env_files;
    const Error error = world.error();
    CAPTURE(error.message);
    CHECK(error.kind == ErrorKind::usage);
    CHECK(error.message.find(message_part) != std::string::npos);
  }
}

TEST_CASE("config: a missing key file of the config file is named with its line") {
  World world;
  world.folder.write("conf/my.toml", "\nkey_file = \"nosuch\"");
  world.flags.config_file = "conf/my.toml";
  const Error error = world.error();
  CHECK(error.where == "conf/my.toml:2");
  CHECK(error.message.find("conf/nosuch") != std::string::npos);
}

TEST_CASE("config: a broken .env in the working directory is an error with its line") {
  World world;
  world.folder.write(".env", "A=1\nbroken");
  CHECK(world.error().kind == ErrorKind::usage);
  CHECK(world.error().where == ".env:2");
}

TEST_CASE("config: references in .env files see the environment") {
  World world;
  world.environment["HOST"] = "example.com";
  world.folder.write(".env", "DATABASE_URL=postgres://u@${HOST}/d");
  check_setting(world.resolve().database_url, "postgres://u@example.com/d", ".env:1");
}

TEST_CASE("config: a dump given as --env-file is refused before it is read whole") {
  World world;
  world.folder.write("dump.sql", std::string(2'000'000, 'x'));
  world.flags.env_files = {"dump.sql"};
  CHECK(world.error().message == "dump.sql is too large");
}

}  // namespace pgseed::cli
