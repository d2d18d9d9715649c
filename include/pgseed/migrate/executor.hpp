#pragma once
// Runs plans against a database: the only writer of the version table.
//
// An ordinary revision is one transaction:
//   BEGIN; timeouts (SET LOCAL); try the advisory lock; lock the version table; read its rows and
//   plan again if they moved; the section's statements; the row changes; the log; NOTIFY pgrst;
//   COMMIT
// Both locks are polled, never waited for: a session that waits inside a transaction holds a
// snapshot, for which CREATE INDEX CONCURRENTLY in another session would wait in turn (measured:
// until the holder let go). ACCESS EXCLUSIVE on the table shuts out an unmodified Alembic, too.
//
// A transaction:false section runs statement by statement while a second connection, the guard,
// holds the advisory lock in an idle READ COMMITTED transaction. Each finished statement is logged,
// so that the next run goes on where this one stopped.
//
// Only transaction-scoped locks and settings are used, so transaction poolers are fine; with a
// transaction:false section the pool needs two server connections.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "pgseed/migrate/half_way.hpp"
#include "pgseed/migrate/migration_log.hpp"
#include "pgseed/migrate/plan.hpp"
#include "pgseed/migrate/script.hpp"
#include "pgseed/migrate/version_table.hpp"
#include "pgseed/pg/cancel.hpp"
#include "pgseed/pg/session.hpp"

namespace pgseed::migrate {

// A waiting poller costs the server next to nothing, and the holder is not delayed (0.2 s were
// measured).
inline constexpr std::chrono::milliseconds kPollInterval{200};

struct ExecutorOptions {
  VersionTableName version_table;
  bool single_transaction = false;  // all or nothing, as Alembic does
  bool dry_run = false;             // the same, and rolled back
  bool log = true;
  // How long to poll for the locks, and to repeat a revision that ran into a lock timeout, a
  // deadlock or a serialization failure.
  std::chrono::milliseconds lock_wait{60'000};
  // For statements whose section says nothing; as PostgreSQL takes them, empty: the server's own.
  std::string lock_timeout = "5s";
  std::string statement_timeout;
  VariableLookup variables;
  // Lets Alembic run a revision that only it can run, told by alembic_words(); unset: refused.
  // Throws when that fails.
  std::function<void(const std::vector<std::string>& words)> delegate;
  std::string alembic = "alembic";  // how people call it here, for hints
};

// Told what happens while it happens.
class ExecutorObserver {
 public:
  virtual ~ExecutorObserver() = default;
  virtual void step_begins(const Step& step) = 0;
  virtual void note(const std::string& line) = 0;
};

class Executor {
 public:
  using Planner = std::function<Plan(const AppliedRows& rows)>;

  // Connects. The graph and the observer must outlive the executor. Throws as pg::Session.
  Executor(const std::string& database_url, const Graph& graph, ExecutorOptions options,
           ExecutorObserver& observer);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // The rows as they are; creates nothing. Throws Error{unreachable} when another migration has the
  // table locked for longer than lock_wait.
  AppliedRows rows();

  // Runs what the target needs; returns the steps that this run did. A target is settled against
  // the rows at the start; when another process moves them meanwhile, only what is still missing is
  // done. Throws: Error{input} (target, rows, a section that is missing, irreversible or broken)
  // before anything ran, Error{unreachable} when a lock was not obtained in time, pg::SqlError with
  // the place in the file, Error{refused} at a revision that only Alembic can run, Error{rows}
  // because of a section that stopped half-way (half_way.hpp), or where another tool ran the same
  // section at the same time, Interrupted. Steps that were committed before stay.
  Plan upgrade(const std::string& target);
  // abandon_halves: what sections on their way up have left of themselves is not asked about.
  Plan downgrade(const std::string& target, bool abandon_halves = false);

  // The same for any plan: made from the rows, and made again when they moved.
  Plan run(const Planner& planner, Intent intent = {});

  // Sections that stopped half-way and are not over; none while another run is at work.
  std::vector<HalfWay> half_way();
  // Applied as far as the log knows, but not by these rows: somebody else took them down, or the
  // version table lost its rows.
  std::vector<std::string> applied_by_log_only(const AppliedRows& rows);

  // Sets the rows without running anything; returns what changed. A section that stopped half-way
  // is forgotten where its revision, or one on which it stands, is declared done or undone.
  std::vector<RowChange> stamp(const std::vector<std::string>& targets, bool purge);
  // Takes out rows that others imply, forgets sections that stopped half-way, takes the files'
  // checksums for what is applied, and the version table's word for that; returns what it did, a
  // line each.
  std::vector<std::string> repair();
  void ensure_version_table();
  // Drops the version table and this table's part of the log.
  void drop_version_table();

  pg::Session& session() { return *session_; }
  const VersionTable& table() const { return *table_; }
  const MigrationLog& log() const { return *log_; }
  bool has_log() const { return has_log_; }

 private:
  // A step with what it sends.
  struct Prepared {
    Step step;
    const Revision* revision = nullptr;
    const Section* section = nullptr;  // nullptr: only Alembic can run it
    std::vector<ScriptStatement> statements;
    const Plan* plan = nullptr;  // which this step is the first of
  };
  // Thrown by an attempt, within this class only: somebody else has the lock; the rows are not
  // those that the plan was made for.
  struct Busy {};
  struct Moved {
    std::vector<std::string> rows;
  };
  struct Gone {};  // the version table was dropped meanwhile

  Plan run_as_one(const Planner& planner);
  void connect();
  Prepared prepare(const Step& step) const;
  void check(const Plan& plan) const;
  static void stop_if_asked();
  // Repeats the attempt while it is Busy or fails for a reason that passes.
  void until_done(
      const std::function<void()>& attempt,
      const std::function<bool()>& may_repeat = [] { return true; });

  // executor_step.cpp: one revision in one transaction, and what every step needs.
  void announce(const Prepared& prepared);
  void run_delegated(const Prepared& prepared);
  void run_in_transaction(const Prepared& prepared);
  void execute_all(const Prepared& prepared);
  void execute(const ScriptStatement& statement, const Prepared& prepared);
  void set_timeouts(const SectionOptions* section);
  void begin_timeout(const Section& section);
  bool limit_statement(bool is_local);
  static bool has_settings(std::span<const ScriptStatement> statements);
  void take_back_role();
  void take_back_settings(const Prepared& prepared);
  void write_rows(const std::vector<RowChange>& changes);
  void make_log();
  void log_failure(const Prepared& prepared, const pg::SqlError& error);

  // executor_stepwise.cpp: transaction:false.
  void run_stepwise(const Prepared& prepared);
  void run_steps(const Prepared& prepared);
  std::optional<Unfinished> open_log(const Prepared& prepared);
  // Both: false if it turned out to have been done already.
  bool run_alone(const ScriptStatement& statement, const Prepared& prepared,
                 const std::vector<std::string>& settings, bool was_running);
  bool run_unless_done(const ScriptStatement& statement, const Prepared& prepared,
                       bool was_running);
  void wait_for_orphan(const ScriptStatement& statement,
                       std::chrono::steady_clock::time_point deadline);
  bool wait_for_builder(const ScriptStatement& statement, const Prepared& prepared,
                        std::chrono::steady_clock::time_point deadline);
  void wait_for_rows(const Prepared& prepared);
  void finish_stepwise(const Prepared& prepared, std::optional<std::int64_t> log_id);
  void require_run_once(const Prepared& prepared, std::size_t steps,
                        std::optional<std::int64_t> log_id, const Moved& moved);

  // executor_half_way.cpp. Behind the advisory lock, as the section of a run that is under way is
  // not half-way.
  std::vector<HalfWay> judge_half_way();
  // Ends the marks that are over; throws what stands against the plan.
  void settle_half_way(const Plan& plan);
  void settle_without_steps();
  void forget_declared(const AppliedRows& before, const AppliedRows& after);

  // executor_locks.cpp. Each throws Busy instead of waiting, and Gone where there is no table.
  void take_advisory_lock(pg::Session& session);
  void lock_table();
  std::vector<std::string> read_table();
  [[noreturn]] static void rethrow_lock_failure(const pg::SqlError& error);
  void require_rows(const std::vector<std::string>& expected);
  std::string lock_holder();
  void make_version_table();
  void create_table();
  void take_back_version_table();

  // executor_rows.cpp.
  // then: in the same transaction, with the rows before and after.
  std::vector<RowChange> rewrite_rows(
      const std::function<std::vector<std::string>(const AppliedRows&)>& wanted,
      const std::function<void(const AppliedRows&, const AppliedRows&)>& then = {});

  std::string database_url_;
  const Graph& graph_;
  ExecutorOptions options_;
  ExecutorObserver& observer_;
  std::unique_ptr<pg::Session> session_;
  std::unique_ptr<pg::CancelOnInterrupt> cancel_;  // of session_, so gone before it
  std::unique_ptr<pg::Session> guard_;             // while a transaction:false section runs
  std::optional<VersionTable> table_;
  std::optional<MigrationLog> log_;
  bool has_log_ = false;
  bool made_table_ = false;            // by this run
  bool reconnected_ = false;           // in this step, after a COMMIT in doubt
  bool announced_ = false;             // the step at hand
  bool block_began_ = false;           // in this step: a statement that can COMMIT by itself
  Intent intent_;                      // of the run at hand
  std::set<std::int64_t> told_marks_;  // of the log
  std::optional<std::chrono::steady_clock::time_point> section_end_;  // by its option timeout
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace pgseed::migrate
