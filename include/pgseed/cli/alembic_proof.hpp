#pragma once
// Do imported revisions do what Alembic does with theirs? Both are run, in two databases.
#include <memory>
#include <string>
#include <vector>

#include "pgseed/cli/alembic_project.hpp"
#include "pgseed/cli/migrate_project.hpp"

namespace pgseed::cli {

struct AlembicProof {
  bool tried = false;     // else the notes say why not
  bool way_back = false;  // `downgrade base` was compared, too
  // One line each; with some, the way back is not tried.
  std::vector<std::string> differences;
  // What was not compared, and what is made anew at each run.
  std::vector<std::string> notes;
};

// Upgrades to all of Alembic's heads, then (where every revision has a way back) down to base:
// Alembic in the one scratch database, the files as they are now in the other. Compares both times
// the catalogues, the rows of all tables, and where the sequences stand. Columns of which Alembic
// makes other values when it is run a second time (now(), uuid4()) are no difference but a note.
// Throws what the executor throws for a file that does not run.
AlembicProof prove_import(MigrateProject& project, const AlembicProject& alembic,
                          const migrate::VersionTableName& version_table);

}  // namespace pgseed::cli
