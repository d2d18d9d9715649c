#pragma once
// Alembic's versions/*.py without Python: who a revision is and where it stands in the graph, not
// what it does. And the .py twin that lets Alembic run one of our .sql files. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/migrate/revision.hpp"

namespace pgseed::migrate {

// Top-level assignments (annotated or not) of revision, down_revision, branch_labels and depends_on
// to None, a string (either quote, triple, prefixes r and u, implicit concatenation) or a tuple,
// list or set of them over several lines with comments. message is the docstring's first paragraph
// on one line, description the whole docstring (without outer blank lines), created the value of
// its "Create Date:" line. Both sections stay unset, format is alembic. Throws Error{input} with
// path:line: no revision, no down_revision (Alembic cannot load that either), a computed value
// (names it), not UTF-8, an unclosed string or bracket. The last assignment of a name counts.
Revision parse_alembic_file(std::string_view content, const std::string& path);

// True for what Alembic takes for a revision: *.py that begins neither with "." nor "__init__".
bool is_alembic_file_name(std::string_view name);

// The .py twin of an .sql revision: the same id, parents, labels and dependencies, docstring in
// Alembic's layout; upgrade() and downgrade() read `sql_name` (a file beside it, or in one given by
// a relative path), cut out their section and run it through the raw cursor
// (op.get_bind().connection.cursor().execute), offline through impl.static_output: op.execute()
// would take :name for a parameter and % for a format. A transaction:false section runs statement
// by statement in an autocommit_block(). Settings that a section changes are put back behind it.
// The twin carries the sections' text itself only for a file of another tool, whose markers it does
// not know; it needs no package but alembic.
std::string render_alembic_twin(const Revision& revision, const std::string& sql_name);
// True if the content is such a twin (then the .sql is what counts).
bool is_alembic_twin(std::string_view content);

// The sha256 (hex) of a .py: line ends and blanks before them do not count.
std::string alembic_checksum(std::string_view content);

}  // namespace pgseed::migrate
