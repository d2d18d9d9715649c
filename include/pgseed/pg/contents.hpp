#pragma once
// What the tables of a database hold, as checksums: do two databases have the same rows?
#include <cstdint>
#include <string>
#include <vector>

#include "pgseed/pg/session.hpp"
#include "pgseed/pg/snapshot.hpp"

namespace pgseed::pg {

struct Contents {
  std::string title;                 // "table public.t", "sequence public.t_id_seq"
  std::string name;                  // as SQL, qualified
  std::vector<std::string> columns;  // as SQL, by name
  bool is_populated = true;          // of a materialized view
  std::uint64_t rows = 0;
  std::string checksum;
  std::string unreadable;  // what the server said instead; rows and checksum are void then
};

// Everything that holds rows: tables (partitions, not what they are partitions of), materialized
// views, and sequences, whose row is where they stand. Sorted by title. Left out is what
// read_snapshot() leaves out. In one REPEATABLE READ READ ONLY transaction, two round trips and
// three for each of them. Neither the order of the rows nor that of the columns leaves a trace. Row
// level security that would hide rows makes a table unreadable.
std::vector<Contents> read_contents(Session& session, const SnapshotOptions& options = {});

// The checksum over some columns only; without columns it tells no more than the number of rows.
std::string contents_checksum(Session& session, const Contents& of,
                              const std::vector<std::string>& columns);

// What can be said of a column whose values are others each time.
struct ColumnFill {
  std::uint64_t filled = 0;    // not NULL
  std::uint64_t distinct = 0;  // of these
};
ColumnFill column_fill(Session& session, const Contents& of, const std::string& column);

}  // namespace pgseed::pg
