#pragma once
// Type names in SQL text -> one spelling, as format_type() prints it.
#include <optional>
#include <string>

#include "pgseed/sql/cursor.hpp"

namespace pgseed::sql {

struct TypeName {
  std::string name;           // "character varying", "integer", "mood"; without schema
  std::optional<int> length;  // of (n) or (p, s): the first number
  std::optional<int> scale;   // of (p, s)
  int dimensions = 0;         // of [] or ARRAY
  // name, and [] for an array.
  std::string spelled() const { return dimensions > 0 ? name + "[]" : name; }
};

// At a type name; throws SyntaxProblem if there is none.
TypeName read_type_name(Cursor& cursor);

}  // namespace pgseed::sql
