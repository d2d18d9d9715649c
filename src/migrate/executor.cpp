#include "pgseed/migrate/executor.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lines.hpp"
#include "pgseed/migrate/local_setting.hpp"
#include "pgseed/migrate/sql_failure.hpp"

namespace pgseed::migrate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A waiting poller costs the server next to nothing, and the holder is not delayed (measured: 0.2
// s).
constexpr milliseconds kPollInterval{200};
// Before a revision that ran into a lock timeout is tried again.
constexpr milliseconds kRepeatPause{500};

// What passes by itself: a lock timeout, a serialization failure, a deadlock.
bool is_passing(const std::string& sqlstate) {
  return sqlstate == "55P03" || sqlstate == "40001" || sqlstate == "40P01";
}

// Two first runs at once, one of them Alembic: CREATE TABLE IF NOT EXISTS is not free of races.
bool is_creation_race(const std::string& sqlstate) {
  return sqlstate == "23505" || sqlstate == "42P07";
}

void stop_if_asked() {
  if (interrupt::signal_number() != 0) throw Interrupted{};
}

std::string advisory_key(const pg::Session& session, const VersionTable& table) {
  return text(
      "pg_catalog.hashtextextended('pgseed migrate ' || pg_catalog.current_database() || ' ' "
      "|| ",
      session.literal(table.sql_name()), ", 0)");
}

// Ends a transaction without an error.
struct RollBack {};

}  // namespace

Executor::Executor(const std::string& database_url, const Graph& graph, ExecutorOptions options,
                   ExecutorObserver& observer)
    : database_url_(database_url),
      graph_(graph),
      options_(std::move(options)),
      observer_(observer) {
  connect();
}

Executor::~Executor() = default;

void Executor::connect() {
  cancel_.reset();
  session_ = std::make_unique<pg::Session>(database_url_);
  cancel_ = std::make_unique<pg::CancelOnInterrupt>(*session_);
  table_.emplace(*session_, options_.version_table);
  log_.emplace(table_->sql_name());
  has_log_ = options_.log && table_->has_log();
}

AppliedRows Executor::rows() {
  if (session_->in_transaction()) return read_rows(graph_, read_table());
  deadline_ = steady_clock::now() + options_.lock_wait;
  std::vector<std::string> values;
  until_done([&] { values = read_table(); });
  return read_rows(graph_, values);
}

std::vector<std::string> Executor::read_table() {
  try {
    return table_->read(*session_);
  } catch (const pg::SqlError& error) {
    rethrow_lock_failure(error);
  }
}

Plan Executor::upgrade(const std::string& target) {
  const AppliedRows before = rows();
  require_sound_rows(graph_, before);
  const UpgradeGoal goal = upgrade_goal(graph_, before, target);
  return run([&](const AppliedRows& now) { return plan_upgrade(graph_, now, goal); });
}

Plan Executor::downgrade(const std::string& target) {
  const AppliedRows before = rows();
  require_sound_rows(graph_, before);
  const DowngradeGoal goal = downgrade_goal(graph_, before, target);
  return run([&](const AppliedRows& now) { return plan_downgrade(graph_, now, goal); });
}

// --- plans

Executor::Prepared Executor::prepare(const Step& step) const {
  Prepared prepared;
  prepared.step = step;
  prepared.revision = &graph_[step.node];
  const Revision& revision = *prepared.revision;
  const auto& section = step.direction == Direction::up ? revision.upgrade : revision.downgrade;
  if (section && !section->options.irreversible) {
    prepared.section = &*section;
    prepared.statements = split_section(*section, options_.variables);
  }
  return prepared;
}

// Everything that can be known beforehand is said before the first revision runs.
void Executor::check(const Plan& plan) const {
  for (const Step& step : plan) {
    const Revision& revision = graph_[step.node];
    const bool up = step.direction == Direction::up;
    const auto& section = up ? revision.upgrade : revision.downgrade;
    if (revision.format == FileFormat::alembic && !revision.upgrade) {
      if (options_.single_transaction || options_.dry_run) {
        throw Error(ErrorKind::refused,
                    text("revision ", revision.id,
                         " can only be run by Alembic, in a transaction "
                         "of its own"),
                    revision.path, "run it without --single-transaction and --dry-run");
      }
      continue;  // what comes before it is done first
    }
    if (!section || section->options.irreversible) {
      throw Error(ErrorKind::input,
                  section ? text("revision ", revision.id, " is irreversible")
                          : text("revision ", revision.id, " has no downgrade section"),
                  section ? text(section->path, ':', section->line - 1) : revision.path,
                  "there is no way back by migration: restore a backup, or write the downgrade "
                  "section");
    }
    if (!section->options.transaction && (options_.single_transaction || options_.dry_run)) {
      throw Error(ErrorKind::usage,
                  text("revision ", revision.id,
                       " has transaction:false and cannot be part of one transaction"),
                  text(section->path, ':', section->line - 1),
                  "run it without --single-transaction and --dry-run");
    }
    prepare(step);
  }
}

Plan Executor::run(const Planner& planner) {
  Plan plan = planner(rows());
  check(plan);
  Plan done;
  if (plan.empty()) return done;
  if (options_.single_transaction || options_.dry_run) return run_as_one(planner);
  deadline_ = steady_clock::now() + options_.lock_wait;
  make_version_table();
  while (!plan.empty()) {
    stop_if_asked();
    const Prepared prepared = prepare(plan.front());
    deadline_ = steady_clock::now() + options_.lock_wait;
    try {
      announced_ = false;
      reconnected_ = false;
      const bool transactional =
          prepared.section == nullptr || prepared.section->options.transaction;
      until_done(
          [&] {
            make_version_table();  // unless it is there
            if (prepared.section == nullptr) {
              run_delegated(prepared);
            } else if (transactional) {
              run_in_transaction(prepared);
            } else {
              run_stepwise(prepared);
            }
          },
          // Without a log a section would begin anew.
          [&] { return transactional || has_log_; });
      done.push_back(prepared.step);
      plan.erase(plan.begin());
    } catch (const Moved& moved) {
      // Another process was faster, or a COMMIT of ours stands after all.
      if (moved.rows == prepared.step.after) {
        if (reconnected_) {
          done.push_back(prepared.step);
        } else {
          observer_.note("another process has done it");
        }
      }
      plan = planner(read_rows(graph_, moved.rows));
      check(plan);
    } catch (pg::SqlError& error) {
      if (error.where.empty() && error.sqlstate.starts_with("23") && prepared.section != nullptr) {
        error.where = prepared.section->path;
        error = advised(std::move(error));
        error.hint = "a deferred constraint is checked at the end of the section";
      }
      log_failure(prepared, error);
      take_back_version_table();
      throw;
    } catch (...) {
      take_back_version_table();
      throw;
    }
  }
  return done;
}

Plan Executor::run_as_one(const Planner& planner) {
  deadline_ = steady_clock::now() + options_.lock_wait;
  Plan done;
  const auto work = [&](pg::Session& session) {
    const auto started = std::chrono::system_clock::now();
    take_advisory_lock(session);
    if (!table_->exists()) create_table();
    table_->set_exists(true);
    lock_table();
    const Plan plan = planner(rows());
    check(plan);
    for (const Step& step : plan) {
      stop_if_asked();
      const Prepared prepared = prepare(step);
      observer_.step_begins(step);
      execute_all(prepared);
      if (!options_.dry_run) {  // the log's sequence would stay advanced
        make_log();
        if (has_log_) log_->add(session, *prepared.revision, step.direction, started);
      }
      take_back_settings(prepared);
      done.push_back(step);
    }
    session.execute("NOTIFY pgrst, 'reload schema'");
    if (options_.dry_run) throw RollBack{};
  };
  until_done([&] {
    done.clear();
    const bool existed = table_->exists();
    const bool had_log = has_log_;
    const auto as_before = [&] {
      table_->set_exists(existed);
      has_log_ = had_log;
    };
    try {
      session_->transaction(work);
    } catch (const RollBack&) {
      as_before();
    } catch (const pg::SqlError& error) {
      as_before();
      if (!existed && is_creation_race(error.sqlstate) && done.empty()) throw Busy{};
      throw;
    } catch (...) {
      as_before();
      throw;
    }
  });
  return done;
}

void Executor::until_done(const std::function<void()>& attempt,
                          const std::function<bool()>& may_repeat) {
  bool told = false;
  bool reconnected = false;
  for (;;) {
    try {
      attempt();
      return;
    } catch (const Busy&) {
      if (steady_clock::now() >= deadline_) {
        throw Error(ErrorKind::unreachable,
                    text("another migration has the lock on ", table_->sql_name(), lock_holder()),
                    {}, "wait until it is done, or longer with --lock-wait SECONDS");
      }
      if (!std::exchange(told, true)) {
        observer_.note(text("waiting for another migration", lock_holder()));
      }
      interrupt::pause(kPollInterval);
    } catch (const Gone&) {
      table_->set_exists(false);
    } catch (const pg::SqlError& error) {
      if (error.sqlstate == "57014" && interrupt::signal_number() != 0) throw Interrupted{};
      if (!may_repeat() || !is_passing(error.sqlstate) || steady_clock::now() >= deadline_) throw;
      if (!std::exchange(told, true)) {
        observer_.note(text("trying again: ", error.message));
      }
      interrupt::pause(kRepeatPause);
    } catch (const pg::ConnectionLost& lost) {
      // The rows tell whether the COMMIT stands.
      if (!lost.in_doubt || std::exchange(reconnected, true)) throw;
      connect();
      reconnected_ = true;
    }
  }
}

// --- one step

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
  const auto& limit = prepared.section->options.timeout;
  std::optional<steady_clock::time_point> end;
  if (limit) {
    const auto rows = session_->query(text("SELECT pg_catalog.date_part('epoch', interval ",
                                           session_->literal(*limit), ") * 1000"));
    end = steady_clock::now() + milliseconds(std::atoll(rows.front()[0]->c_str()));
  }
  for (const ScriptStatement& statement : prepared.statements) {
    stop_if_asked();
    if (end) {
      const auto left = std::chrono::duration_cast<milliseconds>(*end - steady_clock::now());
      session_->execute(
          text("SET LOCAL statement_timeout = ", std::max<long long>(1, left.count())));
    }
    execute(statement, prepared);
  }
  if (has_settings(prepared.statements)) take_back_role();
  write_rows(prepared.step.changes);
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
    throw placed(std::move(error), {prepared.section->path, statement.line,
                                    statement.from_copy ? 0 : statement.column});
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

// --- locks and rows

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

void Executor::write_rows(const std::vector<RowChange>& changes) {
  for (const RowChange& change : changes) table_->write(*session_, change);
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
    try {
      session_->transaction([&](pg::Session& session) {
        take_advisory_lock(session);
        create_table();
      });
    } catch (const pg::SqlError& error) {
      if (is_creation_race(error.sqlstate)) throw Busy{};
      throw;
    }
  });
  table_->set_exists(true);
  made_table_ = true;
}

// An Alembic that has made the table and not yet committed is waited for inside CREATE TABLE.
void Executor::create_table() {
  session_->query("SELECT pg_catalog.set_config('lock_timeout', '1s', true)");
  try {
    session_->execute(table_->create_sql());
    session_->execute("RESET lock_timeout");
  } catch (const pg::SqlError& error) {
    if (error.sqlstate == "55P03") throw Busy{};
    throw advised(error);
  }
}

// The first revision failed: the database shall be as before.
void Executor::take_back_version_table() {
  if (!std::exchange(made_table_, false)) return;
  try {
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

// --- rows without steps

std::vector<RowChange> Executor::rewrite_rows(
    const std::function<std::vector<std::string>(const AppliedRows&)>& wanted) {
  deadline_ = steady_clock::now() + options_.lock_wait;
  std::vector<RowChange> changes;
  wanted(rows());  // a wrong target fails before the table is made
  until_done([&] {
    make_version_table();  // unless it is there
    made_table_ = false;
    session_->transaction([&](pg::Session& session) {
      take_advisory_lock(session);
      lock_table();
      const AppliedRows before = rows();
      const std::vector<std::string> after = wanted(before);
      changes = row_changes(before.values(), after);
      write_rows(changes);
      if (changes.empty() || !has_log_) return;
      std::string list;
      for (const std::string& value : after) list += text(list.empty() ? "" : ", ", value);
      log_->add_stamp(session, list);
      // What is declared done or undone by hand is not half-way any more.
      const NodeSet was = applied(graph_, before);
      const NodeSet is = applied(graph_, read_rows(graph_, after));
      for (const std::string& id : log_->unfinished(session)) {
        const auto node = graph_.find(id);
        if (!node || was.has(*node) != is.has(*node)) log_->forget_unfinished(session, id);
      }
    });
  });
  return changes;
}

std::vector<RowChange> Executor::stamp(const std::vector<std::string>& targets, bool purge) {
  return rewrite_rows(
      [&](const AppliedRows& before) { return stamped_rows(graph_, before, targets, purge); });
}

std::vector<std::string> Executor::repair() {
  std::vector<std::string> report;
  const auto changes = rewrite_rows([&](const AppliedRows& before) {
    std::vector<std::string> kept = before.values();
    for (const std::string& redundant : redundant_rows(graph_, before)) {
      kept.erase(std::find(kept.begin(), kept.end(), redundant));
    }
    return kept;
  });
  for (const RowChange& change : changes) {
    report.push_back(text("removed row ", change.from, ", which another row implies"));
  }
  if (!has_log_) return report;
  for (const std::string& id : log_->unfinished(*session_)) {
    log_->forget_unfinished(*session_, id);
    report.push_back(text("forgot that revision ", id, " stopped half-way"));
  }
  const auto logged = log_->checksums(*session_);
  for (const Node node : applied(graph_, rows()).members()) {
    const Revision& revision = graph_[node];
    const auto known = logged.find(revision.id);
    if (known == logged.end() || !differs(revision, known->second)) continue;
    log_->accept(*session_, revision);
    report.push_back(text("took the file of revision ", revision.id, " as it is now"));
  }
  return report;
}

void Executor::ensure_version_table() {
  deadline_ = steady_clock::now() + options_.lock_wait;
  make_version_table();
  made_table_ = false;
}

void Executor::drop_version_table() {
  deadline_ = steady_clock::now() + options_.lock_wait;
  until_done([&] {
    session_->transaction([&](pg::Session& session) {
      take_advisory_lock(session);
      // Dropping all objects of its schema may have taken it along.
      table_.emplace(session, options_.version_table);
      if (table_->exists()) {
        lock_table();
        session.execute("DROP TABLE " + table_->sql_name());
      }
      if (table_->has_log()) log_->drop(session);
      session.execute("NOTIFY pgrst, 'reload schema'");
    });
  });
  table_->set_exists(false);
  has_log_ = false;
}

}  // namespace pgseed::migrate
