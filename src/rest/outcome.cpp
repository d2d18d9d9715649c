#include "pgseed/rest/outcome.hpp"

#include <string_view>

#include "pgseed/base/text.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/rest/answer.hpp"
#include "pgseed/rest/api.hpp"

namespace pgseed::rest {
namespace {

struct Decision {
  Verdict verdict;
  Remedy remedy;
};
constexpr Decision kRetry = {Verdict::retry, Remedy::none};
constexpr Decision kInDoubt = {Verdict::in_doubt, Remedy::none};
constexpr Decision kBisect = {Verdict::rejected, Remedy::bisect};
constexpr Decision kSplit = {Verdict::rejected, Remedy::split};
constexpr Decision kReload = {Verdict::rejected, Remedy::reload};
constexpr Decision kStop = {Verdict::rejected, Remedy::stop};

struct Rule {
  std::string_view code;  // the beginning of a code; the first rule that fits decides
  Decision decision;
};

// One request is one transaction, so a database error means that nothing was stored, except for
// the codes that say that its end was not seen.
constexpr Rule kRules[] = {
    // Passing troubles of the server.
    {"40003", kInDoubt},  // statement completion unknown
    {"40", kRetry},       // deadlock, serialisation failure
    {"55P03", kRetry},    // lock timeout
    {"55006", kRetry},    // object in use
    {"53", kRetry},       // out of connections, memory, disk: ends with the retries
    {"08007", kInDoubt},  // transaction resolution unknown
    {"08", kRetry},       // connection of the server lost
    {"57P02", kInDoubt},  // another server process crashed: sent at any moment, also after a COMMIT
    {"57P04", kStop},     // the database was dropped
    {"57P", kRetry},      // shutting down, starting up
    {"58", kRetry},       // an error of the server's operating system
    {"PGRST000", kRetry},  // no connection to the database
    // The connection was lost under the transaction, which includes its COMMIT: a server that stops
    // at once may have made it durable and not said so.
    {"PGRST001", kInDoubt},
    {"PGRST002", kRetry},  // the schema cache is loading
    {"PGRST003", kRetry},  // no free connection in the pool: the statement never began
    {"PGRST0", kRetry},
    // Too much at once.
    {"57014", kSplit},  // statement timeout
    {"54", kSplit},     // program limits
    // The schema cache may be older than the tables.
    {"PGRST204", kReload},
    {"PGRST205", kReload},
    {"42P01", kReload},
    {"42703", kReload},
    {"42804", kReload},
    // Nothing that another batch could do better.
    {"42P10", kStop},  // no unique key behind on_conflict
    {"428C9", kStop},  // a GENERATED ALWAYS column is listed
    {"42809", kStop},  // wrong kind of object
    {"25006", kStop},  // read-only transaction: a replica
    {"55000", kStop},  // a view that takes no rows
    {"28", kStop},     // role and authorisation
    {"0L", kStop},
    {"0P", kStop},
    {"PGRST102", kBisect},  // the body is not valid JSON
    {"PGRST1", kStop},      // the form of the request, an unexposed schema
    {"PGRST2", kStop},
    {"PGRST3", kStop},     // the key
    {"PGRSTX", kInDoubt},  // an error inside PostgREST
};

// Codes that mean different things; told apart by the message. Where the server speaks another
// language, bisecting finds the row in any case.
std::optional<Decision> by_message(const Answer& answer) {
  if (answer.code == "21000") {
    if (contains(answer.message, "a second time")) {
      return Decision{Verdict::rejected, Remedy::separate_keys};
    }
    // pg-safeupdate refuses a DELETE or UPDATE without a filter.
    return contains(answer.message, "WHERE clause") ? kStop : kBisect;
  }
  if (answer.code == "42501") {
    return contains(answer.message, "row-level security") ? kBisect : kStop;
  }
  if (answer.code == "22023" && answer.message.starts_with("role \"") &&
      contains(answer.message, "does not exist")) {
    return kStop;  // the key's role, not a value
  }
  return std::nullopt;
}

Decision by_code(int status, const Answer& answer) {
  if (const auto decision = by_message(answer)) return *decision;
  for (const auto& rule : kRules) {
    if (std::string_view(answer.code).starts_with(rule.code)) return rule.decision;
  }
  // A status that a function of the database chose (RAISE SQLSTATE 'PT429').
  if (status == 408 || status == 429) return kRetry;
  if (status == 413) return kSplit;
  return kBisect;
}

Decision by_status(const HttpResult& result, const Answer& answer) {
  const int status = result.status;
  switch (status) {
    case 408:
    case 429:
      return kRetry;
    case 503:
      // Who names a time to come back did not let the request in. Without it a gateway may have
      // lost the answer of a server that carried it out.
      return trim(result.retry_after).empty() ? kInDoubt : kRetry;
    case 413:
      return kSplit;
    case 400:
      if (is_wordless(result, answer)) return kInDoubt;
      break;
    case 404:
      // PostgREST 12 says {} for a table that it does not know.
      if (answer.is_object && answer.code.empty() && answer.message.empty()) return kReload;
      break;
    default:
      break;
  }
  if (status >= 300 && status < 400) return kStop;
  // A custom code raised by the database's own functions; a gateway's code with 401 or 403 is about
  // the key.
  if (status >= 400 && status < 500) {
    return !answer.code.empty() && status != 401 && status != 403 ? kBisect : kStop;
  }
  // A gateway gave up or broke down: the request behind it may still run.
  return kInDoubt;
}

Decision decide(const HttpResult& result, const Answer& answer) {
  if (result.proxy_status == 407 || result.status == 407) return kStop;
  if (result.delivery == Delivery::unknown) return kInDoubt;
  if (result.delivery == Delivery::not_sent) return result.permanent ? kStop : kRetry;
  if (result.status >= 200 && result.status < 300) {
    // A page where PostgREST would be silent: somebody else answered.
    if (answer.is_web_page) return kInDoubt;
    return {Verdict::accepted, Remedy::none};
  }
  return is_database_code(answer.code) ? by_code(result.status, answer) : by_status(result, answer);
}

std::string message_for(const HttpResult& result, const Answer& answer) {
  if (result.status == 404 && answer.is_object && answer.message.empty()) {
    return "The API knows no such table (HTTP status 404)";
  }
  if (result.status >= 300 && result.status < 400) {
    return presentable("HTTP status " + std::to_string(result.status) + ": redirects are refused" +
                           (result.location.empty() ? "" : " (to " + result.location + ")"),
                       4096);
  }
  if (result.proxy_status == 407 || result.status == 407) {
    return "The proxy wants a password (HTTP status 407)";
  }
  if (answer.is_web_page) {
    return "A web page answered instead of PostgREST: " + describe(result, answer);
  }
  return describe(result, answer);
}

}  // namespace

Outcome classify(const HttpResult& result, std::chrono::system_clock::time_point now) {
  const Answer answer = read_answer(result);
  const Decision decision = decide(result, answer);
  Outcome outcome;
  outcome.verdict = decision.verdict;
  outcome.remedy = decision.remedy;
  outcome.status = result.status != 0 ? result.status : result.proxy_status;
  outcome.retry_after = parse_retry_after(result.retry_after, now);
  if (decision.verdict == Verdict::accepted) {
    outcome.affected = total_of(result.content_range);
    return outcome;
  }
  outcome.code = answer.code;
  outcome.message = message_for(result, answer);
  outcome.details = answer.details;
  outcome.hint = answer.hint;
  return outcome;
}

}  // namespace pgseed::rest
