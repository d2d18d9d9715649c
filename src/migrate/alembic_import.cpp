#include "pgseed/migrate/alembic_import.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/revision_file.hpp"

namespace pgseed::migrate {
namespace {

// What a docstring says beyond the message and the lines that Alembic writes, as comments.
std::string remarks(std::string_view description) {
  const std::size_t paragraph = description.find("\n\n");
  if (paragraph == std::string_view::npos) return {};
  std::string out;
  for (std::string_view rest = description.substr(paragraph); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string_view words = trim(line);
    if (words.empty() || words.starts_with("Revision ID:") || words.starts_with("Revises:") ||
        words.starts_with("Create Date:")) {
      continue;
    }
    out += text("-- ", words, '\n');
  }
  return out;
}

}  // namespace

bool doubles_percent(std::string_view script, std::string_view env_py) {
  if (env_py.find("paramstyle") != std::string_view::npos) return false;
  for (std::size_t at = script.find('%'); at != std::string_view::npos;) {
    const std::size_t end = std::min(script.find_first_not_of('%', at), script.size());
    // %(name)s is a place holder, told about when the script is read.
    if ((end - at) % 2 == 1 && !script.substr(end).starts_with('(')) return false;
    at = script.find('%', end);
  }
  return true;
}

std::string downgrade_range(const Revision& revision) {
  // -1 is ambiguous at a merge; the name of a parent takes a base with depends_on too far.
  return revision.id +
         (revision.down_revisions.size() > 1 ? ":" + revision.down_revisions[0] : ":-1");
}

Revision imported_revision(const Revision& header, Section upgrade,
                           std::optional<Section> downgrade) {
  check_revision_id(header.id, header.path);
  Revision revision = header;
  revision.format = FileFormat::pgseed;
  revision.upgrade = std::move(upgrade);
  const std::string comments = remarks(header.description);
  if (!comments.empty()) {
    revision.upgrade->text =
        text(comments, revision.upgrade->text.empty() ? "" : "\n", revision.upgrade->text);
  }
  if (downgrade) {
    revision.downgrade = std::move(downgrade);
  } else {
    revision.downgrade.emplace().options.irreversible = true;
  }
  revision.description = alembic_description(revision);
  return revision;
}

}  // namespace pgseed::migrate
