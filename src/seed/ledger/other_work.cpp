#include "pgseed/seed/ledger/other_work.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

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

std::optional<std::string> stored_by_other_work(const std::string& folder, const std::string& own,
                                                const std::string& target, const TableName& table,
                                                const std::vector<LedgerSource>& sources) {
  // increment() with an error code would end the process where memory is short.
  for (const std::filesystem::path& path : files_of(folder)) {
    if (path.extension() != ".ledger" || path.stem() == own) continue;
    std::optional<LedgerState> state = state_of(path);
    if (!state || state->complete || state->head.target != target) continue;
    if (!may_hold_rows(*state, table)) continue;
    for (const LedgerSource& source : state->head.sources) {
      const bool same = std::any_of(sources.begin(), sources.end(), [&](const LedgerSource& ours) {
        return ours.hash && ours.hash == source.hash;
      });
      if (same) return source.name;
    }
  }
  return {};
}

}  // namespace pgseed::seed
