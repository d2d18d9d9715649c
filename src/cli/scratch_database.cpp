#include "pgseed/cli/scratch_database.hpp"

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/directory.hpp"
#include "pgseed/pg/database_url.hpp"
#include "pgseed/pg/session.hpp"

namespace pgseed::cli {

ScratchDatabase::ScratchDatabase(const std::string& database_url)
    : server_url_(database_url), name_("pgseed_scratch_" + migrate::random_revision_id()) {
  url_ = pg::with_database(database_url, name_);
  pg::Session session(server_url_);
  try {
    // template0: what somebody put into template1 is not the migrations' doing.
    session.execute(text("CREATE DATABASE ", name_, " TEMPLATE template0"));
  } catch (pg::SqlError& error) {
    if (error.sqlstate == "42501") {
      error.message = "the role may not create a database for the experiment";
      error.hint = "name an empty one that may be used: --scratch-url URL";
    }
    throw;
  }
}

ScratchDatabase::~ScratchDatabase() {
  try {
    pg::Session session(server_url_);
    session.execute(text("DROP DATABASE IF EXISTS ", name_, " WITH (FORCE)"));
  } catch (const Error&) {
    // The server is gone; its name says what it was.
  }
}

}  // namespace pgseed::cli
