#pragma once
// Migrations of other tools that are plain SQL already: dbmate, goose, golang-migrate, Supabase.
// They are linear: the order of their versions is the graph. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/migrate/revision.hpp"

namespace pgseed::migrate {

struct NamedFile {
  std::string path;     // as shown to the user
  std::string name;     // its last part
  std::string content;  // lives as long as the call
};

// The format of one .sql file that is not ours, by its markers and its name:
// "-- migrate:up" dbmate, "-- +goose Up" goose, X.up.sql / X.down.sql golang-migrate,
// <14 digits>_name.sql without markers Supabase; nullopt for none of them.
std::optional<FileFormat> foreign_format(const NamedFile& file);

// Reads all files of one folder that foreign_format() knows. The id is the version in front of the
// first underscore (digits, as written), the message the rest of the name with blanks for
// underscores; down_revisions is the file before in the order of the versions (numeric). Options:
// dbmate's transaction:false (each direction), goose's NO TRANSACTION (both; StatementBegin/End
// lines stay as comments, which the splitter does not need). A missing down section or file leaves
// `downgrade` unset; Supabase has none. Throws Error{input} with path:line: two formats in one
// folder, two files of one version and direction, a .down.sql without its .up.sql, a version over
// 32 digits, a marker twice, SQL before the first marker.
std::vector<Revision> read_foreign_files(const std::vector<NamedFile>& files);

}  // namespace pgseed::migrate
