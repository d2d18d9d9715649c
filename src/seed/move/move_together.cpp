#include "mover.hpp"

#include <deque>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"

namespace pgseed::seed {
namespace {

// Longer statements are parted again, and references in a circle then have to be deferrable.
constexpr std::size_t kMostRuns = 200;

struct Part {
  Mover* mover = nullptr;
  const StagedRows::Run* run = nullptr;
};

class Together {
 public:
  Together(pg::CopyIn& database, const std::vector<Move>& moves)
      : database_(database), moves_(moves) {
    for (const Move& move : moves) {
      Mover& mover = movers_.emplace_back(database, move);
      for (const StagedRows::Run& run : move.rows->runs()) parts_.push_back({&mover, &run});
    }
  }

  std::vector<Moved> run() {
    for (Mover& mover : movers_) mover.prepare();
    if (parts_.size() > kMostRuns || !insert_at_once()) {
      for (Mover& mover : movers_) mover.insert_all();
    }
    std::vector<Moved> results;
    for (const Mover& mover : movers_) results.push_back(mover.result());
    return results;
  }

 private:
  // False for what no single statement can do: it meets a key twice, in rows of other columns.
  bool insert_at_once() {
    for (;;) {
      switch (insert()) {
        case End::done:
          return true;
        case End::repeated:
          return false;
        default:
          break;
      }
    }
  }

  enum class End { done, taken_out, repeated };
  // A row that stands in the way is taken out.
  End insert() {
    std::string parts, counts;
    for (std::size_t index = 0; index < parts_.size(); ++index) {
      const char* const comma = index == 0 ? "" : ", ";
      parts += text(comma, "t", index, " AS (", parts_[index].mover->statement(*parts_[index].run),
                    " RETURNING 1)");
      counts += text(comma, "(SELECT pg_catalog.count(*) FROM t", index, ")");
    }
    database_.execute(kSavepoint);
    try {
      const pg::Row stored = database_.query(text("WITH ", parts, " SELECT ", counts)).front();
      database_.execute(kRelease);
      for (std::size_t index = 0; index < parts_.size(); ++index) {
        parts_[index].mover->stored(std::stoull(stored[index].value_or("0")));
      }
      return End::done;
    } catch (const pg::SqlError& error) {
      const bool is_repeated = error.sqlstate == "21000";
      if (!is_repeated && !is_fault_of_a_row(error)) throw;
      database_.execute(text(kBackTo, "; ", kRelease));
      if (is_repeated) return End::repeated;
      if (!take_out(error)) throw;
      return End::taken_out;
    }
  }

  bool take_out(const pg::SqlError& error) {
    if (error.sqlstate == "23503") {
      for (Mover& mover : movers_) {
        if (!is_of(database_, error.table, mover.move().target)) continue;
        const std::uint64_t orphan = first_orphan(database_, mover.move(), moves_, error);
        if (orphan == 0) return false;
        mover.take_out(orphan, error);
        return true;
      }
      return false;
    }
    for (const Part& part : parts_) {
      const auto bad = part.mover->find_refused(*part.run);
      if (!bad) continue;
      part.mover->take_out(bad->first, bad->second);
      return true;
    }
    return false;
  }

  pg::CopyIn& database_;
  const std::vector<Move>& moves_;
  std::deque<Mover> movers_;  // parts point to them
  std::vector<Part> parts_;
};

}  // namespace

std::vector<Moved> move_together(pg::CopyIn& database, const std::vector<Move>& moves) {
  take_rows_by_number(database);
  std::vector<Moved> results = Together(database, moves).run();
  take_rows_anyhow(database);
  return results;
}

std::vector<Moved> move_all(pg::CopyIn& database, const std::vector<Move>& moves) {
  std::vector<Moved> results;
  for (std::size_t at = 0; at < moves.size();) {
    std::vector<Move> together = {moves[at]};
    const std::size_t circle = moves[at].circle;
    while (++at < moves.size() && circle != 0 && moves[at].circle == circle) {
      together.push_back(moves[at]);
    }
    if (together.size() == 1) {
      results.push_back(move_rows(database, together.front()));
    } else {
      for (const Moved& moved : move_together(database, together)) results.push_back(moved);
    }
  }
  return results;
}

}  // namespace pgseed::seed
