// One revision in one transaction.
#include "pgseed/migrate/executor.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lines.hpp"
#include "pgseed/migrate/local_setting.hpp"
#include "pgseed/migrate/sql_failure.hpp"

namespace pgseed::migrate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

}  // namespace

// Once for each step, however often it is tried; not before it is sure that it is ours to do.
void Executor::announce(const Prepared& prepared) {
  if (!std::exchange(announced_, true)) observer_.step_begins(prepared.step);
}

void Executor::run_delegated(const Prepared& prepared) {
  const Revision& revision = *prepared.revision;
  const std::vector<std::string> words = alembic_words(graph_, prepared.step);
  if (!options_.delegate) {
    throw Error(ErrorKind::refused,
                text("revision ", revision.id, " is a Python file, which only Alembic can run"),
                revision.path,
                text("run `", options_.alembic, ' ', words[0], ' ', words[1],
                     "` and then this command again, or pass --delegate-alembic, "
                     "or turn the project into SQL: pgseed migrate import alembic"));
  }
  session_->transaction([&](pg::Session& session) {
    take_advisory_lock(session);
    settle_half_way(*prepared.plan);
  });
  announce(prepared);
  options_.delegate(words);
  made_table_ = false;  // it is in use now
  table_.emplace(*session_, options_.version_table);
  const auto now = rows().values();
  if (now == prepared.step.after) return;
  throw Error(ErrorKind::refused, "Alembic ran, but the version table does not say so",
              revision.path, "does its env.py use the same database and version table?");
}

void Executor::run_in_transaction(const Prepared& prepared) {
  const auto started = std::chrono::system_clock::now();
  const bool had_log = has_log_;
  try {
    session_->transaction([&](pg::Session& session) {
      take_advisory_lock(session);
      lock_table();
      require_rows(prepared.step.before);
      settle_half_way(*prepared.plan);
      announce(prepared);
      execute_all(prepared);
      make_log();
      if (has_log_) log_->add(session, *prepared.revision, prepared.step.direction, started);
      session.execute("NOTIFY pgrst, 'reload schema'");
    });
  } catch (...) {
    has_log_ = had_log;
    throw;
  }
  made_table_ = false;  // it is in use now
}

void Executor::execute_all(const Prepared& prepared) {
  set_timeouts(&prepared.section->options);
  begin_timeout(*prepared.section);
  for (const ScriptStatement& statement : prepared.statements) {
    stop_if_asked();
    limit_statement(true);
    execute(statement, prepared);
  }
  if (has_settings(prepared.statements)) take_back_role();
  write_rows(prepared.step.changes);
}

// The option timeout, which is for the section as a whole.
void Executor::begin_timeout(const Section& section) {
  section_end_.reset();
  if (!section.options.timeout) return;
  const auto rows = session_->query(text("SELECT pg_catalog.date_part('epoch', interval ",
                                         session_->literal(*section.options.timeout), ") * 1000"));
  section_end_ = steady_clock::now() + milliseconds(std::atoll(rows.front()[0]->c_str()));
}

// Gives the next statement what is left of it, or the statement_timeout at hand if that is less.
// False if there is no such limit.
bool Executor::limit_statement(bool is_local) {
  if (!section_end_) return false;
  const auto left = std::chrono::duration_cast<milliseconds>(*section_end_ - steady_clock::now());
  const long long milliseconds_left = std::max<long long>(1, left.count());
  session_->query(text(
      "SELECT pg_catalog.set_config('statement_timeout', CASE WHEN setting::bigint BETWEEN 1 AND ",
      milliseconds_left, " THEN setting ELSE '", milliseconds_left, "' END, ",
      is_local ? "true" : "false",
      ") FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'"));
  return true;
}

// SET ROLE in a section makes objects belong to that role. The version table and the log are not
// the section's, and the role need not have rights on them.
void Executor::take_back_role() {
  session_->execute("RESET SESSION AUTHORIZATION; RESET ROLE");
}

bool Executor::has_settings(std::span<const ScriptStatement> statements) {
  return std::any_of(statements.begin(), statements.end(), [](const ScriptStatement& statement) {
    return statement.kind == sql::StatementKind::session;
  });
}

void Executor::execute(const ScriptStatement& statement, const Prepared& prepared) {
  try {
    session_->execute(statement.sql);
  } catch (pg::SqlError& error) {
    error = placed(std::move(error), {prepared.section->path, statement.line,
                                      statement.from_copy ? 0 : statement.column});
    constexpr milliseconds kClose{100};
    if (error.sqlstate == "57014" && section_end_ &&
        steady_clock::now() + kClose >= *section_end_) {
      error.hint = text("the section as a whole ran into its timeout:",
                        prepared.section->options.timeout.value_or(""), "; raise it there");
    }
    throw error;
  }
}

// The next revision in the same transaction begins like any other.
void Executor::take_back_settings(const Prepared& prepared) {
  std::string undo = "RESET lock_timeout; RESET statement_timeout";
  for (const ScriptStatement& statement : prepared.statements) {
    if (const std::string one = undo_of(statement.sql); !one.empty()) undo += "; " + one;
  }
  session_->execute(undo);
}

void Executor::set_timeouts(const SectionOptions* section) {
  const std::string lock = section != nullptr
                               ? section->lock_timeout.value_or(options_.lock_timeout)
                               : options_.lock_timeout;
  const std::string statement =
      section != nullptr ? section->statement_timeout.value_or(options_.statement_timeout)
                         : options_.statement_timeout;
  std::string settings;
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    settings += text(settings.empty() ? "SELECT " : ", ", "pg_catalog.set_config('", name, "', ",
                     session_->literal(value), ", true)");
  };
  add("lock_timeout", lock);
  add("statement_timeout", statement);
  if (!settings.empty()) session_->query(settings);
}

void Executor::write_rows(const std::vector<RowChange>& changes) {
  for (const RowChange& change : changes) table_->write(*session_, change);
}

void Executor::make_log() {
  if (!options_.log || has_log_) return;
  has_log_ = log_->create(*session_);
  if (has_log_) return;
  options_.log = false;
  observer_.note("the role may not create schema pgseed: migrations are not logged");
}

void Executor::log_failure(const Prepared& prepared, const pg::SqlError& error) {
  // A stepwise section has noted it already, in its own row.
  const bool stepwise = prepared.section != nullptr && !prepared.section->options.transaction;
  if (!has_log_ || stepwise) return;
  try {
    log_->add_failure(*session_, *prepared.revision, prepared.step.direction, error.sqlstate,
                      error.message);
  } catch (const Error&) {
    // The failure itself is what must be told.
  }
}

}  // namespace pgseed::migrate
