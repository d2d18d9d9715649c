#include "pgseed/migrate/sql_failure.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::migrate {
namespace {

struct Advice {
  const char* sqlstate;
  const char* hint;
};

constexpr std::array kAdvice = {
    Advice{"25001",
           "such a statement cannot run in a transaction: put it into a section of its own, "
           "-- upgrade transaction:false"},
    Advice{"55P03", "another session holds a lock; try again, or wait longer with --lock-timeout"},
    Advice{"55P04",
           "a new enum value can be used only after its transaction: add it in a revision "
           "of its own, or in a section with transaction:false"},
    Advice{"25006", "the server or the connection is read-only: use the primary's URL"},
    Advice{"42501", "the role of DATABASE_URL lacks a right for this"},
    Advice{"3F000", "create the schema first"},
    Advice{"57014",
           "it ran into statement_timeout; raise it for this section: -- upgrade "
           "statement_timeout:0"},
    Advice{"2BP01", "something still depends on it: drop that first, in the same section"},
};

pg::SqlError tell(pg::SqlError error) {
  const std::string state = error.sqlstate.empty() ? "" : text(" [", error.sqlstate, "]");
  // Where it is passed on, it may come by here twice.
  if (state.empty() || !error.message.ends_with(state)) {
    if (!error.detail.empty()) error.message += text(" (", error.detail, ")");
    error.message += state;
  }
  const auto* const advice = std::find_if(kAdvice.begin(), kAdvice.end(), [&](const Advice& known) {
    return error.sqlstate == known.sqlstate;
  });
  if (advice != kAdvice.end()) error.hint = advice->hint;
  if (error.sqlstate == "55P03") error.kind = ErrorKind::unreachable;
  return error;
}

}  // namespace

pg::SqlError placed(pg::SqlError error, const StatementPlace& place) {
  const auto line = place.line + static_cast<std::uint64_t>(std::max(0, error.line - 1));
  error.where = text(place.path, ':', line);
  // The server counts the columns of the first line from where the statement begins.
  if (error.column > 0 && place.column > 0) {
    const std::uint64_t before = error.line <= 1 ? place.column - 1 : 0;
    error.where += text(':', before + static_cast<std::uint64_t>(error.column));
  }
  return tell(std::move(error));
}

pg::SqlError advised(pg::SqlError error) {
  std::string hint = error.hint;
  error = tell(std::move(error));
  if (!hint.empty()) error.hint = std::move(hint);
  return error;
}

}  // namespace pgseed::migrate
