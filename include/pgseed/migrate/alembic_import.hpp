#pragma once
// What `alembic ... --sql` prints -> sections of our own files. Alembic itself is run elsewhere.
// Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/migrate/plan.hpp"
#include "pgseed/migrate/revision.hpp"
#include "pgseed/migrate/version_table.hpp"

namespace pgseed::migrate {

struct OfflineScript {
  std::string text;  // all of the standard output
  std::string name;  // for messages: "alembic upgrade heads --sql"
  VersionTableName version_table;
  // A percent sign is printed twice: see doubles_percent().
  bool doubled_percent = false;
};

// One revision's part of such a script.
struct OfflineStep {
  std::string id;                    // of a downgrade: the revision that is taken back
  std::vector<std::string> parents;  // as printed, without depends_on
  Direction direction = Direction::up;
  Section section;  // only text and options are set
};

// Cuts the script at its lines "-- Running upgrade A -> B" and "-- Running downgrade B -> A", in
// its order. Such a line in a string, or in a comment of a body, is none. Left out are BEGIN and
// COMMIT, the version table's CREATE, DROP, INSERT, UPDATE and DELETE, and what env.py prints
// before the first step. Statements outside a transaction (autocommit_block) make the section
// transaction:false; those that were in one together stay so, between BEGIN and COMMIT. Trailing
// blanks outside of quotes are cut, everything else stays as it is.
// Throws Error{input} with name:line[:column] for text that is broken, for a value that Alembic
// left out (%(x)s or :x where env.py lacks literal_binds), for a step without a write to the
// version table (it has another name), and for a revision run twice.
std::vector<OfflineStep> read_offline_script(const OfflineScript& script);

// The table that the script makes before its first step: what env.py calls the version table.
// Unset where none is made there.
std::optional<VersionTableName> version_table_of(std::string_view script);

// The revision whose step is the last one begun, in an upgrade that failed as well; empty without.
std::string last_step_of(std::string_view script);

// True if the project's offline mode doubles percent signs: env.py names no paramstyle (the
// driver's own doubles them), and none stands alone in the script.
bool doubles_percent(std::string_view script, std::string_view env_py);

// What to give to `alembic downgrade RANGE --sql` for one revision's way back. The script may hold
// more steps than this one's.
std::string downgrade_range(const Revision& revision);

// The revision as a file of ours (render_revision_file): what stands in the header of the .py
// (parse_alembic_file) with both sections. Further paragraphs of the docstring become comments
// above the upgrade. Without a downgrade, because Alembic could not print one, it is irreversible.
// Throws Error{input} for an id that our format does not take.
Revision imported_revision(const Revision& header, Section upgrade,
                           std::optional<Section> downgrade);

}  // namespace pgseed::migrate
