#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/direct_load.hpp"
#include "pgseed/seed/direct_refusal.hpp"

namespace pgseed::seed {

void DirectLoad::settle() {
  flush_all();
  end_copy();
  for (const auto& target : targets_) {
    if (!target->staged || target->rows.count() == 0) continue;
    move(*target);
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

void DirectLoad::move(Target& target) {
  try {
    setup_.database->execute(text("ALTER TABLE ", target.stage, " ADD PRIMARY KEY (_pgseed_row)"));
    const Moved moved = move_rows(*setup_.database, move_of(target));
    target.moved.staged += moved.staged;
    target.moved.loaded += moved.loaded;
    target.moved.ignored += moved.ignored;
    target.moved.superseded += moved.superseded;
    target.moved.left_out += moved.left_out;
  } catch (const pg::SqlError& error) {
    throw error_of(error, text("cannot load rows into ", to_sql(target.table->name)), path_);
  } catch (const Error& error) {
    if (error.kind != ErrorKind::rows) throw;
    throw Error(*setup_.tally->first_reject(setup_.options->mode == Mode::insert));
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
    if (error.kind != ErrorKind::rows || !setup_.tally->first_reject(false)) throw;
    throw Error(*setup_.tally->first_reject(setup_.options->mode == Mode::insert));
  }
}

void DirectLoad::finish() {
  flush_all();
  end_copy();
  for (const auto& target : targets_) {
    if (target->staged && target->rows.count() > 0) move(*target);
  }
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
