#include "pgseed/migrate/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "pgseed/base/descriptor.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/folder.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/alembic_file.hpp"
#include "pgseed/migrate/foreign_files.hpp"
#include "pgseed/migrate/revision_file.hpp"

namespace pgseed::migrate {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const char* what, const fs::path& path, const std::string& why,
                       const char* hint) {
  throw Error(ErrorKind::input, text(what, ": ", why), path.string(), hint);
}

std::string read_file(const fs::path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail("cannot open the file", path, std::strerror(errno), "");
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) {
    fail("cannot look at the file", path, std::strerror(errno), "");
  }
  std::string content(static_cast<std::size_t>(info.st_size), '\0');
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t got = read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read the file", path, std::strerror(errno), "");
    if (got == 0) content.resize(done);  // it shrank meanwhile
    done += static_cast<std::size_t>(got);
  }
  return content;
}

struct Listing {
  std::vector<std::string> files;    // names, sorted
  std::vector<fs::path> subfolders;  // sorted
};

// Hidden entries, devices and pipes are left out.
Listing list(const fs::path& folder) {
  std::vector<std::string> names;
  try {
    names = names_in(folder);
  } catch (const std::system_error& error) {
    fail("cannot read the folder of revisions", folder, error.code().message(),
         "make it with `pgseed migrate init`, or name another one with --dir");
  }
  Listing listing;
  for (const std::string& name : names) {
    if (name.starts_with('.') || name == "__pycache__") continue;
    std::error_code ignored;  // a link to nowhere: opening it tells
    const fs::file_status status = fs::status(folder / name, ignored);
    if (fs::is_directory(status)) {
      listing.subfolders.push_back(folder / name);
    } else if (!fs::is_other(status)) {
      listing.files.push_back(name);
    }
  }
  std::sort(listing.files.begin(), listing.files.end());
  std::sort(listing.subfolders.begin(), listing.subfolders.end());
  return listing;
}

class Reader {
 public:
  explicit Reader(bool recursive) : recursive_(recursive) {}

  void read(const fs::path& folder) {
    // A folder named twice, or below another one, counts once.
    std::error_code error;
    const fs::path canonical = fs::canonical(folder, error);
    if (!error && !seen_.insert(canonical).second) return;
    const Listing listing = list(folder);
    std::vector<Revision> found;
    std::vector<NamedFile> foreign;
    for (const std::string& name : listing.files) {
      const std::string path = (folder / name).string();
      if (name.ends_with(".sql") && !name.starts_with("R_")) {
        std::string content = read_file(path);
        if (is_revision_file(content)) {
          found.push_back(parse_revision_file(content, path));
        } else {
          foreign.push_back({path, name, std::move(content)});
        }
      } else if (is_alembic_file_name(name)) {
        found.push_back(parse_alembic_file(read_file(path), path));
      }
    }
    const bool ours = std::any_of(found.begin(), found.end(), [](const Revision& revision) {
      return revision.format == FileFormat::pgseed;
    });
    for (const NamedFile& file : foreign) {
      // An empty file among ours is a torn one of ours, whatever its name could be.
      const bool torn = ours && trim(file.content).empty();
      // Parsing it as one of ours tells what is wrong.
      if (torn || !foreign_format(file)) parse_revision_file(file.content, file.path);
    }
    if (!foreign.empty()) {
      std::vector<Revision> others = read_foreign_files(foreign);
      std::move(others.begin(), others.end(), std::back_inserter(found));
      std::stable_sort(found.begin(), found.end(), [](const Revision& left, const Revision& right) {
        return left.path < right.path;
      });
    }
    std::move(found.begin(), found.end(), std::back_inserter(revisions_));
    if (!recursive_) return;
    for (const fs::path& subfolder : listing.subfolders) read(subfolder);
  }

  // Of a .sql and a .py with one id the .sql is what counts.
  std::vector<Revision> take(Pairs pairs) {
    std::map<std::string, Revision*> sql;            // by id
    std::map<std::string, const Revision*> by_name;  // without extension
    for (Revision& revision : revisions_) {
      if (revision.format == FileFormat::alembic) continue;
      sql.emplace(revision.id, &revision);
      by_name.emplace(without_extension(revision.path), &revision);
    }
    std::set<std::string> paired;
    for (const Revision& python : revisions_) {
      if (python.format != FileFormat::alembic) continue;
      if (const auto same = sql.find(python.id); same != sql.end()) {
        if (pairs == Pairs::must_agree) require_same_place(*same->second, python);
        note_pair(*same->second, python);
        paired.insert(python.id);
      } else if (const auto beside = by_name.find(without_extension(python.path));
                 beside != by_name.end() && pairs == Pairs::must_agree) {
        // One has been made from the other; else their names are alike by chance.
        const bool related = is_twin(python) || !beside->second->alembic_sha256.empty();
        if (related)
          require_equal("id", *beside->second, {beside->second->id}, python, {python.id});
      }
    }
    std::erase_if(revisions_, [&](const Revision& revision) {
      return revision.format == FileFormat::alembic && paired.contains(revision.id);
    });
    return std::move(revisions_);
  }

 private:
  static std::string without_extension(const std::string& path) {
    return fs::path(path).replace_extension().string();
  }
  static bool is_twin(const Revision& python) { return python.alembic_sha256.empty(); }

  // Alembic goes by the .py, whatever we read.
  static void require_same_place(const Revision& sql, const Revision& python) {
    require_equal("down_revision", sql, sql.down_revisions, python, python.down_revisions);
    require_equal("depends_on", sql, sql.depends_on, python, python.depends_on);
    require_equal("branch_labels", sql, sql.branch_labels, python, python.branch_labels);
  }

  static void require_equal(const char* header, const Revision& sql, std::vector<std::string> ours,
                            const Revision& python, std::vector<std::string> theirs) {
    std::ranges::sort(ours);
    std::ranges::sort(theirs);
    if (ours == theirs) return;
    const auto shown = [](const std::vector<std::string>& ids) {
      return ids.empty() ? std::string("none") : join(ids);
    };
    throw Error(ErrorKind::input,
                text("revision ", sql.id, " has another ", header, " in ", python.path, ": ",
                     shown(theirs), " there, ", shown(ours), " here"),
                sql.path,
                is_twin(python) ? "`pgseed migrate export alembic` writes that twin anew"
                                : "Alembic goes by the .py, pgseed by the .sql: make them agree");
  }

  static void note_pair(Revision& sql, const Revision& python) {
    sql.alembic_path = python.path;
    const bool changed = !sql.alembic_sha256.empty() && !is_twin(python) &&
                         sql.alembic_sha256 != python.alembic_sha256;
    sql.alembic_changed = sql.alembic_changed || changed;
  }

  bool recursive_;
  std::set<fs::path> seen_;
  std::vector<Revision> revisions_;
};

}  // namespace

fs::path versions_folder(const fs::path& dir) {
  std::error_code ignored;
  const fs::path versions = dir / "versions";
  return fs::is_directory(versions, ignored) ? versions : dir;
}

Revision read_revision(const fs::path& path) {
  const std::string name = path.filename().string();
  std::string content = read_file(path);
  if (is_alembic_file_name(name)) return parse_alembic_file(content, path.string());
  NamedFile file{path.string(), name, std::move(content)};
  if (is_revision_file(file.content) || !foreign_format(file)) {
    return parse_revision_file(file.content, file.path);
  }
  return read_foreign_files({std::move(file)}).front();
}

std::vector<Revision> read_revisions(const Locations& locations, Pairs pairs) {
  Reader reader(locations.recursive);
  for (const fs::path& folder : locations.folders) reader.read(folder);
  return reader.take(pairs);
}

}  // namespace pgseed::migrate
