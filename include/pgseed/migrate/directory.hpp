#pragma once
// The folders that hold revisions: files in, Revision values out; and new files.
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "pgseed/migrate/revision.hpp"

namespace pgseed::migrate {

// Where revisions are and how new files are named.
struct Locations {
  std::vector<std::filesystem::path> folders;  // those that hold the files themselves
  std::string file_template = "%(rev)s_%(slug)s";
  int truncate_slug_length = 40;
  bool recursive = false;
};

// The folder that holds the files: <dir>/versions where there is one, else <dir>.
std::filesystem::path versions_folder(const std::filesystem::path& dir);

// Whether the .sql and the .py of one revision have to stand at the same place in the graph.
enum class Pairs { must_agree, may_differ };

// Every revision of the folders, by file name: our .sql, Alembic's .py, and the .sql files of other
// tools. A .sql and a .py of one id are a pair: the .sql wins. A folder that is missing is
// Error{input}; an empty one holds no revisions. Hidden files, other extensions, R_*.sql and
// sub-folders (unless recursive) are passed over. A .sql that no format fits is Error{input}.
// Alembic goes by the .py: a pair that must agree and has another down_revision, depends_on or
// branch label on either side is Error{input}; so are two ids in a .sql and the .py beside it that
// it was imported from, or its twin.
std::vector<Revision> read_revisions(const Locations& locations, Pairs pairs = Pairs::must_agree);

// One file, whichever of the formats it has. Throws Error{input}.
Revision read_revision(const std::filesystem::path& path);

// The id part of a file name's slug: word characters (letters and digits of any script, _), joined
// by _, lower case; past the limit cut at the last _, which stays.
std::string slug(std::string_view message, int truncate_length);

// The path below the folder for a new revision, with `extension` (".sql"): file_template with
// %(rev)s %(slug)s %(year)d %(month).2d %(day).2d %(hour).2d %(minute).2d %(second).2d %(epoch)s.
// Throws Error{usage} for an unknown key. The time is the local one.
std::string file_name(const Locations& locations, const std::string& id, const std::string& message,
                      std::chrono::system_clock::time_point time, const std::string& extension);

// Writes a new file, making folders; never over an existing one. Throws Error{storage} with the
// path; a torn file is not left behind.
void write_new_file(const std::filesystem::path& path, std::string_view content);

// 12 random hex digits.
std::string random_revision_id();

}  // namespace pgseed::migrate
