#pragma once
// The .py beside an .sql: the twin that lets Alembic run it, or the one that it was imported from.
#include <string>

#include "pgseed/cli/migrate_project.hpp"

namespace pgseed::cli {

struct AlembicTwin {
  std::string path;
  bool is_written = false;
  bool is_ours = true;  // else somebody else's .py is there, and stays
};
// Writes the twin of an .sql beside it and tells so, unless it is there as it should be.
AlembicTwin write_alembic_twin(MigrateProject& project, const migrate::Revision& revision);

// Those that are missing of what comes before a new revision, with a note: one revision behind
// another that it does not know stops every command of Alembic (KeyError).
void write_twins_before(MigrateProject& project, const migrate::Revision& revision);

// That the .py was changed after the import (Revision::alembic_changed).
std::string changed_line(const migrate::Revision& revision);

}  // namespace pgseed::cli
