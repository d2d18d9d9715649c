#pragma once
// What every connection of ours has in common, whichever library makes it. Pure.
#include <string>
#include <string_view>

namespace pgseed::pg {

// The URL normalized, with what we ask every connection for: UTF-8 both ways, our name in
// pg_stat_activity. Both travel in the start packet, which PgBouncer knows them from; a SET would
// leak to the next client of a transaction pool.
std::string with_session_defaults(std::string_view database_url);

// What libpq said about a failed attempt, as the Error to act on: unreachable, refused or usage,
// without the password; std::bad_alloc where libpq had no memory to try.
[[noreturn]] void throw_connect_error(const std::string& database_url, const char* libpq_message);

// SQL text as a literal that is read the same whatever standard_conforming_strings says. Throws
// Error{input} for a NUL byte.
std::string to_literal(std::string_view value);

}  // namespace pgseed::pg
