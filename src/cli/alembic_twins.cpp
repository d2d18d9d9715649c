#include "pgseed/cli/alembic_twins.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/alembic_file.hpp"
#include "pgseed/migrate/directory.hpp"

namespace pgseed::cli {

AlembicTwin write_alembic_twin(MigrateProject& project, const migrate::Revision& revision) {
  const std::filesystem::path sql(revision.path);
  std::filesystem::path path = sql;
  path.replace_extension(".py");
  // One of another name is the revision to Alembic, too.
  if (!revision.alembic_path.empty()) path = revision.alembic_path;
  AlembicTwin twin{path.string()};
  const std::string name = path.parent_path() == sql.parent_path()
                               ? sql.filename().string()
                               : std::filesystem::relative(sql, path.parent_path()).string();
  const std::string content = migrate::render_alembic_twin(revision, name);
  if (std::filesystem::exists(path)) {
    std::ifstream file(path, std::ios::binary);
    const std::string present{std::istreambuf_iterator<char>(file),
                              std::istreambuf_iterator<char>()};
    twin.is_ours = migrate::is_alembic_twin(present);
    if (!twin.is_ours || present == content) return twin;
    std::filesystem::remove(path);
  }
  migrate::write_new_file(path, content);
  twin.is_written = true;
  project.print(text("Generating ", std::filesystem::absolute(path).lexically_normal().string(),
                     " ...  done"));
  return twin;
}

void write_twins_before(MigrateProject& project, const migrate::Revision& revision) {
  const migrate::Graph& graph = project.graph();
  migrate::Nodes before;
  for (const auto* names : {&revision.down_revisions, &revision.depends_on}) {
    for (const std::string& name : *names) {
      const auto node = graph.find(name) ? graph.find(name) : graph.find_label(name);
      if (node) before.push_back(*node);
    }
  }
  bool missing = false;
  for (const migrate::Node node : graph.ancestors(before).members()) {
    const migrate::Revision& earlier = graph[node];
    if (earlier.format == migrate::FileFormat::alembic || !earlier.alembic_path.empty()) continue;
    missing = write_alembic_twin(project, earlier).is_written || missing;
  }
  if (missing) {
    project.console().info("note: revisions before it had no twin, without which Alembic fails");
  }
}

std::string changed_line(const migrate::Revision& revision) {
  return text(revision.alembic_path, ": changed since ", revision.path,
              " was imported from it, which pgseed goes on with; import it anew without the .sql, "
              "or take the change back");
}

}  // namespace pgseed::cli
