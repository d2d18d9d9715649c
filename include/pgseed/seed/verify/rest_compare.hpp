#pragma once
// Rows of files against one table, over PostgREST: the rows are asked for by their key, or by their
// values where they have none, and compared with what the server prints. Nothing is written.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "pgseed/base/content_hash.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/encode/keys.hpp"
#include "pgseed/seed/input/column_set.hpp"
#include "pgseed/seed/send/likeness.hpp"
#include "pgseed/seed/verify/rest_reads.hpp"
#include "pgseed/seed/verify/verify.hpp"

namespace pgseed::seed {

// A row as it would be sent, by position of its set.
struct SaidRow {
  std::vector<std::optional<std::string>> values;
  std::vector<bool> is_open;  // made anew in each run: not compared
  std::string where;          // "a.sql:12"
  std::uint64_t number = 0;   // of the row in the run
};

// A GET carries about this much of values in its URL; gateways cut longer ones.
constexpr std::size_t kMostUrlBytes = 3000;
// Roughly what a value takes there, with its quotes, comma and percent signs.
std::size_t url_size(std::string_view value);

// The question was refused since a type has no =.
bool lacks_equality(const rest::Outcome& outcome);

class RestComparison {
 public:
  struct Setup {
    RestReads* reads = nullptr;
    const rest::Endpoint* endpoint = nullptr;
    bool first_wins = false;  // of rows with one key
    VerifyOptions verify;
  };
  // The column sets that come must outlive it. result: its table and key.
  RestComparison(Setup setup, VerifiedTable result);

  // Rows with keys, of which none is NULL: few enough for a URL.
  HttpRequest fetch(const ColumnSet& set, const std::vector<SaidRow>& rows) const;
  // Their answer. Batches come in the order of their rows.
  void compare_keyed(const ColumnSet& set, const std::vector<SaidRow>& rows,
                     const Reading& reading);
  // Any number of rows that are told apart by all their values.
  void compare_keyless(const ColumnSet& set, const std::vector<SaidRow>& rows);
  // So many rows the server sends at a time, as far as it has shown.
  std::size_t most_rows() const { return most_rows_; }
  // A row that no table can hold.
  void cannot_be_stored(const SaidRow& row, const std::string& why);
  void not_compared(const std::string& column, const std::string& why);

  // All rows have come. Asks how many the table has.
  VerifiedTable finish(const std::string& any_column, const LoadedBefore& before);

 private:
  // What is known of a key whose row is not simply the same.
  struct Exception {
    bool missing = false;
    std::set<std::string> differing, unknown;
    std::vector<std::string> key;
    std::string where, reason;
    std::uint64_t number = 0;
  };
  struct Judged {
    const SaidRow* said = nullptr;
    const PrintedRow* stored = nullptr;  // nullptr: there is none
    std::vector<std::size_t> differing, unknown, asked;
    std::string reason;
  };
  // A distinct row without a key.
  struct Entry {
    std::uint64_t in_files = 0;
    std::uint64_t in_table = 0;
    bool unchecked = false;
    std::string where, reason;
    std::uint64_t number = 0;
  };
  struct Pending {
    const SaidRow* row = nullptr;
    Hash128 hash;
    std::uint64_t count = 0;
    std::vector<std::size_t> asked;  // positions that stand in the question
  };
  struct HashOfHash {
    std::size_t operator()(const Hash128& hash) const { return hash.low; }
  };

  void compare_keyed(const ColumnSet& set, const std::vector<const SaidRow*>& rows,
                     const Reading& reading);
  HttpRequest fetch(const ColumnSet& set, const std::vector<const SaidRow*>& rows) const;
  void fetch_and_compare(const ColumnSet& set, const std::vector<const SaidRow*>& rows);
  void match(const ColumnSet& set, const std::vector<const SaidRow*>& rows,
             const std::vector<PrintedRow>& stored);
  void judge_row(const ColumnSet& set, Judged& row);
  void ask_equal(const ColumnSet& set, const std::vector<std::size_t>& positions,
                 const std::vector<Judged*>& rows);
  void no_answer(const ColumnSet& set, const std::vector<std::size_t>& positions, Judged& row,
                 const rest::Outcome& outcome);
  void settle(const ColumnSet& set, const Judged& row);
  Judgement judge_value(const ColumnSet& set, std::size_t position,
                        const std::optional<std::string>& said,
                        const std::optional<std::string>& stored) const;

  std::vector<std::size_t> questionable(const ColumnSet& set, const SaidRow& row) const;
  void ask_keyless(const ColumnSet& set, std::vector<Pending>& all, std::size_t from,
                   std::size_t to);
  void ask_long(const ColumnSet& set, Pending& row, const Reading& reading);
  void assign(const ColumnSet& set, std::vector<Pending>& all, std::size_t from, std::size_t to,
              const std::vector<PrintedRow>& stored);
  Entry& entry_of(const Pending& row, const Hash128& hash);

  std::uint64_t finish_keyed();
  std::uint64_t finish_keyless();
  void list_extra();
  [[noreturn]] void refuse(const rest::Outcome& outcome) const;
  bool has_room(DifferenceKind kind) const { return room_for(result_, kind, setup_.verify) > 0; }

  Setup setup_;
  VerifiedTable result_;
  SeenKeys seen_;
  std::uint64_t keys_ = 0;
  std::unordered_map<std::string, Exception> exceptions_;
  std::vector<Entry> entries_;
  std::unordered_map<Hash128, std::size_t, HashOfHash> entry_of_;
  std::set<std::pair<std::size_t, std::size_t>> without_equality_;  // set, position
  std::size_t most_rows_ = SIZE_MAX;
  bool has_keyless_ = false;
  bool lists_extra_ = true;
};

}  // namespace pgseed::seed
