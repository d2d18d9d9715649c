#include "pgseed/seed/ledger/other_work.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <system_error>

#include "pgseed/base/error.hpp"
#include "pgseed/base/folder.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/ledger/ledger.hpp"
#include "pgseed/seed/ledger/ledger_file.hpp"

namespace pgseed::seed {
namespace {

constexpr std::string_view kExtension = ".ledger";

std::optional<LedgerState> state_of(const std::string& path) {
  try {
    const auto bytes = read_ledger_file(path);
    return bytes ? read_ledger(*bytes, path, boot_of(path)) : std::nullopt;
  } catch (const Error&) {
    return {};
  }
}

// None of a folder that cannot be read: then nobody else's work is known.
std::vector<std::string> ledgers_in(const std::string& folder) {
  try {
    std::vector<std::string> names = names_in(folder);
    std::erase_if(names, [](const std::string& name) { return !name.ends_with(kExtension); });
    return names;
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::not_enough_memory) throw std::bad_alloc();
    return {};
  }
}

bool may_hold_rows(LedgerState& state, const TableName& name) {
  const LedgerTable* const table = state.find(name);
  return table != nullptr &&
         std::any_of(table->rows.begin(), table->rows.end(), [](const auto& piece) {
           return piece.second.state == RowState::stored || piece.second.state == RowState::maybe;
         });
}

}  // namespace

std::vector<OtherWork> stored_by_other_work(const std::string& folder, const std::string& own,
                                            const std::string& target,
                                            const std::vector<TableName>& tables,
                                            const std::vector<LedgerSource>& sources) {
  std::vector<std::string> by_table(tables.size());  // the sources; empty: none yet
  for (const std::string& name : ledgers_in(folder)) {
    if (name == own + std::string(kExtension)) continue;
    std::optional<LedgerState> state = state_of(text(folder, '/', name));
    if (!state || state->complete || state->head.target != target) continue;
    const auto same = std::ranges::find_if(state->head.sources, [&](const LedgerSource& theirs) {
      return std::ranges::any_of(
          sources, [&](const LedgerSource& ours) { return ours.hash && ours.hash == theirs.hash; });
    });
    if (same == state->head.sources.end()) continue;
    for (std::size_t index = 0; index < tables.size(); ++index) {
      if (by_table[index].empty() && may_hold_rows(*state, tables[index])) {
        by_table[index] = same->name;
      }
    }
  }
  std::vector<OtherWork> found;
  for (std::size_t index = 0; index < tables.size(); ++index) {
    if (!by_table[index].empty()) found.push_back({tables[index], by_table[index]});
  }
  return found;
}

}  // namespace pgseed::seed
