#pragma once
// What a seeding run is asked to do.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/dump_input.hpp"

namespace pgseed::seed {

struct Mapping;

enum class Mode { insert, upsert, ignore, force };
const char* name(Mode mode);  // "insert", ...

// What becomes of an earlier run of the same work that did not come to its end.
enum class Continue {
  automatic,  // gone on with, if there is one
  insist,     // there must be one
  fresh,      // forgotten
};

// How rows reach their tables.
enum class Via {
  automatic,  // over PostgREST; everything over the direct connection if only that can carry it
  rest,       // over PostgREST
  direct,     // over the direct connection, in one transaction
};

struct Options {
  std::vector<std::string> files;  // "-" is standard input
  Mode mode = Mode::insert;
  Via via = Via::automatic;
  bool atomic = false;  // over PostgREST into staging tables, then into place in one transaction
  std::vector<std::string> on_conflict;
  std::optional<std::uint64_t> limit;  // rows per table, in file order
  std::uint64_t offset = 0;
  std::vector<std::string> tables, exclude;  // "table" or "schema.table"; "schema.*" too
  std::size_t batch_rows = 1000;
  std::size_t batch_bytes = 1u << 20;
  std::optional<std::size_t> concurrency;        // unset: 4, or 8 when the host is not local
  std::optional<std::uint64_t> max_rejects = 0;  // unset: all
  std::string rejects_file;                      // empty: none
  int retries = 8;
  std::chrono::milliseconds timeout{60'000};
  std::optional<std::chrono::milliseconds> deadline;
  bool dry_run = false;
  bool check = true;
  bool skip_unsupported = false;
  // Columns whose values are JSON, "column" or "table.column", when no server tells.
  std::optional<std::vector<std::string>> json_columns;
  std::shared_ptr<const Mapping> mapping;  // nullptr: rows stay as they are
  InputOptions input;                      // of all files
  std::string dialect = "auto";            // or the name of one that all files are in
  bool zero_dates_are_null = false;        // MySQL's 0000-00-00; false: refused
  std::string schema = "public";           // of names without one
  bool regenerate_identity = false;        // leave GENERATED ALWAYS identity columns to the server
  bool verify = false;                     // compare the tables with the files afterwards
  bool takes_empty = false;    // tables that are empty in the files count, as they do with FORCE
  bool closure = false;        // of what --limit leaves, no row refers to one that is not there
  bool allow_cascade = false;  // FORCE may empty tables that the file does not fill
  // Where ledgers lie; empty: none is kept, and none is gone on with.
  std::string ledger_folder;
  Continue unfinished = Continue::automatic;
  bool if_changed = false;  // what was loaded completely and has not changed is not sent again
};

inline bool takes_empty_tables(const Options& options) {
  return options.takes_empty || options.mode == Mode::force;
}

// True unless --table or --exclude leave the table out.
bool wants(const Options& options, const TableName& table);

}  // namespace pgseed::seed
