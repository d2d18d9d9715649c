#pragma once
// FORCE: tables are emptied, children first, before they are filled again.
#include <string>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/report.hpp"

namespace pgseed::seed {

// Refuses when rows of tables that the run does not fill refer to those it would empty: they would
// stop the deletion, or vanish with it by ON DELETE CASCADE. Only a table that the server says to
// be empty lets it pass: one that the key's role may not look into is as good as full.
void require_nothing_else_refers(Transport& transport, const rest::Endpoint& endpoint,
                                 const std::vector<TableName>& tables, const Model& model,
                                 const Options& options);

class Ledger;

struct Emptied {
  TableName table;
  long long rows = 0;
  bool certain = true;  // false: the request went out, and its answer was not waited for
};

// Deletes all rows of the tables in the given order and notes each table as it is emptied. A
// request whose answer is lost is sent again: a deletion may be repeated. Throws Error{refused} or
// Error{unreachable}; `emptied` then holds what was done. Interrupted on a stop request.
void empty_tables(Transport& transport, const rest::Endpoint& endpoint,
                  const std::vector<TableName>& children_first, const Model& model,
                  const Options& options, Observer& observer, std::vector<Emptied>& emptied,
                  Ledger* ledger = nullptr);

}  // namespace pgseed::seed
