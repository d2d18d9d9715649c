#pragma once
// After DDL: PostgREST answers from a copy of the schema, which it renews about half a second after
// the NOTIFY. Waiting for that keeps the next command from a table "that does not exist".
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/cli/config.hpp"
#include "pgseed/cli/console.hpp"
#include "pgseed/pg/session.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::cli {

// What to look at where the API does not know a table in the end.
inline constexpr const char* kUnservedHint =
    "is its schema among db-schemas, and do both settings lead to one database? pgseed test tells";

// Waits until the API knows the tables; returns those that it still does not know after 15 s.
std::vector<TableName> wait_for_tables(Transport& transport, const rest::Endpoint& endpoint,
                                       std::vector<TableName> tables);

// The tables that some statements made, changed or dropped.
class ExpectedSchema {
 public:
  // default_schema: of names without one.
  void note(std::string_view statement, const std::string& default_schema);
  const std::set<TableName>& tables() const { return tables_; }

 private:
  std::set<TableName> tables_;
};

// Waits until the API serves those of the tables that the database has, with the columns they have
// now, and none that is gone. Tables of other schemas than the configured one are not asked for. An
// API that cannot be reached or does not follow within 15 s is told as a warning, not as an error:
// the database is as it should be.
void wait_until_api_knows(const ExpectedSchema& expected, const Config& config,
                          pg::Session& session, Console& console);

}  // namespace pgseed::cli
