#pragma once
// What the database said no to -> an outcome as PostgREST would tell it, or the run's error. Pure.
#include <string>

#include "pgseed/base/error.hpp"
#include "pgseed/pg/session.hpp"
#include "pgseed/rest/outcome.hpp"

namespace pgseed::seed {

// True for what one row can be the cause of.
bool is_fault_of_a_row(const pg::SqlError& error);
// The server's words in the form that refusals of PostgREST have.
rest::Outcome outcome_of(const pg::SqlError& error);
// What is no row's fault, as the run's error.
Error error_of(const pg::SqlError& error, const std::string& what, const std::string& where = {});

}  // namespace pgseed::seed
