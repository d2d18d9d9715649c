#include "pgseed/seed/move/same_database.hpp"

#include <algorithm>
#include <chrono>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/uuid.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/pg/copy_in.hpp"
#include "pgseed/rest/outcome.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;

TableName probe_name(const std::string& schema) {
  std::string unique;
  append_random_uuid(unique);
  std::erase(unique, '-');
  return {schema, "_pgseed_probe_" + unique};
}

// Whoever may not read a table is refused it, but of one that is not there PostgREST says so.
bool knows(const rest::Outcome& outcome) {
  return outcome.verdict == rest::Verdict::accepted || outcome.code == "42501";
}

std::string ask(Transport& transport, HttpRequest request) {
  constexpr milliseconds kLongest{15'000};
  const auto end = std::chrono::steady_clock::now() + std::min(kLongest, request.timeout);
  for (;;) {
    const HttpResult result = exchange(transport, request);
    if (interrupt::signal_number() != 0) throw Interrupted{};
    const rest::Outcome outcome = rest::classify(result, std::chrono::system_clock::now());
    if (knows(outcome)) return {};
    if (std::chrono::steady_clock::now() >= end) {
      return "a table made over the one does not appear over the other";
    }
    interrupt::pause(milliseconds(15));
  }
}

}  // namespace

std::string why_not_one_database(const std::string& database_url, Transport& transport,
                                 const rest::Endpoint& endpoint, const Options& options) {
  const auto told = [](const std::string& why) {
    return text("DATABASE_URL, which may lead to another database than the API (", why, ')');
  };
  const TableName probe = probe_name(options.schema);
  pg::CopyIn database(database_url);
  try {
    database.execute(text("CREATE TABLE ", to_sql(probe), " (id integer)"));
  } catch (const pg::SqlError& error) {
    return told(text("the table that would show it cannot be made: ", error.message));
  }
  std::string why;
  const auto drop = [&] {
    database.execute(text("DROP TABLE ", to_sql(probe)));
    database.execute("NOTIFY pgrst, 'reload schema'");
  };
  try {
    database.execute("NOTIFY pgrst, 'reload schema'");
    HttpRequest request = rest::any_row_request(endpoint, probe, "id");
    request.timeout = options.timeout;
    why = ask(transport, std::move(request));
  } catch (...) {
    drop();
    throw;
  }
  drop();
  return why.empty() ? why : told(why);
}

}  // namespace pgseed::seed
