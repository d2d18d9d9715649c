#pragma once
// Rows of files -> COPY over the direct connection, in a transaction that the caller has open. What
// no row can carry (expressions, calls, UPDATE, setval) runs in between, in the file's order.
//
//   INSERT, FORCE:   COPY into the table itself
//   UPSERT, IGNORE:  COPY into a temporary table, moved from there (seed/move/move)
//
// Memory stays flat: rows of several tables in turn wait in a buffer each.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pgseed/json/writer.hpp"
#include "pgseed/pg/copy_in.hpp"
#include "pgseed/seed/direct/file_session.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/input/row_walk.hpp"
#include "pgseed/seed/move/move.hpp"
#include "pgseed/seed/move/staged_rows.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/run_tables.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {

// Some row was refused, and the server did not say which (a foreign key, which it checks at the
// end). Loading again with all_staged finds it.
struct RowNotNamed {};

class DirectLoad : public RowTaker {
 public:
  struct Setup {
    const Options* options = nullptr;
    const Model* model = nullptr;  // the catalogue of the target
    RunTables* tables = nullptr;
    Tally* tally = nullptr;
    pg::CopyIn* database = nullptr;
    bool all_staged = false;  // INSERT and FORCE as well: slower, but every refused row is named
    bool repeatable = true;   // rows can be read again: RowNotNamed may be thrown
    bool has_statements = false;           // that change rows, wherever they stand
    std::vector<TableName> parents_first;  // the order in which tables get what waits
    std::function<void()> progress;
    std::function<void(const std::string&)> note;
  };
  explicit DirectLoad(const Setup& setup);
  ~DirectLoad() override;

  // Loads the rows of tables of this pass. Throws Error{rows} for a row that the database refuses,
  // with its place; the transaction has failed then, as after any other exception.
  void load(DumpInput& input, std::size_t file, std::size_t pass, bool surveyed);
  // Ends what is under way, moves what waits in temporary tables, and has deferred constraints
  // checked. Then everything is counted.
  void finish();

  const MappingUse& mapping_use() const { return mapping_use_; }
  std::uint64_t rows_taken() const { return rows_; }
  std::uint64_t bytes_sent() const { return bytes_; }
  // Rows and statements that ran as the file has them.
  std::uint64_t rows_as_sql() const { return rows_as_sql_; }
  std::uint64_t statements() const { return statements_; }

  bool ended() const override;
  void enter(RunTable& table) override;
  const ColumnSet& columns(RunTable& table, const RowKind& kind) override;
  void take(const ColumnSet& set, const sql::Row& row) override;
  void take_unsupported(RunTable& table, const std::string& what, std::uint64_t line,
                        const sql::DumpReader& reader) override;
  void take_left_out(RunTable& table) override;
  void take_unsupported(const sql::Statement& statement) override;
  void pass_by(const sql::Statement& statement) override;

 private:
  // A table that rows go into.
  struct Target {
    RunTable* table = nullptr;
    std::string role;  // whose rights the rows go in with
    bool staged = false;
    std::string stage;  // as SQL names it
    StagedRows rows;    // that wait there
    std::uint64_t number = 0;
    Moved moved;  // all rounds together
  };
  // Rows of one column set, on their way into one COPY.
  struct Sink {
    Target* target = nullptr;
    ColumnSetUse use;
    std::string time_zone;
    ColumnSet set;
    std::string copy;  // the statement
    json::Buffer text;
    std::vector<std::uint64_t> lines;
  };

  // direct_load.cpp: rows
  Target& target_of(RunTable& table);
  void make_stage(Target& target);
  void flush(Sink& sink);
  void flush_all();
  void end_copy();
  [[noreturn]] void refused(const pg::SqlError& error, const Sink& sink);
  void insert_defaults(const ColumnSet& set, std::uint64_t line);

  // direct_statements.cpp: what no row carries
  std::uint64_t run_sql(const std::string& sql, std::uint64_t line, const RunTable* table);
  void set_time_zone(const std::string& zone);
  void require_no_gap() const;
  void end_file();

  // direct_settle.cpp: from temporary tables into place
  void settle();
  std::vector<Target*> waiting() const;
  void move_waiting();
  void check_deferred();
  Move move_of(Target& target);

  Setup setup_;
  std::vector<std::unique_ptr<Target>> targets_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  Sink* copying_ = nullptr;        // whose COPY is open
  std::uint64_t copied_rows_ = 0;  // that the open COPY was given
  std::uint64_t copied_bytes_ = 0;
  std::vector<std::uint64_t> lines_;  // of those rows
  std::size_t file_ = 0;
  std::string path_;
  bool mapped_ = false;  // the rows of the file at hand
  bool surveyed_ = false;
  bool from_postgresql_ = true;
  FileSession session_;    // of the file at hand, where it is PostgreSQL's
  SessionGap gap_;         // in it, where nobody surveyed it
  std::string time_zone_;  // in force for rows of other databases
  MappingUse mapping_use_;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t rows_as_sql_ = 0;
  std::uint64_t statements_ = 0;
};

}  // namespace pgseed::seed
