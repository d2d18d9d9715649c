// Who may write the version table when, and the table itself.
#include "pgseed/migrate/executor.hpp"

#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/sql_failure.hpp"

namespace pgseed::migrate {
namespace {

std::string advisory_key(const pg::Session& session, const VersionTable& table) {
  return text(
      "pg_catalog.hashtextextended('pgseed migrate ' || pg_catalog.current_database() || ' ' "
      "|| ",
      session.literal(table.sql_name()), ", 0)");
}

}  // namespace

void Executor::take_advisory_lock(pg::Session& session) {
  // Whatever default_transaction_isolation says: with one snapshot for the whole transaction the
  // rows would be those from before the locks, and CREATE INDEX CONCURRENTLY would wait for it.
  const auto rows = session.query(
      text("SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "
           "SELECT pg_catalog.pg_try_advisory_xact_lock(",
           advisory_key(session, *table_),
           "), pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true)"));
  if (rows.front()[0] != "t") throw Busy{};
}

std::vector<std::string> Executor::read_table() {
  try {
    return table_->read(*session_);
  } catch (const pg::SqlError& error) {
    rethrow_lock_failure(error);
  }
}

void Executor::lock_table() {
  try {
    session_->execute(text("LOCK TABLE ", table_->sql_name(), " IN ACCESS EXCLUSIVE MODE NOWAIT"));
  } catch (const pg::SqlError& error) {
    rethrow_lock_failure(error);
  }
}

void Executor::rethrow_lock_failure(const pg::SqlError& error) {
  if (error.sqlstate == "55P03") throw Busy{};
  if (error.sqlstate == "42P01") throw Gone{};
  throw advised(error);
}

void Executor::require_rows(const std::vector<std::string>& expected) {
  auto now = read_table();
  if (now != expected) throw Moved{std::move(now)};
}

std::string Executor::lock_holder() {
  try {
    const auto rows = session_->query(text(
        "SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed'), a.usename, "
        "date_part('epoch', clock_timestamp() - a.xact_start)::bigint FROM pg_catalog.pg_locks l "
        "JOIN pg_catalog.pg_stat_activity a USING (pid) WHERE l.granted AND a.pid <> "
        "pg_catalog.pg_backend_pid() AND l.database = (SELECT oid FROM pg_catalog.pg_database "
        "WHERE "
        "datname = pg_catalog.current_database()) AND (l.relation = pg_catalog.to_regclass(",
        session_->literal(table_->sql_name()),
        ") OR (l.locktype = 'advisory' AND (l.classid::bigint << 32 | l.objid::bigint) = ",
        advisory_key(*session_, *table_), ")) ORDER BY a.xact_start LIMIT 1"));
    if (rows.empty()) return {};
    const pg::Row& row = rows.front();
    return text(" (", *row[1], ", pid ", *row[0], ", user ", row[2].value_or("?"), ", for ",
                row[3].value_or("?"), " s)");
  } catch (const pg::SqlError&) {
    return {};  // only there to help
  }
}

void Executor::make_version_table() {
  if (table_->exists()) return;
  // On its own and at once: an Alembic that starts meanwhile must find it rather than collide with
  // an uncommitted one.
  until_done([&] {
    session_->transaction([&](pg::Session& session) {
      take_advisory_lock(session);
      create_table();
    });
  });
  table_->set_exists(true);
  made_table_ = true;
}

// An Alembic that has made the table and not yet committed is waited for inside CREATE TABLE, and
// when it commits IF NOT EXISTS does not save ours.
void Executor::create_table() {
  session_->query("SELECT pg_catalog.set_config('lock_timeout', '1s', true)");
  try {
    session_->execute(table_->create_sql());
    session_->execute("RESET lock_timeout");
  } catch (const pg::SqlError& error) {
    const std::string& state = error.sqlstate;
    if (state == "55P03" || state == "23505" || state == "42P07") throw Busy{};
    throw advised(error);
  }
}

// The first revision failed: the database shall be as before.
void Executor::take_back_version_table() {
  if (!std::exchange(made_table_, false)) return;
  try {
    // What a section left half-way stands on this very table: dropped, it would be doubtful.
    if (has_log_ && !log_->marks(*session_).empty()) return;
    session_->transaction([&](pg::Session& session) {
      lock_table();
      if (read_table().empty()) session.execute("DROP TABLE " + table_->sql_name());
    });
    table_->set_exists(false);
  } catch (const Error&) {
    // An empty version table means the same as none.
  } catch (const Busy&) {
  } catch (const Gone&) {
  }
}

}  // namespace pgseed::migrate
