#pragma once
// A row as the JSON object that is posted.
#include <cstdint>
#include <optional>
#include <string>

#include "pgseed/json/writer.hpp"
#include "pgseed/seed/input/column_set.hpp"
#include "pgseed/sql/rows.hpp"

namespace pgseed::seed {

inline constexpr const char* kHoldsNul = "a NUL byte in a text, which PostgreSQL cannot hold,";

// Appends the row as a JSON object. Returns why the row cannot be sent (invalid JSON for a json
// column, a NUL in a text), or an empty string; on failure the body is as it was before.
// A numbered set's rows begin with their number.
std::string append_row(const ColumnSet& set, const sql::Row& row, json::Buffer& body,
                       std::uint64_t row_number = 0);

// True for NULL, and for what becomes one (a zero date of MySQL, if that was asked for).
bool is_null(const ColumnSet& set, std::size_t position, const sql::Value& value);

// What goes into the column at `position` of the set, as text; nullopt for NULL. Of a value that
// cannot go: its bytes in hex, if they are no text.
std::optional<std::string> text_of_value(const ColumnSet& set, std::size_t position,
                                         const sql::Value& value);

}  // namespace pgseed::seed
