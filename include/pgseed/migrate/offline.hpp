#pragma once
// --sql: a plan as a script for psql or any other client, without a server. Pure.
#include <string>

#include "pgseed/migrate/plan.hpp"
#include "pgseed/migrate/script.hpp"
#include "pgseed/migrate/version_table.hpp"

namespace pgseed::migrate {

struct OfflineOptions {
  VersionTableName version_table;
  bool single_transaction = false;
  VariableLookup variables;
  // Of sections that say nothing themselves; empty: the session's own.
  std::string lock_timeout{"5s"};
  std::string statement_timeout{};
};

// One transaction for each revision (or one for all). Each begins with a guard, a DO block that
// raises unless the version table holds exactly the rows that its step starts from and the step
// before it has run in this session: in a database that is elsewhere, also half-way, the script
// changes nothing, even for a client that goes on after an error. CREATE TABLE IF NOT EXISTS for
// the version table, its row changes, and NOTIFY pgrst are part of it. A transaction:false section
// is preceded by psql's ON_ERROR_STOP, as nothing else would stop a client after a failed guard.
// The timeouts are those of a run: SET LOCAL in a transaction; without one SET, and RESET behind
// the section, where a statement that cannot be in a transaction has only what its section asks
// for. A section's `timeout` as a whole, which no setting knows, limits each of its statements.
// Throws Error{refused} at a revision that only Alembic can run, Error{input} for one without the
// section.
std::string offline_script(const Graph& graph, const AppliedRows& start, const Plan& plan,
                           const OfflineOptions& options);

// `stamp --sql`: the guard and the row changes.
std::string offline_stamp(const AppliedRows& start, const std::vector<std::string>& rows,
                          const OfflineOptions& options);

}  // namespace pgseed::migrate
