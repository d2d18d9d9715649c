#pragma once
// Statements that refuse a transaction, and what an interrupted one leaves behind.
#include <string>
#include <string_view>

#include "pgseed/pg/session.hpp"

namespace pgseed::migrate {

// CONCURRENTLY, VACUUM, CREATE DATABASE and the like: known beforehand. Others are found out by
// trying.
bool must_run_alone(std::string_view statement);

// CREATE INDEX CONCURRENTLY that was stopped leaves an INVALID index of the name: dropped here, so
// that the statement can run again. Does nothing for other statements and indexes that are valid.
void drop_invalid_index(pg::Session& session, std::string_view statement);

// Whether the statement of a run that died did its work nevertheless: CREATE INDEX CONCURRENTLY
// whose index is there and valid, DROP INDEX CONCURRENTLY whose index is gone. False for any other.
bool took_effect(pg::Session& session, std::string_view statement);

}  // namespace pgseed::migrate
