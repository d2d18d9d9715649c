#pragma once
// Rows of files -> batches -> the sender: one pass over the files for some of the tables.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/encode/keys.hpp"
#include "pgseed/seed/input/row_walk.hpp"
#include "pgseed/seed/ledger/ledger.hpp"
#include "pgseed/seed/ledger/resume.hpp"
#include "pgseed/seed/move/stage.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/run_tables.hpp"
#include "pgseed/seed/send/sender.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {

class Loader final : private RowTaker {
 public:
  struct Setup {
    const Options* options = nullptr;
    Transport* transport = nullptr;
    const rest::Endpoint* endpoint = nullptr;
    const Model* order = nullptr;  // of columns; may be nullptr
    RunTables* tables = nullptr;
    Tally* tally = nullptr;
    Sender* sender = nullptr;
    Stage* stage = nullptr;  // where rows go first; nullptr: straight into their tables
    Observer* observer = nullptr;
    std::function<void()> progress;
    std::function<void(const std::string&)> note;  // for the report, once per text
    bool model_is_complete = false;                // types of all tables are known
    std::function<void(const TableName&)> lock;    // keeps other runs off a table
    // Called with rows of a plain INSERT that carry no key, before the first: nothing would refuse
    // a second copy of them.
    std::function<void(const ColumnSet&)> keyless;
    // --if-changed: batches end where their rows say so, and those that the last finished run
    // stored are not sent. nullptr: no run was finished.
    bool by_content = false;
    const LedgerState* finished = nullptr;
    Ledger* ledger = nullptr;  // nullptr: none is kept
    // The second pass: what rows went without is set now. only_references: rows that have nothing
    // there are passed over. was_refused: the row that the table has come to is not stored.
    bool sets_references = false;
    bool only_references = false;
    std::function<bool(const RunTable&)> was_refused;
    Resume* resume = nullptr;  // what an earlier run proved; nullptr: nothing
  };
  explicit Loader(const Setup& setup);
  ~Loader() override;
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Makes the column set ready and preflights it. No exchange may be in flight.
  void prepare(RunTable& table, const RowKind& kind);

  // Loads the rows of tables of this pass. file: its number in the tally. Returns at the end of the
  // file, when nothing of it is wanted any more, or when the sender has ended.
  void load(DumpInput& input, std::size_t file, std::size_t pass, bool surveyed);
  // Sends what is open and waits until everything is answered.
  void finish_pass();

  // No key of a table came twice in different batches. Tables where that cannot be told are passed
  // over here, and marked in the ledger of a complete run.
  bool keys_came_once() const;
  void mark_tables_in_order() const;
  std::uint64_t rows_taken() const { return sequence_; }
  // Of files that were not surveyed.
  const MappingUse& mapping_use() const { return mapping_use_; }

 private:
  struct Prepared;
  // Some of the rows that an earlier run proved, of a text that can be read once only: are they
  // still there?
  struct Probe {
    std::unique_ptr<Batch> rows;
    std::vector<std::string> keys;  // of those rows
    std::uint64_t stored = 0;
    std::vector<std::uint64_t> wanted;  // rows to ask for
    bool is_due = false;
    bool was_asked = false;
  };
  struct Keys {
    KeysOnTheWay on_the_way;
    SeenKeys seen;
    SeenKeys sent;          // by this run, where an earlier one, or pass, stored others
    bool in_order = false;  // equal keys may differ as texts: one batch goes after the other
  };

  bool ended() const override;
  void enter(RunTable& table) override;
  const ColumnSet& columns(RunTable& table, const RowKind& kind) override;
  void take(const ColumnSet& set, const sql::Row& row) override;
  void take_unsupported(RunTable& table, const std::string& what, std::uint64_t line,
                        const sql::DumpReader& reader) override;
  void take_unsupported(const sql::Statement& statement) override;
  void take_left_out(RunTable& table) override;
  void leave(RunTable& table) override;

  bool hold_back(Prepared& prepared, const std::string& where) const;
  void require_lasting_key(const ColumnSet& set, const sql::Row& row) const;
  bool is_passed_over(const Prepared& prepared, const sql::Row& row);
  void keep(std::unique_ptr<Prepared> prepared);
  Prepared* find_prepared(const RunTable& table, const RowKind& kind);
  Keys& keys_of(std::size_t table);
  void take_key(Prepared& prepared, const std::string& key);
  void go_in_order(Prepared& prepared);
  bool may_have_been_sent(const Prepared& prepared, const sql::Row& row);
  Proven look_up(const RunTable& table);
  bool is_overtaken(Prepared& prepared, const sql::Row& row, const Proven& proven);
  void take_proven(Prepared& prepared, const sql::Row& row, const Proven& proven);
  void take_along(Prepared& prepared, const sql::Row& row);
  void compare_again(Prepared& prepared, const sql::Row& row, const Proven& proven);
  void require_still_there(std::size_t table);
  void require_loaded(const sql::Row& row, Proven& proven) const;
  void require_whole_batches() const;
  void require_all_came() const;
  void know_finished(const LedgerState& finished);
  bool ends_batch(const Batch& batch) const;
  bool is_unchanged(Prepared& prepared, Batch& batch);
  void mark_resumed(Prepared& prepared, Batch& batch);
  void remember_table(const RunTable& table, const ColumnSet& set);
  void note_unstable_keys(const RunTable& table);
  bool was_empty(RunTable& table, const ColumnSet& set);
  void flush(Prepared& prepared);
  void flush_all();
  void flush_others_of_table(const Prepared& prepared);
  void pump();
  Batch& open_batch(Prepared& prepared);

  Setup setup_;
  std::vector<std::unique_ptr<Prepared>> prepared_;
  std::vector<std::vector<Prepared*>> prepared_of_;  // by tally number of the table
  std::vector<Prepared*> open_;                      // those that collect rows, the oldest first
  std::size_t open_bytes_ = 0;                       // of their rows
  std::vector<std::unique_ptr<Keys>> keys_;          // by tally number of the table
  std::vector<Resume::Table*> proofs_;               // likewise
  std::vector<Probe> probes_;                        // likewise
  std::unordered_set<std::string> stored_;           // batches of the last finished run
  std::map<std::uint64_t, std::pair<std::size_t, std::vector<std::string>>> keys_of_groups_;
  MappingUse mapping_use_;
  bool compares_ = false;  // some text can only be told by comparing it with the ledger
  std::uint64_t sequence_ = 0;
  std::uint64_t next_group_ = 1;
  // The file at hand.
  std::size_t file_ = 0;
  std::string path_;
  bool surveyed_ = false;
  std::size_t pass_ = 0;
  std::unordered_set<const RunTable*> entered_;  // those whose parents are stored
};

}  // namespace pgseed::seed
