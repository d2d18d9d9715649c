#include "pgseed/migrate/executor.hpp"

#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/sql_failure.hpp"

namespace pgseed::migrate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Before a revision that ran into a lock timeout is tried again.
constexpr milliseconds kRepeatPause{500};

// What passes by itself: a lock timeout, a serialization failure, a deadlock.
bool is_passing(const std::string& sqlstate) {
  return sqlstate == "55P03" || sqlstate == "40001" || sqlstate == "40P01";
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

void Executor::stop_if_asked() {
  if (interrupt::signal_number() != 0) throw Interrupted{};
}

AppliedRows Executor::rows() {
  if (session_->in_transaction()) return read_rows(graph_, read_table());
  deadline_ = steady_clock::now() + options_.lock_wait;
  std::vector<std::string> values;
  until_done([&] { values = read_table(); });
  return read_rows(graph_, values);
}

Plan Executor::upgrade(const std::string& target) {
  const AppliedRows before = rows();
  require_sound_rows(graph_, before);
  const UpgradeGoal goal = upgrade_goal(graph_, before, target);
  return run([&](const AppliedRows& now) { return plan_upgrade(graph_, now, goal); },
             {.applied = goal.targets, .abandons_halves = false});
}

Plan Executor::downgrade(const std::string& target, bool abandon_halves) {
  const AppliedRows before = rows();
  require_sound_rows(graph_, before);
  const DowngradeGoal goal = downgrade_goal(graph_, before, target);
  Intent intent;
  intent.abandons_halves = abandon_halves;
  if (goal.target) intent.applied = {*goal.target};
  return run([&](const AppliedRows& now) { return plan_downgrade(graph_, now, goal); }, intent);
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

Plan Executor::run(const Planner& planner, Intent intent) {
  intent_ = std::move(intent);
  Plan plan = planner(rows());
  check(plan);
  Plan done;
  if (plan.empty()) {
    settle_without_steps();
    return done;
  }
  if (options_.single_transaction || options_.dry_run) return run_as_one(planner);
  deadline_ = steady_clock::now() + options_.lock_wait;
  make_version_table();
  while (!plan.empty()) {
    stop_if_asked();
    Prepared prepared = prepare(plan.front());
    prepared.plan = &plan;
    deadline_ = steady_clock::now() + options_.lock_wait;
    try {
      announced_ = false;
      reconnected_ = false;
      block_began_ = false;
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
          // Without a log a section would begin anew; a block that commits must not.
          [&] { return transactional || (has_log_ && !block_began_); });
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
    settle_half_way(plan);
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
      try {
        connect();
      } catch (const Error&) {
        throw lost;  // that it is unknown matters more
      }
      reconnected_ = true;
    }
  }
}

}  // namespace pgseed::migrate
