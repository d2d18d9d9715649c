#include "pgseed/migrate/foreign_files.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/revision_file.hpp"
#include "pgseed/migrate/section_finder.hpp"
#include "pgseed/migrate/section_options.hpp"

namespace pgseed::migrate {
namespace {

[[noreturn]] void fail(std::string message, std::string where, std::string hint = {}) {
  throw Error(ErrorKind::input, std::move(message), std::move(where), std::move(hint));
}

const char* tool(FileFormat format) {
  switch (format) {
    case FileFormat::dbmate:
      return "dbmate";
    case FileFormat::goose:
      return "goose";
    case FileFormat::golang_migrate:
      return "golang-migrate";
    default:
      return "Supabase";
  }
}

// The first word of a comment and what follows: "migrate:up", "+goose".
std::pair<std::string_view, std::string_view> split_comment(std::string_view comment) {
  comment = trim(comment.substr(2));
  const std::size_t end = std::min(comment.find_first_of(" \t"), comment.size());
  return {comment.substr(0, end), trim(comment.substr(end))};
}

bool is_dbmate(std::string_view word) {
  return word == "migrate:up" || word == "migrate:down";
}

// Which tool's marker a comment is.
std::optional<FileFormat> marked_by(std::string_view comment) {
  const std::string_view word = split_comment(comment).first;
  if (is_dbmate(word)) return FileFormat::dbmate;
  if (word == "+goose") return FileFormat::goose;
  return std::nullopt;
}

// What a file name tells: the version in front of the first underscore, then words.
struct FileName {
  std::string_view version;  // digits; empty if there is none
  std::string message;
  bool is_up = false;    // X.up.sql
  bool is_down = false;  // X.down.sql
};

FileName read_name(std::string_view name) {
  FileName result;
  if (name.ends_with(".sql")) name.remove_suffix(4);
  result.is_up = name.ends_with(".up");
  result.is_down = name.ends_with(".down");
  if (result.is_up || result.is_down) name = name.substr(0, name.rfind('.'));
  const std::size_t end = std::min(name.find('_'), name.size());
  const std::string_view version = name.substr(0, end);
  if (version.find_first_not_of("0123456789") == std::string_view::npos) result.version = version;
  result.message = name.substr(std::min(end + 1, name.size()));
  std::replace(result.message.begin(), result.message.end(), '_', ' ');
  return result;
}

// Versions compare as numbers of any length.
struct Version {
  explicit Version(std::string_view digits)
      : significant(digits.substr(std::min(digits.find_first_not_of('0'), digits.size()))) {}
  bool operator<(const Version& other) const {
    return std::tuple(significant.size(), significant) <
           std::tuple(other.significant.size(), other.significant);
  }
  std::string_view significant;
};

// Reads the sections of a file whose directions are marked.
class MarkedFile {
 public:
  MarkedFile(const NamedFile& file, FileFormat format, Revision& revision)
      : file_(file),
        text_(checked_text(file.content, file.path)),
        format_(format),
        revision_(revision) {}

  void read() {
    CommentFinder finder(text_, file_.path);
    while (const auto comment = finder.next()) {
      const auto format = marked_by(comment->text);
      if (!format) continue;
      if (*format != format_) refuse_mixture(*comment);
      const auto [word, rest] = split_comment(comment->text);
      if (format_ == FileFormat::goose && !begins_goose_section(rest, *comment)) continue;
      const bool is_up =
          format_ == FileFormat::goose ? equals_ignoring_case(rest, "up") : word == "migrate:up";
      finder.begin_section();
      open(is_up, *comment);
      if (format_ == FileFormat::dbmate) read_dbmate_options(rest, *comment);
    }
    close(text_.size());
    if (!revision_.upgrade) {
      fail(text("the file has no section \"", marker(true), '"'), file_.path + ":1");
    }
    // goose means both directions.
    if (!no_transaction_) return;
    revision_.upgrade->options.transaction = false;
    if (revision_.downgrade) revision_.downgrade->options.transaction = false;
  }

 private:
  const char* marker(bool is_up) const {
    if (format_ == FileFormat::goose) return is_up ? "-- +goose Up" : "-- +goose Down";
    return is_up ? "-- migrate:up" : "-- migrate:down";
  }
  std::string place(const LineComment& comment) const {
    return text(file_.path, ':', comment.line);
  }
  [[noreturn]] void refuse_mixture(const LineComment& comment) const {
    fail(text("a marker of another tool in a file of ", tool(format_)), place(comment));
  }

  void open(bool is_up, const LineComment& comment) {
    close(comment.begin);
    open_ = is_up ? &revision_.upgrade : &revision_.downgrade;
    if (*open_) fail(text("a second \"", marker(is_up), '"'), place(comment));
    first_ = comment.behind;
    Section& section = open_->emplace();
    section.path = file_.path;
    section.line = comment.line + 1;
  }

  void close(std::size_t end) {
    if (open_ != nullptr) {
      (*open_)->text = text_.substr(first_, end - first_);
      return;
    }
    sql::Cursor cursor{text_.data(), text_.data() + end, true};
    sql::skip_blanks(cursor);
    if (!cursor.at_end()) {
      fail_at(text_, file_.path, 1, cursor.position, "SQL before the first marker",
              text("statements stand below \"", marker(true), "\" or \"", marker(false), '"'));
    }
  }

  // Other annotations do not begin a section; one that would change the SQL is refused.
  bool begins_goose_section(std::string_view annotation, const LineComment& comment) {
    const auto is = [&](const char* name) { return equals_ignoring_case(annotation, name); };
    if (is("up") || is("down")) return true;
    if (is("no transaction")) {
      no_transaction_ = true;
    } else if (is("envsub on")) {
      fail("goose's ENVSUB is not supported", place(comment),
           "import the file and write :'name' under \"-- pgseed:vars on\"");
    } else if (!is("statementbegin") && !is("statementend") && !is("envsub off")) {
      fail(text("unknown goose annotation '", annotation, '\''), place(comment));
    }
    return false;
  }

  void read_dbmate_options(std::string_view words, const LineComment& comment) {
    while (!words.empty()) {
      const std::size_t end = std::min(words.find_first_of(" \t"), words.size());
      const std::string_view word = words.substr(0, end);
      words = trim(words.substr(end));
      if (word != "transaction:true" && word != "transaction:false") {
        fail(text("unknown dbmate option '", word, '\''), place(comment),
             "known are transaction:true and transaction:false");
      }
      (*open_)->options.transaction = word == "transaction:true";
    }
  }

  const NamedFile& file_;
  std::string_view text_;
  FileFormat format_;
  Revision& revision_;
  std::optional<Section>* open_ = nullptr;
  std::size_t first_ = 0;
  bool no_transaction_ = false;
};

// One version's files become one revision.
void add(Revision& revision, const NamedFile& file, const FileName& name, FileFormat format) {
  const bool marked = format == FileFormat::dbmate || format == FileFormat::goose;
  const bool is_down = name.is_down && !marked;
  std::optional<Section>& section = is_down ? revision.downgrade : revision.upgrade;
  if (section) {
    fail(text("version ", name.version, " stands in two files, the other is ", section->path),
         file.path);
  }
  if (marked) {
    MarkedFile(file, format, revision).read();
  } else {
    section = Section{std::string(checked_text(file.content, file.path)), file.path, 1, {}};
  }
  if (is_down) return;
  revision.id = name.version;
  revision.message = name.message;
  revision.path = file.path;
  revision.format = format;
}

}  // namespace

std::optional<FileFormat> foreign_format(const NamedFile& file) {
  const FileName name = read_name(file.name);
  const bool by_name =
      !name.version.empty() && (name.is_up || name.is_down || name.version.size() == 14);
  // Only a text with one of these words can hold a marker.
  const bool marked = file.content.find("migrate:") != std::string::npos ||
                      file.content.find("+goose") != std::string::npos;
  const bool ours = file.content.find("-- upgrade") != std::string::npos ||
                    file.content.find("-- downgrade") != std::string::npos;
  try {
    CommentFinder finder(checked_text(file.content, file.path), file.path);
    while (marked || ours) {
      const auto comment = finder.next();
      if (!comment) break;
      if (const auto format = marked_by(comment->text)) return format;
      // One of ours with a damaged first line: as a whole its downgrade would run, too.
      if (by_name && read_marker(comment->text, file.path)) return std::nullopt;
    }
  } catch (const Error&) {
    // Told when the file is read.
  }
  if (!by_name) return std::nullopt;
  return name.is_up || name.is_down ? FileFormat::golang_migrate : FileFormat::supabase;
}

std::vector<Revision> read_foreign_files(const std::vector<NamedFile>& files) {
  std::map<Version, Revision> by_version;
  const NamedFile* first = nullptr;
  FileFormat common = FileFormat::pgseed;
  for (const NamedFile& file : files) {
    const auto format = foreign_format(file);
    if (!format) continue;
    if (first == nullptr) {
      first = &file;
      common = *format;
    }
    if (*format != common) {
      fail(text("a migration of ", tool(*format), " beside one of ", tool(common), " (",
                first->path, ')'),
           file.path, "give each tool's files a folder of their own");
    }
    const FileName name = read_name(file.name);
    if (name.version.empty()) {
      fail("the file name does not begin with a version", file.path,
           "a migration is named <digits>_<words>.sql");
    }
    if (name.version.size() > kLongestRevisionId) {
      fail(text("the version is longer than ", kLongestRevisionId, " digits"), file.path,
           "alembic_version holds no more");
    }
    add(by_version[Version(name.version)], file, name, *format);
  }
  std::vector<Revision> revisions;
  for (auto& [version, revision] : by_version) {
    if (!revision.upgrade) {
      fail("a .down.sql file without its .up.sql", revision.downgrade->path);
    }
    if (!revisions.empty()) revision.down_revisions = {revisions.back().id};
    revision.description = alembic_description(revision);
    revisions.push_back(std::move(revision));
  }
  return revisions;
}

}  // namespace pgseed::migrate
