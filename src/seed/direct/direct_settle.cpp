#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/direct/direct_load.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"

namespace pgseed::seed {

void DirectLoad::settle() {
  flush_all();
  end_copy();
  move_waiting();
  for (Target* const target : waiting()) {
    // More rows may come.
    setup_.database->execute(text("TRUNCATE ", target->stage, "; ALTER TABLE ", target->stage,
                                  " DROP CONSTRAINT \"", target->stage.substr(8), "_pkey\""));
    target->rows.clear();
    target->number = 0;
  }
}

Move DirectLoad::move_of(Target& target) {
  const RunTable& table = *target.table;
  Move move;
  move.target = table.name;
  move.stage = target.stage;
  move.model = table.model;
  move.mode = setup_.options->mode;
  move.conflict = table.key;
  move.rows = &target.rows;
  move.staged = target.rows.count();
  move.circle = table.circle;
  move.refers_to_itself = table.refers_to_itself;
  move.refused = [this, &target](std::uint64_t number, const pg::SqlError& error) {
    const RunTable& of = *target.table;
    const auto place = target.rows.place_of(number);
    setup_.tally->rejected_at(of.name, of.tally, place ? place->file : file_,
                              place ? place->line : 0, number, outcome_of(error));
    return false;
  };
  return move;
}

// The tables that have rows waiting, parents first; those of a circle stand side by side.
std::vector<DirectLoad::Target*> DirectLoad::waiting() const {
  std::vector<Target*> targets;
  for (const auto& target : targets_) {
    if (target->staged && target->rows.count() > 0) targets.push_back(target.get());
  }
  const std::vector<TableName>& order = setup_.parents_first;
  const auto place = [&](const Target* target) {
    return std::find(order.begin(), order.end(), target->table->name) - order.begin();
  };
  std::stable_sort(targets.begin(), targets.end(), [&](const Target* left, const Target* right) {
    return place(left) < place(right);
  });
  return targets;
}

void DirectLoad::move_waiting() {
  const std::vector<Target*> targets = waiting();
  if (!targets.empty()) session_.before_own_sql();
  std::vector<Move> moves;
  for (Target* const target : targets) {
    moves.push_back(move_of(*target));
    setup_.database->execute(text("ALTER TABLE ", target->stage, " ADD PRIMARY KEY (_pgseed_row)"));
  }
  std::vector<Moved> results;
  try {
    results = move_all(*setup_.database, moves);
  } catch (const pg::SqlError& error) {
    const bool is_known = !error.table.table.empty();
    throw error_of(
        error,
        is_known ? text("cannot load rows into ", to_sql(error.table)) : "cannot load the rows",
        path_);
  } catch (const Error& error) {
    if (error.kind != ErrorKind::rows) throw;
    throw Error(*setup_.tally->first_reject(setup_.options->mode));
  }
  for (std::size_t index = 0; index < targets.size(); ++index) {
    Moved& all = targets[index]->moved;
    all.staged += results[index].staged;
    all.loaded += results[index].loaded;
    all.ignored += results[index].ignored;
    all.superseded += results[index].superseded;
    all.null_keys += results[index].null_keys;
    all.left_out += results[index].left_out;
  }
}

void DirectLoad::check_deferred() {
  std::vector<Move> moves;
  for (const auto& target : targets_) {
    if (target->staged && target->rows.count() > 0) moves.push_back(move_of(*target));
  }
  try {
    seed::check_deferred(*setup_.database, moves);
  } catch (const pg::SqlError& error) {
    if (setup_.repeatable && !setup_.all_staged) throw RowNotNamed{};
    Error refused = error_of(error, text("rows of ", to_sql(error.table), " were refused"), path_);
    refused.kind = ErrorKind::rows;
    throw Error(refused);
  } catch (const Error& error) {
    if (error.kind != ErrorKind::rows || !setup_.tally->first_reject(Mode::upsert)) throw;
    throw Error(*setup_.tally->first_reject(setup_.options->mode));
  }
}

void DirectLoad::finish() {
  flush_all();
  end_copy();
  move_waiting();
  check_deferred();
  for (const auto& target : targets_) {
    if (!target->staged) continue;
    const RunTable& table = *target->table;
    setup_.tally->moved(table.tally, target->moved);
    if (target->moved.left_out == 0) continue;
    throw Error(ErrorKind::rows,
                text("the server left out ", target->moved.left_out, " rows of ",
                     to_sql(table.name), " without an error"),
                path_, "look for a BEFORE INSERT trigger or a rule on the table");
  }
}

}  // namespace pgseed::seed
