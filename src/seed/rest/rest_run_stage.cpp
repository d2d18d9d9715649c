#include "pgseed/seed/rest/rest_run.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::seed {

void RestRun::make_stage() {
  Stage::Setup setup;
  setup.options = &options_;
  setup.database_url = services_.database_url;
  setup.transport = services_.transport;
  setup.endpoint = &connection_.endpoint;
  setup.tally = &tally_;
  setup.observer = services_.observer;
  setup.note = [this](const std::string& line) { note(line); };
  if (options_.deadline) setup.deadline = started_ + *options_.deadline;
  setup.work = inputs_.work();
  setup.uses_staged = inputs_.rows_come_the_same();
  setup.repeatable = inputs_.all_repeatable();
  stage_ = std::make_unique<Stage>(setup);
}

// Staging tables know no references: the order of tables counts when rows are moved.
void RestRun::open_stage() {
  std::vector<RunTable*> targets;
  for (const OrderedTable& each : plan_.tables) {
    RunTable& table = tables_->table(each.name);
    table.pass = 0;
    table.parents.clear();
    require_key(table);
    targets.push_back(&table);
  }
  plan_.order.passes = 1;
  stage_->open(targets);
}

void RestRun::require_key(const RunTable& table) {
  const bool resolves = options_.mode == Mode::upsert || options_.mode == Mode::ignore;
  if (!resolves || !table.key.empty() || table.model == nullptr) return;
  throw Error(ErrorKind::refused,
              text("the table ", to_sql(table.name), " has no primary key: ", name(options_.mode),
                   " would insert every row again"),
              "",
              "give it a primary key, or name the columns of a unique constraint with "
              "--on-conflict");
}

void RestRun::finish_stage() {
  constexpr int kMostLosses = 10;
  for (int losses = 0;; ++losses) {
    try {
      return move_into_place();
    } catch (const StagedRowsLost&) {
      if (losses == kMostLosses) {
        throw Error(ErrorKind::unreachable, "the server lost the staged rows again and again", "",
                    "see why PostgreSQL restarts, then run again");
      }
    }
    services_.observer->note(0, "the server has lost staged rows; they are sent again");
    tally_.start_again();
    for (const auto& table : tables_->all()) table->seen = 0;
    stage_->start_again();
    load();
  }
}

void RestRun::move_into_place() {
  if (sender_->ended() || interrupt::signal_number() != 0) return;
  const auto in_doubt = [](const TableReport& table) { return table.counts.in_doubt > 0; };
  if (std::any_of(tally_.tables().begin(), tally_.tables().end(), in_doubt)) {
    throw Error(ErrorKind::unreachable, "it is not known whether all rows are staged", "",
                "run again: rows that are there are not sent again");
  }
  std::vector<TableName> parents_first = plan_.children_first();
  std::reverse(parents_first.begin(), parents_first.end());
  stage_->move(parents_first, report.sequences);
  is_moved_ = true;
}

// Rows that were not moved are in no table. What was staged is kept where another run can go on
// with it.
void RestRun::give_stage_up() {
  if (is_moved_ || stage_->was_moved()) return;
  if (stage_->in_doubt()) return tally_.doubt_all();
  tally_.undo();
  report.is_unchanged = true;
  const std::optional<Error>& error = report.error ? report.error : sender_->error();
  const bool goes_on =
      interrupt::signal_number() != 0 || (error && error->kind == ErrorKind::unreachable);
  if (!goes_on) stage_->discard();
  note(goes_on ? "no table was changed; what is staged waits for the same command to go on"
               : "no table was changed: with --atomic all rows are stored, or none");
}

}  // namespace pgseed::seed
