#include "pgseed/seed/move/move.hpp"

#include "mover.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"

namespace pgseed::seed {

std::string column_list(const std::vector<std::string>& columns) {
  return text('(', quoted_list(columns), ')');
}

std::string conflict_clause(Mode mode, const std::vector<std::string>& conflict,
                            const std::vector<std::string>& columns, const Table& model) {
  if (mode == Mode::ignore) return text(" ON CONFLICT ", column_list(conflict), " DO NOTHING");
  if (mode != Mode::upsert) return {};
  std::vector<std::string> set;
  for (const std::string& column : columns) {
    const Column* const known = model.find_column(column);
    // Can be given once and never changed, or not at all.
    if (known != nullptr && (known->identity_always || known->generated)) continue;
    const std::string name = quote_identifier(column);
    set.push_back(text(name, " = excluded.", name));
  }
  return text(" ON CONFLICT ", column_list(conflict), " DO ",
              set.empty() ? "NOTHING" : "UPDATE SET " + join(set, ", "));
}

// Rows are taken by the index on their number: they lie in its order, and are wide to sort.
void take_rows_by_number(pg::CopyIn& database) {
  database.execute(
      "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off;"
      " SET LOCAL enable_bitmapscan = off");
}
void take_rows_anyhow(pg::CopyIn& database) {
  database.execute(
      "SET LOCAL enable_sort TO DEFAULT; SET LOCAL enable_seqscan TO DEFAULT;"
      " SET LOCAL enable_bitmapscan TO DEFAULT");
}

Moved move_rows(pg::CopyIn& database, const Move& move) {
  // Rows of one column set each: they may refer to each other.
  if (move.refers_to_itself && move.rows->runs().size() > 1) {
    return move_together(database, {move}).front();
  }
  take_rows_by_number(database);
  const Moved moved = Mover(database, move).run();
  take_rows_anyhow(database);
  return moved;
}

void check_deferred(pg::CopyIn& database, const std::vector<Move>& moves) {
  database.execute(kSavepoint);
  try {
    database.execute(text("SET CONSTRAINTS ALL IMMEDIATE; ", kRelease));
  } catch (const pg::SqlError& error) {
    database.execute(kBackTo);
    for (const Move& move : moves) {
      if (error.sqlstate != "23503" || !is_of(database, error.table, move.target)) continue;
      const std::uint64_t orphan = first_orphan(database, move, {move}, error);
      if (orphan != 0) move.refused(orphan, error);
      throw Error(ErrorKind::rows, error.message);
    }
    throw;
  }
}

}  // namespace pgseed::seed
