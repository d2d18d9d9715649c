#pragma once
// Before a run goes on with an earlier one: are the rows that it stored still there, as it left
// them? Some of each table are read from the files once more and asked for.
//
//   StoredRows rows(setup);  rows.read(every part, in turn);  rows.are_as_left()
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/input/row_walk.hpp"
#include "pgseed/seed/ledger/ledger_state.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/run_tables.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {

constexpr const char* kGoneHint =
    "if they were deleted on purpose, load the file anew with --fresh";

// The last rows of some batches of the table that the server stored whole, ascending: of those that
// were answered last, as these are what a server that lost its memory has lost, and of some spread
// over the others. One request is one transaction, so a row speaks for its batch. Pure.
std::vector<std::uint64_t> rows_to_ask_for(const LedgerState& past, const LedgerTable& table);

// The answer to a question, asked until there is one; nullopt where the server will not tell.
// Throws Error{unreachable}, Interrupted.
std::optional<long long> ask(Transport& transport, HttpRequest request, const Options& options);

// How many rows a table holds; asked with GET, so that the question looks like any other on its
// way. column: one of its, or empty.
HttpRequest count_rows(const rest::Endpoint& endpoint, const TableName& table,
                       const std::string& column);

class StoredRows final : private RowTaker {
 public:
  // All must outlive it.
  struct Setup {
    const Options* options = nullptr;
    const LedgerState* past = nullptr;
    const Model* types = nullptr;
    const Model* order = nullptr;  // of columns; may be nullptr
    Transport* transport = nullptr;
    const rest::Endpoint* endpoint = nullptr;
  };
  explicit StoredRows(const Setup& setup);
  ~StoredRows() override;

  // file: the part's number in the run.
  void read(DumpInput& input, std::size_t file, bool surveyed);
  // False: they are there with other values (upsert and force; the values of the other modes are
  // not ours to keep). Throws Error{verification} where rows are gone.
  bool are_as_left();

 private:
  struct Kind;
  struct Known;

  bool ended() const override;
  void enter(RunTable& /*table*/) override {}
  const ColumnSet& columns(RunTable& table, const RowKind& kind) override;
  void take(const ColumnSet& set, const sql::Row& row) override;
  void take_unsupported(RunTable& /*table*/, const std::string& /*what*/, std::uint64_t /*line*/,
                        const sql::DumpReader& /*reader*/) override {}
  void take_unsupported(const sql::Statement& /*statement*/) override {}

  bool are_there(const Kind& kind);
  bool has_other_values(const Kind& kind);
  void require_as_many(const Known& known);

  Setup setup_;
  Tally tally_;
  RunTables tables_;
  std::vector<std::unique_ptr<Known>> known_;
  std::vector<std::unique_ptr<Kind>> kinds_;  // by number of their column sets
};

}  // namespace pgseed::seed
