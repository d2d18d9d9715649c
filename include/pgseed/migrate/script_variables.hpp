#pragma once
// :'name' and :"name" in a statement -> the variable's value. Pure.
#include <string>
#include <string_view>

#include "pgseed/migrate/script.hpp"

namespace pgseed::migrate {

// As psql does it, outside strings, names, dollar quotes and comments; :name without quotes and
// what is no variable's name stays. Throws sql::SyntaxProblem for a variable without a value; no
// message holds a value.
std::string replace_variables(std::string_view statement, const VariableLookup& variables);

}  // namespace pgseed::migrate
