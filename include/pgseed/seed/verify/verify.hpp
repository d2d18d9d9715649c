#pragma once
// What comparing files with a target found, as plain values.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::seed {

enum class DifferenceKind {
  differing,  // the row of this key holds other values
  missing,    // the table has no such row, or fewer of it than the files
  extra,      // the files have no such row, or fewer of it than the table
};
const char* name(DifferenceKind kind);  // "differing", ...

struct Difference {
  DifferenceKind kind = DifferenceKind::differing;
  std::vector<std::string> key;      // values, as the server prints them; empty: compared without
  std::vector<std::string> columns;  // that differ
  std::string where;                 // "a.sql:12"; empty for an extra row
  // Of rows without a key: how often the files have it, and the table.
  std::uint64_t in_files = 0;
  std::uint64_t in_table = 0;
  std::string reason;  // why the row cannot be in the table, where that is known
};

struct VerifiedTable {
  TableName table;
  std::vector<std::string> key;  // rows are told apart by it; empty: by all their values
  // files = same + differing + missing + unchecked
  std::uint64_t files = 0;  // rows of the files, those apart that gave way to another
  std::uint64_t rows = 0;   // that the table holds
  std::uint64_t same = 0;
  std::uint64_t differing = 0;
  std::uint64_t missing = 0;
  std::uint64_t unchecked = 0;   // nobody could tell over REST
  std::uint64_t extra = 0;       // of the table's that no row of the files accounts for
  std::uint64_t repeated = 0;    // rows of the files whose key comes again
  std::uint64_t left_alone = 0;  // of `differing`: rows that IGNORE found and left as they were
  bool exact = false;            // the table was to hold the files' rows and no others
  // Order-free checksums of the files' rows and of the table's that answer to them; empty where
  // nothing could sum them up.
  std::string files_checksum, table_checksum;
  std::vector<Difference> differences;    // the first ones of each kind
  std::vector<std::string> not_compared;  // columns, with the reason: "b (values of type json)"

  bool equal() const;
};

struct VerifyReport {
  std::vector<VerifiedTable> tables;
  std::string target;
  double seconds = 0;
  std::vector<std::string> notes;

  bool equal() const;
  // The difference as the error that the run ends with; nothing if there is none.
  std::optional<Error> error() const;
};

struct VerifyOptions {
  bool exact = false;       // rows of the table that the files do not have are a difference
  std::size_t listed = 10;  // differences of each kind and table that are listed
};

// What a load knows that the files do not say.
struct LoadedBefore {
  std::vector<std::uint64_t> refused;  // numbers of rows in the run that it did not store; sorted
  struct Table {
    TableName name;
    bool was_empty = false;      // so that it holds the files' rows and no others
    std::uint64_t ignored = 0;   // rows that were there already and were left as they were
    std::uint64_t unstored = 0;  // rows that were not stored, nobody knows which
  };
  std::vector<Table> tables;
};

// Sets `extra`, where `accounted` rows of the table answer to rows of the files. Rows of two kinds
// may look alike, but each row of the table answers to one: what is accounted for beyond `rows`
// goes from `same` to `missing`.
void set_extra(VerifiedTable& table, std::uint64_t accounted);

// Takes what the load has told out of what was found.
void excuse(VerifiedTable& table, const LoadedBefore& before);
// How many more differences of this kind may be listed.
std::size_t room_for(const VerifiedTable& table, DifferenceKind kind, const VerifyOptions& options);

}  // namespace pgseed::seed
