#include "pgseed/cli/connections.hpp"

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/cancel.hpp"
#include "pgseed/pg/catalog.hpp"
#include "pgseed/pg/session.hpp"

namespace pgseed::cli {

const Setting& require_rest_url(const Config& config) {
  if (config.rest_url) return *config.rest_url;
  throw Error(ErrorKind::usage, "no target is configured", "",
              "set SUPABASE_URL (and SUPABASE_SECRET_KEY) in the environment or in .env, pass "
              "--rest-url, or use the local stack: make seed FILE=...");
}

const Setting& require_database_url(const Config& config, const std::string& purpose) {
  if (config.database_url) return *config.database_url;
  throw Error(
      ErrorKind::usage, text(purpose, " needs the direct connection"), "",
      "set DATABASE_URL=postgresql://user:password@host:5432/database in the environment or "
      "in .env");
}

rest::Connection connect_rest(Transport& transport, const Config& config, Console& console,
                              std::chrono::milliseconds timeout) {
  const std::string key = config.key ? config.key->value : std::string();
  const Setting& url = require_rest_url(config);
  rest::Connection connection =
      rest::connect(transport, url.value, key, config.schema.value, timeout);
  if (key.empty()) {
    console.warning("no key is set (SUPABASE_SECRET_KEY): requests run as the anonymous role");
  } else if (connection.key_role == "anon" || connection.key_role == "authenticated") {
    console.warning(text("the key's role is ", connection.key_role,
                         ": row-level security may hide or refuse rows; use the service_role key"));
  }
  return connection;
}

Model read_catalogue(const std::string& database_url,
                     const std::optional<std::vector<std::string>>& schemas) {
  pg::Session session(database_url);
  const pg::CancelOnInterrupt cancel(session);
  try {
    return pg::read_catalog(session, schemas ? *schemas : pg::schemas_of_users(session));
  } catch (const pg::SqlError& error) {
    if (error.sqlstate == "57014" && interrupt::signal_number() != 0) throw Interrupted{};
    throw;
  }
}

}  // namespace pgseed::cli
