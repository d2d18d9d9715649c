#pragma once
// The staged load (--atomic): rows go over PostgREST into staging tables, under their numbers, and
// from there into place in ONE transaction. Readers see the old contents or the new.
//
//   open(): tables _pgseed_stage_<hash> beside the targets, made over the direct connection, rights
//           granted, PostgREST's cache awaited
//   rows:   resolution=ignore-duplicates on _pgseed_row: sent twice, they are there once
//   move(): counted, moved, sequences set, in one transaction; the staging tables are dropped
//
// The database itself is the proof of what happened. A staging table says in its comment whose work
// it holds, and whether that was moved:
//
//   no table         never begun, or finished
//   "loading"        a run is at it (it holds the advisory lock), or was killed: the same work goes
//                    on with what is there, any other clears it away
//   "moved", empty   committed, and killed before it could clear up: the same work is done
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/pg/copy_in.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/rest/outcome.hpp"
#include "pgseed/seed/input/column_set.hpp"
#include "pgseed/seed/move/stage_table.hpp"
#include "pgseed/seed/move/staged_rows.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/report.hpp"
#include "pgseed/seed/run_tables.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {

// The staging tables hold fewer rows than were sent: the server has crashed since, and what is not
// logged was emptied. Nothing was moved; the rows have to be sent again.
struct StagedRowsLost {};

class Stage {
 public:
  struct Setup {
    const Options* options = nullptr;
    std::string database_url;
    Transport* transport = nullptr;
    const rest::Endpoint* endpoint = nullptr;
    Tally* tally = nullptr;
    Observer* observer = nullptr;
    std::function<void(const std::string&)> note;
    std::optional<std::chrono::steady_clock::time_point> deadline;
    // What is loaded, from which files, how: what an earlier run of the same work has moved stays
    // so. Empty: nobody can tell.
    std::string work;
    bool uses_staged = true;  // and rows that it staged are used, being the same again
    // Rows can be read again: then staging tables are not logged, which spares the server half of
    // its writing, and a crash of it costs another pass.
    bool repeatable = true;
  };
  // Connects. Throws Error.
  explicit Stage(const Setup& setup);
  ~Stage();

  // Makes or takes over the staging tables of these targets, and waits until the API serves them.
  // Throws Error{storage} while another run loads one of them, Error{refused} without the rights.
  void open(const std::vector<RunTable*>& tables);
  // An earlier run of the same work got as far as COMMIT: the tally is filled from what it left,
  // and nothing is to be sent.
  bool was_moved() const { return was_moved_; }

  // Points the set's requests at the staging table, which is made if it has to be. Returns the
  // columns that are left out, as the server computes them. where: for messages.
  std::vector<std::string> prepare(RunTable& table, ColumnSet& set, const std::string& where);
  // The number of the table's next row.
  std::uint64_t next_number(const ColumnSet& set);
  // The row waits in the staging table, or is on its way there.
  void add(const ColumnSet& set, std::uint64_t number, std::size_t file, std::uint64_t line);
  // True if an earlier run staged it.
  bool holds(const ColumnSet& set, std::uint64_t number);

  // All rows were answered for: compares the counts and moves them. parents_first: the
  // order of the tables. Throws Error{rows} for a row that its table refuses, Error{verification}
  // where the staging table does not hold what was sent, StagedRowsLost where it lost some.
  // Whatever it throws, nothing was moved, unless in_doubt().
  void move(const std::vector<TableName>& parents_first, std::vector<SequenceReport>& sequences);
  // After move() or was_moved(): drops the staging tables. Until then they prove that the work is
  // done, so whatever else is to remember it comes before this. Never throws: the next run does
  // what this one could not.
  void clear_up() noexcept;
  // Before the rows are read from the first one again.
  void start_again();
  // The connection broke during COMMIT, and nobody could be asked.
  bool in_doubt() const { return in_doubt_; }

  // Drops the staging tables of a run that has failed. Never throws.
  void discard() noexcept;

 private:
  struct Table {
    RunTable* target = nullptr;
    TableName name;
    bool is_known = false;          // it is there, and the API serves it
    std::vector<RowInterval> held;  // rows of an earlier run
    std::size_t at_held = 0;
    StagedRows rows;
    std::uint64_t number = 0;
    std::uint64_t staged = 0;  // by the server's count
    std::string moved;         // its comment, where an earlier run has moved its rows
    std::string sql() const { return to_sql(name); }
  };
  // A row that its table refused.
  struct Refusal {
    Table* table = nullptr;
    std::uint64_t number = 0;
    rest::Outcome why;
    RejectedValues values;
  };

  // stage.cpp: made, filled, dropped
  Table& table_of(RunTable& table);
  Table* find(std::size_t tally);
  void connect();
  bool uses_staged() const { return setup_.uses_staged && !setup_.work.empty(); }
  void begin();
  void take_over_or_make(Table& table);
  void make(Table& table);
  void learn_what_is_there(Table& table);
  void wait_for_api();
  void require_zone(const std::string& zone, const std::string& where);
  void drop_tables();

  // stage_move.cpp: from there into place
  void compare_counts();
  bool has_moved();
  std::vector<Table*> in_order(const std::vector<TableName>& parents_first) const;
  void empty(const std::vector<Table*>& order);
  void read_values(std::vector<Refusal>& refusals);
  void count_refusals(const std::vector<Refusal>& refusals);
  void commit();
  void move_once(const std::vector<TableName>& parents_first,
                 std::vector<SequenceReport>& sequences);

  Setup setup_;
  std::unique_ptr<pg::CopyIn> database_;
  std::vector<std::unique_ptr<Table>> tables_;
  std::string run_;  // a random name: another run that takes over writes its own
  bool is_claimed_ = false;
  bool was_moved_ = false;
  bool in_doubt_ = false;
  bool is_connection_lost_ = false;
  std::set<std::string> known_zones_;
};

}  // namespace pgseed::seed
