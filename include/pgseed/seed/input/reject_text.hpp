#pragma once
// Our own reject files read back: each NDJSON line becomes one line of SQL, so that the rows take
// the same way as those of any dump and line numbers stay what they are.
#include <string>
#include <string_view>

namespace pgseed::seed {

// True if a file with this beginning is a reject file (README, "Reject file").
bool is_reject_file(std::string_view first_block);

// One line without its newline -> INSERT INTO "schema"."table" ("a") VALUES (E'...');
// Blank lines stay blank. Throws Error{input} for anything that is no reject.
std::string reject_to_sql(std::string_view line);

}  // namespace pgseed::seed
