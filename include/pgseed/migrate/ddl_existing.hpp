#pragma once
// For --if-not-exists: a DDL statement does only what is still to do.
#include <string>

#include "pgseed/pg/session.hpp"

namespace pgseed::migrate {

// The SQLSTATEs with which the server says that a thing of this name exists. They may also tell of
// a mistake in the statement.
bool tells_of_existing(const std::string& sqlstate);

// Runs the statement in a savepoint of the transaction; false if all that it makes was there. That
// is known by name, except for what has none: a constraint or an index that the server would name,
// and equals one that the table has, is not made once more. Of an ALTER TABLE with several actions
// those are done that are missing. Throws pg::SqlError as the server does where it is another
// matter: a partition of another table or with other bounds, an identity of another kind, a column
// that the statement itself names twice.
bool make_missing(pg::Session& session, const std::string& statement);

}  // namespace pgseed::migrate
