#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/base/digest.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/revision_file.hpp"
#include "pgseed/migrate/section_finder.hpp"
#include "pgseed/migrate/section_options.hpp"

namespace pgseed::migrate {
namespace {

bool is_reserved(std::string_view name) {
  return name == "head" || name == "heads" || name == "base" || name == "current";
}

void check_name(std::string_view name, const char* what, const std::string& where) {
  if (name.empty()) throw Error(ErrorKind::input, text("an empty ", what), where);
  if (is_reserved(name)) {
    throw Error(ErrorKind::input, text("'", name, "' is reserved and cannot be a ", what), where,
                "head, heads, base and current are targets of their own");
  }
}

std::string one_line(std::string_view value) {
  std::string line(trim(value));
  std::replace_if(
      line.begin(), line.end(), [](char byte) { return byte == '\n' || byte == '\r'; }, ' ');
  return line;
}

void append_section(std::string& out, const Marker& marker, const Section* section,
                    bool has_downgrade) {
  out += render_marker(marker);
  out += '\n';
  if (section == nullptr) return;
  // A comment that would be taken for a marker, or nearly one, gets another first word.
  CommentFinder finder(section->text, section->path, section->line);
  finder.find_indented();
  std::size_t copied = 0;
  while (const auto comment = finder.next()) {
    bool is_marker = true;
    try {
      is_marker = (!comment->is_indented && read_marker(comment->text, "").has_value()) ||
                  (!has_downgrade && names_upgrade(comment->text) == false);
    } catch (const Error&) {
      // nearly one
    }
    if (!is_marker) continue;
    out.append(section->text, copied, comment->begin - copied);
    out += "-- note:";
    copied = comment->begin + 2;
    if (comment->text.size() > 2 && comment->text[2] != ' ') out += ' ';
  }
  out.append(section->text, copied);
}

}  // namespace

std::string render_revision_file(const Revision& revision) {
  std::string out = "-- pgseed:migration 1\n";
  const auto header = [&out](const char* key, const std::string& value) {
    out += text("-- ", key, value.empty() ? ":" : ": ", value, '\n');
  };
  header("revision", revision.id);
  header("down_revision", join(revision.down_revisions));
  header("branch_labels", join(revision.branch_labels));
  header("depends_on", join(revision.depends_on));
  header("created", one_line(revision.created));
  header("message", one_line(revision.message));
  if (!revision.replaces.empty()) header("replaces", join(revision.replaces));
  if (!revision.author.empty()) header("author", one_line(revision.author));
  if (!revision.alembic_sha256.empty()) header("x-alembic-sha256", revision.alembic_sha256);
  out += '\n';
  const Section none;
  const Section& upgrade = revision.upgrade ? *revision.upgrade : none;
  append_section(out, {true, upgrade.options}, &upgrade, revision.downgrade.has_value());
  if (!revision.downgrade) return out;
  // The downgrade is set off by a blank line, which belongs to the upgrade's text.
  if (!out.ends_with('\n')) out += '\n';
  if (!out.ends_with("\n\n")) out += '\n';
  append_section(out, {false, revision.downgrade->options}, &*revision.downgrade, true);
  return out;
}

std::string alembic_description(const Revision& revision) {
  std::string description;
  if (!revision.message.empty()) description = revision.message + "\n\n";
  description += text("Revision ID: ", revision.id, "\nRevises: ", join(revision.down_revisions));
  if (!revision.created.empty()) description += "\nCreate Date: " + revision.created;
  return description;
}

void check_revision_id(std::string_view id, const std::string& where) {
  check_name(id, "revision id", where);
  const auto bad = std::find_if_not(id.begin(), id.end(), [](char byte) {
    return (byte & 0x80) == 0 &&
           (sql::is_identifier_start(byte) || sql::is_digit(byte) || byte == '.');
  });
  if (bad != id.end()) {
    const std::string shown =
        (*bad & 0x80) != 0 ? "a character" : text("the character '", *bad, '\'');
    throw Error(ErrorKind::input, text(shown, " is not allowed in the revision id '", id, '\''),
                where, "an id consists of letters, digits, _ and .");
  }
  if (id.size() > kLongestRevisionId) {
    throw Error(
        ErrorKind::input,
        text("the revision id '", id, "' is longer than ", kLongestRevisionId, " characters"),
        where, "alembic_version holds no more");
  }
}

void check_branch_label(std::string_view label, const std::string& where) {
  check_name(label, "branch label", where);
  const std::size_t bad = label.find_first_of("@+-:, \t");
  if (bad == std::string_view::npos) return;
  throw Error(
      ErrorKind::input,
      text("the character '", label[bad], "' is not allowed in the branch label '", label, '\''),
      where, "@ + - : and commas have a meaning in targets");
}

std::string section_checksum(const Section& section) {
  std::string normal;
  normal.reserve(section.text.size());
  std::size_t used = 0;  // without the empty lines at the end
  for (std::string_view rest = section.text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (!line.empty() && std::string_view(" \t\r").find(line.back()) != std::string_view::npos) {
      line.remove_suffix(1);
    }
    if (line.empty() && used == 0) continue;
    normal.append(line);
    if (!line.empty()) used = normal.size();
    normal += '\n';
  }
  normal.resize(used);
  return sha256_hex(normal);
}

}  // namespace pgseed::migrate
