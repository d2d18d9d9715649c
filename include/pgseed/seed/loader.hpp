#pragma once
// Rows of files -> batches -> the sender: one pass over the files for some of the tables.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/batch.hpp"
#include "pgseed/seed/keys.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/sender.hpp"
#include "pgseed/seed/survey.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {

// Pieces are numbered through all files of a run.
constexpr std::uint64_t first_piece_of_file(std::size_t file) {
  return static_cast<std::uint64_t>(file) << 40;
}

struct RunTable {
  TableName name;
  bool wanted = true;     // by --table and --exclude
  std::size_t tally = 0;  // its number there
  std::size_t pass = 0;
  std::vector<std::size_t> parents;  // indexes of tables that must be complete before
  bool refers_to_itself = false;
  const Table* model = nullptr;   // types and keys, if the target tells
  std::vector<std::string> key;   // columns of the conflict target or primary key
  std::uint64_t seen = 0;         // rows met, for --offset and --limit
  std::optional<bool> was_empty;  // before the run; unset: not asked yet
  std::uint64_t last_piece = 0;   // from the survey, to stop reading early
  bool surveyed = false;
};

class Loader {
 public:
  struct Setup {
    const Options* options = nullptr;
    Transport* transport = nullptr;
    const rest::Endpoint* endpoint = nullptr;
    const Model* types = nullptr;
    const Model* order = nullptr;  // of columns; may be nullptr
    Tally* tally = nullptr;
    Sender* sender = nullptr;
    Observer* observer = nullptr;
    std::function<void()> progress;
    std::function<void(const std::string&)> note;  // for the report, once per text
    bool model_is_complete = false;                // types of all tables are known
  };
  explicit Loader(const Setup& setup);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The run's table of this name; made on first sight.
  RunTable& table(const TableName& name);
  std::vector<std::unique_ptr<RunTable>>& tables() { return tables_; }

  // Makes the column set ready and preflights it. No exchange may be in flight.
  void prepare(RunTable& table, const ColumnSetUse& use, const sql::TableDefinitions& definitions,
               const std::string& path, const std::string& time_zone, sql::Dialect dialect);

  // Loads the rows of tables of this pass. file: its number in the tally. Returns at the end of the
  // file, when nothing of it is wanted any more, or when the sender has ended.
  void load(DumpInput& input, std::size_t file, std::size_t pass, bool surveyed);
  // Sends what is open and waits until everything is answered.
  void finish_pass();

  std::uint64_t rows_taken() const { return sequence_; }
  // Of files that were not surveyed.
  const MappingUse& mapping_use() const { return mapping_use_; }

 private:
  struct SetKey;
  struct Prepared;
  class FileLoad;

  Prepared* find_prepared(const RunTable& table, const ColumnSetUse& use,
                          const std::string& time_zone, sql::Dialect dialect);
  Prepared& prepared_for(RunTable& table, const ColumnSetUse& use,
                         const sql::TableDefinitions& definitions, const std::string& path,
                         const std::string& time_zone, sql::Dialect dialect);
  void take_row(Prepared& prepared, const sql::Row& row, std::size_t file);
  void take_key(Prepared& prepared, const std::string& key);
  void note_unstable_keys(const RunTable& table);
  bool was_empty(RunTable& table, const ColumnSet& set);
  void flush(Prepared& prepared);
  void flush_all();
  void flush_others_of_table(const Prepared& prepared);
  void pump();
  Batch& open_batch(Prepared& prepared, std::size_t file);

  Setup setup_;
  std::vector<std::unique_ptr<RunTable>> tables_;
  std::vector<std::unique_ptr<Prepared>> prepared_;
  std::vector<std::unique_ptr<KeysOnTheWay>> keys_;  // by tally number of the table
  std::vector<std::unique_ptr<SeenKeys>> seen_;
  std::map<std::uint64_t, std::pair<std::size_t, std::vector<std::string>>> keys_of_groups_;
  MappingUse mapping_use_;
  std::uint64_t sequence_ = 0;
  std::uint64_t next_group_ = 1;
};

}  // namespace pgseed::seed
