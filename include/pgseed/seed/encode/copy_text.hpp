#pragma once
// A row as a line of COPY's text format: what the columns' input functions shall read, exactly as
// psql would hand it to them.
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/json/writer.hpp"
#include "pgseed/seed/input/column_set.hpp"
#include "pgseed/sql/rows.hpp"

namespace pgseed::seed {

// Appends the row and its line end: one line for each row, whatever the values hold. row_number:
// goes into a first column of its own. Returns why the row cannot be sent (a NUL in a text, a value
// that the type cannot hold), or an empty string; on failure `out` is as it was before. JSON is not
// looked at: json columns keep their text to the byte, and the server refuses what is none.
std::string append_copy_line(const ColumnSet& set, const sql::Row& row,
                             std::optional<std::uint64_t> row_number, json::Buffer& out);

}  // namespace pgseed::seed
