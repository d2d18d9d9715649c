#pragma once
// The [alembic] section of alembic.ini, as Python's configparser and Alembic read it. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgseed::migrate {

struct AlembicIni {
  // Absolute, or relative to the working directory; package.part:folder is package/part/folder.
  std::string script_location;
  std::vector<std::string> version_locations;  // empty: <script_location>/versions
  std::string file_template = "%(rev)s_%(slug)s";
  int truncate_slug_length = 40;
  std::optional<std::string> timezone;
  // A secret. Unset, too, for the template's own address and where env.py defines %(name)s in it.
  std::optional<std::string> sqlalchemy_url;
  bool recursive_version_locations = false;
};

// here: the folder of the file, for %(here)s. %% is a percent sign. Understands comments (; and #
// at the beginning of a line), key = value and key: value, continuation lines, and
// version_path_separator / path_separator (space, newline, os, :, ;; older files: blanks and
// commas). Throws Error{input} with path:line for a file without [alembic] or script_location, a
// line that is neither, an unknown %(name)s (but in sqlalchemy.url). No message quotes a value that
// may hold a password.
AlembicIni parse_alembic_ini(std::string_view content, const std::string& path,
                             const std::string& here);

}  // namespace pgseed::migrate
