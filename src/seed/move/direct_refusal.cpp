#include "pgseed/seed/move/direct_refusal.hpp"

#include <string_view>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {

bool is_fault_of_a_row(const pg::SqlError& error) {
  const std::string_view code = error.sqlstate;
  return code.starts_with("22") || code.starts_with("23") || code == "P0001" || code == "44000" ||
         code == "42501";
}

rest::Outcome outcome_of(const pg::SqlError& error) {
  rest::Outcome outcome;
  outcome.verdict = rest::Verdict::rejected;
  outcome.code = error.sqlstate;
  outcome.message = error.message;
  outcome.details = error.detail;
  outcome.hint = error.hint;
  return outcome;
}

Error error_of(const pg::SqlError& error, const std::string& what, const std::string& where) {
  std::string hint = error.hint;
  ErrorKind kind = ErrorKind::refused;
  if (error.sqlstate == "42501" && hint.empty()) {
    hint = "use the DATABASE_URL of a role with more rights: the owner of the tables";
  }
  if (error.sqlstate == "55P03") {
    kind = ErrorKind::unreachable;
    hint = "another session holds a lock on the table; run again when it is gone";
  }
  if (error.sqlstate == "23503") {
    hint = "rows of another table refer to it: seed both in one run";
  }
  std::string message = text(what, ": ", error.message);
  const bool whole_row = error.detail.starts_with("Failing row contains");
  if (!error.detail.empty() && !whole_row) message += text(" (", error.detail, ")");
  return Error(kind, text(message, " [", error.sqlstate, "]"), where, hint);
}

}  // namespace pgseed::seed
