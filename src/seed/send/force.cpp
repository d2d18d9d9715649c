#include "pgseed/seed/send/force.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/rest/outcome.hpp"
#include "pgseed/seed/ledger/ledger.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;

// A column for the filter that pg-safeupdate asks for; the key's first one is never null.
const Column* filter_column(const Table& table) {
  for (const Column& column : table.columns) {
    if (!table.primary_key.empty() && column.name == table.primary_key[0]) return &column;
  }
  for (const Column& column : table.columns) {
    if (column.not_null) return &column;
  }
  return table.columns.empty() ? nullptr : &table.columns[0];
}

// The server said so. A right to look that is missing is no answer, and what passes is asked again.
// Throws Error{refused} where it never says.
bool is_seen_empty(Transport& transport, const rest::Endpoint& endpoint, const Table& table,
                   const Options& options) {
  RetryPolicy policy;
  policy.max_retries = options.retries;
  std::string why = "its columns are not known";
  for (int tries = 1; !table.columns.empty(); ++tries) {
    HttpRequest request = rest::any_row_request(
        endpoint, table.name,
        table.primary_key.empty() ? table.columns.front().name : table.primary_key.front());
    request.timeout = options.timeout;
    const HttpResult result = exchange(transport, request);
    if (interrupt::signal_number() != 0) throw Interrupted{};
    const rest::Outcome outcome = rest::classify(result, std::chrono::system_clock::now());
    if (outcome.verdict == rest::Verdict::accepted) {
      return rest::found_nothing(result.content_range);
    }
    why = outcome.message;
    if (outcome.verdict == rest::Verdict::rejected) break;
    const auto delay = retry_delay(policy, tries, outcome.retry_after, interrupt::time_left(), 0);
    if (!delay) break;
    interrupt::pause(*delay);
  }
  throw Error(ErrorKind::refused,
              text("nobody tells whether ", to_sql(table.name),
                   " holds rows that emptying the tables it refers to would touch: ", why),
              "",
              "let the key's role SELECT from it, seed it in the same run, or accept that its rows "
              "stop the run or vanish by ON DELETE CASCADE: --allow-cascade");
}

[[noreturn]] void refuse(const TableName& table, const rest::Outcome& outcome) {
  std::string hint = outcome.hint;
  if (outcome.code == "23503") {
    hint =
        "rows of another table refer to it: seed both in one run; tables that refer to each other "
        "in a circle can be emptied over the direct connection (TRUNCATE)";
  } else if (outcome.code == "57014") {
    hint = "raise the role's statement_timeout, or empty the table over the direct connection";
  } else if (outcome.code == "42501") {
    hint = "use the service_role (secret) key, or GRANT DELETE to the role";
  }
  throw Error(ErrorKind::refused,
              text("cannot empty ", to_sql(table), ": ", outcome.message,
                   outcome.code.empty() ? "" : text(" [", outcome.code, "]")),
              "", hint);
}

}  // namespace

void require_nothing_else_refers(Transport& transport, const rest::Endpoint& endpoint,
                                 const std::vector<TableName>& tables, const Model& model,
                                 const Options& options) {
  if (options.allow_cascade) return;
  for (const Table& other : model.tables) {
    if (contains(tables, other.name)) continue;
    const auto key = std::find_if(
        other.foreign_keys.begin(), other.foreign_keys.end(),
        [&](const ForeignKey& foreign) { return contains(tables, foreign.referenced_table); });
    if (key == other.foreign_keys.end()) continue;
    if (is_seen_empty(transport, endpoint, other, options)) continue;
    throw Error(ErrorKind::refused,
                text("emptying ", to_sql(key->referenced_table), " would touch the rows of ",
                     to_sql(other.name), ", which refer to it and are not in the file"),
                "",
                "seed both tables in one run, or accept that they stop the run or vanish by ON "
                "DELETE CASCADE: --allow-cascade");
  }
}

void empty_tables(Transport& transport, const rest::Endpoint& endpoint,
                  const std::vector<TableName>& children_first, const Model& model,
                  const Options& options, Observer& observer, std::vector<Emptied>& emptied,
                  Ledger* ledger) {
  RetryPolicy policy;
  policy.max_retries = options.retries;
  for (const TableName& name : children_first) {
    const Table* const table = model.find(name);
    const Column* const column = table == nullptr ? nullptr : filter_column(*table);
    if (column == nullptr) {
      throw Error(ErrorKind::refused,
                  text("cannot empty ", to_sql(name), ": its columns are not known"), "",
                  "the API's OpenAPI document does not list the table; set DATABASE_URL as well");
    }
    const bool not_null =
        column->not_null || (!table->primary_key.empty() && column->name == table->primary_key[0]);
    HttpRequest request = rest::delete_all_request(endpoint, name, column->name, not_null);
    request.timeout = options.timeout;
    if (ledger != nullptr) ledger->emptying(name);
    bool may_be_empty = false;  // by a try whose answer was lost
    for (int tries = 1;; ++tries) {
      const HttpResult result = exchange(transport, request);
      const rest::Outcome outcome = rest::classify(result, std::chrono::system_clock::now());
      if (outcome.verdict == rest::Verdict::accepted) {
        emptied.push_back({name, outcome.affected.value_or(0)});
        if (ledger != nullptr) {
          ledger->emptied(name, static_cast<std::uint64_t>(outcome.affected.value_or(0)));
        }
        observer.note(1,
                      text("emptied ", to_sql(name), ": ", outcome.affected.value_or(0), " rows"));
        break;
      }
      if (outcome.verdict == rest::Verdict::in_doubt) may_be_empty = true;
      const bool stops = interrupt::signal_number() != 0;
      const bool refused = outcome.verdict == rest::Verdict::rejected;
      const auto delay = retry_delay(policy, tries, outcome.retry_after, interrupt::time_left(), 0);
      if (may_be_empty && (stops || refused || !delay)) emptied.push_back({name, 0, false});
      if (stops) throw Interrupted{};
      if (refused) refuse(name, outcome);
      if (!delay) {
        throw Error(ErrorKind::unreachable,
                    text("cannot empty ", to_sql(name), ": ", outcome.message), "",
                    "see whether PostgREST and PostgreSQL are up, then run again");
      }
      observer.note(1, text("trying again in ", delay->count(), " ms (", outcome.message, ")"));
      interrupt::pause(*delay);
    }
  }
}

}  // namespace pgseed::seed
