#include "pgseed/seed/ledger/other_work.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "pgseed/base/error.hpp"
#include "pgseed/seed/ledger/ledger.hpp"
#include "pgseed/seed/ledger/ledger_file.hpp"

namespace pgseed::seed {
namespace {

std::optional<LedgerState> state_of(const std::string& path) {
  try {
    const auto bytes = read_ledger_file(path);
    return bytes ? read_ledger(*bytes, path, boot_of(path)) : std::nullopt;
  } catch (const Error&) {
    return {};
  }
}

// Of a folder that cannot be read, what could be.
std::vector<std::filesystem::path> files_of(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  try {
    for (const auto& each : std::filesystem::directory_iterator(folder)) {
      files.push_back(each.path());
    }
  } catch (const std::filesystem::filesystem_error&) {
    // Then nobody else's work is known.
  }
  return files;
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
  // increment() with an error code would end the process where memory is short.
  for (const std::filesystem::path& path : files_of(folder)) {
    if (path.extension() != ".ledger" || path.stem() == own) continue;
    std::optional<LedgerState> state = state_of(path);
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
