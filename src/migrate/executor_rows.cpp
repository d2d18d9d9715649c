// Rows that are set without running anything.
#include "pgseed/migrate/executor.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"

namespace pgseed::migrate {
namespace {

using std::chrono::steady_clock;

}  // namespace

std::vector<RowChange> Executor::rewrite_rows(
    const std::function<std::vector<std::string>(const AppliedRows&)>& wanted,
    const std::function<void(const AppliedRows&, const AppliedRows&)>& then) {
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
      const AppliedRows now = read_rows(graph_, after);
      if (has_log_ && (!changes.empty() || !applied_by_log_only(now).empty())) {
        log_->add_stamp(session, join(after));
      }
      if (then) then(before, now);
    });
  });
  return changes;
}

std::vector<std::string> Executor::applied_by_log_only(const AppliedRows& rows) {
  std::vector<std::string> ids;
  if (!has_log_) return ids;
  const NodeSet is = applied(graph_, rows);
  for (std::string& id : log_->applied(*session_)) {
    const auto node = graph_.find(id);
    if (node && !is.has(*node)) ids.push_back(std::move(id));
  }
  return ids;
}

std::vector<RowChange> Executor::stamp(const std::vector<std::string>& targets, bool purge) {
  return rewrite_rows(
      [&](const AppliedRows& before) { return stamped_rows(graph_, before, targets, purge); },
      [&](const AppliedRows& before, const AppliedRows& after) {
        if (has_log_) forget_declared(before, after);
      });
}

std::vector<std::string> Executor::repair() {
  std::vector<std::string> report;
  const std::vector<std::string> lost = applied_by_log_only(rows());
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
  if (!lost.empty()) report.push_back("took the version table's word: not applied: " + join(lost));
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
