#pragma once
// <id>_<slug>.sql <-> Revision (README, "Migration files, version 1"). Pure.
#include <string>
#include <string_view>

#include "pgseed/migrate/revision.hpp"

namespace pgseed::migrate {

// True if the first line is "-- pgseed:migration N" (of any version: another one is then refused).
bool is_revision_file(std::string_view content);

// Throws Error{input} with path:line and a hint for: an empty file, bytes that are not UTF-8, a
// missing or other version of the first line, an unknown header key (x-... passes), a key given
// twice, no revision, an id that check_revision_id() refuses, SQL before the first section, an
// unknown or malformed section option, a section twice, no upgrade section, a quote, dollar quote
// or comment that is not closed; also for what would be lost in silence as a comment: a header
// apart from the others, a marker that is misspelt ("--downgrade"). CRLF and a byte order mark are
// accepted. Sections are found at column 0 outside quotes, dollar quotes, /* */ and the data of
// COPY
// ... FROM stdin; "-- upgrade the users table" is a comment. Without a message header the message
// is the file name's.
Revision parse_revision_file(std::string_view content, const std::string& path);

// The file for a revision: the first line, every header of the format (replaces, author and
// x-alembic-sha256 only if set), both sections. Parses back to the same value, but for the blank
// line that sets the downgrade off and for a comment like a marker in a section's text, which is
// moved off column 0.
std::string render_revision_file(const Revision& revision);

// Revision::description from the other fields, in the layout of Alembic's docstrings.
std::string alembic_description(const Revision& revision);

// Throws Error{input} with `where`: 1 to 32 of [A-Za-z0-9_.], not head, heads, base or current.
void check_revision_id(std::string_view id, const std::string& where);
// The same rule for branch labels: no @ + - : or comma, not a reserved word.
void check_branch_label(std::string_view label, const std::string& where);

// The sha256 (hex) of a section: CRLF counts as LF, blanks at line ends and empty lines at the
// section's ends do not count. Empty sections have one, too.
std::string section_checksum(const Section& section);

}  // namespace pgseed::migrate
