#pragma once
// A migration as its file tells it: plain values, whatever format the file has.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgseed::migrate {

// The width of alembic_version.version_num.
inline constexpr std::size_t kLongestRevisionId = 32;

enum class FileFormat { pgseed, alembic, dbmate, goose, golang_migrate, supabase };

struct SectionOptions {
  bool transaction = true;  // false: statement by statement, each on its own
  // As PostgreSQL takes them ("5s", "0"); unset: what the command line says.
  std::optional<std::string> lock_timeout;
  std::optional<std::string> statement_timeout;
  std::optional<std::string> timeout;  // of the whole section
  bool irreversible = false;           // of a downgrade: on purpose there is no way back
};

// What runs in one direction. Directives (-- pgseed:...) are still in the text.
struct Section {
  std::string text;        // from the line behind the marker to the next marker or the end
  std::string path;        // the file it stands in, for messages
  std::uint64_t line = 1;  // of the text's first line in that file
  SectionOptions options;
};

struct Revision {
  std::string id;
  std::vector<std::string> down_revisions;  // empty: a base; several: a merge
  std::vector<std::string> branch_labels;
  std::vector<std::string> depends_on;  // ids or labels, as written
  std::string message;                  // one line
  // The description that `show` prints, several lines: Alembic's docstring, or built from the
  // headers in the same layout.
  std::string description;
  std::string created;  // as written
  std::string author;
  std::vector<std::string> replaces;  // ids that this one stands for after a squash
  std::string path;                   // as shown to the user
  FileFormat format = FileFormat::pgseed;
  // Of a .py: its text's checksum (alembic_checksum); empty for a twin of ours, which runs the
  // .sql. Of an .sql that `import` made: the checksum of the .py at that time.
  std::string alembic_sha256;
  // Of an .sql: the .py of the same id in the project, empty without one; and whether that is
  // another one now than at the import.
  std::string alembic_path;
  bool alembic_changed = false;
  // Both unset for a revision that only Alembic can run. An unset downgrade of an .sql file is an
  // error when it is asked for.
  std::optional<Section> upgrade;
  std::optional<Section> downgrade;
};

}  // namespace pgseed::migrate
