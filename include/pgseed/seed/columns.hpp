#pragma once
// What a column's type means for a value's way into a JSON body, and which values cannot go.
#include <cstdint>
#include <optional>
#include <string>

#include "pgseed/sql/value.hpp"

namespace pgseed::seed {

enum class ColumnClass : std::uint8_t {
  unknown,  // the target's types are not known
  other,
  text,  // text, varchar, char, citext, name
  integer,
  json,   // values travel raw
  jsonb,  // values travel raw
  time,   // date, time, timestamp: "now" and "today" mean something
};

ColumnClass class_of(const std::string& type);

// Why this value would arrive as something else than psql would store, or nullopt. Values without a
// cast, outside json columns, always pass.
std::optional<std::string> cannot_carry(const sql::Value& value, ColumnClass column,
                                        const std::string& column_type);

}  // namespace pgseed::seed
