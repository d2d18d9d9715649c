#include "pgseed/seed/input/trigger_watch.hpp"

#include "pgseed/base/text.hpp"
#include "pgseed/seed/input/session_gap.hpp"
#include "pgseed/seed/input/survey.hpp"

namespace pgseed::seed {
namespace {

// Whether the statement switches them on or off; nullopt if neither.
std::optional<bool> switches_on(const sql::Statement& statement) {
  if (statement.kind == sql::StatementKind::ddl) {
    try {
      for (const TableSwitch& each : switches_of_alter_table(statement.text)) {
        if (each.object == "TRIGGER") return each.on;
      }
    } catch (const sql::SyntaxProblem&) {
      // No DDL that any server would take.
    }
    return {};
  }
  const auto setting = sql::read_setting(statement.text);
  if (!setting || setting->name != "session_replication_role") return {};
  return to_lower(setting->value) != "replica";
}

}  // namespace

void TriggerWatch::pass_over(const sql::Statement& statement) {
  const bool is_setting = statement.kind == sql::StatementKind::session;
  if (!(is_setting && settings_) && statement.kind != sql::StatementKind::ddl) return;
  const std::optional<bool> on = switches_on(statement);
  if (!on) return;
  if (*on) {
    off_.reset();
  } else if (!off_) {
    off_ = text("line ", statement.line, " switches triggers off (", one_line(statement.text), ')');
  }
}

}  // namespace pgseed::seed
