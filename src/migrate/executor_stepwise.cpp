// Sections with transaction:false. What is finished is logged statement by statement; what can run
// in a transaction does so together with its log entry, so that it happens exactly once whenever
// the process dies.
#include <algorithm>
#include <set>
#include <utility>

#include "pgseed/base/digest.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/concurrent_index.hpp"
#include "pgseed/migrate/executor.hpp"
#include "pgseed/migrate/sql_failure.hpp"

namespace pgseed::migrate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPollInterval{200};

// The first statements of the section, as the log remembers them.
std::string steps_checksum(const std::vector<ScriptStatement>& statements, std::size_t count) {
  std::string all;
  for (std::size_t index = 0; index < count; ++index) all += statements[index].sql + ";\n";
  return sha256_hex(all);
}

// A statement, or a block of the section's own BEGIN ... COMMIT.
std::size_t unit_end(const std::vector<ScriptStatement>& statements, std::size_t begin) {
  std::size_t end = begin + 1;
  if (statements[begin].block == 0) return end;
  while (end < statements.size() && statements[end].block == statements[begin].block) ++end;
  return end;
}

}  // namespace

void Executor::run_stepwise(const Prepared& prepared) {
  if (!has_log_ && options_.log) {
    session_->transaction([&](pg::Session&) { make_log(); });
  }
  pg::Session guard(database_url_);
  guard.transaction([&](pg::Session& session) {
    take_advisory_lock(session);
    require_rows(prepared.step.before);
    run_steps(prepared);
  });
  made_table_ = false;
  // What the section SET for its session shall not reach the next revision.
  const bool has_settings = std::any_of(prepared.statements.begin(), prepared.statements.end(),
                                        [](const ScriptStatement& statement) {
                                          return statement.kind == sql::StatementKind::session;
                                        });
  if (has_settings) connect();
}

void Executor::run_steps(const Prepared& prepared) {
  const std::vector<ScriptStatement>& statements = prepared.statements;
  std::size_t next = 0;
  bool was_running = false;
  std::optional<std::int64_t> log_id;
  if (has_log_) {
    const auto unfinished =
        log_->find_unfinished(*session_, prepared.revision->id, prepared.step.direction);
    if (unfinished) {
      next = static_cast<std::size_t>(unfinished->steps);
      was_running = unfinished->was_running;
      log_id = unfinished->id;
      const bool same = next <= statements.size() &&
                        (next == 0 || unfinished->steps_sha256 == steps_checksum(statements, next));
      if (!same) {
        throw Error(ErrorKind::input,
                    text("revision ", prepared.revision->id, " stopped after ", next,
                         " statements, and these were changed in the file since"),
                    text(prepared.section->path, ':', prepared.section->line),
                    "put them back as they were, or finish or undo the section by hand, then "
                    "pgseed migrate repair");
      }
      if (next > 0) {
        observer_.note(text("going on after statement ", next, " of ", statements.size()));
      }
    } else {
      log_id = log_->begin(*session_, *prepared.revision, prepared.step.direction);
    }
  }
  try {
    while (next < statements.size()) {
      if (interrupt::signal_number() != 0) throw Interrupted{};
      const std::size_t end = unit_end(statements, next);
      const auto note_done = [&] {
        if (log_id) {
          log_->note_step(*session_, *log_id, static_cast<int>(end),
                          steps_checksum(statements, end));
        }
      };
      const ScriptStatement& statement = statements[next];
      const bool alone = statement.block == 0 && must_run_alone(statement.sql);
      bool done = false;
      if (!alone) {
        try {
          session_->transaction([&](pg::Session&) {
            set_timeouts(&prepared.section->options);
            for (std::size_t index = next; index < end; ++index) {
              execute(statements[index], prepared);
            }
            note_done();
          });
          done = true;
        } catch (const pg::SqlError& error) {
          // Not in a transaction block; COMMIT inside a DO block. Nothing of it was kept.
          const bool wants_none = error.sqlstate == "25001" || error.sqlstate == "2D000";
          if (!wants_none || statement.block != 0) throw;
        }
      }
      if (!done) {
        bool finished_before = false;
        if (was_running) {
          wait_for_orphan(statement);
          finished_before = took_effect(*session_, statement.sql);
        }
        if (!finished_before) {
          if (log_id) log_->note_running(*session_, *log_id);
          run_alone(statement, prepared);
        }
        note_done();
      }
      was_running = false;
      next = end;
    }
    finish_stepwise(prepared, log_id);
  } catch (const pg::SqlError& error) {
    if (log_id) {
      try {
        log_->note_failure(*session_, *log_id, error.sqlstate, error.message);
      } catch (const Error&) {
        // The failure itself is what must be told.
      }
    }
    throw;
  }
}

void Executor::run_alone(const ScriptStatement& statement, const Prepared& prepared) {
  // IF NOT EXISTS would pass over an index that an earlier attempt left invalid.
  drop_invalid_index(*session_, statement.sql);
  const SectionOptions& wanted = prepared.section->options;
  std::string reset;
  // A setting of the session, as there is no transaction that it could be local to. Only where the
  // section asks for it: through a transaction pooler it would reach others.
  const auto set = [&](const char* name, const std::optional<std::string>& value) {
    if (!value) return;
    session_->query(
        text("SELECT pg_catalog.set_config('", name, "', ", session_->literal(*value), ", false)"));
    reset += text("RESET ", name, ';');
  };
  set("lock_timeout", wanted.lock_timeout);
  set("statement_timeout", wanted.statement_timeout);
  try {
    execute(statement, prepared);
  } catch (const pg::SqlError&) {
    if (!reset.empty()) session_->execute(reset);
    throw;
  }
  if (!reset.empty()) session_->execute(reset);
}

// A process that was killed leaves its server process at work until the statement ends.
void Executor::wait_for_orphan(const ScriptStatement& statement) {
  constexpr int kCompared = 200;  // the server keeps the first kilobyte
  bool told = false;
  for (;;) {
    const auto rows = session_->query(text(
        "SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname = "
        "pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND state = "
        "'active' AND pg_catalog.left(query, ",
        kCompared, ") = pg_catalog.left(", session_->literal(statement.sql), ", ", kCompared, ')'));
    if (rows.empty()) return;
    if (steady_clock::now() >= deadline_) {
      throw Error(ErrorKind::unreachable,
                  text("the statement of an earlier run is still at work, pid ", *rows[0][0]), {},
                  "wait until it ends, then run this command again");
    }
    if (!std::exchange(told, true)) {
      observer_.note(text("waiting for the statement of an earlier run, pid ", *rows[0][0]));
    }
    interrupt::pause(kPollInterval);
  }
}

void Executor::finish_stepwise(const Prepared& prepared, std::optional<std::int64_t> log_id) {
  // The guard stays; only an Alembic could hold the table now.
  until_done(
      [&] {
        session_->transaction([&](pg::Session& session) {
          lock_table();
          require_rows(prepared.step.before);
          write_rows(prepared.step.changes);
          if (log_id) log_->finish(session, *log_id);
          session.execute("NOTIFY pgrst, 'reload schema'");
        });
      },
      true);
}

}  // namespace pgseed::migrate
