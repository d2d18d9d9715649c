#pragma once
// Alembic run for one alembic.ini: to print, or in a database that is not the project's own.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pgseed/cli/alembic_process.hpp"

namespace pgseed::cli {

class AlembicProject {
 public:
  // environment: over ours, for an env.py that insists on its URL even where nothing connects.
  AlembicProject(std::filesystem::path ini, std::map<std::string, std::string> environment)
      : ini_(std::move(ini)), environment_(std::move(environment)) {}

  // What env.py says.
  std::string env_py() const;
  // `alembic -c INI ARGUMENTS`, to print.
  AlembicOutput offline(const std::vector<std::string>& arguments) const;
  // The same as it would be typed.
  std::string command_line(const std::vector<std::string>& arguments) const;
  // In another database: through DATABASE_URL for an env.py that reads it, and through a copy of
  // alembic.ini for one that does not. The copy holds no password, and is gone afterwards.
  AlembicOutput online(const std::string& database_url, std::vector<std::string> arguments) const;

 private:
  std::filesystem::path ini_;
  std::map<std::string, std::string> environment_;
};

}  // namespace pgseed::cli
