#pragma once
// Statements that refuse a transaction, and what an interrupted one leaves behind.
#include <optional>
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

// Whether the statement has done its work, whoever ran it: CREATE INDEX CONCURRENTLY whose index is
// there and valid, DROP INDEX CONCURRENTLY whose index is gone. False for any other, and for an
// index without a name.
bool took_effect(pg::Session& session, std::string_view statement);

// The server process of another client that does the same kind of work on the statement's table: an
// Alembic at the same revision, or the statement of a run that died. An INVALID index may be its
// own, not yet finished; to wait for it inside a statement would be a deadlock, as it waits for
// every snapshot in turn.
std::optional<std::string> other_builder(pg::Session& session, std::string_view statement);

}  // namespace pgseed::migrate
