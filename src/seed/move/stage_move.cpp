#include "pgseed/seed/move/stage.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"
#include "pgseed/seed/move/direct_transaction.hpp"
#include "pgseed/seed/move/move.hpp"
#include "pgseed/seed/move/only_these.hpp"
#include "pgseed/seed/move/sequences.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

std::uint64_t number_of(const std::optional<std::string>& field) {
  return field ? std::strtoull(field->c_str(), nullptr, 10) : 0;
}

}  // namespace

// What the staging tables hold is what was sent: by number and by the sum of the rows' numbers.
void Stage::compare_counts() {
  for (const auto& table : tables_) {
    const auto found = database_->query(text(
        "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(_pgseed_row), 0),"
        " pg_catalog.obj_description(",
        pg::to_literal(table->sql()), "::pg_catalog.regclass, 'pg_class') FROM ", table->sql()));
    const pg::Row& row = found.front();
    const std::string comment = row[2].value_or("");
    if (!is_of_run(comment, run_)) {
      throw Error(ErrorKind::storage,
                  text("another run has taken over the staging table ", table->sql()), "",
                  "let it finish; nothing was changed by this one");
    }
    table->staged = number_of(row[0]);
    const std::uint64_t rejected = setup_.tally->tables()[table->target->tally].counts.rejected;
    const bool same_sum = rejected > 0 || number_of(row[1]) == table->rows.sum();
    if (table->staged + rejected == table->rows.count() && same_sum) {
      continue;
    }
    if (table->staged + rejected < table->rows.count() && setup_.repeatable && rejected == 0) {
      throw StagedRowsLost{};
    }
    throw Error(
        ErrorKind::verification,
        text("the staging table of ", to_sql(table->target->name), " holds ", row[0].value_or("?"),
             " rows where ", table->rows.count(), " were sent: nothing was moved"),
        "", "run again; rows that are there are not sent again");
  }
}

void Stage::start_again() {
  connect();
  begin();
  for (const auto& table : tables_) {
    table->rows.clear();
    table->number = 0;
    table->at_held = 0;
    table->held.clear();
    learn_what_is_there(*table);
  }
}

// In the order in which the rows of tables may stand: what refers to others comes behind them.
std::vector<Stage::Table*> Stage::in_order(const std::vector<TableName>& parents_first) const {
  std::vector<Table*> order;
  for (const TableName& name : parents_first) {
    for (const auto& table : tables_) {
      if (table->target->name == name) order.push_back(table.get());
    }
  }
  for (const auto& table : tables_) {  // of input that was not read through before
    if (std::ranges::find(order, table.get()) == order.end()) order.push_back(table.get());
  }
  return order;
}

void Stage::empty(const std::vector<Table*>& order) {
  pg::CopyIn& database = *database_;
  std::vector<TableName> targets;
  for (const Table* const table : order) targets.push_back(table->target->name);
  lock_for_force(database, targets);
  if (!setup_.options->allow_cascade) require_only_these(database, targets, Referring::changed);
  for (auto table = order.rbegin(); table != order.rend();) {
    std::vector<TableName> together = {(*table)->target->name};
    const std::size_t circle = (*table)->target->circle;
    while (++table != order.rend() && circle != 0 && (*table)->target->circle == circle) {
      together.push_back((*table)->target->name);
    }
    const std::vector<std::uint64_t> rows = delete_all(database, together);
    for (std::size_t index = 0; index < together.size(); ++index) {
      setup_.observer->note(1,
                            text("emptied ", to_sql(together[index]), ": ", rows[index], " rows"));
    }
  }
}

// For the reject file: while the staging tables still hold them.
void Stage::read_values(std::vector<Refusal>& refusals) {
  if (!setup_.tally->has_rejects_file()) return;
  std::map<std::pair<const Table*, const ColumnSet*>, std::map<std::uint64_t, Refusal*>> alike;
  for (Refusal& refusal : refusals) {
    alike[{refusal.table, &refusal.table->rows.set_of(refusal.number)}][refusal.number] = &refusal;
  }
  for (const auto& [of, rows] : alike) {
    const auto& [table, set] = of;
    std::string columns = kRowNumber, numbers;
    for (const std::string& column : set->columns) {
      columns += text(", ", quote_identifier(column), "::text");
    }
    for (const auto& [number, refusal] : rows) {
      numbers += text(numbers.empty() ? "" : ", ", number);
    }
    for (pg::Row& row : database_->query(text("SELECT ", columns, " FROM ", table->sql(), " WHERE ",
                                              kRowNumber, " IN (", numbers, ")"))) {
      RejectedValues& values = rows.at(number_of(row.front()))->values;
      values.columns = set->columns;
      values.values.assign(std::make_move_iterator(row.begin() + 1),
                           std::make_move_iterator(row.end()));
    }
  }
}

// Counts what the tables refused, which only counts once the move stands or is given up.
void Stage::count_refusals(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    const RunTable& target = *refusal.table->target;
    const auto place = refusal.table->rows.place_of(refusal.number);
    setup_.tally->rejected_at(target.name, target.tally, place ? place->file : 0,
                              place ? place->line : 0, refusal.number - 1, refusal.why,
                              refusal.values);
  }
}

// The COMMIT of an earlier try stands, whatever was heard of it: the comments say so with the rows.
bool Stage::has_moved() {
  std::vector<Moved> moved;
  for (const auto& table : tables_) {
    const std::string comment = comment_of(*database_, table->sql());
    if (!is_of_run(comment, run_) || !says_moved(comment)) return false;
    moved.push_back(counts_of(comment));
  }
  for (std::size_t index = 0; index < tables_.size(); ++index) {
    setup_.tally->all_are_staged(tables_[index]->target->tally);
    setup_.tally->moved(tables_[index]->target->tally, moved[index]);
  }
  return true;
}

void Stage::move_once(const std::vector<TableName>& parents_first,
                      std::vector<SequenceReport>& sequences) {
  pg::CopyIn& database = *database_;
  compare_counts();
  const std::vector<Table*> order = in_order(parents_first);
  if (setup_.options->mode == Mode::force) empty(order);
  const auto left = setup_.tally->rejects_left();
  std::vector<Refusal> refusals;
  std::uint64_t left_out = 0;
  std::vector<Move> moves;
  std::vector<Moved> results;
  std::vector<TableName> loaded;
  try {
    for (Table* const table : order) {
      Move& move = moves.emplace_back();
      move.target = table->target->name;
      move.stage = table->sql();
      move.model = table->target->model;
      move.mode = setup_.options->mode;
      move.conflict = table->target->key;
      move.rows = &table->rows;
      move.staged = table->staged;
      move.circle = table->target->circle;
      move.all_or_nothing = left && *left == 0;
      move.refers_to_itself = table->target->refers_to_itself;
      move.refused = [&refusals, &left, table](std::uint64_t number, const pg::SqlError& why) {
        refusals.push_back({table, number, outcome_of(why), {}});
        return !left || refusals.size() <= *left;
      };
    }
    results = move_all(database, moves);
    for (std::size_t index = 0; index < order.size(); ++index) {
      left_out += results[index].left_out;
      if (results[index].loaded + results[index].ignored > 0) {
        loaded.push_back(order[index]->target->name);
      }
    }
    check_deferred(database, moves);
  } catch (const Error& error) {
    if (error.kind == ErrorKind::rows) count_refusals(refusals);
    throw;
  }
  if (left && left_out > 0 && refusals.size() + left_out > *left) {
    throw Error(ErrorKind::rows, text("the server left out ", left_out, " rows without an error"),
                "", "look for a BEFORE INSERT trigger or a rule on the table");
  }
  std::vector<std::string> not_allowed;
  sequences = set_sequences(database, loaded, not_allowed);
  for (const std::string& sql : not_allowed) {
    setup_.note("this sequence could not be set: " + sql);
  }
  read_values(refusals);
  for (std::size_t index = 0; index < order.size(); ++index) {
    // From the COMMIT on, the empty table tells that the work is done.
    const std::string comment = moved_comment(setup_.work, run_, results[index]);
    database.execute(text("TRUNCATE ", order[index]->sql(), "; COMMENT ON TABLE ",
                          order[index]->sql(), " IS ", pg::to_literal(comment)));
  }
  commit();
  count_refusals(refusals);
  for (std::size_t index = 0; index < order.size(); ++index) {
    setup_.tally->all_are_staged(order[index]->target->tally);
    setup_.tally->moved(order[index]->target->tally, results[index]);
  }
}

void Stage::commit() {
  const std::string transaction = database_->value("SELECT pg_catalog.txid_current()");
  try {
    database_->commit();
  } catch (const pg::ConnectionLost& lost) {
    if (!lost.in_doubt) throw;
    in_doubt_ = true;
    const bool committed = was_committed(setup_.database_url, transaction, setup_.options->retries);
    in_doubt_ = false;
    if (!committed) throw pg::ConnectionLost("the connection to the database broke", false);
    is_connection_lost_ = true;  // for what is left to do, which is not the move
  }
}

void Stage::move(const std::vector<TableName>& parents_first,
                 std::vector<SequenceReport>& sequences) {
  if (was_moved_ || tables_.empty()) return;
  for (int tries = 0;; ++tries) {
    std::string why;
    try {
      if (tries > 0) {
        connect();
        begin();
        if (has_moved()) return;
      }
      move_once(parents_first, sequences);
      break;
    } catch (const pg::SqlError& error) {
      // A deadlock, or a server that shuts down: it passes.
      const bool passes = error.sqlstate.starts_with("40") || error.sqlstate.starts_with("57P");
      database_->rollback();
      if (!passes || tries >= setup_.options->retries) {
        throw error_of(error, "the rows cannot be moved into place");
      }
      why = error.message;
    } catch (const Error& error) {
      database_->rollback();
      const bool passes = error.kind == ErrorKind::unreachable && !in_doubt_ &&
                          !(setup_.deadline && Clock::now() >= *setup_.deadline);
      if (error.kind == ErrorKind::rows && setup_.tally->first_reject(Mode::upsert)) {
        throw Error(*setup_.tally->first_reject(setup_.options->mode));
      }
      if (!passes || tries >= setup_.options->retries) throw;
      why = error.message;
    }
    setup_.observer->note(1, text("moving the rows again: ", why));
    interrupt::pause(milliseconds(std::min(5000, 200 << std::min(tries, 5))));
  }
}

}  // namespace pgseed::seed
