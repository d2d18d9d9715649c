#include "pgseed/migrate/alembic_ini.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

using namespace pgseed;
using namespace pgseed::migrate;

namespace {

AlembicIni read(const std::string& content) {
  return parse_alembic_ini(content, "alembic.ini", "/here/it is");
}

// With a script_location in front, so that only `lines` matter.
AlembicIni read_more(const std::string& lines) {
  return read("[alembic]\nscript_location = x\n" + lines);
}

std::string failure(const std::string& content) {
  try {
    read(content);
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    CHECK(error.message.find("s3cret") == std::string::npos);
    CHECK(error.hint.find("s3cret") == std::string::npos);
    return error.where + " " + error.message;
  }
  return "none";
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += "[" + item + "]";
  return out;
}

}  // namespace

TEST_CASE("alembic ini: Alembic's own file is read") {
  const AlembicIni ini = read(R"(# A generic, single database configuration.

[alembic]
# path to migration scripts
script_location = %(here)s/alembic

# template; The default value is %%(rev)s_%%(slug)s
file_template = %%(year)d_%%(month).2d_%%(rev)s_%%(slug)s
prepend_sys_path = .
# timezone =
truncate_slug_length = 60
; a remark of the other kind
version_locations = %(here)s/bar:%(script_location)s/versions
version_path_separator = os
recursive_version_locations = true
sqlalchemy.url = postgresql+psycopg2://me:p%%40ss@localhost/db


[post_write_hooks]
# format using "black"
[loggers]
keys = root,sqlalchemy,alembic

[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
datefmt = %H:%M:%S
)");
  CHECK(ini.script_location == "/here/it is/alembic");
  CHECK(ini.file_template == "%(year)d_%(month).2d_%(rev)s_%(slug)s");
  CHECK(ini.truncate_slug_length == 60);
  CHECK(joined(ini.version_locations) == "[/here/it is/bar][/here/it is/alembic/versions]");
  CHECK(ini.recursive_version_locations);
  CHECK(ini.sqlalchemy_url == "postgresql+psycopg2://me:p%40ss@localhost/db");
  CHECK_FALSE(ini.timezone.has_value());
}

TEST_CASE("alembic ini: what is not set has Alembic's default") {
  const AlembicIni ini = read("[alembic]\nscript_location = alembic\n");
  CHECK(ini.script_location == "alembic");
  CHECK(ini.file_template == "%(rev)s_%(slug)s");
  CHECK(ini.truncate_slug_length == 40);
  CHECK(ini.version_locations.empty());
  CHECK_FALSE(ini.recursive_version_locations);
  CHECK_FALSE(ini.sqlalchemy_url.has_value());
  // 0 and empty values, too.
  const AlembicIni empty = read_more("truncate_slug_length = 0\ntimezone =\nsqlalchemy.url =\n");
  CHECK(empty.truncate_slug_length == 40);
  CHECK_FALSE(empty.timezone.has_value());
  CHECK_FALSE(empty.sqlalchemy_url.has_value());
}

TEST_CASE("alembic ini: lines are read as Python's configparser reads them") {
  const struct {
    std::string content;
    std::string wanted;
  } cases[] = {
      {"[alembic]\nscript_location = a\n", "a"},
      {"[alembic]\nscript_location: a\n", "a"},
      {"[alembic]\nscript_location=a = b : c\n", "a = b : c"},
      {"[alembic]\nScript_Location  =  a  \n", "a"},
      {"[alembic]\r\nscript_location = a\r\n", "a"},
      {"\xEF\xBB\xBF[alembic]\nscript_location = a", "a"},
      {"  [alembic]\n  script_location = a\n", "a"},
      {"[alembic] ; remark\nscript_location = a\n", "a"},
      {"[DEFAULT]\nscript_location = a\n[alembic]\n", "a"},
      {"[DEFAULT]\nscript_location = a\n[alembic]\nscript_location = b\n", "b"},
      {"[other]\nscript_location = a\n[alembic]\nscript_location = b\n", "b"},
      // A remark behind a value is part of it; a whole line is not.
      {"[alembic]\nscript_location = a # b ; c\n", "a # b ; c"},
      {"[alembic]\nscript_location = a\n  # b\n  c\n", "a\nc"},
      {"[alembic]\nscript_location =\n  a\n\n  b\n\nx = y\n", "\na\n\nb"},
      {"[alembic]\n  script_location = a\n    b\n  x = c\n", "a\nb"},
      {"[alembic]\nscript_location = a\n\tb = c\n", "a\nb = c"},
      {"[alembic]\nscript_location = a\n  [other]\n", "a\n[other]"},
      // %(name)s in any case, from [DEFAULT] too, and through other settings.
      {"[DEFAULT]\nroot = /r\n[alembic]\nscript_location = %(ROOT)s/a%%b\n", "/r/a%b"},
      {"[alembic]\na = %(b)s%%\nb = %(here)s\nscript_location = %(a)s!\n", "/here/it is%!"},
      {"[alembic]\nhere = there\nscript_location = %(here)s\n", "there"},
      // A folder in a Python package.
      {"[alembic]\nscript_location = my.app:db/migrations\n", "my/app/db/migrations"},
      {"[alembic]\nscript_location = /a:b\n", "/a:b"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.content);
    CHECK(read(each.content).script_location == each.wanted);
  }
}

TEST_CASE("alembic ini: version_locations are split where the file says") {
  const struct {
    std::string lines;
    std::string wanted;
  } cases[] = {
      {"version_locations = a b,c, d\n", "[a][b][c][d]"},
      {"version_locations = a b:c\nversion_path_separator = os\n", "[a b][c]"},
      {"version_locations = /a b:/c:\nversion_path_separator = :\n", "[/a b][/c]"},
      {"version_locations = a;b\nversion_path_separator = ;\n", "[a][b]"},
      {"version_locations = a  b\nversion_path_separator = space\n", "[a][b]"},
      {"version_locations =\n  a b\n  /c:d\n\nversion_path_separator = newline\n", "[a b][/c:d]"},
      {"version_locations = a b:c\npath_separator = os\nversion_path_separator = space\n",
       "[a b][c]"},
      {"version_locations =\n", ""},
  };
  for (const auto& each : cases) {
    CAPTURE(each.lines);
    CHECK(joined(read_more(each.lines).version_locations) == each.wanted);
  }
}

TEST_CASE("alembic ini: an address that leads nowhere is none") {
  CHECK(read_more("sqlalchemy.url = driver://user:pass@localhost/dbname\n").sqlalchemy_url ==
        std::nullopt);
  // env.py sets these names.
  CHECK(read_more("sqlalchemy.url = postgresql://%(DB_USER)s:%(DB_PASS)s@h/d\n").sqlalchemy_url ==
        std::nullopt);
  CHECK(read_more("u = me\nsqlalchemy.url = postgresql://%(U)s@h/d%%(x)s\n").sqlalchemy_url ==
        "postgresql://me@h/d%(x)s");
}

TEST_CASE("alembic ini: what is wrong with the file is told with its line") {
  const struct {
    std::string content;
    std::string wanted;
  } cases[] = {
      {"", "alembic.ini:1 the file has no section [alembic]"},
      {"[other]\nscript_location = a\n", "alembic.ini:1 the file has no section [alembic]"},
      {"[alembic]\n", "alembic.ini:1 the section [alembic] has no script_location"},
      {"[alembic]\nscript_location =\n",
       "alembic.ini:1 the section [alembic] has no script_location"},
      {"script_location = a\n", "alembic.ini:1 there is a line before the first [section]"},
      {"[alembic]\n\nscript_location\n",
       "alembic.ini:3 the line is neither a [section] nor a setting"},
      {"[alembic]\n= s3cret\n", "alembic.ini:2 the line is neither a [section] nor a setting"},
      {"[alembic]\nscript_location = a\nSCRIPT_LOCATION = b\n",
       "alembic.ini:3 the setting script_location stands there twice"},
      {"[alembic]\nscript_location = a\n[x]\n[alembic]\n",
       "alembic.ini:4 the section [alembic] stands there twice"},
      {"[alembic]\nscript_location = %(nowhere)s/a\n",
       "alembic.ini:2 the setting script_location refers to %(nowhere)s, which is not set"},
      {"[alembic]\nscript_location = %(script_location)s\n",
       "alembic.ini:2 the setting script_location refers to itself"},
      {"[alembic]\nscript_location = 100%\n",
       "alembic.ini:2 the setting script_location has a single percent sign"},
      {"[alembic]\nscript_location = a%(b)d\n",
       "alembic.ini:2 the setting script_location has a single percent sign"},
      {"[alembic]\nscript_location = a\n\nsqlalchemy.url = postgresql://u:s3cret%40@h/d\n",
       "alembic.ini:4 the setting sqlalchemy.url has a single percent sign"},
      {"[alembic]\nscript_location = a\nversion_locations = b\nversion_path_separator = os  # x\n",
       "alembic.ini:4 the path separator is none that Alembic knows"},
      {"[alembic]\nscript_location = a\ntruncate_slug_length = long\n",
       "alembic.ini:3 truncate_slug_length is not a number"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.content);
    CHECK(failure(each.content) == each.wanted);
  }
}
