#pragma once
// How an input is read: its dialect, its encoding, its mapping, and what its values mean.
#include <string>

#include "pgseed/seed/input/columns.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/sql/rows.hpp"

namespace pgseed::seed {

// The dialect that the input is read in: the user's word, or by evidence for "auto". Throws
// Error{input} for SQL Server's files, which nothing here reads.
sql::Dialect dialect_of(const DumpInput& input, const std::string& dialect);
// Refuses what is not to be sent to PostgreSQL as it stands: files of any other dialect.
void require_readable(const DumpInput& input, const std::string& dialect);
// How a reader takes the input, and what its values mean.
sql::ReaderOptions reader_options(const DumpInput& input, const Options& options);
Meaning meaning_of(const DumpInput& input, const Options& options);
// The mapping of its rows; nullptr without one, and for a reject file: its rows went through it.
const Mapping* mapping_of(const DumpInput& input, const Options& options);

}  // namespace pgseed::seed
