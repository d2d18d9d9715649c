#pragma once
// The form of a ledger (README, "Ledger"): lines of words, each with a checksum over itself and all
// lines before it. What the words say is for ledger_state.hpp.
//
//   intent 7 1 1001-2000 - 9f86d081884c7d65... 0 1012 1048577 3b1fd2a9c0e4715a
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pgseed::seed {

// A word holds any bytes: blanks, control characters and % are written as %20.
std::string ledger_word(std::string_view bytes);

// The lines of one ledger, one after the other.
class LedgerText {
 public:
  // chain: of the line before the first one.
  explicit LedgerText(std::uint64_t chain = 0) : chain_(chain) {}
  // The words, already as they are written, as the next line with its checksum and line end.
  std::string line(std::string_view words);
  std::uint64_t chain() const { return chain_; }

 private:
  std::uint64_t chain_;
};

struct LedgerTail {
  std::size_t bytes = 0;    // of the whole lines; behind them stands what a torn write left
  std::uint64_t chain = 0;  // of the last whole line
  std::uint64_t lines = 0;
};

// Calls `take` with the number and the decoded words of every line. A last line without its end is
// what a killed run leaves and is passed over. Throws Error{storage} with path and line for
// anything else that is not as it was written: changed bytes, a line that is missing or twice.
LedgerTail read_ledger_lines(
    std::string_view bytes, const std::string& path,
    const std::function<void(std::uint64_t line, const std::vector<std::string>& words)>& take);

// Why a ledger is not taken.
[[noreturn]] void refuse_ledger(const std::string& path, std::uint64_t line, std::string_view why);

}  // namespace pgseed::seed
