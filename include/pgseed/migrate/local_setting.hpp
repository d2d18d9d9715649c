#pragma once
// Session settings as settings of one transaction: a plain SET would outlive it, behind a
// transaction pooler even for the next client. Pure.
#include <string>
#include <string_view>

namespace pgseed::migrate {

// SET [SESSION] x -> SET LOCAL x, RESET x -> SET LOCAL x TO DEFAULT, and in a SELECT the third
// argument of set_config() becomes true. Everything else comes back as it is: SET CONSTRAINTS and
// SET TRANSACTION, which are local by nature, RESET ALL, other statements.
std::string as_local(std::string_view statement);

// What takes the settings of a statement that as_local() knows back to what the session began with:
// RESET x, or several statements; empty where there is nothing to take back. By name, as RESET ALL
// would also reset what a transaction pooler has set for the client, its encoding for example.
std::string undo_of(std::string_view statement);

}  // namespace pgseed::migrate
