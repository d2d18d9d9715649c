#pragma once
// NDJSON, or one array of objects -> INSERT statements. An object is a row, its members are the
// columns; what a row leaves out is left to the column's default. Numbers, true and false keep
// their spelling, objects and arrays stay JSON text, null is NULL. One object at a time is in
// memory.
#include <memory>
#include <string>
#include <string_view>

#include "pgseed/seed/input/row_text.hpp"

namespace pgseed::seed {

// True if a text with this beginning (without a byte order mark) can be nothing else.
bool is_json_text(std::string_view beginning);

// name: for messages.
std::unique_ptr<RowText> make_json_text(const RowOptions& options, const std::string& name);

}  // namespace pgseed::seed
