#include "pgseed/cli/api_schema.hpp"

#include <algorithm>
#include <chrono>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/connections.hpp"
#include "pgseed/pg/catalog.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::cli {
namespace {

using std::chrono::milliseconds;

// How long PostgREST may take to know new tables; a reload takes about half a second.
constexpr milliseconds kLongestWait{15'000};

// OPTIONS is answered without a look at rights: 404 until the schema cache has the table.
bool api_knows(Transport& transport, const rest::Endpoint& endpoint, const TableName& table) {
  HttpRequest request;
  request.method = "OPTIONS";
  request.url = endpoint.base_url + "/" + rest::percent_encode(table.table);
  request.headers = rest::common_headers(endpoint, table.schema);
  request.timeout = milliseconds(5'000);
  const HttpResult result = exchange(transport, request);
  return result.delivery == Delivery::answered && result.status != 404 && result.status < 500;
}

// Asks again, with growing pauses, until there is nothing left to wait for or the time is over.
template <class IsSettled>
void poll_until(const IsSettled& is_settled) {
  const auto end = std::chrono::steady_clock::now() + kLongestWait;
  for (milliseconds delay{20};; delay = std::min(delay * 2, milliseconds(200))) {
    if (is_settled() || std::chrono::steady_clock::now() > end) return;
    interrupt::pause(delay);
  }
}

std::set<std::string> column_names(const Table& table) {
  std::set<std::string> names;
  for (const Column& column : table.columns) names.insert(column.name);
  return names;
}

std::optional<sql::QualifiedName> altered_by(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  try {
    if (!sql::accept_word(cursor, "ALTER") || !sql::accept_word(cursor, "TABLE")) return {};
    if (sql::accept_word(cursor, "IF")) sql::accept_word(cursor, "EXISTS");
    sql::accept_word(cursor, "ONLY");
    return sql::read_qualified_name(cursor);
  } catch (const sql::SyntaxProblem&) {
    return {};
  }
}

}  // namespace

std::vector<TableName> wait_for_tables(Transport& transport, const rest::Endpoint& endpoint,
                                       std::vector<TableName> tables) {
  poll_until([&] {
    const auto known = [&](const TableName& table) {
      return api_knows(transport, endpoint, table);
    };
    tables.erase(std::remove_if(tables.begin(), tables.end(), known), tables.end());
    return tables.empty();
  });
  return tables;
}

void ExpectedSchema::note(std::string_view statement, const std::string& default_schema) {
  const auto add = [&](const sql::QualifiedName& name) {
    tables_.insert({name.schema.value_or(default_schema), name.name});
  };
  if (const auto created = sql::TableDefinitions::created_by(statement)) add(*created);
  if (const auto altered = altered_by(statement)) add(*altered);
  for (const sql::QualifiedName& dropped : sql::TableDefinitions::dropped_by(statement)) {
    add(dropped);
  }
}

void wait_until_api_knows(const ExpectedSchema& expected, const Config& config,
                          pg::Session& session, Console& console) {
  std::set<TableName> open;
  for (const TableName& table : expected.tables()) {
    if (table.schema == config.schema.value) open.insert(table);
  }
  if (open.empty()) return;
  try {
    const Model real = pg::read_catalog(session, {config.schema.value});
    const auto transport = make_curl_transport({});
    const rest::Connection connection =
        connect_rest(*transport, config, console, milliseconds(10'000));
    poll_until([&] {
      std::vector<TableName> served;
      for (auto table = open.begin(); table != open.end();) {
        const bool wanted = real.find(*table) != nullptr;
        const bool settled = api_knows(*transport, connection.endpoint, *table) == wanted;
        if (settled && wanted) served.push_back(*table);
        table = settled && !wanted ? open.erase(table) : std::next(table);
      }
      if (served.empty()) return open.empty();
      // Only now: each revision makes it read the schema again, and a document from before the
      // answers tells nothing about the columns that they stand for.
      const std::optional<Model> shown =
          rest::read_model(*transport, connection.endpoint, config.schema.value);
      if (!shown && connection.has_openapi) return false;
      for (const TableName& table : served) {
        // It lists what the key's role may use; only there the columns can be compared.
        const Table* const listed = shown ? shown->find(table) : nullptr;
        if (listed != nullptr && column_names(*real.find(table)) != column_names(*listed)) continue;
        open.erase(table);
      }
      return open.empty();
    });
    for (const TableName& table : open) {
      console.warning(
          text("PostgREST does not serve ", to_sql(table), " as it is now; ", kUnservedHint));
    }
  } catch (const Error& error) {
    console.warning(
        text("the API could not be asked whether it knows the new schema: ", error.message));
  }
}

}  // namespace pgseed::cli
