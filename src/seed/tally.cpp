#include "pgseed/seed/tally.hpp"
#include "pgseed/seed/encode/row_json.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

std::string hint_for(const rest::Outcome& why, Mode mode) {
  if (why.code == "23505") {
    if (mode == Mode::insert) {
      return "use --upsert (make: UPSERT=true) to update rows that exist, --ignore to leave them "
             "alone, or --force (FORCE=true) to replace the contents";
    }
    return mode == Mode::force ? "the tables were emptied before: the files have the key twice, or "
                                 "a trigger made such a row for another one"
                               : "another unique constraint refused the row; name its columns with "
                                 "--on-conflict";
  }
  if (why.code == "23503") return "load the table it refers to first, or in the same run";
  if (why.code == "57014") {
    return "one row alone takes too long: raise the role's statement_timeout";
  }
  return why.hint;
}

}  // namespace

Tally::Tally(std::optional<std::uint64_t> max_rejects, const std::string& rejects_file,
             bool empties_rejects)
    : max_rejects_(max_rejects) {
  if (rejects_file.empty()) return;
  file_ = std::make_unique<RejectFile>(rejects_file);
  if (empties_rejects) file_->keep(0);
}

std::size_t Tally::add_table(const TableName& name) {
  for (std::size_t index = 0; index < tables_.size(); ++index) {
    if (tables_[index].table == name) return index;
  }
  tables_.emplace_back().table = name;
  superseded_after_sending_.push_back(0);
  unnamed_.push_back(0);
  return tables_.size() - 1;
}

std::size_t Tally::add_file(const std::string& path) {
  files_.push_back(path);
  return files_.size() - 1;
}

void Tally::superseded(std::size_t table, bool sent) {
  ++tables_[table].superseded;
  if (sent) {
    ++superseded_after_sending_[table];
  } else {
    ++tables_[table].counts.skipped;
  }
}

void Tally::remember(std::uint64_t sequence, std::uint64_t line, std::size_t file,
                     const TableName& table, const rest::Outcome& why) {
  if (first_rejects_.size() < Report::kMostRejects || sequence < first_rejects_.rbegin()->first) {
    first_rejects_.emplace(sequence,
                           Reject{files_[file], line, sequence + 1, table, why.code, why.message});
    if (first_rejects_.size() > Report::kMostRejects) {
      first_rejects_.erase(std::prev(first_rejects_.end()));
    }
  }
  if (keeps_numbers_) numbers_.push_back(sequence);
  if (first_ && first_->sequence <= sequence) return;
  const std::string& path = files_[file];
  first_ = First{sequence, line == 0 ? path : text(path, ':', line), table, why};
}

void Tally::rejected(const Batch& batch, std::size_t index, const rest::Outcome& why) {
  const ColumnSet& set = *batch.set;
  ++tables_[set.table].counts.rejected;
  ++rejects_;
  const RowMark& row = batch.rows[index];
  remember(row.number, row.line, batch.file, set.table_name, why);
  refused(set.table_name, row.ordinal);
  if (!file_) return;
  file_->add({files_[batch.file], row.line, set.table_name, row.number + 1, why.code, why.message,
              set.columns, values_of_row(batch, index)});
}

void Tally::rejected_locally(const ColumnSet& set, const sql::Row& row, std::size_t file,
                             std::uint64_t sequence, const std::string& why) {
  ++tables_[set.table].counts.rejected;
  ++rejects_;
  rest::Outcome outcome;
  outcome.verdict = rest::Verdict::rejected;
  outcome.code = "22P02";
  outcome.message = why;
  remember(sequence, row.line, file, set.table_name, outcome);
  if (!file_) return;
  RejectFile::Entry entry{files_[file], row.line,        set.table_name, sequence + 1,
                          outcome.code, outcome.message, set.columns,    {}};
  for (std::size_t position = 0; position < set.columns.size(); ++position) {
    entry.values.push_back(text_of_value(set, position, row.values[set.value_index[position]]));
  }
  file_->add(entry);
}

void Tally::rejected_at(const TableName& name, std::size_t table, std::size_t file,
                        std::uint64_t line, std::uint64_t sequence, const rest::Outcome& why,
                        const RejectedValues& values) {
  ++tables_[table].counts.rejected;
  ++rejects_;
  remember(sequence, line, file, name, why);
  if (!file_ || values.columns.empty()) return;
  file_->add({files_[file], line, name, sequence + 1, why.code, why.message, values.columns,
              values.values});
}

void Tally::moved(std::size_t table, const Moved& moved) {
  TableReport& report = tables_[table];
  Counts& counts = report.counts;
  counts.loaded -= moved.staged;
  counts.loaded += moved.loaded;
  counts.ignored += moved.ignored;
  counts.skipped += moved.superseded;
  report.superseded += moved.superseded;
  report.null_keys += moved.null_keys;
  if (moved.left_out > 0) rejected_unnamed(table, moved.left_out);
}

void Tally::all_are_staged(std::size_t table) {
  Counts& counts = tables_[table].counts;
  counts.loaded += counts.ignored + counts.in_doubt;
  counts.ignored = counts.in_doubt = 0;
}

void Tally::undo() {
  for (std::size_t index = 0; index < tables_.size(); ++index) {
    Counts& counts = tables_[index].counts;
    counts.rejected = std::min(counts.rejected, counts.read);
    counts.loaded = counts.ignored = counts.in_doubt = 0;
    counts.skipped = counts.read - counts.rejected;
    tables_[index].superseded = tables_[index].null_keys = 0;
    superseded_after_sending_[index] = 0;
  }
}

void Tally::start_again() {
  for (TableReport& table : tables_) {
    table.counts = {};
    table.superseded = table.null_keys = 0;
  }
}

void Tally::doubt_all() {
  for (TableReport& table : tables_) {
    table.counts.in_doubt += table.counts.loaded + table.counts.ignored;
    table.counts.loaded = table.counts.ignored = 0;
  }
}

std::vector<std::uint64_t> Tally::rejected_numbers() const {
  std::vector<std::uint64_t> numbers = numbers_;
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::optional<std::uint64_t> Tally::rejects_left() const {
  if (!max_rejects_) return {};
  return *max_rejects_ > rejects_ ? *max_rejects_ - rejects_ : 0;
}

std::uint64_t Tally::done() const {
  std::uint64_t rows = 0;
  for (const TableReport& table : tables_) {
    const Counts& counts = table.counts;
    rows += counts.loaded + counts.ignored + counts.rejected + counts.skipped + counts.in_doubt;
  }
  return rows;
}

std::optional<Error> Tally::first_reject(Mode mode) const {
  if (!first_) return {};
  const rest::Outcome& why = first_->why;
  std::string message = text("a row of ", to_sql(first_->table), " was refused: ", why.message);
  // The key tells which row it is; a whole row is for the reject file only, it may be private.
  const bool whole_row = why.details.starts_with("Failing row contains");
  if (!why.details.empty() && !whole_row) message += text(" (", why.details, ")");
  if (!why.code.empty()) message += text(" [", why.code, "]");
  std::string hint = hint_for(why, mode);
  if (hint.empty() && over_limit()) {
    hint = "mend the row, or go on past bad rows with --max-rejects N --rejects FILE";
  } else if (hint.empty() && file_) {
    hint = text("mend the rows in ", file_->path(), ", then load that file");
  } else if (hint.empty()) {
    hint = "keep such rows with --rejects FILE, mend them there, then load that file";
  }
  return Error(ErrorKind::rows, message, first_->where, hint);
}

std::vector<Reject> Tally::first_rejects() const {
  std::vector<Reject> rejects;
  for (const auto& [sequence, reject] : first_rejects_) rejects.push_back(reject);
  return rejects;
}

bool Tally::has_superseded_sent() const {
  return std::any_of(superseded_after_sending_.begin(), superseded_after_sending_.end(),
                     [](std::uint64_t rows) { return rows > 0; });
}

std::vector<TableReport> Tally::final_tables() const {
  std::vector<TableReport> tables = tables_;
  for (std::size_t index = 0; index < tables.size(); ++index) {
    Counts& counts = tables[index].counts;
    const std::uint64_t moved = std::min(superseded_after_sending_[index], counts.loaded);
    counts.loaded -= moved;
    counts.skipped += moved;
  }
  return tables;
}

}  // namespace pgseed::seed
