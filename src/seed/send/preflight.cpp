#include "pgseed/seed/send/preflight.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/rest/outcome.hpp"
#include "pgseed/seed/carrier.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;

rest::WriteOptions write_options(const Options& options, const std::string& time_zone) {
  rest::WriteOptions write;
  if (options.mode == Mode::upsert) write.resolution = rest::Resolution::merge_duplicates;
  if (options.mode == Mode::ignore) write.resolution = rest::Resolution::ignore_duplicates;
  if (write.resolution != rest::Resolution::none) write.on_conflict = options.on_conflict;
  write.time_zone = time_zone;
  return write;
}

// cannot insert a non-DEFAULT value into column "id"
std::string quoted_name(const std::string& message) {
  const std::size_t open = message.find('"');
  const std::size_t close = message.rfind('"');
  if (open == std::string::npos || close <= open) return {};
  return message.substr(open + 1, close - open - 1);
}

std::string missing_column(const rest::Outcome& outcome) {
  return quoted_name(outcome.message);
}

[[noreturn]] void refuse(const rest::Outcome& outcome, const ColumnSet& set, const Options& options,
                         const std::string& where) {
  const std::string table = to_sql(set.table_name);
  std::string message = text("PostgREST refused ", table, ": ", outcome.message);
  std::string hint = outcome.hint;
  if (outcome.status == 404 || outcome.code == "42P01" || outcome.code == "PGRST205") {
    message = text("the API has no table ", table);
    hint = kMissingTableHint;
  } else if (outcome.code == "42703" && contains(options.on_conflict, missing_column(outcome)) &&
             !contains(set.columns, missing_column(outcome))) {
    message = text("--on-conflict: the table ", table, " has no column ", missing_column(outcome));
    hint = "name the columns of its primary key or of a unique constraint";
  } else if (outcome.code == "PGRST204" || outcome.code == "42703") {
    message = text("the table ", table, " does not fit the file: ", outcome.message);
    hint = "the file belongs to another version of the schema; migrate the target or mend the file";
  } else if (outcome.code == "42P10") {
    std::string columns;
    for (const std::string& column : options.on_conflict) {
      columns += (columns.empty() ? "" : ", ") + column;
    }
    message = text("--on-conflict (", columns, ") is no unique key of ", table);
    hint = "name exactly the columns of its primary key or of a unique constraint";
  } else if (outcome.code == "0A000") {
    hint =
        text("rules (CREATE RULE ... DO INSTEAD) on the table stand in PostgREST's way: drop them ",
             "for the load, or leave the table out: --exclude ", table);
  } else if (outcome.code == "PGRST106") {
    message =
        text("the API does not serve the schema ", set.table_name.schema, ": ", outcome.message);
    hint = text("add it to db-schemas of PostgREST, or leave its tables out: --exclude ",
                set.table_name.schema, ".*");
  } else if (outcome.code == "42501") {
    message = text("the key's role may not write to ", table, ": ", outcome.message);
    hint = "use the service_role (secret) key, or GRANT INSERT, UPDATE, SELECT to the role";
  } else if (outcome.status == 401) {
    message = text("the key was refused: ", outcome.message);
    hint = "set SUPABASE_SECRET_KEY to a valid service_role or sb_secret_ key";
  }
  if (!outcome.code.empty()) message += text(" [", outcome.code, "]");
  throw Error(ErrorKind::refused, std::move(message), where, std::move(hint));
}

rest::Outcome ask(Transport& transport, const HttpRequest& request, int retries,
                  std::string& applied) {
  rest::Outcome outcome;
  // Who answers that it cannot now (a full pool, a cache that loads, a database that restarts) is
  // asked as often as about rows; who does not answer at all, three times more.
  constexpr int kMostUnanswered = 3;
  RetryPolicy policy;
  policy.max_retries = retries;
  int unanswered = 0;
  for (int attempt = 1;; ++attempt) {
    const HttpResult result = exchange(transport, request);
    if (interrupt::signal_number() != 0) throw Interrupted{};
    applied = result.preference_applied;
    outcome = rest::classify(result, std::chrono::system_clock::now());
    const bool passes =
        outcome.verdict == rest::Verdict::retry || outcome.verdict == rest::Verdict::in_doubt;
    if (!passes) return outcome;
    unanswered += result.status == 0 ? 1 : 0;
    if (result.permanent || unanswered > kMostUnanswered) break;
    constexpr std::uint64_t kMiddle = std::uint64_t{1} << 63;  // of what the delay may be
    const auto pause =
        retry_delay(policy, attempt, outcome.retry_after, interrupt::time_left(), kMiddle);
    if (!pause) break;
    interrupt::pause(*pause);
  }
  throw Error(ErrorKind::unreachable, text("the target gives no usable answer: ", outcome.message),
              "", "see whether PostgREST and PostgreSQL are up, then run again");
}

// Whether the meaning of values may depend on the zone.
bool has_zoned_times(const ColumnSet& set) {
  for (std::size_t index = 0; index < set.columns.size(); ++index) {
    const ColumnClass column = set.classes[index];
    if (column == ColumnClass::unknown || column == ColumnClass::other) return true;
    if (set.types[index].find("with time zone") != std::string::npos) return true;
  }
  return false;
}

}  // namespace

PreflightResult preflight(Transport& transport, const rest::Endpoint& endpoint, ColumnSet& set,
                          const Options& options, const std::string& time_zone, bool has_key,
                          const std::string& where) {
  if (!rest::is_preference_value(time_zone)) throw zone_refusal(time_zone, where);
  PreflightResult result;
  const bool resolves = options.mode == Mode::upsert || options.mode == Mode::ignore;
  for (;;) {
    set.request = rest::insert_request(endpoint, set.table_name, set.stored_columns(),
                                       write_options(options, time_zone));
    set.request.timeout = options.timeout;
    HttpRequest request = set.request;
    request.body = "[]";
    std::string applied;
    const rest::Outcome outcome = ask(transport, request, options.retries, applied);
    if (outcome.verdict == rest::Verdict::accepted) {
      // Without a primary key PostgREST drops the preference silently and inserts again and again.
      const bool honoured = applied.find("resolution=") != std::string::npos;
      const bool tells = applied.find("return=") != std::string::npos;
      if (resolves && !honoured && (tells || !has_key) && options.on_conflict.empty()) {
        throw Error(ErrorKind::refused,
                    text("the table ", to_sql(set.table_name), " has no primary key: ",
                         name(options.mode), " would silently insert every row again"),
                    where,
                    "give it a primary key, or name the columns of a unique constraint with "
                    "--on-conflict");
      }
      // Of a zone that it does not know it says nothing.
      const bool knows = time_zone.empty() || applied.find("timezone=") != std::string::npos;
      if (tells && !knows && has_zoned_times(set)) throw zone_refusal(time_zone, where);
      return result;
    }
    const std::string column = outcome.code == "428C9" ? quoted_name(outcome.message) : "";
    const auto found = std::find(set.columns.begin(), set.columns.end(), column);
    if (column.empty() || found == set.columns.end()) refuse(outcome, set, options, where);
    const bool identity = outcome.details.find("identity") != std::string::npos;
    if (identity && !options.regenerate_identity) {
      throw identity_refusal(set.table_name, column, where);
    }
    result.left_out.push_back(column);
    set.leave_out(static_cast<std::size_t>(found - set.columns.begin()));
  }
}

}  // namespace pgseed::seed
