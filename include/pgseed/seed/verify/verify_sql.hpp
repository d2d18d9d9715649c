#pragma once
// The SQL that compares staged rows of the files with a table. Pure.
//
// Values are compared as the server prints them, by their types' output functions and inside of a
// row, where NULL and '' differ: that works for types without an equality (json, point, xml) and
// tells apart what an equality does not (1.0 and 1.00, 0 and -0, 24:00:00 and 1 day, citext).
#include <cstddef>
#include <string>
#include <vector>

#include "pgseed/schema/model.hpp"

namespace pgseed::seed {

// Rows of the files with the same columns, staged in a temporary table.
struct StagedRows {
  std::string table;  // its name
  std::vector<std::string> columns;
};

// Columns that staging tables have besides.
constexpr const char* kStagedRow = "_pgseed_row";    // number of the row in the run
constexpr const char* kStagedFile = "_pgseed_file";  // number of the file
constexpr const char* kStagedLine = "_pgseed_line";

// An empty temporary table like those columns of the target: same types, no constraints. It is gone
// with the transaction.
std::string create_staging_sql(const TableName& target, const StagedRows& rows);
// A COPY's line holds file, line and row number, then the columns.
std::string copy_staging_sql(const StagedRows& rows);

// Rows told apart by a key, which all sets have. Rows whose key holds a NULL are left aside.
class KeyedComparison {
 public:
  // first_wins: of the rows with one key the first one counts, else the last one (and for a column
  // that this does not have, the last one that has it). repeated: keys come again in the files.
  // target: what rows are read from, as FROM has it: "public.t" or "ONLY public.t".
  KeyedComparison(std::string target, std::vector<std::string> key,
                  const std::vector<StagedRows>& sets, bool first_wins, bool repeated);

  // One row: rows of the files with a whole key, and how many keys those are.
  static std::string count_keys(const std::vector<std::string>& key,
                                const std::vector<StagedRows>& sets);
  // One number: rows of the set whose key holds a NULL.
  static std::string count_null_keys(const std::vector<std::string>& key, const StagedRows& rows);
  // One row: expected, found, same, and the two sums of hashes of the expected and the found rows.
  std::string summary() const;
  // Rows of: row number, file, line, a digit per column (1: it differs), the key's values.
  std::string differing(std::size_t limit) const;
  // Rows of: row number, file, line, the key's values.
  std::string missing(std::size_t limit) const;
  // Rows of: the key's values.
  std::string extra(std::size_t limit) const;

  // What the digits of differing() stand for.
  const std::vector<std::string>& columns() const { return columns_; }

 private:
  bool is_single() const { return sets_.size() == 1; }
  std::string expected() const;
  std::string said(std::size_t index) const;
  std::string held(std::size_t index) const;
  std::string joined(const std::string& kind) const;
  std::string key_values(const char* alias) const;

  std::string target_;
  std::vector<std::string> key_;
  std::vector<StagedRows> sets_;
  std::vector<std::string> columns_;  // of any set
  bool first_wins_;
  bool repeated_;
};

// Rows of one set without a key, or with a NULL in it: each counts as often as it is there.
class KeylessComparison {
 public:
  // null_key: only rows with a NULL in it are compared; empty: all rows. claimed: rows of the table
  // whose key is in these sets answer to them, and to no row here.
  KeylessComparison(const std::string& target, const StagedRows& rows,
                    const std::vector<std::string>& null_key, const std::vector<std::string>& key,
                    const std::vector<StagedRows>& claimed);

  // One row: number of rows and the two sums of hashes, of the files; then the same of the table.
  std::string sums() const;
  // One row: how many of the files' rows the table has, how many it lacks, and how many it has
  // besides.
  std::string summary() const;
  // Rows of: row number, file, line, how often the files have it, how often the table.
  std::string missing(std::size_t limit) const;
  // The same, of rows that the files have as well.
  std::string doubled(std::size_t limit) const;

 private:
  std::string counted() const;
  std::string listed(const char* condition, std::size_t limit) const;

  std::string target_;
  StagedRows rows_;
  std::string where_, target_where_;
};

}  // namespace pgseed::seed
