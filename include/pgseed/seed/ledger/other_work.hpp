#pragma once
// Unfinished runs of other commands that stored rows of the same files in the same table.
#include <optional>
#include <string>
#include <vector>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/ledger/ledger_state.hpp"

namespace pgseed::seed {

// The name of a text that an unfinished run at this target stored rows of in the table, or may
// have; nullopt without one. own: the name of the work at hand. Ledgers that cannot be read say
// nothing, and neither do texts without a hash.
std::optional<std::string> stored_by_other_work(const std::string& folder, const std::string& own,
                                                const std::string& target, const TableName& table,
                                                const std::vector<LedgerSource>& sources);

}  // namespace pgseed::seed
