#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/seed/ledger/ledger_state.hpp"
#include "pgseed/seed/ledger/ledger_text.hpp"
#include "pgseed/seed/ledger/resume.hpp"

using namespace pgseed;
using namespace pgseed::test;

// The first byte: as the bytes are, or with the checksums that lines of them would have.
int fuzz_ledger(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const bool with_sums = choices.byte() % 4 != 0;
  std::string ledger(choices.rest());
  if (with_sums) {
    seed::LedgerText text;
    ledger.clear();
    for (std::string_view rest = choices.rest(); !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      ledger += text.line(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  try {
    const auto state = seed::read_ledger(ledger, "a.ledger", "boot");
    if (!state) return 0;
    promise(state->bytes <= ledger.size(), "the next line goes behind what was read");
    seed::Resume resume(*state);
    for (const seed::LedgerTable& table : state->tables) {
      seed::Resume::Table* const known = resume.find(table.name);
      promise(known != nullptr, "a table that was introduced is known");
      for (std::uint64_t row = 1; row <= 40; ++row) {
        const seed::Proven proven = known->look_up(row);
        const bool of_batch =
            proven.proof == seed::Proof::maybe || proven.proof == seed::Proof::loaded;
        promise(!of_batch || state->batches.count(proven.batch) == 1, "a row's batch is known");
      }
    }
  } catch (const Error& error) {
    promise(error.kind == ErrorKind::storage, "what is wrong with a ledger is wrong with a file");
    promise(error.where.starts_with("a.ledger"), "an error has a place");
  }
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_ledger(data, size);
}
#endif
