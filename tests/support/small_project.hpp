#pragma once
// A small Alembic project for both tools, and what is in a folder.
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "support/cross_tool.hpp"

namespace pgseed::test {

// Every file below a folder, by its name from there, with its content.
inline std::map<std::string, std::string> files_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[std::filesystem::relative(entry.path(), folder).string()] =
          read_file(entry.path().string());
    }
  }
  return files;
}

inline std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& [name, content] : files_in(folder)) names.insert(name);
  return names;
}

inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

inline std::string environment_file() {
  return read_file(PGSEED_SOURCE_DIR "/tests/alembic/env/env.py");
}

// A project in a folder of its own: alembic.ini, env.py, versions/.
class SmallProject {
 public:
  explicit SmallProject(const std::string& env = environment_file()) {
    folder_.write("alembic.ini",
                  "[alembic]\nscript_location = %(here)s\nsqlalchemy.url = "
                  "postgresql://nobody@127.0.0.1:1/nowhere\n");
    folder_.write("env.py", env);
    std::filesystem::copy_file(PGSEED_SOURCE_DIR "/tests/alembic/env/script.py.mako",
                               folder_ / "script.py.mako");
    std::filesystem::create_directory(folder_ / "versions");
  }

  // upgrade, downgrade: Python, one line.
  void add(const std::string& id, const std::string& parent, const std::string& upgrade,
           const std::string& downgrade = "pass") const {
    folder_.write("versions/" + id + "_step.py",
                  "\"\"\"step " + id + "\n\nRevision ID: " + id +
                      "\n\n\"\"\"\nimport os\nfrom alembic import op\nimport sqlalchemy as sa\n\n"
                      "revision = '" +
                      id + "'\ndown_revision = " + (parent.empty() ? "None" : "'" + parent + "'") +
                      "\n\n\ndef upgrade():\n    " + upgrade + "\n\n\ndef downgrade():\n    " +
                      downgrade + "\n");
  }

  std::string path() const { return folder_.path().string(); }
  const TempDir& folder() const { return folder_; }

 private:
  TempDir folder_;
};

constexpr const char* kMakeTable = "op.execute('CREATE TABLE t (a int)')";
constexpr const char* kDropTable = "op.execute('DROP TABLE t')";

}  // namespace pgseed::test
