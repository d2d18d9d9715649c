#include "pgseed/migrate/revision_file.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/section_finder.hpp"
#include "pgseed/migrate/section_options.hpp"

namespace pgseed::migrate {
namespace {

constexpr std::string_view kMagic = "-- pgseed:migration";  // and the version
constexpr const char* kFirstLineHint =
    "a migration begins with the line \"-- pgseed:migration 1\"; `pgseed migrate revision` makes "
    "one";
constexpr std::array<std::string_view, 8> kKeys = {"revision",   "down_revision", "branch_labels",
                                                   "depends_on", "created",       "message",
                                                   "replaces",   "author"};

// Made by `import alembic`; an older pgseed passes it over like every x-...
constexpr std::string_view kAlembicChecksum = "x-alembic-sha256";

constexpr const char* kKnownHeaders =
    "known are revision, down_revision, branch_labels, depends_on, created, message, replaces and "
    "author; others begin with x-, and a comment stands below a blank line";

bool is_known_key(std::string_view key) {
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

bool is_word_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '_';
}

struct Header {
  std::string_view key;
  std::string_view value;
};

// "-- key: value"; the blank behind the colon may be missing for a key that is known.
std::optional<Header> read_header(std::string_view line) {
  if (!line.starts_with("-- ")) return std::nullopt;
  line.remove_prefix(3);
  std::size_t length = 0;
  while (length < line.size() && (is_word_byte(line[length]) || line[length] == '-')) ++length;
  if (length == 0 || length == line.size() || line[length] != ':') return std::nullopt;
  const std::string_view key = line.substr(0, length);
  const std::string_view rest = line.substr(length + 1);
  const bool set_off = rest.empty() || rest.front() == ' ' || rest.front() == '\t';
  if (!set_off && !is_known_key(key)) return std::nullopt;
  return Header{key, trim(rest)};
}

// The message that a file name tells: "1a2b_add_users.sql" -> "add users".
std::string message_of(std::string_view path, std::string_view id) {
  path.remove_prefix(path.find_last_of('/') + 1);  // npos + 1 is 0
  if (path.ends_with(".sql")) path.remove_suffix(4);
  for (std::size_t at = path.find(id); at != std::string_view::npos; at = path.find(id, at + 1)) {
    const std::size_t behind = at + id.size();
    const bool begins = at == 0 || !is_word_byte(path[at - 1]) || path[at - 1] == '_';
    if (!begins || behind >= path.size() || path[behind] != '_') continue;
    std::string message(path.substr(behind + 1));
    std::replace(message.begin(), message.end(), '_', ' ');
    return std::string(trim(message));
  }
  return {};
}

class FileParser {
 public:
  FileParser(std::string_view content, const std::string& path)
      : text_(checked_text(content, path)), path_(path) {
    revision_.path = path;
  }

  Revision parse() && {
    if (trim(text_).empty()) fail(1, "the file is empty", kFirstLineHint);
    read_first_line();
    while (read_header_line()) {
    }
    if (revision_.id.empty()) {
      fail(1, "the headers name no revision", "add a line \"-- revision: ID\" below the first one");
    }
    if (!has("message")) revision_.message = message_of(path_, revision_.id);
    read_sections();
    revision_.description = alembic_description(revision_);
    return std::move(revision_);
  }

 private:
  // The line at the position, which moves behind it.
  std::string_view take_line() {
    const std::size_t end = std::min(text_.find('\n', position_), text_.size());
    const std::string_view line = trim_end(text_.substr(position_, end - position_));
    position_ = std::min(end + 1, text_.size());
    ++line_;
    return line;
  }
  static std::string_view trim_end(std::string_view line) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) {
      line.remove_suffix(1);
    }
    return line;
  }

  void read_first_line() {
    const std::string_view line = take_line();
    if (!is_revision_file(line)) {
      fail(1, "the first line is not \"-- pgseed:migration 1\"", kFirstLineHint);
    }
    const std::string_view version = trim(line.substr(kMagic.size()));
    if (version != "1") {
      fail(1, text("version '", version, "' of the migration format is unknown"),
           "this pgseed reads version 1; a newer one may be needed");
    }
  }

  bool read_header_line() {
    const std::size_t before = position_;
    const auto header = read_header(take_line());
    if (!header) {
      position_ = before;
      --line_;
      return false;
    }
    set(header->key, header->value);
    return true;
  }

  void set(std::string_view key, std::string_view value) {
    if (key == kAlembicChecksum) revision_.alembic_sha256 = value;
    if (key.starts_with("x-")) return;
    if (!is_known_key(key)) {
      fail(line_, text("unknown header '", key, '\''), kKnownHeaders);
    }
    if (has(key)) fail(line_, text("the header '", key, "' is given twice"), "");
    seen_.push_back(key);
    if (key == "revision") {
      check_revision_id(value, place(line_));
      revision_.id = value;
    } else if (key == "message") {
      revision_.message = value;
    } else if (key == "created") {
      revision_.created = value;
    } else if (key == "author") {
      revision_.author = value;
    } else if (key == "down_revision") {
      revision_.down_revisions = list(key, value, check_revision_id);
    } else if (key == "replaces") {
      revision_.replaces = list(key, value, check_revision_id);
    } else {
      (key == "depends_on" ? revision_.depends_on : revision_.branch_labels) =
          list(key, value, check_branch_label);
    }
  }

  std::vector<std::string> list(std::string_view key, std::string_view value,
                                void (*check)(std::string_view, const std::string&)) const {
    std::vector<std::string> items;
    while (!value.empty()) {
      const std::size_t comma = std::min(value.find(','), value.size());
      std::string item(trim(value.substr(0, comma)));
      const bool more = comma < value.size();
      value.remove_prefix(comma + (more ? 1 : 0));
      if (item.empty() || (more && trim(value).empty())) {
        fail(line_, text("a comma too many in the header '", key, '\''), "");
      }
      check(item, place(line_));
      if (std::find(items.begin(), items.end(), item) != items.end()) {
        fail(line_, text("the header '", key, "' names '", item, "' twice"), "");
      }
      items.push_back(std::move(item));
    }
    return items;
  }

  void read_sections() {
    CommentFinder finder(text_, path_);
    finder.find_indented();
    std::optional<LineComment> near_upgrade, near_downgrade;
    std::optional<Section>* open = nullptr;
    std::size_t first = 0;
    while (const auto comment = finder.next()) {
      const auto marker =
          comment->is_indented ? std::nullopt : read_marker(comment->text, place(comment->line));
      if (!marker) {
        if (const auto is_upgrade = names_upgrade(comment->text)) {
          std::optional<LineComment>& near = *is_upgrade ? near_upgrade : near_downgrade;
          if (!near) near = comment;
        }
        if (!comment->is_indented && open == nullptr && comment->begin >= position_)
          refuse_late_header(*comment);
        continue;
      }
      finder.begin_section();
      close(open, first, comment->begin);
      open = marker->is_upgrade ? &revision_.upgrade : &revision_.downgrade;
      if (*open) {
        fail(comment->line,
             text("a second section \"-- ", marker->is_upgrade ? "up" : "down", "grade\""),
             "a migration has each section once");
      }
      first = comment->behind;
      Section& section = open->emplace();
      section.path = path_;
      section.line = comment->line + 1;
      section.options = marker->options;
    }
    // Prose where the section has its marker; else its statements would be the other section's.
    if (near_upgrade && !revision_.upgrade) {
      refuse_near_marker(near_upgrade->text, true, place(near_upgrade->line));
    }
    if (near_downgrade && !revision_.downgrade) {
      refuse_near_marker(near_downgrade->text, false, place(near_downgrade->line));
    }
    close(open, first, text_.size());
    if (!revision_.upgrade) {
      fail(line_, "there is no section \"-- upgrade\"",
           "a line \"-- upgrade\" stands before the statements, even before none");
    }
  }

  // A section ends, or the part before the first one, in which no statement may stand.
  void close(std::optional<Section>* open, std::size_t first, std::size_t end) const {
    if (open != nullptr) {
      (*open)->text = text_.substr(first, end - first);
      return;
    }
    sql::Cursor cursor{text_.data() + position_, text_.data() + end, true};
    sql::skip_blanks(cursor);
    if (!cursor.at_end()) {
      fail_at(text_, path_, 1, cursor.position, "SQL before the first section",
              "statements stand below a line \"-- upgrade\" or \"-- downgrade\"");
    }
  }

  // Behind a gap a header would be a comment: a lost down_revision makes a second base.
  void refuse_late_header(const LineComment& comment) const {
    const auto header = read_header(comment.text);
    if (!header || !is_known_key(header->key)) return;
    fail(comment.line, text("the header '", header->key, "' stands apart from the others"),
         "headers follow the first line without a gap");
  }

  bool has(std::string_view key) const {
    return std::find(seen_.begin(), seen_.end(), key) != seen_.end();
  }
  std::string place(std::uint64_t line) const { return text(path_, ':', line); }
  [[noreturn]] void fail(std::uint64_t line, std::string message, std::string hint) const {
    throw Error(ErrorKind::input, std::move(message), place(line), std::move(hint));
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t position_ = 0;  // behind the headers read so far
  std::uint64_t line_ = 0;    // the number of the line read last
  std::vector<std::string_view> seen_;
  Revision revision_;
};

}  // namespace

bool is_revision_file(std::string_view content) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  if (!content.starts_with(kMagic)) return false;
  content.remove_prefix(kMagic.size());
  return content.empty() || std::string_view(" \t\r\n").find(content[0]) != std::string_view::npos;
}

Revision parse_revision_file(std::string_view content, const std::string& path) {
  return FileParser(content, path).parse();
}

}  // namespace pgseed::migrate
