#pragma once
// Explicit casts of literals: what value::type makes of a value whose text is known.
#include <string_view>

#include "pgseed/sql/type_name.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {

// What B'...' and X'...' carry as their cast: a further cast must know that the digits are bits.
constexpr std::string_view kBits = "bit";
// And ARRAY[true, ...]: its elements are written true and false, but as a whole it prints as {t,f}.
constexpr std::string_view kBooleans = "boolean[]";

// True if the value's text is what PostgreSQL prints for it: it had no cast, or one whose effect is
// known here. What a date or a jsonb becomes as another type only the server can tell.
bool is_settled(const Value& value);

// Applies a cast that stands at `at`. Text that the type would refuse stays as it is, for the
// server to report. Throws Unsupported where only the server can tell the result, SyntaxProblem
// where none exists.
void apply_cast(Value& value, Arena& arena, const TypeName& type, const char* at);

}  // namespace pgseed::sql
