#pragma once
// Unfinished runs of other commands that stored rows of the same files in the same tables.
#include <string>
#include <vector>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/ledger/ledger_state.hpp"

namespace pgseed::seed {

struct OtherWork {
  TableName table;
  std::string source;  // the name of a text that rows in it come from
};

// The tables in which an unfinished run at this target stored rows of the same texts, or may have,
// in the order asked for. own: the name of the work at hand. Ledgers that cannot be read say
// nothing, and neither do texts without a hash.
std::vector<OtherWork> stored_by_other_work(const std::string& folder, const std::string& own,
                                            const std::string& target,
                                            const std::vector<TableName>& tables,
                                            const std::vector<LedgerSource>& sources);

}  // namespace pgseed::seed
