#pragma once
// What a run does, as a name: the same command for the same files and the same target has the same
// one, and finds what an earlier run of it left behind. Pure.
#include <string>
#include <vector>

#include "pgseed/schema/model.hpp"
#include "pgseed/seed/options.hpp"

namespace pgseed::seed {

// 32 hex digits. target: the URL, without secrets. sources: the names of all texts. Everything
// counts that decides which rows go where with which values; how they are sent (batches, retries,
// the reject limit) does not, so that a run can be gone on with in another way.
std::string work_name(const Options& options, const std::string& target,
                      const std::vector<std::string>& sources);
// Of one table at the target.
std::string table_lock_name(const std::string& target, const TableName& table);

// A name for a path that does not depend on the working directory; "-" stays.
std::string canonical_name(const std::string& path);

}  // namespace pgseed::seed
