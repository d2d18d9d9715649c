#pragma once
// Why the server refused something, in words that others may read: values of rows stay out.
#include <string>
#include <string_view>

namespace pgseed::seed {

// PostgreSQL's own messages keep the names of tables, columns and constraints and lose quoted
// values ("invalid input syntax for type integer: "…""). A text that a trigger or a function made
// up is left out: nobody knows what stands in it.
std::string reason_without_values(std::string_view code, std::string_view message);
// True for a text that a trigger or a function made up; its hint, too, then is its own.
bool is_made_up(std::string_view code, std::string_view message);

}  // namespace pgseed::seed
