#include "pgseed/cli/alembic_project.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/alembic_ini.hpp"
#include "pgseed/migrate/directory.hpp"
#include "pgseed/pg/connection_string.hpp"
#include "pgseed/pg/database_url.hpp"

namespace pgseed::cli {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A copy of alembic.ini beside it, for %(here)s, with another address; gone with its scope.
class IniCopy {
 public:
  IniCopy(const std::filesystem::path& original, const std::string& url)
      : path_(original.parent_path() /
              text(".pgseed-import-", static_cast<long>(getpid()), ".ini")) {
    std::string quoted;
    for (const char byte : url) quoted += byte == '%' ? "%%" : std::string(1, byte);
    const std::string content = content_of(original);
    std::string changed;
    bool in_url = false;
    for (std::size_t at = 0; at < content.size();) {
      const auto end = std::min(content.find('\n', at), content.size() - 1) + 1;
      const std::string_view line(content.data() + at, end - at);
      at = end;
      const bool goes_on = in_url && (line.front() == ' ' || line.front() == '\t');
      in_url = goes_on || to_lower(line).starts_with("sqlalchemy.url");
      if (!in_url) changed += line;
      if (in_url && !goes_on) changed += text("sqlalchemy.url = ", quoted, '\n');
    }
    std::filesystem::remove(path_);
    const mode_t before = umask(077);  // the other settings may hold secrets
    try {
      migrate::write_new_file(path_, changed);
    } catch (...) {
      umask(before);
      throw;
    }
    umask(before);
  }
  ~IniCopy() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  IniCopy(const IniCopy&) = delete;
  IniCopy& operator=(const IniCopy&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::string AlembicProject::env_py() const {
  // Like Alembic's own reading, relative to the working directory.
  const std::filesystem::path location =
      migrate::parse_alembic_ini(content_of(ini_), ini_.string(),
                                 std::filesystem::absolute(ini_).parent_path().string())
          .script_location;
  return content_of(location / "env.py");
}

AlembicOutput AlembicProject::offline(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {"-c", ini_.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_alembic(words, environment_);
}

std::string AlembicProject::command_line(const std::vector<std::string>& arguments) const {
  return text("alembic -c ", ini_.string(), ' ', join(arguments, " "));
}

AlembicOutput AlembicProject::online(const std::string& database_url,
                                     std::vector<std::string> arguments) const {
  const std::string url = pg::without_password(database_url);
  const IniCopy copy(ini_, url.substr(0, url.find('?')));
  arguments.insert(arguments.begin(), {"-c", copy.path()});
  return run_alembic(arguments, {{"DATABASE_URL", database_url},
                                 {"PGPASSWORD", pg::password_of_database_url(database_url)}});
}

}  // namespace pgseed::cli
