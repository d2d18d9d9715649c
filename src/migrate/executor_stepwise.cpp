// Sections with transaction:false. What is finished is logged statement by statement; what can run
// in a transaction does so together with its log entry, so that it happens exactly once whenever
// the process dies.
#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/digest.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/concurrent_index.hpp"
#include "pgseed/migrate/executor.hpp"
#include "pgseed/migrate/local_setting.hpp"

namespace pgseed::migrate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// From an Alembic's last statement to its row in the version table.
constexpr milliseconds kAlembicPause{1'000};

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

// -- pgseed:noparse
bool is_sent_as_it_stands(const ScriptStatement& statement, const Section& section) {
  return statement.kind == sql::StatementKind::unknown && statement.sql == section.text;
}

// A DO block, a procedure and a section sent as it stands can COMMIT on their
// own: where they fail or are lost, nobody knows how much of them stands.
bool commits_by_itself(const ScriptStatement& statement, const Section& section) {
  if (statement.block != 0) return false;
  if (is_sent_as_it_stands(statement, section)) return true;
  sql::Cursor cursor = sql::cursor_over(statement.sql);
  return sql::accept_word(cursor, "DO") || sql::accept_word(cursor, "CALL");
}

// Sent as it stands, with what may end the transaction around it.
bool ends_transactions(const ScriptStatement& statement, const Section& section) {
  if (!is_sent_as_it_stands(statement, section)) return false;
  const std::string lower = to_lower(statement.sql);
  static constexpr std::array<std::string_view, 5> kWords = {"commit", "end", "rollback", "abort",
                                                             "prepare"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

constexpr const char* kBlockHint =
    "look what stands of it; then finish the section by hand and pgseed migrate stamp, or undo all "
    "of it by hand and pgseed migrate repair";

// What the section has SET for its session. It is kept here and not in the session: a run that goes
// on behind a SET needs it as well, the next revision must not see it, and behind a transaction
// pooler the next statement may meet another session.
class Settings {
 public:
  void note(const std::string& statement) {
    if (as_local(statement) != statement) statements_.push_back(statement);
    if (is_reset_all(statement)) statements_.clear();
  }
  const std::vector<std::string>& statements() const { return statements_; }

 private:
  static bool is_reset_all(const std::string& statement) {
    sql::Cursor cursor = sql::cursor_over(statement);
    const bool is_reset = sql::accept_word(cursor, "RESET") || sql::accept_word(cursor, "DISCARD");
    return is_reset && sql::accept_word(cursor, "ALL");
  }

  std::vector<std::string> statements_;
};

}  // namespace

void Executor::run_stepwise(const Prepared& prepared) {
  if (!has_log_ && options_.log) {
    session_->transaction([&](pg::Session&) { make_log(); });
  }
  // One connection for all attempts, however long they poll.
  if (!guard_) guard_ = std::make_unique<pg::Session>(database_url_);
  bool finished = false;
  try {
    guard_->transaction([&](pg::Session& session) {
      take_advisory_lock(session);
      require_rows(prepared.step.before);
      announce(prepared);
      run_steps(prepared);
      finished = true;
    });
  } catch (const pg::ConnectionLost&) {
    guard_.reset();
    if (!finished) throw;  // the guard has nothing to commit
  }
  guard_.reset();
  made_table_ = false;
}

// The section's row in the log.
std::optional<Unfinished> Executor::open_log(const Prepared& prepared) {
  if (!has_log_) return std::nullopt;
  std::optional<Unfinished> row;
  session_->transaction([&](pg::Session& session) {
    row = log_->open(session, *prepared.revision, prepared.step.direction);
    if (!row) throw Busy{};
    require_rows(prepared.step.before);
    settle_half_way(*prepared.plan);
  });
  return row;
}

void Executor::run_steps(const Prepared& prepared) {
  const std::vector<ScriptStatement>& statements = prepared.statements;
  std::size_t next = 0;
  bool was_running = false;
  std::optional<std::int64_t> log_id;
  if (const auto row = open_log(prepared)) {
    next = static_cast<std::size_t>(row->steps);
    was_running = row->was_running;
    log_id = row->id;
    const bool same = next <= statements.size() &&
                      (next == 0 || row->steps_sha256 == steps_checksum(statements, next));
    if (!same) {
      throw Error(ErrorKind::input,
                  text("revision ", prepared.revision->id, " stopped after ", next,
                       " statements, and these were changed in the file since"),
                  text(prepared.section->path, ':', prepared.section->line),
                  "put them back as they were, or finish or undo the section by hand, then "
                  "pgseed migrate repair");
    }
    if (row->in_block) {
      if (next < statements.size()) {  // what is looked at shall stand still
        wait_for_orphan(statements[next], steady_clock::now() + options_.lock_wait);
      }
      throw Error(ErrorKind::rows,
                  text("revision ", prepared.revision->id, " stopped within statement ", next + 1,
                       ", which can COMMIT by itself: how much of it stands is not known"),
                  text(prepared.section->path, ':',
                       next < statements.size() ? statements[next].line : prepared.section->line),
                  kBlockHint);
    }
    if (next > 0) {
      observer_.note(text("going on after statement ", next, " of ", statements.size()));
    }
  }
  bool ran_some = next > 0;  // in this run or before it
  begin_timeout(*prepared.section);
  Settings settings;
  for (std::size_t index = 0; index < next; ++index) settings.note(statements[index].sql);
  try {
    while (next < statements.size()) {
      stop_if_asked();
      guard_->query("SELECT 1");  // without it another run could have begun the same
      const std::size_t end = unit_end(statements, next);
      const auto note_done = [&] {
        // Busy: the last COMMIT of a run that was killed has come through meanwhile.
        if (log_id && !log_->note_step(*session_, *log_id, static_cast<int>(next),
                                       static_cast<int>(end), steps_checksum(statements, end))) {
          throw Busy{};
        }
      };
      const ScriptStatement& statement = statements[next];
      const bool alone = statement.block == 0 && (must_run_alone(statement.sql) ||
                                                  ends_transactions(statement, *prepared.section));
      bool done = false;
      if (!alone) {
        try {
          session_->transaction([&](pg::Session& session) {
            set_timeouts(&prepared.section->options);
            for (const std::string& setting : settings.statements()) {
              session.execute(as_local(setting));
            }
            for (std::size_t index = next; index < end; ++index) {
              ScriptStatement local = statements[index];
              local.sql = as_local(local.sql);
              limit_statement(true);
              execute(local, prepared);
            }
            if (!settings.statements().empty() ||
                has_settings(std::span(statements).subspan(next, end - next))) {
              take_back_role();
            }
            note_done();
          });
          done = ran_some = true;
        } catch (const pg::SqlError& error) {
          // Not in a transaction block; COMMIT inside a DO block. Nothing of it was kept.
          const bool wants_none = error.sqlstate == "25001" || error.sqlstate == "2D000";
          if (!wants_none || statement.block != 0) throw;
        }
      }
      if (!done) {
        const bool is_block = commits_by_itself(statement, *prepared.section);
        if (log_id && !log_->note_running(*session_, *log_id, static_cast<int>(next), is_block)) {
          throw Busy{};
        }
        block_began_ = is_block;
        if (run_alone(statement, prepared, settings.statements(), was_running)) ran_some = true;
        note_done();
        block_began_ = false;
      }
      was_running = false;
      for (; next < end; ++next) settings.note(statements[next].sql);
    }
    finish_stepwise(prepared, log_id);
  } catch (const Moved& moved) {
    if (ran_some) require_run_once(prepared, next, log_id, moved);
    throw;
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

// Without a transaction that settings could be local to, they are the session's for as long as the
// statement runs. Through a transaction pooler another client may meet them meanwhile, so there are
// none but those that the section asks for.
bool Executor::run_alone(const ScriptStatement& statement, const Prepared& prepared,
                         const std::vector<std::string>& settings, bool was_running) {
  const SectionOptions& wanted = prepared.section->options;
  std::string undo;
  const auto set = [&](const std::string& setting) {
    undo += undo_of(setting) + ';';
    session_->execute(setting);
  };
  const auto set_option = [&](const char* name, const std::optional<std::string>& value) {
    if (value) set(text("SET ", name, " = ", session_->literal(*value)));
  };
  const auto reset = [&] {
    if (!undo.empty()) session_->execute(undo);
  };
  bool ran = false;
  try {
    set_option("lock_timeout", wanted.lock_timeout);
    set_option("statement_timeout", wanted.statement_timeout);
    for (const std::string& setting : settings) set(setting);
    if (limit_statement(false)) undo += "RESET statement_timeout;";
    ran = run_unless_done(statement, prepared, was_running);
  } catch (pg::ConnectionLost& lost) {
    // It had no transaction that could have been rolled back.
    lost.hint = block_began_ ? kBlockHint
                             : "the statement may have taken effect; the next run looks, and goes "
                               "on from there";
    if (block_began_) lost.kind = ErrorKind::rows;
    throw;
  } catch (pg::SqlError& error) {
    if (block_began_) {
      error.kind = ErrorKind::rows;
      error.message += "; the statement can COMMIT by itself, and part of its work may stand";
      error.hint = kBlockHint;
    }
    reset();
    throw;
  } catch (...) {
    reset();
    throw;
  }
  reset();
  return ran;
}

bool Executor::run_unless_done(const ScriptStatement& statement, const Prepared& prepared,
                               bool was_running) {
  // Of this statement: those before it may have taken longer than anybody waits.
  const auto deadline = steady_clock::now() + options_.lock_wait;
  for (;;) {
    if (was_running) wait_for_orphan(statement, deadline);
    const bool waited = wait_for_builder(statement, prepared, deadline);
    const bool was_done = took_effect(*session_, statement.sql);
    if (was_done && (was_running || waited)) return false;
    try {
      // IF NOT EXISTS would pass over an index that an earlier attempt left invalid.
      drop_invalid_index(*session_, statement.sql);
      execute(statement, prepared);
      return true;
    } catch (const pg::SqlError& error) {
      // An Alembic that came to the same statement meanwhile, as nothing shuts it out here: the
      // index is there or gone already, or each of us waited for the other.
      const bool collided =
          error.sqlstate == "42P07" || error.sqlstate == "42704" || error.sqlstate == "40P01";
      // One that had its effect before us writes its row soon, or it is nobody's.
      if (collided && was_done) wait_for_rows(prepared);
      if (!collided || was_done || steady_clock::now() >= deadline) throw;
      const bool is_done = took_effect(*session_, statement.sql);
      if (!is_done && !other_builder(*session_, statement.sql)) throw;
      was_running = true;
    }
  }
}

// A process that was killed leaves its server process at work until the statement ends.
void Executor::wait_for_orphan(const ScriptStatement& statement,
                               steady_clock::time_point deadline) {
  constexpr int kCompared = 200;  // the server keeps the first kilobyte
  bool told = false;
  for (;;) {
    const auto rows = session_->query(text(
        "SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname = "
        "pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND state = "
        "'active' AND pg_catalog.left(query, ",
        kCompared, ") = pg_catalog.left(", session_->literal(statement.sql), ", ", kCompared, ')'));
    if (rows.empty()) return;
    if (steady_clock::now() >= deadline) {
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

// True if there was one. What it builds may be the very index of the statement, and then the rows
// will say soon that the revision is done.
bool Executor::wait_for_builder(const ScriptStatement& statement, const Prepared& prepared,
                                steady_clock::time_point deadline) {
  bool waited = false;
  while (const auto pid = other_builder(*session_, statement.sql)) {
    if (steady_clock::now() >= deadline) return waited;  // then the server does the waiting
    if (!std::exchange(waited, true)) {
      observer_.note(text("waiting for another session at work on the same table, pid ", *pid));
    }
    interrupt::pause(kPollInterval);
  }
  if (waited) wait_for_rows(prepared);
  return waited;
}

// Leaves with Moved as soon as another migration has written that this step is done.
void Executor::wait_for_rows(const Prepared& prepared) {
  for (const auto end = steady_clock::now() + kAlembicPause; steady_clock::now() < end;) {
    require_rows(prepared.step.before);
    interrupt::pause(kPollInterval);
  }
}

void Executor::finish_stepwise(const Prepared& prepared, std::optional<std::int64_t> log_id) {
  // The guard stays; only an Alembic or a reader could hold the table now.
  deadline_ = steady_clock::now() + options_.lock_wait;
  until_done([&] {
    if (!table_->exists()) throw Moved{};
    session_->transaction([&](pg::Session& session) {
      lock_table();
      require_rows(prepared.step.before);
      write_rows(prepared.step.changes);
      if (log_id) log_->finish(session, *log_id);
      session.execute("NOTIFY pgrst, 'reload schema'");
    });
  });
}

// An Alembic takes no lock of ours and looks at the version table only when it begins and at its
// end. Where its row came first, all of the section ran beside what we ran of it.
void Executor::require_run_once(const Prepared& prepared, std::size_t steps,
                                std::optional<std::int64_t> log_id, const Moved& moved) {
  const bool is_up = prepared.step.direction == Direction::up;
  const bool is_applied = applied(graph_, read_rows(graph_, moved.rows)).has(prepared.step.node);
  if (is_applied != is_up) return;  // the rows went elsewhere, and are planned for
  // Or a COMMIT of ours stands after all.
  if (reconnected_ && (!log_id || log_->is_finished(*session_, *log_id))) return;
  if (log_id) log_->end_mark(*session_, *log_id, "another tool ran the section at the same time");
  const std::string which =
      steps == 1 ? std::string("statement 1") : text("statements 1 to ", steps);
  throw Error(
      ErrorKind::rows,
      text("another tool has ", is_up ? "applied" : "taken down", " revision ",
           prepared.revision->id, " at the same time: ", which, " of ", prepared.statements.size(),
           " may have run twice"),
      text(prepared.section->path, ':', prepared.section->line - 1),
      text("its row is written, so the revision counts as ", is_up ? "applied" : "taken down",
           ": look for what is there twice, mend it by hand, then run this command again"));
}

}  // namespace pgseed::migrate
