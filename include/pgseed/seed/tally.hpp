#pragma once
// Where every row ends up: counts per table, rejected rows with their reason, notes.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pgseed/rest/outcome.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/report.hpp"

namespace pgseed::seed {

// Rejected rows as NDJSON (README, "Reject file"). Every row is on disk before the run goes on.
class RejectFile {
 public:
  // Opens or creates the file and leaves its contents alone. Throws Error{storage}, as do all.
  explicit RejectFile(const std::string& path);
  ~RejectFile();
  RejectFile(const RejectFile&) = delete;
  RejectFile& operator=(const RejectFile&) = delete;

  struct Entry {
    std::string file;
    std::uint64_t line = 0;
    TableName table;
    std::uint64_t row = 0;  // number of the row in the run, from 1
    std::string code, message;
    std::vector<std::string> columns;
    std::vector<std::optional<std::string>> values;  // as many as columns
  };
  void add(const Entry& entry);
  // Goes on behind the first `bytes` of the file; false, with an empty file, if it is shorter.
  bool keep(std::uint64_t bytes);
  std::uint64_t bytes() const { return bytes_; }
  // What was added is on disk.
  void sync();
  const std::string& path() const { return path_; }

 private:
  void take_back(std::size_t bytes);

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t bytes_ = 0;
  bool synced_ = true;
};

// What became of rows that waited in a staging table.
struct Moved {
  std::uint64_t staged = 0;
  std::uint64_t loaded = 0;
  std::uint64_t ignored = 0;
  std::uint64_t superseded = 0;  // gave way to a later row of their key
  std::uint64_t rejected = 0;    // one by one, each counted by rejected_at()
  std::uint64_t left_out = 0;    // by the server, without an error
  std::uint64_t null_keys = 0;   // of the staged: with NULL in the conflict target
};

// What a reject file tells of a row beside its place.
struct RejectedValues {
  std::vector<std::string> columns;
  std::vector<std::optional<std::string>> values;  // as many, in the server's text form
};

class Tally {
 public:
  // max_rejects: unset for any number. rejects_file: empty for none; it is emptied, unless the
  // caller says later what stays of it. Throws Error{storage}.
  Tally(std::optional<std::uint64_t> max_rejects, const std::string& rejects_file,
        bool empties_rejects = true);

  std::size_t add_table(const TableName& name);
  std::size_t add_file(const std::string& path);
  const std::string& file(std::size_t index) const { return files_[index]; }

  void read(std::size_t table) { ++tables_[table].counts.read; }
  void loaded(std::size_t table, std::uint64_t rows) { tables_[table].counts.loaded += rows; }
  void ignored(std::size_t table, std::uint64_t rows) { tables_[table].counts.ignored += rows; }
  void skipped(std::size_t table, std::uint64_t rows) { tables_[table].counts.skipped += rows; }
  void in_doubt(std::size_t table, std::uint64_t rows) { tables_[table].counts.in_doubt += rows; }
  // Rows that the server did not store without naming one.
  void rejected_unnamed(std::size_t table, std::uint64_t rows) {
    tables_[table].counts.rejected += rows;
    unnamed_[table] += rows;
    rejects_ += rows;
  }
  // The row just counted was proven by an earlier run.
  void resumed(std::size_t table) { ++tables_[table].counts.resumed; }
  // Rows that are stored like this.
  void unchanged(std::size_t table, std::uint64_t rows) {
    tables_[table].counts.skipped += rows;
    tables_[table].counts.unchanged += rows;
  }
  // An earlier row of a key gave way to a later one: in the same batch (never sent), or in another.
  void superseded(std::size_t table, bool sent);
  // A row with NULL in the conflict target goes to the table.
  void null_key(std::size_t table) { ++tables_[table].null_keys; }
  // Row `index` of the batch was refused: counts it, writes it to the reject file, remembers the
  // first for the message.
  void rejected(const Batch& batch, std::size_t index, const rest::Outcome& why);
  // The same for a row that never got into a batch.
  void rejected_locally(const ColumnSet& set, const sql::Row& row, std::size_t file,
                        std::uint64_t sequence, const std::string& why);

  // The same for a row that is known by its place only; line 0: not even by its line.
  void rejected_at(const TableName& name, std::size_t table, std::size_t file, std::uint64_t line,
                   std::uint64_t sequence, const rest::Outcome& why,
                   const RejectedValues& values = {});
  // A staging table holds all of the table's rows: those that met themselves there count as loaded.
  void all_are_staged(std::size_t table);
  // Rows that count as loaded since they reached a staging table are settled. moved.rejected was
  // counted already.
  void moved(std::size_t table, const Moved& moved);
  // Rows of an earlier run, which staged them.
  void read_before(std::size_t table, std::uint64_t rows) {
    tables_[table].counts.read += rows;
    tables_[table].counts.loaded += rows;
  }
  // Nothing of what was counted stands: the transaction was rolled back. What was not refused is
  // skipped.
  void undo();
  // The rows are read again from the first one. Nothing was refused so far.
  void start_again();
  // Nobody knows whether what counts as loaded stands.
  void doubt_all();
  // Numbers in the run of the rows that were rejected, ascending; only if asked for.
  void keep_numbers() { keeps_numbers_ = true; }
  std::vector<std::uint64_t> rejected_numbers() const;
  // The table's row with this number (from 1, in file order) was rejected, in this run or before.
  void refused(const TableName& table, std::uint64_t ordinal) { refused_[table].insert(ordinal); }
  bool was_refused(const TableName& table, std::uint64_t ordinal) const {
    const auto found = refused_.find(table);
    return found != refused_.end() && found->second.count(ordinal) > 0;
  }
  // Rows of the table that were rejected without a name.
  std::uint64_t unnamed(std::size_t table) const { return unnamed_[table]; }

  std::uint64_t rejects() const { return rejects_; }
  bool over_limit() const { return max_rejects_ && rejects_ > *max_rejects_; }
  // How many more rows may be refused before the limit is passed; unset for any number.
  std::optional<std::uint64_t> rejects_left() const;
  std::uint64_t done() const;

  // The refused row that comes first in the file, as the error that a run in this mode ends
  // with.
  std::optional<Error> first_reject(Mode mode) const;
  // The first Report::kMostRejects refused rows, in the order of the files.
  std::vector<Reject> first_rejects() const;
  const std::vector<TableReport>& tables() const { return tables_; }
  // A row gave way to a later one of its key after it was sent.
  bool has_superseded_sent() const;
  // Settles what can only be known at the end (rows superseded after they were sent).
  std::vector<TableReport> final_tables() const;
  bool has_rejects_file() const { return file_ != nullptr; }
  // Nothing is added to the reject file before this: how much of what an earlier run wrote stays.
  // False if it is not there any more.
  bool keep_rejects(std::uint64_t bytes) { return !file_ || file_->keep(bytes); }
  std::uint64_t rejects_bytes() const { return file_ ? file_->bytes() : 0; }
  void sync_rejects() {
    if (file_) file_->sync();
  }
  // A row that an earlier run found refused.
  void rejected_before(std::size_t table) {
    ++tables_[table].counts.rejected;
    ++rejects_;
  }
  std::string rejects_path() const { return file_ ? file_->path() : std::string(); }

 private:
  void remember(std::uint64_t sequence, std::uint64_t line, std::size_t file,
                const TableName& table, const rest::Outcome& why);

  std::optional<std::uint64_t> max_rejects_;
  std::unique_ptr<RejectFile> file_;
  std::vector<TableReport> tables_;
  std::vector<std::uint64_t> superseded_after_sending_;
  std::vector<std::string> files_;
  std::uint64_t rejects_ = 0;
  bool keeps_numbers_ = false;
  std::vector<std::uint64_t> numbers_;
  std::vector<std::uint64_t> unnamed_;  // by table
  std::map<TableName, std::set<std::uint64_t>> refused_;

  struct First {
    std::uint64_t sequence;
    std::string where;
    TableName table;
    rest::Outcome why;
  };
  std::optional<First> first_;
  std::multimap<std::uint64_t, Reject> first_rejects_;  // by the row's number, some by its table's
};

}  // namespace pgseed::seed
